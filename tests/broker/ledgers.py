"""Ledgers to look at and to damage: topics of hops, directories, and what should be in them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.checkpoint import unverified_checkpoint, verifier_of
from broker.ledger import TOPIC, Sequencer
from broker.log import Append, Log, Topic
from broker.log_embedded import EmbeddedLog
from broker.tiles import tiles_of
from schemas.hop import AuditorPart, Hop, Step, make_hop

ORIGIN = "gateway.example.org/hops"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = verifier_of(ORIGIN, KEY).vkey


@cache
def hop(n: int, life: str = "first") -> Hop:
    """Give the n-th hop; in another life the same place has another one."""
    key = sha256(f"{life} {n}".encode()).digest()
    part = AuditorPart(
        step=Step.ACCEPTED,
        time_ms=1_790_000_000_000 + n * 1000,
        source=f"events.north-police/0/{n}",
        publisher="north-police",
        case=f"NP/2026/{n:06d}",
    )
    return make_hop(part, recipient_key=key, auditor_key=sha256(key).digest())


def leaves(count: int, first: int = 0, life: str = "first") -> list[bytes]:
    return [hop(n, life).leaf for n in range(first, first + count)]


@asynccontextmanager
async def topic(path: Path) -> AsyncIterator[EmbeddedLog]:
    log = await EmbeddedLog.open(path)
    try:
        await log.create(Topic(name=TOPIC))
        yield log
    finally:
        await log.close()


async def write(log: Log, values: Sequence[bytes]) -> None:
    for start in range(0, len(values), 1000):
        part = values[start : start + 1000]
        await log.append([Append(topic=TOPIC, partition=0, value=value) for value in part])


@asynccontextmanager
async def sequencer(log: Log, directory: Path, **changes: object) -> AsyncIterator[Sequencer]:
    origin = str(changes.get("origin", ORIGIN))
    key = changes.get("key", KEY)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("a key")
    one = Sequencer(log, directory, origin=origin, signing_key=key)
    try:
        yield one
    finally:
        one.close()


async def build(path: Path, *steps: int) -> Path:
    """Make `log.db` and `ledger`, published after each step; give the ledger's directory.

    Tests need the same few over and over, and every step waits for the disk: so each is made once
    for a run of the tests, beside `path`, and copied.
    """
    made = path.parent / f"made-{'-'.join(map(str, steps))}"
    if not made.exists():
        made.mkdir()
        await _make(made, steps)
    shutil.copytree(made, path, dirs_exist_ok=True)
    return path / "ledger"


async def _make(path: Path, steps: Sequence[int]) -> None:
    async with topic(path / "log.db") as log, sequencer(log, path / "ledger") as one:
        for step in steps:
            await write(log, leaves(step, one.size))
            await one.step()


def copy(directory: Path, target: Path) -> Path:
    """Copy a ledger without what is the sequencer's own: as an auditor would get it."""
    shutil.copytree(directory, target, ignore=shutil.ignore_patterns("sequencer"))
    return target


def size_of(directory: Path) -> int:
    """Give how many leaves the published checkpoint states; 0 without one."""
    path = directory / "checkpoint"
    return unverified_checkpoint(path.read_bytes()).size if path.exists() else 0


def published(directory: Path) -> dict[str, bytes]:
    """Give every file that the checkpoint's tree consists of, and the checkpoint."""
    names = [tile.path for tile in tiles_of(size_of(directory))]
    return {name: (directory / name).read_bytes() for name in ["checkpoint", "log.vkey", *names]}
