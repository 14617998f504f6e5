"""Rule 12: whose consent counts, for what, and what is taken where nobody has said anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from redaction.agreement import AgeBand, ConsentRule, Is, Items, Never, OnWithdrawal, Share
from redaction.consent import Inquiry, answer
from redaction.decision import Reason
from redaction.facts import Consent, ConsentState
from tests.redaction.asked import Asked, Clauses
from tests.redaction.builders import (
    CASE,
    PURPOSE,
    audience,
    event_type,
    never,
    register,
    share,
    vocabulary,
)

GIVEN, REFUSED, WITHDRAWN = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN
BANDS = (AgeBand(from_age=0, decider="parent"), AgeBand(from_age=12, decider="child"))


def rule(*, bands: tuple[AgeBand, ...] = BANDS, presumed: str | None = None) -> ConsentRule:
    return ConsentRule(
        of="child", by_age=bands, presumed=presumed, on_withdrawal=OnWithdrawal.CEASE
    )


def record(state: ConsentState = GIVEN, **changes: Any) -> Consent:
    base = {"case": CASE, "person": "child", "purpose": PURPOSE, "audience": None}
    return Consent(state=state, **{**base, **changes})


def said(*records: Consent, event: object = None, **changes: Any) -> str | None:
    """The answer about a child of fourteen, for one tag, by the rule that the child decides."""
    asked: dict[str, Any] = {"rule": rule(), "which": None, "age": 14, "tags": frozenset({"a"})}
    inquiry = Inquiry(person="child", purpose=PURPOSE, audience="school", **{**asked, **changes})
    return answer(inquiry, records, event)


@pytest.mark.parametrize(
    ("age", "by", "cleared", "counts"),
    [
        (11, "parent", True, True),
        (11, "parent", False, False),  # who is not cleared may be the perpetrator
        (11, None, True, False),
        (12, None, False, True),
        (12, "child", False, True),
        (12, "parent", True, False),
        (None, None, True, False),  # nobody knows who decides
        (None, "parent", True, False),
    ],
)
def test_who_decides_depends_on_age_and_must_be_cleared(
    age: int | None, by: str | None, cleared: bool, counts: bool
) -> None:
    """Rule 12: who decides depends on age; a decider who may be the perpetrator does not count."""
    record_ = record(by=by, cleared=cleared)
    assert said(record_, age=age) == ("given" if counts else None)
    refused = record(REFUSED, by=by, cleared=cleared)
    assert said(refused, age=age) == "refused"


def test_without_ages_only_the_person_decides() -> None:
    """Rule 12: where the agreement names nobody else, nobody else's consent counts."""
    for known in (None, rule(bands=())):
        assert said(record(), rule=known) == "given"
        assert said(record(by="child"), rule=known) == "given"
        assert said(record(by="parent", cleared=True), rule=known) is None


@pytest.mark.parametrize(
    ("known", "given", "refused"),
    [("one", "given", "refused"), ("other", None, None), (None, None, "refused")],
)
def test_a_word_about_one_child_says_nothing_of_another(
    known: str | None, given: str | None, refused: str | None
) -> None:
    """Rule 12: consent is one person's; where it is not known whose, only a refusal counts."""
    assert said(record(which="one"), which=known) == given
    assert said(record(REFUSED, which="one"), which=known) == refused
    assert said(record(), which=known) == "given"


@pytest.mark.parametrize("other", ["an", "on", "ones", "two"])
def test_names_that_sort_before_or_after_are_other_names(other: str) -> None:
    """Rule 12: consent is one person's, decided by one, for one purpose; nothing else will do."""
    for state in (GIVEN, REFUSED):
        assert said(record(state, which="one"), which=other) is None
        for changes in ({"person": other}, {"purpose": other}, {"audience": other}):
            assert said(record(state, **changes)) is None
    one = AgeBand(from_age=0, decider=other)
    assert said(record(by="one", cleared=True), rule=rule(bands=(one,))) is None
    assert said(record(by=other, cleared=False), rule=rule(bands=(one,))) is None


def test_equal_names_are_one_name_whoever_spelt_them() -> None:
    """Rule 12: what a register and an event say comes from different bytes."""

    def spelt(text: str) -> str:
        return "".join(list(text))

    mine = {"person": spelt("child"), "purpose": spelt(PURPOSE), "which": spelt("one")}
    for state in (GIVEN, REFUSED):
        told = record(state, **mine, audience=spelt("school"), by=spelt("child"))
        assert said(told, which="one") == state.value


@pytest.mark.parametrize(
    ("limited", "asked", "given", "refused"),
    [
        ({"a"}, {"a"}, "given", "refused"),
        ({"a", "b"}, {"a"}, "given", "refused"),
        ({"a"}, {"a", "b"}, None, "refused"),
        ({"b"}, {"a"}, None, None),
        ({"a"}, None, None, "refused"),
    ],
)
def test_a_word_about_some_tags_covers_those_and_a_refusal_any_that_it_touches(
    limited: set[str], asked: set[str] | None, given: str | None, refused: str | None
) -> None:
    """Rule 12: consent is for tags; None asks for all there are."""
    tags = None if asked is None else frozenset(asked)
    assert said(record(tags=frozenset(limited)), tags=tags) == given
    assert said(record(WITHDRAWN, tags=frozenset(limited)), tags=tags) == (
        "withdrawn" if refused else None
    )


