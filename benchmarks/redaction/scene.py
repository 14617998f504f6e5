"""The one event, its type, the agreement and its eight recipients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from redaction.agreement import Agreement
from redaction.facts import Agency, Register
from redaction.reading import read_agreement
from schemas.codec import Event, encode_event
from schemas.nodes import EventType, Vocabulary
from schemas.registry import Registry, load_event_type, load_vocabulary

HERE = Path(__file__).parent
SCHEMA = (HERE / "incident.avsc").read_text(encoding="utf-8")
PUBLISHER = "northmoor-police"
PURPOSE = "safeguarding-children"
HAPPENED = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

# one, three and four: every audience of the agreement, the fullest view first
RECIPIENTS = (
    ("northmoor-childrens-services", None),
    *((f"health-service-{n}", "health-service") for n in range(3)),
    *((f"support-service-{n}", "support-service") for n in range(4)),
)

# Five fields of text: what a field encryption can take.
FIVE = (
    "event.user",
    "incident.circumstances",
    "victim.name",
    "victim.phone",
    "perpetrator.name",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One event as bytes, what decides about it, and who is delivered to."""

    registry: Registry
    vocabulary: Vocabulary
    etype: EventType
    event: Event
    data: bytes
    agreement: Agreement
    register: Register
    recipients: tuple[str, ...]


def value() -> dict[str, Any]:
    """The event's value, about plainly invented people."""
    return {
        "header": {
            "id": "7f1d2c4e-0b5a-4e0e-9a55-0d8a4e6b1c01",
            "source": PUBLISHER,
            "type": "benchmark.incident",
            "time": HAPPENED,
            "subject": "NM-2026-00042",
            "purposes": [PURPOSE],
            "on_behalf_of": "Ada Example (desk 4)",
        },
        "children_involved": True,
        "risk_level": "high",
        "incident": {
            "reference": "NMP-2026-118204",
            "attended_at": HAPPENED,
            "place": _address("7 Invented Lane"),
            "kind": "threats",
            "circumstances": (
                "Neighbours reported raised voices; officers attended and spoke to both adults. "
                "A door was damaged before officers arrived; nobody needed treatment. The "
                "children were upstairs. An earlier report at the same household is on record. "
                "A plan for the coming days was agreed and written down."
            ),
        },
        "victim": {
            "name": "Esme Specimen",
            "date_of_birth": date(1991, 4, 17),
            "phone": "07700 900123",
            "address": _address("12 Invented Street"),
            "language": "en-GB",
        },
        "perpetrator": {"name": "Dov Placeholder", "date_of_birth": date(1988, 9, 2)},
        "children": [
            {
                "name": "Iris Specimen",
                "date_of_birth": date(2015, 6, 1),
                "school": "northmoor-primary-school",
                "safeguarding_note": "She came down and asked for her aunt, who was called.",
            },
            {
                "name": "Kit Specimen",
                "date_of_birth": date(2019, 2, 23),
                "school": "northmoor-primary-school",
                "safeguarding_note": None,
            },
        ],
    }


def _address(line: str) -> dict[str, str]:
    return {"line": line, "municipality": "Northmoor", "postcode": "ZZ4 1ZZ", "country": "GB"}


def make_scene(recipients: int) -> Scene:
    """The event for the first so many recipients; everything else is one object for any number.

    As in a gateway: with a vocabulary of its own each scene would compile its plans anew whenever
    the loops take turns.
    """
    return replace(_whole(), recipients=tuple(name for name, _ in RECIPIENTS[:recipients]))


@cache
def _whole() -> Scene:
    vocabulary = load_vocabulary()
    etype = load_event_type(SCHEMA, vocabulary, origin="incident.avsc")
    event = Event(etype=etype, value=value())
    text = (HERE / "agreement.yaml").read_text(encoding="utf-8")
    agreement = read_agreement(text, origin="agreement.yaml")
    return Scene(
        registry=Registry([etype]),
        vocabulary=vocabulary,
        etype=etype,
        event=event,
        data=encode_event(event),
        agreement=agreement,
        register=_register(agreement, event),
        recipients=tuple(name for name, _ in RECIPIENTS),
    )


def _register(agreement: Agreement, event: Event) -> Register:
    roles = {PUBLISHER: None, **dict(RECIPIENTS)}
    return Register(
        agencies={
            name: Agency(
                name=name,
                roles=frozenset() if role is None else frozenset({role}),
                part_of=None,
                suspended=False,
            )
            for name, role in roles.items()
        },
        agreements=(agreement,),
        accessions=frozenset((name, agreement.id, agreement.version) for name in roles),
        consents=(),
        conflict_checks={event.subject: ()},
        trainings=(),
        calendars={},
    )
