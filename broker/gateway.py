"""The gateway: a batch of sealed events in, one transaction's worth of appends out. No I/O.

Steps, cited by number below: 1 open, 2 verify, 3 freshness and replay, 4 decode, 5 decide,
6 redact, 7 check, 8 seal, 9 append. Whatever fails before 5 makes the record a dead letter;
whatever fails later withholds that one delivery. Nothing is ever delivered by a failure.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broker.consent_changes import ConsentChange
from broker.delivering import Deliverer, Job
from broker.entries import Enrolled
from broker.log import Append
from broker.pending import WAITS, Changes, Waiting, record
from broker.recall import Past, Recaller
from broker.recording import Recorder, Source, part
from broker.register import Snapshot
from broker.sealer import EventKeys, Identity, Sealer
from broker.seen import Seen, remember
from broker.topics import pending_topic, seen_topic
from broker.waking import Waker, waiting
from redaction.decide import Addressed, Deciding, decide, recipients, unknown_recipients
from redaction.decision import SILENT, Decision, Gate
from schemas.codec import Event, decode_event
from schemas.envelope import key_id_of
from schemas.errors import Code, EventRefused
from schemas.hop import AuditorPart, Step
from schemas.registry import Registry, Vocabulary
from schemas.sealing import SealingPublicKey
from schemas.signed import SignedEvent, verify_event

KEEP_IDS = timedelta(days=30)  # how long an event id is remembered, and how old an event may be
CLOCK_SKEW = timedelta(minutes=5)  # how far ahead of the log's clock a publisher's may run

# Who was considered and came out silent is of use only where an agreement spoke of them at all.
_TOLD_NOTHING = frozenset({Gate.AUDIENCE_CONDITION, Gate.NOTHING_RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a batch became: its transaction's appends, and what to remember when it committed."""

    appends: tuple[Append, ...]
    met: Mapping[str, tuple[bytes, int]]
    expired: tuple[str, ...]
    waiting: Changes


