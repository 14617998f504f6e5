"""Which pieces each reader's page has: made from what is executed, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from redaction.agreement import Agreement, Audience
from redaction.explain import limits
from redaction.explain.catalog import Catalog
from redaction.explain.page import Page, Points, Section
from redaction.explain.papers import about, contents, papers
from redaction.explain.phrases import CONSENT, phrases
from redaction.explain.pieces import Pieces
from redaction.explain.told import Reader, keeps_back, told
from redaction.explain.words import name
from schemas.registry import EventType, Vocabulary

VICTIM = "victim"
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
    pieces = Pieces(
        known,
        phrases(known, types, vocabulary, catalog, reader=reader),
        numbered=reader in (Reader.PROFESSIONALS, Reader.AUTHORITY),
        # for perpetrators this may not hang on whether there is something
        partial=reader is Reader.PERPETRATORS or keeps_back(agreement, known),
    )
    return Page(title=agreement.title, sections=tuple(_PAGES[reader](pieces)))


def _professionals(pieces: Pieces) -> Iterator[Section]:
    """Who may know what, and when."""
    yield about(pieces)
    for audience in pieces.agreement.audiences:
        yield Section(
            heading=_may_know(pieces, audience),
            sentences=(pieces.identity(audience), *pieces.duties(audience)),
            lists=(*pieces.addressed(audience), *pieces.shares(audience)),
        )
    yield from limits.never(pieces)
    yield from limits.overrides(pieces)
    yield from limits.consent(pieces)


def _authority(pieces: Pieces) -> Iterator[Section]:
    """Everything, with papers and legal bases."""
    yield about(pieces)
    yield papers(pieces)
    for audience in pieces.agreement.audiences:
        duties = (pieces.identity(audience), *pieces.bases(audience), *pieces.duties(audience))
        yield Section(
            heading=_may_know(pieces, audience),
            sentences=duties,
            lists=(*pieces.addressed(audience), *pieces.shares(audience)),
        )
    yield from limits.never(pieces)
    yield from limits.overrides(pieces, bases=True)
    yield from limits.consent(pieces)
    yield contents(pieces)


def _victims(pieces: Pieces) -> Iterator[Section]:
    """What is told of the victim and the children, to whom, and what she can say."""
    say = pieces.said.catalog.say
    yield Section(
        heading=say("What this page is for"),
        sentences=(
            say("Some agencies work together to help you and to keep you safe."),
            say("This page says what they may tell each other."),
            say("Where it says “the victim”, it means you."),
            *([say("Some rules are not shown on this page.")] if pieces.partial else []),
            pieces.dates(),
        ),
    )
    yield Section(
        heading=say("Who is not told"),
        sentences=(
            *(
                []
                if pieces.partial
                else [say("With these rules we tell only the agencies on this page.")]
            ),
            say("We tell nothing to the perpetrator."),
        ),
    )
    yield _yes_or_no(pieces)
    for audience in pieces.agreement.audiences:
        if lists := pieces.shares(audience, partial(pieces.ordinary, audience)):
            yield Section(
                heading=_we_may_tell(pieces, audience),
                sentences=tuple(pieces.handling(audience)),
                lists=(*pieces.addressed(audience), *lists),
            )
    yield from _unasked(pieces)
    yield from limits.never(pieces)
    yield from limits.overrides(pieces)
    yield from limits.consent(pieces)
    yield Section(
        heading=say("Whom you can ask"),
        sentences=(say("You can ask: {agencies}.", agencies=pieces.publishers()),),
    )
    yield from _complaints(pieces)


def _perpetrators(pieces: Pieces) -> Iterator[Section]:
    """What is told of whoever is said to have done it, as far as this may be told.

    Conditions are left out: that something hangs on what the victim says puts her under pressure.
    """
    say, agreement = pieces.said.catalog.say, pieces.agreement
    yield Section(
        heading=say("What this page is for"),
        sentences=(
            say("Some agencies share what they know when there is violence at home."),
            say("This page says what they may tell each other about you."),
            say("Where it says “the perpetrator”, it means you."),
            say("That does not mean that a court has found you guilty."),
            say("Some rules are not shown on this page."),
            pieces.dates(),
        ),
    )
    tags = pieces.said.vocabulary.tags

    def about_him(tag: str) -> bool:
        criminal = tag in tags and CRIMINAL in tags[tag].classes
        of = tag.split(".")[0]
        return of == PERPETRATOR or (criminal and of != VICTIM)

    for audience in agreement.audiences:
        if points := pieces.tags(audience, about_him):
            lists = (Points(lead=say("They may know:"), points=points),)
            yield Section(heading=_we_may_tell(pieces, audience), lists=lists)
    yield from _complaints(pieces)


_PAGES: Mapping[Reader, Callable[[Pieces], Iterator[Section]]] = {
    Reader.PROFESSIONALS: _professionals,
    Reader.VICTIMS: _victims,
    Reader.PERPETRATORS: _perpetrators,
    Reader.AUTHORITY: _authority,
}


def _may_know(pieces: Pieces, audience: Audience) -> str:
    who = pieces.said.catalog.quoted(name(audience.name))
    return pieces.said.catalog.say("What {who} may know", who=who)


def _we_may_tell(pieces: Pieces, audience: Audience) -> str:
    who = pieces.said.audience(audience)
    return pieces.said.catalog.say("Whom we may tell: {who}", who=who)


def _yes_or_no(pieces: Pieces) -> Section:
    """Whether the victim is asked."""
    say = pieces.said.catalog.say
    if pieces.asks(f"{CONSENT}{VICTIM}"):
        sentences: tuple[str, ...] = (
            say("Some things are told only if you agree."),
            say("You may say no. You may also say yes and take it back later."),
            say("Things that do not need your yes may be told even if you say no."),
        )
    else:
        sentences = (
            say("These rules do not ask for your yes."),
            say("What is on this page may be told even if you say no."),
        )
    return Section(heading=say("Can you say no?"), sentences=sentences)


def _unasked(pieces: Pieces) -> Iterator[Section]:
    """What may be told for a reason that is written down, although the victim said no."""
    for audience in pieces.agreement.audiences:
        wanted = partial(pieces.unasked, audience)
        if lists := pieces.shares(audience, wanted):
            who = pieces.said.audience(audience)
            say = pieces.said.catalog.say
            yield Section(
                heading=say("Even if you say no, we may tell: {who}", who=who),
                sentences=(say("Then somebody must write down the reason."),),
                lists=(*pieces.addressed(audience), *lists),
            )


def _complaints(pieces: Pieces) -> Iterator[Section]:
    """Where the reader can complain (GDPR article 77)."""
    say = pieces.said.catalog.say
    named = dict.fromkeys(one.authority for one in pieces.agreement.drafted_with)
    if named:
        who = pieces.said.catalog.both(tuple(named))
        yield Section(
            heading=say("If you think that something is wrong"),
            sentences=(say("You can complain to: {who}.", who=who),),
        )
