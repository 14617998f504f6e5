"""Sections with the agreement's papers: what it is for, its opinions, what the GDPR asks for."""

from __future__ import annotations

from redaction.explain.page import Section
from redaction.explain.pieces import Pieces
from redaction.explain.words import name


def about(pieces: Pieces) -> Section:
    """Purposes, who sends, and from when until when."""
    catalog, agreement = pieces.said.catalog, pieces.agreement
    purposes = catalog.both([catalog.quoted(name(one)) for one in agreement.purposes])
    types = catalog.both([catalog.quoted(name(one)) for one in agreement.event_types])
    if pieces.partial:
        rest = catalog.say("Some rules are not shown on this page.")
    else:
        rest = catalog.say("What is not listed here is not shared under this agreement.")
    return Section(
        heading=catalog.say("What this agreement is for"),
        sentences=(
            catalog.say("This is version {n}.", n=agreement.version),
            catalog.say("It is for: {purposes}.", purposes=purposes),
            catalog.say("It is about these reports: {types}.", types=types),
            catalog.say("These agencies send: {agencies}.", agencies=pieces.publishers()),
            pieces.dates(),
            rest,
        ),
    )


def papers(pieces: Pieces) -> Section:
    """The hash, the opinions and the impact assessment."""
    agreement, catalog = pieces.agreement, pieces.said.catalog
    say, day = catalog.say, catalog.day
    sentences = [
        say("The text has the SHA-256 hash {hash}.", hash=agreement.hash()),
        say("Dates and times are those of {zone}.", zone=agreement.time_zone),
    ]
    for one in agreement.drafted_with:
        sentences.append(
            say(
                "{authority} gave its opinion {reference} on {date}: {outcome}.",
                authority=one.authority,
                reference=one.reference,
                date=day(one.date),
                outcome=catalog.quoted(name(one.outcome)),
            )
        )
        if one.of:
            parties = pieces.agencies(one.of)
            sentences.append(say("This opinion is for: {agencies}.", agencies=parties))
    if dpia := agreement.dpia:
        sentences.append(
            say(
                "The data-protection impact assessment {reference} is of {date} (GDPR article 35).",
                reference=dpia.reference,
                date=day(dpia.date),
            )
        )
        sentences.append(say("Its next review is due by {date}.", date=day(dpia.review_by)))
    return Section(heading=say("Papers"), sentences=tuple(sentences))


def contents(pieces: Pieces) -> Section:
    """Which contents of a notice under GDPR articles 13 and 14 the agreement knows."""
    say = pieces.said.catalog.say
    return Section(
        heading=say("Contents of notices under GDPR articles 13 and 14"),
        sentences=(
            say(
                "This page gives purposes, legal bases, categories of data, recipients, how long "
                "data are kept, and the controllers that they come from."
            ),
            say(
                "The agreement does not hold the contacts of controllers and of data-protection "
                "officers, nor the rights of the persons concerned."
            ),
        ),
    )
