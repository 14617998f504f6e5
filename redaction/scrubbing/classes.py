"""Which of three classes a hidden string belongs to, and which words tell nothing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from redaction import everyday
from redaction.scrubbing.folding import folded_words
from redaction.scrubbing.values import Telling

NAME_WORDS: Final = 6  # more words are no name
SHORT_WORDS: Final = 8  # more words are a text of its own

EVERYDAY: Final = folded_words(everyday.EVERYDAY)
STREETS: Final = folded_words(everyday.STREETS)
PARTICLES: Final = folded_words(everyday.PARTICLES)
ANSWERS: Final = folded_words(everyday.ANSWERS)


class Class(Enum):
    """Closed list: how the words of a hidden string are hidden."""

    NAME = auto()
    SHORT = auto()
    LONG = auto()


def without_particles(words: Sequence[str]) -> list[str]:
    """The words of a name, as they are folded, that are not mere particles.

    The first and the last word are none, whatever they are: somebody is called `Al`.
    """
    ends = (0, len(words) - 1)
    return [word for at, word in enumerate(words) if at in ends or word not in PARTICLES]


def class_of(telling: Telling, tokens: int) -> Class:
    """The class of a hidden string of so many tokens."""
    if telling is Telling.NAME and tokens <= NAME_WORDS:
        return Class.NAME
    return Class.SHORT if tokens <= SHORT_WORDS else Class.LONG
