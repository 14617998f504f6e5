"""Runs a property over evenly drawn examples, and lets Hypothesis shrink what fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

MAX_EXAMPLE_BYTES = 16_384  # a world uses about 600; with too few no example comes about


def evenly(
    check: Callable[[Any], None], examples: st.SearchStrategy[Any], *, seed: int
) -> Iterator[None]:
    """Check one more example at each step, without end, every choice as likely as its text says.

    Hypothesis by itself prefers small examples and variations of earlier ones: of 660 worlds it
    made, fewer than 200 had an event type of their own. So it is fed random bytes here, and its
    search is kept for a failure, which it takes from its database and shrinks.

    Raises:
        Exception: what `check` raised, for the smallest failing example that was found.
    """

    @settings(
        database=InMemoryExampleDatabase(),
        deadline=None,
        phases=(Phase.reuse, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(examples)
    def test(example: Any) -> None:
        check(example)

    fuzz: Callable[[bytes], object] = cast("Any", test).hypothesis.fuzz_one_input
    random = Random(seed)
    while True:
        try:
            fuzz(random.randbytes(MAX_EXAMPLE_BYTES))
        except Exception:
            test()
            raise
        yield
