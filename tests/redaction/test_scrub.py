"""Scrubbed text: no hidden value is found in it again, and nothing else is taken away."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.agreement import Form, Share
from redaction.decision import Reason
from redaction.scrub import GAP, hidden_values, hide, scrub
from schemas.codec import WITHHELD
from tests.redaction.asked import REFERENCE, Asked
from tests.redaction.builders import PUBLISHER, address, agency, audience, register, share

HIDDEN = hide(
    ["Ann Exämple", "+44 (0)7700 900123", "ZZ1 1ZZ", "Li Wu", "4 Fennel Row", "NM-2026-0042"],
    [date(2015, 4, 9)],
)

texts = st.text(st.sampled_from("annexämpleliwu 0123479-./()+,…[]ÄÉ\u0301\u200b"), max_size=60)
values = st.lists(st.text(st.sampled_from("anexämlwu 01479-+("), max_size=14), max_size=4)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann Example came.", "[…] came."),
        ("ann-EXAMPLE came", "[…] came"),
        ("Exa\u0301mple!", "[…]!"),
        ("A\u200bnn's car", "[…]'s car"),
        ("ann.example@example.org", "[…]@[…].org"),
        ("Call 07700-900 123.", "Call […]."),
        ("Call 0044 7700 900123 or +447700900123", "Call […] or […]"),
        ("at zz11zz, ZZ1-1ZZ", "at […], […]"),
        ("Li, Wu and Li", "[…] and Li"),
        ("at 4 Fennel Row, in FENNEL", "at […], in […]"),
        ("born 9.4.15, 09/04/2015, 9-4-2015", "born […], […], […]"),
        ("born 2015-04-09T10:00", "born […]T10:00"),
        ("born 9 April 2015 or April 9, 2015", "born […] or […]"),
        ("born 9th of april 2015", "born […]"),
        ("case NM 2026 0042, 2026/0042", "case […], […]"),
        ("AnnExample07700900123", "[…]"),
        ("Call 07700 900 123 1", "Call […] 1"),  # what follows belongs to no number
        ("1 07700900123", "1 […]"),
        ("Example Ann", "[…]"),  # or the gaps would tell of how many words a name is
    ],
)
def test_hidden_values_are_found_however_they_are_written(text: str, left: str) -> None:
    assert scrub(text, HIDDEN) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Annex",
        "a planned row",
        "Lia Wu",
        "107700900123",
        "9.4.2016",
        "19.4.2015",
        "Liwu1",
        "x½…",
    ],
)
def test_what_only_looks_like_a_hidden_value_is_left(text: str) -> None:
    assert scrub(text, HIDDEN) == text.replace("row", GAP)


@given(text=texts, hidden=values)
def test_scrubbing_twice_is_scrubbing_once(text: str, hidden: list[str]) -> None:
    known = hide(hidden, [date(2014, 7, 1)])
    once = scrub(text, known)
    assert scrub(once, known) == once


@given(before=texts, after=texts, hidden=values)
def test_a_value_that_was_put_into_a_text_is_gone(
    before: str, after: str, hidden: list[str]
) -> None:
    known = hide(hidden)
    for value in hidden:
        words = "".join(c for c in unicodedata.normalize("NFKD", value.casefold()) if c.isalnum())
        if words:
            kept = scrub(f"{before} ; {value} ; {after}", known)
            tokens = unicodedata.normalize("NFKD", kept.casefold())
            assert f"; {value} ;" not in kept
            assert f"; {value.casefold()} ;" not in tokens


@given(text=texts)
def test_nothing_hidden_leaves_the_text_as_it_is(text: str) -> None:
    assert scrub(text, hide([])) == text
    assert scrub(text, hide(["qqq", "…", ""], [date(1901, 1, 1)])) == text


@given(number=st.integers(1, 6))
def test_how_much_was_removed_is_not_told(number: int) -> None:
    assert scrub("ann" + "\u0301" * number, HIDDEN) == GAP


TEXT = share("1", "incident.circumstances", form=Form.SCRUBBED)
STORY: dict[str, Any] = {
    "incident": {
        "reference": "NP-2026-09-1901",
        "attended_at": datetime(2026, 9, 19, 22, 10, tzinfo=UTC),
        "circumstances": "Ann Other fled 1 Example Row, Northmoor on 19/9/2026 (NP/2026/09/1901).",
        "injuries": "bruise",
    },
    "victim": {"name": "Ann Other", "address": address()},
}


def story(*clauses: Share, **changes: Any) -> Asked:
    return Asked([TEXT, *clauses], STORY, **changes)


def test_a_scrubbed_text_tells_nothing_that_the_decision_withholds() -> None:
    assert story().body["incident"]["circumstances"] == "[…] fled […], […] on […] ([…])."


def test_what_the_recipient_has_in_clear_stands_in_the_text() -> None:
    clear = share("2", ["victim.name", "incident.attended_at", "incident.reference"])
    assert story(clear).body["incident"]["circumstances"] == (
        "Ann Other fled […], […] on 19/9/2026 (NP/2026/09/1901)."
    )


def test_a_blurred_value_is_hidden_and_a_municipality_only_with_its_address() -> None:
    blurred = share("2", "incident.attended_at", form=Form.MONTH)
    assert "on […] (" in story(blurred).body["incident"]["circumstances"]
    town = [
        share("2", tag, form=Form.MUNICIPALITY)
        for tag in ("victim.address", "perpetrator.address", "incident.place", "refuge.address")
    ]
    told = story(*town).body["incident"]["circumstances"]
    assert told.startswith("[…] fled […], Northmoor on")


def test_text_that_the_recipient_may_have_written_is_withheld() -> None:
    """T13: scrubbed against hidden values it would tell its writer which guesses are right."""
    unit = agency("unit", part_of=PUBLISHER)
    to_unit = (audience(agency="unit"),)
    made = story(REFERENCE, known=register(agencies=[unit]), audiences=to_unit, to="unit")
    assert made.why("/incident/circumstances") == (None, None, Reason.OWN_TEXT)
    assert made.body["incident"]["circumstances"] is WITHHELD
    clear = share("2", "incident.circumstances")
    made = story(clear, known=register(agencies=[unit]), audiences=to_unit, to="unit")
    assert made.why("/incident/circumstances") == (Form.CLEAR, "2", Reason.SHARED)


def test_hidden_values_are_those_of_the_decision() -> None:
    made = story(share("2", "victim.name"))
    hidden = hidden_values(made.event, {field.path: field for field in made.decision.fields})
    assert "annother" not in hidden.phrases
    assert {"bruise", "1examplerow", "northmoor", "zz11zz"} <= hidden.phrases
    assert "fled" not in hidden.words  # the scrubbed text itself hides nothing
    assert date(2026, 9, 19) in hidden.dates
    assert "bruise" not in repr(hidden)
