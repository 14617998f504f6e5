"""Conditions: three values, facts by scope, elapsed time, ages, consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from redaction.agreement import (
    Age,
    AllOf,
    AnyOf,
    Condition,
    ConsentRule,
    Elapsed,
    Is,
    Not,
    Number,
    OnWithdrawal,
    Unit,
)
from redaction.conditions import Facts, Truth, evaluate, facts_for, reads_consent
from redaction.directory import Directory
from redaction.facts import Calendar, Consent, ConsentState, Register
from redaction.scopes import scope_of
from schemas.registry import Array
from tests.redaction.builders import (
    AT,
    CASE,
    HAPPENED,
    PURPOSE,
    agreement,
    event,
    event_type,
    register,
    vocabulary,
    yes,
)

WORDS = vocabulary(risk=(), person__born=(), child__born=(), child__note=(), people=())
BORN = {"type": "int", "logicalType": "date"}
ETYPE = event_type(
    [
        {"name": "yes_fact", "type": "boolean", "tag": "risk", "fact": True},
        {"name": "no_fact", "type": "boolean", "tag": "risk", "fact": True},
        {"name": "unsaid", "type": ["null", "boolean"], "tag": "risk", "fact": True},
        {"name": "score", "type": ["null", "int"], "tag": "risk", "fact": True},
        {"name": "plain", "type": "boolean", "tag": "risk"},
        {"name": "consent_of_victim", "type": ["null", "string"], "tag": "risk", "fact": True},
        {"name": "victim_id", "type": ["null", "int"], "tag": "risk", "fact": True},
        {"name": "adult_id", "type": "boolean", "tag": "risk", "fact": True},
        {"name": "born", "type": ["null", BORN], "tag": "person.born"},
        {
            "name": "more",
            "tag": "people",
            "type": [
                "null",
                {
                    "type": "record",
                    "name": "More",
                    "fields": [
                        {"name": "deep", "type": "boolean", "tag": "risk", "fact": True},
                        {"name": "second", "type": ["null", BORN], "tag": "person.born"},
                    ],
                },
            ],
        },
        {
            "name": "children",
            "tag": "people",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Child",
                    "fields": [
                        {"name": "here", "type": ["null", "boolean"], "tag": "child.note",
                         "fact": True},
                        {"name": "birth", "type": ["null", BORN], "tag": "child.born"},
                    ],
                },
            },
        },
    ],
    WORDS,
)  # fmt: skip

SAID: dict[str, Any] = {"yes_fact": True, "no_fact": False, "score": 14, "adult_id": True}
WORD = {True: yes("yes_fact"), False: yes("no_fact"), None: yes("unsaid")}


def facts(
    value: dict[str, Any] | None = None,
    *,
    at: datetime = AT,
    happened: datetime = HAPPENED,
    zone: str = "Europe/London",
    known: Register | None = None,
    consents: tuple[ConsentRule, ...] = (),
) -> Facts:
    return facts_for(
        event(ETYPE, {**SAID, **(value or {})}, time=happened),
        Directory(register() if known is None else known),
        agreement(time_zone=zone, consents=consents),
        audience="school",
        purpose=PURPOSE,
        at=at,
    )


def child_facts(child: dict[str, Any], value: dict[str, Any] | None = None) -> Facts:
    outer = facts({**(value or {}), "children": [child]})
    field = next(f for f in ETYPE.root.fields if f.name == "children")
    assert isinstance(field.node, Array)
    element = outer.circumstances.event.value["children"][0]
    return outer.within(scope_of(field.node.item), element)


def test_kleene_tables_are_those_of_strong_three_valued_logic() -> None:
    for left, right in product(WORD, WORD):
        both = evaluate(AllOf(parts=(WORD[left], WORD[right])), facts())
        either = evaluate(AnyOf(parts=(WORD[left], WORD[right])), facts())
        falsest = False if False in (left, right) else None if None in (left, right) else True
        truest = True if True in (left, right) else None if None in (left, right) else False
        assert (both, either) == (falsest, truest)
    assert [evaluate(Not(part=WORD[truth]), facts()) for truth in (True, False, None)] == [
        False,
        True,
        None,
    ]


@pytest.mark.parametrize("empty", [AllOf(parts=()), AnyOf(parts=())])
def test_a_condition_without_parts_is_refused_rather_than_trivially_true(empty: Condition) -> None:
    with pytest.raises(ValueError, match="no parts"):
        evaluate(empty, facts())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Is(fact="yes_fact", values=("yes",)), True),
        (Is(fact="yes_fact", values=("no",)), False),
        (Is(fact="yes_fact", values=("no", "yes")), True),
        (Is(fact="score", values=("14",)), None),  # a number is no word
        (Is(fact="plain", values=("no",)), None),  # not marked as a fact
        (Is(fact="nowhere", values=("yes",)), None),
        (Is(fact="deep", values=("yes",)), None),  # its record is null
        (Is(fact="here", values=("yes",)), None),  # a list element's, not the event's
        (Number(fact="score", at_least=14, at_most=None), True),
        (Number(fact="score", at_least=15, at_most=None), False),
        (Number(fact="score", at_least=None, at_most=14), True),
        (Number(fact="score", at_least=None, at_most=15), True),
        (Number(fact="score", at_least=13, at_most=None), True),
        (Number(fact="yes_fact", at_least=1, at_most=1), None),  # yes is not 1
        (Number(fact="unsaid", at_least=0, at_most=None), None),
    ],
)
def test_facts_are_read_by_name_and_unknown_unless_marked_and_given(
    condition: Condition, expected: Truth
) -> None:
    assert evaluate(condition, facts()) is expected


def test_an_element_looks_its_facts_up_in_itself_and_then_outwards() -> None:
    assert evaluate(yes("here"), child_facts({"here": True})) is True
    assert evaluate(yes("here"), child_facts({"here": None})) is None
    assert evaluate(yes("yes_fact"), child_facts({"here": None})) is True
    assert evaluate(yes("deep"), child_facts({}, {"more": {"deep": True}})) is True


def at_most(amount: int, unit: Unit = Unit.DAYS, *, inclusive: bool = True) -> Elapsed:
    return Elapsed(amount=amount, unit=unit, inclusive=inclusive)


def test_days_end_at_the_same_local_time_across_a_clock_change() -> None:
    happened = datetime(2026, 10, 23, 11, 0, tzinfo=UTC)  # 12:00 in London summer time
    limit = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)  # 12:00 in winter time: 73 hours later
    for at, inclusive, expected in [
        (limit, True, True),
        (limit, False, False),
        (limit - timedelta(microseconds=1), False, True),
        (limit - timedelta(microseconds=1), True, True),
        (limit + timedelta(microseconds=1), True, False),
        (limit + timedelta(microseconds=1), False, False),
        (happened, True, True),
    ]:
        known = facts(happened=happened, at=at)
        assert evaluate(at_most(3, inclusive=inclusive), known) is expected


def test_of_an_hour_that_comes_twice_the_first_is_the_limit() -> None:
    happened = datetime(2026, 10, 22, 0, 30, tzinfo=UTC)  # 01:30 in summer time
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30 for the first time
    again = first + timedelta(hours=1)  # and for the second
    assert evaluate(at_most(3), facts(happened=happened, at=first)) is True
    assert evaluate(at_most(3), facts(happened=happened, at=again)) is False


def test_a_decision_before_the_event_has_no_age_at_all() -> None:
    known = facts(at=HAPPENED - timedelta(seconds=1))
    for unit in Unit:
        assert evaluate(at_most(3, unit), known) is None
        assert evaluate(Not(part=at_most(3, unit)), known) is None


def test_months_are_clipped_to_the_last_day() -> None:
    happened = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
    end = datetime(2026, 2, 28, 8, 0, tzinfo=UTC)
    assert evaluate(at_most(1, Unit.MONTHS), facts(happened=happened, at=end)) is True
    later = end + timedelta(seconds=1)
    assert evaluate(at_most(1, Unit.MONTHS), facts(happened=happened, at=later)) is False


CALENDAR = Calendar(
    name="northmoor-schools",
    first=date(2026, 9, 1),
    last=date(2026, 12, 18),
    weekdays=frozenset(range(5)),
    closed=frozenset({date(2026, 11, 2)}),
)


@pytest.mark.parametrize(
    ("happened", "at", "amount", "inclusive", "expected"),
    [
        # a Friday evening; the weekend and a closed Monday do not count
        ("2026-10-30T20:00", "2026-11-02T09:00", 0, True, True),
        ("2026-10-30T20:00", "2026-11-03T09:00", 0, True, False),
        ("2026-10-30T20:00", "2026-11-03T09:00", 1, True, True),
        ("2026-10-30T20:00", "2026-11-03T09:00", 1, False, False),
        ("2026-10-30T20:00", "2026-11-03T09:00", 2, True, True),
        ("2026-10-30T20:00", "2026-11-02T09:00", 1, False, True),
        ("2026-10-30T20:00", "2026-11-04T09:00", 1, False, False),
        ("2026-12-17T10:00", "2026-12-18T10:00", 1, True, True),  # the calendar's last day
        ("2026-12-20T08:00", "2026-12-20T10:00", 0, True, True),  # no day has passed in any
        ("2026-12-18T10:00", "2026-12-19T10:00", 1, True, None),  # past the calendar's last day
        ("2026-08-30T10:00", "2026-09-01T10:00", 5, True, None),  # before its first
        ("2026-08-31T10:00", "2026-09-01T10:00", 1, True, True),
        # 23:30 in UTC is the next local day in summer, so that day is the event's own
        ("2026-09-07T23:30", "2026-09-08T09:00", 0, True, True),
    ],
)
def test_school_days_count_open_days_after_the_events_local_day(
    happened: str, at: str, amount: int, inclusive: bool, expected: Truth
) -> None:
    known = facts(
        happened=datetime.fromisoformat(happened).replace(tzinfo=UTC),
        at=datetime.fromisoformat(at).replace(tzinfo=UTC),
        known=register(calendars={CALENDAR.name: CALENDAR}),
    )
    condition = at_most(amount, Unit.SCHOOL_DAYS, inclusive=inclusive)
    assert evaluate(condition, known) is expected


def test_without_a_calendar_school_days_are_unknown() -> None:
    assert evaluate(at_most(9, Unit.SCHOOL_DAYS), facts()) is None


def age(of: str, at_least: int | None, at_most: int | None) -> Age:
    return Age(of=of, at_least=at_least, at_most=at_most)


@pytest.mark.parametrize(
    ("born", "happened", "years"),
    [
        (date(2008, 2, 29), "2026-02-28", 17),
        (date(2008, 2, 29), "2026-03-01", 18),
        (date(2008, 11, 2), "2026-11-02", 18),
        (date(2008, 11, 3), "2026-11-02", 17),
    ],
)
def test_age_is_whole_years_on_the_events_local_day(born: date, happened: str, years: int) -> None:
    on = datetime.fromisoformat(happened).replace(hour=12, tzinfo=UTC)
    known = facts({"born": born}, happened=on, at=on)
    assert evaluate(age("person.born", years, years), known) is True
    assert evaluate(age("person.born", years + 1, None), known) is False
    assert evaluate(age("person.born", None, years - 1), known) is False


def test_age_needs_exactly_one_date_of_birth() -> None:
    one, other = date(2000, 1, 1), date(2010, 1, 1)
    adult = age("person.born", 18, None)
    assert evaluate(adult, facts()) is None
    assert evaluate(adult, facts({"more": {"second": one}})) is True
    assert evaluate(adult, facts({"born": one, "more": {"second": other}})) is None
    assert evaluate(age("child.born", 0, None), facts({"children": [{"birth": one}]})) is None
    assert evaluate(age("nowhere", None, 99), facts()) is None
    assert evaluate(age("person.born", None, 99), facts({"born": date(2030, 1, 1)})) is None


def test_an_elements_age_is_its_own_and_not_an_ancestors() -> None:
    value = {"born": date(1980, 1, 1)}
    young = child_facts({"birth": date(2015, 1, 1)}, value)
    assert evaluate(age("child.born", 11, 11), young) is True
    assert evaluate(age("person.born", 46, 46), young) is True
    assert evaluate(age("child.born", None, 99), child_facts({"birth": None}, value)) is None


def consent(state: ConsentState, **changes: Any) -> Consent:
    base = Consent(case=CASE, person="victim", purpose=PURPOSE, audience=None, state=state)
    return replace(base, **changes)


GIVEN = Is(fact="consent_of_victim", values=("given",))


@pytest.mark.parametrize(
    ("said", "recorded", "expected"),
    [
        (None, [], None),
        ("given", [], True),
        ("not_asked", [], None),
        ("not_asked", [consent(ConsentState.GIVEN)], True),
        (None, [consent(ConsentState.GIVEN)], True),
        ("given", [consent(ConsentState.WITHDRAWN)], False),
        ("refused", [consent(ConsentState.GIVEN)], False),
        (None, [consent(ConsentState.GIVEN), consent(ConsentState.REFUSED)], False),
        (None, [consent(ConsentState.GIVEN, audience="school")], True),
        (None, [consent(ConsentState.GIVEN, audience="health")], None),
        ("given", [consent(ConsentState.WITHDRAWN, audience="health")], True),
        (None, [consent(ConsentState.GIVEN, purpose="research")], None),
        (None, [consent(ConsentState.GIVEN, person="child")], None),
        (None, [consent(ConsentState.GIVEN, case="NM-2026-0001")], None),
    ],
)
def test_consent_is_the_more_restrictive_of_event_and_register(
    said: str | None, recorded: list[Consent], expected: Truth
) -> None:
    known = facts({"consent_of_victim": said}, known=register(consents=tuple(recorded)))
    assert evaluate(GIVEN, known) is expected


def test_what_is_presumed_of_one_person_is_not_presumed_of_another() -> None:
    """Rule 12: an agreement's rule is about the person that it names."""
    rule = ConsentRule(of="victim", by_age=(), presumed="refused", on_withdrawal=OnWithdrawal.CEASE)
    known = facts(consents=(rule,))
    for person, expected in (("victim", True), ("child", None), ("witness", None)):
        refused = Is(fact=f"consent_of_{person}", values=("refused",))
        assert evaluate(refused, known) is expected


