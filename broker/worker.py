"""The worker: polls the log, lets the gateway decide, commits outputs and position as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import cbor2
import structlog

from broker.announced import Announced
from broker.consent_changes import ConsentChange
from broker.gateway import Gateway
from broker.held import HeldPartitions
from broker.keeper import Keeper
from broker.log import Append, Batch, Fenced, Log, LogFull, Member, Record, read_to_end
from broker.pending import Pending
from broker.recall import past_of
from broker.recalled import read_recalled, remembered
from broker.receipts import receipt_part
from broker.recording import Source
from broker.register import Snapshot
from broker.reviews import alarm
from broker.sealer import Identity
from broker.seen import Seen, read_seen
from broker.topics import (
    RECALLS,
    REDELIVERIES,
    VIEW_TYPES,
    events_topic,
    receipts_topic,
)
from schemas.errors import Code
from schemas.hop import AuditorPart, Step
from schemas.registry import Registry, Vocabulary
from schemas.sealing import SealingPrivateKey

GROUP = "gateway"
POLL_WAIT_S = 0.5
FULL_WAIT_S = 1.0  # how long a full disk is left alone before the same batch is tried again
BATCH_RECORDS = 200

_log = structlog.get_logger("worker")


class Worker:
    """One member of the gateway's group.

    Args:
        clock: gives the decision time, aware; an argument so that tests own the time.
        random_bytes: gives n unpredictable bytes.
        sent: gives the hops that sealed the deliveries of a withdrawal's case before it.
    """

    def __init__(
        self,
        log: Log,
        keeper: Keeper,
        *,
        identity: Identity,
        opening: Sequence[SealingPrivateKey],
        registry: Registry,
        vocabulary: Vocabulary,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        sent: Callable[[ConsentChange], Awaitable[Sequence[Mapping[str, Any]]]],
    ) -> None:
        self._log = log
        self._keeper = keeper
        self._identity = identity
        self._opening = tuple(opening)
        self._announced = Announced(log, keeper, recipient=identity.name, opening=opening)
        self._registry = registry
        self._vocabulary = vocabulary
        self._clock = clock
        self._random = random_bytes
        self._sent = sent
        self._gateway: Gateway | None = None
        self._seen: dict[tuple[str, int], tuple[int, Seen]] = {}
        self._held = HeldPartitions(log, opening)
        self._inputs: tuple[str, ...] = ()
        self._member: Member | None = None
        self.full = False  # the disk was full at the last commit: not ready

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish the batch in hand and leave the group."""
        try:
            while not stop.is_set():
                await self.step(wait_s=POLL_WAIT_S)
        finally:
            await self.leave()

    async def leave(self) -> None:
        """Hand the partitions over."""
        if self._member is not None:
            await self._member.leave()
            self._member = None

    async def step(self, *, wait_s: float = 0.0) -> bool:
        """Process one batch, if there is one; tell whether there was."""
        member = await self.join()
        polling, batch = False, None
        try:
            async with self._keeper.lock:
                woken = await self._wake(member)
                await self._remind(member)
            polling = True
            batch = await member.poll(max_records=BATCH_RECORDS, wait_s=0.0 if woken else wait_s)
            if batch is None:
                self.full = self.full and not woken
                return woken
            async with self._keeper.lock:  # what is decided here commits before the next change
                await self._work(member, batch)
            self.full = False
        except Fenced:
            _log.warning("fenced", task="worker")
            self._forget()
            # Whoever joins fences the others: only who is no member any more may do it, or two
            # busy members would fence each other for ever.
            if polling and batch is None:
                await self.leave()
        except LogFull:
            self._forget()
            self.full = True
            _log.error("disk-full", task="worker")
            await asyncio.sleep(FULL_WAIT_S)
        except BaseException:
            self._forget()
            raise
        return True

    async def waiting(self) -> int:
        """How many input records, and partitions that wait, are yet to be looked at; 0 is idle."""
        if self._member is None:
            return 1  # has not joined yet
        snapshot = self._keeper.snapshot()
        waiting = self._held.due(snapshot)
        for topic in await self._log.topics():
            if topic.name in self._inputs:
                for partition in range(topic.partitions):
                    end = await self._log.end(topic.name, partition)
                    position = await self._member.position(topic.name, partition)
                    waiting += max(0, end - position)
        return waiting

    def held_back(self) -> tuple[int, int]:
        """How many deliveries wait behind a closed gate, and how many of them are overdue."""
        return self._held.counts()

    async def join(self) -> Member:
        """Our membership, made anew when an agency was enrolled since."""
        inputs = self._wanted()
        if self._member is None or inputs != self._inputs:
            await self.leave()
            self._member = await self._log.join(GROUP, inputs)
            self._inputs = inputs
        return self._member

    async def _work(self, member: Member, batch: Batch) -> None:
        gateway = await self._ready()
        now = self._now()
        if batch.topic == REDELIVERIES:
            await member.commit(batch, await self._redeliver(gateway, batch, now))
            return
        if batch.topic == RECALLS:
            await member.commit(batch, await self._recall(gateway, batch, now))
            return
        agency = batch.topic.split(".", 1)[1]
        if batch.topic == receipts_topic(agency):
            await member.commit(batch, self._receipts(gateway, agency, batch))
            return
        seen = await self._seen_of(agency, batch)
        sources = tuple(Source(publisher=agency, record=record) for record in batch.records)
        outcome = gateway.process(sources, snapshot=self._keeper.snapshot(), seen=seen, now=now)
        await member.commit(batch, outcome.appends)
        # INVARIANT: only what surely committed is remembered as seen, or as waiting
        seen.apply(outcome.met, outcome.expired)
        await self._held.apply(agency, batch, outcome.waiting)

    async def _wake(self, member: Member) -> bool:
        """Look at what waits, where the register changed since or it is time; tell whether any."""
        snapshot, now, looked = self._keeper.snapshot(), self._now(), False
        for topic, partition in sorted(member.held):
            if not topic.startswith(events_topic("")):
                continue
            agency = topic.removeprefix(events_topic(""))
            here = await member.here(topic, partition)
            held = await self._held.of(agency, here)
            due = held.due(snapshot, now)
            if due:
                looked = True
                await self._wake_partition(member, here, agency, held.pending, snapshot, now)
            held.looked_at(snapshot, now, due=due)
        return looked

    async def _wake_partition(
        self,
        member: Member,
        here: Batch,
        agency: str,
        pending: Pending,
        snapshot: Snapshot,
        now: datetime,
    ) -> None:
        gateway = await self._ready()
        for offset, waits in pending.by_offset():
            found = await self._log.read(here.topic, here.partition, offset, max_records=1)
            if not found or found[0].offset != offset:
                found = (_erased(here, offset),)
            source = Source(publisher=agency, record=found[0])
            outcome = gateway.wake(source, waits, snapshot=snapshot, now=now)
            if outcome.appends:
                await member.commit(here, outcome.appends)
                await self._held.apply(agency, here, outcome.waiting)

    async def _remind(self, member: Member) -> None:
        """Raise the alarm for each review that is overdue, once: told and alarm are one commit."""
        reviews, now = self._keeper.reviews, self._now()
        if (RECALLS, 0) not in member.held or not reviews.untold(now):
            return
        here = await member.here(RECALLS, 0)  # one member holds it: the others' commits are refused
        await reviews.catch_up()  # only now is everything here that another one told before
        late, gateway = reviews.untold(now), await self._ready()
        if not late:
            return
        appends = [reviews.told(name, due) for name, due in late.items()]
        for due in late.values():
            appends.extend(gateway.hop(alarm(due, self._identity.name, now)))
        await member.commit(here, appends)
        await reviews.catch_up()
        _log.error("review-overdue", code=str(Code.REVIEW_OVERDUE), count=len(late))

    async def _redeliver(self, gateway: Gateway, batch: Batch, now: datetime) -> list[Append]:
        """Decide again, afresh and under today's register, what a request points at."""
        appends: list[Append] = []
        for request in batch.records:
            asked = cbor2.loads(request.value or b"")
            topic = events_topic(asked["publisher"])
            found = await self._log.read(topic, asked["partition"], asked["offset"], max_records=1)
            if not found or found[0].offset != asked["offset"]:
                appends.extend(gateway.hop(self._gone(asked["publisher"], request, now)))
                continue
            source = Source(
                publisher=asked["publisher"],
                record=found[0],
                redelivery=request.offset + 1,
                only_to=asked["only_to"],
            )
            outcome = gateway.process(
                (source,), snapshot=self._keeper.snapshot(), seen=Seen({}), now=now
            )
            appends.extend(outcome.appends)
        return appends

    async def _recall(self, gateway: Gateway, batch: Batch, now: datetime) -> list[Append]:
        """Recall what rested on each change; its record, with all it tells of a case, goes then."""
        appends: list[Append] = []
        recalled = await read_recalled(self._log)
        for record in batch.records:
            if record.value is None:
                continue  # recalled before, or of a case that was erased
            appends.append(Append(topic=RECALLS, partition=0, key=record.key, value=None))
            change, past = self._keeper.consent_change(record), []
            for hop in await self._sent(change):
                topic, partition, offset = hop["source"].rsplit("/", 2)
                found = await self._log.read(topic, int(partition), int(offset), max_records=1)
                if found and found[0].offset == int(offset):
                    source = Source(publisher=hop["publisher"], record=found[0])
                    past.append(past_of(source, hop))
            snapshot = self._keeper.snapshot()
            made = gateway.recall(change, past, recalled=recalled, snapshot=snapshot, now=now)
            recalled.update(remembered(made))
            appends.extend(made)
        return appends

    def _gone(self, publisher: str, request: Record, now: datetime) -> AuditorPart:
        return AuditorPart(
            step=Step.REFUSED,
            time_ms=int(now.timestamp() * 1000),
            source=f"{request.topic}/{request.partition}/{request.offset}",
            publisher=publisher,
            code=Code.ERASED,
        )

    def _receipts(self, gateway: Gateway, agency: str, batch: Batch) -> list[Append]:
        """A recipient's receipts become hops; one that is not its own becomes a refused hop."""
        enrolled = self._keeper.snapshot().agencies[agency]
        parts = (receipt_part(record, enrolled) for record in batch.records)
        return [append for part in parts for append in gateway.hop(part)]

    async def _ready(self) -> Gateway:
        """The gateway with every announcement that was committed before this batch was polled."""
        if self._gateway is None:
            known = {
                (record.key or b"").decode()
                async for record in read_to_end(self._log, VIEW_TYPES, 0)
            }
            self._gateway = Gateway(
                self._identity,
                registry=self._registry,
                vocabulary=self._vocabulary,
                keys=self._announced.keys,
                random_bytes=self._random,
                known_view_types=known,
            )
        await self._announced.catch_up()
        return self._gateway

    async def _seen_of(self, agency: str, batch: Batch) -> Seen:
        """The ids that this partition has met, read to the end after the partition became ours."""
        place = (batch.topic, batch.partition)
        held = self._seen.get(place)
        if held is not None and held[0] == batch.generation:
            return held[1]
        seen = await read_seen(self._log, agency, batch.partition)
        self._seen[place] = (batch.generation, seen)
        return seen

    def _forget(self) -> None:
        """After a commit that failed, or nobody knows: no key, no memory of that batch survives."""
        if self._gateway is not None:
            self._gateway.sealer.abandon()
        self._gateway = None
        self._seen.clear()
        self._held.forget()

    def _wanted(self) -> tuple[str, ...]:
        agencies = sorted(self._keeper.snapshot().agencies)
        return (
            REDELIVERIES,
            RECALLS,
            *(events_topic(name) for name in agencies),
            *(receipts_topic(name) for name in agencies),
        )

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _erased(here: Batch, offset: int) -> Record:
    """Stands for an event that is no longer in the log; nothing can be made of it."""
    return Record(
        topic=here.topic,
        partition=here.partition,
        offset=offset,
        append_time_ms=0,
        key=None,
        value=None,
        headers=(),
    )
