"""Rules 5 and 6: what a condition answers, literally. Unknown is `None`.

`tags` are those that the asking clause speaks of, which matters to consents only; None is all.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from redaction.agreement import (
    Age,
    AgeBand,
    AllOf,
    AnyOf,
    Condition,
    Elapsed,
    Is,
    Not,
    Number,
    Unit,
)
from redaction.facts import Consent, ConsentState
from redaction.reference.forms import whole_years
from redaction.reference.places import Case, Element, element_scope, local_date, root_scope
from schemas.registry import Kind, Leaf, Map, Record

CONSENT_OF = "consent_of_"
REASON_FACT = "sharing_reason"

Tags = frozenset[str] | None


def holds(
    case: Case, condition: Condition, elements: tuple[Element, ...], tags: Tags
) -> bool | None:
    """Whether a condition holds: at the root (no elements) or for the innermost element."""
    if isinstance(condition, AllOf):
        parts = [holds(case, part, elements, tags) for part in condition.parts]
        return False if False in parts else None if None in parts else True
    if isinstance(condition, AnyOf):
        parts = [holds(case, part, elements, tags) for part in condition.parts]
        return True if True in parts else None if None in parts else False
    if isinstance(condition, Not):
        part = holds(case, condition.part, elements, tags)
        return None if part is None else not part
    if isinstance(condition, Is):
        word = _word(case, condition.fact, elements)
        if condition.fact.startswith(CONSENT_OF):
            person = condition.fact.removeprefix(CONSENT_OF)
            word = _consent(case, person, word, elements, tags)
        return None if word is None else word in condition.values
    if isinstance(condition, Number):
        return _between(_number(case, condition.fact, elements), condition)
    if isinstance(condition, Elapsed):
        return _elapsed(case, condition)
    return _between(_age(case, condition.of, elements), condition)


def reason_given(case: Case) -> bool:
    """Rule 11: the event's root fact `sharing_reason` is a text that says something."""
    leaf, value = _fact(case, REASON_FACT, ())
    return leaf is not None and leaf.kind is Kind.STRING and bool((value or "").strip())


def months_later(day: date, months: int) -> date:
    """The same day that many calendar months later, or that month's last day."""
    years, month0 = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month0 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _between(number: int | None, bounds: Number | Age) -> bool | None:
    if number is None:
        return None
    return (bounds.at_least is None or bounds.at_least <= number) and (
        bounds.at_most is None or number <= bounds.at_most
    )


def _fact(case: Case, name: str, elements: tuple[Element, ...]) -> tuple[Leaf | None, Any]:
    """The event's fact of that name: the element's, then its ancestors', then the root's."""
    scopes = [element_scope(element) for element in reversed(elements)]
    for inside in [*scopes, root_scope(case.event)]:
        for field, leaf, value in inside:
            if field.fact and field.name == name:
                return leaf, value
    return None, None


def _word(case: Case, name: str, elements: tuple[Element, ...]) -> str | None:
    """A fact as a word. A number or a date is no word, so a text that asks for one is unknown."""
    leaf, value = _fact(case, name, elements)
    if leaf is None or value is None:
        return None
    if leaf.kind is Kind.BOOLEAN:
        return "yes" if value else "no"
    return str(value) if leaf.kind in (Kind.STRING, Kind.ENUM) else None


def _number(case: Case, name: str, elements: tuple[Element, ...]) -> int | None:
    leaf, value = _fact(case, name, elements)
    return value if leaf is not None and leaf.kind in (Kind.INT, Kind.LONG) else None


# --- consent (rule 12) --------------------------------------------------------------------------


def _consent(
    case: Case, person: str, in_event: str | None, elements: tuple[Element, ...], tags: Tags
) -> str | None:
    """Rule 12: the most restrictive of the answers that count, else what the rule presumes."""
    rules = [rule for rule in case.agreement.consents if rule.of == person]
    bands = rules[0].by_age if rules else ()
    decider = _decider(case, bands, person, elements) if bands else person
    answers = [
        str(consent.state)
        for consent in case.register.consents
        if consent.case == case.event.subject
        and consent.person == person
        and consent.purpose == case.purpose
        and consent.audience in (None, case.audience.name)
        and _is_about(case, consent, elements)
        and _counts(consent, decider, tags)
    ]
    words = [str(state) for state in ConsentState]  # the least restrictive first
    if in_event in words and not (bands and in_event == ConsentState.GIVEN):
        answers.append(in_event)
    return max(answers, key=words.index, default=rules[0].presumed if rules else None)


