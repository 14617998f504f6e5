"""From a schema to the parts that write and read its values.

Every use of a type that contains itself is compiled anew, as deep as `MAX_RECURSION` allows: what
reads the bytes is then as deep as the schema and no deeper, whatever the bytes say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from schemas.errors import Code, SchemaError
from schemas.nodes import MAX_RECURSION
from schemas.wire_lists import array_part, map_part
from schemas.wire_named import decimal_part, enum_part, fixed_part, fixed_uuid_part
from schemas.wire_records import cut_part, record_part, union_part, withheld_part
from schemas.wire_times import TIME_PARTS, duration_part
from schemas.wire_values import PARTS, Part

WITHHELD_NAME: Final = "caseward.Withheld"
MAX_PARTS: Final = 100_000  # types used twice at each level would explode

_PARTS: Final[Mapping[str, Part]] = {**PARTS, **TIME_PARTS}
_UNNAMED: Final = frozenset(name for name in PARTS if "-" not in name)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FULL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_name(value: Any) -> bool:
    """Whether this is a name as Avro wants it."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_full_name(value: Any) -> bool:
    """Whether this is a name, or several with dots between them."""
    return isinstance(value, str) and _FULL_NAME.fullmatch(value) is not None


def full_name(raw: dict[str, Any], namespace: str) -> str | None:
    """The full name of a named type, inside this namespace; None if it has no proper one."""
    name, own = raw.get("name"), raw.get("namespace", namespace)
    if not isinstance(name, str) or not isinstance(own, str):
        return None
    full = referred(name, own)
    return full if is_full_name(full) else None


def referred(name: str, namespace: str) -> str:
    """The full name that a name means inside a namespace."""
    return name if "." in name or not namespace else f"{namespace}.{name}"


class Compiler:
    """Compiles one schema, whose named types are each defined before they are used.

    Args:
        one_spelling: whether of all bytes that a value may stand in, only those are read that we
            write.
    """

    def __init__(self, *, one_spelling: bool) -> None:
        self._one_spelling = one_spelling
        self._defined: dict[str, tuple[dict[str, Any], str]] = {}  # full name: type, namespace
        self._ready: dict[str, Part] = {}  # of types that do not contain themselves
        self._open: list[str] = []  # the records around the present place
        self._recursions = 0
        self._count = 0

    def part(self, raw: Any, namespace: str) -> Part:
        """The part of a type.

        Raises:
            SchemaError: it is not a type whose values can be written without guessing.
        """
        self._count += 1
        if self._count > MAX_PARTS:
            raise _refusal(f"the schema has more than {MAX_PARTS} types")
        match raw:
            case str() if raw in _UNNAMED:
                return PARTS[raw]
            case str():
                return self._use(referred(raw, namespace))
            case list():
                parts = [self.part(branch, namespace) for branch in raw]
                part = union_part(parts, one_spelling=self._one_spelling)
                if part is None:
                    raise _refusal("two branches of a union take the same values")
                return part
            case {"type": "record" | "enum" | "fixed"}:
                return self._define(raw, namespace)
            case {"type": "array", "items": items}:
                item = self.part(items, namespace)
                if item.empty:  # or a few bytes could claim millions of elements
                    raise _refusal("the elements of a list take no bytes")
                return array_part(item, one_block=self._one_spelling)
            case {"type": "map", "values": values}:
                return map_part(self.part(values, namespace), one_block=self._one_spelling)
            case {"type": "bytes", "logicalType": "decimal", "precision": int()}:
                return decimal_part(raw, shortest=self._one_spelling)
            case {"type": str(kind), "logicalType": str(logical)} if f"{kind}-{logical}" in _PARTS:
                return _PARTS[f"{kind}-{logical}"]
            case {"type": str(kind)} if kind in _UNNAMED and "logicalType" not in raw:
                return PARTS[kind]
        raise _refusal("a type is not supported")

    def _define(self, raw: dict[str, Any], namespace: str) -> Part:
        name = full_name(raw, namespace)
        known = None if name is None else self._defined.setdefault(name, (raw, namespace))
        if name is None or known is None or known[0] is not raw:
            raise _refusal("a named type has no proper name, or that of another")
        before = self._recursions
        part = self._named(raw, name)
        if self._recursions == before:
            self._ready[name] = part
        return part

    def _use(self, name: str) -> Part:
        if name in self._ready:
            return self._ready[name]
        if name not in self._defined:
            raise _refusal(f"the type `{name}` is not defined before its use")
        if name in self._open:
            self._recursions += 1
        if self._open.count(name) > MAX_RECURSION:
            return cut_part(name)
        return self._define(*self._defined[name])

    def _named(self, raw: dict[str, Any], name: str) -> Part:
        match raw:
            case {"type": "record", "fields": []} if name == WITHHELD_NAME:
                return withheld_part()
            case {"type": "record", "fields": list(fields)}:
                self._open.append(name)
                part = self._record(fields, name)
                self._open.pop()
                return part
            case {"type": "enum", "symbols": list(symbols)} if all(map(is_name, symbols)):
                return enum_part(symbols)
            case {"type": "fixed", "size": int(size)} if size > 0:
                return _fixed(raw, size)
        raise _refusal("a type is not supported")

    def _record(self, fields: list[Any], name: str) -> Part:
        parts: dict[str, Part] = {}
        for field in fields:
            match field:
                case {"name": str(each), "type": kind} if is_name(each) and each not in parts:
                    parts[each] = self.part(kind, name.rpartition(".")[0])
                case _:
                    raise _refusal("a field has no proper name or type, or that of another")
        if not parts:
            raise _refusal("a record has fields")
        if any(part.cut for part in parts.values()):
            raise _refusal(f"the type `{name}` contains itself without an end")
        return record_part(name, parts)


def _fixed(raw: dict[str, Any], size: int) -> Part:
    match raw.get("logicalType"), size:
        case None, _:
            return fixed_part(size)
        case "decimal", _ if _digits_fit(raw.get("precision"), size):
            return decimal_part(raw, shortest=True)
        case "duration", 12:
            return duration_part()
        case "uuid", 16:
            return fixed_uuid_part()
    raise _refusal("a logical type of fixed is not supported")


def _digits_fit(precision: Any, size: int) -> bool:
    return (
        type(precision) is int and 0 < precision < 3 * size and 10**precision <= 1 << 8 * size - 1
    )


def _refusal(rule: str) -> SchemaError:
    return SchemaError(Code.BAD_SCHEMA, rule)
