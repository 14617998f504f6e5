"""`caseward agreement simulate` on files: the answer's shape, the change marked, bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import EXAMPLES, REGISTER, answer, call, refused

ENCOMPASS = EXAMPLES / "operation-encompass"
AGREEMENT = ENCOMPASS / "agreement.yaml"
GIVEN = ("--events", ENCOMPASS / "events", "--register", REGISTER)


@pytest.fixture
def wider(tmp_path: Path) -> Path:
    """The agreement with the victim's year of birth opened to the day."""
    text = AGREEMENT.read_text()
    assert "as: year" in text
    path = tmp_path / "wider.yaml"
    path.write_text(text.replace("as: year", "as: clear"))
    return path


def test_simulate_says_who_would_have_got_what() -> None:
    found = answer("agreement-simulate", "agreement", "simulate", AGREEMENT, *GIVEN)
    assert found["events"] == 7
    assert found["changes"] == []
    assert {one["gate"] for one in found["reached"]} >= {"open", "training", "conflict"}


def test_simulate_against_marks_what_becomes_wider(wider: Path) -> None:
    given = (wider, *GIVEN, "--against", AGREEMENT)
    found = answer("agreement-simulate", "agreement", "simulate", *given)
    assert {one["direction"] for one in found["changes"]} == {"wider"}
    shown = call("agreement", "simulate", *given)
    assert shown.exit_code == 0
    assert "wider, 0 narrower" in shown.stdout


def test_simulate_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    words = ("agreement", "simulate", AGREEMENT, "--register", REGISTER, "--events")
    assert "no event file" in refused(call(*words, empty))
    (empty / "one.json").write_text('{"name": "Zyx Canary"')
    line = refused(call(*words, empty))
    assert "one.json:1:" in line
    assert "Canary" not in line
