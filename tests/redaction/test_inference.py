"""What an audience can infer from what it gets and does not get, and that a clause must say so."""

from __future__ import annotations

import pytest

from redaction.inference import Inference, Through, inferences
from redaction.reading import read_agreement
from redaction.static_check import check_text
from redaction.subject import subject_of
from schemas.registry import Registry, load_vocabulary
from tests.redaction.agreement_texts import TEXT, with_change, with_clause

TYPES = {etype.name: etype for etype in Registry.builtin().types}
VOCABULARY = load_vocabulary()
ITEMS = "items: {where: child.school, is: recipient}"
SHARED = "share: [incident.attended_at, incident.reference]"


def told(text: str) -> set[tuple[str, str, str | None]]:
    """Audience, fact and clause of everything that can be inferred."""
    found = inferences(subject_of(read_agreement(text, origin="a"), TYPES, VOCABULARY))
    return {(each.audience, each.fact, each.clause) for each in found}


def problems_of(text: str) -> list[str]:
    return [str(each) for each in check_text(text, TYPES, VOCABULARY, origin="a.yaml")[1]]


def test_facts_show_through_being_addressed_and_through_what_is_shared() -> None:
    """Rule 13: an audience's own condition and its clauses' tell their facts by their outcome."""
    subject = subject_of(read_agreement(TEXT, origin="a"), TYPES, VOCABULARY)
    assert inferences(subject) == (
        Inference(
            audience="school",
            fact="children_involved",
            through=Through.ADDRESSED,
            clause=None,
            tag="incident.children_involved",
            revealed=True,
        ),
        Inference(
            audience="social-care",
            fact="consent_of_victim",
            through=Through.SHARED,
            clause="4.3",
            tag=None,
            revealed=True,
        ),
        Inference(
            audience="social-care",
            fact="serious_risk",
            through=Through.SHARED,
            clause="4.3",
            tag="incident.serious_risk",
            revealed=True,
        ),
    )


NEVER = '  - {id: "7.2", never: [incident.reference], to: school, when: {serious_risk: yes}}\n'


def test_facts_show_through_what_a_never_withholds() -> None:
    """Rule 13: whoever misses what it otherwise gets can tell why."""
    assert ("school", "serious_risk", "7.2") in told(with_clause(NEVER))


@pytest.mark.parametrize(
    "never",
    [
        # to somebody else, of something that is not shared, and a cap that the share keeps to
        NEVER.replace("to: school", "to: social-care"),
        NEVER.replace("incident.reference", "victim.phone"),
        NEVER.replace("[incident.reference]", "[victim.address], clearer_than: municipality"),
    ],
)
def test_never_that_changes_nothing_for_an_audience_tells_it_nothing(never: str) -> None:
    """Rule 13: only what can be missed tells."""
    assert told(with_clause(never)) == told(TEXT)


def test_never_on_an_address_shows_where_an_equal_one_is_shared() -> None:
    """Rule 3: an equal phone number or address is withheld too, so its absence tells as well."""
    text = TEXT.replace("{class: locates-victim}", "[child.address]").replace(
        "    as: municipality\n", ""
    )
    text = text.replace("    clearer_than: municipality\n", "    when: {arrest_made: yes}\n")
    assert ("social-care", "arrest_made", "7.1") in told(text)


def test_fact_that_the_audience_gets_anyway_is_not_inferred() -> None:
    """Rule 13: a field shared in clear and under no condition leaves nothing to infer."""
    shared = SHARED.replace("reference]", "reference, incident.children_involved]")
    text = TEXT.replace(SHARED, shared)
    assert ("school", "children_involved", None) not in told(text)
    for spoilt in (
        text.replace(shared, f"{shared}\n    as: present"),
        text.replace(shared, f"{shared}\n    when: {{serious_risk: yes}}"),
        text.replace(shared, f"{shared}\n    needs: {{reason: yes}}"),
        text + '  - {id: "7.2", never: {class: child}, to: school, when: {serious_risk: yes}}\n',
    ):
        assert ("school", "children_involved", None) in told(spoilt)


def test_fact_that_only_one_publisher_tells_is_inferred_of_the_other() -> None:
    """Rule 13: what one publisher shares does not tell of another's events."""
    text = TEXT.replace("[northmoor-police]", "[northmoor-police, eastmoor-police]")
    shared = SHARED.replace("reference]", "reference, incident.children_involved]")
    assert ("school", "children_involved", None) not in told(text.replace(SHARED, shared))
    one = f"{shared}\n    from: northmoor-police"
    assert ("school", "children_involved", None) in told(text.replace(SHARED, one))


def test_consent_is_inferred_even_where_the_event_tells_it() -> None:
    """Rule 5: the register may be stricter than the event, which the outcome would tell."""
    text = TEXT.replace("police.domestic-incident", "marac.referral")
    clause = '  - {id: "4.4", share: [victim.consent], to: social-care}\n'
    assert ("social-care", "consent_of_victim", "4.3") in told(text + clause)


def test_time_and_own_name_tell_nothing_new() -> None:
    """Rule 13: every delivery tells the event's time, and a recipient knows its name."""
    assert {fact for audience, fact, _ in told(TEXT) if audience == "school"} == {
        "children_involved"
    }


AGE = "{age: {of: child.date_of_birth, at_least: 4}}"


