"""An agency as a publisher: events signed, sealed to the gateway and posted."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from broker.keys import KeyStore
from broker.node_client import GatewayInfo, NodeClient
from broker.topics import dead_letters_topic, events_topic, partition_of
from schemas.codec import Event, encode_event
from schemas.epoch import SealingKey, announce
from schemas.sealing import SealingPublicKey
from schemas.signed import SignedEvent, sign_event

LETTER_BYTES = 400 * 1024  # of an unusable record that are kept; more would not fit a record
REQUEST_BYTES = 6 * 1024 * 1024  # of base64 in one request, inside the API's limit


class Publishing:
    """What an agency publishes with; its epoch keys live as long as this object."""

    def __init__(self, node: NodeClient, store: KeyStore, *, name: str) -> None:
        self._node = node
        self._name = name
        self._store = store
        self._sealing: dict[str, SealingKey] = {}
        self._unannounced: list[str] = []

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
        gateway = await self._node.gateway()
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

    async def _append(self, body: dict[str, Any]) -> list[int]:
        """Post one request with the announcements it needs; on failure its keys die."""
        announcements, self._unannounced = self._unannounced, []
        try:
            said = await self._node.post("/v1/events", {"announcements": announcements, **body})
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
                issuer=self._name,
                recipient=recipient,
                recipient_key=SealingPublicKey(public),
            )
            self._sealing[recipient] = key
            self._unannounced.append(_text(announcement))
        return key

    def _sealed(self, event: Event, gateway: GatewayInfo) -> dict[str, Any]:
        stream = events_topic(self._name)
        partition = partition_of(self._store.secret("stream"), event.subject, gateway.partitions)
        signed = sign_event(
            self._store.signing,
            SignedEvent(
                publisher=self._name,
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
        key = self._key_for(self._name, self._store.public().sealing)
        stream = dead_letters_topic(self._name)
        sealed = key.seal(data[:LETTER_BYTES], stream=stream, delivery_id=os.urandom(32))
        return {
            "code": code,
            "place": origin,
            "time_ms": _now_ms(),
            "part": 0,
            "parts": 1,
            "sealed": _text(sealed),
        }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
