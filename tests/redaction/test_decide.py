"""Who is addressed, which agreement governs, and the gates in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from redaction import addressing, directory, gates
from redaction.agreement import Agreement, Condition, Requirement
from redaction.decide import Addressed, decide, foresee, recipients, unknown_recipients
from redaction.decision import Decision, FieldDecision, Gate
from redaction.facts import Agency, Conflict, Register, Training
from schemas.codec import Event
from schemas.registry import Registry, load_vocabulary
from tests.redaction.builders import (
    AT,
    CASE,
    PUBLISHER,
    PURPOSE,
    agency,
    agreement,
    audience,
    event,
    pupils,
    register,
    share,
    yes,
)

WORDS = load_vocabulary()
INCIDENT = Registry.builtin().by_name("police.domestic-incident")
REFERENCE = share("1", "incident.reference", to=["school", "social-care", "health"])
NAMES = share("2", "child.name", items=pupils())

ELM, OAK = "elm-school", "oak-school"


def incident(*schools: str | None, **header: Any) -> Event:
    children = [{"name": f"child of {school}", "school": school} for school in schools]
    value = {"children": children, "children_involved": bool(children)}
    return event(INCIDENT, value, **header)


def answer(
    known: Register, of: Event | None = None, to: str = ELM, purpose: str = PURPOSE,
    at: datetime = AT,
) -> Decision:  # fmt: skip
    of = incident(ELM) if of is None else of
    return decide(of, known, WORDS, recipient=to, purpose=purpose, at=at)


def gate(known: Register, of: Event | None = None, **asked: Any) -> Gate:
    return answer(known, of, **asked).gate


def test_a_named_school_is_told() -> None:
    decision = answer(register(agreement(REFERENCE, NAMES)))
    assert decision.gate is Gate.OPEN
    assert decision.delivered
    assert (decision.recipient, decision.stands_for, decision.audience) == (ELM, ELM, "school")
    assert decision.agreement is not None
    assert decision.agreement.hash == agreement(REFERENCE, NAMES).hash()
    released = {field.path for field in decision.fields if field.released}
    assert {"/incident/reference", "/children/0/name"} < released


def test_an_empty_register_delivers_nothing() -> None:
    assert gate(register()) is Gate.NOT_ADDRESSED
    assert recipients(incident(ELM), register(), WORDS, at=AT) == ()


@pytest.mark.parametrize(
    "asked",
    [
        {"to": OAK},  # enrolled, but not named
        {"to": "ash-school"},  # not enrolled
        {"to": PUBLISHER},
        {"purpose": "research"},  # not in the event's header
    ],
)
def test_nobody_else_is_addressed(asked: dict[str, str]) -> None:
    of = incident(ELM, "ash-school", PUBLISHER)
    decision = answer(register(agreement(REFERENCE)), of, **asked)  # type: ignore[arg-type]
    assert decision.gate is Gate.NOT_ADDRESSED
    assert decision.fields == ()
    assert decision.agreement is None


def test_what_is_remembered_of_a_register_is_not_taken_for_another_question() -> None:
    """Another publisher, purpose or day gets its own answer of the very register asked before."""
    ours = agreement(REFERENCE, NAMES)
    known = register(ours, agencies=[agency("southmoor-police")])
    theirs = incident(ELM, source="southmoor-police")
    research = incident(ELM, purposes=["research", PURPOSE])
    for _ in range(2):
        assert gate(known) is Gate.OPEN
        assert gate(known, theirs) is Gate.NOT_ADDRESSED
        assert gate(known, research, purpose="research") is Gate.NOT_ADDRESSED
        assert gate(known, at=AT.replace(year=2099)) is Gate.NOT_IN_FORCE
    review = ours.dpia
    assert review is not None
    lapsing = agreement(REFERENCE, NAMES, dpia=replace(review, review_by=AT.date()))
    known = register(lapsing)
    for at, expected in ((AT, Gate.OPEN), (AT + timedelta(days=1), Gate.OPINION), (AT, Gate.OPEN)):
        assert gate(known, at=at) is expected


def test_what_is_remembered_of_a_register_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked about, so many answers are kept and no more, and all stay right."""
    for module in (addressing, gates):
        monkeypatch.setattr(module, "MAX_RECIPIENTS", 2)
    monkeypatch.setattr(directory, "MAX_KEPT", 1)
    schools = [agency(f"school-{n}", "school") for n in range(5)]
    names = [one.name for one in schools]
    known = register(agreement(REFERENCE, audiences=(audience(role="school"),)), agencies=schools)
    for day in range(2):
        answers = [gate(known, to=name, at=AT + timedelta(days=day)) for name in names]
        assert answers == [Gate.OPEN] * 5
    kept = directory.Directory(known)
    for groups in (kept.addressees, kept.gates):
        assert len(groups) == 1
        assert 0 < len(next(iter(groups.values()))) <= 2


