"""How each single value stands in Avro's bytes: its writer and its reader.

Writers append to a bytearray and raise `Unfit` for a value that is not exactly of their type: no
subclass, no conversion, nothing rounded. Readers take the bytes and where the value begins, and
give the value and where it ends. Past the end of the bytes they raise an IndexError, or give a
value cut short that ends beyond it: `Wire.decode` refuses both.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final

from schemas.errors import Code
from schemas.plain import pointer

UUID_PATTERN: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_NOT_SHORT: Final = 0x81  # in a length's first byte: more bytes follow, or it is negative
_LONG_SHIFT: Final = 63  # ten bytes of seven bits each hold 64 bits

ENTRY_STEP: Final = "*"  # stands for a map's key in messages: a key is data


class Unfit(Exception):
    """A value does not fit its schema; `path` is the pointer to it, `rule` a phrase about it."""

    def __init__(self, rule: str, *, code: Code = Code.BAD_VALUE) -> None:
        super().__init__(rule)
        self.rule = rule
        self.code = code
        self._steps: list[str] = []

    def below(self, step: str) -> Unfit:
        """The same, one level further out: `step` leads to where it was found."""
        self._steps.append(step)
        return self

    @property
    def path(self) -> str:
        """Where: an RFC 6901 pointer, in which `*` stands for any key of a map."""
        return pointer(tuple(reversed(self._steps)))


def other_fields(expected: Collection[str], found: Collection[Any]) -> Unfit:
    """The refusal of an object that has not exactly the expected fields.

    A missing field is named; a field too many is not, since its name is the publisher's data.
    """
    for name in expected:
        if name not in found:
            return Unfit("is missing").below(name)
    return Unfit("has a field that the schema does not have")


Write = Callable[[bytearray, Any], None]
Read = Callable[[bytes, int], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class RecordOf:
    """A record of these fields."""

    fields: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of this item."""

    item: Part


@dataclass(frozen=True, slots=True)
class NullableOf:
    """A type or null, with the byte of each branch."""

    null: int
    prefix: int
    inner: Part


@dataclass(frozen=True, slots=True)
class EnumOf:
    """An enum of these symbols."""

    symbols: tuple[str, ...]


