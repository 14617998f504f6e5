"""What a recipient remembers: how far it read, which IVs it met, which deliveries it knows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

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
        try:
            self._write(delivery_id, places)
        except sqlite3.OperationalError:
            raise TryLater("the agency's own disk cannot be written now") from None

    def _write(self, delivery_id: bytes | None, places: dict[str, bytes]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if delivery_id is not None:
                self._db.execute("INSERT OR IGNORE INTO known VALUES (?)", (delivery_id,))
            self._db.executemany("INSERT OR REPLACE INTO place VALUES (?, ?)", places.items())
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk may have rolled it back already
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
