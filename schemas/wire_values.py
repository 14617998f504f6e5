"""How each single value stands in Avro's bytes: its writer, and the schema to read it.

Writers append to a bytearray and raise `Unfit` for a value that is not exactly of their type: no
subclass, no conversion, nothing rounded.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A compiled type: its writer, the schema fastavro reads it with, the Python type it takes.

    `symbols` are an enum's; a union that has an enum and a string tells them apart by these.
    `branch` is the field that a union of several records has for a record; `cut` marks the part
    that has no values, where a type contains itself too often; `empty` one whose values take no
    bytes.
    """

    write: Write
    read: Any
    takes: type
    symbols: frozenset[str] = frozenset()
    branch: str = ""
    cut: bool = False
    empty: bool = False


def write_long(out: bytearray, value: int) -> None:
    """Append a whole number of at most 64 bits (zigzag, variable length)."""
    rest = (value << 1) ^ (value >> 63)
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def write_bytes(out: bytearray, value: bytes) -> None:
    """Append bytes with their length."""
    write_long(out, len(value))
    out += value


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


def array_part(item: Part) -> Part:
    """The part of an array, written as one block."""

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not list:
            raise Unfit("is not a list")
        if value:
            write_long(out, len(value))
        for index, each in enumerate(value):
            try:
                item.write(out, each)
            except Unfit as unfit:
                raise unfit.below(str(index))  # noqa: B904 - the same exception, with its path
        out.append(0)

    return Part(write=write, read={"type": "array", "items": item.read}, takes=list)


def map_part(inner: Part, entry_name: str) -> Part:
    """The part of a map, written as one block in the order of its keys as they stand.

    It is read as a list of entries, whose bytes are the same, because fastavro lets the last of
    two equal keys win.
    """

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not dict:
            raise Unfit("is not an object")
        if value:
            write_long(out, len(value))
        for key, each in value.items():
            try:
                write_string(out, key)
                inner.write(out, each)
            except Unfit as unfit:
                raise unfit.below(ENTRY_STEP)  # noqa: B904 - the same exception, with its path
        out.append(0)

    fields = [{"name": "key", "type": "string"}, {"name": "value", "type": inner.read}]
    entry = {"type": "record", "name": entry_name, "fields": fields}
    read = {"type": "array", "logicalType": "caseward-map", "items": entry}
    return Part(write=write, read=read, takes=dict)


def checked(avro: str, check: str) -> dict[str, str]:
    """A type to read with a check of `LOGICAL_READERS`."""
    return {"type": avro, "logicalType": check}


PARTS: Final[Mapping[str, Part]] = {
    "null": Part(write=_write_null, read="null", takes=NoneType, empty=True),
    "string": Part(write=write_string, read="string", takes=str),
    # as a number, whose two bytes are the same, because fastavro takes any byte but 0 for true
    "boolean": Part(write=_write_boolean, read=checked("int", "caseward-boolean"), takes=bool),
    "int": Part(write=_whole(32), read=checked("int", "caseward-int"), takes=int),
    "long": Part(write=_whole(64), read="long", takes=int),
    "float": Part(write=_write_float, read=checked("float", "caseward-finite"), takes=float),
    "double": Part(write=_write_double, read=checked("double", "caseward-finite"), takes=float),
    "bytes": Part(write=_write_bytes, read="bytes", takes=bytes),
    "string-uuid": Part(write=_write_uuid, read=checked("string", "caseward-uuid"), takes=str),
}
