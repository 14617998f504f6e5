"""What a recipient remembers: how far it read, which IVs and deliveries it met, what to prove."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from broker.inclusion import Unproved
from connectors.contract import TryLater


class Inbox:
    """One small SQLite file in an agency's own folder, committed as one with each settlement."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._db.executescript(
            """
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=FULL;
            PRAGMA secure_delete=ON;
            CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
            CREATE TABLE IF NOT EXISTS known (delivery BLOB PRIMARY KEY) STRICT;
            CREATE TABLE IF NOT EXISTS unproved (
                delivery BLOB PRIMARY KEY,
                envelope_sha256 BLOB NOT NULL,
                opening_key BLOB NOT NULL,
                opened_ms INTEGER NOT NULL
            ) STRICT;
            """
        )

    def place(self, name: str) -> bytes | None:
        """What was remembered under a name."""
        row = self._db.execute("SELECT value FROM place WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def knows(self, delivery_id: bytes) -> bool:
        """Whether this delivery was settled before."""
        row = self._db.execute("SELECT 1 FROM known WHERE delivery = ?", (delivery_id,)).fetchone()
        return row is not None

    def remember(self, *, delivery_id: bytes | None, places: dict[str, bytes]) -> None:
        """Settle a delivery and move the places, as one.

        Raises:
            TryLater: the agency's own disk is full or cannot be written; nothing was remembered.
        """
        with self._writing():
            if delivery_id is not None:
                self._db.execute("INSERT OR IGNORE INTO known VALUES (?)", (delivery_id,))
            self._place(places)

    def expect(self, one: Unproved) -> None:
        """Remember a delivery until it is proved; opened again it keeps its first time.

        Raises:
            TryLater: as `remember`.
        """
        with self._writing():
            self._db.execute(
                "INSERT OR IGNORE INTO unproved VALUES (?, ?, ?, ?)",
                (one.delivery_id, one.envelope_sha256, one.opening_key, one.opened_ms),
            )

    def unproved(self) -> Sequence[Unproved]:
        """What is remembered as not proved yet, the longest waiting first."""
        rows = self._db.execute(
            "SELECT delivery, envelope_sha256, opening_key, opened_ms FROM unproved"
            " ORDER BY opened_ms, delivery"
        )
        return [
            Unproved(
                delivery_id=row[0], envelope_sha256=row[1], opening_key=row[2], opened_ms=row[3]
            )
            for row in rows
        ]

    def proved(self, deliveries: Iterable[bytes], *, places: dict[str, bytes]) -> None:
        """Forget what needs no proof any more and move the places, as one.

        Raises:
            TryLater: as `remember`.
        """
        gone = [(delivery,) for delivery in deliveries]
        with self._writing():
            self._db.executemany("DELETE FROM unproved WHERE delivery = ?", gone)
            self._place(places)
        if gone:  # the write-ahead log would keep the opening keys
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def forget_places(self, *names: str) -> None:
        """Forget what was remembered under these names.

        Raises:
            TryLater: as `remember`.
        """
        with self._writing():
            self._db.executemany("DELETE FROM place WHERE name = ?", [(name,) for name in names])

    def _place(self, places: dict[str, bytes]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO place VALUES (?, ?)", places.items())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have rolled it back already
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError:
            raise TryLater("the agency's own disk cannot be written now") from None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
