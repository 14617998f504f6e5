"""An agency as a recipient: envelopes fetched, opened and settled with a signed receipt."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.inbox import Inbox
from broker.inclusion import Unproved
from broker.keys import KeyStore
from broker.node_client import NodeClient
from broker.topics import deliveries_topic
from connectors.contract import Delivery, TryLater
from schemas.codec import ViewType, decode_view, plain, view_type_from_text
from schemas.envelope import ViewBody, decode_body, key_id_of
from schemas.epoch import Opened, unverified_key_id, unverified_thumbprint
from schemas.errors import Code, EnvelopeRefused, UnknownKey
from schemas.hop import Step
from schemas.keyring import KeyRing
from schemas.recall import NO_VIEW, Recall, decode_recall, is_recall
from schemas.receipt import Receipt, sign_receipt
from schemas.signed import unverified_issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One sealed record of the agency's own deliveries."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One opened envelope: its body, its view, and where it stood.

    `recall` is what it says of an earlier delivery, if it recalls one; `view` is then what remains
    of that, None where nothing does.
    """

    delivery_id: bytes
    body: ViewBody
    view: dict[str, Any] | None
    offset: int
    envelope_sha256: bytes
    recall: Recall | None = None

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
            view=None if self.view is None else plain(self.view),
            recalls=None if self.recall is None else self.recall.recalls.hex(),
            action=None if self.recall is None else self.recall.action.value,
        )


class Receiving:
    """What an agency receives with: its key ring, and the inbox that remembers."""

    def __init__(
        self,
        node: NodeClient,
        store: KeyStore,
        *,
        name: str,
        inbox: Inbox,
        clock: Callable[[], int],
    ) -> None:
        self._node = node
        self._name = name
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._next_key = 0
        self._last: tuple[int, Opened] | None = None
        self._lost: set[bytes] = set()
        self._ring: KeyRing | None = None
        self._view_types: dict[str, ViewType] = {}

    async def fetch(self, *, wait_s: float = 0.0) -> list[Envelope]:
        """Envelopes past the last settled one, in order, still sealed.

        Raises:
            TryLater: the node cannot be reached.
        """
        offset = int(self._inbox.place("offset") or b"0")
        said = await self._node.get("/v1/inbox", offset=offset, wait_s=wait_s)
        return [
            Envelope(offset=one["offset"], data=base64.b64decode(one["value"]))
            for one in said["records"]
        ]

    async def open(self, envelope: Envelope) -> Received | None:
        """Open the next envelope; None if it is one that was settled before.

        Envelopes are opened and settled one by one: what was opened and not settled when this
        process ends opens again. What is opened is remembered until its leaf is proved.

        Raises:
            TryLater: its key is not announced yet, or the agency's own disk cannot be written; it
                is never skipped.
            EnvelopeRefused: it was altered, replayed or is not ours: a person has to act.
        """
        opened = await self._opened(envelope)
        if opened is None:
            self._remember(None, envelope.offset)
            return None
        if self._inbox.knows(opened.delivery_id):
            self._remember(None, envelope.offset)
            return None
        data = opened.plaintext
        recall = decode_recall(data) if is_recall(data) else None
        body = decode_body(data) if recall is None else recall.body
        received = Received(
            delivery_id=opened.delivery_id,
            body=body,
            view=await self._view(body),
            recall=recall,
            offset=envelope.offset,
            envelope_sha256=hashlib.sha256(envelope.data).digest(),
        )
        self._inbox.expect(
            Unproved(
                delivery_id=received.delivery_id,
                envelope_sha256=received.envelope_sha256,
                opening_key=body.opening_key,
                opened_ms=self._clock(),
            )
        )
        return received

    async def _view(self, body: ViewBody) -> dict[str, Any] | None:
        if body.schema == NO_VIEW:
            return None
        return decode_view(await self._view_type(body.schema), body.view)

    async def _opened(self, envelope: Envelope) -> Opened | None:
        """What an envelope holds; None if it was sealed to a key that this agency lost.

        Opened once and kept until the next: a second try of the same envelope is no replay.
        """
        if self._last is not None and self._last[0] == envelope.offset:
            return self._last[1]
        ring = await self._keys()
        stream = deliveries_topic(self._name)
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
            time_ms=self._clock(),
            envelope_sha256=received.envelope_sha256,
        )
        signed = sign_receipt(receipt, self._store.signing, issuer=self._name)
        await self._node.post("/v1/receipts", {"receipts": [_text(signed)]})
        self._remember(received.delivery_id, received.offset)

    async def _keys(self) -> KeyRing:
        if self._ring is None:
            ring = KeyRing(recipient=self._name, keys=self._store.sealing_keys)
            state = self._inbox.place("ivs")
            if state is not None:
                ring.import_state(state)
            await self._read_keys(ring)
            self._ring = ring
        return self._ring

    async def _read_keys(self, ring: KeyRing) -> None:
        """Read the key topic to its end."""
        gateway = await self._node.gateway()
        said = await self._node.get("/v1/epoch-keys", offset=self._next_key)
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
            said = await self._node.get(f"/v1/view-types/{digest}")
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


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
