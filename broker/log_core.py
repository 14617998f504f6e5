"""What the embedded log and its groups stand on: writing, looking up, waiting.

What is committed is known here in memory, so that asking for the end, a position or "anything
new?" touches no disk. Everything runs on the event loop, unless it says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from broker import log_tables
from broker.log import Append, Record, UnknownTopic, check
from broker.log_file import LogFile, as_log_error, connect
from broker.log_tables import LogTables, Partition, Row, Stream, Written, headers_to_blob
from broker.log_writer import LogWriter

_NO_END: Final = 2**63 - 1  # past every offset that SQLite can hold


class Bell:
    """Wakes those who wait for a partition, or for a group by its name."""

    def __init__(self) -> None:
        self._waiting: dict[Partition | str, set[asyncio.Future[bool]]] = {}

    async def wait(self, keys: Sequence[Partition | str], until: float) -> bool:
        """Wait until one of the keys is rung, at most until this time of the loop's clock.

        Whoever looks for something and then calls this without awaiting in between misses nothing.

        Returns:
            whether it was rung.

        """
        loop = asyncio.get_running_loop()
        if until <= loop.time():
            return False
        rung: asyncio.Future[bool] = loop.create_future()
        for key in keys:
            self._waiting.setdefault(key, set()).add(rung)
        late = loop.call_at(until, _answer, rung, False)
        try:
            return await rung
        finally:
            late.cancel()
            for key in keys:
                if waiting := self._waiting.get(key):
                    waiting.discard(rung)

    def ring(self, keys: Iterable[Partition | str]) -> None:
        """Wake all who wait for one of these keys."""
        for key in keys:
            for rung in self._waiting.pop(key, ()):
                _answer(rung, True)

    def ring_all(self) -> None:
        """Wake everybody."""
        self.ring(list(self._waiting))


def _answer(rung: asyncio.Future[bool], answer: bool) -> None:
    if not rung.done():
        rung.set_result(answer)


class LogCore:
    """An open log file with its two threads. `EmbeddedLog` says what the arguments mean."""

    def __init__(
        self,
        path: Path,
        file: LogFile,
        *,
        lease_s: float,
        visibility_delay_s: float,
        clock: Callable[[], int],
    ) -> None:
        self.path = path
        self.file = file
        self.lease_s = lease_s
        self.clock = clock
        self.bell = Bell()
        self.tables = LogTables(file.sql, compacting=not visibility_delay_s)
        self.topics = {topic.name: topic for topic in self.tables.topics()}
        ends = self.tables.streams()
        self.streams = {stream.place: stream for stream in ends}
        self.ends = {stream.place: end for stream, end in ends.items()}
        self.positions = self.tables.positions()  # by group and stream id
        self._delay_s = visibility_delay_s
        self._reading = connect(path)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="log-reader")
        self._shutting: asyncio.Task[None] | None = None
        self.writer = LogWriter(file.sql, asyncio.get_running_loop(), self._refuse_all)

    def check_open(self) -> None:
        """Raise LogClosed once the log takes no more calls."""
        self.writer.check_open()

    def stream(self, topic: str, partition: int) -> Stream:
        """Find a partition.

        Raises:
            UnknownTopic: a topic or partition is not there.

        """
        try:
            return self.streams[topic, partition]
        except KeyError:
            raise UnknownTopic(f"there is no partition {partition} of topic `{topic}`") from None

    def rows(self, appends: Sequence[Append]) -> Mapping[Stream, Sequence[Row]]:
        """Check the appends and sort them by stream; raises as `Log.append` does."""
        rows: dict[Stream, list[Row]] = {}
        for place, append in enumerate(appends):
            topic = self.topics.get(append.topic)
            if topic is None:
                raise UnknownTopic(f"there is no topic `{append.topic}`")
            check(append, topic)
            rows.setdefault(self.streams[append.topic, append.partition], []).append(
                (place, append.key, append.value, headers_to_blob(append.headers))
            )
        return rows

    def write(self, rows: Mapping[Stream, Sequence[Row]]) -> Written:
        """Write checked rows; on the writing thread."""
        return self.tables.append(rows, time_ms=self.clock())

    def committed(self, written: Written) -> None:
        """Show committed records to the readers."""
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._show, written.ends)
        else:
            self._show(written.ends)

    def _show(self, ends: Mapping[Partition, int]) -> None:
        for place, end in ends.items():
            self.ends[place] = max(end, self.ends[place])
        self.bell.ring(ends)

    async def search(self, stream: Stream, offset: int, max_records: int) -> tuple[Record, ...]:
        """Look up records at or past `offset`, on the reading thread.

        It sees at least everything below `ends` as it was when the call began.
        """
        # No upper bound but for tests: the file may be ahead of `ends`, and a key whose old record
        # has gone from it must be found in the new one.
        before = self.ends[stream.place] if self._delay_s else _NO_END

        def search() -> tuple[Record, ...]:
            with as_log_error():
                return log_tables.read(
                    self._reading, stream, offset, before=before, max_records=max_records
                )

        return await asyncio.get_running_loop().run_in_executor(self._reader, search)

    def _refuse_all(self) -> None:
        self.writer.closed = True
        self.bell.ring_all()

    async def close(self) -> None:
        """Take no more calls, finish those that were taken, and let go of the file."""
        self._refuse_all()
        if self._shutting is None:
            self._shutting = asyncio.create_task(asyncio.to_thread(self._shut))
        await asyncio.shield(self._shutting)  # a cancelled close goes on, or the lock would stay

    def _shut(self) -> None:
        self.writer.stop()
        self._reader.shutdown()
        self._reading.close()
        self.file.close()
