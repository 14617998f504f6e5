"""Where hidden words, phrases and names stand in a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from redaction.scrubbing.classes import EVERYDAY
from redaction.scrubbing.folding import Folded, Span, Tokens
from redaction.scrubbing.hidden import ENDINGS, INITIALS, MIN_LETTERS, Hidden
from redaction.scrubbing.runs import Run, runs

_ENDED: Final = MIN_LETTERS + 1  # letters of a word that has one; `s` goes with shorter ones too
_SHY: Final = frozenset("aeiouy")  # letters that are words or answers by themselves


def hidden_words(tokens: Tokens, hidden: Hidden) -> Iterator[Span]:
    """Where a hidden word, phrase or name stands, in one token or over several."""
    for value in [value for value in hidden.runs if value in tokens.joined]:
        within = value in hidden.within
        for run in runs(tokens, value):
            if (within and run.first == run.last) or (run.begins and _ends(value, run)):
                yield tokens.span(run.first, run.last)


def _ends(value: str, run: Run) -> bool:
    """Whether the value's last token says no more than the value does."""
    if run.rest == "":
        return True
    if run.rest.isdigit():
        return len(value) >= MIN_LETTERS and value[-1].isalpha()
    if run.rest == "s":
        return len(value) >= MIN_LETTERS
    return run.rest in ENDINGS and len(value) >= _ENDED


def hidden_initials(folded: Folded, tokens: Tokens, hidden: Hidden) -> Iterator[Span]:
    """Where initials of a hidden name stand, dotted or not, and letters that must be one's.

    Args:
        folded: the folded text.
        tokens: its tokens.
        hidden: what is hidden.
    """
    if not hidden.letters:
        return
    words, cased = tokens.words, folded.cased
    if not isinstance(folded.starts, range):
        words = [folded.letters(*span) for span in tokens.spans]
    for at, (word, (start, end)) in enumerate(zip(words, tokens.spans, strict=True)):
        if len(word) == 1:
            yield from _spaced(tokens, words, at, hidden.initials)
            dotted = cased[end : end + 1] == "."
            if is_letter(word, cased[start:end], hidden) and (dotted or word not in _SHY):
                yield start, end
        elif word in hidden.initials and not (word in EVERYDAY and cased[start:end] == word):
            yield start, end


def is_letter(word: str, cased: str, hidden: Hidden) -> bool:
    """Whether a token is a capital letter that begins a word of a hidden name."""
    return word in hidden.letters and cased.isupper()


def _spaced(
    tokens: Tokens, words: list[str], first: int, initials: frozenset[str]
) -> Iterator[Span]:
    """Single letters from a token on that are initials together."""
    joined = ""
    for last in range(first, min(first + max(INITIALS), len(words))):
        if len(words[last]) > 1:
            return
        joined += words[last]
        if joined in initials:
            yield tokens.span(first, last)
