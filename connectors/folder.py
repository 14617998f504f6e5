"""Folders: a source that reads the files dropped into one, a sink that drops a file a delivery.

The ways in and out that agencies already have: an SFTP server, a share, a nightly export.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.contract import (
    Accepted,
    Answer,
    ConfigRefused,
    ConnectorFailed,
    Delivery,
    Fatal,
    Pull,
    Reject,
    RetryAfter,
    SourceRecord,
    TryLater,
    encode_delivery,
    read_settings,
)
from connectors.csv_rows import CsvMapping
from connectors.folder_files import (
    CLOSED,
    MAX_PULL_BYTES,
    Form,
    OneFile,
    Place,
    Room,
    make_durable,
    recalls,
    same,
)
from schemas.recall import Action

MAX_FILES = 8_000  # in the folder: a cursor keeps up to 55 bytes for each and has 480 KiB

RECALL_END = ".recall.json"

_DIGEST_BYTES = 12
_TEMPORARY = re.compile(r"\.[0-9a-f]{16,128}\.caseward-part")
_NEEDS_A_PERSON = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
)


class SourceSettings(BaseModel):
    """Settings of the folder source.

    Args:
        directory: its `*.json` (one event each), `*.jsonl` (one a line) and `*.csv` files are read;
            anything else, links, folders and names that start with a dot are left alone.
        quiet_s: a `*.json` file, or a last line without its end, counts as whole when the file was
            not written to for so many seconds. Writers do better to write under a name that starts
            with a dot and to rename.
        csv: how rows become events; without it `*.csv` files are left alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    directory: Path
    quiet_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 10.0
    csv: CsvMapping | None = None


