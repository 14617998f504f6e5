"""The log port: ordered topics, groups with positions, and outputs plus position as one commit.

The port promises only what an SQLite file and a Kafka cluster can both keep, so that whoever is
right on one is right on the other:

- The writer chooses the partition. Within a partition records are read in the order of their
  offsets; between partitions there is no order at all.
- Readers see committed records only, and may see them a little later than the writer does.
- Offsets rise and are never used twice, but they may have holes: the record after offset 7 can be
  offset 12. Go on from `record.offset + 1`, never count.
- In a compacted topic the newest record of every key is always there; older ones of the same key
  may be gone at any time, and so may a tombstone once it is a day old.
- A position that was never started stops the consumer. It never jumps to either end by itself.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

MAX_RECORD_BYTES: Final = 1_048_576  # key + value + headers; Kafka's default for one batch
_TOPIC_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")  # what Kafka takes as a topic's name


class LogError(Exception):
    """Base of the log's errors. Unless a subclass says otherwise, nothing was written."""


class UnknownTopic(LogError):
    """There is no such topic, or it has no such partition."""


class TopicDiffers(LogError):
    """The topic exists with another number of partitions, or with the other clean-up rule."""


class RecordTooLarge(LogError):
    """A record is larger than MAX_RECORD_BYTES. The other appends of the call are not written."""


class MissingPosition(LogError):
    """The group has no position in a partition: somebody has to `start` it knowingly."""


class Fenced(LogError):
    """The partition is no longer this member's, or the batch is spent: drop it and poll again."""


class LogFull(LogError):
    """The disk is full. Nothing was written; the same call may succeed when there is room."""


class LogLocked(LogError):
    """Another process has this log open."""


class LogCorrupt(LogError):
    """The file is not one of our logs, is damaged, or was written by a newer version."""


class LogClosed(LogError):
    """The log is closed: by its owner, or by itself after OutcomeUnknown."""


