"""`caseward redact`: what an agency would get, decided on files alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from broker.cli.common import DONE, NO, Unusable, ends_well, json_option, read_input
from broker.cli.events import read_events
from broker.cli.texts import read_text
from broker.register_file import RegisterFileError, read_register
from redaction.decide import decide
from redaction.decision import SILENT, Decision
from redaction.outgoing import Outgoing
from redaction.transforms import NoPseudonymKey
from schemas.codec import decode_view, plain
from schemas.registry import Registry, load_vocabulary

SECRET_BYTES = 32


@click.command()
@click.option(
    "--agreement", "agreements", multiple=True, required=True, help="An agreement's file."
)
@click.option("--event", "event_file", required=True, help="A file with an event.")
@click.option("--register", "register_file", required=True, help="A register file.")
@click.option("--to", "recipient", required=True, help="The agency that would receive it.")
@click.option("--purpose", default=None, help="Only for this purpose.")
@click.option("--at", "at_text", default=None, help="Decide at this RFC 3339 time; else now.")
@click.option("--pseudonym-key", "key_file", default=None, help="A file with 32 bytes, raw or hex.")
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
    key_file: str | None,
    why: bool,
    as_json: bool,
) -> None:
    """What an agency would get of an event: decided on files alone, with no node running."""
    at, secret = _time(at_text), None if key_file is None else _secret(key_file)
    texts = tuple(read_text(name) for name in agreements)
    try:
        read = read_register(read_input(register_file), origin=register_file)
        register = replace(read.register, agreements=texts)
    except RegisterFileError as error:
        raise Unusable(str(error)) from None
    vocabulary, answers = load_vocabulary(), []
    for event in read_events(event_file, Registry.builtin()):
        outgoing = Outgoing(event, register, vocabulary, at=at, secret=secret)
        for one in event.purposes if purpose is None else (purpose,):
            decision = decide(event, register, vocabulary, recipient=recipient, purpose=one, at=at)
            if why and not decision.delivered:
                click.echo(f"nothing for purpose `{one}`: {decision.gate}", err=True)
            if decision.gate not in SILENT:
                answers.append(_answer(outgoing, decision))
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


def _secret(name: str) -> bytes:
    """A node's secret for pseudonyms, 32 bytes as they are or as 64 hex digits."""
    content = read_input(name)
    if len(content) != SECRET_BYTES:
        try:
            content = bytes.fromhex(content.decode("ascii").strip())
        except ValueError:
            content = b""
    if len(content) != SECRET_BYTES:
        raise Unusable("--pseudonym-key: the file must hold 32 bytes, or 64 hex digits")
    return content


def _answer(outgoing: Outgoing, decision: Decision) -> dict[str, Any]:
    """One element of `redact`; the view is what the checked bytes say, not what we meant."""
    view = None
    if decision.delivered:
        try:
            view_type, data = outgoing.encoded(decision)
        except NoPseudonymKey:
            raise Unusable(
                "a clause shares a pseudonym, which only the node's secret can make: "
                "give its file with --pseudonym-key"
            ) from None
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
