"""What an event, a register and the time answer to the simple conditions of an agreement.

Consents, ages and days are no clauses, so Cedar is told the answers: worked out here a third time,
from the manual and not from either interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from redaction.agreement import Age, Agreement, Condition, Elapsed, Is, Number, Unit
from redaction.facts import Consent, ConsentState, Register
from schemas.codec import Event
from schemas.registry import Field, Leaf, Map, Node, Record
from tests.redaction.cedar.translation import Tags, name_of

Scopes = tuple[tuple[Node, Any], ...]  # the innermost element first, the event last
UNKNOWN: dict[str, Any] = {"kind": "unknown"}
_STRICT = [state.value for state in ConsentState]  # the strictest last


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Who asks for what, when, of which event under which agreement and register."""

    event: Event
    register: Register
    agreement: Agreement
    audience: str
    purpose: str
    at: datetime

    def told(self, condition: Condition, tags: Tags, scopes: Scopes) -> tuple[str, dict[str, Any]]:
        """A simple condition's fact: its name in a context, and what is known of it."""
        match condition:
            case Is(fact=fact) | Number(fact=fact):
                value = self.fact(fact, scopes)
                if fact.startswith("consent_of_"):
                    value = self._consent(fact.removeprefix("consent_of_"), value, tags, scopes)
                return name_of(fact, tags), _spelled(value)
            case Age(of=of):
                return f"age of {of}", _spelled(self._age(of, scopes))
            case Elapsed(unit=Unit.SCHOOL_DAYS):
                return "school days", _spelled(self._school_days())
            case Elapsed(amount=amount, unit=unit):
                return f"{amount} {unit} later", _spelled(self._later(amount, unit))
        raise TypeError

    def fact(self, name: str, scopes: Scopes) -> Any:
        """The value of the fact of this name in the nearest scope that has one."""
        for node, value in scopes:
            for field, held in leaves_in(node, value):
                if field.fact and field.name == name:
                    return held
        return None

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.agreement.time_zone)

    def _age(self, tag: str, scopes: Scopes) -> int | None:
        """Whole years at the event's local day, of the one date of birth in the nearest scope."""
        for node, value in scopes:
            held = [each for field, each in leaves_in(node, value, maps=True) if field.tag == tag]
            if held:
                born = [each for each in held if each is not None]
                today = self.event.time.astimezone(self._zone()).date()
                if len(born) != 1 or type(born[0]) is not date or born[0] > today:
                    return None
                had_birthday = (today.month, today.day) >= (born[0].month, born[0].day)
                return today.year - born[0].year - (0 if had_birthday else 1)
        return None

    def _later(self, amount: int, unit: Unit) -> int | None:
        """The same local time so many days or months after the event; unknown before it."""
        if self.at < self.event.time:
            return None
        local = self.event.time.astimezone(self._zone())
        if unit is Unit.DAYS:
            day = local.date() + timedelta(days=amount)
        else:
            month = local.month - 1 + amount
            first = date(local.year + month // 12, month % 12 + 1, 1)
            after = (first + timedelta(days=31)).replace(day=1)
            day = min(first + timedelta(days=local.day - 1), after - timedelta(days=1))
        return micros(datetime.combine(day, local.time().replace(fold=0), self._zone()))

    def _school_days(self) -> int | None:
        """Open days after the event's local day up to today; unknown outside the calendar."""
        calendar = self.register.calendars.get(dict(self.agreement.calendars).get("school", ""))
        if self.at < self.event.time or calendar is None:
            return None
        day, days = self.event.time.astimezone(self._zone()).date(), 0
        while day < self.at.astimezone(self._zone()).date():
            day += timedelta(days=1)
            if not calendar.first <= day <= calendar.last:
                return None
            days += day.weekday() in calendar.weekdays and day not in calendar.closed
        return days

    def _consent(self, person: str, said: Any, tags: Tags, scopes: Scopes) -> str | None:
        """The strictest of the answers that count, else what the agreement presumes."""
        rule = next((rule for rule in self.agreement.consents if rule.of == person), None)
        bands = () if rule is None else rule.by_age
        decider: str | None = person
        if bands:
            age = self._age(f"{person}.date_of_birth", scopes)
            reached = [band for band in bands if age is not None and band.from_age <= age]
            decider = reached[-1].decider if reached else None
        which = self.fact(f"{person}_id", scopes)
        which = str(which) if isinstance(which, int) and not isinstance(which, bool) else which
        words = [
            record.state.value
            for record in self.register.consents
            if record.case == self.event.subject
            and record.person == person
            and record.purpose == self.purpose
            and record.audience in (None, self.audience)
            and _counts(record, decider, which if isinstance(which, str) else None, tags)
        ]
        if said in _STRICT and not (bands and said == "given"):
            words.append(said)
        if words:
            return max(words, key=_STRICT.index)
        return None if rule is None else rule.presumed


def _counts(record: Consent, decider: str | None, which: str | None, tags: Tags) -> bool:
    """A yes counts if it is surely hers, by who decides, for all tags; a no if it may be."""
    if record.state is ConsentState.GIVEN:
        by = record.by or record.person
        return (
            (record.which is None or record.which == which)
            and by == decider
            and (by == record.person or record.cleared)
            and (record.tags is None or (tags is not None and tags <= record.tags))
        )
    if record.which is not None and which is not None and record.which != which:
        return False
    return record.tags is None or bool(record.tags if tags is None else record.tags & tags)


def _spelled(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"kind": "word", "word": "yes" if value else "no"}
        case str():
            return {"kind": "word", "word": value}
        case int():
            return {"kind": "number", "number": value}
    return UNKNOWN


def leaves_in(node: Node, value: Any, *, maps: bool = False) -> Iterator[tuple[Field, Any]]:
    """The leaves of a scope: of a record and of those in it, not of lists; null is None."""
    for field in node.fields if isinstance(node, Record) else ():
        inner, held = field.node, [None if value is None else value[field.name]]
        while maps and isinstance(inner, Map):
            held = [entry for each in held for entry in (each or {}).values()] or [None]
            inner = inner.value
        for each in held:
            if isinstance(inner, Leaf):
                yield field, each
            else:
                yield from leaves_in(inner, each, maps=maps)
