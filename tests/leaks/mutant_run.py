"""What a changed file is tried with: named tests first, then some decisions against the reference.

`python -m tests.leaks.mutant_run DECISIONS TEST...`; exits with 1 as soon as anything fails.
"""

from __future__ import annotations

import sys

import pytest


def main(decisions: int, tests: list[str]) -> int:
    """Run them; the exit status."""
    words = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no"]
    if pytest.main([*words, *tests]) != pytest.ExitCode.OK:
        return 1
    if decisions:
        from tests.soak.laws import DECISIONS, differential

        for _ in differential(range(1, 1 + decisions // DECISIONS)):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
