"""Whose word counts as a consent, and what it says of what is asked for (rule 12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redaction.agreement import ConsentRule
from redaction.facts import Consent, ConsentState

# From least to most restrictive; a word outside this list says nothing about consent.
STRICTNESS = {state.value: rank for rank, state in enumerate(ConsentState)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """The question about one person's consent.

    `rule` is the agreement's for that person, if it has one. `which` tells this person from others
    of the same word, `age` is in whole years at the event; None is unknown. `tags` are those that
    the asking clause names; None stands for all there are.
    """

    person: str
    purpose: str
    audience: str
    rule: ConsentRule | None
    which: str | None
    age: int | None
    tags: frozenset[str] | None


def answer(inquiry: Inquiry, records: tuple[Consent, ...], said: object) -> str | None:
    """The most restrictive of what counts, else what is presumed; None is unknown.

    Args:
        inquiry: the question.
        records: what the register has of the case.
        said: the event's own word; `given` in an event does not say who decided, so it counts
            only where age does not matter.
    """
    words = [record.state.value for record in _counting(inquiry, records)]
    banded = inquiry.rule is not None and bool(inquiry.rule.by_age)
    counts = said != ConsentState.GIVEN or not banded
    if isinstance(said, str) and said in STRICTNESS and counts:
        words.append(said)
    presumed = None if inquiry.rule is None else inquiry.rule.presumed
    return max(words, key=STRICTNESS.__getitem__, default=presumed)


def _counting(inquiry: Inquiry, records: tuple[Consent, ...]) -> Iterator[Consent]:
    for record in records:
        if (
            record.person == inquiry.person
            and record.purpose == inquiry.purpose
            and record.audience in (None, inquiry.audience)
        ):
            given = record.state is ConsentState.GIVEN
            if _gives(inquiry, record) if given else _restricts(inquiry, record):
                yield record


def _gives(inquiry: Inquiry, record: Consent) -> bool:
    """Whether a consent is of this person, by who decides, and for all that is asked for."""
    if record.which is not None and record.which != inquiry.which:
        return False
    if record.tags is not None and not (inquiry.tags is not None and inquiry.tags <= record.tags):
        return False
    decider = _decider(inquiry)
    own = inquiry.person
    return (record.by or own) == decider and (decider == own or record.cleared)


def _restricts(inquiry: Inquiry, record: Consent) -> bool:
    """Whether a refusal may be of this person and of some of what is asked for, by whomever."""
    if None not in (record.which, inquiry.which) and record.which != inquiry.which:
        return False
    if record.tags is None:
        return True
    return bool(record.tags) if inquiry.tags is None else not record.tags.isdisjoint(inquiry.tags)


def _decider(inquiry: Inquiry) -> str | None:
    """Who decides at this age; None, and nobody's consent counts, where the age is unknown."""
    if inquiry.rule is None or not inquiry.rule.by_age:
        return inquiry.person
    if inquiry.age is None:
        return None
    reached = [band for band in inquiry.rule.by_age if band.from_age <= inquiry.age]
    return max(reached, key=lambda band: band.from_age).decider if reached else None
