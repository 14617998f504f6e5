"""The sequencer: the tree is the topic's alone, and nothing smaller or different is ever signed."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker import ledger
from broker.checkpoint import Checkpoint, open_checkpoint, parse_vkey, sign_checkpoint
from broker.ledger import never_below
from broker.ledger_files import LedgerError, LedgerFull, LedgerLocked
from broker.ledger_verify import verify_directory
from broker.log import Append
from broker.merkle import root_of
from schemas.hop import leaf_hash
from tests.broker.ledgers import (
    KEY,
    ORIGIN,
    VKEY,
    build,
    leaves,
    published,
    sequencer,
    size_of,
    topic,
    write,
)


def root(count: int) -> bytes:
    return root_of([leaf_hash(leaf) for leaf in leaves(count)])


def head(directory: Path) -> Checkpoint:
    return open_checkpoint((directory / "checkpoint").read_bytes(), parse_vkey(VKEY))


async def goes_on(path: Path, count: int) -> None:
    """Check that a sequencer takes the ledger up and ends at the true tree of `count` leaves."""
    async with topic(path / "log.db") as log, sequencer(log, path / "ledger") as one:
        await one.step()
        assert one.size == count
    assert head(path / "ledger").root == root(count)
    report = verify_directory(path / "ledger", VKEY)
    assert report.ok, report.problems


async def step(path: Path) -> None:
    """Start a sequencer and step; what it refuses once it refuses for good."""
    async with topic(path / "log.db") as log, sequencer(log, path / "ledger") as one:
        try:
            await one.step()
        except LedgerError:
            with pytest.raises(LedgerError, match="has stopped"):
                await one.step()
            raise


async def refuses(path: Path, match: str) -> None:
    """Check that a sequencer says why it signs nothing, and that it signs nothing."""
    checkpoint = path / "ledger" / "checkpoint"
    before = checkpoint.read_bytes() if checkpoint.exists() else None
    with pytest.raises(LedgerError, match=match):
        await step(path)
    assert before == (checkpoint.read_bytes() if checkpoint.exists() else None)


# -- a function of the topic


async def test_an_empty_ledger_is_published_as_empty(tmp_path: Path) -> None:
    await goes_on(tmp_path, 0)
    assert head(tmp_path / "ledger").root == root(0)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 700])
async def test_the_root_is_that_of_the_records(tmp_path: Path, count: int) -> None:
    directory = await build(tmp_path, count)
    assert head(directory) == Checkpoint(origin=ORIGIN, size=count, root=root(count))


async def test_two_sequencers_make_the_same_bytes_whatever_their_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with topic(tmp_path / "log.db") as log:
        async with sequencer(log, tmp_path / "slow") as slow:
            for count in (1, 254, 1, 1, 300, 43, 700):
                await write(log, leaves(count, slow.size))
                assert await slow.step() == count
        monkeypatch.setattr(ledger, "STEP_LEAVES", 97)
        async with sequencer(log, tmp_path / "fast") as fast:
            assert await fast.step() == 1300
    assert published(tmp_path / "slow") == published(tmp_path / "fast")


async def test_a_step_without_new_hops_changes_no_file(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*") if path.is_file()}
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        assert await one.step() == 0
    after = {path: path.stat().st_mtime_ns for path in directory.rglob("*") if path.is_file()}
    assert before == after


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    done = 0
    for count in (1, 255, 256, 3, 500):
        async with topic(tmp_path / "log.db") as log:
            await write(log, leaves(count, done))
        done += count
        await goes_on(tmp_path, done)


async def test_partial_tiles_of_published_trees_stay_until_they_are_full(tmp_path: Path) -> None:
    """tlog-tiles: whoever still has the older checkpoint must be able to prove with it."""
    directory = await build(tmp_path, 10, 20, 30)
    widths = {path.name for path in (directory / "tile/0/000.p").iterdir()}
    assert widths == {"10", "30", "60"}
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, leaves(200, 60))
        await one.step()
    assert not (directory / "tile/0/000.p").exists()
    assert not (directory / "tile/entries/000.p").exists()
    assert (directory / "tile/0/001.p/4").exists()


async def test_steps_at_the_same_time_take_turns(tmp_path: Path) -> None:
    async with topic(tmp_path / "log.db") as log, sequencer(log, tmp_path / "ledger") as one:
        await write(log, leaves(600))
        assert sorted(await asyncio.gather(*(one.step() for _ in range(4)))) == [0, 0, 0, 600]


async def test_a_cancelled_step_leaves_the_next_one_whole(tmp_path: Path) -> None:
    async with topic(tmp_path / "log.db") as log, sequencer(log, tmp_path / "ledger") as one:
        await write(log, leaves(600))
        cancelled = 0
        for delay_s in (0.0, 0.001, 0.003, 0.01):
            stepping = asyncio.create_task(one.step())
            await asyncio.sleep(delay_s)
            stepping.cancel()
            (outcome,) = await asyncio.gather(stepping, return_exceptions=True)
            cancelled += isinstance(outcome, asyncio.CancelledError)
        assert cancelled > 0
        await one.step()
        assert one.size == 600
    await goes_on(tmp_path, 600)


async def test_a_record_that_is_no_leaf_is_never_published(tmp_path: Path) -> None:
    async with topic(tmp_path / "log.db") as log:
        await write(log, [*leaves(5), b"case NP/2026/000017", *leaves(5, 5)])
    await refuses(tmp_path, "offset 5 of `hops.0` is no leaf")
    assert b"NP/2026" not in b"".join(
        path.read_bytes() for path in (tmp_path / "ledger").rglob("*") if path.is_file()
    )


# -- one writer


async def test_two_sequencers_at_once_are_refused(tmp_path: Path) -> None:
    async with topic(tmp_path / "log.db") as log, sequencer(log, tmp_path / "ledger") as one:
        with pytest.raises(LedgerLocked):
            async with sequencer(log, tmp_path / "ledger"):
                raise AssertionError("two sequencers")
        await one.step()
    await goes_on(tmp_path, 0)


async def test_another_key_or_name_is_refused(tmp_path: Path) -> None:
    directory = await build(tmp_path, 3)
    async with topic(tmp_path / "log.db") as log:
        for changes in ({"key": Ed25519PrivateKey.generate()}, {"origin": "other.example.org"}):
            with pytest.raises(LedgerError, match="not this ledger's key"):
                async with sequencer(log, directory, **changes):
                    raise AssertionError("another ledger's directory")
    await goes_on(tmp_path, 3)


# -- nothing smaller, nothing else


async def test_a_topic_behind_the_state_is_refused(tmp_path: Path) -> None:
    await build(tmp_path, 300)
    (tmp_path / "log.db").unlink()
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(299))
    await refuses(tmp_path, "ends before what was taken")


@pytest.mark.parametrize("more", [0, 1, 300])
async def test_a_topic_that_lost_and_rewrote_hops_is_refused(tmp_path: Path, more: int) -> None:
    await build(tmp_path, 300)
    (tmp_path / "log.db").unlink()
    async with topic(tmp_path / "log.db") as log:
        await write(log, [*leaves(290), *leaves(10 + more, 290, life="second")])
    await refuses(tmp_path, "leaf 299 differs")


async def test_a_topic_without_its_last_integrated_hop_is_refused(tmp_path: Path) -> None:
    """A gap of offsets could hide lost hops: the last one has to stay where it was."""
    await build(tmp_path, 300)
    async with topic(tmp_path / "log.db") as log:
        await log.erase(ledger.TOPIC, 0, range(200, 300))
        await write(log, leaves(10, 300))
    await refuses(tmp_path, "leaf 299 differs")


async def test_a_topic_whose_last_integrated_hop_moved_is_refused(tmp_path: Path) -> None:
    """It would be taken over a second time."""
    await build(tmp_path, 300)
    async with topic(tmp_path / "log.db") as log:
        await log.erase(ledger.TOPIC, 0, [299])
        await write(log, leaves(1, 299))
    await refuses(tmp_path, "leaf 299 differs")


async def test_hops_may_be_deleted_after_integration(tmp_path: Path) -> None:
    await build(tmp_path, 300)
    async with topic(tmp_path / "log.db") as log:
        await log.erase(ledger.TOPIC, 0, range(299))
        await write(log, leaves(10, 300))
    await goes_on(tmp_path, 310)


EDGE = ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"]


@pytest.mark.parametrize("name", EDGE)
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "remove"])
async def test_an_altered_tile_at_the_edge_is_refused(
    tmp_path: Path, name: str, damage: str
) -> None:
    directory = await build(tmp_path, 300)
    data = bytearray((directory / name).read_bytes())
    if damage == "flip":
        data[5] ^= 4
    (directory / name).write_bytes(
        data[:-1] if damage == "cut" else data + b"x" * (damage == "grow")
    )
    if damage == "remove":
        (directory / name).unlink()
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(10, 300))
    await refuses(tmp_path, "tile")


async def test_an_altered_full_tile_under_the_last_leaf_is_refused(tmp_path: Path) -> None:
    directory = await build(tmp_path, 512)
    for name in ("tile/0/001", "tile/entries/001"):
        there = (directory / name).read_bytes()
        (directory / name).write_bytes(there[:40] + b"x" + there[41:])
        await refuses(tmp_path, "tile")
        (directory / name).write_bytes(there)
    await goes_on(tmp_path, 512)


async def test_every_flipped_bit_of_the_state_is_refused(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    state = directory / "sequencer/state"
    note = state.read_bytes()
    async with topic(tmp_path / "log.db") as log:
        for n in range(len(note)):
            state.write_bytes(note[:n] + bytes([note[n] ^ 1]) + note[n + 1 :])
            with pytest.raises(LedgerError, match="sequencer/state"):
                async with sequencer(log, directory):
                    raise AssertionError("an altered state was taken")
    state.write_bytes(note)
    await goes_on(tmp_path, 300)


async def test_the_state_of_another_ledger_is_refused(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    async with topic(tmp_path / "other.db") as log:
        key = Ed25519PrivateKey.generate()
        await write(log, leaves(300))
        async with sequencer(log, tmp_path / "other", key=key) as other:
            await other.step()
    shutil.copy(tmp_path / "other/sequencer/state", directory / "sequencer/state")
    await refuses(tmp_path, "no signature by the expected key")


async def test_a_checkpoint_is_no_state(tmp_path: Path) -> None:
    directory = await build(tmp_path, 300)
    shutil.copy(directory / "checkpoint", directory / "sequencer/state")
    await refuses(tmp_path, "not this ledger's state")


async def test_an_altered_checkpoint_is_not_signed_over(tmp_path: Path) -> None:
    checkpoint = (await build(tmp_path, 300)) / "checkpoint"
    note = checkpoint.read_bytes()
    checkpoint.write_bytes(note.replace(b"\n300\n", b"\n301\n"))
    await refuses(tmp_path, "`checkpoint`: note: the signature is wrong")


@pytest.mark.parametrize("lost", ["checkpoint", "sequencer/state", "sequencer"])
async def test_what_is_lost_is_made_again_from_the_topic(tmp_path: Path, lost: str) -> None:
    path = (await build(tmp_path, 300)) / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(300, 300))
    await goes_on(tmp_path, 600)


async def test_signed_tiles_are_not_overwritten_from_another_topic(tmp_path: Path) -> None:
    """Without its state it starts over, and finds another first hop than the one it signed."""
    directory = await build(tmp_path, 300)
    before = published(directory)
    (directory / "sequencer/state").unlink()
    (tmp_path / "log.db").unlink()
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(900, life="second"))
    await refuses(tmp_path, "is not what the hops topic says")
    assert published(directory) == before


async def test_an_older_state_never_leads_to_a_smaller_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = await build(tmp_path, 200)
    old = (directory / "sequencer/state").read_bytes()
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, leaves(900, 200))
        await one.step()
    (directory / "sequencer/state").write_bytes(old)
    monkeypatch.setattr(ledger, "STEP_LEAVES", 100)
    note = (directory / "checkpoint").stat()
    await goes_on(tmp_path, 1100)
    assert (directory / "checkpoint").stat().st_mtime_ns == note.st_mtime_ns, "signed in between"


async def test_an_older_directory_catches_up_before_it_signs(tmp_path: Path) -> None:
    directory = await build(tmp_path, 200)
    shutil.copytree(directory, tmp_path / "backup")
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, leaves(400, 200))
        await one.step()
    newest = (directory / "checkpoint").read_bytes()
    shutil.rmtree(directory)
    shutil.move(tmp_path / "backup", directory)
    assert never_below(directory, newest).size == 600
    await goes_on(tmp_path, 600)


async def test_a_restored_directory_and_topic_never_sign_another_tree(tmp_path: Path) -> None:
    """The classic fork: both come back from a backup, and life goes on differently."""
    directory = await build(tmp_path, 200)
    shutil.copytree(directory, tmp_path / "backup")
    shutil.copy(tmp_path / "log.db", tmp_path / "backup.db")
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, leaves(100, 200))
        await one.step()
    newest = (directory / "checkpoint").read_bytes()
    shutil.rmtree(directory)
    shutil.move(tmp_path / "backup", directory)
    (tmp_path / "log.db").unlink()
    shutil.move(tmp_path / "backup.db", tmp_path / "log.db")

    never_below(directory, newest)
    await refuses(tmp_path, "300 leaves was signed before, but the hops topic has only 200")
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(500, 200, life="second"))
    await refuses(tmp_path, "300 leaves that was signed before is another")


async def test_the_largest_checkpoint_binds(tmp_path: Path) -> None:
    directory = await build(tmp_path, 200)
    small = (directory / "checkpoint").read_bytes()
    large = sign_checkpoint(Checkpoint(origin=ORIGIN, size=300, root=root(300)), KEY)
    assert never_below(directory, small).size == 200
    assert never_below(directory, large).size == 300
    assert never_below(directory, small).size == 300
    with pytest.raises(LedgerError, match="not this ledger's"):
        never_below(directory, sign_checkpoint(head(directory), Ed25519PrivateKey.generate()))
    async with topic(tmp_path / "log.db") as log:
        await write(log, leaves(100, 200))
    await goes_on(tmp_path, 300)


# -- what a crash may leave behind, and a disk without room


@pytest.mark.parametrize("damage", ["cut", "empty", "remove"])
async def test_damaged_files_of_an_unfinished_step_are_made_again(
    tmp_path: Path, damage: str
) -> None:
    directory = await build(tmp_path, 200)
    before = published(directory)
    checkpoint = (directory / "checkpoint").read_bytes()
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        await write(log, leaves(400, 200))
        await one.step()
    (directory / "checkpoint").write_bytes(checkpoint)  # as if killed before the new one
    for path in sorted(directory.glob("tile/**/*")):
        if not path.is_file() or str(path.relative_to(directory)) in before:
            continue
        there = path.read_bytes()
        path.write_bytes(there[: len(there) // 2 if damage == "cut" else 0])
        if damage == "remove":
            path.unlink()
    if damage == "remove":  # the full tile replaced the partial one that the checkpoint needs
        (directory / "sequencer/state").unlink()
    await goes_on(tmp_path, 600)


async def test_leftovers_of_a_killed_sequencer_are_swept_up(tmp_path: Path) -> None:
    directory = await build(tmp_path, 10)
    (directory / "sequencer/tmp/17").write_bytes(b"half a til")
    assert verify_directory(directory, VKEY).ok
    await goes_on(tmp_path, 10)
    assert list((directory / "sequencer/tmp").iterdir()) == []


class Disk:
    """Watches what was synced, as a power cut would see it: nothing else would still be there."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self._root = root
        self._real = {name: getattr(os, name) for name in ("write", "fsync", "replace", "mkdir")}
        self.unsynced: set[str] = set()  # files with such bytes, directories with such names
        self.named: list[str] = []
        for name in self._real:
            patch.setattr(os, name, getattr(self, name))

    def write(self, fd: int, data: bytes) -> int:
        self.unsynced.add(self._inner(os.readlink(f"/proc/self/fd/{fd}")))
        return int(self._real["write"](fd, data))

    def fsync(self, fd: int) -> None:
        self.unsynced.discard(self._inner(os.readlink(f"/proc/self/fd/{fd}")))
        self._real["fsync"](fd)

    def mkdir(self, path: Path, mode: int = 0o777) -> None:
        self._real["mkdir"](path, mode)
        self.unsynced.add(self._inner(path.parent))

    def replace(self, source: Path, target: Path) -> None:
        name = self._inner(target)
        assert self._inner(source) not in self.unsynced, f"{name}: its bytes are not on the disk"
        if not name.startswith("tile/"):
            assert not self.unsynced, f"{name} relies on what is not on the disk"
        self._real["replace"](source, target)
        self.unsynced.add(self._inner(target.parent))
        self.named.append(name)

    def _inner(self, path: Path | str) -> str:
        return os.path.relpath(path, self._root)