@pytest.mark.parametrize(
    "changes",
    [
        {"publishers": ("southmoor-police",)},
        {"event_types": ("marac.referral",)},
        {"purposes": ("research",)},
    ],
)
def test_an_agreement_governs_only_what_it_names(changes: dict[str, Any]) -> None:
    assert gate(register(agreement(REFERENCE, **changes))) is Gate.NOT_ADDRESSED


def test_in_force_from_the_first_local_day_through_the_last() -> None:
    known = register(agreement(REFERENCE))  # 1 September 2026 to 31 August 2027, London
    for at, expected in [
        (datetime(2026, 8, 31, 22, 59, tzinfo=UTC), Gate.NOT_IN_FORCE),
        (datetime(2026, 8, 31, 23, 0, tzinfo=UTC), Gate.OPEN),  # midnight in summer time
        (datetime(2027, 8, 31, 22, 59, tzinfo=UTC), Gate.OPEN),
        (datetime(2027, 8, 31, 23, 0, tzinfo=UTC), Gate.NOT_IN_FORCE),
    ]:
        assert gate(known, at=at) is expected


def test_two_agreements_in_force_never_unite() -> None:
    other = agreement(NAMES, id="another", version=1)
    known = register(agreement(REFERENCE), other)
    decision = answer(known)
    assert decision.gate is Gate.TWO_AGREEMENTS
    assert decision.agreement is None
    expired = replace(other, until=date(2026, 9, 2))
    assert gate(register(agreement(REFERENCE), expired)) is Gate.OPEN
    elsewhere = replace(other, audiences=(audience(agency=OAK),))
    assert gate(register(agreement(REFERENCE), elsewhere)) is Gate.OPEN


def test_an_agency_in_two_audiences_is_refused() -> None:
    both = (audience(named_in="child.school"), audience("social-care", role="school"))
    decision = answer(register(agreement(REFERENCE, audiences=both)))
    assert decision.gate is Gate.TWO_AUDIENCES
    assert decision.agreement is not None
    assert decision.audience is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (yes("children_involved"), Gate.OPEN),
        (yes("child_present"), Gate.AUDIENCE_CONDITION),
        (yes("serious_risk"), Gate.AUDIENCE_CONDITION),  # unknown addresses nobody
    ],
)
def test_an_audience_is_addressed_only_if_its_condition_holds(
    condition: Condition, expected: Gate
) -> None:
    told = (audience(named_in="child.school", when=condition),)
    assert gate(register(agreement(REFERENCE, audiences=told))) is expected


def test_a_role_receives_once_it_has_acceded_to_this_version() -> None:
    signed = agreement(REFERENCE, audiences=(audience(role="school"),))
    of = incident()
    key = (ELM, signed.id)
    assert gate(register(signed, accessions=frozenset()), of) is Gate.NOT_ACCEDED
    assert gate(register(signed, accessions=frozenset({(*key, 2)})), of) is Gate.NOT_ACCEDED
    assert gate(register(signed, accessions=frozenset({(*key, 1)})), of) is Gate.OPEN


@pytest.mark.parametrize("suspended", [ELM, "elm-trust", "elm-federation"])
def test_a_suspended_agency_or_parent_receives_nothing(suspended: str) -> None:
    chain = [
        agency(ELM, "school", part_of="elm-trust"),
        agency("elm-trust", part_of="elm-federation"),
        agency("elm-federation"),
    ]
    agencies = [replace(one, suspended=one.name == suspended) for one in chain]
    assert gate(register(agreement(REFERENCE), agencies=agencies)) is Gate.SUSPENDED
    assert gate(register(agreement(REFERENCE), agencies=chain)) is Gate.OPEN


