"""Random agreements about an event type: most release something and withhold something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from redaction.agreement import (
    ANYONE,
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Audience,
    Condition,
    Elapsed,
    Form,
    Is,
    Items,
    Never,
    Not,
    Number,
    Requirement,
    Share,
    Unit,
)
from schemas.registry import EventType, Kind, Leaf, Vocabulary
from tests.generator.choices import (
    AGENCIES,
    COURSES,
    PERSONS,
    ROLES,
    WORDS,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.events import SOURCE
from tests.generator.types import CLASSES, container_tags, facts_of, kinds_of, leaf_fields, map_tags

# the kinds of leaves that a form is for; the others are for every kind
FITS: dict[Form, frozenset[Kind]] = {
    Form.MONTH: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.YEAR: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
}
_CONSENT_WORDS = ("given", "refused", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every agreement about one event type is drawn from."""

    etype: EventType
    vocabulary: Vocabulary
    purposes: Sequence[str]


@st.composite
def agreements(
    draw: Draw, terms: Terms, *, name: str, zone: str, in_force: tuple[date, date]
) -> Agreement:
    """An agreement about the terms' event type, in force on the days given, both inclusive."""
    audiences = _audiences(draw, terms)
    names = tuple(audience.name for audience in audiences)
    shares = [_share(draw, terms, names, f"4.{n}") for n in range(1, draw(st.integers(3, 8)))]
    nevers = [_never(draw, terms, names, f"7.{n}") for n in range(draw(st.integers(0, 3)))]
    return Agreement(
        id=name,
        version=draw(st.integers(1, 3)),
        title=name,
        language="en-GB",
        time_zone=zone,
        vocabulary=terms.vocabulary.name,
        calendars=() if chance(draw, 20) else (("school", "northmoor-schools"),),
        publishers=(SOURCE, AGENCIES[-1]) if chance(draw, 25) else (SOURCE,),
        event_types=(terms.etype.name,),
        purposes=tuple(terms.purposes),
        audiences=audiences,
        legal_basis=(),
        drafted_with=(),
        dpia=None,
        start=in_force[0],
        until=in_force[1],
        requires=tuple(_requirement(draw, each) for each in names if chance(draw, 20)),
        deliver_by=(),
        handling=(),
        shares=tuple(shares),
        nevers=tuple(nevers),
    )


def _audiences(draw: Draw, terms: Terms) -> tuple[Audience, ...]:
    """One to three agencies, then those named in the event, then all of a role."""
    found: list[Audience] = []
    agencies = some_of(draw, AGENCIES[1:], least=1, most=3)
    places: list[tuple[str | None, str | None, str | None]] = [(a, None, None) for a in agencies]
    named = sorted({f.tag for f, _ in leaf_fields(terms.etype) if f.tag.startswith("agency.")})
    if named and chance(draw, 50):
        places.append((None, one_of(draw, named), None))
    if chance(draw, 25):
        places.append((None, None, one_of(draw, ROLES)))
    for number, (agency, named_in, role) in enumerate(places):
        when = conditions(draw, terms, in_items=False) if chance(draw, 15) else None
        found.append(
            Audience(name=f"a{number}", agency=agency, named_in=named_in, role=role, when=when)
        )
    return tuple(found)


def _share(draw: Draw, terms: Terms, audiences: tuple[str, ...], clause: str) -> Share:
    tags, form = _what(draw, terms.etype)
    items = None
    if chance(draw, 25):
        named = [tag for tag in shareable_tags(terms.etype) if tag.startswith("agency.")]
        where = one_of(draw, named) if named and chance(draw, 75) else None
        when = None
        if where is None or chance(draw, 30):
            when = conditions(draw, terms, in_items=True)
        items = Items(where=where, when=when)
    return Share(
        id=clause,
        line=1,
        text="",
        tags=tags,
        to=audiences if chance(draw, 50) else some_of(draw, audiences, least=1),
        form=form,
        publishers=(one_of(draw, (SOURCE, AGENCIES[-1])),) if chance(draw, 15) else (),
        items=items,
        when=conditions(draw, terms, in_items=False) if chance(draw, 20) else None,
        needs_reason=chance(draw, 12),
        reveals=(),
        not_told_to=(),
    )


