"""Scrubbed text: what a decision hides of its event, and that free text is never shared clear."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from redaction.agreement import Form, Share
from redaction.decision import Reason
from redaction.scrubbing.values import Telling, Values, values_of
from schemas.codec import WITHHELD
from tests.redaction.asked import Asked
from tests.redaction.builders import (
    EVENT_ID,
    address,
    event_type,
    granted,
    override,
    register,
    share,
    vocabulary,
)

WORDS = vocabulary(
    note=["free-text"],
    other=[],
    person__name=["identity"],
    person__of=[],
    person__kind=[],
    person__cost=[],
    person__at=["address"],
    person__count=[],
    reached=["identity"],
    told=["free-text"],
    seen=[],
)
SYMBOLS = {"type": "enum", "name": "Kind", "symbols": ["LIVES_APART", "OTHER"]}
COST = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
PLACE = {
    "type": "record",
    "name": "Address",
    "atom": "address",
    "fields": [
        {"name": name, "type": "string"} for name in ("line", "municipality", "postcode", "country")
    ],
}
MADE = event_type(
    [
        {"name": "note", "tag": "note", "type": ["null", "string"]},
        {"name": "other", "tag": "other", "type": ["null", "string"]},
        {"name": "seen", "tag": "seen", "type": "boolean"},
        {"name": "lines", "tag": "person.count", "type": ["null", "int"]},
        {"name": "name", "tag": "person.name", "type": ["null", "string"]},
        {"name": "kind", "tag": "person.kind", "type": ["null", SYMBOLS]},
        {"name": "cost", "tag": "person.cost", "type": ["null", COST]},
        {
            "name": "born",
            "tag": "person.of",
            "type": ["null", {"type": "int", "logicalType": "date"}],
        },
        {"name": "moved", "tag": "person.of", "type": ["null", "long"]},
        {"name": "told", "tag": "told", "type": {"type": "map", "values": "string"}},
        {"name": "reached", "tag": "reached", "type": {"type": "map", "values": "string"}},
    ],
    WORDS,
)
NOTE = share("1", "note", form=Form.SCRUBBED)
SEEN = share("0", "seen")  # so that something is always released
FULL: dict[str, Any] = {
    "name": "Nell Fennow",
    "kind": "LIVES_APART",
    "cost": Decimal("-12345.50"),
    "born": date(1990, 5, 7),
    "moved": -7654321,
    "reached": {"Tam Orrin": "by letter"},
}


def told(note: str, *clauses: Share, **changes: Any) -> Asked:
    """The one question: what becomes of this note."""
    value = {"note": note, **FULL, **changes}
    return Asked([NOTE, SEEN, *clauses], value, etype=MADE, words=WORDS)


def note(text: str, *clauses: Share, **changes: Any) -> Any:
    return told(text, *clauses, **changes).body["note"]


def found(*clauses: Share, **changes: Any) -> Values:
    asked = told("x", *clauses, **changes)
    decided = {leaf.path: leaf for leaf in asked.decision.fields}
    return values_of(asked.event, decided, WORDS, UTC)


def test_every_kind_of_withheld_value_is_hidden() -> None:
    values = found(other="it")
    assert (Telling.NAME, "Nell Fennow") in values.strings
    assert (Telling.NAME, "Tam Orrin") in values.strings
    assert (Telling.TEXT, "it") in values.strings
    assert (Telling.SYMBOL, "LIVES_APART") in values.strings
    assert values.dates == {date(1990, 5, 7)}
    assert (values.numbers, values.decimals) == ({"7654321"}, {"1234550"})
    assert values.texts == {"/note": "x"}
    assert "Nell" not in repr(values)


def test_values_of_the_delivery_itself_are_not_hidden() -> None:
    """No text speaks of an event's id, purposes or user, and purposes are common words."""
    strings = [text for _, text in found().strings]
    assert EVENT_ID not in strings
    assert "DC 4417" not in strings
    assert "NM-2026-0042" in strings  # the case's reference is of the case


def test_what_is_withheld_is_cut_out_of_the_text() -> None:
    text = "Nell F. lives apart since 7/5/90 and paid 12345.50; Orrin wrote (NM/2026/0042)."
    assert note(text) == "[…]. […] since […] and paid […]; […] wrote ([…])."


def test_what_the_recipient_has_in_clear_stands_in_the_text() -> None:
    clear = share("2", ["person.name", "person.kind", "reached"])
    text = "Nell lives apart, Tam wrote by letter."
    assert note(text, clear) == text


def test_a_blurred_value_is_hidden() -> None:
    blurred = share("2", "person.name", form=Form.MASK)
    assert note("Nell came.", blurred) == "[…] came."


