"""The register's rules: who may change what, and what an altered register does at the start."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import pytest

from broker.enrol import rotate_keys
from broker.entries import Entry, Kind, RegisterRefused, sign_entry
from broker.keys import KeyStore
from broker.node_client import NodeRefused
from schemas.hop import Step
from tests.broker.node_fixture import (
    CASES,
    HOSPITAL,
    POLICE,
    Forger,
    fresh,
    house,
    incidents,
    opened,
)


async def test_one_officer_enrols_and_a_new_agency_can_act(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await found.officer().enrol("southmoor-hospital", roles=["hospital"], part_of=None)
        assert (await found.client("southmoor-hospital").get("/v1/inbox"))["records"] == []


async def test_events_signed_before_a_rotation_are_accepted_and_so_are_later_ones(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, running=False) as found:
        early, late = incidents(found, 2)
        agency = found.agency(POLICE)
        await agency.publish([early])
        agency.close()
        assert await rotate_keys(found.http, found.places, POLICE, found.secret) == 2
        found.node.start()
        await found.publish(late)
        for event in (early, late):
            assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}


async def test_a_lost_key_needs_two_officers(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        found.places.party(HOSPITAL).rename(tmp_path / "lost")
        with pytest.raises(NodeRefused):
            await found.officer().enrol(HOSPITAL, roles=["hospital"], part_of=None)
        found.places.party(HOSPITAL).rename(tmp_path / "half-made")
        await found.officer(second=True).enrol(HOSPITAL, roles=["hospital"], part_of=None)
        assert (await found.client(HOSPITAL).get("/v1/inbox"))["records"] == []


async def test_an_agency_enrolled_anew_goes_past_what_its_lost_key_sealed(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        early, late = incidents(found, 2)
        await found.publish(early)
        found.places.party(HOSPITAL).rename(tmp_path / "lost")
        await found.officer(second=True).enrol(HOSPITAL, roles=["hospital"], part_of=None)
        await found.publish(late)
        got = await found.received(HOSPITAL)
        assert len(got) == 1, "what the lost key sealed is skipped, what came after is opened"


async def test_an_agency_may_say_no_for_a_person_but_not_yes(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        store = KeyStore.open(
            found.places.party(HOSPITAL) / "keys", secret=found.secret, owner=HOSPITAL
        )
        key = "NM-2026-77777/victim/victim-support/*"
        for state, allowed in (("given", False), ("refused", True)):
            value = {
                "case": "NM-2026-77777",
                "person": "victim",
                "purpose": "victim-support",
                "audience": None,
                "state": state,
            }
            entry = Entry(kind=Kind.CONSENT, key=key, revision=1, value=value)
            signed = sign_entry(entry, store.signing, issuer=HOSPITAL)
            body = {"statements": [base64.b64encode(signed).decode()]}
            if allowed:
                await found.client(HOSPITAL).post("/v1/register", body)
            else:
                with pytest.raises(NodeRefused):
                    await found.client(HOSPITAL).post("/v1/register", body)


async def test_forged_foreign_replayed_and_reordered_entries_change_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        state = found.node.keeper.state
        value: dict[str, list[object]] = {"conflicts": []}
        revision = state.revision(Kind.CONFLICT_CHECK, CASES[0])
        folder = found.places.party("officer-1") / "keys"
        officer = KeyStore.open(folder, secret=found.secret, owner="officer-1").signing
        agency = Forger(found).store.signing

        def entry(number: int) -> Entry:
            kind = Kind.CONFLICT_CHECK
            return Entry(kind=kind, key=CASES[0], revision=number, value=value)

        due = entry(revision + 1)
        attempts = {
            "forged": [sign_entry(due, agency, issuer="officer-1")],
            "foreign": [sign_entry(due, agency, issuer=POLICE)],
            "unknown": [sign_entry(due, officer, issuer="officer-3")],
            "replayed": [sign_entry(entry(revision), officer, issuer="officer-1")],
            "re-ordered": [sign_entry(entry(revision + 2), officer, issuer="officer-1")],
            "signed twice by one": [sign_entry(due, officer, issuer="officer-1")] * 2,
            "unsigned": [],
        }
        for name, statements in attempts.items():
            body = {"statements": [base64.b64encode(one).decode() for one in statements]}
            headers = found.token("officer-1")
            answer = await found.http.post("/v1/register", headers=headers, json=body)
            assert answer.status_code == 422, name
            assert state.revision(Kind.CONFLICT_CHECK, CASES[0]) == revision


async def test_an_altered_register_stops_the_start(tmp_path: Path) -> None:
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        record = (await found.topic("register"))[0].value or b""
    needle = b"northmoor"
    assert needle in record
    changed = record.replace(needle, b"southmoor", 1)
    with sqlite3.connect(stage.places.log) as db:
        tables = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        hits = 0
        for table in tables:
            columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            if "value" in columns:
                sql = f"UPDATE {table} SET value = ? WHERE value = ?"
                hits += db.execute(sql, (changed, record)).rowcount
    assert hits == 1
    with pytest.raises(RegisterRefused):
        async with opened(stage, secret):
            pass


async def test_what_is_private_is_sealed_where_it_lies(tmp_path: Path) -> None:
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret):
        pass
    data = b"".join(path.read_bytes() for path in stage.places.node.rglob("*") if path.is_file())
    assert b"northmoor-police" in data  # the search finds what is there
    assert CASES[0].encode() not in data
    assert b"key-adult-1" not in data
