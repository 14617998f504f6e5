"""Whether anything goes to a recipient, under which agreement, and what becomes of every field.

The gates stand in one order, and the first that is closed is the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from redaction.addressing import (
    NOTHING,
    Possibles,
    Question,
    Resolved,
    addressees,
    meaning,
    meant,
    named_in,
    standing_in,
)
from redaction.agreement import Agreement, Audience
from redaction.applied import Applied, Outcome
from redaction.conditions import Facts, facts_for
from redaction.decision import Decision, FieldDecision, Gate
from redaction.directory import Directory, reference_to
from redaction.facts import Register
from redaction.gates import Gates
from redaction.leaves import ANYBODY, reader_of
from redaction.sameness import Normals
from redaction.today import today_in
from schemas.codec import Event
from schemas.registry import Vocabulary


@dataclass(frozen=True, slots=True, order=True)
class Addressed:
    """An enrolled agency and a purpose for which some enacted agreement may address it."""

    recipient: str
    purpose: str


class _Governed:
    """What one agreement, one of its audiences and a purpose have for all recipients of an event.

    `facts` are those at the event's root; `applied` is the plan once a leaf is asked for, and
    `outcome` what comes of it where that is the same for all of them.
    """

    __slots__ = ("applied", "audience", "facts", "gates", "outcome", "ref")

    def __init__(self, agreement: Agreement, facts: Facts, gates: Gates) -> None:
        self.ref = reference_to(agreement)
        self.audience = facts.circumstances.audience
        self.gates = gates
        self.facts = facts
        self.applied: Applied | None = None
        self.outcome: Outcome | None = None


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
        *("_addressees", "_alike", "_at", "_directory", "_event", "_facts", "_governed", "_holds"),
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
        self._addressees: dict[str, Mapping[str, Possibles]] = {}
        self._holds: dict[int, bool] = {}
        self._governed: dict[tuple[int, str, str], _Governed] = {}
        self._facts: dict[tuple[int, str], Facts] = {}
        self._alike: dict[int, tuple[Possibles, _Governed]] = {}
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
            return self._decide(recipient, purpose)
        except Exception:  # noqa: BLE001 - whatever goes wrong while deciding, nothing is delivered
            return Decision(recipient, recipient, purpose, Gate.ERROR, None, None, ())

    def foresee(self, *, recipient: str, purpose: str) -> tuple[FieldDecision, ...]:
        """What would become of the fields if the recipient's gates were open; never for sending.

        It is empty where no one agreement and audience govern, and where anything goes wrong.
        """
        try:
            found = self._found(recipient, purpose)
            if isinstance(found, Decision):
                return ()
            return self._outcome(recipient, *found).fields
        except Exception:  # noqa: BLE001 - it only serves to say later that less went out
            return ()

    def _decide(self, recipient: str, purpose: str) -> Decision:
        found = self._found(recipient, purpose)
        if isinstance(found, Decision):
            return found
        governed, stands_for = found
        gate = governed.gates.first_closed(recipient)
        fields: tuple[FieldDecision, ...] = ()
        if gate is None:
            outcome = governed.outcome or self._outcome(recipient, governed, stands_for)
            gate = Gate.NOTHING_RELEASED
            if outcome.releases:
                gate, fields = Gate.OPEN, outcome.fields
        audience = governed.audience
        return Decision(recipient, stands_for, purpose, gate, governed.ref, audience, fields)

    def _found(self, recipient: str, purpose: str) -> tuple[_Governed, str] | Decision:
        """What governs and for whom, or the decision where that already closes a gate."""
        if recipient == self._source or recipient not in self._directory.register.agencies:
            return Decision(recipient, recipient, purpose, Gate.NOT_ADDRESSED, None, None, ())
        possibles = self._asked_for(purpose)[recipient]
        before = self._alike.get(id(possibles))
        if before is not None:
            return before[1], recipient
        governing = self._governing(recipient, purpose, possibles)
        if isinstance(governing, Gate):
            return Decision(recipient, recipient, purpose, governing, None, None, ())
        agreement, resolved = governing
        if len(resolved) != 1:
            ref = reference_to(agreement)
            return Decision(recipient, recipient, purpose, Gate.TWO_AUDIENCES, ref, None, ())
        audience, stands_for = resolved[0]
        key = (id(agreement), audience.name, purpose)
        governed = self._governed.get(key)
        if governed is None:
            governed = self._governed[key] = self._govern(agreement, audience, purpose)
        if possibles.told:
            # INVARIANT: they are held beside what they stand for, so their id is nobody else's.
            self._alike[id(possibles)] = (possibles, governed)
        return governed, stands_for

    def _govern(self, agreement: Agreement, audience: Audience, purpose: str) -> _Governed:
        key = (id(agreement), purpose)
        others = self._facts.get(key)
        if others is None:
            event, directory, at = self._event, self._directory, self._at
            asked = {"audience": audience.name, "purpose": purpose}
            facts = facts_for(event, directory, agreement, **asked, at=at)
            self._facts[key] = facts
        else:
            facts = others.of_audience(audience.name)
        return _Governed(agreement, facts, Gates(self._directory, facts, audience))

    def _governing(
        self, recipient: str, purpose: str, possibles: Possibles
    ) -> tuple[Agreement, tuple[Resolved, ...]] | Gate:
        """The single agreement in force that addresses the recipient (rule 1), or what prevents it.

        Returns:
            the agreement with its audiences that mean the recipient, at least one; or the gate.
        """
        gate, in_force = Gate.NOT_ADDRESSED, None
        for each in possibles.each:
            if possibles.told:
                resolved = tuple([Resolved(audience, recipient) for audience in each.direct])
            else:
                resolved = meaning(self._question(recipient, purpose), each)
            if not resolved:
                continue
            if not self._in_force(each.agreement):
                gate = Gate.NOT_IN_FORCE
            elif in_force is not None:
                return Gate.TWO_AGREEMENTS
            else:
                in_force = (each.agreement, resolved)
        return in_force or gate

    def _asked_for(self, purpose: str) -> Mapping[str, Possibles]:
        """By recipient, what it can be for one purpose: nothing for one that the event has not."""
        found = self._addressees.get(purpose)
        if found is None:
            found = defaultdict(lambda: NOTHING)
            if purpose in self._event.purposes:
                found = addressees(self._directory, self._source, self._event.type, purpose)
            self._addressees[purpose] = found
        return found

    def _question(self, recipient: str, purpose: str) -> Question:
        return Question(
            self._event, self._directory, self._vocabulary, recipient, purpose, self._at
        )

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

    def _outcome(self, recipient: str, governed: _Governed, stands_for: str) -> Outcome:
        applied = governed.applied
        if applied is None:
            applied = Applied(governed.facts, self._vocabulary, self._normals)
            governed.applied = applied
        if applied.alike:
            governed.outcome = outcome = applied.outcome(ANYBODY)
            return outcome
        # no reader has elements of its own where none are selected
        items = stands_for if applied.selective else ""
        facts, directory = governed.facts, self._directory
        return applied.outcome(reader_of(facts, directory, recipient=recipient, stands_for=items))


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
