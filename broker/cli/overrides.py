"""`caseward override authorise|grant|review|list`: breach of confidentiality for serious risk."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

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
from broker.granting import NoAuthoriser
from broker.granting import authorise as enter_authoriser
from broker.granting import grant as enter_grant
from broker.granting import review as enter_review
from broker.node import OFFICERS
from broker.override_record import Override, is_person
from broker.session import client_of, reach
from redaction.agreement import Form
from redaction.facts import Granted, Review

_PERSON = "AGENCY/NAME"


@click.group()
def override() -> None:
    """Overrides: who may sign them, what was granted, what its review found."""


@override.command()
@click.argument("person", metavar=_PERSON)
@click.option("--rank", required=True, help="The rank that agreements ask for.")
@json_option
@ends_well
def authorise(person: str, rank: str, as_json: bool) -> None:
    """Enrol somebody who may sign overrides; the agency itself says so."""
    given = setting()
    _people(person)
    acting(given, person.partition("/")[0])

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            await enter_authoriser(http, given.places, given.secret, person, rank)

    run(work())
    say(as_json, {"authoriser": person, "rank": rank}, lambda: [f"{person} may sign as {rank}"])


@override.command()
@click.option("--case", required=True, help="The case.")
@click.option("--agreement", required=True, help="The agreement's id.")
@click.option("--override", "clause", required=True, help="The id of the override in it.")
@click.option("--purpose", required=True, help="For which purpose.")
@click.option("--to", "recipients", multiple=True, required=True, help="A recipient.")
@click.option("--tag", "tags", multiple=True, required=True, help="What is released.")
@click.option("--as", "form", default=str(Form.CLEAR), type=click.Choice(list(map(str, Form))))
@click.option("--hours", required=True, type=click.IntRange(1, 8760), help="For how long.")
@click.option("--basis", "bases", multiple=True, required=True, help="A legal basis.")
@click.option("--justification", required=True, help="A file with the reason, or -.")
@click.option("--requested-by", required=True, metavar=_PERSON, help="Who asks for it.")
@click.option("--signed-by", "signers", multiple=True, required=True, metavar=_PERSON)
@json_option
@ends_well
def grant(
    case: str,
    agreement: str,
    clause: str,
    purpose: str,
    recipients: tuple[str, ...],
    tags: tuple[str, ...],
    form: str,
    hours: int,
    bases: tuple[str, ...],
    justification: str,
    requested_by: str,
    signers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Record an override from now on, signed by its authorisers, whose keys are here."""
    given = setting()
    _people(requested_by, *signers)
    since = datetime.now(UTC).replace(microsecond=0)
    granted = Granted(
        id=str(uuid.uuid4()),
        case=case,
        agreement=agreement,
        override=clause,
        purpose=purpose,
        persons=frozenset(tag.partition(".")[0] for tag in tags),
        recipients=frozenset(recipients),
        tags=frozenset(tags),
        form=Form(form),
        since=since,
        until=since + timedelta(hours=hours),
        review=Review.OPEN,
    )
    record = Override(
        granted=granted,
        legal_basis=frozenset(bases),
        justification=_reason(justification),
        requested_by=requested_by,
        authorised_by=frozenset(signers),
        reviewed_by=None,
    )

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            await enter_grant(http, given.places, given.secret, record)

    _enter(work)
    answer = {"id": granted.id, "since": granted.since.isoformat(), "until": _until(granted)}
    say(as_json, answer, lambda: [f"override {granted.id} holds until {_until(granted)}"])


@override.command()
@click.argument("override_id", metavar="ID")
@click.argument("finding", type=click.Choice([str(Review.UPHELD), str(Review.FAILED)]))
@click.option("--signed-by", "signer", required=True, metavar=_PERSON, help="Who reviewed it.")
@json_option
@ends_well
def review(override_id: str, finding: str, signer: str, as_json: bool) -> None:
    """Record what the review found; an override that failed releases nothing more."""
    given = setting()
    _people(signer)

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            keys = (given.places, given.secret)
            await enter_review(http, *keys, override_id, by=signer, found=Review(finding))

    _enter(work)
    say(as_json, {"id": override_id, "review": finding}, lambda: [f"{override_id}: {finding}"])


@override.command("list")
@json_option
@ends_well
def list_overrides(as_json: bool) -> None:
    """List every override on record, with its review or that it is overdue, for an officer."""
    given = setting()

    async def work() -> list[dict[str, Any]]:
        async with reach(given.places, given.secret) as http:
            said = await client_of(http, given.places, OFFICERS[0]).get("/v1/overrides")
            return list(said["overrides"])

    rows = run(work())
    columns = ["id", "agreement", "override", "recipients", "since", "until", "review"]
    say(as_json, {"overrides": rows}, lambda: table([*map(_marked, rows)], columns))


def _marked(row: dict[str, Any]) -> dict[str, Any]:
    """The row for people, who see at once which review is overdue."""
    return row | {"review": "overdue" if row["review_overdue"] else row["review"]}


def _enter(work: Any) -> None:
    try:
        run(work())
    except NoAuthoriser as missing:
        raise Unusable(str(missing)) from None


def _people(*names: str) -> None:
    if not all(map(is_person, names)):
        raise Unusable("a person is named agency/name, in small letters")


def _reason(name: str) -> str:
    try:
        return read_input(name).decode().strip()
    except UnicodeDecodeError:
        raise Unusable(f"{name}: not UTF-8") from None


def _until(granted: Granted) -> str:
    return granted.until.isoformat()
