"""Rule 11: what a recorded override releases, and everything that it does not lift."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redaction.agreement import Form, Items, Never, Override, Share
from redaction.decide import decide
from redaction.decision import Gate, Reason
from redaction.facts import Conflict, Granted, Review
from schemas.codec import WITHHELD
from tests.redaction.asked import CHILDREN, INCIDENT, PHONE, REFERENCE, WORDS, Asked
from tests.redaction.builders import (
    AT,
    CASE,
    PURPOSE,
    address,
    agency,
    audience,
    event,
    event_type,
    granted,
    never,
    override,
    pupils,
    register,
    share,
    vocabulary,
    yes,
)

VICTIM: dict[str, Any] = {"victim": {"phone": PHONE, "address": address()}}
BOUND = override("9.1", ["victim.phone"], lifts=["7.1"])
G = granted("9.1", ["victim.phone"])
LOCATES = never("7.1", classes="locates-victim")
AS_OVERRIDE = (Form.CLEAR, "9.1", Reason.OVERRIDE)


def asked(
    *clauses: Share | Never | Override,
    records: tuple[Granted, ...] = (G,),
    value: dict[str, Any] = VICTIM,
    **changes: Any,
) -> Asked:
    return Asked(
        [REFERENCE, *(c for c in clauses if not isinstance(c, Override))],
        value,
        known=register(granted=records),
        overrides=tuple(c for c in clauses if isinstance(c, Override)),
        **changes,
    )


def test_a_recorded_override_releases_what_a_never_withholds() -> None:
    """Rule 11: it beats the `never` that it names; without a record it releases nothing."""
    made = asked(LOCATES, BOUND)
    assert made.why("/victim/phone") == AS_OVERRIDE
    assert made.body["victim"]["phone"] == PHONE
    assert asked(LOCATES, BOUND, records=()).body["victim"] == {"phone": WITHHELD}
    assert "victim" not in asked(LOCATES).body


def test_a_never_that_it_does_not_name_beats_it() -> None:
    """Rule 3: `never` beats every override that does not name its id, with the cap it has."""
    made = asked(LOCATES, never("7.2", "victim.phone"), BOUND)
    assert made.why("/victim/phone") == (None, "7.2", Reason.NEVER)
    assert "victim" not in made.body  # nothing could ever show it
    capped = never("7.2", "victim.phone", cap=Form.MASK)
    mask = replace(G, form=Form.MASK)
    assert asked(LOCATES, capped, BOUND, records=(mask,)).body["victim"]["phone"] == "********"
    assert asked(LOCATES, capped, BOUND).why("/victim/phone") == (None, "7.2", Reason.NEVER)


@pytest.mark.parametrize(
    "changes",
    [
        {"case": "another"},
        {"agreement": "another"},
        {"override": "another"},
        {"override": "1.1"},  # which sorts before the one that it is not
        {"purpose": "another"},
        {"recipients": frozenset({"oak-school"})},
        {"tags": frozenset({"victim.address"})},
        {"persons": frozenset({"child"})},
        {"since": AT + timedelta(microseconds=1)},
        {"until": AT},
        {"review": Review.FAILED},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_record_of_anything_else_releases_nothing(changes: dict[str, Any]) -> None:
    """Rule 11: case, persons, recipients, tags, purpose and time bound it, as does its review."""
    record = replace(G, **changes)
    assert asked(LOCATES, BOUND, records=(record,)).why("/victim/phone")[2] is Reason.NEVER


def test_it_begins_at_its_time_and_an_open_or_upheld_review_lets_it_go_on() -> None:
    """Rule 11: a missed review alarms and changes nothing else."""
    for record in (replace(G, since=AT), replace(G, review=Review.UPHELD)):
        assert asked(LOCATES, BOUND, records=(record,)).why("/victim/phone") == AS_OVERRIDE


def test_it_stays_within_the_form_and_audience_that_the_parties_agreed_to() -> None:
    """Rule 11: a record may release less than the agreement lets it, never more."""
    less = override("9.1", "victim.phone", form=Form.MASK, lifts=["7.1"])
    assert asked(LOCATES, less).why("/victim/phone")[2] is Reason.NEVER
    mask = replace(G, form=Form.MASK)
    assert asked(LOCATES, less, records=(mask,)).why("/victim/phone")[0] is Form.MASK
    assert asked(LOCATES, BOUND, records=(mask,)).why("/victim/phone")[0] is Form.MASK
    elsewhere = override("9.1", "victim.phone", to="health", lifts=["7.1"])
    assert asked(LOCATES, elsewhere).why("/victim/phone")[2] is Reason.NEVER


def test_a_form_that_does_not_fit_the_field_releases_nothing() -> None:
    """Rule 11: a record over several tags applies where its form can be made."""
    both = override("9.1", ["victim.phone", "victim.address"])
    town = granted("9.1", ["victim.phone", "victim.address"], form=Form.MUNICIPALITY)
    made = asked(both, records=(town,))
    assert made.why("/victim/address") == (Form.MUNICIPALITY, "9.1", Reason.OVERRIDE)
    assert made.why("/victim/phone") == (None, None, Reason.NO_CLAUSE)


def test_no_override_lifts_an_unliftable_class() -> None:
    """Rule 11: not on the field's own tag, nor on one that it stands in."""
    phone = WORDS.tags["victim.phone"].classes
    words = replace(WORDS, unliftable=frozenset(phone))
    made = asked(BOUND, words=words)
    assert made.why("/victim/phone") == (None, None, Reason.NO_CLAUSE)
    assert "victim" not in made.body


