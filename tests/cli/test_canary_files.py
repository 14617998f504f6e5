"""From files to files through the command: a canary is only in the views that release it.

Every event type comes in as a file with a canary in each leaf, in the file's name, and as its case
reference. Whatever lies in the state directory is searched as raw bytes, while the node runs, after
a kill and after it ended; so is all that the commands print. Faults are seeded in sources and in
sinks.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.places import Places
from tests.cli.calls import CHILDREN, POLICE, answer, call
from tests.cli.canaries import MARK, broken, every_type, files, told, traces
from tests.cli.front_door import (
    HOSPITAL,
    HOUSING,
    Door,
    connector,
    ended,
    inline,
    opened,
    running,
    say,
    say_everything,
    sources,
    until,
)
from tests.redaction.alike import unmatched


@pytest.fixture
def door(node: Path, tmp_path: Path) -> Iterator[Door]:
    """A node that meets an event of every type."""
    with opened(node, tmp_path, every_type()) as found:
        yield found


def test_from_files_to_sinks_only_released_views_hold_a_canary(door: Door) -> None:
    """Live, after a kill and after a restart: no canary outside feeds and released views."""
    before = {path: path.read_bytes() for path in door.feeds.rglob("*.json")}
    count = sum(map(len, door.views().values()))
    with running(door, sources(door.feeds), door.sinks()) as child:
        until(door, "written", count)
        door.assert_nothing_escaped()
        assert traces(say_everything(door)) == []
        child.kill()
        out, err = ended(child)
    assert traces(out + err) == []
    door.assert_nothing_escaped()
    door.assert_arrived()
    door.up(sources(door.feeds), door.sinks())
    door.assert_arrived()
    assert {path: path.read_bytes() for path in door.feeds.rglob("*") if path.is_file()} == before
    assert call("backup", door.root / "backup", state=door.state).exit_code == 0
    answer("ledger-verify", "ledger", "verify", Places(door.state).ledger, state=door.state)
    door.assert_nothing_escaped()
    assert_marks_are_where_they_are_released(door)
    assert_export_is_private_and_holds_case_references_alone(door)


def assert_marks_are_where_they_are_released(door: Door) -> None:
    """Of every single canary: an agency's system holds it if, and only if, its views do."""
    released = withheld = 0
    for name, views in door.views().items():
        written = b"".join(path.read_bytes() for path in door.box(name).glob("*"))
        written += b"".join(door.hook.taken.values()) if name == HOSPITAL else b""
        for one in door.events:
            for mark in one.marks:
                shared = mark in json.dumps(views)
                assert (mark.encode() in written) == shared, name
                released, withheld = released + shared, withheld + (not shared)
    assert released > 100  # else nothing was tried
    assert withheld > released


def assert_export_is_private_and_holds_case_references_alone(door: Door) -> None:
    """What an auditor is given names cases, so nobody else on the machine may enter it."""
    target = door.root / "export"
    result = call("ledger", "export", target, state=door.state)
    assert (result.exit_code, traces(result.output)) == (0, [])
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    data = b"".join(data for _, data in files(target))
    for one in door.events:
        assert [mark for mark in one.marks if mark.encode() in data] == [one.case]


# --- faults in sinks ------------------------------------------------------------------------------

ECHO = b"""HTTP/1.1 500 {}\r\nRetry-After: 0\r\nX-Body: {}\r\nContent-Length: 90000\r\n\r\n{}"""
NOT_HTTP = b"{}\r\n{}\r\n\r\n"
TORN = b"HTTP/1.1 503 Later\r\nRetry-After: {}\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{}"
REFUSED = b"HTTP/1.1 422 {}\r\nContent-Length: 4\r\n\r\n{}"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/{}\r\nContent-Length: 0\r\n\r\n"
NOT_WRITABLE = Path("/sys")  # whoever asks, and the superuser too


