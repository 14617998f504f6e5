"""Days in a text, as English, German and Spanish writers put them, with a year or without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

_ENGLISH = "january february march april may june july august september october november december"
_GERMAN = "januar februar marz april mai juni juli august september oktober november dezember"
_SPANISH = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
MONTHS: Final = {
    spelling: number
    for language in (_ENGLISH, _GERMAN, _SPANISH)
    for number, name in enumerate(language.split(), 1)
    for spelling in (name, name[:3])
} | {"maerz": 3, "sept": 9, "setiembre": 9}
_NAME: Final = f"({'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_NO_DIGIT: Final = "(?<![0-9])"
_NOT_IN_WORD: Final = "(?<![a-z0-9])"
_NOT_IN_DATE: Final = "(?<![0-9])(?<![0-9][-/.])(?<![0-9][-/.] )"
_END: Final = "(?![0-9])"
_SIGN: Final = r" *([-/.]) *"
_ORDINAL: Final = r"(?:st|nd|rd|th|[oa](?![a-z])|\.)?"
DAY_FIRST: Final = re.compile(
    rf"{_NO_DIGIT}([0-9]{{1,2}}){_SIGN}([0-9]{{1,2}}) *\2 *([0-9]{{4}}|[0-9]{{2}}){_END}"
)
YEAR_FIRST: Final = re.compile(
    rf"{_NO_DIGIT}([0-9]{{4}}|[0-9]{{2}}){_SIGN}([0-9]{{1,2}}) *\2 *([0-9]{{1,2}}){_END}"
)
_NO_YEAR: Final = (
    re.compile(rf"{_NOT_IN_DATE}([0-9]{{1,2}}) */ *([0-9]{{1,2}}){_END}(?! *[-/.] *[0-9])"),
    re.compile(rf"{_NOT_IN_DATE}([0-9]{{1,2}})\. *([0-9]{{1,2}})\.(?! *[0-9])"),
)
DAY_MONTH: Final = re.compile(
    rf"{_NOT_IN_WORD}([0-9]{{1,2}}){_ORDINAL}\s*(?:(?:de|of)\s+)?{_NAME}(?![a-z])"
)
MONTH_DAY: Final = re.compile(
    rf"{_NOT_IN_WORD}{_NAME}(?![a-z])\.?\s*([0-9]{{1,2}})(?:st|nd|rd|th)?(?![a-z0-9])"
)
_COMPACT: Final = re.compile(rf"{_NO_DIGIT}[0-9]{{8}}{_END}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A day that some part of a text can be read as; the year as it is written, None without."""

    day: int
    month: int
    year: str | None


def shows_day(folded_text: str, days: Iterable[date]) -> bool:
    """Whether a text shows one of some days."""
    wanted = tuple(days)
    return bool(wanted) and any(
        _is(day, one) for one in readings(folded_text.lower()) for day in wanted
    )


def readings(text: str) -> Iterator[Reading]:
    """Every day that a folded text in lower case can be read to tell of."""
    for first, sign, second, year in _everywhere(DAY_FIRST, text):
        yield _reading(first, second, year)
        if sign == "/":
            yield _reading(second, first, year)
    for year, _, month, day in _everywhere(YEAR_FIRST, text):
        yield _reading(day, month, year)
    for pattern in _NO_YEAR:
        for first, second in _everywhere(pattern, text):
            yield _reading(first, second, None)
            if pattern is _NO_YEAR[0]:
                yield _reading(second, first, None)
    # with the name of its month a day shows whatever year follows
    for day, month in _everywhere(DAY_MONTH, text):
        yield _reading(day, str(MONTHS[month]), None)
    for month, day in _everywhere(MONTH_DAY, text):
        yield _reading(day, str(MONTHS[month]), None)
    for found in _COMPACT.findall(text):
        yield _reading(found[:2], found[2:4], found[4:])
        yield _reading(found[6:], found[4:6], found[:4])


def _everywhere(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    """The groups of every match, also of those that overlap."""
    at = 0
    while match := pattern.search(text, at):
        yield match.groups()
        at = match.start() + 1


def _reading(day: str, month: str, year: str | None) -> Reading:
    return Reading(day=int(day), month=int(month), year=year)


def _is(day: date, one: Reading) -> bool:
    """A day and month with another year is another day."""
    years = (None, f"{day.year:04}", f"{day.year % 100:02}")
    return (day.day, day.month) == (one.day, one.month) and one.year in years
