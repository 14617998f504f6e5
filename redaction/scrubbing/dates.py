"""Days of the calendar in a text, in the usual spellings of English, German and Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from redaction.scrubbing.folding import Span

_MONTH_NAMES: Final = (  # in both foldings, and abbreviations that are not just beginnings
    "january januar enero jaenner janner",
    "february februar febrero feber",
    "march maerz marz marzo mrz",
    "april abril",
    "may mai mayo",
    "june juni junio",
    "july juli julio",
    "august agosto",
    "september septiembre setiembre sept",
    "october oktober octubre",
    "november noviembre",
    "december dezember diciembre",
)
_MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        spelling: number
        for number, names in enumerate(_MONTH_NAMES, start=1)
        for name in names.split()
        for spelling in (name, name[:3], name[:4])
    }
)
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_DAY = "[0-9]{1,2}"
_YEAR = "(?:[0-9]{4}|[0-9]{2})(?![0-9])"
_YEAR_GAP = r"[\s.,/_'-]"
_GAP = r"\s{0,2}[/._-]\s{0,2}"
_ORDINAL = "(?:st|nd|rd|th|o|a|te|ten|ter)?"
# Each looks ahead only, so that of two spellings that overlap both are seen.
_NUMERIC = re.compile(
    rf"(?<![0-9])(?=([0-9]{{4}}|[0-9]{{1,2}}){_GAP}({_DAY})(?![0-9])(?:{_GAP}'?([0-9]{{4}}|[0-9]{{1,2}})(?![0-9]))?)"
)
_DAY_MONTH = re.compile(
    rf"(?<![0-9])(?=(?P<part>(?P<day>{_DAY}){_ORDINAL}[\s._/-]{{0,3}}(?:(?:of|de|day\s+of)\s+)?"
    rf"(?P<month>{_MONTH}))(?![a-z])(?:{_YEAR_GAP}{{0,3}}(?:(?:del?|of)\s+)?(?P<year>{_YEAR}))?)"
)
_MONTH_DAY = re.compile(
    r"(?<![a-z])(?=(?P<part>(?P<month>[a-z]{3,10})[\s._/-]{0,3}(?:the\s+)?"
    rf"(?P<day>{_DAY})(?![0-9]){_ORDINAL})(?![a-z])"
    rf"(?:{_YEAR_GAP}{{1,3}}(?:of\s+)?(?P<year>{_YEAR}))?)"
)


_HAS_DIGIT = re.compile("[0-9]")


@dataclass(frozen=True, slots=True)
class Dated:
    """A day and month in a text at `part`; `year`, if one follows or precedes, ends `whole`.

    A year of two digits is below 100.
    """

    month: int
    day: int
    year: int | None
    part: Span
    whole: Span


def dated(folded: str) -> Iterator[Dated]:
    """Every reading of the text's pieces as a day of the calendar, in the order of the spellings.

    Args:
        folded: a folded text.
    """
    if not _HAS_DIGIT.search(folded):
        return
    for found in _NUMERIC.finditer(folded):
        yield from _numeric(found)
    for found in _DAY_MONTH.finditer(folded):
        yield from _worded(found)
    for found in _MONTH_DAY.finditer(folded):
        yield from _worded(found)


def _numeric(found: re.Match[str]) -> Iterator[Dated]:
    first, second, third = found.groups(default="")
    part = found.start(1), found.end(2)
    whole = found.start(1), found.end(3)
    for day, month in ((first, second), (second, first)) if len(first) <= len("31") else ():
        if _is_day(int(month), int(day)):
            if len(third) > 1:
                yield Dated(int(month), int(day), int(third), part, whole)
            else:
                yield Dated(int(month), int(day), None, part, part)
    if third and len(first) > 1 and len(third) <= len("31") and _is_day(int(second), int(third)):
        yield Dated(int(second), int(third), int(first), (found.start(2), whole[1]), whole)


def _worded(found: re.Match[str]) -> Iterator[Dated]:
    month, day, part = _MONTHS.get(found["month"], 0), int(found["day"]), found.span("part")
    if not _is_day(month, day):
        return
    if found["year"] is None:
        yield Dated(month, day, None, part, part)
    else:
        yield Dated(month, day, int(found["year"]), part, (part[0], found.end("year")))


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= len(_MONTH_NAMES) and 1 <= day <= 31


def hidden_dates(folded: str, dates: frozenset[date]) -> Iterator[Span]:
    """Where one of these dates stands, with its year or without any.

    Beside another year the day and month alone are meant: they tell a birthday.
    """
    if not dates:
        return
    days = {(day.month, day.day): {d.year for d in dates if _same_day(d, day)} for day in dates}
    for found in dated(folded):
        years = days.get((found.month, found.day))
        if years is not None:
            same = found.year in years or found.year in {year % 100 for year in years}
            yield found.whole if same else found.part


def _same_day(one: date, other: date) -> bool:
    return (one.month, one.day) == (other.month, other.day)


def compact(dates: Iterable[date]) -> Iterator[str]:
    """The dates in digits alone: year first and day first."""
    for day in dates:
        yield f"{day.year:04d}{day.month:02d}{day.day:02d}"
        yield f"{day.day:02d}{day.month:02d}{day.year:04d}"
