"""An agency's side: sign and seal what it publishes, fetch, open and acknowledge what it gets."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.inbox import Inbox
from broker.keys import KeyStore
from broker.topics import dead_letters_topic, deliveries_topic, events_topic, partition_of
from connectors.contract import Delivery, TryLater
from schemas.codec import Event, ViewType, decode_view, encode_event, plain, view_type_from_text
from schemas.envelope import ViewBody, decode_body, key_id_of
from schemas.epoch import Opened, SealingKey, announce, unverified_key_id, unverified_thumbprint
from schemas.errors import Code, EnvelopeRefused, UnknownKey
from schemas.hop import Step
from schemas.keyring import KeyRing
from schemas.receipt import Receipt, sign_receipt
from schemas.sealing import SealingPublicKey
from schemas.signed import SignedEvent, sign_event, unverified_issuer

LETTER_BYTES = 400 * 1024  # of an unusable record that are kept; more would not fit a record
REQUEST_BYTES = 6 * 1024 * 1024  # of base64 in one request, inside the API's limit


class NodeRefused(Exception):
    """The node answered that the agency may not do this, or that what it sent is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayInfo:
    """The gateway as its agencies know it (raw public keys)."""

    name: str
    signing: bytes
    sealing: bytes
    partitions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One sealed record of the agency's own deliveries."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One opened envelope: its body, its view, and where it stood."""

    delivery_id: bytes
    body: ViewBody
    view: dict[str, Any]
    offset: int
    envelope_sha256: bytes

    def delivery(self) -> Delivery:
        """The delivery as sinks take it."""
        body = self.body
        return Delivery(
            delivery_id=self.delivery_id.hex(),
            event_type=body.event_type,
            agreement=body.agreement_id,
            agreement_version=str(body.agreement_version),
            purpose=body.purpose,
            wording=body.wording,
            handling={
                "onward": body.handling.onward,
                "not_to_reach": list(body.handling.not_to_reach),
                "keep_days": body.handling.keep_days,
            },
            view=plain(self.view),
        )


class NodeClient:
    """The node's API with one principal's token."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The node's answer to a GET.

        Raises:
            TryLater: the node cannot be reached or cannot do it now.
            NodeRefused: it says no.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return await self._answer("GET", path, params=asked)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The node's answer to a POST; raises as `get`."""
        return await self._answer("POST", path, json=body)

    async def _answer(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, headers=self._headers, **more)
        except httpx2.TransportError:
            raise TryLater("the node cannot be reached") from None
        if answer.status_code == httpx2.codes.FORBIDDEN:
            raise TryLater("the agency is suspended")
        if answer.status_code >= 500:
            raise TryLater(f"the node cannot do this now (status {answer.status_code})")
        said = answer.json()
        if answer.status_code >= 400:
            raise NodeRefused(str(said.get("detail", "refused")))
        return dict(said)


