"""Backup and restore of a node: consistent copies, and no ledger that goes back on itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from broker.keys import StoreSecret
from broker.node import Node
from broker.places import Places, make_private

# Rebuilt or of the moment: not part of a backup.
_LEFT_OUT = frozenset({"index.sqlite", "index.sqlite-journal", "address.json", "log.sqlite"})
_LOG_COMPANIONS = ("log.sqlite-wal", "log.sqlite-shm", "log.sqlite.lock")


async def back_up(places: Places, secret: StoreSecret, target: Path) -> int:
    """Copy a node that is not running: log, keys, ledger, parties; give the number of files.

    The key stores stay locked in the copy; their key file is left out unless it lies among them,
    so keep it elsewhere.

    Raises:
        LogLocked: the node is running; stop it first.
    """
    node = Node(places, secret=secret)
    await node.open()  # holds the lock, so nobody writes meanwhile
    try:
        await node.caught_up()
        make_private(target)
        make_private(target / "node")
        await node.log.backup(target / "node" / "log.sqlite")
        copied = 1
        for path in sorted(places.root.rglob("*")):
            inner = path.relative_to(places.root)
            if path.is_dir():
                make_private(target / inner)
            elif inner.name not in _LEFT_OUT and inner.name not in _LOG_COMPANIONS:
                shutil.copy2(path, target / inner)
                copied += 1
        return copied
    finally:
        await node.close()


