"""Deterministic CBOR: one value has one encoding, and nothing but that encoding is read.

RFC 8949 section 4.2.1: shortest lengths, no indefinite items, sorted map keys. Our maps have either
small integer keys or text keys, sorted after them, so that the older length-first order of keys
(RFC 7049) gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Final, NoReturn

import cbor2

MAX_DEPTH: Final = 8  # twice what our deepest format needs

# A type is matched exactly (True is no int), a union is any of its types, a mapping is a map with
# exactly these keys, a tuple an array of these items, a list of one shape an array of any length.
Shape = type | UnionType | Mapping[Any, "Shape"] | tuple["Shape", ...] | list[Any]


class NotCbor(ValueError):
    """The bytes are not the deterministic encoding of a value of the wanted shape."""


class _NoTags(Mapping[int, Callable[[Any, bool], Any]]):
    """A decoder for every tag, each refusing: no format of ours has a tag inside."""

    def __getitem__(self, tag: int) -> Callable[[Any, bool], Any]:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


def _refuse_tag(value: Any, immutable: bool) -> NoReturn:
    raise NotCbor("a tag where none belongs")


_NO_TAGS: Final = _NoTags()


def encode(value: object) -> bytes:
    """The one encoding of a value made of dict, list, str, bytes, int, bool and None."""
    return cbor2.dumps(value, canonical=True)


def byte_string(data: bytes) -> bytes:
    """What `encode` gives for bytes, without asking what else they could be."""
    return byte_string_head(len(data)) + data


def byte_string_head(length: int) -> bytes:
    """The head of a byte string of so many bytes: major type 2, RFC 8949 section 3."""
    return _HEADS[length] if length < _COMMON else _head(length)


def _head(length: int) -> bytes:
    if length < 24:
        return bytes((0x40 + length,))
    if length < 0x100:
        return bytes((0x58, length))
    if length < 0x10000:
        return bytes((0x59, length >> 8, length & 0xFF))
    return b"\x5a" + length.to_bytes(4, "big")


_COMMON: Final = 2048  # lengths of which the head is kept
_HEADS: Final = [_head(size) for size in range(_COMMON)]


def decode(data: bytes, shape: Shape) -> Any:
    """The value these bytes encode; the caller has checked their size.

    Args:
        data: untrusted bytes, all of which must belong to the one item.
        shape: what the value must look like.

    Raises:
        NotCbor: for any other bytes; it carries no value.
    """
    try:
        value = cbor2.loads(
            data,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_NO_TAGS,
        )
        # the shape first, which is cheaper to look at than a large value is to encode again
        fits = _fits(value, shape) and encode(value) == data
    except (cbor2.CBORError, ValueError, TypeError, OverflowError):
        raise NotCbor("not CBOR") from None
    if not fits:
        raise NotCbor("not deterministic, or of another shape")
    return value


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, UnionType):
        return type(value) in shape.__args__
    if isinstance(shape, tuple):
        return type(value) is list and len(value) == len(shape) and all(map(_fits, value, shape))
    if isinstance(shape, list):
        return type(value) is list and all(_fits(item, shape[0]) for item in value)
    # Key and type: in Python 1, 1.0 and True are one key, in CBOR they are three.
    keys = {(type(key), key) for key in shape}
    return (
        type(value) is dict
        and {(type(key), key) for key in value} == keys
        and all(_fits(value[key], inner) for key, inner in shape.items())
    )
