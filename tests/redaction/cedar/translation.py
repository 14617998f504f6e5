"""An agreement's clauses as Cedar policies, for what one publisher sends of one event type.

    share 4.1: a as month, to x, when c     permit (principal, action == "share as month", resource)
                                            when {principal in [x] && tag is a && c certainly holds}
    never 7.1: b, clearer than year, to x,  forbid (principal, action, resource)
               when c                       when {principal in [x] && resource in [b]}
                                            unless {action in [the forms up to year]}
                                            unless {c certainly does not hold}
    override 9.1                            permit (principal, action in "9.1", resource)
                                            when {the record asked about applies}

A principal is an audience, a resource a spot of the event type, which is `in` its tags and the tags
around it, and these in their classes. An action is a form by which way: `share as month`,
`9.1 as month`; both are `in` the form. A field goes in the clearest form that is permitted.

Cedar permits where a `forbid` errs, for instance on an attribute that is not there. So nothing is
left out of a context: a fact that nobody knows has the kind `unknown`, and each condition is said
twice, as certainly holding (for `share`) and as certainly not holding (for `never`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redaction.agreement import (
    ANYONE,
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Condition,
    Elapsed,
    Form,
    Is,
    Items,
    Never,
    Not,
    Number,
    Override,
    Share,
    Unit,
)
from schemas.registry import Vocabulary
from tests.redaction.cedar.spots import Spot

BASICS = "event.basics"
FREE_TEXT = "free-text"
_LESS: dict[Form, tuple[Form, ...]] = {
    Form.MONTH: (Form.YEAR,),
    Form.AGE: (Form.AGE_BAND,),
    Form.PSEUDONYM: (Form.MASK,),
    Form.SCRUBBED: (Form.MASK,),
    Form.CLEAR: tuple(Form),
}
Tags = frozenset[str] | None


def up_to(cap: Form | None) -> tuple[Form, ...]:
    """The forms that tell no more than a cap; none without a cap."""
    return () if cap is None else (cap, *_LESS.get(cap, ()), Form.PRESENT)


def name_of(fact: str, tags: Tags) -> str:
    """What a context calls a fact; a consent is asked for the tags that its clause speaks of."""
    if not fact.startswith("consent_of_"):
        return fact
    return f"{fact} for {'all' if tags is None else ', '.join(sorted(tags))}"


def tags_asked(clause: Share | Never) -> Tags:
    """For which tags a clause asks for consents: its own; by a class for all there are."""
    return None if isinstance(clause, Never) and clause.classes else frozenset(clause.tags)


@dataclass(frozen=True, slots=True)
class Truths:
    """What of a condition is asked: whether it certainly holds, or certainly does not.

    `where` is the part of the context that has the facts: the whole event's, or the element's.
    """

    tags: Tags
    where: str = "root"

    def holds(self, condition: Condition) -> str:
        """True in Cedar if the condition certainly holds."""
        match condition:
            case AllOf(parts=parts):
                return _joined(" && ", map(self.holds, parts))
            case AnyOf(parts=parts):
                return _joined(" || ", map(self.holds, parts))
            case Not(part=part):
                return self.fails(part)
        return self._known(condition, "")

    def fails(self, condition: Condition) -> str:
        """True in Cedar if the condition certainly does not hold."""
        match condition:
            case AllOf(parts=parts):
                return _joined(" || ", map(self.fails, parts))
            case AnyOf(parts=parts):
                return _joined(" && ", map(self.fails, parts))
            case Not(part=part):
                return self.holds(part)
        return self._known(condition, "!")

    def _known(self, condition: Condition, negated: str) -> str:
        match condition:
            case Is(fact=fact, values=values):
                at, kind = self._at(name_of(fact, self.tags)), "word"
                test = f"{_words(values)}.contains({at}.word)"
            case Number(fact=fact, at_least=least, at_most=most):
                at, kind = self._at(name_of(fact, self.tags)), "number"
                test = _between(f"{at}.number", least, most)
            case Age(of=of, at_least=least, at_most=most):
                at, kind = self._at(f"age of {of}"), "number"
                test = _between(f"{at}.number", least, most)
            case Elapsed(amount=amount, unit=Unit.SCHOOL_DAYS, inclusive=inclusive):
                at, kind = self._at("school days"), "number"
                test = f"{at}.number {'<=' if inclusive else '<'} {amount}"
            case Elapsed(amount=amount, unit=unit, inclusive=inclusive):
                at, kind = self._at(f"{amount} {unit} later"), "number"
                test = f"context.now {'<=' if inclusive else '<'} {at}.number"
            case _:
                raise TypeError
        return f"({at}.kind == {_word(kind)} && {negated}({test}))"

    def _at(self, name: str) -> str:
        return f"context.{self.where}[{_word(name)}]"


def policies(
    agreement: Agreement, every: tuple[Spot, ...], vocabulary: Vocabulary, publisher: str
) -> str:
    """Everything that the clauses say, as the text of Cedar policies."""
    shares = [s for s in agreement.shares if not s.publishers or publisher in s.publishers]
    said = [
        *(_share(share) for share in shares),
        *(_never(never, agreement.overrides) for never in agreement.nevers),
        *(_override(each, agreement, shares, every, vocabulary) for each in agreement.overrides),
        *_summaries(agreement, every),
        *_free_text(vocabulary),
    ]
    for audience in agreement.audiences:
        if audience.when is not None:
            told = Truths(None).holds(audience.when)
            principal = f"principal == {_audience(audience.name)}"
            said.append(f"forbid ({principal}, action, resource) unless {{ {told} }};")
    return "\n".join(said)


def _share(share: Share) -> str:
    tests = [_to(share.to), f"{_words(share.tags)}.contains(resource.tag)"]
    if share.items is not None:
        tests.append(_selects(share.items, tags_asked(share)))
    if share.when is not None:
        tests.append(Truths(tags_asked(share)).holds(share.when))
    if share.needs_reason:
        tests.append("context.reason")
    action = _action(f"share as {share.form}")
    return f"permit (principal, action == {action}, resource) when {{ {_joined(' && ', tests)} }};"


def _selects(items: Items, tags: Tags) -> str:
    """Of a list's elements those that name the recipient, or whose own facts are so, or both."""
    tests = ["context.in_list"]
    if items.where is not None:
        tests.append(f"context.named[{_word(items.where)}] == [context.stands_for]")
    if items.when is not None:
        tests.append(Truths(tags, "here").holds(items.when))
    return _joined(" && ", tests)


