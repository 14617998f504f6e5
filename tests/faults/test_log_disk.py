"""The disk under the log fills up, or fails in the middle of a commit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.needs import needs

_IN_OWN_MOUNTS = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
_ON_A_SMALL_DISK = 'mount -t tmpfs -o size=4m tmpfs "$1" && shift && exec "$@"'


def _may_mount() -> bool:
    try:
        command = [*_IN_OWN_MOUNTS, 'mount -t tmpfs -o size=1m tmpfs "$1"', "sh", "/mnt"]
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


def run(*command: str) -> list[list[Any]]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def child(program: str, directory: Path) -> list[str]:
    return [sys.executable, "-m", "tests.faults.log_child", program, str(directory / "log.db")]


@needs("a small disk", _may_mount(), "it may not mount a tmpfs (unshare --map-root-user --mount)")
def test_on_a_full_disk_nothing_is_half_written_and_work_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    told = run(*_IN_OWN_MOUNTS, _ON_A_SMALL_DISK, "sh", str(tmp_path), *child("full", tmp_path))
    fills = [words[1] for words in told if words[0] == "full"]
    assert len(fills) == 3
    assert fills == sorted(set(fills)), "room was made, and nothing more was written"
    assert told[-1] == ["read", True, ["first", "0", "1", "2"]]
    assert list(tmp_path.iterdir()) == [], "the test did not run on the small disk"


def test_a_commit_that_fails_midway_is_unknown_and_stops_the_log_until_it_is_reopened(
    tmp_path: Path,
) -> None:
    outcomes, refused, read = run(*child("unknown", tmp_path))
    assert outcomes == ["outcomes", ["OutcomeUnknown", "OutcomeUnknown", "LogClosed"]]
    assert refused == ["refused", 5, 5]
    known, unknown = 5, 70_000
    assert read in (["read", [known]], ["read", [known, unknown, unknown, known]])
