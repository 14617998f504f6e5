"""A canary in every leaf: it is only in the views whose agreement releases it, and erased for good.

The node's whole folder is searched as raw bytes, and so is whatever it says: log lines, answers,
dead letters. Faults are raised in every stage by an exception that carries the record itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest
import structlog
from structlog.testing import capture_logs

import broker.delivering as delivering
import broker.gateway as deciding
from broker.ledger_verify import verify_directory
from broker.log import LogError
from broker.node import NodeStuck
from broker.sealer import EventKeys
from broker.stage import read_examples
from connectors.contract import Delivery
from connectors.folder import open_sink
from redaction import checker, plan, reference
from redaction.facts import Register
from schemas.codec import Event, plain
from schemas.envelope import delivery_id_of
from schemas.epoch import SealingKey
from schemas.errors import Code
from schemas.hop import Step
from schemas.registry import Registry
from tests.broker.node_fixture import CASES, POLICE, Forger, House, house, incidents
from tests.generator.events import canary_event
from tests.redaction.alike import unmatched

MARK = b"canary-"
FORMS = (MARK, base64.b64encode(MARK)[:8], MARK.hex().encode(), MARK.decode().encode("utf-16-le"))


def canaries(found: House) -> Iterator[tuple[Event, list[str]]]:
    """An event for each type and publisher that the examples speak of, and its canaries."""
    scenes = {
        (publisher, name): one.agreement.purposes
        for one in read_examples()[1]
        for publisher in one.agreement.publishers
        for name in one.agreement.event_types
    }
    for number, ((publisher, name), purposes) in enumerate(sorted(scenes.items())):
        header = {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "source": publisher,
            "purposes": list(purposes),
            "time": datetime.now(UTC).replace(microsecond=0),
        }
        made = canary_event(found.node.registry.by_name(name), header=header)
        yield made.event, sorted(set(made.canaries.values()))


def everywhere(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder with its name and bytes."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def assert_clean(folder: Path) -> None:
    """No canary in a file or a file's name."""
    for path, data in everywhere(folder):
        for form in FORMS:
            assert form not in data, path.name
            assert form.decode(errors="ignore") not in str(path)


async def say_everything(found: House) -> str:
    """All that the node answers to anybody, but for sealed bytes."""
    said: list[Any] = []
    for party in ("operator", "auditor", "officer-1", *found.node.keeper.snapshot().agencies):
        client = found.client(party)
        if found.node.keeper.snapshot().agencies.get(party) is not None:
            if found.node.keeper.snapshot().agencies[party].suspended:
                continue
            said.append(await client.get("/v1/inbox"))
            said.append(await client.get("/v1/epoch-keys"))
        for path in ("status", "deliveries", "dead-letters", "agencies", "gateway"):
            said.append(await client.get(f"/v1/{path}"))
    return json.dumps(said)


def expected(found: House, event: Event, at: datetime) -> dict[tuple[str, str], Any]:
    """Who gets what by the reference, which shares no code with the engine."""
    facts: Register = found.node.keeper.snapshot().facts
    views = {}
    for recipient in facts.agencies:
        for purpose in event.purposes:
            one = reference.decide(
                event, facts, found.node.vocabulary, recipient=recipient, purpose=purpose, at=at
            )
            if one.delivered:
                secret = found.node.store.secret("pseudonyms")
                view = reference.view(
                    event, facts, found.node.vocabulary, one, at=at, secret=secret
                )
                views[recipient, purpose] = plain(view)
    return views


async def enter(found: House, case: str) -> None:
    """Check a case for conflicts and record consent, so that its events may be delivered."""
    officer = found.officer()
    await officer.put("conflict-check", case, {"conflicts": []})  # type: ignore[arg-type]
    purposes = sorted({p for one in read_examples()[1] for p in one.agreement.purposes})
    for purpose in purposes:
        value = {
            "case": case,
            "person": "victim",
            "purpose": purpose,
            "audience": None,
            "state": "given",
        }
        await officer.put("consent", f"{case}/victim/{purpose}/*", value)  # type: ignore[arg-type]


async def test_a_canary_is_only_in_the_views_that_release_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """T6: a canary in every leaf of every type, through the whole node."""
    async with house(tmp_path, loopback=True) as found:
        released = 0
        with capture_logs() as lines:
            made = list(canaries(found))
            assert {event.type for event, _ in made} == {t.name for t in Registry.builtin().types}
            for case in {event.subject for event, _ in made}:
                await enter(found, case)
            await found.publish(*(event for event, _ in made))
            views: dict[tuple[str, str, str], Any] = {}
            for event, _ in made:
                hops = await found.steps(event)
                at = datetime.fromtimestamp(hops[0]["time_ms"] / 1000, UTC)
                for (recipient, purpose), view in expected(found, event, at).items():
                    views[event.id, recipient, purpose] = view
            told = await say_everything(found)
            boxes = tmp_path / "boxes"
            got: dict[str, list[Delivery]] = {}
            for name, agency in found.node.keeper.snapshot().agencies.items():
                if not agency.suspended:
                    got[name] = await found.received(name)
                    (boxes / name).mkdir(parents=True)
                    sink = open_sink({"directory": str(boxes / name)})
                    for delivery in got[name]:
                        await sink.write(delivery)
            await found.node.idle()
        for name, deliveries in got.items():
            mine = [view for (_, to, _), view in views.items() if to == name]
            assert unmatched([d.view for d in deliveries], mine) == ([], []), name
            written = b"".join(data for _, data in everywhere(boxes / name)).decode()
            for _, marks in made:
                for mark in marks:
                    assert (mark in written) == (mark in json.dumps(mine)), name
                    released += mark in written
            assert MARK.decode() not in "".join(p.name for p, _ in everywhere(boxes / name))
        assert released > 20  # else nothing was tried
        assert MARK.decode() not in told
        assert MARK.decode() not in str(lines)
        for topic in await found.node.log.topics():
            for record in await found.topic(topic.name):
                assert MARK not in (record.key or b"")
                assert MARK not in (record.value or b"")
                assert MARK not in b"".join(value for _, value in record.headers)
        assert_clean(found.places.root)
    assert_clean(found.places.root)
    assert MARK.decode() not in "".join(capfd.readouterr())


