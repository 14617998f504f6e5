"""What every log must keep about groups: positions, leases, fences. See `log_contract`."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from broker.log import (
    MAX_RECORD_BYTES,
    Fenced,
    Log,
    Member,
    MissingPosition,
    RecordTooLarge,
    Topic,
    UnknownTopic,
)
from tests.contracts.log_steps import BRIEF_S, WAIT_S, joined, poll, read_until, to, values


class GroupContract:
    """A part of `LogContract`, which gives `log`."""

    @pytest.fixture
    async def log(self) -> AsyncIterator[Log]:
        """Give an opened, empty log and close it afterwards."""
        raise NotImplementedError
        yield  # noqa: PT022 it shows what an adapter's fixture has to be

    async def test_a_missing_position_stops_the_consumer(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        await log.append([*to("t", b"a"), *to("t", b"b", partition=1)])
        await log.start("g", "t", 0, 0)
        member = await log.join("g", ["t"])
        with pytest.raises(MissingPosition):
            await member.poll(wait_s=WAIT_S)
        with pytest.raises(MissingPosition):
            await member.position("t", 1)
        assert await log.start("g", "t", 1, 0)
        assert {(await poll(member)).records[0].value for _ in range(2)} == {b"a", b"b"}

    async def test_a_position_is_started_once(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        offsets = await log.append(to("t", b"a", b"b", b"c"))
        assert await log.start("g", "t", 0, offsets[1])
        assert not await log.start("g", "t", 0, 0)
        member = await log.join("g", ["t"])
        assert await member.position("t", 0) == offsets[1]
        assert values((await poll(member)).records) == [b"b", b"c"]

    async def test_outputs_and_position_are_committed_as_one(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out", partitions=2))
        await log.append(to("in", b"1", b"2", b"3"))
        member = await joined(log, "g", "in")
        batch = await poll(member, max_records=2)
        assert values(batch.records) == [b"1", b"2"]
        assert (batch.group, batch.topic, batch.partition) == ("g", "in", 0)
        await member.commit(batch, [*to("out", b"one"), *to("out", b"two", partition=1)])
        assert await member.position("in", 0) == batch.next_offset
        assert values(await read_until(log, "out", b"one")) == [b"one"]
        assert values(await read_until(log, "out", b"two", partition=1)) == [b"two"]
        assert values((await poll(member)).records) == [b"3"]

    async def test_a_held_partition_can_be_written_for_without_a_record(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out"))
        await log.append(to("in", b"1"))
        member = await joined(log, "g", "in")
        here = await member.here("in", 0)
        assert here.records == ()
        await member.commit(here, to("out", b"woken"))
        assert values(await read_until(log, "out", b"woken")) == [b"woken"]
        assert values((await poll(member)).records) == [b"1"]

    async def test_who_lost_a_partition_writes_nothing_for_it(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out"))
        member = await joined(log, "g", "in")
        here = await member.here("in", 0)
        await member.leave()
        with pytest.raises(Fenced):
            await member.here("in", 0)
        other = await joined(log, "g", "in")
        with pytest.raises(Fenced):
            await member.commit(here, to("out", b"late"))
        await other.commit(await other.here("in", 0), to("out", b"ours"))
        assert values(await read_until(log, "out", b"ours")) == [b"ours"]

    async def test_what_was_not_committed_is_given_again(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.append(to("in", b"1", b"2"))
        member = await joined(log, "g", "in")
        first, again = await poll(member, max_records=1), await poll(member, max_records=1)
        assert first.records == again.records
        await member.commit(again, [])
        assert values((await poll(member)).records) == [b"2"]

    async def test_a_refused_commit_writes_nothing_and_moves_nothing(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out"))
        await log.append(to("in", b"1"))
        member = await joined(log, "g", "in")
        batch = await poll(member)
        with pytest.raises(RecordTooLarge):
            await member.commit(batch, to("out", b"half", bytes(MAX_RECORD_BYTES + 1)))
        with pytest.raises(UnknownTopic):
            await member.commit(batch, [*to("out", b"half"), *to("nowhere", b"x")])
        assert await member.position("in", 0) == 0
        await member.commit(await poll(member), to("out", b"whole"))
        assert values(await read_until(log, "out", b"whole")) == [b"whole"]

    async def test_a_batch_is_committed_once(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out"))
        await log.append(to("in", b"1"))
        member = await joined(log, "g", "in")
        batch = await poll(member)
        await member.commit(batch, to("out", b"once"))
        with pytest.raises(Fenced):
            await member.commit(batch, to("out", b"twice"))
        await log.append(to("out", b"end"))
        assert values(await read_until(log, "out", b"end")) == [b"once", b"end"]

    async def test_groups_do_not_know_each_other(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.append(to("in", b"1"))
        one, other = await joined(log, "one", "in"), await joined(log, "other", "in")
        await one.commit(await poll(one), [])
        assert values((await poll(other)).records) == [b"1"]
        assert one.held == other.held == {("in", 0)}

    async def test_a_waiting_poll_wakes_as_soon_as_a_record_comes(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=2))
        member = await joined(log, "g", "in")
        assert await member.poll(wait_s=BRIEF_S) is None
        polling = asyncio.create_task(poll(member))
        await asyncio.sleep(BRIEF_S)
        begun = time.monotonic()
        await log.append(to("in", b"now", partition=1))
        assert values((await polling).records) == [b"now"]
        assert time.monotonic() - begun < WAIT_S / 4

    async def test_a_cancelled_poll_loses_nothing(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        member = await joined(log, "g", "in")
        polling = asyncio.create_task(poll(member))
        await asyncio.sleep(BRIEF_S)
        polling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await polling
        await log.append(to("in", b"kept"))
        assert values((await poll(member)).records) == [b"kept"]

    async def test_a_busy_partition_does_not_hold_up_the_others(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=3))
        for partition in range(3):
            await log.append(to("in", *(b"%d" % n for n in range(9)), partition=partition))
            await read_until(log, "in", b"8", partition=partition)
        member = await joined(log, "g", "in")
        served = []
        for _ in range(6):
            batch = await poll(member, max_records=1)
            served.append(batch.partition)
            await member.commit(batch, [])
        assert sorted(served[:3]) == sorted(served[3:]) == [0, 1, 2]

    async def test_members_share_the_partitions_out(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=3))
        everything = {("in", partition) for partition in range(3)}
        one = await joined(log, "g", "in")
        assert one.held == everything
        other = await log.join("g", ["in"])
        await self.settled(log, [one, other])
        assert one.held | other.held == everything
        assert not one.held & other.held
        assert one.held
        assert other.held
        await one.leave()
        await one.leave()
        await self.settled(log, [other])
        assert one.held == frozenset()
        assert other.held == everything

    async def settled(self, log: Log, members: Sequence[Member]) -> None:
        """Let members learn what they hold: some adapters learn it while polling."""
        del log
        await asyncio.gather(*(member.poll(wait_s=BRIEF_S) for member in members))

    async def test_a_late_commit_of_a_former_holder_is_fenced(self, log: Log) -> None:
        await log.create(Topic(name="in"))
        await log.create(Topic(name="out"))
        await log.append(to("in", b"1"))
        former = await joined(log, "g", "in")
        stale = await poll(former)
        await former.leave()
        with pytest.raises(Fenced):
            await former.poll()
        holder = await log.join("g", ["in"])
        batch = await poll(holder)
        assert batch.records == stale.records
        assert batch.generation > stale.generation
        with pytest.raises(Fenced):
            await former.commit(stale, to("out", b"stale"))
        with pytest.raises(Fenced):
            await holder.commit(stale, to("out", b"stale"))
        await holder.commit(batch, to("out", b"held"))
        with pytest.raises(Fenced):
            await former.commit(stale, to("out", b"stale"))
        await log.append(to("out", b"end"))
        assert values(await read_until(log, "out", b"end")) == [b"held", b"end"]

    async def test_partitions_that_move_take_their_records_along(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=2))
        for partition in range(2):
            await log.append(to("in", b"%d" % partition, partition=partition))
        one = await joined(log, "g", "in")
        other = await log.join("g", ["in"])
        batches = await asyncio.gather(poll(one), poll(other))
        assert {batch.records[0].value for batch in batches} == {b"0", b"1"}
        await other.leave()
        left = {(await poll(one, max_records=1)).records[0].value for _ in range(2)}
        assert left == {b"0", b"1"}

    async def test_a_waiting_poll_takes_over_what_another_member_leaves(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=1))
        one = await joined(log, "g", "in")
        other = await log.join("g", ["in"])
        await log.append(to("in", b"1"))
        await self.settled(log, [one, other])
        holder, idle = (one, other) if one.held else (other, one)
        polling = asyncio.create_task(poll(idle))
        await asyncio.sleep(BRIEF_S)
        await holder.leave()
        assert values((await polling).records) == [b"1"]

    async def test_every_input_has_one_output_while_members_come_and_go(self, log: Log) -> None:
        await log.create(Topic(name="in", partitions=3))
        await log.create(Topic(name="out"))
        inputs = [b"%d" % n for n in range(150)]
        for n, value in enumerate(inputs):
            await log.append(to("in", value, partition=n % 3))
        for partition in range(3):
            await log.start("g", "in", partition, 0)
        done: set[bytes | None] = set()

        async def work(seed: int) -> None:
            chance = random.Random(seed)
            while len(done) < len(inputs):
                member = await log.join("g", ["in"])
                for _ in range(chance.randrange(1, 6)):
                    if batch := await member.poll(max_records=4, wait_s=BRIEF_S):
                        await asyncio.sleep(chance.random() * 0.01)
                        outputs = to("out", *(record.value or b"" for record in batch.records))
                        try:
                            await member.commit(batch, outputs)
                        except Fenced:
                            continue
                        done.update(values(batch.records))
                await member.leave()

        await asyncio.wait_for(asyncio.gather(*(work(seed) for seed in range(3))), 60)
        await log.append(to("out", b"end"))
        read = values(await read_until(log, "out", b"end"))[:-1]
        assert Counter(read) == Counter(inputs)
