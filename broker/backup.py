"""Backup and restore of a node: consistent copies, and no ledger that goes back on itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from broker.checkpoint import open_checkpoint, read_vkey
from broker.keys import StoreSecret
from broker.ledger import never_below
from broker.ledger_files import CHECKPOINT, VKEY
from broker.node import Node
from broker.places import Places, make_private, write_json

# Rebuilt, of the moment, or copied by the log itself: not copied as files.
_LEFT_OUT = ("index.sqlite", "address.json", "log.sqlite")


async def back_up(places: Places, secret: StoreSecret, target: Path) -> int:
    """Copy a node that is not running: log, keys, ledger, parties; give the number of files.

    The key stores stay locked in the copy. A key file inside the state directory is copied too:
    keep it elsewhere if the copy goes where others can read.

    Raises:
        LogLocked: the node is running; stop it first.
    """
    node = Node(places, secret=secret)
    await node.open()  # holds the lock, so nobody writes meanwhile
    try:
        await node.caught_up()
        make_private(target)
        copied = 1
        for path in sorted(places.root.rglob("*")):
            inner = path.relative_to(places.root)
            if path.is_dir():
                make_private(target / inner)
            elif not inner.name.startswith(_LEFT_OUT):
                shutil.copy2(path, target / inner)
                copied += 1
        await node.log.backup(target / "node" / "log.sqlite")
        return copied
    finally:
        await node.close()


def restore_from(
    source: Path, places: Places, *, checkpoint: bytes | None, new_ledger: bool
) -> int | None:
    """Bring a backup back; give the size below which its ledger will sign nothing, if any.

    A state directory that is there already is moved aside, not deleted. Its checkpoint, and the
    one given, bind the restored ledger: it signs no tree that does not begin with those. Where the
    hops behind them are lost for good, `new_ledger` starts a ledger of another origin and key, and
    the old one stays as it was signed.

    Args:
        source: what `back_up` made.
        places: where the node will live.
        checkpoint: the newest checkpoint that anybody holds, a signed note.
        new_ledger: give up the old ledger's line.

    Raises:
        FileNotFoundError: `source` holds no backup.
        NoteRefused: the checkpoint given is none of the backup's ledger; nothing has changed.
        LedgerError: the checkpoint that was there is not this ledger's.
    """
    if not (source / "node" / "node.json").exists():
        raise FileNotFoundError("there is no backup in this directory")
    if checkpoint is not None:  # before anything is moved: a wrong file must change nothing
        open_checkpoint(checkpoint, read_vkey((Places(source).ledger / VKEY).read_bytes()))
    notes = [] if checkpoint is None else [checkpoint]
    if places.root.exists():
        last = places.ledger / CHECKPOINT
        if last.exists():
            notes.append(last.read_bytes())
        places.root.rename(_aside(places.root))
    shutil.copytree(source, places.root, copy_function=shutil.copy2)
    if new_ledger:
        _start_anew(places)
        return None
    return max((never_below(places.ledger, note).size for note in notes), default=None)


def _aside(root: Path) -> Path:
    number = 1
    while (aside := root.with_name(f"{root.name}.replaced-{number}")).exists():
        number += 1
    return aside


def _start_anew(places: Places) -> None:
    settings = json.loads(places.settings.read_bytes())
    if places.ledger.exists():
        places.ledger.rename(places.node / f"ledger-{settings['ledger']}")
    write_json(places.settings, {**settings, "ledger": settings["ledger"] + 1})
