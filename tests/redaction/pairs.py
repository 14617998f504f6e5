"""Random events and agreements over an event type, and pairs that differ only in hidden data.

A pair is built, not searched for: from an event and what its recipient may see of it, a second
event is made that this recipient must not be able to tell from the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from redaction import plan
from redaction.agreement import (
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
    Share,
    Unit,
)
from redaction.conditions import evaluate, facts_for
from redaction.decide import decide
from redaction.decision import Decision, Reason
from redaction.directory import Directory
from redaction.facts import Granted, Register
from redaction.reference.forms import With, transformed
from redaction.sameness import normal
from redaction.scopes import ELEMENT, record_leaves
from redaction.showing import GAP, Hidden, Values, hidden_values
from redaction.transforms import fits
from schemas.codec import Event
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record, Vocabulary
from tests.generator.narratives import leaf_values
from tests.generator.terms import UNORDERED
from tests.redaction.builders import (
    AT,
    HEADER,
    PURPOSE,
    SECRET,
    TODAY,
    agreement,
    audience,
    granted,
    never,
    override,
    share,
)

RECIPIENT, OTHERS = "elm-school", ("oak-school", "ash-school", "nobody-enrolled")
PHONES = ("+44 7700 900111", "07700 900111", "07700-900222", "0044 7700 900222", "01632 960333")
LINES = ("1 Example Row", "1, EXAMPLE ROW", "2 Example Row", "3 Example Row")
WHERE = "child.school"
TOLD = (Kind.STRING, Kind.DATE, Kind.ADDRESS)
HEADER_TAGS = ("event.", "case.reference")
KEPT = (Form.CLEAR, Form.PSEUDONYM, Form.SCRUBBED)  # forms of which values stay as they are
STRANGE = ("Жанна", "\x07", "Ελένη")


@dataclass(frozen=True)
class Made:
    """One setting: an event type with the tags and facts that agreements over it can name."""

    etype: EventType
    words: Vocabulary

    @property
    def kinds(self) -> dict[str, set[Kind]]:
        kinds: dict[str, set[Kind]] = {}
        for field, leaf, _ in record_leaves(self.etype.root):
            kinds.setdefault(field.tag, set()).add(leaf.kind)
        return kinds

    def facts(self, *, in_lists: bool) -> list[tuple[Field, Leaf]]:
        found = record_leaves(self.etype.root)
        return [(f, leaf) for f, leaf, at in found if f.fact and (ELEMENT in at) is in_lists]

    @property
    def has_items(self) -> bool:
        return any(f.tag == WHERE and ELEMENT in at for f, _, at in record_leaves(self.etype.root))


# -- values --------------------------------------------------------------------------------------


def a_value(rnd: Random, made: Made, field: Field, leaf: Leaf) -> Any:
    """Any value of the leaf but null."""
    if field.tag == WHERE:
        return rnd.choice((RECIPIENT, RECIPIENT, *OTHERS))
    if "phone" in made.words.tags[field.tag].classes:
        return rnd.choice(PHONES)
    if leaf.kind is Kind.ENUM:
        return rnd.choice(leaf.symbols)
    match leaf.kind:
        case Kind.BOOLEAN:
            return rnd.random() < 0.5
        case Kind.INT:
            return rnd.randrange(25)
        case Kind.DATE:
            return date(1980, 1, 1) + timedelta(days=rnd.randrange(16_000))
        case Kind.TIMESTAMP:
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rnd.randrange(10**7))
        case Kind.DECIMAL:
            return Decimal(rnd.randrange(10**6)).scaleb(-2)
        case Kind.ADDRESS:
            return an_address(rnd, rnd.choice(LINES))
    return "w" * rnd.randrange(9) + str(rnd.randrange(10**6))


def an_address(rnd: Random, line: str) -> dict[str, str]:
    town = rnd.choice(("Northmoor", "Southmoor"))
    return {"line": line, "municipality": town, "postcode": "ZZ1 1ZZ", "country": "GB"}


def an_event(rnd: Random, made: Made) -> Event:
    def value(node: Node, field: Field) -> Any:
        match node:
            case Leaf():
                if node.nullable and rnd.random() < 0.3:
                    return None
                return a_value(rnd, made, field, node)
            case Record():
                # Null only by being made so in a partner: a null record shows what it would hold.
                return {inner.name: value(inner.node, inner) for inner in node.fields}
            case Array(item=item):
                return [value(item, field) for _ in range(rnd.randrange(4))]
            case Map(value=inner):
                return {f"k{n}": value(inner, field) for n in range(rnd.randrange(3))}

    body = {f.name: value(f.node, f) for f in made.etype.root.fields if f.name != "header"}
    whole = {"header": {**HEADER, "type": made.etype.name}, **body}
    told = [v for leaf, v in leaf_values(made.etype.root, whole) if v and leaf.kind in TOLD]

    def telling(node: Node, value: Any, field: Field | None) -> Any:
        """The same with some texts that name other values, for a scrubber to find."""
        match node:
            case Record(fields=fields) if value is not None:
                return {f.name: telling(f.node, value[f.name], f) for f in fields}
            case Array(item=item):
                return [telling(item, element, field) for element in value]
            case Map(value=inner):
                return {key: telling(inner, entry, field) for key, entry in value.items()}
        if field is None or not isinstance(node, Leaf) or node.kind is not Kind.STRING:
            return value
        compared = made.words.tags[field.tag].classes & {"phone", "address"}
        if value is None or compared or field.fact or field.tag == WHERE or rnd.random() < 0.4:
            return value
        strange = rnd.choice(STRANGE) if rnd.random() < 0.2 else "so"
        return f"told of {_plainly(rnd.choice(told))} and {_plainly(rnd.choice(told))}, {strange}"

    telling_body = {
        f.name: telling(f.node, whole[f.name], f) if f.name != "header" else whole["header"]
        for f in made.etype.root.fields
    }
    return Event(etype=made.etype, value=telling_body)


def _plainly(value: Any) -> str:
    return str(value["line"] if isinstance(value, dict) else value)


# -- agreements ----------------------------------------------------------------------------------


def a_condition(rnd: Random, made: Made, facts: list[tuple[Field, Leaf]], depth: int) -> Condition:
    if depth and rnd.random() < 0.4:
        parts = tuple(a_condition(rnd, made, facts, depth - 1) for _ in range(2))
        return rnd.choice((AllOf(parts=parts), AnyOf(parts=parts), Not(part=parts[0])))
    if rnd.random() < 0.1:
        return Elapsed(amount=rnd.randrange(3), unit=Unit.DAYS, inclusive=rnd.random() < 0.5)
    births = [tag for tag in made.kinds if tag.endswith("date_of_birth")]
    if not facts or rnd.random() < 0.1:
        return Age(of=rnd.choice(births), at_least=rnd.randrange(30), at_most=None)
    field, leaf = rnd.choice(facts)
    if leaf.kind is Kind.INT:
        return Number(fact=field.name, at_least=rnd.randrange(20), at_most=None)
    words = leaf.symbols or (("yes", "no") if leaf.kind is Kind.BOOLEAN else OTHERS)
    return Is(fact=field.name, values=(rnd.choice(words),))


def an_agreement(rnd: Random, made: Made) -> Agreement:
    """A few shares and nevers over random tags; in half of them children are the recipient's."""
    kinds = made.kinds
    allowed = {Form.CLEAR, Form.PRESENT, Form.MASK, Form.COUNT_BAND}
    allowed.update(form for pair in UNORDERED for form in rnd.choice(pair))
    tags = [tag for tag in kinds if not tag.startswith(HEADER_TAGS)]
    texts = [tag for tag in tags if kinds[tag] == {Kind.STRING}]
    root, inner = made.facts(in_lists=False), made.facts(in_lists=True)

    def maybe_when(chance: float) -> Condition | None:
        return a_condition(rnd, made, root, 2) if rnd.random() < chance else None

    def a_share(n: int) -> Share:
        chosen = rnd.sample(tags, rnd.randrange(1, 6))
        forms = [Form.CLEAR]
        if Form.SCRUBBED in allowed and rnd.random() < 0.4:
            chosen, forms = rnd.sample(texts, 3), [Form.SCRUBBED]
        elif rnd.random() < 0.7:  # a tag by itself has more forms than several have in common
            chosen = chosen[:1]
            fitting = [
                f for f in Form if f in allowed and all(fits(f, k) for k in kinds[chosen[0]])
            ]
            forms = [f for f in fitting if f not in (Form.CLEAR, Form.PRESENT)] or fitting
        items = None
        if made.has_items and rnd.random() < 0.4:
            when = a_condition(rnd, made, inner, 1) if inner and rnd.random() < 0.4 else None
            items = Items(where=WHERE, when=when)
        return share(str(n), chosen, form=rnd.choice(forms), items=items,
                     when=maybe_when(0.4), needs_reason=rnd.random() < 0.1)  # fmt: skip

    def a_never(n: int) -> Never:
        classes = rnd.sample(sorted(made.words.classes), rnd.randrange(2))
        caps = (None, None, *sorted(allowed - {Form.CLEAR}))
        return never(f"n{n}", rnd.sample(tags, rnd.randrange(1, 4)), classes=classes,
                     cap=rnd.choice(caps), when=maybe_when(0.4))  # fmt: skip

    told = audience(agency=RECIPIENT)
    if made.has_items and rnd.random() < 0.3:
        told = audience(named_in=WHERE)
    always = share("0", rnd.sample(tags, 2))
    clauses = [always, *(a_share(n) for n in range(1, rnd.randrange(4, 8)))]
    nevers = [a_never(n) for n in range(rnd.randrange(4))]
    lifts = [one.id for one in nevers if rnd.random() < 0.5]
    overrides = [override("9.1", rnd.sample(tags, 3), lifts=lifts)] if rnd.random() < 0.5 else []
    return agreement(
        *clauses, *nevers, *overrides, audiences=(told,), event_types=(made.etype.name,)
    )


