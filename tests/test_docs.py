"""What the documents tell people to type works as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from broker.config import read_config

ROOT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).parent / "caseward"


def _commands(document: Path) -> list[str]:
    """Every indented line that starts with `caseward`, continued lines joined, comments cut."""
    text = re.sub(r"\\\n\s+", "", document.read_text(encoding="utf-8"))
    found = re.findall(r"^    (caseward .*)$", text, flags=re.MULTILINE)
    return [line.split(" #")[0].strip() for line in found]


@pytest.mark.parametrize("document", ["README.md", "examples/README.md"])
def test_every_command_of_a_document_works_in_the_order_it_stands_there(
    document: str, tmp_path: Path
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = _commands(ROOT / document)
    assert commands
    for command in commands:
        ran = subprocess.run(
            [str(COMMAND), *shlex.split(command)[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)


def test_documents_link_only_to_what_is_there() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), (document.name, target)


def test_the_deployed_configuration_can_be_read() -> None:
    config = read_config(ROOT / "deploy" / "caseward.toml")
    assert [one.kind for one in config.source + config.sink] == ["folder", "folder", "webhook"]


def test_the_page_of_assurance_names_tests_and_targets_that_are_there() -> None:
    page = (ROOT / "docs" / "assurance.md").read_text(encoding="utf-8")
    named = re.findall(r"\b(tests/[\w/.]*\w)", page)
    targets = re.findall(r"`make ([a-z-]+)", page)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert len(named) > 20
    assert len(targets) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert [each for each in targets if f"\n{each}:" not in makefile] == []
