"""Numbers in a text, however they are grouped and prefixed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LEAST_DIGITS: Final = 5  # of a number that tells something by itself
_BETWEEN: Final = " -.()/"  # what may stand between the groups of a number


def sequences(folded_text: str) -> Iterator[list[str]]:
    """The numbers of a text as lists of the groups of each, a `+` before one kept."""
    groups: list[str] = []
    end = 0
    for match in re.finditer("[0-9]+", folded_text):
        plus = folded_text[: match.start()].endswith("+")
        between = folded_text[end : match.start()].removesuffix("+")
        if groups and (plus or between.strip(_BETWEEN)):
            yield groups
            groups = []
        groups.append("+" * plus + match[0])
        end = match.end()
    if groups:
        yield groups


def readings(folded_text: str) -> Iterator[str]:
    """Every number that some neighbouring groups of a text can be read as."""
    for groups in sequences(folded_text):
        for first in range(len(groups)):
            for last in range(first + 1, len(groups) + 1):
                yield core("".join(groups[first:last]))


def core(number: str) -> str:
    """A number without its country's prefix or the national one, if enough digits are left."""
    plain = number.lstrip("+")
    if plain.startswith("0044"):
        kept = plain[4:].removeprefix("0")
    elif number.startswith("+44"):
        kept = plain[2:].removeprefix("0")
    else:
        kept = plain.removeprefix("0")
    return kept if len(kept) >= LEAST_DIGITS else plain
