"""What `caseward inbox` shows of deliveries that the ledger is not proved to hold."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from broker.api import inclusion_routes
from broker.inclusion import OVERDUE_MS
from broker.ledger_proof import Growth, prove_growth
from tests.cli.calls import CHILDREN, POLICE, answer, call, schema


def _without_leaves(*given: Any, **more: Any) -> Growth:
    grown = prove_growth(*given, **more)
    return Growth(checkpoint=grown.checkpoint, consistency=grown.consistency, paths={})


def test_a_delivery_kept_out_of_the_ledger_is_shown_waiting_then_overdue_then_proved(
    node: Path, incident: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("publish", "--as", POLICE, incident, state=node).exit_code == 0
    with monkeypatch.context() as cheating:
        cheating.setattr(inclusion_routes, "prove_growth", _without_leaves)
        waiting = answer("inbox", "inbox", "--as", CHILDREN, state=node)
        assert {one["inclusion"] for one in waiting["deliveries"]} == {"waiting"}
        assert {one["fault"] for one in waiting["unproved"]} == {None}
        with sqlite3.connect(node / "parties" / CHILDREN / "inbox.sqlite") as db:
            db.execute("UPDATE unproved SET opened_ms = opened_ms - ?", (OVERDUE_MS,))
        db.close()
        text = call("inbox", "--as", CHILDREN, state=node)
        late = call("inbox", "--as", CHILDREN, "--json", state=node)
    assert (text.exit_code, late.exit_code) == (1, 1)
    assert "NOT PROVED TO BE IN THE LEDGER" in text.stdout
    overdue = json.loads(late.stdout)
    schema("inbox").validate(overdue)
    assert [(one["inclusion"], one["fault"]) for one in overdue["unproved"]] == [
        ("overdue", "inclusion-overdue")
    ]
    line = json.loads(late.stderr)
    assert set(line) == {"agency", "code", "count", "event", "level", "timestamp"}
    assert line["event"] == "inclusion-alarm"
    proved = answer("inbox", "inbox", "--as", CHILDREN, state=node)
    assert proved == {"deliveries": [], "unproved": []}
