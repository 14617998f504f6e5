"""Measured, not promised: our pipeline against the same loop written naked, in one run."""

from __future__ import annotations

import asyncio
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import fastavro
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from broker.delivering import WORDING
from broker.ledger import Sequencer
from broker.ledger_verify import verify_directory
from broker.log import Append, Topic
from broker.log_embedded import EmbeddedLog
from broker.node import Node
from broker.session import agency_of, in_process
from broker.stage import Stage
from broker.synthetic import Cast, make_event
from broker.topics import HOPS
from redaction.agreement import Agreement
from redaction.decide import Deciding
from redaction.facts import Agency, Register
from redaction.outgoing import Outgoing
from redaction.reading import read_agreement
from schemas.codec import Event, decode_event, encode_event
from schemas.envelope import Handling, ViewBody, encode_body
from schemas.epoch import SealingKey, announce
from schemas.registry import Registry, load_vocabulary
from schemas.sealing import SealingPrivateKey

RECIPIENTS = (1, 4, 8)
ROUNDS = 9  # each round times both loops, so that a drift of the machine's speed hits both
PER_ROUND = 40
NODE_EVENTS = 1000
LEAVES = 20_000
TAGS = (
    "incident.reference",
    "incident.attended_at",
    "incident.child_present",
    "victim.name",
    "victim.date_of_birth",
    "child.name",
    "child.date_of_birth",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One event, one agreement, so many recipients."""

    event: Event
    data: bytes
    register: Register
    recipients: tuple[str, ...]


def _agreement(names: tuple[str, ...]) -> Agreement:
    """An agreement in which every recipient gets the same tags, each under its own audience."""
    audiences = "\n".join(f"  {name}: {{agency: {name}}}" for name in names)
    basis = "\n".join(f"  - {{of: {name}, instruments: [gdpr-6-1-e]}}" for name in names)
    text = f"""agreement: bench
version: 1
title: A benchmark
language: en-GB
time_zone: Europe/London
vocabulary: caseward-core/1
publishers: [publisher]
event_types: [police.domestic-incident]
purposes: [safeguarding]
audiences:
{audiences}
legal_basis:
{basis}
drafted_with: [{{authority: dpa, reference: DPA-1, date: 2020-01-01, outcome: favourable}}]
dpia: {{reference: DPIA-1, date: 2020-01-01, review_by: 2099-12-31}}
in_force: {{from: 2020-01-01, until: 2099-12-31}}
clauses:
  - id: "1"
    text: What everybody gets.
    share: [{", ".join(TAGS)}]
    to: [{", ".join(names)}]
"""
    return read_agreement(text, origin="bench")


def make_scene(recipients: int) -> Scene:
    """The same seeded event for so many recipients."""
    names = tuple(f"recipient-{n}" for n in range(recipients))
    now = datetime.now(UTC).replace(microsecond=0)
    event = make_event(
        Registry.builtin().by_name("police.domestic-incident"),
        rng=Random(7),  # noqa: S311 - the same event each time, on purpose
        source="publisher",
        case="NM-2026-00001",
        purposes=["safeguarding"],
        cast=Cast(schools=["a-school"]),
        now=now,
    )
    agencies = {
        name: Agency(name=name, roles=frozenset(), part_of=None, suspended=False)
        for name in ("publisher", *names)
    }
    register = Register(
        agencies=agencies,
        agreements=(_agreement(names),),
        accessions=frozenset(),
        consents=(),
        conflict_checks={event.subject: ()},
        trainings=(),
        calendars={},
    )
    return Scene(event=event, data=encode_event(event), register=register, recipients=names)


def ours(scene: Scene) -> Callable[[], None]:
    """Decode, decide, redact, check and seal one event for every recipient."""
    registry, vocabulary = Registry.builtin(), load_vocabulary()
    signing = Ed25519PrivateKey.generate()
    keys: dict[str, SealingKey] = {}
    for name in scene.recipients:
        public = SealingPrivateKey(os.urandom(96)).public
        keys[name], _ = announce(signing, issuer="gateway", recipient=name, recipient_key=public)
    at = datetime.now(UTC)
    handling = Handling(onward="not-permitted", not_to_reach=(), keep_days=None)
    opening_key = bytes(32)

    def once() -> None:
        event = decode_event(scene.data, registry)
        deciding = Deciding(event, scene.register, vocabulary, at=at)
        outgoing = Outgoing(event, scene.register, vocabulary, at=at, secret=None)
        for name in scene.recipients:
            decision = deciding.decide(recipient=name, purpose="safeguarding")
            view_type, view = outgoing.encoded(decision)
            ref = decision.agreement
            if ref is None:
                raise ValueError("the benchmark's agreement does not apply")
            body = ViewBody(
                agreement_id=ref.id,
                agreement_version=ref.version,
                agreement_hash=ref.hash,
                purpose=decision.purpose,
                schema=view_type.digest,
                event_type=event.type,
                wording=WORDING,
                handling=handling,
                opening_key=opening_key,
                view=view,
            )
            keys[name].seal(encode_body(body), stream=f"deliveries.{name}", delivery_id=bytes(32))

    return once


def naked(scene: Scene) -> Callable[[], None]:
    """The same work as a team would write it without agreement, check or hop."""
    etype = scene.event.etype
    schema = fastavro.parse_schema(json.loads(etype.text))
    view_schema = fastavro.parse_schema(_picked_schema())
    keys = {name: AESGCM(AESGCM.generate_key(256)) for name in scene.recipients}
    counter = iter(range(2**62))

    def once() -> None:
        value: Any = fastavro.schemaless_reader(io.BytesIO(scene.data[10:]), schema, None)
        for name in scene.recipients:
            picked = _pick(value)
            buffer = io.BytesIO()
            fastavro.schemaless_writer(buffer, view_schema, picked)
            nonce = next(counter).to_bytes(12, "big")
            keys[name].encrypt(nonce, buffer.getvalue(), name.encode())

    return once


def _picked_schema() -> dict[str, Any]:
    date = ["null", {"type": "int", "logicalType": "date"}]
    instant = {"type": "long", "logicalType": "timestamp-millis"}
    child = {
        "type": "record",
        "name": "PickedChild",
        "fields": [{"name": "name", "type": "string"}, {"name": "date_of_birth", "type": date}],
    }
    return {
        "type": "record",
        "name": "Picked",
        "fields": [
            {"name": "source", "type": "string"},
            {"name": "type", "type": "string"},
            {"name": "time", "type": instant},
            {"name": "reference", "type": "string"},
            {"name": "attended_at", "type": instant},
            {"name": "child_present", "type": "boolean"},
            {"name": "name", "type": "string"},
            {"name": "date_of_birth", "type": date},
            {"name": "children", "type": {"type": "array", "items": child}},
        ],
    }


def _pick(value: Mapping[str, Any]) -> dict[str, Any]:
    header, incident, victim = value["header"], value["incident"], value["victim"]
    return {
        "source": header["source"],
        "type": header["type"],
        "time": header["time"],
        "reference": incident["reference"],
        "attended_at": incident["attended_at"],
        "child_present": incident["child_present"],
        "name": victim["name"],
        "date_of_birth": victim["date_of_birth"],
        "children": [
            {"name": child["name"], "date_of_birth": child["date_of_birth"]}
            for child in value["children"]
        ],
    }


def pipeline(recipients: int) -> dict[str, float]:
    """Both loops in turn; microseconds an event (medians) and the median of the rounds' ratios."""
    scene = make_scene(recipients)
    loops = (ours(scene), naked(scene))
    for loop in loops:
        for _ in range(20):
            loop()
    rounds = [tuple(_time(loop) for loop in loops) for _ in range(ROUNDS)]
    return {
        "recipients": recipients,
        "event_bytes": len(scene.data),
        "us_per_event": round(statistics.median(one[0] for one in rounds), 1),
        "naked_us_per_event": round(statistics.median(one[1] for one in rounds), 1),
        "ratio": round(statistics.median(one[0] / one[1] for one in rounds), 2),
    }


def _time(loop: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(PER_ROUND):
        loop()
    return (time.process_time() - began) / PER_ROUND * 1e6


async def whole_node(events: int) -> dict[str, float]:
    """Events a second from published to decided, sealed, in the ledger and in the index."""
    with tempfile.TemporaryDirectory(prefix="caseward-bench-") as folder:
        stage = Stage(Path(folder), seed=1)
        secret = stage.build()
        cases = stage.cases(40)
        node = Node(stage.places, secret=secret)
        await node.open()
        try:
            node.start()
            async with in_process(node) as http:
                await stage.enter(http, secret, cases)
                played = list(stage.events(events, cases))
                began = time.monotonic()
                for publisher in stage.publishers:
                    agency = agency_of(http, stage.places, publisher, secret)
                    await agency.publish([one for one in played if one.source == publisher])
                    agency.close()
                published = time.monotonic()
                await node.idle()
                ended = time.monotonic()
                hops = node.index.counts()
        finally:
            await node.close()
    return {
        "events": events,
        "deliveries": hops.get("sealed", 0),
        "published_per_second": round(events / (published - began), 1),
        "events_per_second": round(events / (ended - began), 1),
    }


async def ledger(leaves: int) -> dict[str, float]:
    """Leaves a second from the hops topic into the tree, and from the tree through `verify`."""
    with tempfile.TemporaryDirectory(prefix="caseward-bench-") as folder:
        root = Path(folder)
        log = await EmbeddedLog.open(root / "log.sqlite")
        await log.create(Topic(name=HOPS))
        for start in range(0, leaves, 1000):
            size = min(1000, leaves - start)
            records = [Append(topic=HOPS, partition=0, value=os.urandom(69)) for _ in range(size)]
            await log.append(records)
        sequencer = Sequencer(
            log, root / "ledger", origin="bench", signing_key=Ed25519PrivateKey.generate()
        )
        began = time.monotonic()
        while sequencer.size < leaves:
            await sequencer.step()
        integrated = time.monotonic()
        report = verify_directory(root / "ledger")
        verified = time.monotonic()
        sequencer.close()
        await log.close()
        if not report.ok:
            raise ValueError("the benchmark's ledger does not verify")
    return {
        "leaves": leaves,
        "appends_per_second": round(leaves / (integrated - began)),
        "verify_seconds": round(verified - integrated, 2),
        "verified_per_second": round(leaves / (verified - integrated)),
    }


def measure(*, node_events: int = NODE_EVENTS, leaves: int = LEAVES) -> dict[str, Any]:
    """Everything, in one run, this process bound to one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return {
        "pipeline": [pipeline(count) for count in RECIPIENTS],
        "node": asyncio.run(whole_node(node_events)),
        "ledger": asyncio.run(ledger(leaves)),
    }
