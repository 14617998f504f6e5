"""What becomes of every leaf of one event, for any number of readers: worked out or remembered."""

from __future__ import annotations

from typing import Any, Final

from redaction.conditions import Circumstances, Facts, evaluate
from redaction.decision import FieldDecision
from redaction.directory import Directory
from redaction.facts import Review
from redaction.judging import Grant, grant_of
from redaction.laying import Around, Known, Laying, Outline, Reader
from redaction.layout import Layout
from redaction.protecting import protected, sames
from redaction.sameness import Normals

MAX_OUTCOMES = 512  # whole outcomes kept in a layout; past it they are all worked out again

REASON_FACT = "sharing_reason"


# Any reader where nothing depends on who it is: no elements, no overrides, no scrubbed text.
ANYBODY: Final = Reader(items="", granted=(), own_text=False)


def reader_of(facts: Facts, directory: Directory, *, recipient: str, stands_for: str) -> Reader:
    """The recipient of a delivery as its leaves depend on it.

    Raises:
        LookupError: an agency that the recipient is part of is not enrolled.
    """
    known = facts.circumstances
    own_text = directory.akin(recipient, known.event.source)
    return Reader(stands_for, _granted(known, recipient) if known.granted else (), own_text)


def _granted(known: Circumstances, recipient: str) -> tuple[Grant, ...]:
    """The overrides recorded for the recipient that hold now, each once."""
    granted = [
        grant_of(record)
        for record in known.granted
        if record.agreement == known.agreement.id
        and record.purpose == known.purpose
        and recipient in record.recipients
        and record.since <= known.at < record.until
        and record.review is not Review.FAILED
    ]
    return tuple(dict.fromkeys(granted))


class Leaves:
    """One layout over one event: what becomes of its leaves, for any number of readers.

    It lives as long as the work on its event.

    Args:
        layout: the compiled clauses.
        facts: the facts at the event's root.
        normals: of the same event.
    """

    __slots__ = ("_facts", "_known", "_layout", "_outline")

    def __init__(self, layout: Layout, facts: Facts, normals: Normals) -> None:
        truths = tuple(
            [
                evaluate(each.condition, facts if each.tags is None else facts.asked_for(each.tags))
                for each in layout.conditions
            ]
        )
        reason = facts.value(REASON_FACT) if layout.reasoned else None
        value = facts.circumstances.event.value
        self._layout = layout
        self._facts = facts
        reasoned = isinstance(reason, str) and bool(reason.strip())
        hid = protected(layout, truths, value, normals) if layout.protectors else {}
        self._known = Known(truths, reasoned, hid, normals)
        self._outline: Outline | None = None

    def decided(self, reader: Reader) -> tuple[FieldDecision, ...]:
        """What becomes of every leaf, in the order of the event type: one object for each outcome.

        Raises:
            ValueError: applicable forms cannot be ordered.
        """
        layout, known = self._layout, self._known
        if layout.keyed:
            return self._walked(reader, absent_too=False)
        # INVARIANT: nothing else that leaves are decided on differs between two events or readers.
        key = (known.truths, known.reason, reader.granted, reader.own_text, self._outlined(reader))
        decided = layout.outcomes.get(key)
        if decided is None:
            decided = self._walked(reader, absent_too=False)
            if layout.keeps(decided):
                if len(layout.outcomes) >= MAX_OUTCOMES:
                    layout.outcomes.clear()
                layout.outcomes[key] = decided
        return decided

    def with_absent(self, reader: Reader) -> tuple[FieldDecision, ...]:
        """The same, where the leaves of null records are decided as if they were there and null."""
        return self._walked(reader, absent_too=True)

    def _walked(self, reader: Reader, *, absent_too: bool) -> tuple[FieldDecision, ...]:
        run = Laying(self._layout, self._known, reader, absent_too)
        run.block(self._layout.root, self._value, "", self._around())
        return tuple(run.out)

    def _outlined(self, reader: Reader) -> Outline:
        if self._outline is not None:
            return self._outline
        root, known = self._layout.root, self._known
        if self._layout.inside:
            run = Laying(self._layout, known, reader, absent_too=False)
            outline = run.outline(root, self._value, self._around())
        else:
            event = self._facts.circumstances.event
            outline = event.spelled.outline
            if root.watched and known.protected:
                outline = (outline, sames(root, event.value, known.protected, known.normals))
        if not self._layout.root.selective:  # no reader has elements of its own
            self._outline = outline
        return outline

    @property
    def _value(self) -> Any:
        return self._facts.circumstances.event.value

    def _around(self) -> Around:
        nothing = (False,) * len(self._layout.items)  # what is in no list is no item
        return Around(facts=self._facts, selected=nothing, keys_shown=True, in_map=False)
