"""`caseward agreement sign|accede|verify|enact|withdraw`: how one comes into force, and ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from broker.cli.common import (
    DONE,
    NO,
    Setting,
    Unusable,
    acting,
    ends_well,
    json_option,
    read_input,
    run,
    say,
    setting,
)
from broker.cli.texts import check_source, read_text
from broker.enrol import Officer
from broker.entries import Kind
from broker.membership import accede as enter_accession
from broker.membership import enact as enter_agreement
from broker.membership import store_of
from broker.membership import withdraw as enter_withdrawal
from broker.session import client_of, reach
from broker.signatures import Act, from_file, holds, sign_for, to_file, unverified_meaning
from redaction.agreement import Agreement
from schemas.errors import EventRefused

_as = click.option("--as", "name", required=True, help="The agency that acts.")
_out = click.option("--out", default=None, help="Where the signature goes; else FILE.AGENCY.sig.")
_signatures = click.option(
    "--signature", "files", multiple=True, help="A signature's file; FILE.*.sig are found."
)


@click.command()
@click.argument("file")
@_as
@_out
@json_option
@ends_well
def sign(file: str, name: str, out: str | None, as_json: bool) -> None:
    """Sign an agreement as a named party of it, with the agency's own key."""
    given = setting()
    acting(given, name)
    text, path = read_text(file), _path(file, name, out)
    if name not in text.parties():
        raise Unusable(f"{file}: `{name}` is no named party; whoever else receives accedes")
    path.write_bytes(to_file(sign_for(store_of(given.places, given.secret, name), text)))
    _signed(text, name, path, as_json, "signed")


@click.command()
@click.argument("file")
@_as
@_out
@json_option
@ends_well
def accede(file: str, name: str, out: str | None, as_json: bool) -> None:
    """Accede to an agreement in force, as somebody it addresses by role or through events."""
    given = setting()
    acting(given, name)
    text, path = read_text(file), _path(file, name, out)
    if name in text.parties():
        raise Unusable(f"{file}: `{name}` is a named party; it signs")

    async def work() -> bytes:
        async with reach(given.places, given.secret) as http:
            return await enter_accession(http, given.places, given.secret, name, text)

    path.write_bytes(to_file(run(work())))
    _signed(text, name, path, as_json, "acceded")


def _path(file: str, name: str, out: str | None) -> Path:
    if out is None and file == "-":
        raise Unusable("-: a signature of standard input needs --out")
    return Path(out if out is not None else f"{file}.{name}.sig")


def _signed(text: Agreement, name: str, path: Path, as_json: bool, word: str) -> None:
    answer = {**_of(text), "agency": name, "file": str(path)}
    say(as_json, answer, lambda: [f"{name} {word} {text.id} version {text.version}: {path}"])


def _of(text: Agreement) -> dict[str, Any]:
    return {"agreement": text.id, "version": text.version, "hash": text.hash()}


@click.command()
@click.argument("file")
@_signatures
@click.option("--keys", default=None, help="Public keys as `agency list --json` gives them.")
@json_option
@ends_well
def verify(file: str, files: tuple[str, ...], keys: str | None, as_json: bool) -> None:
    """Say for each party whether it has signed; exit 1 unless all have and nothing is bad.

    Keys are those of the node's register, or with --keys of a file, without any node.
    """
    text, known = read_text(file), _keys(keys)
    given = list(_read_signatures(file, files))
    parties = _states(text, given, Act.SIGN, known, dict.fromkeys(text.parties(), "missing"))
    members = _states(text, given, Act.ACCEDE, known, {})
    complete = all(one == "signed" for one in parties.values()) and all(
        one == "acceded" for one in members.values()
    )
    answer = {
        **_of(text),
        "complete": complete,
        "parties": [{"agency": name, "state": one} for name, one in sorted(parties.items())],
        "members": [{"agency": name, "state": one} for name, one in sorted(members.items())],
    }
    rows = {**parties, **members}
    say(as_json, answer, lambda: [f"{name}: {rows[name]}" for name in sorted(rows)])
    raise SystemExit(DONE if complete else NO)


