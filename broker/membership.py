"""Joining and leaving an agreement: parties sign, members accede, and each takes it back itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import httpx2

from broker.enacting import key_of
from broker.enrol import Officer, entry_of, put_own
from broker.entries import Kind
from broker.keys import KeyStore, StoreSecret
from broker.places import Places
from broker.session import client_of
from broker.signatures import Act, sign_for
from broker.values import agreement_value
from redaction.agreement import Agreement


def store_of(places: Places, secret: StoreSecret, name: str) -> KeyStore:
    """An agency's own key store on this machine.

    Raises:
        FileNotFoundError: this machine does not hold it.
    """
    return KeyStore.open(places.party(name) / "keys", secret=secret, owner=name)


def sign_all(
    places: Places, secret: StoreSecret, agreement: Agreement, parties: Iterable[str] | None = None
) -> dict[str, bytes]:
    """The signatures of all parties (or these), where one machine holds every one's keys.

    Raises:
        FileNotFoundError: it does not.
    """
    named = agreement.parties() if parties is None else parties
    return {name: sign_for(store_of(places, secret, name), agreement) for name in named}


async def enact(
    officer: Officer, agreement: Agreement, text: str, signatures: dict[str, bytes]
) -> None:
    """Put an agreement in force: an officer enters what its parties signed.

    Raises:
        NodeRefused: a signature is missing, or another rule of the register is broken.
    """
    value = agreement_value(text, signatures)
    await officer.put(Kind.AGREEMENT, key_of(agreement), value)


async def accede(
    http: httpx2.AsyncClient, places: Places, secret: StoreSecret, name: str, agreement: Agreement
) -> bytes:
    """Enter an agency's accession to a version; give its detached signature.

    Raises:
        NodeRefused: the version is not enacted with this text, or the agency is a party to it.
    """
    store = store_of(places, secret, name)
    signature = sign_for(store, agreement, Act.ACCEDE)
    value = {"signature": base64.b64encode(signature).decode()}
    key = f"{name}/{key_of(agreement)}"
    await put_own(client_of(http, places, name), store, Kind.ACCESSION, key, value)
    return signature


async def withdraw(
    http: httpx2.AsyncClient,
    places: Places,
    secret: StoreSecret,
    name: str,
    agreement: str,
    version: int,
) -> Kind:
    """Take an agency's accession, else its signature, back; give which of them it was.

    From then on nothing is delivered under the version: to the agency, if it was a member; to
    anybody, if it was a named party.

    Raises:
        NodeRefused: it is neither.
    """
    node, store = client_of(http, places, name), store_of(places, secret, name)
    key = f"{name}/{agreement}/{version}"
    if (await entry_of(node, Kind.ACCESSION, key))["value"] is not None:
        await put_own(node, store, Kind.ACCESSION, key, None)
        return Kind.ACCESSION
    await put_own(node, store, Kind.WITHDRAWAL, key, {"withdrawn": True})
    return Kind.WITHDRAWAL
