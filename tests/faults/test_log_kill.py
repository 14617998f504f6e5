"""The log's process is killed again and again, in the middle of whatever it is doing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.log import Record, read_to_end
from broker.log_embedded import EmbeddedLog

KILLS = 40
LIVES_S = 0.1  # a child is killed at a random moment of this


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that forks children which work on `log.db`."""
    command = [sys.executable, "-m", "tests.faults.log_child", "nursery", str(tmp_path / "log.db")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        os.killpg(process.pid, signal.SIGKILL)


def live_and_die(nursery: subprocess.Popen[str], seed: int, lives_s: float) -> list[list[Any]]:
    """Let a child work and kill it; give what the log acknowledged to it."""
    if nursery.stdin is None or nursery.stdout is None:
        raise RuntimeError("the nursery has no pipes")
    nursery.stdin.write(f"{seed}\n")
    nursery.stdin.flush()
    told: list[list[Any]] = []
    for line in nursery.stdout:
        told.append(json.loads(line))
        if told[-1][0] == "ready":
            threading.Timer(lives_s, os.kill, [told[-1][1], signal.SIGKILL]).start()
        elif told[-1][0] == "dead":
            return told
    raise RuntimeError("the nursery died")


class Ledger:
    """What has been acknowledged so far, compared with what a reopened log holds."""

    def __init__(self) -> None:
        self.appended: dict[int, str] = {}  # offset -> part
        self.seen: dict[int, str] = {}
        self.position = 0
        self.newest: dict[str, int] = {}

    def note(self, told: list[list[Any]]) -> None:
        for what, *words in told:
            if what == "appended":
                parts, offsets = words
                assert not self.seen.keys() & set(offsets), "an offset was used twice"
                self.appended.update(zip(offsets, parts, strict=True))
            elif what == "committed":
                self.position = max(self.position, words[0])
            elif what == "replaced":
                self.newest[words[0]] = max(words[1], self.newest.get(words[0], 0))

    async def compare(self, path: Path) -> None:
        log = await EmbeddedLog.open(path)
        records = [record async for record in read_to_end(log, "in", 0)]
        self._compare_appends(records)
        member = await log.join("workers", ["in"])
        position = await member.position("in", 0)
        assert position >= self.position, "an acknowledged commit is gone"
        outputs = [record.value async for record in read_to_end(log, "out", 0)]
        assert outputs == [record.value for record in records if record.offset < position]
        newest = [record async for record in read_to_end(log, "newest", 0)]
        held = {(record.key or b"").decode(): int(record.value or b"0") for record in newest}
        assert len(newest) == len(held), "a superseded record is back"
        assert all(held[key] >= turn for key, turn in self.newest.items())
        await log.close()

    def _compare_appends(self, records: list[Record]) -> None:
        now = {record.offset: _part(record) for record in records}
        assert self.appended.items() <= now.items(), "an acknowledged append is gone"
        assert self.seen.items() <= now.items(), "what was there has changed"
        self.seen = now
        transactions: dict[str, list[int]] = {}
        for part in now.values():
            writer, turn, number, last = part.rsplit(":", 3)
            transactions.setdefault(f"{writer}:{turn}:{last}", []).append(int(number))
        for name, numbers in transactions.items():
            assert numbers == list(range(int(name.rsplit(":", 1)[1]) + 1)), "a half append"


def _part(record: Record) -> str:
    value = (record.value or b"").decode()
    part = value[: len(value) // 40]
    assert value == part * 40, "a record is damaged"
    return part


def test_a_kill_at_any_moment_loses_no_acknowledged_write_and_halves_none(
    nursery: subprocess.Popen[str], tmp_path: Path
) -> None:
    chance = random.Random(7)
    ledger = Ledger()
    for seed in range(1, KILLS + 1):
        ledger.note(live_and_die(nursery, seed, chance.random() * LIVES_S))
        asyncio.run(ledger.compare(tmp_path / "log.db"))
    assert len(ledger.appended) > KILLS
    assert ledger.position > KILLS
    assert len(ledger.newest) == 7
