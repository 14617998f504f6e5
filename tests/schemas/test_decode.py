"""Whatever bytes come in: the event that was meant, or a refusal."""

from __future__ import annotations

import math
import struct
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import (
    MAX_EVENT_BYTES,
    Event,
    decode_event,
    encode_event,
    event_from_json,
)
from schemas.errors import Code, EventRefused
from schemas.moments import micros_of
from schemas.registry import Registry
from schemas.wire_values import Unfit, write_long
from tests.schemas.samples import EVENT_ID, plain_event
from tests.schemas.values import (
    ETYPE,
    PREFIX,
    REGISTRY,
    outcome,
    refusal,
    sample,
)

BUILTIN = Registry.builtin()


def decodes_or_refuses(data: bytes, known: Registry) -> None:
    event = outcome(lambda: decode_event(data, known))
    if isinstance(event, EventRefused):
        assert event.__context__ is None  # a cause would print the record
        return
    again = decode_event(encode_event(event), known)  # what was read is a value, to the last leaf
    assert repr(again) == repr(event)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(tail: bytes) -> None:
    decodes_or_refuses(tail, REGISTRY)
    decodes_or_refuses(b"\xc3\x01" + ETYPE.rabin + tail, REGISTRY)
    police = BUILTIN.by_name("police.domestic-incident")
    decodes_or_refuses(b"\xc3\x01" + police.rabin + tail, BUILTIN)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=10))),
    st.booleans(),
)
def test_an_event_with_bytes_overwritten_or_put_in_is_an_event_or_refused(
    changes: list[tuple[float, bytes]], overwrite: bool
) -> None:
    data = bytearray(encode_event(sample()))
    for where, part in changes:
        at = PREFIX + int(where * (len(data) - PREFIX))
        data[at : at + len(part) if overwrite else at] = part
    decodes_or_refuses(bytes(data), REGISTRY)


def test_every_flipped_bit_is_an_event_or_refused() -> None:
    data = encode_event(sample())
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        decodes_or_refuses(bytes(flipped), REGISTRY)


def test_every_truncated_event_is_refused() -> None:
    data = encode_event(sample())
    for length in range(len(data)):
        refused = refusal(lambda length=length: decode_event(data[:length], REGISTRY))  # type: ignore[misc]
        assert refused.code is Code.NOT_DECODABLE


def test_the_cause_of_a_refusal_is_dropped_where_it_arises() -> None:
    """The cause of some refusals holds the bytes that were read, or what was read of them."""
    with pytest.raises(Unfit) as unfit:
        ETYPE.avro.decode(encode_event(sample())[:-1])
    assert unfit.value.__context__ is None


def test_bytes_after_the_end_are_refused() -> None:
    refused = refusal(lambda: decode_event(encode_event(sample()) + b"\x00", REGISTRY))
    assert refused.code is Code.NOT_DECODABLE
    assert "follow the end" in str(refused)


def test_an_unknown_fingerprint_is_refused() -> None:
    data = encode_event(sample())
    refused = refusal(lambda: decode_event(data, BUILTIN))
    assert refused.code is Code.UNKNOWN_SCHEMA


@pytest.mark.parametrize("magic", [b"\xc3\x02", b"\x00\x01", b"Ob"])
def test_another_encoding_is_refused(magic: bytes) -> None:
    data = magic + encode_event(sample())[2:]
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE


def test_a_type_in_the_header_that_the_schema_is_not_is_refused() -> None:
    value = sample().value
    value["header"]["type"] = "police.domestic-incident"
    lying = Event(etype=ETYPE, value=value)
    assert refusal(lambda: encode_event(lying)).code is Code.HEADER_MISMATCH
    data = encode_event(sample()).replace(b"\x1etest.everything", b"\x1etest.everythinG")
    refused = refusal(lambda: decode_event(data, REGISTRY))
    assert refused.code is Code.HEADER_MISMATCH
    assert "everythinG" not in str(refused)


def test_a_purpose_that_stands_twice_is_refused_since_each_has_one_delivery() -> None:
    told = plain_event()
    told["header"]["purposes"] = ["one", "two", "one"]
    refused = refusal(lambda: event_from_json(told, REGISTRY))
    assert (refused.code, str(refused)) == (
        Code.BAD_VALUE,
        "/header/purposes: a purpose stands twice",
    )
    value = sample().value
    value["header"]["purposes"] = ["one", "one"]
    assert refusal(lambda: encode_event(Event(etype=ETYPE, value=value))).code is Code.BAD_VALUE
    data = encode_event(sample()).replace(
        b"\x2asafeguarding-children\x1cvictim-support", b"\x1cvictim-support\x1cvictim-support"
    )
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


def test_an_event_that_no_log_record_holds_is_refused() -> None:
    told = plain_event()
    told["kinds"]["a_string"] = "x" * MAX_EVENT_BYTES
    event = event_from_json(told, REGISTRY)
    assert refusal(lambda: encode_event(event)).code is Code.TOO_LARGE
    data = encode_event(sample())
    padded = data + bytes(MAX_EVENT_BYTES + 1 - len(data))
    assert refusal(lambda: decode_event(padded, REGISTRY)).code is Code.TOO_LARGE


