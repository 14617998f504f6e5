"""A layout's rules carried over the value of one event, for one reader, block by block."""

from __future__ import annotations

from typing import Any, NamedTuple

from redaction.agreement import Form
from redaction.blocks import Block, Elements, Entries, Maybe, Run, Step
from redaction.clauses import Selecting
from redaction.conditions import Facts, Truth, evaluate
from redaction.decision import FieldDecision
from redaction.judging import WITHHELD_AS_KEY, Given, Grant, judge
from redaction.layout import Layout, Settled
from redaction.protecting import NOTHING, Protected, Sames, same_as, sames
from redaction.sameness import Normals
from redaction.scopes import escaped, read
from schemas.registry import Kind

MAX_SETTLED = 4096  # blocks kept in a layout; past it they are all worked out again

Outline = tuple[object, ...]  # list lengths, truth values and numbers of clauses, nested


class Reader(NamedTuple):
    """For whom leaves are decided.

    `items` is the agency whose list elements are selected: the recipient's own name, or that of
    the agency whose place it takes. `granted` are the overrides recorded for it, `own_text` says
    whether it is of the publisher's house and so may have written the event's texts.
    """

    items: str
    granted: tuple[Grant, ...]
    own_text: bool


class Known(NamedTuple):
    """What holds for every reader: truths, whether a reason is given, and which values are hid."""

    truths: tuple[Truth, ...]
    reason: bool
    protected: Protected
    normals: Normals


class Around(NamedTuple):
    """What surrounds a block: facts, selected items, and the maps it is in."""

    facts: Facts
    selected: tuple[bool, ...]
    keys_shown: bool
    in_map: bool