def test_an_agency_is_akin_to_itself_its_house_and_its_units() -> None:
    chain = [agency(ELM, part_of="elm-trust"), agency("elm-trust"), agency("annex", part_of=ELM)]
    known = directory.Directory(register(agreement(REFERENCE), agencies=chain))
    names = (ELM, OAK, "elm-trust", "annex")
    for one, other in product(names, names):
        copied = "".join(list(other))  # equal, and another object
        assert known.akin(one, copied) is (one in known.kin(other) or other in known.kin(one))
    assert known.akin(OAK, OAK)
    assert not known.akin(OAK, ELM)


def test_an_agency_that_is_part_of_itself_is_an_error() -> None:
    loop = [agency(ELM, part_of="elm-trust"), agency("elm-trust", part_of=ELM)]
    assert gate(register(agreement(REFERENCE), agencies=loop)) is Gate.ERROR
    astray = [agency(ELM, part_of="nobody-enrolled")]
    assert gate(register(agreement(REFERENCE), agencies=astray)) is Gate.ERROR


def test_a_stand_in_for_an_agency_with_a_broken_chain_is_an_error_and_no_silence() -> None:
    known = register(
        agreement(REFERENCE),
        agencies=[agency("annex", part_of="nobody-enrolled")],
        conflict_checks={CASE: (Conflict(agency="annex", instead=OAK),)},
    )
    of = incident(ELM)
    assert Addressed(OAK, PURPOSE) in recipients(of, known, WORDS, at=AT)
    assert gate(known, of, to=OAK) is Gate.ERROR
    astray = Conflict(agency="annex", instead="ash-school")
    both = replace(known, conflict_checks={CASE: (astray, Conflict(agency=ELM, instead=OAK))})
    assert Addressed(OAK, PURPOSE) in recipients(of, both, WORDS, at=AT)


FAMILY = [
    agency("trust"),
    agency(ELM, "school", part_of="trust"),
    agency("elm-nursery", part_of=ELM),
    agency("elm-nursery-annex", part_of="elm-nursery"),
    agency("ash-school", part_of="trust"),
]


@pytest.mark.parametrize(
    ("in_conflict", "expected"),
    [
        (ELM, Gate.CONFLICT),
        ("trust", Gate.CONFLICT),
        ("elm-nursery", Gate.CONFLICT),
        ("elm-nursery-annex", Gate.CONFLICT),
        ("ash-school", Gate.OPEN),  # a sister is neither above nor below
        (OAK, Gate.OPEN),
    ],
)
def test_a_conflict_of_the_agency_what_it_is_part_of_or_its_units_excludes_it(
    in_conflict: str, expected: Gate
) -> None:
    found = {CASE: (Conflict(agency=in_conflict, instead=None),)}
    known = register(agreement(REFERENCE), agencies=FAMILY, conflict_checks=found)
    assert gate(known) is expected


def test_a_case_nobody_has_checked_for_conflicts_excludes_everybody() -> None:
    known = register(agreement(REFERENCE), conflict_checks={"NM-2026-0001": ()})
    assert gate(known) is Gate.CONFLICT_UNKNOWN


COURSE = Requirement(of="school", training="encompass-key-adult", valid_months=6)


@pytest.mark.parametrize(
    ("completed", "holder", "course", "expected"),
    [
        (date(2026, 8, 31), ELM, COURSE.training, Gate.OPEN),
        (date(2025, 8, 31), ELM, COURSE.training, Gate.TRAINING),
        (date(2026, 11, 3), ELM, COURSE.training, Gate.OPEN),
        (date(2026, 11, 4), ELM, COURSE.training, Gate.TRAINING),  # not completed yet
        (date(2026, 8, 31), OAK, COURSE.training, Gate.TRAINING),
        (date(2026, 8, 31), ELM, "first-aid", Gate.TRAINING),
    ],
)
def test_training_of_the_agency_in_the_course_must_be_valid(
    completed: date, holder: str, course: str, expected: Gate
) -> None:
    held = (Training(agency=holder, holder="key adult", course=course, completed=completed),)
    known = register(agreement(REFERENCE, requires=(COURSE,)), trainings=held)
    assert gate(known) is expected


def test_training_lapses_after_the_last_day_of_a_shorter_month() -> None:
    completed = date(2026, 8, 31)  # six months on: 28 February
    held = (Training(agency=ELM, holder="x", course=COURSE.training, completed=completed),)
    known = register(agreement(REFERENCE, requires=(COURSE,)), trainings=held)
    assert gate(known, at=datetime(2027, 2, 28, 23, 59, tzinfo=UTC)) is Gate.OPEN
    assert gate(known, at=datetime(2027, 3, 1, 0, 0, tzinfo=UTC)) is Gate.TRAINING


