"""Bad input of every sort ends in its own named code, and the good events around it arrive."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from broker.edges import AgencyFeed
from connectors.contract import Pull, Refused, SourceRecord, Taken
from schemas.codec import MAX_EVENT_BYTES, Event, encode_event, event_to_json
from schemas.errors import Code
from schemas.hop import Step
from tests.broker.node_fixture import HOSPITAL, POLICE, Forger, house, incidents

Make = Callable[[Forger, Event, list[Event]], Awaitable[list[bytes]]]


def now() -> datetime:
    """The publisher's clock, in the seconds that signatures have."""
    return datetime.now(UTC).replace(microsecond=0)


def flipped(data: bytes, place: int) -> bytes:
    """The bytes with one bit flipped."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


async def seal(forger: Forger, *plain: bytes) -> list[bytes]:
    """Sealed records."""
    return [await forger.sealed(one) for one in plain]


def saying(**changes: Any) -> Make:
    """An event whose signed part says something else."""

    async def make(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
        return await seal(forger, forger.signed(event, **changes))

    return make


def payload(change: Callable[[bytes], bytes]) -> Make:
    """A signed event whose payload was altered before it was signed."""

    async def make(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
        return await seal(forger, forger.signed(event, change(encode_event(event))))

    return make


def record(change: Callable[[bytes], bytes]) -> Make:
    """A sealed event whose record was altered in the log."""

    async def make(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
        return [change((await seal(forger, forger.signed(event)))[0])]

    return make


async def foreign(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
    """Another agency's own sealed event, put in one's own topic."""
    other = Forger(forger.house, HOSPITAL)
    return await seal(other, other.signed(event))


async def stolen(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
    """What another agency signed, sealed as one's own."""
    return await seal(forger, Forger(forger.house, HOSPITAL).signed(event))


async def same_id(forger: Forger, event: Event, good: list[Event]) -> list[bytes]:
    """Other content under the id of an event that came before."""
    value = deepcopy(event.value)
    value["header"]["id"] = good[0].id
    return await seal(forger, forger.signed(Event(etype=event.etype, value=value)))


async def another_source(forger: Forger, event: Event, _good: list[Event]) -> list[bytes]:
    """An event that names another agency as its source."""
    value = deepcopy(event.value)
    value["header"]["source"] = HOSPITAL
    return await seal(forger, forger.signed(Event(etype=event.etype, value=value)))


BAD: dict[str, tuple[Make, Code]] = {
    "empty": (record(lambda _: b""), Code.NOT_AN_ENVELOPE),
    "noise": (record(lambda _: b"\xff" * 600), Code.NOT_AN_ENVELOPE),
    "truncated": (record(lambda data: data[:-9]), Code.NOT_AN_ENVELOPE),
    "bit flipped in the log": (record(lambda data: flipped(data, -9)), Code.ENVELOPE_REFUSED),
    "another agency's envelope": (foreign, Code.UNKNOWN_KEY),
    "another agency's signature": (stolen, Code.SIGNATURE_REFUSED),
    "another publisher": (saying(publisher=HOSPITAL), Code.WRONG_ADDRESS),
    "another gateway": (saying(gateway="elsewhere"), Code.WRONG_ADDRESS),
    "another stream": (saying(stream=f"events.{HOSPITAL}"), Code.WRONG_ADDRESS),
    "another partition": (saying(partition=1), Code.WRONG_ADDRESS),
    "ten years ago": (saying(signed_at=now() - timedelta(days=3650)), Code.TOO_OLD),
    "in ten years": (saying(signed_at=now() + timedelta(days=3650)), Code.IN_THE_FUTURE),
    "unknown schema": (payload(lambda p: p[:2] + bytes(8) + p[10:]), Code.UNKNOWN_SCHEMA),
    "truncated payload": (payload(lambda p: p[:-3]), Code.NOT_DECODABLE),
    "trailing bytes": (payload(lambda p: p + b"\x00"), Code.NOT_DECODABLE),
    "no single object": (payload(lambda _: b"{}"), Code.NOT_DECODABLE),
    "another id inside": (
        saying(event_id="00000000-0000-4000-8000-000000000001"),
        Code.HEADER_MISMATCH,
    ),
    "another source inside": (another_source, Code.HEADER_MISMATCH),
    "same id, other content": (same_id, Code.ID_REUSED),
}


