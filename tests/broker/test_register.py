"""The register's rules: who may change what, and what an altered register does at the start."""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from broker.enrol import keys_end, put_own, rotate_keys, submit
from broker.entries import KEY_DAYS, Entry, Kind, RegisterRefused, sign_entry
from broker.keys import KeyStore
from broker.membership import store_of
from broker.node_client import NodeRefused
from broker.values import consent_key, consent_value
from redaction.facts import Consent, ConsentState
from schemas.hop import Step
from tests.broker.agreement_scenes import MARAC, put_in_force, spelt
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
        await put_in_force(found, spelt(found, MARAC))  # which the lost key had signed
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


async def test_the_end_of_keys_is_set_with_them_and_read_by_decisions(tmp_path: Path) -> None:
    """Rule 10: after that day nothing is sealed to them; a rotation sets the next end."""
    async with house(tmp_path) as found:

        def end(name: str) -> date | None:
            return found.node.keeper.snapshot().facts.agencies[name].keys_until

        assert end(HOSPITAL) in {keys_end(), keys_end(KEY_DAYS - 1)}
        await rotate_keys(found.http, found.places, HOSPITAL, found.secret, days=10)
        assert end(HOSPITAL) in {keys_end(10), keys_end(9)}
        with pytest.raises(NodeRefused, match="within 730 days"):
            await rotate_keys(found.http, found.places, HOSPITAL, found.secret, days=800)
        await rotate_keys(found.http, found.places, HOSPITAL, found.secret, days=10)
        early = date(2026, 1, 31)
        value = (await found.officer().entry(Kind.AGENCY, HOSPITAL))["value"]
        shortened = {**value, "keys_until": early.isoformat()}
        await found.officer().put(Kind.AGENCY, HOSPITAL, shortened)
        assert end(HOSPITAL) == early
        await found.officer().suspend(HOSPITAL, suspended=True)
        assert end(HOSPITAL) == early


async def test_an_agency_does_not_prolong_its_own_keys(tmp_path: Path) -> None:
    """Rule 10: it makes new ones; what it has is prolonged by an officer only."""
    async with house(tmp_path) as found:
        before = found.node.keeper.snapshot().facts.agencies[HOSPITAL].keys_until
        store = store_of(found.places, found.secret, HOSPITAL)
        value = (await found.officer().entry(Kind.AGENCY, HOSPITAL))["value"]
        longer = {**value, "keys_until": "2099-12-31"}
        with pytest.raises(NodeRefused, match="officer"):
            await put_own(found.client(HOSPITAL), store, Kind.AGENCY, HOSPITAL, longer)
        for wrong in ("someday", 7, ""):
            with pytest.raises(NodeRefused):
                await found.officer().put(Kind.AGENCY, HOSPITAL, {**value, "keys_until": wrong})
        assert found.node.keeper.snapshot().facts.agencies[HOSPITAL].keys_until == before


async def test_one_answer_does_not_take_the_place_of_another(tmp_path: Path) -> None:
    """Rule 12: an agency's no for one child cannot replace what is on record for another."""
    async with house(tmp_path) as found:
        asked = Consent(
            case="NM-2026-77777",
            person="child",
            purpose="victim-support",
            audience=None,
            state=ConsentState.REFUSED,
            which="one/two",
        )
        other = replace(asked, which="one", by="two")
        store = store_of(found.places, found.secret, HOSPITAL)
        node = found.client(HOSPITAL)

        async def refuse(key: str, said: Consent, revision: int) -> None:
            entry = Entry(kind=Kind.CONSENT, key=key, revision=revision, value=consent_value(said))
            await submit(node, [sign_entry(entry, store.signing, issuer=HOSPITAL)])

        await refuse(consent_key(asked), asked, 1)
        await refuse(consent_key(other), other, 1)
        with pytest.raises(NodeRefused):
            await refuse(consent_key(asked), other, 2)
        consents = found.node.keeper.snapshot().facts.consents
        assert {asked, other} <= set(consents)
