"""Rule 10: what stops a delivery before a field is looked at, and in which order it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from redaction.agreement import Agreement, Dpia, Opinion
from redaction.decide import decide
from redaction.decision import Gate
from redaction.facts import Agency, Register
from tests.redaction.asked import INCIDENT, WORDS
from tests.redaction.builders import (
    AT,
    CASE,
    PUBLISHER,
    PURPOSE,
    agency,
    agreement,
    audience,
    event,
    register,
    share,
    yes,
)

DAY = AT.date()
KEY = ("northmoor-encompass", 1)
CHILD = {"children": [{"name": "Ann", "school": "elm-school"}]}
NAMED, ROLE = audience(named_in="child.school"), audience(role="school")
AGENCY = audience(agency="elm-school")
BY_NAME = share("1", "incident.reference")


def opinion(outcome: str = "favourable", day: date = DAY, of: tuple[str, ...] = ()) -> Opinion:
    return Opinion(authority="dpa", reference="1", date=day, outcome=outcome, of=of)


def dpia(review_by: date = DAY) -> Dpia:
    return Dpia(reference="1", date=date(2026, 1, 1), review_by=review_by)


def known(signed: Agreement, **changes: Any) -> Register:
    """A register in which no school has acceded to anything."""
    return replace(register(signed), **{"accessions": frozenset(), **changes})


def gate(where: Register, at: datetime = AT, to: str = "elm-school") -> Gate:
    of = event(INCIDENT, CHILD)
    return decide(of, where, WORDS, recipient=to, purpose=PURPOSE, at=at).gate


def assessed(*opinions: Opinion, by: Dpia | None) -> Gate:
    signed = agreement(BY_NAME, audiences=(AGENCY,), drafted_with=opinions, dpia=by)
    return gate(known(signed))


def test_an_agreement_that_a_party_has_not_signed_delivers_nothing() -> None:
    """Rule 10: unsigned; another version's lack of a signature is not this one's."""
    signed = agreement(BY_NAME, audiences=(AGENCY,))
    assert gate(known(signed)) is Gate.OPEN
    assert gate(known(signed, unsigned=frozenset({KEY}))) is Gate.UNSIGNED
    assert gate(known(signed, unsigned=frozenset({(KEY[0], 2), ("other", 1)}))) is Gate.OPEN


@pytest.mark.parametrize(
    ("opinions", "by", "expected"),
    [
        ([opinion()], dpia(), Gate.OPEN),
        ([opinion("favourable with remarks")], dpia(), Gate.OPEN),
        ([], dpia(), Gate.OPINION),
        ([opinion()], None, Gate.OPINION),
        ([opinion("unfavourable")], dpia(), Gate.OPINION),
        ([opinion("not favourable")], dpia(), Gate.OPINION),
        ([opinion(), opinion("pending")], dpia(), Gate.OPINION),
        ([opinion(day=date(2026, 11, 4))], dpia(), Gate.OPINION),
        ([opinion()], dpia(date(2026, 11, 2)), Gate.OPINION),
        ([opinion(of=("elm-school",))], dpia(), Gate.OPINION),
        ([opinion(of=("elm-school",)), opinion(of=(PUBLISHER, "more"))], dpia(), Gate.OPEN),
        ([opinion(of=("elm-school",)), opinion()], dpia(), Gate.OPEN),
    ],
)
def test_every_party_needs_a_favourable_opinion_and_a_current_assessment(
    opinions: list[Opinion], by: Dpia | None, expected: Gate
) -> None:
    """Rule 10: opinion missing, unfavourable, too late or of other parties; review overdue."""
    assert assessed(*opinions, by=by) is expected


def test_an_opinion_counts_from_its_local_date() -> None:
    """Half past midnight in Northmoor's summer is still the day before in UTC."""
    signed = agreement(
        BY_NAME, audiences=(AGENCY,), drafted_with=(opinion(day=date(2026, 9, 9)),), dpia=dpia()
    )
    of, where = event(INCIDENT, CHILD, time=datetime(2026, 9, 1, tzinfo=UTC)), known(signed)
    gates = [
        decide(of, where, WORDS, recipient="elm-school", purpose=PURPOSE, at=at).gate
        for at in (datetime(2026, 9, 8, 22, 59, tzinfo=UTC), datetime(2026, 9, 8, 23, tzinfo=UTC))
    ]
    assert gates == [Gate.OPINION, Gate.OPEN]