class SinkSettings(BaseModel):
    """Settings of the folder sink: `directory` receives one `<delivery id>.json` a delivery.

    A recall is a delivery: `<delivery id>.recall.json`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    directory: Path


def open_source(settings: Mapping[str, Any]) -> FolderSource:
    """A source for these settings.

    Raises:
        ConfigRefused: a setting is missing, unknown or breaks its rule.
    """
    return FolderSource(read_settings(SourceSettings, settings))


def open_sink(settings: Mapping[str, Any]) -> FolderSink:
    """A sink for these settings; makes the directory if it is missing (mode 0700).

    Raises:
        ConfigRefused: a setting breaks its rule, or the directory cannot be made or tidied.
    """
    return FolderSink(read_settings(SinkSettings, settings))


class FolderSource:
    """Reads the files of a folder in the order of their names; never changes or deletes one.

    A name is used once: lines may be added to a file, but what was read must stay. Files may
    arrive in any order and leave at any time; one that comes back after others were read meanwhile
    is read again.

    The cursor holds, for each file present, a digest of its name and the place reached in it. No
    name leaves this class: it comes from outside and may name a person. Origins call a file by
    its number, in the order in which files gave their first records.
    """

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Pull | None:
        """What follows `cursor`, as `Source.pull` promises.

        Raises:
            TryLater: the folder or a file in it cannot be read at the moment.
            ConnectorFailed: it holds too many files, or the cursor is none of this source's.
        """
        return await asyncio.to_thread(self._pull, cursor, max_records)

    async def close(self) -> None:
        """Nothing is held between pulls."""

    def cleartext_name(self, cursor: bytes, number: int) -> str | None:
        """The name of the file with this number, if it is still there.

        For the person at the edge who looks for a refused line, and for no log: it may name a
        person.
        """
        places, _ = _read_cursor(cursor)
        found = (name for name in self._names() if number == _number(places, name))
        return next(found, None)

    def _pull(self, cursor: bytes | None, max_records: int) -> Pull | None:
        places, next_number = _read_cursor(cursor)
        names = self._names()
        kept = {key: places[key] for name in names if (key := _digest(name)) in places}
        records: list[SourceRecord] = []
        unreadable = 0
        for name in names:
            used = sum(len(record.data) for record in records)
            room = Room(records=max_records - len(records), record_bytes=MAX_PULL_BYTES - used)
            if room.records <= 0 or room.record_bytes <= 0:
                break
            place = kept.get(_digest(name), Place(number=next_number))
            try:
                found, place = self._look(name, place, room)
            except OSError:
                unreadable += 1
                continue
            if found:
                records += found
                kept[_digest(name)] = place
                next_number = max(next_number, place.number + 1)
        if not records and unreadable:
            raise TryLater(f"{unreadable} files of the folder cannot be read")
        if not records:
            return None
        return Pull(records=tuple(records), cursor=_write_cursor(kept, next_number))

    def _look(self, name: str, place: Place, room: Room) -> tuple[list[SourceRecord], Place]:
        path, form = self._settings.directory / name, Form(Path(name).suffix.lower())
        if form is Form.CSV and self._settings.csv is None:
            return [], place
        try:
            # Most files were read to their end long ago: a look at the size spares opening them.
            if place.line and place.position in (CLOSED, path.stat().st_size):
                return [], place
            file = OneFile(path, form, quiet_s=self._settings.quiet_s, mapping=self._settings.csv)
        except FileNotFoundError:  # it left after the listing
            return [], place
        with file:
            return file.read(place, room)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._settings.directory) as entries:
                names = [entry.name for entry in entries if _is_ours(entry)]
        except OSError:
            raise TryLater("the folder cannot be read") from None
        if len(names) > MAX_FILES:
            raise ConnectorFailed(
                "folder-full", f"the folder holds more than {MAX_FILES} files: move the oldest away"
            )
        return sorted(names, key=os.fsencode)


class FolderSink:
    """Writes each delivery as `<delivery id>.json`, readable by its owner alone (0600).

    A recall becomes `<its own id>.recall.json`, with what remains of the delivery it recalls. Where
    the action is `erase`, that delivery's own file and every earlier recall of it are removed then;
    what was taken out of the folder before is its taker's to erase, who finds the recall.

    A reader never sees half a file: it is written under a temporary name, made durable, renamed.
    A repetition finds the file and changes nothing, so it must not leave the folder before the
    delivery is settled; a file taken away in between comes again under the same name.
    """

    def __init__(self, settings: SinkSettings) -> None:
        self._directory = settings.directory
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for torn in self._torn():
                torn.unlink()
        except OSError as error:
            raise ConfigRefused(f"`directory`: {os.strerror(error.errno or 0).lower()}") from None

    async def write(self, delivery: Delivery) -> Answer:
        """Write one delivery, as `Sink.write` promises."""
        return await asyncio.to_thread(self._write, delivery)

    async def close(self) -> None:
        """Nothing is held between writes."""

    def _torn(self) -> Iterator[Path]:
        """What a crash left half written; nobody has seen it under its own name."""
        for path in list(self._directory.iterdir()):
            if _TEMPORARY.fullmatch(path.name):
                yield path

    def _write(self, delivery: Delivery) -> Answer:
        end = ".json" if delivery.recalls is None else RECALL_END
        final = self._directory / f"{delivery.delivery_id}{end}"
        data = encode_delivery(delivery)
        try:
            found = same(final, data)
            if found is None or (delivery.recalls is not None and not found):
                self._place(final, data)  # a recall that somebody changed must not stop its effect
            elif not found:
                return Reject(code="name-taken")
            make_durable(self._directory)  # also of an earlier rename that a crash cut short
            if delivery.recalls is not None and delivery.action == Action.ERASE:
                # only now: at no moment is there neither the delivery nor what remains of it
                self._erase(delivery.recalls, final)
        except OSError as error:
            code = errno.errorcode.get(error.errno or 0, "eio").lower()
            if error.errno in _NEEDS_A_PERSON:
                return Fatal(code=f"folder-{code}")
            return RetryAfter(code=f"folder-{code}")
        return Accepted()

    def _erase(self, recalled: str, final: Path) -> None:
        """Remove a delivery's file and the recalls of it that came before this one."""
        (self._directory / f"{recalled}.json").unlink(missing_ok=True)
        for path in self._directory.glob(f"*{RECALL_END}"):
            if path != final and recalls(path) == recalled:
                path.unlink(missing_ok=True)
        make_durable(self._directory)

    def _place(self, final: Path, data: bytes) -> None:
        part = final.with_name(f".{final.name.partition('.')[0]}.caseward-part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        part.unlink(missing_ok=True)  # of an earlier try in this process
        try:
            with os.fdopen(os.open(part, flags, 0o600), "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            part.rename(final)
        finally:
            part.unlink(missing_ok=True)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    suffix = Path(entry.name).suffix.lower()
    known = any(suffix == form.value for form in Form) and not entry.name.startswith(".")
    return known and entry.is_file(follow_symlinks=False)


def _digest(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).digest()[:_DIGEST_BYTES].hex()


def _number(places: Mapping[str, Place], name: str) -> int | None:
    place = places.get(_digest(name))
    return place.number if place else None


def _write_cursor(places: Mapping[str, Place], next_number: int) -> bytes:
    files = {key: [place.number, place.position, place.line] for key, place in places.items()}
    body = {"version": 1, "next": next_number, "files": files}
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def _read_cursor(cursor: bytes | None) -> tuple[dict[str, Place], int]:
    if cursor is None:
        return {}, 1
    try:
        body = json.loads(cursor)
        if body["version"] != 1:
            raise ValueError
        places = {
            key: Place(number=number, position=position, line=line)
            for key, (number, position, line) in body["files"].items()
        }
        return places, int(body["next"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConnectorFailed("bad-cursor", "the cursor is none of a folder source") from None
