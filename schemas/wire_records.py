"""The parts of records and unions, without their names.

A union has at most one branch for each Python type, so that a value says by itself which it is;
several records stand as one with a field for each, of which one is not null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final

from schemas.errors import Code
from schemas.nodes import MAX_RECURSION
from schemas.plain import WITHHELD, Withheld
from schemas.wire_values import Part, Unfit, Write, checked, other_fields

_NO_BRANCH: Final = checked("null", "caseward-no-branch")
_CUT: Final = f"stands more than {MAX_RECURSION} times within a value of its own type"


def record_part(name: str, parts: Mapping[str, Part]) -> Part:
    """The part of a record with these fields."""
    writers = [(each, part.write) for each, part in parts.items()]
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

    read = {"type": "record", "fields": [{"name": n, "type": p.read} for n, p in parts.items()]}
    empty = all(part.empty for part in parts.values())
    return Part(write=write, read=read, takes=dict, branch=branch_of(name), empty=empty)


def branch_of(name: str) -> str:
    """The field that a union has for a record with this full name: its last word."""
    return name.rpartition(".")[2]


def cut_part(read_name: str, name: str) -> Part:
    """The part that stands where a type contains itself too often: it has no values."""
    read = {"type": "record", "name": read_name, "fields": [], "logicalType": "caseward-cut"}
    return Part(write=_cut, read=read, takes=dict, branch=branch_of(name), cut=True)


def too_deep() -> Unfit:
    """The refusal of a value that stands where a recursive type is cut."""
    return Unfit(_CUT, code=Code.TOO_DEEP)


def _cut(*_: Any) -> Any:
    raise too_deep()


def withheld_part() -> Part:
    """The part of `WITHHELD`, a record without fields."""
    read = {"type": "record", "fields": [], "logicalType": "caseward-withheld"}
    return Part(write=_write_withheld, read=read, takes=Withheld, empty=True)


def _write_withheld(out: bytearray, value: Any) -> None:
    if value is not WITHHELD:
        raise Unfit("is not withheld")


def union_part(branches: list[Part], fresh: Callable[[], str]) -> Part | None:
    """The part of a union; None if a value would not say which of two branches it is.

    Args:
        branches: in their order.
        fresh: gives a name that nothing else has.
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
    records = table.get(dict, [])
    if len(records) > 1:
        names = [part.branch for _, part in records]
        for prefix, part in records:
            reads[prefix >> 1] = _one_of_read(part, names, fresh())
        table[dict] = [(-1, Part(write=_one_of(records), read=None, takes=dict))]
    others = [
        entry for takes, entries in table.items() if takes is not NoneType for entry in entries
    ]
    if NoneType in table and len(others) == 1 and len(records) < 2:
        write = _nullable(table[NoneType][0][0], *others[0])
    else:
        write = _choice(table)
    # fastavro takes a negative number to count from the last branch, and here it finds these
    return Part(write=write, read=[*reads, *([_NO_BRANCH] * len(reads))], takes=object)


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
    def write(out: bytearray, value: Any) -> None:
        for prefix, part in table.get(type(value), ()):
            if not part.symbols or value in part.symbols:
                if prefix >= 0:
                    out.append(prefix)
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
        out.append(prefix)
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


def _one_of_read(part: Part, names: list[str], read_name: str) -> Any:
    """Read as a record around the record, whose bytes are the same, to put the others by it."""
    return {
        "type": "record",
        "name": read_name,
        "fields": [{"name": part.branch, "type": part.read}],
        "logicalType": "caseward-one-of",
        "caseward-names": names,
    }


def _read_one_of(value: Mapping[str, Any], schema: Any, *_: Any) -> dict[str, Any]:
    return {name: value.get(name) for name in schema["caseward-names"]}


def _read_no_branch(*_: Any) -> Any:
    raise Unfit("a union has a number of no branch")


def _read_withheld(*_: Any) -> Withheld:
    return WITHHELD


RECORD_CHECKS: Final[Mapping[str, Callable[..., Any]]] = {
    "null-caseward-no-branch": _read_no_branch,
    "record-caseward-withheld": _read_withheld,
    "record-caseward-one-of": _read_one_of,
    "record-caseward-cut": _cut,
}
