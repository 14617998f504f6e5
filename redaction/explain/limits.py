"""Sections on what is never told, what may be told in danger, and who can say yes or no."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.agreement import ANYONE, AgeBand, Never, Not, Override
from redaction.explain.page import Points, Section
from redaction.explain.pieces import Pieces
from redaction.explain.words import ON_WITHDRAWAL, name


def never(pieces: Pieces) -> Iterator[Section]:
    """What is never told, if anything."""
    if pieces.agreement.nevers:
        yield Section(
            heading=pieces.said.catalog.say("What these rules never tell"),
            lists=tuple(_never(pieces, one) for one in pieces.agreement.nevers),
        )


def overrides(pieces: Pieces, *, bases: bool = False) -> Iterator[Section]:
    """What may be told in great danger, if anything."""
    if pieces.agreement.overrides:
        say = pieces.said.catalog.say
        yield Section(
            heading=say("When someone is in great danger"),
            sentences=(say("Then more may be told, even if someone said no."),),
            lists=tuple(_override(pieces, one, bases) for one in pieces.agreement.overrides),
        )


def consent(pieces: Pieces) -> Iterator[Section]:
    """Who can say yes or no, if the agreement has rules for it."""
    say, person = pieces.said.catalog.say, pieces.said.person
    sentences: list[str] = []
    for rule in pieces.agreement.consents:
        sentences += _deciders(pieces, rule.by_age, person(rule.of))
        if rule.presumed is None:
            sentences.append(say("No answer does not count as a yes."))
        else:
            sentences.append(say("No answer counts as a no."))
        sentences.append(say(ON_WITHDRAWAL[rule.on_withdrawal]))
    if sentences:
        yield Section(heading=say("Who can say yes or no"), sentences=tuple(sentences))


def _never(pieces: Pieces, clause: Never) -> Points:
    said, say = pieces.said, pieces.said.catalog.say
    lead = []
    # an unknown condition keeps the clause (rule 6): `unless` says so, and `if` has to be told
    if isinstance(clause.when, Not):
        condition = said.condition(clause.when.part)
        lead.append(say("This rule holds unless {condition}.", condition=condition))
    elif clause.when is not None:
        condition = said.condition(clause.when)
        lead.append(say("This rule holds if {condition}.", condition=condition))
        lead.append(say("It holds too if that is not known."))
    lead.append(_whom(pieces, clause))
    what = [said.tag(tag) for tag in clause.tags]
    what += [said.class_name(one) for one in clause.classes]
    return Points(lead=" ".join(lead), points=tuple(pieces.with_id(one, clause) for one in what))


def _whom(pieces: Pieces, clause: Never) -> str:
    """From whom it is kept, and what they may know at most."""
    said, say = pieces.said, pieces.said.catalog.say
    if clause.clearer_than is None:
        if ANYONE in clause.to:
            return say("Nobody is told:")
        return say("This is not told to {who}:", who=audiences(pieces, clause.to))
    form = said.form(clause.clearer_than)
    if ANYONE in clause.to:
        return say("This is the most that anybody is told: {form}. It is about:", form=form)
    who = audiences(pieces, clause.to)
    return say("This is the most that {who} is told: {form}. It is about:", who=who, form=form)


def audiences(pieces: Pieces, names: tuple[str, ...]) -> str:
    """Audiences by their names in the agreement."""
    catalog = pieces.said.catalog
    return catalog.both([catalog.quoted(name(one)) for one in names])


def _override(pieces: Pieces, override: Override, bases: bool) -> Points:
    said, say, count = pieces.said, pieces.said.catalog.say, pieces.said.catalog.count
    rank = said.catalog.quoted(name(override.of_rank))
    lead = [
        count(
            "{n} person of the rank {rank} must sign for it.",
            "{n} people of the rank {rank} must sign for it.",
            override.authorisers,
            rank=rank,
        ),
        count("It ends after {n} hour.", "It ends after {n} hours.", override.expires_after_hours),
        count(
            "It must be checked within {n} hour.",
            "It must be checked within {n} hours.",
            override.review_within_hours,
        ),
    ]
    if bases:
        lead.append(say("Legal basis: {laws}.", laws=said.laws(override.legal_basis)))
        if override.lifts:
            clauses = said.catalog.both(override.lifts)
            lead.append(say("It goes before these clauses: {clauses}.", clauses=clauses))
    lead.append(say("Then {who} may know:", who=audiences(pieces, override.to)))
    tags = (said.tag(tag, override.form) for tag in override.tags)
    return Points(lead=" ".join(lead), points=tuple(pieces.with_id(t, override) for t in tags))


def _deciders(pieces: Pieces, bands: tuple[AgeBand, ...], person: str) -> Iterator[str]:
    """Who decides for a person, from each age on."""
    say = pieces.said.catalog.say
    if not bands:
        yield say("Who decides for {person}: {who}.", person=person, who=person)
    for band in bands:
        who = pieces.said.person(band.decider)
        if band.from_age == 0:
            yield say("Who decides for {person}: {who}.", person=person, who=who)
        else:
            yield say("From the age of {age} on: {who}.", age=band.from_age, who=who)
