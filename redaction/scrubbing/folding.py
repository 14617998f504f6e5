"""A text without case, accents and invisible characters, and where each character of it stood.

There are two foldings, which differ in umlauts and their like: *plain* makes `Müller` `muller`,
*spelt out* makes it `mueller`. A value is hidden in both, and a text is looked through in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final

_LETTERS: Final = str.maketrans(  # those that no decomposition takes apart, and what is no letter
    {
        **{"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"},
        **{"ħ": "h", "ŧ": "t", "ŋ": "n", "ß": "ss"},
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{"⁄": "/", "∕": "/", "’": "'", "‘": "'"},
    }
)
_SPELT_OUT: Final = str.maketrans({"ü": "ue", "ö": "oe", "ä": "ae", "ø": "oe", "å": "aa"})
_ASCII = re.compile(r"[\x00-\x7f]+")
_TOKEN = re.compile(r"[a-z0-9]+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text: character `i` of it comes from `starts[i]` to `ends[i]` of the original.

    `cased` is the folded text, its letters as large as those of the original.
    """

    text: str = field(repr=False)
    cased: str = field(repr=False)
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Where a piece of the folded text, at least one character, stood in the original."""
        return self.starts[start], self.ends[end - 1]

    def letters(self, start: int, end: int) -> str:
        """A piece of the folded text with one letter for each of the original's: `Æ` is `a`."""
        at = range(start, end)
        return "".join(
            self.text[i] for i in at if i == start or self.starts[i] != self.starts[i - 1]
        )


@dataclass(frozen=True)
class Tokens:
    """The words and numbers of a folded text in order: its runs of ASCII letters and digits."""

    folded: str = field(repr=False)

    @cached_property
    def spans(self) -> list[Span]:
        """Where each token starts and ends in the folded text."""
        return [found.span() for found in _TOKEN.finditer(self.folded)]

    @cached_property
    def words(self) -> list[str]:
        """The tokens themselves."""
        return _TOKEN.findall(self.folded)

    @cached_property
    def joined(self) -> str:
        """All tokens without what stands between them."""
        return "".join(self.words)

    @cached_property
    def starts(self) -> list[int]:
        """Where each token starts in `joined`; the end of all stands last."""
        starts, at = [], 0
        for word in self.words:
            starts.append(at)
            at += len(word)
        return [*starts, at]

    def span(self, first: int, last: int) -> Span:
        """Where tokens `first` to `last`, both included, stand in the folded text."""
        return self.spans[first][0], self.spans[last][1]


def words_of(folded: str) -> list[str]:
    """The tokens of a folded text."""
    return _TOKEN.findall(folded)


def foldings(text: str) -> tuple[Folded, ...]:
    """The text folded plain and, if that differs, spelt out."""
    plain = fold(text)
    if not _DIFFERS.search(text):
        return (plain,)
    spelt = fold(text, spelt_out=True)
    return (plain,) if spelt.text == plain.text else (plain, spelt)


def folded_words(words: frozenset[str]) -> frozenset[str]:
    """Words of a table in both foldings."""
    return frozenset(each.text for word in words for each in foldings(word))


def fold(text: str, *, spelt_out: bool = False) -> Folded:
    """The text in lower case without accents and invisible characters.

    Args:
        text: any text.
        spelt_out: whether umlauts and their like become two letters.
    """
    if text.isascii():
        return Folded(text.lower(), text, range(len(text)), range(1, len(text) + 1))
    known = _SPELT if spelt_out else _PLAIN
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = text[start:end]
        if piece.isascii():
            parts.append(piece)
            starts += range(start, end)
            ends += range(start + 1, end + 1)
            continue
        folded = known.get(piece)
        if folded is None:
            folded = _folded(piece, spelt_out=spelt_out)
        parts.append(folded.upper() if piece[0].isupper() else folded)
        starts += [start] * len(folded)
        ends += [end] * len(folded)
    cased = "".join(parts)
    return Folded(cased.lower(), cased, starts, ends)


def _clusters(text: str) -> Iterator[Span]:
    """The text in pieces that are folded by themselves: ASCII runs, and each other character.

    What is invisible or stands upon a character goes with it.
    """
    at = 0
    while at < len(text):
        found = _ASCII.match(text, at)
        end = at + 1 if found is None else found.end()
        upon = end
        while upon < len(text) and text[upon] > "\x7f" and _is_upon(text[upon]):
            upon += 1
        if upon > end and found is not None:
            if end - 1 > at:
                yield at, end - 1
            yield end - 1, upon
        else:
            yield at, upon
        at = upon


def _is_upon(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "M" or category == "Cf"


def _folded(piece: str, *, spelt_out: bool) -> str:
    text = unicodedata.normalize("NFKC", piece).casefold()
    if spelt_out:
        text = text.translate(_SPELT_OUT)
    text = unicodedata.normalize("NFKD", text).translate(_LETTERS)
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text if not _is_upon(c)
    )


def _table(*, spelt_out: bool) -> Mapping[str, str]:
    """What the usual European letters and marks are folded to: data of ours, not of an event."""
    ranges = (range(0xA0, 0x250), range(0x1E00, 0x1F00), range(0x2000, 0x2070), (0x20AC,))
    characters = (chr(code) for codes in ranges for code in codes)
    return MappingProxyType({c: _folded(c, spelt_out=spelt_out) for c in characters})


_PLAIN: Final = _table(spelt_out=False)
_SPELT: Final = _table(spelt_out=True)
_SAME = "".join(c for c, folded in _PLAIN.items() if folded == _SPELT[c] and not _is_upon(c))
_DIFFERS: Final = re.compile(f"[^\x00-\x7f{re.escape(_SAME)}]")