Of = RecordOf | ListOf | NullableOf | EnumOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A compiled type: its writer, its reader, the Python type it takes.

    `symbols` are an enum's; a union that has an enum and a string tells them apart by these.
    `branch` is the field that a union of several records has for a record; `cut` marks the part
    that has no values, where a type contains itself too often; `empty` one whose values take no
    bytes. `of` says what it is made of, for those that are read as one piece (`wire_inlined`).
    """

    write: Write
    read: Read
    takes: type
    symbols: frozenset[str] = frozenset()
    branch: str = ""
    cut: bool = False
    empty: bool = False
    of: Of | None = None


def write_long(out: bytearray, value: int) -> None:
    """Append a whole number of at most 64 bits (zigzag, variable length)."""
    rest = (value << 1) ^ (value >> 63)
    if rest < 0x80:
        out.append(rest)
        return
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def write_bytes(out: bytearray, value: bytes) -> None:
    """Append bytes with their length."""
    size = len(value)
    if size < 64:
        out.append(size << 1)
    else:
        write_long(out, size)
    out += value


def unread(rule: str) -> Unfit:
    """The refusal of bytes that are no value of the schema."""
    return Unfit(rule, code=Code.NOT_DECODABLE)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A whole number of 64 bits, spelled as short as it can be."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    number, shift = byte & 0x7F, 7
    while byte > 0x7F:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > _LONG_SHIFT:
            break
    if not 0 < byte < 0x80 or number >> 64:
        raise unread("a number has more than 64 bits, or is spelled longer than it need be")
    return (number >> 1) ^ -(number & 1), at


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Bytes with their length before them."""
    size = data[at]
    if size & _NOT_SHORT:
        size, at = read_length(data, at)
        end = at + size
        return data[at:end], end
    end = at + 1 + (size >> 1)
    return data[at + 1 : end], end


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Bytes with their length before them, as UTF-8."""
    size = data[at]
    if size & _NOT_SHORT:
        size, at = read_length(data, at)
        end = at + size
        return data[at:end].decode(), end
    end = at + 1 + (size >> 1)
    return data[at + 1 : end].decode(), end


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """A length, which is not negative; that it leads past the end is seen where it leads to."""
    size, at = read_long(data, at)
    if size < 0:
        raise unread("a length is negative")
    return size, at


def _read_null(data: bytes, at: int) -> tuple[None, int]:
    return None, at


def _read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise Unfit("a boolean is neither true nor false")
    return byte == 1, at + 1


def _read_int(data: bytes, at: int) -> tuple[int, int]:
    value, at = read_long(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise Unfit("an int has more than 32 bits")
    return value, at


def _reading_finite(form: struct.Struct) -> Read:
    def read(data: bytes, at: int) -> tuple[float, int]:
        value: float = form.unpack_from(data, at)[0]
        if not math.isfinite(value):
            raise Unfit("a number is not finite")
        return value, at + form.size

    return read


def _read_uuid(data: bytes, at: int) -> tuple[str, int]:
    value, at = read_string(data, at)
    if at <= len(data) and not UUID_PATTERN.fullmatch(value):
        raise Unfit("a uuid is not one in lower case")
    return value, at


def _write_null(out: bytearray, value: Any) -> None:
    if value is not None:
        raise Unfit("is not null")


def write_string(out: bytearray, value: Any) -> None:
    """Append a string.

    Raises:
        Unfit: it is no string, or holds half of a surrogate pair.
    """
    if type(value) is not str:
        raise Unfit("is not a string")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        data = None
    if data is None:  # raised out here, because the cause would hold the string
        raise Unfit("holds half of a surrogate pair, which is no character")
    size = len(data)
    if size < 64:
        out.append(size << 1)
        out += data
    else:
        write_bytes(out, data)


def _write_boolean(out: bytearray, value: Any) -> None:
    if type(value) is not bool:
        raise Unfit("is not a boolean")
    out.append(value)


def _whole(bits: int) -> Write:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not int or not low <= value <= high:
            raise Unfit(f"is not a whole number of {bits} bits")
        write_long(out, value)

    return write


def fits_float(value: float) -> bool:
    """Whether a 32-bit float holds this finite number exactly."""
    try:
        return bool(struct.unpack("<f", struct.pack("<f", value))[0] == value)
    except OverflowError:
        return False


def _write_float(out: bytearray, value: Any) -> None:
    if type(value) is not float or not math.isfinite(value) or not fits_float(value):
        raise Unfit("is not a finite number that 32 bits hold exactly")
    out += struct.pack("<f", value)


def _write_double(out: bytearray, value: Any) -> None:
    if type(value) is not float or not math.isfinite(value):
        raise Unfit("is not a finite floating-point number")
    out += struct.pack("<d", value)


def _write_bytes(out: bytearray, value: Any) -> None:
    if type(value) is not bytes:
        raise Unfit("is not bytes")
    write_bytes(out, value)


def _write_uuid(out: bytearray, value: Any) -> None:
    if type(value) is not str or not UUID_PATTERN.fullmatch(value):
        raise Unfit("is not a uuid in lower case")
    write_string(out, value)


PARTS: Final[Mapping[str, Part]] = {
    "null": Part(write=_write_null, read=_read_null, takes=NoneType, empty=True),
    "string": Part(write=write_string, read=read_string, takes=str),
    "boolean": Part(write=_write_boolean, read=_read_boolean, takes=bool),
    "int": Part(write=_whole(32), read=_read_int, takes=int),
    "long": Part(write=_whole(64), read=read_long, takes=int),
    "float": Part(write=_write_float, read=_reading_finite(struct.Struct("<f")), takes=float),
    "double": Part(write=_write_double, read=_reading_finite(struct.Struct("<d")), takes=float),
    "bytes": Part(write=_write_bytes, read=read_bytes, takes=bytes),
    "string-uuid": Part(write=_write_uuid, read=_read_uuid, takes=str),
}
