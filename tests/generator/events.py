"""Random events of a type, and the event with a canary in every leaf."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.codec import Event
from schemas.moments import Duration
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record
from tests.generator.choices import (
    ADDRESS_TEXTS,
    ADDRESSES,
    AGENCIES,
    CASES,
    DAYS,
    KEYS,
    MOMENTS,
    NAMES,
    PERSON_IDS,
    PHONES,
    PURPOSES,
    UNHEARD_OF,
    WORDS,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.narratives import key_values, leaf_values, narrated
from tests.generator.types import ADDRESS_FIELDS

SOURCE = AGENCIES[0]
_UUIDS = tuple(str(UUID(int=n, version=4)) for n in range(1, 5))
_FLOATS = (0.0, -0.0, 1.5, -2.25, 2.0**100)
_DECIMALS = tuple(map(Decimal, ("0.00", "1.50", "-9999.99")))
_INTS = (0, 1, 2, 3, -1, 1632960123)


def draw_event(draw: Draw, etype: EventType) -> Event:
    """An event that conforms to its type, with values that meet those of registers and texts."""
    header = {
        "id": one_of(draw, _UUIDS),
        "source": SOURCE,
        "type": etype.name,
        "time": _moment(draw),
        "subject": CASES[1] if chance(draw, 10) else CASES[0],
        "purposes": list(some_of(draw, PURPOSES, least=1, most=2)),
        "on_behalf_of": one_of(draw, ("Constable Example", "")),
    }
    body = {each.name: _field(draw, each) for each in etype.root.fields[1:]}
    event = Event(etype=etype, value={"header": header, **body})
    told = [value for _, value in leaf_values(etype.root, event.value) if value is not None]
    told += key_values(etype.root, event.value)
    return Event(etype=etype, value=narrated(draw, etype.root, event.value, told))


def _field(draw: Draw, field: Field) -> Any:
    if field.name == "sharing_reason" and not chance(draw, 30):
        return one_of(draw, ("she is at serious risk", " ", "")) if field.fact else None
    if field.name.endswith("_id") and field.fact and not chance(draw, 20):
        return one_of(draw, PERSON_IDS)
    return _value(draw, field.node, field.tag.split(".")[0])


def _value(draw: Draw, node: Node, sort: str) -> Any:
    if node.nullable and (is_cut(node) or chance(draw, 40)):
        return None
    if isinstance(node, Leaf):
        return _leaf(draw, node, sort)
    if isinstance(node, Record) and node.one_of:
        each = one_of(draw, [each for each in node.fields if not is_cut(each.node)])
        return _one(node, each, _value(draw, replace(each.node, nullable=False), sort))
    if isinstance(node, Record):
        return {each.name: _field(draw, each) for each in node.fields}
    if isinstance(node, Array):
        most = 0 if is_cut(node.item) else 3
        return [_value(draw, node.item, sort) for _ in range(draw(0, most))]
    keys = some_of(draw, KEYS, most=0 if is_cut(node.value) else 3)
    return {key: _value(draw, node.value, sort) for key in keys}


def is_cut(node: Node) -> bool:
    """Whether a type that contains itself is cut here, so that no value stands."""
    return isinstance(node, Record) and not node.fields


def _one(union: Record, field: Field, value: Any) -> dict[str, Any]:
    return {**dict.fromkeys(each.name for each in union.fields), field.name: value}


def _leaf(draw: Draw, leaf: Leaf, sort: str) -> Any:
    match leaf.kind:
        case Kind.STRING:
            return _text(draw, sort)
        case Kind.ENUM:
            return one_of(draw, leaf.symbols)
        case Kind.BOOLEAN:
            return bool(draw(0, 1))
        case Kind.INT | Kind.LONG:
            return one_of(draw, _INTS)
        case Kind.FLOAT | Kind.DOUBLE:
            return one_of(draw, _FLOATS)
        case Kind.BYTES:
            return one_of(draw, (b"", b"\x00\xff", b"text"))
        case Kind.DATE:
            return _day(draw)
        case Kind.TIMESTAMP:
            return _moment(draw)
        case Kind.DECIMAL:
            return one_of(draw, _DECIMALS)
        case Kind.UUID:
            return one_of(draw, _UUIDS)
        case Kind.ADDRESS:
            return dict(zip(ADDRESS_FIELDS, one_of(draw, ADDRESSES), strict=True))
        case Kind.FIXED:
            return one_of(draw, (b"\x00\x01\x02\xff", b"four"))
        case Kind.TIME:
            return one_of(draw, (time(9, 30), time(0), time(23, 59, 59, 999_000)))
        case Kind.LOCAL_TIMESTAMP:
            return one_of(draw, MOMENTS).replace(tzinfo=None)
        case Kind.DURATION:
            return Duration(months=one_of(draw, (0, 14)), days=one_of(draw, (0, 3)), millis=0)


def _text(draw: Draw, sort: str) -> str:
    if sort == "agency":
        return one_of(draw, (*AGENCIES[1:], UNHEARD_OF, AGENCIES[0]))
    if sort == "phone":
        return one_of(draw, PHONES)
    if sort == "address":
        return one_of(draw, ADDRESS_TEXTS)
    if chance(draw, 20):
        return one_of(draw, NAMES)
    if chance(draw, 4):  # a value of another sort, where nobody expects it
        return one_of(draw, (*AGENCIES[1:], *PHONES, *ADDRESS_TEXTS))
    return one_of(draw, WORDS)


def _moment(draw: Draw) -> datetime:
    moment = one_of(draw, MOMENTS)
    if chance(draw, 25):
        moment += timedelta(minutes=draw(-100_000, 100_000))
    return moment


def _day(draw: Draw) -> date:
    if chance(draw, 75):
        return one_of(draw, DAYS)
    return date(2026, 9, 14) - timedelta(days=draw(0, 9_000))


# --- canaries -----------------------------------------------------------------------------------

CANARY = "canary"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryEvent:
    """An event with a unique string in every leaf that can carry one, and in every map key.

    `canaries` names them by the RFC 6901 pointer of their leaf; an address has four, at the
    pointers of its parts, and the key of a map entry stands at `POINTER#key`. Search for
    `canary-` to find any of them, in bytes too.
    """

    event: Event
    canaries: Mapping[str, str]


def canary_event(etype: EventType, *, header: Mapping[str, Any] | None = None) -> CanaryEvent:
    """The canary event of a type: nothing null, two elements in every list and map.

    Args:
        etype: the event's type.
        header: header values to take instead of canaries; id, source, type, time and purposes
            have sensible ones unless given.
    """
    canaries: dict[str, str] = {}
    value = _canary_node(etype.root, "", canaries)
    plain_header = {
        "id": "00000000-0000-4000-8000-00000000ca1a",
        "source": SOURCE,
        "type": etype.name,
        "time": MOMENTS[0],
        "purposes": [PURPOSES[0]],
        **(header or {}),
    }
    for name, given in plain_header.items():
        value["header"][name] = given
        for path in [p for p in canaries if f"{p}/".startswith(f"/header/{name}/")]:
            del canaries[path]
    return CanaryEvent(event=Event(etype=etype, value=value), canaries=canaries)


def _canary_node(node: Node, path: str, canaries: dict[str, str]) -> Any:
    if isinstance(node, Leaf):
        return _canary_leaf(node, path, canaries)
    if is_cut(node):
        return None
    if isinstance(node, Record) and node.one_of:
        first = node.fields[0]
        return _one(node, first, _canary_node(first.node, f"{path}/{first.name}", canaries))
    if isinstance(node, Record):
        return {f.name: _canary_node(f.node, f"{path}/{f.name}", canaries) for f in node.fields}
    if isinstance(node, Array) and is_cut(node.item):
        return []
    if isinstance(node, Map) and is_cut(node.value):
        return {}
    if isinstance(node, Array):
        return [_canary_node(node.item, f"{path}/{index}", canaries) for index in range(2)]
    keys = [_canary(canaries, f"{path}/{CANARY}-{len(canaries):04}-key#key") for _ in range(2)]
    return {key: _canary_node(node.value, f"{path}/{key}", canaries) for key in keys}


def _canary(canaries: dict[str, str], path: str) -> str:
    suffix = "-key" if path.endswith("#key") else "-text"
    canary = f"{CANARY}-{len(canaries):04}{suffix}"
    canaries[path] = canary
    return canary


def _canary_leaf(leaf: Leaf, path: str, canaries: dict[str, str]) -> Any:
    number = len(path) + sum(map(ord, path))
    match leaf.kind:
        case Kind.STRING:
            return _canary(canaries, path)
        case Kind.BYTES:
            return _canary(canaries, path).encode()
        case Kind.ADDRESS:
            return {name: _canary(canaries, f"{path}/{name}") for name in ADDRESS_FIELDS}
        case Kind.UUID:
            canaries[path] = str(UUID(int=0xCA1A << 64 | len(canaries), version=4))
            return canaries[path]
        case Kind.ENUM:
            return leaf.symbols[-1]
        case Kind.BOOLEAN:
            return True
        case Kind.INT | Kind.LONG:
            return number
        case Kind.FLOAT | Kind.DOUBLE:
            return struct.unpack("<f", struct.pack("<f", math.sqrt(number)))[0]
        case Kind.DATE:
            return date(1990, 1, 1) + timedelta(days=number)
        case Kind.TIMESTAMP:
            return datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        case Kind.DECIMAL:
            return Decimal(1).scaleb(-leaf.avro.get("scale", 0))
        case Kind.FIXED:
            return _canary(canaries, path).encode().ljust(leaf.avro["size"])[: leaf.avro["size"]]
        case Kind.TIME:
            return time(number // 60 % 24, number % 60)
        case Kind.LOCAL_TIMESTAMP:
            return datetime(1990, 1, 1) + timedelta(minutes=number)
        case Kind.DURATION:
            return Duration(months=number, days=0, millis=0)
