"""The tables of the embedded log and what is done with them. No threads, no asyncio.

Every partition is a table of its own, keyed by offset: appending goes to the table's right edge,
reading from an offset is one seek, and a table can be rewritten without touching the others.

`secure_delete` alone does not erase: when SQLite moves cells between pages it can leave a copy in
unused space, which a later DELETE does not know of (measured). A freed page is zeroed whole, so a
partition from which something was deleted is copied to fresh pages by `LogTables.rewrite`, and the
write-ahead log is cut to nothing afterwards.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cbor2

from broker.log import Record, Topic, TopicDiffers

MAX_READ_BYTES: Final = 8 * 1_048_576  # what one read may hold in memory beyond its first record

TABLES: Final = (
    "CREATE TABLE topics (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL,"
    " compacted INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE streams (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL,"
    " next INTEGER NOT NULL, dirty INTEGER NOT NULL, UNIQUE (topic, partition))",
    "CREATE TABLE positions (consumers TEXT, stream INTEGER, next INTEGER NOT NULL,"
    " PRIMARY KEY (consumers, stream)) WITHOUT ROWID",
)

Partition = tuple[str, int]  # topic, partition
Row = tuple[int, bytes | None, bytes | None, bytes | None]  # place in the call, key, value, headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One partition as the file knows it; `id` names its table."""

    id: int
    topic: str
    partition: int
    compacted: bool

    @property
    def place(self) -> Partition:
        """The topic and partition."""
        return (self.topic, self.partition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one append wrote: the offsets in the caller's order, and each stream's new end."""

    offsets: tuple[int, ...]
    ends: Mapping[Partition, int]


def headers_to_blob(headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    """Encode a record's headers for their column; none take no room."""
    return cbor2.dumps(headers) if headers else None


def read(
    sql: sqlite3.Connection, stream: Stream, offset: int, *, before: int, max_records: int
) -> tuple[Record, ...]:
    """Give records with `offset` <= theirs < `before`, as many as fit, of one committed state."""
    records: list[Record] = []
    room = MAX_READ_BYTES
    rows = sql.execute(
        f"SELECT offset, time_ms, key, value, headers FROM records_{stream.id}"
        " WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?",
        (offset, before, max_records),
    )
    for at, time_ms, key, value, headers in rows:
        room -= len(key or b"") + len(value or b"") + len(headers or b"")
        if records and room < 0:
            break
        records.append(_record(stream, at, time_ms, key, value, headers))
    rows.close()  # ends the snapshot, else it would hold up the checkpoint
    return tuple(records)


def _record(
    stream: Stream,
    offset: int,
    time_ms: int,
    key: bytes | None,
    value: bytes | None,
    headers: bytes | None,
) -> Record:
    return Record(
        topic=stream.topic,
        partition=stream.partition,
        offset=offset,
        append_time_ms=time_ms,
        key=key,
        value=value,
        headers=() if headers is None else tuple((n, v) for n, v in cbor2.loads(headers)),
    )


class LogTables:
    """The statements that write, for the one writing connection, inside the caller's transaction.

    They raise sqlite3.Error as SQLite gives it: what it means depends on where it happened.

    Args:
        sql: the connection.
        compacting: whether superseded records go at once; a test's log may keep them, as Kafka
            does for a while.

    """

    def __init__(self, sql: sqlite3.Connection, *, compacting: bool) -> None:
        self._sql = sql
        self._compacting = compacting

    def streams(self) -> dict[Stream, int]:
        """Give every partition with its next offset."""
        rows = self._sql.execute(
            "SELECT id, topic, partition, compacted, next FROM streams"
            " JOIN topics ON topics.name = streams.topic ORDER BY id"
        )
        return {
            Stream(id=id_, topic=topic, partition=partition, compacted=bool(compacted)): next_
            for id_, topic, partition, compacted, next_ in rows
        }

    def topics(self) -> tuple[Topic, ...]:
        """Give every topic, by name."""
        rows = self._sql.execute("SELECT name, partitions, compacted FROM topics ORDER BY name")
        return tuple(Topic(name=n, partitions=p, compacted=bool(c)) for n, p, c in rows)

    def positions(self) -> dict[tuple[str, int], int]:
        """Give every group's position by (group, stream id)."""
        rows = self._sql.execute("SELECT consumers, stream, next FROM positions")
        return {(group, stream): next_ for group, stream, next_ in rows}

    def create(self, topic: Topic) -> tuple[Stream, ...]:
        """Make the topic's tables, or nothing when it is there in the same shape.

        Raises:
            TopicDiffers: it is there in another shape.

        """
        there = [known for known in self.topics() if known.name == topic.name]
        if there == [topic]:
            return ()
        if there:
            raise TopicDiffers(
                f"topic `{topic.name}` has {there[0].partitions} partitions, compacted "
                f"{there[0].compacted} (asked for {topic.partitions}, {topic.compacted})"
            )
        self._sql.execute(
            "INSERT INTO topics VALUES (?, ?, ?)", (topic.name, topic.partitions, topic.compacted)
        )
        return tuple(self._create_stream(topic, partition) for partition in range(topic.partitions))

    def _create_stream(self, topic: Topic, partition: int) -> Stream:
        cursor = self._sql.execute(
            "INSERT INTO streams (topic, partition, next, dirty) VALUES (?, ?, 0, 0)",
            (topic.name, partition),
        )
        stream = Stream(
            id=cursor.lastrowid or 0,
            topic=topic.name,
            partition=partition,
            compacted=topic.compacted,
        )
        self._create_table(stream)
        return stream

    def _create_table(self, stream: Stream) -> None:
        self._sql.execute(
            f"CREATE TABLE records_{stream.id} (offset INTEGER PRIMARY KEY,"
            " time_ms INTEGER NOT NULL, key BLOB, value BLOB, headers BLOB)"
        )
        if stream.compacted:
            self._sql.execute(f"CREATE INDEX keys_{stream.id} ON records_{stream.id} (key)")

    def append(self, rows: Mapping[Stream, Sequence[Row]], *, time_ms: int) -> Written:
        """Write the rows at the streams' ends; in compacted ones what they supersede goes."""
        offsets: dict[int, int] = {}
        ends: dict[Partition, int] = {}
        for stream, mine in rows.items():
            (first,) = self._sql.execute(
                "SELECT next FROM streams WHERE id = ?", (stream.id,)
            ).fetchone()
            end = first + len(mine)
            self._sql.execute("UPDATE streams SET next = ? WHERE id = ?", (end, stream.id))
            self._sql.executemany(
                f"INSERT INTO records_{stream.id} VALUES (?, ?, ?, ?, ?)",
                (
                    (offset, time_ms, key, value, headers)
                    for offset, (_, key, value, headers) in enumerate(mine, first)
                ),
            )
            if stream.compacted and self._compacting:
                self._supersede(stream, first, mine)
            offsets.update((row[0], offset) for offset, row in enumerate(mine, first))
            ends[stream.place] = end
        return Written(offsets=tuple(offsets[place] for place in range(len(offsets))), ends=ends)

    def _supersede(self, stream: Stream, first: int, rows: Sequence[Row]) -> None:
        gone = self._sql.executemany(
            f"DELETE FROM records_{stream.id} WHERE key = ? AND offset < ?",
            ((row[1], offset) for offset, row in enumerate(rows, first)),
        ).rowcount
        # a tombstone makes work for a later rewrite: it has to go when it is old enough
        if gone or any(value is None for _, _, value, _ in rows):
            self._mark_dirty(stream)

    def _mark_dirty(self, stream: Stream) -> None:
        self._sql.execute("UPDATE streams SET dirty = 1 WHERE id = ? AND dirty = 0", (stream.id,))

    def start(self, group: str, stream: Stream, offset: int) -> bool:
        """Give the group its first position; say whether it had none."""
        cursor = self._sql.execute(
            "INSERT OR IGNORE INTO positions VALUES (?, ?, ?)", (group, stream.id, offset)
        )
        return cursor.rowcount == 1

    def advance(self, group: str, stream: Stream, *, first: int, to: int) -> bool:
        """Move the group's position past records that begin at `first`; False if it moved before.

        INVARIANT: no record is consumed twice: a position that is past `first` stays.
        """
        cursor = self._sql.execute(
            "UPDATE positions SET next = ? WHERE consumers = ? AND stream = ? AND next <= ?",
            (to, group, stream.id, first),
        )
        return cursor.rowcount == 1

    def erase(self, stream: Stream, offsets: Iterable[int]) -> None:
        """Delete these records; their bytes may linger until `rewrite` and `truncate_wal`."""
        self._sql.executemany(
            f"DELETE FROM records_{stream.id} WHERE offset = ?", ((offset,) for offset in offsets)
        )
        self._mark_dirty(stream)

    def dirty(self) -> frozenset[int]:
        """Give the ids of the streams whose pages may hold bytes of deleted records."""
        return frozenset(id_ for (id_,) in self._sql.execute("SELECT id FROM streams WHERE dirty"))

    def rewrite(self, stream: Stream, *, tombstones_before_ms: int) -> None:
        """Copy what is live to fresh pages and zero the old ones; old tombstones go."""
        table = f"records_{stream.id}"
        self._sql.execute(f"DROP INDEX IF EXISTS keys_{stream.id}")
        self._sql.execute(f"ALTER TABLE {table} RENAME TO old_records")
        self._create_table(stream)
        self._sql.execute(
            f"INSERT INTO {table} SELECT * FROM old_records"
            " WHERE value IS NOT NULL OR time_ms >= ? ORDER BY offset",
            (tombstones_before_ms,),
        )
        self._sql.execute("DROP TABLE old_records")
        self._sql.execute(
            f"UPDATE streams SET dirty = EXISTS (SELECT 1 FROM {table} WHERE value IS NULL)"
            " WHERE id = ?",
            (stream.id,),
        )
