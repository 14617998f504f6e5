"""The laws that every source keeps. Inherit `SourceContract` and say how to reach the system."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Pull, Source, SourceRecord

CANARY = "zanzibar-7c1e"

# What happens to a source in its life, and how often or to what.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 4)),
        st.tuples(st.just("pull"), st.integers(1, 5)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("rewind"), st.integers(0, 30)),
    ),
    max_size=25,
)


def event(number: int) -> bytes:
    """A record as a source hands it over: JSON with sorted keys, no two alike."""
    return b'{"note": "%s", "number": "%d"}' % (CANARY.encode(), number)


class SourceContract:
    """Inherit it in a class whose name starts with `Test`.

    `place` is an empty directory in which the test's own system may live.
    """

    def open_source(self, place: Path) -> Source:
        """A source on the system at `place`, as after a start of the process."""
        raise NotImplementedError

    def add(self, place: Path, events: Sequence[bytes]) -> None:
        """Put events, as `event` makes them, into the system, after all that is there."""
        raise NotImplementedError

    def add_unusable(self, place: Path) -> None:
        """Put something into the system, after all that is there, that cannot be an event."""
        raise NotImplementedError

    async def test_an_empty_system_gives_nothing(self, tmp_path: Path) -> None:
        source = self.open_source(tmp_path)
        assert await source.pull(None, max_records=10) is None
        await source.close()

    async def test_everything_comes_once_and_in_order(self, tmp_path: Path) -> None:
        events = [event(number) for number in range(23)]
        self.add(tmp_path, events)
        assert [r.data for r in await self._rest(tmp_path, None, 7)] == events

    async def test_what_comes_later_is_all_that_follows(self, tmp_path: Path) -> None:
        self.add(tmp_path, [event(0), event(1)])
        source = self.open_source(tmp_path)
        first = await source.pull(None, max_records=10)
        assert first is not None
        assert await source.pull(first.cursor, max_records=10) is None
        self.add(tmp_path, [event(2)])
        second = await source.pull(first.cursor, max_records=10)
        assert second is not None
        assert [r.data for r in second.records] == [event(2)]
        await source.close()

    async def test_every_cursor_gives_exactly_what_follows_it(self, tmp_path: Path) -> None:
        events = [event(number) for number in range(7)]
        self.add(tmp_path, events)
        for size in (1, 2, 3):
            cursor: bytes | None = None
            for at in range(0, len(events), size):
                follows = [r.data for r in await self._rest(tmp_path, cursor, 2)]
                assert follows == events[at:], f"pulls of {size}, cursor after {at}"
                pull = await self._pull(tmp_path, cursor, size)
                assert pull is not None
                cursor = pull.cursor

    async def test_an_unusable_record_is_handed_over_and_does_not_stop_the_source(
        self, tmp_path: Path
    ) -> None:
        self.add(tmp_path, [event(0)])
        self.add_unusable(tmp_path)
        self.add(tmp_path, [event(1)])
        records = await self._rest(tmp_path, None, 1)
        assert len(records) == 3
        assert [records[0].data, records[2].data] == [event(0), event(1)]
        assert records[0].fault is records[2].fault is None
        assert records[1].fault is not None

    async def test_origins_differ_and_hold_no_content(self, tmp_path: Path) -> None:
        self.add(tmp_path, [event(number) for number in range(5)])
        pull = await self._pull(tmp_path, None, 5)
        assert pull is not None
        assert len({record.origin for record in pull.records}) == 5
        assert all(CANARY not in record.origin for record in pull.records)
        assert CANARY.encode() not in pull.cursor

    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
    )
    @given(steps=STEPS)
    def test_law_a_cursor_stands_for_one_point_through_any_life(
        self, steps: list[tuple[str, int]]
    ) -> None:
        with tempfile.TemporaryDirectory() as place:
            asyncio.run(self._live(Path(place), steps))

    async def _live(self, place: Path, steps: list[tuple[str, int]]) -> None:
        events: list[bytes] = []
        known: list[tuple[bytes | None, int]] = [(None, 0)]  # each cursor and where it stands
        cursor, at = known[0]
        source = self.open_source(place)
        for step, amount in steps:
            if step == "add":
                new = [event(len(events) + number) for number in range(amount)]
                self.add(place, new)
                events += new
            elif step == "restart":
                await source.close()
                source = self.open_source(place)
            elif step == "rewind":
                cursor, at = known[amount % len(known)]
            else:
                pull = await source.pull(cursor, max_records=amount)
                found = [r.data for r in pull.records] if pull else []
                assert found == events[at : at + len(found)]
                assert len(found) <= amount
                assert found or at == len(events)
                if pull:
                    cursor, at = pull.cursor, at + len(found)
                    known.append((cursor, at))
        await source.close()

    async def _pull(self, place: Path, cursor: bytes | None, size: int) -> Pull | None:
        """One pull by a source that was started for it alone."""
        source = self.open_source(place)
        try:
            return await source.pull(cursor, max_records=size)
        finally:
            await source.close()

    async def _rest(self, place: Path, cursor: bytes | None, size: int) -> list[SourceRecord]:
        """All that follows a cursor, with a restart before each pull."""
        found: list[SourceRecord] = []
        while (pull := await self._pull(place, cursor, size)) is not None:
            assert 1 <= len(pull.records) <= size
            found += pull.records
            cursor = pull.cursor
        return found
