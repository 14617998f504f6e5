"""Which facts an audience can infer from what it gets and from what it does not get (rule 13).

A condition shows through its outcome. Every fact that one of these conditions asks is inferable:

- the audience's own `when`: to be sent anything at all tells it;
- the `when`, or the `when` of the `items`, of a clause that shares with the audience;
- the `when` of a `never` that can withhold something that is shared with the audience.

Not inferable is what tells nothing new: the time since the event, since every delivery tells the
event's time; the recipient's own name; a fact whose own field the audience gets anyway, that is in
clear, under no condition, of every list element, and withheld by no `never`; likewise an age where
it gets the date of birth in that way. A consent is inferable even then, because the register may
say otherwise than the event. That a reason was recorded is not counted as a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from redaction.agreement import Age, Audience, Condition, Elapsed, Form, Never, Share
from redaction.checks_conditions import CONSENT, atoms
from redaction.scopes import ENTRY, Place
from redaction.spots import Spot
from redaction.subject import Subject, addresses
from redaction.transforms import at_most


@unique
class Through(StrEnum):
    """What tells: to be addressed at all, what a clause shares, or what it withholds."""

    ADDRESSED = "addressed"
    SHARED = "shared"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One fact that one audience can infer.

    `fact` is the field's name, `consent_of_` and a person, or for an age the tag of the date of
    birth. `clause` is the id of the clause whose condition asks it, None if the audience's own
    does. `tag` is the fact's own tag, None for a consent. `revealed` says whether the clause, or
    the audience, names it in `reveals`.
    """

    audience: str
    fact: str
    through: Through
    clause: str | None
    tag: str | None
    revealed: bool


# Where a condition of one event type looks for facts: the lists around it, innermost first.
_Scope = tuple[str, tuple[Place, ...]]


def inferences(subject: Subject) -> tuple[Inference, ...]:
    """Everything that any audience can infer, each once a clause, in the order of the text."""
    found: dict[Inference, None] = {}
    for audience in subject.agreement.audiences:
        found.update(dict.fromkeys(_of_audience(subject, audience)))
        for share in subject.agreement.shares:
            if audience.name in share.to:
                found.update(dict.fromkeys(_of_share(subject, audience, share)))
        for never in subject.agreement.nevers:
            if never.when is not None and addresses(never, audience.name):
                found.update(dict.fromkeys(_of_never(subject, audience, never)))
    return tuple(found)


def _of_audience(subject: Subject, audience: Audience) -> Iterator[Inference]:
    if audience.when is None:
        return
    scopes = _roots({spot.etype for spot in subject.spots})
    publishers = subject.agreement.publishers
    for fact, tag in _told(subject, audience.name, publishers, audience.when, scopes):
        yield Inference(
            audience=audience.name,
            fact=fact,
            through=Through.ADDRESSED,
            clause=None,
            tag=tag,
            revealed=fact in audience.reveals,
        )


def _of_share(subject: Subject, audience: Audience, share: Share) -> Iterator[Inference]:
    carriers = tuple(spot for tag in share.tags for spot in subject.carriers(tag))
    asked: list[tuple[Condition, frozenset[_Scope]]] = []
    if share.when is not None:
        asked.append((share.when, _roots({spot.etype for spot in carriers})))
    if share.items is not None and share.items.when is not None:
        around = frozenset((spot.etype, spot.lists[::-1]) for spot in carriers if spot.lists)
        asked.append((share.items.when, around))
    publishers = share.publishers or subject.agreement.publishers
    for condition, scopes in asked:
        for fact, tag in _told(subject, audience.name, publishers, condition, scopes):
            yield Inference(
                audience=audience.name,
                fact=fact,
                through=Through.SHARED,
                clause=share.id,
                tag=tag,
                revealed=fact in share.reveals,
            )


def _of_never(subject: Subject, audience: Audience, never: Never) -> Iterator[Inference]:
    reached = {
        spot.etype
        for share in subject.agreement.shares
        if audience.name in share.to and not at_most(share.form, never.clearer_than)
        for tag in share.tags
        for spot in subject.carriers(tag)
        if subject.touches(never, spot)
    }
    publishers, condition = subject.agreement.publishers, never.when
    if condition is None or not reached:
        return
    for fact, tag in _told(subject, audience.name, publishers, condition, _roots(reached)):
        yield Inference(
            audience=audience.name,
            fact=fact,
            through=Through.WITHHELD,
            clause=never.id,
            tag=tag,
            revealed=fact in never.reveals,
        )


def _roots(etypes: set[str]) -> frozenset[_Scope]:
    return frozenset((etype, ()) for etype in etypes)


def _told(
    subject: Subject,
    audience: str,
    publishers: tuple[str, ...],
    condition: Condition,
    scopes: frozenset[_Scope],
) -> Iterator[tuple[str, str | None]]:
    """The facts that a condition's outcome tells beyond what the audience gets, with their tags."""
    for atom in atoms(condition):
        if isinstance(atom, Elapsed):
            continue
        fact = atom.of if isinstance(atom, Age) else atom.fact
        if fact.startswith(CONSENT):
            yield fact, None
            continue
        for spot in _asked(subject, atom, scopes):
            if not gets(subject, audience, publishers, spot):
                yield fact, spot.field.tag
                break


def _asked(subject: Subject, atom: Condition, scopes: frozenset[_Scope]) -> Iterator[Spot]:
    """The fields that an atom reads: in each event type those of the nearest scope that has any."""
    for etype, lists in sorted(scopes):
        for depth in range(len(lists) + 1):
            around = lists[depth:][::-1]
            here = [
                spot
                for spot in subject.spots
                if (spot.etype, spot.lists) == (etype, around) and _is_read(spot, atom)
            ]
            yield from here
            if here:
                break


def _is_read(spot: Spot, atom: Condition) -> bool:
    if isinstance(atom, Age):
        return spot.field.tag == atom.of and ENTRY not in spot.place
    return spot.is_fact and spot.field.name == getattr(atom, "fact", None)


def gets(subject: Subject, audience: str, publishers: tuple[str, ...], spot: Spot) -> bool:
    """Whether the audience gets the field in clear from all these publishers, whatever it holds."""
    return any(
        spot.field.tag in share.tags
        and audience in share.to
        and share.form is Form.CLEAR
        and share.when is None
        and share.items is None
        and not share.needs_reason
        and (not share.publishers or set(publishers) <= set(share.publishers))
        for share in subject.agreement.shares
    ) and not any(
        addresses(never, audience) and subject.touches(never, spot)
        for never in subject.agreement.nevers
    )
