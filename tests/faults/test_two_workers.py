"""Two workers, two members of one group: nothing lost, nothing doubled, no IV shared.

The members join and leave, lose their leases and are fenced at the moment of committing, while
events come in. What a fenced worker made is never seen, and its keys die with it.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.entries import Kind
from broker.keeper import Keeper
from broker.keys import KeyStore
from broker.log import Append, Batch, Log, Member
from broker.log_embedded import EmbeddedLog
from broker.topics import EPOCH_KEYS, OPENINGS, deliveries_topic
from broker.worker import GROUP, Worker
from redaction.decide import decide, recipients
from schemas.codec import Event
from schemas.envelope import parse_envelope
from schemas.epoch import SealingEnded, SealingKey, announce
from schemas.hop import Step
from schemas.keyring import KeyRing
from tests.broker.node_fixture import POLICE, House, house, incidents

EVENTS = 240
BATCH = 6  # records: many commits, so many moments at which something can happen
LEASE_S = 0.3  # short, where a lease is to be lost
LONG_LEASE_S = 60.0  # where none is
LIMIT_S = 30.0
Place = tuple[str, str, str]  # event id, recipient, purpose


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One call of `commit`: what it would have written, and whether it did."""

    who: str
    appends: tuple[Append, ...]
    committed: bool = False

    @property
    def sealed(self) -> Iterator[tuple[str, bytes, int]]:
        """Recipient's topic, key id and IV of every envelope, ours to ourselves included."""
        for one in self.appends:
            if one.topic == OPENINGS or one.topic.startswith("deliveries."):
                envelope = parse_envelope(one.value or b"")
                yield one.topic, envelope.key_id, envelope.iv


class Watched:
    """The log as one worker has it: its commits are noted, and the next can be made to fail."""

    def __init__(self, log: Log, who: str, attempts: list[Attempt]) -> None:
        self._log, self._who, self._attempts = log, who, attempts
        self.joined = 0  # how often; each time fences what everybody has in hand
        self.first: Callable[[], Awaitable[object]] | None = None  # what precedes the next commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def join(self, group: str, topics: Sequence[str]) -> WatchedMember:
        self._topics = topics
        self.joined += 1
        return WatchedMember(await self._log.join(group, topics), self)

    async def overtake(self) -> None:
        """Let somebody join and leave."""
        await (await self._log.join(GROUP, self._topics)).leave()

    async def commit(self, member: Member, batch: Batch, appends: Sequence[Append]) -> None:
        attempt = Attempt(who=self._who, appends=tuple(appends))
        self._attempts.append(attempt)
        first, self.first = self.first, None
        if first is not None:
            await first()
        await member.commit(batch, appends)
        attempt.committed = True


class WatchedMember:
    """A member whose commits go through `Watched`."""

    def __init__(self, member: Member, log: Watched) -> None:
        self._member, self._log = member, log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)

    async def commit(self, batch: Batch, appends: Sequence[Append]) -> None:
        await self._log.commit(self._member, batch, appends)


