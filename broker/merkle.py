"""The Merkle tree: hashes and proofs, as RFC 6962 and RFC 9162 define them, over tiles. No I/O.

The partial tiles of all levels together are the tree's *edge*, which is all one needs to append
leaves and to compute the root.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from broker.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    edge_tiles,
    levels_of,
    split_hashes,
    tile_in,
    width_of,
)

EMPTY_ROOT: Final = sha256(b"").digest()


class ProofRefused(Exception):
    """A proof does not prove what it should."""


def hash_children(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right) (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Give the Merkle tree hash over hashes that stand side by side on one level.

    Pairing from the left and carrying an odd last one up is the split at the largest power of two
    below n of RFC 6962, section 2.1.
    """
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        paired = [
            sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest()
            for i in range(0, len(hashes) - 1, 2)
        ]
        if len(hashes) % 2:
            paired.append(hashes[-1])
        hashes = paired
    return hashes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The right edge of a tree: its size, and on each level the hashes of the partial tile."""

    size: int
    levels: tuple[tuple[bytes, ...], ...]

    @property
    def root(self) -> bytes:
        """The tree's root hash."""
        # The partial tiles are the tree's complete subtrees from left to right, highest level
        # first; an upper level's roots are always left of, and larger than, what is below.
        root: bytes | None = None
        for hashes in self.levels:
            above = list(hashes)
            while above:
                width = len(above) & -len(above)  # the rightmost complete subtree is the smallest
                peak = root_of(above[-width:])
                del above[-width:]
                root = peak if root is None else hash_children(peak, root)
        return EMPTY_ROOT if root is None else root

    def grow(self, hashes: Sequence[bytes]) -> tuple[Edge, tuple[tuple[Tile, bytes], ...]]:
        """Append leaf hashes; give the new edge, and each tile that became full with its bytes."""
        levels: list[tuple[bytes, ...]] = []
        full: list[tuple[Tile, bytes]] = []
        more = list(hashes)
        level = 0
        while more or level < len(self.levels):
            there = list(self.levels[level]) if level < len(self.levels) else []
            index = width_of(self.size, level) // TILE_WIDTH
            there += more
            more = []
            whole = len(there) - len(there) % TILE_WIDTH
            for start in range(0, whole, TILE_WIDTH):
                tile = there[start : start + TILE_WIDTH]
                full.append((Tile(level=level, index=index), b"".join(tile)))
                more.append(root_of(tile))
                index += 1
            levels.append(tuple(there[whole:]))
            level += 1
        return Edge(size=self.size + len(hashes), levels=tuple(levels)), tuple(full)

    def partial(self) -> tuple[tuple[Tile, bytes], ...]:
        """Give the partial hash tiles with their bytes."""
        return tuple(
            (tile, b"".join(self.levels[tile.level]))
            for tile in edge_tiles(self.size)
            if tile.level != ENTRIES
        )


NO_EDGE: Final = Edge(size=0, levels=())


class TiledTree:
    """A tree of `size` leaves whose hash tiles `read` fetches; each tile is fetched once.

    Args:
        size: how many leaves.
        read: gives the `32 * tile.width` bytes of a tile of this tree.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self.size = size
        self._read = read
        self._known: dict[Tile, list[bytes]] = {}

    def edge(self) -> Edge:
        """Give the tree's right edge."""
        levels: list[tuple[bytes, ...]] = [()] * levels_of(self.size)
        for tile in edge_tiles(self.size):
            if tile.level != ENTRIES:
                levels[tile.level] = tuple(self._hashes(tile))
        return Edge(size=self.size, levels=tuple(levels))

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first `size` leaves, of all by default."""
        end = self.size if size is None else size
        if not 0 <= end <= self.size:
            raise ValueError("no tree is larger than itself")
        return self._subtree(0, end) if end else EMPTY_ROOT

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Give the audit path of a leaf, its sibling first (RFC 6962, section 2.1.1)."""
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        start, end = 0, self.size
        path: list[bytes] = []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, size: int) -> tuple[bytes, ...]:
        """Give the proof that the first `size` leaves are this tree's (RFC 6962, section 2.1.2)."""
        if not 0 < size <= self.size:
            raise ValueError(f"no tree of {size} leaves to compare with one of {self.size}")
        start, end = 0, self.size
        path: list[bytes] = []
        while size != end:
            middle = start + _split(end - start)
            if size <= middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        if start:
            path.append(self._subtree(start, end))
        return tuple(reversed(path))

    def _subtree(self, start: int, end: int) -> bytes:
        """Give the hash over leaves start to end, a subtree of the recursion in RFC 6962."""
        width = end - start
        if width & (width - 1):
            middle = start + _split(width)
            return hash_children(self._subtree(start, middle), self._subtree(middle, end))
        level, rest = divmod(width.bit_length() - 1, 8)
        index, first = divmod(start >> 8 * level, TILE_WIDTH)
        hashes = self._hashes(tile_in(self.size, level, index))
        return root_of(hashes[first : first + (1 << rest)])

    def _hashes(self, tile: Tile) -> list[bytes]:
        if tile not in self._known:
            self._known[tile] = split_hashes(self._read(tile))
        return self._known[tile]


def _split(width: int) -> int:
    """Give the largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check an audit path by the algorithm of RFC 9162, section 2.1.3.2.

    Raises:
        ProofRefused: the leaf is not proved to stand at `index` of the tree.
    """
    if not 0 <= index < size:
        raise ProofRefused("inclusion: the index is not in the tree")
    node, last, computed = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            raise ProofRefused("inclusion: the path is too long")
        if node % 2 or node == last:
            computed = hash_children(sibling, computed)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            computed = hash_children(computed, sibling)
        node, last = node >> 1, last >> 1
    if last or computed != root:
        raise ProofRefused("inclusion: the path does not lead from the leaf to the root")


def verify_consistency(
    old_size: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]
) -> None:
    """Check a consistency proof by the algorithm of RFC 9162, section 2.1.4.2.

    Raises:
        ProofRefused: the old tree is not proved to be the beginning of the new one.
    """
    if not 0 < old_size <= size:
        raise ProofRefused("consistency: the old tree is empty or the larger one")
    if old_size == size:
        if path or old_root != root:
            raise ProofRefused("consistency: trees of one size need one root and no path")
        return
    hashes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    if not hashes:
        raise ProofRefused("consistency: the path is empty")
    node, last = old_size - 1, size - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofRefused("consistency: the path is too long")
        if node % 2 or node == last:
            old, new = hash_children(sibling, old), hash_children(sibling, new)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            new = hash_children(new, sibling)
        node, last = node >> 1, last >> 1
    if last or old != old_root or new != root:
        raise ProofRefused("consistency: the path does not lead to both roots")