def test_age_of_a_child_is_inferred_from_her_absence() -> None:
    """Rule 13: a school that misses its own pupil can tell her age, though it gets others'."""
    text = TEXT.replace(ITEMS, ITEMS.replace("recipient}", f"recipient, when: {AGE}}}"))
    assert ("school", "child.date_of_birth", "4.2") in told(text)
    expected = (
        "a.yaml:35: clause 4.2: `school` can infer the age behind `child.date_of_birth` from "
        "whether this is shared; add `reveals: [child.date_of_birth]`, or always share "
        "`child.date_of_birth` with it in clear"
    )
    assert problems_of(text) == [expected]
    revealed = text.replace(f"{AGE}}}", f"{AGE}}}\n    reveals: [child.date_of_birth]")
    assert problems_of(revealed) == []


def test_age_is_not_inferred_by_whoever_gets_every_date_of_birth() -> None:
    """Rule 13: the date in clear, of every child, tells the age; its year does not."""
    text = TEXT.replace(ITEMS, ITEMS.replace("recipient}", f"recipient, when: {AGE}}}"))
    whole = '  - {id: "4.4", share: [child.date_of_birth], to: school}\n'
    assert ("school", "child.date_of_birth", "4.2") not in told(text + whole)
    year = whole.replace("to: school", "as: year, to: school")
    assert ("school", "child.date_of_birth", "4.2") in told(text + year)


def test_element_is_asked_its_own_facts_before_those_around_it() -> None:
    """Rule 5: a list element's condition reads its own facts and its ancestors'."""
    text = TEXT.replace(
        ITEMS, "items: {when: {all: [{involvement: witnessed}, {arrest_made: yes}]}}"
    )
    assert {(fact, clause) for _, fact, clause in told(text)} >= {
        ("involvement", "4.2"),
        ("arrest_made", "4.2"),
    }
    shared = text.replace("child.date_of_birth]", "child.date_of_birth, child.involvement]")
    assert ("school", "involvement", "4.2") in told(shared)
    every = '  - {id: "4.4", share: [child.involvement], to: school}\n'
    assert ("school", "involvement", "4.2") not in told(text + every)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "    reveals: [children_involved]\n",
            "",
            "12: audience `school` can infer `children_involved` from being sent anything; add "
            "`reveals: [children_involved]`, or always share `incident.children_involved` with it "
            "in clear",
        ),
        (
            "reveals: [consent_of_victim, serious_risk]",
            "reveals: [serious_risk]",
            "39: clause 4.3: `social-care` can infer `consent_of_victim` from whether this is "
            "shared; add `reveals: [consent_of_victim]`",
        ),
        (
            "reveals: [consent_of_victim, serious_risk]",
            "reveals: [consent_of_victim, serious_risk, arrest_made]",
            "39: clause 4.3: `reveals` names `arrest_made`, which nobody can infer from this",
        ),
        (
            "reveals: [consent_of_victim, serious_risk]",
            "reveals: [consent_of_victim, serious_risk, serious_harm]",
            "39: clause 4.3: `reveals` names `serious_harm`, which is no fact here "
            "(did you mean `serious_risk`?)",
        ),
        (
            "reveals: [children_involved]",
            "reveals: [children_involved, consent_of_child]",
            "12: audience `school`: `reveals` names `consent_of_child`, which nobody can infer "
            "from this",
        ),
        (
            "    not_told_to: [perpetrators]\n",
            "    reveals: [serious_risk]\n",
            "46: clause 7.1: `reveals` names `serious_risk`, which nobody can infer from this",
        ),
    ],
)
def test_clause_says_which_facts_it_reveals_and_no_others(old: str, new: str, problem: str) -> None:
    """Rule 13: what can be inferred is signed too, and a word that reveals nothing is refused."""
    assert problems_of(with_change(old, new)) == [f"a.yaml:{problem}"]


def test_an_unknown_fact_is_said_once_and_not_again_of_what_it_would_reveal() -> None:
    """Rule 13: one slip in a condition is one sentence; a slip in `reveals` is another."""
    text = with_change("{serious_risk: yes}", "{eviction_ordered: yes}")
    assert [each.split(";")[0] for each in problems_of(text)] == [
        "a.yaml:39: clause 4.3: `eviction_ordered` is no fact of these events"
    ]
    said = problems_of(text.replace("_victim, serious_risk]", "_victim, eviction_ordered]"))
    assert len(said) == 1
    said = problems_of(text.replace("_victim, serious_risk]", "_victim, serious_harm]"))
    assert "`serious_harm`, which is no fact here" in said[1]


def test_every_audience_that_can_infer_a_fact_is_named() -> None:
    """Rule 13: one sentence a fact, with all who can tell it."""
    clause = (
        '  - {id: "4.4", share: [incident.reference], to: [school, social-care], '
        "when: {serious_risk: yes}}\n"
    )
    assert problems_of(with_clause(clause)) == [
        "a.yaml:51: clause 4.4: `school` and `social-care` can infer `serious_risk` from whether "
        "this is shared; add `reveals: [serious_risk]`, or always share `incident.serious_risk` "
        "with all of them in clear"
    ]


def test_nothing_is_inferred_from_clauses_that_could_not_be_read() -> None:
    """Rule 13: a fault in one clause is not held against another as well."""
    found = problems_of(with_change("as: municipality", "as: town"))
    assert len(found) == 1
