"""The laws that are tried at length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.fuzz.targets import TARGETS, fuzz
from tests.redaction.cedar.asking import oracle
from tests.redaction.coverage import Decided
from tests.redaction.test_differential import decisions
from tests.redaction.test_noninterference import SETTINGS, compare_pairs
from tests.redaction.test_noninterference_worlds import pairs

DECISIONS = 500  # of a seed that reach an agreement, at least
AGREEMENTS, EVENTS, PARTNERS = 20, 10, 4  # of a seed; events of an agreement, and their partners
PAIRS_OVER_TYPES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A law by its name in the table; `weight` is its share of the time against the others'."""

    name: str
    holds: Callable[[range], Iterator[int]]
    weight: int = 1


def differential(seeds: range) -> Iterator[int]:
    """The plan and the reference agree, and the checker accepts; a case is a decision."""
    for seed in seeds:
        reached = Decided()
        run = decisions(reached, seed=seed)
        while reached.decisions < DECISIONS:
            next(run)
        yield reached.decisions


def noninterference(seeds: range) -> Iterator[int]:
    """Equal outcomes and equal released values give equal bytes; a case is a pair of events."""
    for seed in seeds:
        rnd = Random(seed)
        for _ in range(AGREEMENTS):
            compare_pairs(rnd, rnd.choice(SETTINGS), EVENTS, PARTNERS)
        yield AGREEMENTS * EVENTS * PARTNERS


def over_types(seeds: range) -> Iterator[int]:
    """The same over event types, agreements and registers of any kind."""
    for seed in seeds:
        seen: Counter[str] = Counter()
        run = pairs(seen, seed=seed)
        while seen["pairs"] < PAIRS_OVER_TYPES:
            next(run)
        yield seen["pairs"]


LAWS = (
    Law(name="differential", holds=differential, weight=4),
    Law(name="noninterference", holds=noninterference, weight=2),
    Law(name="noninterference over types", holds=over_types, weight=4),
    Law(name="cedar", holds=oracle, weight=2),
    *(Law(name=f"fuzz: {each.name}", holds=partial(fuzz, each)) for each in TARGETS),
)
