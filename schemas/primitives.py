"""Avro's primitive, fixed and logical types: which of them we know, and as what kind of leaf."""

from __future__ import annotations

from typing import Any, Final

from schemas.errors import Code, SchemaError
from schemas.nodes import Kind
from schemas.plain import MAX_EVENT_BYTES

MAX_PRECISION: Final = 64  # digits of a decimal

PRIMITIVES: Final = {
    "string": Kind.STRING,
    "boolean": Kind.BOOLEAN,
    "int": Kind.INT,
    "long": Kind.LONG,
    "float": Kind.FLOAT,
    "double": Kind.DOUBLE,
    "bytes": Kind.BYTES,
}
_LOGICAL: Final = {
    ("int", "date"): Kind.DATE,
    ("int", "time-millis"): Kind.TIME,
    ("long", "time-micros"): Kind.TIME,
    ("long", "timestamp-millis"): Kind.TIMESTAMP,
    ("long", "timestamp-micros"): Kind.TIMESTAMP,
    ("long", "timestamp-nanos"): Kind.TIMESTAMP,
    ("long", "local-timestamp-millis"): Kind.LOCAL_TIMESTAMP,
    ("long", "local-timestamp-micros"): Kind.LOCAL_TIMESTAMP,
    ("long", "local-timestamp-nanos"): Kind.LOCAL_TIMESTAMP,
    ("bytes", "decimal"): Kind.DECIMAL,
    ("string", "uuid"): Kind.UUID,
    ("fixed", "decimal"): Kind.DECIMAL,
    ("fixed", "duration"): Kind.DURATION,
    ("fixed", "uuid"): Kind.UUID,
}
_SIZES: Final = {"duration": 12, "uuid": 16}  # bytes of a fixed
_PRIMITIVE: Final = frozenset({"type", "doc", "logicalType"})
_DECIMAL: Final = frozenset({"precision", "scale"})
_FIXED: Final = _PRIMITIVE | {"name", "namespace", "aliases", "size"}


def primitive_kind(raw: dict[str, Any], path: str) -> Kind:
    """The kind of a primitive type spelled out as an object, with or without logical type.

    Raises:
        SchemaError: we do not know the logical type, an attribute, or a decimal of such a size.
    """
    return _kind(raw, path, PRIMITIVES[raw["type"]], _PRIMITIVE)


def fixed_kind(raw: dict[str, Any], path: str) -> Kind:
    """The kind of a fixed, with or without logical type.

    Raises:
        SchemaError: we do not know the logical type, an attribute, or one of such a size.
    """
    kind, size, logical = _kind(raw, path, Kind.FIXED, _FIXED), raw.get("size"), ""
    if type(size) is not int or not 1 <= size <= MAX_EVENT_BYTES:
        raise refusal(path, f"a fixed has a `size` of 1 to {MAX_EVENT_BYTES} bytes")
    if kind is not Kind.FIXED:
        logical = raw["logicalType"]
    if size != _SIZES.get(logical, size):
        raise refusal(path, f"a {logical} is fixed to {_SIZES[logical]} bytes")
    if kind is Kind.DECIMAL and 10 ** raw["precision"] > 1 << (8 * size - 1):
        raise refusal(path, f"{raw['precision']} digits do not fit {size} bytes")
    return kind


def _kind(raw: dict[str, Any], path: str, plain: Kind, allowed: frozenset[str]) -> Kind:
    logical = raw.get("logicalType")
    only(raw, allowed | _DECIMAL if logical == "decimal" else allowed, path)
    if "logicalType" not in raw:
        return plain
    if not isinstance(logical, str) or (kind := _LOGICAL.get((raw["type"], logical))) is None:
        raise refusal(path, "this logical type is not supported")
    if kind is Kind.DECIMAL:
        match raw:
            case {"precision": int(precision)} if 1 <= precision <= MAX_PRECISION:
                scale = raw.get("scale", 0)
            case _:
                precision, scale = 0, None
        if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision:
            raise refusal(path, f"1 <= precision <= {MAX_PRECISION}, 0 <= scale <= precision")
    return kind


def fixed_avro(raw: dict[str, Any], kind: Kind, name: str) -> Any:
    """The type of a fixed as a leaf holds it (see `Leaf.avro`)."""
    match kind:
        case Kind.UUID:
            return {"type": "string", "logicalType": "uuid"}
        case Kind.DECIMAL:
            sizes = {"precision": raw["precision"], "scale": raw.get("scale", 0)}
            return {"type": "bytes", "logicalType": "decimal", **sizes}
        case Kind.DURATION:
            return {"type": "fixed", "name": name, "size": 12, "logicalType": "duration"}
    return {"type": "fixed", "name": name, "size": raw["size"]}


def short_form(raw: dict[str, Any]) -> Any:
    """The type alone; a type without logical type as Avro's short name."""
    kept = {key: value for key, value in raw.items() if key != "doc"}
    return kept if len(kept) > 1 else kept["type"]


def only(raw: dict[str, Any], allowed: frozenset[str], path: str) -> None:
    """Check that a part of a schema has no attribute beside the allowed ones.

    Raises:
        SchemaError: it has.
    """
    for attribute in raw:
        if attribute not in allowed:
            raise refusal(path, f"the attribute `{attribute}` is not supported here")


def refusal(path: str, rule: str) -> SchemaError:
    """The refusal of a schema for a rule broken at a dotted path."""
    return SchemaError(Code.BAD_SCHEMA, f"`{path}`: {rule}" if path else rule)
