"""An agreement's life: signed by every party, in force, superseded, withdrawn, ended, lapsed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from broker.enacting import as_they_govern, governing
from broker.enrol import rotate_keys, submit
from broker.entries import Entry, Kind, sign_entry
from broker.keys import KeyStore, StoreSecret
from broker.membership import accede, sign_all, store_of, withdraw
from broker.node_client import NodeRefused
from broker.signatures import (
    Act,
    from_file,
    holds,
    sign_for,
    to_file,
    unverified_meaning,
)
from broker.stage import read_examples
from broker.values import agreement_value
from redaction.agreement import Agreement
from schemas.errors import EventRefused
from tests.broker.agreement_scenes import (
    CPIS,
    MARAC,
    Text,
    in_register,
    later,
    members,
    post_as,
    put_in_force,
    signed,
    spelt,
    unsigned,
)
from tests.broker.node_fixture import HOSPITAL, POLICE, fresh, house, opened

CHILDREN, EASTMOOR, SCHOOL = "northmoor-childrens-services", "eastmoor-hospital", "oakfield-primary"


async def test_what_every_party_signed_is_put_in_force(tmp_path: Path) -> None:
    """Rule 10: an agreement is in force only when every named party has signed it."""
    async with house(tmp_path) as found:
        await put_in_force(found, later(found, MARAC))
        assert (MARAC, 2) in in_register(found)
        assert unsigned(found) == frozenset()


@pytest.mark.parametrize(
    "attack",
    ["missing", "other version", "other party", "other text", "accession", "stranger", "broken"],
)
async def test_a_signature_that_is_not_this_party_s_for_this_text_is_refused(
    attack: str, tmp_path: Path
) -> None:
    """Rule 10: neither a missing signature nor one made for anything else counts."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        signatures = signed(found, text)
        other = later(found, MARAC, 3)
        reworded = Text(agreement=replace(text.agreement, title="Another"), text=text.text)
        store = store_of(found.places, found.secret, HOSPITAL)
        if attack == "missing":
            del signatures[HOSPITAL]
        elif attack == "stranger":
            signatures[SCHOOL] = sign_for(
                store_of(found.places, found.secret, SCHOOL), text.agreement
            )
        else:
            made: dict[str, Callable[[], bytes]] = {
                "other version": lambda: sign_for(store, other.agreement),
                "other party": lambda: signatures[POLICE],
                "other text": lambda: sign_for(store, reworded.agreement),
                "accession": lambda: sign_for(store, text.agreement, Act.ACCEDE),
                "broken": lambda: b"nothing like a signature",
            }
            signatures[HOSPITAL] = made[attack]()
        with pytest.raises(NodeRefused):
            await put_in_force(found, text, signatures)
        assert (MARAC, 2) not in in_register(found)


async def test_one_party_s_key_cannot_sign_in_another_s_name(tmp_path: Path) -> None:
    """Rule 10: the issuer stands in what is signed, and its own key must hold."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        real = store_of(found.places, found.secret, HOSPITAL)

        class Posing:
            owner, signing = POLICE, real.signing

        posed = sign_for(Posing(), text.agreement)  # type: ignore[arg-type]
        assert unverified_meaning(posed) == (POLICE, Act.SIGN)
        with pytest.raises(NodeRefused, match=POLICE):
            await put_in_force(found, text, {**signed(found, text), POLICE: posed})


async def test_an_officer_alone_does_not_put_an_agreement_in_force(tmp_path: Path) -> None:
    """Rule 10: nor does an agency, whatever it signed; both are needed."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        with pytest.raises(NodeRefused):
            await put_in_force(found, text, {})
        store = store_of(found.places, found.secret, POLICE)
        value = agreement_value(text.text, signed(found, text))
        entry = Entry(kind=Kind.AGREEMENT, key=f"{MARAC}/2", revision=1, value=value)
        with pytest.raises(NodeRefused, match="officer"):
            await submit(found.client(POLICE), [sign_entry(entry, store.signing, issuer=POLICE)])
        assert (MARAC, 2) not in in_register(found)


