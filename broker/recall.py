"""Recalls: what a withdrawn consent or a failed override takes back (rules 11 and 12).

Each past delivery is decided twice, at its own time and under the agreement that it went out
under: once without the change, once with it. Only what falls away between the two is recalled, so
that what rests on something else, such as a serious risk, stays; and nobody is told the same twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import cbor2

from broker.consent_changes import ConsentChange
from broker.delivering import Deliverer, Job
from broker.log import Append
from broker.recalled import left_of, name_of, remember
from broker.recording import Recorder, Source, ms, part
from broker.register import Snapshot
from broker.sealer import Identity
from redaction.decide import decide, foresee
from redaction.decision import Decision, FieldDecision, Gate
from redaction.directory import Directory
from redaction.facts import Consent, Granted, Register
from redaction.outgoing import Outgoing
from redaction.transforms import at_most
from schemas.codec import Event, ViewType
from schemas.errors import CasewardError, Code
from schemas.hop import AuditorPart, Step
from schemas.recall import Action, Recall, encode_recall
from schemas.registry import Vocabulary

# No field is released, and consent may be why.
_NOTHING = frozenset({Gate.AUDIENCE_CONDITION, Gate.NOTHING_RELEASED})
# Under the present register nobody can say what the delivery rested on.
_UNDECIDED = frozenset(
    {
        Gate.NOT_ADDRESSED,
        Gate.NOT_IN_FORCE,
        Gate.TWO_AGREEMENTS,
        Gate.TWO_AUDIENCES,
        Gate.ERROR,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A delivery that went out, as its hop tells of it, and the event it was made of."""

    source: Source
    event_id: str
    event_type: str
    recipient: str
    purpose: str
    agreement: str
    version: int
    delivery_id: bytes
    time_ms: int
    counted: tuple[int, int, tuple[str, ...]]  # released, withheld, clauses
    left: bytes | None = None  # what its last recall left of it, as `recalled.left_of` says

    @property
    def at(self) -> datetime:
        """The time at which it was decided."""
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


