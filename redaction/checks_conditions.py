"""Checks conditions: each may ask only facts that can be known where it stands, in their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redaction.agreement import Age, AllOf, AnyOf, Condition, Elapsed, Is, Not, Number, Unit
from redaction.facts import ConsentState
from redaction.scopes import ENTRY, Place
from redaction.spots import Spot
from redaction.subject import Subject
from redaction.words import either, listed, nearest
from schemas.registry import Kind

CONSENT = "consent_of_"
_ANSWERS = tuple(state.value for state in ConsentState)
_NO = frozenset({ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value})
_NUMBERS = frozenset({Kind.INT, Kind.LONG})
# the name of the calendar's use that `school days` are counted by
_SCHOOL = "school"

# Where a condition looks facts up: for each event type, the lists around it (none: the root).
Reach = frozenset[tuple[str, tuple[Place, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    subject: Subject
    reach: Reach

    def known(self) -> Iterator[Spot]:
        """The facts within reach."""
        for spot in self.subject.spots:
            if spot.is_fact and (spot.etype, spot.lists) in self.reach:
                yield spot


def root_reach(spots: tuple[Spot, ...]) -> Reach:
    """The root of every event type that has one of these spots."""
    return frozenset((spot.etype, ()) for spot in spots)


def element_reach(spots: tuple[Spot, ...]) -> Reach:
    """The list elements around these spots, with those around them and the root."""
    return frozenset(
        (spot.etype, spot.lists[:depth])
        for spot in spots
        if spot.lists
        for depth in range(len(spot.lists) + 1)
    )


def atoms(condition: Condition) -> Iterator[Is | Number | Elapsed | Age]:
    """The single questions that a condition is made of, in the order of the text."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from atoms(part)
        case Not(part=part):
            yield from atoms(part)
        case _:
            yield condition


def condition_faults(subject: Subject, condition: Condition, reach: Reach) -> Iterator[str]:
    """What is wrong with a condition, a sentence each."""
    asking = _Asking(subject=subject, reach=reach)
    for atom in atoms(condition):
        yield from _faults(asking, atom)


def _faults(asking: _Asking, atom: Is | Number | Elapsed | Age) -> Iterator[str]:
    match atom:
        case Is():
            yield from _answer_faults(asking, atom)
        case Number():
            yield from _number_faults(asking, atom)
        case Elapsed():
            calendars = dict(asking.subject.agreement.calendars)
            if atom.unit is Unit.SCHOOL_DAYS and _SCHOOL not in calendars:
                yield "school days need the calendar to count them by: `calendars: {school: ...}`"
        case Age():
            yield from _age_faults(asking, atom)


def _answer_faults(asking: _Asking, asked: Is) -> Iterator[str]:
    if asked.fact.startswith(CONSENT):
        yield from _consent_faults(asking, asked)
        return
    spots = _named(asking, asked.fact)
    if not spots:
        yield _no_fact(asking, asked.fact)
    for spot in spots:
        if spot.kind in _NUMBERS:
            yield f"`{asked.fact}` is a number; ask `at_least` or `at_most`"
        elif spot.kind is Kind.DATE:
            yield f"`{asked.fact}` is a date; only `age` asks dates"
        elif spot.kind in (Kind.BOOLEAN, Kind.ENUM) and spot.leaf is not None:
            answers = ("yes", "no") if spot.kind is Kind.BOOLEAN else spot.leaf.symbols
            for value in asked.values:
                if value not in answers:
                    near = nearest(value, answers) or f"; it is {either(answers)}"
                    yield f"`{asked.fact}` never is `{value}`{near}"


def _consent_faults(asking: _Asking, asked: Is) -> Iterator[str]:
    person = asked.fact.removeprefix(CONSENT)
    persons = {tag.split(".", 1)[0] for tag in asking.subject.vocabulary.tags}
    if person not in persons and not _named(asking, asked.fact):
        yield f"`{asked.fact}` names nobody the vocabulary knows{nearest(person, persons)}"
    for value in asked.values:
        if value not in _ANSWERS:
            yield f"`{asked.fact}` is asked as given, refused or withdrawn; all else is unknown"
    # Whoever writes one of them means a no, and a no that was said later counts as much.
    if len(_NO & set(asked.values)) == 1:
        said, left_out = sorted(_NO, key=lambda no: no not in asked.values)
        yield f"`{asked.fact}` names `{said}` without `{left_out}`; each is a no, so name both"
    by_age = any(rule.of == person and rule.by_age for rule in asking.subject.agreement.consents)
    born = f"{person}.date_of_birth"
    carriers = asking.subject.carriers(born)
    if by_age and carriers and not _within(asking, carriers):
        yield (
            f"who gives `{asked.fact}` depends on `{born}`, which is told of each entry of a list; "
            f"ask it under `items: {{when: ...}}`"
        )


def _number_faults(asking: _Asking, asked: Number) -> Iterator[str]:
    spots = _named(asking, asked.fact)
    if not spots:
        yield _no_fact(asking, asked.fact)
    if any(spot.kind not in _NUMBERS for spot in spots):
        yield f"`{asked.fact}` is no number and has no `at_least` or `at_most`"


def _age_faults(asking: _Asking, asked: Age) -> Iterator[str]:
    carriers = asking.subject.carriers(asked.of)
    within = _within(asking, carriers)
    if asked.of not in asking.subject.vocabulary.tags:
        yield f"`age` is of no known tag `{asked.of}`{nearest(asked.of, _tags(asking))}"
    elif any(spot.kind is not Kind.DATE for spot in within):
        yield f"`age` is of `{asked.of}`, which is no date"
    elif not within and any(spot.lists for spot in carriers):
        yield f"`{asked.of}` is told of each entry of a list; ask it under `items: {{when: ...}}`"
    elif not within:
        yield f"`age` is of `{asked.of}`, which these events do not carry"


def _within(asking: _Asking, carriers: tuple[Spot, ...]) -> tuple[Spot, ...]:
    """Those whose one value a condition finds by their tag."""
    return tuple(
        spot
        for spot in carriers
        if (spot.etype, spot.lists) in asking.reach and ENTRY not in spot.place
    )


def _tags(asking: _Asking) -> frozenset[str]:
    return frozenset(spot.field.tag for spot in asking.subject.spots if spot.kind is Kind.DATE)


def _named(asking: _Asking, fact: str) -> tuple[Spot, ...]:
    return tuple(spot for spot in asking.known() if spot.field.name == fact)


def _no_fact(asking: _Asking, fact: str) -> str:
    same = [spot for spot in asking.subject.spots if spot.field.name == fact]
    if any(spot.is_fact and spot.lists for spot in same):
        return f"`{fact}` is told of each entry of a list; ask it under `items: {{when: ...}}`"
    if any(spot.is_fact for spot in same):
        return f"`{fact}` is a fact, but not of an event type that carries what the clause shares"
    if same:
        return f"`{fact}` is not marked as a fact, so no condition may ask it"
    known = {spot.field.name for spot in asking.known()}
    there = f"; the facts here are {listed(sorted(known))}" if known else ""
    return f"`{fact}` is no fact of these events{nearest(fact, known) or there}"
