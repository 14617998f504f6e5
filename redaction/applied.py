"""A plan applied to one event: what becomes of its leaves, for any number of readers."""

from __future__ import annotations

from typing import NamedTuple

from redaction.clauses import BASICS, Asked
from redaction.conditions import Facts
from redaction.decision import FieldDecision
from redaction.directory import reference_to
from redaction.laying import Reader
from redaction.leaves import Leaves
from redaction.plan import PLANS, Plan
from redaction.sameness import Normals
from redaction.scrubbing.decided import with_doubts
from schemas.registry import Vocabulary


class Outcome(NamedTuple):
    """What becomes of every leaf of an event, in the order of its type, for some reader.

    One outcome is one object `fields`, so that whoever has it in common can be told by that.
    `releases` says whether it shows more than any delivery discloses anyway.
    """

    fields: tuple[FieldDecision, ...]
    releases: bool


class Applied:
    """The plan for one event under one agreement and audience, for any number of readers.

    It lives as long as the work on its event.

    Args:
        facts: the facts at the event's root, under the governing agreement and audience.
        vocabulary: the tags and their classes.
        normals: of the same event.

    Raises:
        ValueError: the agreement cannot be executed for this event type.
    """

    __slots__ = ("_facts", "_leaves", "_outcomes", "_plan", "alike", "selective")

    def __init__(self, facts: Facts, vocabulary: Vocabulary, normals: Normals) -> None:
        self._facts = facts
        self._plan = _plan(facts, vocabulary)
        self._leaves = Leaves(self._plan.layout, facts, normals)
        self._outcomes: dict[Reader, Outcome] = {}
        layout = self._plan.layout
        # whether list elements are selected, which may be the reader's own
        self.selective = layout.root.selective
        # whether all readers see the same: what a text's author may see matters to scrubbing only
        self.alike = not (self.selective or layout.scrubs or facts.circumstances.granted)

    def outcome(self, reader: Reader) -> Outcome:
        """What becomes of the event for a reader.

        Raises:
            ValueError: applicable forms cannot be ordered.
        """
        outcome = self._outcomes.get(reader)
        if outcome is None:
            fields = self._leaves.decided(reader)
            if self._plan.layout.scrubs:
                fields = with_doubts(self._facts.circumstances, fields, self._plan.vocabulary)
            outcome = self._outcomes[reader] = Outcome(fields, _releases(fields))
        return outcome


def _releases(fields: tuple[FieldDecision, ...]) -> bool:
    # from the end, for what any delivery discloses stands first
    return any(field.released and field.tag != BASICS for field in reversed(fields))


def _plan(facts: Facts, vocabulary: Vocabulary) -> Plan:
    known = facts.circumstances
    asked = Asked(known.agreement, known.audience, known.event.source, vocabulary)
    return PLANS.get(known.event.etype, reference_to(known.agreement), asked)
