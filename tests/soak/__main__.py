"""Tries every law for its share of some minutes; run it by `make soak MINUTES=60`."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.soak.laws import LAWS
from tests.soak.running import run
from tests.soak.table import Row, next_seed, with_row

HOUSE = Path(__file__).parents[2]
TABLE = Path("docs", "assurance.md")


@click.command()
@click.option("--minutes", type=click.FloatRange(min=0), default=60, help="For all laws together.")
@click.option("--law", "names", multiple=True, help="Only laws of this name, or that begin so.")
@click.option("--cores", type=click.IntRange(min=1), default=lambda: len(os.sched_getaffinity(0)))
@click.option("--page", type=click.Path(path_type=Path), default=HOUSE / TABLE)
def main(minutes: float, names: tuple[str, ...], cores: int, page: Path) -> None:
    """Try the next seeds of the laws, and append what came of them to the page's table."""
    laws = [law for law in LAWS if law.name in names]
    laws = laws or [law for law in LAWS if not names or law.name.startswith(names)]
    if not laws:
        raise click.UsageError("no law has a name that begins so")
    broken = 0
    for law in laws:
        seconds = 60 * minutes * law.weight / sum(each.weight for each in laws)
        first = next_seed(page.read_text(encoding="utf-8"), law.name)
        outcome = run(law.name, first=first, seconds=seconds, cores=cores)
        row = Row(
            date=datetime.now(UTC).date().isoformat(),
            commit=_commit(),
            law=law.name,
            first=outcome.first,
            last=outcome.last,
            cases=outcome.cases,
            failures=len(outcome.failures),
        )
        # read again, because somebody may have written meanwhile
        page.write_text(with_row(page.read_text(encoding="utf-8"), row), encoding="utf-8")
        click.echo(str(row), nl=False)
        for failure in outcome.failures:
            click.echo(failure, err=True)
        broken += len(outcome.failures)
    raise SystemExit(1 if broken else 0)


def _commit() -> str:
    """The commit that is tried; with `-dirty` where files but this table differ from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{TABLE}")
    return f"{commit or 'unknown'}{'-dirty' if changed else ''}"


def _git(*words: str) -> str:
    said = subprocess.run(("git", *words), cwd=HOUSE, capture_output=True, text=True, check=False)
    return said.stdout.strip()


if __name__ == "__main__":
    main()
