"""Overrides (rule 11): recorded only within the agreement's bounds, by those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from broker.enrol import submit
from broker.entries import Entry, Kind, sign_entry
from broker.granting import NoAuthoriser, authorise, grant, review
from broker.keys import KeyStore
from broker.membership import enact, sign_all
from broker.node_client import NodeRefused
from broker.override_record import Override, override_value
from redaction.agreement import Form
from redaction.facts import Granted, Review
from redaction.reading import read_agreement
from tests.broker.node_fixture import CASES, HOSPITAL, POLICE, House, house

MARAC, CHILDREN = "northmoor-marac", "northmoor-childrens-services"
ONE, TWO, THREE = f"{POLICE}/duty-1", f"{CHILDREN}/duty-2", f"{HOSPITAL}/duty-3"
LOW = f"{POLICE}/constable"
SECTION = """
overrides:
  - id: "9.1"
    text: In grave danger the hospital learns how to reach the victim.
    releases: [victim.phone, victim.name]
    to: [health]
    legal_basis: [gdpr-9-2-c]
    needs: {justification: yes, authorisers: 2, of_rank: duty-manager}
    expires_after: 72 hours
    review_within: 48 hours
    lifts: ["7.1"]
  - id: "9.2"
    text: Then it also learns whether there is an address.
    releases: [victim.address]
    as: present
    to: [health]
    legal_basis: [gdpr-9-2-c]
    needs: {justification: yes, authorisers: 2, of_rank: duty-manager}
    expires_after: 72 hours
    review_within: 48 hours
    lifts: ["7.1"]
  - id: "9.3"
    text: And how old the victim is.
    releases: [victim.date_of_birth]
    to: [health]
    legal_basis: [gdpr-9-2-c]
    needs: {justification: yes, authorisers: 2, of_rank: duty-manager}
    expires_after: 72 hours
    review_within: 48 hours
"""


@cache
def now() -> datetime:
    """The time of this test: one for all its records."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def own_time() -> None:
    """Each test has its own."""
    now.cache_clear()


def record(**changes: Any) -> Override:
    """A good override; `changes` go to the record or to what it grants."""
    since = now() + changes.pop("begins", timedelta(0))
    granted: dict[str, Any] = {
        "id": "override-1",
        "case": CASES[0],
        "agreement": MARAC,
        "override": "9.1",
        "purpose": "marac-conference",
        "persons": frozenset({"victim"}),
        "recipients": frozenset({HOSPITAL}),
        "tags": frozenset({"victim.phone"}),
        "form": Form.CLEAR,
        "since": since,
        "until": since + changes.pop("lasts", timedelta(hours=72)),
        "review": Review.OPEN,
    }
    said: dict[str, Any] = {
        "legal_basis": frozenset({"gdpr-9-2-c"}),
        "justification": "Her life is at risk and she must be reached.",
        "requested_by": f"{POLICE}/desk",
        "authorised_by": frozenset({ONE, TWO}),
        "reviewed_by": None,
    }
    granted |= {name: value for name, value in changes.items() if name in granted}
    said |= {name: value for name, value in changes.items() if name in said}
    return Override(granted=Granted(**granted), **said)


