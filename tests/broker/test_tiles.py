"""Paths and bundles of C2SP tlog-tiles, as that document spells them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.tiles import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    BundleRefused,
    Tile,
    edge_tiles,
    join_entries,
    parse_tile,
    split_entries,
    tiles_of,
)

PATHS = {
    "tile/0/x001/x234/067": Tile(level=0, index=1_234_067),
    "tile/0/x001/067": Tile(level=0, index=1067),
    "tile/0/000": Tile(level=0, index=0),
    "tile/63/999": Tile(level=63, index=999),
    "tile/1/x001/000.p/8": Tile(level=1, index=1000, width=8),
    "tile/entries/x123/x456/789": Tile(level=ENTRIES, index=123_456_789),
    "tile/entries/273.p/112": Tile(level=ENTRIES, index=273, width=112),
}
NO_PATHS = [
    "tile/0/1",
    "tile/0/1067",
    "tile/0/001/067",
    "tile/0/x000/067",
    "tile/00/067",
    "tile/0/x001/067/",
    "tile/0/067.p/0",
    "tile/0/067.p/256",
    "tile/0/067.p/08",
    "tile/0/067.p",
    "tile/0/x067",
    "tile/-1/067",
    "tile/data/067",
    "tile/0/067\n",
    "/tile/0/067",
    "tile/0/../067",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_names_its_tile(path: str) -> None:
    assert PATHS[path].path == path
    assert parse_tile(path) == PATHS[path]


@pytest.mark.parametrize("path", NO_PATHS)
def test_a_path_that_is_spelt_otherwise_names_none(path: str) -> None:
    assert parse_tile(path) is None


@settings(max_examples=100)
@given(
    st.builds(
        Tile, level=st.integers(-1, 63), index=st.integers(0, 2**55), width=st.integers(1, 256)
    )
)
def test_every_tile_has_one_path(tile: Tile) -> None:
    assert parse_tile(tile.path) == tile


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_example() -> None:
    """tlog-tiles, "Partial Tiles"."""
    tiles = Counter((tile.level, tile.width) for tile in tiles_of(70_000))
    assert tiles == {
        (ENTRIES, 256): 273,
        (ENTRIES, 112): 1,
        (0, 256): 273,
        (0, 112): 1,
        (1, 256): 1,
        (1, 17): 1,
        (2, 1): 1,
    }


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above() -> None:
    assert [tile.path for tile in tiles_of(256)] == [
        "tile/entries/000",
        "tile/0/000",
        "tile/1/000.p/1",
    ]
    assert [tile.path for tile in edge_tiles(256)] == ["tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_its_entries_back(entries: list[bytes]) -> None:
    assert list(split_entries(join_entries(entries))) == entries


def test_a_bundle_is_laid_out_as_written_down() -> None:
    assert join_entries([b"", b"abc"]) == b"\x00\x00\x00\x03abc"
    assert len(join_entries([bytes(MAX_ENTRY_BYTES)])) == 2 + MAX_ENTRY_BYTES
    with pytest.raises(ValueError, match="at most"):
        join_entries([bytes(MAX_ENTRY_BYTES + 1)])


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 6])
def test_a_cut_bundle_says_which_entries_are_whole(cut: int) -> None:
    bundle = join_entries([b"one", b"three"])
    with pytest.raises(BundleRefused, match="within") as refused:
        split_entries(bundle[:-cut])
    assert refused.value.whole == (b"one",)


def test_a_bundle_with_one_entry_too_many_is_refused() -> None:
    with pytest.raises(BundleRefused, match="more than 256"):
        split_entries(join_entries([b"x"] * 257))
