"""A node with the examples' register and agreements in force, made once and copied."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.calls import AGREEMENTS, EXAMPLES, POLICE, REGISTER, call, sign_and_enact

INCIDENT = EXAMPLES / "operation-encompass" / "events" / "01-three-children-with-consent.json"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's user reaches a test."""
    for name in ("CASEWARD_STATE", "CASEWARD_PASSPHRASE", "CASEWARD_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples' incident as if it were reported now: the gateway refuses old events."""
    event = json.loads(INCIDENT.read_bytes())
    event["header"]["time"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = tmp_path_factory.mktemp("events") / "incident.json"
    path.write_text(json.dumps(event, indent=1))
    return path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state that `node` is a copy of."""
    state = tmp_path_factory.mktemp("made") / "state"
    calls = [("init",), ("register", "load", REGISTER)]
    for words in calls:
        result = call(*words, state=state)
        assert result.exit_code == 0, result.output
    for path in AGREEMENTS:
        result = sign_and_enact(path, state)
        assert result.exit_code == 0, result.output
    result = call("register", "load", REGISTER, state=state)  # what waited for its agreement
    assert result.exit_code == 0, result.output
    return state


@pytest.fixture
def node(made: Path, tmp_path: Path) -> Path:
    """A node of one's own: agencies enrolled, agreements in force, no event yet."""
    return Path(shutil.copytree(made, tmp_path / "state"))


@pytest.fixture(scope="module")
def used(made: Path, incident: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that has taken one incident; tests only read it."""
    state = Path(shutil.copytree(made, tmp_path_factory.mktemp("used") / "state"))
    assert call("publish", "--as", POLICE, incident, state=state).exit_code == 0
    return state