def _never(never: Never, overrides: tuple[Override, ...]) -> str:
    """What it names, whatever stands in it, and what is equal to a phone or address of these."""
    names = [*(f"tag {tag}" for tag in never.tags), *(f"class {name}" for name in never.classes)]
    words = [f"Tag::{_word(tag)}" for tag in never.tags]
    words += [f"Class::{_word(name)}" for name in never.classes]
    to = "true" if ANYONE in never.to else _to(never.to)
    reached = f"(resource in [{', '.join(words)}] || context.equal.containsAny({_words(names)}))"
    spared = [f"unless {{ resource.tag == {_word(BASICS)} }}"]
    free = [_action(form) for form in up_to(never.clearer_than)]
    free += [_action(each.id) for each in overrides if never.id in each.lifts]
    if free:
        spared.append(f"unless {{ action in [{', '.join(free)}] }}")
    if never.when is not None:
        spared.append(f"unless {{ {Truths(tags_asked(never)).fails(never.when)} }}")
    return f"forbid (principal, action, resource) when {{ {to} && {reached} }} {' '.join(spared)};"


def _override(
    override: Override,
    agreement: Agreement,
    shares: list[Share],
    every: tuple[Spot, ...],
    vocabulary: Vocabulary,
) -> str:
    """A record within what the parties agreed to; it shows no element that is not selected."""
    unliftable = ", ".join(f"Class::{_word(name)}" for name in sorted(vocabulary.unliftable))
    spared = [f"unless {{ resource in [{unliftable}] }}"] if unliftable else []
    for audience in override.to:
        told = [s for s in shares if s.items is not None and audience in s.to]
        for spot in every:
            selections = _around(spot, told, every)
            if selections:
                here = f"resource == Spot::{_word(spot.place)}"
                hers = f"principal == {_audience(audience)} && {here}"
                spared.append(f"unless {{ {hers} && !{_joined(' || ', selections)} }}")
    head = f"permit (principal, action in {_action(override.id)}, resource)"
    tests = _joined(" && ", _record_applies(override, agreement))
    return f"{head} when {{ {tests} }} {' '.join(spared)};"


