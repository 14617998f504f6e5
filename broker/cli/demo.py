"""`caseward demo`: the whole thing in a minute, on this machine alone."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from broker.cli.common import DONE, NO, Unusable, ends_well, json_option
from broker.demo import Outcome, Shown, play
from broker.logs import log_to_stderr
from broker.stage import EXAMPLES, Signed, Stage, clear
from redaction.decision import FieldDecision

FIELD_WIDTH, CELL_WIDTH, WHY_WIDTH = 27, 16, 12  # columns of the side-by-side table
MAX_TEXT = 2 * CELL_WIDTH
PIPE_WIDTH = 132  # where the output is no terminal


@click.command()
@click.option("--events", default=60, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--headless", is_flag=True, default=False, help="End by itself; one JSON line last.")
@click.option("--dir", "folder", default=None, help="Where to play; else a temporary directory.")
@click.option("--seed", default=4, show_default=True, help="The same seed, the same events.")
@json_option
@ends_well
def demo(events: int, headless: bool, folder: str | None, seed: int, as_json: bool) -> None:
    """Enrol agencies, put agreements in force, play events, check and show what each received.

    With --json it is headless, and its one line of JSON is all it prints.
    """
    if not (EXAMPLES / "register.yaml").exists():
        raise Unusable(f"{EXAMPLES}: the examples are not there")
    log_to_stderr(at_least=logging.ERROR)
    if folder is not None:
        root = Path(folder)
        try:
            clear(root)
        except FileExistsError as error:
            raise Unusable(f"{root}: {error}") from None
        raise SystemExit(_play(root, events, headless, seed, as_json))
    with tempfile.TemporaryDirectory(prefix="caseward-demo-") as temporary:
        raise SystemExit(_play(Path(temporary), events, headless, seed, as_json))


def _play(root: Path, events: int, headless: bool, seed: int, as_json: bool) -> int:
    headless = headless or as_json
    console = Console(quiet=as_json)
    if not console.is_terminal:
        console = Console(quiet=as_json, width=PIPE_WIDTH)
    stage = Stage(root, seed=seed)
    agencies, agreements = len(stage.recipients), len(stage.examples)
    console.print(f"{agencies} agencies, {agreements} agreements, {events} events (seed {seed})")

    def then(shown: Shown, outcome: Outcome) -> None:
        console.print(side_by_side(shown, console.width))
        console.print(_verdict(outcome))
        if not headless:
            console.print("Playing on, one event a second; Ctrl-C ends it.")

    with console.status("enrolling agencies, putting agreements in force") as status:

        def progress(written: int, decided: int) -> None:
            status.update(f"{decided} events decided, {written} deliveries written")

        def signed(found: Signed) -> None:
            console.print(
                f"every party signed with its own key: {found.signatures} signatures, "
                f"{found.accessions} accessions"
            )

        told = {"signed": signed, "progress": progress, "then": then}
        outcome = asyncio.run(_until_interrupted(stage, events, told, go_on=not headless))
    if outcome is None:  # interrupted: nobody may take that for a run that was checked
        return NO if headless else DONE
    if headless:
        print(json.dumps(outcome.summary()))  # noqa: T201 - one unwrapped line, for scripts
    return DONE if outcome.good else NO


async def _until_interrupted(
    stage: Stage, events: int, told: dict[str, Any], *, go_on: bool
) -> Outcome | None:
    """Play; Ctrl-C or SIGTERM cancels, which drains and closes everything."""
    task = asyncio.ensure_future(play(stage, events, **told, go_on=go_on))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None


def side_by_side(shown: Shown, width: int) -> Table:
    """One event: a row for each leaf, a column for each recipient, the auditor's reasons last."""
    room = (width - FIELD_WIDTH - WHY_WIDTH - 8) // (CELL_WIDTH + 3)
    names = list(shown.views)[: max(1, room)]
    left_out = len(shown.views) - len(names)
    more = f" (and {left_out} more agencies)" if left_out else ""
    table = Table(title=f"One {shown.event.type} event, as each agency received it{more}")
    table.add_column("field", width=FIELD_WIDTH, overflow="fold")
    for name in names:
        table.add_column(name, width=CELL_WIDTH, overflow="fold")
    table.add_column("why (auditor)", width=WHY_WIDTH, overflow="fold")
    decided = {name: {f.path: f for f in shown.decisions[name].fields} for name in names}
    for path in decided[names[0]]:
        fields = [decided[name][path] for name in names]
        if any(field.released for field in fields):
            cells = [_cell(field, shown, name) for field, name in zip(fields, names, strict=True)]
            table.add_row(path, *cells, _why(fields))
    hidden = len(decided[names[0]]) - table.row_count
    table.caption = f"· not for this agency; {hidden} more fields are for none of these"
    return table


def _cell(field: FieldDecision, shown: Shown, name: str) -> str:
    """What this agency received at this place, from the view it opened."""
    if not field.released:
        return "[dim]·[/dim]"
    released = [f.path for f in shown.decisions[name].fields if f.released]
    value = _received(shown.views[name], field.path, released)
    if value is None:
        return "[dim](none)[/dim]"
    text = ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
    return escape(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…")


def _received(view: Any, path: str, released: list[str]) -> Any:
    """The value in a view for a place in the event, whose lists may have more elements."""
    value, walked = view, ""
    for token in path.removeprefix("/").split("/"):
        if value is None:
            return None
        if isinstance(value, list):
            below = [p[len(walked) + 1 :] for p in released if p.startswith(f"{walked}/")]
            kept = sorted({int(p.split("/")[0]) for p in below})
            value = value[kept.index(int(token))]
        else:
            value = value[token.replace("~1", "/").replace("~0", "~")]
        walked += f"/{token}"
    return value


def _why(fields: list[FieldDecision]) -> str:
    return " / ".join(dict.fromkeys(field.clause or str(field.reason) for field in fields))


def _verdict(outcome: Outcome) -> str:
    def word(fine: bool) -> str:
        return "[green]yes[/green]" if fine else "[red]NO[/red]"

    return (
        f"{outcome.events} events became {outcome.deliveries} deliveries and "
        f"{outcome.hops} hops in {outcome.seconds:.1f} s; {outcome.withheld_fields} fields "
        f"withheld, {outcome.dead_letters} dead letters.\n"
        f"Every expected delivery arrived once: {word(not (outcome.lost or outcome.duplicated))} "
        f"({outcome.lost} lost, {outcome.duplicated} duplicated). "
        f"Every view is what the reference says: {word(not outcome.different)}. "
        f"Ledger verified: {word(outcome.ledger_verified)}."
    )
