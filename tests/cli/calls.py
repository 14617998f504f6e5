"""Calling commands: inside this process, or as the installed script where a process matters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator, FormatChecker

from broker.cli import main
from redaction.reading import read_agreement

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
REGISTER = EXAMPLES / "register.yaml"
AGREEMENTS = tuple(sorted(EXAMPLES.glob("*/agreement.yaml")))
SCHEMAS = ROOT / "schemas" / "json"
SCRIPT = Path(sys.executable).parent / "caseward"
POLICE = "northmoor-police"
CHILDREN = "northmoor-childrens-services"


def call(*words: object, state: Path | None = None, stdin: bytes | None = None) -> Result:
    """Call a command in this process."""
    given = [] if state is None else ["--state", str(state)]
    return CliRunner().invoke(main, [*given, *map(str, words)], input=stdin)


def sign_all(path: Path, state: Path, folder: Path | None = None) -> list[object]:
    """Sign an agreement as each of its parties; give the options that name the signatures."""
    options: list[object] = []
    for party in read_agreement(path.read_bytes(), origin=path.name).parties():
        out = (folder or state.parent) / f"{path.parent.name}-{path.name}.{party}.sig"
        result = call("agreement", "sign", path, "--as", party, "--out", out, state=state)
        assert result.exit_code == 0, result.output
        options += ["--signature", out]
    return options


def sign_and_enact(path: Path, state: Path, *more: object) -> Result:
    """Sign an agreement as each of its parties and put it in force."""
    return call("agreement", "enact", path, *sign_all(path, state), *more, state=state)


def spawn(*words: object, state: Path | None = None, **more: Any) -> subprocess.Popen[bytes]:
    """Start the installed script as a process of its own."""
    given = [] if state is None else ["--state", str(state)]
    env = {name: v for name, v in os.environ.items() if not name.startswith("CASEWARD_")}
    return subprocess.Popen(
        [SCRIPT, *given, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        env=env | more.pop("env", {}),
        **more,
    )


@cache
def schema(name: str) -> Draft202012Validator:
    """The JSON Schema of a command's answer."""
    found = json.loads((SCHEMAS / f"{name}.json").read_bytes())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found, format_checker=FormatChecker())


def answer(name: str, *words: object, code: int = 0, **more: Any) -> Any:
    """Call with --json; give the answer, which is one line and of its schema."""
    result = call(*words, "--json", **more)
    assert result.exit_code == code, (words, result.output)
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    value = json.loads(result.stdout)
    schema(name).validate(value)
    return value


def refused(result: Result, code: int = 2, *, line: str = "") -> str:
    """Require that a call failed with one line on standard error and nothing else."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert "internal fault" not in result.stderr
    assert re.search(line, result.stderr), result.stderr
    return result.stderr
