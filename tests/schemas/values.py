"""Every value of a node, and the sample event, for the tests of the codec."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st

from schemas.codec import (
    Event,
    event_from_json,
)
from schemas.errors import EventRefused
from schemas.moments import Duration
from schemas.registry import Array, EventType, Kind, Leaf, Map, Node, Record
from tests.schemas.samples import plain_event, registry

T = TypeVar("T")
REGISTRY = registry()
(ETYPE,) = REGISTRY.types
PREFIX = 10  # bytes: the magic and the fingerprint
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def sample() -> Event:
    """The sample event."""
    return event_from_json(plain_event(), REGISTRY)


def outcome(step: Callable[[], T]) -> T | EventRefused:
    """What a step gives, or how it refused; any other exception passes."""
    try:
        return step()
    except EventRefused as refused:
        return refused


def refusal(step: Callable[[], object]) -> EventRefused:
    """How a step that must refuse refused."""
    with pytest.raises(EventRefused) as refused:
        step()
    return refused.value


def at(value: Any, path: str) -> tuple[Any, Any]:
    """The container that a pointer leads to, and its last step."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")[1:]]
    for step in steps:
        value = value[step]
    return value, last


def _moments(leaf: Leaf) -> st.SearchStrategy[datetime]:
    unit = leaf.avro["logicalType"].rpartition("-")[2]
    whole = 1000 if unit == "millis" else 1
    low, high = datetime.min, datetime.max
    if unit == "nanos":
        low, high = datetime(1677, 9, 22), datetime(2262, 4, 11)
    return st.datetimes(low, high).map(
        lambda at: at.replace(microsecond=at.microsecond // whole * whole, fold=0)
    )


def _scalar(leaf: Leaf) -> st.SearchStrategy[Any]:
    match leaf.kind:
        case Kind.ENUM:
            return st.sampled_from(leaf.symbols)
        case Kind.TIMESTAMP:
            return _moments(leaf).map(lambda at: at.replace(tzinfo=UTC))
        case Kind.LOCAL_TIMESTAMP:
            return _moments(leaf)
        case Kind.TIME:
            return _moments(leaf).map(lambda at: at.time())
        case Kind.FIXED:
            return st.binary(min_size=leaf.avro["size"], max_size=leaf.avro["size"])
        case Kind.DURATION:
            units = st.integers(0, 2**32 - 1)
            return st.builds(Duration, months=units, days=units, millis=units)
        case Kind.DECIMAL:
            top = 10 ** leaf.avro["precision"] - 1
            return st.integers(-top, top).map(lambda n: Decimal(n).scaleb(-leaf.avro["scale"]))
        case Kind.ADDRESS:
            names = ("line", "municipality", "postcode", "country")
            return st.tuples(*[TEXT] * 4).map(lambda lines: dict(zip(names, lines, strict=True)))
    return {
        Kind.STRING: TEXT,
        Kind.BOOLEAN: st.booleans(),
        Kind.INT: st.integers(-(2**31), 2**31 - 1),
        Kind.LONG: st.integers(-(2**63), 2**63 - 1),
        Kind.FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
        Kind.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
        Kind.BYTES: st.binary(max_size=8),
        Kind.DATE: st.dates(),
        Kind.UUID: st.uuids().map(str),
    }[leaf.kind]


def values(node: Node) -> st.SearchStrategy[Any]:
    """Every value of a node."""
    strategy: st.SearchStrategy[Any]
    match node:
        case Leaf():
            strategy = _scalar(node)
        case Record():
            fields = {each.name: values(each.node) for each in node.fields}
            # Hypothesis shuffles the keys; ours come in the order of the event type
            strategy = st.fixed_dictionaries(fields).map(
                lambda value: {name: value[name] for name in fields}
            )
        case Array():
            strategy = st.lists(values(node.item), max_size=2)
        case Map():
            strategy = st.dictionaries(TEXT, values(node.value), max_size=2)
    return st.none() | strategy if node.nullable else strategy


def events(etype: EventType) -> st.SearchStrategy[Event]:
    def finish(value: dict[str, Any]) -> Event:
        value["header"]["type"] = etype.name
        value["header"]["purposes"] = sorted(set(value["header"]["purposes"]))
        return Event(etype=etype, value=value)

    return values(etype.root).map(finish)
