"""The sequencer: turns the hops topic into a Merkle tree whose head it signs.

Leaf n is the n-th committed record of the topic, so tiles and roots are a pure function of it and
whoever has the topic can make them again. A step goes, each part on the disk before the next:
1 tiles and bundles, 2 the state (size, root, next offset), 3 the signed checkpoint. Killed at any
point, the next start takes up at the state: what it writes twice has the same bytes.

# INVARIANT: every tree that is signed begins with every tree that was signed before. What was
# signed is known from the checkpoint in the directory and from `never_below`; what is signed next
# grows from the state, whose tiles were checked against its root.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.checkpoint import (
    Checkpoint,
    NoteRefused,
    open_checkpoint,
    read_vkey,
    sign_checkpoint,
    verifier_of,
)
from broker.ledger_files import (
    CHECKPOINT,
    FLOOR,
    STATE,
    VKEY,
    LedgerError,
    LedgerFiles,
    LedgerFull,
    load_entries,
    load_tile,
)
from broker.ledger_state import NO_STATE, State, read_state, write_state
from broker.log import Log, Record
from broker.merkle import ProofRefused, TiledTree, verify_inclusion
from broker.tiles import ENTRIES, TILE_WIDTH, bundles_of, tile_in
from schemas.hop import LEAF_BYTES, leaf_hash

TOPIC: Final = "hops.0"
STEP_LEAVES: Final = 16 * 1024  # one round of fsyncs for so many; 3 MB of memory and tiles


class Sequencer:
    """The one writer of a ledger. Made in a thread or before the loop runs: it reads files.

    Args:
        log: where the hops topic is; it exists.
        directory: the ledger's, made if there is none.
        origin: the ledger's name, e.g. `gateway.example.org/hops`, for ever the same.
        signing_key: the checkpoint key, used for nothing else, for ever the same.

    Raises:
        LedgerLocked: another sequencer has this directory.
        LedgerError: the directory is another ledger's, or was altered.
        ValueError: the origin is no key name.
    """

    def __init__(
        self, log: Log, directory: Path, *, origin: str, signing_key: Ed25519PrivateKey
    ) -> None:
        self._log = log
        self._key = signing_key
        self._verifier = verifier_of(origin, signing_key)
        self._turn = asyncio.Lock()
        self._writing = threading.Lock()
        self._failed: LedgerError | None = None
        self._pending: list[bytes] = []  # the leaves of the partial bundle
        self._last: bytes | None = None  # the last leaf
        self._anchored = False
        self._files = LedgerFiles(directory)
        try:
            self._load()
        except BaseException:
            self._files.close()
            raise

    @property
    def size(self) -> int:
        """How many leaves the last published checkpoint has; 0 before the first."""
        return self._published.size if self._published else 0

    @property
    def vkey(self) -> str:
        """The key to verify checkpoints with, to be handed to auditors by another way."""
        return self._verifier.vkey

    def close(self) -> None:
        """Let another sequencer have the directory. Closing twice does nothing."""
        self._files.close()

    async def step(self) -> int:
        """Take over every hop that is committed now, and publish the checkpoint of that tree.

        Cancelled, it finishes the write in hand and raises; the next call goes on from there.

        Returns:
            how many leaves it took over.

        Raises:
            LedgerFull: no room; the same call may succeed later.
            LedgerError: the topic, or a file, contradicts what was signed. For good.
            LogError: the log cannot be read.
        """
        async with self._turn:
            if self._failed is not None:
                raise LedgerError("the ledger has stopped") from self._failed
            try:
                before = self._state.size
                await self._take()
                await _to_the_end(self._publish)
            except LedgerFull:
                raise
            except LedgerError as error:
                self._failed = error
                raise
            return self._state.size - before

    # -- loading

    def _load(self) -> None:
        vkey = f"{self.vkey}\n".encode()
        if (there := self._files.read(VKEY)) is None:
            self._files.replace(VKEY, vkey)
        elif there != vkey:
            raise LedgerError(f"`{VKEY}` is not this ledger's key")
        self._published = self._read_checkpoint(CHECKPOINT)
        floor = self._read_checkpoint(FLOOR)
        self._signed = [one for one in (self._published, floor) if one is not None]
        note = self._files.read(STATE)
        self._state = NO_STATE if note is None else read_state(note, self._verifier)
        try:
            self._load_tree()
        except LedgerError:
            if self._state.size <= self.size:
                raise
            # What is damaged may not be under a signature yet: make all of it again from the
            # topic. Signed tiles are still compared, and nothing is signed that differs.
            self._state = NO_STATE
            self._load_tree()

    def _load_tree(self) -> None:
        """Take up the stored tree, if the tiles on the disk are that tree's.

        The path of the last leaf runs along the whole edge and through its tile, so that proving
        this one leaf checks every hash and leaf that the next step builds on.
        """
        size, root = self._state.size, self._files.root
        tree = TiledTree(size, partial(load_tile, root))
        self._edge = tree.edge()
        if not size:
            return
        bundle = tile_in(size, ENTRIES, (size - 1) // TILE_WIDTH)
        leaves = load_entries(root, bundle)
        hashes = [leaf_hash(leaf) for leaf in leaves]
        if b"".join(hashes) != load_tile(root, tile_in(size, 0, bundle.index)):
            raise LedgerError(f"`{bundle.path}` does not hold the leaves of its tile")
        try:
            verify_inclusion(hashes[-1], size - 1, size, tree.inclusion(size - 1), self._state.root)
        except ProofRefused:
            raise LedgerError("the tiles are not those of the tree that was stored") from None
        self._pending = list(leaves) if bundle.width < TILE_WIDTH else []
        self._last = leaves[-1]

    def _read_checkpoint(self, name: str) -> Checkpoint | None:
        note = self._files.read(name)
        if note is None:
            return None
        try:
            return open_checkpoint(note, self._verifier)
        except NoteRefused as error:
            raise LedgerError(f"`{name}`: {error}") from None

    # -- taking over hops

    async def _take(self) -> None:
        end = await self._log.end(TOPIC, 0)
        if end < self._state.next_offset:
            raise LedgerError("the hops topic ends before what was taken from it")
        if not self._anchored:
            await self._anchor()
        while self._state.next_offset < end:
            state = self._state
            records = await self._log.read(TOPIC, 0, state.next_offset, max_records=STEP_LEAVES)
            if not records:
                break  # an offset without a record
            await _to_the_end(lambda: self._integrate(state, records))  # noqa: B023 - awaited here

    async def _anchor(self) -> None:
        """Find the last record that was taken over where it was: it is the same topic still.

        Offsets may have holes, so a topic that lost or changed records is known by this alone.
        INVARIANT: whoever deletes integrated hops leaves the last one.
        """
        if self._last is not None:
            offset = self._state.next_offset - 1
            records = await self._log.read(TOPIC, 0, offset, max_records=1)
            if not records or records[0].offset != offset or records[0].value != self._last:
                raise LedgerError(f"the hops topic is another: leaf {self._state.size - 1} differs")
        self._anchored = True

    def _integrate(self, base: State, records: Sequence[Record]) -> None:
        with self._writing:
            if base is not self._state:
                raise LedgerError("two steps at once")
            leaves = [_leaf(record) for record in records]
            edge, full = self._edge.grow([leaf_hash(leaf) for leaf in leaves])
            leaves = self._pending + leaves
            bundles = bundles_of(base.size, leaves)
            tiles = [*bundles, *full, *edge.partial()]
            self._files.put(tiles, signed=self.size)
            self._files.drop_partial(tile for tile, _ in tiles if tile.width == TILE_WIDTH)
            state = State(size=edge.size, root=edge.root, next_offset=records[-1].offset + 1)
            self._files.replace(STATE, write_state(state, self._verifier.name, self._key))
            self._state, self._edge, self._last = state, edge, leaves[-1]
            self._pending = leaves[len(leaves) - edge.size % TILE_WIDTH :]

    # -- publishing

    def _publish(self) -> None:
        with self._writing:
            head = Checkpoint(
                origin=self._verifier.name, size=self._state.size, root=self._state.root
            )
            for signed in self._signed:
                self._check_begins_with(signed)
            self._signed = []  # from here on every tree grows from this one
            if head != self._published:
                self._files.replace(CHECKPOINT, sign_checkpoint(head, self._key))
                self._published = head

    def _check_begins_with(self, signed: Checkpoint) -> None:
        if self._state.size < signed.size:
            raise LedgerError(
                f"a tree of {signed.size} leaves was signed before, but the hops topic has only "
                f"{self._state.size}"
            )
        tree = TiledTree(self._state.size, partial(load_tile, self._files.root))
        if tree.root(signed.size) != signed.root:
            raise LedgerError(f"the tree of {signed.size} leaves that was signed before is another")


def never_below(directory: Path, note: bytes) -> Checkpoint:
    """Bind a ledger to a checkpoint it signed in a later life than the directory's.

    For a directory brought back from a backup, with the newest checkpoint that anybody holds: its
    sequencer signs nothing until its tree begins with that one. Of several the largest binds.
    No sequencer may be running.

    Returns:
        the checkpoint that binds from now on.

    Raises:
        LedgerLocked: a sequencer has the directory.
        LedgerError: it is no checkpoint of this ledger.

    """
    files = LedgerFiles(directory)
    try:
        key = read_vkey(files.read(VKEY))
        binding = open_checkpoint(note, key)
        before = files.read(FLOOR)
        if before is not None and (old := open_checkpoint(before, key)).size >= binding.size:
            return old
        files.replace(FLOOR, note)
    except NoteRefused as error:
        raise LedgerError(f"the checkpoint is not this ledger's: {error}") from None
    finally:
        files.close()
    return binding


def _leaf(record: Record) -> bytes:
    if record.value is None or len(record.value) != LEAF_BYTES:
        # Anything longer could tell a stranger something; the ledger would publish it for ever.
        raise LedgerError(f"the record at offset {record.offset} of `{TOPIC}` is no leaf")
    return record.value


async def _to_the_end(work: Callable[[], None]) -> None:
    """Run blocking work in a thread; when cancelled, wait for it before raising."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # the next call meets the same fault; this one was cancelled
        raise
