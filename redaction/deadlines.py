"""When an audience must have been told: deadlines run from the event (rule 10)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from redaction.agreement import Agreement, Deadline
from redaction.facts import Calendar, Register

_WITHIN = re.compile(r"within ([0-9]+) hours?")


def deadline(
    agreement: Agreement, audience: str, register: Register, *, event_time: datetime
) -> datetime | None:
    """The earliest deadline of an audience, in UTC; None where it has none.

    Args:
        agreement: the governing agreement; clocks and calendar days are of its time zone.
        audience: the audience's name.
        register: where its calendars are. A day that no calendar answers for counts as open, so
            that an unknown calendar gives the earliest deadline.
        event_time: when the event was, aware.
    """
    zone, calendars = ZoneInfo(agreement.time_zone), dict(agreement.calendars)
    return min(
        (
            _due(
                one, event_time, zone, register.calendars.get(calendars.get(one.calendar or "", ""))
            )
            for one in agreement.deliver_by
            if one.of == audience
        ),
        default=None,
    )


def _due(
    rule: Deadline, event_time: datetime, zone: ZoneInfo, calendar: Calendar | None
) -> datetime:
    if within := _WITHIN.fullmatch(rule.rule):
        return event_time.astimezone(UTC) + timedelta(hours=int(within[1]))
    clock, day = time.fromisoformat(rule.at), event_time.astimezone(zone).date()
    while True:
        due = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
        if due > event_time and _may_be_open(day, calendar):
            return due
        day += timedelta(days=1)


def _may_be_open(day: date, calendar: Calendar | None) -> bool:
    if calendar is None or not calendar.first <= day <= calendar.last:
        return True
    return day.weekday() in calendar.weekdays and day not in calendar.closed