def test_a_share_comes_before_an_override_and_the_most_disclosing_form_wins() -> None:
    """Rule 4: as among shares; of two overrides the first in the text is named."""
    clear = share("1", "victim.phone")
    assert asked(clear, BOUND).why("/victim/phone") == (Form.CLEAR, "1", Reason.SHARED)
    masked = share("1", "victim.phone", form=Form.MASK)
    assert asked(masked, BOUND).why("/victim/phone") == AS_OVERRIDE
    second = override("9.2", "victim.phone")
    records = (granted("9.2", "victim.phone"), G)
    assert asked(BOUND, second, records=records).why("/victim/phone") == AS_OVERRIDE


def test_forms_that_cannot_be_ordered_close_the_delivery() -> None:
    """Rule 4: a share's pseudonym and an override's scrubbed text would tell different things."""
    record = granted("9.1", "victim.phone", form=Form.SCRUBBED)
    token = share("1", "victim.phone", form=Form.PSEUDONYM)
    assert asked(token, BOUND, records=(record,)).decision.gate is Gate.ERROR


def test_it_releases_no_element_that_no_items_rule_selects() -> None:
    """Rule 11: it lifts no items rule of the list, also where it names another tag."""
    names = share("1", "child.name", items=pupils())
    birth = override("9.1", ["child.date_of_birth"])
    made = asked(names, birth, records=(granted("9.1", "child.date_of_birth"),), value=CHILDREN)
    born = [made.why(f"/children/{at}/date_of_birth")[2] for at in range(4)]
    assert born == [Reason.NO_CLAUSE, Reason.OVERRIDE, Reason.NO_CLAUSE, Reason.OVERRIDE]
    others = share("1", "child.name", items=Items(where="child.school", when=None), to="health")
    made = asked(others, birth, records=(granted("9.1", "child.date_of_birth"),), value=CHILDREN)
    assert made.why("/children/0/date_of_birth")[2] is Reason.OVERRIDE


