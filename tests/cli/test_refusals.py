"""What cannot be used, or done, ends in one line and its exit code, and holds no event's value."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from broker.places import Places
from tests.cli.calls import AGREEMENTS, CHILDREN, POLICE, REGISTER, answer, call, refused
from tests.cli.conftest import INCIDENT

CANARY = "Zyzzyva-Quokka-4711"
NODE_COMMANDS: list[tuple[Any, ...]] = [
    ("status",),
    ("up",),
    ("agency", "list"),
    ("agency", "enrol", "somebody"),
    ("agency", "suspend", "somebody"),
    ("agency", "resume", "somebody"),
    ("keys", "rotate", "--as", POLICE),
    ("register", "load", REGISTER),
    ("agreement", "sign", AGREEMENTS[0], "--as", POLICE),
    ("agreement", "accede", AGREEMENTS[0], "--as", POLICE),
    ("agreement", "verify", AGREEMENTS[0]),
    ("agreement", "enact", AGREEMENTS[0]),
    ("agreement", "withdraw", "x", 1),
    ("override", "authorise", f"{POLICE}/duty", "--rank", "x"),
    ("override", "review", "x", "failed", "--signed-by", f"{POLICE}/duty"),
    ("override", "list"),
    ("publish", "--as", POLICE, "-"),
    ("inbox", "--as", POLICE),
    ("trace", "x", "--publisher", POLICE),
    ("deliveries",),
    ("dead-letters",),
    ("redeliver", "x", "--publisher", POLICE),
    ("erase", "x"),
    ("backup", "somewhere"),
    ("ledger", "prove", "x"),
    ("ledger", "export", "somewhere"),
]


@pytest.mark.parametrize("words", NODE_COMMANDS)
def test_a_directory_without_a_node_is_unusable(words: tuple[Any, ...], tmp_path: Path) -> None:
    refused(call(*words, state=tmp_path), line="no node here")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("bogus",),
        ("publish", "--as", POLICE),
        ("publish", "file.json"),
        ("deliveries", "--state", "bogus"),
        ("deliveries", "--bogus"),
        ("demo", "--events", "none"),
        ("demo", "--events", "0"),
        ("up", "--port", "70000"),
        ("agency", "bogus"),
        ("trace", "x"),
    ],
)
def test_an_unusable_command_line_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    refused(call(*words, state=tmp_path), line="^caseward")


def bad_events(incident: Path) -> dict[str, tuple[bytes, str]]:
    """Bytes that are no event, each with a canary in it, and what is said of them."""
    good = json.loads(incident.read_bytes())

    def changed(**change: Any) -> bytes:
        return json.dumps(good | change).encode()

    child = good["children"][0]
    return {
        "cut-short": (b'{\n"header": {"id": "%b",\n' % CANARY.encode(), r":\d+: this is not JSON"),
        "twice": (b'{"x": "%b",\n"x": 1}' % CANARY.encode(), r":\d: "),
        "nan": (b'{"header": NaN, "x": "%b"}' % CANARY.encode(), r":1: "),
        "not-utf8": (b'{"header": "%b\xff"}' % CANARY.encode(), r":1: the text is not UTF-8"),
        "list": (b'["%b"]' % CANARY.encode(), r":1: "),
        "wrong-type": (changed(child_count=CANARY), r":1: /child_count: "),
        "unknown-field": (changed(**{CANARY: CANARY}), r":1: "),
        "unknown-inner": (changed(children=[child | {CANARY: CANARY}]), r":1: /children/0"),
        "wrong-enum": (changed(risk_level=CANARY), r":1: /risk_level: "),
        "unknown-event-type": (changed(header=good["header"] | {"type": CANARY}), r":1: "),
        "not-a-uuid": (changed(header=good["header"] | {"id": CANARY}), r":1: /header/id: "),
        "not-a-time": (changed(header=good["header"] | {"time": CANARY}), r":1: /header/time: "),
        "other-source": (changed(header=good["header"] | {"source": CANARY}), r"/header/source"),
        "deep": (b"[" * 5000 + b'"%b"' % CANARY.encode() + b"]" * 5000, r":1: "),
        "huge": (changed(risk_level=CANARY * 40_000), r":1: the text is longer"),
        "empty": (b"", r":1: no event"),
    }


@pytest.mark.parametrize("name", bad_events(INCIDENT))
@pytest.mark.parametrize("kind", ["event.json", "events.jsonl", "-"])
def test_bad_event_is_refused_by_path_and_line_without_a_value(
    name: str, kind: str, used: Path, incident: Path, tmp_path: Path
) -> None:
    data, line = bad_events(incident)[name]
    file = kind if kind == "-" else tmp_path / kind
    if isinstance(file, Path):
        file.write_bytes(data)
    for more in ((), ("--json",)):
        result = call("publish", "--as", POLICE, file, *more, state=used, stdin=data)
        said = refused(result, line=line if kind == "event.json" else r":\d+: ")
        assert said.startswith(f"{file}:")
        assert CANARY not in said


def test_fault_in_many_is_named_by_its_own_line(used: Path, incident: Path, tmp_path: Path) -> None:
    one = json.dumps(json.loads(incident.read_bytes()))
    lines = f"{one}\n\n{one}\n" + '{"header": 1}\n'
    file = tmp_path / "events.jsonl"
    file.write_text(lines)
    refused(call("publish", "--as", POLICE, file, state=used), line=rf"^{file}:4: ")
    result = call("publish", "--as", POLICE, "-", state=used, stdin=lines.encode())
    refused(result, line="^-:4: ")
    file.rename(single := tmp_path / "event.json")
    refused(call("publish", "--as", POLICE, single, state=used), line=rf"^{single}:\d: ")


def test_jsonl_and_standard_input_hold_many_and_json_one(
    used: Path, incident: Path, tmp_path: Path
) -> None:
    pretty = incident.read_bytes()
    one = json.dumps(json.loads(pretty)).encode()
    file = tmp_path / "events.jsonl"
    file.write_bytes(one + b"\n" + one)
    for name, stdin, count in ((file, b"", 2), ("-", one + b"\n" + one, 2), ("-", pretty, 1)):
        words = ("publish", "--as", POLICE, name, "--dry-run")
        said = answer("publish", *words, state=used, stdin=stdin)
        assert len(said["events"]) == count


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "--as", POLICE, "{}"),
        ("register", "load", "{}"),
        ("agreement", "check", "{}"),
        ("agreement", "show", "{}"),
        ("agreement", "enact", "{}"),
        ("agreement", "verify", "{}"),
        ("agreement", "sign", "{}", "--as", POLICE),
        ("agreement", "accede", "{}", "--as", POLICE),
    ],
)
def test_missing_file_and_directory_are_unusable(
    words: tuple[str, ...], used: Path, tmp_path: Path
) -> None:
    for file, why in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "is a directory")):
        asked = [word.format(file) for word in words]
        refused(call(*asked, state=used), line=f"^{file}: {why}")


FAULTY = {
    "not-yaml": b"clauses: [open\n",
    "not-utf8": b"agreement: \xff\xfe\n",
    "a-list": b"- 1\n",
    "empty": b"",
    "binary": bytes(range(256)),
    "two-documents": b"a: 1\n---\nb: 2\n",
    "deep": b"[" * 10_000,
    "nothing-in-it": b"agreement: x\n",
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_agreement_is_a_no_to_check_and_unusable_to_the_others(
    name: str, used: Path, incident: Path, tmp_path: Path
) -> None:
    file = tmp_path / "agreement.yaml"
    file.write_bytes(FAULTY[name])
    said = answer("agreement-check", "agreement", "check", file, code=1)
    assert said["usable"] is False
    assert all(one.startswith(f"{file}:") for one in said["problems"])
    result = call("agreement", "check", file)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.splitlines() == said["problems"]
    redact = ("redact", "--agreement", file, "--event", incident, "--register", REGISTER)
    for words in (
        ("agreement", "show", file),
        ("agreement", "enact", file),
        ("agreement", "sign", file, "--as", POLICE),
        ("agreement", "verify", file),
        (*redact, "--to", CHILDREN),
    ):
        refused(call(*words, state=used), line=rf"^{file}:\d+: \S")
    refused(call("register", "load", file, state=used), line=rf"^{file}:\d+: \S")


@pytest.mark.parametrize(
    "words",
    [
        ("inbox", "--as", "nobody"),
        ("publish", "--as", "nobody", "-"),
        ("keys", "rotate", "--as", "nobody"),
        ("agreement", "withdraw", "no-such-agreement", "1"),
        ("agreement", "withdraw", "northmoor-cpis", "1", "--as", "nobody"),
        ("agreement", "withdraw", "northmoor-cpis", "1", "--as", POLICE),
        ("override", "authorise", "nobody/duty", "--rank", "x"),
        ("override", "authorise", "Not A Name", "--rank", "x"),
        ("override", "review", "none", "failed", "--signed-by", f"{POLICE}/duty"),
        ("deliveries", "--as", "nobody"),
        ("trace", "x", "--publisher", POLICE, "--as", "nobody"),
        ("ledger", "prove", "00", "--as", "nobody"),
        ("agency", "suspend", "nobody"),
        ("agency", "resume", "nobody"),
        ("trace", "no-such-event", "--publisher", POLICE),
        ("redeliver", "no-such-event", "--publisher", POLICE),
        ("ledger", "prove", "00"),
        ("ledger", "prove", "../../x"),
        ("schema", "show", "nothing"),
        ("agency", "enrol", "Not A Name"),
        ("deliveries", "--since", "yesterday"),
        ("init",),
        ("ledger", "verify", "nowhere"),
        ("restore", "nowhere"),
    ],
)
def test_a_name_that_is_unknown_is_unusable(words: tuple[str, ...], used: Path) -> None:
    refused(call(*words, state=used))


def test_nothing_is_written_over(used: Path, tmp_path: Path) -> None:
    for words in (("backup",), ("ledger", "export")):
        refused(call(*words, tmp_path, state=used), line="exists already")


def test_a_wrong_ledger_key_is_unusable(used: Path) -> None:
    ledger = Places(used).ledger
    refused(call("ledger", "verify", ledger, "--vkey", "nonsense"), line="vkey")


def test_a_wrong_passphrase_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("CASEWARD_PASSPHRASE", "a good long one")
    assert call("init", state=state).exit_code == 0
    for wrong in ("another long one", "short"):
        monkeypatch.setenv("CASEWARD_PASSPHRASE", wrong)
        assert wrong not in refused(call("status", state=state), line="key store|passphrase")
    monkeypatch.delenv("CASEWARD_PASSPHRASE")
    refused(call("status", state=state), line="give CASEWARD_PASSPHRASE")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = [", "not TOML"),
        ("port = 70000", "`port`"),
        ("bogus = 1", "`bogus`"),
        (f'[[sink]]\nagency = "{CHILDREN}"\nkind = "{CANARY}"', r"`sink\.0\.kind`: no connector"),
        (f'[[sink]]\nagency = "{CANARY}"\nkind = "folder"', r"`sink\.0\.agency`"),
        ('[[sink]]\nagency = "nobody"\nkind = "folder"', "does not act for `nobody`"),
    ],
)
def test_up_refuses_a_wrong_configuration(text: str, line: str, used: Path, tmp_path: Path) -> None:
    file = tmp_path / "caseward.toml"
    file.write_text(text)
    said = refused(call("up", "--config", file, "--until-idle", state=used), line=line)
    assert CANARY not in said


def test_up_refuses_a_configuration_that_is_not_there(used: Path, tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none.toml"):
        refused(call("up", "--config", file, state=used), line=f"^{file}: cannot be read")


def test_a_corrupt_log_is_the_machine_s_failure(used: Path, tmp_path: Path) -> None:
    state = Path(shutil.copytree(used, tmp_path / "state"))
    Places(state).log.write_bytes(b"not a database at all" * 1000)
    refused(call("status", state=state), 3)
