"""The log port on one SQLite file, for a node that is one process.

`log_core` writes, looks up and wakes; `log_groups` knows who holds what; here is the port.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from broker.log import Append, Record, Topic, UnknownTopic
from broker.log_core import LogCore
from broker.log_file import LogFile, as_log_error, backup
from broker.log_groups import Group, GroupMember
from broker.log_tables import Stream

TOMBSTONE_AGE_S: Final = 86_400.0  # the port's day that a reader may fall behind; as on Kafka
LEASE_S: Final = 300.0  # a member not heard of for so long is taken for dead; as on Kafka


def now_ms() -> int:
    """Give the time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class EmbeddedLog:
    """A log in one SQLite file: `broker.log.Log` says what it promises. Made by `open`.

    Beyond the port it has `erase`, `scrub` and `backup`.
    """

    def __init__(self, core: LogCore) -> None:
        self._core = core
        self._groups: dict[str, Group] = {}
        self._housekeeping = asyncio.Lock()  # a backup is a long read: a scrub has to wait for it

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        lease_s: float = LEASE_S,
        max_pages: int | None = None,
        visibility_delay_s: float = 0.0,
        clock: Callable[[], int] = now_ms,
    ) -> EmbeddedLog:
        """Open the log, or make an empty one.

        Args:
            path: the file, on a local disk; `-wal`, `-shm` and `.lock` stand beside it.
            lease_s: a member that neither polls nor commits for so long loses its partitions.
            max_pages: at most this many pages of 4 KiB; None: as many as the disk takes.
            visibility_delay_s: for tests. Readers see a commit this much later, and superseded
                records stay: as on Kafka, where both happen.
            clock: gives append times, Unix milliseconds.

        Raises:
            LogLocked: it is open already, here or in another process.
            LogCorrupt: the file is not a log, is damaged or comes from a newer version.
            LogError: it cannot be opened or made.

        """
        file = await asyncio.to_thread(LogFile, path, max_pages=max_pages)
        try:
            with as_log_error():
                core = LogCore(
                    path,
                    file,
                    lease_s=lease_s,
                    visibility_delay_s=visibility_delay_s,
                    clock=clock,
                )
        except BaseException:
            file.close()
            raise
        return cls(core)

    async def create(self, topic: Topic) -> None:
        """See `Log.create`."""
        core = self._core
        core.check_open()

        def done(streams: Iterable[Stream]) -> None:
            core.topics[topic.name] = topic
            for stream in streams:
                core.streams[stream.place] = stream
                core.ends[stream.place] = 0

        if core.topics.get(topic.name) != topic:
            await core.writer.submit(lambda: core.tables.create(topic), done=done)

    async def topics(self) -> tuple[Topic, ...]:
        """See `Log.topics`."""
        self._core.check_open()
        return tuple(topic for _, topic in sorted(self._core.topics.items()))

    async def append(self, appends: Sequence[Append]) -> tuple[int, ...]:
        """See `Log.append`."""
        core = self._core
        rows = core.rows(appends)
        written = await core.writer.submit(lambda: core.write(rows), done=core.committed)
        return written.offsets

    async def read(
        self,
        topic: str,
        partition: int,
        offset: int,
        *,
        max_records: int = 500,
        wait_s: float = 0.0,
    ) -> tuple[Record, ...]:
        """See `Log.read`."""
        core = self._core
        until = asyncio.get_running_loop().time() + wait_s
        stream = core.stream(topic, partition)
        while True:
            core.check_open()
            seen = core.ends[stream.place]
            if records := await core.search(stream, offset, max_records):
                return records
            core.check_open()
            if core.ends[stream.place] == seen and not await core.bell.wait([stream.place], until):
                return ()

    async def end(self, topic: str, partition: int) -> int:
        """See `Log.end`."""
        self._core.check_open()
        return self._core.ends[self._core.stream(topic, partition).place]

    async def start(self, group: str, topic: str, partition: int, offset: int) -> bool:
        """See `Log.start`."""
        core = self._core
        stream = core.stream(topic, partition)

        def done(is_first: bool) -> None:
            if is_first:
                core.positions[group, stream.id] = offset

        return await core.writer.submit(lambda: core.tables.start(group, stream, offset), done=done)

    async def join(self, group: str, topics: Sequence[str]) -> GroupMember:
        """See `Log.join`."""
        core = self._core
        core.check_open()
        for name in topics:
            if name not in core.topics:
                raise UnknownTopic(f"there is no topic `{name}`")
        if group not in self._groups:
            self._groups[group] = Group(core, group)
        wanted = frozenset(stream for stream in core.streams.values() if stream.topic in topics)
        return await self._groups[group].join(wanted)

    async def erase(self, topic: str, partition: int, offsets: Sequence[int]) -> None:
        """Delete records for good; an offset without a record is passed over.

        No reader sees them any more when this returns. Their bytes are gone from every file of
        the log after the next `scrub`.

        Raises:
            UnknownTopic: a topic or partition is not there.
            LogError: as for `append`.

        """
        core = self._core
        stream = core.stream(topic, partition)
        await core.writer.submit(lambda: core.tables.erase(stream, offsets))

    async def scrub(self, *, tombstone_age_s: float = TOMBSTONE_AGE_S) -> None:
        """Remove the bytes of erased and superseded records from the log's files.

        Rewrites, one after the other, the partitions that lost records since the last time, and
        needs room for a second copy of the largest. Drops tombstones older than
        `tombstone_age_s`.

        Raises:
            LogError: it was not done, or only in part; call it again.

        """
        core = self._core
        before_ms = core.clock() - int(tombstone_age_s * 1000)

        def rewrite(stream: Stream) -> Callable[[], None]:
            return lambda: core.tables.rewrite(stream, tombstones_before_ms=before_ms)

        async with self._housekeeping:
            dirty = await core.writer.submit(core.tables.dirty)
            for stream in [known for known in core.streams.values() if known.id in dirty]:
                await core.writer.submit(rewrite(stream))
            await core.writer.submit(core.file.truncate_wal, alone=True)

    async def backup(self, target: Path) -> None:
        """Write all that is committed to a new file, which opens as a log.

        Others go on writing meanwhile; the copy is the state of one moment. Bytes of erased
        records do not come along.

        Raises:
            LogError: the target exists or cannot be written; then it is left as it was.

        """
        self._core.check_open()
        async with self._housekeeping:
            await asyncio.to_thread(backup, self._core.path, target)

    async def close(self) -> None:
        """See `Log.close`."""
        await self._core.close()
