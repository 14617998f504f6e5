"""Checking overrides, consent rules, recorded reasons and opinions before they can be in force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redaction.static_check import check_text
from schemas.registry import Registry, Vocabulary, load_vocabulary
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT

TYPES = {etype.name: etype for etype in Registry.builtin().types}
VOCABULARY = load_vocabulary()
WHOLE = TEXT + EXCEPTIONS


def problems_of(text: str, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    return [str(each) for each in check_text(text, TYPES, vocabulary, origin="a.yaml")[1]]


def changed(old: str, new: str) -> str:
    assert WHOLE.count(old) == 1, old
    return WHOLE.replace(old, new)


def test_sound_exceptions_have_no_problem() -> None:
    """Rule 13: overrides and consent rules that can work pass."""
    assert problems_of(WHOLE) == []
    # a review on the last hour can still stop the override
    assert problems_of(changed("review_within: 48 hours", "review_within: 72 hours")) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "[victim.phone]",
            "[victim.fone]",
            "clause 9.1: there is no tag `victim.fone` in `caseward-core/1` (did you mean `victim.",
        ),
        ("[victim.phone]", "[victim]", "clause 9.1: there is no tag `victim`"),
        ("[victim.phone]", "[plan.start]", "none of these event types carries `plan.start`"),
        (
            "to: [social-care]\n    legal",
            "to: [socialcare]\n    legal",
            "clause 9.1: there is no audience `socialcare` (did you mean `social-care`?)",
        ),
        (
            "to: [social-care]\n    legal",
            "to: anyone\n    legal",
            "clause 9.1: nothing is shared with `anyone`; name the audiences",
        ),
        (
            "to: [social-care]\n    legal",
            "as: year\n    to: [social-care]\n    legal",
            "clause 9.1: `year` cannot be made of `victim.phone`, which is text",
        ),
        (
            'lifts: ["7.1"]',
            'lifts: ["7.2"]',
            "clause 9.1: `lifts` names clause `7.2`, which does not exist (did you mean `7.1`?)",
        ),
        (
            'lifts: ["7.1"]',
            'lifts: ["4.1"]',
            "clause 9.1: `lifts` names clause 4.1, which is no `never`",
        ),
        (
            "[victim.phone]",
            "[victim.name]",
            "clause 9.1: `lifts` names clause 7.1, which withholds nothing that this releases",
        ),
        (
            '    lifts: ["7.1"]\n',
            "",
            "clause 9.1: clause 7.1 always withholds `victim.phone` from `social-care`; "
            'name it in `lifts: ["7.1"]`',
        ),
        (
            "[victim.phone]\n    to: [social-care]\n    legal_basis: [gdpr-9-2-c]",
            "[victim.phone, victim.disability]\n    to: [social-care]\n    legal_basis: [gdpr-90]",
            "clause 9.1: it releases special-category data, `victim.disability`, without `gdpr-9`",
        ),
        (
            "[victim.phone]",
            "[victim.phone, perpetrator.name]",
            "clause 9.1: it releases criminal-offence data, `perpetrator.name`, without `gdpr-10`",
        ),
        ('- id: "9.1"', '- id: "7.1"', "clause 7.1: the id is taken by the clause in line 46"),
        (
            "review_within: 48 hours",
            "review_within: 96 hours",
            "clause 9.1: it is reviewed only after it has expired, when nothing can be stopped",
        ),
        (
            "{of: victim,",
            "{of: victm,",
            "52: consent: the vocabulary knows nobody called `victm` (did you mean `victim`?)",
        ),
        (
            "{of: victim, presumed: refused, on_withdrawal: cease}",
            "{of: victim, on_withdrawal: cease}\n  - {of: victim, on_withdrawal: erase}",
            "53: consent: `victim` has a rule already; write one for each person",
        ),
        (
            "{of: victim,",
            "{of: child,",
            "52: consent: no condition asks for the consent of `child`",
        ),
        (
            "{of: victim,",
            "{of: referrer, by_age: {under_12: parent, from_12: referrer},",
            "52: consent: `by_age` needs a date `referrer.date_of_birth`, which these events do",
        ),
    ],
)
def test_fault_is_found_with_its_place(old: str, new: str, problem: str) -> None:
    """Rule 13: an exception that cannot work, or names what is not there, is refused."""
    found = problems_of(changed(old, new))
    assert any(problem in each for each in found), found


def test_no_override_releases_what_the_vocabulary_marks_unliftable() -> None:
    """Rule 11: an override lifts no class marked unliftable."""
    marked = replace(VOCABULARY, unliftable=frozenset({"locates-victim"}))
    expected = "a.yaml:54: clause 9.1: `victim.phone` is locates-victim data, which no override"
    assert problems_of(WHOLE, marked)[0].startswith(expected)


def test_override_may_lift_a_never_on_an_address_that_may_be_the_same() -> None:
    """Rule 3: a `never` withholds equal numbers elsewhere too, so it may have to be lifted."""
    text = changed("[victim.phone]", "[victim.address]").replace(
        '  - id: "7.1"\n    never: {class: locates-victim}\n    clearer_than: municipality\n',
        '  - id: "7.1"\n    never: [victim.safe_address]\n',
    )
    assert problems_of(text) == []


def test_override_whose_form_cannot_be_ordered_beside_a_share_is_refused() -> None:
    """Rule 4: a grant must not meet a share that discloses neither more nor less."""
    text = changed("[victim.phone]", "[victim.address]").replace(
        "    to: [social-care]\n    legal", "    as: year\n    to: [social-care]\n    legal"
    )
    assert any(
        "clause 9.1: `year` of `victim.address` cannot be ordered beside the form of clause 4.3"
        in each
        for each in problems_of(text)
    )


CHILD = (
    "consent:\n  - {of: child, by_age: {under_12: parent, from_12: child}, on_withdrawal: cease}\n"
)
ITEMS = "items: {where: child.school, is: recipient}"


def test_consent_by_age_is_asked_where_the_age_is_known() -> None:
    """Rule 12: who decides depends on the child's age, which only her own element tells."""
    within = ITEMS.replace("recipient}", "recipient, when: {consent_of_child: given}}")
    text = TEXT.replace(ITEMS, f"{within}\n    reveals: [consent_of_child]") + CHILD
    assert problems_of(text) == []
    outside = f"{ITEMS}\n    when: {{consent_of_child: given}}\n    reveals: [consent_of_child]"
    expected = (
        "a.yaml:35: clause 4.2: who gives `consent_of_child` depends on `child.date_of_birth`, "
        "which is told of each entry of a list; ask it under `items: {when: ...}`"
    )
    assert problems_of(TEXT.replace(ITEMS, outside) + CHILD) == [expected]


