"""`caseward publish|redeliver`: what an agency says, and what is delivered again."""

from __future__ import annotations

import re

import click

from broker.cli.common import (
    Unusable,
    acting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
)
from broker.session import agency_of, client_of, reach
from schemas.codec import Event, event_from_json, parse_json
from schemas.errors import CasewardError
from schemas.registry import Registry

as_option = click.option("--as", "name", required=True, help="The agency that acts.")


def read_events(name: str, registry: Registry, *, source: str | None = None) -> list[Event]:
    """The events of a file: `.jsonl` holds one a line, any other one; `-` either.

    Args:
        name: the file, or `-` for standard input.
        registry: the event types that are known.
        source: the publisher that every event must name, if only one is right.

    Raises:
        Unusable: `path:line: what is wrong`, at the first that is no event.
    """
    data = read_input(name)
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise Unusable(f"{name}:1: no event in it")
    if not (name.endswith(".jsonl") or (name == "-" and _stands_alone(lines[0][1]))):
        lines = [(1, data)]
    events = []
    for number, text in lines:
        try:
            event = event_from_json(parse_json(text), registry)
        except CasewardError as error:
            raise Unusable(_located(name, number, str(error))) from None
        if source not in (None, event.source):
            raise Unusable(f"{name}:{number}: /header/source: is not `{source}`")
        events.append(event)
    return events


def _stands_alone(line: bytes) -> bool:
    """Whether a line is a JSON text by itself, and so the first of several or the only one."""
    try:
        parse_json(line)
    except CasewardError:
        return False
    return True


def _located(name: str, first: int, fault: str) -> str:
    """`path:line: what is wrong` of a fault in the text that begins at a line of a file."""
    found = re.match(r"line (\d+): ", fault)
    if found is None:
        return f"{name}:{first}: {fault}"
    return f"{name}:{first + int(found[1]) - 1}: {fault[found.end() :]}"


@click.command()
@as_option
@click.argument("files", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, default=False, help="Check the events; publish nothing.")
@json_option
@ends_well
def publish(name: str, files: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Sign, seal and publish events from files, or from standard input with `-`."""
    given = setting()
    acting(given, name)
    registry = Registry.builtin()
    events = [event for file in files for event in read_events(file, registry, source=name)]

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            agency = agency_of(http, given.places, name, given.secret)
            await agency.publish(events)
            agency.close()

    if not dry_run:
        run(work())
    answer = {"published": 0 if dry_run else len(events), "events": [event.id for event in events]}
    say(as_json, answer, lambda: [f"{'checked' if dry_run else 'published'} {len(events)} events"])


@click.command()
@click.argument("event")
@click.option("--publisher", required=True, help="Who published it.")
@click.option("--to", "only_to", default=None, help="Only for this recipient.")
@json_option
@ends_well
def redeliver(event: str, publisher: str, only_to: str | None, as_json: bool) -> None:
    """Decide an event afresh, under today's register and agreements, and deliver that."""
    given = setting()
    body = {"publisher": publisher, "event_id": event, "only_to": only_to}

    async def work() -> int:
        async with reach(given.places, given.secret) as http:
            officer = client_of(http, given.places, "officer-1")
            return int((await officer.post("/v1/redeliveries", body))["redelivery"])

    number = run(work())
    say(as_json, {"redelivery": number}, lambda: [f"asked for redelivery {number}"])
