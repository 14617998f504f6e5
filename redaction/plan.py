"""Plans: an agreement compiled for one event type, audience and publisher, and what they do.

A plan decides every leaf of an event and makes the view from that decision. It is the only
production meaning of clauses: `clauses` has it for one field, `layout` and `leaves` carry it over
an event, `views` makes what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from redaction.agreement import Form
from redaction.clauses import BASICS, Asked
from redaction.conditions import Facts, facts_for
from redaction.decision import AgreementRef, Decision, FieldDecision
from redaction.directory import Directory, reference_to
from redaction.facts import Register
from redaction.laying import Reader
from redaction.layout import Layout, lay_out
from redaction.leaves import MAX_OUTCOMES, Leaves, reader_of
from redaction.making import Decided, Recipe, make_recipe
from redaction.sameness import Normals
from redaction.scrubbing.decided import hidden_from, with_doubts
from redaction.scrubbing.hidden import Hidden
from redaction.today import today_in
from redaction.transforms import Means, pseudonym_key
from redaction.views import ShapeRecord, derive
from schemas.codec import Event, ViewType, decode_view, view_type_from_text
from schemas.errors import CasewardError, Code
from schemas.registry import EventType, Vocabulary
from schemas.wire import Unfit

MAX_PLANS = 4096  # a country's police forces, agreements and audiences; the oldest is forgotten


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled agreement: how an event's leaves are decided, and the view's shape and type.

    `recipes` remember how an outcome is written, by the identity of the outcome that the layout
    keeps; like the layout's memories, they hold nothing of an event.
    """

    vocabulary: Vocabulary
    layout: Layout
    shape: ShapeRecord
    view_type: ViewType
    recipes: dict[int, tuple[tuple[FieldDecision, ...], Recipe]]


def compile_plan(etype: EventType, asked: Asked) -> Plan:
    """Compile an agreement for one event type, audience and publisher.

    Raises:
        ValueError: the agreement cannot be executed for this event type, which its check refuses.
    """
    layout = lay_out(etype, asked)
    shape, text = derive(etype, lambda place: layout.rules[place].possible)
    return Plan(
        vocabulary=asked.vocabulary,
        layout=layout,
        shape=shape,
        view_type=view_type_from_text(text),
        recipes={},
    )


class Plans:
    """Compiled plans by event type digest, agreement hash, audience and publisher."""

    __slots__ = ("_plans",)

    def __init__(self) -> None:
        self._plans: dict[tuple[str, str, str, str], Plan] = {}

    def get(self, etype: EventType, ref: AgreementRef, asked: Asked) -> Plan:
        """The plan, compiled once.

        Raises:
            ValueError: see `compile_plan`.
        """
        key = (etype.digest, ref.hash, asked.audience, asked.publisher)
        plan = self._plans.get(key)
        if plan is None or plan.vocabulary is not asked.vocabulary:
            plan = compile_plan(etype, asked)
            if len(self._plans) >= MAX_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return plan


_PLANS = Plans()


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

    __slots__ = ("_facts", "_leaves", "_outcomes", "_plan", "selective")

    def __init__(self, facts: Facts, vocabulary: Vocabulary, normals: Normals) -> None:
        self._facts = facts
        self._plan = _plan(facts, vocabulary)
        self._leaves = Leaves(self._plan.layout, facts, normals)
        self._outcomes: dict[Reader, Outcome] = {}
        # whether list elements are selected, which may be the reader's own
        self.selective = self._plan.layout.root.selective

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
    return any(field.released and field.tag != BASICS for field in fields)


def _plan(facts: Facts, vocabulary: Vocabulary) -> Plan:
    known = facts.circumstances
    asked = Asked(known.agreement, known.audience, known.event.source, vocabulary)
    return _PLANS.get(known.event.etype, reference_to(known.agreement), asked)


