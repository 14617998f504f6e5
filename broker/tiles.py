"""Tiles: how a Merkle tree and its entries lie in files (C2SP tlog-tiles). No I/O.

A tile holds up to 256 neighbouring hashes of one level; each hash of level L + 1 is the root of one
full tile of level L. An entry bundle holds the leaves under one tile of level 0. The rightmost
tile of each level is partial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

HASH_BYTES: Final = 32
TILE_WIDTH: Final = 256
ENTRIES: Final = -1  # the "level" of entry bundles, which lie below the leaf hashes
MAX_ENTRY_BYTES: Final = 65_535  # its length is a uint16

_TILE_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class BundleRefused(Exception):
    """An entry bundle is not one; `whole` are the entries before the fault."""

    def __init__(self, message: str, whole: tuple[bytes, ...]) -> None:
        super().__init__(message)
        self.whole = whole


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """Which tile: its level (ENTRIES for an entry bundle), its index, and how many items it has."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Its path, `tile/<L>/<N>[.p/<W>]` (tlog-tiles, "Merkle Tree")."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        rest, last = divmod(self.index, 1000)
        number = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, 1000)
            number = f"x{group:03d}/{number}"
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"

    @property
    def full(self) -> Tile:
        """The same tile once it is full."""
        return Tile(level=self.level, index=self.index)


def parse_tile(path: str) -> Tile | None:
    """Give the tile of a path; None if no tile has exactly this path."""
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        return None
    level, number, width = match.groups()
    tile = Tile(
        level=ENTRIES if level == "entries" else int(level),
        index=int(number.replace("x", "").replace("/", "")),
        width=TILE_WIDTH if width is None else int(width),
    )
    return tile if tile.path == path and tile.width <= TILE_WIDTH else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Give every tile and bundle that a tree of `size` leaves consists of, bundles first."""
    for level in (ENTRIES, *range(levels_of(size))):
        count = -(-width_of(size, level) // TILE_WIDTH)
        yield from (tile_in(size, level, index) for index in range(count))


def edge_tiles(size: int) -> Iterator[Tile]:
    """Give the partial tiles of a tree of `size` leaves, the bundle first."""
    for level in (ENTRIES, *range(levels_of(size))):
        index, width = divmod(width_of(size, level), TILE_WIDTH)
        if width:
            yield Tile(level=level, index=index, width=width)


def levels_of(size: int) -> int:
    """Give how many levels of tiles a tree of `size` leaves has."""
    return (size.bit_length() + 7) // 8


def width_of(size: int, level: int) -> int:
    """Give how many hashes level `level` has in a tree of `size` leaves."""
    return size >> 8 * max(level, 0)


def tile_in(size: int, level: int, index: int) -> Tile:
    """Give the tile at `index` of a level as it is in a tree of `size` leaves."""
    width = min(TILE_WIDTH, width_of(size, level) - index * TILE_WIDTH)
    return Tile(level=level, index=index, width=width)


def holds(size: int, tile: Tile) -> bool:
    """Say whether a tree of `size` leaves has every item of the tile."""
    return tile.index * TILE_WIDTH + tile.width <= width_of(size, tile.level)


def join_entries(entries: Sequence[bytes]) -> bytes:
    """Give the bundle of these entries: each behind its length as a big-endian uint16.

    Raises:
        ValueError: an entry is too long.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry is at most {MAX_ENTRY_BYTES} bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def bundles_of(size: int, leaves: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
    """Give the bundles of leaves that begin with the partial bundle of a tree of `size`."""
    bundles = []
    for start in range(0, len(leaves), TILE_WIDTH):
        part = leaves[start : start + TILE_WIDTH]
        index = size // TILE_WIDTH + start // TILE_WIDTH
        tile = Tile(level=ENTRIES, index=index, width=len(part))
        bundles.append((tile, join_entries(part)))
    return bundles


def split_entries(bundle: bytes) -> tuple[bytes, ...]:
    """Give the entries of a bundle.

    Raises:
        BundleRefused: it ends within an entry, or has more than a tile's width of them.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(bundle):
        end = start + 2 + int.from_bytes(bundle[start : start + 2], "big")
        if end > len(bundle) or start + 2 > len(bundle):
            raise BundleRefused("ends within an entry", tuple(entries))
        if len(entries) == TILE_WIDTH:
            raise BundleRefused(f"holds more than {TILE_WIDTH} entries", tuple(entries))
        entries.append(bundle[start + 2 : end])
        start = end
    return tuple(entries)


def split_hashes(data: bytes) -> list[bytes]:
    """Give the hashes of a tile's bytes."""
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