class Hand:
    """A worker with its own gateway, its own reading of the register and its own task."""

    def __init__(self, found: House, name: str, attempts: list[Attempt]) -> None:
        node = found.node
        self.log = Watched(node.log, name, attempts)
        self.keeper = Keeper(
            node.log,
            officers={},
            enactable=lambda *_: (),
            opening=node.store.sealing_keys,
            sealing=node.sealing,
            secret=node.store.secret("register"),
            prepare=node.prepare,
            clock=node.clock,
        )
        self.worker = Worker(
            self.log,
            self.keeper,
            identity=node.identity,
            opening=node.store.sealing_keys,
            registry=node.registry,
            vocabulary=node.vocabulary,
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
            sent=node.sent_before,
        )
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.keeper.catch_up()
        self._stop.clear()
        self._task = asyncio.create_task(self.worker.run(self._stop))

    async def end(self) -> None:
        """Finish the batch in hand and leave the group."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None

    def raise_if_failed(self) -> None:
        if self._task is not None and self._task.done():
            self._task.result()

    async def stall(self) -> None:
        """Hold it up with a batch in hand, until it is taken for dead."""
        async with self.keeper.lock:
            await asyncio.sleep(2 * LEASE_S)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, SealingKey]:
    """Every epoch key that any gateway of the test makes, by its id."""
    keys: dict[bytes, SealingKey] = {}

    def noted(*args: Any, **kwargs: Any) -> tuple[SealingKey, bytes]:
        key, said = announce(*args, **kwargs)
        keys[key.key_id] = key
        return key, said

    monkeypatch.setattr("broker.sealer.announce", noted)
    return keys


@asynccontextmanager
async def stage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, lease_s: float = LEASE_S
) -> AsyncIterator[House]:
    """A node without its own worker, whose log takes members for dead so soon."""
    monkeypatch.setattr(EmbeddedLog, "open", partial(EmbeddedLog.open, lease_s=lease_s))
    monkeypatch.setattr("broker.worker.BATCH_RECORDS", BATCH)
    async with house(folder, running=False) as found:
        while await found.node.worker.step():  # consents that the building of the house refused
            pass
        await found.node.worker.leave()
        yield found


async def publish(found: House, *events: Event) -> None:
    agency = found.agency(POLICE)
    await agency.publish(events)
    agency.close()


async def decided(hands: Sequence[Hand]) -> None:
    """Wait until every input is committed."""
    async with asyncio.timeout(LIMIT_S):
        for hand in hands:
            while await hand.worker.waiting():
                hand.raise_if_failed()
                await asyncio.sleep(0.02)


def died(key: SealingKey) -> bool:
    try:
        key.seal(b"", stream="s", delivery_id=b"d")
    except SealingEnded:
        return True
    return False


def expected(found: House, events: Sequence[Event]) -> Counter[Place]:
    """Who should get what, decided by itself: no batches, no workers."""
    facts, vocabulary = found.node.keeper.snapshot().facts, found.node.vocabulary
    at = datetime.now(UTC)
    return Counter(
        (event.id, one.recipient, one.purpose)
        for event in events
        for one in recipients(event, facts, vocabulary, at=at)
        if decide(
            event, facts, vocabulary, recipient=one.recipient, purpose=one.purpose, at=at
        ).delivered
    )


async def check(
    found: House, events: Sequence[Event], attempts: Sequence[Attempt], made: dict[bytes, Any]
) -> None:
    """Hold the log to the promises."""
    await found.node.caught_up()
    hops = {event.id: found.node.index.path(event.id, publisher=POLICE) for event in events}
    sealed = [hop for path in hops.values() for hop in path if hop["step"] == Step.SEALED]
    got = Counter((hop["event_id"], hop["recipient"], hop["purpose"]) for hop in sealed)
    assert got == expected(found, events), "0 lost, 0 duplicated"
    for path in hops.values():
        steps = Counter(hop["step"] for hop in path)
        assert (steps[Step.ACCEPTED], steps[Step.DECIDED]) == (1, 1)

    envelopes = {}
    for name in found.node.keeper.snapshot().agencies:
        envelopes[name] = [r.value or b"" for r in await found.topic(deliveries_topic(name))]
    everything = [one for some in envelopes.values() for one in some]
    assert len(everything) == len(sealed), "an envelope for each delivery and no other"
    assert len({parse_envelope(one).delivery_id for one in everything}) == len(everything)

    # Every number of every key was used at most once: in the log, and in what never reached it.
    used = [one for attempt in attempts for one in attempt.sealed]
    assert len({(key_id, iv) for _, key_id, iv in used}) == len(used)
    lost = [attempt for attempt in attempts if not attempt.committed]
    unseen = {a.value for attempt in lost for a in attempt.appends if a.value is not None}
    seen = set(everything) | {r.value for r in await found.topic(OPENINGS)}
    announced = {r.value for r in await found.topic(EPOCH_KEYS)}
    assert not unseen & (seen | announced), "what a fenced worker made is nowhere"
    for number, attempt in enumerate(attempts):
        if not attempt.committed:
            dead = {key_id for _, key_id, _ in attempt.sealed}
            later = {key_id for other in attempts[number + 1 :] for _, key_id, _ in other.sealed}
            assert not dead & later
            assert all(died(made[key_id]) for key_id in dead)

    gateway = Ed25519PublicKey.from_public_bytes(found.node.store.public().signing)
    for name, some in envelopes.items():  # the recipients open all of it, and miss nothing
        folder = found.places.party(name) / "keys"
        store = KeyStore.open(folder, secret=found.secret, owner=name)
        ring = KeyRing(recipient=name, keys=store.sealing_keys)
        for record in await found.topic(EPOCH_KEYS):
            if (record.key or b"").startswith(f"{name}/".encode()):
                ring.add(record.value or b"", issuer=found.node.name, issuer_key=gateway)
        for one in some:
            ring.open(one, stream=deliveries_topic(name))
        assert not ring.gaps()


async def with_cases(found: House, count: int) -> list[str]:
    """So many cases whose conflicts are checked: events of several fall into several partitions."""
    cases = [f"NM-2026-6{n:04}" for n in range(count)]
    for case in cases:
        await found.officer().put(Kind.CONFLICT_CHECK, case, {"conflicts": []})
    return cases


async def test_workers_that_join_leave_stall_and_are_fenced_lose_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[bytes, SealingKey]
) -> None:
    chance = Random(4)
    attempts: list[Attempt] = []
    async with stage(tmp_path, monkeypatch) as found:
        cases = await with_cases(found, 12)
        events = [e for case in cases for e in incidents(found, EVENTS // len(cases), case)]
        chance.shuffle(events)
        again = chance.sample(events, EVENTS // 6)
        hands = [Hand(found, name, attempts) for name in ("one", "two")]
        for hand in hands:
            await hand.start()

        async def come() -> None:
            queue = [*events]
            for event in again:  # a publisher that repeats itself, later
                queue.insert(chance.randint(queue.index(event) + 1, len(queue)), event)
            while queue:
                some, queue = queue[:8], queue[8:]
                await publish(found, *some)
                await asyncio.sleep(chance.random() * 0.02)

        async def trouble() -> None:
            for turn in range(16):
                hand = hands[turn % 2]
                match turn // 2 % 4:
                    case 0:
                        hand.log.first = hand.log.overtake
                    case 1:
                        await hand.stall()
                    case 2:
                        await hand.end()
                        await asyncio.sleep(chance.random() * 0.05)
                        await hand.start()
                    case _:
                        third = Hand(found, f"third {turn}", attempts)
                        await third.start()
                        await asyncio.sleep(chance.random() * 0.1)
                        await third.end()
                await asyncio.sleep(chance.random() * 0.1)

        def fenced() -> list[int]:
            return [
                sum(one.who == who and not one.committed for one in attempts)
                for who in ("one", "two")
            ]

        async def more_trouble() -> None:
            """On a slow machine trouble may have met idle workers: until each had enough of it."""
            while min(fenced()) < 2:
                hand = hands[0] if fenced()[0] < 2 else hands[1]
                hand.log.first = hand.log.overtake
                some = [e for case in cases for e in incidents(found, 1, case)]
                events.extend(some)
                await publish(found, *some)
                await decided(hands)

        await asyncio.gather(come(), trouble())
        async with asyncio.timeout(LIMIT_S):
            await more_trouble()
        await decided(hands)
        for hand in hands:
            await hand.end()
        await check(found, events, attempts, made)
        duplicates = found.node.index.counts()[Step.DUPLICATE]
        assert duplicates == len(again)
    committed = Counter(one.who for one in attempts if one.committed)
    assert min(committed["one"], committed["two"]) > 5


async def test_two_busy_workers_do_not_fence_each_other_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[bytes, SealingKey]
) -> None:
    attempts: list[Attempt] = []
    async with stage(tmp_path, monkeypatch, lease_s=LONG_LEASE_S) as found:
        cases = await with_cases(found, 12)
        events = [event for case in cases for event in incidents(found, 5, case)]
        await publish(found, *events)
        hands = [Hand(found, name, attempts) for name in ("one", "two")]
        for hand in hands:
            hand.log.first = hand.log.overtake
            await hand.start()
        await decided(hands)
        for hand in hands:
            await hand.end()
        await check(found, events, attempts, made)
        assert [hand.log.joined for hand in hands] == [1, 1], "fenced is not expelled"
    # Two that came and two that came between: each fences what two had in hand, and no more.
    assert sum(not attempt.committed for attempt in attempts) <= 8


async def test_two_workers_with_the_same_record_share_no_number_and_one_of_them_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[bytes, SealingKey]
) -> None:
    """Both decide and seal the same event; only the one that holds the partition may commit."""
    attempts: list[Attempt] = []
    async with stage(tmp_path, monkeypatch) as found:
        (event,) = incidents(found, 1)
        former, holder = (Hand(found, name, attempts) for name in ("former", "holder"))
        for hand in (former, holder):
            await hand.keeper.catch_up()
        await former.worker.join()
        await publish(found, event)

        async def late() -> None:
            """Nothing for so long that it is taken for dead, and the other does its work."""
            await asyncio.sleep(2 * LEASE_S)
            while len(attempts) < 2:
                await holder.worker.step(wait_s=1.0)

        former.log.first = late
        assert await former.worker.step(wait_s=1.0)
        refused, done = attempts
        assert (refused.who, refused.committed) == ("former", False)
        assert (done.who, done.committed) == ("holder", True)
        named = [[topic for topic, _, _ in one.sealed] for one in attempts]
        assert named[0] == named[1], "both sealed the same"
        assert not {k for _, k, _ in refused.sealed} & {k for _, k, _ in done.sealed}
        assert all(died(made[key_id]) for _, key_id, _ in refused.sealed)
        assert not any(died(made[key_id]) for _, key_id, _ in done.sealed)
        await check(found, [event], attempts, made)
        for hand in (former, holder):
            await hand.worker.leave()


async def test_a_worker_that_gets_a_partition_back_knows_what_the_other_met_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[bytes, SealingKey]
) -> None:
    attempts: list[Attempt] = []
    async with stage(tmp_path, monkeypatch, lease_s=LONG_LEASE_S) as found:
        early, late = incidents(found, 2)  # of one case: they are in one partition
        one, two = (Hand(found, name, attempts) for name in ("one", "two"))
        for hand, events in ((one, [early]), (two, [late]), (one, [late, early])):
            await hand.start()
            await publish(found, *events)
            await decided([hand])
            await hand.end()
        assert [attempt.who for attempt in attempts] == ["one", "two", "one"]
        await check(found, [early, late], attempts, made)
        assert found.node.index.counts()[Step.DUPLICATE] == 2