def carrying(event: Event) -> Exception:
    """A fault that carries the record, as libraries' exceptions do."""
    return RuntimeError(f"cannot handle {event.value!r}")


STAGES = {
    "verify_event": deciding,
    "decode_event": deciding,
    "recipients": deciding,
    "Deciding": deciding,
    "encode_body": delivering,
    "make_hop": delivering,
}


@pytest.mark.parametrize("stage", [*STAGES, "plan", "checker", "open", "seal", "append"])
async def test_a_fault_in_a_stage_discloses_nothing_and_delivers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], stage: str
) -> None:
    """T3, T6: an exception that carries the record, in each stage of the whole node."""
    structlog.reset_defaults()
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        mark = canary_event(event.etype, header={**event.value["header"]}).event
        mark.value["header"]["subject"] = CASES[0]

        def fail(*_args: Any, **_named: Any) -> Any:
            raise carrying(mark)

        with monkeypatch.context() as broken:
            if stage == "plan":
                broken.setattr(plan, "encode", fail)
            elif stage == "checker":
                broken.setattr(checker, "check", fail)
            elif stage == "open":
                broken.setattr(EventKeys, "get", fail)
            elif stage == "seal":
                forged = Forger(found)  # its own key is made before sealing breaks
                sealed = await forged.sealed(forged.signed(mark))
                broken.setattr(SealingKey, "seal", fail)
            elif stage == "append":
                forged = Forger(found)
                sealed = await forged.sealed(forged.signed(mark))
                await forged.append(sealed)
                broken.setattr(found.node.log, "append", fail)
            else:
                broken.setattr(STAGES[stage], stage, fail)
            if stage == "seal":
                await forged.append(sealed)
            elif stage != "append":
                agency = found.agency(POLICE)
                await agency.publish([mark])
                agency.close()
            try:
                await found.node.idle()
                told = await say_everything(found)
            except NodeStuck as stuck:
                said = str(stuck)
            else:
                said = told
            assert MARK.decode() not in said
        if stage != "append":
            for name in found.node.keeper.snapshot().agencies:
                assert await found.topic(f"deliveries.{name}") == []
        assert_clean(found.places.root)
    assert_clean(found.places.root)
    assert MARK.decode() not in "".join(capfd.readouterr())


async def test_erasure_leaves_no_sealed_byte_of_a_case_and_a_ledger_that_verifies(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as found:
        (gone,), (kept,) = incidents(found, 1, CASES[0]), incidents(found, 1, CASES[1])
        await found.publish(gone, kept)
        again = Event(etype=gone.etype, value={**gone.value, "header": dict(gone.value["header"])})
        again.value["header"]["on_behalf_of"] = "somebody else"
        await found.publish(again)  # the same id: a dead letter that is about the case as well
        hops = await found.steps(gone)
        assert {h["code"] for h in hops} >= {Code.ID_REUSED}
        others = len(await found.steps(kept))
        hops_of = {h["leaf_hash"] for h in hops}
        openings = [r for r in await found.topic("hop-openings") if r.key in hops_of]
        mine = [r.value or b"" for r in openings]
        mine += [
            r.value or b""
            for r in await found.topic(f"events.{POLICE}")
            if f"{r.topic}/{r.partition}/{r.offset}" in {h["source"] for h in hops}
        ]
        ids = {h["delivery_id"] for h in hops if h["step"] == Step.SEALED}
        for recipient in {h["recipient"] for h in hops if h["step"] == Step.SEALED}:
            mine += [
                r.value or b""
                for r in await found.topic(f"deliveries.{recipient}")
                if delivery_id_of(r.value or b"").hex() in ids
            ]
        for letter in await found.topic(f"dead-letters.{POLICE}"):
            mine.append(cbor2.loads(letter.value or b"")["sealed"])
        assert len(mine) > len(ids) + 3
        body = {"case": CASES[0]}
        answer = await found.http.post("/v1/erasures", headers=found.token("officer-1"), json=body)
        assert answer.json()["erased"] == len(hops)
        files = list(everywhere(found.places.node))
        for value in mine:
            assert not any(value[-64:] in data for _, data in files)
        assert not found.node.index.of_case(CASES[0])
        assert await found.steps(gone) == []
        assert others == len(await found.steps(kept))
        await found.node.idle()
        assert verify_directory(found.places.ledger).ok
        assert (await found.client("auditor").get(f"/v1/events/{POLICE}/{kept.id}"))["hops"]
    files = list(everywhere(found.places.node))
    for value in mine:
        assert not any(value[-64:] in data for _, data in files)


async def test_a_failing_log_says_so_without_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as found:

        async def fail(*_args: Any) -> Any:
            raise LogError("canary-in-the-log")

        monkeypatch.setattr(found.node.log, "append", fail)
        body = {"records": [{"partition": 0, "value": "AAAA"}]}
        answer = await found.http.post("/v1/events", headers=found.token(POLICE), json=body)
        assert answer.status_code == 503
        assert "canary" not in answer.text
        monkeypatch.undo()
