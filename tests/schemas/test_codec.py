"""The laws of the codec: what goes in comes out, and no refusal tells a value."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from schemas.codec import (
    Event,
    decode_event,
    encode_event,
    event_from_json,
    event_to_json,
    parse_json,
)
from schemas.registry import EventType, Registry
from tests.schemas.other import Other
from tests.schemas.samples import EVENT_ID, plain_event
from tests.schemas.test_encode import WRONG
from tests.schemas.test_from_plain import WRONG_JSON
from tests.schemas.values import (
    ETYPE,
    PREFIX,
    REGISTRY,
    at,
    events,
    refusal,
    sample,
)

BUILTIN = Registry.builtin()


@pytest.mark.parametrize("etype", [ETYPE, *BUILTIN.types], ids=lambda etype: etype.name)
def test_an_event_survives_the_way_through_bytes_and_json(etype: EventType) -> None:
    known = Registry([etype])

    @settings(max_examples=40, deadline=None)
    @given(events(etype))
    def law(event: Event) -> None:
        back = decode_event(encode_event(event), known)
        assert back == event
        assert repr(back.value) == repr(event.value)  # digits of decimals, types, order of fields
        told = json.dumps(event_to_json(event)).encode()
        again = event_from_json(parse_json(told), known)
        assert again == event
        assert repr(again.value) == repr(event.value)
        assert event_to_json(again) == event_to_json(event)

    law()


def test_our_bytes_are_those_of_another_implementation() -> None:
    other = Other(json.loads(ETYPE.text))

    @settings(max_examples=60, deadline=None)
    @given(events(ETYPE))
    def law(event: Event) -> None:
        ours = encode_event(event)
        assert ours == b"\xc3\x01" + ETYPE.rabin + other.write(event.value)
        assert other.read(ours[PREFIX:]) == other.lowered(event.value)

    law()


def test_the_sample_as_json_is_itself() -> None:
    assert event_to_json(sample()) == plain_event()
    assert decode_event(encode_event(sample()), REGISTRY) == sample()


def test_an_event_tells_its_header() -> None:
    event = sample()
    assert (event.id, event.source, event.type, event.subject) == (
        EVENT_ID,
        "northmoor-police",
        "test.everything",
        "NM-2026-4711",
    )
    assert event.time == datetime(2026, 9, 3, 21, 14, tzinfo=UTC)
    assert event.purposes == ("safeguarding-children", "victim-support")


def test_blocks_of_an_array_as_other_writers_cut_them_are_read() -> None:
    whole = encode_event(sample())
    address = b"\x16" + b"1 Mill Lane" + b"\x08Moor" + b"\x0eZZ1 1ZZ" + b"\x04GB"
    assert whole.endswith(b"\x02" + address + b"\x00")
    # a negative count stands before the block's size in bytes (Avro 1.12, "Arrays")
    sized = whole[: -len(address) - 2] + b"\x01" + bytes([2 * len(address)]) + address
    twice = decode_event(sized + b"\x02" + address + b"\x00", REGISTRY)
    assert twice.value["places"] == sample().value["places"] * 2


def test_no_refusal_tells_a_value() -> None:
    """The serializer's exception once printed the record (T6)."""
    data = encode_event(sample())
    secrets = ["Größe", "Mill", "ZZ1", "blue", "NM-2026", "pc-1234", "12345", EVENT_ID]
    refusals = [refusal(lambda n=n: decode_event(data[:n], REGISTRY)) for n in range(len(data))]  # type: ignore[misc]
    for path, wrong in WRONG:
        value = copy.deepcopy(sample().value)
        holder, last = at(value, path)
        holder[last] = wrong
        event = Event(etype=ETYPE, value=value)
        refusals.append(refusal(lambda event=event: encode_event(event)))  # type: ignore[misc]
    for path, wrong in WRONG_JSON:
        told = plain_event()
        holder, last = at(told, path)
        holder[last] = wrong
        refusals.append(refusal(lambda told=told: event_from_json(told, REGISTRY)))  # type: ignore[misc]
    for refused in refusals:
        assert refused.__context__ is None
        assert refused.__cause__ is None
        shown = f"{refused} {refused!r} {vars(refused)}"
        # the symbols of an enum and the example of a date are the schema's, not the event's
        assert not [s for s in secrets if s in shown.replace("red, green, blue", "")], shown
