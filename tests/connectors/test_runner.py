"""The runner's own promises: back-off, stopping, failing, cancellation, silence about content."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from connectors.contract import (
    Accepted,
    Answer,
    ConnectorFailed,
    Delivery,
    Fatal,
    Pull,
    Reject,
    RetryAfter,
    SourceRecord,
    TryLater,
)
from connectors.runner import Pace, run_sink, run_source
from tests.connectors.fakes import Failing, FileFeed, FileOutlet, make_delivery

QUICK = Pace(idle_s=0.01, first_s=0.002, longest_s=0.01)
CANARY = "zanzibar-7c1e"


class ListSource:
    """Gives its records two at a time; its cursor is their count. Faults: `before` each pull."""

    def __init__(self, records: Sequence[SourceRecord], stop: asyncio.Event) -> None:
        self.records, self.stop = records, stop
        self.closed = 0
        self.faults: list[BaseException] = []

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Pull | None:
        if self.faults:
            raise self.faults.pop(0)
        at = int(cursor or b"0")
        found = tuple(self.records[at : at + 2])
        if not found:
            self.stop.set()
            return None
        return Pull(records=found, cursor=b"%d" % (at + len(found)))

    async def close(self) -> None:
        self.closed += 1


class ListSink:
    """Gives its answers in turn, then `Accepted`; keeps what it was asked to write."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.written: list[str] = []
        self.closed = 0

    async def write(self, delivery: Delivery) -> Answer:
        self.written.append(delivery.delivery_id)
        return self.answers.pop(0) if self.answers else Accepted()

    async def close(self) -> None:
        self.closed += 1


