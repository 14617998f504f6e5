"""The tests can fail: leaks put into the engine on purpose are caught. `make leaks` tries all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.leaks.patching import HOUSE, LEAKS, Leak, around
from tests.leaks.trying import Caught, apart

KEPT = HOUSE / "tests" / "leaks" / "caught.json"
CLASSES = [f"T{number}" for number in range(1, 15)]
FAST = [leak.id for leak in LEAKS.values() if leak.fast]
TRY = """
import sys
from tests.leaks.trying import LEAKS, apart, by_tests
found = apart(LEAKS[sys.argv[1]], lambda: by_tests(LEAKS[sys.argv[1]], only=sys.argv[2]))
print(found.test)
"""


@pytest.mark.parametrize("id", FAST)
def test_a_leak_is_caught_by_the_test_that_is_written_down(id: str) -> None:
    """A fault of each class, put into a process of its own, fails the test of the kept list."""
    by = json.loads(KEPT.read_text(encoding="utf-8"))[id]["caught"][0]["by"]
    done = subprocess.run(
        [sys.executable, "-c", TRY, id, by], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == by, done.stderr


def test_every_leak_was_caught_and_no_class_has_fewer_than_two() -> None:
    """The kept list speaks of every leak there is, and of what caught it."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept.keys() == LEAKS.keys()
    assert len(LEAKS) >= 60
    assert all(one["caught"] for one in kept.values())
    assert {id: one["class"] for id, one in kept.items()} == {i: x.of for i, x in LEAKS.items()}
    classes = Counter(leak.of for leak in LEAKS.values())
    assert all(classes[one] >= 2 for one in CLASSES)
    assert {leak.of for leak in LEAKS.values() if leak.fast} >= set(CLASSES)


def test_a_leak_that_fails_by_itself_shows_nothing() -> None:
    """What catches a leak is a test that sees it, not a mistake in the leak."""

    def put() -> None:
        around("redaction.judging:judge", lambda _: lambda *_args: dict[str, str]()["no such key"])

    def work() -> Caught:
        from redaction import judging

        with pytest.raises(KeyError):
            judging.judge(*(None,) * 3)  # type: ignore[arg-type]
        return Caught(test="some test", case="it failed")

    broken = Leak(id="broken", of="T1", does="", put=put, caught_by=(), fast=False)
    with pytest.raises(RuntimeError, match="the leak itself fails: KeyError"):
        apart(broken, work)


def test_a_leak_whose_place_is_gone_says_so() -> None:
    """A function that was renamed away is no silent success."""
    with pytest.raises(LookupError, match="write the leak anew"):
        around("redaction.judging:no_such_function", lambda old: old)
