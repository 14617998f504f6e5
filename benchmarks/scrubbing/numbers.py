"""How dates, phone numbers, references, postcodes, addresses, mail and short texts are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from random import Random
from typing import Final

from benchmarks.scrubbing.people import Place
from benchmarks.scrubbing.spelling import CASES, LETTERS, SPACING, Spell, each_letter, full_width

DateForm = Callable[[date, Random, str], str | None]
TextForm = Callable[[str, Random], str | None]
PlaceForm = Callable[[Place, Random], str | None]

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
        }.items()
    },
    "compact: 09042015": _numeric("{D}{M}{Y}"),
    "compact: 20150409": _numeric("{Y}{M}{D}"),
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


def _national(number: str) -> tuple[str, str]:
    """The country's number and the digits after it, without the leading 0."""
    digits = "".join(character for character in number if character.isdigit())
    if number.startswith("+"):
        return digits[:2], digits[2:]
    if digits.startswith("555"):
        return "34", digits
    return ("44" if digits.startswith(("077", "016")) else "49"), digits[1:]


def _grouped(number: str, separator: str, size: int) -> str:
    country, rest = _national(number)
    digits = rest if country == "34" else "0" + rest
    return separator.join(digits[at : at + size] for at in range(0, len(digits), size))


def _international(pattern: str) -> TextForm:
    def form(number: str, _: Random) -> str:
        country, rest = _national(number)
        return pattern.format(c=country, a=rest[:4], b=rest[4:7], z=rest[7:], all=rest)

    return form


PHONES: Final[Mapping[str, TextForm]] = {
    "exact": lambda n, _: n,
    "no space": lambda n, _: _grouped(n, "", 20),
    "groups of 5": lambda n, _: _grouped(n, " ", 5),
    "groups of 3": lambda n, _: _grouped(n, " ", 3),
    "groups of 2": lambda n, _: _grouped(n, " ", 2),
    "digit by digit": lambda n, _: _grouped(n, " ", 1),
    "dashes": lambda n, _: _grouped(n, "-", 4),
    "dots": lambda n, _: _grouped(n, ".", 3),
    "slash": lambda n, _: _grouped(n, "/", 5),
    "no-break spaces": lambda n, _: _grouped(n, "\u00a0", 5),
    "over a line end": lambda n, _: _grouped(n, "\n", 6),
    "zero-width": lambda n, _: _grouped(n, "\u200b", 4),
    "hyphen that does not break": lambda n, _: _grouped(n, "\u2011", 4),
    "brackets": lambda n, _: re.sub(r"^(\d{4,5}) ", r"(\1) ", _grouped(n, " ", 5)),
    "full width": lambda n, rng: full_width(_grouped(n, " ", 5), rng),
    "+44": _international("+{c} {a} {b}{z}"),
    "+44 no space": _international("+{c}{all}"),
    "+44 (0)": _international("+{c} (0){a} {b}{z}"),
    "+44 (0) no space": _international("+{c}(0){all}"),
    "+44-": _international("+{c}-{a}-{b}-{z}"),
    "0044": _international("00{c} {a} {b} {z}"),
    "0044 no space": _international("00{c}{all}"),
    "0044 (0)": _international("00{c} (0) {a} {b} {z}"),
    "(+44)": _international("(+{c}) {a} {b} {z}"),
    "tel:": _international("⟦tel:⟧+{c}{all}"),
}

POSTCODES: Final[Mapping[str, TextForm]] = {
    "exact": lambda p, _: p,
    "no space": lambda p, _: p.replace(" ", ""),
    "small": lambda p, _: p.lower(),
    "small, no space": lambda p, _: p.lower().replace(" ", ""),
    "two spaces": lambda p, _: p.replace(" ", "  ") if " " in p else None,
    "no-break space": lambda p, _: p.replace(" ", "\u00a0") if " " in p else None,
    "hyphen": lambda p, _: p.replace(" ", "-") if " " in p else None,
    "line end": lambda p, _: p.replace(" ", "\n") if " " in p else None,
    "letter-spaced": lambda p, _: " ".join(p.replace(" ", "")),
    "outward part": lambda p, _: p.split()[0] if " " in p else None,
    "outward part, small": lambda p, _: p.split()[0].lower() if " " in p else None,
}


