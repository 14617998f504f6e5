"""The sequencer is killed at every step it makes on the disk, and at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from broker.ledger import TOPIC, Sequencer
from broker.ledger_verify import verify_directory
from broker.log import Log, Record
from tests.broker.ledgers import KEY, ORIGIN, VKEY, hop, leaves, published, size_of, topic, write

BEFORE, AFTER = 250, 830  # a step that fills partial tiles, starts new ones and reaches level 1
DISK_CALLS = ("write", "replace", "mkdir", "unlink", "rmdir")
RANDOM_KILLS = 25
LIVES_S = 0.15  # a child is killed at a random moment of this


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk: a killed process loses nothing that it has written.

    That everything is on the disk in the right order is tests/broker/test_ledger.py's to show.
    """
    monkeypatch.setattr(os, "fsync", lambda fd: None)


class Hops:
    """A hops topic that cannot fail: here the sequencer is to be killed, not its log."""

    def __init__(self, values: Sequence[bytes]) -> None:
        self._values = values

    async def end(self, name: str, partition: int) -> int:
        assert (name, partition) == (TOPIC, 0)
        return len(self._values)

    async def read(
        self, name: str, partition: int, offset: int, *, max_records: int = 500, wait_s: float = 0
    ) -> tuple[Record, ...]:
        return tuple(
            Record(
                topic=name,
                partition=partition,
                offset=n,
                append_time_ms=0,
                key=None,
                value=self._values[n],
                headers=(),
            )
            for n in range(offset, min(offset + max_records, len(self._values)))
        )


def run(directory: Path, count: int) -> None:
    """Take over `count` hops and publish."""

    async def step() -> None:
        log = cast(Log, Hops(leaves(count)))
        sequencer = Sequencer(log, directory, origin=ORIGIN, signing_key=KEY)
        await sequencer.step()
        sequencer.close()

    asyncio.run(step())


def in_child(work: Callable[[], None]) -> int:
    """Do the work in a process of its own; give the signal that killed it, or 0."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it was, the parent sees that it failed
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def die_at(nth: int) -> None:
    """Let this process be killed in its nth call to the disk: half way through, or just after."""
    calls = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == nth and name == "write":
                real(args[0], args[1][: len(args[1]) // 2])
            elif name != "write" or calls < nth:
                done = real(*args, **kwargs)
                if calls < nth:
                    return done
            return os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, dying)

    for name in DISK_CALLS:
        wrap(name)


def recovers(directory: Path, reference: dict[str, bytes], *, at_least: int, count: int) -> None:
    """Check what was left behind, go on, and compare with a run that was never disturbed."""
    if (directory / "checkpoint").exists():
        report = verify_directory(directory, VKEY)
        assert report.ok, report.problems
    assert size_of(directory) >= at_least
    run(directory, count)
    assert published(directory) == reference
    report = verify_directory(directory, VKEY)
    assert report.ok, report.problems
    assert report.size == count
    assert list((directory / "sequencer/tmp").iterdir()) == []


def test_a_kill_in_any_call_to_the_disk_loses_and_changes_nothing(tmp_path: Path) -> None:
    start, whole = tmp_path / "start", tmp_path / "whole"
    run(start, 10)
    run(start, BEFORE)
    run(whole, AFTER)
    reference = published(whole)
    sizes: list[int] = []
    for nth in range(1, 1000):
        directory = tmp_path / f"killed-{nth}"
        shutil.copytree(start, directory)

        def doomed(directory: Path = directory, nth: int = nth) -> None:
            die_at(nth)
            run(directory, AFTER)

        if not in_child(doomed):
            break
        sizes.append(size_of(directory))
        recovers(directory, reference, at_least=BEFORE, count=AFTER)
        shutil.rmtree(directory)
    assert len(sizes) > 25, "the calls to the disk are not where they were"
    assert sizes == sorted(sizes)
    assert set(sizes) == {BEFORE, AFTER}


def test_a_kill_in_the_first_step_of_a_ledgers_life_is_survived(tmp_path: Path) -> None:
    run(tmp_path / "whole", 300)
    reference = published(tmp_path / "whole")
    for nth in range(1, 1000):
        directory = tmp_path / f"killed-{nth}"

        def doomed(directory: Path = directory, nth: int = nth) -> None:
            die_at(nth)
            run(directory, 300)

        if not in_child(doomed):
            assert nth > 10, "the calls to the disk are not where they were"
            return
        recovers(directory, reference, at_least=0, count=300)
    raise AssertionError("it never got to the end")


def test_what_a_lying_disk_lost_of_an_unfinished_step_is_made_again(tmp_path: Path) -> None:
    """As above, and what no checkpoint covers yet is cut or gone, as after a power cut."""
    start, whole = tmp_path / "start", tmp_path / "whole"
    run(start, BEFORE)
    run(whole, AFTER)
    reference, chance = published(whole), random.Random(3)
    kept = {name for name in published(start)}
    for nth in range(3, 1000, 2):
        directory = tmp_path / f"killed-{nth}"
        shutil.copytree(start, directory)

        def doomed(directory: Path = directory, nth: int = nth) -> None:
            die_at(nth)
            run(directory, AFTER)

        if not in_child(doomed):
            assert nth > 25, "the calls to the disk are not where they were"
            return
        if size_of(directory) == BEFORE:
            for path in directory.glob("tile/**/*"):
                name = str(path.relative_to(directory))
                needed = name in kept or any(one.startswith(f"{name}.p/") for one in kept)
                if path.is_file() and not needed and chance.random() < 0.5:
                    os.truncate(path, chance.randrange(path.stat().st_size))
        recovers(directory, reference, at_least=BEFORE, count=AFTER)
    raise AssertionError("it never got to the end")


async def write_and_sequence(path: Path) -> None:
    """Append and step, on and on, over a real log; hop n is the n-th record, whatever happens."""
    async with topic(path / "log.db") as log:
        done = await log.end(TOPIC, 0)
        sequencer = Sequencer(log, path / "ledger", origin=ORIGIN, signing_key=KEY)
        while True:
            size = done % 90 + 1
            await asyncio.gather(write(log, leaves(size, done)), sequencer.step())
            done += size


def test_kills_at_random_moments_over_a_real_log(tmp_path: Path) -> None:
    chance = random.Random(11)
    size = 0
    for _ in range(RANDOM_KILLS):
        child = os.fork()
        if not child:
            try:
                asyncio.run(write_and_sequence(tmp_path))
            finally:
                os._exit(1)
        time.sleep(0.05 + chance.random() * LIVES_S)
        os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, "the child failed"
        directory = tmp_path / "ledger"
        if size_of(directory):
            report = verify_directory(directory, VKEY)
            assert report.ok, report.problems
            assert report.size >= size, "a smaller tree was published"
            size = report.size
    assert size > RANDOM_KILLS

    async def finish() -> int:
        async with topic(tmp_path / "log.db") as log:
            sequencer = Sequencer(log, tmp_path / "ledger", origin=ORIGIN, signing_key=KEY)
            await sequencer.step()
            sequencer.close()
            return await log.end(TOPIC, 0)

    end = asyncio.run(finish())
    assert verify_directory(tmp_path / "ledger", VKEY).size == end
    run(tmp_path / "whole", end)
    assert published(tmp_path / "ledger") == published(tmp_path / "whole")
    assert hop(end - 1).leaf in (tmp_path / "log.db").read_bytes()