def test_every_course_is_required_and_only_of_the_audience_it_names() -> None:
    other = replace(COURSE, training="second-course", valid_months=None)
    health = replace(COURSE, of="health", training="third-course")
    held = [
        Training(agency=ELM, holder="x", course=course, completed=date(2026, 8, 31))
        for course in (COURSE.training, other.training)
    ]
    signed = agreement(REFERENCE, requires=(COURSE, other, health))
    assert gate(register(signed, trainings=tuple(held))) is Gate.OPEN
    assert gate(register(signed, trainings=tuple(held[:1]))) is Gate.TRAINING


def test_the_first_closed_gate_is_the_answer() -> None:
    """Open the gates one after the other and watch the next one close."""
    told = audience(role="school", when=yes("children_involved"))
    signed = agreement(
        share("1", "victim.name", when=yes("child_present")), audiences=(told,), requires=(COURSE,)
    )
    held = Training(agency=ELM, holder="x", course=COURSE.training, completed=date(2026, 8, 31))
    states: Iterator[tuple[Gate, Mapping[str, Any], Mapping[str, Any]]] = iter(
        [
            (Gate.NOT_IN_FORCE, {"agreements": (replace(signed, until=date(2026, 9, 2)),)}, {}),
            (Gate.AUDIENCE_CONDITION, {"agreements": (signed,)}, {}),
            (Gate.SUSPENDED, {}, {"children_involved": True}),
            (Gate.NOT_ACCEDED, {"agencies": {ELM: agency(ELM, "school")}}, {}),
            (Gate.CONFLICT_UNKNOWN, {"accessions": frozenset({(ELM, signed.id, 1)})}, {}),
            (Gate.CONFLICT, {"conflict_checks": {CASE: (Conflict(agency=ELM, instead=None),)}}, {}),
            (Gate.TRAINING, {"conflict_checks": {CASE: ()}}, {}),
            (Gate.NOTHING_RELEASED, {"trainings": (held,)}, {}),
            (Gate.OPEN, {}, {"incident": {"child_present": True}}),
        ]
    )
    known = register(agencies=[agency(ELM, "school", suspended=True)], conflict_checks={})
    value: dict[str, Any] = {}
    for expected, changes, said in states:
        known = replace(known, **changes)
        value = {**value, **said}
        assert gate(known, event(INCIDENT, value)) is expected


def test_nothing_but_the_fact_of_an_event_is_nothing() -> None:
    told = audience(named_in="child.school")
    known = register(agreement(NAMES, audiences=(told, audience("health", agency=OAK))))
    decision = answer(known, to=OAK)
    assert decision.gate is Gate.NOTHING_RELEASED
    assert decision.fields == ()
    assert decision.audience == "health"


def in_conflict(*pairs: tuple[str, str | None]) -> dict[str, Any]:
    found = tuple(Conflict(agency=who, instead=instead) for who, instead in pairs)
    return {"conflict_checks": {CASE: found}}


def test_a_stand_in_gets_what_the_agency_in_conflict_would_have_had() -> None:
    known = register(agreement(REFERENCE, NAMES), **in_conflict((ELM, OAK)))
    of = incident(ELM, "ash-school")
    assert gate(known, of, to=ELM) is Gate.CONFLICT
    decision = answer(known, of, to=OAK)
    assert decision.gate is Gate.OPEN
    assert decision.stands_for == ELM
    names = {f.path: f.released for f in decision.fields if f.tag == "child.name"}
    assert names == {"/children/0/name": True, "/children/1/name": False}


def test_nobody_stands_in_for_the_publisher_and_one_without_a_stand_in_hides_no_other() -> None:
    """Rule 10: two conflicts of a case, and one of the publisher, whom its own event may name."""
    known = register(agreement(REFERENCE), **in_conflict(("".join([*PUBLISHER]), OAK)))
    asked = [each.recipient for each in recipients(incident(PUBLISHER), known, WORDS, at=AT)]
    assert OAK not in asked
    assert gate(known, incident(PUBLISHER), to=OAK) is Gate.NOT_ADDRESSED
    known = register(agreement(REFERENCE), **in_conflict(("ash-school", None), (ELM, OAK)))
    assert Addressed(OAK, PURPOSE) in recipients(incident(ELM), known, WORDS, at=AT)


