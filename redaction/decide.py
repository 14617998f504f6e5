"""Whether anything goes to a recipient, under which agreement, and what becomes of every field.

The gates stand in one order, and the first that is closed is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from redaction import plan
from redaction.addressing import Question, Resolved, meaning, meant, named_in, standing_in
from redaction.agreement import Agreement
from redaction.clauses import BASICS
from redaction.conditions import Facts, facts_for
from redaction.decision import Decision, FieldDecision, Gate
from redaction.directory import Directory, reference_to
from redaction.facts import Register
from redaction.gates import first_closed
from redaction.leaves import reader_of
from redaction.sameness import Normals
from redaction.today import today_in
from schemas.codec import Event
from schemas.registry import Vocabulary


@dataclass(frozen=True, slots=True, order=True)
class Addressed:
    """An enrolled agency and a purpose for which some enacted agreement may address it."""

    recipient: str
    purpose: str


class _Found(NamedTuple):
    """The governing agreement, the audience that means the recipient, and the facts for it.

    `key` says which facts they are, among those for one event.
    """

    agreement: Agreement
    resolved: Resolved
    facts: Facts
    key: tuple[int, str, str]


class Deciding:
    """The decisions about one event: what they have in common is worked out once.

    It lives as long as the work on its event.

    Args:
        event: as decoded and checked by the codec.
        register: one snapshot; its tables are never changed.
        vocabulary: the tags of the event type and their classes.
        at: the decision time, with its time zone.
    """

    __slots__ = (
        *("_applied", "_at", "_directory", "_event", "_facts", "_holds", "_named"),
        *("_normals", "_source", "_vocabulary"),
    )

    def __init__(
        self, event: Event, register: Register, vocabulary: Vocabulary, *, at: datetime
    ) -> None:
        self._event = event
        self._source = event.source
        self._directory = Directory(register)
        self._vocabulary = vocabulary
        self._at = at
        # INVARIANT: the register holds its agreements as long as this lives, so an id stays theirs.
        self._named: dict[str, tuple[Agreement, ...]] = {}
        self._holds: dict[int, bool] = {}
        self._facts: dict[tuple[int, str, str], Facts] = {}
        self._applied: dict[tuple[int, str, str], plan.Applied] = {}
        self._normals = Normals()

    def decide(self, *, recipient: str, purpose: str) -> Decision:
        """What one recipient may have of the event for one purpose.

        Args:
            recipient: the name of an agency, enrolled or not.
            purpose: one word, of the event's header or not.

        Returns:
            the decision. It never raises: whatever goes wrong closes the gate `error`.
        """
        try:
            return self._decide(self._question(recipient, purpose))
        except Exception:  # noqa: BLE001 - whatever goes wrong while deciding, nothing is delivered
            return _decision(recipient, purpose, Gate.ERROR)

    def foresee(self, *, recipient: str, purpose: str) -> tuple[FieldDecision, ...]:
        """What would become of the fields if the recipient's gates were open; never for sending.

        It is empty where no one agreement and audience govern, and where anything goes wrong.
        """
        try:
            asked = self._question(recipient, purpose)
            found = self._found(asked)
            return () if isinstance(found, Decision) else self._fields(asked, found)
        except Exception:  # noqa: BLE001 - it only serves to say later that less went out
            return ()

    def _question(self, recipient: str, purpose: str) -> Question:
        return Question(
            self._event, self._directory, self._vocabulary, recipient, purpose, self._at
        )

    def _decide(self, asked: Question) -> Decision:
        found = self._found(asked)
        if isinstance(found, Decision):
            return found
        gate = first_closed(
            asked.directory, found.facts, found.resolved.audience, recipient=asked.recipient
        )
        leaves: tuple[FieldDecision, ...] = ()
        if gate is None:
            leaves = self._fields(asked, found)
            gate = Gate.OPEN
            if not any(leaf.released and leaf.tag != BASICS for leaf in leaves):
                gate, leaves = Gate.NOTHING_RELEASED, ()
        return _decision(
            asked.recipient, asked.purpose, gate, found.agreement, found.resolved, leaves
        )

    def _found(self, asked: Question) -> _Found | Decision:
        """What governs and who is addressed, or the decision where that already closes a gate."""
        governing = self._governing(asked)
        if isinstance(governing, Gate):
            return _decision(asked.recipient, asked.purpose, governing)
        agreement, resolved = governing
        if len(resolved) != 1:
            return _decision(asked.recipient, asked.purpose, Gate.TWO_AUDIENCES, agreement)
        audience = resolved[0].audience.name
        key = (id(agreement), audience, asked.purpose)
        facts = self._facts.get(key)
        if facts is None:
            facts = self._facts[key] = facts_for(
                asked.event,
                asked.directory,
                agreement,
                audience=audience,
                purpose=asked.purpose,
                at=asked.at,
            )
        return _Found(agreement, resolved[0], facts, key)

    def _governing(self, asked: Question) -> tuple[Agreement, list[Resolved]] | Gate:
        """The single agreement in force that addresses the recipient (rule 1), or what prevents it.

        Returns:
            the agreement with its audiences that mean the recipient, at least one; or the gate.
        """
        if asked.recipient not in asked.directory.register.agencies:
            return Gate.NOT_ADDRESSED
        candidates = [
            (agreement, resolved)
            for agreement in self._naming(asked.purpose)
            if asked.recipient != self._source and (resolved := meaning(asked, agreement))
        ]
        in_force = [found for found in candidates if self._in_force(found[0])]
        if len(in_force) == 1:
            return in_force[0]
        if in_force:
            return Gate.TWO_AGREEMENTS
        return Gate.NOT_IN_FORCE if candidates else Gate.NOT_ADDRESSED

    def _naming(self, purpose: str) -> tuple[Agreement, ...]:
        """The enacted agreements that name publisher, type and one of the event's purposes."""
        named = self._named.get(purpose)
        if named is None:
            event = self._event
            asked = purpose in event.purposes
            named = self._directory.agreements(self._source, event.type, purpose) if asked else ()
            self._named[purpose] = named
        return named

    def _in_force(self, agreement: Agreement) -> bool:
        """Whether the decision's local date is in its span and no later version has begun."""
        holds = self._holds.get(id(agreement))
        if holds is None:
            if self._at.tzinfo is None:
                raise ValueError("the decision time has no time zone")
            today = today_in(agreement, self._at).date
            holds = agreement.start <= today <= agreement.until
            holds = holds and not self._directory.superseded(agreement, today)
            self._holds[id(agreement)] = holds
        return holds

    def _fields(self, asked: Question, found: _Found) -> tuple[FieldDecision, ...]:
        applied = self._applied.get(found.key)
        if applied is None:
            applied = self._applied[found.key] = plan.Applied(
                found.facts, self._vocabulary, self._normals
            )
        return applied.fields(
            reader_of(
                found.facts,
                asked.directory,
                recipient=asked.recipient,
                # no reader has elements of its own where none are selected
                stands_for=found.resolved.stands_for if applied.selective else "",
            )
        )


def decide(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    *,
    recipient: str,
    purpose: str,
    at: datetime,
) -> Decision:
    """What one recipient may have of an event for one purpose. See `Deciding`."""
    deciding = Deciding(event, register, vocabulary, at=at)
    return deciding.decide(recipient=recipient, purpose=purpose)


def foresee(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    *,
    recipient: str,
    purpose: str,
    at: datetime,
) -> tuple[FieldDecision, ...]:
    """What would become of the fields if the recipient's gates were open. See `Deciding`."""
    deciding = Deciding(event, register, vocabulary, at=at)
    return deciding.foresee(recipient=recipient, purpose=purpose)


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
