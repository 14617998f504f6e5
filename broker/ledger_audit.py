"""Recomputing a ledger's tree from its files, and saying where it differs. Reads; never writes.

Where two files disagree, the one that the rest of the tree vouches for is taken to be right, so
that a fault is found where it is and not everywhere above it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from broker.checkpoint import Checkpoint
from broker.ledger_files import LedgerError, cut, read_file, read_tile
from broker.ledger_proof import openings_path
from broker.merkle import NO_EDGE, root_of
from broker.tiles import (
    ENTRIES,
    HASH_BYTES,
    TILE_WIDTH,
    BundleRefused,
    Tile,
    split_entries,
    split_hashes,
    tile_in,
)
from schemas.cbor import NotCbor, decode
from schemas.hop import OpeningRefused, decode_opening, leaf_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault: `place` is a leaf (`leaf 17`) or a file, `rule` says what does not hold there."""

    place: str
    rule: str


class Findings:
    """What holds, as sentences, and what does not."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.problems: list[Problem] = []

    def problem(self, place: str, rule: str) -> None:
        """Note a fault."""
        self.problems.append(Problem(place=place, rule=rule))


class TreeAudit:
    """One pass over the leaves of the tree that `head` states.

    Args:
        root: the ledger's directory.
        head: the checkpoint, verified or not.
        narrower: the partial tiles in the directory that belong to smaller trees than this one.
        findings: where the results go.
    """

    def __init__(
        self, root: Path, head: Checkpoint, narrower: Iterable[Tile], findings: Findings
    ) -> None:
        self._root = root
        self._head = head
        self._findings = findings
        self._edge = NO_EDGE
        self._tiles = 0
        self._openings = 0
        self._narrower: dict[tuple[int, int], list[Tile]] = defaultdict(list)
        for tile in narrower:
            self._narrower[tile.level, tile.index].append(tile)

    def run(self) -> None:
        """Check every bundle, tile and opening, and the root over all of them."""
        faults = len(self._findings.problems)
        size = self._head.size
        bundles = -(-size // TILE_WIDTH)
        for index in range(bundles):
            hashes = self._bundle(index)
            if hashes is None:
                leaf = index * TILE_WIDTH
                self._findings.problem(f"leaf {leaf}", "nothing from here on could be checked")
                return
            self._edge, full = self._edge.grow(hashes)
            self._upper(full)
        self._upper(self._edge.partial())
        if self._edge.root != self._head.root:
            self._findings.problem("checkpoint", "its root is not the root of these leaves")
        if len(self._findings.problems) == faults:
            say = self._findings.checked.append
            say(f"{size} leaves in {bundles} bundles hash to the leaf hashes in the tiles")
            say(f"{self._tiles} tiles hold what the leaves and tiles below them hash to")
            say(f"the root over all {size} leaves is the checkpoint's")
            if self._openings:
                closed = size - self._openings
                say(f"{self._openings} openings fit their leaves")
                say(f"{closed} leaves have no opening here: erased, or not given")

    # -- leaves

    def _bundle(self, index: int) -> list[bytes] | None:
        """Check a bundle, its tile and its openings; give the leaf hashes that are right."""
        bundle = tile_in(self._head.size, ENTRIES, index)
        tile = tile_in(self._head.size, 0, index)
        packed, entries = self._entries(bundle)
        stored = self._hashes(tile)
        computed = [leaf_hash(entry) for entry in entries]
        right = self._right(computed, stored, tile)
        if computed and stored:  # else one is missing, and that was reported
            self._differ(bundle, tile, computed, stored, right)
        if right is not None:
            self._check_narrower(tile, b"".join(right))
            if right == computed:
                self._check_narrower(bundle, packed)
            self._check_openings(index, right)
        self._tiles += 1
        return right

    def _entries(self, bundle: Tile) -> tuple[bytes, tuple[bytes, ...]]:
        packed = self._read(bundle)
        if packed is None:
            return b"", ()
        try:
            entries = split_entries(packed)
        except BundleRefused as error:
            self._findings.problem(bundle.path, str(error))
            return packed, error.whole
        if len(entries) != bundle.width:
            rule = f"holds {len(entries)} leaves instead of {bundle.width}"
            self._findings.problem(bundle.path, rule)
        return packed, entries

    def _hashes(self, tile: Tile) -> list[bytes]:
        data = self._read(tile)
        if data is None:
            return []
        if len(data) != tile.width * HASH_BYTES:
            rule = f"is {len(data)} bytes instead of {tile.width * HASH_BYTES}"
            self._findings.problem(tile.path, rule)
        return split_hashes(data)

    def _read(self, tile: Tile) -> bytes | None:
        """Give the bytes; None where a missing file was reported before."""
        try:
            return read_tile(self._root, tile)
        except LedgerError as error:
            self._findings.problem(tile.path, str(error))
            return None

    def _right(self, computed: list[bytes], stored: list[bytes], tile: Tile) -> list[bytes] | None:
        """Give the hashes that the tree above vouches for; else the stored ones, if any."""
        candidates = [one for one in (stored, computed) if len(one) == tile.width]
        if computed == stored and candidates:
            return computed
        for hashes in candidates:
            if self._vouched(hashes, tile):
                return hashes
        return candidates[0] if candidates else None

    def _vouched(self, hashes: list[bytes], tile: Tile) -> bool:
        if tile.width < TILE_WIDTH:  # nothing is above but the root, and nothing comes after
            return self._edge.grow(hashes)[0].root == self._head.root
        above = tile_in(self._head.size, 1, tile.index // TILE_WIDTH)
        data = self._read(above) or b""
        start = tile.index % TILE_WIDTH * HASH_BYTES
        return data[start : start + HASH_BYTES] == root_of(hashes)

    def _differ(
        self,
        bundle: Tile,
        tile: Tile,
        computed: list[bytes],
        stored: list[bytes],
        right: list[bytes] | None,
    ) -> None:
        pairs = zip_longest(computed, stored)
        differing = [n for n, (one, other) in enumerate(pairs) if one != other]
        if not differing:
            return
        n, many = differing[0], f"; {len(differing)} differ" if len(differing) > 1 else ""
        leaf = bundle.index * TILE_WIDTH + n
        if right is computed:
            self._findings.problem(tile.path, f"hash {n} is not that of leaf {leaf}{many}")
        else:
            rule = f"`{bundle.path}` does not hold the leaf that is in the tree{many}"
            self._findings.problem(f"leaf {leaf}", rule)

    # -- tiles

    def _upper(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        for tile, expected in tiles:
            if not tile.level:
                continue  # it was compared with its bundle
            self._tiles += 1
            stored = self._hashes(tile)
            right = split_hashes(expected)
            pairs = zip(stored, right, strict=False)
            for n in [n for n, (one, other) in enumerate(pairs) if one != other][:1]:
                below = Tile(level=tile.level - 1, index=tile.index * TILE_WIDTH + n)
                self._findings.problem(tile.path, f"hash {n} is not the root of `{below.path}`")
            self._check_narrower(tile, expected)

    def _check_narrower(self, tile: Tile, right: bytes) -> None:
        for narrow in self._narrower.get((tile.level, tile.index), ()):
            data = self._read(narrow)
            if data is not None and data != cut(right, narrow):
                self._findings.problem(narrow.path, f"is not the beginning of `{tile.path}`")

    # -- openings

    def _check_openings(self, index: int, hashes: Sequence[bytes]) -> None:
        path = openings_path(index)
        first = index * TILE_WIDTH
        try:
            data = read_file(self._root, path)
            openings = {} if data is None else decode(data, dict)
        except (LedgerError, NotCbor) as error:
            self._findings.problem(path, str(error))
            return
        for leaf, opening in openings.items():
            if type(leaf) is not int or not first <= leaf < first + len(hashes):
                self._findings.problem(path, "has an opening for a leaf of another bundle")
            elif type(opening) is not bytes:
                self._findings.problem(path, f"what it has for leaf {leaf} is no opening")
            else:
                self._check_opening(leaf, opening, hashes[leaf - first])

    def _check_opening(self, leaf: int, opening: bytes, expected: bytes) -> None:
        try:
            if decode_opening(opening).leaf_hash == expected:
                self._openings += 1
                return
            rule = "its opening is of another leaf"
        except OpeningRefused as error:
            rule = str(error)
        self._findings.problem(f"leaf {leaf}", rule)
