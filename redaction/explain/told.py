"""What a reader may be told of an agreement: everything else is taken out before a word is made.

A text for perpetrators is made from what stands here alone, so no clause that is kept from them
can change it by a byte (rule 14).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum, unique

from redaction.agreement import Agreement, Never, Opinion, Override, Share
from schemas.registry import Vocabulary

LOCATING = "locates-victim"


@unique
class Reader(StrEnum):
    """For whom a text is made."""

    PROFESSIONALS = "professionals"
    VICTIMS = "victims"
    PERPETRATORS = "perpetrators"
    AUTHORITY = "authority"


def told(agreement: Agreement, vocabulary: Vocabulary, reader: Reader) -> Agreement:
    """The agreement without what this reader is not told.

    Besides what its clauses name in `not_told_to`, perpetrators are never told of clauses that
    locate a victim, of overrides, nor of an audience that only such clauses speak of, with its
    legal bases, duties and papers.
    """
    shares = tuple(s for s in agreement.shares if not _kept_from(s, vocabulary, reader))
    nevers = tuple(n for n in agreement.nevers if not _kept_from(n, vocabulary, reader))
    overrides = tuple(o for o in agreement.overrides if not _kept_from(o, vocabulary, reader))
    if reader is not Reader.PERPETRATORS:
        return replace(agreement, shares=shares, nevers=nevers, overrides=overrides)
    named = {name for share in shares for name in share.to}
    audiences = tuple(a for a in agreement.audiences if a.name in named)
    parties = {*agreement.publishers, *(a.agency for a in audiences if a.agency is not None)}
    return replace(
        agreement,
        shares=tuple(replace(s, reveals=()) for s in shares),
        nevers=tuple(replace(n, to=tuple(t for t in n.to if _known(t, named))) for n in nevers),
        overrides=(),
        audiences=audiences,
        legal_basis=tuple(one for one in agreement.legal_basis if one.of in named),
        requires=tuple(one for one in agreement.requires if one.of in named),
        deliver_by=tuple(one for one in agreement.deliver_by if one.of in named),
        handling=tuple(one for one in agreement.handling if one.of in named),
        drafted_with=tuple(_opinions(agreement.drafted_with, parties)),
    )


def keeps_back(agreement: Agreement, known: Agreement) -> bool:
    """Whether something that is shared is missing from what a reader is told."""
    whole = (*agreement.shares, *agreement.overrides)
    return len(whole) != len((*known.shares, *known.overrides))


def _opinions(opinions: tuple[Opinion, ...], parties: set[str]) -> Iterator[Opinion]:
    for opinion in opinions:
        of = tuple(party for party in opinion.of if party in parties)
        # Without this, an opinion on hidden parties alone would turn into one on all parties.
        if of or not opinion.of:
            yield replace(opinion, of=of)


def _known(audience: str, named: set[str]) -> bool:
    return audience in named or audience == "anyone"


def _kept_from(clause: Share | Never | Override, vocabulary: Vocabulary, reader: Reader) -> bool:
    if str(reader) in clause.not_told_to:
        return True
    if reader is not Reader.PERPETRATORS:
        return False
    if isinstance(clause, Override):
        return True
    classes = set(clause.classes) if isinstance(clause, Never) else set()
    for tag in clause.tags:
        known = vocabulary.tags.get(tag)
        classes |= known.classes if known is not None else {LOCATING}
    return LOCATING in classes
