"""Runs one source or one sink: moves records, backs off, stops when told to or when it must."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

import structlog

from connectors.contract import (
    Accepted,
    ConnectorFailed,
    Delivery,
    Fatal,
    Feed,
    Outlet,
    Refused,
    Reject,
    Sink,
    Source,
    TryLater,
)

_log = structlog.get_logger("caseward.connectors")

MAX_RECORDS_PER_PULL = 100  # one transaction each: large enough to be quick, small enough to redo


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the runner waits.

    Args:
        idle_s: between looks at a source that has nothing, and the longest wait on an outlet.
        first_s: upper bound of the first back-off; it doubles with each failure in a row.
        longest_s: upper bound of every later one, so that a repaired system is found soon.
        longest_asked_s: upper bound of a wait that the agency's system asked for: an answer from
            outside must not park a delivery for a week.
    """

    idle_s: float = 1.0
    first_s: float = 0.5
    longest_s: float = 60.0
    longest_asked_s: float = 3600.0

    def back_off(self, failures: int, random: Random, *, asked_s: float | None = None) -> float:
        """Seconds to wait after so many failures in a row (1 or more): half fixed, half random.

        The random half spreads out workers that failed together; the fixed half keeps a wait from
        shrinking to none. A longer wait that was asked for is kept, within its bound.
        """
        bound = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 32))
        wait = bound / 2 + random.random() * bound / 2
        return wait if asked_s is None else min(max(wait, asked_s), self.longest_asked_s)


PACE = Pace()


async def run_source(
    source: Source, feed: Feed, stop: asyncio.Event, *, random: Random, pace: Pace = PACE
) -> None:
    """Move records from `source` to `feed` until `stop` is set; closes the source at the end.

    Each step starts at the feed's own cursor, which the feed keeps in the transaction that takes
    the records: a crash, or a try whose outcome nobody knows, loses and repeats nothing.

    Raises:
        ConnectorFailed: the source cannot go on until a person has acted.
        asyncio.CancelledError: always passed on.
    """
    waits = _Waits(stop, random, pace)
    try:
        while not stop.is_set():
            try:
                moved = await _move(source, feed)
            except TryLater as later:
                await waits.failed(str(later))
                continue
            waits.succeeded()
            if not moved:
                await waits.pause(pace.idle_s)
    finally:
        await source.close()


async def run_sink(
    sink: Sink, outlet: Outlet, stop: asyncio.Event, *, random: Random, pace: Pace = PACE
) -> None:
    """Write what `outlet` hands out into `sink` until `stop` is set; closes the sink at the end.

    One delivery at a time, in order, each settled before the next. When stopped it finishes the
    try under way; a delivery that is still waiting for its next try stays unsettled and comes
    again.

    Raises:
        ConnectorFailed: the sink answered `Fatal`; the delivery is not settled and comes again.
        asyncio.CancelledError: always passed on.
    """
    waits = _Waits(stop, random, pace)
    try:
        while not stop.is_set():
            try:
                delivery = await outlet.next(wait_s=pace.idle_s)
            except TryLater as later:
                await waits.failed(str(later))
                continue
            waits.succeeded()
            if delivery is not None:
                await _deliver(delivery, sink, outlet, _Waits(stop, random, pace))
    finally:
        await sink.close()


async def _move(source: Source, feed: Feed) -> bool:
    """Move one pull; False if the source has nothing now."""
    pull = await source.pull(await feed.cursor(), max_records=MAX_RECORDS_PER_PULL)
    if pull is None:
        return False
    for record, outcome in zip(pull.records, await feed.submit(pull), strict=True):
        if isinstance(outcome, Refused):
            _log.warning(
                "record refused", origin=record.origin, code=outcome.code, rule=outcome.message
            )
    return True


async def _deliver(delivery: Delivery, sink: Sink, outlet: Outlet, waits: _Waits) -> None:
    """Write one delivery until it has an outcome and settle that, or leave it when stopped."""
    while True:
        answer = await sink.write(delivery)
        if isinstance(answer, Accepted | Reject):
            break
        if isinstance(answer, Fatal):
            raise ConnectorFailed(answer.code, f"the sink cannot go on: {answer.code}")
        if await waits.failed(answer.code, asked_s=answer.seconds):
            return
    if isinstance(answer, Reject):
        _log.warning("delivery rejected", delivery=delivery.delivery_id, code=answer.code)
    waits.succeeded()
    await _settle(delivery, answer, outlet, waits)


async def _settle(
    delivery: Delivery, answer: Accepted | Reject, outlet: Outlet, waits: _Waits
) -> None:
    """Settle until it is done, or leave it when stopped."""
    while True:
        try:
            await outlet.settle(delivery, answer)
        except TryLater as later:
            if await waits.failed(str(later)):
                return
        else:
            return


class _Waits:
    """The waits of one loop: counts failures in a row, and ends every wait early on `stop`."""

    def __init__(self, stop: asyncio.Event, random: Random, pace: Pace) -> None:
        self._stop, self._random, self._pace = stop, random, pace
        self._failures = 0

    def succeeded(self) -> None:
        self._failures = 0

    async def failed(self, reason: str, *, asked_s: float | None = None) -> bool:
        """Wait after a failure; True if stopped meanwhile."""
        self._failures += 1
        wait_s = self._pace.back_off(self._failures, self._random, asked_s=asked_s)
        _log.info("waiting", reason=reason, failures=self._failures, wait_s=round(wait_s, 3))
        return await self.pause(wait_s)

    async def pause(self, seconds: float) -> bool:
        """Wait so long; True if stopped meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                return await self._stop.wait()
        except TimeoutError:
            return False
