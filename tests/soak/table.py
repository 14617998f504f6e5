"""The table of `docs/assurance.md`: which seeds of a law were tried, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = "| date | commit | law | seeds | cases | failures |\n|---|---|---|---|---|---|\n"
_ROW = re.compile(
    r"^\| (?P<date>\S+) \| (?P<commit>\S+) \| (?P<law>[^|]+) \| (?P<first>\d+)-(?P<last>\d+)"
    r" \| (?P<cases>[\d,]+) \| (?P<failures>\d+) \|$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run of one law over the seeds from `first` to `last`, both included."""

    date: str
    commit: str
    law: str
    first: int
    last: int
    cases: int
    failures: int

    def __str__(self) -> str:
        cells = (self.date, self.commit, self.law, f"{self.first}-{self.last}", f"{self.cases:,}")
        return f"| {' | '.join(cells)} | {self.failures} |\n"


def rows(page: str) -> tuple[Row, ...]:
    """The rows of the table on a page, as they stand."""
    return tuple(
        Row(
            date=found["date"],
            commit=found["commit"],
            law=found["law"],
            first=int(found["first"]),
            last=int(found["last"]),
            cases=int(found["cases"].replace(",", "")),
            failures=int(found["failures"]),
        )
        for found in _ROW.finditer(page)
    )


def next_seed(page: str, law: str) -> int:
    """The first seed of a law that no row of the page has tried."""
    return max((row.last for row in rows(page) if row.law == law), default=0) + 1


def with_row(page: str, row: Row) -> str:
    """The page with a row at the end of its table.

    Raises:
        ValueError: the page has no such table.
    """
    head = page.find(HEAD)
    if head < 0:
        raise ValueError("the page has no table of laws")
    end = head + len(HEAD)
    while page.startswith("|", end):
        end = page.index("\n", end) + 1
    return page[:end] + str(row) + page[end:]
