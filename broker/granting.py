"""Recording an override on this machine: authorisers enrolled, a grant signed, a review made."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import httpx2

from broker.enrol import entry_of, put_own, submit
from broker.entries import Entry, Kind, sign_entry
from broker.keys import KeyStore, StoreSecret
from broker.membership import store_of
from broker.node import OFFICERS
from broker.node_client import NodeClient
from broker.override_record import Override, is_person, override_value, read_override
from broker.places import Places, make_private
from broker.session import client_of
from redaction.facts import Review


class NoAuthoriser(ValueError):
    """A name is not of the form agency/name, or its keys are not on this machine."""


async def authorise(
    http: httpx2.AsyncClient, places: Places, secret: StoreSecret, person: str, rank: str
) -> None:
    """Enrol somebody at an agency who may sign overrides, with a key of their own.

    The agency itself says so; called again, it gives the same person another rank.

    Raises:
        NoAuthoriser: the name is not agency/name.
        FileNotFoundError: this machine does not hold the agency's keys.
    """
    folder = _folder(places, person)
    agency = store_of(places, secret, person.partition("/")[0])
    if folder.exists():
        store = KeyStore.open(folder, secret=secret, owner=person)
    else:
        make_private(folder.parent)
        store = KeyStore.create(folder, secret=secret, owner=person)
    signing = base64.b64encode(store.public().signing).decode()
    node = client_of(http, places, agency.owner)
    value = {"rank": rank, "signing": signing}
    await put_own(node, agency, Kind.AUTHORISER, person, value)


async def grant(
    http: httpx2.AsyncClient, places: Places, secret: StoreSecret, record: Override
) -> None:
    """Record an override, signed by everybody that it says authorised it.

    Raises:
        NoAuthoriser: somebody's keys are not on this machine.
        NodeRefused: it breaks a bound of the agreement, or a rule of who may sign.
    """
    node = client_of(http, places, OFFICERS[0])
    await _enter(node, places, secret, record, record.authorised_by, revision=1)


async def review(
    http: httpx2.AsyncClient,
    places: Places,
    secret: StoreSecret,
    override: str,
    *,
    by: str,
    found: Review,
) -> None:
    """Record what the review of an override found; one that failed releases nothing more.

    Raises:
        NoAuthoriser: the reviewer's keys are not on this machine, or there is no such override.
        NodeRefused: the reviewer may not review it, or it has been reviewed.
    """
    node = client_of(http, places, OFFICERS[0])
    held = await entry_of(node, Kind.OVERRIDE, override)
    if held["value"] is None:
        raise NoAuthoriser("no override of this id is recorded")
    before = read_override(Entry(kind=Kind.OVERRIDE, key=override, revision=1, value=held["value"]))
    record = replace(before, granted=replace(before.granted, review=found), reviewed_by=by)
    await _enter(node, places, secret, record, (by,), revision=int(held["revision"]) + 1)


async def _enter(
    node: NodeClient,
    places: Places,
    secret: StoreSecret,
    record: Override,
    signers: Collection[str],
    *,
    revision: int,
) -> None:
    value = override_value(record)
    entry = Entry(kind=Kind.OVERRIDE, key=record.granted.id, revision=revision, value=value)
    await submit(node, list(_sign(entry, places, secret, signers)))


def _sign(
    entry: Entry, places: Places, secret: StoreSecret, signers: Collection[str]
) -> Iterable[bytes]:
    for person in sorted(signers):
        folder = _folder(places, person)
        if not folder.exists():
            raise NoAuthoriser("an authoriser's keys are not on this machine")
        store = KeyStore.open(folder, secret=secret, owner=person)
        yield sign_entry(entry, store.signing, issuer=person)


def _folder(places: Places, person: str) -> Path:
    if not is_person(person):
        raise NoAuthoriser("an authoriser is named agency/name")
    agency, _, name = person.partition("/")
    return places.party(agency) / "authorisers" / name