REASON = "    needs: {reason: yes}\n"
ANY = "{any: [{consent_of_victim: given}, {serious_risk: yes}]}"


def test_release_without_consent_needs_its_reason_recorded() -> None:
    """Rule 11: a clause that lists consent as one of several ways needs a recorded reason."""
    assert problems_of(TEXT.replace(REASON, "")) == [
        "a.yaml:39: clause 4.3: it also releases where consent is not given, so the reason must "
        "be recorded: add `needs: {reason: yes}`"
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "{all: [{consent_of_victim: given}, {serious_risk: yes}]}",
        "{any: [{consent_of_victim: given}, {all: [{serious_risk: yes}, "
        "{consent_of_victim: given}]}]}",
        "{any: [{serious_risk: yes}, {not: {consent_of_victim: given}}]}",
        "{any: [{consent_of_victim: given}, {consent_of_child: given}]}",
    ],
)
def test_condition_that_never_goes_past_consent_needs_no_reason(condition: str) -> None:
    """Rule 11: where every way needs consent, or none asks for it, nothing has to be recorded."""
    text = TEXT.replace(REASON, "").replace(ANY, condition)
    assert not any("reason must be recorded" in each for each in problems_of(text))


CONSENTED = (
    TEXT.replace(REASON, "")
    .replace(ANY, "{consent_of_victim: given}")
    .replace("reveals: [consent_of_victim, serious_risk]", "reveals: [consent_of_victim]")
)


def beside_consent(clause: str, text: str = CONSENTED) -> list[str]:
    """What is said of a second clause that gives the municipality which clause 4.3 gives."""
    more = f"  - {{id: '8', share: [victim.address], to: social-care, {clause}}}\n"
    return [each for each in problems_of(text + more) if "reason must be recorded" in each]


@pytest.mark.parametrize("form", ["municipality", "outward-code", "present"])
def test_another_clause_without_the_consent_needs_its_reason_recorded(form: str) -> None:
    """Rule 11: what one clause may not do without a reason, two clauses may not do either."""
    risk = f"as: {form}, when: {{serious_risk: yes}}, reveals: [serious_risk]"
    assert beside_consent(risk) == [
        "a.yaml:50: clause 8: it gives `victim.address` to `social-care` without the consent that "
        "clause 4.3 asks for, so the reason must be recorded: add `needs: {reason: yes}`"
    ]
    assert beside_consent(f"{risk}, needs: {{reason: yes}}") == []


@pytest.mark.parametrize(
    "clause",
    [
        "as: present",  # always told: no other way to what consent opens
        "as: present, when: {all: [{serious_risk: yes}, {consent_of_victim: given}]}",
        "as: present, when: {child_present: no}",  # where 4.3 never applies
    ],
)
def test_clause_that_is_no_other_way_needs_no_reason(clause: str) -> None:
    """Rule 11: what is told to begin with, with consent as well, or in another situation."""
    both = "{all: [{child_present: yes}, {consent_of_victim: given}]}"
    text = CONSENTED.replace("when: {consent_of_victim: given}", f"when: {both}")
    assert beside_consent(clause, text) == []


