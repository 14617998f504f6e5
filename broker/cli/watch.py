"""`caseward trace|deliveries|dead-letters|erase`: what happened, and making it forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from broker.cli.common import Unusable, acting, ends_well, json_option, run, say, setting, table
from broker.session import client_of, reach

STATES = ("sealed", "withheld", "waiting", "opened", "written", "acknowledged", "refused")

_as = click.option("--as", "party", default="operator", show_default=True, help="Who asks.")


def _ask(path: str, party: str, **query: Any) -> dict[str, Any]:
    given = setting()
    acting(given, party)

    async def work() -> dict[str, Any]:
        async with reach(given.places, given.secret) as http:
            return await client_of(http, given.places, party).get(path, **query)

    return run(work())


def _clock(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _timed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        row["time"] = _clock(row.pop("time_ms")).replace("+00:00", "Z")
    return rows


@click.command()
@click.argument("event")
@click.option("--publisher", required=True, help="Who published it.")
@_as
@json_option
@ends_well
def trace(event: str, publisher: str, party: str, as_json: bool) -> None:
    """One event's path, hop by hop, with times. An auditor's look is itself a hop."""
    hops = _timed(_ask(f"/v1/events/{publisher}/{event}", party)["hops"])
    columns = [
        "leaf",
        "time",
        "step",
        "recipient",
        "purpose",
        "gate",
        "code",
        "released",
        "withheld",
    ]
    say(as_json, {"hops": hops}, lambda: table(hops, columns))


@click.command()
@click.option("--agency", default=None, help="Publisher or recipient.")
@click.option("--type", "event_type", default=None, help="The event type.")
@click.option("--state", default=None, type=click.Choice(STATES), help="How far it has come.")
@click.option("--since", default=None, help="RFC 3339 time, inclusive.")
@click.option("--until", default=None, help="RFC 3339 time, exclusive.")
@click.option("--case", default=None, help="The case reference (auditor, officer or agency).")
@_as
@json_option
@ends_well
def deliveries(
    agency: str | None,
    event_type: str | None,
    state: str | None,
    since: str | None,
    until: str | None,
    case: str | None,
    party: str,
    as_json: bool,
) -> None:
    """List deliveries made and withheld, as far as the asker may know."""
    said = _ask(
        "/v1/deliveries",
        party,
        agency=agency,
        event_type=event_type,
        state=state,
        since_ms=_ms(since, "--since"),
        until_ms=_ms(until, "--until"),
        case=case,
    )
    rows = _timed(said["deliveries"])
    columns = [
        "time",
        "publisher",
        "event_type",
        "recipient",
        "purpose",
        "state",
        "gate",
        "released",
    ]
    say(as_json, {"deliveries": rows}, lambda: table(rows, columns))


def _ms(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{option}: not an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise Unusable(f"{option}: a time needs its offset, such as Z")
    return int(moment.timestamp() * 1000)


@click.command("dead-letters")
@_as
@json_option
@ends_well
def dead_letters(party: str, as_json: bool) -> None:
    """List what could not be processed: where it stood and which rule it broke."""
    rows = _timed(_ask("/v1/dead-letters", party)["dead_letters"])
    columns = ["time", "publisher", "code", "source"]
    say(as_json, {"dead_letters": rows}, lambda: table(rows, columns))


@click.command()
@click.argument("case")
@json_option
@ends_well
def erase(case: str, as_json: bool) -> None:
    """Erase a case from the node; the ledger's tree and proofs stay valid."""
    given = setting()

    async def work() -> int:
        async with reach(given.places, given.secret) as http:
            officer = client_of(http, given.places, "officer-1")
            return int((await officer.post("/v1/erasures", {"case": case}))["erased"])

    erased = run(work())
    say(as_json, {"erased": erased}, lambda: [f"erased {erased} hops and what they led to"])