def _is_about(case: Case, consent: Consent, elements: tuple[Element, ...]) -> bool:
    """Rule 12: who is meant; where the scope cannot say, only what restricts is meant for all."""
    if consent.which is None:
        return True
    name = f"{consent.person}_id"
    number = _number(case, name, elements)
    here = _word(case, name, elements) if number is None else str(number)
    return consent.state is not ConsentState.GIVEN if here is None else here == consent.which


def _counts(consent: Consent, decider: str | None, tags: Tags) -> bool:
    """Rule 12: a yes counts from who decides, cleared, and for every tag; a no for any tag."""
    if consent.state is not ConsentState.GIVEN:
        if consent.tags is None or tags is None:
            return consent.tags is None or bool(consent.tags)
        return not consent.tags.isdisjoint(tags)
    answered = consent.person if consent.by is None else consent.by
    return (
        answered == decider
        and (answered == consent.person or consent.cleared)
        and (consent.tags is None or (tags is not None and tags <= consent.tags))
    )


def _decider(
    case: Case, bands: tuple[AgeBand, ...], person: str, elements: tuple[Element, ...]
) -> str | None:
    """Rule 12: who decides at the person's age on the event's local date; unknown: nobody."""
    age = _age(case, f"{person}.date_of_birth", elements)
    reached = [band for band in bands if age is not None and band.from_age <= age]
    return max(reached, key=lambda band: band.from_age).decider if reached else None


# --- time ---------------------------------------------------------------------------------------


def _elapsed(case: Case, condition: Elapsed) -> bool | None:
    if case.at < case.event.time:
        return None
    zone = ZoneInfo(case.agreement.time_zone)
    start, now = case.event.time.astimezone(zone), case.at.astimezone(zone)
    if condition.unit is Unit.SCHOOL_DAYS:
        days = _school_days(case, start.date(), now.date())
        if days is None:
            return None
        return days <= condition.amount if condition.inclusive else days < condition.amount
    if condition.unit is Unit.DAYS:
        due_day = start.date() + timedelta(days=condition.amount)
    else:
        due_day = months_later(start.date(), condition.amount)
    # the same local time on that day; where clocks change it can come twice: then the first counts
    due = datetime.combine(due_day, start.time().replace(fold=0), zone).astimezone(UTC)
    instant = case.at.astimezone(UTC)
    return instant <= due if condition.inclusive else instant < due


def _school_days(case: Case, event_day: date, today: date) -> int | None:
    """Open days after the event's day, up to and with today; a day off the calendar is unknown."""
    names = [name for use, name in case.agreement.calendars if use == "school"]
    if not names or names[0] not in case.register.calendars:
        return None
    school = case.register.calendars[names[0]]
    days = [event_day + timedelta(days=n + 1) for n in range((today - event_day).days)]
    if not all(school.first <= day <= school.last for day in days):
        return None
    return sum(day.weekday() in school.weekdays and day not in school.closed for day in days)


def _age(case: Case, tag: str, elements: tuple[Element, ...]) -> int | None:
    """Whole years, at the event's local date, of the one person whose date of birth is in scope.

    For an element that is its own scope if it has such a field at all, else its ancestors', the
    root being the last of them. Whether somebody not yet born has an age was open: it is unknown.
    """
    root = (case.event.etype.root, case.event.value)
    for node, value in [*((e.node, e.value) for e in reversed(elements)), root]:
        found = list(_tagged(tag, node, value)) if isinstance(node, Record) else []
        if not found:
            continue
        births = [(leaf, value) for leaf, value in found if value is not None]
        if len(births) != 1 or births[0][0].kind is not Kind.DATE:
            return None
        return whole_years(births[0][1], local_date(case.event.time, case.agreement))
    return None


def _tagged(tag: str, record: Record, value: Any) -> Iterator[tuple[Leaf, Any]]:
    """A scope's leaves of a tag. A map is no list, so what it holds is in the scope around it."""
    for field in record.fields:
        node, inner = field.node, [None if value is None else value[field.name]]
        while isinstance(node, Map):
            inner = [entry for each in inner for entry in (each or {}).values()] or [None]
            node = node.value
        for each in inner:
            if isinstance(node, Record):
                yield from _tagged(tag, node, each)
            elif isinstance(node, Leaf) and field.tag == tag:
                yield node, each