class Agency:
    """One agency's client: its name, its key store, its token.

    The epoch key for publishing lives as long as this object.
    """

    def __init__(self, node: NodeClient, store: KeyStore, *, name: str, inbox: Inbox) -> None:
        self.node = node
        self.name = name
        self._store = store
        self._inbox = inbox
        self._gateway: GatewayInfo | None = None
        self._sealing: dict[str, SealingKey] = {}
        self._unannounced: list[str] = []
        self._next_key = 0
        self._last: tuple[int, Opened] | None = None
        self._lost: set[bytes] = set()
        self._ring: KeyRing | None = None
        self._view_types: dict[str, ViewType] = {}

    async def gateway(self) -> GatewayInfo:
        """The gateway's name and keys, asked once."""
        if self._gateway is None:
            said = await self.node.get("/v1/gateway")
            self._gateway = GatewayInfo(
                name=said["name"],
                signing=base64.b64decode(said["signing"]),
                sealing=base64.b64decode(said["sealing"]),
                partitions=said["partitions"],
            )
        return self._gateway

    async def publish(
        self,
        events: Sequence[Event],
        *,
        bad: Sequence[tuple[str, str, bytes]] = (),
        cursor: tuple[str, bytes] | None = None,
    ) -> tuple[int, ...]:
        """Sign, seal and append events, dead letters and a cursor; give the events' offsets.

        Everything goes as one, but for events beyond a request's size, which go before the rest:
        if that is cut short the same events come again, and the gateway drops ids it has met.

        Args:
            events: what to publish; `source` must be this agency.
            bad: (code, origin, data) of records that are no events; kept sealed to this agency.
            cursor: a source connector's name and where it stands after these.

        Raises:
            TryLater: nothing was taken, or nobody knows; trying again is safe.
            NodeRefused: the node will not take it.
        """
        gateway = await self.gateway()
        offsets: list[int] = []
        records: list[dict[str, Any]] = []
        size = 0
        for event in events:
            record = self._sealed(event, gateway)
            if records and size + len(record["value"]) > REQUEST_BYTES:
                offsets += await self._append({"records": records})
                records, size = [], 0
            records.append(record)
            size += len(record["value"])
        body: dict[str, Any] = {"records": records, "dead_letters": []}
        for letter in map(self._letter, bad):
            if size + len(letter["sealed"]) > REQUEST_BYTES:
                offsets += await self._append(body)
                body, size = {"records": [], "dead_letters": []}, 0
            body["dead_letters"].append(letter)
            size += len(letter["sealed"])
        if cursor is not None:
            body["cursor"] = {"connector": cursor[0], "value": _text(cursor[1])}
        return (*offsets, *await self._append(body))

    async def fetch(self, *, wait_s: float = 0.0) -> list[Envelope]:
        """Envelopes past the last settled one, in order, still sealed.

        Raises:
            TryLater: the node cannot be reached.
        """
        offset = int(self._inbox.place("offset") or b"0")
        said = await self.node.get("/v1/inbox", offset=offset, wait_s=wait_s)
        return [
            Envelope(offset=one["offset"], data=base64.b64decode(one["value"]))
            for one in said["records"]
        ]

    async def open(self, envelope: Envelope) -> Received | None:
        """Open the next envelope; None if it is one that was settled before.

        Envelopes are opened and settled one by one: what was opened and not settled when this
        process ends opens again.

        Raises:
            TryLater: its key is not announced yet; it is never skipped.
            EnvelopeRefused: it was altered, replayed or is not ours: a person has to act.
        """
        opened = await self._opened(envelope)
        if opened is None:
            self._remember(None, envelope.offset)
            return None
        if self._inbox.knows(opened.delivery_id):
            self._remember(None, envelope.offset)
            return None
        body = decode_body(opened.plaintext)
        return Received(
            delivery_id=opened.delivery_id,
            body=body,
            view=decode_view(await self._view_type(body.schema), body.view),
            offset=envelope.offset,
            envelope_sha256=hashlib.sha256(envelope.data).digest(),
        )

    async def _opened(self, envelope: Envelope) -> Opened | None:
        """What an envelope holds; None if it was sealed to a key that this agency lost.

        Opened once and kept until the next: a second try of the same envelope is no replay.
        """
        if self._last is not None and self._last[0] == envelope.offset:
            return self._last[1]
        ring = await self._keys()
        stream = deliveries_topic(self.name)
        if key_id_of(envelope.data) in self._lost:
            return None
        try:
            opened = ring.open(envelope.data, stream=stream)
        except UnknownKey:
            await self._read_keys(ring)
            if key_id_of(envelope.data) in self._lost:
                return None
            try:
                opened = ring.open(envelope.data, stream=stream)
            except UnknownKey:
                raise TryLater("the key of an envelope is not announced yet") from None
        self._last = (envelope.offset, opened)
        return opened

    async def settle(self, received: Received, step: Step) -> None:
        """Send a signed receipt, then remember the delivery as settled and move on.

        A crash between the two repeats the receipt, not the delivery.

        Raises:
            TryLater: nothing was recorded.
        """
        receipt = Receipt(
            delivery_id=received.delivery_id,
            step=step,
            time_ms=_now_ms(),
            envelope_sha256=received.envelope_sha256,
        )
        signed = sign_receipt(receipt, self._store.signing, issuer=self.name)
        await self.node.post("/v1/receipts", {"receipts": [_text(signed)]})
        self._remember(received.delivery_id, received.offset)

    def close(self) -> None:
        """Let go of the inbox file."""
        self._inbox.close()

    async def _append(self, body: dict[str, Any]) -> list[int]:
        """Post one request with the announcements it needs; on failure its keys die."""
        announcements, self._unannounced = self._unannounced, []
        try:
            said = await self.node.post("/v1/events", {"announcements": announcements, **body})
        except BaseException:
            for key in self._sealing.values():  # whether their IVs were used nobody knows
                key.die()
            self._sealing.clear()
            self._unannounced.clear()
            raise
        return list(said["offsets"])

    def _key_for(self, recipient: str, public: bytes) -> SealingKey:
        key = self._sealing.get(recipient)
        if key is None:
            key, announcement = announce(
                self._store.signing,
                issuer=self.name,
                recipient=recipient,
                recipient_key=SealingPublicKey(public),
            )
            self._sealing[recipient] = key
            self._unannounced.append(_text(announcement))
        return key

    def _sealed(self, event: Event, gateway: GatewayInfo) -> dict[str, Any]:
        stream = events_topic(self.name)
        partition = partition_of(self._store.secret("stream"), event.subject, gateway.partitions)
        signed = sign_event(
            self._store.signing,
            SignedEvent(
                publisher=self.name,
                gateway=gateway.name,
                stream=stream,
                partition=partition,
                event_id=event.id,
                signed_at=datetime.now(UTC).replace(microsecond=0),
                payload=encode_event(event),
            ),
        )
        key = self._key_for(gateway.name, gateway.sealing)
        sealed = key.seal(signed, stream=stream, delivery_id=os.urandom(32))
        return {"partition": partition, "value": _text(sealed)}

    def _letter(self, bad: tuple[str, str, bytes]) -> dict[str, Any]:
        code, origin, data = bad
        key = self._key_for(self.name, self._store.public().sealing)
        stream = dead_letters_topic(self.name)
        sealed = key.seal(data[:LETTER_BYTES], stream=stream, delivery_id=os.urandom(32))
        return {
            "code": code,
            "place": origin,
            "time_ms": _now_ms(),
            "part": 0,
            "parts": 1,
            "sealed": _text(sealed),
        }

    async def _keys(self) -> KeyRing:
        if self._ring is None:
            ring = KeyRing(recipient=self.name, keys=self._store.sealing_keys)
            state = self._inbox.place("ivs")
            if state is not None:
                ring.import_state(state)
            await self._read_keys(ring)
            self._ring = ring
        return self._ring

    async def _read_keys(self, ring: KeyRing) -> None:
        """Read the key topic to its end."""
        gateway = await self.gateway()
        said = await self.node.get("/v1/epoch-keys", offset=self._next_key)
        issuer_key = Ed25519PublicKey.from_public_bytes(gateway.signing)
        own = {key.public.thumbprint for key in self._store.sealing_keys}
        for announcement in map(base64.b64decode, said["announcements"]):
            if unverified_issuer(announcement) != gateway.name:
                continue
            if unverified_thumbprint(announcement) not in own:
                # Enrolled anew after losing its keys: redelivery brings what these sealed.
                self._lost.add(unverified_key_id(announcement))
                continue
            ring.add(announcement, issuer=gateway.name, issuer_key=issuer_key)
        self._next_key = said["next"]

    async def _view_type(self, digest: str) -> ViewType:
        if digest not in self._view_types:
            said = await self.node.get(f"/v1/view-types/{digest}")
            view_type = view_type_from_text(said["text"])
            if view_type.digest != digest:
                raise EnvelopeRefused(Code.UNKNOWN_SCHEMA, "the view's schema is another one")
            self._view_types[digest] = view_type
        return self._view_types[digest]

    def _remember(self, delivery_id: bytes | None, offset: int) -> None:
        places = {"offset": str(offset + 1).encode()}
        if self._ring is not None:
            places["ivs"] = self._ring.export_state()
        self._inbox.remember(delivery_id=delivery_id, places=places)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