def test_a_stand_in_answers_for_its_own_gates() -> None:
    signed = agreement(REFERENCE, requires=(COURSE,))
    held = Training(agency=ELM, holder="x", course=COURSE.training, completed=date(2026, 8, 31))
    asked: dict[str, Any] = {"to": OAK, "of": incident(ELM)}
    conflict = in_conflict((ELM, OAK))
    assert gate(register(signed, trainings=(held,), **conflict), **asked) is Gate.TRAINING
    own = replace(held, agency=OAK)
    assert gate(register(signed, trainings=(own,), **conflict), **asked) is Gate.OPEN
    suspended = [agency(OAK, suspended=True)]
    known = register(signed, trainings=(own,), agencies=suspended, **conflict)
    assert gate(known, **asked) is Gate.SUSPENDED


def test_a_stand_in_that_is_addressed_itself_gets_its_own() -> None:
    known = register(agreement(REFERENCE, NAMES), **in_conflict((ELM, OAK)))
    decision = answer(known, incident(ELM, OAK), to=OAK)
    assert decision.stands_for == OAK
    names = {f.path: f.released for f in decision.fields if f.tag == "child.name"}
    assert names == {"/children/0/name": False, "/children/1/name": True}


def test_one_stand_in_for_two_is_refused() -> None:
    known = register(
        agreement(REFERENCE),
        agencies=[agency("ash-school")],
        **in_conflict((ELM, "ash-school"), (OAK, "ash-school")),
    )
    assert gate(known, incident(ELM, OAK), to="ash-school") is Gate.TWO_AUDIENCES


def test_a_stand_in_for_nobody_addressed_is_not_addressed() -> None:
    known = register(agreement(REFERENCE), **in_conflict(("ash-school", OAK)))
    assert gate(known, incident(ELM), to=OAK) is Gate.NOT_ADDRESSED


def test_nobody_stands_in_for_an_agency_that_is_not_enrolled() -> None:
    known = register(agreement(REFERENCE), **in_conflict(("nobody-enrolled", OAK)))
    of = incident("nobody-enrolled")
    assert gate(known, of, to=OAK) is Gate.NOT_ADDRESSED
    assert recipients(of, known, WORDS, at=AT) == ()


def test_a_conflict_of_a_unit_makes_a_stand_in_for_the_agency_addressed() -> None:
    conflict = in_conflict(("elm-nursery", OAK))
    known = register(agreement(REFERENCE), agencies=FAMILY, **conflict)
    assert answer(known, incident(ELM), to=OAK).stands_for == ELM


def everybody(known: Register, of: Event) -> set[tuple[str, str]]:
    found = recipients(of, known, WORDS, at=AT)
    assert len(set(found)) == len(found)
    assert list(found) == sorted(found)
    return {(one.recipient, one.purpose) for one in found}


def test_recipients_are_all_whom_an_agreement_could_address() -> None:
    audiences = (
        audience(named_in="child.school"),
        audience("social-care", agency="northmoor-childrens-services"),
        audience("health", role="hospital"),
    )
    expired = agreement(REFERENCE, id="old", until=date(2026, 9, 2), purposes=("research",))
    known = register(
        agreement(REFERENCE, audiences=audiences),
        expired,
        agencies=[
            agency("northmoor-childrens-services"),
            agency("east-hospital", "hospital"),
            agency("west-hospital", "hospital", suspended=True),
            agency("ash-school"),
        ],
        **in_conflict((ELM, "ash-school")),
    )
    of = incident(ELM, ELM, None, "nobody-enrolled", PUBLISHER, purposes=[PURPOSE, "research"])
    assert everybody(known, of) == {
        (ELM, PURPOSE),
        (ELM, "research"),
        ("ash-school", PURPOSE),
        ("ash-school", "research"),
        ("northmoor-childrens-services", PURPOSE),
        ("east-hospital", PURPOSE),
        ("west-hospital", PURPOSE),
    }
    assert everybody(known, incident(ELM, purposes=["audit"])) == set()


