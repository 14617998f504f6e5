"""For all tests: what a machine could not run is listed, and in CI it is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import settings

from tests.needs import reason_of

settings.register_profile("caseward", deadline=None, print_blob=True)
settings.load_profile("caseward")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    reason = reason_of(report)
    if reason and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"in CI every test must run, but this needs {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missing = {report.nodeid: reason for report in skipped if (reason := reason_of(report))}
    if missing:
        terminalreporter.section("this machine could not run:")
        for nodeid, reason in sorted(missing.items()):
            terminalreporter.line(f"{nodeid} (needs {reason})")


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command that ran in this process leaves no logging set up for the next test."""
    yield
    structlog.reset_defaults()
