"""Days, times and durations as plain JSON spells them, and the way back.

Days and instants are those of RFC 3339; a local time has no offset; a duration is spelled as in
ISO 8601, in the units that Avro keeps apart (Apache Avro 1.12, "Duration"). The way back is None
for any other text; nothing is rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LOCAL_EPOCH: Final = datetime(1970, 1, 1)

_CLOCK: Final = r"(\d\d:\d\d:\d\d)(\.\d{1,6})?"
_RFC3339 = re.compile(rf"(\d{{4}}-\d\d-\d\d)[Tt]{_CLOCK}([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
_LOCAL = re.compile(rf"(\d{{4}}-\d\d-\d\d)[Tt]{_CLOCK}", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)
_NUMBER: Final = r"(\d{1,10})"
_DURATION = re.compile(
    rf"P(?=\w)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}(?:\.(\d{{1,3}}))?S)?)?",
    re.ASCII,
)
_UNIT_END: Final = 1 << 32  # Avro counts each unit of a duration in 32 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of time in three units that do not convert into each other, none negative."""

    months: int
    days: int
    millis: int

    @property
    def fits(self) -> bool:
        """Whether each unit is a whole number of 32 bits, as Avro holds it."""
        units = (self.months, self.days, self.millis)
        return all(type(unit) is int and 0 <= unit < _UNIT_END for unit in units)


def micros_of(value: datetime) -> int:
    """Microseconds from 1970 to an instant, or to a local time as if it were in UTC."""
    return (value - (EPOCH if value.tzinfo else LOCAL_EPOCH)) // timedelta(microseconds=1)


def within_nanos(value: datetime) -> bool:
    """Whether 64 bits hold the nanoseconds from 1970 to it: the years 1677 to 2262."""
    return -(1 << 63) <= 1000 * micros_of(value) < 1 << 63


def spelled_moment(value: datetime) -> str:
    """An instant in UTC with `Z`, or a local time without an offset, as short as it can be."""
    if value.tzinfo is None:
        return f"{value.date().isoformat()}T{spelled_time(value.time())}"
    utc = value.astimezone(UTC)
    return f"{utc.date().isoformat()}T{spelled_time(utc.time())}Z"


def spelled_time(value: time) -> str:
    """A time of day, with three or six digits after the point or none."""
    spec = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
    return value.isoformat(timespec=spec if value.microsecond else "seconds")


def spelled_duration(value: Duration) -> str:
    """A duration in months, days and seconds, without those that are 0: `P14M3DT90.5S`."""
    seconds, millis = divmod(value.millis, 1000)
    fraction = f".{millis:03d}".rstrip("0") if millis else ""
    months = f"{value.months}M" if value.months else ""
    days = f"{value.days}D" if value.days else ""
    clock = f"T{seconds}{fraction}S" if value.millis or not (months or days) else ""
    return f"P{months}{days}{clock}"


def read_date(text: str) -> date | None:
    """The day that a text spells, for instance `2026-01-31`."""
    if len(text) != len("2026-01-31"):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def read_instant(text: str) -> datetime | None:
    """The instant, in UTC, that a text spells, for instance `2026-01-31T09:30:00+01:00`."""
    parts = _RFC3339.fullmatch(text)
    if not parts:
        return None
    day, clock, fraction, offset = parts.groups(default="")
    try:
        return datetime.fromisoformat(
            f"{day}T{clock}{_micros(fraction)}{offset.upper()}"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_local(text: str) -> datetime | None:
    """The day and time, of no time zone, that a text spells: `2026-01-31T09:30:00`."""
    parts = _LOCAL.fullmatch(text)
    if not parts:
        return None
    day, clock, fraction = parts.groups(default="")
    try:
        return datetime.fromisoformat(f"{day}T{clock}{_micros(fraction)}")
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """The time of day that a text spells, for instance `09:30:00.25`."""
    parts = _TIME.fullmatch(text)
    if not parts:
        return None
    clock, fraction = parts.groups(default="")
    try:
        return time.fromisoformat(f"{clock}{_micros(fraction)}")
    except ValueError:
        return None


def read_duration(text: str) -> Duration | None:
    """The duration that a text spells: a year is 12 months, a week 7 days, an hour 3600 s."""
    parts = _DURATION.fullmatch(text)
    if not parts:
        return None
    fraction = int((parts[8] or "").ljust(3, "0"))
    years, months, weeks, days, hours, minutes, seconds = (
        int(each or 0) for each in parts.groups()[:7]
    )
    value = Duration(
        months=12 * years + months,
        days=7 * weeks + days,
        millis=1000 * (3600 * hours + 60 * minutes + seconds) + fraction,
    )
    return value if value.fits else None


def _micros(fraction: str) -> str:
    return fraction.ljust(7, "0") if fraction else ""
