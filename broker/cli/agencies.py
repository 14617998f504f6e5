"""`caseward agency enrol|suspend|resume|list`, `keys rotate`, `register load`."""

from __future__ import annotations

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
    table,
)
from broker.enrol import Officer, rotate_keys
from broker.entries import Kind
from broker.load import load_register
from broker.places import Places
from broker.register_file import RegisterFileError, read_register
from broker.session import client_of, reach


@click.group()
def agency() -> None:
    """Enrol, suspend and list agencies."""


@agency.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="A role the agency has; may be repeated.")
@click.option("--part-of", default=None, help="The agency this is a unit of.")
@click.option("--lost-key", is_flag=True, default=False, help="Key lost: both officers sign.")
@json_option
@ends_well
def enrol(
    name: str, roles: tuple[str, ...], part_of: str | None, lost_key: bool, as_json: bool
) -> None:
    """Enrol an agency: its keys and token are made in its own folder."""
    given = setting()

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            officer = Officer(http, given.places, given.secret, second=lost_key)
            await officer.enrol(name, roles=roles, part_of=part_of)

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
    columns = ["name", "roles", "part_of", "suspended", "generation"]
    say(as_json, {"agencies": rows}, lambda: table(rows, columns))


@click.group()
def keys() -> None:
    """An agency's own keys."""


@keys.command()
@click.option("--as", "name", required=True, help="The agency whose keys are replaced.")
@json_option
@ends_well
def rotate(name: str, as_json: bool) -> None:
    """Replace an agency's keys: the old key signs the new ones."""
    given = setting()
    acting(given, name)

    async def work(places: Places) -> int:
        async with reach(places, given.secret) as http:
            return await rotate_keys(http, places, name, given.secret)

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
    """Enter everything a register file says, each entry signed by an officer."""
    given = setting()
    try:
        read = read_register(read_input(file), origin=file)
    except RegisterFileError as error:
        raise Unusable(str(error)) from None

    async def work() -> int:
        async with reach(given.places, given.secret) as http:
            return await load_register(http, given.places, given.secret, read)

    entries = run(work())
    say(as_json, {"entries": entries}, lambda: [f"entered {entries} entries"])
