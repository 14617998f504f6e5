"""How any value may be spelt: case, accents, space, and what a keyboard or a form does to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

QUIET: Final = re.compile("⟦(.*?)⟧", re.S)
SPELT: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
ACCENTED: Final = {"a": "á", "e": "é", "i": "í", "o": "ö", "u": "ü", "n": "ñ", "c": "ç", "y": "ý"}
UNDECOMPOSED: Final = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "ı": "i"}
LOOKALIKES: Final = {"a": "а", "e": "е", "o": "о", "i": "і", "c": "с"}

Spell = Callable[[str, Random], str | None]  # None where the text has nothing to be spelt so


@dataclass(frozen=True, slots=True)
class Told:
    """A value as a narrative tells it.

    `telling` are the spans [start, end) of `text` whose letters and digits tell of the value: all
    but a possessive 's, a title or the like.
    """

    text: str
    telling: tuple[tuple[int, int], ...]


def told(marked: str) -> Told:
    """Reads a text in which what tells nothing stands in ⟦white brackets⟧."""
    text, telling, at = "", [], 0
    for quiet in QUIET.finditer(marked):
        before = marked[at : quiet.start()]
        telling.append((len(text), len(text) + len(before)))
        text += before + quiet.group(1)
        at = quiet.end()
    telling.append((len(text), len(text) + len(marked) - at))
    return Told(text + marked[at:], tuple(span for span in telling if span[0] < span[1]))


def each_letter(text: str, table: Mapping[str, str]) -> str | None:
    """Replaces letters, keeping capitals; None if there are none of them."""
    letters = []
    for letter in text:
        other = table.get(letter.lower(), letter)
        letters.append(other.capitalize() if letter.isupper() and other != letter else other)
    made = "".join(letters)
    return None if made == text else made


def without_accents(text: str, _: Random) -> str | None:
    """Ü as U, ß as ss, ł as l."""
    changed = each_letter(text, UNDECOMPOSED) or text
    split = unicodedata.normalize("NFD", changed)
    made = "".join(letter for letter in split if not unicodedata.combining(letter))
    return None if made == text else made


def with_an_accent(text: str, rng: Random) -> str | None:
    """One letter gets an accent that it has not got."""
    places = [at for at, letter in enumerate(text) if letter in ACCENTED]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + ACCENTED[text[at]] + text[at + 1 :]


def with_a_lookalike(text: str, rng: Random) -> str | None:
    """One letter is Cyrillic."""
    places = [at for at, letter in enumerate(text) if letter in LOOKALIKES]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + LOOKALIKES[text[at]] + text[at + 1 :]


def mixed_case(text: str, rng: Random) -> str | None:
    """Capitals anywhere."""
    return "".join(rng.choice((letter.lower(), letter.upper())) for letter in text)


def full_width(text: str, _: Random) -> str | None:
    """Letters and digits as East Asian keyboards write them."""
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code).isalnum()}
    return text.translate(wide)


def within(put: str) -> Spell:
    """Puts something between two letters or digits of the longest word."""

    def spell(text: str, rng: Random) -> str | None:
        word = max(re.finditer(r"[^\W_]+", text), key=lambda m: len(m.group()), default=None)
        if word is None or len(word.group()) < 3:
            return None
        at = rng.randrange(word.start() + 1, word.end())
        return text[:at] + put + text[at:]

    return spell


def between_all(put: str) -> Spell:
    """Puts something between all letters and digits, and more of it between words."""

    def spell(text: str, _: Random) -> str | None:
        return (put + " " if put.strip() else put * 3).join(
            put.join(word) for word in re.findall(r"\w+", text)
        )

    return spell


def spaces(put: str) -> Spell:
    """Replaces every space, for values of more than one word."""

    def spell(text: str, _: Random) -> str | None:
        return text.replace(" ", put) if " " in text else None

    return spell


def _same(change: Callable[[str], str | None]) -> Spell:
    def spell(text: str, _: Random) -> str | None:
        made = change(text)
        return None if made == text else made

    return spell


CASES: Final[Mapping[str, Spell]] = {
    "case: capitals": _same(str.upper),
    "case: small": _same(str.lower),
    "case: mixed": mixed_case,
}
SPACING: Final[Mapping[str, Spell]] = {
    "spacing: doubled": spaces("  "),
    "spacing: none": spaces(""),
    "spacing: tab": spaces("\t"),
    "spacing: line break": spaces("\n"),
    "spacing: line break and indent": spaces("\r\n    "),
    "spacing: no-break space": spaces("\u00a0"),
    "spacing: thin spaces": spaces("\u2009\u202f"),
    "spacing: underscore": spaces("_"),
    "spacing: hyphen": spaces("-"),
    "spacing: letter-spaced": between_all(" "),
    "spacing: letters with hyphens": between_all("-"),
    "spacing: hyphen over a line end": within("-\n"),
    "spacing: hyphen over a line end and indent": within("-\n   "),
    "hidden: soft hyphen": within("\u00ad"),
    "hidden: zero-width space": within("\u200b"),
    "hidden: zero-width joiner": within("\u200d"),
    "hidden: byte order mark": within("\ufeff"),
}
LETTERS: Final[Mapping[str, Spell]] = {
    "accents: dropped": without_accents,
    "accents: added": with_an_accent,
    "accents: spelt out": _same(lambda text: each_letter(text, SPELT)),
    "accents: decomposed": _same(lambda text: unicodedata.normalize("NFD", text)),
    "letters: full width": full_width,
    "letters: a lookalike": with_a_lookalike,
}
