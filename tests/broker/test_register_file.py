"""Register files: what is read, and what is refused without repeating a case or a person."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from broker.register_file import RegisterFileError, read_register
from redaction.agreement import Form
from redaction.facts import Conflict, ConsentState, Review
from schemas.errors import Code

EXAMPLE = Path(__file__).parents[2] / "examples" / "register.yaml"
TEXT = """\
agencies:
  unit: {title: A unit, part_of: police}
  police: {title: The police, roles: [police], suspended: yes}
  school: {title: A school, keys_until: 2027-03-31}
calendars:
  terms:
    first: 2026-01-01
    last: 2026-12-31
    weekdays: [monday, friday]
    closed: [{on: 2026-05-04, why: holiday}, {from: 2026-07-22, to: 2026-07-24, why: holiday}]
trainings:
  - {agency: school, holder: someone, course: a-course, completed: 2026-02-01}
accessions:
  - {agency: school, agreement: an-agreement, version: 2}
consents:
  - {case: SECRET-1, person: victim, purpose: help, audience: all, state: refused}
  - {case: SECRET-1, person: victim, purpose: help, state: given, tags: [victim.phone],
     which: SECRET-3, by: parent, cleared: yes}
conflict_checks:
  SECRET-1: [{agency: unit, instead: school}]
  SECRET-2: []
overrides:
  - id: o-1
    case: SECRET-1
    agreement: an-agreement
    override: "9.1"
    purpose: help
    persons: [victim]
    recipients: [unit]
    tags: [victim.phone]
    since: 2026-09-20T10:00:00Z
    until: 2026-09-22T10:00:00+00:00
"""

UNKNOWN = "a word stands here that this file does not know"


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(RegisterFileError) as caught:
        read_register(text, origin="r.yaml")
    assert caught.value.code is Code.REGISTER_REFUSED
    found = [str(problem) for problem in caught.value.problems]
    assert "\n" not in str(caught.value)
    assert not any("SECRET" in each for each in found)
    return found


def test_register_is_read_whole() -> None:
    file = read_register(TEXT, origin="r.yaml")
    register = file.register
    assert register.agreements == ()
    assert register.agencies["unit"].part_of == "police"
    assert register.agencies["police"].suspended
    assert register.agencies["police"].roles == {"police"}
    assert register.accessions == {("school", "an-agreement", 2)}
    assert [each.state for each in register.consents] == [ConsentState.REFUSED, ConsentState.GIVEN]
    assert [each.audience for each in register.consents] == ["all", None]
    assert register.consents[0].tags is None
    given = register.consents[1]
    assert given.tags == frozenset({"victim.phone"})
    assert (given.which, given.by, given.cleared) == ("SECRET-3", "parent", True)
    assert register.agencies["school"].keys_until == date(2027, 3, 31)
    assert register.agencies["unit"].keys_until is None
    (granted,) = register.granted
    assert (granted.form, granted.review) == (Form.CLEAR, Review.OPEN)
    assert granted.until - granted.since == timedelta(days=2)
    assert register.conflict_checks == {
        "SECRET-1": (Conflict(agency="unit", instead="school"),),
        "SECRET-2": (),
    }
    terms = register.calendars["terms"]
    assert terms.weekdays == {0, 4}
    assert terms.closed == {date(2026, 5, 4), *(date(2026, 7, day) for day in (22, 23, 24))}


def test_an_agency_stands_before_its_units() -> None:
    assert list(read_register(TEXT, origin="r.yaml").titles) == ["police", "unit", "school"]


def test_example_register_is_sound() -> None:
    file = read_register(EXAMPLE.read_bytes(), origin="register.yaml")
    roles = {role for agency in file.register.agencies.values() for role in agency.roles}
    assert {"police", "social-care", "school", "hospital", "shelter"} <= roles


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("part_of: police", "part_of: polize", "r.yaml:2: there is no agency `polize`"),
        ("part_of: police", "part_of: unit", "r.yaml:2: `unit` is part of itself"),
        ("title: A school", "titel: A school", f"r.yaml:4: {UNKNOWN}"),
        ("title: A school", "roles: []", "r.yaml:4: `title` is missing"),
        ("2026-02-01", "1.2.2026", "r.yaml:12: `completed` should be a valid date"),
        ("state: given", "state: maybe", "r.yaml:17: `state` should be 'given', 'refused' or"),
        ("instead: school", "instead: scool", "r.yaml:20: there is no agency `scool`"),
        ("SECRET-2: []", "SECRET-2: [{agency: none}]", "r.yaml:21: there is no agency `none`"),
        ("SECRET-2: []", "SECRET-2: none", "r.yaml:21: `conflict_checks` should be a valid tuple"),
        ("SECRET-2: []", "SECRET-2: [{agnecy: unit}]", f"r.yaml:21: {UNKNOWN}"),
        ("recipients: [unit]", "recipients: [unti]", "r.yaml:29: there is no agency `unti`"),
        ("10:00:00Z", "10:00:00", "r.yaml:31: `since` should have timezone info"),
        ("persons: [victim]\n", "persons: []\n    by: x\n", f"r.yaml:29: {UNKNOWN}"),
        ("2026-07-24", "2026-07-20", "r.yaml:10: `closed` ends before it begins"),
        ("2026-07-24", "9999-12-31", "r.yaml:6: `terms` has a closure outside its own first"),
        ("{on: 2026-05-04,", "{on: 2026-05-04, to: 2026-05-05,", "needs either `on`, or `from`"),
        ("2026-12-31", "9999-12-31", "r.yaml:6: `terms` spans no time, or more than twenty years"),
        ("friday", "freitag", "r.yaml:6: `terms` `weekdays` are English names"),
        ("version: 2", "version: 0", "r.yaml:14: `version` should be greater than or equal to 1"),
        ("agencies:", "agents:", f"r.yaml:1: {UNKNOWN}"),
    ],
)
def test_fault_is_found_with_its_line(old: str, new: str, problem: str) -> None:
    assert TEXT.count(old) == 1
    found = problems_of(TEXT.replace(old, new))
    assert any(problem in each for each in found), found


def test_every_fault_is_found_at_once() -> None:
    text = TEXT.replace("title: A school,", "roles: [],").replace("state: given", "state: maybe")
    assert len(problems_of(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agencies: &a {}\n",
        "agencies: {}\nagencies: {}\n",
        "agencies: [",
        b"\xff",
        "agencies: " + "[" * 50,
        "a: " + "x" * (4 * 1024 * 1024),
        "1: {}",
        "agencies: []",
    ],
)
def test_garbage_is_refused_with_a_line(text: str | bytes) -> None:
    assert all(each.startswith("r.yaml:1: ") or ":2: " in each for each in problems_of(text))
