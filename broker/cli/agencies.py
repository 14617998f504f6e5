"""`caseward agency enrol|suspend|resume|list`, `keys rotate`, `register load`."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.decorators import FC

from broker.cli.common import (
    Unusable,
    acting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
    table,
)
from broker.enrol import Officer, keys_end, rotate_keys
from broker.entries import KEY_DAYS, Kind
from broker.load import Loaded, load_register
from broker.places import Places
from broker.register_file import RegisterFileError, read_register
from broker.session import client_of, reach

OFFICER_DAYS = 3650  # the longest that an officer gives keys


def _valid_days(most: int) -> Callable[[FC], FC]:
    return click.option(
        "--valid-days",
        default=KEY_DAYS,
        show_default=True,
        type=click.IntRange(1, most),
        help="How many days the new keys are sealed to.",
    )


@click.group()
def agency() -> None:
    """Enrol, suspend and list agencies."""


@agency.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="A role the agency has; may be repeated.")
@click.option("--part-of", default=None, help="The agency this is a unit of.")
@click.option("--lost-key", is_flag=True, default=False, help="Key lost: both officers sign.")
@_valid_days(OFFICER_DAYS)
@json_option
@ends_well
def enrol(
    name: str,
    roles: tuple[str, ...],
    part_of: str | None,
    lost_key: bool,
    valid_days: int,
    as_json: bool,
) -> None:
    """Enrol an agency: its keys and token are made in its own folder."""
    given = setting()

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            officer = Officer(http, given.places, given.secret, second=lost_key)
            until = keys_end(valid_days)
            await officer.enrol(name, roles=roles, part_of=part_of, keys_until=until)

    run(work())
    say(as_json, {"name": name, "enrolled": True}, lambda: [f"enrolled {name}"])


def _suspend(name: str, suspended: bool, as_json: bool) -> None:
    given = setting()

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            officer = Officer(http, given.places, given.secret)
            if (await officer.entry(Kind.AGENCY, name))["value"] is None:
                raise Unusable(f"no agency of the name `{name}` is enrolled")
            await officer.suspend(name, suspended=suspended)

    run(work())
    word = "suspended" if suspended else "resumed"
    say(as_json, {"name": name, "suspended": suspended}, lambda: [f"{word} {name}"])


@agency.command()
@click.argument("name")
@json_option
@ends_well
def suspend(name: str, as_json: bool) -> None:
    """Suspend an agency: nothing is taken from it and nothing goes to it."""
    _suspend(name, True, as_json)


@agency.command()
@click.argument("name")
@json_option
@ends_well
def resume(name: str, as_json: bool) -> None:
    """Take a suspended agency back."""
    _suspend(name, False, as_json)


@agency.command("list")
@json_option
@ends_well
def list_agencies(as_json: bool) -> None:
    """List who is enrolled."""
    given = setting()

    async def work() -> list[dict[str, object]]:
        async with reach(given.places, given.secret) as http:
            said = await client_of(http, given.places, "operator").get("/v1/agencies")
            return list(said["agencies"])

    rows = run(work())
    columns = ["name", "roles", "part_of", "suspended", "generation", "keys_until"]
    say(as_json, {"agencies": rows}, lambda: table(rows, columns))


@click.group()
def keys() -> None:
    """An agency's own keys."""


@keys.command()
@click.option("--as", "name", required=True, help="The agency whose keys are replaced.")
@_valid_days(KEY_DAYS)
@json_option
@ends_well
def rotate(name: str, valid_days: int, as_json: bool) -> None:
    """Replace an agency's keys: the old key signs the new ones."""
    given = setting()
    acting(given, name)

    async def work(places: Places) -> int:
        async with reach(places, given.secret) as http:
            return await rotate_keys(http, places, name, given.secret, days=valid_days)

    generation = run(work(given.places))
    answer = {"name": name, "generation": generation}
    say(as_json, answer, lambda: [f"{name} has keys of generation {generation}"])


@click.group()
def register() -> None:
    """The register: agencies, training, calendars, consents, conflict checks."""


@register.command()
@click.argument("file")
@json_option
@ends_well
def load(file: str, as_json: bool) -> None:
    """Enter what a register file says, signed by an officer; accessions by the agencies here."""
    given = setting()
    try:
        read = read_register(read_input(file), origin=file)
    except RegisterFileError as error:
        raise Unusable(str(error)) from None

    async def work() -> Loaded:
        async with reach(given.places, given.secret) as http:
            return await load_register(http, given.places, given.secret, read)

    done = run(work())
    answer = {"entries": done.entries, "waiting": done.waiting}
    lines = [f"entered {done.entries} entries"]
    if done.waiting:
        lines.append(f"{done.waiting} wait for what only others can sign, or for their agreement")
    say(as_json, answer, lambda: lines)
