"""Consent, overrides and the signing gates by the reference: each case worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from redaction.agreement import (
    Age,
    AgeBand,
    ConsentRule,
    Form,
    Is,
    Items,
    Not,
    OnWithdrawal,
    Opinion,
)
from redaction.decision import Gate, Reason
from redaction.facts import Consent, ConsentState, Review
from tests.redaction import builders as make
from tests.redaction.reference_cases import PLAIN, answer, child, decide, fields, released, to_elm

GIVEN, REFUSED, WITHDRAWN = ConsentState
PHONE = {"phone": "01632 960123"}


def consent(person: str = "victim", state: ConsentState = GIVEN, **changes: Any) -> Consent:
    plain = Consent(case=make.CASE, person=person, purpose=make.PURPOSE, audience=None, state=state)
    return replace(plain, **changes)


def rule(*bands: tuple[int, str], of: str = "child", presumed: str | None = None) -> ConsentRule:
    by_age = tuple(AgeBand(from_age=age, decider=decider) for age, decider in bands)
    return ConsentRule(of=of, by_age=by_age, presumed=presumed, on_withdrawal=OnWithdrawal.ERASE)


# --- consent ------------------------------------------------------------------------------------


def of_victim(*consents: Consent, rules: tuple[ConsentRule, ...] = (), word: Any = None) -> str:
    """What the victim's consent answers to a clause about her phone."""
    given = Is(fact="consent_of_victim", values=("given",))
    value = {**PHONE, "consent_of_victim": word}
    held = []
    for when in (given, Not(part=given)):
        agreement = to_elm(PLAIN, make.share("4.2", "victim.phone", when=when), consents=rules)
        decision = decide(make.register(agreement, consents=consents), value)
        held.append(next(f.released for f in decision.fields if f.path == "/phone"))
    return answer(*held)


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([consent()], "yes"),
        ([consent(by="victim")], "yes"),
        ([consent(by="parent", cleared=True)], "unknown"),
        ([consent(state=REFUSED, by="parent")], "no"),
        ([consent(purpose="housing")], "unknown"),
        ([consent(case="NM-1")], "unknown"),
        ([consent(audience="health")], "unknown"),
        ([consent(audience="school")], "yes"),
        ([consent(tags=frozenset({"victim.phone", "x"}))], "yes"),
        ([consent(tags=frozenset({"victim.address"}))], "unknown"),
        ([consent(), consent(state=WITHDRAWN, tags=frozenset({"victim.address"}))], "yes"),
        ([consent(), consent(state=WITHDRAWN, tags=frozenset({"victim.phone"}))], "no"),
        ([consent(which="7")], "unknown"),
        ([consent(state=REFUSED, which="7")], "no"),
    ],
)
def test_whose_answer_counts_for_what(consents: list[Consent], expected: str) -> None:
    """Rule 12: case, purpose, audience, decider, tags and person of a record."""
    assert of_victim(*consents) == expected


def test_silence_means_what_the_rule_presumes_and_never_yes() -> None:
    """Rule 12: nothing recorded is unknown, or refused where the text says so."""
    refused = rule(of="victim", presumed="refused")
    assert of_victim() == "unknown"
    assert of_victim(rules=(refused,)) == "no"
    assert of_victim(rules=(refused,), word="given") == "yes"
    assert of_victim(consent(), rules=(refused,)) == "yes"
    by_age = rule((0, "victim"), of="victim")
    assert of_victim(rules=(by_age,), word="given") == "unknown"
    assert of_victim(rules=(by_age,), word="refused") == "no"


def test_a_clause_about_two_tags_needs_a_consent_to_both() -> None:
    """Rule 12: a yes covers every tag asked for; a no to one of them is enough."""
    given = Is(fact="consent_of_victim", values=("given",))
    share = make.share("4.2", ("victim.phone", "victim.address"), when=given)
    both = frozenset({"victim.phone", "victim.address"})
    for tags, expected in ((both, True), (frozenset({"victim.phone"}), False), (None, True)):
        consents = (consent(tags=tags),)
        assert released(share, value=PHONE, path="/phone", consents=consents) is expected


