"""What leaves the ledger: inclusion proofs (C2SP tlog-proof), and copies for auditors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from broker.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteRefused,
    open_checkpoint,
    parse_vkey,
    read_vkey,
    unverified_checkpoint,
)
from broker.ledger_files import (
    CHECKPOINT,
    VKEY,
    LedgerError,
    as_ledger_error,
    load_entries,
    load_tile,
    read_file,
)
from broker.merkle import ProofRefused, TiledTree, verify_inclusion
from broker.tiles import ENTRIES, HASH_BYTES, TILE_WIDTH, Tile, tile_in, tiles_of
from schemas.cbor import encode
from schemas.hop import Hop, encode_opening, leaf_hash

MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES
_HEADER: Final = "c2sp.org/tlog-proof@v1"
_HEAD: Final = re.compile(rf"{_HEADER}\n(?:extra (\S+)\n)?index (0|[1-9][0-9]{{0,18}})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a leaf stands at `index` of the tree whose signed note is `checkpoint`.

    `path` is the audit path, the leaf's sibling first.
    """

    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def text(self) -> str:
        """The proof as a `.tlog-proof` file; its `extra` line is the leaf."""
        hashes = "".join(f"{_base64(one)}\n" for one in self.path)
        head = f"{_HEADER}\nextra {_base64(self.leaf)}\nindex {self.index}\n{hashes}\n"
        return head + self.checkpoint.decode()

    def plain(self) -> dict[str, Any]:
        """Give the same as a value for JSON, bytes in hex, and `tlog_proof` the text."""
        head = unverified_checkpoint(self.checkpoint)
        return {
            "origin": head.origin,
            "size": head.size,
            "root": head.root.hex(),
            "index": self.index,
            "leaf": self.leaf.hex(),
            "leaf_hash": leaf_hash(self.leaf).hex(),
            "path": [one.hex() for one in self.path],
            "checkpoint": self.checkpoint.decode(),
            "tlog_proof": self.text,
        }


