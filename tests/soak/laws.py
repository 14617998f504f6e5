"""The laws that are tried at length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.fuzz.targets import TARGETS, fuzz
from tests.redaction import test_noninterference
from tests.redaction.cedar.asking import oracle
from tests.redaction.coverage import Reached
from tests.redaction.test_differential import decisions

DECISIONS = 500  # of a seed that reach an agreement, at least
PAIRS = 100  # of a seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A law by its name in the table; `weight` is its share of the time against the others'."""

    name: str
    holds: Callable[[range], Iterator[int]]
    weight: int = 1


def differential(seeds: range) -> Iterator[int]:
    """The plan and the reference agree, and the checker accepts; a case is a decision."""
    for seed in seeds:
        reached = Reached()
        run = decisions(reached, seed=seed)
        while reached.decisions < DECISIONS:
            next(run)
        yield reached.decisions


def noninterference(seeds: range) -> Iterator[int]:
    """Equal outcomes and equal released values give equal bytes; a case is a pair of events."""
    law = test_noninterference.test_equal_outcomes_and_released_values_give_equal_bytes
    holds = law.hypothesis.inner_test  # type: ignore[attr-defined]
    for seed in seeds:
        rnd = Random(seed)
        for _ in range(PAIRS):
            holds(rnd, rnd.choice(test_noninterference.SETTINGS))
        yield PAIRS


LAWS = (
    Law(name="differential", holds=differential, weight=4),
    Law(name="noninterference", holds=noninterference, weight=4),
    Law(name="cedar", holds=oracle, weight=2),
    *(Law(name=f"fuzz: {each.name}", holds=partial(fuzz, each)) for each in TARGETS),
)
