"""What a recipient's client needs to check by itself that its deliveries are in the ledger."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException

from broker.api.bodies import Asked, text64
from broker.api.query_routes import opening_of
from broker.api.rights import Who, must
from broker.ledger_files import LedgerError
from broker.ledger_proof import prove_growth
from broker.node import Node
from broker.tokens import Principal, Role
from schemas.hop import Hop


def add_inclusion_routes(app: FastAPI, node: Node, who: Who) -> None:
    """Inclusion and consistency proofs under one checkpoint."""
    Me = Annotated[Principal, Depends(who)]

    @app.post("/v1/inclusion")
    async def inclusion(me: Me, body: Asked) -> dict[str, Any]:
        """Where the leaves of an agency's own deliveries stand, and how the tree has grown.

        A delivery that is not there, not this agency's, erased, or not in the published tree is
        left out: which of these it is would itself disclose. The tree's size and root are public.
        """
        must(me.role is Role.AGENCY)
        try:
            await node.caught_up()
            hops = await _hops(node, me.name, body.deliveries)
            grown = prove_growth(node.places.ledger, hops, seen=body.seen)
        except LedgerError:
            raise HTTPException(503, "the ledger cannot be read now") from None
        return {
            "checkpoint": grown.checkpoint.decode(),
            "consistency": [text64(one) for one in grown.consistency],
            "proofs": [
                {
                    "delivery_id": part.delivery_id.hex(),
                    "index": index,
                    "leaf": text64(hops[index].leaf),
                    "time_ms": part.time_ms,
                    "path": [text64(one) for one in path],
                }
                for index, path in grown.paths.items()
                if (part := hops[index].recipient) is not None
            ],
        }


async def _hops(node: Node, recipient: str, deliveries: list[str]) -> dict[int, Hop]:
    """The sealed hops of a recipient's own deliveries, by leaf index."""
    rows = (node.index.sealed(one) for one in dict.fromkeys(deliveries))
    own = [row for row in rows if row is not None and row["recipient"] == recipient]
    return {row["leaf"]: await opening_of(node, row) for row in own}
