"""An agency's own: publish, fetch, acknowledge."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from typing import Annotated, Any

import cbor2
from fastapi import Depends, FastAPI, HTTPException

from broker.api.bodies import Offset, Publish, Receipts, WaitS, bytes64, text64
from broker.api.rights import Who, must
from broker.log import Append, LogFull, Record, read_to_end
from broker.node import CURSORS, Node
from broker.tokens import Principal, Role
from broker.topics import (
    EPOCH_KEYS,
    dead_letters_topic,
    deliveries_topic,
    epoch_record_key,
    events_topic,
    receipts_topic,
)
from schemas.epoch import unverified_key_id, unverified_thumbprint
from schemas.signed import unverified_issuer


def add_agency_routes(app: FastAPI, node: Node, who: Who) -> None:
    """Publish, cursors, inbox, epoch keys and receipts."""
    Me = Annotated[Principal, Depends(who)]

    @app.post("/v1/events")
    async def publish(me: Me, body: Publish) -> dict[str, Any]:
        """Append an agency's announcements, events, dead letters and cursor as one."""
        must(me.role is Role.AGENCY)
        appends = [_announcement(me.name, bytes64(one)) for one in body.announcements]
        first = len(appends)
        for one in body.records:
            value = bytes64(one.value)
            appends.append(
                Append(topic=events_topic(me.name), partition=one.partition, value=value)
            )
        for letter in body.dead_letters:
            fields = {**letter.model_dump(exclude={"place", "sealed"}), "source": letter.place}
            value = cbor2.dumps({**fields, "sealed": bytes64(letter.sealed)}, canonical=True)
            appends.append(Append(topic=dead_letters_topic(me.name), partition=0, value=value))
        if body.cursor is not None:
            key = f"{me.name}/{body.cursor.connector}".encode()
            value = bytes64(body.cursor.value)
            appends.append(Append(topic=CURSORS, partition=0, key=key, value=value))
        try:
            offsets = await node.log.append(appends) if appends else ()
        except LogFull:
            node.worker.full = True  # said by `status` until something fits again
            raise
        node.worker.full = False
        return {"offsets": list(offsets[first : first + len(body.records)])}

    @app.get("/v1/cursors/{connector}")
    async def cursor(me: Me, connector: str) -> dict[str, Any]:
        """Where an agency's source connector stands; null before its first pull."""
        must(me.role is Role.AGENCY)
        key, value = f"{me.name}/{connector}".encode(), None
        async for record in read_to_end(node.log, CURSORS, 0):
            if record.key == key:
                value = record.value
        return {"value": None if value is None else text64(value)}

    @app.get("/v1/inbox")
    async def inbox(me: Me, offset: Offset = 0, wait_s: WaitS = 0.0) -> dict[str, Any]:
        """An agency's own envelopes from an offset on."""
        must(me.role is Role.AGENCY)
        records = await node.log.read(
            deliveries_topic(me.name), 0, offset, max_records=100, wait_s=wait_s
        )
        return {"records": [_record(one) for one in records]}

    @app.get("/v1/epoch-keys")
    async def epoch_keys(me: Me, offset: Offset = 0) -> dict[str, Any]:
        """The announcements made to an agency, and where to read on from.

        They are counted for each agency: offsets of the shared topic would show it others' keys.
        """
        must(me.role is Role.AGENCY)
        prefix = f"{me.name}/".encode()
        own = [
            text64(record.value)
            async for record in read_to_end(node.log, EPOCH_KEYS, 0)
            if (record.key or b"").startswith(prefix) and record.value
        ]
        return {"announcements": own[offset:], "next": len(own)}

    @app.post("/v1/receipts")
    async def receipts(me: Me, body: Receipts) -> dict[str, Any]:
        """Append an agency's signed receipts."""
        must(me.role is Role.AGENCY)
        topic = receipts_topic(me.name)
        appends = [Append(topic=topic, partition=0, value=bytes64(one)) for one in body.receipts]
        await node.log.append(appends)
        return {"taken": len(appends)}

    def _announcement(agency: str, data: bytes) -> Append:
        # To the gateway, or to itself for its own dead letters; never to another agency.
        if unverified_issuer(data) != agency:
            raise HTTPException(422, "an agency announces only its own keys")
        to_gateway = unverified_thumbprint(data) == node.sealing.thumbprint
        recipient = node.name if to_gateway else agency
        key = epoch_record_key(recipient, unverified_key_id(data))
        return Append(topic=EPOCH_KEYS, partition=0, key=key, value=data)


def _record(record: Record) -> dict[str, Any]:
    return {
        "offset": record.offset,
        "append_time_ms": record.append_time_ms,
        "key": (record.key or b"").decode(),
        "value": text64(record.value),
    }
