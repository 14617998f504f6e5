"""From plain JSON values to a value of an event type, each checked against its node."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, TypeVar

from schemas.decimals import scaled, unscaled
from schemas.moments import (
    Duration,
    read_date,
    read_duration,
    read_instant,
    read_local,
    read_time,
    within_nanos,
)
from schemas.nodes import ADDRESS_FIELDS, Array, Kind, Leaf, Map, Node, Record
from schemas.wire_records import check_one_of, too_deep
from schemas.wire_values import ENTRY_STEP, UUID_PATTERN, Unfit, other_fields

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE: Final = Leaf(kind=Kind.STRING, nullable=False, avro="string")  # in addresses, and map keys
_MAX_DECIMAL_CHARS: Final = 80  # more than the longest that fits

T = TypeVar("T")


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
        case Record(fields=()):
            raise too_deep()
        case Record():
            if not isinstance(obj, dict):
                raise Unfit("is not an object")
            nodes = {field.name: field.node for field in node.fields}
            if obj.keys() != nodes.keys():
                raise other_fields(nodes, obj)
            if node.one_of:
                check_one_of(obj)
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


def _fixed(leaf: Leaf, obj: Any) -> bytes:
    data = _binary(leaf, obj)
    if len(data) != leaf.avro["size"]:
        raise Unfit(f"is not {leaf.avro['size']} bytes")
    return data


def _symbol(leaf: Leaf, obj: Any) -> str:
    if not isinstance(obj, str) or obj not in leaf.symbols:
        raise Unfit(f"is none of {', '.join(leaf.symbols)}")
    return obj


def _date(_: Leaf, obj: Any) -> date:
    return _told(obj, read_date, "a date as in RFC 3339, for instance 2026-01-31")


def _timestamp(leaf: Leaf, obj: Any) -> datetime:
    instant = _told(obj, read_instant, "a time as in RFC 3339, for instance 2026-01-31T09:30:00Z")
    return _counted(leaf, instant, instant.microsecond)


def _local_timestamp(leaf: Leaf, obj: Any) -> datetime:
    local = _told(obj, read_local, "a local time without offset, for instance 2026-01-31T09:30:00")
    return _counted(leaf, local, local.microsecond)


def _time(leaf: Leaf, obj: Any) -> time:
    value = _told(obj, read_time, "a time of day, for instance 09:30:00")
    return _counted(leaf, value, value.microsecond)


def _duration(_: Leaf, obj: Any) -> Duration:
    return _told(obj, read_duration, "a duration as in ISO 8601, for instance P1M3DT90S")


def _told(obj: Any, read: Callable[[str], T | None], what: str) -> T:
    value = read(obj) if isinstance(obj, str) else None
    if value is None:
        raise Unfit(f"is not {what}")
    return value


def _counted(leaf: Leaf, value: T, microsecond: int) -> T:
    unit = leaf.avro["logicalType"].rpartition("-")[2]
    if unit == "millis" and microsecond % 1000:
        raise Unfit("is finer than a millisecond")
    if unit == "nanos" and isinstance(value, datetime) and not within_nanos(value):
        raise Unfit("is beyond the years 1677 to 2262, which nanoseconds can tell")
    return value


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
    Kind.FIXED: _fixed,
    Kind.ENUM: _symbol,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.TIMESTAMP: _timestamp,
    Kind.LOCAL_TIMESTAMP: _local_timestamp,
    Kind.DURATION: _duration,
    Kind.DECIMAL: _decimal,
    Kind.UUID: _uuid,
    Kind.ADDRESS: _address,
}
