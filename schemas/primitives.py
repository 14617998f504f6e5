"""Avro's primitive and logical types: which of them we know, and as what kind of leaf."""

from __future__ import annotations

from typing import Any, Final

from schemas.errors import Code, SchemaError
from schemas.nodes import Kind

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
    ("long", "timestamp-millis"): Kind.TIMESTAMP,
    ("long", "timestamp-micros"): Kind.TIMESTAMP,
    ("bytes", "decimal"): Kind.DECIMAL,
    ("string", "uuid"): Kind.UUID,
}
_PRIMITIVE: Final = frozenset({"type", "doc", "logicalType"})
_DECIMAL: Final = _PRIMITIVE | {"precision", "scale"}


def primitive_kind(raw: dict[str, Any], path: str) -> Kind:
    """The kind of a primitive type spelled out as an object, with or without logical type.

    Raises:
        SchemaError: we do not know the logical type, an attribute, or a decimal of such a size.
    """
    logical = raw.get("logicalType")
    only(raw, _DECIMAL if logical == "decimal" else _PRIMITIVE, path)
    if "logicalType" not in raw:
        return PRIMITIVES[raw["type"]]
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