@pytest.mark.parametrize(("which", "expected"), [("7", True), ("8", None), ("True", None)])
def test_a_number_tells_one_person_from_another_and_yes_tells_nobody(
    which: str, expected: Truth
) -> None:
    """Rule 12: who is meant may be a number; a consent that names somebody is theirs alone."""
    for person in ("victim", "adult"):
        given = consent(ConsentState.GIVEN, person=person, which=which)
        known = facts({"victim_id": 7}, known=register(consents=(given,)))
        asked = Is(fact=f"consent_of_{person}", values=("given",))
        assert evaluate(asked, known) is (expected if person == "victim" else None)


def test_only_conditions_that_name_a_consent_ask_for_one() -> None:
    asking = (GIVEN, Not(part=GIVEN), AllOf(parts=(yes("yes_fact"), GIVEN)), AnyOf(parts=(GIVEN,)))
    others = (yes("yes_fact"), age("person.born", 1, 2), at_most(3), Not(part=at_most(3)))
    assert [reads_consent(one) for one in (*asking, *others)] == [True] * 4 + [False] * 4


def test_withdrawn_consent_is_not_merely_refused() -> None:
    both = (consent(ConsentState.REFUSED), consent(ConsentState.WITHDRAWN))
    known = facts(known=register(consents=both))
    assert evaluate(Is(fact="consent_of_victim", values=("withdrawn",)), known) is True
