"""`caseward redact` on files alone: what comes out for every example is what its folder expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from redaction.decision import SILENT
from tests.cli.calls import AGREEMENTS, EXAMPLES, REGISTER, answer, call, refused, schema
from tests.redaction.test_examples import SECRET, coded

ENCOMPASS = EXAMPLES / "operation-encompass"
FIRST = ENCOMPASS / "events" / "01-three-children-with-consent.json"
AT = "2026-09-21T06:30:00Z"
MOMENTS = [
    pytest.param(path.parent, moment, id=f"{path.parent.name}-{moment['event']}")
    for path in sorted(EXAMPLES.glob("*/expected.yaml"))
    for moment in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def words(
    *, event: object = FIRST, to: str, at: str = AT, agreements: Any = AGREEMENTS
) -> list[object]:
    found: list[object] = ["redact"]
    for path in agreements:
        found += ["--agreement", path]
    return [*found, "--event", event, "--register", REGISTER, "--to", to, "--at", at]


@pytest.mark.parametrize(("folder", "moment"), MOMENTS)
def test_view_is_what_the_example_expects(
    folder: Path, moment: dict[str, Any], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_bytes(SECRET)
    event = folder / "events" / moment["event"]
    first_of_each_gate = {one["gate"]: one for one in reversed(moment["deliveries"])}
    for gate, one in first_of_each_gate.items():
        asked = [*words(event=event, to=one["to"], at=moment["at"]), "--purpose", one["purpose"]]
        asked += ["--pseudonym-key", key]
        found = answer("redact", *asked, code=0 if gate == "open" else 1)
        if gate in SILENT:
            assert found == []
            continue
        (said,) = found
        assert (said["gate"], said["purpose"]) == (gate, one["purpose"])
        assert said["delivered"] is (gate == "open")
        assert coded(said["view"], one.get("view")) == one.get("view")
        assert bool(said["fields"]) is said["delivered"]


def test_without_a_purpose_every_purpose_of_the_event_is_an_element() -> None:
    event = EXAMPLES / "victim-support" / "events" / "01-two-purposes-with-consent.json"
    purposes = json.loads(event.read_bytes())["header"]["purposes"]
    found = answer("redact", *words(event=event, to="northmoor-childrens-services"))
    assert {one["purpose"] for one in found} <= set(purposes)
    alone = [
        one
        for why in purposes
        for one in json.loads(
            call(*words(event=event, to="northmoor-childrens-services"), "--purpose", why).stdout
        )
    ]
    assert found == alone


def test_each_path_points_at_a_leaf_of_the_event_as_published() -> None:
    (said,) = answer("redact", *words(to="oakfield-primary"))
    event = json.loads(FIRST.read_bytes())
    for field in said["fields"]:
        value = event
        for token in field["path"][1:].split("/"):
            value = value[int(token)] if isinstance(value, list) else value[token]
        assert field["released"] is (field["form"] is not None)


def test_nothing_delivered_is_an_empty_list_and_why_says_why() -> None:
    asked = words(to="northmoor-hospital", agreements=[ENCOMPASS / "agreement.yaml"])
    assert answer("redact", *asked, code=1) == []
    result = call(*asked, "--why")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == []
    assert result.stderr == "nothing for purpose `safeguarding-children`: not-addressed\n"


def test_a_closed_gate_is_an_element_without_a_view() -> None:
    event = ENCOMPASS / "events" / "06-closed-gates.json"
    (said,) = answer(
        "redact", *words(event=event, to="quarry-lane-primary", at="2026-10-06T06:00:00Z"), code=1
    )
    assert said["gate"] == "training"
    assert (said["delivered"], said["view"], said["fields"]) == (False, None, [])


def test_json_and_indented_output_say_the_same() -> None:
    plain, packed = (
        call(*words(to="oakfield-primary")),
        call(*words(to="oakfield-primary"), "--json"),
    )
    assert plain.exit_code == packed.exit_code == 0
    assert json.loads(plain.stdout) == json.loads(packed.stdout)
    schema("redact").validate(json.loads(plain.stdout))


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("--at", "2026-09-21", "--at: a time needs its offset"),
        ("--at", "yesterday", "--at: not an RFC 3339 time"),
    ],
)
def test_an_unusable_time_is_one_line(option: str, value: str, line: str) -> None:
    refused(call(*words(to="oakfield-primary"), option, value), line=line)


def test_a_faulty_agreement_is_unusable_input_with_its_line(tmp_path: Path) -> None:
    text = (ENCOMPASS / "agreement.yaml").read_text(encoding="utf-8")
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(text + "\nno-such-part: 1\n")
    refused(call(*words(to="x", agreements=[faulty])), line=r"^\S*faulty\.yaml:\d+: \S")


def with_pseudonyms(directory: Path) -> list[object]:
    """The first example with one clause that gives a pseudonym of the case's reference."""
    text = (ENCOMPASS / "agreement.yaml").read_text(encoding="utf-8")
    changed = directory / "agreement.yaml"
    clause = '  - {id: "99", text: x, share: [case.reference], as: pseudonym, to: school}\n'
    changed.write_text(text.replace("clauses:\n", "clauses:\n" + clause), encoding="utf-8")
    return words(to="oakfield-primary", agreements=[changed])


def test_a_pseudonym_without_the_node_s_secret_is_refused_in_a_sentence(tmp_path: Path) -> None:
    result = call(*with_pseudonyms(tmp_path))
    assert result.exit_code not in (0, 1)
    assert result.stdout == ""
    assert "give its file with --pseudonym-key" in result.stderr


def test_a_pseudonym_is_the_same_with_a_secret_in_bytes_or_hex_and_another_with_another(
    tmp_path: Path,
) -> None:
    asked, tokens = with_pseudonyms(tmp_path), []
    for content in (bytes(range(32)), bytes(range(32)).hex().encode() + b"\n", bytes(32)):
        key = tmp_path / "key"
        key.write_bytes(content)
        (said,) = answer("redact", *asked, "--pseudonym-key", key)
        tokens.append(said["view"]["header"]["subject"])
    assert tokens[0] == tokens[1] != tokens[2]
    assert all(len(token) == 26 for token in tokens)


@pytest.mark.parametrize("content", [b"", b"short", b"g" * 64, "é".encode() * 32])
def test_a_secret_that_is_none_is_refused_without_a_word_of_it(
    content: bytes, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_bytes(content)
    result = call(*with_pseudonyms(tmp_path), "--pseudonym-key", key)
    assert result.exit_code not in (0, 1)
    assert "32 bytes" in result.stderr
    assert not content or content.decode() not in result.stderr
