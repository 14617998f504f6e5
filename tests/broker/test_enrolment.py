"""Enrolment and keys: the old key names the new one, or two officers enrol the agency anew.

Each test is named after what somebody might try. What is refused changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.enrol import rotate_keys
from broker.entries import Entry, Kind, RegisterRefused, agency_value, sign_entry
from broker.keys import STATEMENT as ROTATION
from broker.log import Append
from broker.register import State
from broker.topics import EPOCH_KEYS, dead_letters_topic, epoch_record_key
from schemas import cbor
from schemas.epoch import announce, unverified_key_id
from schemas.errors import CasewardError, Code
from schemas.hop import Step
from schemas.sealing import SEED_BYTES, SealingPrivateKey
from schemas.signed import sign_statement
from tests.broker.node_fixture import POLICE, Forger, house, incidents

SCHOOL, HOSPITAL, FIRST, SECOND = "elm-road-school", "moor-hospital", "officer-1", "officer-2"
REPLACED_MS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A party's keys of one generation."""

    signing: Ed25519PrivateKey
    sealing: bytes

    @property
    def public(self) -> bytes:
        return self.signing.public_key().public_bytes_raw()


def keys(number: int) -> Keys:
    """The same for the same number."""
    return Keys(
        signing=Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32),
        sealing=SealingPrivateKey(bytes([number]) * SEED_BYTES).public.raw,
    )


OFFICERS = {FIRST: keys(101), SECOND: keys(102)}
OLD, NEW, NEWER, OTHER = keys(1), keys(2), keys(3), keys(9)


def handover(by: Keys, to: Keys, *, owner: str = SCHOOL) -> bytes:
    """A key's statement of what replaces it."""
    payload = cbor.encode({"signing": to.public, "sealing": to.sealing})
    return sign_statement(by.signing, issuer=owner, kind=ROTATION, payload=payload)


def value(to: Keys, **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "roles": ["school"],
        "part_of": None,
        "suspended": False,
        "keys_until": None,
        "generation": 1,
        "signing": to.public,
        "sealing": to.sealing,
    }
    return agency_value(**(said | changes))


def rotated(**changes: Any) -> dict[str, Any]:
    """A rotation from the old key to the new one in good order, but for the changes."""
    order = {
        "generation": 2,
        "former": [(OLD.public, REPLACED_MS)],
        "rotation": handover(OLD, NEW),
    }
    return value(NEW, **(order | changes))


class Register:
    """A register with two officers, a school and a hospital."""

    def __init__(self) -> None:
        officers = {name: one.public for name, one in OFFICERS.items()}
        self.state = State(officers, lambda *_: ())
        self.enter(value(OLD), {FIRST: OFFICERS[FIRST]})
        self.enter(value(OTHER), {FIRST: OFFICERS[FIRST]}, name=HOSPITAL)

    def enter(
        self,
        what: dict[str, Any] | None,
        by: dict[str, Keys] | list[tuple[str, Keys]],
        *,
        name: str = SCHOOL,
        revision: int | None = None,
    ) -> None:
        """Submit an entry signed by these, as the node would take it."""
        due = self.state.revision(Kind.AGENCY, name) + 1
        entry = Entry(kind=Kind.AGENCY, key=name, revision=revision or due, value=what)
        signers = by.items() if isinstance(by, dict) else by
        statements = [sign_entry(entry, one.signing, issuer=who) for who, one in signers]
        self.state.apply(self.state.check(statements, now_ms=REPLACED_MS))

    def refuses(
        self,
        what: dict[str, Any] | None,
        by: dict[str, Keys] | list[tuple[str, Keys]],
        *,
        revision: int | None = None,
    ) -> None:
        """Hold it to refusing this, and to being as it was."""
        before = self.state.snapshot()
        with pytest.raises(CasewardError) as error:
            self.enter(what, by, revision=revision)
        assert error.value.code in (
            Code.REGISTER_REFUSED,
            Code.NOT_SIGNED,
            Code.SIGNATURE_REFUSED,
            Code.WRONG_ADDRESS,
        )
        assert self.state.snapshot() is before


