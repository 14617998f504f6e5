"""`caseward override authorise|grant|review|list`: answers and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.broker.test_overrides import SECTION
from tests.cli.calls import CHILDREN, EXAMPLES, POLICE, answer, call, refused, sign_and_enact

HOSPITAL = "northmoor-hospital"
ONE, TWO, THREE = f"{POLICE}/duty-1", f"{CHILDREN}/duty-2", f"{HOSPITAL}/duty-3"
REASON = "Zyzzyva-Quokka-4711 must be reached"
GRANT = (
    *("--agreement", "northmoor-marac", "--override", "9.1", "--purpose", "marac-conference"),
    *("--to", HOSPITAL, "--tag", "victim.phone", "--basis", "gdpr-9-2-c"),
    *("--justification", "-", "--requested-by", f"{POLICE}/desk"),
)


@pytest.fixture
def ready(node: Path, tmp_path: Path) -> Path:
    """A node with an agreement that has an override, and three duty managers."""
    text = (EXAMPLES / "marac-northmoor" / "agreement.yaml").read_text()
    text = text.replace("version: 1", "version: 2").replace("\nclauses:", f"{SECTION}clauses:")
    path = tmp_path / "agreement.yaml"
    path.write_text(text)
    assert sign_and_enact(path, node).exit_code == 0
    for person in (ONE, TWO, THREE):
        words = ("override", "authorise", person, "--rank", "duty-manager")
        assert answer("override-authorise", *words, state=node)["authoriser"] == person
    return node


def test_an_override_is_granted_listed_and_reviewed(ready: Path) -> None:
    signed = ("--signed-by", ONE, "--signed-by", TWO)
    words = ("override", "grant", "--case", "NM-2026-00001", *GRANT, "--hours", 72, *signed)
    made = answer("override-grant", *words, state=ready, stdin=REASON.encode())
    (row,) = answer("override-list", "override", "list", state=ready)["overrides"]
    assert (row["id"], row["until"], row["review"]) == (made["id"], made["until"], "open")
    assert row["authorised_by"] == sorted([ONE, TWO])
    assert REASON not in call("override", "list", state=ready).stdout
    asked = ("override", "review", made["id"], "failed", "--signed-by")
    refused(call(*asked, ONE, state=ready), line="requested or signed")
    assert answer("override-review", *asked, THREE, state=ready)["review"] == "failed"
    (row,) = answer("override-list", "override", "list", state=ready)["overrides"]
    assert (row["review"], row["reviewed_by"]) == ("failed", THREE)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--hours", 73, "--signed-by", ONE, "--signed-by", TWO), "within 72 hours"),
        (("--hours", 72, "--signed-by", ONE), "2 distinct"),
        (("--hours", 72, "--signed-by", ONE, "--signed-by", f"{POLICE}/desk"), "keys are not"),
        (("--hours", 72, "--signed-by", "duty-1"), "agency/name"),
        (("--hours", 72, "--signed-by", ONE, "--signed-by", TWO, "--as", "x"), "--as"),
    ],
)
def test_a_grant_beyond_its_bounds_is_one_line(
    more: tuple[object, ...], line: str, ready: Path
) -> None:
    words = ("override", "grant", "--case", "NM-2026-00001", *GRANT, *more)
    said = refused(call(*words, state=ready, stdin=REASON.encode()), line=line)
    assert "Zyzzyva" not in said
    assert "NM-2026" not in said
    assert answer("override-list", "override", "list", state=ready) == {"overrides": []}
