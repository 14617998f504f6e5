"""Reads one file of events from where the last look at it ended."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, unique
from pathlib import Path
from typing import BinaryIO

from connectors.contract import SourceRecord
from connectors.csv_rows import CsvMapping, RowFault, RowReader
from schemas.codec import MAX_EVENT_BYTES

MAX_RECORD_BYTES = MAX_EVENT_BYTES  # of a line or row; the feed takes no larger event
MAX_FILE_BYTES = 256 * 1024 * 1024  # one look may have to read to the end for a closing quote
MAX_PULL_BYTES = 4 * 1024 * 1024  # of one pull, which is held in memory and sent as one

_CHUNK_BYTES = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # what spreadsheets write before the header
CLOSED = -1  # the position of a file that is not read any more


@unique
class Form(Enum):
    """What a file's suffix says that it holds."""

    JSON = ".json"
    LINES = ".jsonl"
    CSV = ".csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a file was read.

    Args:
        number: of the file, in the order in which files gave their first records; stands in
            origins instead of the name, which comes from outside and may name a person.
        position: bytes read, or -1 for a file that is not read any more.
        line: number of the last line read.
    """

    number: int
    position: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a pull still has room for: at least one record, and more until bytes run out."""

    records: int
    record_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line, or the lines of one CSV row. `kept`: its first bytes, without the line's end."""

    kept: bytes
    size: int
    lines: int
    ended: bool
    quote_open: bool


class OneFile:
    """One file, opened for a look; closed at the end of the `with` block.

    Raises:
        OSError: the file cannot be opened; carries its name, so the caller does not pass it on.
    """

    def __init__(self, path: Path, form: Form, *, quiet_s: float, mapping: CsvMapping | None):
        # A name may come to stand for a link or a pipe between the listing and the opening.
        self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        self._stream: BinaryIO = os.fdopen(self._fd, "rb")
        self._form, self._quiet_s, self._mapping = form, quiet_s, mapping

    def __enter__(self) -> OneFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, place: Place, room: Room) -> tuple[list[SourceRecord], Place]:
        """The records that follow `place`, and the place after them; no records: nothing yet."""
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode) or place.position == CLOSED:
            return [], place
        if place.position > status.st_size or (
            self._form is Form.JSON and place.line and place.position != status.st_size
        ):
            return _refused(place, "the file was changed after it had been read: use a new name")
        if self._form is Form.JSON:
            return self._whole(place)
        if status.st_size > MAX_FILE_BYTES and place.position < status.st_size:
            return _refused(place, f"the file is larger than {MAX_FILE_BYTES} bytes")
        return self._rows(place, room)

    def _whole(self, place: Place) -> tuple[list[SourceRecord], Place]:
        if place.line:
            return [], place
        data = self._stream.read(MAX_RECORD_BYTES + 1)
        if not self._is_quiet():
            return [], place
        size = len(data) if len(data) <= MAX_RECORD_BYTES else os.fstat(self._fd).st_size
        origin = f"file {place.number}"
        record = SourceRecord(origin=origin, data=data[:MAX_RECORD_BYTES], fault=_too_large(size))
        return [record], Place(number=place.number, position=size, line=1)

    def _rows(self, place: Place, room: Room) -> tuple[list[SourceRecord], Place]:
        reader: RowReader | None = None
        start = place
        if self._form is Form.CSV:
            header = self._next_row()
            if header is None or not self._is_complete(header):
                return [], place
            try:
                reader = self._reader(header)
            except RowFault as fault:
                return _refused(place, str(fault), line=1, data=header.kept)
            if place.position == 0:
                start = Place(number=place.number, position=header.size, line=header.lines)
        self._stream.seek(start.position)
        found: list[SourceRecord] = []
        left_bytes = room.record_bytes
        for record, after in self._records(start, reader):
            found.append(record)
            place = after
            left_bytes -= len(record.data)
            if len(found) == room.records or left_bytes <= 0:
                break
        return found, place

    def _records(
        self, place: Place, reader: RowReader | None
    ) -> Iterator[tuple[SourceRecord, Place]]:
        position, line = place.position, place.line
        while (row := self._next_row()) is not None and self._is_complete(row):
            origin = f"file {place.number}, line {line + 1}"
            position, line = position + row.size, line + row.lines
            if row.quote_open:
                position = CLOSED
            if row.kept.strip():
                here = Place(number=place.number, position=position, line=line)
                yield _record(origin, row, reader), here

    def _reader(self, header: _Row) -> RowReader:
        if self._mapping is None or header.quote_open or header.size > MAX_RECORD_BYTES:
            raise RowFault("the header is not closed or too large")
        return RowReader(self._mapping, header.kept.removeprefix(_BYTE_ORDER_MARK))

    def _next_row(self) -> _Row | None:
        """The next line; for CSV as many lines as an open quote spans; None at the end.

        Never holds more than a record's worth of it.
        """
        kept = bytearray()
        size = lines = 0
        quote_open = ended = False
        while not ended and (chunk := self._stream.readline(_CHUNK_BYTES)):
            size += len(chunk)
            kept += chunk[: MAX_RECORD_BYTES - len(kept)]
            if self._form is Form.CSV and chunk.count(b'"') % 2:
                quote_open = not quote_open
            lines += chunk.endswith(b"\n")
            ended = chunk.endswith(b"\n") and not quote_open
        if not size:
            return None
        return _Row(
            kept=bytes(kept).rstrip(b"\r\n"),
            size=size,
            lines=lines if ended else lines + 1,
            ended=ended,
            quote_open=quote_open,
        )

    def _is_complete(self, row: _Row) -> bool:
        return row.ended or self._is_quiet()

    def _is_quiet(self) -> bool:
        """Whether nothing was written for a while; asked after reading, so that no write slips by.

        A time far in the future is a wrong clock, not a write under way.
        """
        return abs(time.time() - os.fstat(self._fd).st_mtime) >= self._quiet_s


def _record(origin: str, row: _Row, reader: RowReader | None) -> SourceRecord:
    fault = _too_large(row.size)
    if row.quote_open:
        # What follows an open quote is one cell, whatever it looks like: a narrative must not be
        # able to pass for rows of its own, so nothing after the quote is read as a row.
        fault = "a quoted cell is not closed: the rest of the file is refused"
    if fault is None and reader is not None:
        try:
            return SourceRecord(origin=origin, data=reader.event(row.kept))
        except RowFault as problem:
            fault = str(problem)
    return SourceRecord(origin=origin, data=row.kept, fault=fault)


def _too_large(size: int) -> str | None:
    return f"larger than {MAX_RECORD_BYTES} bytes" if size > MAX_RECORD_BYTES else None


def _refused(
    place: Place, fault: str, *, line: int | None = None, data: bytes = b""
) -> tuple[list[SourceRecord], Place]:
    """One record that refuses what is left of a file, and the place of a file that is closed."""
    origin = f"file {place.number}" + (f", line {line}" if line else "")
    record = SourceRecord(origin=origin, data=data, fault=fault)
    return [record], Place(number=place.number, position=CLOSED, line=place.line)


def same(path: Path, data: bytes) -> bool | None:
    """Whether the file holds just this; None if there is none."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(data) + 1) == data
    except FileNotFoundError:
        return None


def recalls(path: Path) -> str | None:
    """Which delivery a recall's file recalls; None if somebody has made it something else."""
    try:
        with path.open("rb") as stream:
            found = json.load(stream)["recalls"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def make_durable(directory: Path) -> None:
    """Make what was renamed in a folder, or removed from it, outlive a crash."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