def test_everybody_who_is_delivered_to_is_among_the_recipients() -> None:
    known = register(
        agreement(REFERENCE, NAMES),
        agencies=[*FAMILY, agency("stand-in")],
        **in_conflict(("trust", "stand-in")),
    )
    of = incident(ELM, OAK, "ash-school")
    addressed = everybody(known, of)
    for name in known.agencies:
        silent = gate(known, of, to=name) is Gate.NOT_ADDRESSED
        assert silent is ((name, PURPOSE) not in addressed)


def test_names_that_nobody_has_are_counted_for_the_alarm() -> None:
    known = register(agreement(REFERENCE))
    of = incident(ELM, "elm-shcool", "elm-shcool", "oka-school", None)
    assert unknown_recipients(of, known) == 2
    assert unknown_recipients(incident(ELM), known) == 0
    assert unknown_recipients(of, register()) == 0
    assert unknown_recipients(incident("elm-shcool", purposes=["audit"]), known) == 0


def test_addressed_is_a_plain_pair() -> None:
    assert Addressed("a", "b") == Addressed(recipient="a", purpose="b")


class Broken(Mapping[str, Any]):
    """A table of the register that cannot be read."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getitem__(self, key: str) -> Any:
        raise self.error

    def __iter__(self) -> Iterator[str]:
        raise self.error

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("table", ["agencies", "conflict_checks", "calendars"])
@pytest.mark.parametrize("error", [RuntimeError("boom"), RecursionError(), MemoryError()])
def test_any_error_while_deciding_delivers_nothing(table: str, error: Exception) -> None:
    broken: dict[str, Any] = {table: Broken(error)}
    known = replace(register(agreement(REFERENCE)), **broken)
    decision = answer(known)
    assert decision.gate is Gate.ERROR
    assert decision.fields == ()


def foreseen(known: Register, to: str = ELM) -> tuple[FieldDecision, ...]:
    return foresee(incident(ELM), known, WORDS, recipient=to, purpose=PURPOSE, at=AT)


def test_what_a_closed_gate_holds_back_is_foreseen() -> None:
    known = register(agreement(REFERENCE))
    fields = answer(known).fields
    assert fields != ()
    held = register(agreement(REFERENCE), agencies=[replace(agency(ELM, "school"), suspended=True)])
    assert (gate(held), foreseen(held), foreseen(known)) == (Gate.SUSPENDED, fields, fields)


def test_nothing_is_foreseen_of_what_nobody_governs_or_what_fails() -> None:
    known = register(agreement(REFERENCE))
    assert foreseen(known, to="nobody-enrolled") == ()
    assert foreseen(register(agreement(REFERENCE), agreement(REFERENCE, id="other"))) == ()
    assert foreseen(replace(known, agencies=Broken(RuntimeError("boom")))) == ()


def test_an_interruption_is_no_error_and_passes() -> None:
    known = replace(register(agreement(REFERENCE)), agencies=Broken(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        answer(known)


def test_a_decision_time_without_a_zone_is_an_error() -> None:
    assert gate(register(agreement(REFERENCE)), at=AT.replace(tzinfo=None)) is Gate.ERROR


def unfit(signed: Agreement, **changes: Any) -> Agreement:
    return replace(signed, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"time_zone": "Europe/Nowhere"},
        {"nevers": (replace(REFERENCE, id="9"),)},  # not a never at all
    ],
)
def test_an_agreement_that_cannot_be_executed_is_an_error(changes: dict[str, Any]) -> None:
    assert gate(register(unfit(agreement(REFERENCE), **changes))) is Gate.ERROR


class Unwalked(dict[str, Agency]):
    """Agencies that can be looked up, but not gone through."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("somebody walked over all agencies")

    def values(self) -> Any:
        raise AssertionError("somebody walked over all agencies")

    items = values


def test_an_event_does_not_walk_over_all_agencies_of_a_country() -> None:
    known = register(agreement(REFERENCE, NAMES))
    known = replace(known, agencies=Unwalked(known.agencies))
    assert gate(known) is Gate.OPEN
    assert everybody(known, incident(ELM)) == {(ELM, PURPOSE)}
    assert unknown_recipients(incident(ELM, "elm-shcool"), known) == 1


def test_a_role_of_twenty_thousand_addresses_them_all() -> None:
    many = [agency(f"school-{number:05}", "school") for number in range(20_000)]
    known = register(agreement(REFERENCE, audiences=(audience(role="school"),)), agencies=many)
    assert len(everybody(known, incident())) == 20_002