def test_in_nested_lists_the_innermost_items_rule_is_kept() -> None:
    """Rule 11: a rule of the visits selects visits, whatever selects the child they stand with."""
    words = vocabulary(child__name=[], child__school=[], visit__told=[], visit__by=[], open=[])
    visit = {
        "type": "record",
        "name": "Visit",
        "fields": [
            {"name": "by", "tag": "visit.by", "type": "string"},
            {"name": "told", "tag": "visit.told", "type": "string"},
        ],
    }
    child = {
        "type": "record",
        "name": "Child",
        "fields": [
            {"name": "name", "tag": "child.name", "type": "string"},
            {"name": "school", "tag": "child.school", "type": "string"},
            {"name": "visits", "tag": "visit.told", "type": {"type": "array", "items": visit}},
        ],
    }
    etype = event_type(
        [
            {"name": "open", "tag": "open", "type": "string"},
            {"name": "children", "tag": "child.name", "type": {"type": "array", "items": child}},
        ],
        words,
    )
    visits = [{"by": "elm-school", "told": "one"}, {"by": "oak-school", "told": "two"}]
    made = Asked(
        [
            share("0", "open"),
            share("1", "child.name", items=Items(where="child.school", when=None)),
            share("2", "visit.by", items=Items(where="visit.by", when=None)),
        ],
        {"open": "yes", "children": [{"name": "Ann", "school": "elm-school", "visits": visits}]},
        etype=etype,
        words=words,
        known=register(granted=(granted("9.1", "visit.told"),)),
        overrides=(override("9.1", ["visit.told"]),),
    )
    assert made.why("/children/0/visits/0/told") == AS_OVERRIDE
    assert made.why("/children/0/visits/1/told")[0] is None


def test_equal_phones_elsewhere_stay_withheld() -> None:
    """Rule 3: the same number under another tag is not what was released."""
    value = {**VICTIM, "safe_contact": None, "victim": {"phone": PHONE, "safe_phone": PHONE}}
    made = asked(LOCATES, share("1", "victim.safe_phone"), BOUND, value=value)
    assert made.why("/victim/phone") == AS_OVERRIDE
    assert made.why("/victim/safe_phone")[0] is None


def test_a_summary_stays_withheld() -> None:
    """Rule 3: how many children there are goes to nobody who sees a part of them."""
    names = share("1", "child.name", items=pupils())
    count = override("9.1", "household.child_count")
    made = asked(names, count, records=(granted("9.1", "household.child_count"),), value=CHILDREN)
    assert made.why("/child_count") == (None, None, Reason.SUMMARY)


def test_no_gate_condition_or_conflict_is_lifted() -> None:
    """Rule 11: it lifts no gate, addressing or conflict."""
    closed = (audience(agency="elm-school", when=yes("serious_risk")),)
    assert asked(BOUND, audiences=closed).decision.gate is Gate.AUDIENCE_CONDITION
    where = register(
        granted=(G,), conflict_checks={CASE: (Conflict(agency="elm-school", instead=None),)}
    )
    made = asked(BOUND)
    where = replace(where, agreements=(made.agreement,))
    of = event(INCIDENT, VICTIM)
    assert (
        decide(of, where, WORDS, recipient="elm-school", purpose=PURPOSE, at=AT).gate
        is Gate.CONFLICT
    )
    unknown = replace(where, agencies={**where.agencies, "ash": agency("ash")})
    record = replace(G, recipients=frozenset({"ash"}))
    unknown = replace(unknown, granted=(record,))
    assert decide(of, unknown, WORDS, recipient="ash", purpose=PURPOSE, at=AT).gate is (
        Gate.NOT_ADDRESSED
    )


def test_what_was_settled_for_one_is_not_settled_for_another() -> None:
    """Rule 11: the same event before, during and after a record, on the same plan."""
    first = asked(LOCATES, BOUND)
    for records, released in (((G,), True), ((), False), ((G,), True)):
        where = replace(first.register, granted=records)
        decision = decide(first.event, where, WORDS, recipient="elm-school", purpose=PURPOSE, at=AT)
        phone = next(f for f in decision.fields if f.path == "/victim/phone")
        assert phone.released is released
