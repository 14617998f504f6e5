"""The demonstration: plays synthetic events through everything and holds the result to account."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from broker.index import Wanted
from broker.ledger_verify import verify_directory
from broker.log import read_to_end
from broker.node import Node
from broker.service import run_connectors
from broker.session import TIMEOUT_S, serve
from broker.stage import Signed, Stage
from broker.topics import deliveries_topic
from redaction import reference
from redaction.decision import Decision
from schemas.codec import Event, plain
from schemas.hop import Step

WEBHOOK_AGENCY = "northmoor-hospital"  # takes its deliveries by HTTP, everybody else by folder

SHOWN_TYPE = "police.domestic-incident"
SHOWN_FIRST = ("school", "social-care", "hospital", "shelter")  # roles, in the table's order

Place = tuple[str, str, str]  # event id, recipient, purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the demonstration found. It is good if nothing is lost, doubled or different."""

    events: int
    deliveries: int
    withheld_fields: int
    dead_letters: int
    hops: int
    lost: int
    duplicated: int
    different: int
    ledger_verified: bool
    seconds: float

    @property
    def good(self) -> bool:
        """Whether every promise held."""
        return self.ledger_verified and not (self.lost or self.duplicated or self.different)

    def summary(self) -> dict[str, Any]:
        """The last line of a headless run."""
        return {
            "events": self.events,
            "deliveries": self.deliveries,
            "withheld_fields": self.withheld_fields,
            "dead_letters": self.dead_letters,
            "hops": self.hops,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "ledger_verified": self.ledger_verified,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One event as it was published and as each recipient has it, with the auditor's decisions."""

    event: Event
    views: Mapping[str, Any]
    decisions: Mapping[str, Decision]


class Receiver:
    """An agency's own system behind the webhook: keeps what came, by idempotency key."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.url = ""


@contextmanager
def receiving() -> Any:
    """A webhook receiver on a loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers["Idempotency-Key"]
            known = key in receiver.kept
            receiver.kept.setdefault(key, json.loads(body))
            self.send_response(409 if known else 200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing: request lines are not for the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


async def play(
    stage: Stage,
    count: int,
    *,
    signed: Callable[[Signed], None],
    progress: Callable[[int, int], None],
    then: Callable[[Shown, Outcome], None],
    go_on: bool,
) -> Outcome:
    """Play events from feeds to boxes, check everything, and show one event.

    Args:
        stage: where.
        count: how many events to play before checking.
        signed: told what put the agreements in force.
        progress: told (deliveries settled, events decided) now and then.
        then: told what was found.
        go_on: afterwards play on at a visible pace until cancelled.
    """
    began = time.monotonic()
    secret = stage.build()
    cases = stage.cases(count)
    node = Node(stage.places, secret=secret)
    await node.open()
    try:
        node.start()
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(serve(node))
            receiver = stack.enter_context(receiving())
            http = await stack.enter_async_context(
                httpx2.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S, trust_env=False
                )
            )
            signed(await stage.enter(http, secret, cases))
            events = list(stage.events(count, cases))
            broken = stage.feed(events)
            config = stage.config(WEBHOOK_AGENCY, receiver.url)
            stop = asyncio.Event()
            watcher = asyncio.create_task(_watch(node, progress, stop))
            await run_connectors(node, port, config, secret, stop, until_idle=True)
            await watcher
            await node.idle()
            check = Check(node, stage, receiver)
            outcome = await check.run(events, broken, began)
            then(check.show(events), outcome)
            if go_on:
                await _go_on(node, stage, port, config, secret, cases, progress)
            return outcome
    finally:
        await node.close()


async def _watch(node: Node, progress: Callable[[int, int], None], stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.2)
        counts = node.index.counts()
        progress(counts.get(Step.WRITTEN, 0), counts.get(Step.DECIDED, 0))


async def _go_on(
    node: Node,
    stage: Stage,
    port: int,
    config: Any,
    secret: Any,
    cases: Sequence[str],
    progress: Callable[[int, int], None],
) -> None:
    """Play one event after the other until cancelled; end cleanly then."""
    stop = asyncio.Event()
    connectors = asyncio.create_task(run_connectors(node, port, config, secret, stop))
    try:
        while True:
            stage.feed(list(stage.events(1, cases)))
            await asyncio.sleep(1.0)
            counts = node.index.counts()
            progress(counts.get(Step.WRITTEN, 0), counts.get(Step.DECIDED, 0))
    finally:
        stop.set()
        await connectors


class Check:
    """Compares what arrived with what the reference interpreter says should have."""

    def __init__(self, node: Node, stage: Stage, receiver: Receiver) -> None:
        self._node, self._stage, self._receiver = node, stage, receiver
        self._snapshot = node.keeper.snapshot()
        self._secret = node.store.secret("pseudonyms")
        self._decisions: dict[Place, Decision] = {}
        self._arrived: dict[Place, Any] = {}

    async def run(self, events: Sequence[Event], broken: int, began: float) -> Outcome:
        """Everything that was promised, counted."""
        expected = self._expected(events)
        sealed = self._sealed()
        boxes = self._boxes()
        places = {row["delivery_id"]: place for place, row in sealed.items()}
        self._arrived = {places[name]: box for name, box in boxes.items() if name in places}
        envelopes = await self._envelopes()
        different = sum(
            1
            for place, view in expected.items()
            if place in self._arrived and self._arrived[place]["view"] != view
        )
        unexpected = len(set(self._arrived) - set(expected)) + len(set(boxes) - set(places))
        report = verify_directory(self._node.places.ledger)
        counts = self._node.index.counts()
        letters = counts.get(Step.DEAD_LETTERED, 0) + await self._own_letters()
        return Outcome(
            events=len(events),
            deliveries=len(self._arrived),
            withheld_fields=sum(
                not field.released
                for place in self._arrived
                for field in self._decisions[place].fields
                if place in self._decisions
            ),
            dead_letters=letters,
            hops=counts["leaves"],
            lost=len(set(expected) - set(self._arrived)) + abs(broken - letters),
            duplicated=max(0, envelopes - len(sealed)),
            different=different + unexpected,
            ledger_verified=report.ok and report.size == counts["leaves"],
            seconds=time.monotonic() - began,
        )

    def show(self, events: Sequence[Event]) -> Shown:
        """The police incident that reached the most kinds of agency, one of each kind first."""
        reached: dict[str, list[Place]] = {}
        for place in sorted(self._arrived, key=lambda one: (self._turn(one), one)):
            reached.setdefault(place[0], []).append(place)
        incidents = [event for event in events if event.type == SHOWN_TYPE and event.id in reached]
        known = incidents or [event for event in events if event.id in reached]
        event = max(known, key=lambda one: len({self._kind(place) for place in reached[one.id]}))
        kinds: set[str] = set()
        first: list[Place] = []
        others: list[Place] = []
        for place in reached[event.id]:
            (others if self._kind(place) in kinds else first).append(place)
            kinds.add(self._kind(place))
        places = first + others
        return Shown(
            event=event,
            views={place[1]: self._arrived[place]["view"] for place in places},
            decisions={place[1]: self._decisions[place] for place in places},
        )

    def _turn(self, place: Place) -> int:
        kind = self._kind(place)
        return SHOWN_FIRST.index(kind) if kind in SHOWN_FIRST else len(SHOWN_FIRST)

    def _kind(self, place: Place) -> str:
        return ",".join(sorted(self._snapshot.agencies[place[1]].roles))

    def _expected(self, events: Sequence[Event]) -> dict[Place, Any]:
        """Who should get what, by the reference, at the time the gateway decided."""
        views: dict[Place, Any] = {}
        facts, vocabulary = self._snapshot.facts, self._node.vocabulary
        for event in events:
            hops = self._node.index.path(event.id, publisher=event.source)
            times = [hop["time_ms"] for hop in hops if hop["step"] == Step.ACCEPTED]
            at = datetime.fromtimestamp(times[0] / 1000, UTC) if times else datetime.now(UTC)
            for recipient in facts.agencies:
                for purpose in event.purposes:
                    decision = reference.decide(
                        event, facts, vocabulary, recipient=recipient, purpose=purpose, at=at
                    )
                    if decision.delivered:
                        place = (event.id, recipient, purpose)
                        self._decisions[place] = decision
                        view = reference.view(
                            event, facts, vocabulary, decision, at=at, secret=self._secret
                        )
                        views[place] = plain(view)
        return views

    def _sealed(self) -> dict[Place, Any]:
        rows = self._node.index.deliveries(Wanted(limit=10_000_000))
        return {
            (row["event_id"], row["recipient"], row["purpose"]): row
            for row in rows
            if row["step"] == Step.SEALED
        }

    def _boxes(self) -> dict[str, Any]:
        found = dict(self._receiver.kept)
        for path in (self._stage.root / "boxes").glob("*/*.json"):
            found[path.stem] = json.loads(path.read_bytes())
        return found

    async def _envelopes(self) -> int:
        count = 0
        for agency in self._snapshot.agencies:
            async for _ in read_to_end(self._node.log, deliveries_topic(agency), 0):
                count += 1
        return count

    async def _own_letters(self) -> int:
        """Dead letters that the agencies' own edges kept; the gateway's are hops."""
        count = 0
        for agency in self._snapshot.agencies:
            async for record in read_to_end(self._node.log, f"dead-letters.{agency}", 0):
                count += record.value is not None
        return count - self._node.index.counts().get(Step.DEAD_LETTERED, 0)
