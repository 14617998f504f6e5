"""Random agreements about an event type: most release something and withhold something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from redaction.agreement import (
    ANYONE,
    AgeBand,
    Agreement,
    Audience,
    ConsentRule,
    Dpia,
    Form,
    Items,
    Never,
    OnWithdrawal,
    Opinion,
    Override,
    Requirement,
    Share,
)
from schemas.registry import Kind
from tests.generator.choices import (
    AGENCIES,
    COURSES,
    PERSONS,
    ROLES,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.conditions import conditions
from tests.generator.events import SOURCE
from tests.generator.terms import FITS, Terms, shareable_tags
from tests.generator.types import CLASSES, container_tags, kinds_of, leaf_fields, map_tags

_BANDS = (
    (),
    (AgeBand(from_age=0, decider="parent"), AgeBand(from_age=12, decider="child")),
    (
        AgeBand(from_age=0, decider="guardian"),
        AgeBand(from_age=8, decider="parent"),
        AgeBand(from_age=16, decider="child"),
    ),
    (AgeBand(from_age=0, decider="victim"),),
)


def draw_agreement(
    draw: Draw, terms: Terms, *, name: str, zone: str, in_force: tuple[date, date]
) -> Agreement:
    """An agreement about the terms' event type, in force on the days given, both inclusive."""
    audiences = _audiences(draw, terms)
    names = tuple(audience.name for audience in audiences)
    shares = [_share(draw, terms, names, f"4.{n}") for n in range(1, draw(3, 8))]
    nevers = [_never(draw, terms, names, f"7.{n}") for n in range(draw(0, 3))]
    overrides = [_override(draw, terms, names, f"9.{n}") for n in range(draw(0, 2))]
    publishers = (SOURCE, AGENCIES[-1]) if chance(draw, 25) else (SOURCE,)
    parties = sorted({*publishers, *(a.agency for a in audiences if a.agency is not None)})
    return Agreement(
        id=name,
        version=draw(1, 3),
        title=name,
        language="en-GB",
        time_zone=zone,
        vocabulary=terms.vocabulary.name,
        calendars=() if chance(draw, 20) else (("school", "northmoor-schools"),),
        publishers=publishers,
        event_types=(terms.etype.name,),
        purposes=tuple(terms.purposes),
        audiences=audiences,
        legal_basis=(),
        drafted_with=_opinions(draw, parties, terms.today),
        dpia=_dpia(draw, terms.today),
        start=in_force[0],
        until=in_force[1],
        requires=tuple(_requirement(draw, each) for each in names if chance(draw, 20)),
        deliver_by=(),
        handling=(),
        shares=tuple(shares),
        nevers=tuple(nevers),
        overrides=tuple(overrides),
        consents=tuple(_consent_rule(draw, person) for person in PERSONS if chance(draw, 45)),
    )


def _opinions(draw: Draw, parties: Sequence[str], today: date) -> tuple[Opinion, ...]:
    """Mostly every party has its authority's favourable opinion by now."""
    every = (parties[:1], parties[1:]) if chance(draw, 30) else ((),)
    opinions = tuple(
        Opinion(
            authority="dpa-northmoor",
            reference=f"DPA-{number}",
            date=today + timedelta(days=one_of(draw, (-90, -90, 0))),
            outcome=one_of(draw, ("favourable", "favourable", "favourable with conditions")),
            of=tuple(of),
        )
        for number, of in enumerate(every)
    )
    if not chance(draw, 5):
        return opinions
    late = replace(opinions[0], date=today + timedelta(days=1))
    against = replace(opinions[0], outcome="unfavourable")
    return one_of(draw, ((), (*opinions[1:], late), (*opinions, against), opinions[1:]))


def _dpia(draw: Draw, today: date) -> Dpia | None:
    if chance(draw, 1):
        return None
    review_by = today + timedelta(days=one_of(draw, (*[200] * 40, 0, 0, 0, -1)))
    return Dpia(reference="DPIA-1", date=today - timedelta(days=30), review_by=review_by)


def _consent_rule(draw: Draw, person: str) -> ConsentRule:
    return ConsentRule(
        of=person,
        by_age=one_of(draw, _BANDS),
        presumed=one_of(draw, (None, None, "refused")),
        on_withdrawal=one_of(draw, tuple(OnWithdrawal)),
    )


def _override(draw: Draw, terms: Terms, audiences: tuple[str, ...], clause: str) -> Override:
    tags, form = _what(draw, terms)
    lifts = some_of(draw, ("7.0", "7.1", "7.2")) if chance(draw, 60) else ()
    return Override(
        id=clause,
        line=1,
        text="",
        tags=tags,
        to=audiences if chance(draw, 70) else some_of(draw, audiences, least=1),
        form=form,
        legal_basis=("gdpr-9-2-c",),
        authorisers=2,
        of_rank="duty-manager",
        expires_after_hours=72,
        review_within_hours=48,
        lifts=lifts,
        not_told_to=(),
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
    tags, form = _what(draw, terms)
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


def _what(draw: Draw, terms: Terms) -> tuple[tuple[str, ...], Form]:
    """Some tags, and a form that fits every leaf of them, as a reader of the text would demand."""
    etype = terms.etype
    tags = shareable_tags(etype)
    fitting = {
        form: [tag for tag in tags if kinds_of(etype, tag) <= FITS.get(form, set(Kind))]
        for form in terms.forms
    }
    telling = [form for form in terms.forms if fitting[form] and form is not Form.PRESENT]
    if not chance(draw, 60):
        keys = map_tags(etype) if chance(draw, 40) else ()
        return tuple(dict.fromkeys((*some_of(draw, terms.clear, least=1), *keys))), Form.CLEAR
    if not telling or chance(draw, 10):
        return some_of(draw, tags, least=1, most=3), Form.PRESENT
    form = one_of(draw, telling)
    return some_of(draw, fitting[form], least=1, most=3), form


def _never(draw: Draw, terms: Terms, audiences: tuple[str, ...], clause: str) -> Never:
    by_class, tags = chance(draw, 40), container_tags(terms.etype)
    if chance(draw, 40):  # what is compared by value
        tags = [tag for tag in tags if tag.startswith(("phone.", "address."))] or tags
    caps = (*terms.forms, Form.CLEAR)
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
        reveals=("consent_of_child",) if chance(draw, 20) else (),
    )


def _requirement(draw: Draw, audience: str) -> Requirement:
    months = one_of(draw, (12, 36, 1)) if chance(draw, 70) else None
    return Requirement(of=audience, training=one_of(draw, COURSES), valid_months=months)
