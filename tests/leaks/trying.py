"""Tries one leak: puts it into a child process and runs the tests of its class, then the laws."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

import tests.broker.test_gateway_pure
import tests.redaction.test_differential
import tests.redaction.test_noninterference  # noqa: F401 - read once, not by each child
from tests.leaks import delivering, shapes, values
from tests.leaks.patching import BROKEN, HOUSE, LEAKS, Leak

OF_CLASSES = (
    "tests/redaction/test_leak_classes.py",
    "tests/redaction/test_leak_classes_forms.py",
    "tests/redaction/test_leak_classes_texts.py",
    "tests/broker/test_leak_classes_gateway.py",
)
LAW_CASES = 10_000
__all__ = ["LEAKS", "OF_CLASSES", "delivering", "shapes", "values"]  # whose import fills `LEAKS`


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What caught a leak, or that nothing did (`test` is None); `case` is the first that did."""

    test: str | None
    case: str


class _Watch:
    """Remembers the first test that failed."""

    def __init__(self) -> None:
        self.failed: tuple[str, str] | None = None
        self.run = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.run += 1
        if report.failed and self.failed is None:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failed = report.nodeid, "" if crash is None else str(crash.message)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid, "the file could not be read"


def by_tests(leak: Leak | None, *, only: str | None = None) -> Caught:
    """Run the named tests of a leak's class in this process; without a leak those of all classes.

    Raises:
        RuntimeError: there are no such tests.
    """
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--timeout=120"]
    if only is not None:
        chosen = [only]
    elif leak is not None and leak.caught_by:
        chosen = list(leak.caught_by)
    else:
        chosen = [*OF_CLASSES, *(() if leak is None else ("-k", f"{leak.of.lower()}_"))]
    chosen = [one for one in chosen if not one.endswith(".py") or (HOUSE / one).exists()]
    watch = _Watch()
    os.chdir(HOUSE)
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*words, *chosen], plugins=[watch])
    if not watch.run and watch.failed is None:
        raise RuntimeError("no test was run")
    if watch.failed is None:
        return Caught(test=None, case=f"{watch.run} tests passed")
    return Caught(test=watch.failed[0], case=watch.failed[1].splitlines()[0][:120])


def by_law(name: str, cases: int = LAW_CASES) -> Caught:
    """Try a random law until it is broken, in this process."""
    from tests.redaction.test_differential import SEED, decisions
    from tests.redaction.test_noninterference import SETTINGS, compare_pairs

    done = 0
    try:
        if name == "noninterference":
            rnd = Random(SEED)
            for _ in range(cases // 4):
                done += 4
                compare_pairs(rnd, rnd.choice(SETTINGS), 4)
        else:
            from tests.redaction.coverage import Reached

            reached = Reached()
            run = decisions(reached, seed=SEED)
            while reached.decisions < cases:
                done = reached.decisions
                next(run)
    except Exception as error:  # noqa: BLE001 - whatever a law raises, it is broken
        return Caught(test=f"law: {name}", case=f"seed {SEED}, case {done}: {type(error).__name__}")
    return Caught(test=None, case=f"{done} cases of {name} passed")


def apart(leak: Leak, work: Callable[[], Caught]) -> Caught:
    """Do this in a child process that has the leak, and come back without it.

    Raises:
        RuntimeError: the leak could not be put in; its message says why.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            leak.put()
            answer: Caught | str = work()
            if BROKEN:
                answer = f"the leak itself fails: {BROKEN[0]}"
        except BaseException as error:  # noqa: BLE001 - told to the parent, which raises it
            answer = f"{type(error).__name__}: {error}"
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    answer = pickle.loads(data) if data else "the child died"
    if isinstance(answer, str):
        raise RuntimeError(f"{leak.id}: {answer}")
    return Caught(test=answer.test, case=answer.case)
