"""`caseward inbox`: what has come for an agency, and whether the ledger is proved to hold it."""

from __future__ import annotations

import logging
from typing import Any

import click

from broker.agency import Agency
from broker.cli.common import DONE, NO, acting, ends_well, json_option, run, say, setting
from broker.cli.events import as_option
from broker.inclusion import Finding, Inclusion
from broker.logs import log_to_stderr
from broker.session import agency_of, reach
from connectors.contract import as_plain
from schemas.hop import Step

_TO_DO = {
    "cease": "stop using what is not below",
    "return": "give back what is not below",
    "erase": "erase what is not below",
}


@click.command()
@as_option
@click.option("--peek", is_flag=True, default=False, help="Show, but do not acknowledge.")
@click.option(
    "--new-ledger",
    is_flag=True,
    default=False,
    help="Its keepers said that they began a new ledger: forget the former one.",
)
@json_option
@ends_well
def inbox(name: str, peek: bool, new_ledger: bool, as_json: bool) -> None:
    """Open, show and acknowledge what has come; exit 1 if the ledger does not hold something."""
    given = setting()
    acting(given, name)
    log_to_stderr(at_least=logging.ERROR)

    async def work() -> tuple[list[dict[str, Any]], tuple[Finding, ...]]:
        async with reach(given.places, given.secret) as http:
            agency = agency_of(http, given.places, name, given.secret)
            try:
                if new_ledger:
                    agency.take_new_ledger()
                return await _received(agency, peek=peek), await agency.check_inclusion()
            finally:
                agency.close()

    deliveries, findings = run(work())
    inclusion = {one.delivery_id.hex(): one.inclusion for one in findings}
    for one in deliveries:
        one["inclusion"] = inclusion[one["delivery_id"]]
    unproved = [_unproved(one) for one in findings if one.inclusion is not Inclusion.PROVED]
    answer = {"deliveries": deliveries, "unproved": unproved}
    say(as_json, answer, lambda: [*_lines(deliveries), *map(_warning, unproved)])
    raise SystemExit(NO if any(one.fault is not None for one in findings) else DONE)


async def _received(agency: Agency, *, peek: bool) -> list[dict[str, Any]]:
    """Every delivery not settled yet, as JSON; settled unless one only peeks."""
    found: list[dict[str, Any]] = []
    while sealed := await agency.fetch():
        for envelope in sealed:
            received = await agency.open(envelope)
            if received is None:
                continue
            delivery = received.delivery()
            found.append(as_plain(delivery))
            if not peek:
                await agency.settle(received, Step.ACKNOWLEDGED)
        if peek:
            break
    return found


def _unproved(one: Finding) -> dict[str, Any]:
    return {
        "delivery_id": one.delivery_id.hex(),
        "inclusion": one.inclusion,
        "fault": one.fault,
    }


def _warning(one: dict[str, Any]) -> str:
    if one["fault"] is None:
        return f"not yet proved to be in the ledger: {one['delivery_id'][:16]}"
    return f"NOT PROVED TO BE IN THE LEDGER: {one['delivery_id'][:16]} ({one['fault']})"


def _lines(deliveries: list[dict[str, Any]]) -> list[str]:
    if not deliveries:
        return ["nothing new"]
    lines = []
    for one in deliveries:
        if "recalls" in one:
            lines.append(f"RECALLED: {one['recalls'][:16]}: {_TO_DO[one['action']]}")
        lines.append(
            f"{one['event_type']} under {one['agreement']}/{one['agreement_version']} "
            f"for {one['purpose']} ({one['delivery_id'][:16]}, inclusion {one['inclusion']})"
        )
        lines += [f"  {path}: {value}" for path, value in _leaves(one["view"] or {}, "")]
    return lines


def _leaves(value: Any, path: str) -> list[tuple[str, str]]:
    if value == {"$withheld": True}:
        return [(path, "(not for you)")]
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in _leaves(one, f"{path}/{key}")]
    if isinstance(value, list):
        return [leaf for n, one in enumerate(value) for leaf in _leaves(one, f"{path}/{n}")]
    return [(path, "-" if value is None else str(value))]
