"""Verification of a ledger's directory: offline, from the files alone, every byte of them.

Every leaf is hashed, every tile and the root are computed anew from the leaves, and compared with
what lies there and with the signed checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from broker.checkpoint import (
    Checkpoint,
    NoteRefused,
    VerifierKey,
    open_checkpoint,
    parse_vkey,
    read_vkey,
    unverified_checkpoint,
)
from broker.ledger_audit import Findings, Problem, TreeAudit
from broker.ledger_files import (
    CHECKPOINT,
    FLOOR,
    LOCK,
    STATE,
    TMP,
    VKEY,
    LedgerError,
    as_ledger_error,
    load_tile,
    read_file,
)
from broker.ledger_proof import openings_path
from broker.ledger_state import State, read_state
from broker.merkle import TiledTree
from broker.tiles import TILE_WIDTH, Tile, holds, parse_tile, tile_in, tiles_of

MAX_PROBLEMS: Final = 100  # whoever has so many needs no more
_MAX_MISSING: Final = 20  # of a checkpoint that states a billion leaves, nobody lists the tiles
_PRIVATE: Final = frozenset({STATE, FLOOR, LOCK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found. `checked` are sentences, each of which was found to hold.

    `size` and `root` (hex) are the checkpoint's, 0 and None where it cannot be read; unless `ok`,
    they are what the directory states and nothing more.
    """

    ok: bool
    size: int
    root: str | None
    checked: tuple[str, ...]
    problems: tuple[Problem, ...]


def verify_directory(directory: Path, vkey: str | None = None) -> Report:
    """Check a ledger's directory, or an auditor's copy of it with `openings/`.

    Args:
        directory: the ledger's; it may be in use.
        vkey: the ledger's key, known by another way. Without it the key in the directory itself is
            taken, which finds accidents but no forger, and the report says so.

    Raises:
        NoteRefused: the vkey is none.
        LedgerError: a file cannot be read.

    """
    given = None if vkey is None else parse_vkey(vkey)
    findings = Findings()
    with as_ledger_error():
        key = _key(directory, given, findings)
        head = _head(directory, key, given is not None, findings)
        if head is not None:
            _check(directory, key, head, findings)
    return Report(
        ok=not findings.problems,
        size=0 if head is None else head.size,
        root=None if head is None else head.root.hex(),
        checked=tuple(findings.checked),
        problems=tuple(findings.problems[:MAX_PROBLEMS]),
    )


def _check(root: Path, key: VerifierKey | None, head: Checkpoint, findings: Findings) -> None:
    listing = _Listing(root, head.size, findings)
    if listing.complete():
        TreeAudit(root, head, listing.narrower, findings).run()
    if key is not None and listing.private:
        _check_private(root, listing.private, key, head, findings)


def _key(root: Path, given: VerifierKey | None, findings: Findings) -> VerifierKey | None:
    try:
        there = read_vkey(read_file(root, VKEY))
    except (NoteRefused, LedgerError) as error:
        findings.problem(VKEY, str(error))
        return given
    if given is not None and there != given:
        findings.problem(VKEY, "is not the key that was given")
    return given or there


def _head(
    root: Path, key: VerifierKey | None, given: bool, findings: Findings
) -> Checkpoint | None:
    """Give what the checkpoint states, also if it is not signed: the rest can still be located."""
    head = None
    try:
        note = read_file(root, CHECKPOINT)
        if note is None:
            findings.problem(CHECKPOINT, "is missing")
            return None
        head = unverified_checkpoint(note)
        if key is not None:
            open_checkpoint(note, key)
            whose = "given" if given else "in the directory, which proves nothing against a forger"
            findings.checked.append(
                f"the checkpoint of {head.size} leaves is signed with the key {whose}"
            )
    except (NoteRefused, LedgerError) as error:
        findings.problem(CHECKPOINT, str(error))
    return head


