"""A small event type and short questions about it, for the tests of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from redaction import reference
from redaction.agreement import (
    Agreement,
    Never,
    Override,
    Share,
)
from redaction.decision import Decision, FieldDecision, Gate
from redaction.facts import (
    Register,
)
from schemas.codec import Event
from tests.redaction import builders as make

WORDS = make.vocabulary(
    incident__notes=[],
    incident__phone=["phone"],
    victim__name=[],
    victim__phone=["phone", "locates-victim"],
    victim__address=["address", "locates-victim"],
    victim__born=[],
    child__school=[],
    child__id=[],
    child__name=["child"],
    child__date_of_birth=["child"],
    child__age=["child"],
    contact__numbers=["phone"],
)
DATE = {"type": "int", "logicalType": "date"}
ADDRESS = {
    "type": "record",
    "name": "Address",
    "atom": "address",
    "fields": [
        {"name": name, "type": "string"} for name in ("line", "municipality", "postcode", "country")
    ],
}
CHILD = {
    "type": "record",
    "name": "Child",
    "fields": [
        {"name": "school", "tag": "child.school", "type": ["null", "string"]},
        {"name": "old_school", "tag": "child.school", "type": ["null", "string"]},
        {"name": "name", "tag": "child.name", "type": "string"},
        {"name": "born", "tag": "child.date_of_birth", "type": ["null", DATE]},
        {"name": "child_id", "tag": "child.id", "type": ["null", "string"], "fact": True},
        {"name": "hurt", "tag": "incident.notes", "type": "boolean", "fact": True},
        {
            "name": "doctor",
            "type": [
                "null",
                {
                    "type": "record",
                    "name": "Doctor",
                    "fields": [{"name": "phone", "tag": "incident.phone", "type": "string"}],
                },
            ],
        },
    ],
}
ETYPE = make.event_type(
    [
        {"name": "notes", "tag": "incident.notes", "type": ["null", "string"], "fact": True},
        {"name": "score", "tag": "incident.notes", "type": ["null", "int"], "fact": True},
        {
            "name": "sharing_reason",
            "tag": "incident.notes",
            "type": ["null", "string"],
            "fact": True,
        },
        {
            "name": "consent_of_victim",
            "tag": "incident.notes",
            "type": ["null", "string"],
            "fact": True,
        },
        {"name": "name", "tag": "victim.name", "type": ["null", "string"]},
        {"name": "victim_born", "tag": "victim.born", "type": ["null", DATE]},
        {"name": "phone", "tag": "victim.phone", "type": ["null", "string"]},
        {"name": "other_phone", "tag": "incident.phone", "type": ["null", "string"]},
        {"name": "address", "tag": "victim.address", "type": ["null", ADDRESS]},
        {
            "name": "counts",
            "tag": "incident.notes",
            "summarises": "children",
            "type": {
                "type": "record",
                "name": "Counts",
                "fields": [{"name": "youngest", "tag": "child.age", "type": "int"}],
            },
        },
        {
            "name": "numbers",
            "tag": "contact.numbers",
            "type": {"type": "map", "values": {"type": "string"}},
        },
        {"name": "children", "type": {"type": "array", "items": CHILD}},
    ],
    WORDS,
)
EVERYTHING = tuple(WORDS.tags)
PLAIN = make.share("4.1", "incident.notes")


def to_elm(*clauses: Share | Never | Override, **changes: Any) -> Agreement:
    """An agreement that addresses elm-school by its name."""
    audiences = (make.audience(agency="elm-school"),)
    return make.agreement(*clauses, **{"audiences": audiences, **changes})


def decide(
    register: Register,
    value: Mapping[str, Any] | None = None,
    *,
    recipient: str = "elm-school",
    at: datetime = make.AT,
    **header: Any,
) -> Decision:
    return reference.decide(
        event(value, **header),
        register,
        WORDS,
        recipient=recipient,
        purpose=make.PURPOSE,
        at=at,
    )


def event(value: Mapping[str, Any] | None = None, **header: Any) -> Event:
    return make.event(ETYPE, {"notes": "seen", **(value or {})}, **header)


def fields(
    *clauses: Share | Never | Override, value: Mapping[str, Any], **changes: Any
) -> dict[str, Any]:
    """The decisions by path, for an agreement that also shares the notes, so that it delivers."""
    decision = decide(make.register(to_elm(PLAIN, *clauses), **changes), value)
    assert decision.gate is Gate.OPEN
    return {decided.path: decided for decided in decision.fields}


def released(*clauses: Share | Never, value: Mapping[str, Any], path: str, **changes: Any) -> bool:
    decided: FieldDecision = fields(*clauses, value=value, **changes)[path]
    return decided.released


def child(school: str | None = "elm-school", **values: Any) -> dict[str, Any]:
    return {"school": school, "old_school": school, "name": "Robin Example", **values}


def view(register: Register, value: Mapping[str, Any]) -> dict[str, Any]:
    decision = decide(register, value)
    return reference.view(event(value), register, WORDS, decision, at=make.AT)


def answer(held: bool, contrary_held: bool) -> str:
    """What a condition answered, seen from what it and its contrary let through."""
    return {(True, False): "yes", (False, True): "no", (False, False): "unknown"}[
        held, contrary_held
    ]
