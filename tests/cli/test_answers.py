"""Every command with `--json` gives what its JSON Schema says, and without it text for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import (
    AGREEMENTS,
    CHILDREN,
    EXAMPLES,
    POLICE,
    REGISTER,
    SCHEMAS,
    answer,
    call,
    schema,
    sign_all,
)

ENCOMPASS = EXAMPLES / "operation-encompass"


def objects(value: Any) -> list[dict[str, Any]]:
    """Every schema of an object with declared properties in a JSON Schema."""
    if isinstance(value, list):
        return [one for item in value for one in objects(item)]
    if not isinstance(value, dict):
        return []
    inner = [one for item in value.values() for one in objects(item)]
    return [value, *inner] if "properties" in value and "type" in value else inner


@pytest.mark.parametrize("name", sorted(path.stem for path in SCHEMAS.glob("*.json")))
def test_schema_admits_no_member_that_it_does_not_name(name: str) -> None:
    found = objects(schema(name).schema)
    assert found
    for one in found:
        assert one["additionalProperties"] is False
        assert set(one["required"]) <= set(one["properties"])


def test_life_of_a_node_answers_as_its_schemas_say(tmp_path: Path, incident: Path) -> None:
    state = tmp_path / "state"
    assert answer("init", "init", "--name", "northmoor", state=state)["name"] == "northmoor"
    assert answer("register-load", "register", "load", REGISTER, state=state)["entries"] > 30
    signed = sign_all(AGREEMENTS[-1], state)
    enacted = answer("agreement-enact", "agreement", "enact", AGREEMENTS[-1], *signed, state=state)
    shown = answer("agreement-show", "agreement", "show", AGREEMENTS[-1])
    assert enacted["hash"] == shown["hash"]
    answer("agency-enrol", "agency", "enrol", "new-school", "--role", "school", state=state)
    answer("agency-suspend", "agency", "suspend", "new-school", state=state)
    listed = answer("agency-list", "agency", "list", state=state)["agencies"]
    assert {one["name"]: one["suspended"] for one in listed}["new-school"] is True
    answer("agency-suspend", "agency", "resume", "new-school", state=state)
    rotated = answer("keys-rotate", "keys", "rotate", "--as", POLICE, state=state)
    assert rotated == {"name": POLICE, "generation": 2}
    answer("publish", "publish", "--as", POLICE, incident, state=state)  # with its new keys
    ready = answer("status", "status", state=state)
    assert ready["ready"] is True
    assert ready["tree_size"] > 0


def test_an_event_is_published_received_and_traced(node: Path, incident: Path) -> None:
    dry = answer("publish", "publish", "--as", POLICE, incident, "--dry-run", state=node)
    assert dry["published"] == 0
    published = answer("publish", "publish", "--as", POLICE, incident, state=node)
    assert published == {"published": 1, "events": dry["events"]}
    event = published["events"][0]
    peeked = answer("inbox", "inbox", "--as", CHILDREN, "--peek", state=node)
    taken = answer("inbox", "inbox", "--as", CHILDREN, state=node)
    assert taken == peeked
    assert {one["inclusion"] for one in taken["deliveries"]} == {"proved"}
    nothing: dict[str, list[str]] = {"deliveries": [], "unproved": []}
    assert answer("inbox", "inbox", "--as", CHILDREN, state=node) == nothing
    received = taken["deliveries"][0]
    assert received["event_type"] == "police.domestic-incident"
    hops = answer("trace", "trace", event, "--publisher", POLICE, state=node)["hops"]
    assert [hop["step"] for hop in hops][:2] == ["accepted", "decided"]
    rows = answer("deliveries", "deliveries", "--agency", CHILDREN, state=node)["deliveries"]
    assert [row["state"] for row in rows if row["recipient"] == CHILDREN] == ["acknowledged"]
    proved = answer("ledger-prove", "ledger", "prove", received["delivery_id"], state=node)
    assert proved["delivery_id"] == received["delivery_id"]
    number = answer("redeliver", "redeliver", event, "--publisher", POLICE, state=node)
    assert number["redelivery"] >= 0
    again = answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"]
    assert [one["view"] for one in again] == [received["view"]]


@pytest.mark.parametrize("party", ["operator", "auditor", "officer-1", POLICE, CHILDREN])
def test_every_party_s_look_is_of_the_schema(used: Path, party: str, incident: Path) -> None:
    event = json.loads(incident.read_bytes())["header"]["id"]
    answer("deliveries", "deliveries", "--as", party, state=used)
    letters = answer("dead-letters", "dead-letters", "--as", party, state=used)
    assert letters == {"dead_letters": []}
    answer("trace", "trace", event, "--publisher", POLICE, "--as", party, state=used)


def test_a_replayed_id_is_listed_as_a_dead_letter(node: Path, incident: Path) -> None:
    event = json.loads(incident.read_bytes())
    event["child_count"] = 7
    other = json.dumps(event).encode()
    answer("publish", "publish", "--as", POLICE, incident, state=node)
    answer("publish", "publish", "--as", POLICE, "-", state=node, stdin=other)
    letters = answer("dead-letters", "dead-letters", state=node)["dead_letters"]
    assert [one["code"] for one in letters] == ["id-reused"]


def test_ledger_backup_and_erasure_answer_as_their_schemas_say(
    node: Path, incident: Path, tmp_path: Path
) -> None:
    answer("publish", "publish", "--as", POLICE, incident, state=node)
    size = answer("status", "status", state=node)["tree_size"]
    assert answer("ledger-verify", "ledger", "verify", node / "node" / "ledger")["size"] == size
    exported = answer("ledger-export", "ledger", "export", tmp_path / "audit", state=node)
    assert exported["size"] == size
    answer("ledger-verify", "ledger", "verify", tmp_path / "audit")
    assert answer("backup", "backup", tmp_path / "kept", state=node)["files"] > 10
    case = json.loads(incident.read_bytes())["header"]["subject"]
    assert answer("erase", "erase", case, state=node)["erased"] > 0
    restored = answer("restore", "restore", tmp_path / "kept", state=node)
    assert restored["bound_to"] >= size
    assert answer("status", "status", state=node)["tree_size"] >= size


def test_a_flipped_bit_in_the_ledger_is_a_no_on_standard_output(node: Path, incident: Path) -> None:
    assert call("publish", "--as", POLICE, incident, state=node).exit_code == 0
    ledger = node / "node" / "ledger"
    tile = next(path for path in sorted(ledger.glob("tile/**/*")) if path.is_file())
    data = bytearray(tile.read_bytes())
    data[0] ^= 1
    tile.chmod(0o600)
    tile.write_bytes(data)
    said = answer("ledger-verify", "ledger", "verify", ledger, code=1)
    assert said["ok"] is False
    assert said["problems"]
    assert call("ledger", "verify", ledger).exit_code == 1


def test_schemas_and_agreements_answer_without_a_node() -> None:
    listed = answer("schema-list", "schema", "list")["event_types"]
    for one in listed:
        shown = answer("schema-show", "schema", "show", one["event_type"])
        assert len(shown["fields"]) == one["fields"]
    for path in AGREEMENTS:
        assert answer("agreement-check", "agreement", "check", path)["usable"] is True
        answer("agreement-show", "agreement", "show", path)


def test_bench_answers_as_its_schema_says() -> None:
    found = answer("bench", "bench", "--events", 10, "--leaves", 20)
    assert [one["recipients"] for one in found["pipeline"]] == [1, 4, 8]


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("agency", "list"),
        ("deliveries",),
        ("dead-letters",),
        ("inbox", "--as", CHILDREN, "--peek"),
        ("schema", "list"),
        ("schema", "show", "marac.referral"),
        ("agreement", "check", AGREEMENTS[0]),
        ("agreement", "show", AGREEMENTS[0]),
    ],
)
def test_without_json_an_answer_is_lines_for_people(words: tuple[Any, ...], used: Path) -> None:
    result = call(*words, state=used)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert result.stdout.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.stdout)
