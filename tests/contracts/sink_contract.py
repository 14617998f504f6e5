"""The laws that every sink keeps. Inherit `SinkContract` and say how to look into the system."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.contract import Accepted, Sink, encode_delivery
from connectors.runner import Pace, run_sink
from tests.connectors.fakes import FileOutlet, make_delivery

QUICK = Pace(idle_s=0.01, first_s=0.01, longest_s=0.02)


class Crash(BaseException):
    """Ends a run as a crash does: nothing handles it."""


def crash() -> None:
    raise Crash


class SinkContract:
    """Inherit it in a class whose name starts with `Test`.

    `place` is an empty directory in which the test's own system may live.
    """

    def open_sink(self, place: Path) -> Sink:
        """A sink on the system at `place`, as after a start of the process."""
        raise NotImplementedError

    def received(self, place: Path) -> list[Any]:
        """The deliveries that the agency's system holds, as JSON values, in any order."""
        raise NotImplementedError

    def tries(self, place: Path) -> Sequence[str] | None:
        """The idempotency key of each try in order; None if the system sees no tries."""
        return None

    async def test_a_delivery_arrives_whole(self, tmp_path: Path) -> None:
        sink = self.open_sink(tmp_path)
        assert await sink.write(make_delivery(1)) == Accepted()
        await sink.close()
        assert self.received(tmp_path) == [json.loads(encode_delivery(make_delivery(1)))]

    async def test_each_delivery_arrives(self, tmp_path: Path) -> None:
        sink = self.open_sink(tmp_path)
        for number in range(5):
            assert await sink.write(make_delivery(number)) == Accepted()
        await sink.close()
        self._holds_once(tmp_path, 5)

    async def test_the_same_delivery_written_twice_leaves_one(self, tmp_path: Path) -> None:
        sink = self.open_sink(tmp_path)
        assert await sink.write(make_delivery(0)) == Accepted()
        assert await sink.write(make_delivery(0)) == Accepted()
        await sink.close()
        self._holds_once(tmp_path, 1)

    async def test_the_same_delivery_written_after_a_restart_leaves_one(
        self, tmp_path: Path
    ) -> None:
        for _ in range(2):
            sink = self.open_sink(tmp_path)
            assert await sink.write(make_delivery(0)) == Accepted()
            await sink.close()
        self._holds_once(tmp_path, 1)

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_a_crash_around_settling_repeats_the_key_and_leaves_one(
        self, tmp_path: Path, moment: str
    ) -> None:
        outbox = tmp_path / "settled"
        place = tmp_path / "system"
        place.mkdir()
        deliveries = [make_delivery(number) for number in range(3)]
        crashes = 0
        for run in range(7):
            stop = asyncio.Event()
            fault = {moment: crash} if run % 2 == 0 else {"after": stop.set}
            outlet = FileOutlet(outbox, deliveries, when_empty=stop.set, **fault)
            try:
                await run_sink(self.open_sink(place), outlet, stop, random=Random(run), pace=QUICK)
            except Crash:
                crashes += 1
        assert crashes >= 2
        assert list(outlet.settled.values()) == ["accepted"] * 3
        self._holds_once(place, 3)
        keys = self.tries(place)
        if keys is not None:
            assert list(dict.fromkeys(keys)) == [d.delivery_id for d in deliveries]
            assert len(keys) == 3 + (crashes if moment == "before" else 0)

    def _holds_once(self, place: Path, count: int) -> None:
        held = sorted(delivery["delivery_id"] for delivery in self.received(place))
        assert held == [make_delivery(number).delivery_id for number in range(count)]
