"""One delivery: the view made and checked, sealed to its recipient, with its hop (steps 6 to 9)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import cbor2

from broker.log import Append
from broker.recording import Recorder, Source, ms, part
from broker.register import Snapshot
from broker.sealer import Identity, Sealer
from broker.topics import VIEW_TYPES, deliveries_topic
from redaction.decision import Decision, Gate
from redaction.outgoing import Outgoing
from schemas.codec import Event, ViewType
from schemas.envelope import Handling, ViewBody, encode_body
from schemas.errors import CasewardError, Code
from schemas.hop import RecipientPart, Step, make_hop
from schemas.recall import NO_VIEW
from schemas.registry import Vocabulary

WORDING = "Not for you under the agreement named here. This is not a statement about any person."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An admitted event, and the register and time that it is decided under."""

    source: Source
    event: Event
    snapshot: Snapshot
    now: datetime


class Deliverer:
    """Makes deliveries. View types not yet in the log are kept until `types` takes them.

    Args:
        identity: who the gateway is.
        sealer: the epoch keys it seals with.
        recorder: makes the records of hops.
        random_bytes: gives n unpredictable bytes.
        known_view_types: digests of those that the log has; added to.
    """

    def __init__(
        self,
        identity: Identity,
        sealer: Sealer,
        recorder: Recorder,
        *,
        random_bytes: Callable[[int], bytes],
        known_view_types: set[str],
    ) -> None:
        self._identity = identity
        self._sealer = sealer
        self._recorder = recorder
        self._random = random_bytes
        self._known_view_types = known_view_types
        self._types: list[Append] = []  # of the batch in hand, whatever becomes of its deliveries

    def outgoing(self, job: Job, vocabulary: Vocabulary) -> Outgoing:
        """What makes and checks the views of a job's event."""
        secret = self._identity.pseudonym_secret
        return Outgoing(job.event, job.snapshot.facts, vocabulary, at=job.now, secret=secret)

    def types(self) -> tuple[Append, ...]:
        """The view types that the transaction in hand must bring."""
        types, self._types = tuple(self._types), []
        return types

    def delivery_id(self, job: Job, decision: Decision) -> bytes:
        """HMAC(gateway secret, publisher, event id, recipient, purpose, redelivery number)."""
        named = [job.source.publisher, job.event.id, decision.recipient, decision.purpose]
        data = cbor2.dumps([*named, job.source.redelivery], canonical=True)
        return hmac.digest(self._identity.delivery_secret, data, "sha256")

    def seal(self, job: Job, decision: Decision, outgoing: Outgoing) -> tuple[Append, ...]:
        """The envelope of an open decision and its hop; any failure withholds this delivery."""
        try:
            view_type, view = outgoing.encoded(decision)
            return self._view(job, decision, view_type, view)
        except CasewardError as error:
            code = error.code
        except Exception:  # noqa: BLE001 - fail closed: a fault withholds, and the hop says so
            code = Code.INTERNAL
        what = part(
            Step.WITHHELD, job.source, job.now, job.event, decision, gate=Gate.ERROR, code=code
        )
        return self._recorder.hop(what)

    def body(self, job: Job, decision: Decision, made: tuple[ViewType, bytes] | None) -> ViewBody:
        """What goes inside the seal, with a fresh opening key; `made` None stands for no view."""
        if made is not None:
            self._publish_type(made[0])
        return _body(job, decision, made, self._random(32))

    def post(
        self,
        job: Job,
        decision: Decision,
        plaintext: bytes,
        *,
        opening_key: bytes,
        delivery_id: bytes,
        code: Code | None = None,
    ) -> tuple[Append, ...]:
        """An envelope to the decision's recipient, and the hop that it was sealed.

        Raises:
            EnvelopeRefused: `TOO_LARGE`.
        """
        recipient = job.snapshot.agencies[decision.recipient]
        key = self._sealer.key_for(recipient.name, recipient.sealing)
        topic = deliveries_topic(recipient.name)
        envelope = key.seal(plaintext, stream=topic, delivery_id=delivery_id)
        said = {"delivery_id": delivery_id, "code": code}
        hop = make_hop(
            part(Step.SEALED, job.source, job.now, job.event, decision, **said),
            RecipientPart(
                time_ms=ms(job.now),
                delivery_id=delivery_id,
                envelope_sha256=hashlib.sha256(envelope).digest(),
            ),
            recipient_key=opening_key,
            auditor_key=self._random(32),
        )
        return (Append(topic=topic, partition=0, value=envelope), *self._recorder.record(hop))

    def _view(
        self, job: Job, decision: Decision, view_type: ViewType, view: bytes
    ) -> tuple[Append, ...]:
        body = self.body(job, decision, (view_type, view))
        return self.post(
            job,
            decision,
            encode_body(body),
            opening_key=body.opening_key,
            delivery_id=self.delivery_id(job, decision),
        )

    def _publish_type(self, view_type: ViewType) -> None:
        """Put the derived schema, which names no person, in the log where it is not there yet."""
        if view_type.digest not in self._known_view_types:
            self._known_view_types.add(view_type.digest)
            key, value = view_type.digest.encode(), view_type.text.encode()
            self._types.append(Append(topic=VIEW_TYPES, partition=0, key=key, value=value))


def _body(
    job: Job, decision: Decision, made: tuple[ViewType, bytes] | None, opening_key: bytes
) -> ViewBody:
    if decision.agreement is None or decision.audience is None:
        raise CasewardError(Code.INTERNAL, "an open decision names its agreement and audience")
    ref, purpose, event_type = decision.agreement, decision.purpose, job.event.type
    schema, view = (NO_VIEW, b"") if made is None else (made[0].digest, made[1])
    handling, key = _handling(job.snapshot, decision), opening_key
    return ViewBody(
        ref.id, ref.version, ref.hash, purpose, schema, event_type, WORDING, handling, key, view
    )


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
