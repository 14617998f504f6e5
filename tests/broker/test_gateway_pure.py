"""The gateway is a function: what it is given decides what it appends, and nothing else does.

Its own draws (`random_bytes`) are an argument, so hop keys, opening keys and names of dead letters
come from the test's seed. Two things do not, and only they keep two runs from equal bytes:

- the secret of an epoch key: `Sealer.key_for` has `announce` draw it from the system. It decides
  the key id (so the record key of the announcement), the ciphertext of every envelope, and through
  `envelope_sha256` the leaf of every `sealed` hop and the record key of its opening;
- the HPKE encapsulation in the announcement, which the cryptography library draws by itself.

So the first test gives `announce` a seed too, and holds all bytes but the encapsulations equal;
the second leaves the system's randomness in and holds everything equal once it is opened.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from random import Random
from typing import Any
from unittest.mock import patch

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.entries import Enrolled
from broker.gateway import CLOCK_SKEW, KEEP_IDS, Gateway, Outcome
from broker.log import Append, Record
from broker.recording import Source
from broker.register import Snapshot
from broker.sealer import EventKeys, Identity
from broker.seen import Seen
from broker.stage import read_examples
from broker.synthetic import Cast, make_event
from broker.topics import EPOCH_KEYS, HOPS, OPENINGS, VIEW_TYPES, events_topic, pending_topic
from redaction.facts import Consent, ConsentState
from schemas.codec import Event, encode_event
from schemas.envelope import ViewBody, decode_body, delivery_id_of, key_id_of, parse_envelope
from schemas.epoch import OpeningKey, SealingKey, accept, announce, unverified_key_id
from schemas.hop import AuditorPart, Hop, Step, decode_opening
from schemas.registry import Registry, load_vocabulary
from schemas.sealing import SealingPrivateKey
from schemas.signed import SignedEvent, sign_event, unverified_payload

GATEWAY, POLICE = "gateway", "northmoor-police"
STREAM = events_topic(POLICE)
NOW = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)  # a school day on which every example is in force
CASE = "NM-2026-00001"
EVENTS = 6
VOCABULARY = load_vocabulary()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A register with everybody's keys, and sealed records of one partition of the police's."""

    snapshot: Snapshot
    signing: dict[str, Ed25519PrivateKey]
    sealing: dict[str, SealingPrivateKey]
    to_gateway: SealingKey
    keys: EventKeys
    events: tuple[Event, ...]
    records: tuple[Record, ...]  # each event once, then another event under the first one's id


@cache
def world() -> World:
    register, examples = read_examples()
    names = (GATEWAY, *register.register.agencies)
    signing = {n: Ed25519PrivateKey.from_private_bytes(_seed(n, 32)) for n in names}
    sealing = {n: SealingPrivateKey(_seed(f"sealing {n}", 96)) for n in names}
    facts = replace(
        register.register,
        agreements=tuple(one.agreement for one in examples),
        conflict_checks={**register.register.conflict_checks, CASE: ()},
        consents=tuple(
            Consent(case=CASE, person="victim", purpose=p, audience=None, state=ConsentState.GIVEN)
            for p in sorted({p for one in examples for p in one.agreement.purposes})
        ),
    )
    enrolled = {
        name: Enrolled(
            name=name,
            roles=one.roles,
            part_of=one.part_of,
            suspended=one.suspended,
            generation=1,
            signing=signing[name].public_key().public_bytes_raw(),
            sealing=sealing[name].public.raw,
            former=(),
        )
        for name, one in facts.agencies.items()
    }
    to_gateway, said = announce(
        signing[POLICE],
        issuer=POLICE,
        recipient=GATEWAY,
        recipient_key=sealing[GATEWAY].public,
    )
    keys = EventKeys()
    keys.add(POLICE, unverified_key_id(said), _opening(said, POLICE, GATEWAY, signing, sealing))
    schools = tuple(n for n, one in facts.agencies.items() if "school" in one.roles)
    events = tuple(_event(Random(n), n, schools) for n in range(EVENTS))
    other = Event(
        etype=events[0].etype,
        value={**_event(Random(99), 0, schools).value, "header": events[0].value["header"]},
    )
    made = World(
        snapshot=Snapshot(agencies=enrolled, facts=facts),
        signing=signing,
        sealing=sealing,
        to_gateway=to_gateway,
        keys=keys,
        events=events,
        records=(),
    )
    records = tuple(_record(made, event, at) for at, event in enumerate((*events, other)))
    return replace(made, records=records)


