"""The tables of words, folded: which words say nothing by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from redaction.everyday import ANSWERS as WRITTEN_ANSWERS
from redaction.everyday import EVERYDAY as WRITTEN_EVERYDAY
from redaction.everyday import PARTICLES as WRITTEN_PARTICLES
from redaction.everyday import STREETS as WRITTEN_STREETS
from redaction.showing.folding import both, tokens


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset("".join(tokens(written)) for word in words for written in both(word))


def is_particle(words: Sequence[str], index: int) -> bool:
    """Whether a word of a name is a particle there: as its first or last word it is a name."""
    return 0 < index < len(words) - 1 and words[index] in PARTICLES


EVERYDAY: Final = _folded(WRITTEN_EVERYDAY)
STREETS: Final = _folded(WRITTEN_STREETS)
PARTICLES: Final = _folded(WRITTEN_PARTICLES)
ANSWERS: Final = _folded(WRITTEN_ANSWERS)
