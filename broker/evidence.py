"""Evidence for outsiders: a delivery's inclusion proof, and everything an auditor needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.ledger_proof import export, prove
from broker.log import read_to_end
from broker.node import Node
from broker.node_client import NodeClient
from broker.places import Places
from broker.topics import OPENINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """That a delivery's leaf is in the tree, and what the leaf says to who may open it.

    `proof` holds the leaf, its audit path and the checkpoint, and all of it once more as a C2SP
    tlog-proof to check with `vkey`. HMAC-SHA256 under `recipient_key` (base64) over the
    recipient's part (time, delivery id, envelope hash) is bytes 5 to 36 of the leaf.
    """

    delivery_id: str
    recipient_key: str
    time_ms: int
    envelope_sha256: str
    proof: dict[str, Any]
    vkey: str

    def as_json(self) -> dict[str, Any]:
        """The evidence as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}


async def prove_delivery(
    asker: NodeClient, places: Places, delivery_id: str, vkey: str
) -> Evidence:
    """Prove that a delivery was logged, to a party that may know of it.

    Raises:
        NodeRefused: there is no such delivery for this party.
        LedgerError: the ledger's files do not bear it out.
    """
    said = await asker.get(f"/v1/proofs/{delivery_id}")
    proof = prove(places.ledger, said["leaf_index"])
    return Evidence(
        delivery_id=delivery_id,
        recipient_key=said["recipient_key"],
        time_ms=said["time_ms"],
        envelope_sha256=said["envelope_sha256"],
        proof=proof.plain(),
        vkey=vkey,
    )


async def export_for_auditor(node: Node, target: Path) -> tuple[int, int]:
    """Copy the ledger and every opening that was not erased; give the tree's size and openings.

    Whoever gets the directory sees every case reference in it: it is for the auditor alone.
    """
    await node.caught_up()
    openings = [
        await node.opening(record)
        async for record in read_to_end(node.log, OPENINGS, 0)
        if record.value is not None
    ]
    return node.sequencer.size, export(node.places.ledger, target, openings)