def _street_short(place: Place, _: Random) -> str | None:
    for whole, short in {"Road": "Rd", "Street": "St", "Lane": "Ln", "Avenue": "Ave"}.items():
        if place.street.endswith(f" {whole}"):
            return f"{place.number} {place.street[: -len(whole)]}⟦{short}⟧"
    for whole, short in {"straße": "str.", "Straße": "Str."}.items():
        if place.street.endswith(whole):
            return f"{place.street[: -len(whole)]}⟦{short}⟧ {place.number}"
    for whole, short in {"Calle": "C/", "Avenida": "Avda.", "Plaza": "Pza."}.items():
        if place.street.startswith(whole):
            return f"⟦{short}⟧{place.street[len(whole) :]}, {place.number}"
    return None


PLACES: Final[Mapping[str, PlaceForm]] = {
    "exact": lambda p, _: p.line,
    "comma": lambda p, _: f"{p.number}, {p.street}" if p.country == "GB" else None,
    "number after": lambda p, _: f"{p.street}, {p.number}",
    "number before": lambda p, _: f"{p.number} {p.street}",
    "No.": lambda p, _: f"⟦No. ⟧{p.number} {p.street}" if p.country == "GB" else None,
    "street alone": lambda p, _: p.street,
    "street shortened": _street_short,
    "whole, commas": lambda p, _: f"{p.line}, {p.town}, {p.postcode}",
    "whole, line ends": lambda p, _: f"{p.line}\n{p.town}\n{p.postcode}",
    "whole, small": lambda p, _: f"{p.line}, {p.town} {p.postcode}".lower(),
    "town and postcode": lambda p, _: f"{p.postcode} {p.town}",
    "town": lambda p, _: p.town,
    "town, capitals": lambda p, _: p.town.upper(),
    "town, accents dropped": lambda p, rng: LETTERS["accents: dropped"](p.town, rng),
}


def _spelt(spell: Spell) -> PlaceForm:
    def form(place: Place, rng: Random) -> str | None:
        return spell(rng.choice((place.line, place.street)), rng)

    return form


ADDRESSES: Final[Mapping[str, PlaceForm]] = {
    **PLACES,
    **{
        name: _spelt(spell)
        for name, spell in {**CASES, **SPACING, **LETTERS}.items()
        if "hyphens" not in name
    },
}

REFERENCES: Final[Mapping[str, TextForm]] = {
    "exact": lambda r, _: r,
    "small": lambda r, _: r.lower(),
    "slashes": lambda r, _: re.sub(r"[-/ ]", "/", r) if re.search(r"[- ]", r) else None,
    "hyphens": lambda r, _: re.sub(r"[-/ ]", "-", r) if re.search(r"[/ ]", r) else None,
    "spaces": lambda r, _: re.sub(r"[-/]", " ", r) if re.search(r"[-/]", r) else None,
    "no separators": lambda r, _: re.sub(r"[-/ ]", "", r) if re.search(r"[-/ ]", r) else None,
    "spaces around": lambda r, _: re.sub(r"[-/]", r" \g<0> ", r) if re.search("[-/]", r) else None,
    "line end": lambda r, _: re.sub(r"([-/ ])", "\\1\n", r, count=1) if r[-3] in "-/ " else None,
    "zero-width": lambda r, _: r[:2] + "\u200b" + r[2:],
    "full width": full_width,
}

MAILS: Final[Mapping[str, TextForm]] = {
    "exact": lambda m, _: m,
    "capitals": lambda m, _: m.upper(),
    "mailto": lambda m, _: f"⟦mailto:⟧{m}",
    "angle brackets": lambda m, _: f"<{m}>",
    "spaces around @": lambda m, _: m.replace("@", " @ "),
    "(at)": lambda m, _: m.replace("@", " ⟦(at)⟧ "),
    "[at] and (dot)": lambda m, _: m.replace("@", " ⟦[at]⟧ ").replace(".", " ⟦(dot)⟧ "),
    "line end after @": lambda m, _: m.replace("@", "@\n"),
    "before the @": lambda m, _: m.split("@")[0],
}

TEXTS: Final[Mapping[str, TextForm]] = {
    "exact": lambda t, _: t,
    "spelt out": lambda t, _: each_letter(t, {"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss"}),
    **{
        name: spell
        for name, spell in {**CASES, **SPACING}.items()
        if name not in ("spacing: underscore", "spacing: hyphen over a line end and indent")
    },
}

SYMBOLS: Final[Mapping[str, TextForm]] = {
    "exact": lambda s, _: s,
    "spaces": lambda s, _: s.replace("_", " "),
    "hyphens": lambda s, _: s.replace("_", "-"),
    "capitals": lambda s, _: s.replace("_", " ").upper(),
    "sentence case": lambda s, _: s.replace("_", " ").capitalize(),
    "line end": lambda s, _: s.replace("_", "\n"),
    "no space": lambda s, _: s.replace("_", ""),
}
