"""Pairs of events that differ only in hidden data, for the law of noninterference.

A pair is built, not searched for: from an event and what its recipient may see of it, a second
event is made that this recipient must not be able to tell from the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from redaction import plan
from redaction.agreement import (
    Form,
)
from redaction.conditions import evaluate, facts_for
from redaction.decide import decide
from redaction.decision import Decision, Reason
from redaction.directory import Directory
from redaction.facts import Register
from redaction.reference.forms import With, transformed
from redaction.sameness import normal
from redaction.showing import GAP, Hidden, Values, hidden_values
from schemas.codec import Event
from schemas.registry import Array, Field, Kind, Leaf, Map, Node, Record
from tests.redaction.builders import (
    AT,
    PURPOSE,
    SECRET,
    TODAY,
)
from tests.redaction.settings import (
    KEPT,
    LINES,
    OTHERS,
    RECIPIENT,
    STRANGE,
    WHERE,
    Made,
    a_value,
    an_address,
    conditions,
    named,
)


class _Found(NamedTuple):
    """A leaf of an event; `same` is what it is compared by, if it is."""

    field: Field
    value: Any
    path: str
    same: Any


class Partner:
    """Makes of an event one that its recipient must not be able to tell from it."""

    def __init__(
        self, rnd: Random, made: Made, event: Event, decision: Decision, known: Register
    ) -> None:
        self.rnd, self.made, self.event, self.known = rnd, made, event, known
        self.signed = known.agreements[0]
        self.decision = decision
        self.forms = {field.path: field.form for field in decision.fields}
        self.doubtful = {f.path for f in decision.fields if f.reason is Reason.DOUBTFUL_TEXT}
        self.pinned = {name for one in conditions(self.signed) for name in named(one)}
        self.pinned |= {"sharing_reason"}
        self.leaves = tuple(self.walk())
        # a pseudonym keeps its value, and then so does every value equal to it; of numbers and
        # addresses those of any form that is kept, however they are written
        self.named = [_at(event.value, p) for p, f in self.forms.items() if f is Form.PSEUDONYM]
        kept = {p for p, f in self.forms.items() if f in KEPT}
        self.held = {each.same for each in self.leaves if each.path in kept}
        self.met = Counter(each.same for each in self.leaves if each.same)
        self.below: dict[str, list[_Found]] = {}
        for each in self.leaves:
            steps = each.path.split("/")
            for count in range(2, len(steps)):
                self.below.setdefault("/".join(steps[:count]), []).append(each)
        self.truly = self.truths(event)
        self.spare: dict[tuple[str, bool], bool] = {}
        self.renamed: dict[object, int] = {}
        self.last: tuple[Event, Decision] | None = None

    def make(self) -> Event:
        """Another at each call."""
        self.renamed = {}
        value = {
            field.name: self.event.value[field.name]
            if field.name == "header"
            else self.other(field.node, field, self.event.value[field.name], f"/{field.name}")
            for field in self.event.etype.root.fields
        }
        other = self.other_facts(replace(self.event, value=value))
        if self.doubtful or not self.decision.delivered:  # what is in doubt here must be so there
            mine, others = (shown_order(one) for one in (self.decision, self.decided(other)))
            if sorted(mine.values()) != sorted(others.values()):
                return self.event
        return self.other_texts(other) if Form.SCRUBBED in self.forms.values() else other

    def other_texts(self, other: Event) -> Event:
        """Scrubbed texts tell of the other's hidden values where the event's tell of its own.

        What is left of a text counts as released. Where it would not be the same, the event itself
        is its partner.
        """
        decision = self.decided(other)
        paths = [f.path for f in decision.fields if f.form is Form.SCRUBBED]
        mine = [path for path, form in self.forms.items() if form is Form.SCRUBBED]
        if len(paths) != len(mine) or not decision.delivered:
            return self.event
        values = hidden_values(other, decision.fields, self.made.words)
        fills = [one.text for one in values.texts if any(c.isalnum() for c in one.text)]
        before = self.shown(self.event, self.decision, mine)
        # what is compared with others, selects or decides stays as it is: it would do so otherwise
        telling = {
            each.path
            for each in self.leaves
            if each.same
            or each.field.tag == WHERE
            or not self.pinned.isdisjoint((each.field.name, each.field.tag))
        }
        for own, path, text in zip(mine, paths, before, strict=True):
            if text is not None and fills and own not in telling:
                told = text.replace(GAP, self.rnd.choice(fills))
                other = replace(other, value=_put(other.value, path.split("/")[1:], told))
        decision = self.decided(other)
        left = {f.path for f in decision.fields if f.form is Form.SCRUBBED}
        if left != set(paths) or self.shown(other, decision, paths) != before:
            return self.event
        return other

    def decided(self, event: Event) -> Decision:
        if self.last is None or self.last[0] is not event:
            self.last = event, decide(event, self.known, self.made.words,
                                      recipient=RECIPIENT, purpose=PURPOSE, at=AT)  # fmt: skip
        return self.last[1]

    def shown(self, event: Event, decision: Decision, paths: list[str]) -> list[str | None]:
        """What is left of some texts."""
        view = plan.view(event, self.known, self.made.words, decision, at=AT, secret=SECRET)
        order = shown_order(decision)
        return [_at(view, order[path]) for path in paths]

    def other_facts(self, event: Event) -> Event:
        """Facts that nobody is shown change too, as long as no condition can tell."""
        root = {field.name: field for field in event.etype.root.fields}
        for field, leaf in self.made.facts(in_lists=False):
            hidden = field.name in root and self.forms.get(f"/{field.name}") is None
            if hidden and leaf.kind in (Kind.BOOLEAN, Kind.ENUM):
                domain: list[Any] = [True, False] if leaf.kind is Kind.BOOLEAN else [*leaf.symbols]
                domain += [None] if leaf.nullable else []
                same = [
                    changed
                    for value in domain
                    if self.truths(changed := _with(event, field.name, value)) == self.truly
                ]
                event = self.rnd.choice(same)
        return event

    def truths(self, event: Event) -> list[bool | None]:
        facts = facts_for(event, Directory(self.known), self.signed, audience="school",
                          purpose=PURPOSE, at=AT)  # fmt: skip
        return [evaluate(one, facts) for one in conditions(self.signed)]

    def same(self, field: Field, leaf: Leaf, value: Any) -> Any:
        classes = self.made.words.tags[field.tag].classes
        found = [normal(one, leaf.kind, value) for one in ("phone", "address") if one in classes]
        return found[0] if found else None

    def walk(self) -> Iterator[_Found]:
        """Every leaf of the event."""

        def inner(node: Node, field: Field, value: Any, path: str) -> Iterator[_Found]:
            if isinstance(node, Leaf):
                yield _Found(field, value, path, self.same(field, node, value))
            elif isinstance(node, Record) and value is not None:
                for f in node.fields:
                    yield from inner(f.node, f, value[f.name], f"{path}/{f.name}")
            elif isinstance(node, Array):
                for n, element in enumerate(value):
                    yield from inner(node.item, field, element, f"{path}/{n}")
            elif isinstance(node, Map):
                for key, entry in value.items():
                    yield from inner(node.value, field, entry, f"{path}/{key}")

        for f in self.event.etype.root.fields:
            yield from inner(f.node, f, self.event.value[f.name], f"/{f.name}")

    def other(self, node: Node, field: Field, value: Any, path: str) -> Any:
        match node:
            case Leaf():
                return self.other_leaf(field, node, value, path)
            case Record():
                if (
                    node.nullable
                    and self.dispensable(path, element=False)
                    and self.rnd.random() < 0.5
                ):
                    return None
                return {
                    f.name: self.other(f.node, f, value[f.name], f"{path}/{f.name}")
                    for f in node.fields
                }
            case Array(item=item):
                return list(self.other_elements(item, field, value, path))
            case Map(value=entry):
                return {
                    key: self.other(entry, field, one, f"{path}/{key}")
                    for key, one in value.items()
                }

    def other_elements(
        self, item: Node, field: Field, value: list[Any], path: str
    ) -> Iterator[Any]:
        """The same elements shown; of those that are not, more, fewer, and different ones."""
        for n, element in enumerate(value):
            copies = self.rnd.randrange(4) if self.dispensable(f"{path}/{n}", element=True) else 1
            for _ in range(copies):
                yield self.other(item, field, element, f"{path}/{n}")

    def dispensable(self, path: str, *, element: bool) -> bool:
        """Whether nothing at or below is shown, nor decides what is shown elsewhere."""
        key = path, element
        if key not in self.spare:
            self.spare[key] = self.forms.get(path) is None and not any(
                self.matters(each, element=element) for each in self.below.get(path, ())
            )
        return self.spare[key]

    def matters(self, each: _Found, *, element: bool) -> bool:
        field = each.field
        names_recipient = field.tag == WHERE and each.value == RECIPIENT
        read = not element and not self.pinned.isdisjoint((field.name, field.tag))
        protects = each.same is not None and self.met[each.same] > 1
        doubted = not element and each.path in self.doubtful  # null would be no text in doubt
        shown = self.forms.get(each.path) is not None
        return shown or names_recipient or read or protects or doubted

    def other_leaf(self, field: Field, leaf: Leaf, value: Any, path: str) -> Any:
        form = self.forms.get(path)
        same = self.same(field, leaf, value)
        kept = form in KEPT or value in self.named
        kept = kept or (same is not None and same in self.held)
        if kept or field.name in self.pinned or field.tag in self.pinned:
            return value
        if path in self.doubtful and field.tag != WHERE and same is None:
            # in doubt again, whatever the other hides
            return f"{self.rnd.choice((value, 'told', 'w' * 30))} {self.rnd.choice(STRANGE)}"
        if same is not None:
            return self.renaming(field, leaf, value)
        if value is None:
            return value if form or self.rnd.random() < 0.5 else self.fresh(field, leaf)
        if form not in (None, Form.PRESENT, Form.MASK):
            return self.alike(form, leaf, value)
        if field.tag == WHERE and value == RECIPIENT:
            return value
        if leaf.nullable and form is None and self.rnd.random() < 0.3:
            return None
        return self.fresh(field, leaf)

    def alike(self, form: Form, leaf: Leaf, value: Any) -> Any:
        """A value that is the same in its form; itself where none was hit upon."""
        beside = With(today=TODAY, secret=SECRET, recipient=RECIPIENT, agreement=self.signed.id,
                      hidden=Hidden(values=Values(texts=(), figures=(), dates=())))  # fmt: skip
        wanted = transformed(form, value, "", beside)
        others: list[Any]
        if leaf.kind is Kind.ADDRESS:
            others = [an_address(self.rnd, self.rnd.choice(LINES)) for _ in range(4)]
        elif leaf.kind in (Kind.DATE, Kind.TIMESTAMP):
            others = [value + timedelta(days=self.rnd.randrange(-n, n)) for n in (15, 200, 2000)]
        else:
            others = [self.rnd.randrange(25) for _ in range(8)]
        same = [one for one in others if transformed(form, one, "", beside) == wanted]
        return self.rnd.choice(same or [value])

    def fresh(self, field: Field, leaf: Leaf) -> Any:
        """A value that equals nothing in the event where equality would matter."""
        if field.tag == WHERE:
            return self.rnd.choice(OTHERS)
        value = a_value(self.rnd, self.made, field, leaf)
        if self.same(field, leaf, value) is None:
            return value
        return self.numbered(leaf, value, object())

    def renaming(self, field: Field, leaf: Leaf, value: Any) -> Any:
        """Equal phones and addresses become equal ones again, but others than before."""
        return self.numbered(leaf, value, self.same(field, leaf, value))

    def numbered(self, leaf: Leaf, value: Any, key: object) -> Any:
        number = self.renamed.setdefault(key, len(self.renamed))
        if leaf.kind is Kind.ADDRESS:
            return {**value, "line": f"{number + 100} Other Street"}
        return f"01632 {960_500 + number}"


def _at(value: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def shown_order(decision: Decision) -> dict[str, str]:
    """Where each released leaf stands in the view: its elements numbered as they are shown."""
    order: dict[str, dict[str, int]] = {}
    found = {}
    for field in decision.fields:
        if not field.released:
            continue
        steps: list[str] = []
        for step in field.path.split("/")[1:]:
            if step.isdigit():
                seen = order.setdefault("/".join(steps), {})
                step = str(seen.setdefault("/".join((*steps, step)), len(seen)))
            steps.append(step)
        found[field.path] = "/" + "/".join(steps)
    return found


def _put(value: Any, steps: list[str], text: str) -> Any:
    """The value with another text at a place."""
    if not steps:
        return text
    if isinstance(value, list):
        number = int(steps[0])
        return [*value[:number], _put(value[number], steps[1:], text), *value[number + 1 :]]
    return {**value, steps[0]: _put(value[steps[0]], steps[1:], text)}


def _with(event: Event, name: str, value: Any) -> Event:
    return replace(event, value={**event.value, name: value})
