"""`caseward agreement simulate`: who would have got what of events, and what a change changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from broker.cli.common import Unusable, ends_well, json_option, read_input, say, table
from broker.cli.events import read_events
from broker.cli.texts import read_text
from broker.register_file import RegisterFileError, read_register
from redaction.agreement import Agreement
from redaction.facts import Register
from redaction.simulate import Change, Direction, Run, Simulation, compare, simulate
from schemas.codec import Event
from schemas.registry import Registry, load_vocabulary

_WITHHELD = "withheld"


@click.command("simulate")
@click.argument("file")
@click.option("--events", "events_dir", required=True, help="A folder of event files.")
@click.option("--register", "register_file", required=True, help="A register file.")
@click.option("--against", default=None, help="Another version: say what changes from it.")
@click.option(
    "--after-hours",
    type=click.FloatRange(0, 24 * 366),
    default=1.0,
    show_default=True,
    help="Hours from each event to its decision.",
)
@json_option
@ends_well
def simulate_command(
    file: str,
    events_dir: str,
    register_file: str,
    against: str | None,
    after_hours: float,
    as_json: bool,
) -> None:
    """Say of past or made-up events who would have got what, as if FILE had been in force.

    Everybody in the register counts as acceded. With `--against`, say what changes for each
    recipient and tag; what becomes wider stands first.
    """
    run = Run(
        events=_events(events_dir),
        register=_register(register_file),
        vocabulary=load_vocabulary(),
        after=timedelta(hours=after_hours),
    )
    text = read_text(file)
    changes = () if against is None else compare(run, text, against=read_text(against))
    answer = _answer(run, text, simulate(run, text), changes)
    say(as_json, answer, lambda: _lines(answer, compared=against is not None))


def _register(name: str) -> Register:
    try:
        return read_register(read_input(name), origin=name).register
    except RegisterFileError as error:
        raise Unusable(str(error)) from None


def _events(folder: str) -> tuple[tuple[str, Event], ...]:
    """Every event of a folder's `.json` and `.jsonl` files, labelled by file and number."""
    names = sorted(one for one in Path(folder).glob("*.json*") if one.suffix in (".json", ".jsonl"))
    registry = Registry.builtin()
    found = tuple(
        (f"{path.name}:{number}", event)
        for path in names
        for number, event in enumerate(read_events(str(path), registry), 1)
    )
    if not found:
        raise Unusable(f"{folder}: no event file in it")
    return found


def _answer(
    run: Run, text: Agreement, done: Simulation, changes: tuple[Change, ...]
) -> dict[str, Any]:
    return {
        "agreement": text.id,
        "version": text.version,
        "events": len(run.events),
        "reached": [
            {
                "recipient": one.recipient,
                "purpose": one.purpose,
                "gate": str(one.gate),
                "events": one.events,
            }
            for one in done.reached
        ],
        "got": [
            {
                "recipient": one.recipient,
                "purpose": one.purpose,
                "tag": one.tag,
                "form": _WITHHELD if one.form is None else str(one.form),
                "fields": one.fields,
            }
            for one in done.got
        ],
        "changes": [
            {
                "recipient": one.recipient,
                "purpose": one.purpose,
                "tag": one.tag,
                "before": _WITHHELD if one.before is None else str(one.before),
                "after": _WITHHELD if one.after is None else str(one.after),
                "direction": str(one.direction),
                "fields": one.fields,
                "example": one.example,
            }
            for one in changes
        ],
    }


def _lines(answer: dict[str, Any], *, compared: bool) -> list[str]:
    lines = [f"{answer['agreement']} version {answer['version']}, {answer['events']} events"]
    lines += ["", "Who would have been reached:"]
    lines += table(answer["reached"], ["recipient", "purpose", "gate", "events"])
    shown = [one for one in answer["got"] if one["form"] != _WITHHELD]
    lines += ["", "What they would have got:"]
    lines += table(shown, ["recipient", "purpose", "tag", "form", "fields"])
    if compared:
        changes = answer["changes"]
        wider = sum(one["direction"] == Direction.WIDER for one in changes)
        lines += ["", f"What changes ({wider} wider, {len(changes) - wider} narrower):"]
        lines += table(
            changes, ["direction", "recipient", "tag", "before", "after", "fields", "example"]
        )
    return lines
