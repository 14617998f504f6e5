"""The gateway: a batch of sealed events in, one transaction's worth of appends out. No I/O.

Steps, cited by number below: 1 open, 2 verify, 3 freshness and replay, 4 decode, 5 decide,
6 redact, 7 check, 8 seal, 9 append. Whatever fails before 5 makes the record a dead letter;
whatever fails later withholds that one delivery. Nothing is ever delivered by a failure.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cbor2

from broker.log import Append
from broker.recording import Recorder, Source, ms, part
from broker.register import Snapshot
from broker.sealer import EventKeys, Identity, Sealer
from broker.seen import Seen, remember
from broker.topics import (
    VIEW_TYPES,
    deliveries_topic,
    seen_topic,
)
from redaction.decide import decide, recipients, unknown_recipients
from redaction.decision import SILENT, Decision, Gate
from redaction.outgoing import Outgoing
from schemas.codec import Event, ViewType, decode_event
from schemas.envelope import Handling, ViewBody, encode_body, key_id_of
from schemas.errors import CasewardError, Code, EventRefused
from schemas.hop import AuditorPart, RecipientPart, Step, make_hop
from schemas.registry import Registry, Vocabulary
from schemas.signed import SignedEvent, verify_event

KEEP_IDS = timedelta(days=30)  # how long an event id is remembered, and how old an event may be
CLOCK_SKEW = timedelta(minutes=5)  # how far ahead of the log's clock a publisher's may run
WORDING = "Not for you under the agreement named here. This is not a statement about any person."

# Who was considered and came out silent is of use only where an agreement spoke of them at all.
_TOLD_NOTHING = frozenset({Gate.AUDIENCE_CONDITION, Gate.NOTHING_RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a batch became: the appends of its transaction, and the ids to remember after it."""

    appends: tuple[Append, ...]
    met: Mapping[str, tuple[bytes, int]]
    expired: tuple[str, ...]


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
        self._known_view_types = known_view_types
        self._types: list[Append] = []  # of the batch in hand, whatever becomes of its deliveries
        self.sealer = Sealer(identity)
        self._recorder = Recorder(identity, self.sealer, random_bytes=random_bytes)

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
        appends: list[Append] = []
        for source in sources:
            appends.extend(self._one(source, snapshot, seen, met, now))
        expired = seen.expired(int((now - KEEP_IDS - CLOCK_SKEW).timestamp()))
        if sources:
            topic, partition = seen_topic(sources[0].publisher), sources[0].record.partition
            appends.extend(remember(topic, partition, met, expired))
        appends[:0] = (*self.sealer.announcements(), *self._types)
        self._types = []
        return Outcome(appends=tuple(appends), met=met, expired=expired)

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
        digest = hashlib.sha256(signed.payload).digest()
        before = met.get(signed.event_id) or seen.ids.get(signed.event_id)
        if before is not None and not source.redelivery:
            if before[0] != digest:
                yield from self._recorder.dead_letter(source, Code.ID_REUSED, now, event)
            else:
                yield from self._recorder.hop(part(Step.DUPLICATE, source, now, event))
            return
        try:
            delivered = tuple(self._deliver(source, event, snapshot, now))
        except Exception:  # noqa: BLE001 - no event may stop the feed; nothing of it goes out
            yield from self._recorder.dead_letter(source, Code.INTERNAL, now, event)
            return
        if not source.redelivery:
            met[signed.event_id] = (digest, int(signed.signed_at.timestamp()))
        yield from delivered

    def _admit(self, source: Source, snapshot: Snapshot) -> tuple[SignedEvent, Event]:
        """Steps 1 to 4: the event, if its publisher may say it now."""
        record = source.record
        agency = snapshot.agencies.get(source.publisher)
        if agency is None:
            raise EventRefused(Code.UNKNOWN_PUBLISHER, "the publisher is not enrolled")
        if agency.suspended:
            raise EventRefused(Code.PUBLISHER_SUSPENDED, "the publisher is suspended")
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

    def _deliver(
        self, source: Source, event: Event, snapshot: Snapshot, now: datetime
    ) -> Iterator[Append]:
        """Steps 5 to 9 for every recipient and purpose that an agreement speaks of."""
        facts = snapshot.facts
        nobody = unknown_recipients(event, facts)
        yield from self._recorder.hop(part(Step.ACCEPTED, source, now, event))
        decisions = tuple(
            decide(
                event,
                facts,
                self._vocabulary,
                recipient=one.recipient,
                purpose=one.purpose,
                at=now,
            )
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
        outgoing = Outgoing(event, facts, self._vocabulary, at=now)
        for decision in decisions:
            if decision.delivered:
                yield from self._seal(source, event, decision, snapshot, outgoing, now)
            elif decision.gate not in SILENT or decision.gate in _TOLD_NOTHING:
                yield from self._recorder.hop(part(Step.WITHHELD, source, now, event, decision))

    def _seal(
        self,
        source: Source,
        event: Event,
        decision: Decision,
        snapshot: Snapshot,
        outgoing: Outgoing,
        now: datetime,
    ) -> tuple[Append, ...]:
        """Steps 6 to 9 for one open decision; any failure withholds this delivery."""
        try:
            view_type, view = outgoing.encoded(decision)
            return self._envelope(source, event, decision, snapshot, view_type, view, now)
        except CasewardError as error:
            code = error.code
        except Exception:  # noqa: BLE001 - fail closed: a fault withholds, and the hop says so
            code = Code.INTERNAL
        return self._recorder.hop(
            part(Step.WITHHELD, source, now, event, decision, gate=Gate.ERROR, code=code)
        )

    def _envelope(
        self,
        source: Source,
        event: Event,
        decision: Decision,
        snapshot: Snapshot,
        view_type: ViewType,
        view: bytes,
        now: datetime,
    ) -> tuple[Append, ...]:
        if decision.agreement is None or decision.audience is None:
            raise CasewardError(Code.INTERNAL, "an open decision names its agreement and audience")
        opening_key = self._random(32)
        body = ViewBody(
            agreement_id=decision.agreement.id,
            agreement_version=decision.agreement.version,
            agreement_hash=decision.agreement.hash,
            purpose=decision.purpose,
            schema=view_type.digest,
            event_type=event.type,
            wording=WORDING,
            handling=_handling(snapshot, decision),
            opening_key=opening_key,
            view=view,
        )
        delivery_id = self._delivery_id(source, event, decision)
        recipient = snapshot.agencies[decision.recipient]
        key = self.sealer.key_for(recipient.name, recipient.sealing)
        topic = deliveries_topic(recipient.name)
        envelope = key.seal(encode_body(body), stream=topic, delivery_id=delivery_id)
        hop = make_hop(
            part(Step.SEALED, source, now, event, decision, delivery_id=delivery_id),
            RecipientPart(
                time_ms=ms(now),
                delivery_id=delivery_id,
                envelope_sha256=hashlib.sha256(envelope).digest(),
            ),
            recipient_key=opening_key,
            auditor_key=self._random(32),
        )
        self._publish_type(view_type)
        return (Append(topic=topic, partition=0, value=envelope), *self._recorder.record(hop))

    def _publish_type(self, view_type: ViewType) -> None:
        """Put the derived schema, which names no person, in the log where it is not there yet."""
        if view_type.digest not in self._known_view_types:
            self._known_view_types.add(view_type.digest)
            key, value = view_type.digest.encode(), view_type.text.encode()
            self._types.append(Append(topic=VIEW_TYPES, partition=0, key=key, value=value))

    def _delivery_id(self, source: Source, event: Event, decision: Decision) -> bytes:
        named = [source.publisher, event.id, decision.recipient, decision.purpose]
        data = cbor2.dumps([*named, source.redelivery], canonical=True)
        return hmac.digest(self._identity.delivery_secret, data, "sha256")


def _handling(snapshot: Snapshot, decision: Decision) -> Handling:
    for agreement in snapshot.facts.agreements:
        ref = decision.agreement
        if ref is not None and (agreement.id, agreement.version) == (ref.id, ref.version):
            for one in agreement.handling:
                if one.of == decision.audience:
                    return Handling(
                        onward=one.onward, not_to_reach=one.not_to_reach, keep_days=one.keep_days
                    )
    return Handling(onward="not-permitted", not_to_reach=(), keep_days=None)
