"""The tree against the known answers of Certificate Transparency and a naive RFC 6962."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.merkle import (
    EMPTY_ROOT,
    NO_EDGE,
    Edge,
    ProofRefused,
    TiledTree,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from broker.tiles import ENTRIES, TILE_WIDTH, Tile, tile_in, tiles_of
from schemas.hop import leaf_hash

# The reference tree of the Certificate Transparency implementations.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], B, D],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [A, B, C],
    (6, 8): [F, E, ROOTS[4]],
    (2, 5): [B, D],
}


# -- RFC 6962, section 2.1, word for word


def naive_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


# -- the tree under test, over tiles in memory


def tiled(leaves: Sequence[bytes], step: int = 1000) -> tuple[TiledTree, Edge, dict[Tile, bytes]]:
    tiles: dict[Tile, bytes] = {}
    edge = NO_EDGE
    for start in range(0, len(leaves), step):
        edge, full = edge.grow([leaf_hash(leaf) for leaf in leaves[start : start + step]])
        tiles.update(full)
    tiles.update(edge.partial())
    return TiledTree(len(leaves), tiles.__getitem__), edge, tiles


def numbered(size: int) -> list[bytes]:
    return [n.to_bytes(4, "big") for n in range(size)]


MANY = numbered(66_000)  # three levels of tiles, the third one partial
sizes = st.one_of(
    st.integers(1, 1100),
    st.sampled_from([255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793]),
)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_known_ones(size: int) -> None:
    tree, edge, _ = tiled(LEAVES[:size])
    assert edge.root.hex() == ROOTS[size]
    assert tree.root().hex() == ROOTS[size]
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_inclusion_proofs_are_the_known_ones(index: int, size: int) -> None:
    tree, edge, _ = tiled(LEAVES[:size])
    path = tree.inclusion(index)
    assert [one.hex() for one in path] == INCLUSIONS[index, size]
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, path, edge.root)


@pytest.mark.parametrize(("old", "size"), CONSISTENCIES)
def test_consistency_proofs_are_the_known_ones(old: int, size: int) -> None:
    tree, edge, _ = tiled(LEAVES[:size])
    path = tree.consistency(old)
    assert [one.hex() for one in path] == CONSISTENCIES[old, size]
    verify_consistency(old, size, bytes.fromhex(ROOTS[old]), edge.root, path)


@settings(max_examples=30)
@given(size=st.integers(1, 1100), data=st.data())
def test_inclusion_is_what_the_rfc_says(size: int, data: st.DataObject) -> None:
    leaves, index = MANY[:size], data.draw(st.integers(0, size - 1))
    tree, edge, _ = tiled(leaves)
    assert edge.root == tree.root() == naive_root(leaves)
    path = tree.inclusion(index)
    assert list(path) == naive_path(index, leaves)
    verify_inclusion(leaf_hash(leaves[index]), index, size, path, edge.root)


@settings(max_examples=30)
@given(size=st.integers(1, 1100), data=st.data())
def test_consistency_is_what_the_rfc_says(size: int, data: st.DataObject) -> None:
    leaves, old = MANY[:size], data.draw(st.integers(1, size))
    tree, edge, _ = tiled(leaves)
    path = tree.consistency(old)
    assert list(path) == naive_subproof(old, leaves, True)
    assert tree.root(old) == naive_root(leaves[:old])
    verify_consistency(old, size, naive_root(leaves[:old]), edge.root, path)


def test_three_levels_of_tiles_are_what_the_rfc_says() -> None:
    size = 65_793  # 65,536 + 256 + 1: every level has something
    leaves = MANY[:size]
    tree, edge, _ = tiled(leaves, step=10_000)
    assert edge.root == tree.root() == naive_root(leaves)
    for index in (0, 255, 256, 65_535, 65_536, 65_791, 65_792):
        verify_inclusion(leaf_hash(leaves[index]), index, size, tree.inclusion(index), edge.root)
    for old in (1, 255, 256, 257, 65_535, 65_536, 65_537, 65_792):
        verify_consistency(old, size, naive_root(leaves[:old]), edge.root, tree.consistency(old))


@settings(max_examples=15)
@given(size=sizes, steps=st.lists(st.integers(1, 700), min_size=1, max_size=4))
def test_tiles_do_not_depend_on_the_steps(size: int, steps: list[int]) -> None:
    hashes = [leaf_hash(leaf) for leaf in MANY[:size]]
    once, full = NO_EDGE.grow(hashes)
    edge, start = NO_EDGE, 0
    tiles: dict[Tile, bytes] = {}
    while start < size:
        step = steps[start % len(steps)] if start < 5000 else size
        edge, more = edge.grow(hashes[start : start + step])
        tiles.update(more)
        start += step
    assert edge == once
    assert tiles == dict(full)


@settings(max_examples=15)
@given(size=sizes)
def test_the_tiles_of_a_tree_are_all_its_tiles(size: int) -> None:
    _, edge, tiles = tiled(MANY[:size])
    wanted = {tile for tile in tiles_of(size) if tile.level != ENTRIES}
    assert set(tiles) == wanted
    assert all(len(data) == 32 * tile.width for tile, data in tiles.items())
    assert TiledTree(size, tiles.__getitem__).edge() == edge


def test_an_upper_tile_holds_roots_of_full_tiles_only() -> None:
    _, _, tiles = tiled(MANY[:600])
    upper = tiles[Tile(level=1, index=0, width=2)]
    assert upper == naive_root(MANY[:256]) + naive_root(MANY[256:512])


@settings(max_examples=60)
@given(size=st.integers(2, 300), data=st.data())
def test_an_altered_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree, edge, _ = tiled(MANY[:size])
    path, leaf = list(tree.inclusion(index)), leaf_hash(MANY[index])
    n = data.draw(st.integers(0, len(path) - 1))
    attacks = {
        "hash": [*path[:n], sha256(path[n]).digest(), *path[n + 1 :]],
        "short": path[:n] + path[n + 1 :],
        "long": [*path[:n], bytes(32), *path[n:]],
        "trailing": [*path, bytes(32)],
    }
    attack = data.draw(st.sampled_from(sorted(attacks)))
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf, index, size, attacks[attack], edge.root)
    for other in {index ^ 1, size - 1 - index, size} - {index}:
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, other, size, path, edge.root)
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf_hash(b"another"), index, size, path, edge.root)


@settings(max_examples=60)
@given(size=st.integers(3, 300), data=st.data())
def test_an_altered_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    tree, edge, _ = tiled(MANY[:size])
    path, old_root = list(tree.consistency(old)), tree.root(old)
    n = data.draw(st.integers(0, len(path) - 1))
    attacks = {
        "hash": [*path[:n], sha256(path[n]).digest(), *path[n + 1 :]],
        "short": path[:n] + path[n + 1 :],
        "trailing": [*path, bytes(32)],
        "empty": [],
    }
    attack = data.draw(st.sampled_from(sorted(attacks)))
    with pytest.raises(ProofRefused):
        verify_consistency(old, size, old_root, edge.root, attacks[attack])
    for roots in ((old_root, bytes(32)), (bytes(32), edge.root), (edge.root, old_root)):
        with pytest.raises(ProofRefused):
            verify_consistency(old, size, *roots, path)


def test_a_tree_that_shrinks_or_is_rewritten_is_never_consistent() -> None:
    tree, edge, _ = tiled(MANY[:10])
    with pytest.raises(ProofRefused):
        verify_consistency(11, 10, edge.root, edge.root, ())
    with pytest.raises(ProofRefused):
        verify_consistency(0, 10, EMPTY_ROOT, edge.root, ())
    with pytest.raises(ProofRefused):
        verify_consistency(10, 10, edge.root, tree.root(9), ())
    with pytest.raises(ProofRefused):
        verify_consistency(10, 10, edge.root, edge.root, (edge.root,))


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    tree, edge, _ = tiled(MANY[:8])
    with pytest.raises(ProofRefused):
        verify_inclusion(edge.root, 0, 8, (), edge.root)
    with pytest.raises(ProofRefused):
        verify_inclusion(tree.root(4), 0, 8, tree.inclusion(0)[2:], edge.root)


def test_a_tree_does_not_grow_without_changing_its_root() -> None:
    tree, _, _ = tiled(MANY[:4])
    with pytest.raises(ProofRefused):
        verify_consistency(4, 8, tree.root(), tree.root(), ())


def test_there_are_no_proofs_beyond_the_tree() -> None:
    tree, _, _ = tiled(MANY[:10])
    for index in (-1, 10):
        with pytest.raises(ValueError, match="no leaf"):
            tree.inclusion(index)
    for size in (0, 11):
        with pytest.raises(ValueError, match="no tree"):
            tree.consistency(size)
    with pytest.raises(ValueError, match="larger than itself"):
        tree.root(11)


def test_tile_in_a_tree_has_the_width_of_that_tree() -> None:
    assert tile_in(70_000, 0, 273).width == 112
    assert tile_in(70_000, 1, 1).width == 17
    assert tile_in(70_000, 2, 0).width == 1
    assert tile_in(70_000, ENTRIES, 0).width == TILE_WIDTH
