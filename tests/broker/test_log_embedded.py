"""The embedded log keeps the port's contract; and it commits together, wakes fast and fences."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.log import Append, Fenced, LogError, LogFull, Topic, read_to_end
from broker.log_embedded import EmbeddedLog
from tests.contracts.log_contract import LogContract
from tests.contracts.log_steps import BRIEF_S, WAIT_S, joined, keyed, poll, to, values


class TestEmbeddedLog(LogContract):
    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
        log = await EmbeddedLog.open(tmp_path / "log.db")
        yield log
        await log.close()


class TestEmbeddedLogSeenLate(LogContract):
    """The same while readers see a commit late and superseded records stay."""

    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
        log = await EmbeddedLog.open(tmp_path / "log.db", visibility_delay_s=0.02)
        yield log
        await log.close()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
    log = await EmbeddedLog.open(tmp_path / "log.db")
    await log.create(Topic(name="t"))
    await log.create(Topic(name="out"))
    yield log
    await log.close()


def commits_in(wal: Path) -> int:
    """Count the transactions in a write-ahead log, each of which was one fsync.

    https://www.sqlite.org/fileformat2.html#walformat: a frame is a 24-byte header and a page; its
    bytes 4..8 are not zero in the last frame of a commit.
    """
    data = wal.read_bytes()
    frames = range(32, len(data), 24 + int.from_bytes(data[8:12], "big"))
    return sum(data[frame + 4 : frame + 8] != bytes(4) for frame in frames)


# -- writing together -----------------------------------------------------------------------------


async def test_appends_at_the_same_time_share_few_fsyncs(log: EmbeddedLog, tmp_path: Path) -> None:
    before = commits_in(tmp_path / "log.db-wal")
    offsets = await asyncio.gather(*(log.append(to("t", b"%d" % n)) for n in range(64)))
    assert sorted(offset for (offset,) in offsets) == list(range(64))
    assert 1 <= commits_in(tmp_path / "log.db-wal") - before <= 8


async def test_a_call_that_fails_takes_no_other_of_its_transaction_along(log: EmbeddedLog) -> None:
    await log.append(to("t", b"input"))
    member = await joined(log, "g", "t")
    spent = await poll(member)
    await member.commit(spent, [])
    not_bytes = [*to("out", b"half"), Append(topic="out", partition=0, value=[1])]  # type: ignore[arg-type]
    outcomes = await asyncio.gather(
        *(log.append(to("out", b"before:%d" % n)) for n in range(10)),
        log.append(not_bytes),
        member.commit(spent, to("out", b"fenced")),
        log.erase("out", 0, [0, 2**70]),
        *(log.append(to("out", b"after:%d" % n)) for n in range(10)),
        return_exceptions=True,
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(error) for error in failed] == [LogError, Fenced, OverflowError]
    assert values([record async for record in read_to_end(log, "out", 0)]) == [
        *(b"before:%d" % n for n in range(10)),
        *(b"after:%d" % n for n in range(10)),
    ]


async def test_an_append_too_large_for_the_disk_harms_no_other_and_room_helps(
    tmp_path: Path,
) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", max_pages=200)
    await log.create(Topic(name="t"))
    await log.create(Topic(name="out"))
    await log.append(to("t", bytes(400_000)))
    member = await joined(log, "g", "t")
    batch = await poll(member)
    outcomes = await asyncio.gather(
        log.append(to("out", b"before")),
        log.append(to("out", bytes(200_000), bytes(300_000))),
        member.commit(batch, to("out", b"half", bytes(500_000))),
        log.append(to("out", b"after")),
        return_exceptions=True,
    )
    assert [isinstance(outcome, LogFull) for outcome in outcomes] == [False, True, True, False]
    assert values(await log.read("out", 0, 0)) == [b"before", b"after"]
    assert await member.position("t", 0) == 0
    await log.erase("t", 0, [0])
    await member.commit(batch, to("out", b"whole", bytes(300_000)))
    assert values(await log.read("out", 0, 0)) == [b"before", b"after", b"whole", bytes(300_000)]
    await log.close()


async def test_a_cancelled_append_is_there_whole_or_not_at_all(log: EmbeddedLog) -> None:
    for delay_s in (0, 0, 0.0003, 0.001, 0.003):
        appending = asyncio.create_task(log.append(to("t", b"1", b"2", b"3")))
        await asyncio.sleep(delay_s)
        appending.cancel()
        await asyncio.gather(appending, return_exceptions=True)
    await log.append(to("t", b"end"))
    read = values([record async for record in read_to_end(log, "t", 0)])
    assert read == [b"1", b"2", b"3"] * (len(read) // 3) + [b"end"]


async def test_a_read_during_a_write_sees_only_what_is_committed(log: EmbeddedLog) -> None:
    large = to("t", *(b"x" * 500 for _ in range(4000)))
    writing = asyncio.create_task(log.append(large))
    counts = []
    while not writing.done():
        counts.append(len(await log.read("t", 0, 0, max_records=10_000)))
    counts.append(len(await log.read("t", 0, 0, max_records=10_000)))
    assert len(counts) > 2
    assert set(counts) == {0, 4000}


async def test_closing_finishes_what_was_begun(log: EmbeddedLog, tmp_path: Path) -> None:
    appends = [asyncio.create_task(log.append(to("t", b"%d" % n))) for n in range(50)]
    await asyncio.sleep(0)
    await log.close()
    assert sorted(offset for (offset,) in await asyncio.gather(*appends)) == list(range(50))
    again = await EmbeddedLog.open(tmp_path / "log.db")
    assert len(await again.read("t", 0, 0)) == 50
    await again.close()


async def test_a_close_that_is_cancelled_is_finished_by_the_next(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    await log.append(to("t", b"1"))
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert closing.cancelled()
    await log.close()
    again = await EmbeddedLog.open(tmp_path / "log.db")
    assert values(await again.read("t", 0, 0)) == [b"1"]
    await again.close()


# -- waking ---------------------------------------------------------------------------------------


async def test_readers_and_members_wake_within_milliseconds(log: EmbeddedLog) -> None:
    member = await joined(log, "g", "t")
    late_s = []
    for offset in range(15):
        reading = asyncio.create_task(log.read("t", 0, offset, wait_s=WAIT_S))
        polling = asyncio.create_task(poll(member))
        await asyncio.sleep(0.005)
        await log.append(to("t", b"now"))
        written = time.perf_counter()
        await reading
        await member.commit(await polling, [])
        late_s.append(time.perf_counter() - written)
    assert statistics.median(late_s) < 0.05


async def test_a_delayed_commit_is_seen_late_and_supersedes_nothing(tmp_path: Path) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", visibility_delay_s=BRIEF_S)
    await log.create(Topic(name="newest", compacted=True))
    await log.append([keyed("newest", b"k", b"old"), keyed("newest", b"k", b"new")])
    assert await log.read("newest", 0, 0) == ()
    assert await log.end("newest", 0) == 0
    assert values(await log.read("newest", 0, 0, wait_s=WAIT_S)) == [b"old", b"new"]
    assert await log.end("newest", 0) == 2
    await log.close()


# -- leases ---------------------------------------------------------------------------------------


async def test_a_silent_member_loses_its_partitions_and_its_commit_is_fenced(
    tmp_path: Path,
) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", lease_s=BRIEF_S)
    await log.create(Topic(name="t"))
    await log.append(to("t", b"1"))
    silent = await joined(log, "g", "t")
    stale = await poll(silent)
    other = await log.join("g", ["t"])
    assert values((await poll(other)).records) == [b"1"]
    assert silent.held == frozenset()
    with pytest.raises(Fenced):
        await silent.commit(stale, to("t", b"stale"))
    with pytest.raises(Fenced):
        await silent.poll()
    assert len(await log.read("t", 0, 0)) == 1
    await log.close()


async def test_a_member_that_joined_and_never_polled_is_taken_for_dead(tmp_path: Path) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", lease_s=BRIEF_S)
    await log.create(Topic(name="t"))
    silent = await joined(log, "g", "t")
    await asyncio.sleep(2 * BRIEF_S)
    assert silent.held == frozenset()
    await log.close()


async def test_a_member_that_waits_in_a_poll_is_alive(tmp_path: Path) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", lease_s=BRIEF_S / 3)
    await log.create(Topic(name="t"))
    member = await joined(log, "g", "t")
    assert await member.poll(wait_s=BRIEF_S) is None
    assert member.held == {("t", 0)}
    await log.close()


async def test_a_cancelled_join_leaves_nobody_behind(log: EmbeddedLog) -> None:
    for delay_s in (0, 0, 0.0002, 0.001):
        joining = asyncio.create_task(joined(log, "g", "t"))
        await asyncio.sleep(delay_s)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        if not joining.cancelled():
            await joining.result().leave()
    member = await joined(log, "g", "t")
    assert member.held == {("t", 0)}
