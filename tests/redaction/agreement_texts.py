"""One small agreement that can be enacted, and the ways to spoil it."""

from __future__ import annotations

TEXT = """\
agreement: northmoor-small
version: 3
title: A small arrangement
language: en-GB
time_zone: Europe/London
calendars: {school: northmoor-schools}
vocabulary: caseward-core/1
publishers: [northmoor-police]
event_types: [police.domestic-incident]
purposes: [safeguarding-children]
audiences:
  school:
    named_in: child.school
    when: {all: [{children_involved: yes}, {disclosure_age: {at_most: 3 days}}]}
    reveals: [children_involved]
  social-care: {agency: northmoor-childrens-services}
legal_basis:
  - {of: school, instruments: [a], special_category: [gdpr-9-2-g], criminal_offence: [gdpr-10]}
  - {of: social-care, instruments: [gdpr-6-1-e]}
drafted_with:
  - {authority: dpa-northmoor, reference: DPA-2026-118, date: 2026-06-30, outcome: favourable}
dpia: {reference: DPIA-2026-014, date: 2026-05-02, review_by: 2027-05-02}
in_force: {from: 2026-09-01, until: 2027-08-31}
requires:
  - {of: school, training: encompass-key-adult, valid_for: 36 months}
deliver_by:
  - {of: school, rule: next-school-day, at: "08:30", calendar: school}
handling:
  - {of: school, onward: not-permitted, not_to_reach: [perpetrator], keep_for: 365 days}
clauses:
  - id: "4.1"
    text: The school learns that police attended.
    share: [incident.attended_at, incident.reference]
    to: school
  - id: "4.2"
    share: [child.name, child.date_of_birth]
    to: school
    items: {where: child.school, is: recipient}
  - id: "4.3"
    share: [victim.address]
    as: municipality
    to: social-care
    when: {any: [{consent_of_victim: given}, {serious_risk: yes}]}
    needs: {reason: yes}
    reveals: [consent_of_victim, serious_risk]
  - id: "7.1"
    never: {class: locates-victim}
    clearer_than: municipality
    to: anyone
    not_told_to: [perpetrators]
"""

EXCEPTIONS = """\
consent:
  - {of: victim, presumed: refused, on_withdrawal: cease}
overrides:
  - id: "9.1"
    text: Children's services may be told how to call her.
    releases: [victim.phone]
    to: [social-care]
    legal_basis: [gdpr-9-2-c]
    needs: {justification: yes, authorisers: 2, of_rank: duty-manager}
    expires_after: 72 hours
    review_within: 48 hours
    lifts: ["7.1"]
"""


def with_change(old: str, new: str) -> str:
    """The text with one place changed."""
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def with_clause(clause: str) -> str:
    """The text with one more clause, which begins in line 51."""
    return TEXT + clause


def line_with(text: str, words: str) -> int:
    """The first line that holds these words, counted from one."""
    for number, line in enumerate(text.splitlines(), start=1):
        if words in line:
            return number
    raise LookupError(words)
