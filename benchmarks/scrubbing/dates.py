"""How a date is told: in numbers of any order, with names of months, with and without the year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from random import Random
from typing import Final

from benchmarks.scrubbing.spelling import full_width

DateForm = Callable[[date, Random, str], str | None]  # the string is the language

MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
SHORT_MONTHS: Final = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "de": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
}
WEEKDAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _month(day: date, language: str, table: Mapping[str, str] = MONTHS) -> str:
    return table[language].split()[day.month - 1]


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}⟦{ending}⟧"


def _numeric(pattern: str) -> DateForm:
    def form(day: date, _: Random, __: str) -> str:
        two = f"{day.year % 100:02}"
        full = {"d": day.day, "m": day.month, "D": f"{day.day:02}", "M": f"{day.month:02}"}
        return pattern.format(Y=day.year, y=two, **full)

    return form


def _named(pattern: str, language: str | None = None) -> DateForm:
    def form(day: date, rng: Random, spoken: str) -> str:
        of = language or spoken
        dot = rng.choice(("", "."))
        return pattern.format(
            d=day.day,
            D=f"{day.day:02}",
            o=_ordinal(day.day),
            Y=day.year,
            y=f"{day.year % 100:02}",
            month=_month(day, of),
            mon=_month(day, of, SHORT_MONTHS) + dot,
            short=_month(day, of, SHORT_MONTHS)[:3],
            MON=_month(day, of, SHORT_MONTHS)[:3].upper(),
            small=_month(day, of).lower(),
        )

    return form


def _weekday(day: date, rng: Random, language: str) -> str:
    return f"⟦{WEEKDAYS[day.weekday()]} ⟧{day.day} {_month(day, language)} {day.year}"


def _other_digits(day: date, _: Random, __: str) -> str:
    return f"{day.day}/{day.month}/{day.year}".translate({48 + n: 0x660 + n for n in range(10)})


DATES: Final[Mapping[str, DateForm]] = {
    **{
        f"numbers: {shape}": _numeric(pattern)
        for shape, pattern in {
            "9/4/2015": "{d}/{m}/{Y}",
            "09/04/2015": "{D}/{M}/{Y}",
            "09.04.2015": "{D}.{M}.{Y}",
            "9.4.2015": "{d}.{m}.{Y}",
            "9. 4. 2015": "{d}. {m}. {Y}",
            "09-04-2015": "{D}-{M}-{Y}",
            "9 / 4 / 2015": "{d} / {m} / {Y}",
            "4/9/2015": "{m}/{d}/{Y}",
            "04-09-2015": "{M}-{D}-{Y}",
            "2015-04-09": "{Y}-{M}-{D}",
            "2015-04-09T10:00": "{Y}-{M}-{D}⟦T10:00⟧",
            "2015-04-09 10:00": "{Y}-{M}-{D}⟦ 10:00⟧",
            "2015/04/09": "{Y}/{M}/{D}",
            "2015.04.09": "{Y}.{M}.{D}",
            "9/4/15": "{d}/{m}/{y}",
            "09/04/15": "{D}/{M}/{y}",
            "9.4.15": "{d}.{m}.{y}",
            "09-04-15": "{D}-{M}-{y}",
            "4/9/15": "{m}/{d}/{y}",
            "15-04-09": "{y}-{M}-{D}",
            "09 04 2015": "{D} {M} {Y}",
            "2015 04 09": "{Y} {M} {D}",
            "09_04_2015": "{D}_{M}_{Y}",
            "09–04–2015": "{D}–{M}–{Y}",
            "09\u201104\u20112015": "{D}\u2011{M}\u2011{Y}",
        }.items()
    },
    "compact: 09042015": _numeric("{D}{M}{Y}"),
    "compact: 20150409": _numeric("{Y}{M}{D}"),
    "compact: 09APR2015": _named("{D}{MON}{Y}"),
    "compact: 9Apr15": _named("{d}{short}{y}", "en"),
    "without year: 9/4": _numeric("{d}/{m}"),
    "without year: 09/04": _numeric("{D}/{M}"),
    "without year: 9.4.": _numeric("{d}.{m}."),
    "without year: 9 April": _named("{d} {month}"),
    "without year: 9th April": _named("{o} {month}", "en"),
    "without year: April 9th": _named("{month} {o}", "en"),
    "without year: Apr 9": _named("{mon} {d}", "en"),
    "without year: 9. April": _named("{d}. {month}", "de"),
    "without year: 9 de abril": _named("{d} ⟦de⟧ {month}", "es"),
    "named: 9 April 2015": _named("{d} {month} {Y}", "en"),
    "named: 09 April 2015": _named("{D} {month} {Y}", "en"),
    "named: 9 april 2015": _named("{d} {small} {Y}"),
    "named: 9 Apr 2015": _named("{d} {mon} {Y}"),
    "named: 9-Apr-2015": _named("{d}-{mon}-{Y}", "en"),
    "named: 9/Apr/2015": _named("{d}/{mon}/{Y}", "en"),
    "named: 9 Apr ’15": _named("{d} {mon} ’{y}", "en"),
    "named: 9 Apr 15": _named("{d} {mon} {y}"),
    "named: 9th April 2015": _named("{o} {month} {Y}", "en"),
    "named: 9th of April 2015": _named("{o} ⟦of⟧ {month} {Y}", "en"),
    "named: the 9th of April": _named("⟦the ⟧{o} ⟦of⟧ {month}", "en"),
    "named: April 9, 2015": _named("{month} {d}, {Y}", "en"),
    "named: April 9th, 2015": _named("{month} {o}, {Y}", "en"),
    "named: Apr 9 2015": _named("{mon} {d} {Y}", "en"),
    "named: 9 April, 2015": _named("{d} {month}, {Y}", "en"),
    "named: 09 APR 2015": _named("{D} {MON} {Y}"),
    "named: 9. April 2015": _named("{d}. {month} {Y}", "de"),
    "named: 9. Apr. 15": _named("{d}. {mon} {y}", "de"),
    "named: 9 de abril de 2015": _named("{d} ⟦de⟧ {month} ⟦de⟧ {Y}", "es"),
    "named: 9 de abril del 2015": _named("{d} ⟦de⟧ {month} ⟦del⟧ {Y}", "es"),
    "named: 9º de abril de 2015": _named("{d}⟦º de⟧ {month} ⟦de⟧ {Y}", "es"),
    "named: with a weekday": _weekday,
    "named: over a line end": _named("{d} {month}\n{Y}"),
    "digits: Arabic": _other_digits,
    "digits: full width": lambda day, rng, _: full_width(f"{day.day}.{day.month}.{day.year}", rng),
}