def _seed(name: str, size: int) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


def _event(rng: Random, number: int, schools: tuple[str, ...]) -> Event:
    name = ("police.domestic-incident", "marac.referral")[number % 2]
    purposes = {
        p
        for one in read_examples()[1]
        if name in one.agreement.event_types and POLICE in one.agreement.publishers
        for p in one.agreement.purposes
    }
    return make_event(
        registry().by_name(name),
        rng=rng,
        source=POLICE,
        case=CASE,
        purposes=sorted(purposes),
        cast=Cast(schools=schools),
        now=NOW,
    )


def _record(made: World, event: Event, offset: int) -> Record:
    signed = sign_event(
        made.signing[POLICE],
        SignedEvent(
            publisher=POLICE,
            gateway=GATEWAY,
            stream=STREAM,
            partition=0,
            event_id=event.id,
            signed_at=NOW,
            payload=encode_event(event),
        ),
    )
    sealed = made.to_gateway.seal(
        signed, stream=STREAM, delivery_id=hashlib.sha256(b"%d" % offset).digest()
    )
    return Record(
        topic=STREAM,
        partition=0,
        offset=offset,
        append_time_ms=int(NOW.timestamp() * 1000),
        key=None,
        value=sealed,
        headers=(),
    )


def _opening(
    said: bytes,
    issuer: str,
    recipient: str,
    signing: dict[str, Ed25519PrivateKey],
    sealing: dict[str, SealingPrivateKey],
) -> OpeningKey:
    return accept(
        said,
        issuer=issuer,
        issuer_key=signing[issuer].public_key(),
        recipient=recipient,
        recipient_key=sealing[recipient],
    )


EVERYTHING = (*range(EVENTS), 0, EVENTS)


@cache
def registry() -> Registry:
    return Registry.builtin()


def fresh(seed: int = 1, types: Registry | None = None) -> Gateway:
    """A gateway that has met nothing; with its own `types` nothing is compiled for it yet."""
    made = world()
    return Gateway(
        Identity(
            name=GATEWAY,
            signing=made.signing[GATEWAY],
            sealing_public=made.sealing[GATEWAY].public.raw,
            delivery_secret=_seed("delivery ids", 32),
            pseudonym_secret=_seed("pseudonyms", 32),
        ),
        registry=types or registry(),
        vocabulary=VOCABULARY,
        keys=made.keys,
        random_bytes=Random(seed).randbytes,
        known_view_types=set(),
    )


def process(
    gateway: Gateway, numbers: tuple[int, ...], seen: Seen | None = None, *, first: int = 0
) -> Outcome:
    """Process these of the world's records, as if they stood so in the log from `first` on."""
    seen = Seen({}) if seen is None else seen
    records = world().records
    batch = tuple(
        Source(publisher=POLICE, record=replace(records[number], offset=at))
        for at, number in enumerate(numbers, first)
    )
    return gateway.process(batch, snapshot=world().snapshot, seen=seen, now=NOW)


@contextmanager
def seeded_epoch_keys(seed: int = 2) -> Iterator[None]:
    """The secrets of epoch keys come from a seed; their encapsulation still does not."""
    with patch("broker.sealer.announce", partial(announce, rng=Random(seed).randbytes)):
        yield


def of(appends: tuple[Append, ...], *topics: str) -> list[Append]:
    return [one for one in appends if one.topic in topics]


