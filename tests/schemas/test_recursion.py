"""A type that contains itself is as deep as is said, and no deeper, whatever the bytes say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.codec import decode_event, encode_event, event_from_json, event_to_json
from schemas.errors import Code
from schemas.nodes import MAX_RECURSION, Array, EventType, Record
from schemas.registry import Registry
from tests.schemas.changes import A, add, array, map_of, record
from tests.schemas.samples import leaves, load_changed, plain_event
from tests.schemas.values import PREFIX, refusal

KINDS: dict[str, Any] = {"null": ["null", "Loop"], "list": array("Loop"), "map": map_of("Loop")}


def loop_type(kind: Any) -> EventType:
    """The sample event type with a type that contains itself, the last field of the event."""
    loop = record("Loop", A, {"name": "again", "tag": "two", "type": kind})
    return load_changed(add("loop", loop, tag="one"))


def loop(how: str, deep: int) -> dict[str, Any]:
    """A value in which this many others of its type stand."""
    value: dict[str, Any] = {"a": 0, "again": {"null": None, "list": [], "map": {}}[how]}
    for _ in range(deep):
        value = {"a": 0, "again": {"null": value, "list": [value], "map": {"k": value}}[how]}
    return value


@pytest.mark.parametrize("how", KINDS)
def test_a_value_comes_back_from_as_deep_as_is_allowed(how: str) -> None:
    etype = loop_type(KINDS[how])
    for deep in range(MAX_RECURSION + 1):
        told = {**plain_event(), "loop": loop(how, deep)}
        event = event_from_json(told, Registry([etype]))
        assert decode_event(encode_event(event), Registry([etype])) == event
        assert event_to_json(event) == told


@pytest.mark.parametrize("how", KINDS)
def test_a_deeper_value_is_refused_as_too_deep_in_json_and_in_bytes(how: str) -> None:
    etype = loop_type(KINDS[how])
    known = Registry([etype])
    told = {**plain_event(), "loop": loop(how, MAX_RECURSION + 1)}
    refused = refusal(lambda: event_from_json(told, known))
    assert refused.code is Code.TOO_DEEP
    assert str(refused).startswith("/loop/again")
    event = event_from_json({**plain_event(), "loop": loop(how, 1)}, known)
    event.value["loop"] = loop(how, MAX_RECURSION + 1)
    assert refusal(lambda: encode_event(event)).code is Code.TOO_DEEP
    assert refusal(lambda: decode_event(bytes_of(how, etype, 5), known)).code is Code.TOO_DEEP


def bytes_of(how: str, etype: EventType, deep: int) -> bytes:
    """The bytes of an event with so many values in one another, put together by hand."""
    event = event_from_json({**plain_event(), "loop": loop(how, 0)}, Registry([etype]))
    start = encode_event(event)[:-2]  # its last two bytes: a zero, and null or nothing
    inner = {"null": b"\x00\x02", "list": b"\x00\x02", "map": b"\x00\x02\x02k"}[how]
    end = {"null": b"", "list": b"\x00" * deep, "map": b"\x00" * deep}[how]
    return start + inner * deep + b"\x00\x00" + end


@pytest.mark.parametrize("how", KINDS)
def test_the_bytes_of_the_tests_are_what_they_should_be(how: str) -> None:
    """Otherwise a refusal here could have another reason."""
    etype = loop_type(KINDS[how])
    event = decode_event(bytes_of(how, etype, 2), Registry([etype]))
    assert event.value["loop"] == loop(how, 2)


@pytest.mark.parametrize("how", KINDS)
def test_bytes_that_never_end_their_depth_do_not_fill_the_stack(how: str) -> None:
    """fastavro, reading a type by its name, ends the process at some tens of thousands."""
    etype = loop_type(KINDS[how])
    data = bytes_of(how, etype, 90_000)
    refused = refusal(lambda: decode_event(data, Registry([etype])))
    assert refused.code is Code.TOO_DEEP


def test_each_level_has_the_tags_of_its_own_container() -> None:
    """A second reference to a tagged record once stayed clear (T1)."""
    etype = loop_type(KINDS["null"])
    found = [of for path, of, _ in leaves(etype.root) if path.startswith("loop")]
    assert len(found) == MAX_RECURSION + 1
    assert [of.chain for of in found] == [
        ("one",) + ("two",) * level + ("one",) for level in range(MAX_RECURSION + 1)
    ]


def test_where_a_type_is_cut_a_list_of_records_without_fields_stands() -> None:
    node: Any = loop_type(KINDS["list"]).root.fields[-1].node
    for _ in range(MAX_RECURSION):
        node = node.fields[1].node.item
    cut = node.fields[1].node
    assert isinstance(cut, Array)
    assert isinstance(cut.item, Record)
    assert cut.item.fields == ()


def test_two_types_within_each_other_are_each_as_deep() -> None:
    other = record("Other", A, {"name": "back", "type": ["null", "Loop"]})
    kind = record("Loop", A, {"name": "other", "type": array(other)})
    etype = load_changed(add("loop", kind, tag="one"))
    value: dict[str, Any] = {"a": 0, "other": []}
    for number in range(MAX_RECURSION):
        value = {"a": number, "other": [{"a": number, "back": value}]}
    told = {**plain_event(), "loop": value}
    event = event_from_json(json.loads(json.dumps(told)), Registry([etype]))
    data = encode_event(event)
    assert decode_event(data, Registry([etype])) == event
    assert len(data) > PREFIX
    told["loop"] = {"a": 9, "other": [{"a": 9, "back": value}]}
    assert refusal(lambda: event_from_json(told, Registry([etype]))).code is Code.TOO_DEEP
