"""Hidden values as they are looked for in a text: words, numbers and dates, folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, permutations
from typing import Final

from redaction.scrubbing.classes import (
    EVERYDAY,
    PARTICLES,
    STREETS,
    Class,
    class_of,
    without_particles,
)
from redaction.scrubbing.dates import compact
from redaction.scrubbing.folding import Folded, Tokens, foldings
from redaction.scrubbing.numbers import MIN_DIGITS, core, numbers_in
from redaction.scrubbing.values import Telling, Values

MIN_LETTERS: Final = 3  # of a word that is hidden by itself
WITHIN_LETTERS: Final = 5  # of a word that is hidden inside another too
RUN: Final = 5  # words of a long text that tell what it is
ENDINGS: Final = ("es", "n", "en")  # a plural, a genitive or a case, in our languages
INITIALS: Final = range(2, 5)  # letters of a name's initials, the first among them

_UNTELLING = EVERYDAY | STREETS
_STREET = "strasse"  # which is mostly written shorter
_GB_POSTCODE = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?)[0-9][a-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What a text must not tell, folded; it shows nothing of itself in messages.

    `runs` are words, phrases and names in one, which stand in whole tokens; `within` are words
    that no other word may contain; `beside` is hidden next to a cut only; `letters` begin the
    words of names.
    """

    runs: frozenset[str] = field(default=frozenset(), repr=False)
    within: frozenset[str] = field(default=frozenset(), repr=False)
    beside: frozenset[str] = field(default=frozenset(), repr=False)
    initials: frozenset[str] = field(default=frozenset(), repr=False)
    letters: frozenset[str] = field(default=frozenset(), repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    dates: frozenset[date] = field(default=frozenset(), repr=False)


def hide(values: Values) -> Hidden:
    """The values of a decision as they are looked for."""
    made = _Hiding()
    for telling, text in values.strings:
        for folded in foldings(text):
            tokens = Tokens(folded.text)
            if telling is Telling.SYMBOL and len(tokens.words) != 1:
                made.symbol(tokens)
            elif tokens.words and not (telling is Telling.SYMBOL and _is_plain(tokens)):
                made.string(class_of(telling, len(tokens.words)), text, folded, tokens)
    digits = map(core, (*values.numbers, *values.decimals, *compact(values.dates)))
    return Hidden(
        runs=frozenset(made.words | made.phrases),
        within=frozenset(word for word in made.words if _letters(word) >= WITHIN_LETTERS),
        beside=frozenset(made.beside),
        initials=frozenset(made.initials),
        letters=frozenset(made.letters),
        numbers=frozenset(made.numbers | {n for n in digits if len(n) >= MIN_DIGITS}),
        dates=frozenset(values.dates),
    )


def _is_plain(symbol: Tokens) -> bool:
    """Whether a symbol of an enum is too short to be looked for, or all everyday words."""
    return len(symbol.joined) < MIN_LETTERS or all(word in EVERYDAY for word in symbol.words)


def _letters(word: str) -> int:
    return sum(map(str.isalpha, word))


class _Hiding:
    """Collects what strings hide."""

    __slots__ = ("beside", "initials", "letters", "numbers", "phrases", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.phrases: set[str] = set()
        self.beside: set[str] = set()
        self.initials: set[str] = set()
        self.letters: set[str] = set()
        self.numbers: set[str] = set()

    def string(self, kind: Class, text: str, folded: Folded, tokens: Tokens) -> None:
        words = tokens.words
        self.numbers.update(numbers_in(folded.text))
        match kind:
            case Class.NAME:
                self._name(words)
            case Class.SHORT:
                self._short(words)
            case Class.LONG:
                self._long(text, folded, tokens)
        self.words |= {
            f"{w.removesuffix(_STREET)}str" for w in words if w.endswith(_STREET)
        } - STREETS
        postcode = _GB_POSTCODE.fullmatch(tokens.joined)
        if postcode is not None:
            self.words.add(postcode[1])

    def symbol(self, tokens: Tokens) -> None:
        """An enum's symbol of several words, each of which is in other symbols too."""
        if not _is_plain(tokens):
            self.phrases.add(tokens.joined)

    def _name(self, words: list[str]) -> None:
        plain = without_particles(words)
        self.words |= {w for w in plain if len(w) >= MIN_LETTERS and w not in EVERYDAY}
        # Such a word itself makes doubt; declined as a name is, it is none any more.
        common = [w for w in plain if w in EVERYDAY and len(w) > MIN_LETTERS]
        self.phrases |= {w + ending for w in common for ending in ENDINGS} - EVERYDAY
        self.phrases.add("".join(words))
        self.beside.update(words)
        self.letters.update(word[0] for word in words)
        for each in (words, plain) if plain != words else (words,):
            self.phrases.update(c for c in _compounds(each) if len(c) >= MIN_LETTERS)
            self.initials.update(_initials([word[0] for word in each if word[0].isalpha()]))

    def _short(self, words: list[str]) -> None:
        self.words |= {w for w in words if _is_hidden(w) and w not in PARTICLES}
        self.phrases.add("".join(words))
        self.beside.update(words)
        street = [word for word in words if not word[0].isdigit()]
        if len(street) > 1 and not _UNTELLING.issuperset(street):
            self.phrases.add("".join(street))

    def _long(self, text: str, folded: Folded, tokens: Tokens) -> None:
        self.phrases.add(tokens.joined)
        for first in range(len(tokens.words) - RUN + 1):
            self.phrases.add("".join(tokens.words[first : first + RUN]))
        for word, (start, _) in zip(tokens.words, tokens.spans, strict=True):
            capital = text[folded.starts[start]].isupper()
            if len(word) >= MIN_LETTERS and (capital or not word.isalpha()):
                self.words |= {word} - _UNTELLING


def _is_hidden(word: str) -> bool:
    return len(word) >= MIN_LETTERS and not word.isdigit() and word not in _UNTELLING


def _compounds(words: list[str]) -> Iterator[str]:
    """A name's words two by two and in two groups, one perhaps as its first letter or not there."""
    groups = [("".join(words[:at]), "".join(words[at:])) for at in range(1, len(words))]
    yield from (group for pair in groups for group in pair if group not in words)
    pairs = {pair for pair in permutations(words, 2) if not PARTICLES.issuperset(pair)}
    for one, other in {*pairs, *groups, *(pair[::-1] for pair in groups)}:
        yield from (one + other, one[0] + other, one + other[0])


def _initials(letters: list[str]) -> Iterator[str]:
    if len(letters) < min(INITIALS):
        return
    for count in range(1, min(len(letters), max(INITIALS))):
        for others in combinations(letters[1:], count):
            some = "".join((letters[0], *others))
            yield from (some, some[::-1])
