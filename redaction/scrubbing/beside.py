"""What is cut because it stands beside a cut: the everyday rest of a hidden name or address."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from redaction.scrubbing.folding import Folded, Span, Tokens
from redaction.scrubbing.hidden import Hidden
from redaction.scrubbing.words import is_letter

FAR: Final = 3  # characters between a cut and what stands beside it
MAX_WORD: Final = 64  # letters of a word that is looked for with gaps in it

_MARK = re.compile(r"\[\.\.\.\]")  # the mark, folded
_SPACE = re.compile(r"\s+")
_STOP = re.compile(r"\.\s*\n")  # where a sentence and its line end, something new begins


def beside(folded: Folded, tokens: Tokens, cut: Iterable[Span], hidden: Hidden) -> Iterator[Span]:
    """The tokens beside cuts and earlier marks that belong to something hidden, and so on.

    Args:
        folded: a folded text.
        tokens: its tokens.
        cut: what is cut of the folded text so far.
        hidden: what is hidden.
    """
    gone = [*cut, *(found.span() for found in _MARK.finditer(folded.text))]
    if not gone or not tokens.spans or not (hidden.beside or hidden.letters):
        return
    starts, ends = [start for start, _ in tokens.spans], [end for _, end in tokens.spans]
    after, before = set(), set()  # tokens that a cut stands right before, or right after
    for start, end in gone:
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        if last < len(starts) and _near(folded.text[end : starts[last]]):
            after.add(last)
        if first > 0 and _near(folded.text[ends[first - 1] : start]):
            before.add(first - 1)
    spread = _Spread(folded, tokens, hidden)
    yield from spread.along(after, 1)
    yield from spread.along(before, -1)


class _Spread:
    """Goes from token to token, in one direction at a time, as long as they are hidden."""

    __slots__ = ("_folded", "_hidden", "_longest", "_tokens")

    def __init__(self, folded: Folded, tokens: Tokens, hidden: Hidden) -> None:
        self._folded = folded
        self._tokens = tokens
        self._hidden = hidden
        self._longest = min(MAX_WORD, max(map(len, hidden.beside), default=0))

    def along(self, begin: set[int], step: int) -> Iterator[Span]:
        """What is hidden from each of these tokens on."""
        seen: set[int] = set()
        for first in begin:
            at = first
            while at not in seen:
                last = self._known(at, step)
                if last is None:
                    break
                seen.update(range(at, last + step, step))
                yield self._tokens.span(*sorted((at, last)))
                if not self._joins(last, last + step):
                    break
                at = last + step

    def _known(self, first: int, step: int) -> int | None:
        """The last of the tokens from one on that are a word of something hidden, joined.

        A word may be written with gaps, so the most tokens that make one are taken.
        """
        words = self._tokens.words
        known, joined, at = None, words[first], first
        while True:
            if joined in self._hidden.beside:
                known = at
            if len(joined) >= self._longest or not self._joins(at, at + step):
                break
            at += step
            joined = joined + words[at] if step > 0 else words[at] + joined
        start, end = self._tokens.spans[first]
        letter, cased = self._folded.letters(start, end), self._folded.cased[start:end]
        if known is None and is_letter(letter, cased, self._hidden):
            return first
        return known

    def _joins(self, one: int, other: int) -> bool:
        """Whether two neighbouring tokens, if they are there, stand beside one another."""
        left, right = (one, other) if one < other else (other, one)
        spans = self._tokens.spans
        if left < 0 or right >= len(spans):
            return False
        return _near(self._folded.text[spans[left][1] : spans[right][0]])


def _near(between: str) -> bool:
    """Whether little stands between; white space is one character, however much it is."""
    if len(between) > FAR and len(_SPACE.sub(" ", between)) > FAR:
        return False
    return "\n" not in between or not _STOP.search(between)