async def test_everything_is_on_the_disk_before_what_relies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes before their names; tiles before the state, the state before the checkpoint."""
    directory = tmp_path / "ledger"
    async with topic(tmp_path / "log.db") as log, sequencer(log, directory) as one:
        for count in (10, 400, 400):
            await write(log, leaves(count, one.size))
            with monkeypatch.context() as patch:
                disk = Disk(directory, patch)
                await one.step()
            assert disk.named[-2:] == ["sequencer/state", "checkpoint"]
            assert not disk.unsynced


CALLS = ("write", "fsync", "replace", "mkdir")


@pytest.mark.parametrize("call", CALLS)
async def test_a_full_disk_stops_it_and_room_lets_it_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Whichever call finds the disk full: nothing new is signed, and the next step is whole."""
    real: Callable[..., Any] = getattr(os, call)
    left = 0

    def full(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "no space left on device")
        return real(*args, **kwargs)

    async with topic(tmp_path / "log.db") as log, sequencer(log, tmp_path / "ledger") as one:
        refusals = 0
        while one.size < 1200:
            await write(log, leaves(300, one.size))
            before = one.size
            for room in range(100):
                left = room
                with monkeypatch.context() as patch:
                    patch.setattr(os, call, full)
                    try:
                        await one.step()
                        break
                    except LedgerFull:
                        refusals += 1
                assert one.size == before
                assert size_of(tmp_path / "ledger") in (before, before + 300)
        assert refusals > 0
    await goes_on(tmp_path, 1200)


async def test_a_disk_that_fails_stops_it_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync nobody knows what is on the disk: only a restart finds out."""

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    async with topic(tmp_path / "log.db") as log, sequencer(log, tmp_path / "ledger") as one:
        await log.append([Append(topic=ledger.TOPIC, partition=0, value=leaves(1)[0])])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", broken)
            with pytest.raises(LedgerError, match="EIO"):
                await one.step()
        with pytest.raises(LedgerError, match="has stopped"):
            await one.step()
    await goes_on(tmp_path, 1)
