"""Puts the leaks into the engine one by one and writes down what caught each: `make leaks`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from tests.leaks.trying import LEAKS, Caught, apart, by_law, by_tests

KEPT = Path(__file__).with_name("caught.json")
LAWS = ("differential", "noninterference")  # one that sees it is enough


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--laws", is_flag=True, help="Try the random laws as well as the named tests.")
@click.option("--clean/--no-clean", default=True, help="See first that the clean engine passes.")
@click.option("--keep/--no-keep", default=True, help="Write what was found to the kept list.")
@click.option("--cases", default=10_000, help="How many cases a law may take.")
def main(ids: tuple[str, ...], laws: bool, clean: bool, keep: bool, cases: int) -> None:
    """Try these leaks, or all; exit with 1 if one is not caught."""
    if clean and (failed := by_tests_apart()):
        raise SystemExit(f"the clean engine fails: {failed}")
    escaped = 0
    for leak in [LEAKS[id] for id in ids] if ids else list(LEAKS.values()):
        found = [apart(leak, lambda leak=leak: by_tests(leak))]  # type: ignore[misc]
        for law in LAWS if laws or found[0].test is None else ():
            found.append(apart(leak, lambda law=law: by_law(law, cases)))  # type: ignore[misc]
            if found[-1].test is not None:
                break
        caught = [one for one in found if one.test is not None]
        escaped += not caught
        click.echo(f"{leak.of:4}{leak.id}: {'; '.join(map(_told, found))}")
        by = [{"by": one.test, "case": one.case} for one in caught]
        entry = {"class": leak.of, "does": leak.does, "caught": by}
        if keep:
            kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
            kept[leak.id] = entry
            here = {id: kept[id] for id in LEAKS if id in kept}
            KEPT.write_text(json.dumps(here, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if escaped else 0)


def by_tests_apart() -> str | None:
    """What fails without any leak."""
    from tests.leaks.patching import Leak

    nothing = Leak(id="none", of="", does="", put=lambda: None, caught_by=(), fast=False)
    return apart(nothing, lambda: by_tests(None)).test


def _told(caught: Caught) -> str:
    return f"{caught.test or 'NOT CAUGHT'} ({caught.case})"


if __name__ == "__main__":
    main()
