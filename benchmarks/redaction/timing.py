"""Paired timings: loops take turns, so that a drift of the machine's speed meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

ROUNDS = 41
ROUND_SECONDS = 0.02  # of each loop in each round

Times = Mapping[str, list[float]]  # microseconds a call, one for each round


def measured(loops: Mapping[str, Callable[[], Any]], *, rounds: int = ROUNDS) -> Times:
    """How long one call of each loop takes, round by round, in microseconds of processor time."""
    counts = {name: _count(loop) for name, loop in loops.items()}
    times: dict[str, list[float]] = {name: [] for name in loops}
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, loop in loops.items():
            times[name].append(_time(loop, counts[name]))
    gc.unfreeze()
    return times


def median(times: Times, name: str) -> float:
    """The median of a loop's rounds, in microseconds."""
    return round(statistics.median(times[name]), 1)


def ratio(times: Times, name: str, other: str) -> dict[str, float]:
    """How many times as long one loop takes as another: over the rounds, each with itself."""
    ratios = sorted(a / b for a, b in zip(times[name], times[other], strict=True))
    low, high = ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
    return {
        "median": round(statistics.median(ratios), 3),
        "p10": round(low, 3),
        "p90": round(high, 3),
    }


def _count(loop: Callable[[], Any]) -> int:
    """How often a loop runs in a round; by the way it is warm then."""
    for _ in range(20):
        loop()
    return max(1, round(ROUND_SECONDS * 1e6 / _time(loop, 10)))


def _time(loop: Callable[[], Any], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        loop()
    return (time.process_time() - began) / count * 1e6