def test_a_later_version_ends_the_one_before_it_from_its_first_day() -> None:
    """Rule 1: an older version does not come back, whatever becomes of the later one."""
    one = agreement(BY_NAME, audiences=(AGENCY,))
    two = replace(one, version=2, start=DAY)
    assert gate(replace(known(one), agreements=(one, two))) is Gate.OPEN
    tomorrow = replace(two, start=date(2026, 11, 4))
    assert gate(replace(known(one), agreements=(one, tomorrow))) is Gate.OPEN
    unsigned = frozenset({(two.id, 2)})
    both = replace(known(one), agreements=(one, two), unsigned=unsigned)
    assert gate(both) is Gate.UNSIGNED
    ended = replace(two, start=date(2026, 10, 1), until=date(2026, 11, 2))
    assert gate(replace(known(one), agreements=(one, ended))) is Gate.NOT_IN_FORCE
    elsewhere = replace(two, publishers=("southmoor-police",))
    assert gate(replace(known(one), agreements=(one, elsewhere))) is Gate.NOT_IN_FORCE


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, Gate.OPEN),
        (DAY, Gate.OPEN),
        (date(2027, 11, 2), Gate.OPEN),
        (date(2026, 11, 2), Gate.KEY_EXPIRED),
    ],
)
def test_nothing_is_sealed_to_an_expired_key(until: date | None, expected: Gate) -> None:
    """Rule 10: key expired; the last day, in UTC, still counts."""
    where = known(agreement(BY_NAME, audiences=(AGENCY,)))
    school: Agency = replace(where.agencies["elm-school"], keys_until=until)
    assert gate(replace(where, agencies={**where.agencies, "elm-school": school})) is expected


@pytest.mark.parametrize(
    ("who", "acceded", "expected"),
    [
        (AGENCY, False, Gate.OPEN),  # it has signed
        (NAMED, False, Gate.NOT_ACCEDED),
        (ROLE, False, Gate.NOT_ACCEDED),
        (NAMED, True, Gate.OPEN),
        (ROLE, True, Gate.OPEN),
    ],
)
def test_who_has_not_signed_must_have_acceded(who: Any, acceded: bool, expected: Gate) -> None:
    """Rule 2: a member of a role, or an agency named in an event, accedes to the version."""
    signed = agreement(BY_NAME, audiences=(who,))
    members = frozenset({("elm-school", *KEY)} if acceded else {("elm-school", KEY[0], 2)})
    assert gate(known(signed, accessions=members)) is expected


def test_a_named_party_need_not_accede_beside_its_signature() -> None:
    """Rule 2: one that publishes under the agreement has signed it."""
    signed = agreement(BY_NAME, audiences=(NAMED,), publishers=(PUBLISHER, "elm-school"))
    assert gate(known(signed)) is Gate.OPEN


def test_the_first_closed_gate_is_told() -> None:
    """Rule 10: the gates stand in one order; each, once open, shows the next."""
    school = agency("elm-school", "school", suspended=True)
    signed = agreement(
        BY_NAME,
        audiences=(replace(NAMED, when=yes("children_involved")),),
        drafted_with=(),
        requires=(),
    )
    closed = known(
        signed,
        unsigned=frozenset({KEY}),
        agencies={
            PUBLISHER: agency(PUBLISHER),
            "elm-school": replace(school, keys_until=date(2026, 1, 1)),
        },
        conflict_checks={},
    )

    def told(value: bool, where: Register) -> Gate:
        of = event(INCIDENT, {**CHILD, "children_involved": value})
        return decide(of, where, WORDS, recipient="elm-school", purpose=PURPOSE, at=AT).gate

    assert told(False, closed) is Gate.AUDIENCE_CONDITION
    assert told(True, closed) is Gate.UNSIGNED
    where = replace(closed, unsigned=frozenset())
    assert told(True, where) is Gate.OPINION
    where = replace(where, agreements=(replace(signed, drafted_with=(opinion(),)),))
    assert told(True, where) is Gate.SUSPENDED
    awake = replace(where.agencies["elm-school"], suspended=False)
    where = replace(where, agencies={**where.agencies, "elm-school": awake})
    assert told(True, where) is Gate.KEY_EXPIRED
    fresh = replace(awake, keys_until=None)
    where = replace(where, agencies={**where.agencies, "elm-school": fresh})
    assert told(True, where) is Gate.NOT_ACCEDED
    where = replace(where, accessions=frozenset({("elm-school", *KEY)}))
    assert told(True, where) is Gate.CONFLICT_UNKNOWN
    assert told(True, replace(where, conflict_checks={CASE: ()})) is Gate.OPEN
