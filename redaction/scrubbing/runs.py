"""Where a value stands in a text as whole words, whatever stands between and inside them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from redaction.scrubbing.folding import Tokens


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens `first` to `last`, in which a value was found.

    `begins` says whether the value starts where the first token does, `rest` is what follows it in
    the last one.
    """

    first: int
    last: int
    begins: bool
    rest: str


def runs(tokens: Tokens, value: str) -> Iterator[Run]:
    """Every occurrence of the value in the tokens joined.

    Args:
        tokens: the tokens of a text.
        value: letters and digits, at least one.
    """
    joined, starts = tokens.joined, tokens.starts
    at = joined.find(value)
    while at >= 0:
        end = at + len(value)
        first = bisect_right(starts, at) - 1
        last = bisect_left(starts, end) - 1
        yield Run(first, last, starts[first] == at, joined[end : starts[last + 1]])
        at = joined.find(value, at + 1)
