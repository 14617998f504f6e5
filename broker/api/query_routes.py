"""Deliveries, paths, dead letters and proofs, each as far as the principal may know of them."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from collections.abc import Mapping
from typing import Annotated, Any

import cbor2
from fastapi import Depends, FastAPI
from pydantic import Field

from broker.api.bodies import text64
from broker.api.rights import Who, must, shown
from broker.index import Wanted
from broker.log import read_to_end
from broker.node import Node
from broker.tokens import Principal, Role
from broker.topics import OPENINGS, dead_letters_topic
from schemas.hop import Hop


def add_query_routes(app: FastAPI, node: Node, who: Who) -> None:
    """Deliveries, paths, dead letters and proofs."""
    Me = Annotated[Principal, Depends(who)]

    @app.get("/v1/deliveries")
    async def deliveries(
        me: Me,
        agency: str | None = None,
        event_type: str | None = None,
        state: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        case: str | None = None,
        limit: Annotated[int, Field(ge=1, le=10_000)] = 1000,
    ) -> dict[str, Any]:
        """The deliveries this principal may know of.

        A publisher sees all of its own events, a recipient those that were made to it, never one
        that was withheld from it. An operator may not ask by case.
        """
        must(case is None or me.role is not Role.OPERATOR)
        await node.index.follow(node.log)
        rows = node.index.deliveries(
            Wanted(
                agency=agency,
                involved=me.name if me.role is Role.AGENCY else None,
                event_type=event_type,
                state=state,
                since_ms=since_ms,
                until_ms=until_ms,
                case=case,
                limit=limit,
            )
        )
        return {"deliveries": [row for row in (shown(me, row) for row in rows) if row is not None]}

    @app.get("/v1/events/{publisher}/{event_id}")
    async def path(me: Me, publisher: str, event_id: str) -> dict[str, Any]:
        """One event's path, hop by hop, as far as this principal may know of it."""
        await node.index.follow(node.log)
        rows = node.index.path(event_id, publisher=publisher)
        hops = [row for row in (shown(me, row) for row in rows) if row is not None]
        must(bool(hops))
        if me.role is Role.AUDITOR:
            await node.look(publisher, event_id, me)
        return {"hops": hops}

    @app.get("/v1/dead-letters")
    async def dead_letters(me: Me) -> dict[str, Any]:
        """What could not be processed: code and place, never content."""
        agencies = [me.name] if me.role is Role.AGENCY else sorted(node.keeper.snapshot().agencies)
        found = []
        for agency in agencies:
            async for record in read_to_end(node.log, dead_letters_topic(agency), 0):
                letter = cbor2.loads(record.value or b"")
                if letter["part"] == 0:
                    about = {name: letter[name] for name in ("code", "source", "time_ms")}
                    found.append({"publisher": agency, "offset": record.offset, **about})
        return {"dead_letters": found}

    @app.get("/v1/proofs/{delivery_id}")
    async def proof(me: Me, delivery_id: str) -> dict[str, Any]:
        """Where a delivery's leaf stands, and the opening that this principal may have of it."""
        await node.caught_up()
        row = node.index.sealed(delivery_id)
        must(row is not None and shown(me, row) is not None)
        hop = await opening_of(node, row or {})
        part = hop.recipient
        return {
            "leaf_index": row["leaf"] if row else 0,
            "leaf": text64(hop.leaf),
            "recipient_key": text64(hop.recipient_key),
            "time_ms": part.time_ms if part else 0,
            "envelope_sha256": part.envelope_sha256.hex() if part else "",
        }


async def opening_of(node: Node, row: Mapping[str, Any]) -> Hop:
    """The hop behind a row of the index.

    Raises:
        HTTPException: 404, it was erased.
    """
    offset = row["opening_offset"]
    records = await node.log.read(OPENINGS, 0, offset, max_records=1)
    must(bool(records) and records[0].offset == offset)
    return await node.opening(records[0])
