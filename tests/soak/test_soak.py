"""The runner of long laws: seeds go on where the table ends, and a broken law is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.soak.__main__ import HOUSE, main
from tests.soak.laws import LAWS
from tests.soak.running import MAX_FAILURES, Tried, run
from tests.soak.table import HEAD, Row, next_seed, rows, with_row

PAGE = f"# Page\n\n{HEAD}| 2026-11-22 | abc1234 | sums | 1-20 | 1,200 | 0 |\n\nMore.\n"


def sums(name: str, seed: int) -> Tried:
    return Tried(seed=seed, cases=10, failure=None)


def breaks(name: str, seed: int) -> Tried:
    return Tried(seed=seed, cases=0, failure="it did not hold") if seed % 2 else sums(name, seed)


def test_a_row_is_added_at_the_end_of_the_table_and_read_again() -> None:
    row = Row(
        date="2026-11-23", commit="d-dirty", law="a: b", first=3, last=9, cases=12_345, failures=1
    )
    page = with_row(PAGE, row)
    assert rows(page)[1] == row
    assert page.endswith("| 3-9 | 12,345 | 1 |\n\nMore.\n")
    with pytest.raises(ValueError, match="no table of laws"):
        with_row("# Page\n", row)


def test_the_next_seed_follows_the_last_that_the_table_has_of_this_law() -> None:
    assert next_seed(PAGE, "sums") == 21
    assert next_seed(PAGE, "products") == 1


def test_seeds_are_tried_without_a_gap_until_the_time_is_up() -> None:
    outcome = run("sums", first=21, seconds=0.2, cores=2, trying=sums)
    assert outcome.first == 21
    assert outcome.cases == 10 * (outcome.last - 20) > 0
    assert not outcome.failures


def test_one_seed_is_tried_even_in_no_time() -> None:
    assert run("sums", first=1, seconds=0, cores=1, trying=sums).last == 1


def test_a_broken_law_is_told_with_its_seed_and_ends_after_some_failures() -> None:
    outcome = run("sums", first=1, seconds=60, cores=1, trying=breaks)
    assert len(outcome.failures) == MAX_FAILURES
    assert outcome.failures[0].startswith("sums, seed 1:\nit did not hold")


def test_what_a_law_did_is_appended_to_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    law = next(law.name for law in LAWS if law.name.startswith("fuzz: envelope"))
    asked = ["--minutes", "0", "--cores", "1", "--page", str(page), "--law", law]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0
    written = rows(page.read_text())
    assert {(row.law, row.first, row.last, row.failures) for row in written[1:]} >= {(law, 1, 1, 0)}


def test_a_law_whose_name_begins_another_is_tried_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    words = ["--minutes", "0", "--cores", "1", "--page", str(page), "--law", "noninterference"]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert [row.law for row in rows(page.read_text(encoding="utf-8"))[1:]] == ["noninterference"]


def test_the_page_of_the_house_has_the_table() -> None:
    assert HEAD in (HOUSE / "docs" / "assurance.md").read_text(encoding="utf-8")


def test_every_law_yields_the_cases_of_each_seed() -> None:
    for law in LAWS:
        assert next(law.holds(range(1, 2))) > 0, law.name
