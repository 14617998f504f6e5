"""Runs a property over evenly drawn examples, and lets Hypothesis shrink what fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase, choices_to_bytes

from tests.generator.choices import Draw

T = TypeVar("T")


def evenly(
    check: Callable[[T], object], example: Callable[[Draw], T], *, seed: int
) -> Iterator[None]:
    """Check one more example at each step, without end, every choice as likely as its text says.

    Hypothesis by itself prefers small examples and variations of earlier ones: of 660 worlds it
    made, fewer than 200 had an event type of their own. So the numbers are drawn here, which also
    takes a fraction of the time. An example that fails is told with the failure; with
    `CASEWARD_SHRINK` in the environment its numbers are given to Hypothesis, which looks for a
    smaller one for up to five minutes.

    Args:
        check: the property.
        example: makes an example of the numbers that it draws.
        seed: where the numbers begin.

    Raises:
        Exception: what `check` raised.
    """
    random = Random(seed)
    for number in count(1):
        made: T | None = None
        drawn: list[int] = []

        def draw(least: int, most: int, drawn: list[int] = drawn) -> int:
            drawn.append(choice := random.randint(least, most))
            return choice

        try:
            check(made := example(draw))
        except Exception as error:
            if "CASEWARD_SHRINK" in os.environ:
                _shrink(check, example, drawn)
            told = "" if isinstance(made, list) else f": {made}"
            error.add_note(f"example {number} of seed {seed}{told}")
            raise
        yield


def _shrink(check: Callable[[T], object], example: Callable[[Draw], T], drawn: list[int]) -> None:
    @st.composite
    def examples(choose: st.DrawFn) -> T:
        return example(lambda least, most: choose(st.integers(least, most)))

    @settings(
        database=_One(drawn),
        deadline=None,
        phases=(Phase.reuse, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(examples())
    def test(example: T) -> None:
        check(example)

    test()


class _One(ExampleDatabase):
    """Holds the numbers of one example, and keeps nothing else."""

    def __init__(self, drawn: list[int]) -> None:
        self._found = choices_to_bytes(drawn)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The example, as Hypothesis keeps its own that are not shrunk yet."""
        if key.endswith(b".secondary"):
            yield self._found

    def save(self, key: bytes, value: bytes) -> None:
        """Nothing is kept."""

    def delete(self, key: bytes, value: bytes) -> None:
        """Nothing is deleted."""
