"""`caseward agreement check|show`, and the group that the other commands on agreements join."""

from __future__ import annotations

from typing import Any

import click

from broker.cli.common import (
    DONE,
    NO,
    Setting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
)
from broker.cli.explain import explain_command
from broker.cli.matrix import joint_lines, joint_of, matrix_lines, matrix_of
from broker.cli.signing import accede, enact, sign, verify, withdraw
from broker.cli.simulate import simulate_command
from broker.cli.texts import check_source, read_text
from broker.enacting import as_they_govern
from broker.node import OFFICERS
from broker.session import client_of, reach
from redaction.agreement import Agreement, Share
from redaction.reading import read_agreement


@click.group()
def agreement() -> None:
    """Agreements: check a text, show what it means, sign it, put it in force, end it."""


for _command in (explain_command, simulate_command, sign, accede, verify, enact, withdraw):
    agreement.add_command(_command)


@agreement.command()
@click.argument("file")
@click.option("--joint", is_flag=True, default=False, help="Beside what is in force on the node.")
@json_option
@ends_well
def check(file: str, joint: bool, as_json: bool) -> None:
    """Say every problem of an agreement at once; exit 1 if there is one.

    A good one is shown as a matrix: which tag reaches whom, in which form, by which clause, and
    what each audience can infer. With --joint also what each agency can put together from it and
    the agreements in force on the node.
    """
    text, problems = check_source(file, read_input(file))
    views = run(_joint(setting(), text)) if joint and text is not None else None
    answer = {
        "file": file,
        "problems": problems,
        "usable": not problems,
        "matrix": None if text is None else matrix_of(text),
        "joint_views": views,
    }
    say(as_json, answer, lambda: problems or _checked(answer))
    raise SystemExit(NO if problems else DONE)


def _checked(answer: dict[str, Any]) -> list[str]:
    lines = [f"{answer['file']}: no problem found", *matrix_lines(answer["matrix"])]
    return [*lines, *joint_lines(answer["joint_views"] or ())]


async def _joint(given: Setting, text: Agreement) -> list[dict[str, Any]]:
    """The joint views over this agreement and those in force for any of its time."""
    async with reach(given.places, given.secret) as http:
        officer = client_of(http, given.places, OFFICERS[0])
        held = (await officer.get("/v1/agreements"))["agreements"]
        enrolled = (await officer.get("/v1/agencies"))["agencies"]
    known = (read_agreement(one["text"], origin=one["agreement"]) for one in held)
    others = [
        one
        for one in as_they_govern(one for one in known if one.id != text.id)
        if one.start <= text.until and text.start <= one.until
    ]
    roles = {one["name"]: frozenset(one["roles"]) for one in enrolled}
    return joint_of([text, *others], roles)


@agreement.command()
@click.argument("file")
@json_option
@ends_well
def show(file: str, as_json: bool) -> None:
    """Show an agreement: its hash, and which tags go to whom, in what form, under what clause."""
    text = read_text(file)
    rows = [_shown(share, tag, audience) for share, tag, audience in _matrix(text)]
    answer = {
        "agreement": text.id,
        "version": text.version,
        "hash": text.hash(),
        "title": text.title,
        "in_force": {"from": text.start.isoformat(), "until": text.until.isoformat()},
        "publishers": list(text.publishers),
        "event_types": list(text.event_types),
        "purposes": list(text.purposes),
        "shares": rows,
        "never": [
            {"clause": n.id, "to": list(n.to), "tags": list(n.tags), "classes": list(n.classes)}
            for n in text.nevers
        ],
    }
    say(as_json, answer, lambda: _lines(answer))


def _matrix(text: Agreement) -> list[tuple[Share, str, str]]:
    return [(share, tag, to) for share in text.shares for tag in share.tags for to in share.to]


def _shown(share: Share, tag: str, audience: str) -> dict[str, Any]:
    return {
        "tag": tag,
        "audience": audience,
        "form": str(share.form),
        "clause": share.id,
        "conditional": share.when is not None or share.items is not None or share.needs_reason,
    }


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [f"{answer['agreement']} version {answer['version']}: {answer['title']}"]
    lines.append(f"SHA-256 {answer['hash']}")
    lines += [
        f"  {row['tag']:40} {row['audience']:20} {row['form']:12} {row['clause']}"
        + (" (condition)" if row["conditional"] else "")
        for row in answer["shares"]
    ]
    return lines + [
        f"  never {n['tags'] + n['classes']} to {n['to']} ({n['clause']})" for n in answer["never"]
    ]
