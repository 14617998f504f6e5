"""`kill -9` of a running connector at the worst moments: each record and delivery is there once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.fakes import FileFeed, FileOutlet, make_delivery
from tests.connectors.receiver import TOKEN, receiving

ROOT = Path(__file__).parents[2]
COUNT = 2


def run(job: dict[str, Any], moment: str) -> int:
    """Run the connector in a process of its own; its return code."""
    text = json.dumps(job | {"moment": moment})
    command = [sys.executable, "-m", "tests.connectors.child_runner", text]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


def kill_until_done(job: dict[str, Any], moment: str) -> int:
    """Kill it once a step, then let it finish; how often it was killed."""
    kills = 0
    while kills < COUNT and run(job, moment) == -signal.SIGKILL:
        kills += 1
    assert run(job, "never") == 0
    return kills


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_folder_sink_killed_around_settling_leaves_each_file_once(
    tmp_path: Path, moment: str
) -> None:
    out, state = tmp_path / "out", tmp_path / "settled"
    job = {
        "way": "sink",
        "connector": "folder",
        "settings": {"directory": str(out)},
        "state": str(state),
        "count": COUNT,
    }
    assert kill_until_done(job, moment) == COUNT
    expected = [f"{make_delivery(number).delivery_id}.json" for number in range(COUNT)]
    assert sorted(path.name for path in out.iterdir()) == expected
    settled = FileOutlet(state, []).settled
    assert list(settled.values()) == ["accepted"] * COUNT


def test_a_webhook_killed_between_its_post_and_settling_repeats_the_key(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with receiving() as receiver:
        job = {
            "way": "sink",
            "connector": "webhook",
            "settings": {"url": receiver.url, "token_file": str(token)},
            "state": str(tmp_path / "settled"),
            "count": COUNT,
        }
        assert kill_until_done(job, "before") == COUNT
        first, second = (make_delivery(number).delivery_id for number in range(COUNT))
        keys = [request.headers["idempotency-key"] for request in receiver.requests]
        assert keys == [first] * (COUNT + 1) + [second]
        assert len({request.body for request in receiver.requests}) == COUNT
        assert list(receiver.taken) == [first, second]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_folder_source_killed_around_its_transaction_gives_each_event_once(
    tmp_path: Path, moment: str
) -> None:
    place, state = tmp_path / "in", tmp_path / "feed"
    place.mkdir()
    (place / "a.jsonl").write_text('"1"\n"2"\n"3"\n')
    (place / "b.json").write_text('"4"')
    job = {
        "way": "source",
        "settings": {"directory": str(place), "quiet_s": 0},
        "state": str(state),
    }
    assert kill_until_done(job, moment) == COUNT
    assert FileFeed(state).records == [b'"1"', b'"2"', b'"3"', b'"4"']
