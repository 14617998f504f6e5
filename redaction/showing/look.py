"""The look itself: each rule of what is cut, asked of a text that was cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from redaction.showing.cutting import GAP
from redaction.showing.dates import shows_day
from redaction.showing.folding import folded, placed
from redaction.showing.hidden import LEAST_LETTERS, MOST, Hidden
from redaction.showing.numbers import readings
from redaction.showing.patterns import shows_pattern
from redaction.showing.tables import EVERYDAY

_WITHIN: Final = 5  # letters of a hidden word that shows within another
_ENDINGS: Final = (("s", 3), ("es", 4), ("n", 4), ("en", 4))  # with the letters of the word before
_BETWEEN: Final = 3  # characters between a gap and what is beside it
_WORDS_THEMSELVES: Final = frozenset("aieouy")  # which one letter by itself may be


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands between two gaps, folded in one way."""

    text: str
    raw: str
    after_gap: bool
    before_gap: bool


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_upper: bool
    dotted: bool
    beside_gap: bool

    @property
    def word(self) -> str:
        return self.text.lower()


def shows(text: str, hidden: Hidden) -> bool:
    """Whether a scrubbed text shows a hidden value or a pattern; a gap is a wall between pieces."""
    return any(
        _shows_word(piece, hidden)
        or shows_day(piece.text, hidden.dates)
        or not hidden.numbers.isdisjoint(readings(piece.text))
        for piece in _pieces(text)
    ) or shows_pattern(text)


def _pieces(text: str) -> Iterator[_Piece]:
    parts = text.split(GAP)
    for index, part in enumerate(parts):
        plain, spelt = folded(part, spelt=False), folded(part, spelt=True)
        for one in (plain,) if plain == spelt else (plain, spelt):
            yield _Piece(one, part, after_gap=index > 0, before_gap=index < len(parts) - 1)


def _shows_word(piece: _Piece, hidden: Hidden) -> bool:
    tokens = list(_tokens(piece))
    return (
        _joined(tokens, hidden)
        or any(_alone(token, hidden) for token in tokens)
        or _spaced_initials(tokens, hidden)
    )


def _joined(tokens: list[_Token], hidden: Hidden) -> bool:
    """Words, phrases and compounds: letters one after the other, from a token's start to an end."""
    letters = "".join(token.word for token in tokens)
    starts, ends, at = set(), set(), 0
    for token in tokens:
        starts.add(at)
        at += len(token.text)
        ends.add(at)
    for wanted in hidden.joined:
        found = letters.find(wanted)
        while found >= 0:
            end = found + len(wanted)
            possessive = len(wanted) >= LEAST_LETTERS and letters.startswith("s", end)
            whole = end in ends or (possessive and end + 1 in ends)
            if found in starts and whole:
                return True
            found = letters.find(wanted, found + 1)
    return False


def _alone(token: _Token, hidden: Hidden) -> bool:
    word = token.word
    if any(
        word.endswith(ending) and _is_word(word.removesuffix(ending), least, hidden)
        for ending, least in _ENDINGS
    ):
        return True
    if word.rstrip("0123456789") in hidden.compounds:
        return True
    if any(_letters(one) >= _WITHIN and one in word for one in hidden.words):
        return True
    if len(word) <= MOST and _is_initials(token.text, hidden):
        return True
    if token.beside_gap and word in hidden.beside:
        return True
    by_itself = token.dotted or token.beside_gap or word not in _WORDS_THEMSELVES
    return len(word) == 1 and token.is_upper and word in hidden.capitals and by_itself


def _is_word(word: str, least: int, hidden: Hidden) -> bool:
    return word in hidden.words and _letters(word) >= least


def _spaced_initials(tokens: list[_Token], hidden: Hidden) -> bool:
    """Initials with dots or spaces between: a whole run of single letters."""
    for single, run in groupby(tokens, key=lambda token: len(token.text) == 1):
        if single and _is_initials("".join(token.text for token in run), hidden):
            return True
    return False


def _is_initials(letters: str, hidden: Hidden) -> bool:
    """An everyday word is none where it is written small."""
    word = letters.lower()
    return word in hidden.initials and (word not in EVERYDAY or word != letters)


def _letters(word: str) -> int:
    return sum(c.isalpha() for c in word)


def _tokens(piece: _Piece) -> Iterator[_Token]:
    found = list(placed(piece.text))
    for index, match in enumerate(found):
        first = index == 0 and piece.after_gap and _is_beside(piece, before=True)
        last = index == len(found) - 1 and piece.before_gap and _is_beside(piece, before=False)
        yield _Token(
            match[0],
            is_upper=match[0].isupper(),
            dotted=piece.text.startswith(".", match.end()),
            beside_gap=first or last,
        )


def _is_beside(piece: _Piece, *, before: bool) -> bool:
    """Whether little stands between a gap and the nearest token of a piece.

    Counted in the text and in its folding, of which the longer is taken.
    """
    between = max((_edge(text, before=before) for text in (piece.text, piece.raw)), key=len)
    return len(between) <= _BETWEEN and not ("." in between and "\n" in between)


def _edge(text: str, *, before: bool) -> str:
    pattern = r"\A[\W_]*" if before else r"[\W_]*\Z"
    match = re.search(pattern, text)
    return match[0] if match else ""
