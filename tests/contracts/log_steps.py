"""What the log's tests do again and again. They wait for what has to come, and count on nothing
being seen at once."""

from __future__ import annotations

from collections.abc import Iterable

from broker.log import Append, Batch, Log, Member, Record

WAIT_S = 20.0  # for what has to come; a test ends as soon as it does
BRIEF_S = 0.1  # for what must not come


def to(topic: str, *values: bytes, partition: int = 0) -> list[Append]:
    return [Append(topic=topic, partition=partition, value=value) for value in values]


def keyed(topic: str, key: bytes, value: bytes | None) -> Append:
    return Append(topic=topic, partition=0, key=key, value=value)


def values(records: Iterable[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def read_until(
    log: Log, topic: str, last: bytes | None, *, partition: int = 0
) -> list[Record]:
    """Read from the beginning until a record with this value has come."""
    records: list[Record] = []
    while not records or records[-1].value != last:
        offset = records[-1].offset + 1 if records else 0
        more = await log.read(topic, partition, offset, wait_s=WAIT_S)
        assert more, f"{last!r} did not come after {values(records)[-3:]}"
        records.extend(more)
    return records


async def poll(member: Member, *, max_records: int = 500) -> Batch:
    batch = await member.poll(max_records=max_records, wait_s=WAIT_S)
    assert batch is not None
    return batch


async def joined(log: Log, group: str, topic: str) -> Member:
    """Join, with every position started at the beginning."""
    [shape] = [known for known in await log.topics() if known.name == topic]
    for partition in range(shape.partitions):
        await log.start(group, topic, partition, 0)
    return await log.join(group, [topic])