class _Listing:
    """Every file of the directory, sorted by what it is to a ledger of `size` leaves."""

    def __init__(self, root: Path, size: int, findings: Findings) -> None:
        self._root = root
        self._size = size
        self._findings = findings
        self._names: set[str] = set()
        self._beyond: list[str] = []  # tiles of a larger tree than the checkpoint's
        self.private: set[str] = set()  # the sequencer's own files
        self.narrower: list[Tile] = []  # partial tiles of smaller trees
        self._faults = len(findings.problems)
        for name in self._walk(""):
            self._sort(name)

    def complete(self) -> bool:
        """Report what is missing or stray; say whether there is enough to go on."""
        missing = [tile.path for tile in islice(self._missing(), _MAX_MISSING)]
        for path in missing:
            self._findings.problem(path, "is missing")
        for path in self._beyond:
            # A sequencer at work, or killed, has written what it has not signed yet.
            if not self.private:
                self._findings.problem(path, "is a stray file: beyond the tree")
        if len(self._findings.problems) == self._faults:
            self._say(f"{len(self._names)} files: none missing, none stray, every one plain")
            if self._beyond:
                self._say(f"{len(self._beyond)} of them wait for a checkpoint: not checked")
            if self.narrower:
                self._say(f"{len(self.narrower)} of them are partial tiles of smaller trees")
        return len(missing) < _MAX_MISSING

    def _say(self, sentence: str) -> None:
        self._findings.checked.append(sentence)

    def _missing(self) -> Iterator[Tile]:
        for tile in tiles_of(self._size):
            if tile.path not in self._names and tile.full.path not in self._names:
                yield tile

    def _walk(self, inner: str) -> Iterator[str]:
        try:
            with os.scandir(self._root / inner) as found:
                entries = sorted(found, key=lambda one: one.name)
        except FileNotFoundError:
            return  # a sequencer at work just removed this directory of partial tiles
        for entry in entries:
            name = f"{inner}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                self._findings.problem(_printable(name), "is no plain file")

    def _sort(self, name: str) -> None:
        tile = parse_tile(name)
        if tile is not None:
            self._sort_tile(name, tile)
        elif name in _PRIVATE:
            self.private.add(name)
        elif name.startswith(f"{TMP}/"):
            return  # what a killed sequencer had not finished
        elif name not in (CHECKPOINT, VKEY) and not self._of_openings(name):
            self._findings.problem(_printable(name), "is a stray file")
            return
        self._names.add(name)

    def _sort_tile(self, name: str, tile: Tile) -> None:
        if not holds(self._size, tile):
            self._beyond.append(name)
        elif tile.width < tile_in(self._size, tile.level, tile.index).width:
            self.narrower.append(tile)

    def _of_openings(self, name: str) -> bool:
        tile = parse_tile(name.replace("openings/", "tile/entries/", 1))
        return (
            tile is not None
            and name == openings_path(tile.index)
            and tile.index * TILE_WIDTH < self._size
        )


def _check_private(
    root: Path, names: set[str], key: VerifierKey, head: Checkpoint, findings: Findings
) -> None:
    """Check what the sequencer keeps for itself, in a directory that is not an auditor's copy."""
    if LOCK in names and read_file(root, LOCK):
        findings.problem(LOCK, "is not empty")
    try:
        if STATE in names:
            _check_state(read_state(read_file(root, STATE) or b"", key), head, findings)
    except LedgerError as error:
        findings.problem(STATE, str(error))
    try:
        if FLOOR in names:
            _check_floor(root, open_checkpoint(read_file(root, FLOOR) or b"", key), head, findings)
    except (LedgerError, NoteRefused) as error:
        findings.problem(FLOOR, str(error))


def _check_state(state: State, head: Checkpoint, findings: Findings) -> None:
    if state.size < head.size:
        findings.problem(STATE, f"stands at {state.size} leaves, behind the checkpoint")
    elif state.size == head.size and state.root != head.root:
        findings.problem(STATE, "has another root than the checkpoint")
    else:
        findings.checked.append(f"the sequencer's state of {state.size} leaves is signed")


def _check_floor(root: Path, floor: Checkpoint, head: Checkpoint, findings: Findings) -> None:
    if floor.size > head.size:
        rule = f"binds the ledger to {floor.size} leaves; the checkpoint has fewer"
        findings.problem(FLOOR, rule)
    elif TiledTree(head.size, partial(load_tile, root)).root(floor.size) != floor.root:
        findings.problem(FLOOR, "binds the ledger to another tree")
    else:
        findings.checked.append(f"the tree begins with the {floor.size} leaves that bind it")


def _printable(name: str) -> str:
    return name.encode("unicode_escape").decode()
