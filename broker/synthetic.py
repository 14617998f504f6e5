"""Seeded synthetic events of every type, about plainly invented people.

Phone numbers are from ranges reserved for fiction (Ofcom: 01632 960000-960999 and
07700 900000-900999), domains from RFC 2606.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any

from broker.narratives import NARRATIVE, narratives
from schemas.codec import Event
from schemas.registry import Array, EventType, Kind, Leaf, Map, Node, Record

_FIRST = (
    "Ada",
    "Bram",
    "Cleo",
    "Dov",
    "Esme",
    "Finn",
    "Gwen",
    "Hugo",
    "Iris",
    "Jude",
    "Kit",
    "Lux",
    "Mina",
    "Noor",
    "Oona",
    "Per",
    "Quin",
    "Rhys",
)
_LAST = ("Example", "Sample", "Specimen", "Placeholder", "Fictional", "Invented", "Madeup")
_TOWNS = ("Northmoor", "Eastholt", "Saltby", "Wexcombe", "Marlow Green")
# What a field of this name says, where a name alone tells what it is.
_SAID = MappingProxyType(
    {
        "agency": ("A county agency", "A neighbouring force"),
        "disability": ("none known", "uses a wheelchair", "hard of hearing"),
        "ethnicity": ("not stated", "stated elsewhere"),
        "gp_surgery": ("Saltby Surgery", "Wexcombe Health Centre"),
        "job_title": ("social worker", "health visitor", "support worker"),
        "language": ("English", "Spanish", "Polish"),
        "markers": ("known to carry a knife", "violent when drunk", "watched the house before"),
        "paid_by": ("the county", "the victim"),
        "relationship_status": ("living together", "separated", "married"),
        "relationship_to_perpetrator": ("child", "stepchild"),
        "relationship_to_victim": ("former partner", "partner", "spouse"),
        "team": ("Assessment team", "Duty team"),
        "unit": ("Response team 2", "Response team 5", "Safeguarding unit"),
    }
)
_PLACES = MappingProxyType(  # what else than a person has a name
    {
        "court": ("Northmoor Magistrates' Court", "Eastholt Crown Court"),
        "refuge": ("Harbour Refuge",),
        "team": ("Assessment team", "Duty team"),
    }
)
_GROWN_UP = (19, 68)  # years of age
_CHILD = (4, 17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What synthetic events may name: the schools that children may go to."""

    schools: Sequence[str]


def make_event(
    etype: EventType,
    *,
    rng: Random,
    source: str,
    case: str,
    purposes: Sequence[str],
    cast: Cast,
    now: datetime,
) -> Event:
    """One event of a type: every field filled or, where it may be, sometimes null."""
    maker = _Maker(rng, cast, now)
    value = maker.record(etype.root, "")
    value["header"] = {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "source": source,
        "type": etype.name,
        "time": now - timedelta(hours=rng.randint(1, 60)),
        "subject": case,
        "purposes": list(purposes),
        "on_behalf_of": f"{rng.choice(_FIRST)} {rng.choice(_LAST)} (desk {rng.randint(1, 9)})",
    }
    _agree(value)
    value = narratives(value, rng)
    return Event(etype=etype, value=value)


def _agree(value: dict[str, Any]) -> None:
    """Make the fields that summarise the children agree with them."""
    children = value.get("children")
    if isinstance(children, list):
        for name, said in (("child_count", len(children)), ("children_involved", bool(children))):
            if name in value:
                value[name] = said


class _Maker:
    def __init__(self, rng: Random, cast: Cast, now: datetime) -> None:
        self._rng, self._cast, self._now = rng, cast, now
        self._unnamed: list[str] = []

    def record(self, record: Record, whose: str) -> dict[str, Any]:
        return {field.name: self._node(field.node, field.name, whose) for field in record.fields}

    def _node(self, node: Node, name: str, whose: str) -> Any:
        if node.nullable and self._rng.random() < 0.2:
            return None
        if isinstance(node, Record):
            return self.record(node, name)
        if isinstance(node, Array):
            size = self._rng.choice((0, 1, 2, 2, 3))
            return [self._node(node.item, name, whose) for _ in range(size)]
        if isinstance(node, Map):
            return {f"note {n}": self._node(node.value, name, whose) for n in range(2)}
        return self._leaf(node, name, whose)

    def _leaf(self, leaf: Leaf, name: str, whose: str) -> Any:
        rng = self._rng
        makers: dict[Kind, Callable[[], Any]] = {
            Kind.BOOLEAN: lambda: rng.random() < 0.5,
            Kind.INT: lambda: rng.randint(0, 24),
            Kind.LONG: lambda: rng.randint(0, 10_000),
            Kind.FLOAT: lambda: float(rng.randint(0, 8)),
            Kind.DOUBLE: lambda: float(rng.randint(0, 100)) / 4,
            Kind.BYTES: lambda: rng.randbytes(8),
            Kind.ENUM: lambda: rng.choice(leaf.symbols),
            Kind.DATE: lambda: self._date(name, whose),
            Kind.TIMESTAMP: lambda: (self._now - timedelta(hours=rng.randint(1, 72))).astimezone(
                UTC
            ),
            Kind.DECIMAL: lambda: _decimal(leaf, rng),
            Kind.UUID: lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            Kind.ADDRESS: self._address,
            Kind.STRING: lambda: self._text(name, whose),
        }
        return makers[leaf.kind]()

    def _date(self, name: str, whose: str) -> Any:
        ages = (_CHILD if whose == "children" else _GROWN_UP) if "birth" in name else (0, 1)
        years = self._rng.randint(*ages)
        return (self._now - timedelta(days=365 * years + self._rng.randint(0, 300))).date()

    def _address(self) -> dict[str, str]:
        rng = self._rng
        return {
            "line": f"{rng.randint(1, 99)} Invented {rng.choice(('Street', 'Lane', 'Close'))}",
            "municipality": rng.choice(_TOWNS),
            "postcode": f"ZZ{rng.randint(1, 99)} {rng.randint(1, 9)}ZZ",
            "country": "GB",
        }

    def _first_name(self) -> str:
        """One that nobody else of the event has, as long as there are some."""
        if not self._unnamed:
            self._unnamed = self._rng.sample(_FIRST, len(_FIRST))
        return self._unnamed.pop()

    def _text(self, name: str, whose: str) -> str:
        rng = self._rng
        if name == "school":
            return rng.choice(list(self._cast.schools))
        if "phone" in name or "number" in name:
            return f"01632 960{rng.randint(0, 999):03}"
        if "email" in name:
            return f"desk{rng.randint(1, 99)}@agency.example"
        if name in _SAID:
            kin = whose == "children" and name.startswith("relationship")
            return "child" if kin else rng.choice(_SAID[name])
        if name == "name" and whose in _PLACES:
            return rng.choice(_PLACES[whose])
        if name == "name" or name.endswith("_name"):
            return f"{self._first_name()} {rng.choice(_LAST)}"
        if "reference" in name:
            return f"REF-{rng.randint(0, 99_999):05}"
        return NARRATIVE


def _decimal(leaf: Leaf, rng: Random) -> Any:
    return Decimal(rng.randint(0, 50_000)).scaleb(-int(leaf.avro["scale"]))