class Laying:
    """One layout over one event for one recipient; `out` is what was decided so far."""

    __slots__ = (
        *("_absent_too", "_layout", "_normals", "_protected", "_reader", "_reason", "_truths"),
        "out",
    )

    def __init__(self, layout: Layout, known: Known, reader: Reader, absent_too: bool) -> None:
        self._truths = known.truths
        self._reason = known.reason
        self._protected = known.protected
        self._normals = known.normals
        self._layout = layout
        self._reader = reader
        self._absent_too = absent_too
        self.out: list[FieldDecision] = []

    def outline(self, block: Block, value: Any, around: Around) -> Outline:
        """What a block's outcome depends on besides truths and reader; of a type without maps.

        That is how long its lists are, which records are null, which elements are selected, and
        which leaves equal what a `never` withholds. No value of the event is in it.
        """
        parts: list[object] = []
        if self._protected and block.watched:
            parts.append(sames(block, value, self._protected, self._normals))
        self._outline_steps(block.steps, value, around, parts)
        return tuple(parts)

    def _outline_steps(
        self, steps: tuple[Step, ...], value: Any, around: Around, parts: list[object]
    ) -> None:
        for step in steps:
            if type(step) is Maybe:
                there = read(value, step.place) is not None
                parts.append(there)
                if there:
                    self._outline_steps(step.steps, value, around, parts)
            elif type(step) is Elements:
                elements = read(value, step.place) or ()
                parts.append(len(elements))
                for element in () if step.block.plain else elements:
                    inner = self._around_element(step, element, around)
                    parts += (inner.selected, self.outline(step.block, element, inner))

    def block(self, block: Block, value: Any, prefix: str, around: Around) -> None:
        """Decide a block's leaves and go on into its lists and maps."""
        same: Sames = ()
        if self._protected and block.watched:
            same = sames(block, value, self._protected, self._normals)
        settled = self._settled(block, prefix, around, same)
        self._lay(block.steps, value, prefix, around, settled)

    def _lay(
        self,
        steps: tuple[Step, ...],
        value: Any,
        prefix: str,
        around: Around,
        settled: Settled,
    ) -> None:
        for step in steps:
            match step:
                case Run(start=start, stop=stop):
                    self.out += settled[start:stop]
                case Maybe(place=place, steps=inner):
                    if self._absent_too or read(value, place) is not None:
                        self._lay(inner, value, prefix, around, settled)
                case Elements():
                    self._elements(step, value, prefix, around)
                case Entries(gate=gate):
                    self._entries(step, value, prefix, around, settled[gate].form is Form.CLEAR)

    def _elements(self, step: Elements, value: Any, prefix: str, around: Around) -> None:
        start = "".join((prefix, *(f"/{name}" for name in step.place)))
        for position, element in enumerate(read(value, step.place) or ()):
            inner = self._around_element(step, element, around)
            self.block(step.block, element, f"{start}/{position}", inner)

    def _around_element(self, step: Elements, element: Any, around: Around) -> Around:
        if not step.block.selective:
            return around
        facts = around.facts.within(step.scope, element)
        return Around(
            facts=facts,
            selected=self._selected(step.block, facts),
            keys_shown=around.keys_shown,
            in_map=around.in_map,
        )

    def _entries(self, step: Entries, value: Any, prefix: str, around: Around, shown: bool) -> None:
        """Go into a map; a key that equals a withheld address or phone closes its entry."""
        start = "".join((prefix, *(f"/{name}" for name in step.place)))
        for key, entry in (read(value, step.place) or {}).items():
            same = NOTHING
            if shown and self._protected:
                same = same_as(step.compared, Kind.STRING, key, self._protected, self._normals)
            inner = Around(
                facts=around.facts,
                selected=around.selected,
                keys_shown=shown
                and (not same or judge(step.rule, self._given(around), same).form is Form.CLEAR),
                in_map=True,
            )
            self.block(step.block, entry, f"{start}/{escaped(key)}", inner)

    def _given(self, around: Around) -> Given:
        return Given(
            self._truths,
            self._reason,
            around.selected,
            self._layout.nevers,
            self._reader.granted,
            self._reader.own_text,
        )

    def _selected(self, block: Block, facts: Facts) -> tuple[bool, ...]:
        return tuple(
            [
                number in block.uses and _selects(each, facts, self._reader.items)
                for number, each in enumerate(self._layout.items)
            ]
        )

    def _settled(self, block: Block, prefix: str, around: Around, sames: Sames) -> Settled:
        """What becomes of the block's leaves: worked out, or remembered from the same truths."""
        key = (
            self._truths,
            self._reason,
            self._reader.granted,
            self._reader.own_text,
            block.number,
            prefix,
            around.selected,
            around.keys_shown,
            sames,
        )
        remembered = self._layout.settled
        settled = remembered.get(key)
        if settled is None:
            settled = self._settle(block, prefix, around, sames)
            if not around.in_map:  # a map's keys are data, and no data outlives its event
                if len(remembered) >= MAX_SETTLED:
                    remembered.clear()
                remembered[key] = settled
        return settled

    def _settle(self, block: Block, prefix: str, around: Around, sames: Sames) -> Settled:
        given = self._given(around)
        same = dict(zip((watched.rule for watched in block.watched), sames, strict=False))
        decided = []
        for number, (rule, path) in enumerate(zip(block.rules, block.paths, strict=True)):
            verdict = judge(rule, given, same.get(number, NOTHING))
            if verdict.form is not None and not around.keys_shown:
                verdict = WITHHELD_AS_KEY
            decided.append(
                FieldDecision(
                    path=prefix + path,
                    tag=rule.tag,
                    released=verdict.form is not None,
                    form=verdict.form,
                    clause=verdict.clause,
                    reason=verdict.reason,
                )
            )
        return tuple(decided)


def _selects(selecting: Selecting, facts: Facts, stands_for: str) -> bool:
    """Whether a list element is selected; unknown never selects (rule 6)."""
    items = selecting.items
    if items.where is not None and not _names(items.where, facts, stands_for):
        return False
    return items.when is None or evaluate(items.when, facts.asked_for(selecting.tags)) is True


def _names(tag: str, facts: Facts, stands_for: str) -> bool:
    """Whether the nearest element with a field of this tag names the agency, in each such field."""
    for scope, element in facts.scopes[:-1]:
        places = scope.fields.get(tag)
        if places is not None:
            return all(read(element, place) == stands_for for place in places)
    return False