def test_audiences_and_nevers_by_class_ask_for_every_tag() -> None:
    """Rule 12: only a record without limits gives consent to all there is."""
    given = Is(fact="consent_of_victim", values=("given",))
    told = make.audience(agency="elm-school", when=given)
    share = make.share("4.2", "victim.phone")
    by_class = make.never("7.1", classes="phone", when=Not(part=given))
    by_tag = make.never("7.1", "victim.phone", when=Not(part=given))
    for tags, gate in ((None, Gate.OPEN), (frozenset({"victim.phone"}), Gate.AUDIENCE_CONDITION)):
        known: dict[str, Any] = {"consents": (consent(tags=tags),)}
        register = make.register(make.agreement(PLAIN, audiences=(told,)), **known)
        assert decide(register).gate is gate
        open_ = gate is Gate.OPEN
        assert released(share, by_class, value=PHONE, path="/phone", **known) is open_
        assert released(share, by_tag, value=PHONE, path="/phone", **known)


def of_child(*consents: Consent, born: Any = date(2012, 6, 1), **values: Any) -> str:
    """What a child's consent answers for its own element; 14 at the event, so it decides."""
    rules = (rule((0, "parent"), (12, "child")),)
    given = Is(fact="consent_of_child", values=("given",))
    held = []
    for when in (given, Not(part=given)):
        share = make.share("4.2", "child.name", items=Items(where=None, when=when))
        agreement = to_elm(PLAIN, share, consents=rules)
        value = {"children": [child(born=born, **values)]}
        decision = decide(make.register(agreement, consents=consents), value)
        held.append(next(f.released for f in decision.fields if f.path == "/children/0/name"))
    return answer(*held)


YOUNG = date(2014, 11, 3)  # twelve on the day after the event


@pytest.mark.parametrize(
    ("born", "consents", "expected"),
    [
        (date(2012, 6, 1), [consent("child")], "yes"),
        (date(2014, 11, 2), [consent("child")], "yes"),
        (YOUNG, [consent("child")], "unknown"),
        (YOUNG, [consent("child", by="parent")], "unknown"),
        (YOUNG, [consent("child", by="parent", cleared=True)], "yes"),
        (date(2012, 6, 1), [consent("child", by="parent", cleared=True)], "unknown"),
        (YOUNG, [consent("child", REFUSED)], "no"),
        (None, [consent("child")], "unknown"),
        (None, [consent("child", WITHDRAWN, by="parent")], "no"),
        (date(2026, 12, 1), [consent("child", by="parent", cleared=True)], "unknown"),
    ],
)
def test_who_decides_depends_on_age_and_may_not_be_the_perpetrator(
    born: Any, consents: list[Consent], expected: str
) -> None:
    """Rule 12: the band at the event's local date; another decider must have been cleared."""
    assert of_child(*consents, born=born) == expected


def test_one_childs_answer_is_not_its_siblings() -> None:
    """Rule 12: a record about one child counts where the scope says it is this one."""
    yes, no = consent("child", which="c1"), consent("child", REFUSED, which="c1")
    for fact, answered, refused in (("c1", "yes", "no"), ("c2", "unknown", "unknown")):
        assert of_child(yes, child_id=fact) == answered
        assert of_child(no, child_id=fact) == refused
    assert of_child(yes, child_id=None) == "unknown"
    assert of_child(no, child_id=None) == "no"


# --- overrides ----------------------------------------------------------------------------------

OVERRIDE = make.override("9.1", "victim.phone", lifts=["7.1"])
GRANTED = make.granted("9.1", "victim.phone")


def overridden(*clauses: Any, **changes: Any) -> tuple[Form | None, str | None, Reason]:
    granted = (replace(GRANTED, **changes),)
    decided = fields(*clauses, value=PHONE, granted=granted)["/phone"]
    return decided.form, decided.clause, decided.reason


