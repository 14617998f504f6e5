"""Every way to nest one constructor of types in another, three deep, with values of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from schemas.moments import Duration
from schemas.nodes import Array, Kind, Leaf, Map, Node, Record
from tests.schemas.samples import EVENT_ID, KINDS, vocabulary

CONSTRUCTORS = ("record", "array", "map", "union", "recursive")
DEPTH = 3


def nestings() -> list[tuple[str, ...]]:
    """Each nesting from the outside in; a `?` after a word says that null may stand there."""
    words = [word + null for word in CONSTRUCTORS for null in ("", "?")]
    return list(itertools.product(words, repeat=DEPTH))


def nested(nest: tuple[str, ...], leaf: str) -> Any:
    """The raw type of a nesting around a kind of leaf."""
    made: Any = {**KINDS[leaf], "name": "Leaf"} if "name" in KINDS[leaf] else KINDS[leaf]
    for number, word in reversed(list(enumerate(nest))):
        made = _around(word.removesuffix("?"), made, number)
        if word.endswith("?"):
            made = ["null", *made] if isinstance(made, list) else [made, "null"]
    return made


def _around(word: str, inner: Any, number: int) -> Any:
    inside: list[Any] = [{"name": "x", "type": inner}]
    record = {"type": "record", "name": f"R{number}", "fields": inside}
    match word:
        case "array":
            return {"type": "array", "items": inner}
        case "map":
            return {"type": "map", "values": inner}
        case "union":
            fields = [{"name": "y", "type": "int"}, {"name": "x", "type": "string"}]
            return [record, {"type": "record", "name": f"S{number}", "fields": fields}]
        case "recursive":
            # by a list, by null and by a map: each is an end
            again = (
                {"type": "array", "items": f"R{number}"},
                ["null", f"R{number}"],
                {"type": "map", "values": f"R{number}"},
            )[number]
            inside.append({"name": "again", "type": again})
    return record


def event_schema(kind: Any, header: Any) -> dict[str, Any]:
    """An event type with one field of a type."""
    return {
        "type": "record",
        "name": "test.Nest",
        "event_type": "test.nest",
        "vocabulary": vocabulary().name,
        "fields": [header, {"name": "nest", "tag": "one", "type": kind}],
    }


_LEAVES: dict[Kind, tuple[Any, ...]] = {
    Kind.STRING: ("", "Größe"),
    Kind.BOOLEAN: (True, False),
    Kind.INT: (-(2**31), 0),
    Kind.LONG: (2**63 - 1, -1),
    Kind.FLOAT: (0.5, -0.0),
    Kind.DOUBLE: (0.1,),
    Kind.BYTES: (b"", b"\x00\xff"),
    Kind.FIXED: (b"\x00\xff\x80",),
    Kind.DATE: (date(1969, 12, 31),),
    Kind.TIME: (time(23, 59, 59, 999000), time(0)),
    Kind.TIMESTAMP: (datetime(2026, 1, 31, 9, 30, tzinfo=UTC),),
    Kind.LOCAL_TIMESTAMP: (datetime(2026, 3, 29, 2, 30),),
    Kind.DURATION: (Duration(months=1, days=2, millis=2**32 - 1),),
    Kind.DECIMAL: (Decimal("-0.05"), Decimal("1.00")),
    Kind.UUID: (EVENT_ID,),
    Kind.ADDRESS: ({"line": "1 Mill Lane", "municipality": "", "postcode": "Z", "country": "GB"},),
}


def _leaf_samples(leaf: Leaf) -> list[Any]:
    if leaf.kind is Kind.ENUM:
        return list(leaf.symbols)
    if leaf.kind is Kind.DECIMAL:
        digits = Decimal(1).scaleb(-leaf.avro["scale"])
        return [each.quantize(digits) for each in _LEAVES[leaf.kind]]
    return list(_LEAVES[leaf.kind])


def samples(node: Node) -> list[Any]:
    """Values of a node: null, nothing, one, several, each branch; none where a type is cut."""
    return [None, *_samples(node)] if node.nullable else _samples(node)


def _samples(node: Node) -> list[Any]:
    match node:
        case Leaf():
            return _leaf_samples(node)
        case Record() if node.one_of:
            nothing = dict.fromkeys(field.name for field in node.fields)
            return [
                {**nothing, field.name: value}
                for field in node.fields
                for value in samples(field.node)[1:3]  # without null
            ]
        case Record():
            columns = {field.name: samples(field.node) for field in node.fields}
            rows = max(map(len, columns.values()), default=0)
            if not all(columns.values()):
                return []
            return [{name: c[at % len(c)] for name, c in columns.items()} for at in range(rows)]
        case Array():
            items = samples(node.item)
            return [[], items[-1:], items] if items else [[]]
        case Map():
            items = samples(node.value)
            filled = dict(zip(("", "a/b", "~", "key"), items, strict=False))
            return [{}, filled] if items else [{}]


def leaf_names() -> Iterator[str]:
    """The kinds of leaves, over and over."""
    return itertools.cycle(KINDS)