def test_clauses_of_different_publishers_are_no_other_way_for_each_other() -> None:
    """Rule 11: what one police force tells with consent says nothing of what another tells."""
    text = CONSENTED.replace("[northmoor-police]", "[northmoor-police, eastmoor-police]")
    text = text.replace(
        "    as: municipality\n", "    as: municipality\n    from: eastmoor-police\n"
    )
    risk = "as: present, when: {serious_risk: yes}"
    assert beside_consent(f"{risk}, from: northmoor-police", text) == []
    assert len(beside_consent(f"{risk}, from: eastmoor-police", text)) == 1


def test_reason_can_be_recorded_only_where_events_have_a_place_for_it() -> None:
    """Rule 11: no reason, no release; an event type without its field would never release."""
    text = TEXT.replace("police.domestic-incident", "cpis.plan-notice").replace(
        "[incident.attended_at, incident.reference]\n", "[plan.start]\n    needs: {reason: yes}\n"
    )
    assert any("these events have no `sharing_reason` to record" in e for e in problems_of(text))


OPINION = "outcome: favourable"


@pytest.mark.parametrize(
    ("of", "problems"),
    [
        ("[northmoor-police, northmoor-childrens-services]", []),
        (
            "[northmoor-police]",
            ["20: no opinion is of the party `northmoor-childrens-services`; name it in an `of`"],
        ),
        (
            "[northmoor-police, northmoor-childrens-service]",
            [
                "20: no opinion is of the party `northmoor-childrens-services`; name it in an `of`",
                "21: the opinion `DPA-2026-118` is of `northmoor-childrens-service`, which is no "
                "party: the publishers and the agencies named as audiences are "
                "(did you mean `northmoor-childrens-services`?)",
            ],
        ),
    ],
)
def test_opinions_together_are_of_every_party(of: str, problems: list[str]) -> None:
    """Rule 10: each party is under an authority that gave its opinion."""
    text = TEXT.replace(OPINION, f"{OPINION}, of: {of}")
    assert problems_of(text) == [f"a.yaml:{problem}" for problem in problems]


def test_opinion_of_all_covers_every_party() -> None:
    """Rule 10: an opinion that names nobody is of all."""
    second = "  - {authority: b, reference: B-1, date: 2026-07-01, outcome: favourable, of: [a]}\n"
    text = TEXT.replace("dpia: {", f"{second}dpia: {{")
    assert not any("no opinion is of" in each for each in problems_of(text))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("date: 2026-06-30", "date: 2026-09-02", "21: the opinion `DPA-2026-118` comes after the"),
        (
            "review_by: 2027-05-02",
            "review_by: 2026-08-31",
            "22: the impact assessment is to be reviewed before the agreement begins",
        ),
    ],
)
def test_papers_are_there_from_the_first_day(old: str, new: str, problem: str) -> None:
    """Rule 13: an agreement that its own dates would keep shut is refused."""
    assert any(f"a.yaml:{problem}" in each for each in problems_of(TEXT.replace(old, new)))


def test_never_that_does_not_speak_of_the_audience_has_nothing_to_lift() -> None:
    """Rule 11: an override lifts what stands in its own way, for its own audiences."""
    text = changed("    to: anyone\n", "    to: [school]\n")
    expected = "clause 9.1: `lifts` names clause 7.1, which withholds nothing that this releases"
    assert problems_of(text) == [f"a.yaml:54: {expected}"]


def test_consent_rule_is_not_dead_because_a_clause_could_not_be_read() -> None:
    """Rule 13: a fault in a clause is not held against the rule that it may ask for."""
    text = changed("as: municipality", "as: town")
    assert len(problems_of(text)) == 1


def test_consent_without_ages_needs_no_date_of_birth() -> None:
    """Rule 12: who decides at any age is asked at any age."""
    text = changed("{of: victim,", "{of: officer,").replace(
        "consent_of_victim", "consent_of_officer"
    )
    assert problems_of(text) == []


@pytest.mark.parametrize(
    "condition",
    [
        "{any: [{consent_of_victim: given}, {consent_of_victim: [given, refused]}]}",
        "{any: [{all: [{any: [{consent_of_victim: given}, {serious_risk: yes}]}, "
        "{arrest_made: yes}]}, {arrest_made: no}]}",
        "{all: [{any: [{consent_of_victim: given}, {serious_risk: yes}]}, {arrest_made: yes}]}",
    ],
)
def test_way_past_consent_is_found_wherever_it_stands(condition: str) -> None:
    """Rule 11: nesting the alternatives does not hide that one goes past consent."""
    text = TEXT.replace(REASON, "").replace(ANY, condition)
    assert any("so the reason must be recorded" in each for each in problems_of(text))


def test_reason_is_recorded_in_the_events_that_the_clause_shares() -> None:
    """Rule 11: another event type's field records nothing for this one."""
    text = TEXT.replace(
        "[police.domestic-incident]", "[police.domestic-incident, cpis.plan-notice]"
    )
    text += '  - {id: "4.4", share: [plan.start], to: social-care, needs: {reason: yes}}\n'
    assert problems_of(text) == [
        "a.yaml:51: clause 4.4: these events have no `sharing_reason` to record the reason that it "
        "needs"
    ]
