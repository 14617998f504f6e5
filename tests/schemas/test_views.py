"""A view's values take the branch that is theirs, and come back as they were."""

from __future__ import annotations

import copy
import io
import json
import pickle
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import (
    WITHHELD,
    ViewType,
    decode_view,
    encode_view,
    plain,
    view_type_from_text,
)
from schemas.errors import CasewardError, Code, EventRefused, SchemaError
from schemas.moments import Duration
from schemas.registry import Registry
from tests.schemas.values import (
    PREFIX,
    TEXT,
    outcome,
    refusal,
)

BUILTIN = Registry.builtin()


WITHHELD_RECORD = {"type": "record", "name": "caseward.Withheld", "fields": []}
CLEAR: dict[str, tuple[Any, list[Any]]] = {
    "string": ("string", ["x", "", "withheld"]),
    "boolean": ("boolean", [True, False]),
    "int": ("int", [0, -1]),
    "long": ("long", [2**40]),
    "float": ("float", [0.5]),
    "double": ("double", [0.1]),
    "bytes": ("bytes", [b"", b"\x00\xff"]),
    "enum": ({"type": "enum", "name": "E", "symbols": ["present", "absent"]}, ["absent"]),
    "date": ({"type": "int", "logicalType": "date"}, [date(2026, 1, 2)]),
    "timestamp": (
        {"type": "long", "logicalType": "timestamp-millis"},
        [datetime(2026, 1, 2, tzinfo=UTC)],
    ),
    "fixed": ({"type": "fixed", "name": "F", "size": 2}, [b"\x00\xff"]),
    "duration": (
        {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"},
        [Duration(months=1, days=0, millis=2)],
    ),
    "time": ({"type": "int", "logicalType": "time-millis"}, [time(9, 30)]),
    "decimal": (
        {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1},
        [Decimal("1.5")],
    ),
    "address": (
        {"type": "record", "name": "A", "fields": [{"name": "line", "type": "string"}]},
        [{"line": "1 Mill Lane"}],
    ),
}


def view_schema() -> dict[str, Any]:
    fields: list[dict[str, Any]] = []
    for index, (name, (clear, _)) in enumerate(CLEAR.items()):
        withheld = "caseward.Withheld" if index else WITHHELD_RECORD
        union = ["null", withheld, clear] + (["string"] if name != "string" else [])
        fields.append({"name": name, "type": union})
    item = {
        "type": "record",
        "name": "Item",
        "fields": [{"name": "n", "type": ["caseward.Withheld", "int"]}],
    }
    fields.append({"name": "items", "type": {"type": "array", "items": item}})
    names = {"type": "array", "items": ["caseward.Withheld", "string"]}
    fields.append({"name": "names", "type": names})
    values_ = {"type": "map", "values": ["null", "caseward.Withheld", "string"]}
    fields.append({"name": "map", "type": values_})
    return {"type": "record", "name": "View", "namespace": "caseward.view", "fields": fields}


VIEW = view_type_from_text(json.dumps(view_schema()))


def empty_view() -> dict[str, Any]:
    return {**dict.fromkeys(CLEAR), "items": [], "names": [], "map": {}}


def views() -> st.SearchStrategy[dict[str, Any]]:
    leaf = {
        name: st.sampled_from([None, WITHHELD, "2019-04", *examples])
        for name, (_, examples) in CLEAR.items()
    }
    shuffled = st.fixed_dictionaries(
        {
            **leaf,
            "items": st.lists(
                st.fixed_dictionaries({"n": st.just(WITHHELD) | st.integers(0, 9)}), max_size=3
            ),
            "names": st.lists(st.just(WITHHELD) | TEXT, max_size=3),
            "map": st.dictionaries(TEXT, st.none() | st.just(WITHHELD) | TEXT, max_size=3),
        }
    )
    return shuffled.map(lambda view: {name: view[name] for name in empty_view()})


@settings(max_examples=200, deadline=None)
@given(views())
def test_a_view_survives_the_way_through_bytes(view: dict[str, Any]) -> None:
    back = decode_view(VIEW, encode_view(VIEW, view))
    assert repr(back) == repr(view)
    assert plain(back) == plain(view)


@pytest.mark.parametrize("name", CLEAR)
def test_each_value_of_a_view_takes_its_own_branch(name: str) -> None:
    """Seen by another implementation, which says which branch was read."""
    standard = fastavro.parse_schema(view_schema())
    position = list(CLEAR).index(name)
    cases = [(None, 0), (WITHHELD, 1), *((value, 2) for value in CLEAR[name][1])]
    if name != "string":
        cases.append(("a form", 3))
    for value, branch in cases:
        data = encode_view(VIEW, {**empty_view(), name: value})
        # fields before it are null, one byte each; the branch's number follows, in zigzag
        assert data[PREFIX + position] == 2 * branch
        read = fastavro.schemaless_reader(io.BytesIO(data[PREFIX:]), standard, None)
        if isinstance(value, Duration):  # which fastavro does not know
            value = struct.pack("<III", value.months, value.days, value.millis)
        assert read[name] == ({} if value is WITHHELD else value)  # type: ignore[index, call-overload]


def test_an_enum_beside_a_string_takes_its_own_symbols() -> None:
    position = list(CLEAR).index("enum")
    data = encode_view(VIEW, {**empty_view(), "enum": "present"})
    assert data[PREFIX + position] == 4
    assert decode_view(VIEW, data)["enum"] == "present"


def test_an_enum_takes_its_symbols_wherever_it_stands_in_the_union() -> None:
    enum = {"type": "enum", "name": "E", "symbols": ["present"]}
    turned = view_type_from_text(json.dumps(record_of(["string", enum])))
    assert encode_view(turned, {"f0": "present"})[PREFIX:] == b"\x02\x00"
    assert encode_view(turned, {"f0": "x"})[PREFIX:] == b"\x00\x02x"


def test_withheld_is_one_however_it_comes_back() -> None:
    data = encode_view(VIEW, {**empty_view(), "date": WITHHELD})
    assert decode_view(VIEW, data)["date"] is WITHHELD
    assert copy.deepcopy(WITHHELD) is WITHHELD
    assert pickle.loads(pickle.dumps(WITHHELD)) is WITHHELD
    assert repr(WITHHELD) == "withheld"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"int": 1.5}, "/int"),
        ({"int": True}, "/int"),
        ({"date": datetime(2026, 1, 1, tzinfo=UTC)}, "/date"),
        ({"address": {"line": WITHHELD}}, "/address/line"),
        ({"items": [{"n": None}]}, "/items/0/n"),
        ({"items": WITHHELD}, "/items"),
        ({"items": [WITHHELD]}, "/items/0"),
        ({"names": ["a", None]}, "/names/1"),
        ({"map": {"CANARY": 1}}, "/map/*"),
        ({"CANARY": 1}, "the view"),
    ],
)
def test_a_value_that_fits_no_branch_is_no_view(change: dict[str, Any], path: str) -> None:
    with pytest.raises(CasewardError) as refused:
        encode_view(VIEW, {**empty_view(), **change})
    assert refused.value.code is Code.VIEW_REFUSED
    assert str(refused.value).startswith(f"{path}: ")
    assert "CANARY" not in str(refused.value)
    assert refused.value.__context__ is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60))
