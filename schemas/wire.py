"""Avro's binary encoding, strictly: one compiled form of a schema that writes and reads values.

Writing is ours, because fastavro's writer guesses union branches, fills in defaults and takes a
tuple for a list. Reading is fastavro's, which is fast; what it does not verify is hung into its
reading as logical types, so that only the values that need a check pay for it (Apache Avro 1.12,
"Binary Encoding" and "Single-object encoding").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from io import BytesIO
from types import NoneType
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader
from fastavro.read import LOGICAL_READERS
from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.errors import Code, SchemaError
from schemas.wire_checks import CHECKS
from schemas.wire_named import decimal_part, enum_part, fixed_part, fixed_uuid_part
from schemas.wire_times import TIME_PARTS, duration_part
from schemas.wire_values import (
    PARTS,
    Part,
    Unfit,
    Write,
    array_part,
    map_part,
    other_fields,
    withheld_part,
)

MAGIC: Final = b"\xc3\x01"  # single-object encoding, version 1
PREFIX_BYTES: Final = 10  # the magic and the fingerprint
WITHHELD_NAME: Final = "caseward.Withheld"

_PARTS: Final = {**PARTS, **TIME_PARTS}
_UNNAMED: Final = frozenset(name for name in PARTS if "-" not in name)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FULL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")

LOGICAL_READERS.update(CHECKS)  # fastavro's own hook; all our names begin with `caseward-`


def is_name(value: Any) -> bool:
    """Whether this is a name as Avro wants it."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def full_name(raw: dict[str, Any], namespace: str) -> str | None:
    """The full name of a named type, inside this namespace; None if it has no proper one."""
    name, own = raw.get("name"), raw.get("namespace", namespace)
    if not isinstance(name, str) or not isinstance(own, str):
        return None
    full = name if "." in name or not own else f"{own}.{name}"
    return full if _FULL_NAME.fullmatch(full) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A compiled schema. `rabin` is its CRC-64-AVRO fingerprint, 8 bytes, little endian."""

    rabin: bytes
    _write: Write
    _reader: Any

    @classmethod
    def compile(cls, raw: dict[str, Any]) -> Wire:
        """Compile a schema, whose named types are each defined before they are used.

        Raises:
            SchemaError: it is not a schema that can be written without guessing.
        """
        part = _Compiler().part(raw, "")
        try:
            canonical = to_parsing_canonical_form(raw)
            rabin = bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))
            reader = parse_schema(part.read)
        except Exception:  # noqa: BLE001 - undeclared kinds, and their messages print the schema
            reader = None
        if reader is None:
            raise SchemaError(Code.BAD_SCHEMA, "this is not an Avro schema")
        return cls(rabin=rabin, _write=part.write, _reader=reader)

    def encode(self, value: Any) -> bytes:
        """The value in single-object encoding.

        Raises:
            Unfit: it is not a value of this schema, to the last field and type.
        """
        out = bytearray(MAGIC + self.rabin)
        self._write(out, value)
        return bytes(out)

    def decode(self, data: bytes) -> Any:
        """The value of a whole single-object encoding, whose prefix the caller has checked.

        Any encoding of a value that the specification allows is read, so that other writers'
        blocks of arrays are; what is written again may therefore differ in its bytes.

        Raises:
            Unfit: for any other bytes, with no cause that could hold a value.
        """
        stream = BytesIO(data)
        stream.seek(PREFIX_BYTES)
        unfit = None
        try:
            value = schemaless_reader(stream, self._reader, None)
        except Unfit as error:
            unfit = error
        except Exception:  # noqa: BLE001 - undeclared kinds, and their messages print the record
            unfit = Unfit("the bytes do not follow the schema", code=Code.NOT_DECODABLE)
        if unfit is None and stream.tell() != len(data):
            unfit = Unfit("bytes follow the end of the value", code=Code.NOT_DECODABLE)
        if unfit is not None:
            raise unfit
        return value


class _Compiler:
    def __init__(self) -> None:
        self._named: dict[str, Part] = {}
        self._maps = 0

    def part(self, raw: Any, namespace: str) -> Part:
        match raw:
            case str() if raw in _UNNAMED:
                return PARTS[raw]
            case str():
                name = raw if "." in raw or not namespace else f"{namespace}.{raw}"
                if name not in self._named:
                    raise _refusal(f"the type `{name}` is not defined before its use")
                return self._named[name]
            case list():
                return _union([self.part(branch, namespace) for branch in raw])
            case {"type": "record", "fields": list(fields)}:
                return self._record(raw, fields, namespace)
            case {"type": "enum", "symbols": list(symbols)} if all(map(is_name, symbols)):
                return self._name(raw, namespace, enum_part(symbols))
            case {"type": "fixed", "size": int(size)} if size > 0:
                return self._name(raw, namespace, _fixed(raw, size))
            case {"type": "array", "items": items}:
                return array_part(self.part(items, namespace))
            case {"type": "map", "values": values}:
                self._maps += 1
                name = f"caseward.Entry{self._maps}"
                return map_part(self.part(values, namespace), name)
            case {"type": "bytes", "logicalType": "decimal", "precision": int()}:
                return decimal_part(raw)
            case {"type": str(kind), "logicalType": str(logical)} if f"{kind}-{logical}" in _PARTS:
                return _PARTS[f"{kind}-{logical}"]
            case {"type": str(kind)} if kind in _UNNAMED and "logicalType" not in raw:
                return PARTS[kind]
        raise _refusal("a type is not supported")

    def _name(self, raw: dict[str, Any], namespace: str, part: Part) -> Part:
        name = full_name(raw, namespace)
        if name is None or name in self._named:
            raise _refusal("a named type has no proper name, or that of another")
        self._named[name] = replace(part, read=name)
        return replace(part, read={**part.read, "name": name})

    def _record(self, raw: dict[str, Any], fields: list[Any], namespace: str) -> Part:
        name = full_name(raw, namespace) or ""
        if name == WITHHELD_NAME and not fields:
            return self._name(raw, namespace, withheld_part())
        parts: dict[str, Part] = {}
        for field in fields:
            match field:
                case {"name": str(each), "type": kind} if is_name(each) and each not in parts:
                    parts[each] = self.part(kind, name.rpartition(".")[0])
                case _:
                    raise _refusal("a field has no proper name or type, or that of another")
        if not parts:  # values of no bytes would let a few bytes claim millions of list items
            raise _refusal("a record has fields")
        return self._name(raw, namespace, _record(parts))


def _fixed(raw: dict[str, Any], size: int) -> Part:
    match raw.get("logicalType"), size:
        case None, _:
            return fixed_part(size)
        case "decimal", _ if _digits_fit(raw.get("precision"), size):
            return decimal_part(raw)
        case "duration", 12:
            return duration_part()
        case "uuid", 16:
            return fixed_uuid_part()
    raise _refusal("a logical type of fixed is not supported")


def _digits_fit(precision: Any, size: int) -> bool:
    return (
        type(precision) is int and 0 < precision < 3 * size and 10**precision <= 1 << 8 * size - 1
    )


def _record(parts: dict[str, Part]) -> Part:
    writers = [(name, part.write) for name, part in parts.items()]
    names = parts.keys()

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not dict:
            raise Unfit("is not an object")
        if value.keys() != names:
            raise other_fields(names, value)
        for name, inner in writers:
            try:
                inner(out, value[name])
            except Unfit as unfit:
                raise unfit.below(name)  # noqa: B904 - the same exception, with its path

    read = {"type": "record", "fields": [{"name": n, "type": p.read} for n, p in parts.items()]}
    return Part(write=write, read=read, takes=dict)


def _union(branches: list[Part]) -> Part:
    table: dict[type, list[tuple[int, Part]]] = {}
    for index, branch in enumerate(branches):
        table.setdefault(branch.takes, []).append((index << 1, branch))
    for takes, entries in table.items():
        # an enum beside a string takes its own symbols, so it is asked first
        entries.sort(key=lambda entry: not entry[1].symbols)
        if takes is object or len(entries) > 2 or any(not e[1].symbols for e in entries[:-1]):
            raise _refusal("two branches of a union take the same values")
    others = [
        entry for takes, entries in table.items() if takes is not NoneType for entry in entries
    ]
    if NoneType in table and len(others) == 1:
        write = _nullable(table[NoneType][0][0], *others[0])
    else:
        write = _choice(table)
    return Part(write=write, read=[branch.read for branch in branches], takes=object)


def _nullable(null: int, prefix: int, part: Part) -> Write:
    inner = part.write

    def write(out: bytearray, value: Any) -> None:
        if value is None:
            out.append(null)
        else:
            out.append(prefix)
            inner(out, value)

    return write


def _choice(table: dict[type, list[tuple[int, Part]]]) -> Write:
    def write(out: bytearray, value: Any) -> None:
        for prefix, part in table.get(type(value), ()):
            if not part.symbols or value in part.symbols:
                out.append(prefix)
                part.write(out, value)
                return
        raise Unfit("is of none of the types that stand here")

    return write


def _refusal(rule: str) -> SchemaError:
    return SchemaError(Code.BAD_SCHEMA, rule)
