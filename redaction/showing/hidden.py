"""What to look for: the words, phrases, initials and numbers of hidden values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import permutations
from typing import Final

from redaction.showing.folding import both, folded, tokens
from redaction.showing.numbers import LEAST_DIGITS, core, sequences
from redaction.showing.tables import EVERYDAY, PARTICLES, STREETS, is_particle
from redaction.showing.values import Sort, Text, Values

LEAST_LETTERS: Final = 3  # of a word that is looked for by itself
PHRASE_WORDS: Final = 5  # of a long text
# how many words a name with initials has
FEWEST, MOST = 2, 4
_POSTCODE: Final = re.compile(r"\s*([A-Z]{1,2}[0-9][A-Z0-9]?)[ -]?[0-9][A-Z]{2}\s*")


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """The hidden values of one decision, taken apart once.

    `words` are those that show by themselves, `phrases` those that show where all their letters
    stand one after the other, whatever is between; `beside` shows only next to a gap.
    """

    values: Values
    words: set[str] = field(default_factory=set)
    phrases: set[str] = field(default_factory=set)
    compounds: set[str] = field(default_factory=set)
    initials: set[str] = field(default_factory=set)
    capitals: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Take every value apart, in both foldings."""
        for one in self.values.texts:
            self._text(one)
        for figure in self.values.figures:
            if len(figure.digits) >= LEAST_DIGITS:
                self.numbers.add(core(figure.digits))

    @property
    def dates(self) -> tuple[date, ...]:
        """The days hidden."""
        return self.values.dates

    @cached_property
    def joined(self) -> frozenset[str]:
        """All that shows where its letters stand one after the other."""
        return frozenset(self.words | self.phrases | self.compounds)

    def _text(self, one: Text) -> None:
        if one.sort is Sort.SYMBOL and not _symbol_tells(one.text):
            return
        for text in both(one.text):
            words = tokens(text)
            if not words:
                continue
            self.phrases.add("".join(words))
            if one.sort is Sort.LONG:
                self._long(text, words)
                continue
            if one.sort is Sort.SYMBOL and len(words) > 1:
                continue  # its words stand in the other symbols as well
            self.beside.update(words)
            if one.sort is Sort.NAME:
                self._name(words)
            else:
                self.words.update(word for word in words if _tells(word))
        if one.sort is not Sort.SYMBOL:
            self._numbers(folded(one.text, spelt=False))
        if one.sort is Sort.SHORT and (code := _POSTCODE.fullmatch(one.text.upper())):
            self.words.add(code[1].lower())

    def _name(self, words: list[str]) -> None:
        own = [word for index, word in enumerate(words) if not is_particle(words, index)]
        self.words.update(w for w in own if _letters(w) >= LEAST_LETTERS and w not in EVERYDAY)
        self.capitals.update(word[0] for word in own)
        self.compounds.update(_compounds(words))
        for kept in (words, own):
            letters = "".join(word[0] for word in kept if word[0].isalpha())
            if FEWEST <= len(letters) <= len(kept) <= MOST:
                self.initials.update((letters, letters[::-1], letters[0] + letters[-1]))

    def _long(self, text: str, words: list[str]) -> None:
        for start in range(len(words) - PHRASE_WORDS + 1):
            self.phrases.add("".join(words[start : start + PHRASE_WORDS]))
        for word in re.findall("[A-Za-z0-9]+", text):
            marked = word[0].isupper() or any(c.isdigit() for c in word)
            if marked and not word.isdigit() and len(word) >= LEAST_LETTERS:
                self.words.update({word.lower()} - EVERYDAY - STREETS)

    def _numbers(self, text: str) -> None:
        for groups in sequences(text):
            for written in (*groups, "".join(groups)):
                if len(written.lstrip("+")) >= LEAST_DIGITS:
                    self.numbers.add(core(written))


def _symbol_tells(symbol: str) -> bool:
    words = tokens(symbol)
    return _letters(symbol) >= LEAST_LETTERS and not EVERYDAY.issuperset(words)


def _tells(word: str) -> bool:
    return (
        len(word) >= LEAST_LETTERS
        and not word.isdigit()
        and word not in EVERYDAY | STREETS | PARTICLES
    )


def _letters(word: str) -> int:
    return sum(c.isalpha() for c in word)


def _compounds(words: list[str]) -> Iterator[str]:
    """Two words of a name written as one, the first or last of them maybe by its initial."""
    if len(words) < FEWEST:
        return
    found = ["".join(words)]
    for a, b in permutations(words, 2):
        found += [a + b, a[0] + b, a + b[0]]
    yield from (one for one in found if len(one) >= LEAST_LETTERS)