def prove(directory: Path, index: int) -> Proof:
    """Prove that leaf `index` stands in the published tree.

    Raises:
        ValueError: the published tree has no such leaf (yet).
        LedgerError: the directory is damaged.

    """
    note, head = _published(directory)
    tree = TiledTree(head.size, partial(load_tile, directory))
    path = tree.inclusion(index)
    bundle = tile_in(head.size, ENTRIES, index // TILE_WIDTH)
    leaf = load_entries(directory, bundle)[index % TILE_WIDTH]
    try:
        verify_inclusion(leaf_hash(leaf), index, head.size, path, head.root)
    except ProofRefused:
        raise LedgerError(f"leaf {index} cannot be proved: the directory is damaged") from None
    return Proof(index=index, leaf=leaf, path=path, checkpoint=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The published tree head, the proof that an older tree is its beginning, and audit paths.

    `paths` are by leaf index, those of the asked leaves that the published tree has.
    """

    checkpoint: bytes
    consistency: tuple[bytes, ...]
    paths: dict[int, tuple[bytes, ...]]


def prove_growth(directory: Path, indexes: Iterable[int], *, seen: int) -> Growth:
    """Prove leaves to somebody who knows the tree of the first `seen` leaves, all at one head.

    Nothing is checked here: who asked checks all of it.

    Raises:
        LedgerError: a file is missing or damaged.

    """
    note, head = _published(directory)
    tree = TiledTree(head.size, partial(load_tile, directory))
    return Growth(
        checkpoint=note,
        consistency=tree.consistency(seen) if 0 < seen <= head.size else (),
        paths={index: tree.inclusion(index) for index in indexes if index < head.size},
    )


def verify_proof(proof: bytes, *, vkey: str, leaf: bytes | None = None) -> Proof:
    """Check a `.tlog-proof`, offline.

    Args:
        proof: the file's bytes.
        vkey: the ledger's key, known by another way than the proof.
        leaf: the leaf that should be proved; None takes the one in the file, whose commitments
            the caller then compares with what it knows.

    Raises:
        ProofRefused: it does not prove that leaf under that key.

    """
    read = _parse(proof)
    try:
        head = open_checkpoint(read.checkpoint, parse_vkey(vkey))
    except NoteRefused as error:
        raise ProofRefused(str(error)) from None
    if leaf is not None and leaf != read.leaf:
        raise ProofRefused("proof: of another leaf")
    verify_inclusion(leaf_hash(read.leaf), read.index, head.size, read.path, head.root)
    return read


def export(directory: Path, target: Path, openings: Iterable[Hop] = ()) -> int:
    """Copy the published ledger, and the openings an auditor may see, to a new directory.

    The copy holds `checkpoint`, `log.vkey`, `tile/` and, for each bundle with an opening,
    `openings/<N>`: a deterministic CBOR map from leaf index to opening. Hand the vkey to the
    auditor by another way as well.

    Returns:
        how many openings were copied; those of leaves not published yet are left out.

    Raises:
        LedgerError: the directory is damaged, or the target exists or cannot be written.

    """
    note, head = _published(directory)
    wanted = {hop.leaf_hash: encode_opening(hop) for hop in openings}
    copied = 0
    with as_ledger_error():
        target.mkdir(mode=0o700, parents=True)  # openings name cases
        vkey = read_file(directory, VKEY) or b""
        for name, data in ((VKEY, vkey), (CHECKPOINT, note)):
            _write(target / name, data)
        for tile in tiles_of(head.size):
            _write(target / tile.path, load_tile(directory, tile))
            if tile.level == ENTRIES and wanted:
                found = _openings(tile.index, load_entries(directory, tile), wanted)
                copied += len(found)
                if found:
                    _write(target / openings_path(tile.index), encode(found))
    return copied


def openings_path(index: int) -> str:
    """Give the path of the openings under entry bundle `index`: the bundle's, elsewhere."""
    return Tile(level=ENTRIES, index=index).path.replace("tile/entries/", "openings/")


def _openings(
    index: int, leaves: tuple[bytes, ...], wanted: dict[bytes, bytes]
) -> dict[int, bytes]:
    hashes = enumerate(map(leaf_hash, leaves), index * TILE_WIDTH)
    return {n: wanted[one] for n, one in hashes if one in wanted}


def _published(directory: Path) -> tuple[bytes, Checkpoint]:
    with as_ledger_error():
        note = read_file(directory, CHECKPOINT)
        vkey = read_file(directory, VKEY)
    if note is None:
        raise LedgerError("nothing is published yet: there is no checkpoint")
    try:
        return note, open_checkpoint(note, read_vkey(vkey))
    except NoteRefused as error:
        raise LedgerError(f"`{CHECKPOINT}`: {error}") from None


def _parse(proof: bytes) -> Proof:
    try:
        head, empty_line, checkpoint = proof[:MAX_PROOF_BYTES].decode().partition("\n\n")
        match = _HEAD.match(head + "\n")
        if len(proof) > MAX_PROOF_BYTES or match is None or not empty_line:
            raise ProofRefused("proof: not a tlog-proof")
        lines = f"{head}\n"[match.end() :].split("\n")[:-1]
        read = Proof(
            index=int(match[2]),
            leaf=_unbase64(match[1] or ""),
            path=tuple(map(_unbase64, lines)),
            checkpoint=checkpoint.encode(),
        )
    except (UnicodeDecodeError, binascii.Error, ValueError):
        raise ProofRefused("proof: not a tlog-proof") from None
    if match[1] is None or any(len(one) != HASH_BYTES for one in read.path):
        raise ProofRefused("proof: without its leaf, or a hash has another length")
    if read.text.encode() != proof:
        raise ProofRefused("proof: not in the one way to write it")
    return read


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
