"""How phone numbers, references, postcodes, addresses, mail and short texts are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from benchmarks.scrubbing.people import Place
from benchmarks.scrubbing.spelling import CASES, LETTERS, SPACING, Spell, each_letter, full_width

TextForm = Callable[[str, Random], str | None]
PlaceForm = Callable[[Place, Random], str | None]


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