@asynccontextmanager
async def scene(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """A node with a MARAC agreement that has an override, and its authorisers."""
    async with house(folder, **settings) as found:
        (text,) = (one.text for one in found.stage.examples if one.agreement.id == MARAC)
        text = text.replace("version: 1", "version: 2").replace("\nclauses:", f"{SECTION}clauses:")
        agreement = read_agreement(text, origin="test")
        signatures = sign_all(found.places, found.secret, agreement)
        await enact(found.officer(), agreement, text, signatures)
        for person in (ONE, TWO, THREE):
            await authorise(found.http, found.places, found.secret, person, "duty-manager")
        await authorise(found.http, found.places, found.secret, LOW, "constable")
        yield found


async def granted(found: House, one: Override) -> None:
    """Grant it, signed by whom it names."""
    await grant(found.http, found.places, found.secret, one)


def key_of(found: House, person: str) -> KeyStore:
    """An authoriser's own keys."""
    agency, _, name = person.partition("/")
    folder = found.places.party(agency) / "authorisers" / name
    return KeyStore.open(folder, secret=found.secret, owner=person)


async def posted(found: House, one: Override, *signers: tuple[str, Any], revision: int = 1) -> None:
    """Post it with these signatures (name, key), whatever it says itself."""
    value = override_value(one)
    entry = Entry(kind=Kind.OVERRIDE, key=one.granted.id, revision=revision, value=value)
    statements = [sign_entry(entry, key, issuer=name) for name, key in signers]
    await submit(found.client("officer-1"), statements)


def recorded(found: House) -> tuple[Granted, ...]:
    """What decisions read."""
    return found.node.keeper.snapshot().facts.granted


async def test_an_override_within_its_bounds_is_what_decisions_read(tmp_path: Path) -> None:
    """Rule 11: signed by two authorisers of the rank, it is in the register at once."""
    async with scene(tmp_path) as found:
        await granted(found, record())
        assert recorded(found) == (record().granted,)


BEYOND: dict[str, dict[str, Any]] = {
    "a tag more": {"tags": frozenset({"victim.phone", "victim.address"})},
    "no tag": {"tags": frozenset(), "persons": frozenset()},
    "another person": {"persons": frozenset({"child"})},
    "a recipient more": {"recipients": frozenset({HOSPITAL, CHILDREN})},
    "a stranger": {"recipients": frozenset({"nobody-at-all"})},
    "nobody": {"recipients": frozenset()},
    "an hour more": {"lasts": timedelta(hours=72, seconds=1)},
    "no time": {"lasts": timedelta(0)},
    "backwards": {"lasts": timedelta(hours=-1)},
    "another purpose": {"purpose": "victim-support"},
    "another basis": {"legal_basis": frozenset({"gdpr-9-2-g"})},
    "no basis": {"legal_basis": frozenset()},
    "no justification": {"justification": "  "},
    "reviewed already": {"review": Review.UPHELD, "reviewed_by": THREE},
    "another override": {"override": "9.4"},
    "another agreement": {"agreement": "northmoor-cpis"},
    "begun last year": {"begins": timedelta(days=-365)},
    "begun ten minutes ago": {"begins": timedelta(minutes=-10)},
    "in store for later": {"begins": timedelta(minutes=10)},
    "requested by nobody": {"requested_by": ""},
    "requested under another spelling": {"requested_by": f"{POLICE}/Duty-1"},
}


@pytest.mark.parametrize("name", BEYOND)
async def test_an_override_beyond_its_bounds_is_refused(name: str, tmp_path: Path) -> None:
    """Rule 11: the agreement's bounds are the signed text's, and no authoriser's to widen."""
    async with scene(tmp_path) as found:
        with pytest.raises(NodeRefused):
            await granted(found, record(**BEYOND[name]))
        assert recorded(found) == ()


async def test_a_form_that_discloses_more_than_agreed_is_refused(tmp_path: Path) -> None:
    """Rule 11: at most the form that the parties agreed to."""
    async with scene(tmp_path) as found:
        whether = {"override": "9.2", "tags": frozenset({"victim.address"})}
        for form in (Form.CLEAR, Form.MUNICIPALITY):
            with pytest.raises(NodeRefused, match="at most `present`"):
                await granted(found, record(**whether, form=form))
        await granted(found, record(**whether, form=Form.PRESENT))
        await granted(found, record(id="override-2", form=Form.PRESENT))
        assert {one.form for one in recorded(found)} == {Form.PRESENT}


async def test_a_form_that_no_decision_can_order_beside_another_is_refused(tmp_path: Path) -> None:
    """Rules 4 and 11: two such overrides together would withhold everything from the hospital."""
    born: dict[str, Any] = {"override": "9.3", "tags": frozenset({"victim.date_of_birth"})}
    async with scene(tmp_path) as found:
        await granted(found, record(**born, form=Form.AGE))
        with pytest.raises(NodeRefused, match="`year` cannot be put in order"):
            await granted(found, record(id="override-2", **born, form=Form.YEAR))
        await granted(found, record(id="override-3", **born, form=Form.AGE_BAND))
        await granted(found, record(id="override-4", case=CASES[1], **born, form=Form.YEAR))
        assert len(recorded(found)) == 3


async def test_the_requester_does_not_authorise(tmp_path: Path) -> None:
    """Rule 11: authorisers other than the requester."""
    async with scene(tmp_path) as found:
        with pytest.raises(NodeRefused, match="requests"):
            await granted(found, record(requested_by=ONE))
        assert recorded(found) == ()


async def test_one_rank_too_low_does_not_authorise(tmp_path: Path) -> None:
    """Rule 11: every authoriser has the rank that the agreement names."""
    async with scene(tmp_path) as found:
        for named in ({ONE, LOW}, {ONE, TWO, LOW}):
            with pytest.raises(NodeRefused, match="rank"):
                await granted(found, record(authorised_by=frozenset(named)))
        assert recorded(found) == ()


async def test_one_authoriser_is_not_two(tmp_path: Path) -> None:
    """Rule 11: not alone, not twice, not under a second name with the same key."""
    async with scene(tmp_path) as found:
        with pytest.raises(NodeRefused, match="distinct"):
            await granted(found, record(authorised_by=frozenset({ONE})))
        key = key_of(found, ONE).signing
        with pytest.raises(NodeRefused, match="twice"):
            await posted(found, record(), (ONE, key), (ONE, key))
        again = f"{POLICE}/duty-9"
        police = KeyStore.open(
            found.places.party(POLICE) / "keys", secret=found.secret, owner=POLICE
        )
        value = dict(found.node.keeper.state.value(Kind.AUTHORISER, ONE) or {})
        entry = Entry(kind=Kind.AUTHORISER, key=again, revision=1, value=value)
        await submit(found.client(POLICE), [sign_entry(entry, police.signing, issuer=POLICE)])
        twice = record(authorised_by=frozenset({ONE, again}))
        with pytest.raises(NodeRefused, match="distinct"):
            await posted(found, twice, (ONE, key), (again, key))
        assert recorded(found) == ()


async def test_who_signed_is_who_it_names(tmp_path: Path) -> None:
    """Rule 11: nobody's signature is borrowed, and nobody who signed is left out."""
    async with scene(tmp_path) as found:
        one, two, three = (key_of(found, person).signing for person in (ONE, TWO, THREE))
        with pytest.raises(NodeRefused, match="other authorisers"):
            await posted(found, record(), (ONE, one), (THREE, three))
        with pytest.raises(NodeRefused, match="other authorisers"):
            await posted(found, record(), (ONE, one), (TWO, two), (THREE, three))
        with pytest.raises(NodeRefused):
            await posted(found, record(), (ONE, one), (TWO, three))
        officer = KeyStore.open(
            found.places.party("officer-1") / "keys", secret=found.secret, owner="officer-1"
        ).signing
        with pytest.raises(NodeRefused, match="authorisers only"):
            await posted(found, record(), ("officer-1", officer))
        assert recorded(found) == ()


async def test_a_suspended_agency_s_people_authorise_nothing(tmp_path: Path) -> None:
    """Rule 11: suspension of the agency reaches its authorisers."""
    async with scene(tmp_path) as found:
        await found.officer().suspend(CHILDREN, suspended=True)
        with pytest.raises(NodeRefused, match="nobody who may"):
            await granted(found, record())


async def test_an_agency_names_only_its_own_authorisers(tmp_path: Path) -> None:
    """Rule 11: a rank is the word of the agency where somebody works, or of an officer."""
    async with scene(tmp_path) as found:
        police = KeyStore.open(
            found.places.party(POLICE) / "keys", secret=found.secret, owner=POLICE
        ).signing
        value = {"rank": "duty-manager", "signing": "A" * 43 + "="}
        for key in (f"{HOSPITAL}/duty-8", f"{POLICE}x/duty-8", "duty-8", f"{POLICE}/Duty 8"):
            entry = Entry(kind=Kind.AUTHORISER, key=key, revision=1, value=value)
            with pytest.raises(NodeRefused):
                await submit(found.client(POLICE), [sign_entry(entry, police, issuer=POLICE)])
        with pytest.raises(NoAuthoriser):
            await authorise(found.http, found.places, found.secret, "duty-8", "duty-manager")


@pytest.mark.parametrize("finding", [Review.UPHELD, Review.FAILED])
async def test_an_override_is_reviewed_once_by_somebody_else(
    finding: Review, tmp_path: Path
) -> None:
    """Rule 11: who requested, signed, or has another rank does not review; nor twice."""
    async with scene(tmp_path) as found:
        given = (found.http, found.places, found.secret, "override-1")
        with pytest.raises(NoAuthoriser):
            await review(*given, by=THREE, found=finding)
        await granted(found, record())
        for by in (ONE, TWO, LOW):
            with pytest.raises(NodeRefused):
                await review(*given, by=by, found=finding)
        await review(*given, by=THREE, found=finding)
        assert [one.review for one in recorded(found)] == [finding]
        for other in (Review.UPHELD, Review.FAILED, Review.OPEN):
            with pytest.raises(NodeRefused, match="once"):
                await review(*given, by=THREE, found=other)


async def test_an_override_is_reviewed_though_its_agreement_has_ended(tmp_path: Path) -> None:
    """Rule 11: an agreement's end ends no duty to review; the rank is that of who signed."""
    async with scene(tmp_path) as found:
        given = (found.http, found.places, found.secret, "override-1")
        await granted(found, record())
        for version in (1, 2):
            await found.officer().put(Kind.AGREEMENT, f"{MARAC}/{version}", None)
        with pytest.raises(NodeRefused, match="rank"):
            await review(*given, by=LOW, found=Review.UPHELD)
        await review(*given, by=THREE, found=Review.UPHELD)
        assert [one.review for one in recorded(found)] == [Review.UPHELD]


async def test_the_requester_does_not_review(tmp_path: Path) -> None:
    """Rule 11: not even one who has the rank."""
    async with scene(tmp_path) as found:
        await granted(found, record(requested_by=THREE))
        with pytest.raises(NodeRefused, match="requested or signed"):
            await review(
                found.http, found.places, found.secret, "override-1", by=THREE, found=Review.UPHELD
            )


ALTERED: dict[str, Callable[[Override], Override]] = {
    "longer": lambda one: replace(
        one, granted=replace(one.granted, until=now() + timedelta(hours=71))
    ),
    "for another case": lambda one: replace(one, granted=replace(one.granted, case=CASES[1])),
    "justified otherwise": lambda one: replace(one, justification="Another reason."),
    "signed by others": lambda one: replace(one, authorised_by=frozenset({TWO, THREE})),
}


@pytest.mark.parametrize("name", ALTERED)
async def test_a_review_changes_nothing_else(name: str, tmp_path: Path) -> None:
    """Rule 11: a review cannot carry a change of what was granted, or why."""
    async with scene(tmp_path) as found:
        await granted(found, record())
        reviewed = record(review=Review.UPHELD, reviewed_by=THREE)
        key = key_of(found, THREE).signing
        with pytest.raises(NodeRefused, match="nothing else"):
            await posted(found, ALTERED[name](reviewed), (THREE, key), revision=2)
        await posted(found, reviewed, (THREE, key), revision=2)


async def test_an_officer_ends_an_override_and_grants_none(tmp_path: Path) -> None:
    """Rule 11: taking back only narrows; granting is the authorisers' alone."""
    async with scene(tmp_path) as found:
        with pytest.raises(NodeRefused):
            await found.officer().put(Kind.OVERRIDE, "override-1", override_value(record()))
        await granted(found, record())
        await found.officer().put(Kind.OVERRIDE, "override-1", None)
        assert recorded(found) == ()


async def test_no_refusal_repeats_what_an_override_says(tmp_path: Path) -> None:
    """Errors name the rule, never the case, the justification or a person."""
    async with scene(tmp_path) as found:
        for changes in BEYOND.values():
            with pytest.raises(NodeRefused) as caught:
                await granted(found, record(**changes))
            for secret in (CASES[0], "life is at risk", "duty-1", "Duty-1", "/desk"):
                assert secret not in str(caught.value)


async def test_overrides_and_authorisers_are_sealed_where_they_lie(tmp_path: Path) -> None:
    """A justification tells of a person's case, a rank of a person."""
    async with scene(tmp_path) as found:
        await granted(found, record())
        places = found.places
    data = b"".join(path.read_bytes() for path in places.node.rglob("*") if path.is_file())
    assert MARAC.encode() in data  # the search finds what is there
    for secret in (b"life is at risk", b"duty-1", b"override-1"):
        assert secret not in data
