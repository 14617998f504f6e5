"""Hidden numbers: their digits, whatever stands between them, and a phone number's spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from redaction.scrubbing.folding import Span

MIN_DIGITS: Final = 5  # of a number that is looked for in all its spellings
MAX_DIGITS: Final = 34  # of a number in groups; no account, card or phone number has more
_UK_DIGITS: Final = 11  # of 44 and the shortest national number with it
_PREFIX: Final = len("+00440")  # what a spelling may put before a number

_NUMBER = re.compile(r"\+?[0-9](?:[\s\-./(),_]*[0-9])*")
_DIGITS = re.compile(r"\+?[0-9]+")  # a plus goes with the digits that it stands before


def numbers_in(folded: str) -> Iterator[str]:
    """The numbers of a hidden text, in groups and in neighbouring groups joined."""
    for found in _NUMBER.finditer(folded):
        groups = _DIGITS.findall(found[0])
        for first in range(len(groups)):
            joined = ""
            for group in groups[first:]:
                joined += group
                if len(joined) > MAX_DIGITS and joined != group:
                    break
                number = core(joined)
                if len(number) >= MIN_DIGITS:
                    yield number


def hidden_numbers(folded: str, numbers: frozenset[str]) -> Iterator[Span]:
    """Where a number is written in whole groups of digits that only gaps part."""
    if not numbers:
        return
    longest = max(map(len, numbers)) + _PREFIX
    for found in _NUMBER.finditer(folded):
        groups = [run.span() for run in _DIGITS.finditer(folded, *found.span())]
        for first, (start, _) in enumerate(groups):
            joined = ""
            for begin, end in groups[first:]:
                joined += folded[begin:end]
                if len(joined) > longest:
                    break
                if len(joined) >= MIN_DIGITS and core(joined) in numbers:
                    yield start, end


def core(digits: str) -> str:
    """A number without what its spellings differ in: +44, 0044, 44 or 0 before a UK number."""
    plus, digits = digits.startswith("+"), digits.replace("+", "")
    short = digits
    if digits.startswith("0044"):
        short = digits[4:].removeprefix("0")
    elif digits.startswith("44") and (plus or len(digits) >= _UK_DIGITS):
        short = digits[2:].removeprefix("0")
    elif digits.startswith("0"):
        short = digits[1:]
    return short if len(short) >= MIN_DIGITS else digits
