"""Random events and agreements over an event type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

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
from redaction.facts import Granted
from redaction.scopes import ELEMENT, record_leaves
from redaction.transforms import fits
from schemas.codec import Event
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record, Vocabulary
from tests.generator.narratives import leaf_values
from tests.generator.terms import UNORDERED
from tests.redaction.builders import (
    HEADER,
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
