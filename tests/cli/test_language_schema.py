"""The schema of the agreement language, as an editor uses it beside `agreement check`."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.cli.calls import AGREEMENTS, call, schema


def test_misspelt_agreement_is_marked_by_the_editor_and_refused_by_check(tmp_path: Path) -> None:
    """Rule 13: the same mistake is seen while writing and before anything is put in force."""
    tree = yaml.load(AGREEMENTS[0].read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    editor = schema("agreement-language")
    assert editor.is_valid(tree)
    tree["clauses"][0]["shares"] = tree["clauses"][0].pop("share")
    assert not editor.is_valid(tree)
    file = tmp_path / "agreement.yaml"
    file.write_text(json.dumps(tree), encoding="utf-8")
    assert call("agreement", "check", file).exit_code == 1
