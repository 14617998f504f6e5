"""What every log must keep, whatever it stands on. An adapter's tests inherit `LogContract`.

Readers may see a commit a little late, so a test waits for what it expects and never counts on
seeing it at once. Nothing here knows what offsets an adapter gives, only that they rise.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from broker.log import (
    MAX_RECORD_BYTES,
    Append,
    Log,
    LogClosed,
    RecordTooLarge,
    Topic,
    TopicDiffers,
    UnknownTopic,
    read_to_end,
)
from tests.contracts.group_contract import GroupContract
from tests.contracts.log_steps import BRIEF_S, WAIT_S, joined, keyed, read_until, to, values


class LogContract(GroupContract):
    """Inherit it and give `log`: an async fixture of an opened, empty log, closed afterwards."""

    # -- topics ---------------------------------------------------------------------------------

    async def test_a_topic_is_made_once_and_keeps_its_shape(self, log: Log) -> None:
        topic = Topic(name="events.police", partitions=2)
        await log.create(topic)
        await log.append(to("events.police", b"kept"))
        await log.create(topic)
        with pytest.raises(TopicDiffers):
            await log.create(Topic(name="events.police", partitions=3))
        with pytest.raises(TopicDiffers):
            await log.create(Topic(name="events.police", partitions=2, compacted=True))
        await log.create(Topic(name="deliveries", compacted=True))
        assert await log.topics() == (Topic(name="deliveries", compacted=True), topic)
        assert values(await read_until(log, "events.police", b"kept")) == [b"kept"]

    async def test_topics_made_at_the_same_time_are_made_once(self, log: Log) -> None:
        await asyncio.gather(*(log.create(Topic(name="one", partitions=2)) for _ in range(5)))
        assert await log.topics() == (Topic(name="one", partitions=2),)

    async def test_what_is_not_there_is_unknown(self, log: Log) -> None:
        await log.create(Topic(name="there"))
        for topic, partition in (("nowhere", 0), ("there", 1), ("there", -1)):
            with pytest.raises(UnknownTopic):
                await log.append(to(topic, b"x", partition=partition))
            with pytest.raises(UnknownTopic):
                await log.read(topic, partition, 0)
            with pytest.raises(UnknownTopic):
                await log.end(topic, partition)
            with pytest.raises(UnknownTopic):
                await log.start("group", topic, partition, 0)
        with pytest.raises(UnknownTopic):
            await log.join("group", ["there", "nowhere"])

    # -- appending and reading ------------------------------------------------------------------

    async def test_a_record_comes_back_as_it_was_written(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        headers = (("kind", b"a"), ("kind", b"b"), ("empty", b""), ("ü", bytes(range(256))))
        written = [
            Append(topic="t", partition=1, value=b"\x00" * 10, key=b"", headers=headers),
            Append(topic="t", partition=1, value=b"", key=None),
            Append(topic="t", partition=1, value=b"last", key=b"\xff\x00"),
        ]
        before_ms = time.time_ns() // 1_000_000
        offsets = await log.append(written)
        after_ms = time.time_ns() // 1_000_000
        records = await read_until(log, "t", b"last", partition=1)
        assert [(r.key, r.value, r.headers) for r in records] == [
            (a.key, a.value, a.headers) for a in written
        ]
        assert tuple(record.offset for record in records) == offsets
        assert {(record.topic, record.partition) for record in records} == {("t", 1)}
        assert all(before_ms <= record.append_time_ms <= after_ms for record in records)

    async def test_offsets_rise_and_come_in_the_order_of_the_call(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        appends = [Append(topic="t", partition=n % 2, value=str(n).encode()) for n in range(20)]
        offsets = await log.append(appends[:10])
        later = await log.append(appends[10:])
        for partition in (0, 1):
            mine = [*offsets[partition::2], *later[partition::2]]
            assert mine == sorted(set(mine))
            last = str(18 + partition).encode()
            records = await read_until(log, "t", last, partition=partition)
            assert [record.offset for record in records] == mine
            assert values(records) == [str(n).encode() for n in range(partition, 20, 2)]

    async def test_appending_nothing_writes_nothing(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        assert await log.append([]) == ()
        assert await log.read("t", 0, 0, wait_s=BRIEF_S) == ()

    async def test_an_append_is_written_whole_or_not_at_all(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        await log.create(Topic(name="newest", compacted=True))
        size = MAX_RECORD_BYTES + 1
        too_large = Append(topic="t", partition=1, value=bytes(size))
        refused: list[tuple[type[Exception], Append]] = [
            (UnknownTopic, Append(topic="nowhere", partition=0, value=b"x")),
            (UnknownTopic, Append(topic="t", partition=2, value=b"x")),
            (RecordTooLarge, too_large),
            (RecordTooLarge, replace(too_large, value=b"", headers=(("h", bytes(size)),))),
            (ValueError, Append(topic="t", partition=1, value=None)),
            (ValueError, Append(topic="newest", partition=0, value=b"x")),
        ]
        for error, append in refused:
            with pytest.raises(error):
                await log.append([*to("t", b"half"), append])
        await log.append([*to("t", b"whole"), *to("t", b"whole", partition=1)])
        for partition in (0, 1):
            assert values(await read_until(log, "t", b"whole", partition=partition)) == [b"whole"]

    async def test_the_largest_record_fits_and_many_of_them_are_read(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        header = ("size", b"large")
        for n in range(12):
            value = bytes([n]) * (MAX_RECORD_BYTES - len("size") - len(b"large"))
            await log.append([Append(topic="t", partition=0, value=value, headers=(header,))])
        await log.append(to("t", b"end"))
        records = await read_until(log, "t", b"end")
        assert [(value or b"")[:1] for value in values(records)[:-1]] == [
            bytes([n]) for n in range(12)
        ]

    async def test_reading_starts_where_it_is_told_and_takes_no_more_than_asked(
        self, log: Log
    ) -> None:
        await log.create(Topic(name="t"))
        offsets = await log.append(to("t", *(str(n).encode() for n in range(10))))
        await read_until(log, "t", b"9")
        assert values(await log.read("t", 0, offsets[3], max_records=2)) == [b"3", b"4"]
        assert values(await log.read("t", 0, offsets[9])) == [b"9"]
        assert await log.read("t", 0, offsets[9] + 1) == ()
        assert await log.end("t", 0) > offsets[9]

    async def test_an_empty_partition_ends_at_zero_and_reads_as_empty(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        await log.append(to("t", b"elsewhere", partition=1))
        assert await log.end("t", 0) == 0
        assert await log.read("t", 0, 0) == ()

    async def test_reading_to_the_end_gives_everything(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        written = [str(n).encode() for n in range(1200)]
        for begin in range(0, 1200, 100):
            await log.append(to("t", *written[begin : begin + 100]))
        await read_until(log, "t", b"1199")
        assert values([record async for record in read_to_end(log, "t", 0)]) == written

    async def test_a_waiting_reader_wakes_as_soon_as_a_record_comes(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        reading = asyncio.create_task(log.read("t", 0, 0, wait_s=WAIT_S))
        await asyncio.sleep(BRIEF_S)
        assert not reading.done()
        begun = time.monotonic()
        await log.append(to("t", b"now"))
        assert values(await reading) == [b"now"]
        assert time.monotonic() - begun < WAIT_S / 4

    async def test_a_waiting_reader_gives_up_in_time(self, log: Log) -> None:
        await log.create(Topic(name="t", partitions=2))
        begun = time.monotonic()
        reading = asyncio.create_task(log.read("t", 0, 0, wait_s=2 * BRIEF_S))
        await log.append(to("t", b"elsewhere", partition=1))
        assert await reading == ()
        assert 2 * BRIEF_S * 0.9 <= time.monotonic() - begun < WAIT_S / 2

    async def test_appends_at_the_same_time_each_stay_together_and_in_order(self, log: Log) -> None:
        await log.create(Topic(name="t"))

        async def write(writer: int) -> None:
            for turn in range(5):
                await log.append(to("t", *(b"%d:%d:%d" % (writer, turn, n) for n in range(3))))

        await asyncio.gather(*(write(writer) for writer in range(8)))
        await log.append(to("t", b"end"))
        read = [value or b"" for value in values(await read_until(log, "t", b"end"))][:-1]
        assert len(read) == 8 * 5 * 3
        for writer in range(8):
            mine = [value for value in read if value.startswith(b"%d:" % writer)]
            assert mine == [b"%d:%d:%d" % (writer, t, n) for t in range(5) for n in range(3)]
        for begin in range(0, len(read), 3):
            assert {value.rsplit(b":", 1)[0] for value in read[begin : begin + 3]} == {
                read[begin].rsplit(b":", 1)[0]
            }

    # -- compaction -----------------------------------------------------------------------------

    async def test_the_newest_record_of_every_key_is_there(self, log: Log) -> None:
        await log.create(Topic(name="t", compacted=True))
        await log.append([keyed("t", b"%d" % n, b"old") for n in range(5)])
        await log.append([keyed("t", b"0", b"newer"), keyed("t", b"0", b"newest")])
        await log.append([keyed("t", b"1", None), keyed("t", b"2", b""), keyed("t", b"z", b"end")])
        newest = {r.key: r.value for r in await read_until(log, "t", b"end")}
        assert newest == {
            b"0": b"newest",
            b"1": None,
            b"2": b"",
            b"3": b"old",
            b"4": b"old",
            b"z": b"end",
        }

    async def test_a_key_is_never_missing_while_it_is_being_replaced(self, log: Log) -> None:
        await log.create(Topic(name="t", compacted=True))
        await log.append([keyed("t", b"%d" % n, b"first") for n in range(4)])
        await log.append([keyed("t", b"end", b"end")])
        await read_until(log, "t", b"end")
        writing = True

        async def replace() -> None:
            for n in range(200):
                await log.append([keyed("t", b"%d" % (n % 4), b"again")])

        async def look() -> None:
            while writing:
                keys: set[bytes | None] = set()
                offset = 0
                while records := await log.read("t", 0, offset, max_records=3):
                    keys.update(record.key for record in records)
                    offset = records[-1].offset + 1
                assert len(keys) == 5

        looking = [asyncio.create_task(look()) for _ in range(2)]
        await replace()
        writing = False
        await asyncio.gather(*looking)

    # -- closing --------------------------------------------------------------------------------

    async def test_closing_wakes_who_waits_and_refuses_the_rest(self, log: Log) -> None:
        await log.create(Topic(name="t"))
        member = await joined(log, "g", "t")
        waiting = [
            asyncio.create_task(log.read("t", 0, 0, wait_s=WAIT_S)),
            asyncio.create_task(member.poll(wait_s=WAIT_S)),
        ]
        await asyncio.sleep(BRIEF_S)
        await log.close()
        await log.close()
        for task in waiting:
            with pytest.raises(LogClosed):
                await task
        with pytest.raises(LogClosed):
            await log.append(to("t", b"late"))
        with pytest.raises(LogClosed):
            await log.read("t", 0, 0)
        with pytest.raises(LogClosed):
            await member.poll()
        await member.leave()
