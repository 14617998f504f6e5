"""What is cut because it stands beside a cut: the everyday rest of a hidden name or address."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from redaction.scrubbing.folding import Span, Tokens
from redaction.scrubbing.hidden import Hidden
from redaction.scrubbing.words import is_letter

FAR: Final = 3  # characters between a cut and what stands beside it

_MARK = re.compile(r"\[\.\.\.\]")  # the mark, folded
_SPACE = re.compile(r"\s+")
_STOP = re.compile(r"\.\s*\n")  # where a sentence and its line end, something new begins


def beside(tokens: Tokens, cased: str, cut: Iterable[Span], hidden: Hidden) -> Iterator[Span]:
    """The tokens beside cuts and earlier marks that belong to something hidden, and so on.

    Args:
        tokens: the tokens of the folded text.
        cased: the folded text with its capital letters.
        cut: what is cut of the folded text so far.
        hidden: what is hidden.
    """
    folded, spans = tokens.folded, tokens.spans
    marks = [found.span() for found in _MARK.finditer(folded)]
    gone = [*cut, *marks]
    if not gone or not spans:
        return
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    # Where a token begins or ends beside a cut; what is cut of it counts as its being cut whole.
    after, before = set(), set()
    for start, end in gone:
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        if last < len(spans) and _near(folded[end : starts[last]]):
            after.add(last)
        if first > 0 and _near(folded[ends[first - 1] : start]):
            before.add(first - 1)
    yield from _spread(tokens, cased, after, hidden, step=1)
    yield from _spread(tokens, cased, before, hidden, step=-1)


def _spread(
    tokens: Tokens, cased: str, begin: set[int], hidden: Hidden, *, step: int
) -> Iterator[Span]:
    """From each token on in one direction, as long as tokens are hidden beside one another."""
    seen: set[int] = set()
    for first in begin:
        at = first
        while 0 <= at < len(tokens.words) and at not in seen:
            last = _known(tokens, cased, at, hidden, step=step)
            if last is None:
                break
            seen.update(range(at, last + step, step))
            yield tokens.span(*sorted((at, last)))
            if not _joins(tokens, last, last + step):
                break
            at = last + step


def _known(tokens: Tokens, cased: str, first: int, hidden: Hidden, *, step: int) -> int | None:
    """The last of the tokens from one on that are a word of something hidden, joined.

    A word may be written with gaps, so the most tokens that make one are taken.
    """
    longest = max(map(len, hidden.beside), default=0)
    known, joined, at = None, "", first
    while 0 <= at < len(tokens.words):
        word = tokens.words[at]
        joined = joined + word if step > 0 else word + joined
        if len(joined) > longest:
            break
        if joined in hidden.beside:
            known = at
        if not _joins(tokens, at, at + step):
            break
        at += step
    if known is None and is_letter(tokens.words[first], cased[slice(*tokens.spans[first])], hidden):
        return first
    return known


def _joins(tokens: Tokens, one: int, other: int) -> bool:
    """Whether two neighbouring tokens, if they are there, stand beside one another."""
    left, right = sorted((one, other))
    if left < 0 or right >= len(tokens.words):
        return False
    return _near(tokens.folded[tokens.spans[left][1] : tokens.spans[right][0]])


def _near(between: str) -> bool:
    """Whether little stands between; white space is one character, however much it is."""
    if len(between) > FAR and len(_SPACE.sub(" ", between)) > FAR:
        return False
    return "\n" not in between or not _STOP.search(between)
