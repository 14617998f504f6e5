"""Plans: an agreement compiled for one event type, audience and publisher, and the views of them.

A plan decides every leaf of an event (`applied`) and makes the view from that decision. It is the
only production meaning of clauses: `clauses` has it for one field, `layout` and `leaves` carry it
over an event, `views` makes what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from redaction.agreement import Form
from redaction.clauses import Asked
from redaction.conditions import Facts, facts_for
from redaction.decision import AgreementRef, Decision, FieldDecision
from redaction.directory import Directory
from redaction.facts import Register
from redaction.layout import Layout, lay_out
from redaction.leaves import Leaves, reader_of
from redaction.making import Decided, Recipe, make_recipe
from redaction.sameness import Normals
from redaction.scrubbing.decided import hidden_from
from redaction.scrubbing.hidden import Hidden
from redaction.today import today_in
from redaction.transforms import Means, pseudonym_key
from redaction.views import ShapeRecord, derive
from schemas.codec import Event, ViewType, decode_view, view_type_from_text
from schemas.errors import CasewardError, Code
from schemas.registry import EventType, Vocabulary
from schemas.wire import Unfit

MAXPLANS = 4096  # a country's police forces, agreements and audiences; the oldest is forgotten
MAX_WRITTEN = 4096  # outcomes of which it is kept how they are written; past it, all are forgotten


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled agreement: how an event's leaves are decided, and the view's shape and type."""

    vocabulary: Vocabulary
    layout: Layout
    shape: ShapeRecord
    view_type: ViewType


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
            if len(self._plans) >= MAXPLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return plan


PLANS: Final = Plans()


class _Written(NamedTuple):
    """How one outcome is written, and what it was made from."""

    fields: tuple[FieldDecision, ...]
    ref: AgreementRef
    audience: str
    publisher: str
    etype: EventType
    vocabulary: Vocabulary
    view_type: ViewType
    recipe: Recipe


# By the identity of the outcomes that layouts keep; like those, it holds nothing of an event.
_WRITTEN: Final[dict[int, _Written]] = {}


class _Making:
    """An open decision about an event while its view is made.

    Plan, facts and means are got when something asks for them: mostly nothing does.
    """

    __slots__ = (
        *("_agreement", "_at", "_audience", "_decision", "_directory", "_event", "_facts"),
        *("_plain", "_ref", "_scrubbing", "_secret", "_vocabulary"),
    )

    def __init__(
        self,
        event: Event,
        register: Register,
        vocabulary: Vocabulary,
        decision: Decision,
        at: datetime,
        secret: bytes | None,
    ) -> None:
        ref, audience = decision.agreement, decision.audience
        if not decision.delivered or ref is None or audience is None:
            raise ValueError("only an open decision has a view")
        self._event = event
        self._decision = decision
        self._ref = ref
        self._audience = audience
        self._directory = Directory(register)
        self._agreement = self._directory.agreement(ref)
        self._vocabulary = vocabulary
        self._at = at
        self._secret = secret
        self._facts: Facts | None = None
        self._plain: Means | None = None
        self._scrubbing: Means | None = None

    @property
    def plan(self) -> Plan:
        """The plan that the decision was made by."""
        event = self._event
        asked = Asked(self._agreement, self._audience, event.source, self._vocabulary)
        return PLANS.get(event.etype, self._ref, asked)

    def written(self) -> _Written:
        """How the outcome is written, remembered where the outcome is."""
        fields, event, vocabulary = self._decision.fields, self._event, self._vocabulary
        known = _WRITTEN.get(id(fields))
        if (
            known is not None
            and known.fields is fields
            and known.ref == self._ref
            and known.audience == self._audience
            and known.publisher == event.source
            and known.etype is event.etype
            and known.vocabulary is vocabulary
        ):
            return known
        plan = self.plan
        decided = {field.path: field for field in fields}
        rabin = plan.view_type.rabin
        recipe = make_recipe(plan.shape, rabin, event, decided, self._absent)
        whose = self._ref, self._audience, event.source
        made = _Written(fields, *whose, event.etype, vocabulary, plan.view_type, recipe)
        if plan.layout.keeps(fields):
            if len(_WRITTEN) >= MAX_WRITTEN:
                _WRITTEN.clear()
            _WRITTEN[id(fields)] = made
        return made

    def means(self, field: FieldDecision) -> Means:
        """What a leaf's form may need beside its value."""
        plain = self._plain
        if plain is None:
            plain = self._plain = Means(today=today_in(self._agreement, self._at).date)
        if field.form is Form.SCRUBBED:
            if self._scrubbing is None:
                self._scrubbing = replace(plain, hidden=self._hidden())
            return self._scrubbing
        if field.form is not Form.PSEUDONYM or self._secret is None:
            return plain
        who = {"recipient": self._decision.recipient, "agreement": self._agreement.id}
        key = pseudonym_key(self._secret, **who, tag=field.tag)
        return replace(plain, pseudonym_key=key)

    def _known(self) -> Facts:
        """The facts at the event's root."""
        if self._facts is None:
            self._facts = facts_for(
                self._event,
                self._directory,
                self._agreement,
                audience=self._audience,
                purpose=self._decision.purpose,
                at=self._at,
            )
        return self._facts

    def _absent(self) -> Decided:
        """What becomes of every leaf, those of null records included."""
        facts, decision = self._known(), self._decision
        recipient, stands_for = decision.recipient, decision.stands_for
        reader = reader_of(facts, self._directory, recipient=recipient, stands_for=stands_for)
        leaves = Leaves(self.plan.layout, facts, Normals()).with_absent(reader)
        return {leaf.path: leaf for leaf in leaves}

    def _hidden(self) -> Hidden:
        """What a scrubbed text must not tell."""
        decided = {field.path: field for field in self._decision.fields}
        return hidden_from(self._known().circumstances, decided, self._vocabulary)


def view_type(
    event: Event, register: Register, vocabulary: Vocabulary, decision: Decision, *, at: datetime
) -> ViewType:
    """The type of the view that an open decision leads to. See `view`."""
    return _Making(event, register, vocabulary, decision, at, None).plan.view_type


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
    making = _Making(event, register, vocabulary, decision, at, secret)
    unfit = None
    try:
        written = making.written()
        data = written.recipe.write(event, making.means)
    except (KeyError, IndexError):  # whose message could be a map's key
        raise ValueError("the decision does not speak of every leaf of the event") from None
    except Unfit as error:
        unfit = error
    if unfit is not None:
        raise CasewardError(Code.VIEW_REFUSED, f"a value of the event {unfit.rule}")
    return written.view_type, data
