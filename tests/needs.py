"""Tests that some machines cannot run: they say so, and where everything must run they fail."""

from __future__ import annotations

import pytest

PREFIX = "this machine cannot run it: "


def needs(name: str, available: bool, why: str) -> pytest.MarkDecorator:
    """Mark a test that needs something of the machine.

    Args:
        name: what it needs, in a word or two.
        available: whether this machine has it.
        why: what is missing, for whoever wants to mend it.

    """
    return pytest.mark.skipif(not available, reason=f"{PREFIX}{name}: {why}")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """Give what a skipped test needed, or None when it was skipped for another reason or not."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    text = str(report.longrepr[2]).removeprefix("Skipped: ")
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else None