def deliveries(appends: tuple[Append, ...]) -> list[Append]:
    return [one for one in appends if one.topic.startswith("deliveries.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a transaction says to those it is for."""

    announced: list[tuple[str, int]]
    types: list[tuple[bytes | None, bytes | None]]
    seen: list[Append]
    letters: list[tuple[dict[str, Any], bytes]]
    bodies: list[tuple[str, bytes, int, ViewBody]]  # topic, delivery id, IV, body
    hops: list[Hop]
    order: list[tuple[str, int]]


def read(appends: tuple[Append, ...]) -> Read:
    """Open everything, with everybody's keys, and check what hangs together on the way."""
    made, keys = world(), {}
    announced = []
    for one in of(appends, EPOCH_KEYS):
        recipient = (one.key or b"").decode().rpartition("/")[0]
        key = _opening(one.value or b"", GATEWAY, recipient, made.signing, made.sealing)
        assert one.key == f"{recipient}/{key.key_id.hex()}".encode()
        keys[key.key_id] = key
        announced.append((recipient, one.partition))
    bodies, hashes = [], set()
    for one in deliveries(appends):
        opened = keys[key_id_of(one.value or b"")].open(one.value or b"", stream=one.topic)
        hashes.add(hashlib.sha256(one.value or b"").digest())
        bodies.append((one.topic, opened.delivery_id, opened.iv, decode_body(opened.plaintext)))
    letters = []
    for one in appends:
        if one.topic.startswith("dead-letters."):
            letter = cbor2.loads(one.value or b"")
            sealed = letter.pop("sealed")
            letters.append((letter, keys[key_id_of(sealed)].open(sealed, stream=one.topic)))
    hops = []
    for leaf, opening in zip(of(appends, HOPS), of(appends, OPENINGS), strict=True):
        sealed = opening.value or b""
        hop = decode_opening(keys[key_id_of(sealed)].open(sealed, stream=OPENINGS).plaintext)
        assert (hop.leaf, hop.leaf_hash) == (leaf.value, opening.key)
        if hop.recipient is not None:  # the leaf of a delivery is of its ciphertext
            assert hop.recipient.envelope_sha256 in hashes
            same = replace(hop.recipient, envelope_sha256=bytes(32))
            hop = replace(hop, recipient=same, leaf=bytes(69))
        hops.append(hop)
    return Read(
        announced=announced,
        types=[(one.key, one.value) for one in of(appends, VIEW_TYPES)],
        seen=[one for one in appends if one.topic.startswith("seen.")],
        letters=[(letter, opened.plaintext) for letter, opened in letters],
        bodies=bodies,
        hops=hops,
        order=[(one.topic, one.partition) for one in appends],
    )


# --- the same in, the same out


def sealed_by_hpke(append: Append) -> bool:
    """Whether a record's value is one that HPKE, with its own randomness, has a part in."""
    return append.topic == EPOCH_KEYS or append.topic.startswith(pending_topic(""))


def test_two_fresh_gateways_append_the_same_bytes() -> None:
    runs = []
    for _ in range(2):
        with seeded_epoch_keys():
            runs.append(process(fresh(types=Registry.builtin()), EVERYTHING))
    one, other = runs
    assert len(deliveries(one.appends)) > EVENTS
    assert (one.met, one.expired) == (other.met, other.expired)

    def apart(outcome: Outcome) -> tuple[list[Append], list[dict[str, Any]]]:
        """The appends without the announcements' values, and those without the encapsulation."""
        announced = [
            cbor2.loads(unverified_payload(a.value or b"")) for a in of(outcome.appends, EPOCH_KEYS)
        ]
        for payload in announced:
            assert payload.pop("sealed")
        return [
            replace(a, value=None) if sealed_by_hpke(a) else a for a in outcome.appends
        ], announced

    assert apart(one) == apart(other)


def test_only_what_the_epoch_keys_decide_differs_without_a_seed_for_them() -> None:
    one, other = (process(fresh(), EVERYTHING).appends for _ in range(2))
    assert read(one) == read(other)
    steps = {hop.auditor.step for hop in read(one).hops}
    assert steps == {
        Step.ACCEPTED,
        Step.DECIDED,
        Step.SEALED,
        Step.WITHHELD,
        Step.DUPLICATE,
        Step.DEAD_LETTERED,
    }
    shared = {a.value for a in deliveries(one)} & {a.value for a in deliveries(other)}
    assert not shared, "another key for each gateway: no two envelopes are alike"


def test_what_was_met_is_left_as_it_was() -> None:
    old = int((NOW - KEEP_IDS - CLOCK_SKEW - timedelta(days=1)).timestamp())
    met = {"long-ago": (bytes(32), old), "lately": (bytes(32), int(NOW.timestamp()))}
    seen = Seen(dict(met))
    gateway = fresh()
    first = process(gateway, EVERYTHING, seen)
    assert seen.ids == met
    assert first.expired == ("long-ago",)
    again = process(gateway, EVERYTHING, seen)
    assert seen.ids == met
    assert (again.met, again.expired) == (first.met, first.expired)


def test_a_batch_after_an_aborted_one_has_the_same_delivery_ids_and_no_key_of_it() -> None:
    seen, gateway = Seen({}), fresh()
    aborted = process(gateway, EVERYTHING, seen).appends
    gateway.sealer.abandon()
    done = process(fresh(seed=3), EVERYTHING, seen).appends
    same_gateway = process(gateway, EVERYTHING, seen).appends
    met: set[tuple[bytes, int]] = set()
    ids = [delivery_id_of(a.value or b"") for a in deliveries(aborted)]
    assert len(set(ids)) == len(ids) > EVENTS
    for appends in (aborted, done, same_gateway):
        assert [delivery_id_of(a.value or b"") for a in deliveries(appends)] == ids
        for one in (*deliveries(appends), *of(appends, OPENINGS)):
            envelope = parse_envelope(one.value or b"")
            assert (envelope.key_id, envelope.iv) not in met
            met.add((envelope.key_id, envelope.iv))
        announced = {a.key for a in of(appends, EPOCH_KEYS)}
        used = {key_id_of(a.value or b"").hex() for a in deliveries(appends)}
        assert used <= {(key or b"").decode().rpartition("/")[2] for key in announced}


# --- how the records are cut into batches makes no difference


@settings(max_examples=40)
@given(
    numbers=st.lists(st.integers(0, EVENTS), min_size=1, max_size=6).map(tuple),
    data=st.data(),
)
def test_a_batch_cut_in_two_gives_the_same_deliveries_and_hops(
    numbers: tuple[int, ...], data: st.DataObject
) -> None:
    # numbers may repeat: the same event again, at another place
    cut = data.draw(st.integers(0, len(numbers)), label="cut")
    with seeded_epoch_keys():
        whole = process(fresh(), numbers)
    with seeded_epoch_keys():
        gateway, seen = fresh(), Seen({})
        first = process(gateway, numbers[:cut], seen)
        seen.apply(first.met, first.expired)
        second = process(gateway, numbers[cut:], seen, first=cut)
    cut_up = (*first.appends, *second.appends)
    assert deliveries(whole.appends) == deliveries(cut_up)
    letters = f"dead-letters.{POLICE}"
    assert of(whole.appends, HOPS, OPENINGS, letters) == of(cut_up, HOPS, OPENINGS, letters)
    assert {**first.met, **second.met} == dict(whole.met)
    keys = [a.key for a in of(cut_up, EPOCH_KEYS, VIEW_TYPES)]
    assert sorted(keys, key=repr) == sorted(
        (a.key for a in of(whole.appends, EPOCH_KEYS, VIEW_TYPES)), key=repr
    )


@settings(max_examples=40)
@given(numbers=st.lists(st.integers(0, EVENTS - 1), min_size=1, max_size=6).map(tuple))
def test_an_event_is_delivered_once_however_often_it_comes(numbers: tuple[int, ...]) -> None:
    once = process(fresh(), tuple(dict.fromkeys(numbers))).appends
    often = process(fresh(), numbers).appends
    ids = [delivery_id_of(a.value or b"") for a in deliveries(often)]
    assert ids == [delivery_id_of(a.value or b"") for a in deliveries(once)]
    assert len(ids) == len(set(ids))
    parts: list[AuditorPart] = [hop.auditor for hop in read(often).hops]
    duplicates = [part for part in parts if part.step is Step.DUPLICATE]
    assert len(duplicates) == len(numbers) - len(set(numbers))


# --- no I/O

_TOUCHES = ("open", "socket.", "os.", "subprocess.", "sqlite3.", "tempfile.", "shutil.", "time.")
_watching: list[Callable[[str], None]] = []


def _audit(event: str, _args: tuple[object, ...]) -> None:
    if _watching and event.startswith(_TOUCHES):
        _watching[-1](event)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What the interpreter reports of files, sockets and processes meanwhile (PEP 578)."""
    if not getattr(_audit, "installed", False):  # a hook cannot be taken out again
        sys.addaudithook(_audit)
        _audit.installed = True  # type: ignore[attr-defined]
    touched: list[str] = []
    _watching.append(touched.append)
    try:
        yield touched
    finally:
        _watching.pop()


def test_no_file_socket_or_process_is_touched() -> None:
    gateway = fresh(types=Registry.builtin())
    with watched() as touched:
        outcome = process(gateway, EVERYTHING)
        gateway.hop(
            AuditorPart(step=Step.OPENED, time_ms=1, source="look/auditor", publisher=POLICE)
        )
        gateway.sealer.abandon()
    assert deliveries(outcome.appends)
    assert touched == []


def test_the_watch_sees_a_file_and_a_socket() -> None:
    import socket

    with watched() as touched:
        with open(__file__, "rb"):
            pass
        socket.socket().close()
    assert "open" in touched
    assert any(one.startswith("socket.") for one in touched)