@pytest.fixture
def register() -> Register:
    return Register()


BY_NEW = {SCHOOL: NEW}
BY_BOTH_OFFICERS = dict(OFFICERS)


# --- a new key is signed by the old one


def test_a_new_key_that_the_old_one_signed_takes_its_place(register: Register) -> None:
    register.enter(rotated(), BY_NEW)
    school = register.state.snapshot().agencies[SCHOOL]
    assert (school.signing, school.sealing, school.generation) == (NEW.public, NEW.sealing, 2)
    assert school.former == ((OLD.public, REPLACED_MS),)
    second = {
        "generation": 3,
        "former": [*school.former, (NEW.public, REPLACED_MS + 1)],
        "rotation": handover(NEW, NEWER),
    }
    register.enter(value(NEWER, **second), {SCHOOL: NEWER})
    assert register.state.snapshot().agencies[SCHOOL].generation == 3


def test_a_new_key_that_nobody_signed_is_refused(register: Register) -> None:
    register.refuses(rotated(rotation=None), BY_NEW)


def test_a_new_key_that_signs_for_itself_is_refused(register: Register) -> None:
    register.refuses(rotated(rotation=handover(NEW, NEW)), BY_NEW)


def test_a_rotation_signed_by_another_agency_is_refused(register: Register) -> None:
    register.refuses(rotated(rotation=handover(OTHER, NEW)), BY_NEW)
    register.refuses(rotated(rotation=handover(OTHER, NEW, owner=HOSPITAL)), BY_NEW)
    register.refuses(rotated(rotation=handover(OTHER, NEW)), {HOSPITAL: OTHER})


def test_a_rotation_of_another_agency_s_own_key_is_refused(register: Register) -> None:
    """The hospital's good rotation, under the school's name."""
    register.refuses(rotated(rotation=handover(OLD, NEW, owner=HOSPITAL)), BY_NEW)


def test_a_rotation_to_other_keys_than_the_old_one_signed_is_refused(register: Register) -> None:
    register.refuses(rotated(rotation=handover(OLD, NEWER)), BY_NEW)
    mixed = Keys(signing=NEW.signing, sealing=OTHER.sealing)
    register.refuses(rotated(rotation=handover(OLD, mixed)), BY_NEW)


def test_a_former_key_signs_no_further_rotation(register: Register) -> None:
    register.enter(rotated(), BY_NEW)
    again = {
        "generation": 3,
        "former": [(OLD.public, REPLACED_MS), (NEW.public, REPLACED_MS + 1)],
        "rotation": handover(OLD, NEWER),
    }
    register.refuses(value(NEWER, **again), {SCHOOL: NEWER})


def test_an_entry_that_does_not_show_the_new_key_is_refused(register: Register) -> None:
    register.refuses(rotated(), {SCHOOL: OLD})
    register.refuses(rotated(), {SCHOOL: OTHER})


@pytest.mark.parametrize(
    "change",
    [{"roles": ["school", "police"]}, {"roles": []}, {"part_of": HOSPITAL}, {"suspended": True}],
    ids=["a role more", "no role", "part of another", "suspended"],
)
def test_nothing_but_the_keys_changes_under_a_rotation(
    register: Register, change: dict[str, Any]
) -> None:
    register.refuses(rotated(**change), BY_NEW)


def test_a_suspended_agency_does_not_take_itself_back_by_a_rotation(register: Register) -> None:
    register.enter(value(OLD, suspended=True), {FIRST: OFFICERS[FIRST]})
    register.refuses(rotated(suspended=False), BY_NEW)


@pytest.mark.parametrize("generation", [0, 1, 3])
def test_a_rotation_to_another_than_the_next_generation_is_refused(
    register: Register, generation: int
) -> None:
    register.refuses(rotated(generation=generation), BY_NEW)


