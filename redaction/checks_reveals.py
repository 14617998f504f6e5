"""Checks that each fact an audience can infer is named in `reveals`, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from redaction.agreement import Condition, Is, Number, Share
from redaction.checks_conditions import CONSENT, atoms
from redaction.inference import Inference, Through, inferences
from redaction.subject import Subject
from redaction.text import Problem
from redaction.words import nearest
from schemas.registry import Kind

_TOLD: Final[Mapping[Through, str]] = MappingProxyType(
    {
        Through.ADDRESSED: "from being sent anything",
        Through.SHARED: "from whether this is shared",
        Through.WITHHELD: "from whether this is withheld",
    }
)


def reveal_problems(subject: Subject) -> Iterator[Problem]:
    """Facts that can be inferred and are not said to be, and words that reveal nothing."""
    if not subject.spots or {"clauses", "audiences", "event_types"} & subject.damaged:
        return  # whatever could not be read may be what gives a fact away, or what shares it
    found = inferences(subject)
    for audience in subject.agreement.audiences:
        told = [each for each in found if each.clause is None and each.audience == audience.name]
        faults = [f"audience {fault}" for fault in _unsaid(told)]
        dead = _dead(subject, audience.reveals, told, asked=_asked(audience.when))
        faults += [f"audience `{audience.name}`: {fault}" for fault in dead]
        for fault in faults:
            yield subject.at(f"audiences.{audience.name}", fault)
    for clause in subject.agreement.clauses():
        told = [each for each in found if each.clause == clause.id]
        items = clause.items if isinstance(clause, Share) else None
        asked = _asked(clause.when, items.when if items else None)
        for fault in (*_unsaid(told), *_dead(subject, clause.reveals, told, asked=asked)):
            yield subject.in_clause(clause, fault)


def _asked(*conditions: Condition | None) -> frozenset[str]:
    """The facts that these conditions ask, consent aside."""
    return frozenset(
        atom.fact
        for condition in conditions
        if condition is not None
        for atom in atoms(condition)
        if isinstance(atom, Is | Number) and not atom.fact.startswith(CONSENT)
    )


def _unsaid(told: Iterable[Inference]) -> Iterator[str]:
    """One sentence a fact, with every audience that can infer it."""
    unsaid: dict[str, list[Inference]] = {}
    for each in told:
        if not each.revealed:
            unsaid.setdefault(each.fact, []).append(each)
    for fact, ways in unsaid.items():
        names = list(dict.fromkeys(f"`{each.audience}`" for each in ways))
        whom = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        tag = ways[0].tag
        what = f"the age behind `{fact}`" if fact == tag else f"`{fact}`"
        them = "all of them" if names[1:] else "it"
        instead = "" if tag is None else f", or always share `{tag}` with {them} in clear"
        yield (
            f"{whom} can infer {what} {_TOLD[ways[0].through]}; add `reveals: [{fact}]`{instead}"
        )


def _dead(
    subject: Subject,
    reveals: tuple[str, ...],
    told: Iterable[Inference],
    *,
    asked: frozenset[str],
) -> Iterator[str]:
    inferable = {each.fact for each in told}
    facts = {spot.field.name for spot in subject.spots if spot.is_fact}
    dates = {spot.field.tag for spot in subject.spots if spot.kind is Kind.DATE}
    unknown = asked - facts  # said where it is asked; what follows from it is not said again
    for name in reveals:
        if name in inferable | unknown:
            continue
        if name in facts | dates or name.startswith(CONSENT):
            if unknown:
                continue
            near = nearest(name, inferable)
            yield f"`reveals` names `{name}`, which nobody can infer from this{near}"
        else:
            yield f"`reveals` names `{name}`, which is no fact here{nearest(name, facts | dates)}"
