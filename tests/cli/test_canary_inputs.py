"""A faulty file that a command is given is refused by its place and rule, not by what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.places import Places
from tests.cli.calls import AGREEMENTS, EXAMPLES, POLICE, REGISTER, call, refused, spawn
from tests.cli.canaries import MARK, broken, every_type, published, traces
from tests.cli.conftest import INCIDENT
from tests.cli.front_door import ended

TEXT = (EXAMPLES / "operation-encompass" / "agreement.yaml").read_text(encoding="utf-8")
BAD = f"{MARK}bad"
# What stands where a word of the language should is named: words are no values. A text is not.
AGREEMENT_FAULTS = {
    "title": TEXT.replace("title: ", f"title: [{BAD}] #"),
    "version": TEXT.replace("version: 1\n", f"version: {BAD}\n"),
    "language": TEXT.replace("en-GB", BAD),
    "time zone": TEXT.replace("Europe/London", BAD),
    "publisher": TEXT.replace("[northmoor-police]", f"['{BAD} x']"),
    "date": TEXT.replace("2026-09-01", BAD),
    "sentence": TEXT.replace("text: The school", f"text: {BAD * 300}"),
    "keeping": TEXT.replace("365 days", BAD),
    "syntax": f"{TEXT}\n{BAD}: [\n",
    "tag": f"!{BAD} {TEXT}",
    "anchor": f"{TEXT}\nx: &{BAD} y\n",
    "encoding": f"{TEXT}\n# {BAD}",
}
START = "agencies: {}\n"
# Agencies and unknown members are named; cases, persons and holders of training never.
REGISTER_FAULTS = {
    "case": f"conflict_checks: {{{BAD}: 7}}",
    "conflict": f"conflict_checks: {{{BAD}: [{{instead: police}}]}}",
    "long case": f"conflict_checks: {{{BAD * 50}: []}}",
    "consent": f"consents: [{{case: {BAD}}}]",
    "state": f"consents: [{{case: {BAD}, person: victim, purpose: p, state: {BAD}}}]",
    "person": f"consents: [{{case: {BAD}, person: '{BAD} x', purpose: p, state: given}}]",
    "holder": f"trainings: [{{agency: a, holder: {BAD}, course: c, completed: {BAD}}}]",
    "agency": f"trainings: [{{agency: a, holder: {BAD}, course: c, completed: 2026-01-01}}]",
    "calendar": f"calendars: {{c: {{first: {BAD}, last: {BAD}, weekdays: [{BAD}]}}}}",
    "closure": f"calendars: {{c: {{first: 2026-01-01, last: 2026-01-02, weekdays: [monday],"
    f" closed: [{{on: 2027-01-01, why: {BAD}}}]}}}}",
    "syntax": f"conflict_checks:\n  {BAD}: [\n",
    "tag": f"conflict_checks: !{BAD} x",
    "alias": f"conflict_checks: *{BAD}",
    "second": f"---\n{BAD}: x",
}


def one_line(said: str, file: Path) -> None:
    assert said.startswith(f"{file}:")
    assert traces(said) == []


@pytest.mark.parametrize("fault", AGREEMENT_FAULTS)
def test_a_faulty_agreement_is_refused_without_its_text(
    fault: str, used: Path, tmp_path: Path
) -> None:
    text = AGREEMENT_FAULTS[fault]
    assert BAD in text
    file = tmp_path / "agreement.yaml"
    file.write_bytes(text.encode() + (b"\xff" if fault == "encoding" else b""))
    redact = ("redact", "--event", INCIDENT, "--register", REGISTER, "--to", POLICE)
    for words in (
        ("agreement", "show", file),
        ("agreement", "enact", file),
        (*redact, "--agreement", file),
    ):
        one_line(refused(call(*words, state=used)), file)
    for more in ((), ("--json",)):
        result = call("agreement", "check", file, *more)
        assert (result.exit_code, result.stderr) == (1, "")
        assert traces(result.stdout) == []


@pytest.mark.parametrize("fault", REGISTER_FAULTS)
def test_a_faulty_register_is_refused_without_cases_and_persons(
    fault: str, used: Path, tmp_path: Path
) -> None:
    file = tmp_path / "register.yaml"
    file.write_text(START + REGISTER_FAULTS[fault])
    redact = ("redact", "--agreement", AGREEMENTS[0], "--event", INCIDENT, "--to", POLICE)
    for words in (("register", "load", file), (*redact, "--register", file)):
        one_line(refused(call(*words, state=used)), file)


def events() -> Iterator[tuple[str, bytes]]:
    """Files that are no events, of every type."""
    for one in {str(each.value["header"]["type"]): each for each in every_type()}.values():
        for name, data in broken(one.value).items():
            if not name.endswith(".csv"):
                yield f"{one.id[-2:]}-{name}", data


def test_a_faulty_event_is_refused_without_its_values(used: Path, tmp_path: Path) -> None:
    """By `redact` and `publish`, as a file and on standard input, with every event type."""
    redact = ("redact", "--agreement", AGREEMENTS[0], "--register", REGISTER, "--to", POLICE)
    tried = 0
    for name, data in events():
        file = tmp_path / name
        file.write_bytes(data)
        one_line(refused(call("publish", "--as", POLICE, "--dry-run", file, state=used)), file)
        if "other" not in name:  # `redact` takes any publisher's event
            one_line(refused(call(*redact, "--event", file)), file)
        result = call("publish", "--as", POLICE, "--dry-run", "-", state=used, stdin=data)
        assert traces(refused(result)) == []
        tried += 1
    assert tried > 60


def test_a_faulty_event_is_refused_by_the_process_as_well(used: Path, tmp_path: Path) -> None:
    """Nothing that a process prints beside its line, such as a warning, repeats the event."""
    event = published(1, POLICE, "police.domestic-incident", ["safeguarding-children"])
    file = tmp_path / "event.json"
    for name in ("cut.json", "enum.json", "large.json"):
        file.write_bytes(broken(event.value)[name])
        child = spawn("publish", "--as", POLICE, file, state=used)
        out, err = ended(child)
        assert (child.returncode, out, err.count("\n"), traces(err)) == (2, "", 1, [])


def test_other_faulty_files_are_refused_without_what_they_hold(used: Path, tmp_path: Path) -> None:
    """A checkpoint for `restore`, a key for `ledger verify`, a ledger that holds nonsense."""
    state, file = tmp_path / "restored", tmp_path / "note"
    for text in (BAD, f"{BAD}\n{BAD}\n{BAD}\n\n— {BAD} {BAD}\n"):
        file.write_text(text)
        assert traces(refused(call("restore", used, "--checkpoint", file, state=state))) == []
        assert not state.exists(), "a wrong checkpoint changed something"
        words = ("ledger", "verify", Places(used).ledger, "--vkey", text)
        assert traces(refused(call(*words))) == []
        nonsense = tmp_path / "ledger"
        nonsense.mkdir(exist_ok=True)
        for name in ("checkpoint", "log.vkey"):
            (nonsense / name).write_text(text)
        assert traces(call("ledger", "verify", nonsense).output) == []
        event = tmp_path / "event.json"
        event.write_text(json.dumps(text))
        assert traces(refused(call("publish", "--as", POLICE, event, state=used))) == []
