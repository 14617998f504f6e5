"""The parts of records and unions, without their names.

A union has at most one branch for each Python type, so that a value says by itself which it is;
several records stand as one with a field for each, of which one is not null.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from schemas.errors import Code
from schemas.nodes import MAX_RECURSION
from schemas.plain import WITHHELD, Withheld
from schemas.wire_values import (
    NullableOf,
    Part,
    Read,
    RecordOf,
    Unfit,
    Write,
    other_fields,
    read_long,
    write_long,
)

_CUT: Final = f"stands more than {MAX_RECURSION} times within a value of its own type"


def record_part(name: str, parts: Mapping[str, Part]) -> Part:
    """The part of a record with these fields."""
    writers = [(each, part.write) for each, part in parts.items()]
    readers = [(each, part.read) for each, part in parts.items()]
    names = parts.keys()

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not dict:
            raise Unfit("is not an object")
        if value.keys() != names:
            raise other_fields(names, value)
        for each, inner in writers:
            try:
                inner(out, value[each])
            except Unfit as unfit:
                raise unfit.below(each)  # noqa: B904 - the same exception, with its path

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        for each, inner in readers:
            value[each], at = inner(data, at)
        return value, at

    empty = all(part.empty for part in parts.values())
    of = RecordOf(parts)
    return Part(write=write, read=read, takes=dict, branch=branch_of(name), empty=empty, of=of)


def branch_of(name: str) -> str:
    """The field that a union has for a record with this full name: its last word."""
    return name.rpartition(".")[2]


def cut_part(name: str) -> Part:
    """The part that stands where a type contains itself too often: it has no values."""
    return Part(write=_cut, read=_cut, takes=dict, branch=branch_of(name), cut=True)


def too_deep() -> Unfit:
    """The refusal of a value that stands where a recursive type is cut."""
    return Unfit(_CUT, code=Code.TOO_DEEP)


def _cut(*_: Any) -> Any:
    raise too_deep()


def withheld_part() -> Part:
    """The part of `WITHHELD`, a record without fields."""
    return Part(write=_write_withheld, read=_read_withheld, takes=Withheld, empty=True)


def _write_withheld(out: bytearray, value: Any) -> None:
    if value is not WITHHELD:
        raise Unfit("is not withheld")


def _read_withheld(data: bytes, at: int) -> tuple[Withheld, int]:
    return WITHHELD, at


def union_part(branches: list[Part], *, one_spelling: bool) -> Part | None:
    """The part of a union; None if a value would not say which of two branches it is.

    `one_spelling` refuses an enum's symbol in the branch of strings beside it.
    """
    table: dict[type, list[tuple[int, Part]]] = {}
    for index, branch in enumerate(branches):
        table.setdefault(branch.takes, []).append((index << 1, branch))
    reads = [branch.read for branch in branches]
    for takes, entries in table.items():
        if takes is object or (len(entries) > 1 and not _apart(entries)):
            return None
        # an enum beside a string takes its own symbols, so it is asked first
        entries.sort(key=lambda entry: not entry[1].symbols)
    symbols = frozenset().union(*(branch.symbols for branch in branches))
    for index, branch in enumerate(branches):
        if one_spelling and symbols and branch.takes is str and not branch.symbols:
            reads[index] = _reading_no_symbol(branch.read, symbols)
    records = table.get(dict, [])
    if len(records) > 1:
        names = [part.branch for _, part in records]
        for prefix, part in records:
            reads[prefix >> 1] = _reading_one_of(part, names)
        table[dict] = [(-1, Part(write=_one_of(records), read=_cut, takes=dict))]
    others = [
        entry for takes, entries in table.items() if takes is not NoneType for entry in entries
    ]
    if NoneType in table and len(others) == 1 and len(records) < 2:
        null, (prefix, part) = table[NoneType][0][0], others[0]
        return Part(
            write=_nullable(null, prefix, part),
            read=_reading_nullable(null, prefix, part.read),
            takes=object,
            of=NullableOf(null, prefix, part),
        )
    return Part(write=_choice(table), read=_reading(reads), takes=object)


def _reading_no_symbol(inner: Read, symbols: frozenset[str]) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        value, at = inner(data, at)
        if value in symbols:
            raise Unfit("a symbol stands as a string beside its enum")
        return value, at

    return read


def _reading_nullable(null: int, prefix: int, inner: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        number = data[at]
        if number == prefix:
            return inner(data, at + 1)
        if number == null:
            return None, at + 1
        raise Unfit("a union has a number of no branch")

    return read


def _reading(branches: list[Read]) -> Read:
    # INVARIANT: the number of a branch has one spelling, and the first 64 are spelled in one byte.
    short = {index << 1: read for index, read in enumerate(branches[:64])}

    def read(data: bytes, at: int) -> tuple[Any, int]:
        inner = short.get(data[at])
        if inner is not None:
            return inner(data, at + 1)
        number, at = read_long(data, at)
        if not 0 <= number < len(branches):
            raise Unfit("a union has a number of no branch")
        return branches[number](data, at)

    return read


def _apart(entries: list[tuple[int, Part]]) -> bool:
    names = {part.branch for _, part in entries}
    if all(names):  # records, of which no two have one last word
        return len(names) == len(entries)
    return len(entries) == 2 and sum(not part.symbols for _, part in entries) == 1


def _nullable(null: int, prefix: int, part: Part) -> Write:
    inner = part.write

    def write(out: bytearray, value: Any) -> None:
        if value is None:
            out.append(null)
        else:
            out.append(prefix)
            inner(out, value)

    return write


def _choice(table: Mapping[type, list[tuple[int, Part]]]) -> Write:
    single = {
        takes: (entries[0][0], entries[0][1].write)
        for takes, entries in table.items()
        if len(entries) == 1 and 0 <= entries[0][0] < 0x80 and not entries[0][1].symbols
    }

    def write(out: bytearray, value: Any) -> None:
        only = single.get(type(value))
        if only is not None:
            out.append(only[0])
            only[1](out, value)
            return
        for prefix, part in table.get(type(value), ()):
            if not part.symbols or value in part.symbols:
                if prefix >= 0:
                    write_long(out, prefix >> 1)
                part.write(out, value)
                return
        raise Unfit("is of none of the types that stand here")

    return write


def _one_of(records: list[tuple[int, Part]]) -> Write:
    names = {part.branch: (prefix, part.write) for prefix, part in records}

    def write(out: bytearray, value: Any) -> None:
        if value.keys() != names.keys():
            raise other_fields(names, value)
        name = check_one_of(value)
        prefix, inner = names[name]
        write_long(out, prefix >> 1)
        try:
            inner(out, value[name])
        except Unfit as unfit:
            raise unfit.below(name)  # noqa: B904 - the same exception, with its path

    return write


def check_one_of(value: Mapping[str, Any]) -> str:
    """Which of the records of a union is not null.

    Raises:
        Unfit: none, or several.
    """
    found = [name for name, record in value.items() if record is not None]
    if len(found) != 1:
        raise Unfit("is not one of its records, with null for each other")
    return found[0]


def _reading_one_of(part: Part, names: list[str]) -> Read:
    """Put null for each other record of the union beside the one that is read."""

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        record, at = part.read(data, at)
        return {name: record if name == part.branch else None for name in names}, at

    return read
