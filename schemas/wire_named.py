"""The parts of types with a name and of decimals: enums, fixed, and what stands on fixed.

Each part is without its name, which the compiler gives it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from schemas.decimals import scaled, unscaled
from schemas.wire_values import (
    UUID_PATTERN,
    EnumOf,
    Part,
    Unfit,
    read_bytes,
    read_long,
    unread,
    write_bytes,
    write_long,
)

UUID_BYTES: Final = 16


def enum_part(symbols: list[str]) -> Part:
    """The part of an enum."""
    index = {symbol: position for position, symbol in enumerate(symbols)}

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not str or value not in index:
            raise Unfit("is not a symbol of its enum")
        write_long(out, index[value])

    def read(data: bytes, at: int) -> tuple[str, int]:
        number, at = read_long(data, at)
        if not 0 <= number < len(symbols):
            raise Unfit("an enum has a number of no symbol")
        return symbols[number], at

    of = EnumOf(tuple(symbols))
    return Part(write=write, read=read, takes=str, symbols=frozenset(symbols), of=of)


def decimal_part(raw: Mapping[str, Any], *, shortest: bool) -> Part:
    """The part of a decimal with the `precision` and `scale` of its schema, on bytes or fixed.

    `shortest` refuses bytes that are more than the number needs, as other writers may write.
    """
    precision, scale = raw["precision"], raw.get("scale", 0)
    size = raw.get("size")

    def write(out: bytearray, value: Any) -> None:
        number = unscaled(value, precision, scale) if type(value) is Decimal else None
        if number is None:
            raise Unfit(f"is not a decimal of {precision} digits, {scale} after the point")
        if size is None:
            write_bytes(out, number.to_bytes(_needed_bytes(number), "big", signed=True))
        else:
            out += number.to_bytes(size, "big", signed=True)

    def read(data: bytes, at: int) -> tuple[Decimal, int]:
        digits, at = read_bytes(data, at) if size is None else _read_fixed(data, at, size)
        number = int.from_bytes(digits, "big", signed=True)
        if abs(number) >= 10**precision:
            raise Unfit("a decimal has too many digits")
        if shortest and size is None and len(digits) != _needed_bytes(number):
            raise unread("a decimal has more bytes than it needs")
        return scaled(number, scale), at

    return Part(write=write, read=read, takes=Decimal)


def _needed_bytes(number: int) -> int:
    return (number if number >= 0 else ~number).bit_length() // 8 + 1


def fixed_part(size: int) -> Part:
    """The part of as many bytes as its schema says."""

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not bytes or len(value) != size:
            raise Unfit(f"is not {size} bytes")
        out += value

    def read(data: bytes, at: int) -> tuple[bytes, int]:
        return _read_fixed(data, at, size)

    return Part(write=write, read=read, takes=bytes)


def _read_fixed(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    end = at + size
    if end > len(data):  # here, because what is made of it wants all its bytes
        raise unread("a fixed value leads out of the bytes")
    return data[at:end], end


def fixed_uuid_part() -> Part:
    """The part of a uuid in 16 bytes, as RFC 9562 orders them."""
    return Part(write=_write_uuid, read=_read_uuid, takes=str)


def _write_uuid(out: bytearray, value: Any) -> None:
    if type(value) is not str or not UUID_PATTERN.fullmatch(value):
        raise Unfit("is not a uuid in lower case")
    out += bytes.fromhex(value.replace("-", ""))


def _read_uuid(data: bytes, at: int) -> tuple[str, int]:
    value, at = _read_fixed(data, at, UUID_BYTES)
    return str(uuid.UUID(bytes=value)), at
