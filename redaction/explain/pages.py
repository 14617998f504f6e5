"""Which pieces each reader's page has: made from what is executed, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from redaction.agreement import Agreement
from redaction.explain.catalog import Catalog
from redaction.explain.page import Page, Section
from redaction.explain.phrases import Phrases, agency, name, phrases
from redaction.explain.pieces import Pieces
from redaction.explain.told import Reader, told
from schemas.registry import EventType, Vocabulary

PERPETRATOR = "perpetrator"
CRIMINAL = "criminal-offence"


def explain(
    agreement: Agreement,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    *,
    reader: Reader,
    catalog: Catalog,
) -> Page:
    """The page for a reader in the catalogue's language (rule 14).

    Args:
        agreement: one that the static check has passed.
        types: the event types by name.
        vocabulary: the vocabulary it was drafted against.
        reader: for whom.
        catalog: in which language.

    Raises:
        LookupError: the catalogue lacks a sentence.
    """
    known = told(agreement, vocabulary, reader)
    said = phrases(known, types, vocabulary, catalog, to_victim=reader is Reader.VICTIMS)
    numbered = reader in (Reader.PROFESSIONALS, Reader.AUTHORITY)
    sections = _PAGES[reader](Pieces(known, said, numbered=numbered), said)
    return Page(title=agreement.title, sections=tuple(sections))


def _professionals(pieces: Pieces, said: Phrases) -> Iterator[Section]:
    """Who may see what, and when."""
    yield _about(pieces, said)
    for audience in pieces.agreement.audiences:
        yield Section(
            heading=said.catalog.say("What {who} may see", who=name(audience.name)),
            sentences=(*pieces.addressed(audience), *pieces.duties(audience)),
            lists=pieces.shares(audience),
        )
    yield from _limits(pieces)


def _authority(pieces: Pieces, said: Phrases) -> Iterator[Section]:
    """Everything, with papers and legal bases."""
    yield _about(pieces, said)
    yield _papers(pieces.agreement, said.catalog)
    for audience in pieces.agreement.audiences:
        duties = (*pieces.addressed(audience), *pieces.bases(audience), *pieces.duties(audience))
        yield Section(
            heading=said.catalog.say("What {who} may see", who=name(audience.name)),
            sentences=duties,
            lists=pieces.shares(audience),
        )
    yield from pieces.never()
    yield from pieces.overrides(bases=True)
    yield from pieces.consent()


def _victims(pieces: Pieces, said: Phrases) -> Iterator[Section]:
    """What is told of the victim and the children, to whom, and what she can say."""
    say = said.catalog.say
    yield Section(
        heading=say("What this page is for"),
        sentences=(
            say("Some agencies work together to keep you and your children safe."),
            say("This page tells you what they may tell each other, and what they may not."),
            say("Where it says “the victim”, it means you."),
            pieces.dates(),
        ),
    )
    for audience in pieces.agreement.audiences:
        if lists := pieces.shares(audience):
            yield Section(
                heading=say("What we may tell: {who}", who=said.audience(audience)),
                sentences=tuple(pieces.addressed(audience))[1:],
                lists=lists,
            )
    yield from _limits(pieces)


def _perpetrators(pieces: Pieces, said: Phrases) -> Iterator[Section]:
    """What is told of whoever is said to have done it, as far as this may be told.

    Conditions are left out: that something hangs on what the victim says puts her under pressure.
    """
    say = said.catalog.say
    yield Section(
        heading=say("What this page is for"),
        sentences=(
            say("Some agencies share what they know when there is violence at home."),
            say("This page tells you what they may tell each other about you."),
            pieces.dates(),
        ),
    )

    def about_him(tag: str) -> bool:
        known = said.vocabulary.tags.get(tag)
        criminal = known is not None and CRIMINAL in known.classes
        return criminal or tag.split(".")[0] == PERPETRATOR

    for audience in pieces.agreement.audiences:
        if lists := pieces.shares(audience, about_him, limits=False):
            who = said.audience(audience)
            yield Section(heading=say("What we may tell: {who}", who=who), lists=lists)


_PAGES: Mapping[Reader, Callable[[Pieces, Phrases], Iterator[Section]]] = {
    Reader.PROFESSIONALS: _professionals,
    Reader.VICTIMS: _victims,
    Reader.PERPETRATORS: _perpetrators,
    Reader.AUTHORITY: _authority,
}


def _limits(pieces: Pieces) -> Iterator[Section]:
    yield from pieces.never()
    yield from pieces.overrides()
    yield from pieces.consent()


def _about(pieces: Pieces, said: Phrases) -> Section:
    catalog, agreement = said.catalog, pieces.agreement
    purposes = catalog.both([name(one) for one in agreement.purposes])
    publishers = catalog.both([agency(one) for one in agreement.publishers])
    return Section(
        heading=catalog.say("What this agreement is for"),
        sentences=(
            catalog.say("It is for: {purposes}.", purposes=purposes),
            catalog.say("These agencies send: {agencies}.", agencies=publishers),
            pieces.dates(),
            catalog.say("What is not listed here is not shared."),
        ),
    )


def _papers(agreement: Agreement, catalog: Catalog) -> Section:
    say, day = catalog.say, catalog.day
    sentences = [say("The text has the hash {hash}.", hash=agreement.hash())]
    sentences += [
        say(
            "{authority} gave its opinion {reference} on {date}: {outcome}.",
            authority=one.authority,
            reference=one.reference,
            date=day(one.date),
            outcome=name(one.outcome),
        )
        for one in agreement.drafted_with
    ]
    if dpia := agreement.dpia:
        made, review = day(dpia.date), day(dpia.review_by)
        sentences.append(
            say(
                "The impact assessment {reference} is of {date}. The next look is by {review}.",
                reference=dpia.reference,
                date=made,
                review=review,
            )
        )
    return Section(heading=say("Papers"), sentences=tuple(sentences))
