"""The parts of types with a name and of decimals: enums, fixed, and what stands on fixed.

Each part is without its name, which the compiler gives it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from schemas.decimals import scaled, unscaled
from schemas.wire_values import (
    UUID_PATTERN,
    Part,
    Unfit,
    write_bytes,
    write_long,
)

UUID_BYTES: Final = 16


def enum_part(symbols: list[str]) -> Part:
    """The part of an enum.

    It is read as a record of its number, whose bytes are the same, because fastavro takes a
    negative number to count from the last symbol.
    """
    index = {symbol: position for position, symbol in enumerate(symbols)}

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not str or value not in index:
            raise Unfit("is not a symbol of its enum")
        write_long(out, index[value])

    read = {
        "type": "record",
        "fields": [{"name": "number", "type": "long"}],
        "logicalType": "caseward-enum",
        "caseward-symbols": symbols,
    }
    return Part(write=write, read=read, takes=str, symbols=frozenset(symbols))


def decimal_part(raw: Mapping[str, Any]) -> Part:
    """The part of a decimal with the `precision` and `scale` of its schema, on bytes or fixed."""
    precision, scale = raw["precision"], raw.get("scale", 0)
    size = raw.get("size")

    def write(out: bytearray, value: Any) -> None:
        number = unscaled(value, precision, scale) if type(value) is Decimal else None
        if number is None:
            raise Unfit(f"is not a decimal of {precision} digits, {scale} after the point")
        if size is None:
            length = (number if number >= 0 else ~number).bit_length() // 8 + 1
            write_bytes(out, number.to_bytes(length, "big", signed=True))
        else:
            out += number.to_bytes(size, "big", signed=True)

    read = {
        "type": raw["type"],
        **({} if size is None else {"size": size}),
        "logicalType": "caseward-decimal",
        "precision": precision,
        "scale": scale,
    }
    return Part(write=write, read=read, takes=Decimal)


def fixed_part(size: int) -> Part:
    """The part of as many bytes as its schema says."""

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not bytes or len(value) != size:
            raise Unfit(f"is not {size} bytes")
        out += value

    return Part(write=write, read={"type": "fixed", "size": size}, takes=bytes)


def fixed_uuid_part() -> Part:
    """The part of a uuid in 16 bytes, as RFC 9562 orders them."""
    read = {"type": "fixed", "size": UUID_BYTES, "logicalType": "caseward-uuid"}
    return Part(write=_write_uuid, read=read, takes=str)


def _write_uuid(out: bytearray, value: Any) -> None:
    if type(value) is not str or not UUID_PATTERN.fullmatch(value):
        raise Unfit("is not a uuid in lower case")
    out += bytes.fromhex(value.replace("-", ""))


def _read_enum(value: Mapping[str, int], schema: Any, *_: Any) -> Any:
    symbols = schema["caseward-symbols"]
    if not 0 <= value["number"] < len(symbols):
        raise Unfit("an enum has a number of no symbol")
    return symbols[value["number"]]


def _read_decimal(data: bytes, schema: Any, *_: Any) -> Decimal:
    number = int.from_bytes(data, "big", signed=True)
    if abs(number) >= 10 ** schema["precision"]:
        raise Unfit("a decimal has too many digits")
    return scaled(number, schema["scale"])


def _read_uuid(data: bytes, *_: Any) -> str:
    return str(uuid.UUID(bytes=data))


NAMED_CHECKS: Final[Mapping[str, Callable[[Any, Any, Any], Any]]] = {
    "record-caseward-enum": _read_enum,
    "bytes-caseward-decimal": _read_decimal,
    "fixed-caseward-decimal": _read_decimal,
    "fixed-caseward-uuid": _read_uuid,
}