def test_a_recorded_override_releases_and_the_text_alone_does_not() -> None:
    """Rule 11: an override is a clause beside the shares while a record says so."""
    assert overridden(OVERRIDE) == (Form.CLEAR, "9.1", Reason.OVERRIDE)
    assert fields(OVERRIDE, value=PHONE)["/phone"].reason is Reason.NO_CLAUSE
    lifted, kept = make.never("7.1", "victim.phone"), make.never("7.2", "victim.phone")
    assert overridden(OVERRIDE, lifted) == (Form.CLEAR, "9.1", Reason.OVERRIDE)
    assert overridden(OVERRIDE, lifted, kept) == (None, "7.2", Reason.NEVER)
    capped = make.never("7.2", "victim.phone", cap=Form.MASK)
    assert overridden(OVERRIDE, capped) == (None, "7.2", Reason.NEVER)
    assert overridden(OVERRIDE, capped, form=Form.MASK) == (Form.MASK, "9.1", Reason.OVERRIDE)


def test_a_share_is_named_before_an_override_of_its_form() -> None:
    """Rule 11: the most disclosing form wins; the text's own clauses come first."""
    share = make.share("4.2", "victim.phone", form=Form.MASK)
    assert overridden(OVERRIDE, share) == (Form.CLEAR, "9.1", Reason.OVERRIDE)
    assert overridden(OVERRIDE, share, form=Form.MASK) == (Form.MASK, "4.2", Reason.SHARED)


@pytest.mark.parametrize(
    "changes",
    [
        {"case": "NM-1"},
        {"agreement": "another"},
        {"override": "9.2"},
        {"purpose": "housing"},
        {"recipients": frozenset({"oak-school"})},
        {"tags": frozenset({"victim.name"})},
        {"persons": frozenset({"child"})},
        {"since": make.AT + timedelta(milliseconds=1)},
        {"until": make.AT},
        {"review": Review.FAILED},
    ],
)
def test_an_override_of_something_else_releases_nothing(changes: dict[str, Any]) -> None:
    """Rule 11: case, persons, recipients, tags, purpose and time of the record bind it."""
    assert overridden(OVERRIDE, **changes) == (None, None, Reason.NO_CLAUSE)
    assert overridden(OVERRIDE, since=make.AT)[0] is Form.CLEAR
    assert overridden(OVERRIDE, review=Review.UPHELD)[0] is Form.CLEAR


def test_a_record_may_not_go_beyond_its_override() -> None:
    """Rule 11: the text's form and audience bound the record; a summary stays withheld."""
    masked = make.override("9.1", "victim.phone", form=Form.MASK)
    assert overridden(masked)[2] is Reason.NO_CLAUSE
    assert overridden(masked, form=Form.PSEUDONYM)[2] is Reason.NO_CLAUSE
    assert overridden(masked, form=Form.PRESENT)[0] is Form.PRESENT
    elsewhere = make.override("9.1", "victim.phone", to="health")
    assert overridden(elsewhere)[2] is Reason.NO_CLAUSE


def test_an_override_keeps_to_the_elements_that_clauses_select() -> None:
    """Rule 11: an override lifts no items rule."""
    override = make.override("9.1", "child.date_of_birth")
    granted = (make.granted("9.1", "child.date_of_birth"),)
    value = {"children": [child(born=date(2015, 4, 9)), child("oak-school")]}

    def shown(*clauses: Any) -> list[bool]:
        decided = fields(override, *clauses, value=value, granted=granted)
        return [decided[f"/children/{n}/born"].released for n in range(2)]

    assert shown() == [True, True]
    assert shown(make.share("4.2", "victim.phone", items=make.pupils())) == [True, True]
    assert shown(make.share("4.2", "child.name", items=make.pupils())) == [True, False]
    elsewhere = make.share("4.2", "child.name", items=make.pupils(), to="health")
    assert shown(elsewhere) == [True, True]


