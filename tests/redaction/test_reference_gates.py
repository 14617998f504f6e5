"""Conditions and gates by the reference, where they need care: each case worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from redaction.agreement import (
    Age,
    Agreement,
    Condition,
    Elapsed,
    Form,
    Is,
    Items,
    Not,
    Number,
    Requirement,
    Unit,
)
from redaction.decision import Gate, Reason
from redaction.facts import Calendar, Conflict, Consent, ConsentState, Training
from tests.redaction import builders as make
from tests.redaction.reference_cases import (
    PLAIN,
    answer,
    child,
    decide,
    to_elm,
)

# --- conditions ---------------------------------------------------------------------------------


def holds(condition: Condition, value: Mapping[str, Any] | None = None, **asked: Any) -> str:
    """What a condition answers at the root: shared under it and under its contrary, or neither."""
    at = asked.pop("at", make.AT)
    header = asked.pop("header", {})

    def delivered(when: Condition) -> bool:
        register = make.register(to_elm(make.share("4.2", "incident.notes", when=when)), **asked)
        return decide(register, value, at=at, **header).delivered

    return answer(delivered(condition), delivered(Not(part=condition)))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Is(fact="notes", values=("seen",)), "yes"),
        (Is(fact="notes", values=("Seen",)), "no"),
        (Is(fact="no_such_fact", values=("yes",)), "unknown"),
        (Is(fact="score", values=("7",)), "unknown"),
        (Number(fact="score", at_least=None, at_most=None), "unknown"),
        (Number(fact="notes", at_least=0, at_most=None), "unknown"),
        (Is(fact="hurt", values=("yes",)), "unknown"),
    ],
)
def test_only_a_fact_of_the_right_kind_and_scope_answers(
    condition: Condition, expected: str
) -> None:
    assert holds(condition, {"children": [child(hurt=True)]}) == expected


@pytest.mark.parametrize(
    ("in_event", "in_register", "expected"),
    [
        (None, (), "unknown"),
        ("given", (), "yes"),
        ("not-asked", (), "unknown"),
        ("given", (ConsentState.REFUSED,), "no"),
        ("refused", (ConsentState.GIVEN,), "no"),
        ("not-asked", (ConsentState.GIVEN,), "yes"),
        (None, (ConsentState.GIVEN, ConsentState.WITHDRAWN), "no"),
    ],
)
def test_the_more_restrictive_consent_holds(
    in_event: str | None, in_register: Sequence[ConsentState], expected: str
) -> None:
    consents = tuple(
        Consent(case=make.CASE, person="victim", purpose=make.PURPOSE, audience=None, state=state)
        for state in in_register
    )
    given = Is(fact="consent_of_victim", values=("given",))
    assert holds(given, {"consent_of_victim": in_event}, consents=consents) == expected


@pytest.mark.parametrize(
    ("at", "inclusive", "expected"),
    [
        (datetime(2026, 11, 5, 21, 30, tzinfo=UTC), True, "yes"),
        (datetime(2026, 11, 5, 21, 30, tzinfo=UTC), False, "no"),
        (datetime(2026, 11, 5, 21, 30, 0, 1, tzinfo=UTC), True, "no"),
        (datetime(2026, 11, 2, 21, 29, tzinfo=UTC), True, "unknown"),
    ],
)
def test_three_days_end_at_the_same_local_time(
    at: datetime, inclusive: bool, expected: str
) -> None:
    assert holds(Elapsed(amount=3, unit=Unit.DAYS, inclusive=inclusive), at=at) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 10, 25, 0, 20, tzinfo=UTC), "yes"),  # 01:20, for the first time
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "yes"),
        (datetime(2026, 10, 25, 1, 20, tzinfo=UTC), "no"),  # 01:20 again
    ],
)
def test_of_a_local_time_that_comes_twice_the_first_counts(at: datetime, expected: str) -> None:
    happened = {"time": datetime(2026, 10, 22, 0, 30, tzinfo=UTC)}  # 01:30 in London
    within = Elapsed(amount=3, unit=Unit.DAYS, inclusive=True)
    assert holds(within, at=at, header=happened) == expected


@pytest.mark.parametrize(
    ("born", "happened", "expected"),
    [
        (date(2008, 2, 29), datetime(2026, 2, 28, 12, tzinfo=UTC), "no"),
        (date(2008, 2, 29), datetime(2026, 3, 1, 12, tzinfo=UTC), "yes"),
        (date(2008, 6, 2), datetime(2026, 6, 1, 23, 30, tzinfo=UTC), "yes"),  # 2 June in London
        (date(2026, 6, 3), datetime(2026, 6, 1, 23, 30, tzinfo=UTC), "unknown"),
    ],
)
def test_an_age_is_counted_on_the_events_local_date(
    born: date, happened: datetime, expected: str
) -> None:
    adult = Age(of="child.date_of_birth", at_least=18, at_most=None)

    def delivered(when: Condition) -> bool:
        clause = make.share("4.2", "child.name", items=Items(where=None, when=when))
        register = make.register(to_elm(clause, start=date(2020, 1, 1)))
        value = {"children": [child(born=born)]}
        return decide(register, value, at=happened, time=happened).delivered

    assert answer(delivered(adult), delivered(Not(part=adult))) == expected


@pytest.mark.parametrize(
    ("first", "amount", "expected"),
    [
        (date(2026, 1, 1), 1, "yes"),  # Monday's event, decided on Wednesday; Tuesday was closed
        (date(2026, 1, 1), 0, "no"),
        (date(2026, 11, 4), 1, "unknown"),
    ],
)
def test_school_days_are_the_open_days_after_the_event(
    first: date, amount: int, expected: str
) -> None:
    calendar = Calendar(
        name="northmoor-schools",
        first=first,
        last=date(2026, 12, 31),
        weekdays=frozenset(range(5)),
        closed=frozenset({date(2026, 11, 3)}),
    )
    within = Elapsed(amount=amount, unit=Unit.SCHOOL_DAYS, inclusive=True)
    wednesday = datetime(2026, 11, 4, 9, tzinfo=UTC)
    assert holds(within, at=wednesday, calendars={"northmoor-schools": calendar}) == expected
    assert holds(within, at=wednesday) == "unknown"


# --- gates --------------------------------------------------------------------------------------


def test_a_stand_in_is_addressed_in_the_name_of_the_agency_in_conflict() -> None:
    text = make.agreement(
        make.share("4.1", "child.name", items=make.pupils()),
        audiences=(make.audience(named_in="child.school"),),
    )
    checks = {make.CASE: (Conflict(agency="elm-school", instead="oak-school"),)}
    register = make.register(text, conflict_checks=checks)
    value = {"children": [child("elm-school"), child("birch-school")]}
    decision = decide(register, value, recipient="oak-school")
    assert (decision.gate, decision.stands_for) == (Gate.OPEN, "elm-school")
    assert [f.path for f in decision.fields if f.reason is Reason.SHARED] == ["/children/0/name"]
    assert decide(register, value).gate is Gate.CONFLICT


@pytest.mark.parametrize("at_fault", ["elm-school", "elm-unit", "elm-trust"])
def test_conflict_reaches_up_and_down_what_an_agency_is_part_of(at_fault: str) -> None:
    agencies = (
        make.agency("elm-trust"),
        make.agency("elm-school", part_of="elm-trust"),
        make.agency("elm-unit", part_of="elm-school"),
    )
    checks = {make.CASE: (Conflict(agency=at_fault, instead=None),)}
    register = make.register(to_elm(PLAIN), agencies=agencies, conflict_checks=checks)
    assert decide(register).gate is Gate.CONFLICT


@pytest.mark.parametrize(("day", "gate"), [(30, Gate.OPEN), (31, Gate.TRAINING)])
def test_training_lapses_after_the_months_last_day(day: int, gate: Gate) -> None:
    required = Requirement(of="school", training="key-adult", valid_months=1)
    completed = Training(
        agency="elm-school", holder="A. Example", course="key-adult", completed=date(2026, 10, 30)
    )
    text = to_elm(PLAIN, requires=(required,))
    at = datetime(2026, 11, day, 9, tzinfo=UTC) if day == 30 else datetime(2026, 12, 1, tzinfo=UTC)
    assert decide(make.register(text, trainings=(completed,)), at=at).gate is gate


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 8, 31, 22, 59, tzinfo=UTC), datetime(2027, 8, 31, 23, 0, tzinfo=UTC)],
)
def test_the_days_in_force_are_local_days(at: datetime) -> None:
    assert decide(make.register(to_elm(PLAIN)), at=at).gate is Gate.NOT_IN_FORCE


@pytest.mark.parametrize(
    "text",
    [
        to_elm(make.share("4.1", "incident.notes", form=Form.MONTH)),
        to_elm(PLAIN, time_zone="Nowhere/At_All"),
        to_elm(PLAIN, make.never("7.1", "no.such.tag", classes="child"), shares=()),
    ],
    ids=["misfit form", "no time zone", "nothing"],
)
def test_what_does_not_fit_together_delivers_nothing(text: Agreement) -> None:
    assert not decide(make.register(text)).delivered


def test_a_circle_of_units_or_a_naive_time_is_an_error() -> None:
    circle = (make.agency("elm-school", part_of="b"), make.agency("b", part_of="elm-school"))
    assert decide(make.register(to_elm(PLAIN), agencies=circle)).gate is Gate.ERROR
    naive = make.AT.replace(tzinfo=None)
    assert decide(make.register(to_elm(PLAIN)), at=naive).gate is Gate.ERROR
