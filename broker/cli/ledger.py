"""`caseward ledger verify|prove|export`: what an outsider can check."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import (
    DONE,
    NO,
    Unusable,
    acting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
)
from broker.evidence import Evidence, export_for_auditor, prove_delivery
from broker.ledger_verify import verify_directory
from broker.node import Node
from broker.session import client_of, reach


@click.group()
def ledger() -> None:
    """The ledger of hops: verify it offline, prove a delivery, export it for an auditor."""


@ledger.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--vkey", default=None, help="The ledger's key, had by another way than this copy.")
@json_option
@ends_well
def verify(directory: Path, vkey: str | None, as_json: bool) -> None:
    """Rehash a ledger's directory, with no node and no network; exit 1 if anything is wrong."""
    if not directory.is_dir():
        raise Unusable(f"{directory}: no such directory")
    report = verify_directory(directory, vkey)
    problems = [{"place": one.place, "rule": one.rule} for one in report.problems]
    answer = {
        "ok": report.ok,
        "size": report.size,
        "root": report.root,
        "checked": list(report.checked),
        "problems": problems,
    }
    lines = [*report.checked, *(f"{one['place']}: {one['rule']}" for one in problems)]
    verdict = "the ledger verifies" if report.ok else "THE LEDGER DOES NOT VERIFY"
    say(as_json, answer, lambda: [*lines, f"{verdict} ({report.size} leaves)"])
    raise SystemExit(DONE if report.ok else NO)


@ledger.command()
@click.argument("delivery")
@click.option("--as", "party", default="auditor", show_default=True, help="Who asks.")
@click.option("--out", default=None, type=click.Path(path_type=Path), help="Write the proof here.")
@json_option
@ends_well
def prove(delivery: str, party: str, out: Path | None, as_json: bool) -> None:
    """Prove that a delivery stands in the ledger."""
    given = setting()
    acting(given, party)

    async def work() -> Evidence:
        async with reach(given.places, given.secret) as http:
            vkey = read_input(str(given.places.ledger / "log.vkey")).decode().strip()
            asker = client_of(http, given.places, party)
            return await prove_delivery(asker, given.places, delivery, vkey)

    found = run(work())
    if out is not None:
        out.write_text(found.proof["tlog_proof"])
    answer = found.as_json()
    say(as_json, answer, lambda: [f"{name}: {value}" for name, value in answer.items()])


@ledger.command()
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@ends_well
def export(target: Path, as_json: bool) -> None:
    """Copy the ledger with its openings, for the auditor; the node must not be running."""
    given = setting()
    if target.exists():
        raise Unusable(f"{target}: exists already")

    async def work() -> tuple[int, int]:
        node = Node(given.places, secret=given.secret)
        await node.open()
        try:
            return await export_for_auditor(node, target)
        finally:
            await node.close()

    size, openings = run(work())
    answer = {"size": size, "openings": openings}
    say(as_json, answer, lambda: [f"exported {size} leaves and {openings} openings to {target}"])