def _states(
    text: Agreement,
    given: Iterable[bytes],
    act: Act,
    keys: Mapping[str, bytes],
    states: dict[str, str],
) -> dict[str, str]:
    """What became of each agency's signature in one sense; a bad one stays bad."""
    canonical = text.canonical()
    for signature in given:
        name, meant = unverified_meaning(signature)
        if meant is not act or states.get(name) == "bad":
            continue
        is_party = name in text.parties()
        if name not in keys:
            states[name] = "not-enrolled"
        elif is_party is (act is Act.SIGN) and holds(
            signature, keys[name], party=name, act=act, canonical=canonical
        ):
            states[name] = "signed" if is_party else "acceded"
        else:
            states[name] = "bad"
    return states


def _keys(name: str | None) -> dict[str, bytes]:
    if name is None:
        given = setting()

        async def work() -> Any:
            async with reach(given.places, given.secret) as http:
                return await client_of(http, given.places, "operator").get("/v1/agencies")

        said = run(work())
    else:
        try:
            said = json.loads(read_input(name))
        except ValueError:
            raise Unusable(f"{name}: not JSON") from None
    try:
        return {
            one["name"]: base64.b64decode(one["signing"], validate=True) for one in said["agencies"]
        }
    except (KeyError, TypeError, ValueError):
        raise Unusable(f"{name}: not as `agency list --json` says it") from None


def _read_signatures(file: str, files: Iterable[str]) -> Iterator[bytes]:
    """The signatures in the files named, and in those that lie beside the agreement's."""
    path = Path(file)
    beside = sorted(path.parent.glob(f"{path.name}.*.sig")) if file != "-" else []
    for name in dict.fromkeys([*files, *map(str, beside)]):
        try:
            yield from_file(read_input(name))
        except EventRefused as refused:
            raise Unusable(f"{name}: {refused}") from None


@click.command()
@click.argument("file")
@_signatures
@json_option
@ends_well
def enact(file: str, files: tuple[str, ...], as_json: bool) -> None:
    """Put an agreement in force on this node, if every party signed it and it has no problem."""
    given = setting()
    source = read_input(file)  # once: standard input cannot be read again
    text, problems = check_source(file, source)
    if text is None:
        raise Unusable(problems[0])
    signatures: dict[str, bytes] = {}
    for signature in _read_signatures(file, files):
        name, act = unverified_meaning(signature)
        if signatures.get(name, signature) != signature:
            raise Unusable(f"{file}: two signatures of `{name}`")
        if act is Act.SIGN:
            signatures[name] = signature

    async def work() -> None:
        async with reach(given.places, given.secret) as http:
            officer = Officer(http, given.places, given.secret)
            await enter_agreement(officer, text, source.decode(), signatures)

    run(work())
    say(as_json, _of(text), lambda: [f"enacted {text.id} version {text.version}"])


@click.command()
@click.argument("agreement")
@click.argument("version", type=click.IntRange(1, 999_999_999))
@click.option(
    "--as", "name", default=None, help="The agency that withdraws; else an officer ends it."
)
@json_option
@ends_well
def withdraw(agreement: str, version: int, name: str | None, as_json: bool) -> None:
    """Take a signature or an accession back, or as an officer end a version.

    Without a named party's signature nothing more is delivered under the version, to anybody;
    without a member's accession, nothing to the member.
    """
    given = setting()
    if name is None:
        run(_end(given, f"{agreement}/{version}"))
        taken = "agreement"
    else:
        acting(given, name)
        taken = "accession" if run(_leave(given, name, agreement, version)) else "signature"
    answer = {"agreement": agreement, "version": version, "withdrawn": taken}
    say(as_json, answer, lambda: [f"withdrawn: the {taken}, {agreement} version {version}"])


async def _end(given: Setting, key: str) -> None:
    async with reach(given.places, given.secret) as http:
        await Officer(http, given.places, given.secret).put(Kind.AGREEMENT, key, None)


async def _leave(given: Setting, name: str, agreement: str, version: int) -> bool:
    """Whether it was an accession that was taken back."""
    async with reach(given.places, given.secret) as http:
        kind = await enter_withdrawal(http, given.places, given.secret, name, agreement, version)
    return kind is Kind.ACCESSION