async def test_what_is_wrong_with_an_event_is_named_and_its_neighbours_arrive(
    tmp_path: Path,
) -> None:
    """All of them in one feed, a good event before and after each, in one batch and one order."""
    async with house(tmp_path) as found:
        forger = Forger(found)
        events = list(incidents(found, 2 * len(BAD) + 1))
        good, spare = events[: len(BAD) + 1], events[len(BAD) + 1 :]
        values = await seal(forger, forger.signed(good[0]))
        places: dict[int, str] = {}
        for (name, (make, _)), event, after in zip(BAD.items(), spare, good[1:], strict=True):
            for value in await make(forger, event, good):
                places[len(values)] = name
                values.append(value)
            values += await seal(forger, forger.signed(after))
        await forger.append(*values)
        await found.node.idle()
        letters = (await found.client(POLICE).get("/v1/dead-letters"))["dead_letters"]
        codes = {places[int(one["source"].rsplit("/", 1)[1])]: one["code"] for one in letters}
        assert codes == {name: code for name, (_, code) in BAD.items()}
        assert len(letters) == len(BAD)
        for event in good:
            assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}
        assert len(await found.received("northmoor-police-protection")) == len(good)
        assert found.node.stuck is None
        counts = found.node.index.counts()
        assert counts[Step.DEAD_LETTERED] == len(BAD)


