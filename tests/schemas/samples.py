"""An event type with every kind of field and every way to nest them, and how to load variants."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from schemas.registry import (
    Array,
    EventType,
    Field,
    Leaf,
    Map,
    Node,
    Record,
    Registry,
    Vocabulary,
    load_event_type,
    parse_vocabulary,
)

NAME = "test.everything"
EVENT_ID = "018f5f2e-7c1a-7cc0-8000-000000000001"
HEADER: dict[str, Any] = {
    "id": EVENT_ID,
    "source": "northmoor-police",
    "type": NAME,
    "time": "2026-09-03T21:14:00Z",
    "subject": "NM-2026-4711",
    "purposes": ["safeguarding-children", "victim-support"],
    "on_behalf_of": "pc-1234",
}
_TAGS = ("event.id", "event.basics", "event.purposes", "event.user", "case.reference")
_VOCABULARY = {
    "name": "test/1",
    "classes": {"basics": "What every delivery discloses"},
    "tags": {
        tag: {"means": "something", "classes": ["basics"]}
        for tag in (*_TAGS, "one", "two", "three", "deep.one")
    },
}
_HEADER = [
    {"name": "id", "tag": "event.id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "source", "tag": "event.basics", "type": "string"},
    {"name": "type", "tag": "event.basics", "type": "string"},
    {
        "name": "time",
        "tag": "event.basics",
        "type": {"type": "long", "logicalType": "timestamp-millis"},
    },
    {"name": "subject", "tag": "case.reference", "type": "string"},
    {"name": "purposes", "tag": "event.purposes", "type": {"type": "array", "items": "string"}},
    {"name": "on_behalf_of", "tag": "event.user", "type": "string"},
]
ADDRESS: dict[str, Any] = {
    "type": "record",
    "name": "Address",
    "atom": "address",
    "fields": [
        {"name": name, "type": "string"} for name in ("line", "municipality", "postcode", "country")
    ],
}
KINDS: dict[str, Any] = {
    "string": "string",
    "boolean": {"type": "boolean"},
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "bytes": "bytes",
    "enum": {"type": "enum", "name": "Colour", "symbols": ["red", "green", "blue"]},
    "date": {"type": "int", "logicalType": "date"},
    "millis": {"type": "long", "logicalType": "timestamp-millis"},
    "micros": {"type": "long", "logicalType": "timestamp-micros"},
    "nanos": {"type": "long", "logicalType": "timestamp-nanos"},
    "local_millis": {"type": "long", "logicalType": "local-timestamp-millis"},
    "local_micros": {"type": "long", "logicalType": "local-timestamp-micros"},
    "local_nanos": {"type": "long", "logicalType": "local-timestamp-nanos"},
    "time_millis": {"type": "int", "logicalType": "time-millis"},
    "time_micros": {"type": "long", "logicalType": "time-micros"},
    "fixed": {"type": "fixed", "name": "Fixed", "size": 3},
    "duration": {"type": "fixed", "name": "Duration", "size": 12, "logicalType": "duration"},
    "fixed_uuid": {"type": "fixed", "name": "FixedUuid", "size": 16, "logicalType": "uuid"},
    "fixed_decimal": {
        "type": "fixed",
        "name": "FixedDecimal",
        "size": 4,
        "logicalType": "decimal",
        "precision": 9,
        "scale": 3,
    },
    "decimal": {"type": "bytes", "logicalType": "decimal", "precision": 7, "scale": 2},
    "uuid": {"type": "string", "logicalType": "uuid"},
    "address": ADDRESS,
}


def schema() -> dict[str, Any]:
    """The event type as raw Avro, new on each call."""
    kinds = [{"name": f"a_{name}", "type": kind} for name, kind in KINDS.items()]
    named = {"enum": "Colour", "address": "caseward.test.Address"}
    named |= {name: kind["name"] for name, kind in KINDS.items() if "fixed" in str(kind)}
    nullable = [
        {"name": f"n_{name}", "type": [named.get(name, kind), "null"]}
        for name, kind in KINDS.items()
    ]
    inner = {
        "type": "record",
        "name": "Inner",
        "fields": [
            {"name": "label", "tag": "deep.one", "fact": True, "type": "string"},
            {"name": "maybe", "type": ["null", "Colour"]},
            {"name": "lists", "tag": "two", "type": {"type": "array", "items": "string"}},
        ],
    }
    items = {
        "type": "record",
        "name": "Item",
        "fields": [
            {"name": "number", "tag": "one", "fact": True, "type": "int"},
            {"name": "inner", "type": inner},
        ],
    }
    outer = {
        "type": "record",
        "name": "Outer",
        "fields": [{"name": "size", "type": "int"}, {"name": "sub", "type": ["null", "Colour"]}],
    }
    fields = [
        {"name": "header", "type": {"type": "record", "name": "Header", "fields": _HEADER}},
        {"name": "flag", "tag": "one", "fact": True, "type": "boolean"},
        {"name": "count", "tag": "two", "summarises": "group.items", "type": "int"},
        {"name": "kinds", "tag": "three", "type": _record("Kinds", kinds)},
        {"name": "nullables", "tag": "three", "type": ["null", _record("Nullables", nullable)]},
        {
            "name": "group",
            "tag": "two",
            "type": _record(
                "Group", [{"name": "items", "type": ["null", {"type": "array", "items": items}]}]
            ),
        },
        {"name": "map", "tag": "one", "type": {"type": "map", "values": ["null", "double"]}},
        {
            "name": "maps",
            "tag": "two",
            "type": ["null", {"type": "map", "values": outer}],
        },
        {"name": "places", "tag": "one", "type": {"type": "array", "items": "Address"}},
    ]
    return copy.deepcopy(
        {
            "type": "record",
            "name": "Everything",
            "namespace": "caseward.test",
            "event_type": NAME,
            "vocabulary": "test/1",
            "fields": fields,
        }
    )


def _record(name: str, fields: list[Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": fields}


def vocabulary() -> Vocabulary:
    """The vocabulary of the event type."""
    return parse_vocabulary(json.dumps(_VOCABULARY), origin="test")


def load(raw: Any) -> EventType:
    """Load raw Avro as an event type of the test vocabulary."""
    return load_event_type(json.dumps(raw), vocabulary(), origin="test.avsc")


def load_changed(change: Callable[[dict[str, Any]], Any]) -> EventType:
    """Load the event type after a change to its raw Avro."""
    raw = schema()
    change(raw)
    return load(raw)


def field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """The raw field of this name at the root."""
    found: dict[str, Any] = next(each for each in raw["fields"] if each["name"] == name)
    return found


def registry() -> Registry:
    """A registry of the event type alone."""
    return Registry([load(schema())])


def plain_event() -> dict[str, Any]:
    """An event of the type, as plain JSON values, new on each call."""
    kinds = {
        "a_string": "Größe \U0001f600",
        "a_boolean": True,
        "a_int": -(2**31),
        "a_long": 2**63 - 1,
        "a_float": 0.5,
        "a_double": 0.1,
        "a_bytes": "AP-_",
        "a_enum": "blue",
        "a_date": "0001-01-01",
        "a_millis": "1969-12-31T23:59:59.999Z",
        "a_micros": "9999-12-31T23:59:59.999999Z",
        "a_nanos": "1677-09-21T00:12:43.145225Z",
        "a_local_millis": "2026-03-29T02:30:00.250",
        "a_local_micros": "0001-01-01T00:00:00",
        "a_local_nanos": "2262-04-11T23:47:16.854775",
        "a_time_millis": "23:59:59.999",
        "a_time_micros": "00:00:00.000001",
        "a_fixed": "AP-_",
        "a_duration": "P14M3DT90.5S",
        "a_fixed_uuid": EVENT_ID,
        "a_fixed_decimal": "-999999.999",
        "a_decimal": "-12345.60",
        "a_uuid": EVENT_ID,
        "a_address": _plain_address(),
    }
    inner = {"label": "x", "maybe": None, "lists": ["a", "b"]}
    return {
        "header": copy.deepcopy(HEADER),
        "flag": False,
        "count": 2,
        "kinds": kinds,
        "nullables": {name.replace("a_", "n_"): None for name in kinds},
        "group": {"items": [{"number": 1, "inner": inner}, {"number": 2, "inner": {**inner}}]},
        "map": {"a/b": None, "": 1.5},
        "maps": {"k": {"size": 1, "sub": "red"}},
        "places": [_plain_address()],
    }


def _plain_address() -> dict[str, str]:
    return {"line": "1 Mill Lane", "municipality": "Moor", "postcode": "ZZ1 1ZZ", "country": "GB"}


def leaves(node: Node, at: str = "", of: Field | None = None) -> Iterator[tuple[str, Field, Leaf]]:
    """Every leaf with its dotted path and its field."""
    match node:
        case Record():
            for inner in node.fields:
                yield from leaves(inner.node, f"{at}.{inner.name}" if at else inner.name, inner)
        case Array():
            yield from leaves(node.item, at, of)
        case Map():
            yield from leaves(node.value, at, of)
        case Leaf():
            assert of is not None
            yield at, of, node


def by_path(etype: EventType) -> dict[str, tuple[Field, Leaf]]:
    """The leaves of an event type by their dotted paths."""
    return {path: (of, leaf) for path, of, leaf in leaves(etype.root)}
