"""`caseward agreement check|show|enact`, `caseward redact`: agreements on files and in force."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from broker.cli.common import (
    DONE,
    NO,
    Unusable,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
)
from broker.cli.events import read_events
from broker.cli.simulate import simulate_command
from broker.enrol import Officer
from broker.entries import Kind
from broker.register_file import RegisterFileError, read_register
from broker.session import reach
from redaction import checker, plan
from redaction.agreement import Agreement, Share
from redaction.decide import decide
from redaction.decision import SILENT, Decision
from redaction.facts import Register
from redaction.static_check import check_text
from schemas.codec import Event, decode_view, plain
from schemas.registry import Registry, Vocabulary, load_vocabulary


def read_text(name: str) -> Agreement:
    """The agreement in a file.

    Raises:
        Unusable: its first problem, as `path:line: what is wrong`.
    """
    found, problems = _check(name, read_input(name))
    if found is None:
        raise Unusable(problems[0])
    return found


def _check(name: str, source: bytes) -> tuple[Agreement | None, list[str]]:
    types = {one.name: one for one in Registry.builtin().types}
    found, problems = check_text(source, types, load_vocabulary(), origin=name)
    return found, [str(problem) for problem in problems]


@click.group()
def agreement() -> None:
    """Agreements: check a text, show what it means, put it in force."""


agreement.add_command(simulate_command)


@agreement.command()
@click.argument("file")
@json_option
@ends_well
def check(file: str, as_json: bool) -> None:
    """Say every problem of an agreement at once; exit 1 if there is one."""
    _, problems = _check(file, read_input(file))
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


@agreement.command()
@click.argument("file")
@json_option
@ends_well
def enact(file: str, as_json: bool) -> None:
    """Put an agreement in force on this node, signed by an officer, if it has no problem."""
    given = setting()
    source = read_input(file)  # once: standard input cannot be read again
    text, problems = _check(file, source)
    if text is None:
        raise Unusable(problems[0])
    key = f"{text.id}/{text.version}"

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            officer = Officer(http, given.places, given.secret)
            await officer.put(Kind.AGREEMENT, key, {"text": source.decode()})

    run(work())
    answer = {"agreement": text.id, "version": text.version, "hash": text.hash()}
    say(as_json, answer, lambda: [f"enacted {text.id} version {text.version}"])


@click.command()
@click.option(
    "--agreement", "agreements", multiple=True, required=True, help="An agreement's file."
)
@click.option("--event", "event_file", required=True, help="A file with an event.")
@click.option("--register", "register_file", required=True, help="A register file.")
@click.option("--to", "recipient", required=True, help="The agency that would receive it.")
@click.option("--purpose", default=None, help="Only for this purpose.")
@click.option("--at", "at_text", default=None, help="Decide at this RFC 3339 time; else now.")
@click.option("--why", is_flag=True, default=False, help="Say on standard error what stopped it.")
@json_option
@ends_well
def redact(
    agreements: tuple[str, ...],
    event_file: str,
    register_file: str,
    recipient: str,
    purpose: str | None,
    at_text: str | None,
    why: bool,
    as_json: bool,
) -> None:
    """What an agency would get of an event: decided on files alone, with no node running."""
    at = _time(at_text)
    texts = tuple(read_text(name) for name in agreements)
    try:
        read = read_register(read_input(register_file), origin=register_file)
        register = replace(read.register, agreements=texts)
    except RegisterFileError as error:
        raise Unusable(str(error)) from None
    vocabulary, answers = load_vocabulary(), []
    for event in read_events(event_file, Registry.builtin()):
        for one in event.purposes if purpose is None else (purpose,):
            decision = decide(event, register, vocabulary, recipient=recipient, purpose=one, at=at)
            if why and not decision.delivered:
                click.echo(f"nothing for purpose `{one}`: {decision.gate}", err=True)
            if decision.gate not in SILENT:
                answers.append(_answer(event, register, vocabulary, decision, at))
    click.echo(json.dumps(answers, ensure_ascii=False, indent=None if as_json else 2))
    raise SystemExit(DONE if any(answer["delivered"] for answer in answers) else NO)


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable("--at: not an RFC 3339 time") from None
    if at.tzinfo is None:
        raise Unusable("--at: a time needs its offset, such as Z")
    return at


def _answer(
    event: Event, register: Register, vocabulary: Vocabulary, decision: Decision, at: datetime
) -> dict[str, Any]:
    """One element of `redact`; the view is what the checked bytes say, not what we meant."""
    view = None
    if decision.delivered:
        view_type, data = plan.encode(event, register, vocabulary, decision, at=at)
        checker.check(data, view_type, event, decision)
        view = plain(decode_view(view_type, data))
    ref = decision.agreement
    return {
        "delivered": decision.delivered,
        "gate": str(decision.gate),
        "purpose": decision.purpose,
        "agreement": None
        if ref is None
        else {"id": ref.id, "version": ref.version, "hash": ref.hash},
        "view": view,
        "fields": [
            {
                "path": field.path,
                "tag": field.tag,
                "released": field.released,
                "form": None if field.form is None else str(field.form),
                "clause": field.clause,
                "reason": str(field.reason),
            }
            for field in decision.fields
        ],
    }
