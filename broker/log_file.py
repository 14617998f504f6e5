"""The SQLite file under the embedded log: who owns it, whether it is ours, what its errors mean."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from broker.log import LogCorrupt, LogError, LogFull, LogLocked
from broker.log_tables import TABLES

APPLICATION_ID: Final = 0x43574C47  # "CWLG" in the file's header says whose it is
FORMAT: Final = 1
BUSY_S: Final = 5.0  # how long the file's own readers may hold up a write or a checkpoint


def log_error(error: sqlite3.Error) -> LogError:
    """Say in the port's words what SQLite said; before a COMMIT, nothing was written."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return LogFull("the disk is full: nothing was written")
    if code == sqlite3.SQLITE_CORRUPT:
        return LogCorrupt("the file is damaged")
    if code == sqlite3.SQLITE_NOTADB:
        return LogCorrupt("the file is not a log, or its header is damaged")
    name = getattr(error, "sqlite_errorname", "an unnamed error")
    return LogError(f"the file could not be used ({name})")


@contextmanager
def as_log_error() -> Iterator[None]:
    """Turn SQLite's errors into the port's, where nothing was to be committed."""
    try:
        yield
    except sqlite3.Error as error:
        raise log_error(error) from error


class LogFile:
    """The writing connection, and the lock that proves it is the only one.

    Args:
        path: the file; made with mode 0600 when missing.
        max_pages: at most this many pages of 4 KiB, else LogFull; None leaves it to the disk.

    Raises:
        LogLocked: another process, or another object here, has it open.
        LogCorrupt: the file is not ours, is damaged or comes from a newer version.
        LogError: it cannot be opened or made.

    """

    def __init__(self, path: Path, *, max_pages: int | None = None) -> None:
        self._lock = _lock(path)
        try:
            self.sql = _open(path)
            if max_pages is not None:
                self.sql.execute(f"PRAGMA max_page_count = {int(max_pages)}")
        except BaseException:
            os.close(self._lock)
            raise

    def truncate_wal(self) -> None:
        """Bring everything into the main file and cut the write-ahead log to nothing.

        Raises:
            LogError: a reader was in the way for longer than it may.

        """
        with as_log_error():
            (busy, _, _) = self.sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LogError("the write-ahead log could not be cut: a reader is in the way")

    def close(self) -> None:
        """Close the connection, then let go of the lock."""
        try:
            self.sql.close()
        finally:
            os.close(self._lock)


def connect(path: Path) -> sqlite3.Connection:
    """Open one more connection to the file.

    Each is used by one thread at a time, though not always by the one that made it.
    """
    sql = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    sql.execute("PRAGMA cell_size_check = ON")
    return sql


def backup(path: Path, target: Path) -> None:
    """Write the committed state to a new file, made durable; erased bytes do not come along.

    Raises:
        LogError: the target exists, or could not be written; then there is no target.

    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise LogError(f"cannot write a backup to `{target}` ({error.strerror})") from error
    try:
        with as_log_error(), closing(connect(path)) as sql:
            sql.execute("VACUUM INTO ?", (str(target),))
        _sync(target)
        _sync(target.parent)
    except BaseException:
        target.unlink()
        raise


def _lock(path: Path) -> int:
    # Not on the file itself: closing a second descriptor of it would drop SQLite's own locks.
    try:
        lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise LogError(f"cannot open the log `{path}` ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise LogLocked(f"the log `{path}` is open already") from error
    return lock


def _open(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # -wal and -shm take on its mode
        sql = connect(path)
    except OSError as error:
        raise LogError(f"cannot open the log `{path}` ({error.strerror})") from error
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        fresh = _check_header(sql, path)
        (mode,) = sql.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise LogError(f"the log `{path}` cannot have a write-ahead log there (got {mode})")
        sql.execute("PRAGMA synchronous = FULL")
        sql.execute("PRAGMA secure_delete = ON")
        sql.execute("PRAGMA temp_store = MEMORY")  # no records in temporary files elsewhere
        if fresh:
            _create_tables(sql)
    except sqlite3.Error as error:
        sql.close()
        raise _unusable(path, error) from error
    except LogError:
        sql.close()
        raise
    return sql


def _check_header(sql: sqlite3.Connection, path: Path) -> bool:
    """Tell a fresh file from one of ours, before anything is written to it."""
    (owner,) = sql.execute("PRAGMA application_id").fetchone()
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    (tables,) = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if owner == version == tables == 0:
        return True
    if owner != APPLICATION_ID:
        raise LogCorrupt(f"`{path}` is not a Caseward log")
    if version != FORMAT:
        raise LogCorrupt(f"`{path}` has log format {version} (expected {FORMAT})")
    return False


def _create_tables(sql: sqlite3.Connection) -> None:
    sql.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        sql.execute(table)
    sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    sql.execute(f"PRAGMA user_version = {FORMAT}")
    sql.execute("COMMIT")


def _unusable(path: Path, error: sqlite3.Error) -> LogError:
    meaning = log_error(error)
    return type(meaning)(f"the log `{path}`: {meaning}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
