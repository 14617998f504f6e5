"""Checking agreements: what may not be put in force, each in a sentence with line and clause."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from redaction.agreement import Form
from redaction.checks_names import form_faults
from redaction.reading import read_agreement
from redaction.spots import spots_of
from redaction.static_check import check_agreement, check_text
from schemas.registry import EventType, Kind, Registry, load_event_type, load_vocabulary
from tests.redaction.agreement_texts import TEXT, with_change, with_clause

TYPES = {etype.name: etype for etype in Registry.builtin().types}
VOCABULARY = load_vocabulary()
SPOTS = spots_of(TYPES.values())
AGREEMENT = read_agreement(TEXT, origin="a.yaml")


def problems_of(text: str) -> list[str]:
    agreement, problems = check_text(text, TYPES, VOCABULARY, origin="a.yaml")
    assert (agreement is None) is bool(problems)
    return [str(problem) for problem in problems]


def test_sound_agreement_has_no_problem() -> None:
    assert problems_of(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # names
        (
            "caseward-core/1",
            "caseward-core/2",
            "7: the vocabulary in use is `caseward-core/1`, not `caseward-core/2`",
        ),
        (
            "[police.domestic-incident]",
            "[police.domestic-incident, marac.referal]",
            "9: there is no event type `marac.referal` (did you mean `marac.referral`?)",
        ),
        (
            "[incident.attended_at, incident.reference]",
            "[incident.attended_at, incident.referenze]",
            "31: clause 4.1: there is no tag `incident.referenze` in `caseward-core/1` "
            "(did you mean `incident.reference`?)",
        ),
        (
            "[incident.attended_at, incident.reference]",
            "[incident.reference, plan.start]",
            "31: clause 4.1: none of these event types carries `plan.start`",
        ),
        (
            "{class: locates-victim}",
            "{class: locates-victims}",
            "46: clause 7.1: there is no class `locates-victims` in `caseward-core/1` "
            "(did you mean `locates-victim`?)",
        ),
        (
            "    share: [child.name, child.date_of_birth]\n    to: school",
            "    share: [child.name, child.date_of_birth]\n    to: schools",
            "35: clause 4.2: there is no audience `schools` (did you mean `school`?)",
        ),
        (
            "{of: school, training",
            "{of: scool, training",
            "25: there is no audience `scool` (did you mean `school`?)",
        ),
        ('at: "08:30", calendar: school', 'at: "08:30", calendar: work', "27: `calendars` has no"),
        (
            "reveals: [consent_of_victim, serious_risk]",
            "reveals: [serious_harm]",
            "`reveals` names `serious_harm`",
        ),
        ('id: "4.2"', 'id: "4.1"', "35: clause 4.1: the id is taken by the clause in line 31"),
        # who is addressed
        (
            "share: [incident.attended_at, incident.reference]\n    to: school",
            "share: [incident.attended_at, incident.reference]\n    to: anyone",
            "31: clause 4.1: nothing is shared with `anyone`; name the audiences",
        ),
        (
            "named_in: child.school",
            "named_in: child.name",
            "12: audience `school` is named in `child.name`, but these events name no agency there",
        ),
        (
            "named_in: child.school",
            "named_in: child.shool",
            "12: audience `school` is named in no known tag `child.shool` (did you mean",
        ),
        (
            "  social-care: {agency",
            "  other: {agency: northmoor-childrens-services}\n  social-care: {agency",
            "audience `social-care` addresses the same agencies as audience `other`",
        ),
        (
            "  social-care: {agency",
            "  housing: {agency: northmoor-housing}\n  social-care: {agency",
            "16: audience `housing` is given nothing by any clause",
        ),
        (
            "{agency: northmoor-childrens-services}",
            "{agency: northmoor-police}",
            "16: audience `social-care` is the publisher itself",
        ),
        # papers and dates
        ("drafted_with:\n", "drafted_with: []\nhandling_:\n", "no data-protection authority's"),
        ("outcome: favourable", "outcome: unfavourable", "21: the opinion `DPA-2026-118` is not"),
        (
            "dpia: {reference: DPIA-2026-014, date: 2026-05-02, review_by: 2027-05-02}\n",
            "",
            "1: no data-protection impact assessment is named (`dpia`)",
        ),
        ("review_by: 2027-05-02", "review_by: 2025-05-02", "22: the impact assessment is to be"),
        ("until: 2027-08-31", "until: 2026-08-31", "23: the agreement ends before it begins"),
        (
            "  - {of: social-care, instruments: [gdpr-6-1-e]}\n",
            "",
            "17: audience `social-care` has no legal basis",
        ),
        (
            "share: [victim.address]",
            "share: [victim.address, victim.disability]",
            "39: clause 4.3: audience `social-care` gets special-category data, "
            "`victim.disability`, without `special_category` (GDPR article 9)",
        ),
        (
            "share: [victim.address]",
            "share: [victim.address, perpetrator.name]",
            "39: clause 4.3: audience `social-care` gets criminal-offence data, "
            "`perpetrator.name`, without `criminal_offence` (GDPR article 10)",
        ),
        # forms
        (
            "share: [victim.address]",
            "share: [victim.address, victim.name]",
            "39: clause 4.3: `municipality` cannot be made of `victim.name`, which is text",
        ),
        ("as: municipality", "as: year", "`year` cannot be made of `victim.address`, which is an"),
        # shares that never release anything
        (
            "    as: municipality\n",
            "",
            "39: clause 4.3: clause 7.1 always withholds `victim.address` from `social-care`",
        ),
        (
            "    clearer_than: municipality\n",
            "",
            "39: clause 4.3: clause 7.1 always withholds `victim.address` from `social-care`",
        ),
        (
            "[incident.attended_at, incident.reference]",
            "[incident.reference, household.child_count]",
            "31: clause 4.1: `household.child_count` summarises a list of which `school` sees only",
        ),
        (
            "never: {class: locates-victim}",
            "never: {class: locates-victim, tag: event.basics}",
            "46: clause 7.1: every delivery discloses the event's type, publisher and time",
        ),
        # lists
        (
            "where: child.school",
            "where: child.name",
            "35: clause 4.2: `where` must name what tells whose an entry is; `child.name` does not",
        ),
        (
            "share: [child.name, child.date_of_birth]",
            "share: [child.name, incident.reference]",
            "35: clause 4.2: `items` selects entries of a list, but `incident.reference` stands in",
        ),
        # conditions
        (
            "{serious_risk: yes}",
            "{serious_harm: yes}",
            "39: clause 4.3: `serious_harm` is no fact of these events",
        ),
        ("{serious_risk: yes}", "{serious_risk: high}", "`serious_risk` never is `high`"),
        (
            "{serious_risk: yes}",
            "{risk_level: hihg}",
            "`risk_level` never is `hihg` (did you mean `high`?)",
        ),
        (
            "{serious_risk: yes}",
            "{child_count: {at_least: 2}}",
            "`child_count` is not marked as a fact, so no condition may ask it",
        ),
        ("{serious_risk: yes}", "{serious_risk: {at_least: 2}}", "`serious_risk` is no number"),
        (
            "{serious_risk: yes}",
            "{involvement: witnessed}",
            "`involvement` is told of each entry of a list; ask it under `items: {when: ...}`",
        ),
        (
            "{consent_of_victim: given}",
            "{consent_of_victim: not_asked}",
            "`consent_of_victim` is asked as given, refused or withdrawn",
        ),
        (
            "{consent_of_victim: given}",
            "{consent_of_victm: given}",
            "`consent_of_victm` names nobody the vocabulary knows (did you mean `victim`?)",
        ),
        (
            "{consent_of_victim: given}",
            "{age: {of: child.date_of_birth, at_most: 17}}",
            "`child.date_of_birth` is told of each entry of a list; ask it under",
        ),
        (
            "{consent_of_victim: given}",
            "{age: {of: victim.name, at_most: 17}}",
            "`age` is of `victim.name`, which is no date",
        ),
        (
            "{disclosure_age: {at_most: 3 days}}",
            "{lives_with: victim}",
            "12: audience `school`: `lives_with` is told of each entry of a list",
        ),
    ],
)
def test_fault_is_found_with_its_place(old: str, new: str, problem: str) -> None:
    found = problems_of(with_change(old, new))
    place = f"a.yaml:{problem}" if problem[0].isdigit() else problem
    assert any(place in each for each in found), found


def test_number_asked_as_a_word_is_found() -> None:
    text = with_change("[police.domestic-incident]", "[marac.referral]").replace(
        "{serious_risk: yes}", "{dash_score: high}"
    )
    assert any("`dash_score` is a number; ask `at_least` or" in each for each in problems_of(text))


def test_school_days_need_a_school_calendar() -> None:
    text = with_change("{at_most: 3 days}", "{at_most: 3 school days}")
    assert problems_of(text) == []
    without = text.replace("calendars: {school: northmoor-schools}\n", "")
    assert any(
        "school days need the calendar to count them by: `calendars: {school: ...}`" in each
        for each in problems_of(without)
    )


def test_element_may_be_asked_for_its_own_facts_its_ancestors_and_the_root() -> None:
    selected = "items: {when: {all: [{involvement: witnessed}, {serious_risk: yes}]}}"
    selected += "\n    reveals: [involvement, serious_risk]"
    assert problems_of(with_change("items: {where: child.school, is: recipient}", selected)) == []


def test_never_that_depends_on_a_condition_leaves_the_share_alive() -> None:
    clause = '  - {id: "7.2", never: [incident.reference], to: school'
    condition = ", when: {serious_risk: yes}, reveals: [serious_risk]"
    assert problems_of(with_clause(f"{clause}{condition}}}\n")) == []
    always = f"{clause}}}\n"
    expected = (
        "a.yaml:31: clause 4.1: clause 7.2 always withholds `incident.reference` from `school`"
    )
    assert problems_of(with_clause(always)) == [expected]


@pytest.mark.parametrize("form", ["scrubbed", "mask", "present", "pseudonym"])
def test_free_text_may_be_told_in_every_form_but_clear(form: str) -> None:
    """Rule 13: what nobody would be given is refused, and what is given of a text is not."""
    clause = "  - {id: '5', share: [incident.circumstances], to: school"
    assert problems_of(with_clause(f"{clause}, as: {form}}}\n")) == []
    (said,) = problems_of(with_clause(f"{clause}}}\n"))
    assert said == (
        "a.yaml:51: clause 5: `incident.circumstances` is free text, which may name anybody and "
        "any place; share it `as: scrubbed`"
    )


def test_every_tag_told_in_words_is_free_text() -> None:
    """Rule 13: what the vocabulary calls `in words` has the class, and only texts have it."""
    tags = VOCABULARY.tags.items()
    free = {name for name, tag in tags if "free-text" in tag.classes}
    assert free >= {name for name, tag in tags if "in words" in tag.means}
    assert {spot.kind for spot in SPOTS if spot.field.tag in free} == {Kind.STRING}


def test_forms_that_cannot_be_ordered_are_refused() -> None:
    # no kind of value takes both, so each is also refused for its kind
    clause = '  - {id: "4.4", share: [victim.address], as: year, to: social-care}\n'
    assert any(
        "`year` of `victim.address` cannot be ordered beside the form of clause 4.3" in each
        for each in problems_of(with_clause(clause))
    )


def test_spelling_and_meaning_are_checked_in_one_go() -> None:
    text = with_change("as: municipality", "as: town").replace("incident.reference", "incident.ref")
    found = problems_of(text)
    assert [each.split(":")[1] for each in found] == ["31", "41"]
    # nothing is held against the clause that could not be read, nor against its audience
    assert not any("social-care" in each for each in found)


def test_second_agreement_that_would_govern_the_same_delivery_is_refused() -> None:
    def against(**changes: object) -> list[str]:
        other = replace(AGREEMENT, **{"id": "other", **changes})  # type: ignore[arg-type]
        found = check_agreement(AGREEMENT, TYPES, VOCABULARY, others=(other,), origin="a.yaml")
        return [str(problem) for problem in found]

    assert any("`other` version 3 would govern too" in each for each in against())
    assert against(purposes=("victim-support",)) == []
    assert against(publishers=("eastmoor-police",)) == []
    assert against(event_types=("marac.referral",)) == []
    assert against(start=date(2027, 9, 1), until=date(2028, 8, 31)) == []
    assert against(start=date(2027, 8, 31), until=date(2028, 8, 31)) != []
    housing = replace(AGREEMENT.audiences[1], agency="northmoor-housing")
    # a school named in an event may be any agency, so only two fixed agencies exclude each other
    assert against(audiences=(housing,)) != []
    only = replace(AGREEMENT, audiences=AGREEMENT.audiences[1:])
    found = check_agreement(
        only, TYPES, VOCABULARY, others=(replace(only, id="o", audiences=(housing,)),), origin="a"
    )
    assert not any("govern" in str(problem) for problem in found)


def test_version_cannot_be_enacted_again_with_another_text() -> None:
    same = check_agreement(AGREEMENT, TYPES, VOCABULARY, others=(AGREEMENT,), origin="a.yaml")
    assert same == ()
    other = replace(AGREEMENT, title="Another")
    found = check_agreement(AGREEMENT, TYPES, VOCABULARY, others=(other,), origin="a.yaml")
    assert [str(problem) for problem in found] == [
        "a.yaml:1: version 3 is in force with another text; count it up"
    ]
    later = replace(AGREEMENT, version=4)
    assert check_agreement(later, TYPES, VOCABULARY, others=(AGREEMENT,), origin="a.yaml") != ()


def test_share_that_adds_nothing_to_another_is_refused() -> None:
    """Rule 13: a dead clause would make its readers believe in a condition that is none."""
    clause = (
        '  - {id: "4.4", share: [incident.reference], as: present, to: school, '
        "when: {serious_risk: yes}, reveals: [serious_risk]}\n"
    )
    expected = "a.yaml:51: clause 4.4: clause 4.1 shares all of this on no condition, so this adds"
    assert problems_of(with_clause(clause)) == [f"{expected} nothing"]
    more = clause.replace("[incident.reference]", "[incident.reference, incident.kind]")
    assert problems_of(with_clause(more)) == []
    other = clause.replace("to: school", "to: social-care")
    assert problems_of(with_clause(other)) == []


def test_of_two_equal_shares_the_second_is_refused() -> None:
    """Rule 13: one of them is dead, and only one is said to be."""
    clause = '  - {id: "4.4", share: [incident.reference, incident.attended_at], to: school}\n'
    assert len(problems_of(with_clause(clause))) == 1


def test_share_that_a_cap_leaves_where_a_clearer_one_falls_is_alive() -> None:
    """Rule 3: a `never` may stop the clearer form and leave the lesser one."""
    clause = (
        '  - {id: "4.4", share: [incident.attended_at], as: year, to: school}\n'
        '  - {id: "7.2", never: [incident.attended_at], clearer_than: year, to: school, '
        "when: {serious_risk: yes}, reveals: [serious_risk]}\n"
    )
    assert problems_of(with_clause(clause)) == []


def test_every_kind_of_value_has_words_for_it() -> None:
    """Rule 4: a form that fits no such value is refused in words, whatever the value is."""
    spot = next(spot for spot in SPOTS if spot.leaf is not None)
    assert spot.leaf is not None
    for kind in Kind:
        made = replace(spot, leaf=replace(spot.leaf, kind=kind))
        assert all("which is" in fault for form in Form for fault in form_faults(form, (made,)))


def test_class_of_an_event_type_is_a_class_of_all_that_it_carries() -> None:
    """Rule 13: event types carry classes too, on their own tag."""
    text = TYPES["police.domestic-incident"].text
    marked = json.dumps({**json.loads(text), "tag": "victim.disability"})
    etype = load_event_type(marked, VOCABULARY, origin="marked")
    found = check_text(TEXT, {etype.name: etype}, VOCABULARY, origin="a.yaml")[1]
    assert [str(problem) for problem in found] == [
        "a.yaml:39: clause 4.3: audience `social-care` gets special-category data, "
        "`victim.address`, without `special_category` (GDPR article 9) in its legal basis"
    ]


RISK = "when: {serious_risk: yes}, reveals: [serious_risk]"


@pytest.mark.parametrize(
    "clauses",
    [
        # another condition, a lesser form before, one publisher of two
        '  - {id: "4.4", share: [victim.address], as: municipality, to: social-care, '
        "when: {arrest_made: yes}, reveals: [arrest_made]}\n",
        '  - {id: "4.4", share: [case.status], as: present, to: school}\n'
        f'  - {{id: "4.5", share: [case.status], to: school, {RISK}}}\n',
        '  - {id: "4.4", share: [case.status], to: school, from: eastmoor-police}\n'
        f'  - {{id: "4.5", share: [case.status], to: school, {RISK}}}\n',
    ],
)
def test_share_that_adds_something_is_alive(clauses: str) -> None:
    """Rule 13: only what another share releases in every case is dead."""
    text = with_clause(clauses.replace("case.status", "officer.unit"))
    text = text.replace("[northmoor-police]", "[northmoor-police, eastmoor-police]")
    assert problems_of(text) == []


def test_missing_opinion_is_told_once() -> None:
    """Rule 13: without any opinion no party is said to lack one."""
    opinion = "  - {authority: dpa-northmoor, reference: DPA-2026-118, date: 2026-06-30, "
    text = with_change(f"drafted_with:\n{opinion}outcome: favourable}}\n", "")
    assert problems_of(text) == [
        "a.yaml:1: no data-protection authority's opinion is named (`drafted_with`)"
    ]


def test_earlier_version_of_an_event_type_is_checked_as_the_newest_is() -> None:
    """Rule 13: publishers may still send it, so a clause must be executable for it as well."""
    newest = TYPES["police.domestic-incident"]
    raw = json.loads(newest.text)
    victim = next(one for one in raw["fields"] if one["name"] == "victim")
    born = next(one for one in victim["type"]["fields"] if one["name"] == "date_of_birth")
    born["type"] = ["null", "string"]
    older = load_event_type(json.dumps(raw), VOCABULARY, origin="first")
    later = replace(newest, version=older.version + 1)
    text = with_clause("  - {id: '5', share: [victim.date_of_birth], as: year, to: social-care}\n")

    def found(*versions: EventType) -> list[str]:
        types = {later.name: later}
        told = check_text(text, types, VOCABULARY, older=versions, origin="a.yaml")[1]
        return [str(each) for each in told]

    assert found() == found(newest) == []
    assert found(older) == [
        "a.yaml:51: clause 5: `year` cannot be made of `victim.date_of_birth`, which is text in "
        "version 1 of `police.domestic-incident`"
    ]