async def test_a_party_not_enrolled_or_suspended_keeps_it_from_force(
    tmp_path: Path,
) -> None:
    """Rule 10: publishers and named audiences are enrolled, and none of them is suspended."""
    async with house(tmp_path) as found:
        stranger = spelt(
            found, MARAC, ("version: 1", "version: 2"), ("northmoor-housing", "southmoor-housing")
        )
        known = [one for one in stranger.agreement.parties() if one != "southmoor-housing"]
        some = sign_all(found.places, found.secret, stranger.agreement, known)
        with pytest.raises(NodeRefused, match="southmoor-housing"):
            await put_in_force(found, stranger, some)
        text = later(found, MARAC)
        await found.officer().suspend(HOSPITAL, suspended=True)
        with pytest.raises(NodeRefused, match="suspended"):
            await put_in_force(found, text)


async def test_an_agency_in_two_audiences_keeps_it_from_force(tmp_path: Path) -> None:
    """Rule 2: an agency that two audiences mean, by name and by role, is refused at once."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        roles = ["hospital", "police-unit"]
        value = (await found.officer().entry(Kind.AGENCY, HOSPITAL))["value"]
        await found.officer().put(Kind.AGENCY, HOSPITAL, {**value, "roles": roles})
        twice = spelt(
            found,
            MARAC,
            ("version: 1", "version: 2"),
            ("agency: northmoor-police-protection", "role: police-unit\n    all_of_role: yes"),
        )
        assert HOSPITAL in twice.agreement.parties()
        with pytest.raises(NodeRefused, match="two audiences"):
            await put_in_force(found, twice)
        await put_in_force(found, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("outcome: favourable}", "outcome: favourable, of: [northmoor-police]}"),
        ("outcome: favourable}", "outcome: refused}"),
        ("dpia: {", "# dpia: {"),
        ("time_zone: Europe/London", "time_zone: Europe/Nowhere"),
    ],
)
async def test_papers_that_are_missing_keep_it_from_force(
    old: str, new: str, tmp_path: Path
) -> None:
    """Rule 10: a favourable opinion that covers each party, and an impact assessment."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        assert old in text.text
        spoilt = Text(agreement=text.agreement, text=text.text.replace(old, new))
        with pytest.raises(NodeRefused, match="cannot be"):
            await put_in_force(found, spoilt, signed(found, text))


async def test_a_version_in_force_is_not_given_another_text(tmp_path: Path) -> None:
    """Rule 13: whoever wants another text counts the version up, and all sign again."""
    async with house(tmp_path) as found:
        with pytest.raises(NodeRefused, match="count it up"):
            await put_in_force(found, spelt(found, CPIS, ("2028-08-31", "2028-08-30")))


async def test_layout_and_comments_are_not_what_is_signed(tmp_path: Path) -> None:
    """Rule 13: the canonical form is signed, so a re-typed text of the same meaning is the same."""
    async with house(tmp_path) as found:
        text = spelt(found, CPIS)
        retyped = "# typed again\n" + text.text.replace("publishers: [", "publishers:  [ ")
        await put_in_force(found, Text(agreement=text.agreement, text=retyped), signed(found, text))


async def test_another_agreement_for_the_same_delivery_is_refused(tmp_path: Path) -> None:
    """Rule 1: two agreements that would govern one delivery are never both in force."""
    async with house(tmp_path) as found:
        with pytest.raises(NodeRefused, match="would govern too"):
            await put_in_force(found, spelt(found, CPIS, ("northmoor-cpis", "northmoor-again")))


async def test_a_superseded_version_stands_in_nobody_s_way(tmp_path: Path) -> None:
    """Rule 1: what a later version ended is free for another agreement from that day."""
    async with house(tmp_path) as found:
        renamed = ("child-protection-information", "child-protection-notices")
        start = ("from: 2026-09-01", "from: 2027-01-01")
        moved = spelt(found, CPIS, ("version: 1", "version: 2"), start, renamed)
        other = spelt(found, CPIS, ("northmoor-cpis", "northmoor-again"), start)
        with pytest.raises(NodeRefused, match="would govern too"):
            await put_in_force(found, other)
        await put_in_force(found, moved)
        await put_in_force(found, other)


