"""`caseward agreement check|show`, and the group that the other commands on agreements join."""

from __future__ import annotations

from typing import Any

import click

from broker.cli.common import DONE, NO, ends_well, json_option, read_input, say
from broker.cli.signing import accede, enact, sign, verify, withdraw
from broker.cli.simulate import simulate_command
from broker.cli.texts import check_source, read_text
from redaction.agreement import Agreement, Share


@click.group()
def agreement() -> None:
    """Agreements: check a text, show what it means, sign it, put it in force, end it."""


for _command in (simulate_command, sign, accede, verify, enact, withdraw):
    agreement.add_command(_command)


@agreement.command()
@click.argument("file")
@json_option
@ends_well
def check(file: str, as_json: bool) -> None:
    """Say every problem of an agreement at once; exit 1 if there is one."""
    _, problems = check_source(file, read_input(file))
    answer = {"file": file, "problems": problems, "usable": not problems}
    say(as_json, answer, lambda: problems or [f"{file}: no problem found"])
    raise SystemExit(NO if problems else DONE)


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