def test_other_purposes_audiences_and_persons_do_not_count() -> None:
    """Rule 12: consent is one person's, for a purpose and an audience."""
    for changes in ({"purpose": "x"}, {"audience": "health"}, {"person": "victim"}):
        assert said(record(REFUSED, **changes)) is None
    assert said(record(audience="school")) == "given"


def test_the_most_restrictive_of_what_counts_holds_and_nothing_is_what_is_presumed() -> None:
    """Rule 12: nobody left is unknown, or refused where the agreement says so; never given."""
    assert said(record(), record(REFUSED)) == "refused"
    assert said(record(), record(REFUSED), record(WITHDRAWN)) == "withdrawn"
    assert said() is None
    assert said(rule=rule(presumed="refused")) == "refused"
    assert said(record(), rule=rule(presumed="refused")) == "given"


def test_an_event_s_given_does_not_say_who_decided() -> None:
    """Rule 12: with ages, `given` in an event does not count; without, it does."""
    assert said(event="given") is None
    assert said(event="refused") == "refused"
    assert said(event="given", rule=rule(bands=())) == "given"
    assert said(record(), event="withdrawn") == "withdrawn"
    assert said(event="not-asked") is None
    assert said(event=True) is None


WORDS = vocabulary(child__name=(), child__note=(), child__date_of_birth=(), child__id=("child",))
CHILDREN = event_type(
    [
        {
            "name": "children",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Child",
                    "fields": [
                        {"name": "child_id", "type": "string", "tag": "child.id", "fact": True},
                        {"name": "name", "type": "string", "tag": "child.name"},
                        {"name": "note", "type": "string", "tag": "child.note"},
                        {
                            "name": "born",
                            "type": {"type": "int", "logicalType": "date"},
                            "tag": "child.date_of_birth",
                        },
                    ],
                },
            },
            "tag": "child.id",
        }
    ],
    WORDS,
)
AGREED = Is(fact="consent_of_child", values=("given",))
TWO = {
    "children": [
        {"child_id": "one", "name": "Ann", "note": "x", "born": date(2010, 11, 2)},
        {"child_id": "two", "name": "Bob", "note": "y", "born": date(2014, 11, 3)},
    ]
}


def told(clauses: Sequence[Share | Never], *records: Consent) -> dict[str, Reason]:
    asked = Asked(
        [share("0", "case.reference"), *clauses],
        TWO,
        etype=CHILDREN,
        words=WORDS,
        known=register(consents=records),
        audiences=(audience(agency="elm-school"),),
        consents=(rule(),),
    )
    assert asked.view
    return {field.path: field.reason for field in asked.decision.fields}


def names(found: dict[str, Reason]) -> list[bool]:
    return [found[f"/children/{at}/name"] is Reason.SHARED for at in range(2)]


def test_each_child_of_a_list_is_asked_by_its_own_age_and_name() -> None:
    """Rule 12: the first is sixteen and decides herself, the second eleven on the day before."""
    each = [share("1", "child.name", items=Items(where=None, when=AGREED))]
    parent = record(by="parent", cleared=True)
    assert names(told(each, record())) == [True, False]
    assert names(told(each, parent)) == [False, True]
    assert names(told(each, record(), parent)) == [True, True]
    assert names(told(each, record(which="two"), parent)) == [False, True]
    assert names(told(each, record(), parent, record(REFUSED, which="one"))) == [False, True]


def test_two_clauses_with_one_condition_ask_for_their_own_tags() -> None:
    """Rule 12: the same words ask for a name in one clause and for a note in another."""
    both = [
        share("1", "child.name", items=Items(where=None, when=AGREED)),
        share("2", "child.note", items=Items(where=None, when=AGREED)),
    ]
    found = told(both, record(tags=frozenset({"child.name"})))
    assert found["/children/0/name"] is Reason.SHARED
    assert found["/children/0/note"] is Reason.NOT_SELECTED


def test_a_never_by_class_asks_for_everything() -> None:
    """Rule 12: a consent limited to a tag does not lift a `never` that names a class."""
    without = Is(fact="consent_of_victim", values=("refused",))
    limited = record(person="victim", tags=frozenset({"child.name"}))
    shared: Clauses = [share("1", "child.name")]
    by_tag = [*shared, never("9", "child.name", when=without)]
    by_class = [*shared, never("9", classes="child", when=without)]
    assert names(told(by_tag, limited)) == [True, True]
    assert names(told(by_class, limited)) == [False, False]
    assert names(told(by_class, record(person="victim"))) == [True, True]
