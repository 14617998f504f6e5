"""Wrong agreements, each with the one sentence that its drafters are told.

Every row is a small slip in a sound agreement, as somebody who drafts one makes it.
"""

from __future__ import annotations

import re

import pytest

from redaction.static_check import check_text
from schemas.registry import Registry, load_vocabulary
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT

TYPES = {etype.name: etype for etype in Registry.builtin().types}
VOCABULARY = load_vocabulary()
SOUND = TEXT + EXCEPTIONS

# what was slipped, what stands there now, and the sentence with its line and clause
WRONG = [
    (
        "publishers:",
        "publisher:",
        "1: the agreement lacks `publishers`",
    ),
    (
        "date: 2026-06-30",
        "date: 30 June 2026",
        "21: `date` must be a date written YYYY-MM-DD",
    ),
    (
        "until: 2027-08-31",
        "until: 2026-08-31",
        "23: the agreement ends before it begins",
    ),
    (
        "not_to_reach: [perpetrator]",
        "not_to_reach: [perpetrators]",
        "29: `not_to_reach` names nobody known as `perpetrators` (did you mean `perpetrator`?)",
    ),
    (
        "title: A small arrangement",
        "title: Northmoor: a small arrangement",
        "3: a `:` stands where none can; put the words in quotation marks, or look at the indents",
    ),
    (
        "share: [child.name, child.date_of_birth]",
        "share: [child.name, child.date_of_birth",
        "37: a comma or a `]` is missing here",
    ),
    (
        "[incident.attended_at, incident.reference]",
        "[incident.attended, incident.reference]",
        "31: clause 4.1: there is no tag `incident.attended` in `caseward-core/1` "
        "(did you mean `incident.attended_at`?)",
    ),
    (
        "[incident.attended_at, incident.reference]\n    to: school",
        "[incident.attended_at, incident.reference]\n    to: schools",
        "31: clause 4.1: there is no audience `schools` (did you mean `school`?)",
    ),
    (
        "[incident.attended_at, incident.reference]\n    to: school",
        "[incident.attended_at, incident.reference]\n    to: anyone",
        "31: clause 4.1: nothing is shared with `anyone`; name the audiences",
    ),
    (
        "as: municipality",
        "as: town",
        "41: clause 4.3: `as` must be `clear`, `month`, `year`, `municipality`, `present`, `age`, "
        "`age-band`, `outward-code`, `mask`, `count-band`, `pseudonym` or `scrubbed`",
    ),
    (
        "as: municipality",
        "as: year",
        "39: clause 4.3: `year` cannot be made of `victim.address`, which is an address",
    ),
    (
        "[incident.attended_at, incident.reference]",
        "[incident.attended_at, incident.reference, incident.circumstances]",
        "31: clause 4.1: `incident.circumstances` is free text, which may name anybody and any "
        "place; share it `as: scrubbed`, in a clause of its own",
    ),
    (
        "releases: [victim.phone]",
        "releases: [incident.circumstances, incident.injuries]",
        "54: clause 9.1: `incident.circumstances` and `incident.injuries` are free text, which may "
        "name anybody and any place; share them `as: scrubbed`",
    ),
    (
        "    as: municipality\n",
        "",
        "39: clause 4.3: clause 7.1 always withholds `victim.address` from `social-care`",
    ),
    (
        "    when: {any: [{consent_of_victim: given}, {serious_risk: yes}]}\n"
        "    needs: {reason: yes}\n",
        "    when: {consent_of_victim: given}\n"
        "    reveals: [consent_of_victim]\n"
        '  - id: "4.4"\n'
        "    share: [victim.address]\n"
        "    as: municipality\n"
        "    to: social-care\n"
        "    when: {serious_risk: yes}\n",
        "45: clause 4.4: it gives `victim.address` to `social-care` without the consent that "
        "clause 4.3 asks for, so the reason must be recorded: add `needs: {reason: yes}`",
    ),
    (
        "    needs: {reason: yes}\n",
        "",
        "39: clause 4.3: it also releases where consent is not given, so the reason must be "
        "recorded: add `needs: {reason: yes}`",
    ),
    (
        "{serious_risk: yes}]}\n",
        "{serious_risk: severe}]}\n",
        "39: clause 4.3: `serious_risk` never is `severe`; it is `yes` or `no`",
    ),
    (
        "reveals: [consent_of_victim, serious_risk]",
        "reveals: [serious_risk]",
        "39: clause 4.3: `social-care` can infer `consent_of_victim` from whether this is shared; "
        "add `reveals: [consent_of_victim]`",
    ),
    (
        "    reveals: [children_involved]\n",
        "",
        "12: audience `school` can infer `children_involved` from being sent anything; add "
        "`reveals: [children_involved]`, or always share `incident.children_involved` with it in "
        "clear",
    ),
    (
        "share: [victim.address]\n",
        "share: [victim.address]\n    from: eastmoor-police\n",
        "39: clause 4.3: `eastmoor-police` is no publisher of this agreement "
        "(did you mean `northmoor-police`?)",
    ),
    (
        "[incident.attended_at, incident.reference]",
        "[incident.attended_at, household.child_count]",
        "31: clause 4.1: `household.child_count` summarises a list of which `school` sees only a "
        "part",
    ),
    (
        "{serious_risk: yes}]}\n",
        "{eviction_ordered: yes}]}\n",
        "39: clause 4.3: `eviction_ordered` is no fact of these events; the facts here are "
        "`arrest_made`, `child_present`, `children_involved`, `incident_kind`, `risk_level`, "
        "`serious_risk` and `sharing_reason`",
    ),
    (
        "share: [victim.address]\n",
        "share: [refuge]\n",
        "39: clause 4.3: there is no tag `refuge` in `caseward-core/1`; name each of "
        "`refuge.address`, `refuge.name`, `refuge.paid_by`, `refuge.phone` and "
        "`refuge.weekly_charge`",
    ),
    (
        "keep_for: 365 days",
        "delete_after: 365 days",
        "29: a handling rule has no `delete_after`; its words are `keep_for`, `not_to_reach`, "
        "`of` and `onward`",
    ),
    (
        "{agency: northmoor-childrens-services}",
        "{agency: [northmoor-childrens-services, northmoor-housing]}",
        "16: `agency` must be text, not a list",
    ),
    (
        '- id: "4.2"',
        '- id: "4.1"',
        "35: clause 4.1: the id is taken by the clause in line 31",
    ),
    (
        "never: {class: locates-victim}",
        "never: {class: location-victim}",
        "46: clause 7.1: there is no class `location-victim` in `caseward-core/1` "
        "(did you mean `locates-victim`?)",
    ),
    (
        "{of: social-care, instruments: [gdpr-6-1-e]}",
        "{of: housing, instruments: [gdpr-6-1-e]}",
        "17: audience `social-care` has no legal basis",
    ),
    (
        "share: [victim.address]\n",
        "share: [victim.address, victim.disability]\n",
        "39: clause 4.3: audience `social-care` gets special-category data, `victim.disability`, "
        "without `special_category` (GDPR article 9) in its legal basis",
    ),
    (
        "outcome: favourable",
        "outcome: pending",
        "21: the opinion `DPA-2026-118` is not favourable",
    ),
    (
        "outcome: favourable",
        "outcome: favourable, of: [northmoor-police]",
        "20: no opinion is of the party `northmoor-childrens-services`; name it in an `of`",
    ),
    (
        "review_by: 2027-05-02",
        "review_by: 2026-08-01",
        "22: the impact assessment is to be reviewed before the agreement begins",
    ),
    (
        "{of: school, training",
        "{of: pupils, training",
        "25: there is no audience `pupils`",
    ),
    (
        'at: "08:30", calendar: school',
        'at: "08:30", calendar: schools',
        "27: `calendars` has no `schools` (did you mean `school`?)",
    ),
    (
        'lifts: ["7.1"]',
        'lifts: ["7.l"]',
        "54: clause 9.1: `lifts` names clause `7.l`, which does not exist (did you mean `7.1`?)",
    ),
    (
        '    lifts: ["7.1"]\n',
        "",
        "54: clause 9.1: clause 7.1 always withholds `victim.phone` from `social-care`; name it "
        'in `lifts: ["7.1"]`',
    ),
    (
        "expires_after: 72 hours",
        "expires_after: 3 days",
        "60: clause 9.1: `expires_after` must be a number of hours, such as `30 hours`",
    ),
    (
        "review_within: 48 hours",
        "review_within: 96 hours",
        "54: clause 9.1: it is reviewed only after it has expired, when nothing can be stopped",
    ),
    (
        "presumed: refused",
        "presumed: given",
        "52: `presumed` must be `unknown` or `refused`",
    ),
    (
        "{of: victim, presumed",
        "{of: child, presumed",
        "52: consent: no condition asks for the consent of `child`",
    ),
]


