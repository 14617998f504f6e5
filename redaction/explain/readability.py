"""How hard a page is to read, by published formulas: one for each language.

Every sentence and point of a page counts as one sentence; headings are left out. Names and quoted
titles count as they are. Syllables are approximated: the greater of Pyphen's places to hyphenate
(which spare single letters at a word's ends, so it alone would flatter) and of groups of vowels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from pyphen import Pyphen  # type: ignore[import-untyped]

from redaction.explain.catalog import Catalog
from redaction.explain.told import Reader

LONG_LETTERS: Final = 6  # Bamberger and Vanecek's long word has more letters than this
# whom a text has to reach at the reading age of twelve; professionals read it at work
AIMED_AT: Final = frozenset({Reader.VICTIMS, Reader.PERPETRATORS})

_WORD: Final = re.compile(r"[^\W_]+(?:['’.@-][^\W_]+)*")
_END: Final = re.compile(r"(?<!\d)[.!?]+(?:\s+|$)")  # the dot of a date or a number is none
# groups of vowels; in Spanish strong vowels and stressed weak ones stand alone
_VOWELS: Final = re.compile(r"[aeiouyäöü]+")
_SPANISH_VOWELS: Final = re.compile(r"[iuü]?[aeoáéó][iuy]?|[íú]|[iuüy]+")
_SILENT: Final = re.compile(r"(?<=[^aeiouy])(?<![^aeiouy]l)e$|(?<![td])ed$|(?<![sxzcgh])es$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the formulas ask of a text: sums over its sentences."""

    sentences: int
    words: int
    syllables: int
    monosyllables: int
    polysyllables: int  # words of three syllables or more
    long_words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A published formula, its target for readers of twelve, and which way is easier."""

    name: str
    compute: Callable[[Counts], float]
    target: float
    higher_is_easier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Readability:
    """A page's figure, to one decimal; without a target for readers who are not aimed at."""

    formula: str
    figure: float
    target: float | None
    met: bool | None


def flesch_kincaid_grade(counts: Counts) -> float:
    """The US school grade of an English text.

    Kincaid, Fishburne, Rogers and Chissom, "Derivation of New Readability Formulas for Navy
    Enlisted Personnel", Research Branch Report 8-75, 1975.
    """
    per_sentence = counts.words / counts.sentences
    return 0.39 * per_sentence + 11.8 * counts.syllables / counts.words - 15.59


def wiener_sachtextformel(counts: Counts) -> float:
    """The school year of a German factual text, by the first of the Vienna formulas.

    Bamberger and Vanecek, "Lesen, Verstehen, Lernen, Schreiben", Vienna 1984.
    """
    percent = 100 / counts.words
    return (
        0.1935 * percent * counts.polysyllables
        + 0.1672 * counts.words / counts.sentences
        + 0.1297 * percent * counts.long_words
        - 0.0327 * percent * counts.monosyllables
        - 0.875
    )


def fernandez_huerta(counts: Counts) -> float:
    """The ease of a Spanish text: 70 to 80 is fairly easy, as for the sixth school year.

    Fernández Huerta, "Medidas sencillas de lecturabilidad", Consigna 214, 1959, pages 29-32, with
    syllables per 100 words and words per sentence; that the print's last term means the latter is
    shown by Law, "Error in the Fernández Huerta Readability Formula", 2011.
    """
    syllables = 100 * counts.syllables / counts.words
    return 206.84 - 0.60 * syllables - 1.02 * counts.words / counts.sentences


FORMULAS: Final[Mapping[str, Formula]] = MappingProxyType(
    {
        "en": Formula(
            name="Flesch-Kincaid grade",
            compute=flesch_kincaid_grade,
            target=7,
            higher_is_easier=False,
        ),
        "de": Formula(
            name="Wiener Sachtextformel 1",
            compute=wiener_sachtextformel,
            target=7,
            higher_is_easier=False,
        ),
        "es": Formula(
            name="Fernández Huerta",
            compute=fernandez_huerta,
            target=70,
            higher_is_easier=True,
        ),
    }
)


def readability(sentences: Iterable[str], language: str, reader: Reader) -> Readability:
    """How hard sentences in a language are to read.

    Args:
        sentences: a page's sentences and points.
        language: `en`, `de` or `es`.
        reader: whose page it is; it settles whether there is a target.

    Raises:
        LookupError: no formula is known for the language.
    """
    formula = FORMULAS[language]
    figure = round(formula.compute(count(sentences, language)), 1)
    if reader not in AIMED_AT:
        return Readability(formula=formula.name, figure=figure, target=None, met=None)
    met = figure >= formula.target if formula.higher_is_easier else figure <= formula.target
    return Readability(formula=formula.name, figure=figure, target=formula.target, met=met)


def shown(found: Readability, catalog: Catalog) -> str:
    """The figure as a page's last line."""
    parts = {"formula": found.formula, "figure": catalog.number(found.figure)}
    if found.target is None:
        return catalog.say("Readability ({formula}): {figure}.", **parts)
    parts["target"] = catalog.number(found.target)
    if found.met:
        return catalog.say(
            "Readability ({formula}): {figure}. Target for age 12: {target}, met.", **parts
        )
    return catalog.say(
        "Readability ({formula}): {figure}. Target for age 12: {target}, not met.", **parts
    )


def count(texts: Iterable[str], language: str) -> Counts:
    """What the formulas ask of these texts, each of one sentence or more.

    Raises:
        ValueError: there is no word in them.
    """
    sentences = [
        words
        for text in texts
        for sentence in _END.split(text)
        if (words := [word.lower() for word in _WORD.findall(sentence)])
    ]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        raise ValueError("a text without words has no readability")
    sizes = [syllables(word, language) for word in words]
    return Counts(
        sentences=len(sentences),
        words=len(words),
        syllables=sum(sizes),
        monosyllables=sizes.count(1),
        polysyllables=sum(size >= 3 for size in sizes),
        long_words=sum(sum(map(str.isalpha, word)) > LONG_LETTERS for word in words),
    )


def syllables(word: str, language: str) -> int:
    """About how many syllables a lower-case word has; at least one."""
    said = _SILENT.sub("", word) if language == "en" else word
    vowels = _SPANISH_VOWELS if language == "es" else _VOWELS
    return max(1, len(_hyphens(language).positions(word)) + 1, len(vowels.findall(said)))


@cache
def _hyphens(language: str) -> Pyphen:
    return Pyphen(lang={"en": "en_US"}.get(language, language))
