"""Plain words come from what is executed: each field that a reader is shown changes the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from redaction.agreement import (
    AgeBand,
    Agreement,
    AllOf,
    AnyOf,
    Elapsed,
    Form,
    Is,
    Items,
    Not,
    Number,
    OnWithdrawal,
    Unit,
)
from redaction.explain import Reader
from redaction.reading import read_agreement
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT
from tests.redaction.explained import FOLDERS, LANGUAGES, example, page

MORE = """\
  - id: "5.1"
    text: What was recorded of the alleged offence.
    share: [incident.kind, incident.arrest_made]
    to: social-care
  - id: "7.2"
    never: [incident.circumstances]
    to: school
    when: {incident_kind: sexual_violence}
    reveals: [incident_kind]
"""
RISK = Is(fact="serious_risk", values=("yes",))
AGREED = Is(fact="consent_of_victim", values=("given",))
WORK = frozenset({Reader.PROFESSIONALS, Reader.AUTHORITY})
AUTHORITY = frozenset({Reader.AUTHORITY})
NO_PERPETRATORS = WORK | {Reader.VICTIMS}
ALL = frozenset(Reader)


@cache
def rich() -> Agreement:
    """An agreement that has every section."""
    agreement = read_agreement((TEXT + MORE + EXCEPTIONS).encode(), origin="rich.yaml")
    opinion = replace(agreement.drafted_with[0], of=("northmoor-police",))
    return replace(agreement, drafted_with=(opinion,))


def changed(section: str, number: int | None, field: str, value: Any) -> Agreement:
    """The agreement with one field of one entry of a section changed."""
    old = rich()
    if number is None:
        new: Any = value
        if section:
            new = replace(getattr(old, section), **{field: value})
        return replace(old, **{section or field: new})
    entries = list(getattr(old, section))
    assert getattr(entries[number], field) != value, (section, field)
    entries[number] = replace(entries[number], **{field: value})
    whole: dict[str, Any] = {section: tuple(entries)}
    return replace(old, **whole)


SHARE, LAST = 2, 3  # clause 4.3, which has conditions, and 5.1, which perpetrators are told of
SHOWN: list[tuple[str, int | None, str, Any, frozenset[Reader]]] = [
    ("shares", LAST, "tags", ("incident.kind",), ALL),
    ("shares", LAST, "to", ("school",), ALL),
    ("shares", LAST, "form", Form.PRESENT, ALL),
    ("shares", LAST, "id", "5.9", WORK),
    ("shares", LAST, "publishers", ("northmoor-police",), NO_PERPETRATORS),
    ("shares", LAST, "items", Items(where="child.school", when=None), NO_PERPETRATORS),
    ("shares", LAST, "items", Items(where=None, when=RISK), NO_PERPETRATORS),
    ("shares", LAST, "when", RISK, NO_PERPETRATORS),
    ("shares", LAST, "needs_reason", True, NO_PERPETRATORS),
    ("shares", LAST, "not_told_to", ("perpetrators",), frozenset({Reader.PERPETRATORS})),
    ("shares", SHARE, "when", AnyOf(parts=(RISK, AGREED)), NO_PERPETRATORS),
    ("shares", SHARE, "when", AllOf(parts=(RISK, AGREED)), NO_PERPETRATORS),
    ("shares", SHARE, "when", Not(part=RISK), NO_PERPETRATORS),
    ("nevers", 0, "classes", ("money",), NO_PERPETRATORS),
    ("nevers", 0, "clearer_than", None, NO_PERPETRATORS),
    ("nevers", 0, "clearer_than", Form.PRESENT, NO_PERPETRATORS),
    ("nevers", 0, "to", ("school",), NO_PERPETRATORS),
    ("nevers", 0, "id", "7.9", WORK),
    ("nevers", 1, "tags", ("incident.injuries",), NO_PERPETRATORS),
    ("nevers", 1, "when", None, NO_PERPETRATORS),
    ("nevers", 1, "when", Not(part=AGREED), NO_PERPETRATORS),
    ("overrides", 0, "tags", ("victim.address",), NO_PERPETRATORS),
    ("overrides", 0, "to", ("school",), NO_PERPETRATORS),
    ("overrides", 0, "form", Form.MASK, NO_PERPETRATORS),
    ("overrides", 0, "authorisers", 3, NO_PERPETRATORS),
    ("overrides", 0, "of_rank", "director", NO_PERPETRATORS),
    ("overrides", 0, "expires_after_hours", 9, NO_PERPETRATORS),
    ("overrides", 0, "review_within_hours", 9, NO_PERPETRATORS),
    ("overrides", 0, "legal_basis", ("gdpr-6-1-d",), AUTHORITY),
    ("overrides", 0, "lifts", (), AUTHORITY),
    ("overrides", 0, "id", "9.9", WORK),
    ("audiences", 1, "agency", "northmoor-hospital", ALL),
    ("audiences", 1, "when", RISK, NO_PERPETRATORS),
    ("audiences", 0, "when", RISK, NO_PERPETRATORS),
    ("audiences", 0, "named_in", "child.gp_surgery", NO_PERPETRATORS),
    ("consents", 0, "of", "child", NO_PERPETRATORS),
    ("consents", 0, "presumed", None, NO_PERPETRATORS),
    ("consents", 0, "on_withdrawal", OnWithdrawal.ERASE, NO_PERPETRATORS),
    ("consents", 0, "by_age", (AgeBand(from_age=0, decider="parent"),), NO_PERPETRATORS),
    ("legal_basis", 0, "instruments", ("gdpr-6-1-d",), AUTHORITY),
    ("legal_basis", 0, "special_category", ("gdpr-9-2-h",), AUTHORITY),
    ("legal_basis", 0, "criminal_offence", (), AUTHORITY),
    ("requires", 0, "training", "another-course", WORK),
    ("requires", 0, "valid_months", None, WORK),
    ("requires", 0, "valid_months", 24, WORK),
    ("deliver_by", 0, "at", "09:00", WORK),
    ("deliver_by", 0, "rule", "within 4 hours", WORK),
    ("handling", 0, "onward", "with-police-consent", NO_PERPETRATORS),
    ("handling", 0, "not_to_reach", (), NO_PERPETRATORS),
    ("handling", 0, "keep_days", 30, NO_PERPETRATORS),
    ("drafted_with", 0, "authority", "another-authority", ALL - {Reader.PROFESSIONALS}),
    ("drafted_with", 0, "reference", "DPA-2026-999", AUTHORITY),
    ("drafted_with", 0, "date", date(2026, 1, 1), AUTHORITY),
    ("drafted_with", 0, "outcome", "favourable-with-remarks", AUTHORITY),
    ("drafted_with", 0, "of", (), AUTHORITY),
    ("dpia", None, "reference", "DPIA-2026-999", AUTHORITY),
    ("dpia", None, "date", date(2026, 1, 1), AUTHORITY),
    ("dpia", None, "review_by", date(2028, 1, 1), AUTHORITY),
    ("", None, "title", "Another title", ALL),
    ("", None, "version", 9, WORK),
    ("", None, "start", date(2026, 9, 2), ALL),
    ("", None, "until", date(2027, 9, 2), ALL),
    ("", None, "publishers", ("northmoor-hospital", "northmoor-police"), NO_PERPETRATORS),
    ("", None, "purposes", ("another-purpose",), WORK),
    ("", None, "event_types", ("marac.referral", "police.domestic-incident"), WORK),
    ("", None, "time_zone", "Europe/Madrid", AUTHORITY),
]


def _without_hash(text: str) -> list[str]:
    return [line for line in text.splitlines() if "SHA-256" not in line]


@pytest.mark.parametrize(
    ("section", "number", "field", "value", "readers"),
    SHOWN,
    ids=[f"{one[0]}.{one[2]}-{place}" for place, one in enumerate(SHOWN)],
)
def test_changing_what_is_executed_changes_each_page_that_shows_it(
    section: str, number: int | None, field: str, value: Any, readers: frozenset[Reader]
) -> None:
    """Rule 14: and no other page; the hash alone does not count as a change."""
    new = changed(section, number, field, value)
    for language in LANGUAGES:
        for reader in Reader:
            before = _without_hash(page(rich(), reader, language).text())
            after = _without_hash(page(new, reader, language).text())
            assert (before != after) == (reader in readers), (reader, language)


@pytest.mark.parametrize("reader", list(Reader))
def test_the_authors_own_sentences_change_nothing(reader: Reader) -> None:
    """Rule 14: a clause's `text` is not executed, so no page may repeat it."""
    old = rich()
    new = replace(
        old,
        shares=tuple(replace(one, text="Everything stays here.") for one in old.shares),
        nevers=tuple(replace(one, text="") for one in old.nevers),
        overrides=tuple(replace(one, text="Zyx") for one in old.overrides),
    )
    before, after = page(old, reader).text(), page(new, reader).text()
    assert _without_hash(before) == _without_hash(after)


