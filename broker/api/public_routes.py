"""What every principal may know: the gateway, who is enrolled, view types, readiness."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from typing import Annotated, Any

from fastapi import Depends, FastAPI

from broker.api.bodies import text64
from broker.api.rights import Who, must
from broker.log import read_to_end
from broker.node import EVENT_PARTITIONS, Node
from broker.tokens import Principal, Role
from broker.topics import VIEW_TYPES


def add_public_routes(app: FastAPI, node: Node, who: Who) -> None:
    """The gateway's keys, the agencies, view types and the status."""
    Me = Annotated[Principal, Depends(who)]

    @app.get("/v1/gateway")
    async def gateway(_me: Me) -> dict[str, Any]:
        """The gateway's name, its and the ledger's public keys, how many partitions events have."""
        keys = node.store.public()
        return {
            "name": node.name,
            "signing": text64(keys.signing),
            "sealing": text64(keys.sealing),
            "partitions": EVENT_PARTITIONS,
            "ledger_vkey": node.sequencer.vkey,
        }

    @app.get("/v1/agencies")
    async def agencies(_me: Me) -> dict[str, Any]:
        """Who is enrolled, with what roles and signing key; public to every agency."""
        return {
            "agencies": [
                {
                    "name": one.name,
                    "roles": sorted(one.roles),
                    "part_of": one.part_of,
                    "suspended": one.suspended,
                    "generation": one.generation,
                    "keys_until": None if one.keys_until is None else str(one.keys_until),
                    "signing": text64(one.signing),
                }
                for _, one in sorted(node.keeper.snapshot().agencies.items())
            ]
        }

    @app.get("/v1/view-types/{digest}")
    async def view_type(_me: Me, digest: str) -> dict[str, Any]:
        """The Avro schema of a view; it names tags of an agreement and no person."""
        text = None
        async for record in read_to_end(node.log, VIEW_TYPES, 0):
            if record.key == digest.encode():
                text = record.value
        must(text is not None)
        return {"text": (text or b"").decode()}

    @app.get("/v1/status")
    async def status(me: Me) -> dict[str, Any]:
        """Whether the node is ready; what waits and has grown is not for agencies."""
        ready = node.stuck is None and not node.worker.full
        if me.role is Role.AGENCY:
            return {"ready": ready}
        held_back, overdue = node.worker.held_back()
        return {
            "ready": ready,
            "stuck": node.stuck,
            "disk_full": node.worker.full,
            "waiting": await node.worker.waiting(),
            "held_back": held_back,
            "overdue": overdue,
            "reviews_overdue": len(node.keeper.reviews.overdue(node.clock())),
            "agencies": len(node.keeper.snapshot().agencies),
            "tree_size": node.sequencer.size,
        }
