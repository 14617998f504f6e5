"""Leaves whose types have names: enums, fixed, and the address, a record that is one value."""

from __future__ import annotations

from typing import Any, Final

from schemas.naming import Names
from schemas.nodes import ADDRESS_FIELDS, Kind, Leaf
from schemas.primitives import fixed_avro, fixed_kind, only, refusal
from schemas.wire_compiling import is_name

NAMED: Final = frozenset({"type", "name", "namespace", "doc", "aliases"})  # attributes
_ENUM: Final = NAMED | {"symbols", "default"}
_ADDRESS: Final = NAMED | {"fields", "atom"}


def named_leaf(raw: dict[str, Any], names: Names, namespace: str, path: str) -> Leaf:
    """The leaf of an enum, a fixed or a record with `atom`.

    Raises:
        SchemaError: a rule is broken; the message names the path and the rule.
    """
    match raw["type"]:
        case "enum":
            return _enum(raw, names, namespace, path)
        case "fixed":
            kind = fixed_kind(raw, path)
            name, _ = names.define(raw, namespace, path)
            return Leaf(kind=kind, nullable=False, avro=fixed_avro(raw, kind, name))
    return _address(raw, names, namespace, path)


def _enum(raw: dict[str, Any], names: Names, namespace: str, path: str) -> Leaf:
    only(raw, _ENUM, path)
    name, _ = names.define(raw, namespace, path)
    symbols = raw.get("symbols")
    if not isinstance(symbols, list) or not symbols or not all(map(is_name, symbols)):
        raise refusal(path, "an enum has symbols of letters, digits and underscores")
    if len(set(symbols)) != len(symbols):
        raise refusal(path, "a symbol stands twice")
    if "default" in raw and raw["default"] not in symbols:
        raise refusal(path, "the `default` of an enum is one of its symbols")
    avro = {"type": "enum", "name": name, "symbols": symbols}
    return Leaf(kind=Kind.ENUM, nullable=False, avro=avro, symbols=tuple(symbols))


def _address(raw: dict[str, Any], names: Names, namespace: str, path: str) -> Leaf:
    only(raw, _ADDRESS, path)
    name, _ = names.define(raw, namespace, path)
    if raw["atom"] != "address":
        raise refusal(path, "the only `atom` is `address`")
    fields = [{"name": each, "type": "string"} for each in ADDRESS_FIELDS]
    if raw.get("fields") != fields:
        listed = ", ".join(ADDRESS_FIELDS)
        raise refusal(path, f"the fields of an address are exactly {listed}: strings, no tags")
    avro = {"type": "record", "name": name, "atom": "address", "fields": fields}
    return Leaf(kind=Kind.ADDRESS, nullable=False, avro=avro)
