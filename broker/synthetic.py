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
from typing import Any

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
)
_LAST = ("Example", "Sample", "Specimen", "Placeholder", "Fictional", "Invented", "Madeup")
_TOWNS = ("Northmoor", "Eastholt", "Saltby", "Wexcombe", "Marlow Green")
_SENTENCES = (
    "Neighbours reported raised voices; officers attended and spoke to both adults.",
    "A door was damaged before officers arrived; nobody needed treatment.",
    "The children were upstairs and came down when officers attended.",
    "A plan for the coming days was agreed and written down.",
    "An earlier report at the same household is on record.",
)


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
    value = maker.record(etype.root)
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

    def record(self, record: Record) -> dict[str, Any]:
        return {field.name: self._node(field.node, field.name) for field in record.fields}

    def _node(self, node: Node, name: str) -> Any:
        if node.nullable and self._rng.random() < 0.2:
            return None
        if isinstance(node, Record):
            return self.record(node)
        if isinstance(node, Array):
            size = self._rng.choice((0, 1, 2, 2, 3))
            return [self._node(node.item, name) for _ in range(size)]
        if isinstance(node, Map):
            return {f"note {n}": self._node(node.value, name) for n in range(2)}
        return self._leaf(node, name)

    def _leaf(self, leaf: Leaf, name: str) -> Any:
        rng = self._rng
        makers: dict[Kind, Callable[[], Any]] = {
            Kind.BOOLEAN: lambda: rng.random() < 0.5,
            Kind.INT: lambda: rng.randint(0, 24),
            Kind.LONG: lambda: rng.randint(0, 10_000),
            Kind.FLOAT: lambda: float(rng.randint(0, 8)),
            Kind.DOUBLE: lambda: float(rng.randint(0, 100)) / 4,
            Kind.BYTES: lambda: rng.randbytes(8),
            Kind.ENUM: lambda: rng.choice(leaf.symbols),
            Kind.DATE: lambda: self._date(name),
            Kind.TIMESTAMP: lambda: (self._now - timedelta(hours=rng.randint(1, 72))).astimezone(
                UTC
            ),
            Kind.DECIMAL: lambda: _decimal(leaf, rng),
            Kind.UUID: lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            Kind.ADDRESS: self._address,
            Kind.STRING: lambda: self._text(name),
        }
        return makers[leaf.kind]()

    def _date(self, name: str) -> Any:
        years = self._rng.randint(4, 17) if "birth" in name else self._rng.randint(0, 1)
        return (self._now - timedelta(days=365 * years + self._rng.randint(0, 300))).date()

    def _address(self) -> dict[str, str]:
        rng = self._rng
        return {
            "line": f"{rng.randint(1, 99)} Invented {rng.choice(('Street', 'Lane', 'Close'))}",
            "municipality": rng.choice(_TOWNS),
            "postcode": f"ZZ{rng.randint(1, 99)} {rng.randint(1, 9)}ZZ",
            "country": "GB",
        }

    def _text(self, name: str) -> str:
        rng = self._rng
        if name == "school":
            return rng.choice(list(self._cast.schools))
        if "phone" in name or "number" in name:
            return f"01632 960{rng.randint(0, 999):03}"
        if "email" in name:
            return f"desk{rng.randint(1, 99)}@agency.example"
        if name == "name" or name.endswith("_name"):
            return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        if "reference" in name:
            return f"REF-{rng.randint(0, 99_999):05}"
        return rng.choice(_SENTENCES)


def _decimal(leaf: Leaf, rng: Random) -> Any:
    return Decimal(rng.randint(0, 50_000)).scaleb(-int(leaf.avro["scale"]))
