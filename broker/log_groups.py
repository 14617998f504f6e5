"""Groups of the embedded log: who holds which partition, and the fence that keeps others out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from broker.log import Append, Batch, Fenced, LogClosed, MissingPosition
from broker.log_core import LogCore
from broker.log_tables import Partition, Stream, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lease:
    generation: int
    streams: tuple[Stream, ...]


class Group:
    """The members of one group.

    Partitions change hands on the writing thread, between two transactions.
    INVARIANT: when a new holder first looks at a partition's position, every commit of the old
    holder is either done or will be fenced.
    """

    def __init__(self, core: LogCore, name: str) -> None:
        self.name = name
        self._core = core
        self._generation = 0
        self._members: list[GroupMember] = []
        self._holders: dict[int, tuple[GroupMember, int]] = {}  # for the writing thread only

    async def join(self, streams: frozenset[Stream]) -> GroupMember:
        """Take in a member that reads these streams."""
        member = GroupMember(self._core, self, streams)
        self._members.append(member)
        try:
            await asyncio.shield(self._spread())
        except BaseException:  # cancelled: nobody would ever poll for this member
            self.remove(member)
            raise
        member.run_lease()
        return member

    async def leave(self, member: GroupMember) -> None:
        """Take the member's partitions away and wait until the others have them."""
        if handed_over := self.remove(member):
            await asyncio.shield(handed_over)

    def remove(self, member: GroupMember) -> asyncio.Future[None] | None:
        """Take the member's partitions away: it left, or it is taken for dead.

        Returns:
            what is done when the others have them; None when there is nothing to do.

        """
        member.lease = None
        if member not in self._members:
            return None
        self._members.remove(member)
        with suppress(LogClosed):  # then nobody holds anything
            return self._spread()
        return None

    def holds(self, member: GroupMember, stream: Stream, generation: int) -> bool:
        """Tell whether the stream is this member's since this generation; on the writing thread."""
        return self._holders.get(stream.id) == (member, generation)

    def _spread(self) -> asyncio.Future[None]:
        """Share the streams out among those who want them, one by one in turn."""
        self._generation += 1
        generation = self._generation
        wanted = sorted({s for m in self._members for s in m.streams}, key=lambda s: s.place)
        shares: dict[GroupMember, list[Stream]] = {member: [] for member in self._members}
        holders = {}
        for turn, stream in enumerate(wanted):
            takers = [member for member in self._members if stream in member.streams]
            taker = takers[turn % len(takers)]
            shares[taker].append(stream)
            holders[stream.id] = (taker, generation)

        def fence() -> None:
            self._holders = holders

        def done(_: None) -> None:
            for member, share in shares.items():
                if member in self._members:
                    member.lease = _Lease(generation=generation, streams=tuple(share))
            self._core.bell.ring([self.name])

        return self._core.writer.submit(fence, done=done, alone=True)


class GroupMember:
    """See `broker.log.Member`."""

    def __init__(self, core: LogCore, group: Group, streams: frozenset[Stream]) -> None:
        self.streams = streams
        self.lease: _Lease | None = None  # None: it left, or is taken for dead
        self._core = core
        self._group = group
        self._served = ("", 0)  # the partition whose turn it was last
        self._empty: dict[int, int] = {}  # stream id -> no record between the position and here
        self._at_work = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def held(self) -> frozenset[tuple[str, int]]:
        """See `Member.held`."""
        return (
            frozenset(stream.place for stream in self.lease.streams) if self.lease else frozenset()
        )

    async def poll(self, *, max_records: int = 500, wait_s: float = 0.0) -> Batch | None:
        """See `Member.poll`."""
        until = asyncio.get_running_loop().time() + wait_s
        with self._alive():
            while True:
                self._core.check_open()
                if self.lease is None:
                    raise Fenced(f"this is no member of group `{self._group.name}` any more")
                lease = self.lease
                due = {
                    s.place: s for s in lease.streams if self._from(s) < self._core.ends[s.place]
                }
                if due:
                    if batch := await self._take(due[self._turn(due)], lease, max_records):
                        return batch
                elif not await self._core.bell.wait(
                    (self._group.name, *(stream.place for stream in lease.streams)), until
                ):
                    return None

    def _from(self, stream: Stream) -> int:
        return max(self._position(stream), self._empty.get(stream.id, 0))

    def _position(self, stream: Stream) -> int:
        position = self._core.positions.get((self._group.name, stream.id))
        if position is None:
            raise MissingPosition(
                f"group `{self._group.name}` was never started in partition {stream.partition} "
                f"of `{stream.topic}`"
            )
        return position

    def _turn(self, due: Iterable[Partition]) -> Partition:
        """Choose the next after the one served last, so that none waits behind a busy one."""
        return min(due, key=lambda place: (place <= self._served, place))

    async def _take(self, stream: Stream, lease: _Lease, max_records: int) -> Batch | None:
        end = self._core.ends[stream.place]
        records = await self._core.search(stream, self._from(stream), max_records)
        if not records:
            self._empty[stream.id] = end
            return None
        self._served = stream.place
        return Batch(
            group=self._group.name,
            topic=stream.topic,
            partition=stream.partition,
            generation=lease.generation,
            records=records,
            next_offset=records[-1].offset + 1,
        )

    async def here(self, topic: str, partition: int) -> Batch:
        """See `Member.here`."""
        self._core.check_open()
        stream = self._core.stream(topic, partition)
        if self.lease is None or stream not in self.lease.streams:
            raise Fenced(f"this member of group `{self._group.name}` does not hold the partition")
        return Batch(
            group=self._group.name,
            topic=topic,
            partition=partition,
            generation=self.lease.generation,
            records=(),
            next_offset=self._position(stream),
        )

    async def commit(self, batch: Batch, appends: Sequence[Append]) -> None:
        """See `Member.commit`."""
        rows = self._core.rows(appends)
        stream = self._core.stream(batch.topic, batch.partition)
        first = batch.records[0].offset if batch.records else batch.next_offset

        def run() -> Written:
            group = self._group
            if batch.group != group.name or not group.holds(self, stream, batch.generation):
                raise Fenced(f"the partitions of group `{group.name}` were spread anew")
            tables = self._core.tables
            if not tables.advance(group.name, stream, first=first, to=batch.next_offset):
                raise Fenced(f"group `{group.name}` is past this batch")
            return self._core.write(rows)

        def done(written: Written) -> None:
            self._core.positions[self._group.name, stream.id] = batch.next_offset
            self._core.committed(written)

        with self._alive():
            await self._core.writer.submit(run, done=done)

    async def position(self, topic: str, partition: int) -> int:
        """See `Member.position`."""
        self._core.check_open()
        return self._position(self._core.stream(topic, partition))

    async def leave(self) -> None:
        """See `Member.leave`."""
        await self._group.leave(self)

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Whoever is inside is alive; afterwards the lease runs."""
        self._at_work += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            yield
        finally:
            self._at_work -= 1
            self.run_lease()

    def run_lease(self) -> None:
        """Let the lease run from now, unless a call is under way."""
        if not self._at_work and self.lease is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._core.lease_s, self._group.remove, self)
