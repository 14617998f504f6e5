"""The node: one machine's log, register, worker, ledger and index, started and stopped as one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import cbor2
import sqlalchemy.exc
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.consent_changes import ConsentChange
from broker.entries import RegisterRefused
from broker.gateway import Gateway
from broker.index import LOOK, Index
from broker.keeper import Keeper
from broker.keys import KeyStore, StoreSecret
from broker.ledger import Sequencer
from broker.ledger_files import LedgerError, LedgerFull
from broker.log import Append, LogFull, Record, Topic, read_to_end
from broker.log_embedded import EmbeddedLog
from broker.places import Places, make_private, new_token, write_json
from broker.recalled import name_of, read_recalled
from broker.sealer import EventKeys, Identity
from broker.tokens import Principal, Role, Tokens, hash_token
from broker.topics import (
    EPOCH_KEYS,
    HOPS,
    OPENINGS,
    RECALLED,
    RECALLS,
    REDELIVERIES,
    VIEW_TYPES,
    dead_letters_topic,
    deliveries_topic,
    events_topic,
    pending_topic,
    receipts_topic,
    seen_topic,
)
from broker.worker import GROUP, Worker
from redaction.agreement import Agreement
from redaction.static_check import check_text
from redaction.text import Problem
from schemas.envelope import delivery_id_of, key_id_of
from schemas.epoch import OpeningKey, accept, unverified_key_id
from schemas.errors import CasewardError, Code, UnknownKey
from schemas.hop import AuditorPart, Hop, Step, decode_opening
from schemas.registry import Registry, load_vocabulary
from schemas.sealing import SealingPublicKey
from schemas.signed import unverified_issuer

EVENT_PARTITIONS = 4  # a case keeps to one of them
CURSORS = "cursors"
FOLLOW_S = 0.2  # how often the ledger and the index take over new hops
OFFICERS = ("officer-1", "officer-2")

_log = structlog.get_logger("node")
_SHARED = (
    Topic(name=HOPS),
    Topic(name=OPENINGS, compacted=True),
    Topic(name=EPOCH_KEYS, compacted=True),
    Topic(name=VIEW_TYPES, compacted=True),
    Topic(name=CURSORS, compacted=True),
    Topic(name=RECALLED, compacted=True),
    Topic(name=REDELIVERIES),
)


def agency_topics(name: str) -> tuple[Topic, ...]:
    """The topics that belong to one agency."""
    return (
        Topic(name=events_topic(name), partitions=EVENT_PARTITIONS),
        Topic(name=seen_topic(name), partitions=EVENT_PARTITIONS, compacted=True),
        Topic(name=pending_topic(name), partitions=EVENT_PARTITIONS, compacted=True),
        Topic(name=deliveries_topic(name)),
        Topic(name=receipts_topic(name)),
        Topic(name=dead_letters_topic(name)),
    )


def init_node(places: Places, *, name: str, secret: StoreSecret) -> None:
    """Make a node's state directory: its keys, two officers, an operator and an auditor.

    Args:
        places: where; the directory must not hold a node yet.
        name: the gateway's name, which envelopes and the ledger's origin carry.
        secret: what the key stores are locked with.

    Raises:
        FileExistsError: there is a node already.
    """
    if places.settings.exists():
        raise FileExistsError("there is a node in this directory already")
    make_private(places.root)
    make_private(places.node)
    make_private(places.root / "parties")
    KeyStore.create(places.node / "keys", secret=secret, owner=name)
    officers: dict[str, str] = {}
    tokens = Tokens(places)
    for party in OFFICERS:
        store = KeyStore.create(
            make_private(places.party(party)) / "keys", secret=secret, owner=party
        )
        officers[party] = store.public().signing.hex()
    for party, role in (
        *((officer, Role.OFFICER) for officer in OFFICERS),
        ("operator", Role.OPERATOR),
        ("auditor", Role.AUDITOR),
    ):
        token = new_token(make_private(places.party(party)))
        tokens.grant(hash_token(token), Principal(role=role, name=party))
    write_json(places.settings, {"name": name, "ledger": 1, "officers": officers})


class NodeStuck(Exception):
    """A task of the node stopped; restart it after mending the cause in its log."""


class Node:
    """Everything that runs on one machine around one embedded log."""

    def __init__(
        self,
        places: Places,
        *,
        secret: StoreSecret,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.places = places
        settings = json.loads(places.settings.read_bytes())
        self.name: str = settings["name"]
        self.store = KeyStore.open(places.node / "keys", secret=secret, owner=self.name)
        self.sealing = SealingPublicKey(self.store.public().sealing)
        self.tokens = Tokens(places)
        self.registry = Registry.builtin()
        self.vocabulary = load_vocabulary()
        self.clock = clock
        self._ledger = int(settings["ledger"])  # counts the ledgers this node began
        self._officers = {name: bytes.fromhex(key) for name, key in settings["officers"].items()}
        self._own_keys: dict[bytes, OpeningKey] = {}
        self._next_own_key = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self.stuck: str | None = None  # why the node is not ready, in one word

    async def open(self) -> None:
        """Open the log and read the register to its end; nothing is delivered yet.

        Raises:
            LogLocked: another process has this node open.
        """
        self.log = await EmbeddedLog.open(self.places.log)
        for topic in _SHARED:
            await self.log.create(topic)
        await self.log.start(GROUP, REDELIVERIES, 0, 0)
        self.keeper = Keeper(
            self.log,
            officers=self._officers,
            enactable=self._enactable,
            opening=self.store.sealing_keys,
            sealing=self.sealing,
            secret=self.store.secret("register"),
            prepare=self.prepare,
            clock=self.clock,
        )
        await self.keeper.catch_up()
        await self.log.start(GROUP, RECALLS, 0, 0)
        for agency in self.keeper.snapshot().agencies:
            await self.prepare(agency)
        self.identity = Identity(
            name=self.name,
            signing=self.store.signing,
            sealing_public=self.store.public().sealing,
            delivery_secret=self.store.secret("delivery-ids"),
            pseudonym_secret=self.store.secret("pseudonyms"),
        )
        self.worker = Worker(
            self.log,
            self.keeper,
            identity=self.identity,
            opening=self.store.sealing_keys,
            registry=self.registry,
            vocabulary=self.vocabulary,
            clock=self.clock,
            random_bytes=os.urandom,
            sent=self.sent_before,
        )
        await self.worker.join()
        self.looker = Gateway(
            self.identity,
            registry=self.registry,
            vocabulary=self.vocabulary,
            keys=EventKeys(),
            random_bytes=os.urandom,
            known_view_types=set(),
        )
        seed = self.store.secret(f"ledger-{self._ledger}")
        self.sequencer = Sequencer(
            self.log,
            self.places.ledger,
            origin=f"{self.name}.example/caseward/{self._ledger}",
            signing_key=Ed25519PrivateKey.from_private_bytes(seed),
        )
        self.index = Index.in_file(
            self.places.index, secret=self.store.secret("index"), unseal=self._part
        )

    def _enactable(self, text: str, others: tuple[Agreement, ...]) -> tuple[Problem, ...]:
        types = {one.name: one for one in self.registry.types}
        older = tuple(old for one in types for old in self.registry.versions(one)[:-1])
        words = self.vocabulary
        return check_text(text, types, words, others=others, older=older, origin="agreement")[1]

    async def prepare(self, agency: str) -> None:
        """Make an agency's topics and the gateway's positions in them; doing it twice is fine.

        Raises:
            RegisterRefused: the name is the gateway's, or of a party that is no agency.
        """
        if agency in (self.name, "operator", "auditor"):
            raise RegisterRefused("an agency cannot take the name of another kind of party")
        for topic in agency_topics(agency):
            await self.log.create(topic)
        for partition in range(EVENT_PARTITIONS):
            await self.log.start(GROUP, events_topic(agency), partition, 0)
        await self.log.start(GROUP, receipts_topic(agency), 0, 0)

    def start(self) -> None:
        """Begin to decide and deliver, to sequence the ledger and to follow it with the index."""
        self._tasks = [
            asyncio.create_task(self._guard("worker", self.worker.run(self._stop))),
            asyncio.create_task(self._guard("ledger", self._follow())),
        ]

    async def close(self) -> None:
        """Finish the batch in hand, sequence what it wrote, and let go of everything."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        if self.stuck is None:
            try:
                await self.caught_up()
            except (LedgerError, sqlalchemy.exc.OperationalError) as error:
                # Taken over at the next start, or said again there.
                _log.error("not-caught-up", task="ledger", error=type(error).__name__)
        self.sequencer.close()
        self.index.close()
        await self.log.close()

    async def idle(self) -> None:
        """Wait until everything published is decided, in the ledger and in the index."""
        while await self.worker.waiting():
            self._raise_if_stuck()
            await asyncio.sleep(0.02)
        await self.caught_up()

    async def caught_up(self) -> None:
        """Take over every hop that is committed now into the ledger and the index."""
        await self.sequencer.step()
        await self.index.follow(self.log)

    async def sent_before(self, change: ConsentChange) -> list[dict[str, Any]]:
        """The hops that sealed the deliveries of a withdrawal's case before it.

        Raises:
            LogFull: the index cannot take over what is committed; it is tried again.
        """
        try:
            await self.index.follow(self.log)
        except sqlalchemy.exc.OperationalError:
            raise LogFull("the index cannot write") from None
        return self.index.sent(change.case, before=change.openings)

    async def opening(self, record: Record) -> Hop:
        """The hop in a sealed opening record.

        Raises:
            EnvelopeRefused: it does not open with any key of this node.
            OpeningRefused: it is not the opening of its leaf.
        """
        sealed = record.value or b""
        key_id = key_id_of(sealed)
        if key_id not in self._own_keys:
            await self._read_own_keys()
        try:
            key = self._own_keys[key_id]
        except KeyError:
            raise UnknownKey(Code.UNKNOWN_KEY, "no announcement for this key id") from None
        return decode_opening(key.open(sealed, stream=record.topic).plaintext)

    async def look(self, publisher: str, event_id: str, who: Principal) -> None:
        """Log that somebody looked at an event's path: a look at a person's data is a hop."""
        now = self.clock()
        part = AuditorPart(
            step=Step.OPENED,
            time_ms=int(now.timestamp() * 1000),
            source=f"{LOOK}{who.name}",
            publisher=publisher,
            event_id=event_id,
            recipient=who.name,
        )
        try:
            await self.log.append(self.looker.hop(part))
        except BaseException:
            self.looker.sealer.abandon()  # nobody knows whether that IV was used
            raise

    async def erase(self, case: str) -> int:
        """Erase everything a case left in the log and the index; give how many hops were erased.

        The leaves stay: they tell nothing, and the tree stands on them. When this returns the
        bytes are in no file of the node (GDPR article 17).
        """
        await self.idle()  # an event of the case that waits would be delivered afterwards
        async with self.keeper.lock:
            await self.caught_up()
            return await self._erase(case)

    async def _erase(self, case: str) -> int:
        hops = self.index.of_case(case)
        tombstones = [
            Append(topic=OPENINGS, partition=0, key=hop["leaf_hash"], value=None) for hop in hops
        ]
        await self.log.append(tombstones)
        places = {hop["source"] for hop in hops if not hop["source"].startswith(LOOK)}
        for place in places:
            topic, partition, offset = place.rsplit("/", 2)
            await self.log.erase(topic, int(partition), (int(offset),))
        for topic in {dead_letters_topic(hop["publisher"]) for hop in hops}:
            letters = [
                record.offset
                async for record in read_to_end(self.log, topic, 0)
                if cbor2.loads(record.value or b"")["source"] in places
            ]
            await self.log.erase(topic, 0, letters)
        changes = [  # only those that nobody has looked at are there to be opened
            Append(topic=RECALLS, partition=0, key=record.key, value=None)
            async for record in read_to_end(self.log, RECALLS, 0)
            if record.value is not None and self.keeper.consent_change(record).case == case
        ]
        await self.log.append(changes)
        delivered: dict[str, set[str]] = {}
        for hop in hops:
            if hop["step"] == Step.SEALED:
                delivered.setdefault(hop["recipient"], set()).add(hop["delivery_id"])
        for recipient, ids in delivered.items():
            topic = deliveries_topic(recipient)
            offsets = [
                record.offset
                async for record in read_to_end(self.log, topic, 0)
                if delivery_id_of(record.value or b"").hex() in ids
            ]
            await self.log.erase(topic, 0, offsets)
        await self._forget_recalled(one for ids in delivered.values() for one in ids)
        await self.log.scrub()
        await self.index.follow(self.log)
        return len(hops)

    async def _forget_recalled(self, deliveries: Iterable[str]) -> None:
        """Erase what recalls left of these deliveries."""
        secret, recalled = self.identity.delivery_secret, await read_recalled(self.log)
        names = {name_of(secret, bytes.fromhex(one)) for one in deliveries} & recalled.keys()
        await self.log.append(
            [Append(topic=RECALLED, partition=0, key=name, value=None) for name in sorted(names)]
        )

    async def _part(self, record: Record) -> AuditorPart:
        return (await self.opening(record)).auditor

    async def _read_own_keys(self) -> None:
        prefix = f"{self.name}/".encode()
        async for record in read_to_end(self.log, EPOCH_KEYS, 0, offset=self._next_own_key):
            self._next_own_key = record.offset + 1
            if record.value is None or not (record.key or b"").startswith(prefix):
                continue
            if unverified_issuer(record.value) == self.name:
                key = self._accept_own(record.value)
                self._own_keys[unverified_key_id(record.value)] = key

    def _accept_own(self, announcement: bytes) -> OpeningKey:
        refused: CasewardError | None = None
        for one in self.store.generations:
            try:
                return accept(
                    announcement,
                    issuer=self.name,
                    issuer_key=one.verifying,
                    recipient=self.name,
                    recipient_key=one.sealing,
                )
            except CasewardError as error:
                refused = error
        raise refused or UnknownKey(Code.UNKNOWN_KEY, "this store holds no key")

    async def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                await self.caught_up()
            except LedgerFull:
                _log.error("disk-full", task="ledger")
            except sqlalchemy.exc.OperationalError:  # of the index: it follows when it can again
                _log.error("index-cannot-write", task="index")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), FOLLOW_S)

    async def _guard(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a task; if it fails, the node is not ready and says which, and the rest goes on."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - reported by type: a message could carry a value
            self.stuck = name
            self._stop.set()  # fail closed: nothing is delivered without its place in the ledger
            _log.error("task-failed", task=name, error=type(error).__name__)

    def _raise_if_stuck(self) -> None:
        if self.stuck is not None:
            raise NodeStuck(f"the {self.stuck} task stopped")