def test_sinks_that_fail_and_echo_the_view_disclose_nothing_and_lose_nothing(door: Door) -> None:
    """A system that answers with what it got, a folder in a file's place, one nobody may write."""
    door.up(sources(door.feeds))
    peeked = answer("inbox", "inbox", "--as", CHILDREN, "--peek", state=door.state)["deliveries"]
    blocked = door.box(CHILDREN) / f"{peeked[0]['delivery_id']}.json"
    blocked.mkdir(parents=True)
    door.hook.faults = [ECHO, NOT_HTTP, TORN, REFUSED, MOVED]
    said = door.up(door.sinks(instead={HOUSING: NOT_WRITABLE}))
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    failed = {one["agency"]: one["code"] for one in lines if one["event"] == "connector-failed"}
    assert set(failed) == {CHILDREN, HOUSING, HOSPITAL}
    assert (failed[CHILDREN], failed[HOSPITAL]) == ("folder-eisdir", "http-302")
    assert failed[HOUSING].startswith("folder-e")
    assert (door.hook.tries, door.hook.faults, door.hook.taken) == (5, [], {})
    assert door.arrived(CHILDREN) == door.arrived(HOUSING) == []
    assert traces(say(door, ("status",), ("deliveries",), ("dead-letters",))) == []
    door.assert_nothing_escaped()
    blocked.rmdir()
    door.up(door.sinks())
    views = door.views()
    for name in set(views) - {HOSPITAL}:
        assert unmatched(told(door.arrived(name)), views[name]) == ([], []), name
    assert len(door.hook.taken) == len(views[HOSPITAL]) - 1  # one it refused for good
    extra, missing = unmatched(told(door.arrived(HOSPITAL)), views[HOSPITAL])
    assert (extra, len(missing)) == ([], 1)
    door.assert_nothing_escaped()


# --- faults in sources ----------------------------------------------------------------------------


def test_broken_files_become_dead_letters_that_disclose_nothing(door: Door) -> None:
    """Each refused file is kept sealed and named by its rule; the good ones go their way."""
    event = next(one for one in door.events if "incident" in one.value and one.source == POLICE)
    made = broken(event.value)
    for name, data in made.items():
        (door.feeds / POLICE / f"{MARK}{name}").write_bytes(data)
    columns = {
        "Ref": {"to": ["/header/subject", "/incident/reference"]},
        "Count": {"to": "/child_count", "convert": "integer"},
    }
    feeds = sources(door.feeds).replace(
        '"quiet_s" = 0}', f'"quiet_s" = 0, "csv" = {inline({"columns": columns})}}}'
    )
    said = door.up(feeds, door.sinks())
    assert said.count('"record refused"') >= len(made)
    letters = answer("dead-letters", "dead-letters", state=door.state)["dead_letters"]
    assert len(letters) == said.count('"record refused"')
    assert {one["publisher"] for one in letters} == {POLICE}
    door.assert_arrived()
    assert traces(say(door, ("status",), ("deliveries",), ("dead-letters",))) == []
    door.assert_nothing_escaped()


CSV_TO = {"to": f"{MARK}x"}


@pytest.mark.parametrize(
    "part",
    [
        connector("sink", CHILDREN, "webhook", url=f"ftp://{MARK}x", token_file="/none"),
        connector(
            "sink", CHILDREN, "webhook", url=f"https://{MARK}x:{MARK}y@h/", token_file="/none"
        ),
        connector("sink", CHILDREN, "folder", directory=f"/dev/null/{MARK}x"),
        connector("sink", CHILDREN, "folder", directory="/tmp", colour=f"{MARK}y"),
        connector("source", POLICE, "folder", directory="/tmp", quiet_s=f"{MARK}x"),
        connector("source", POLICE, "folder", directory="/tmp", csv={"columns": {"x": CSV_TO}}),
        f'[[sink]]\nagency = "{MARK}x\n',
    ],
)
def test_a_wrong_configuration_is_refused_without_what_it_says(
    part: str, used: Path, tmp_path: Path
) -> None:
    file = tmp_path / "caseward.toml"
    file.write_text(part)
    result = call("up", "--config", file, "--until-idle", state=used)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith(f"{file}: ")
    assert traces(result.stderr) == []