def test_any_bytes_are_a_view_or_refused(tail: bytes, keep: int) -> None:
    whole = encode_view(VIEW, {**empty_view(), "names": ["a", WITHHELD], "items": [{"n": 1}]})
    for data in (tail, whole[:PREFIX] + tail, whole[: PREFIX + keep] + tail):
        view = outcome(lambda data=data: decode_view(VIEW, data))  # type: ignore[misc]
        if isinstance(view, EventRefused):
            assert view.code is Code.VIEW_REFUSED
            assert view.__context__ is None
        else:
            assert repr(decode_view(VIEW, encode_view(VIEW, view))) == repr(view)
            assert encode_view(VIEW, view) == data


def other_spellings() -> Iterator[tuple[Any, bytes, bytes]]:
    """A type, bytes that we write for a value of it, and others that could stand for it."""
    numbers = {"type": "array", "items": "int"}
    yield numbers, b"\x04\x02\x04\x00", b"\x02\x02\x02\x04\x00"  # two blocks
    yield numbers, b"\x04\x02\x04\x00", b"\x03\x04\x02\x04\x00"  # a block with its length
    yield numbers, b"\x00", b"\x80\x00"  # a number longer than it need be
    yield {"type": "map", "values": "int"}, b"\x02\x02a\x02\x00", b"\x01\x06\x02a\x02\x00"
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
    yield decimal, b"\x02\x80", b"\x04\xff\x80"  # -1.28
    yield ["null", "int"], b"\x02\x02", b"\x82\x00\x02"
    yield "string", b"\x02a", b"\x82\x00a"
    enum = {"type": "enum", "name": "E", "symbols": ["a", "b"]}
    yield [enum, "string"], b"\x00\x02", b"\x02\x02b"


