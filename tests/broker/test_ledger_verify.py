"""Verification: whatever is done to a ledger's files is found, and found where it is."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.checkpoint import Checkpoint, NoteRefused, sign_checkpoint, verifier_of
from broker.ledger import never_below
from broker.ledger_audit import Problem
from broker.ledger_proof import export
from broker.ledger_verify import MAX_PROBLEMS, Report, verify_directory
from broker.merkle import NO_EDGE
from broker.tiles import ENTRIES, Tile, bundles_of, join_entries, tiles_of
from schemas.hop import LEAF_BYTES, leaf_hash
from tests.broker.ledgers import KEY, ORIGIN, VKEY, build, hop, leaves

SIZE = 600  # two full bundles and a partial one, over a partial tile of level 1
OPENED = range(0, SIZE, 20)
FILES = [
    "checkpoint",
    "log.vkey",
    "openings/000",
    "openings/001",
    "openings/002",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/88",
    "tile/1/000.p/2",
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/88",
]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an auditor's copy, some openings included."""
    path = tmp_path_factory.mktemp("verify")
    directory = asyncio.run(build(path, SIZE))
    assert export(directory, path / "copy", [hop(n) for n in OPENED]) == len(OPENED)
    found = sorted(str(p.relative_to(path / "copy")) for p in walk(path / "copy"))
    assert found == FILES
    return path / "copy"


def walk(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())


@contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    """Let a file have other bytes for a while."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)


@contextmanager
def without(path: Path) -> Iterator[None]:
    """Let a file be missing for a while."""
    before = path.read_bytes()
    path.unlink()
    try:
        yield
    finally:
        path.write_bytes(before)


def problems(directory: Path, vkey: str | None = VKEY) -> tuple[Problem, ...]:
    report = verify_directory(directory, vkey)
    assert report.ok == (not report.problems)
    return report.problems


def places(directory: Path, vkey: str | None = VKEY) -> list[str]:
    return [problem.place for problem in problems(directory, vkey)]


# -- what holds


def test_a_whole_ledger_says_what_was_checked(ledger: Path) -> None:
    report = verify_directory(ledger, VKEY)
    assert report.ok
    assert report.size == SIZE
    assert report.checked == (
        "the checkpoint of 600 leaves is signed with the key given",
        "12 files: none missing, none stray, every one plain",
        "600 leaves in 3 bundles hash to the leaf hashes in the tiles",
        "4 tiles hold what the leaves and tiles below them hash to",
        "the root over all 600 leaves is the checkpoint's",
        "30 openings fit their leaves",
        "570 leaves have no opening here: erased, or not given",
    )


def test_without_a_key_it_says_whose_key_it_took(ledger: Path) -> None:
    report = verify_directory(ledger)
    assert report.ok
    assert "the key in the directory, which proves nothing against a forger" in report.checked[0]


def test_a_key_that_is_none_is_the_callers_mistake(ledger: Path) -> None:
    with pytest.raises(NoteRefused):
        verify_directory(ledger, "no key")


@pytest.mark.parametrize("size", [0, 1, 256, 512])
async def test_ledgers_of_odd_sizes_are_whole(tmp_path: Path, size: int) -> None:
    directory = await build(tmp_path, size)
    assert problems(directory) == ()
    export(directory, tmp_path / "copy")
    assert problems(tmp_path / "copy") == ()


# -- one flipped bit


def expected(name: str, at: int) -> set[str]:
    """Where a flip at byte `at` of a file may be reported; a set of one is the rule."""
    if name.startswith("tile/entries/"):
        leaf = 256 * int(name.split("/")[2][:3]) + at // (2 + LEAF_BYTES)
        if at % (2 + LEAF_BYTES) >= 2:
            return {f"leaf {leaf}"}
        return {name, f"leaf {leaf}"}  # a length: what follows reads otherwise as well
    if name.startswith("openings/"):
        first = 256 * int(name[-3:])  # a flip in a leaf's number gives its opening to another
        return {name, *(f"leaf {leaf}" for leaf in range(first, first + 256))}
    return {name, "checkpoint"} if name == "log.vkey" else {name}


@settings(max_examples=150)
@given(data=st.data())
def test_a_flipped_bit_in_any_file_is_found_where_it_is(ledger: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FILES))
    before = (ledger / name).read_bytes()
    at = data.draw(st.integers(0, len(before) - 1) | st.sampled_from([0, 1, len(before) - 1]))
    bit = 1 << data.draw(st.integers(0, 7))
    with changed(ledger / name, before[:at] + bytes([before[at] ^ bit]) + before[at + 1 :]):
        found = set(places(ledger))
    assert found
    assert found <= expected(name, at)


@pytest.mark.parametrize("name", FILES)
def test_every_class_of_byte_of_a_file_counts(ledger: Path, name: str) -> None:
    """Every byte of the small files; of the others each place in an entry or a hash, and ends."""
    before = (ledger / name).read_bytes()
    unit = 2 + LEAF_BYTES if "entries" in name else 32
    every = range(len(before)) if len(before) < 250 else range(unit * 7, unit * 8)
    for at in {0, len(before) // 2, len(before) - 1, *every}:
        with changed(ledger / name, before[:at] + bytes([before[at] ^ 0x20]) + before[at + 1 :]):
            found = set(places(ledger))
        assert found, f"byte {at}"
        assert found <= expected(name, at)


@pytest.mark.parametrize("leaf", [0, 255, 256, 511, 512, 599])
def test_a_flipped_leaf_is_one_problem_and_not_many(ledger: Path, leaf: int) -> None:
    name = next(n for n in FILES if n.startswith(f"tile/entries/00{leaf // 256}"))
    before = bytearray((ledger / name).read_bytes())
    before[leaf % 256 * (2 + LEAF_BYTES) + 30] ^= 1
    with changed(ledger / name, bytes(before)):
        rule = f"`{name}` does not hold the leaf that is in the tree"
        assert problems(ledger) == (Problem(place=f"leaf {leaf}", rule=rule),)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tile/0/001", "hash 3 is not that of leaf 259"),
        ("tile/0/002.p/88", "hash 3 is not that of leaf 515"),
    ],
)
def test_a_flipped_hash_is_told_from_a_flipped_leaf(ledger: Path, name: str, rule: str) -> None:
    before = bytearray((ledger / name).read_bytes())
    before[3 * 32] ^= 1
    with changed(ledger / name, bytes(before)):
        assert problems(ledger) == (Problem(place=name, rule=rule),)


def test_a_flipped_hash_of_an_upper_tile_names_the_tile_below(ledger: Path) -> None:
    before = bytearray((ledger / "tile/1/000.p/2").read_bytes())
    before[40] ^= 1
    with changed(ledger / "tile/1/000.p/2", bytes(before)):
        rule = "hash 1 is not the root of `tile/0/001`"
        assert problems(ledger) == (Problem(place="tile/1/000.p/2", rule=rule),)


# -- leaves dropped, doubled, reordered, added

EDITS: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
    "drop": lambda all_, n: all_[:n] + all_[n + 1 :],
    "double": lambda all_, n: all_[: n + 1] + all_[n:],
    "swap with the next": lambda all_, n: [
        *all_[:n],
        *reversed(all_[n : n + 2]),
        *all_[n + 2 :],
    ],
    "swap with the first": lambda all_, n: [all_[n], *all_[1:n], all_[0], *all_[n + 1 :]],
    "add": lambda all_, n: [*all_[:n], hop(n, "another").leaf, *all_[n:]],
    "replace": lambda all_, n: [*all_[:n], hop(n, "another").leaf, *all_[n + 1 :]],
}


def leaf_of(edited: list[bytes]) -> str:
    pairs = enumerate(zip(edited, leaves(SIZE), strict=False))
    n = next((n for n, (one, other) in pairs if one != other), min(len(edited), SIZE))
    return f"leaf {n}"


@settings(max_examples=40)
@given(
    edit=st.sampled_from(sorted(EDITS)),
    n=st.integers(1, SIZE - 2) | st.sampled_from([255, 256, 257, 511, 512, SIZE - 2]),
)
def test_an_edited_list_of_leaves_is_found_at_the_leaf(ledger: Path, edit: str, n: int) -> None:
    """The forger rewrites the bundles, and leaves the tiles and the checkpoint as they are."""
    edited = EDITS[edit](leaves(SIZE), n)
    parts = edited[:256], edited[256:512], edited[512:]
    names = [tile for tile in tiles_of(SIZE) if tile.level == ENTRIES]
    with forged(ledger, list(zip(names, map(join_entries, parts), strict=True))) as copy:
        found = places(copy)
    assert next(place for place in found if place.startswith("leaf")) == leaf_of(edited)
    assert len(found) <= 4, "a problem for each bundle that differs, and one for its length"


@pytest.mark.parametrize("n", [0, 300, SIZE - 1])
def test_a_leaf_dropped_from_its_bundle_only_is_found(ledger: Path, n: int) -> None:
    part = leaves(SIZE)[n // 256 * 256 : (n // 256 + 1) * 256]
    name = next(one for one in FILES if one.startswith(f"tile/entries/00{n // 256}"))
    del part[n % 256]
    ((_, data),) = bundles_of(0, part)
    with changed(ledger / name, data):
        found = places(ledger)
    assert name in found
    assert f"leaf {n}" in found


@settings(max_examples=15)
@given(edit=st.sampled_from(sorted(EDITS)), n=st.integers(1, SIZE - 2))
def test_a_forger_who_rewrites_everything_still_cannot_sign(
    ledger: Path, edit: str, n: int
) -> None:
    edited = EDITS[edit](leaves(SIZE), n)[:SIZE]
    edge, full = NO_EDGE.grow([leaf_hash(leaf) for leaf in edited])
    tiles = [*bundles_of(0, edited), *full, *edge.partial()]
    if len(edited) < SIZE:
        edited_size = Checkpoint(origin=ORIGIN, size=len(edited), root=edge.root)
        with forged(ledger, tiles, sign_checkpoint(edited_size, MALLORY)) as copy:
            assert "checkpoint" in places(copy)
    with forged(ledger, tiles) as copy:
        assert problems(copy)


MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def test_a_forger_with_a_key_of_her_own_is_found_by_whoever_knows_the_key(ledger: Path) -> None:
    edited = leaves(SIZE, life="second")
    edge, full = NO_EDGE.grow([leaf_hash(leaf) for leaf in edited])
    tiles = [*bundles_of(0, edited), *full, *edge.partial()]
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=SIZE, root=edge.root), MALLORY)
    with forged(ledger, tiles, note, verifier_of(ORIGIN, MALLORY).vkey) as copy:
        shutil.rmtree(copy / "openings")
        assert places(copy) == ["log.vkey", "checkpoint"]
        unknowing = verify_directory(copy)
    assert unknowing.ok
    assert "proves nothing against a forger" in unknowing.checked[0]


@contextmanager
def forged(
    ledger: Path,
    tiles: list[tuple[Tile, bytes]],
    note: bytes | None = None,
    vkey: str | None = None,
) -> Iterator[Path]:
    """Copy a ledger and overwrite tiles, and what else is given."""
    copy = ledger.parent / "forged"
    shutil.copytree(ledger, copy)
    try:
        for tile, data in tiles:
            path = copy / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if note is not None:
            (copy / "checkpoint").write_bytes(note)
        if vkey is not None:
            (copy / "log.vkey").write_text(f"{vkey}\n")
        yield copy
    finally:
        shutil.rmtree(copy)


# -- files cut, missing, stray


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", ["nothing", "half", "all but a byte", "a byte more"])
def test_a_cut_file_is_found(ledger: Path, name: str, keep: str) -> None:
    before = (ledger / name).read_bytes()
    lengths = {"nothing": 0, "half": len(before) // 2, "all but a byte": len(before) - 1}
    data = before[: lengths[keep]] if keep in lengths else before + b"\x00"
    with changed(ledger / name, data):
        assert name in places(ledger)


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("openings")])
def test_a_missing_file_is_found(ledger: Path, name: str) -> None:
    with without(ledger / name):
        assert places(ledger) == [name]


def test_a_bundle_and_its_tile_both_missing_end_the_check_there(ledger: Path) -> None:
    with without(ledger / "tile/0/001"), without(ledger / "tile/entries/001"):
        assert places(ledger) == ["tile/entries/001", "tile/0/001", "leaf 256"]


def test_openings_that_are_missing_are_counted(ledger: Path) -> None:
    with without(ledger / "openings/001"):
        report = verify_directory(ledger, VKEY)
    assert report.ok
    assert "17 openings fit their leaves" in report.checked


STRAYS = [
    "notes.txt",
    "checkpoint.old",
    "tile/0/003",
    "tile/0/002",
    "tile/0/002.p/89",
    "tile/0/000.p/256",
    "tile/0/0000",
    "tile/2/000.p/1",
    "tile/entries/002.p/89",
    "tile/entries/003.p/1",
    "tile/data/000",
    "openings/003",
    "openings/000.p/1",
    "openings/x000/000",
    "tile/0/000 \u2028\n",
]


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_file_is_found(ledger: Path, name: str) -> None:
    path = ledger / name
    new = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"stray")
    try:
        (problem,) = problems(ledger)
    finally:
        path.unlink()
        for parent in new:
            parent.rmdir()
    assert "stray" in problem.rule
    assert problem.place == name.encode("unicode_escape").decode()
    assert problem.place.isprintable()


def test_a_link_is_not_followed(ledger: Path, tmp_path: Path) -> None:
    outside = tmp_path / "tile"
    shutil.move(ledger / "tile/0/001", outside)
    os.symlink(outside, ledger / "tile/0/001")
    try:
        assert "tile/0/001" in places(ledger)
    finally:
        (ledger / "tile/0/001").unlink()
        shutil.move(outside, ledger / "tile/0/001")


def test_a_pipe_does_not_hang_it(ledger: Path) -> None:
    os.mkfifo(ledger / "pipe")
    try:
        assert places(ledger) == ["pipe"]
    finally:
        (ledger / "pipe").unlink()


def test_a_checkpoint_of_a_billion_leaves_does_not_hang_it(ledger: Path) -> None:
    huge = Checkpoint(origin=ORIGIN, size=2**62, root=bytes(32))
    with changed(ledger / "checkpoint", sign_checkpoint(huge, KEY)):
        assert 0 < len(places(ledger)) <= MAX_PROBLEMS


def test_an_empty_directory_is_no_ledger(tmp_path: Path) -> None:
    assert verify_directory(tmp_path) == Report(
        ok=False,
        size=0,
        root=None,
        checked=(),
        problems=(
            Problem(place="log.vkey", rule="vkey: missing, or not one line"),
            Problem(place="checkpoint", rule="is missing"),
        ),
    )


async def test_a_narrower_tile_of_an_older_checkpoint_is_checked_too(tmp_path: Path) -> None:
    directory = await build(tmp_path, 10, 20, 230, 100)
    assert problems(directory) == ()
    names = [str(path.relative_to(directory)) for path in directory.rglob("*.p/4")]
    assert sorted(names) == ["tile/0/001.p/4", "tile/entries/001.p/4"]
    for name in names:
        data = bytearray((directory / name).read_bytes())
        data[9] ^= 1
        with changed(directory / name, bytes(data)):
            assert places(directory) == [name]


# -- a directory in use


async def test_a_ledger_in_use_may_be_ahead_of_its_checkpoint(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300, 400)
    older = await build(tmp_path / "older", 300)
    shutil.copy(older / "checkpoint", directory / "checkpoint")
    report = verify_directory(directory, VKEY)
    assert report.ok, report.problems
    assert any("wait for a checkpoint" in sentence for sentence in report.checked)

    shutil.rmtree(directory / "sequencer")  # in an auditor's copy they have no business
    assert "tile/0/002.p/188" in places(directory)


async def test_every_byte_of_the_sequencers_own_files_counts(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    never_below(directory, (directory / "checkpoint").read_bytes())
    assert problems(directory) == ()
    for name in ("sequencer/state", "sequencer/floor"):
        before = (directory / name).read_bytes()
        for at in range(0, len(before), 5):
            data = before[:at] + bytes([before[at] ^ 2]) + before[at + 1 :]
            with changed(directory / name, data):
                assert places(directory) == [name]
    with changed(directory / "sequencer/lock", b"x"):
        assert places(directory) == ["sequencer/lock"]
    (directory / "sequencer/other").touch()
    assert places(directory) == ["sequencer/other"]


async def test_a_state_or_binding_of_another_tree_is_found(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    older = await build(tmp_path / "older", 10)
    with changed(directory / "sequencer/state", (older / "sequencer/state").read_bytes()):
        assert places(directory) == ["sequencer/state"]
    for size in (200, 301):
        other = sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=bytes(32)), KEY)
        (directory / "sequencer/floor").write_bytes(other)
        assert places(directory) == ["sequencer/floor"]


# -- openings


def test_an_opening_of_another_leaf_is_found(ledger: Path) -> None:
    openings = cbor2.loads((ledger / "openings/001").read_bytes())
    first, second = sorted(openings)[:2]
    openings[first], openings[second] = openings[second], openings[first]
    with changed(ledger / "openings/001", cbor2.dumps(openings, canonical=True)):
        rule = "its opening is of another leaf"
        assert problems(ledger) == tuple(
            Problem(place=f"leaf {leaf}", rule=rule) for leaf in (first, second)
        )


@pytest.mark.parametrize(
    ("key", "value"), [(600, b""), (0, b""), (-1, b""), ("256", b""), (261, "text"), (261, b"x")]
)
def test_an_opening_where_none_belongs_is_found(ledger: Path, key: object, value: object) -> None:
    openings = {**cbor2.loads((ledger / "openings/001").read_bytes()), key: value}
    with changed(ledger / "openings/001", cbor2.dumps(openings, canonical=True)):
        (problem,) = problems(ledger)
    assert problem.place in ("openings/001", "leaf 261")


def test_openings_that_are_no_map_are_found(ledger: Path) -> None:
    for data in (b"", b"\xff", cbor2.dumps([1]), cbor2.dumps({1: b""}) + b"\x00"):
        with changed(ledger / "openings/000", data):
            assert "openings/000" in places(ledger)
