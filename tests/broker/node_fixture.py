"""A real node with the examples' agencies and agreements, in process or over a loopback port.

The state is built once for each test process and copied for each test, so that a test may do to
its node whatever it likes.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

from broker.agency import Agency
from broker.enrol import Officer
from broker.keys import StoreSecret
from broker.log import Append, Record, read_to_end
from broker.node import Node
from broker.node_client import NodeClient
from broker.places import Places
from broker.session import agency_of, client_of, in_process, serve
from broker.stage import Stage
from broker.topics import EPOCH_KEYS, epoch_record_key, events_topic
from schemas.codec import Event, encode_event
from schemas.epoch import SealingKey, announce, unverified_key_id
from schemas.signed import SignedEvent, sign_event

POLICE, HOSPITAL, REFUGE = "northmoor-police", "northmoor-hospital", "harbour-refuge"
CASES = tuple(f"NM-2026-{n:05}" for n in range(1, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A running node, its stage and an HTTP client to its API."""

    node: Node
    stage: Stage
    http: httpx2.AsyncClient
    secret: StoreSecret

    @property
    def places(self) -> Places:
        """Where the node's state is."""
        return self.stage.places

    def client(self, party: str) -> NodeClient:
        """The API with a party's own token."""
        return client_of(self.http, self.places, party)

    def token(self, party: str) -> dict[str, str]:
        """A party's authorization header."""
        return {"Authorization": f"Bearer {(self.places.party(party) / 'token').read_text()}"}

    def agency(self, name: str) -> Agency:
        """An agency's own client; close it."""
        return agency_of(self.http, self.places, name, self.secret)

    def officer(self, *, second: bool = False) -> Officer:
        """An officer, or two."""
        return Officer(self.http, self.places, self.secret, second=second)

    async def publish(self, *events: Event) -> None:
        """Publish each event as its source and wait until it is decided and indexed."""
        for event in events:
            agency = self.agency(event.source)
            await agency.publish([event])
            agency.close()
        await self.node.idle()

    async def topic(self, name: str) -> list[Record]:
        """Every record of a topic, partition by partition."""
        found: list[Record] = []
        for topic in await self.node.log.topics():
            if topic.name == name:
                for partition in range(topic.partitions):
                    found += [r async for r in read_to_end(self.node.log, name, partition)]
        return found

    async def steps(self, event: Event) -> list[dict[str, Any]]:
        """An event's hops as the index has them."""
        await self.node.idle()
        return self.node.index.path(event.id, publisher=event.source)

    async def received(self, name: str) -> list[Any]:
        """Every delivery of an agency, opened and settled."""
        from broker.edges import AgencyOutlet
        from connectors.contract import Accepted

        agency, found = self.agency(name), []
        outlet = AgencyOutlet(agency)
        while (one := await outlet.next(wait_s=0)) is not None:
            found.append(one)
            await outlet.settle(one, Accepted())
        agency.close()
        return found


class Forger:
    """A publisher that seals whatever it likes: a front door without the front door's checks."""

    def __init__(self, house: House, publisher: str = POLICE) -> None:
        from broker.keys import KeyStore

        self.house, self.publisher = house, publisher
        folder = house.places.party(publisher) / "keys"
        self.store = KeyStore.open(folder, secret=house.secret, owner=publisher)
        self.key: SealingKey | None = None

    async def announced(self) -> SealingKey:
        """A sealing key that the gateway knows."""
        if self.key is None:
            node = self.house.node
            self.key, said = announce(
                self.store.signing,
                issuer=self.publisher,
                recipient=node.name,
                recipient_key=node.sealing,
            )
            name = epoch_record_key(node.name, unverified_key_id(said))
            await node.log.append((Append(topic=EPOCH_KEYS, partition=0, key=name, value=said),))
        return self.key

    def signed(self, event: Event | None, payload: bytes | None = None, **changes: Any) -> bytes:
        """A signed event; `changes` are what it says otherwise than it should."""
        said: dict[str, Any] = {
            "publisher": self.publisher,
            "gateway": self.house.node.name,
            "stream": events_topic(self.publisher),
            "partition": 0,
            "event_id": event.id if event else "00000000-0000-4000-8000-000000000001",
            "signed_at": datetime.now(UTC).replace(microsecond=0),
            "payload": payload if payload is not None or event is None else encode_event(event),
        }
        return sign_event(self.store.signing, SignedEvent(**(said | changes)))

    async def sealed(self, plaintext: bytes, *, number: int = 0) -> bytes:
        """Something sealed to the gateway as an event of this publisher."""
        key = await self.announced()
        stream = events_topic(self.publisher)
        return key.seal(plaintext, stream=stream, delivery_id=number.to_bytes(32, "big"))

    async def append(self, *values: bytes) -> Sequence[int]:
        """Put records in the publisher's topic, past the API."""
        topic = events_topic(self.publisher)
        return await self.house.node.log.append(
            [Append(topic=topic, partition=0, value=value) for value in values]
        )


@cache
def _built() -> tuple[Path, Stage]:
    root = Path(tempfile.mkdtemp(prefix="caseward-node-"))
    import atexit

    atexit.register(shutil.rmtree, root, ignore_errors=True)
    stage = Stage(root, seed=1)
    secret = stage.build()

    async def enter() -> None:
        node = Node(stage.places, secret=secret)
        await node.open()
        async with in_process(node) as http:
            await stage.enter(http, secret, CASES)
        await node.close()

    import threading

    thread = threading.Thread(target=lambda: asyncio.run(enter()))  # a loop of its own
    thread.start()
    thread.join()
    return root, stage


def fresh(folder: Path) -> tuple[Stage, StoreSecret]:
    """A copy of the state in a folder that does not exist yet; nothing runs."""
    shutil.copytree(_built()[0], folder)
    stage = Stage(folder, seed=1)
    return stage, StoreSecret.from_key_file(stage.places.root / "store.key")


@asynccontextmanager
async def opened(
    stage: Stage,
    secret: StoreSecret,
    *,
    loopback: bool = False,
    running: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[House]:
    """The node of a state directory, running, over real loopback HTTP if wanted."""
    node = Node(stage.places, secret=secret, clock=clock)
    await node.open()
    try:
        if running:
            node.start()
        if loopback:
            async with (
                serve(node) as port,
                httpx2.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False
                ) as http,
            ):
                yield House(node=node, stage=stage, http=http, secret=secret)
        else:
            async with in_process(node) as http:
                yield House(node=node, stage=stage, http=http, secret=secret)
    finally:
        await node.close()


@asynccontextmanager
async def house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """A fresh node in a folder; settings as for `opened`."""
    stage, secret = fresh(folder / "house")
    async with opened(stage, secret, **settings) as found:
        yield found


def incidents(house: House, count: int, case: str = CASES[0]) -> Iterator[Event]:
    """MARAC referrals by the police about one case: they are delivered to several audiences."""
    found = 0
    while found < count:
        for event in house.stage.events(1, [case]):
            if event.source == POLICE and event.type == "marac.referral":
                found += 1
                _make_urgent(event.value)
                yield event


def _make_urgent(value: dict[str, Any]) -> None:
    """Say that the risk is high, so that the event is delivered whoever consented."""
    for name, one in value.items():
        if name == "dash_score":
            value[name] = 20
        elif isinstance(one, dict):
            _make_urgent(one)
