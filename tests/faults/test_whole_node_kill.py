"""`kill -9` of the whole node at random moments: nothing lost, nothing doubled, ledger whole.

The short form runs always; `CASEWARD_LONG=1` plays 5,000 events through 50 kills.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from broker.config import Config
from broker.demo import Check, Receiver
from broker.index import Wanted
from broker.node import Node
from broker.session import in_process
from broker.stage import Stage
from schemas.hop import Step

COMMAND = Path(sys.executable).parent / "caseward"
LONG = os.environ.get("CASEWARD_LONG") == "1"
EVENTS, KILLS = (5000, 50) if LONG else (250, 6)
FINISH_S = 1800 if LONG else 200


def _toml(config: Config) -> str:
    lines = []
    for kind, connectors in (("source", config.source), ("sink", config.sink)):
        for one in connectors:
            directory = json.dumps(one.settings["directory"])
            lines += [f"[[{kind}]]", f'agency = "{one.agency}"', f'kind = "{one.kind}"']
            lines += [f"settings = {{directory = {directory}}}", ""]
    return "\n".join(lines)


def _start(stage: Stage, config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [COMMAND, "--state", stage.places.root, "up", "--config", config, "--until-idle"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _kill_often(stage: Stage, config: Path, dice: Random) -> int:
    """Start and kill; give how many kills met a process that had not finished by itself."""
    met = 0
    for _ in range(KILLS):
        child = _start(stage, config)
        # From before the log is open to well within the work.
        time.sleep(dice.uniform(0.3, 4.0))
        met += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    return met


def _in_order(rows: list[dict[str, object]]) -> bool:
    """Whether each recipient's deliveries of a case follow the publisher's order."""
    last: dict[tuple[object, ...], int] = {}
    for row in rows:
        stream, offset = str(row["source"]).rsplit("/", 1)
        name = (stream, row["case_token"], row["recipient"], row["purpose"])
        if int(offset) <= last.get(name, -1):
            return False
        last[name] = int(offset)
    return True


@pytest.mark.timeout(FINISH_S * 2)
async def test_a_node_killed_at_random_moments_loses_and_repeats_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage", seed=11)
    secret = stage.build()
    cases = stage.cases(EVENTS)
    node = Node(stage.places, secret=secret)
    await node.open()
    try:
        node.start()
        async with in_process(node) as http:
            await stage.enter(http, secret, cases)
    finally:
        await node.close()
    events = list(stage.events(EVENTS, cases))
    broken = stage.feed(events)
    config = tmp_path / "caseward.toml"
    config.write_text(_toml(stage.config("", "")), encoding="utf-8")

    met = await asyncio.to_thread(_kill_often, stage, config, Random(5))
    last = _start(stage, config)
    assert await asyncio.to_thread(last.wait, FINISH_S) == 0

    assert met >= KILLS // 2, "too few kills met a working node to say anything"
    node = Node(stage.places, secret=secret)
    await node.open()
    try:
        await node.caught_up()
        outcome = await Check(node, stage, Receiver()).run(events, broken, time.monotonic())
        sealed = [r for r in node.index.deliveries(Wanted(limit=10**9)) if r["step"] == Step.SEALED]
    finally:
        await node.close()
    assert (outcome.lost, outcome.duplicated, outcome.different) == (0, 0, 0)
    assert outcome.deliveries == len(sealed) > EVENTS
    assert len({row["delivery_id"] for row in sealed}) == len(sealed)
    assert _in_order(sealed)
    assert outcome.ledger_verified
    print(f"{EVENTS} events, {met} kills met a working node: {outcome.summary()}")
