"""The vocabulary and the event types that Caseward comes with, and how they are found."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import Code, EventRefused, SchemaError
from schemas.registry import (
    Kind,
    Registry,
    load_vocabulary,
    parse_vocabulary,
)
from tests.schemas.samples import (
    by_path,
    leaves,
    load,
    load_changed,
    schema,
)

BUILTIN = Registry.builtin()
VOCABULARY = load_vocabulary()


def test_four_event_types_come_with_caseward() -> None:
    assert [etype.name for etype in BUILTIN.types] == [
        "cpis.plan-notice",
        "marac.referral",
        "police.domestic-incident",
        "social-care.case-update",
    ]
    for etype in BUILTIN.types:
        assert BUILTIN.by_name(etype.name) is BUILTIN.by_rabin(etype.rabin) is etype


def test_every_tag_of_the_vocabulary_is_used_and_means_something() -> None:
    used = {of.tag for etype in BUILTIN.types for _, of, _ in leaves(etype.root)}
    assert used == set(VOCABULARY.tags)
    assert all(tag.means and "\n" not in tag.means for tag in VOCABULARY.tags.values())
    assert VOCABULARY.name == "caseward-core/1"


def test_addresses_and_phones_are_compared_by_the_class_of_their_tag() -> None:
    for etype in BUILTIN.types:
        for path, of, leaf in leaves(etype.root):
            classes = VOCABULARY.tags[of.tag].classes
            assert (leaf.kind is Kind.ADDRESS) == ("address" in classes), path
            assert path.endswith("phone") == ("phone" in classes), path


def test_whatever_tells_where_the_victim_or_her_child_is_locates_her() -> None:
    places = ("address", "place", "phone", "school", "school_contact", "school_phone", "gp_surgery")
    locating = {
        name
        for name in VOCABULARY.tags
        for person, _, what in [name.partition(".")]
        if person in ("victim", "child", "adult", "refuge", "incident")
        and (what in places or what.startswith("safe_") or name == "refuge.name")
    }
    locating |= {"case.safety_plan"}
    found = {name for name, tag in VOCABULARY.tags.items() if "locates-victim" in tag.classes}
    assert found == locating


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [("child.", "child"), ("perpetrator.", "criminal-offence"), ("plan.", "child")],
)
def test_every_tag_about_such_a_person_is_of_the_class(prefix: str, wanted: str) -> None:
    about = [tag for name, tag in VOCABULARY.tags.items() if name.startswith(prefix)]
    assert about
    assert all(wanted in tag.classes for tag in about)


def test_special_categories_are_known_as_such() -> None:
    special = {name for name, tag in VOCABULARY.tags.items() if "special-category" in tag.classes}
    wanted = {"ethnicity", "disability", "lgbt_status", "additional_needs", "mental_health"}
    assert {f"victim.{name}" for name in wanted} <= special
    assert {"perpetrator.ethnicity", "perpetrator.disability", "plan.text", "plan.type"} <= special


def test_a_marac_referral_holds_every_item_that_such_an_agreement_lists() -> None:
    paths = by_path(BUILTIN.by_name("marac.referral"))
    listed = """
        dash_score referral.date referral.agency referral.referrer.name
        referral.referrer.job_title referral.referrer.phone victim_aware consent_of_victim
        reason_for_non_consent victim.name victim.phone victim.safe_phone victim.date_of_birth
        victim.gender victim.address victim.safe_address victim.language victim.ethnicity
        victim.disability victim.lgbt_status victim.relationship_status victim.gp_surgery
        victim.additional_needs victim.mental_health perpetrator.name perpetrator.date_of_birth
        perpetrator.relationship_to_victim perpetrator.gender perpetrator.address
        perpetrator.current_address perpetrator.ethnicity perpetrator.disability children.name
        children.date_of_birth children.relationship_to_victim children.relationship_to_perpetrator
        children.lives_with grounds.recent_incidents grounds.history grounds.support
        risks.to_victim risks.to_children risks.from_perpetrator risks.triggers
        police.crime_reference police.safeguarding_officer.name police.current_offence
        police.markers police.protective_orders.kind police.disposal police.bail_conditions
        police.charges police.court.name police.court.next_hearing police.sentencing
        police.safeguarding_summary
    """
    assert not set(listed.split()) - set(paths)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "police.domestic-incident",
            "children_involved serious_risk risk_level sharing_reason incident.incident_kind "
            "incident.child_present incident.arrest_made children.school children.involvement "
            "children.lives_with",
        ),
        (
            "marac.referral",
            "dash_score professional_judgement_high repeat_within_12_months victim_aware "
            "consent_of_victim sharing_reason children_involved children.lives_with "
            "children.school",
        ),
        ("cpis.plan-notice", "plan.plan_type"),
        (
            "social-care.case-update",
            "children_involved serious_risk sharing_reason case.case_status adults.adult_role "
            "children.child_id children.lives_with children.school children.plan_type",
        ),
    ],
)
def test_conditions_can_read_these_facts_and_no_others(name: str, facts: str) -> None:
    found = {path for path, (of, _) in by_path(BUILTIN.by_name(name)).items() if of.fact}
    assert found == set(facts.split())


def test_a_cpis_notice_carries_what_is_shared_and_the_plan_that_never_is() -> None:
    paths = by_path(BUILTIN.by_name("cpis.plan-notice"))
    tags = {of.tag for of, _ in paths.values()}
    assert {"child.nhs_number", "mother.nhs_number", "team.phone", "plan.text"} <= tags
    assert paths["plan.plan_type"][1].symbols == (
        "child_protection_plan",
        "unborn_child_protection_plan",
        "looked_after",
    )


def test_event_types_that_could_be_taken_for_each_other_are_refused() -> None:
    one = load(schema())

    def rename(raw: dict[str, Any]) -> None:
        raw["event_type"] = "test.other"

    with pytest.raises(SchemaError, match="version 1, stands twice"):
        Registry([one, load(schema())])
    with pytest.raises(SchemaError, match="one fingerprint"):
        Registry([one, load_changed(rename)])


def test_an_unknown_event_type_is_refused() -> None:
    with pytest.raises(EventRefused) as by_name:
        BUILTIN.by_name("police.other")
    with pytest.raises(EventRefused) as by_rabin:
        BUILTIN.by_rabin(bytes(8))
    assert by_name.value.code is by_rabin.value.code is Code.UNKNOWN_SCHEMA
    assert "police.other" not in str(by_name.value)


GOOD = "name: v/1\nclasses: {a: A}\ntags: {t: {means: T, classes: [a]}}\n"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD.replace("[a]", "[b]"), "unknown class `b`"),
        (GOOD.replace("means: T, ", ""), "tag `t` has exactly"),
        (GOOD.replace("means: T", "means: ''"), "tag `t` has exactly"),
        (GOOD.replace("[a]", "a"), "tag `t` has exactly"),
        (GOOD.replace("[a]", "[[a]]"), "unknown class"),
        (GOOD + "more: 1\n", "exactly `name`"),
        (GOOD + "unliftable: a\n", "`unliftable` is a list"),
        (GOOD + "unliftable: [[a]]\n", "`unliftable` is a list"),
        (GOOD + "unliftable: [b]\n", "`unliftable` is a list"),
        (GOOD + "name: v/2\n", "line 4: `name` stands twice"),
        (GOOD.replace("{t:", "{t: 1, t:"), "`t` stands twice"),
        (GOOD.replace("t: {", "[t]: {"), "a key is one word"),
        ("", "empty"),
        ("{", "not YAML"),
        ("a: *b", "not YAML"),
    ],
)
def test_a_vocabulary_is_refused_with_its_rule(text: str, rule: str) -> None:
    assert parse_vocabulary(GOOD, origin="v.yaml").tags["t"].classes == {"a"}
    assert parse_vocabulary(GOOD + "unliftable: [a]\n", origin="v.yaml").unliftable == {"a"}
    with pytest.raises(SchemaError, match=r"^v\.yaml: ") as refused:
        parse_vocabulary(text, origin="v.yaml")
    assert rule in str(refused.value)
