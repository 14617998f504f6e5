"""The installed script as a process: pipes, signals, a node that runs elsewhere, the demo."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import CHILDREN, POLICE, SCHEMAS, answer, call, refused, schema, spawn

WAIT_S = 60
SUMMARY = {
    "events",
    "deliveries",
    "withheld_fields",
    "dead_letters",
    "hops",
    "lost",
    "duplicated",
    "ledger_verified",
    "seconds",
}


def finish(child: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for a child's end; give its exit code and what it said."""
    try:
        out, err = child.communicate(timeout=WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise
    return child.returncode, (out or b"").decode(), err.decode()


@contextmanager
def running(state: Path, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A node that runs in another process, and what it said when it was ready."""
    child = spawn("up", "--json", *words, state=state)
    assert child.stdout is not None
    try:
        ready = json.loads(child.stdout.readline() or b"{}")
        yield child, ready
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()


def test_version_and_help() -> None:
    assert finish(spawn("--version")) == (0, f"caseward {version('caseward')}\n", "")
    for words in (("--help",), ("-h",), ("redact", "--help"), ("agreement", "check", "-h")):
        result = call(*words)
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: caseward")


def test_commands_reach_a_node_that_runs_in_another_process(node: Path, incident: Path) -> None:
    with running(node) as (child, ready):
        schema("up").validate(ready)
        answer("publish", "publish", "--as", POLICE, incident, state=node)
        for _ in range(100):
            if taken := answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"]:
                break
        assert len(taken) == 1
        said = answer("status", "status", state=node)
        assert said["ready"] is True
        assert (
            len(answer("agency-list", "agency", "list", state=node)["agencies"]) == said["agencies"]
        )
        refused(call("ledger", "export", node / "audit", state=node), 3)
        second = spawn("up", state=node)
        code, out, err = finish(second)
        assert (code, out, err.count("\n")) == (3, "", 1)
        child.send_signal(signal.SIGTERM)
        code, _, err = finish(child)
        assert code == 0
        assert "Traceback" not in err
    assert not (node / "node" / "address.json").exists()
    empty: dict[str, list[str]] = {"deliveries": [], "unproved": []}
    assert answer("inbox", "inbox", "--as", CHILDREN, state=node) == empty


def test_up_goes_on_after_a_kill(node: Path, incident: Path) -> None:
    with running(node) as (child, _):
        child.kill()
        child.communicate()
    answer("publish", "publish", "--as", POLICE, incident, state=node)
    assert len(answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"]) == 1


def test_a_port_in_use_is_the_machine_s_failure(node: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = finish(spawn("up", "--port", port, "--until-idle", state=node))
    assert (code, out, err) == (3, "", "caseward: address already in use\n")


def test_a_connector_s_wrong_setting_is_unusable(node: Path, tmp_path: Path) -> None:
    file = tmp_path / "caseward.toml"
    file.write_text(f'[[sink]]\nagency = "{CHILDREN}"\nkind = "folder"\n')
    code, _, err = finish(spawn("up", "--config", file, state=node))
    assert code == 2
    assert err.splitlines()[-1] == f"{file}: `directory`: field required"
    assert "Traceback" not in err


def test_connectors_carry_an_event_from_a_folder_to_a_folder(
    node: Path, incident: Path, tmp_path: Path
) -> None:
    for name in ("feed", "box"):
        (tmp_path / name).mkdir()
    event = json.loads(incident.read_bytes())
    (tmp_path / "feed" / "events.jsonl").write_text(json.dumps(event) + "\n")
    file = tmp_path / "caseward.toml"
    file.write_text(
        f'[[source]]\nagency = "{POLICE}"\nkind = "folder"\n'
        f'settings = {{directory = "{tmp_path / "feed"}"}}\n'
        f'[[sink]]\nagency = "{CHILDREN}"\nkind = "folder"\n'
        f'settings = {{directory = "{tmp_path / "box"}"}}\n'
    )
    code, _, err = finish(spawn("up", "--config", file, "--until-idle", state=node))
    assert code == 0, err
    (box,) = (tmp_path / "box").glob("*.json")
    assert json.loads(box.read_bytes())["event_type"] == "police.domestic-incident"


@pytest.mark.parametrize("words", [("schema", "show", "marac.referral"), ("--help",)])
def test_output_into_a_closed_pipe_is_no_fault(words: tuple[str, ...]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(0.1)"], stdin=subprocess.PIPE
    )
    child.wait()
    assert child.stdin is not None
    code, _, err = finish(spawn(*words, stdout=child.stdin))
    assert err == ""
    assert code in {0, 1}
    child.stdin.close()


def test_headless_demo_ends_with_its_summary(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    code, out, err = finish(spawn("demo", "--headless", "--events", 20, "--dir", state))
    assert (code, err) == (0, "")
    said = json.loads(out.splitlines()[-1])
    assert set(said) == SUMMARY
    schema("demo").validate(said)
    assert (said["events"], said["lost"], said["duplicated"]) == (20, 0, 0)
    assert said["deliveries"] > 0
    assert said["ledger_verified"] is True


def test_demo_with_json_prints_its_summary_alone() -> None:
    assert answer("demo", "demo", "--events", 3)["events"] == 3


def test_demo_clears_no_directory_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    refused(call("demo", "--dir", tmp_path), line="not a demonstration")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--headless", "--events", "5000"), 1)])
def test_interrupted_demo_ends_cleanly_and_never_as_a_checked_run(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    asked = ("--events", "3", *words, "--dir", str(tmp_path / "demo"))
    child = spawn("demo", *asked, env={"PYTHONUNBUFFERED": "1"})
    assert child.stdout is not None
    for line in child.stdout:
        if b"Playing on" in line or (words and b"agencies" in line):
            break
    if words:  # it is busy now; after its first words it needs a moment to take signals
        while not (tmp_path / "demo" / "state" / "node" / "address.json").exists():
            pass
    child.send_signal(signal.SIGINT)
    ended, _, err = finish(child)
    assert ended == code
    assert err == ""


def test_every_answer_has_a_schema_and_every_schema_a_test() -> None:
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for path in SCHEMAS.glob("*.json"):
        assert f'answer("{path.stem}"' in tested or f'schema("{path.stem}")' in tested