class Gateway:
    """Turns sources into appends. One for each worker process; it keeps no event."""

    def __init__(
        self,
        identity: Identity,
        *,
        registry: Registry,
        vocabulary: Vocabulary,
        keys: EventKeys,
        random_bytes: Callable[[int], bytes],
        known_view_types: set[str],
    ) -> None:
        self._identity = identity
        self._registry = registry
        self._vocabulary = vocabulary
        self._keys = keys
        self._random = random_bytes
        self.sealer = Sealer(identity)
        self._recorder = Recorder(identity, self.sealer, random_bytes=random_bytes)
        self._deliverer = Deliverer(
            identity,
            self.sealer,
            self._recorder,
            random_bytes=random_bytes,
            known_view_types=known_view_types,
        )
        self._waker = Waker(self._decide, self._deliverer, self._recorder, vocabulary)
        self._recaller = Recaller(identity, self._deliverer, self._recorder, vocabulary)
        self._own_key = SealingPublicKey(identity.sealing_public)

    def process(
        self, sources: tuple[Source, ...], *, snapshot: Snapshot, seen: Seen, now: datetime
    ) -> Outcome:
        """Everything a batch of one partition becomes, in order.

        Args:
            sources: records of one input partition, in its order.
            snapshot: the register that the decisions read.
            seen: the ids this partition has met; unchanged by this call.
            now: the decision time, aware.
        """
        met: dict[str, tuple[bytes, int]] = {}
        waits: dict[bytes, Waiting | None] = {}
        appends: list[Append] = []
        for source in sources:
            appends.extend(self._one(source, snapshot, seen, met, waits, now))
        expired = seen.expired(int((now - KEEP_IDS - CLOCK_SKEW).timestamp()))
        if sources:
            topic, partition = seen_topic(sources[0].publisher), sources[0].record.partition
            appends.extend(remember(topic, partition, met, expired))
            appends.extend(self._kept(sources[0], waits))
        appends[:0] = (*self.sealer.announcements(), *self._deliverer.types())
        return Outcome(appends=tuple(appends), met=met, expired=expired, waiting=waits)

    def wake(
        self, source: Source, waits: tuple[Waiting, ...], *, snapshot: Snapshot, now: datetime
    ) -> Outcome:
        """What becomes of the deliveries that wait for one event, decided afresh.

        Args:
            source: the event's record; one without a value was erased.
            waits: what waits for it.
            snapshot: the register that the decisions read.
            now: the decision time, aware.
        """
        changes: dict[bytes, Waiting | None] = {}
        appends: list[Append] = []
        try:
            _, event = self._admit(source, snapshot)
        except EventRefused as refused:
            if refused.code is not Code.PUBLISHER_SUSPENDED:  # who may be taken back
                changes = dict.fromkeys((one.delivery_id for one in waits), None)
                appends.extend(
                    self._recorder.hop(part(Step.REFUSED, source, now, code=refused.code))
                )
        else:
            job = Job(source=source, event=event, snapshot=snapshot, now=now)
            appends.extend(self._waker.wake(job, waits, changes))
        appends.extend(self._kept(source, changes))
        appends[:0] = (*self.sealer.announcements(), *self._deliverer.types())
        return Outcome(appends=tuple(appends), met={}, expired=(), waiting=changes)

    def recall(
        self,
        change: ConsentChange,
        past: Sequence[Past],
        *,
        recalled: Mapping[bytes, bytes],
        snapshot: Snapshot,
        now: datetime,
    ) -> tuple[Append, ...]:
        """What goes out because a consent was withdrawn, or an override failed.

        Args:
            change: the withdrawal.
            past: the deliveries of its case that were sealed before it.
            recalled: what was recalled before, as `read_recalled` gives it.
            snapshot: the register now.
            now: when the recalls are made, aware.
        """
        appends: list[Append] = []
        for one in (self._recaller.last_left(each, recalled) for each in past):
            try:
                _, event = self._opened(one.source, snapshot.agencies[one.source.publisher])
                appends.extend(tuple(self._recaller.recall(event, one, change, snapshot, now)))
            except Exception:  # noqa: BLE001 - nothing is taken for decided; a person is told
                code = Code.RECALL_UNDECIDED
                appends.extend(self._recaller.undecided(one, change, now, code))
        appends[:0] = (*self.sealer.announcements(), *self._deliverer.types())
        return tuple(appends)

    def _kept(self, source: Source, changes: Changes) -> Iterator[Append]:
        topic, partition = pending_topic(source.publisher), source.record.partition
        return record(topic, partition, self._own_key, changes)

    def hop(self, part: AuditorPart) -> tuple[Append, ...]:
        """One hop that is no event's: its leaf, its sealed opening and what announces the seal."""
        appends = self._recorder.hop(part)
        return (*self.sealer.announcements(), *appends)

    def _one(
        self,
        source: Source,
        snapshot: Snapshot,
        seen: Seen,
        met: dict[str, tuple[bytes, int]],
        waits: dict[bytes, Waiting | None],
        now: datetime,
    ) -> Iterator[Append]:
        try:
            signed, event = self._admit(source, snapshot)
        except EventRefused as refused:
            yield from self._recorder.dead_letter(source, refused.code, now)
            return
        except Exception:  # noqa: BLE001 - whatever fails here, nothing may be delivered or lost
            yield from self._recorder.dead_letter(source, Code.INTERNAL, now)
            return
        # keyed: what is remembered outlives the event, and must tell nothing of it (T10)
        name, digest = self._token(signed.event_id.encode()).hex(), self._token(signed.payload)
        before = met.get(name) or seen.ids.get(name)
        if before is not None and not source.redelivery:
            if before[0] != digest:
                yield from self._recorder.dead_letter(source, Code.ID_REUSED, now, event)
            else:
                yield from self._recorder.hop(part(Step.DUPLICATE, source, now, event))
            return
        try:
            job = Job(source=source, event=event, snapshot=snapshot, now=now)
            held: dict[bytes, Waiting | None] = {}
            delivered = tuple(self._deliver(job, held))
        except Exception:  # noqa: BLE001 - no event may stop the feed; nothing of it goes out
            yield from self._recorder.dead_letter(source, Code.INTERNAL, now, event)
            return
        waits.update(held)
        if not source.redelivery:
            met[name] = (digest, int(signed.signed_at.timestamp()))
        yield from delivered

    def _token(self, data: bytes) -> bytes:
        return hmac.digest(self._identity.delivery_secret, b"seen " + data, "sha256")

    def _admit(self, source: Source, snapshot: Snapshot) -> tuple[SignedEvent, Event]:
        """Steps 1 to 4: the event, if its publisher may say it now."""
        agency = snapshot.agencies.get(source.publisher)
        if agency is None:
            raise EventRefused(Code.UNKNOWN_PUBLISHER, "the publisher is not enrolled")
        if agency.suspended:
            raise EventRefused(Code.PUBLISHER_SUSPENDED, "the publisher is suspended")
        return self._opened(source, agency)

    def _opened(self, source: Source, agency: Enrolled) -> tuple[SignedEvent, Event]:
        """Steps 1 to 4 of what an enrolled publisher said, suspended since or not."""
        record = source.record
        if record.value is None:
            raise EventRefused(Code.NOT_AN_ENVELOPE, "the record is empty")
        # step 1: open
        key = self._keys.get(source.publisher, key_id_of(record.value))
        opened = key.open(record.value, stream=record.topic)
        # step 2: verify
        signed = verify_event(
            opened.plaintext,
            agency.verifier(record.append_time_ms),
            publisher=source.publisher,
            gateway=self._identity.name,
            stream=record.topic,
            partition=record.partition,
        )
        # step 3: freshness, by the log's clock and not the publisher's
        appended = datetime.fromtimestamp(record.append_time_ms / 1000, UTC)
        if signed.signed_at < appended - KEEP_IDS:
            raise EventRefused(Code.TOO_OLD, "signed more than 30 days before it was appended")
        if signed.signed_at > appended + CLOCK_SKEW:
            raise EventRefused(Code.IN_THE_FUTURE, "signed after it was appended")
        # step 4: decode
        event = decode_event(signed.payload, self._registry)
        if event.id != signed.event_id or event.source != source.publisher:
            raise EventRefused(Code.HEADER_MISMATCH, "`/header` is not what was signed for")
        return signed, event

    def _deliver(self, job: Job, waits: dict[bytes, Waiting | None]) -> Iterator[Append]:
        """Steps 5 to 9 for every recipient and purpose that an agreement speaks of."""
        source, event, facts, now = job.source, job.event, job.snapshot.facts, job.now
        nobody = unknown_recipients(event, facts)
        yield from self._recorder.hop(part(Step.ACCEPTED, source, now, event))
        deciding = Deciding(event, facts, self._vocabulary, at=now)
        decisions = tuple(
            deciding.decide(recipient=one.recipient, purpose=one.purpose)
            for one in recipients(event, facts, self._vocabulary, at=now)
            if source.only_to in (None, one.recipient)
        )
        opened = sum(1 for decision in decisions if decision.delivered)
        yield from self._recorder.hop(
            part(
                Step.DECIDED,
                source,
                now,
                event,
                code="unknown-recipient" if nobody else None,
                released=opened,
                withheld=len(decisions) - opened,
            )
        )
        outgoing = self._deliverer.outgoing(job, self._vocabulary)
        for decision in decisions:
            if decision.delivered:
                yield from self._deliverer.seal(job, decision, outgoing)
            elif decision.gate not in SILENT or decision.gate in _TOLD_NOTHING:
                yield from self._recorder.hop(part(Step.WITHHELD, source, now, event, decision))
            if decision.gate in WAITS and not source.redelivery:
                delivery_id = self._deliverer.delivery_id(job, decision)
                waits[delivery_id] = waiting(job, decision, delivery_id, self._vocabulary)

    def _decide(self, job: Job, one: Addressed) -> Decision:
        return decide(
            job.event,
            job.snapshot.facts,
            self._vocabulary,
            recipient=one.recipient,
            purpose=one.purpose,
            at=job.now,
        )
