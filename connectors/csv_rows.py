"""CSV rows as events: a mapping from columns to places in the event's JSON, without any code."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)  # fits a 64-bit long, whatever the digits
_INDEX = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)  # a thousand children a row are beyond any row
_POINTER = re.compile(r"(/([^~/]|~[01])+)+")
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})
_MAX_DEPTH = 32  # steps of a pointer; the feed refuses JSON that is nested deeper

Json = Any
Token = str | int


class RowFault(Exception):
    """A header or a row that cannot become an event; names the column and the rule, no content."""


@unique
class Convert(StrEnum):
    """What a cell becomes. An empty cell, or one of white space alone, becomes null in each."""

    TEXT = "text"
    INTEGER = "integer"
    YES_NO = "yes-no"


def _checked_pointer(pointer: str) -> str:
    if not _POINTER.fullmatch(pointer) or pointer.count("/") > _MAX_DEPTH:
        raise ValueError("not a JSON pointer (RFC 6901) of 1 to 32 steps, none of them empty")
    return pointer


Pointer = Annotated[str, AfterValidator(_checked_pointer)]


def _as_list(to: Any) -> Any:
    return [to] if isinstance(to, str) else to


class Column(BaseModel):
    """Where a column's cells go in the event (a place or a list of them) and what they become."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[tuple[Pointer, ...], BeforeValidator(_as_list), Field(min_length=1)]
    convert: Convert = Convert.TEXT


class CsvMapping(BaseModel):
    """How the rows of a CSV file (RFC 4180, UTF-8, a header row first) become events.

    A step of a pointer that is a number counts an array's elements (`/children/0/name`). An element
    none of whose cells holds anything is left out and the others move up, so that four groups of
    columns serve rows with up to four children. Columns that are not named here are not read.

    Args:
        delimiter: what separates cells.
        columns: header name to its place. A column whose place is in an array may be absent from a
            file; without any other the whole file is refused.
        constants: pointer to a JSON value that each event has there.
        null_if_empty: places of records that become null when none of their cells holds anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: Literal[",", ";", "\t", "|"] = ","
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    constants: dict[Pointer, Json] = {}
    null_if_empty: tuple[Pointer, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        tree(self)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A place filled from the column of this name."""

    column: str
    convert: Convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A place that always holds this value."""

    value: Json


@dataclass(slots=True, kw_only=True)
class Branch:
    """A record or, if its steps are numbers, an array."""

    children: dict[Token, Node]
    null_if_empty: bool = False

    def is_array(self) -> bool:
        """Whether the steps below are numbers."""
        return all(isinstance(step, int) for step in self.children)


Node = Branch | Cell | Constant


def tree(mapping: CsvMapping) -> Branch:
    """The mapping as the tree of places that it fills.

    Raises:
        ValueError: two entries claim the same place, one lies inside another, numbers and names
            stand side by side, or `null_if_empty` names no record.
    """
    root = Branch(children={})
    for name, column in mapping.columns.items():
        for pointer in column.to:
            _place(root, _steps(pointer), Cell(column=name, convert=column.convert))
    for pointer, value in mapping.constants.items():
        _place(root, _steps(pointer), Constant(value=value))
    for pointer in mapping.null_if_empty:
        _record_at(root, _steps(pointer)).null_if_empty = True
    if root.is_array():
        raise ValueError("an event is a record: its first steps are names")
    return root


def _steps(pointer: str) -> list[Token]:
    raw = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return [int(step) if _INDEX.fullmatch(step) else step for step in raw]


def _place(root: Branch, steps: Sequence[Token], node: Node) -> None:
    at = root
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        if any(isinstance(other, int) != isinstance(step, int) for other in at.children):
            raise ValueError("numbers and names stand side by side in one place")
        if last and step in at.children:
            raise ValueError("two entries claim one place, or one lies inside another")
        below = at.children.setdefault(step, node if last else Branch(children={}))
        if not last:
            if not isinstance(below, Branch):
                raise ValueError("two entries claim one place, or one lies inside another")
            at = below


def _record_at(root: Branch, steps: Sequence[Token]) -> Branch:
    at: Node | None = root
    for step in steps:
        at = at.children.get(step) if isinstance(at, Branch) else None
    if not isinstance(at, Branch) or at.is_array():
        raise ValueError("null_if_empty names a place that is no record of this mapping")
    return at


class RowReader:
    """Turns the rows of one file into events.

    Args:
        mapping: from the settings.
        header: the file's first row, its bytes without a byte order mark.

    Raises:
        RowFault: the header is no CSV row, names a mapped column twice, or lacks one.
    """

    def __init__(self, mapping: CsvMapping, header: bytes) -> None:
        self._delimiter = mapping.delimiter
        self._root = tree(mapping)
        names = self._cells(header)
        for name, in_array in _columns(self._root):
            if names.count(name) > 1:
                raise RowFault(f"column `{name}`: the header names it twice")
            if name not in names and not in_array:
                raise RowFault(f"column `{name}`: the header lacks it")
        self._names = names

    def event(self, row: bytes) -> bytes:
        """One row as an event's JSON text.

        Raises:
            RowFault: it is no CSV row, has more or fewer cells than the header, or a cell does not
                fit its conversion.
        """
        cells = self._cells(row)
        if len(cells) != len(self._names):
            raise RowFault(f"the row has {len(cells)} cells, the header {len(self._names)}")
        value, _ = _built(self._root, dict(zip(self._names, cells, strict=True)))
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()

    def _cells(self, row: bytes) -> list[str]:
        try:
            text = row.decode()
            rows = list(
                csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
            )
        except (UnicodeDecodeError, csv.Error):  # both carry content
            raise RowFault("the row is not RFC 4180 text in UTF-8") from None
        if len(rows) != 1:
            raise RowFault("the row is not RFC 4180 text: a quote stands inside a plain cell")
        return rows[0]


def _columns(node: Node, in_array: bool = False) -> Iterator[tuple[str, bool]]:
    if isinstance(node, Cell):
        yield node.column, in_array
    elif isinstance(node, Branch):
        for child in node.children.values():
            yield from _columns(child, in_array or node.is_array())


_ABSENT = object()


def _built(node: Node, cells: Mapping[str, str]) -> tuple[Json, bool | None]:
    """A node's value, and whether any of its cells holds something (None: it has no cells)."""
    if isinstance(node, Constant):
        return node.value, None
    if isinstance(node, Cell):
        if node.column not in cells:
            return _ABSENT, False
        value = _converted(cells[node.column], node)
        return value, value is not None
    built = [(step, *_built(node.children[step], cells)) for step in _in_order(node)]
    known = [filled for _, _, filled in built if filled is not None]
    filled = any(known) if known else None
    if node.is_array():
        return [value for _, value, holds in built if holds is not False], filled
    if node.null_if_empty and filled is False:
        return None, False
    return {step: value for step, value, _ in built if value is not _ABSENT}, filled


def _in_order(node: Branch) -> list[Token]:
    numbers = sorted(step for step in node.children if isinstance(step, int))
    return [*numbers] if numbers else [*node.children]


def _converted(text: str, cell: Cell) -> Json:
    word = text.strip()
    if not word:
        return None
    if cell.convert is Convert.TEXT:
        return text
    if cell.convert is Convert.INTEGER:
        if not _INTEGER.fullmatch(word):
            raise RowFault(f"column `{cell.column}`: not a whole number of at most 18 digits")
        return int(word)
    if word.casefold() not in _YES | _NO:
        raise RowFault(f"column `{cell.column}`: not yes or no")
    return word.casefold() in _YES
