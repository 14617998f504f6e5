"""Rules 5 and 6: what a condition answers, literally. Unknown is `None`."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from redaction.agreement import Age, AllOf, AnyOf, Condition, Elapsed, Is, Not, Number, Unit
from redaction.facts import ConsentState
from redaction.reference.places import Case, Element, element_scope, local_date, root_scope
from schemas.registry import Kind, Leaf, Map, Record

CONSENT_OF = "consent_of_"
REASON_FACT = "sharing_reason"


def holds(case: Case, condition: Condition, elements: tuple[Element, ...]) -> bool | None:
    """Whether a condition holds: at the root (no elements) or for the innermost element."""
    if isinstance(condition, AllOf):
        parts = [holds(case, part, elements) for part in condition.parts]
        return False if False in parts else None if None in parts else True
    if isinstance(condition, AnyOf):
        parts = [holds(case, part, elements) for part in condition.parts]
        return True if True in parts else None if None in parts else False
    if isinstance(condition, Not):
        part = holds(case, condition.part, elements)
        return None if part is None else not part
    if isinstance(condition, Is):
        word = _word(case, condition.fact, elements)
        return None if word is None else word in condition.values
    if isinstance(condition, Number):
        return _between(_number(case, condition.fact, elements), condition)
    if isinstance(condition, Elapsed):
        return _elapsed(case, condition)
    return _between(_age(case, condition, elements), condition)


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
    word: str | None = None
    if leaf is not None and value is not None:
        if leaf.kind is Kind.BOOLEAN:
            word = "yes" if value else "no"
        elif leaf.kind in (Kind.STRING, Kind.ENUM):
            word = value
    if name.startswith(CONSENT_OF):
        return _consent(case, name.removeprefix(CONSENT_OF), word)
    return word


def _number(case: Case, name: str, elements: tuple[Element, ...]) -> int | None:
    leaf, value = _fact(case, name, elements)
    return value if leaf is not None and leaf.kind in (Kind.INT, Kind.LONG) else None


def _consent(case: Case, person: str, in_event: str | None) -> str | None:
    """The register's answer and the event's; where they differ, the more restrictive (rule 5)."""
    words = [str(state) for state in ConsentState]  # the least restrictive first
    answers = [
        str(consent.state)
        for consent in case.register.consents
        if consent.case == case.event.subject
        and consent.person == person
        and consent.purpose == case.purpose
        and consent.audience in (None, case.audience.name)
    ]
    if in_event in words:
        answers.append(in_event)
    return max(answers, key=words.index, default=None)


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
    due = datetime.combine(due_day, start.time(), zone)
    # When clocks change, "the same local time" comes twice or not at all: the clock on the wall
    # and the time that has passed may then disagree, and neither answer is certain (rule 6).
    wall, due_wall = now.replace(tzinfo=None), due.replace(tzinfo=None)
    instant, due_instant = case.at.astimezone(UTC), due.astimezone(UTC)
    if condition.inclusive:
        answers = {wall <= due_wall, instant <= due_instant}
    else:
        answers = {wall < due_wall, instant < due_instant}
    return answers.pop() if len(answers) == 1 else None


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


def _age(case: Case, condition: Age, elements: tuple[Element, ...]) -> int | None:
    """Whole years, at the event's local date, of the one person whose date of birth is in scope.

    For an element that is its own scope if it has such a field at all, else its ancestors'.
    Whether the root comes after them was open: it does not, so there the age is unknown.
    """
    around = [(element.node, element.value) for element in reversed(elements)]
    for node, value in around or [(case.event.etype.root, case.event.value)]:
        found = list(_tagged(condition.of, node, value)) if isinstance(node, Record) else []
        if not found:
            continue
        births = [(leaf, value) for leaf, value in found if value is not None]
        if len(births) != 1 or births[0][0].kind is not Kind.DATE:
            return None
        return _whole_years(births[0][1], local_date(case.event.time, case.agreement))
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


def _whole_years(born: date, day: date) -> int | None:
    """Whether somebody not yet born has an age was open: it is unknown."""
    if day < born:
        return None
    # 29 February stands between 28 February and 1 March, so a common year's birthday is 1 March
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
