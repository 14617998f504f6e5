"""Events of the usual types, read by code written for their type, as all of Avro is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Event, decode_event, encode_event
from schemas.errors import EventRefused
from schemas.registry import Array, EventType, Leaf, Map, Node, Record, Registry
from schemas.wire import Unfit, Wire, leaf_reader
from schemas.wire_inlined import MAX_INLINED_LEAVES, inlined
from tests.schemas.nestings import event_schema, samples
from tests.schemas.samples import EVENT_ID, KINDS, load, schema
from tests.schemas.values import events

# names that the code itself uses, or could; and words of Python
NAMES = ("data", "at", "wide", "_0", "_1", "number", "read", "Spelled", "SPANS", "class", "None")


def _header() -> Any:
    return schema()["fields"][0]


def _body(kinds: dict[str, Any]) -> EventType:
    """An event type with a record of leaves: alone, or null, in lists and in records in lists."""
    defined = {name: kind["name"] for name, kind in kinds.items() if "name" in kind}
    plain = [{"name": name, "type": kind} for name, kind in kinds.items()]
    again = {name: defined.get(name, kind) for name, kind in kinds.items()}
    null_first = [{"name": f"n_{name}", "type": ["null", kind]} for name, kind in again.items()]
    null_last = [{"name": f"l_{name}", "type": [kind, "null"]} for name, kind in again.items()]
    lists = [
        {"name": f"a_{name}", "type": {"type": "array", "items": kind}}
        for name, kind in again.items()
    ]
    inner = {"type": "record", "name": "Inner", "fields": [*null_first, *lists]}
    outer: Any = {
        "type": "record",
        "name": "Outer",
        "fields": [
            *plain,
            *null_last,
            {"name": "maybe", "type": ["null", inner]},
            {"name": "many", "type": {"type": "array", "items": ["null", "Inner"]}},
            {"name": "lists", "type": ["null", {"type": "array", "items": "Inner"}]},
        ],
    }
    return load(event_schema(outer, _header()))


WITHHELD_TYPE = {"type": "record", "name": "caseward.Withheld", "fields": []}
TYPES = [_body({name: kind}) for name, kind in KINDS.items()]
USUAL = [each for each in Registry.builtin().types if each.name != "marac.referral"]


def _wire(etype: EventType) -> Wire:
    wire: Wire = etype.avro
    return wire


def _alike(etype: EventType, data: bytes) -> bool:
    """Whether the code reads the bytes; where it does, that it reads what is read otherwise."""
    found = inlined(etype)(data)
    if found is None:
        return False
    value, spelled = found
    assert repr(value) == repr(_wire(etype).decode(data))
    assert spelled == Event(etype=etype, value=value).spelled
    return True


@pytest.mark.parametrize("etype", [*TYPES, *USUAL], ids=lambda etype: repr(etype.root)[-40:])
def test_the_code_reads_what_is_read_otherwise(etype: EventType) -> None:
    """For every kind of leaf, null or not, in records and lists: values, leaves and outline."""

    @given(events(etype))
    def law(event: Event) -> None:
        data = encode_event(event)
        assert _alike(etype, data)
        assert decode_event(data, Registry([etype])).spelled == event.spelled

    law()


@given(st.data())
def test_bytes_changed_anywhere_are_read_alike_or_not_at_all(data: st.DataObject) -> None:
    """Whatever the code takes for an event is one: overwritten, put in, left out or cut off."""
    etype = data.draw(st.sampled_from([*TYPES, *USUAL]))
    whole = encode_event(data.draw(events(etype)))
    begin = data.draw(st.integers(10, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    changed = whole[:begin] + data.draw(st.binary(max_size=8)) + whole[end:]
    try:
        _wire(etype).decode(changed)
    except Unfit:
        assert inlined(etype)(changed) is None
    else:
        _alike(etype, changed)


def test_a_list_that_others_wrote_in_blocks_is_left_to_what_reads_all_of_avro() -> None:
    """The code knows one block of fewer than 64; the rest is read as ever, with the same leaves."""
    (etype,) = [one for one in TYPES if "a_string" in repr(one.root)]
    event = _with_list(etype, ["x"] * 3)
    data = encode_event(event)
    blocks = data.replace(b"\x06\x02x\x02x\x02x\x00", b"\x03\x08\x02x\x02x\x02\x02x\x00")
    assert blocks != data
    assert inlined(etype)(blocks) is None
    assert decode_event(blocks, Registry([etype])).spelled == event.spelled
    lying = data.replace(b"\x06\x02x\x02x\x02x\x00", b"\x03\x02x\x00")  # two, in one byte
    assert inlined(etype)(lying) is None
    long = _with_list(etype, ["x"] * 64)
    assert inlined(etype)(encode_event(long)) is None
    assert decode_event(encode_event(long), Registry([etype])).value == long.value


def _with_list(etype: EventType, told: list[str]) -> Event:
    header = _header_value()
    inner = {"n_string": None, "a_string": told}
    outer: Any = {"string": "", "l_string": None, "maybe": inner, "many": [], "lists": None}
    return Event(etype=etype, value={"header": header, "nest": outer})


def _header_value() -> dict[str, Any]:
    """The header of an event of these types."""
    words = {"source": "northmoor", "subject": "NM-1", "on_behalf_of": "Ada Example"}
    time = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    made = {"id": EVENT_ID, **words, "type": "test.nest", "time": time, "purposes": []}
    return {each["name"]: made[each["name"]] for each in _header()["type"]["fields"]}


def test_a_text_that_is_no_uuid_is_none() -> None:
    """As long as one, and in capitals: ids are compared."""
    etype = TYPES[0]
    data = encode_event(_with_list(etype, ["x"]))
    assert inlined(etype)(data) is not None
    assert inlined(etype)(data.replace(EVENT_ID.encode(), EVENT_ID.upper().encode())) is None


@pytest.mark.parametrize("etype", [*TYPES, *USUAL], ids=lambda etype: repr(etype.root)[-40:])
def test_each_leaf_is_what_a_view_says_it_is(etype: EventType) -> None:
    """Read as the union that a view has there, each gives its value, and all are in order."""

    @given(events(etype))
    def law(event: Event) -> None:
        found = [
            leaf_reader([*(["null"] if null else []), WITHHELD_TYPE, leaf.avro])(piece, 0)
            for piece, (leaf, null, _) in zip(
                event.spelled.leaves, _leaves(etype.root, event.value), strict=True
            )
        ]
        told = _leaves(etype.root, event.value)
        ends = map(len, event.spelled.leaves)
        assert repr(found) == repr(
            [(value, end) for (_, _, value), end in zip(told, ends, strict=True)]
        )

    law()


def _leaves(node: Node, value: Any, null: bool = False) -> list[tuple[Leaf, bool, Any]]:
    """Each leaf that there is, whether it may be null where it stands, and its value."""
    match node:
        case Leaf():
            return [(node, null or node.nullable, value)]
        case Record(fields=fields):
            null = null or node.nullable
            below = (
                [] if value is None else [(each.node, value[each.name], null) for each in fields]
            )
        case Array(item=item):
            below = [(item, each, False) for each in value or ()]
        case Map():
            raise ValueError("no map here")
    return [leaf for each in below for leaf in _leaves(*each)]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_field_gets_into_the_code(name: str) -> None:
    """A field may be called as the code calls its own things, or as Python calls its words."""
    kind = {"type": "record", "name": "R", "fields": [{"name": name, "type": "string"}]}
    etype = load(event_schema(kind, _header()))
    event = Event(etype=etype, value={"header": _header_value(), "nest": {name: "x"}})
    assert _alike(etype, encode_event(event))


def test_types_that_are_not_usual_are_read_as_ever() -> None:
    """Maps, unions of records, types that contain themselves, very large and very deep ones."""
    record = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "string"}]}
    other = {**record, "name": "S"}
    again = {**record, "fields": [{"name": "x", "type": ["null", "R"]}]}
    fields = [{"name": f"f{n}", "type": "boolean"} for n in range(MAX_INLINED_LEAVES)]
    deep: Any = "boolean"
    for _ in range(9):
        deep = {"type": "array", "items": deep}
    kinds: list[Any] = [{"type": "map", "values": "string"}, [record, other], again, deep]
    kinds.append({"type": "record", "name": "L", "fields": fields})
    for kind in kinds:
        _read_as_ever(load(event_schema(kind, _header())))


def _read_as_ever(etype: EventType) -> None:
    for each in samples(etype.root.fields[1].node):
        event = Event(etype=etype, value={"header": _header_value(), "nest": each})
        data = encode_event(event)
        assert inlined(etype)(data) is None
        assert decode_event(data, Registry([etype])).spelled == event.spelled


def test_a_copy_with_another_value_is_spelled_anew() -> None:
    """What was read with one value does not stay with another."""
    etype = TYPES[0]
    event = _with_list(etype, ["x"])
    event = decode_event(encode_event(event), Registry([etype]))
    changed = replace(event, value=_with_list(etype, ["other"]).value)
    assert changed.spelled == Event(etype=etype, value=changed.value).spelled != event.spelled


def test_refusals_are_those_of_the_general_reading() -> None:
    """The code never says why: what it does not know goes the long way."""
    etype = TYPES[0]
    data = encode_event(_with_list(etype, ["x"]))
    with pytest.raises(EventRefused, match="bytes follow the end"):
        decode_event(data + b"\0", Registry([etype]))