def test_a_never_with_not_reads_unless() -> None:
    """Rule 6: a `never` holds unless its condition fails, so `not` reads as `unless`."""
    text = page(example("marac-northmoor"), Reader.VICTIMS).text()
    assert "This rule holds unless you agreed. Nobody is told:\n\n- Your ethnicity" in text


def test_a_never_says_that_it_holds_when_its_condition_is_not_known() -> None:
    """Rule 6: unknown makes a `never` apply."""
    text = page(example("operation-encompass"), Reader.PROFESSIONALS).text()
    assert "It holds too if that is not known." in text


def test_a_long_choice_is_a_list() -> None:
    """Rule 5: four ways to high risk, one under the other."""
    text = page(example("marac-northmoor"), Reader.VICTIMS).text()
    assert (
        "They are told only if one of these is so:\n\n- you agreed\n"
        "- “The number of ticks in the DASH risk checklist” is 14 or more\n"
    ) in text


def test_brackets_keep_mixed_conditions_exact() -> None:
    mixed = AllOf(parts=(AnyOf(parts=(RISK, AGREED)), Not(part=AllOf(parts=(RISK, AGREED)))))
    text = page(changed("shares", SHARE, "when", mixed), Reader.PROFESSIONALS).text()
    risk = "an officer judged that someone is at risk of serious harm"
    assert f"- {risk} or the victim agreed\n" in text
    assert f"- this is not so: {risk} and the victim agreed\n" in text
    nested = AnyOf(parts=(AllOf(parts=(RISK, AGREED)), Not(part=AnyOf(parts=(RISK, AGREED)))))
    text = page(changed("shares", LAST, "when", nested), Reader.PROFESSIONALS).text()
    assert f"- {risk} and the victim agreed\n" in text
    assert f"- this is not so: {risk} or the victim agreed\n" in text


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Number(fact="dash_score", at_least=3, at_most=9), "“dash score” is 3 to 9"),
        (Number(fact="dash_score", at_least=None, at_most=9), "“dash score” is 9 or less"),
        (Elapsed(amount=1, unit=Unit.MONTHS, inclusive=False), "it was less than 1 month ago"),
        (Elapsed(amount=2, unit=Unit.SCHOOL_DAYS, inclusive=True), "no more than 2 school days"),
        (Is(fact="consent_of_victim", values=("refused", "withdrawn")), "said no or the victim"),
        (Is(fact="serious_risk", values=("no",)), "no officer judged"),
        (Is(fact="incident_kind", values=("threats", "stalking")), "is: threats or stalking"),
    ],
)
def test_conditions_in_plain_words(condition: Any, said: str) -> None:
    text = page(changed("shares", LAST, "when", condition), Reader.PROFESSIONALS).text()
    assert said in text


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_victims_page_says_whom_to_ask_and_who_is_not_told(folder: str) -> None:
    agreement = example(folder)
    text = page(agreement, Reader.VICTIMS).text()
    assert "We tell nothing to the perpetrator." in text
    assert "You can ask: " in text
    for one in agreement.drafted_with:
        assert one.authority in text


