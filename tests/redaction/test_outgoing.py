"""Recipients who see the same share one view, and nobody gets another's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from redaction import plan
from redaction.agreement import Agreement, Items
from redaction.decide import decide
from redaction.decision import Decision, Gate
from redaction.facts import Register
from redaction.outgoing import Outgoing
from schemas.codec import Event
from schemas.errors import Code, EventRefused
from tests.redaction.asked import CHILDREN, INCIDENT, REFERENCE, WORDS
from tests.redaction.builders import (
    AT,
    PURPOSE,
    agency,
    agreement,
    audience,
    event,
    pupils,
    register,
    share,
    yes,
)

ROLE = (audience(role="school"), audience("health", role="hospital"))
CLINICS = [agency(f"clinic-{number}", "hospital") for number in range(3)]


def acceded(signed: Agreement) -> Register:
    known = register(signed, agencies=CLINICS)
    members = frozenset((name, signed.id, signed.version) for name in known.agencies)
    return replace(known, accessions=members)


def decided(known: Register, of: Event, to: str) -> Decision:
    decision = decide(of, known, WORDS, recipient=to, purpose=PURPOSE, at=AT)
    assert decision.gate is Gate.OPEN
    return decision


def alone(known: Register, of: Event, decision: Decision) -> bytes:
    return plan.encode(of, known, WORDS, decision, at=AT)[1]


def test_equal_outcomes_of_one_audience_share_one_encoding() -> None:
    reference = replace(REFERENCE, to=("school", "health"))
    signed = agreement(reference, share("1", "victim.name", to="health"), audiences=ROLE)
    known, of = acceded(signed), event(INCIDENT, {})
    outgoing = Outgoing(of, known, WORDS, at=AT)
    views = {}
    for name in ("clinic-0", "elm-school", "clinic-1", "oak-school", "clinic-2"):
        decision = decided(known, of, name)
        views[name] = outgoing.encoded(decision)
        assert views[name][1] == alone(known, of, decision)
    assert views["clinic-0"][1] is views["clinic-1"][1] is views["clinic-2"][1]
    assert views["elm-school"][1] is views["oak-school"][1]
    assert views["elm-school"][0].digest != views["clinic-0"][0].digest


def test_own_items_are_never_shared() -> None:
    signed = agreement(REFERENCE, share("1", "child.name", items=pupils()), audiences=ROLE[:1])
    known, of = acceded(signed), event(INCIDENT, CHILDREN)
    outgoing = Outgoing(of, known, WORDS, at=AT)
    for name in ("elm-school", "oak-school", "elm-school"):
        decision = decided(known, of, name)
        assert outgoing.encoded(decision)[1] == alone(known, of, decision)


def test_a_null_record_in_a_shared_element_is_still_each_ones_own() -> None:
    """Both see the child; only its school would have seen the contact that is not there."""
    always = Items(where=None, when=yes("children_involved"))
    signed = agreement(
        share("1", "child.name", items=always),
        share("2", "child.school_contact", items=pupils()),
        audiences=ROLE[:1],
    )
    value: dict[str, Any] = {"children_involved": True, "children": [{"school": "elm-school"}]}
    known, of = acceded(signed), event(INCIDENT, value)
    outgoing = Outgoing(of, known, WORDS, at=AT)
    elm, oak = (decided(known, of, name) for name in ("elm-school", "oak-school"))
    assert elm.fields == oak.fields
    assert outgoing.encoded(elm)[1] == alone(known, of, elm)
    assert outgoing.encoded(oak)[1] == alone(known, of, oak)
    assert alone(known, of, elm) != alone(known, of, oak)


def test_only_open_decisions_and_checked_views_go_out() -> None:
    known, of = acceded(agreement(REFERENCE, audiences=ROLE)), event(INCIDENT, {})
    outgoing = Outgoing(of, known, WORDS, at=AT)
    decision = decided(known, of, "elm-school")
    with pytest.raises(ValueError, match="only an open decision"):
        outgoing.encoded(decision._replace(gate=Gate.SUSPENDED))
    extra = (*decision.fields, replace(decision.fields[-1], path="/children/0/name"))
    with pytest.raises(EventRefused) as caught:
        outgoing.encoded(decision._replace(fields=extra))
    assert caught.value.code is Code.VIEW_REFUSED
    # nor is a good view, once made, an answer to another outcome
    good = outgoing.encoded(decision)
    fewer = tuple(replace(f, released=False, form=None) for f in decision.fields)
    with pytest.raises(EventRefused):
        outgoing.encoded(decision._replace(fields=fewer))
    assert outgoing.encoded(decision) == good