def versions(*spans: tuple[int, str, str], of: Agreement) -> tuple[Agreement, ...]:
    """Versions of an agreement with their first and last days."""
    return tuple(
        replace(of, version=n, start=date.fromisoformat(a), until=date.fromisoformat(b))
        for n, a, b in spans
    )


@pytest.mark.parametrize(
    ("day", "version"),
    [
        ("2026-08-31", None),
        ("2026-09-01", 1),
        ("2026-12-31", 1),
        ("2027-01-01", 2),
        ("2027-03-31", 2),
        ("2027-04-01", None),  # version 2 lapsed, and version 1 does not come back
        ("2027-06-01", 3),
        ("2027-12-31", 3),
        ("2028-01-01", None),
    ],
)
async def test_the_highest_version_that_has_begun_governs(
    day: str, version: int | None, tmp_path: Path
) -> None:
    """Rule 1: of several versions of one id at most one governs; older ones never return."""
    async with house(tmp_path, running=False) as found:
        spans = (
            (1, "2026-09-01", "2028-08-31"),
            (3, "2027-06-01", "2027-12-31"),
            (2, "2027-01-01", "2027-03-31"),
        )
        known = versions(*spans, of=spelt(found, CPIS).agreement)
        at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        one = governing(known, CPIS, at)
        assert (None if one is None else one.version) == version
        last = {each.version: each.until for each in as_they_govern(known)}
        assert last == {1: date(2026, 12, 31), 2: date(2027, 3, 31), 3: date(2027, 12, 31)}


async def test_a_version_that_is_overtaken_before_it_begins_never_governs(tmp_path: Path) -> None:
    """Rule 1: a higher version that starts no later leaves the lower one no day."""
    async with house(tmp_path, running=False) as found:
        known = versions(
            (1, "2026-09-01", "2028-08-31"),
            (2, "2026-09-01", "2028-08-31"),
            of=spelt(found, CPIS).agreement,
        )
        assert [one.version for one in as_they_govern(known)] == [2]


async def test_a_party_that_withdraws_leaves_the_version_unsigned_at_once(tmp_path: Path) -> None:
    """Rule 10: without a named party's signature nothing is delivered to anybody."""
    async with house(tmp_path) as found:
        given = (found.http, found.places, found.secret)
        assert await withdraw(*given, HOSPITAL, MARAC, 1) is Kind.WITHDRAWAL
        assert unsigned(found) == {(MARAC, 1)}


async def test_a_withdrawn_signature_is_not_replayed(tmp_path: Path) -> None:
    """Rule 10: the officer still has the signature, but only a new version can be signed."""
    async with house(tmp_path) as found:
        text = spelt(found, MARAC)
        before = signed(found, text)
        await withdraw(found.http, found.places, found.secret, HOSPITAL, MARAC, 1)
        with pytest.raises(NodeRefused, match="count the version up"):
            await put_in_force(found, text, before)
        await found.officer().put(Kind.AGREEMENT, f"{MARAC}/1", None)
        with pytest.raises(NodeRefused, match="count the version up"):
            await put_in_force(found, text, before)
        await put_in_force(found, later(found, MARAC))
        assert unsigned(found) == frozenset()


async def test_nobody_withdraws_for_a_party_nor_takes_its_withdrawal_back(tmp_path: Path) -> None:
    """Rule 10: signing and withdrawing are a party's own acts, and a withdrawal stands."""
    async with house(tmp_path) as found:
        key = f"{HOSPITAL}/{MARAC}/1"
        with pytest.raises(NodeRefused, match="itself"):
            await found.officer().put(Kind.WITHDRAWAL, key, {"withdrawn": True})
        await post_as(found, POLICE, Kind.WITHDRAWAL, key, {"withdrawn": True}, refused="itself")
        await withdraw(found.http, found.places, found.secret, HOSPITAL, MARAC, 1)
        await post_as(found, HOSPITAL, Kind.WITHDRAWAL, key, None, revision=2, refused="once")
        assert unsigned(found) == {(MARAC, 1)}


async def test_a_stranger_has_no_signature_to_withdraw(tmp_path: Path) -> None:
    """Rule 10: who is neither party nor member changes nothing."""
    async with house(tmp_path) as found:
        for name, agreement, version in ((SCHOOL, MARAC, 1), (HOSPITAL, MARAC, 7)):
            with pytest.raises(NodeRefused):
                await withdraw(found.http, found.places, found.secret, name, agreement, version)
        assert unsigned(found) == frozenset()