def problems_of(text: str) -> list[str]:
    return [str(each) for each in check_text(text, TYPES, VOCABULARY, origin="a.yaml")[1]]


def test_agreement_that_the_slips_are_made_in_is_sound() -> None:
    """Rule 13: what is refused below is refused for the slip."""
    assert problems_of(SOUND) == []
    assert len(WRONG) >= 20


@pytest.mark.parametrize(("sound", "slip", "sentence"), WRONG)
def test_slip_is_told_in_one_sentence(sound: str, slip: str, sentence: str) -> None:
    """Rule 13: file, line, clause, and one sentence that a lawyer understands."""
    assert SOUND.count(sound) == 1
    found = problems_of(SOUND.replace(sound, slip))
    assert f"a.yaml:{sentence}" in found


# words of those who build the system, which those who draft agreements need not know
JARGON = re.compile(
    r"\b(leaf|leaves|spot|null|none[^ ]|string|boolean|int|enum|mapping|scalar|node|YAML|parse\w*|"
    r"schema|regex|tuple|array|token|alias|anchor)\b"
)


@pytest.mark.parametrize(("sound", "slip", "sentence"), WRONG)
def test_sentence_needs_no_technical_word(sound: str, slip: str, sentence: str) -> None:
    """Rule 13: the sentence is for lawyers; it ends without a stop and has no second one."""
    for said in problems_of(SOUND.replace(sound, slip)):
        message = said.split(": ", 1)[1]
        assert not JARGON.search(message), message
        assert not message.endswith(".")
        assert ". " not in re.sub(r"`[^`]*`", "", message)
