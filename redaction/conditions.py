"""The three-valued grammar of conditions, and the facts that they read.

A condition holds, fails or is unknown (Kleene's strong logic); None stands for unknown. Nothing
here decides what an unknown does: a `share` needs True, a `never` stays unless False.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from redaction.agreement import (
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Condition,
    Elapsed,
    Is,
    Not,
    Number,
    Unit,
)
from redaction.consent import Inquiry, answer
from redaction.directory import Directory
from redaction.facts import Calendar, Conflict, Consent, Granted
from redaction.months import add_months, whole_years
from redaction.scopes import Scope, find, read, root_scope
from redaction.today import today_in
from schemas.codec import Event

Truth = bool | None

CONSENT_OF = "consent_of_"
SCHOOL = "school"  # the use of a calendar that school days come from


class Circumstances(NamedTuple):
    """What is asked beside the event's own fields; consents, overrides, conflicts are the case's.

    `zone` is the agreement's time zone, `today` the decision's date there.
    """

    event: Event
    agreement: Agreement
    purpose: str
    audience: str
    at: datetime
    consents: tuple[Consent, ...]
    granted: tuple[Granted, ...]
    conflicts: tuple[Conflict, ...] | None
    calendar: Calendar | None
    zone: ZoneInfo
    today: date


class Facts:
    """The facts one condition may read.

    Args:
        circumstances: what holds for the whole decision.
        scopes: each scope with its value, the innermost list element first, the event last.
        tags: what the asking clause speaks of, which a consent may be limited to; None is all.
    """

    __slots__ = ("circumstances", "scopes", "tags")

    def __init__(
        self,
        circumstances: Circumstances,
        scopes: tuple[tuple[Scope, Any], ...],
        tags: frozenset[str] | None = None,
    ) -> None:
        self.circumstances = circumstances
        self.scopes = scopes
        self.tags = tags

    def within(self, scope: Scope, element: Any) -> Facts:
        """The same facts, with a list element's own before them."""
        return Facts(self.circumstances, ((scope, element), *self.scopes), self.tags)

    def asked_for(self, tags: frozenset[str] | None) -> Facts:
        """The same facts, as a clause about these tags reads them."""
        if tags == self.tags:
            return self
        return Facts(self.circumstances, self.scopes, tags)

    def of_audience(self, audience: str) -> Facts:
        """The facts of another audience of the agreement at the same event and time."""
        known = self.circumstances
        asked = known.event, known.agreement, known.purpose, audience, known.at
        of_case = known.consents, known.granted, known.conflicts
        theirs = Circumstances(*asked, *of_case, known.calendar, known.zone, known.today)
        return Facts(theirs, self.scopes)

    def value(self, name: str) -> Any:
        """A fact as the event or the register has it; None is unknown."""
        if name.startswith(CONSENT_OF):
            return self._consent(name.removeprefix(CONSENT_OF), self._field(name))
        return self._field(name)

    def _field(self, name: str) -> Any:
        for scope, value in self.scopes:
            place = scope.facts.get(name)
            if place is not None:
                return read(value, place)
        return None

    def _consent(self, person: str, said: Any) -> str | None:
        """The more restrictive of what the event says and what the register has recorded."""
        known = self.circumstances
        inquiry = Inquiry(
            person=person,
            purpose=known.purpose,
            audience=known.audience,
            rule=next((rule for rule in known.agreement.consents if rule.of == person), None),
            which=self._identity(person),
            age=self.age(f"{person}.date_of_birth"),
            tags=self.tags,
        )
        return answer(inquiry, known.consents, said)

    def _identity(self, person: str) -> str | None:
        """What tells this person from others, as text; None is unknown."""
        which = self._field(f"{person}_id")
        if isinstance(which, int) and not isinstance(which, bool):
            return str(which)
        return which if isinstance(which, str) else None

    def age(self, tag: str) -> int | None:
        """Whole years from a date of birth to the event's local date; None is unknown."""
        born = self.tagged(tag)
        if not isinstance(born, date) or isinstance(born, datetime):
            return None
        known = self.circumstances
        return whole_years(born, known.event.time.astimezone(known.zone).date())

    def tagged(self, tag: str) -> Any:
        """The one value with this tag in the nearest scope that knows the tag, else None."""
        for scope, value in self.scopes:
            places = scope.tagged.get(tag)
            if places is not None:
                found = [leaf for place in places for leaf in find(value, place)]
                return found[0] if len(found) == 1 else None
        return None


