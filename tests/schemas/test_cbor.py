"""Deterministic CBOR: one value has one encoding; any other bytes are refused, and only that."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import cbor


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ("0000", int),  # bytes after the item
        ("1800", int),  # a longer length than needed
        ("9f01ff", [int]),  # an indefinite array
        ("5f4101ff", bytes),  # an indefinite byte string
        ("a201010102", {1: int}),  # the same key twice
        ("a201000500", {1: int, 5: bytes}),  # a value of another type
        ("a2616200616100", {"a": int, "b": int}),  # keys out of order
        ("a1f501", {1: int}),  # true is not 1
        ("a1f93c0001", {1: int}),  # nor is 1.0
        ("f5", int),
        ("f7", int | None),  # undefined is not null
        ("c24101", int),  # a big number
        ("c249010000000000000000", int),  # and one that is encoded so by right
        ("d8641b7fffffffffffffff", int),  # a date far away
        ("d81c8100", [int]),  # a shared reference
        ("d9d9f700", int),  # self-described
        ("61ff", str),  # no UTF-8
        ("9b7fffffffffffffff", [int]),  # a huge array that does not follow
        ("5b7fffffffffffffff", bytes),
        ("81" * 9 + "80", list),  # deeper than any format of ours
        ("81" * 5000 + "80", list),
        ("8101", (int, int)),  # an array of another length
        ("a0", {1: int}),  # a key missing
        ("a20101020f", {1: int}),  # a key too many
        ("", int),
        ("a1a0", {}),
    ],
)
def test_bytes_that_are_not_the_one_encoding_are_refused(data: str, shape: Any) -> None:
    with pytest.raises(cbor.NotCbor):
        cbor.decode(bytes.fromhex(data), shape)


def test_what_is_encoded_is_decoded_again() -> None:
    value = [{1: 2, "text": b"bytes"}, None, ["a", "b"], [[b"\x00", 1]]]
    shape: cbor.Shape = ({1: int, "text": bytes}, int | None, [str], [(bytes, int)])
    assert cbor.decode(cbor.encode(value), shape) == value


def test_map_keys_are_sorted_whatever_order_they_came_in() -> None:
    assert cbor.encode({"b": 1, "a": 2, 15: 3, 1: 4}).hex() == "a401040f03616102616201"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_decode_to_their_only_encoding_or_are_refused(data: bytes) -> None:
    for shape in (list, dict, int, bytes, str):
        try:
            value = cbor.decode(data, shape)
        except cbor.NotCbor:
            continue
        assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "data", [b"\xa2" + b"\x66canary\x00" * 2, b"\x66canary\x00", b"\x67canary\xff"]
)
def test_a_refusal_carries_no_value(data: bytes) -> None:
    with pytest.raises(cbor.NotCbor) as refused:
        cbor.decode(data, str)
    assert "canary" not in "".join(traceback.format_exception(refused.value, chain=True))
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 1023, 1024, 65535, 65536])
def test_a_byte_string_is_encoded_as_any_value_is(size: int) -> None:
    """Its head has one spelling for each length, and the short way writes the same."""
    assert cbor.byte_string(bytes(size)) == cbor.encode(bytes(size))
