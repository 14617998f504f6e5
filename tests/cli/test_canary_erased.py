"""`caseward erase`: what a case left is in no file any more, sealed or not; the ledger verifies."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from broker.places import Places
from tests.cli.calls import POLICE, answer, call, refused, spawn
from tests.cli.canaries import MARK, every_type, feed, files, register_file, traces
from tests.cli.front_door import Door, ended, opened, running, say, sources, until

CASE = f"{MARK}99-9999-case"
SEALED = ("events.", "deliveries.", "dead-letters.", "hop-openings")
WINDOW_BYTES = 32


@pytest.fixture
def door(node: Path, tmp_path: Path) -> Iterator[Door]:
    """A node that meets events of every type, all about one case."""
    with opened(node, tmp_path, every_type(case=CASE)) as found:
        yield found


def sealed(state: Path) -> set[bytes]:
    """Every event, view, dead letter and opening that lies sealed in the log of a stopped node."""
    found: set[bytes] = set()
    with closing(sqlite3.connect(f"file:{Places(state).log}?mode=ro", uri=True)) as log:
        for number, topic in log.execute("SELECT id, topic FROM streams").fetchall():
            if topic.startswith(SEALED):
                rows = log.execute(f"SELECT value FROM records_{number}").fetchall()
                found.update(value for (value,) in rows if value is not None)
    return found


def windows(value: bytes) -> set[bytes]:
    """Pieces of a sealed record that no other has: past its head, and some within every page."""
    starts = [*range(300, len(value) - WINDOW_BYTES, 256), len(value) - WINDOW_BYTES]
    return {value[start : start + WINDOW_BYTES] for start in starts}


def left(state: Path, values: Iterable[bytes]) -> int:
    """How many of these records have a piece in some file of the state directory."""
    data = [data for _, data in files(state)]
    return sum(any(one in each for one in windows(value) for each in data) for value in values)


def named(state: Path, event_id: str) -> set[str]:
    """Which files of the state directory hold an event's id."""
    forms = (event_id.encode(), bytes.fromhex(event_id.replace("-", "")))
    return {path.name for path, data in files(state) if any(form in data for form in forms)}


def test_after_erase_no_file_holds_the_case_sealed_or_not(door: Door) -> None:
    """Erased while the node runs: events, views, dead letters, openings, rows; not another case."""
    before = sealed(door.state)
    said_twice = json.loads(json.dumps(door.events[-1].value))
    said_twice["header"]["on_behalf_of"] = f"{MARK}somebody-else"
    second = door.feeds / door.events[-1].source / "~second.json"
    second.write_text(json.dumps(said_twice))  # the same id: a dead letter about the case
    count = sum(map(len, door.views().values()))
    door.up(sources(door.feeds), door.sinks())
    look = ("trace", door.events[0].id, "--publisher", door.events[0].source, "--as", "auditor")
    assert traces(say(door, look)) == []
    mine = sealed(door.state) - before
    assert len(mine) > len(door.events) + 2 * count
    assert left(door.state, mine) == len(mine)

    others = every_type(first=30)
    cases = register_file(door.root / "given" / "others.yaml", others)
    assert call("register", "load", cases, state=door.state).exit_code == 0
    feed(door.feeds, others)
    with running(door, sources(door.feeds), door.sinks()) as child:
        until(door, "written", 2 * count)
        erasing = spawn("erase", CASE, "--json", state=door.state)
        out, err = ended(erasing)
        assert (erasing.returncode, err, traces(out)) == (0, "", [])
        assert json.loads(out)["erased"] > len(door.events) + count
        assert left(door.state, mine) == 0
        assert_nothing_tells_of_the_case(door)
        child.send_signal(signal.SIGTERM)
        assert traces("".join(ended(child))) == []
    assert left(door.state, mine) == 0
    door.assert_nothing_escaped()
    for one in door.events:
        assert named(door.state, one.id) <= {"log.sqlite"}  # `seen`: an id is never used again

    door.events.extend(others)
    door.up(sources(door.feeds), door.sinks())
    door.assert_arrived()  # each once: nothing of the erased case came again
    said = answer("ledger-verify", "ledger", "verify", Places(door.state).ledger)
    assert said["ok"]
    export = door.root / "given" / "export"
    assert call("ledger", "export", export, state=door.state).exit_code == 0
    exported = b"".join(data for _, data in files(export))
    assert CASE.encode() not in exported
    assert others[0].case.encode() in exported
    assert left(door.state, mine) == 0


def assert_nothing_tells_of_the_case(door: Door) -> None:
    """No command knows an erased event; it is refused as one that never was."""
    asked = ("deliveries", "--case", CASE, "--as", "auditor")
    assert answer("deliveries", *asked, state=door.state)["deliveries"] == []
    letters = answer("dead-letters", "dead-letters", state=door.state)["dead_letters"]
    assert letters == []
    for one in door.events:
        words = (one.id, "--publisher", one.source)
        for command in (("trace", *words, "--as", "auditor"), ("redeliver", *words)):
            assert traces(refused(call(*command, state=door.state))) == []
    unknown = refused(call("trace", "0", "--publisher", POLICE, state=door.state))
    assert unknown == refused(
        call("trace", door.events[0].id, "--publisher", POLICE, state=door.state)
    )
