"""What a recipient and an officer see of a delivery whose consent was withdrawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calls import CHILDREN, POLICE, REGISTER, answer, call


@pytest.fixture
def withdrawn(incident: Path, tmp_path: Path) -> Path:
    """A register file in which the victim of the incident takes her consent back."""
    said = "NM-2026-0101, person: victim, purpose: safeguarding-children, state: "
    text = REGISTER.read_text(encoding="utf-8")
    assert json.loads(incident.read_bytes())["header"]["subject"] in said
    assert text.count(f"{said}given") == 1
    path = tmp_path / "register.yaml"
    path.write_text(text.replace(f"{said}given", f"{said}withdrawn"), encoding="utf-8")
    return path


def test_the_inbox_shows_what_is_recalled_and_what_remains(
    node: Path, incident: Path, withdrawn: Path
) -> None:
    assert call("publish", "--as", POLICE, incident, state=node).exit_code == 0
    (was,) = answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"]
    assert "recalls" not in was
    assert call("register", "load", withdrawn, state=node).exit_code == 0
    text = call("inbox", "--as", CHILDREN, "--peek", state=node)
    assert text.exit_code == 0
    assert f"RECALLED: {was['delivery_id'][:16]}: erase what is not below" in text.stdout
    (recall,) = answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"]
    assert (recall["recalls"], recall["action"]) == (was["delivery_id"], "erase")
    assert recall["inclusion"] == "proved"
    assert recall["view"] != was["view"]
    assert set(recall["view"]) <= set(was["view"])
    assert answer("inbox", "inbox", "--as", CHILDREN, state=node)["deliveries"] == []


def test_deliveries_and_trace_show_the_recall_and_its_receipt(
    node: Path, incident: Path, withdrawn: Path
) -> None:
    event_id = json.loads(incident.read_bytes())["header"]["id"]
    assert call("publish", "--as", POLICE, incident, state=node).exit_code == 0
    assert call("register", "load", withdrawn, state=node).exit_code == 0
    answer("inbox", "inbox", "--as", CHILDREN, state=node)
    rows = answer("deliveries", "deliveries", state=node)["deliveries"]
    mine = [(r["code"], r["state"]) for r in rows if r["recipient"] == CHILDREN]
    assert mine == [(None, "acknowledged"), ("recalled", "acknowledged")]
    hops = answer("trace", "trace", event_id, "--publisher", POLICE, state=node)["hops"]
    assert [h["step"] for h in hops if h["code"] == "recalled"] == ["sealed"]
