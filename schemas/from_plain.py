"""From plain JSON values to a value of an event type, each checked against its node."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.decimals import scaled, unscaled
from schemas.nodes import ADDRESS_FIELDS, Array, Kind, Leaf, Map, Node, Record
from schemas.wire_values import ENTRY_STEP, UUID_PATTERN, Unfit, other_fields

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE: Final = Leaf(kind=Kind.STRING, nullable=False, avro="string")  # in addresses, and map keys
_MAX_DECIMAL_CHARS: Final = 80  # more than the longest that fits


def value_from_plain(node: Node, obj: Any) -> Any:
    """The value of this node that plain JSON values spell.

    Raises:
        Unfit: a value is missing, unknown or not of its kind.
    """
    if obj is None:
        if node.nullable:
            return None
        raise Unfit("is null")
    match node:
        case Leaf():
            return _LEAVES[node.kind](node, obj)
        case Record():
            if not isinstance(obj, dict):
                raise Unfit("is not an object")
            nodes = {field.name: field.node for field in node.fields}
            if obj.keys() != nodes.keys():
                raise other_fields(nodes, obj)
            return {name: _below(name, nodes[name], obj[name]) for name in nodes}
        case Array():
            if not isinstance(obj, list):
                raise Unfit("is not a list")
            return [_below(str(index), node.item, each) for index, each in enumerate(obj)]
        case Map():
            if not isinstance(obj, dict):
                raise Unfit("is not an object")
            for key in obj:
                _below(ENTRY_STEP, _LINE, key)
            return {key: _below(ENTRY_STEP, node.value, each) for key, each in obj.items()}


def _below(step: str, node: Node, obj: Any) -> Any:
    try:
        return value_from_plain(node, obj)
    except Unfit as unfit:
        raise unfit.below(step)  # noqa: B904 - the same exception, with its path


def _text(_: Leaf, obj: Any) -> str:
    if not isinstance(obj, str):
        raise Unfit("is not a string")
    if _SURROGATE.search(obj):
        raise Unfit("holds half of a surrogate pair, which is no character")
    return obj


def _boolean(_: Leaf, obj: Any) -> bool:
    if not isinstance(obj, bool):
        raise Unfit("is not true or false")
    return obj


def _whole(leaf: Leaf, obj: Any) -> int:
    bits = 32 if leaf.kind is Kind.INT else 64
    if type(obj) is not int or not -(1 << bits - 1) <= obj < 1 << bits - 1:
        raise Unfit(f"is not a whole number of {bits} bits")
    return obj


def _double(_: Leaf, obj: Any) -> float:
    if type(obj) not in (int, float):
        raise Unfit("is not a number")
    try:
        return float(obj)
    except OverflowError:
        pass
    raise Unfit("is beyond what 64 bits hold")


def _float(leaf: Leaf, obj: Any) -> float:
    # the nearest of 32 bits, as decimal fractions mostly have no exact one
    number = _double(leaf, obj)
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        pass
    raise Unfit("is beyond what 32 bits hold")


def _binary(_: Leaf, obj: Any) -> bytes:
    if isinstance(obj, str) and obj.isascii():
        try:
            data = base64.b64decode(obj + "=" * (-len(obj) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            data = b""
        if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == obj:
            return data
    raise Unfit("is not base64url without padding")


def _symbol(leaf: Leaf, obj: Any) -> str:
    if not isinstance(obj, str) or obj not in leaf.symbols:
        raise Unfit(f"is none of {', '.join(leaf.symbols)}")
    return obj


def _date(_: Leaf, obj: Any) -> date:
    if isinstance(obj, str) and len(obj) == len("2026-01-31"):
        try:
            day = date.fromisoformat(obj)
        except ValueError:
            day = None
        if day is not None and day.isoformat() == obj:
            return day
    raise Unfit("is not a date as in RFC 3339, for instance 2026-01-31")


def _timestamp(leaf: Leaf, obj: Any) -> datetime:
    parts = _RFC3339.fullmatch(obj) if isinstance(obj, str) else None
    instant = None
    if parts:
        day, time, fraction, offset = parts.groups(default="")
        text = f"{day}T{time}{fraction.ljust(7, '0') if fraction else ''}"
        try:
            instant = datetime.fromisoformat(text + offset.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            instant = None
    if instant is None:
        raise Unfit("is not a time as in RFC 3339, for instance 2026-01-31T09:30:00Z")
    if leaf.avro["logicalType"] == "timestamp-millis" and instant.microsecond % 1000:
        raise Unfit("is finer than a millisecond")
    return instant


def _decimal(leaf: Leaf, obj: Any) -> Decimal:
    precision, scale = leaf.avro["precision"], leaf.avro.get("scale", 0)
    if isinstance(obj, str) and len(obj) <= _MAX_DECIMAL_CHARS and _DECIMAL.fullmatch(obj):
        number = unscaled(Decimal(obj), precision, scale)
        if number is not None:
            return scaled(number, scale)
    raise Unfit(f"is not a string with a decimal of {precision} digits, {scale} after the point")


def _uuid(_: Leaf, obj: Any) -> str:
    if not isinstance(obj, str) or not UUID_PATTERN.fullmatch(obj):
        raise Unfit("is not a uuid in lower case")
    return obj


def _address(leaf: Leaf, obj: Any) -> dict[str, str]:
    if not isinstance(obj, dict):
        raise Unfit("is not an object")
    if obj.keys() != set(ADDRESS_FIELDS):
        raise other_fields(ADDRESS_FIELDS, obj)
    for name in ADDRESS_FIELDS:
        _below(name, _LINE, obj[name])
    return {name: obj[name] for name in ADDRESS_FIELDS}


_LEAVES: Final[Mapping[Kind, Callable[[Leaf, Any], Any]]] = {
    Kind.STRING: _text,
    Kind.BOOLEAN: _boolean,
    Kind.INT: _whole,
    Kind.LONG: _whole,
    Kind.FLOAT: _float,
    Kind.DOUBLE: _double,
    Kind.BYTES: _binary,
    Kind.ENUM: _symbol,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.DECIMAL: _decimal,
    Kind.UUID: _uuid,
    Kind.ADDRESS: _address,
}
