"""The node's loopback API: what Kafka's ACLs would allow each principal, and nothing more.

An agency appends only to its own topics and reads only its own deliveries; a recipient learns of
deliveries made to it and never of those withheld from it.
"""

# Annotations are evaluated here, not postponed: FastAPI reads them, and `Me` is local.

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import cbor2
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from broker.index import Wanted
from broker.log import Append, LogError, LogFull, Record, RecordTooLarge, read_to_end
from broker.node import CURSORS, EVENT_PARTITIONS, Node
from broker.register import Kind
from broker.tokens import Principal, Role
from broker.topics import (
    EPOCH_KEYS,
    OPENINGS,
    REDELIVERIES,
    VIEW_TYPES,
    dead_letters_topic,
    deliveries_topic,
    epoch_record_key,
    events_topic,
    receipts_topic,
)
from schemas.epoch import unverified_key_id, unverified_thumbprint
from schemas.errors import CasewardError
from schemas.hop import Step
from schemas.signed import unverified_issuer

MAX_BODY_BYTES = 8 * 1024 * 1024  # a batch of sealed events; one record may have 1 MiB
MAX_WAIT_S = 25.0  # how long a fetch may wait for a first record

Offset = Annotated[int, Query(ge=0, lt=2**62)]
WaitS = Annotated[float, Query(ge=0, le=MAX_WAIT_S, allow_inf_nan=False)]
Bytes64 = Annotated[str, Field(max_length=2 * 1024 * 1024)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SealedEvent(Body):
    """A sealed event and the partition its publisher chose."""

    partition: int = Field(ge=0, lt=EVENT_PARTITIONS)
    value: Bytes64


class Cursor(Body):
    """Where a source connector stands."""

    connector: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    value: Bytes64


class Letter(Body):
    """What an agency's own edge could not turn into an event, sealed to the agency itself."""

    code: str = Field(pattern=r"^[a-z-]{1,40}$")
    place: str = Field(pattern=r"^[a-z0-9 ,.]{0,80}$")
    time_ms: int
    part: int = Field(ge=0)
    parts: int = Field(ge=1)
    sealed: Bytes64


class Publish(Body):
    """Everything of one pull of a source: it is appended as one, or not at all."""

    announcements: list[Bytes64] = []
    records: list[SealedEvent] = []
    dead_letters: list[Letter] = []
    cursor: Cursor | None = None


class Receipts(Body):
    """Signed receipts."""

    receipts: list[Bytes64]


class RegisterChange(Body):
    """A register entry: one statement for each signature. `token_sha256` goes with an enrolment."""

    statements: list[Bytes64]
    token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Redelivery(Body):
    """Which event to decide anew, for one recipient or all."""

    publisher: str
    event_id: str
    only_to: str | None = None


class Erasure(Body):
    """Which case to erase."""

    case: str


def bytes64(text: str) -> bytes:
    """The bytes of base64 text.

    Raises:
        HTTPException: it is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise HTTPException(422, "not base64") from None


def text64(data: bytes | None) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(data or b"").decode()


def make_api(node: Node) -> FastAPI:
    """The node's API."""
    app = FastAPI(title="Caseward node", version="1", docs_url=None, redoc_url=None)
    _add_errors(app)
    who = _authenticator(node)
    _add_agency_routes(app, node, who)
    _add_public_routes(app, node, who)
    _add_query_routes(app, node, who)
    _add_officer_routes(app, node, who)
    return app


Who = Callable[..., Awaitable[Principal]]


def _authenticator(node: Node) -> Who:
    async def who(authorization: Annotated[str, Header()] = "") -> Principal:
        scheme, _, token = authorization.partition(" ")
        principal = node.tokens.who(token) if scheme.lower() == "bearer" else None
        if principal is None:
            raise HTTPException(401, "a token is needed")
        if principal.role is Role.AGENCY:
            agency = node.keeper.snapshot().agencies.get(principal.name)
            if agency is None or agency.suspended:
                raise HTTPException(403, "this agency is suspended")
        return principal

    return who


def _must(allowed: bool) -> None:
    # One answer for "not yours" and "not there": which of the two it is would itself disclose.
    if not allowed:
        raise HTTPException(404, "there is no such thing for you")


def _add_errors(app: FastAPI) -> None:
    """Errors name a place and a rule; FastAPI's own would print the input."""

    @app.middleware("http")
    async def limit(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return JSONResponse({"detail": "the request is too large"}, 413)
        if request.method == "POST" and "content-length" not in request.headers:
            return JSONResponse({"detail": "a request needs its length"}, 411)
        return await call(request)

    from fastapi.exceptions import RequestValidationError

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        places = sorted({"/".join(map(str, one["loc"])) for one in error.errors()})
        return JSONResponse({"detail": f"not as described at {', '.join(places)}"}, 422)

    @app.exception_handler(CasewardError)
    async def refused(_request: Request, error: Exception) -> Response:
        code = error.code if isinstance(error, CasewardError) else "internal"
        return JSONResponse({"detail": str(error), "code": code}, 422)

    @app.exception_handler(LogError)
    async def log_error(_request: Request, error: Exception) -> Response:
        if isinstance(error, LogFull):
            detail = "the disk is full; try again when there is room"
            return JSONResponse({"detail": detail}, 507, headers={"Retry-After": "1"})
        if isinstance(error, RecordTooLarge):
            return JSONResponse({"detail": "a record is too large", "code": "too-large"}, 413)
        return JSONResponse({"detail": "the log does not take this now"}, 503)


def _add_agency_routes(app: FastAPI, node: Node, who: Who) -> None:
    Me = Annotated[Principal, Depends(who)]

    @app.post("/v1/events")
    async def publish(me: Me, body: Publish) -> dict[str, Any]:
        """Append an agency's announcements, events, dead letters and cursor as one."""
        _must(me.role is Role.AGENCY)
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
        _must(me.role is Role.AGENCY)
        key, value = f"{me.name}/{connector}".encode(), None
        async for record in read_to_end(node.log, CURSORS, 0):
            if record.key == key:
                value = record.value
        return {"value": None if value is None else text64(value)}

    @app.get("/v1/inbox")
    async def inbox(me: Me, offset: Offset = 0, wait_s: WaitS = 0.0) -> dict[str, Any]:
        """An agency's own envelopes from an offset on."""
        _must(me.role is Role.AGENCY)
        records = await node.log.read(
            deliveries_topic(me.name), 0, offset, max_records=100, wait_s=wait_s
        )
        return {"records": [_record(one) for one in records]}

    @app.get("/v1/epoch-keys")
    async def epoch_keys(me: Me, offset: Offset = 0) -> dict[str, Any]:
        """The announcements made to an agency, and where to read on from.

        They are counted for each agency: offsets of the shared topic would show it others' keys.
        """
        _must(me.role is Role.AGENCY)
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
        _must(me.role is Role.AGENCY)
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


def _add_public_routes(app: FastAPI, node: Node, who: Who) -> None:
    Me = Annotated[Principal, Depends(who)]

    @app.get("/v1/gateway")
    async def gateway(_me: Me) -> dict[str, Any]:
        """The gateway's name and public keys, and how many partitions events have."""
        keys = node.store.public()
        return {
            "name": node.name,
            "signing": text64(keys.signing),
            "sealing": text64(keys.sealing),
            "partitions": EVENT_PARTITIONS,
        }

    @app.get("/v1/agencies")
    async def agencies(_me: Me) -> dict[str, Any]:
        """Who is enrolled, with what roles; public to every agency."""
        return {
            "agencies": [
                {
                    "name": one.name,
                    "roles": sorted(one.roles),
                    "part_of": one.part_of,
                    "suspended": one.suspended,
                    "generation": one.generation,
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
        _must(text is not None)
        return {"text": (text or b"").decode()}

    @app.get("/v1/status")
    async def status(me: Me) -> dict[str, Any]:
        """Whether the node is ready; what waits and has grown is not for agencies."""
        ready = node.stuck is None and not node.worker.full
        if me.role is Role.AGENCY:
            return {"ready": ready}
        return {
            "ready": ready,
            "stuck": node.stuck,
            "disk_full": node.worker.full,
            "waiting": await node.worker.waiting(),
            "agencies": len(node.keeper.snapshot().agencies),
            "tree_size": node.sequencer.size,
        }


def _add_query_routes(app: FastAPI, node: Node, who: Who) -> None:
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
        _must(case is None or me.role is not Role.OPERATOR)
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
        return {"deliveries": [row for row in (_shown(me, row) for row in rows) if row is not None]}

    @app.get("/v1/events/{publisher}/{event_id}")
    async def path(me: Me, publisher: str, event_id: str) -> dict[str, Any]:
        """One event's path, hop by hop, as far as this principal may know of it."""
        await node.index.follow(node.log)
        rows = node.index.path(event_id, publisher=publisher)
        shown = [row for row in (_shown(me, row) for row in rows) if row is not None]
        _must(bool(shown))
        if me.role is Role.AUDITOR:
            await node.look(publisher, event_id, me)
        return {"hops": shown}

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
        _must(row is not None and _shown(me, row) is not None)
        offset = row["opening_offset"] if row else 0
        records = await node.log.read(OPENINGS, 0, offset, max_records=1)
        _must(bool(records) and records[0].offset == offset)
        hop = await node.opening(records[0])
        part = hop.recipient
        return {
            "leaf_index": row["leaf"] if row else 0,
            "leaf": text64(hop.leaf),
            "recipient_key": text64(hop.recipient_key),
            "time_ms": part.time_ms if part else 0,
            "envelope_sha256": part.envelope_sha256.hex() if part else "",
        }


# What of a hop each role is shown beside the common columns.
_COMMON = (
    "leaf",
    "time_ms",
    "step",
    "publisher",
    "event_id",
    "event_type",
    "recipient",
    "purpose",
    "agreement",
    "agreement_version",
    "delivery_id",
)
_REASONS = ("source", "gate", "code", "released", "withheld", "clauses")


def _shown(me: Principal, row: dict[str, Any]) -> dict[str, Any] | None:
    """A row as this principal may see it, None if it may not know that there is one (T8, T14)."""
    state = {"state": row["state"]} if "state" in row else {}
    if me.role is not Role.AGENCY or row["publisher"] == me.name:
        return {name: row[name] for name in (*_COMMON, *_REASONS)} | state
    if row["recipient"] == me.name and row["delivery_id"] is not None:
        return {name: row[name] for name in _COMMON if name != "event_id"} | state
    return None


def _add_officer_routes(app: FastAPI, node: Node, who: Who) -> None:
    Me = Annotated[Principal, Depends(who)]

    @app.get("/v1/register/{kind}/{key:path}")
    async def register_entry(me: Me, kind: Kind, key: str) -> dict[str, Any]:
        """An entry's revision and value: for officers, and for an agency its own."""
        own = kind is Kind.AGENCY and key == me.name
        _must(me.role is Role.OFFICER or own)
        state = node.keeper.state
        return {"revision": state.revision(kind, key), "value": state.value(kind, key)}

    @app.post("/v1/register")
    async def change(me: Me, body: RegisterChange) -> dict[str, Any]:
        """Take a signed register entry; it is effective when this answers."""
        _must(me.role is Role.OFFICER or (me.role is Role.AGENCY and body.token_sha256 is None))
        entry = await node.keeper.submit([bytes64(one) for one in body.statements])
        if entry.kind is Kind.AGENCY and body.token_sha256 is not None:
            node.tokens.grant(body.token_sha256, Principal(role=Role.AGENCY, name=entry.key))
        return {"kind": entry.kind, "revision": entry.revision}

    @app.post("/v1/redeliveries")
    async def redeliver(me: Me, body: Redelivery) -> dict[str, Any]:
        """Ask that an event be decided afresh, under today's register and agreements."""
        _must(me.role is Role.OFFICER or (me.role is Role.AGENCY and me.name == body.publisher))
        await node.index.follow(node.log)
        hops = node.index.path(body.event_id, publisher=body.publisher)
        sources = [h["source"] for h in hops if h["step"] == Step.ACCEPTED]
        _must(bool(sources))
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
        _must(me.role is Role.OFFICER)
        return {"erased": await node.erase(body.case)}