def test_the_victims_page_says_where_no_is_an_answer() -> None:
    """Rule 12: only where an agreement asks for consent can it promise that a no counts."""
    asked = page(example("operation-encompass"), Reader.VICTIMS).text()
    assert "Some things are told only if you agree." in asked
    unasked = page(example("cpis"), Reader.VICTIMS).text()
    assert "These rules do not ask for your yes." in unasked
    assert "only if you agree" not in unasked


def test_the_victims_page_says_what_is_told_even_after_a_no() -> None:
    """Rule 11: clauses that need a recorded reason stand under a heading of their own."""
    text = page(example("operation-encompass"), Reader.VICTIMS).text()
    start = text.index("## Even if you say no, we may tell: Northmoor Childrens Services")
    told = text[start : text.index("## What these rules never tell")]
    assert "- A disability that you have" in told
    assert "- Your home address (only the town)" in told
    assert "you agreed" not in told


def test_what_needs_a_yes_and_a_reason_is_not_told_after_a_no() -> None:
    """A recorded reason beside a consent does not replace it."""
    old = rich()
    share = replace(old.shares[SHARE], when=AllOf(parts=(RISK, AGREED)))
    new = replace(old, shares=(*old.shares[:SHARE], share, *old.shares[SHARE + 1 :]))
    assert "## Even if you say no" not in page(new, Reader.VICTIMS).text()
    assert (
        "## Even if you say no"
        in page(changed("shares", LAST, "needs_reason", True), Reader.VICTIMS).text()
    )


def test_authority_reads_articles_as_lawyers_cite_them() -> None:
    text = page(example("operation-encompass"), Reader.AUTHORITY).text()
    assert "Legal basis: GDPR article 6(1)(e) and victims and prisoners act 2024." in text
    assert "GDPR article 10" in text
    assert example("operation-encompass").hash() in text


def test_dates_and_lists_follow_the_locale() -> None:
    agreement = example("marac-northmoor")
    for language, day in (
        ("en", "September 1, 2026"),
        ("de", "1. September 2026"),
        ("es", "1 de septiembre de 2026"),
    ):
        assert day in page(agreement, Reader.VICTIMS, language).text()
    assert (
        "Northmoor Police, Northmoor Childrens Services und"
        in page(agreement, Reader.PROFESSIONALS, "de").text()
    )