def _record_applies(override: Override, agreement: Agreement) -> Iterator[str]:
    """The record asked about is of this override, case, recipient, person and tag, and now."""
    yield _to(override.to)
    yield f"{_words(override.tags)}.contains(resource.tag)"
    yield f"action in [{', '.join(_action(form) for form in up_to(override.form))}]"
    yield "resource.forms.contains(context.grant.form)"
    yield f"context.grant.agreement == {_word(agreement.id)}"
    yield f"context.grant.override == {_word(override.id)}"
    yield "context.grant.case == context.case && context.grant.purpose == context.purpose"
    yield "context.grant.recipients.contains(context.recipient)"
    yield "context.grant.tags.contains(resource.tag)"
    yield "context.grant.persons.contains(resource.person)"
    yield "context.grant.since <= context.now && context.now < context.grant.until"
    yield 'context.grant.review != "failed"'


def _around(spot: Spot, selecting: list[Share], every: tuple[Spot, ...]) -> list[str]:
    """Of the innermost list around a spot that shares select from, the selections; else none."""
    for place in reversed(spot.lists):
        tags = {each.tag for each in every if place in each.lists and each.kind is not None}
        found = [s for s in selecting if tags & set(s.tags)]
        if found:
            return [_selects(s.items, tags_asked(s)) for s in found if s.items is not None]
    return []


def _summaries(agreement: Agreement, every: tuple[Spot, ...]) -> Iterator[str]:
    """What summarises a list never goes to an audience that is shown a part of it."""
    for spot in every:
        for array in spot.summaries:
            tags = {
                each.tag
                for each in every
                if each.kind is not None and f"{each.names}.".startswith(f"{array}.")
            }
            parts = [s for s in agreement.shares if s.items is not None and tags & set(s.tags)]
            for audience in sorted({name for share in parts for name in share.to}):
                resource = f"resource == Spot::{_word(spot.place)}"
                spared = f"unless {{ resource.tag == {_word(BASICS)} }}"
                yield f"forbid (principal == {_audience(audience)}, action, {resource}) {spared};"


def _free_text(vocabulary: Vocabulary) -> Iterator[str]:
    """What somebody tells in words goes in clear to nobody."""
    free = sorted(tag.name for tag in vocabulary.tags.values() if FREE_TEXT in tag.classes)
    told = f"{_words(free)}.contains(resource.tag) && resource.is_text"
    if free:
        yield f"forbid (principal, action in {_action(Form.CLEAR)}, resource) when {{ {told} }};"


def _word(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def _words(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_word, texts))}]"


def _action(name: str) -> str:
    return f"Action::{_word(name)}"


def _audience(name: str) -> str:
    return f"Audience::{_word(name)}"


def _to(names: Iterable[str]) -> str:
    return f"principal in [{', '.join(map(_audience, names))}]"


def _joined(link: str, parts: Iterable[str]) -> str:
    return f"({link.join(parts)})"


def _between(number: str, least: int | None, most: int | None) -> str:
    bounds = [] if least is None else [f"{number} >= {least}"]
    bounds += [] if most is None else [f"{number} <= {most}"]
    return _joined(" && ", bounds or ["true"])