class OutcomeUnknown(LogError):
    """The write may or may not have happened. Open the log anew; positions tell which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A named set of partitions. `compacted` keeps the newest record of each key, else all stay.

    Raises:
        ValueError: the name is not one that Kafka takes, or there are no partitions.

    """

    name: str
    partitions: int = 1
    compacted: bool = False

    def __post_init__(self) -> None:
        if not _TOPIC_NAME.fullmatch(self.name) or self.name in (".", ".."):
            raise ValueError("a topic's name is 1 to 249 of the characters a-z A-Z 0-9 . _ -")
        if self.partitions < 1:
            raise ValueError(f"topic `{self.name}` needs at least one partition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One record to be written.

    In a compacted topic `key` is needed and `value=None` is a tombstone: the key's record goes.
    Elsewhere a value is needed and the key means nothing to the log.
    """

    topic: str
    partition: int
    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One committed record. `append_time_ms` is the log's clock, Unix milliseconds."""

    topic: str
    partition: int
    offset: int
    append_time_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one partition, lent to one member of `group` until it commits or is fenced.

    `next_offset` is the group's position once the batch is committed.
    """

    group: str
    topic: str
    partition: int
    generation: int
    records: tuple[Record, ...]
    next_offset: int


class Member(Protocol):
    """One consumer of a group; it holds some partitions, and no other member holds those."""

    @property
    def held(self) -> frozenset[tuple[str, int]]:
        """The (topic, partition) pairs this member holds now; another join or leave moves them."""

    async def poll(self, *, max_records: int = 500, wait_s: float = 0.0) -> Batch | None:
        """Give records from the committed position of one held partition, taking turns.

        Until a batch is committed, polling its partition gives the same records again.

        Args:
            max_records: at most this many; fewer where records are large.
            wait_s: how long to wait for a first record; it returns as soon as one is there.

        Returns:
            a batch of at least one record, or None when none came in time.

        Raises:
            MissingPosition: a held partition has no position of this group.
            Fenced: the member left or was taken for dead; join again.

        """

    async def here(self, topic: str, partition: int) -> Batch:
        """Lend a held partition without a record, to commit appends that no record asked for.

        The position stays, and the fence holds: the commit is refused as any other would be.

        Raises:
            MissingPosition: it was never started.
            Fenced: the member does not hold the partition now.

        """

    async def commit(self, batch: Batch, appends: Sequence[Append]) -> None:
        """Write the appends and move the position to `batch.next_offset`: both, or neither.

        A cancelled call may have been committed; the next poll shows it.

        Raises:
            Fenced: any member joined or left since the poll, or the batch was committed before.
            OutcomeUnknown: neither or both; the log closes itself.
            LogError: as for `Log.append`.

        """

    async def position(self, topic: str, partition: int) -> int:
        """Give the group's committed position.

        Raises:
            MissingPosition: it was never started.
            UnknownTopic: no such partition.

        """

    async def leave(self) -> None:
        """Hand the partitions over to the others. Leaving twice does nothing."""


class Log(Protocol):
    """An ordered, durable, committed-only log. Its methods belong to one event loop."""

    async def create(self, topic: Topic) -> None:
        """Make the topic; does nothing when it is there in the same shape.

        Raises:
            TopicDiffers: it is there in another shape.

        """

    async def topics(self) -> tuple[Topic, ...]:
        """Give every topic, by name."""

    async def append(self, appends: Sequence[Append]) -> tuple[int, ...]:
        """Write all of the appends or none, durably, and give their offsets in the same order.

        Raises:
            UnknownTopic: a topic or partition is not there.
            RecordTooLarge: a record exceeds MAX_RECORD_BYTES.
            ValueError: a key is missing in a compacted topic, or a value in another.
            LogFull: no room; retry later.
            OutcomeUnknown: none or all; the log closes itself.

        """

    async def read(
        self,
        topic: str,
        partition: int,
        offset: int,
        *,
        max_records: int = 500,
        wait_s: float = 0.0,
    ) -> tuple[Record, ...]:
        """Give committed records at or past `offset`, in order.

        An empty answer means that no record at or past `offset` could be seen when it was given,
        so reading until the answer is empty reads to the end.

        Args:
            topic: the topic's name.
            partition: from 0.
            offset: from 0; need not exist.
            max_records: at most this many; fewer where records are large.
            wait_s: how long to wait for a first record; it returns as soon as one is there.

        Raises:
            UnknownTopic: a topic or partition is not there.

        """

    async def end(self, topic: str, partition: int) -> int:
        """Give the offset past every record that can be seen; 0 before the first.

        Raises:
            UnknownTopic: a topic or partition is not there.

        """

    async def start(self, group: str, topic: str, partition: int, offset: int) -> bool:
        """Give the group its first position; a position that exists is left as it is.

        Returns:
            whether the position was set by this call.

        Raises:
            UnknownTopic: a topic or partition is not there.

        """

    async def join(self, group: str, topics: Sequence[str]) -> Member:
        """Join the group as a new member and spread the partitions of `topics` anew.

        Raises:
            UnknownTopic: a topic is not there.

        """

    async def close(self) -> None:
        """Finish what was begun and let go of the log. Closing twice does nothing."""


def size_of(append: Append) -> int:
    """Give the bytes that count against MAX_RECORD_BYTES: key, value, header names and values."""
    headers = sum(len(name.encode()) + len(value) for name, value in append.headers)
    return len(append.key or b"") + len(append.value or b"") + headers


def check(append: Append, topic: Topic) -> None:
    """Refuse what no adapter takes, before anything is written.

    Raises:
        UnknownTopic: the topic has no such partition.
        RecordTooLarge: the record exceeds MAX_RECORD_BYTES.
        ValueError: a key is missing in a compacted topic, or a value in another.

    """
    if not 0 <= append.partition < topic.partitions:
        raise UnknownTopic(f"topic `{topic.name}` has no partition {append.partition}")
    if (size := size_of(append)) > MAX_RECORD_BYTES:
        raise RecordTooLarge(
            f"a record for `{topic.name}` is too large (got {size} bytes, at most "
            f"{MAX_RECORD_BYTES})"
        )
    if topic.compacted and append.key is None:
        raise ValueError(f"a record for the compacted topic `{topic.name}` needs a key")
    if not topic.compacted and append.value is None:
        raise ValueError(f"a record for `{topic.name}` needs a value: it is not compacted")


async def read_to_end(
    log: Log, topic: str, partition: int, *, offset: int = 0
) -> AsyncIterator[Record]:
    """Give every committed record from `offset` on, up to the end that is met.

    Raises:
        UnknownTopic: a topic or partition is not there.

    """
    while records := await log.read(topic, partition, offset):
        for record in records:
            yield record
        offset = records[-1].offset + 1
