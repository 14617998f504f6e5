"""The loop that cuts hidden values and patterns out of a text until none is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from redaction.scrubbing.beside import beside
from redaction.scrubbing.dates import hidden_dates
from redaction.scrubbing.folding import Folded, Span, Tokens, foldings
from redaction.scrubbing.hidden import Hidden
from redaction.scrubbing.numbers import hidden_numbers
from redaction.scrubbing.patterns import patterned
from redaction.scrubbing.words import hidden_initials, hidden_words

GAP: Final = "[…]"  # stands for whatever was removed, however much it was
MAX_ROUNDS: Final = 20  # texts that people write need two or three

_GAP = re.compile(re.escape(GAP))


def scrub(text: str, hidden: Hidden) -> str:
    """The text with every hidden value and pattern replaced by one mark, else the text as it is.

    What is removed can make words stand together that did not, so it is looked through until
    nothing is found: scrubbing twice is scrubbing once. A text that was made to need more rounds
    than any honest one is removed whole.
    """
    marks: list[Span] = []  # none at first: one that its writer put into the text stays as it is
    for _ in range(MAX_ROUNDS):
        plain, *spelt_out = foldings(text)
        spans = [*_found(plain, hidden, [*_beyond_words(plain, hidden)])]
        for folded in spelt_out:
            spans += _found(folded, hidden, [])
        if not spans:
            return text
        text = _without(text, sorted([*spans, *marks]))
        marks = [found.span() for found in _GAP.finditer(text)]
    return GAP


def _beyond_words(plain: Folded, hidden: Hidden) -> Iterator[Span]:
    """Numbers, dates and patterns, in which umlauts make no difference."""
    yield from hidden_numbers(plain.text, hidden.numbers)
    yield from hidden_dates(plain.text, hidden.dates)
    yield from patterned(plain.cased)


def _found(folded: Folded, hidden: Hidden, spans: list[Span]) -> Iterator[Span]:
    """Where something stands in the text that has to go, by one of its foldings.

    Args:
        folded: the folded text.
        hidden: what is hidden.
        spans: what was found in it without looking for words.
    """
    tokens = Tokens(folded.text)
    spans += hidden_words(tokens, hidden)
    spans += hidden_initials(folded, tokens, hidden)
    spans += beside(folded, tokens, spans, hidden)
    return (folded.span(start, end) for start, end in spans)


def _without(text: str, spans: list[Span]) -> str:
    """The text with these spans replaced, those with nothing but space between them as one.

    Otherwise their number would tell how many words a hidden name has.
    """
    out, at = [], -1
    for start, end in spans:
        if at < 0 or text[at:start].strip():
            out += [text[max(at, 0) : start], GAP]
        at = max(at, end)
    return "".join([*out, text[at:]])
