"""The files of a ledger: durable writes, bounded reads.

checkpoint, log.vkey, tile/...   what the world sees; tiles never change once they are full
sequencer/state, floor, lock     the sequencer's own, never exported
sequencer/tmp/                   files not finished; emptied at start
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from broker.tiles import (
    ENTRIES,
    HASH_BYTES,
    MAX_ENTRY_BYTES,
    TILE_WIDTH,
    BundleRefused,
    Tile,
    holds,
    split_entries,
)

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "log.vkey"
STATE: Final = "sequencer/state"
FLOOR: Final = "sequencer/floor"
LOCK: Final = "sequencer/lock"
TMP: Final = "sequencer/tmp"
MAX_FILE_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)  # the largest bundle; nothing is larger

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class LedgerError(Exception):
    """The ledger cannot go on: what it would sign could contradict what it signed. Ask a person."""


class LedgerFull(LedgerError):
    """The disk is full. What was published stays; the same call may succeed when there is room."""


class LedgerLocked(LedgerError):
    """Another sequencer has this ledger."""


@contextmanager
def as_ledger_error() -> Iterator[None]:
    """Say in the ledger's words what the operating system said."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise LedgerFull("the disk is full: the ledger waits for room") from None
        code = errno.errorcode.get(error.errno or 0, "unknown")
        raise LedgerError(f"a file of the ledger cannot be read or written: {code}") from error


def read_file(root: Path, name: str) -> bytes | None:
    """Give the bytes of a plain file; None if there is none.

    Raises:
        LedgerError: it is no plain file, or larger than any file of a ledger.
        OSError: it cannot be read.
    """
    try:
        fd = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LedgerError(f"`{name}` is no plain file") from None
        raise
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise LedgerError(f"`{name}` is no plain file")
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise LedgerError(f"`{name}` is larger than a file of a ledger may be")
    return data


def read_tile(root: Path, tile: Tile) -> bytes | None:
    """Give a tile's bytes; a partial one may be cut from the full one that took its place.

    Whether the bytes are right is for the caller to check.

    Raises:
        LedgerError: it is no plain file, or larger than any file of a ledger.
        OSError: it cannot be read.
    """
    data = read_file(root, tile.path)
    if data is None and tile.width < TILE_WIDTH:
        full = read_file(root, tile.full.path)
        return None if full is None else cut(full, tile)
    return data


def cut(data: bytes, tile: Tile) -> bytes:
    """Give the first `tile.width` items of a wider tile or bundle."""
    if tile.level != ENTRIES:
        return data[: tile.width * HASH_BYTES]
    end = 0
    for _ in range(tile.width):
        end += 2 + int.from_bytes(data[end : end + 2], "big")
    return data[:end]


def load_tile(root: Path, tile: Tile) -> bytes:
    """Give a tile's bytes, where only the right number of hashes will do.

    Raises:
        LedgerError: it is missing, cannot be read, or is not of its size.

    """
    with as_ledger_error():
        data = read_tile(root, tile)
    if data is None:
        raise LedgerError(f"`{tile.path}` is missing")
    if tile.level != ENTRIES and len(data) != tile.width * HASH_BYTES:
        raise LedgerError(f"`{tile.path}` is not {tile.width} hashes")
    return data


def load_entries(root: Path, bundle: Tile) -> tuple[bytes, ...]:
    """Give a bundle's entries.

    Raises:
        LedgerError: it is missing, cannot be read, or does not hold as many.

    """
    try:
        entries = split_entries(load_tile(root, bundle))
    except BundleRefused as error:
        raise LedgerError(f"`{bundle.path}` {error}") from None
    if len(entries) != bundle.width:
        raise LedgerError(f"`{bundle.path}` is not {bundle.width} entries")
    return entries


class LedgerFiles:
    """The directory as its one writer uses it. INVARIANT: signed tiles never change.

    Raises:
        LedgerLocked: another writer has it.
        LedgerError: it cannot be read or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tmp = root / TMP
        self._there: set[Path] = set()  # directories whose own names are on the disk
        with as_ledger_error():
            self._tmp.mkdir(parents=True, exist_ok=True, mode=0o700)
            (root / STATE).parent.chmod(0o700)
            self._lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock)
                raise LedgerLocked("another sequencer has this ledger") from None
            for unfinished in self._tmp.iterdir():
                unfinished.unlink()

    def close(self) -> None:
        """Let another writer have it. Closing twice does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def read(self, name: str) -> bytes | None:
        """Give the bytes of a file; None if there is none.

        Raises:
            LedgerError: it cannot be read.
        """
        with as_ledger_error():
            return read_file(self.root, name)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file anew: after a crash it has its old bytes or these, never others.

        Raises:
            LedgerFull: there is no room; the old bytes are there.
            LedgerError: nobody knows which bytes are there.
        """
        with as_ledger_error():
            self._move(self._prepare([(name, data)]))
            _sync_directory((self.root / name).parent)

    def put(self, tiles: Sequence[tuple[Tile, bytes]], *, signed: int) -> None:
        """Write tiles durably.

        Args:
            tiles: with their bytes.
            signed: how many leaves are under a signature. What is there of their tiles stays and
                must have the same bytes; what is there beyond came from an unfinished step.

        Raises:
            LedgerFull: there is no room; some may be there.
            LedgerError: a tile of the signed leaves is there with other bytes.

        """
        with as_ledger_error():
            missing: list[tuple[str, bytes]] = []
            for tile, data in tiles:
                there = read_file(self.root, tile.path)
                if there == data:
                    continue
                if there is not None and holds(signed, tile):
                    raise LedgerError(f"`{tile.path}` is not what the hops topic says")
                missing.append((tile.path, data))
            self._move(self._prepare(missing))
            # A crash may have come between renaming and this; so do it for those found, too.
            for directory in {(self.root / tile.path).parent for tile, _ in tiles}:
                self._sync(directory)

    def drop_partial(self, tiles: Iterable[Tile]) -> None:
        """Remove the partial forms of tiles that are full now (tlog-tiles allows it)."""
        with as_ledger_error():
            for tile in tiles:
                partial = self.root / f"{tile.path}.p"
                if partial.is_dir():
                    for file in partial.iterdir():
                        file.unlink()
                    partial.rmdir()

    def _prepare(self, files: Sequence[tuple[str, bytes]]) -> list[tuple[Path, Path]]:
        """Write the bytes under temporary names, then wait until all are on the disk."""
        moves = [(self._tmp / str(n), self.root / name) for n, (name, _) in enumerate(files)]
        opened: list[int] = []
        try:
            for (temporary, _), (_, data) in zip(moves, files, strict=True):
                fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
                opened.append(fd)
                _write(fd, data)
            for fd in opened:
                os.fsync(fd)
        finally:
            for fd in opened:
                os.close(fd)
        return moves

    def _move(self, moves: Sequence[tuple[Path, Path]]) -> None:
        for temporary, final in moves:
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(temporary, final)

    def _sync(self, directory: Path) -> None:
        """Wait until a directory's names are on the disk, and that it is there itself."""
        _sync_directory(directory)
        while directory != self.root and directory not in self._there:
            _sync_directory(directory.parent)
            self._there.add(directory)
            directory = directory.parent


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
