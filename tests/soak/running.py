"""Tries a law's seeds on several cores until its time is up."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from time import monotonic

from tests.soak.laws import LAWS

MAX_FAILURES = 5  # of one run of a law; then its fault is known
FRESH_AFTER = 500  # seeds of one process, so that nothing it keeps grows without end


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one seed: the cases, and what was raised if the law was broken."""

    seed: int
    cases: int
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the seeds from `first` to `last`, both included; none were tried if it is less.

    `failures` are told with their seeds.
    """

    first: int
    last: int
    cases: int
    failures: tuple[str, ...]


Try = Callable[[str, int], Tried]


def try_seed(name: str, seed: int) -> Tried:
    """Try one seed of the law of this name."""
    law = next(law for law in LAWS if law.name == name)
    try:
        return Tried(seed=seed, cases=sum(law.holds(range(seed, seed + 1))), failure=None)
    except Exception:  # noqa: BLE001 - whatever a law raises, it is broken
        return Tried(seed=seed, cases=0, failure=traceback.format_exc())


def run(
    name: str,
    *,
    first: int,
    seconds: float,
    cores: int,
    trying: Try = try_seed,
    clock: Callable[[], float] = monotonic,
) -> Outcome:
    """Try the seeds of a law from `first` on, each whole, at least one, for about so long."""
    until, seed, cases, failures = clock() + seconds, first, 0, list[str]()
    context = get_context("spawn")  # a fork would share what this process has drawn
    with ProcessPoolExecutor(cores, mp_context=context, max_tasks_per_child=FRESH_AFTER) as pool:
        waiting: set[Future[Tried]] = set()
        while True:
            more = len(failures) < MAX_FAILURES and (seed == first or clock() < until)
            while more and len(waiting) < cores:
                waiting.add(pool.submit(trying, name, seed))
                seed += 1
            if not waiting:
                break
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for tried in (each.result() for each in done):
                cases += tried.cases
                if tried.failure is not None:
                    failures.append(f"{name}, seed {tried.seed}:\n{tried.failure}")
    return Outcome(first=first, last=seed - 1, cases=cases, failures=tuple(failures))