def some_granted(rnd: Random, signed: Agreement, *recipients: str) -> tuple[Granted, ...]:
    """Records of its overrides for these recipients, or none."""
    return tuple(
        granted(one.id, one.tags, recipients=frozenset(recipients))
        for one in signed.overrides
        if rnd.random() < 0.5
    )


def conditions(signed: Agreement) -> Iterator[Condition]:
    for clause in signed.clauses():
        if clause.when is not None:
            yield clause.when
    for one in signed.shares:
        if one.items is not None and one.items.when is not None:
            yield one.items.when


def named(condition: Condition) -> Iterator[str]:
    """The facts and tags that a condition reads."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from named(part)
        case Not(part=part):
            yield from named(part)
        case Is(fact=name) | Number(fact=name) | Age(of=name):
            yield name


# -- partners ------------------------------------------------------------------------------------


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
        # a pseudonym keeps its value, and then so does every value equal to it; of numbers and
        # addresses those of any form that is kept, however they are written
        self.named = [_at(event.value, p) for p, f in self.forms.items() if f is Form.PSEUDONYM]
        kept = {p for p, f in self.forms.items() if f in KEPT}
        self.held = {self.same(f, leaf, value) for f, leaf, value, at in self.walk() if at in kept}
        self.renamed: dict[object, int] = {}
        self.met = Counter(
            same for field, leaf, value, _ in self.walk() if (same := self.same(field, leaf, value))
        )

    def make(self) -> Event:
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
        for path, text in zip(paths, before, strict=True):
            if text is not None and fills:
                told = text.replace(GAP, self.rnd.choice(fills))
                other = replace(other, value=_put(other.value, path.split("/")[1:], told))
        decision = self.decided(other)
        left = {f.path for f in decision.fields if f.form is Form.SCRUBBED}
        if left != set(paths) or self.shown(other, decision, paths) != before:
            return self.event
        return other

    def decided(self, event: Event) -> Decision:
        return decide(event, self.known, self.made.words,
                      recipient=RECIPIENT, purpose=PURPOSE, at=AT)  # fmt: skip

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
                    if self.truths(changed := _with(event, field.name, value)) == self.truths(event)
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

    def walk(self, *, below: str = "") -> Iterator[tuple[Field, Leaf, Any, str]]:
        """Every leaf of the event, or those below a path."""

        def inner(node: Node, field: Field, value: Any, path: str) -> Iterator[Any]:
            if isinstance(node, Leaf):
                if path.startswith(below):
                    yield field, node, value, path
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
        if self.forms.get(path) is not None:
            return False
        for field, leaf, value, at in self.walk(below=f"{path}/"):
            names_recipient = field.tag == WHERE and value == RECIPIENT
            read = not element and not self.pinned.isdisjoint((field.name, field.tag))
            same = self.same(field, leaf, value)
            protects = same is not None and self.met[same] > 1
            doubted = not element and at in self.doubtful  # null would be no text in doubt
            if self.forms.get(at) is not None or names_recipient or read or protects or doubted:
                return False
        return True

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