class Endless:
    """Never answers; says when it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.closed = 0

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Pull | None:
        await self._never()
        return None

    async def write(self, delivery: Delivery) -> Answer:
        await self._never()
        return Accepted()

    async def _never(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed += 1


def records(count: int) -> list[SourceRecord]:
    return [SourceRecord(origin=f"line {n}", data=b"%d" % n) for n in range(count)]


def ids(*numbers: int) -> list[str]:
    return [make_delivery(number).delivery_id for number in numbers]


# --- sources


async def test_records_arrive_once_and_in_order(tmp_path: Path) -> None:
    stop = asyncio.Event()
    source, feed = ListSource(records(5), stop), FileFeed(tmp_path / "feed")
    await run_source(source, feed, stop, random=Random(1), pace=QUICK)
    assert feed.records == [b"0", b"1", b"2", b"3", b"4"]
    assert source.closed == 1


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_feed_that_fails_loses_and_repeats_nothing(tmp_path: Path, moment: str) -> None:
    """`after`: it was taken, and the runner never hears so."""
    stop = asyncio.Event()
    feed = FileFeed(tmp_path / "feed", **{moment: Failing(3)})
    await run_source(ListSource(records(5), stop), feed, stop, random=Random(1), pace=QUICK)
    assert feed.records == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_source_that_is_away_is_asked_again(tmp_path: Path) -> None:
    stop = asyncio.Event()
    source, feed = ListSource(records(2), stop), FileFeed(tmp_path / "feed")
    source.faults = [TryLater("the folder cannot be read")] * 3
    with capture_logs() as logs:
        await run_source(source, feed, stop, random=Random(1), pace=QUICK)
    assert feed.records == [b"0", b"1"]
    assert [log["failures"] for log in logs] == [1, 2, 3]


async def test_a_source_that_needs_a_person_stops_the_run(tmp_path: Path) -> None:
    stop = asyncio.Event()
    source = ListSource(records(2), stop)
    source.faults = [ConnectorFailed("folder-full", "too many")]
    with pytest.raises(ConnectorFailed):
        await run_source(source, FileFeed(tmp_path / "feed"), stop, random=Random(1), pace=QUICK)
    assert source.closed == 1


async def test_a_fault_that_nobody_declared_ends_the_run(tmp_path: Path) -> None:
    stop = asyncio.Event()
    source = ListSource(records(2), stop)
    source.faults = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await run_source(source, FileFeed(tmp_path / "feed"), stop, random=Random(1), pace=QUICK)
    assert source.closed == 1


async def test_a_refused_record_is_named_by_its_place_and_rule_alone(tmp_path: Path) -> None:
    stop = asyncio.Event()
    bad = SourceRecord(origin="file 3, line 7", data=CANARY.encode(), fault="larger than 9 bytes")
    source = ListSource([records(1)[0], bad], stop)
    with capture_logs() as logs:
        await run_source(source, FileFeed(tmp_path / "feed"), stop, random=Random(1), pace=QUICK)
    [refused] = logs
    assert refused["origin"] == "file 3, line 7"
    assert refused["code"] == "not-decodable"
    assert CANARY not in repr(logs)


# --- sinks


async def sink_run(
    sink: ListSink, path: Path, count: int = 2, pace: Pace = QUICK, **faults: Any
) -> dict[str, str]:
    """Run until nothing is left; what was settled."""
    stop = asyncio.Event()
    outlet = FileOutlet(
        path, [make_delivery(n) for n in range(count)], when_empty=stop.set, **faults
    )
    await run_sink(sink, outlet, stop, random=Random(1), pace=pace)
    return outlet.settled


async def test_deliveries_are_written_and_settled_in_order(tmp_path: Path) -> None:
    sink = ListSink()
    settled = await sink_run(sink, tmp_path / "s", 4)
    assert sink.written == list(settled) == ids(0, 1, 2, 3)
    assert sink.closed == 1


async def test_a_delivery_that_must_wait_is_written_again_before_the_next(tmp_path: Path) -> None:
    sink = ListSink(RetryAfter(code="http-503"), RetryAfter(seconds=0.03, code="http-429"))
    began = time.monotonic()
    settled = await sink_run(sink, tmp_path / "s")
    assert sink.written == ids(0, 0, 0, 1)
    assert list(settled.values()) == ["accepted", "accepted"]
    assert time.monotonic() - began >= 0.03


async def test_a_rejected_delivery_is_settled_as_such_and_the_next_is_written(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        settled = await sink_run(ListSink(Reject(code="http-422")), tmp_path / "s")
    assert list(settled.values()) == ["http-422", "accepted"]
    assert [log["code"] for log in logs] == ["http-422"]


async def test_fatal_stops_the_run_and_settles_nothing(tmp_path: Path) -> None:
    sink = ListSink(Fatal(code="http-401"))
    with pytest.raises(ConnectorFailed) as failed:
        await sink_run(sink, tmp_path / "s")
    assert failed.value.code == "http-401"
    assert FileOutlet(tmp_path / "s", []).settled == {}
    assert (sink.written, sink.closed) == (ids(0), 1)


async def test_settling_that_fails_is_repeated_without_writing_again(tmp_path: Path) -> None:
    sink = ListSink()
    settled = await sink_run(sink, tmp_path / "s", before=Failing(3))
    assert sink.written == list(settled) == ids(0, 1)


async def test_settling_that_nobody_knows_of_is_repeated(tmp_path: Path) -> None:
    sink = ListSink()
    settled = await sink_run(sink, tmp_path / "s", after=Failing(3))
    assert sink.written == list(settled) == ids(0, 1)


async def test_an_outlet_that_is_away_is_asked_again(tmp_path: Path) -> None:
    stop = asyncio.Event()
    fails = Failing(2)

    def away_then_stop() -> None:
        fails()
        stop.set()

    outlet = FileOutlet(tmp_path / "s", [], when_empty=away_then_stop)
    with capture_logs() as logs:
        await run_sink(ListSink(), outlet, stop, random=Random(1), pace=QUICK)
    assert [log["reason"] for log in logs] == ["the node is away"] * 2


async def test_no_content_of_a_delivery_is_logged(tmp_path: Path) -> None:
    stop = asyncio.Event()
    outlet = FileOutlet(
        tmp_path / "s", [make_delivery(1, text=CANARY)], before=Failing(1), when_empty=stop.set
    )
    sink = ListSink(RetryAfter(code="transport"), Reject(code="http-400"))
    with capture_logs() as logs:
        await run_sink(sink, outlet, stop, random=Random(1), pace=QUICK)
    assert len(logs) == 3
    assert CANARY not in repr(logs)


# --- stopping and cancelling


async def test_stopping_ends_a_long_wait_at_once_and_settles_nothing(tmp_path: Path) -> None:
    slow = Pace(idle_s=0.01, first_s=60, longest_s=60)
    stop = asyncio.Event()
    sink = ListSink(RetryAfter(seconds=3600, code="http-503"))
    outlet = FileOutlet(tmp_path / "s", [make_delivery(0)])
    asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(2):
        await run_sink(sink, outlet, stop, random=Random(1), pace=slow)
    assert (outlet.settled, sink.closed) == ({}, 1)


async def test_stopping_ends_an_idle_source_at_once(tmp_path: Path) -> None:
    stop = asyncio.Event()
    source = ListSource([], asyncio.Event())
    asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(2):
        await run_source(
            source, FileFeed(tmp_path / "f"), stop, random=Random(1), pace=Pace(idle_s=60)
        )
    assert source.closed == 1


async def test_a_write_under_way_is_finished_and_settled_when_stopped(tmp_path: Path) -> None:
    stop = asyncio.Event()

    class Slow(ListSink):
        async def write(self, delivery: Delivery) -> Answer:
            stop.set()
            await asyncio.sleep(0.02)
            return await super().write(delivery)

    outlet = FileOutlet(tmp_path / "s", [make_delivery(0), make_delivery(1)])
    await run_sink(Slow(), outlet, stop, random=Random(1), pace=QUICK)
    assert list(outlet.settled) == ids(0)


@pytest.mark.parametrize("way", ["source", "sink"])
async def test_cancelling_in_the_middle_of_a_call_passes_on_and_closes(
    tmp_path: Path, way: str
) -> None:
    endless, stop = Endless(), asyncio.Event()
    if way == "source":
        run = run_source(endless, FileFeed(tmp_path / "f"), stop, random=Random(1), pace=QUICK)
    else:
        outlet = FileOutlet(tmp_path / "s", [make_delivery(0)])
        run = run_sink(endless, outlet, stop, random=Random(1), pace=QUICK)
    task = asyncio.create_task(run)
    await endless.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert endless.closed == 1


async def test_cancelling_in_a_wait_passes_on_even_when_stopped_at_the_same_time(
    tmp_path: Path,
) -> None:
    stop = asyncio.Event()
    sink = ListSink(RetryAfter(seconds=60, code="http-503"))
    outlet = FileOutlet(tmp_path / "s", [make_delivery(0)])
    task = asyncio.create_task(run_sink(sink, outlet, stop, random=Random(1), pace=QUICK))
    await asyncio.sleep(0.05)
    task.cancel()
    stop.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.closed == 1


# --- back-off


@given(
    failures=st.integers(1, 10**6),
    seed=st.integers(0, 2**32),
    asked=st.none() | st.floats(allow_nan=True, allow_infinity=True),
)
def test_law_a_wait_is_never_none_and_never_endless(
    failures: int, seed: int, asked: float | None
) -> None:
    pace = Pace()
    wait = pace.back_off(failures, Random(seed), asked_s=asked)
    assert pace.first_s / 2 <= wait <= (pace.longest_s if asked is None else pace.longest_asked_s)


def test_waits_double_up_to_their_bound_and_differ_between_workers() -> None:
    pace = Pace()
    bounds = [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    for failures, bound in enumerate(bounds, start=1):
        waits = {pace.back_off(failures, Random(seed)) for seed in range(50)}
        assert bound / 2 <= min(waits) < max(waits) <= bound
        assert len(waits) == 50


def test_a_longer_wait_that_was_asked_for_is_kept() -> None:
    assert Pace().back_off(1, Random(1), asked_s=17) == 17
    assert Pace().back_off(1, Random(1), asked_s=10**9) == 3600