async def test_a_member_accedes_and_leaves_by_itself(tmp_path: Path) -> None:
    """Rule 2: a member receives once it has acceded to that version, until it leaves."""
    async with house(tmp_path) as found:
        given = (found.http, found.places, found.secret)
        assert members(found, CPIS) == {HOSPITAL}
        await accede(*given, EASTMOOR, spelt(found, CPIS).agreement)
        assert members(found, CPIS) == {HOSPITAL, EASTMOOR}
        assert await withdraw(*given, EASTMOOR, CPIS, 1) is Kind.ACCESSION
        assert members(found, CPIS) == {HOSPITAL}
        await accede(*given, EASTMOOR, spelt(found, CPIS).agreement)
        assert members(found, CPIS) == {HOSPITAL, EASTMOOR}


async def test_an_officer_does_not_accede_for_a_school(tmp_path: Path) -> None:
    """Rule 2: not with the school's own old signature either: the entry must be the school's."""
    async with house(tmp_path) as found:
        text = spelt(found, "northmoor-encompass").agreement
        store = store_of(found.places, found.secret, "hillcrest-secondary")
        signature = base64.b64encode(sign_for(store, text, Act.ACCEDE)).decode()
        before = members(found, text.id)
        key = f"hillcrest-secondary/{text.id}/1"
        revision = (await found.officer().entry(Kind.ACCESSION, key))["revision"]
        for value in ({"signature": signature}, {"acceded": True}, None):
            with pytest.raises(NodeRefused):
                await found.officer().put(Kind.ACCESSION, key, value)
        await post_as(
            found,
            SCHOOL,
            Kind.ACCESSION,
            key,
            {"signature": signature},
            revision=revision + 1,
            refused="itself",
        )
        assert members(found, text.id) == before


async def test_an_accession_is_to_one_text(tmp_path: Path) -> None:
    """Rule 2: a signature for another version or as a party is none, nor for an unknown one."""
    async with house(tmp_path) as found:
        store = store_of(found.places, found.secret, EASTMOOR)
        two = later(found, CPIS).agreement
        wrong = {
            "other version": sign_for(store, two, Act.ACCEDE),
            "as a party": sign_for(store, spelt(found, CPIS).agreement),
            "nonsense": b"",
        }
        for signature in wrong.values():
            value = {"signature": base64.b64encode(signature).decode()}
            await post_as(
                found, EASTMOOR, Kind.ACCESSION, f"{EASTMOOR}/{CPIS}/1", value, refused="not signed"
            )
        value = {"signature": base64.b64encode(wrong["other version"]).decode()}
        await post_as(
            found, EASTMOOR, Kind.ACCESSION, f"{EASTMOOR}/{CPIS}/2", value, refused="no such"
        )
        assert members(found, CPIS) == {HOSPITAL}
        await put_in_force(found, later(found, CPIS))
        assert members(found, CPIS, 2) == set(), "a new version is acceded to anew"


async def test_a_named_party_signs_and_does_not_accede(tmp_path: Path) -> None:
    """Rule 2: an accession of a party would say less than its signature."""
    async with house(tmp_path) as found:
        with pytest.raises(NodeRefused, match="signs"):
            await accede(
                found.http, found.places, found.secret, CHILDREN, spelt(found, CPIS).agreement
            )


async def test_keys_replaced_in_good_order_keep_signature_and_accession(tmp_path: Path) -> None:
    """Rule 10: what an agency signed outlives its keys, but for the future its new key signs."""
    async with house(tmp_path) as found:
        text = later(found, MARAC)
        early = signed(found, text)
        await rotate_keys(found.http, found.places, HOSPITAL, found.secret)
        assert unsigned(found) == frozenset()
        assert members(found, CPIS) == {HOSPITAL}
        with pytest.raises(NodeRefused, match=HOSPITAL):
            await put_in_force(found, text, early)
        await put_in_force(found, text)