async def test_every_bit_of_the_seal_counts(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        forger = Forger(found)
        (event,) = incidents(found, 1)
        (value,) = await seal(forger, forger.signed(event))
        places = [*range(0, 160), *range(160, len(value), 97)]
        await forger.append(*(flipped(value, place) for place in places))
        await found.node.idle()
        letters = (await found.client(POLICE).get("/v1/dead-letters"))["dead_letters"]
        assert len(letters) == len(places)
        assert {one["code"] for one in letters} <= {
            Code.NOT_AN_ENVELOPE,
            Code.UNKNOWN_KEY,
            Code.ENVELOPE_REFUSED,
        }
        assert await found.topic("deliveries.northmoor-police-protection") == []


async def test_the_same_event_again_is_dropped_as_a_duplicate(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
        before = len(await found.topic("deliveries.northmoor-police-protection"))
        await found.publish(event)
        assert len(await found.topic("deliveries.northmoor-police-protection")) == before == 1
        assert [h["step"] for h in await found.steps(event)].count(Step.DUPLICATE) == 1


async def test_a_suspended_publishers_events_are_dead_letters(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        forger = Forger(found)
        events = list(incidents(found, 3))
        await found.publish(events[0])
        await found.officer().suspend(POLICE, suspended=True)
        await forger.append(*await seal(forger, forger.signed(events[1])))
        await found.node.idle()
        await found.officer().suspend(POLICE, suspended=False)
        letters = (await found.client(POLICE).get("/v1/dead-letters"))["dead_letters"]
        assert [one["code"] for one in letters] == [Code.PUBLISHER_SUSPENDED]
        await found.publish(events[2])
        assert Step.SEALED in {hop["step"] for hop in await found.steps(events[2])}


async def test_a_record_beyond_the_limits_is_refused_and_the_next_is_taken(tmp_path: Path) -> None:
    async with house(tmp_path, loopback=True) as found:
        headers = found.token(POLICE)
        huge = {"records": [{"partition": 0, "value": "A" * (50 * 1024 * 1024)}]}
        answer = await found.http.post("/v1/events", headers=headers, json=huge)
        assert (answer.status_code, answer.json()["detail"]) == (413, "the request is too large")
        large = {"records": [{"partition": 0, "value": "A" * 1_600_000}]}
        answer = await found.http.post("/v1/events", headers=headers, json=large)
        assert (answer.status_code, answer.json()["code"]) == (413, Code.TOO_LARGE)
        (event,) = incidents(found, 1)
        await found.publish(event)
        assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}


def altered(event: Event, change: Callable[[dict[str, Any]], None]) -> bytes:
    """An event's JSON with something changed."""
    value = json.loads(json.dumps(event_to_json(event)))
    change(value)
    return json.dumps(value).encode()


JSON: dict[str, tuple[Callable[[Event], bytes], Code]] = {
    "50 MB": (
        lambda e: altered(e, lambda v: v.update(extra="x" * (50 * 1024 * 1024))),
        Code.TOO_LARGE,
    ),
    "just too large": (lambda _: b'"' + b"x" * MAX_EVENT_BYTES + b'"', Code.TOO_LARGE),
    "deep nesting": (lambda _: b'{"a":' * 5000 + b"1" + b"}" * 5000, Code.TOO_DEEP),
    "truncated": (lambda e: altered(e, lambda _: None)[:-5], Code.NOT_DECODABLE),
    "NaN": (lambda _: b'{"header": NaN}', Code.NOT_DECODABLE),
    "duplicate key": (lambda _: b'{"header": 1, "header": 2}', Code.NOT_DECODABLE),
    "not UTF-8": (lambda _: b'{"header": "\xff"}', Code.NOT_DECODABLE),
    "no object": (lambda _: b"[]", Code.BAD_VALUE),
    "wrong type": (lambda e: altered(e, lambda v: v["header"].update(purposes=7)), Code.BAD_VALUE),
    "unknown field": (lambda e: altered(e, lambda v: v.update(unheard_of=1)), Code.BAD_VALUE),
    "unknown schema": (
        lambda e: altered(e, lambda v: v["header"].update(type="police.unheard-of")),
        Code.UNKNOWN_SCHEMA,
    ),
    "another's event": (
        lambda e: altered(e, lambda v: v["header"].update(source=HOSPITAL)),
        Code.HEADER_MISMATCH,
    ),
}


async def test_an_unusable_record_of_a_source_is_a_dead_letter_by_its_own_code(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as found:
        events = list(incidents(found, len(JSON) + 1))
        datas, expected = [altered(events[-1], lambda _: None)], [None]
        for event, (make, code) in zip(events, JSON.values(), strict=False):
            datas += [make(event), altered(event, lambda _: None)]
            expected += [code, None]  # type: ignore[list-item]
        agency = found.agency(POLICE)
        feed = AgencyFeed(agency, found.node.registry, connector="main")
        pull = Pull(
            records=tuple(
                SourceRecord(data=data, origin=f"file 1, line {n}") for n, data in enumerate(datas)
            ),
            cursor=b"{}",
        )
        answers = await feed.submit(pull)
        agency.close()
        await found.node.idle()
        told = [one.code if isinstance(one, Refused) else None for one in answers]
        assert dict(zip(JSON, told[1::2], strict=True)) == {n: c for n, (_, c) in JSON.items()}
        assert told == expected
        assert all(isinstance(one, Taken) for one in answers[::2])
        letters = (await found.client(POLICE).get("/v1/dead-letters"))["dead_letters"]
        assert sorted(one["code"] for one in letters) == sorted(c for _, c in JSON.values())
        for event in events:
            assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}


@pytest.mark.parametrize("noise", [b"", b"\x00", b"\xd2\x84", b"\xff" * 3000, b"\x9f" * 9999])
async def test_noise_at_every_door_stops_nothing(tmp_path: Path, noise: bytes) -> None:
    async with house(tmp_path) as found:
        text = base64.b64encode(noise).decode()
        headers = found.token(POLICE)
        for path, body in (
            ("/v1/receipts", {"receipts": [text]}),
            ("/v1/receipts", {"receipts": []}),
            ("/v1/events", {"announcements": [text]}),
            ("/v1/events", {"records": [{"partition": 3, "value": text}]}),
            ("/v1/events", {"cursor": {"connector": "main", "value": text}}),
            ("/v1/register", {"statements": [text]}),
            ("/v1/register", {"statements": [text, text]}),
        ):
            answer = await found.http.post(path, headers=headers, json=body)
            assert answer.status_code in (200, 422), (path, answer.text)
        (event,) = incidents(found, 1)
        await found.publish(event)
        assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}
        assert found.node.stuck is None


async def test_a_dead_letter_is_sealed(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        forger = Forger(found)
        (event,) = incidents(found, 1)
        value = flipped((await seal(forger, forger.signed(event)))[0], -9)
        await forger.append(value)
        await found.node.idle()
        (letter,) = await found.topic(f"dead-letters.{POLICE}")
        said = cbor2.loads(letter.value or b"")
        assert set(said) == {"code", "time_ms", "source", "part", "parts", "sealed"}
        assert value[100:200] not in (letter.value or b"")


async def test_an_unknown_publisher_has_no_door(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        headers = {"Authorization": "Bearer somebody-else"}
        answer = await found.http.post("/v1/events", headers=headers, json={"records": []})
        assert answer.status_code == 401
