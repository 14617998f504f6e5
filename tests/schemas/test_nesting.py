"""Every constructor in every other, three deep: each value comes back, in bytes and in JSON."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from typing import Any

import pytest

from schemas.codec import parse_json
from schemas.errors import Code
from schemas.from_plain import value_from_plain
from schemas.nodes import EventType, Field
from schemas.plain import plain
from schemas.wire_values import Unfit
from tests.schemas.nestings import CONSTRUCTORS, event_schema, leaf_names, nested, nestings, samples
from tests.schemas.other import Other
from tests.schemas.samples import HEADER, leaves, load, schema

PREFIX = 10
HEADER_FIELD = schema()["fields"][0]
GROUPS = [f"{word}{null}" for word in CONSTRUCTORS for null in ("", "?")]


@lru_cache(maxsize=1)
def types() -> dict[tuple[str, ...], tuple[EventType, dict[str, Any]]]:
    """Each nesting, loaded, with its raw schema; the kinds of leaves take turns."""
    made = {}
    for nest, leaf in zip(nestings(), leaf_names(), strict=False):
        raw = event_schema(nested(nest, leaf), HEADER_FIELD)
        made[nest] = load(raw), raw
    return made


def of_group(outermost: str) -> list[tuple[EventType, dict[str, Any], list[dict[str, Any]]]]:
    """The event types whose outermost constructor is this one, each with some events' values."""
    header = value_from_plain(load(schema()).root.fields[0].node, {**HEADER, "type": "test.nest"})
    return [
        (etype, raw, [{"header": header, "nest": value} for value in samples(_nest(etype).node)])
        for nest, (etype, raw) in types().items()
        if nest[0] == outermost
    ]


def _nest(etype: EventType) -> Field:
    return etype.root.fields[1]


@pytest.mark.parametrize("outermost", GROUPS)
def test_every_value_of_every_nesting_comes_back_from_bytes_and_json(outermost: str) -> None:
    tried = 0
    for etype, _, values in of_group(outermost):
        for value in values:
            back = etype.avro.decode(etype.avro.encode(value))
            assert repr(back) == repr(value)
            told = parse_json(json.dumps(plain(value)).encode())
            again = value_from_plain(etype.root, told)
            assert repr(again) == repr(value)
            assert plain(again) == plain(value)
            tried += 1
    assert tried >= 100


@pytest.mark.parametrize("outermost", GROUPS)
def test_another_implementation_reads_and_writes_the_same_bytes(outermost: str) -> None:
    for etype, raw, values in of_group(outermost):
        other = Other(raw)
        for value in values:
            data = etype.avro.encode(value)[PREFIX:]
            assert data == other.write(value)
            assert other.read(data) == other.lowered(value)


@pytest.mark.parametrize("outermost", GROUPS)
def test_hostile_bytes_are_a_value_or_refused_and_nothing_else(outermost: str) -> None:
    chance = random.Random(outermost)
    for etype, _, values in of_group(outermost):
        data = etype.avro.encode(max(values, key=lambda value: len(repr(value))))
        start = data.index(b"pc-1234") + len(b"pc-1234")
        for _ in range(12):
            hostile = bytearray(data)
            match chance.randrange(3):
                case 0:
                    hostile[chance.randrange(start, len(data))] ^= 1 << chance.randrange(8)
                case 1:
                    del hostile[chance.randrange(start, len(data)) :]
                case _:
                    at = chance.randrange(start, len(data))
                    hostile[at:at] = chance.choice(HOSTILE)
            decodes_or_refuses(etype, bytes(hostile))


# counts of 2**62, of -2**62 (a block with its size), union branch -1, depth without end
HOSTILE = (
    b"\x80" * 8 + b"\x80\x01",
    b"\xff" * 8 + b"\x7f",
    b"\x01",
    b"\x02" * 5000,
    b"\x00" * 5000,
    b"\x01\x80\x80\x80\x80\x01",
)


def decodes_or_refuses(etype: EventType, data: bytes) -> None:
    unfit = None
    try:
        value = etype.avro.decode(data)
    except Unfit as error:
        unfit = error
    if unfit is None:
        assert repr(etype.avro.decode(etype.avro.encode(value))) == repr(value)
        return
    assert unfit.code in (Code.NOT_DECODABLE, Code.BAD_VALUE, Code.TOO_DEEP)
    assert unfit.__context__ is None  # a cause would print the record


def test_every_leaf_of_every_nesting_has_the_tag_of_its_container() -> None:
    """A tag on a record or array once did nothing, and a second reference stayed clear (T1, T2)."""
    for etype, _ in types().values():
        tags = {of.tag for path, of, _ in leaves(etype.root) if path.startswith("nest")}
        assert tags == {"one"}