@pytest.mark.parametrize(
    "former",
    [
        [],
        [(OTHER.public, 1)],
        [(OLD.public, 1), (OLD.public, 2)],
        [(OTHER.public, 1), (OLD.public, 2)],
    ],
    ids=["forgotten", "another's", "twice", "one slipped in"],
)
def test_the_former_keys_are_those_that_were_replaced(
    register: Register, former: list[tuple[bytes, int]]
) -> None:
    register.refuses(rotated(former=former), BY_NEW)


@pytest.mark.parametrize("off_ms", [-3_600_000, 3_600_000, 10**15])
def test_a_key_is_replaced_now_whatever_the_agency_s_clock_says(
    register: Register, off_ms: int
) -> None:
    """A clock that runs fast would let the old key count on, and refuse the new one."""
    register.refuses(rotated(former=[(OLD.public, REPLACED_MS + off_ms)]), BY_NEW)


def test_another_agency_does_not_enter_a_rotation_it_came_by(register: Register) -> None:
    register.refuses(rotated(), {HOSPITAL: OTHER})


@pytest.mark.parametrize("rotation", ["!!", "", 7, None])
def test_a_rotation_that_cannot_be_read_is_refused_as_such(
    register: Register, rotation: Any
) -> None:
    register.refuses({**rotated(), "rotation": rotation}, BY_NEW)


@pytest.mark.parametrize("field", ["signing", "sealing"])
@pytest.mark.parametrize("key", ["", "eA==", "!!", 7])
def test_what_is_no_key_is_not_enrolled(register: Register, field: str, key: Any) -> None:
    """One such key would stop whoever tried to use it."""
    register.refuses({**value(NEW, generation=2), field: key}, BY_BOTH_OFFICERS)
    register.refuses({**value(NEW, generation=2), field: key}, BY_NEW)


# --- a stale or repeated entry


def test_a_stale_revision_is_refused(register: Register) -> None:
    register.enter(value(OLD, roles=["school", "nursery"]), {FIRST: OFFICERS[FIRST]})
    good = rotated(roles=["school", "nursery"])
    for revision in (1, 2, 4):
        register.refuses(good, BY_NEW, revision=revision)
    register.enter(good, BY_NEW)


def test_a_rotation_that_was_taken_is_not_taken_again(register: Register) -> None:
    register.enter(rotated(), BY_NEW)
    register.refuses(rotated(), BY_NEW, revision=2)
    register.refuses(rotated(), BY_NEW)


def test_an_old_rotation_does_not_come_back_after_the_agency_was_enrolled_anew(
    register: Register,
) -> None:
    """Whoever found the lost key cannot go on from it."""
    register.enter(value(NEWER, generation=2), BY_BOTH_OFFICERS)
    stolen = {"generation": 3, "former": [(NEWER.public, 1)], "rotation": handover(OLD, NEW)}
    register.refuses(value(NEW, **stolen), BY_NEW)


# --- a lost key needs two officers


def test_two_officers_enrol_an_agency_anew_and_nothing_old_counts(register: Register) -> None:
    register.enter(value(NEW, generation=2), BY_BOTH_OFFICERS)
    school = register.state.snapshot().agencies[SCHOOL]
    assert (school.signing, school.former) == (NEW.public, ())
    assert school.verifier(0).public_bytes_raw() == NEW.public


def test_one_officer_alone_replaces_no_key(register: Register) -> None:
    for name, one in OFFICERS.items():
        register.refuses(value(NEW, generation=2), {name: one})
        register.refuses(value(NEW, generation=2), {name: one, SCHOOL: NEW})


def test_one_officer_twice_is_one_officer(register: Register) -> None:
    twice = [(FIRST, OFFICERS[FIRST]), (FIRST, OFFICERS[FIRST])]
    register.refuses(value(NEW, generation=2), twice)