def facts_for(
    event: Event,
    directory: Directory,
    agreement: Agreement,
    *,
    audience: str,
    purpose: str,
    at: datetime,
) -> Facts:
    """The facts at an event's root, for one audience of an agreement and one purpose."""
    zone, today = today_in(agreement, at)
    calendar = None
    if agreement.calendars:
        name = dict(agreement.calendars).get(SCHOOL, "")
        calendar = directory.register.calendars.get(name)
    subject = event.subject
    of_case = directory.consents(subject), directory.granted(subject), directory.conflicts(subject)
    known = Circumstances(event, agreement, purpose, audience, at, *of_case, calendar, zone, today)
    return Facts(known, ((root_scope(event.etype.root), event.value),))


def evaluate(condition: Condition, facts: Facts) -> Truth:
    """Whether the condition holds; None where the facts do not tell.

    Raises:
        ValueError: an `all` or `any` without parts, which an agreement's reader refuses.
    """
    match condition:
        case Is():
            return _is(condition, facts.value(condition.fact))
        case AllOf(parts=parts):
            return _all(_parts(parts, facts))
        case AnyOf(parts=parts):
            return _not(_all(_not(truth) for truth in _parts(parts, facts)))
        case Not(part=part):
            return _not(evaluate(part, facts))
        case Number():
            return _number(condition, facts.value(condition.fact))
        case Elapsed():
            return _elapsed(condition, facts.circumstances)
        case Age():
            return _age(condition, facts)


def _parts(parts: tuple[Condition, ...], facts: Facts) -> list[Truth]:
    # Without this, an empty list of parts would hold always.
    if not parts:
        raise ValueError("a condition has no parts")
    return [evaluate(part, facts) for part in parts]


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: Iterable[Truth]) -> Truth:
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def _is(condition: Is, value: Any) -> Truth:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return value in condition.values if isinstance(value, str) else None


def _number(condition: Number, value: Any) -> Truth:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return _within(value, condition.at_least, condition.at_most)


def _within(value: int, at_least: int | None, at_most: int | None) -> bool:
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def _elapsed(condition: Elapsed, known: Circumstances) -> Truth:
    if known.at < known.event.time:
        return None
    happened = known.event.time.astimezone(known.zone)
    if condition.unit is Unit.SCHOOL_DAYS:
        passed = _open_days(known.calendar, happened.date(), known.at.astimezone(known.zone).date())
        if passed is None:
            return None
        return passed <= condition.amount if condition.inclusive else passed < condition.amount
    if condition.unit is Unit.MONTHS:
        last = add_months(happened.date(), condition.amount)
    else:
        last = happened.date() + timedelta(days=condition.amount)
    # Compared in UTC: two times of one zone would be compared by the wall, whatever the season.
    limit = datetime.combine(last, happened.time(), tzinfo=known.zone).astimezone(UTC)
    at = known.at.astimezone(UTC)
    return at <= limit if condition.inclusive else at < limit


def _open_days(calendar: Calendar | None, after: date, until: date) -> int | None:
    """Open days after one date up to and including another; None if one lies outside the span."""
    if calendar is None:
        return None
    first = after + timedelta(days=1)
    if first <= until and (first < calendar.first or until > calendar.last):
        return None
    days = (first + timedelta(days=n) for n in range((until - after).days))
    return sum(day.weekday() in calendar.weekdays and day not in calendar.closed for day in days)


def _age(condition: Age, facts: Facts) -> Truth:
    years = facts.age(condition.of)
    return None if years is None else _within(years, condition.at_least, condition.at_most)


def reads_consent(condition: Condition) -> bool:
    """Whether the condition asks for a consent, which may be limited to some tags."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return any(reads_consent(part) for part in parts)
        case Not(part=part):
            return reads_consent(part)
        case Is(fact=fact) | Number(fact=fact):
            return fact.startswith(CONSENT_OF)
    return False