# --- gates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opinions", "gate"),
    [
        ([make.OPINION], Gate.OPEN),
        ([], Gate.OPINION),
        ([{"outcome": "favourable with conditions"}], Gate.OPEN),
        ([{"outcome": "not favourable"}], Gate.OPINION),
        ([{"date": date(2026, 11, 3)}], Gate.OPEN),
        ([{"date": date(2026, 11, 4)}], Gate.OPINION),
        ([make.OPINION, {"outcome": "unfavourable"}], Gate.OPINION),
        ([{"of": (make.PUBLISHER,)}], Gate.OPINION),
        ([{"of": (make.PUBLISHER,)}, {"of": ("elm-school",)}], Gate.OPEN),
    ],
)
def test_every_party_needs_its_authoritys_favourable_opinion(
    opinions: list[Any], gate: Gate
) -> None:
    """Rule 10: an opinion by then, favourable, for every party."""
    entries = tuple(
        each if isinstance(each, Opinion) else replace(make.OPINION, **each) for each in opinions
    )
    assert decide(make.register(to_elm(PLAIN, drafted_with=entries))).gate is gate


def test_an_assessment_is_needed_until_its_review() -> None:
    """Rule 10: no DPIA, or one whose review is overdue on the local date, lets nothing out."""
    dpia = to_elm().dpia
    assert dpia is not None
    for day, gate in ((date(2026, 11, 3), Gate.OPEN), (date(2026, 11, 2), Gate.OPINION)):
        agreement = to_elm(PLAIN, dpia=replace(dpia, review_by=day))
        assert decide(make.register(agreement)).gate is gate
    assert decide(make.register(to_elm(PLAIN, dpia=None))).gate is Gate.OPINION


def test_what_a_party_has_not_signed_delivers_nothing() -> None:
    """Rule 2: a version is in force once every named party signed it."""
    agreement = to_elm(PLAIN)
    for version, gate in ((1, Gate.UNSIGNED), (2, Gate.OPEN)):
        unsigned = frozenset({(agreement.id, version)})
        assert decide(make.register(agreement, unsigned=unsigned)).gate is gate


def test_an_expired_key_is_not_sealed_to() -> None:
    """Rule 10: the last day of a key is a day of UTC and still counts."""
    agreement = to_elm(PLAIN, time_zone="Pacific/Kiritimati", start=date(2020, 1, 1))
    elm = replace(make.agency("elm-school"), keys_until=date(2026, 11, 3))
    register = make.register(agreement, agencies=[elm])
    last = datetime(2026, 11, 3, 23, 59, tzinfo=UTC)
    assert decide(register, at=last).gate is Gate.OPEN
    assert decide(register, at=last + timedelta(minutes=1)).gate is Gate.KEY_EXPIRED


@pytest.mark.parametrize("how", [{"named_in": "child.school"}, {"role": "school"}])
def test_who_is_no_party_accedes_before_it_receives(how: dict[str, Any]) -> None:
    """Rule 2: members of a role and agencies named in an event accede, named parties sign."""
    value = {"children": [child()]}
    agreement = make.agreement(PLAIN, audiences=(make.audience(**how),))
    nobody = make.register(agreement, accessions=frozenset())
    assert decide(nobody, value).gate is Gate.NOT_ACCEDED
    assert decide(make.register(agreement), value).gate is Gate.OPEN
    party = replace(agreement, publishers=(make.PUBLISHER, "elm-school"))
    assert decide(replace(nobody, agreements=(party,)), value).gate is Gate.OPEN
    signing = replace(nobody, agreements=(to_elm(PLAIN),))
    assert decide(signing, value).gate is Gate.OPEN


def test_an_age_is_looked_for_at_the_root_last() -> None:
    """Rule 5: an element that knows no date of birth has its ancestors', and then the root's."""
    share = make.share("4.2", "child.name", items=Items(where=None, when=Age(
        of="victim.born", at_least=18, at_most=None)))  # fmt: skip
    for born, expected in ((date(1990, 1, 1), True), (date(2020, 1, 1), False), (None, False)):
        value = {"victim_born": born, "children": [child()]}
        assert released(share, value=value, path="/children/0/name") is expected