def test_one_officer_under_both_names_is_refused(register: Register) -> None:
    both = {FIRST: OFFICERS[FIRST], SECOND: OFFICERS[FIRST]}
    register.refuses(value(NEW, generation=2), both)


def test_an_officer_and_an_agency_are_not_two_officers(register: Register) -> None:
    register.refuses(value(NEW, generation=2), {FIRST: OFFICERS[FIRST], HOSPITAL: OTHER})


def test_an_agency_cannot_take_an_officer_s_name(register: Register) -> None:
    for by in ({FIRST: NEW}, {SECOND: OFFICERS[SECOND]}, {FIRST: NEW, SECOND: OFFICERS[SECOND]}):
        with pytest.raises(RegisterRefused):
            register.enter(value(NEW), by, name=FIRST)


def test_two_officers_carry_no_former_key_over(register: Register) -> None:
    """The lost key may be in somebody's hands: what it signed before is not to be trusted."""
    register.refuses(value(NEW, generation=2, former=[(OLD.public, 1)]), BY_BOTH_OFFICERS)


def test_an_agency_enrols_neither_itself_nor_another(register: Register) -> None:
    for name, by in (("new-school", {"new-school": NEW}), ("new-school", {SCHOOL: OLD})):
        with pytest.raises(RegisterRefused):
            register.enter(value(NEW), by, name=name)


def test_an_officer_s_change_leaves_the_keys_and_their_history_alone(register: Register) -> None:
    register.enter(rotated(), BY_NEW)
    changes: tuple[dict[str, Any], ...] = (
        {"generation": 3},
        {"former": []},
        {"former": [(OLD.public, 2**40)]},
    )
    for change in changes:
        register.refuses(rotated(rotation=None, **change), {FIRST: OFFICERS[FIRST]})


# --- what a former key still verifies


def test_a_former_key_verifies_only_what_was_appended_before_it_was_replaced(
    register: Register,
) -> None:
    register.enter(rotated(), BY_NEW)
    school = register.state.snapshot().agencies[SCHOOL]
    at = {
        when: school.verifier(when).public_bytes_raw()
        for when in (0, REPLACED_MS - 1, REPLACED_MS, REPLACED_MS + 1)
    }
    assert at == {
        0: OLD.public,
        REPLACED_MS - 1: OLD.public,
        REPLACED_MS: NEW.public,
        REPLACED_MS + 1: NEW.public,
    }
    assert school.verifier().public_bytes_raw() == NEW.public


async def test_what_a_former_key_signs_after_its_replacement_is_refused(tmp_path: Path) -> None:
    """An event, and an announcement of a key to seal events with; the other events go on."""
    async with house(tmp_path) as found:
        early, late, last, good = incidents(found, 4)
        thief = Forger(found)  # has the old key, and keeps it
        old = await thief.announced()
        await thief.append(await thief.sealed(thief.signed(early), number=1))
        await found.node.idle()
        await rotate_keys(found.http, found.places, POLICE, found.secret)

        await thief.append(await thief.sealed(thief.signed(late), number=2))
        thief.key = None
        key, said = announce(
            thief.store.signing,
            issuer=POLICE,
            recipient=found.node.name,
            recipient_key=found.node.sealing,
        )
        name = epoch_record_key(found.node.name, unverified_key_id(said))
        await found.node.log.append((Append(topic=EPOCH_KEYS, partition=0, key=name, value=said),))
        thief.key = key
        await thief.append(await thief.sealed(thief.signed(last), number=3))
        assert key is not old
        await found.publish(good)

        for event in (early, good):
            assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}
        for event in (late, last):
            assert await found.steps(event) == []
        letters = [cbor_code(r.value or b"") for r in await found.topic(dead_letters_topic(POLICE))]
        assert letters == [Code.SIGNATURE_REFUSED, Code.UNKNOWN_KEY]
        assert found.node.stuck is None


def cbor_code(letter: bytes) -> str:
    """Why a record became a dead letter."""
    return str(cbor.decode(letter, dict)["code"])