class _Outcome:
    """An open decision about an event, with the plan that it was made by.

    Facts are gathered when something asks for them: mostly nothing does.
    """

    __slots__ = ("_at", "_facts", "agreement", "audience", "decision", "event", "plan", "register")

    def __init__(
        self,
        event: Event,
        register: Register,
        vocabulary: Vocabulary,
        decision: Decision,
        at: datetime,
    ) -> None:
        ref, audience = decision.agreement, decision.audience
        if not decision.delivered or ref is None or audience is None:
            raise ValueError("only an open decision has a view")
        self.event = event
        self.register = register
        self.decision = decision
        self.audience = audience
        self.agreement = Directory(register).agreement(ref)
        self.plan = _PLANS.get(
            event.etype, ref, Asked(self.agreement, audience, event.source, vocabulary)
        )
        self._at = at
        self._facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """The facts at the event's root."""
        if self._facts is None:
            self._facts = facts_for(
                self.event,
                Directory(self.register),
                self.agreement,
                audience=self.audience,
                purpose=self.decision.purpose,
                at=self._at,
            )
        return self._facts

    def absent(self) -> Decided:
        """What becomes of every leaf, those of null records included."""
        decision = self.decision
        reader = reader_of(
            self.facts,
            Directory(self.register),
            recipient=decision.recipient,
            stands_for=decision.stands_for,
        )
        leaves = Leaves(self.plan.layout, self.facts, Normals()).with_absent(reader)
        return {leaf.path: leaf for leaf in leaves}

    def recipe(self) -> Recipe:
        """How the outcome is written, remembered where the outcome is."""
        plan, fields = self.plan, self.decision.fields
        known = plan.recipes.get(id(fields))
        if known is not None and known[0] is fields:
            return known[1]
        decided = {field.path: field for field in fields}
        rabin = plan.view_type.rabin
        recipe = make_recipe(plan.shape, rabin, self.event, decided, self.absent)
        if plan.layout.keeps(fields):
            if len(plan.recipes) >= MAX_OUTCOMES:
                plan.recipes.clear()
            plan.recipes[id(fields)] = (fields, recipe)
        return recipe

    def means(self, secret: bytes | None) -> Callable[[FieldDecision], Means]:
        """What each leaf's form may need, made when the first leaf asks for it."""
        scrubbing: list[Means] = []

        def means(field: FieldDecision) -> Means:
            today = today_in(self.agreement, self._at).date
            if field.form is Form.SCRUBBED:
                if not scrubbing:
                    scrubbing.append(Means(today=today, hidden=self._hidden()))
                return scrubbing[0]
            if field.form is not Form.PSEUDONYM or secret is None:
                return Means(today=today)
            who = {"recipient": self.decision.recipient, "agreement": self.agreement.id}
            key = pseudonym_key(secret, **who, tag=field.tag)
            return Means(today=today, pseudonym_key=key)

        return means

    def _hidden(self) -> Hidden:
        """What a scrubbed text must not tell."""
        decided = {field.path: field for field in self.decision.fields}
        return hidden_from(self.facts.circumstances, decided, self.plan.vocabulary)


def view_type(
    event: Event, register: Register, vocabulary: Vocabulary, decision: Decision, *, at: datetime
) -> ViewType:
    """The type of the view that an open decision leads to. See `view`."""
    return _Outcome(event, register, vocabulary, decision, at).plan.view_type


def view(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    decision: Decision,
    *,
    at: datetime,
    secret: bytes | None = None,
) -> dict[str, Any]:
    """The event as the decision lets its recipient see it: what the bytes of `encode` say."""
    view_type, data = encode(event, register, vocabulary, decision, at=at, secret=secret)
    return decode_view(view_type, data)


def encode(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    decision: Decision,
    *,
    at: datetime,
    secret: bytes | None = None,
) -> tuple[ViewType, bytes]:
    """The view as bytes, with its type.

    Args:
        event: the event that was decided on.
        register: the register that was decided on.
        vocabulary: the vocabulary that was decided on.
        decision: an open decision.
        at: the decision time.
        secret: what pseudonyms are made with, 32 bytes; None where there are none.

    Raises:
        ValueError: the decision is not open, or was made on another event.
        NoPseudonymKey: a clause gives a pseudonym, and there is no secret.
        LookupError: the register has not got the decision's agreement.
        CasewardError: `view-refused`: a value of the event is not of its type.
    """
    outcome = _Outcome(event, register, vocabulary, decision, at)
    unfit = None
    try:
        data = outcome.recipe().write(event, outcome.means(secret))
    except (KeyError, IndexError):  # whose message could be a map's key
        raise ValueError("the decision does not speak of every leaf of the event") from None
    except Unfit as error:
        unfit = error
    if unfit is not None:
        raise CasewardError(Code.VIEW_REFUSED, f"a value of the event {unfit.rule}")
    return outcome.plan.view_type, data