@pytest.mark.parametrize(("kind", "ours", "other"), list(other_spellings()))
def test_a_view_is_read_in_no_other_spelling_than_ours(
    kind: Any, ours: bytes, other: bytes
) -> None:
    """Another one could say something by its size, and is not what was checked."""
    vtype = view_type_from_text(json.dumps(record_of(kind)))
    prefix = b"\xc3\x01" + vtype.rabin
    assert encode_view(vtype, decode_view(vtype, prefix + ours)) == prefix + ours
    assert refusal(lambda: decode_view(vtype, prefix + other)).code is Code.VIEW_REFUSED


def test_a_view_of_another_type_is_refused() -> None:
    other = view_type_from_text(json.dumps({**view_schema(), "name": "Other"}))
    assert other.rabin != VIEW.rabin
    assert other.digest != VIEW.digest
    data = encode_view(other, empty_view())
    assert refusal(lambda: decode_view(VIEW, data)).code is Code.VIEW_REFUSED


def test_a_view_type_is_known_by_its_text() -> None:
    again = view_type_from_text(VIEW.text)
    assert isinstance(again, ViewType)
    assert again == VIEW
    assert len(VIEW.digest) == 64


def record_of(*types: Any) -> dict[str, Any]:
    fields = [{"name": f"f{index}", "type": kind} for index, kind in enumerate(types)]
    return {"type": "record", "name": "R", "fields": fields}


EMPTY = {"type": "record", "name": "caseward.Withheld", "fields": []}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (["null", "string"], b"\x01\x02x"),
        (["null", "string"], b"\x03"),
        (["null", EMPTY, "string"], b"\x01\x02x"),
        (["null", "string"], b"\x04"),
        ("boolean", b"\x02"),
        ("boolean", b"\x7f"),
        ("boolean", b"\xff"),
    ],
)
def test_a_branch_or_a_boolean_that_is_none_is_refused(kind: Any, body: bytes) -> None:
    """fastavro counts negative numbers from the last branch, and takes any byte but 0 for true."""
    vtype = view_type_from_text(json.dumps(record_of(kind)))
    refused = refusal(lambda: decode_view(vtype, b"\xc3\x01" + vtype.rabin + body))
    assert refused.code is Code.VIEW_REFUSED


@pytest.mark.parametrize(
    "raw",
    [
        1,
        {},
        record_of(),
        record_of(["string", {"type": "string", "logicalType": "uuid"}]),
        record_of(["int", "long"]),
        record_of(["null", "null"]),
        record_of(["bytes", "bytes", "null"]),
        record_of([record_of("int"), {"type": "map", "values": "int"}]),
        record_of(["null", ["int"]]),
        record_of("Unknown"),
        record_of("R"),
        record_of({"type": "record", "name": "R", "fields": [{"name": "x", "type": "int"}]}),
        record_of({"type": "array", "items": {"type": "record", "name": "E", "fields": []}}),
        record_of({"type": "array", "items": "null"}),
        record_of({"type": "array", "items": EMPTY}),
        record_of({"type": "array", "items": record_of("null", EMPTY) | {"name": "E"}}),
        record_of({"type": "enum", "name": "E", "symbols": ["a b"]}),
        record_of({"type": "enum", "name": "E", "symbols": [1]}),
        record_of({"type": "fixed", "name": "E", "size": 0}),
        record_of({"type": "fixed", "name": "E", "size": 8, "logicalType": "duration"}),
        record_of({"type": "fixed", "name": "E", "size": 4, "logicalType": "date"}),
        record_of(
            {"type": "fixed", "name": "E", "size": 1, "logicalType": "decimal", "precision": 3}
        ),
        record_of({"type": "bytes", "logicalType": "big-decimal"}),
        record_of({"type": "bytes", "logicalType": "decimal", "precision": "4"}),
        record_of({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": "x"}),
        {**record_of("int"), "fields": [{"name": "a b", "type": "int"}]},
        {**record_of("int"), "fields": [{"name": "a", "type": "int"}] * 2},
        {**record_of("int"), "name": "a..b"},
    ],
)
def test_a_view_type_whose_branches_would_be_guessed_is_refused(raw: object) -> None:
    with pytest.raises(SchemaError):
        view_type_from_text(json.dumps(raw))


@pytest.mark.parametrize("text", ["", "{", "\ud800", "[" * 10_000, "x" * (5 << 20)])
def test_a_text_that_is_no_view_type_is_refused(text: str) -> None:
    with pytest.raises(SchemaError):
        view_type_from_text(text)