async def test_after_a_lost_key_a_party_signs_again(tmp_path: Path) -> None:
    """Rule 10: whoever has the lost key could have signed; only the new key's word counts."""
    async with house(tmp_path) as found:
        assert unsigned(found) == frozenset()
        found.places.party(HOSPITAL).rename(tmp_path / "lost")
        await found.officer(second=True).enrol(HOSPITAL, roles=["hospital"], part_of=None)
        assert (MARAC, 1) in unsigned(found)
        assert members(found, CPIS) == set()
        await put_in_force(found, spelt(found, MARAC))
        assert (MARAC, 1) not in unsigned(found)
        await accede(found.http, found.places, found.secret, HOSPITAL, spelt(found, CPIS).agreement)
        assert members(found, CPIS) == {HOSPITAL}


async def test_suspension_does_not_unsign(tmp_path: Path) -> None:
    """Rule 10: a suspended party's signature stands; it is itself no recipient meanwhile."""
    async with house(tmp_path) as found:
        await found.officer().suspend(HOSPITAL, suspended=True)
        assert unsigned(found) == frozenset()


async def test_an_officer_ends_a_version_but_brings_none_back(tmp_path: Path) -> None:
    """Rule 1: an earlier version is ended before the later one, or it would govern again."""
    async with house(tmp_path) as found:
        await put_in_force(found, later(found, CPIS))
        with pytest.raises(NodeRefused, match="end it first"):
            await found.officer().put(Kind.AGREEMENT, f"{CPIS}/2", None)
        await found.officer().put(Kind.AGREEMENT, f"{CPIS}/1", None)
        await found.officer().put(Kind.AGREEMENT, f"{CPIS}/2", None)
        assert CPIS not in {name for name, _ in in_register(found)}
        with pytest.raises(NodeRefused, match="no such version"):
            await found.officer().put(Kind.AGREEMENT, f"{CPIS}/2", None)


async def test_the_life_of_an_agreement_outlives_a_restart(tmp_path: Path) -> None:
    """What was signed, acceded and withdrawn is read again from the log."""
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        await withdraw(found.http, found.places, secret, HOSPITAL, MARAC, 1)
        await accede(found.http, found.places, secret, EASTMOOR, spelt(found, CPIS).agreement)
        before = found.node.keeper.snapshot().facts
    async with opened(stage, secret) as found:
        after = found.node.keeper.snapshot().facts
        assert (after.unsigned, after.accessions) == (before.unsigned, before.accessions)
        assert set(after.agreements) == set(before.agreements)


def test_a_signature_is_kept_in_a_file_and_nothing_else_is_read_as_one(tmp_path: Path) -> None:
    """What is damaged, cut short, doubled or of another kind is refused without a value."""

    agreement = read_examples()[1][0].agreement
    secret = StoreSecret.from_passphrase("a passphrase for a test")
    store = KeyStore.create(tmp_path / "keys", secret=secret, owner=POLICE)
    signature = sign_for(store, agreement)
    data = to_file(signature)
    assert from_file(data) == signature
    assert to_file(from_file(data)) == data
    key = store.public().signing
    canonical = agreement.canonical()
    assert holds(signature, key, party=POLICE, act=Act.SIGN, canonical=canonical)
    assert not holds(signature, key, party=POLICE, act=Act.ACCEDE, canonical=canonical)
    assert not holds(signature, key, party=HOSPITAL, act=Act.SIGN, canonical=canonical)
    assert not holds(signature, b"short", party=POLICE, act=Act.SIGN, canonical=canonical)
    statement = base64.b64encode(sign_entry_like(store)).decode()
    header = data.splitlines()[0].decode()
    for wrong in (
        b"",
        data[:-20],
        b"another header\n" + data.split(b"\n", 1)[1],
        data + data,
        b"\xff" + data,
        data * 20,
        f"{header}\n{statement}\n".encode(),
    ):
        with pytest.raises(EventRefused, match="not a signature of an agreement"):
            from_file(wrong)


def sign_entry_like(store: Any) -> bytes:
    """A statement that is no signature of an agreement."""
    entry = Entry(kind=Kind.CONFLICT_CHECK, key="x", revision=1, value={"conflicts": []})
    return sign_entry(entry, store.signing, issuer=store.owner)
