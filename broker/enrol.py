"""Register changes as an officer, or an agency for itself, makes them: sign and submit."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from broker.entries import KEY_DAYS, Entry, Kind, agency_value, sign_entry
from broker.keys import KeyStore, StoreSecret
from broker.node import OFFICERS
from broker.node_client import NodeClient
from broker.places import Places, make_private, new_token
from broker.session import client_of
from broker.tokens import hash_token


def keys_end(days: int = KEY_DAYS) -> date:
    """The last day (UTC) of keys that are made today."""
    return datetime.now(UTC).date() + timedelta(days=days)


class Officer:
    """An officer at this machine, changing the register through the node's API.

    Args:
        second: also sign with the other officer's key, which re-enrolment after a lost key needs.
    """

    def __init__(
        self, http: httpx2.AsyncClient, places: Places, secret: StoreSecret, *, second: bool = False
    ) -> None:
        self._node = client_of(http, places, OFFICERS[0])
        self._places = places
        self._secret = secret
        self._signers = {
            name: KeyStore.open(places.party(name) / "keys", secret=secret, owner=name).signing
            for name in (OFFICERS if second else OFFICERS[:1])
        }

    async def put(
        self, kind: Kind, key: str, value: Mapping[str, Any] | None, *, token: str | None = None
    ) -> int:
        """Sign an entry and submit it; give its revision.

        Raises:
            NodeRefused: it breaks a rule of the register.
        """
        revision = (await self.entry(kind, key))["revision"] + 1
        entry = Entry(kind=kind, key=key, revision=revision, value=value)
        statements = [sign_entry(entry, own, issuer=who) for who, own in self._signers.items()]
        await submit(self._node, statements, token)
        return int(revision)

    async def entry(self, kind: Kind, key: str) -> dict[str, Any]:
        """An entry's revision and value."""
        return await entry_of(self._node, kind, key)

    async def enrol(
        self,
        name: str,
        *,
        roles: Sequence[str],
        part_of: str | None,
        keys_until: date | None = None,
    ) -> None:
        """Enrol an agency: make its folder, keys and token, and enter its public keys.

        An agency that is enrolled already and whose folder is gone gets new keys; that needs both
        officers. Without `keys_until` the keys end after `KEY_DAYS`.
        """
        before = (await self.entry(Kind.AGENCY, name))["value"]
        folder = make_private(self._places.party(name))
        store = KeyStore.create(folder / "keys", secret=self._secret, owner=name)
        keys = store.public()
        value = agency_value(
            roles=roles,
            part_of=part_of,
            suspended=False,
            generation=before["generation"] + 1 if before else 1,
            signing=keys.signing,
            sealing=keys.sealing,
            keys_until=keys_until or keys_end(),
        )
        await self.put(Kind.AGENCY, name, value, token=new_token(folder))

    async def suspend(self, name: str, *, suspended: bool) -> None:
        """Suspend an agency, or take it back."""
        value = (await self.entry(Kind.AGENCY, name))["value"]
        await self.put(Kind.AGENCY, name, {**value, "suspended": suspended})


async def rotate_keys(
    http: httpx2.AsyncClient,
    places: Places,
    name: str,
    secret: StoreSecret,
    *,
    days: int = KEY_DAYS,
) -> int:
    """Give an agency new keys, signed by its old one; give their generation.

    The store holds the new keys before the register does: if this is cut short, the next call
    enters what the store has. The new keys end after `days`: the entry that says so is signed
    with the new key, which the old one named.
    """
    node = client_of(http, places, name)
    held = await entry_of(node, Kind.AGENCY, name)
    store = KeyStore.open(places.party(name) / "keys", secret=secret, owner=name)
    before = held["value"]
    old = base64.b64decode(before["signing"])
    if store.public().signing == old:
        store.rotate()
    keys = store.public()
    former = [(base64.b64decode(one["signing"]), one["until_ms"]) for one in before["former"]]
    value = agency_value(
        roles=before["roles"],
        part_of=before["part_of"],
        suspended=before["suspended"],
        generation=before["generation"] + 1,
        signing=keys.signing,
        sealing=keys.sealing,
        keys_until=keys_end(days),
        former=[*former, (old, time.time_ns() // 1_000_000)],
        rotation=store.statements[-1],
    )
    entry = Entry(kind=Kind.AGENCY, key=name, revision=held["revision"] + 1, value=value)
    await submit(node, [sign_entry(entry, store.signing, issuer=name)])
    return int(value["generation"])


async def put_own(
    node: NodeClient, store: KeyStore, kind: Kind, key: str, value: Mapping[str, Any] | None
) -> int:
    """Enter what an agency says of itself, signed with its own key; give the entry's revision.

    Raises:
        NodeRefused: it breaks a rule of the register.
    """
    revision = int((await entry_of(node, kind, key))["revision"]) + 1
    entry = Entry(kind=kind, key=key, revision=revision, value=value)
    await submit(node, [sign_entry(entry, store.signing, issuer=store.owner)])
    return revision


async def entry_of(node: NodeClient, kind: Kind, key: str) -> dict[str, Any]:
    """An entry's revision and value, as far as the client's principal may read it."""
    return await node.get(f"/v1/register/{kind}/{quote(key)}")


async def submit(node: NodeClient, statements: Sequence[bytes], token: str | None = None) -> None:
    """Give the node the signed statements over one entry.

    Raises:
        NodeRefused: the entry breaks a rule of the register.
    """
    body: dict[str, Any] = {"statements": [base64.b64encode(one).decode() for one in statements]}
    if token is not None:
        body["token_sha256"] = hash_token(token)
    await node.post("/v1/register", body)