def past_of(source: Source, hop: Mapping[str, Any]) -> Past:
    """The delivery that a hop of the index sealed."""
    return Past(
        source=source,
        event_id=hop["event_id"],
        event_type=hop["event_type"],
        recipient=hop["recipient"],
        purpose=hop["purpose"],
        agreement=hop["agreement"],
        version=hop["agreement_version"],
        delivery_id=bytes.fromhex(hop["delivery_id"]),
        time_ms=hop["time_ms"],
        counted=(hop["released"], hop["withheld"], tuple(hop["clauses"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a recipient is told under one state of the consents, whatever gate is closed now."""

    register: Register
    decision: Decision
    fields: tuple[FieldDecision, ...]


class Recaller:
    """Makes recalls.

    Args:
        identity: who the gateway is.
        deliverer: seals what is sent.
        recorder: makes the records of hops.
        vocabulary: what events are decided on.
    """

    def __init__(
        self, identity: Identity, deliverer: Deliverer, recorder: Recorder, vocabulary: Vocabulary
    ) -> None:
        self._identity = identity
        self._deliverer = deliverer
        self._recorder = recorder
        self._vocabulary = vocabulary

    def recall(
        self, event: Event, past: Past, change: ConsentChange, snapshot: Snapshot, now: datetime
    ) -> Iterator[Append]:
        """The recall of a delivery that rested on the consent; nothing if it did not.

        Raises:
            CasewardError: nobody can say now whether it did.
        """
        directory = Directory(snapshot.facts)
        present, granted = directory.consents(change.case), directory.granted(change.case)
        states = (
            (change.before_it, change.granted_before),
            (change.with_it, change.granted_with),
            (present, granted),
        )
        before, after, today = (self._told(event, past, snapshot.facts, *one) for one in states)
        if not falls_away(before.fields, after.fields):
            return
        if past.counted == _counted(past, after) != _counted(past, before):
            return  # what this consent allowed never went out with it
        yield from self._recall(event, past, change, snapshot, now, (after, today))

    def undecided(
        self, past: Past, change: ConsentChange, now: datetime, code: Code
    ) -> tuple[Append, ...]:
        """The alarm that a person must look at a delivery: nobody can say what it rested on."""
        return self._recorder.hop(_about(past, change, now, code))

    def last_left(self, past: Past, recalled: Mapping[bytes, bytes]) -> Past:
        """The delivery with what its last recall left of it, looked up in `read_recalled`."""
        secret = self._identity.delivery_secret
        return replace(past, left=recalled.get(name_of(secret, past.delivery_id)))

    def _told(
        self,
        event: Event,
        past: Past,
        facts: Register,
        consents: tuple[Consent, ...],
        granted: tuple[Granted, ...],
    ) -> _Told:
        """What the recipient has under these facts of the case, at the delivery's own time.

        Only the delivery's own agreement can govern, whatever was enacted since.
        """
        own = tuple(
            a for a in facts.agreements if (a.id, a.version) == (past.agreement, past.version)
        )
        register = replace(facts, agreements=own, consents=consents, granted=granted)
        words, name, purpose, at = self._vocabulary, past.recipient, past.purpose, past.at
        decision = decide(event, register, words, recipient=name, purpose=purpose, at=at)
        fields = decision.fields
        if decision.gate in _UNDECIDED:
            raise CasewardError(Code.RECALL_UNDECIDED, "the delivery cannot be decided again")
        if decision.gate not in (Gate.OPEN, *_NOTHING):
            # A gate that is closed now, such as that of a suspended agency, takes nothing back.
            fields = foresee(event, register, words, recipient=name, purpose=purpose, at=at)
        return _Told(register=register, decision=decision, fields=fields)

    def _recall(
        self,
        event: Event,
        past: Past,
        change: ConsentChange,
        snapshot: Snapshot,
        now: datetime,
        told: tuple[_Told, _Told],
    ) -> Iterator[Append]:
        after, today = told
        remains = _narrower(after, today)
        facts = (remains or after).register
        job = Job(source=past.source, event=event, snapshot=replace(snapshot, facts=facts), now=now)
        nothing = (remains or after).decision._replace(fields=())
        if remains is not None and remains.decision.delivered and _reachable(job, past):
            if self._left(job, past, change, remains.decision) == past.left:
                return  # it was told so already, and has got nothing since
            try:
                made = self._made(job, past, remains.decision)
                yield from self._post(job, past, change, remains.decision, made)
                return
            except Exception as error:  # noqa: BLE001 - recalled without it, and the hop says so
                code = error.code if isinstance(error, CasewardError) else Code.INTERNAL
                yield from self.undecided(past, change, now, code)
        if self._left(job, past, change, nothing) != past.left:
            yield from self._post(job, past, change, nothing, None)

    def _left(self, job: Job, past: Past, change: ConsentChange, decision: Decision) -> bytes:
        secret, action = self._identity.delivery_secret, _action(job.snapshot.facts, change.person)
        return left_of(secret, past.delivery_id, action, decision.fields)

    def _made(self, job: Job, past: Past, decision: Decision) -> tuple[ViewType, bytes]:
        """The view of what remains, made and checked as every view is."""
        facts, secret = job.snapshot.facts, self._identity.pseudonym_secret
        outgoing = Outgoing(job.event, facts, self._vocabulary, at=past.at, secret=secret)
        return outgoing.encoded(decision)

    def _post(
        self,
        job: Job,
        past: Past,
        change: ConsentChange,
        decision: Decision,
        made: tuple[ViewType, bytes] | None,
    ) -> tuple[Append, ...]:
        body = self._deliverer.body(job, decision, made)
        action = _action(job.snapshot.facts, change.person)
        recall = Recall(recalls=past.delivery_id, action=action, body=body)
        sealed = self._deliverer.post(
            job,
            decision,
            encode_recall(recall),
            opening_key=body.opening_key,
            delivery_id=self._delivery_id(past, change),
            code=Code.RECALLED,
        )
        secret, left = self._identity.delivery_secret, self._left(job, past, change, decision)
        return (*sealed, remember(secret, past.delivery_id, left))

    def _delivery_id(self, past: Past, change: ConsentChange) -> bytes:
        """HMAC(gateway secret, recalled delivery, consent entry and revision): once for each."""
        named = ["recall", past.delivery_id, change.key, change.revision]
        if not change.person:
            named.append("override")  # whose ids are not those of consents
        data = cbor2.dumps(named, canonical=True)
        return hmac.digest(self._identity.delivery_secret, data, "sha256")


def falls_away(before: Sequence[FieldDecision], after: Sequence[FieldDecision]) -> bool:
    """Whether some field is released as clearly before, and not after."""
    forms = {field.path: field.form for field in after}
    for field in before:
        if field.form is not None:
            left = forms.get(field.path)
            if left is None or not at_most(field.form, left):
                return True
    return False


def _narrower(one: _Told, other: _Told) -> _Told | None:
    """Whichever of the two tells no more than the other; None if each tells something else."""
    if not falls_away(other.fields, one.fields):
        return other
    return one if not falls_away(one.fields, other.fields) else None


def _counted(past: Past, told: _Told) -> tuple[int, int, tuple[str, ...]]:
    """What the hop of this outcome would have counted."""
    outcome = told.decision._replace(fields=told.fields)
    said = part(Step.SEALED, past.source, past.at, decision=outcome)
    return (said.released, said.withheld, said.clauses)


def _reachable(job: Job, past: Past) -> bool:
    """Whether the recipient's keys may be sealed to now: a recall may be, a view may not."""
    until = job.snapshot.agencies[past.recipient].keys_until
    return until is None or job.now.astimezone(UTC).date() <= until


def _action(facts: Register, person: str) -> Action:
    """What the agreement says; without a word on it, nothing else would stop the use for good."""
    for agreement in facts.agreements:
        for rule in agreement.consents:
            if rule.of == person:
                return Action(rule.on_withdrawal.value)
    return Action.ERASE


def _about(past: Past, change: ConsentChange, now: datetime, code: Code) -> AuditorPart:
    return AuditorPart(
        step=Step.WITHHELD,
        time_ms=ms(now),
        source=past.source.place,
        publisher=past.source.publisher,
        event_id=past.event_id,
        event_type=past.event_type,
        case=change.case,
        recipient=past.recipient,
        purpose=past.purpose,
        agreement=past.agreement,
        agreement_version=past.version,
        gate=Gate.ERROR,
        code=code,
    )