def _what(draw: Draw, etype: EventType) -> tuple[tuple[str, ...], Form]:
    """Some tags, and a form that fits every leaf of them, as a reader of the text would demand."""
    tags = shareable_tags(etype)
    if not chance(draw, 45):
        keys = map_tags(etype) if chance(draw, 40) else ()
        return tuple(dict.fromkeys((*some_of(draw, tags, least=1, most=8), *keys))), Form.CLEAR
    form = one_of(draw, (Form.PRESENT, Form.MONTH, Form.MUNICIPALITY, Form.YEAR))
    fitting = [tag for tag in tags if kinds_of(etype, tag) <= FITS.get(form, set(Kind))]
    if not fitting:
        return some_of(draw, tags, least=1, most=3), Form.PRESENT
    return some_of(draw, fitting, least=1, most=3), form


def _never(draw: Draw, terms: Terms, audiences: tuple[str, ...], clause: str) -> Never:
    by_class, tags = chance(draw, 40), container_tags(terms.etype)
    if chance(draw, 40):  # what is compared by value
        tags = [tag for tag in tags if tag.startswith(("phone.", "address."))] or tags
    caps = (Form.PRESENT, Form.MUNICIPALITY, Form.YEAR, Form.MONTH, Form.CLEAR)
    return Never(
        id=clause,
        line=1,
        text="",
        tags=() if by_class else some_of(draw, tags, least=1, most=2),
        classes=some_of(draw, CLASSES, least=1, most=2) if by_class else (),
        to=(ANYONE,) if chance(draw, 50) else some_of(draw, audiences, least=1),
        clearer_than=one_of(draw, caps) if chance(draw, 45) else None,
        when=conditions(draw, terms, in_items=False) if chance(draw, 35) else None,
        not_told_to=(),
    )


def _requirement(draw: Draw, audience: str) -> Requirement:
    months = one_of(draw, (12, 36, 1)) if chance(draw, 70) else None
    return Requirement(of=audience, training=one_of(draw, COURSES), valid_months=months)


def shareable_tags(etype: EventType) -> list[str]:
    """The tags of leaves, the body's before the header's."""
    return list(dict.fromkeys(field.tag for field, _ in reversed(leaf_fields(etype))))


# --- conditions ---------------------------------------------------------------------------------


def conditions(draw: Draw, terms: Terms, *, in_items: bool, depth: int = 2) -> Condition:
    """A condition over the facts there are, the register's answers and time; often it holds."""
    if depth and chance(draw, 30):
        parts = tuple(
            conditions(draw, terms, in_items=in_items, depth=depth - 1)
            for _ in range(draw(st.integers(1, 3)))
        )
        join = one_of(draw, ("any", "all", "not"))
        if join == "any":
            return AnyOf(parts=parts)
        return AllOf(parts=parts) if join == "all" else Not(part=parts[0])
    shapes = ["fact"] * 4 + ["consent"] * 2 + ["elapsed"] * 2 + ["age"]
    shape = one_of(draw, shapes)
    if shape == "fact":
        return _about_a_fact(draw, terms, in_items=in_items)
    if shape == "consent":
        name = f"consent_of_{one_of(draw, PERSONS)}"
        return Is(fact=name, values=some_of(draw, _CONSENT_WORDS, least=1, most=2))
    if shape == "elapsed":
        unit = one_of(draw, tuple(Unit))
        amount = one_of(draw, (3, 1, 0, 2) if unit is not Unit.MONTHS else (1, 6, 12))
        return Elapsed(amount=amount, unit=unit, inclusive=chance(draw, 60))
    dated = [t for t in shareable_tags(terms.etype) if Kind.DATE in kinds_of(terms.etype, t)]
    least, most = one_of(draw, ((0, 12), (12, None), (None, 17), (18, 99)))
    return Age(of=one_of(draw, dated or ["date.a"]), at_least=least, at_most=most)


def _about_a_fact(draw: Draw, terms: Terms, *, in_items: bool) -> Condition:
    facts = facts_of(terms.etype, in_items=False)
    if in_items:
        facts = facts_of(terms.etype, in_items=True) or facts
    if not facts or chance(draw, 3):
        return Is(fact="no_such_fact", values=("yes",))
    name, leaf = one_of(draw, facts)
    # now and then the wrong question is asked of a fact; no answer is certain then
    if (leaf.kind in (Kind.INT, Kind.LONG)) is not chance(draw, 5):
        least, most = one_of(draw, ((0, None), (None, 2), (1, 2), (-1, 3)))
        return Number(fact=name, at_least=least, at_most=most)
    return Is(fact=name, values=some_of(draw, _words_of(leaf), least=1, most=4))


def _words_of(leaf: Leaf) -> tuple[str, ...]:
    if leaf.kind is Kind.BOOLEAN:
        return ("yes", "no")
    if leaf.kind is Kind.ENUM:
        return leaf.symbols
    return WORDS
