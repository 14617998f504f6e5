"""Whether anything goes to a recipient, under which agreement, and what becomes of every field.

The gates stand in one order, and the first that is closed is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from redaction import plan
from redaction.addressing import Question, Resolved, meaning, meant, named_in, standing_in
from redaction.agreement import Agreement
from redaction.clauses import BASICS
from redaction.conditions import Facts, facts_for
from redaction.decision import Decision, FieldDecision, Gate
from redaction.directory import Directory, reference_to
from redaction.facts import Register
from redaction.gates import first_closed
from redaction.leaves import Reader, reader_of
from schemas.codec import Event
from schemas.registry import Vocabulary


@dataclass(frozen=True, slots=True, order=True)
class Addressed:
    """An enrolled agency and a purpose for which some enacted agreement may address it."""

    recipient: str
    purpose: str


@dataclass(frozen=True, slots=True)
class _Found:
    """The governing agreement, the audience that means the recipient, and the facts for it."""

    agreement: Agreement
    resolved: Resolved
    facts: Facts


def decide(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    *,
    recipient: str,
    purpose: str,
    at: datetime,
) -> Decision:
    """What one recipient may have of an event for one purpose.

    Args:
        event: as decoded and checked by the codec.
        register: one snapshot; its tables are never changed.
        vocabulary: the tags of the event type and their classes.
        recipient: the name of an agency, enrolled or not.
        purpose: one word, of the event's header or not.
        at: the decision time, with its time zone.

    Returns:
        the decision. It never raises: whatever goes wrong closes the gate `error`.
    """
    try:
        return _decide(Question(event, Directory(register), vocabulary, recipient, purpose, at))
    except Exception:  # noqa: BLE001 - whatever goes wrong while deciding, nothing is delivered
        return _decision(recipient, purpose, Gate.ERROR)


def foresee(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    *,
    recipient: str,
    purpose: str,
    at: datetime,
) -> tuple[FieldDecision, ...]:
    """What would become of the fields if the recipient's gates were open; never for sending.

    It takes what `decide` takes, and is empty where no one agreement and audience govern, and
    where anything goes wrong.
    """
    try:
        asked = Question(event, Directory(register), vocabulary, recipient, purpose, at)
        found = _found(asked)
        if isinstance(found, Decision):
            return ()
        return plan.fields(found.facts, vocabulary, _reader(asked, found))
    except Exception:  # noqa: BLE001 - it only serves to say later that less went out
        return ()


def recipients(
    event: Event, register: Register, vocabulary: Vocabulary, *, at: datetime
) -> tuple[Addressed, ...]:
    """Everyone worth a decision about this event, sorted.

    These are the enrolled agencies that some enacted agreement can address, in force or not and
    in conflict or not, and those that stand in for one in conflict. Nobody else can be delivered
    to. Takes what `decide` takes; the answer does not change with the time.
    """
    directory = Directory(register)
    asked = Question(event, directory, vocabulary, "", "", at)
    addressed: set[tuple[str, str]] = set()
    for purpose in event.purposes:
        for agreement in directory.agreements(event.source, event.type, purpose):
            names = {name for a in agreement.audiences for name in meant(a, asked)}
            names |= standing_in(agreement, asked)
            addressed.update((name, purpose) for name in names)
    return tuple(
        Addressed(name, purpose)
        for name, purpose in sorted(addressed)
        if name in register.agencies and name != event.source
    )


def unknown_recipients(event: Event, register: Register) -> int:
    """How many names the event gives, where agreements look for recipients, that nobody has.

    The publisher is alarmed with this number; the names stay in the event.
    """
    directory = Directory(register)
    named = {
        name
        for purpose in event.purposes
        for agreement in directory.agreements(event.source, event.type, purpose)
        for audience in agreement.audiences
        if audience.named_in is not None
        for name in named_in(audience.named_in, event)
    }
    return len(named - register.agencies.keys())


def _decide(asked: Question) -> Decision:
    found = _found(asked)
    if isinstance(found, Decision):
        return found
    gate = first_closed(
        asked.directory, found.facts, found.resolved.audience, recipient=asked.recipient
    )
    leaves: tuple[FieldDecision, ...] = ()
    if gate is None:
        leaves = plan.fields(found.facts, asked.vocabulary, _reader(asked, found))
        gate = Gate.OPEN
        if not any(leaf.released and leaf.tag != BASICS for leaf in leaves):
            gate, leaves = Gate.NOTHING_RELEASED, ()
    return _decision(asked.recipient, asked.purpose, gate, found.agreement, found.resolved, leaves)


def _found(asked: Question) -> _Found | Decision:
    """What governs and who is addressed, or the decision where that already closes a gate."""
    agreement = _governing(asked)
    if isinstance(agreement, Gate):
        return _decision(asked.recipient, asked.purpose, agreement)
    resolved = meaning(asked, agreement)
    if len(resolved) != 1:
        return _decision(asked.recipient, asked.purpose, Gate.TWO_AUDIENCES, agreement)
    facts = facts_for(
        asked.event,
        asked.directory,
        agreement,
        audience=resolved[0].audience.name,
        purpose=asked.purpose,
        at=asked.at,
    )
    return _Found(agreement, resolved[0], facts)


def _reader(asked: Question, found: _Found) -> Reader:
    return reader_of(
        found.facts,
        asked.directory,
        recipient=asked.recipient,
        stands_for=found.resolved.stands_for,
    )


def _decision(
    recipient: str,
    purpose: str,
    gate: Gate,
    agreement: Agreement | None = None,
    resolved: Resolved | None = None,
    leaves: tuple[FieldDecision, ...] = (),
) -> Decision:
    return Decision(
        recipient=recipient,
        stands_for=recipient if resolved is None else resolved.stands_for,
        purpose=purpose,
        gate=gate,
        agreement=None if agreement is None else reference_to(agreement),
        audience=None if resolved is None else resolved.audience.name,
        fields=leaves,
    )


def _governing(asked: Question) -> Agreement | Gate:
    """The single agreement in force that addresses the recipient (rule 1), or what prevents it."""
    event = asked.event
    if (
        asked.recipient not in asked.directory.register.agencies
        or asked.recipient == event.source
        or asked.purpose not in event.purposes
    ):
        return Gate.NOT_ADDRESSED
    named = asked.directory.agreements(event.source, event.type, asked.purpose)
    candidates = [agreement for agreement in named if meaning(asked, agreement)]
    if not candidates:
        return Gate.NOT_ADDRESSED
    in_force = [a for a in candidates if _in_force(a, asked)]
    if not in_force:
        return Gate.NOT_IN_FORCE
    return in_force[0] if len(in_force) == 1 else Gate.TWO_AGREEMENTS


def _in_force(agreement: Agreement, asked: Question) -> bool:
    """Whether the decision's local date is in the agreement's span and no later version began."""
    if asked.at.tzinfo is None:
        raise ValueError("the decision time has no time zone")
    today = asked.at.astimezone(ZoneInfo(agreement.time_zone)).date()
    begun = agreement.start <= today <= agreement.until
    return begun and not asked.directory.superseded(agreement, today)
