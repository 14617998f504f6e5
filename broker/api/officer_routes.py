"""Changes that an officer, or an agency for itself, may ask for: register, redelivery, erasure."""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

from datetime import UTC, datetime
from typing import Annotated, Any

import cbor2
from fastapi import Depends, FastAPI

from broker.api.bodies import Erasure, Redelivery, RegisterChange, bytes64
from broker.api.rights import Who, must
from broker.enacting import key_of
from broker.entries import OWN, Kind
from broker.log import Append
from broker.node import Node
from broker.reviews import is_late
from broker.tokens import Principal, Role
from broker.topics import REDELIVERIES
from schemas.hop import Step

# What of an override is listed: its justification is read with the entry itself.
_OVERRIDE = (
    "case",
    "agreement",
    "override",
    "purpose",
    "recipients",
    "tags",
    "form",
    "since",
    "until",
    "review",
    "authorised_by",
    "reviewed_by",
)


def add_officer_routes(app: FastAPI, node: Node, who: Who) -> None:
    """Register entries, redeliveries and erasures."""
    Me = Annotated[Principal, Depends(who)]

    @app.get("/v1/register/{kind}/{key:path}")
    async def register_entry(me: Me, kind: Kind, key: str) -> dict[str, Any]:
        """An entry's revision and value: for officers, and for an agency what it says itself."""
        own = key == me.name if kind is Kind.AGENCY else key.startswith(f"{me.name}/")
        own = own and kind in (Kind.AGENCY, *OWN)
        must(me.role is Role.OFFICER or own)
        state = node.keeper.state
        return {"revision": state.revision(kind, key), "value": state.value(kind, key)}

    @app.post("/v1/register")
    async def change(me: Me, body: RegisterChange) -> dict[str, Any]:
        """Take a signed register entry; it is effective when this answers."""
        must(me.role is Role.OFFICER or (me.role is Role.AGENCY and body.token_sha256 is None))
        entry = await node.keeper.submit([bytes64(one) for one in body.statements])
        if entry.kind is Kind.AGENCY and body.token_sha256 is not None:
            node.tokens.grant(body.token_sha256, Principal(role=Role.AGENCY, name=entry.key))
        return {"kind": entry.kind, "revision": entry.revision}

    @app.get("/v1/agreements")
    async def agreements(me: Me) -> dict[str, Any]:
        """Every version in the register with its text, and whether a signature is missing."""
        must(me.role is Role.OFFICER)
        state, facts = node.keeper.state, node.keeper.snapshot().facts
        return {
            "agreements": [
                {
                    "agreement": one.id,
                    "version": one.version,
                    "text": (state.value(Kind.AGREEMENT, key_of(one)) or {})["text"],
                    "unsigned": (one.id, one.version) in facts.unsigned,
                }
                for one in facts.agreements
            ]
        }

    @app.get("/v1/overrides")
    async def overrides(me: Me) -> dict[str, Any]:
        """Every override on record, without its justification: for officers."""
        must(me.role is Role.OFFICER)
        state = node.keeper.state
        records = {key: state.value(Kind.OVERRIDE, key) or {} for key in state.keys(Kind.OVERRIDE)}
        return {
            "overrides": [
                {"id": key} | {name: value[name] for name in _OVERRIDE} | _review(node, key)
                for key, value in records.items()
            ]
        }

    @app.post("/v1/redeliveries")
    async def redeliver(me: Me, body: Redelivery) -> dict[str, Any]:
        """Ask that an event be decided afresh, under today's register and agreements."""
        must(me.role is Role.OFFICER or (me.role is Role.AGENCY and me.name == body.publisher))
        await node.index.follow(node.log)
        hops = node.index.path(body.event_id, publisher=body.publisher)
        sources = [h["source"] for h in hops if h["step"] == Step.ACCEPTED]
        must(bool(sources))
        _, partition, offset = sources[0].rsplit("/", 2)
        asked = {
            "publisher": body.publisher,
            "partition": int(partition),
            "offset": int(offset),
            "only_to": body.only_to,
        }
        value = cbor2.dumps(asked, canonical=True)
        (number,) = await node.log.append((Append(topic=REDELIVERIES, partition=0, value=value),))
        return {"redelivery": number + 1}

    @app.post("/v1/erasures")
    async def erase(me: Me, body: Erasure) -> dict[str, Any]:
        """Erase a case: its events, envelopes and openings; the tree and its proofs stay valid."""
        must(me.role is Role.OFFICER)
        return {"erased": await node.erase(body.case)}


def _review(node: Node, override: str) -> dict[str, Any]:
    """Until when an override must be reviewed, null once it was, and whether that is over."""
    due = node.keeper.reviews.of(node.keeper.name_of(Kind.OVERRIDE, override))
    if due is None:
        return {"review_due": None, "review_overdue": False}
    until = datetime.fromtimestamp(due.due_ms / 1000, UTC)
    return {"review_due": until.isoformat(), "review_overdue": is_late(due, node.clock())}