@pytest.mark.parametrize("count", [2**40, -(2**40), 2**63 - 1, -(2**63)])
def test_a_list_that_claims_millions_of_items_costs_nothing(count: int) -> None:
    zigzag = (count << 1) ^ (count >> 63)
    claim = bytearray()
    while zigzag > 0x7F:
        claim.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    whole = encode_event(sample())
    data = whole[: whole.rindex(b"\x02\x161 Mill Lane")] + bytes([*claim, zigzag]) + b"\x02"
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE


def _wire_with(name: str, old: bytes, new: bytes) -> bytes:
    data = encode_event(sample())
    assert data.count(old) >= 1, name
    return data.replace(old, new, 1)


def test_an_id_in_capitals_is_refused_since_ids_are_compared() -> None:
    data = _wire_with("id", EVENT_ID.encode(), EVENT_ID.upper().encode())
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


def test_an_int_of_more_than_32_bits_is_refused() -> None:
    low = b"\xff\xff\xff\xff\x0f"  # -2**31, which the sample has
    data = _wire_with("int", low, b"\x81\x80\x80\x80\x10")  # -2**31 - 1
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_tell_is_refused(number: float) -> None:
    for old, form in ((0.1, "<d"), (0.5, "<f")):
        data = _wire_with("number", struct.pack(form, old), struct.pack(form, number))
        assert refusal(lambda data=data: decode_event(data, REGISTRY)).code is Code.BAD_VALUE  # type: ignore[misc]


def test_a_decimal_of_too_many_digits_is_refused_and_never_rounded() -> None:
    old = (-1234560).to_bytes(3, "big", signed=True)
    for number in (10**7, -(10**7), 1 << 31):
        new = number.to_bytes(5, "big", signed=True)
        data = _wire_with("decimal", b"\x06" + old, b"\x0a" + new)
        assert refusal(lambda data=data: decode_event(data, REGISTRY)).code is Code.BAD_VALUE  # type: ignore[misc]


def test_a_fixed_decimal_of_too_many_digits_is_refused() -> None:
    old, new = ((-number).to_bytes(4, "big", signed=True) for number in (999999999, 10**9))
    data = _wire_with("fixed decimal", old, new)
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


@pytest.mark.parametrize("number", [-1, 86_400_000, 2**40])
def test_a_time_of_day_outside_the_day_is_refused(number: int) -> None:
    data = _wire_with("time", _zigzag(86_399_999), _zigzag(number))
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


def test_a_time_finer_than_we_hold_is_refused_and_never_rounded() -> None:
    nanos = 1000 * micros_of(sample().value["kinds"]["a_nanos"])
    data = _wire_with("nanos", _zigzag(nanos), _zigzag(nanos + 1))
    refused = refusal(lambda: decode_event(data, REGISTRY))
    assert (refused.code, "finer than a microsecond" in str(refused)) == (Code.BAD_VALUE, True)


@pytest.mark.parametrize("number", [-1, 3])
def test_an_enum_with_a_number_of_no_symbol_is_refused(number: int) -> None:
    """fastavro counts negative numbers from the last symbol."""
    old = b"\x04" + _zigzag((date(1, 1, 1) - date(1970, 1, 1)).days)  # `blue`, before the date
    data = _wire_with("enum", old, _zigzag(number) + old[1:])
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


def _zigzag(number: int) -> bytes:
    out = bytearray()
    write_long(out, number)
    return bytes(out)


def test_a_map_with_a_key_twice_is_refused() -> None:
    """fastavro lets the last of two equal keys win, so that two readers would differ."""
    data = _wire_with("map", b"\x04\x06a/b\x00\x00\x02", b"\x04\x00\x00\x00\x02")
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.BAD_VALUE


def test_text_that_is_not_utf8_is_refused() -> None:
    data = _wire_with("text", "Größe".encode(), b"Gr\xc3\x28\xff\x9fe")
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE


def test_a_day_beyond_the_calendar_is_refused() -> None:
    first = (date(1, 1, 1) - date(1970, 1, 1)).days

    data = _wire_with("date", _zigzag(first), _zigzag(first - 1))
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE


def test_a_number_spelled_longer_than_it_need_be_is_refused() -> None:
    """Two readers could else tell two numbers: some drop the bits beyond 64, some do not."""
    low = b"\xff\xff\xff\xff\x0f"
    for longer in (b"\xff\xff\xff\xff\x8f\x00", b"\xff\xff\xff\xff\x8f" + b"\x80" * 5 + b"\x01"):
        data = _wire_with("int", low, longer)
        assert refusal(lambda data=data: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE  # type: ignore[misc]


def test_blocks_of_other_writers_are_read_and_a_block_that_lies_about_its_length_is_not() -> None:
    one = b"\x04\x2asafeguarding-children\x1cvictim-support\x00"
    first, second = one[1:23], one[23:-1]
    size = bytes([2 * len(first)])
    blocks = b"\x01" + size + first + b"\x02" + second + b"\x00"
    assert decode_event(_wire_with("purposes", one, blocks), REGISTRY) == sample()
    lying = b"\x01" + bytes([2 * len(first) + 2]) + first + b"\x02" + second + b"\x00"
    data = _wire_with("purposes", one, lying)
    assert refusal(lambda: decode_event(data, REGISTRY)).code is Code.NOT_DECODABLE
