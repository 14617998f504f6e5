"""Where things lie: one state directory, a private folder for each party."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The state directory; on one machine every party's folder is in it.

    Folders are 0700, files 0600. A party's private keys are only in its own folder.
    """

    root: Path

    @property
    def node(self) -> Path:
        """The gateway's own folder: log, index, ledger, keys."""
        return self.root / "node"

    @property
    def log(self) -> Path:
        """The embedded log's file."""
        return self.node / "log.sqlite"

    @property
    def index(self) -> Path:
        """The index's file."""
        return self.node / "index.sqlite"

    @property
    def ledger(self) -> Path:
        """What strangers may read: checkpoint, tiles, verification key."""
        return self.node / "ledger"

    @property
    def settings(self) -> Path:
        """The node's name, officers and origin."""
        return self.node / "node.json"

    @property
    def tokens(self) -> Path:
        """SHA-256 of every API token, and whose it is."""
        return self.node / "tokens.json"

    @property
    def address(self) -> Path:
        """Where the running node answers; there only while it runs."""
        return self.node / "address.json"

    def party(self, name: str) -> Path:
        """The folder of an agency, officer, operator or auditor."""
        return self.root / "parties" / name


def make_private(folder: Path) -> Path:
    """Make a folder that only its owner may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, data: bytes) -> None:
    """Replace a file by name, durably: after a crash it is the old one or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: object) -> None:
    """`write_private` of sorted, indented JSON."""
    write_private(path, json.dumps(value, indent=1, sort_keys=True).encode() + b"\n")


def new_token(folder: Path) -> str:
    """A fresh API token, kept in a party's folder."""
    token = secrets.token_urlsafe(32)
    write_private(folder / "token", token.encode())
    return token
