"""Rule 10: deadlines run from the event, in the agreement's zone and calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.register_file import read_register
from redaction.agreement import Agreement
from redaction.deadlines import deadline
from redaction.facts import Register
from redaction.reading import read_agreement
from tests.cli.calls import EXAMPLES, REGISTER

TEXT = EXAMPLES / "operation-encompass" / "agreement.yaml"
AGREEMENT = read_agreement(TEXT.read_bytes(), origin="agreement.yaml")
COUNTY = read_register(REGISTER.read_bytes(), origin="register.yaml").register


def due(
    event: str, audience: str = "school", *, agreement: Agreement = AGREEMENT, to: Register = COUNTY
) -> str:
    found = deadline(agreement, audience, to, event_time=datetime.fromisoformat(event))
    return "" if found is None else found.isoformat()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("2026-11-24T22:10:00+00:00", "2026-11-25T08:30:00+00:00"),  # an evening in the week
        ("2026-11-25T03:00:00+00:00", "2026-11-25T08:30:00+00:00"),  # a night: the same morning
        ("2026-11-25T08:30:00+00:00", "2026-11-26T08:30:00+00:00"),  # that minute is too late
        ("2026-11-27T21:00:00+00:00", "2026-11-30T08:30:00+00:00"),  # a Friday: told on Monday
        ("2026-10-23T20:00:00+01:00", "2026-11-02T08:30:00+00:00"),  # half-term, and clocks change
        ("2026-07-21T12:00:00+01:00", "2026-09-02T07:30:00+00:00"),  # over the summer, in BST
        ("2026-12-18T19:00:00+00:00", "2027-01-04T08:30:00+00:00"),  # over Christmas
        ("2026-05-01T16:00:00+01:00", "2026-05-05T07:30:00+00:00"),  # a bank holiday on Monday
    ],
)
def test_a_school_is_due_by_half_past_eight_on_its_next_open_day(event: str, expected: str) -> None:
    assert due(event) == expected


def test_hours_run_from_the_event_whatever_the_day() -> None:
    assert due("2026-12-25T23:00:00+00:00", "social-care") == "2026-12-26T23:00:00+00:00"


def test_an_unknown_calendar_gives_the_earliest_deadline() -> None:
    unknown = replace(COUNTY, calendars={})
    assert due("2026-11-27T21:00:00+00:00", to=unknown) == "2026-11-28T08:30:00+00:00"


def test_a_day_beyond_the_calendar_counts_as_open() -> None:
    short = replace(COUNTY.calendars["northmoor-schools"], last=date(2026, 11, 27))
    register = replace(COUNTY, calendars={"northmoor-schools": short})
    assert due("2026-11-27T21:00:00+00:00", to=register) == "2026-11-28T08:30:00+00:00"


def test_the_earliest_of_several_deadlines_counts() -> None:
    sooner = replace(AGREEMENT.deliver_by[1], of="school", rule="within 2 hours")
    both = replace(AGREEMENT, deliver_by=(*AGREEMENT.deliver_by, sooner))
    assert due("2026-11-24T22:10:00+00:00", agreement=both) == "2026-11-25T00:10:00+00:00"


def test_an_audience_without_a_deadline_has_none() -> None:
    assert due("2026-11-24T22:10:00+00:00", agreement=replace(AGREEMENT, deliver_by=())) == ""


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC)),
    st.booleans(),
)
def test_a_deadline_is_after_its_event_and_knowing_more_never_makes_it_earlier(
    event: datetime, known: bool
) -> None:
    register = COUNTY if known else replace(COUNTY, calendars={})
    found = deadline(AGREEMENT, "school", register, event_time=event)
    earliest = deadline(AGREEMENT, "school", replace(COUNTY, calendars={}), event_time=event)
    assert found is not None
    assert earliest is not None
    assert event < earliest <= found
    assert earliest - event <= timedelta(days=1, hours=1)