def test_a_key_under_which_nothing_is_released_is_hidden() -> None:
    assert note("Orrin wrote.") == "[…] wrote."
    masked = share("2", "reached", form=Form.MASK)
    asked = told("Orrin wrote.", masked)
    key = [leaf for leaf in asked.decision.fields if leaf.path == "/reached/Tam Orrin"]
    assert [leaf.released for leaf in key] == [False]
    assert asked.body["note"] == "[…] wrote."


def test_a_key_above_a_doubtful_text_is_not_hidden() -> None:
    """Else doubt of one text would change what is cut out of another."""
    clauses = (share("2", "told"), share("3", "told", form=Form.SCRUBBED))
    asked = told("Orrin wrote.", *clauses, told={"Orrin": "Иван"}, reached={})
    assert asked.why("/told/Orrin")[2] is Reason.DOUBTFUL_TEXT
    assert asked.body["note"] == "Orrin wrote."
    assert asked.body["told"] == {}


def test_a_key_that_is_too_common_makes_doubt() -> None:
    assert note("Will wrote.", reached={"Will Orrin": "by letter"}) is WITHHELD


def test_a_small_number_makes_doubt() -> None:
    assert note("There were 4 of them.", lines=4) is WITHHELD
    assert note("There were 5 of them.", lines=4) == "There were 5 of them."


def test_a_doubtful_text_hides_nothing_itself() -> None:
    asked = told("Иван saw a lamp", share("2", "other", form=Form.SCRUBBED), other="a lamp")
    assert asked.why("/note")[2] is Reason.DOUBTFUL_TEXT
    assert asked.body["other"] == "a lamp"


def test_free_text_is_never_shared_in_clear() -> None:
    asked = told("Nell came", share("2", "note"))
    assert asked.why("/note") == (Form.SCRUBBED, "1", Reason.SHARED)
    assert asked.body["note"] == "[…] came"
    alone = Asked([share("2", ["note", "other"])], {"note": "x"}, etype=MADE, words=WORDS)
    assert alone.why("/note") == (None, None, Reason.NO_CLAUSE)
    assert alone.why("/other")[0] is Form.CLEAR
    assert "note" not in alone.body


def test_free_text_may_be_masked_or_present() -> None:
    for form, seen in ((Form.MASK, "********"), (Form.PRESENT, "present")):
        clause = share("2", "note", form=form)
        assert Asked([clause], {"note": "x"}, etype=MADE, words=WORDS).body["note"] == seen


def test_no_override_shares_free_text_in_clear() -> None:
    """Rule 11: an override gives at most the form that a share could."""
    may = override("9.1", ["note", "other"])
    for form, seen in ((Form.CLEAR, WITHHELD), (Form.SCRUBBED, "[…] came")):
        records = (granted("9.1", ["note", "other"], form=form),)
        asked = Asked(
            [share("2", "person.of")],
            {"note": "Nell came", "name": "Nell Fennow"},
            etype=MADE,
            words=WORDS,
            known=register(granted=records),
            overrides=(may,),
        )
        assert asked.body["note"] == seen


def test_an_address_hides_its_town_only_when_it_is_withheld_whole() -> None:
    place = event_type(
        [
            {"name": "note", "tag": "note", "type": "string"},
            {"name": "at", "tag": "person.at", "type": PLACE},
        ],
        WORDS,
    )
    home = {**address("4 Tessell Row"), "municipality": "Farrowby"}
    text = "at 4 Tessell Row, Farrowby, ZZ1"
    withheld = Asked([NOTE], {"note": text, "at": home}, etype=place, words=WORDS)
    assert withheld.body["note"] == "at […], […], […]"
    town = share("2", "person.at", form=Form.MUNICIPALITY)
    shared = Asked([NOTE, town], {"note": text, "at": home}, etype=place, words=WORDS)
    assert shared.body["note"] == "at […], Farrowby, […]"


def test_times_hide_their_date_in_utc_and_where_the_agreement_holds() -> None:
    timed = event_type(
        [
            {"name": "note", "tag": "note", "type": "string"},
            {
                "name": "moved",
                "tag": "person.of",
                "type": {"type": "long", "logicalType": "timestamp-millis"},
            },
        ],
        WORDS,
    )
    late = datetime(2026, 5, 7, 23, 30, tzinfo=UTC)
    asked = Asked(
        [NOTE], {"note": "on 7 May or 8 May, not 6 May", "moved": late}, etype=timed, words=WORDS
    )
    assert asked.body["note"] == "on […] or […], not 6 May"
