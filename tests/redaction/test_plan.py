"""Which clause decides about a field, in which form, and the reason that is given."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redaction.agreement import Form, Share
from redaction.decision import Gate, Reason
from schemas.codec import WITHHELD
from tests.redaction.asked import (
    INCIDENT,
    PHONE,
    REFERENCE,
    Asked,
    Clauses,
)
from tests.redaction.builders import (
    HAPPENED,
    PUBLISHER,
    address,
    never,
    share,
    yes,
)

HEADER_SHOWN = {"source": PUBLISHER, "type": INCIDENT.name, "time": HAPPENED}


# -- which clause decides, and why ---------------------------------------------------------------


def test_what_no_clause_shares_is_withheld_and_absent() -> None:
    asked = Asked([REFERENCE], {})
    assert asked.why("/victim/name") == (None, None, Reason.NO_CLAUSE)
    assert asked.why("/header/source") == (Form.CLEAR, None, Reason.DELIVERY)
    assert asked.why("/header/subject") == (None, None, Reason.NO_CLAUSE)
    assert asked.view == {"header": HEADER_SHOWN, "incident": {"reference": "words"}}


def test_every_leaf_is_decided_once_in_the_order_of_the_type() -> None:
    asked = Asked([REFERENCE], {"children": [{}, {"school_contact": {}}], "refuge": None})
    paths = [field.path for field in asked.decision.fields]
    assert len(set(paths)) == len(paths)
    assert paths[:7] == [
        "/header/id", "/header/source", "/header/type", "/header/time", "/header/subject",
        "/header/purposes/0", "/header/on_behalf_of",
    ]  # fmt: skip
    assert not [path for path in paths if path.startswith("/refuge")]
    assert "/children/0/school_contact/name" not in paths
    assert paths.index("/children/1/school_contact/name") > paths.index("/children/0/name")
    assert paths[-1] == "/children/1/safeguarding_note"


@pytest.mark.parametrize(
    "clause",
    [
        share("1", "victim.name", to="health"),
        share("1", "victim.name", publishers=["southmoor-police"]),
        share("1", "victim"),  # not the tag itself
    ],
)
def test_a_clause_for_somebody_or_something_else_shares_nothing(clause: Share) -> None:
    asked = Asked([REFERENCE, clause], {})
    assert asked.why("/victim/name") == (None, None, Reason.NO_CLAUSE)
    assert "victim" not in asked.view


def test_a_clause_may_name_its_publishers() -> None:
    asked = Asked([share("1", "victim.name", publishers=["x", PUBLISHER])], {})
    assert asked.why("/victim/name") == (Form.CLEAR, "1", Reason.SHARED)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (True, (Form.CLEAR, "1", Reason.SHARED)),
        (False, (None, None, Reason.CONDITION)),
        (None, (None, None, Reason.CONDITION)),
    ],
)
def test_a_share_applies_only_if_its_condition_holds_for_certain(said: Any, expected: Any) -> None:
    clauses: Clauses = [REFERENCE, share("1", "victim.name", when=yes("serious_risk"))]
    asked = Asked(clauses, {"serious_risk": said})
    assert asked.why("/victim/name") == expected
    assert asked.body["victim"]["name"] == ("words" if said else WITHHELD)


@pytest.mark.parametrize("said", [True, False, None])
def test_a_never_applies_unless_its_condition_fails_for_certain(said: bool | None) -> None:
    clauses: Clauses = [REFERENCE, share("1", "victim.name"), never("7", "victim.name",
                                                           when=yes("serious_risk"))]  # fmt: skip
    asked = Asked(clauses, {"serious_risk": said})
    shared, barred = (Form.CLEAR, "1", Reason.SHARED), (None, "7", Reason.NEVER)
    assert asked.why("/victim/name") == (shared if said is False else barred)


@pytest.mark.parametrize(
    ("reason", "expected"), [("serious risk", True), (" \t\n", False), ("", False), (None, False)]
)
def test_a_share_that_needs_a_reason_has_none_without_words(
    reason: str | None, expected: bool
) -> None:
    clauses: Clauses = [REFERENCE, share("1", "victim.name", needs_reason=True)]
    asked = Asked(clauses, {"sharing_reason": reason})
    assert asked.why("/victim/name")[0] is (Form.CLEAR if expected else None)


def test_never_beats_every_share_for_its_audience_and_anyone() -> None:
    shares = [REFERENCE, share("1", "victim.name"), share("2", "victim.name")]
    for to, barred in [("anyone", True), ("school", True), ("health", False)]:
        asked = Asked([*shares, never("7", "victim.name", to=to)], {})
        assert asked.why("/victim/name")[2] is (Reason.NEVER if barred else Reason.SHARED)


def test_a_never_of_a_class_reaches_every_tag_of_the_class() -> None:
    clauses: Clauses = [REFERENCE, share("1", ["victim.gp_surgery", "refuge.name", "victim.name"]),
               never("7", classes="locates-victim")]  # fmt: skip
    asked = Asked(clauses, {"refuge": {}})
    assert asked.why("/victim/gp_surgery") == (None, "7", Reason.NEVER)
    assert asked.why("/refuge/name") == (None, "7", Reason.NEVER)
    assert asked.why("/victim/name")[0] is Form.CLEAR
    assert asked.body == {"incident": {"reference": "words"}, "victim": {"name": "words"}}


def test_what_every_delivery_discloses_is_beyond_every_never() -> None:
    asked = Asked([REFERENCE, never("7", "event.basics", classes="basics")], {})
    assert asked.why("/header/type") == (Form.CLEAR, None, Reason.DELIVERY)
    assert asked.why("/header/id") == (None, "7", Reason.NEVER)


def test_a_never_without_a_share_is_the_reason_but_not_before_a_failed_condition() -> None:
    bar = never("7", "victim.name")
    assert Asked([REFERENCE, bar], {}).why("/victim/name") == (None, "7", Reason.NEVER)
    conditional = share("1", "victim.name", when=yes("serious_risk"))
    asked = Asked([REFERENCE, bar, conditional], {})
    assert asked.why("/victim/name") == (None, None, Reason.CONDITION)


def test_the_most_disclosing_form_wins_with_its_first_clause() -> None:
    tag = "victim.date_of_birth"
    clauses: Clauses = [
        REFERENCE,
        share("1", tag, form=Form.YEAR),
        share("2", tag, form=Form.MONTH),
        share("3", tag, form=Form.PRESENT),
        share("4", tag, form=Form.MONTH),
        share("5", tag, when=yes("serious_risk")),
    ]
    value = {"victim": {"date_of_birth": date(1990, 4, 9)}}
    asked = Asked(clauses, value)
    assert asked.why("/victim/date_of_birth") == (Form.MONTH, "2", Reason.SHARED)
    assert asked.body["victim"] == {"date_of_birth": "1990-04"}
    asked = Asked(clauses, {**value, "serious_risk": True})
    assert asked.body["victim"] == {"date_of_birth": date(1990, 4, 9)}


def test_a_cap_leaves_what_discloses_no_more() -> None:
    place = {"victim": {"address": address()}}
    cap = never("7", classes="locates-victim", cap=Form.MUNICIPALITY)
    coarse = share("2", "victim.address", form=Form.MUNICIPALITY)
    asked = Asked([REFERENCE, share("1", "victim.address"), coarse, cap], place)
    assert asked.why("/victim/address") == (Form.MUNICIPALITY, "2", Reason.SHARED)
    assert asked.body["victim"] == {"address": "Northmoor"}
    asked = Asked([REFERENCE, share("1", "victim.address"), cap], place)
    assert asked.why("/victim/address") == (None, "7", Reason.NEVER)
    assert "victim" not in asked.body


def test_the_first_never_that_took_something_is_named() -> None:
    tag = "victim.date_of_birth"
    clauses: Clauses = [
        REFERENCE,
        share("1", tag),
        never("7", tag, when=yes("children_involved")),  # fails for certain
        never("8", tag, cap=Form.CLEAR),  # takes nothing
        never("9", tag, cap=Form.MONTH),
        never("10", tag),
    ]
    assert Asked(clauses, {}).why("/victim/date_of_birth") == (None, "9", Reason.NEVER)


def test_a_form_that_does_not_fit_closes_the_whole_delivery() -> None:
    for clause in (
        share("1", "victim.name", form=Form.MONTH),
        share("1", "victim.name", form=Form.MUNICIPALITY),
        share("1", "victim.address", form=Form.YEAR, when=yes("serious_risk")),
    ):
        assert Asked([REFERENCE, clause], {}).decision.gate is Gate.ERROR


def test_an_equal_value_that_nobody_shares_is_told_from_one_without_any_clause() -> None:
    value = {"victim": {"phone": PHONE}, "officer": {"phone": PHONE}}
    asked = Asked([REFERENCE, never("7", "victim.phone")], value)
    assert asked.why("/officer/phone") == (None, "7", Reason.SAME_AS_NEVER)
    assert asked.why("/officer/email") == (None, None, Reason.NO_CLAUSE)
