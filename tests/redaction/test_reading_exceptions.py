"""Reading overrides, consent rules, and what clauses reveal: their spelling and its faults."""

from __future__ import annotations

import pytest

from redaction.agreement import AgeBand, ConsentRule, Form, OnWithdrawal, Override
from redaction.reading import read, read_agreement
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT, line_with, with_change, with_clause

CHILD = "of: child, by_age: {under_12: parent, from_12: child}, presumed: unknown"
RULE = f"consent:\n  - {{{CHILD}, on_withdrawal: erase}}\n"
WHOLE = TEXT + EXCEPTIONS.replace("consent:\n", RULE)


def problems_of(old: str, new: str) -> list[str]:
    assert WHOLE.count(old) == 1, old
    return [str(problem) for problem in read(WHOLE.replace(old, new), origin="a.yaml").problems]


def test_override_is_read_with_its_bounds() -> None:
    """Rule 11: an override says what, to whom, on what law, by whom, how long."""
    assert read_agreement(WHOLE, origin="a.yaml").overrides == (
        Override(
            id="9.1",
            line=line_with(WHOLE, '"9.1"'),
            text="Children's services may be told how to call her.",
            tags=("victim.phone",),
            to=("social-care",),
            form=Form.CLEAR,
            legal_basis=("gdpr-9-2-c",),
            authorisers=2,
            of_rank="duty-manager",
            expires_after_hours=72,
            review_within_hours=48,
            lifts=("7.1",),
            not_told_to=(),
        ),
    )


def test_override_may_be_bound_to_a_form_and_lift_nothing() -> None:
    """Rule 11: a `never` is lifted only where the override names it."""
    text = WHOLE.replace('    lifts: ["7.1"]\n', "    as: mask\n    not_told_to: [victims]\n")
    (override,) = read_agreement(text, origin="a.yaml").overrides
    assert (override.form, override.lifts, override.not_told_to) == (Form("mask"), (), ("victims",))


def test_consent_rules_are_read_with_their_ages() -> None:
    """Rule 12: who decides at which age; what silence means; what follows a withdrawal."""
    assert read_agreement(WHOLE, origin="a.yaml").consents == (
        ConsentRule(
            of="child",
            by_age=(AgeBand(from_age=0, decider="parent"), AgeBand(from_age=12, decider="child")),
            presumed=None,
            on_withdrawal=OnWithdrawal.ERASE,
        ),
        ConsentRule(of="victim", by_age=(), presumed="refused", on_withdrawal=OnWithdrawal.CEASE),
    )


def test_ages_may_go_on() -> None:
    """Rule 12: any number of ages may follow, from the youngest to the oldest."""
    text = WHOLE.replace("from_12: child", "from_12: guardian, from_16: child")
    assert [band.from_age for band in read_agreement(text, origin="a").consents[0].by_age] == [
        0,
        12,
        16,
    ]


def test_facts_may_be_revealed_by_a_never_and_by_an_audience() -> None:
    """Rule 13: whatever withholds or addresses may say which facts that tells."""
    text = with_clause("    reveals: [serious_risk]\n")
    agreement = read_agreement(text, origin="a.yaml")
    assert agreement.audience("school").reveals == ("children_involved",)
    assert agreement.nevers[0].reveals == ("serious_risk",)


def test_opinion_may_name_the_parties_it_is_of() -> None:
    """Rule 13: between two states each party's own authority gives its opinion."""
    text = with_change("outcome: favourable", "outcome: favourable, of: [northmoor-police]")
    assert read_agreement(text, origin="a.yaml").drafted_with[0].of == ("northmoor-police",)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("    releases: [victim.phone]\n", "", "55: clause 9.1: an override lacks `releases`"),
        ("releases:", "release:", "57: clause 9.1: an override has no `release` (did you mean"),
        ("    legal_basis: [gdpr-9-2-c]\n", "", "55: clause 9.1: an override lacks `legal_basis`"),
        ("[gdpr-9-2-c]", "[GDPR article 9]", "59: clause 9.1: `legal_basis` must be one word of"),
        ("justification: yes", "justification: no", "`justification` must be `yes`"),
        ("justification: yes, ", "", "60: clause 9.1: `needs` lacks `justification`"),
        ("authorisers: 2", "authorisers: 0", "`authorisers` must be a whole number from 1 to 9"),
        (", of_rank: duty-manager", "", "60: clause 9.1: `needs` lacks `of_rank`"),
        ("72 hours", "3 days", "61: clause 9.1: `expires_after` must be a number of hours"),
        ("72 hours", "8761 hours", "`expires_after` must be at most 8760 hours, which is a year"),
        ("    review_within: 48 hours\n", "", "clause 9.1: an override lacks `review_within`"),
        ('lifts: ["7.1"]', "lifts: []", "63: clause 9.1: `lifts` is empty"),
        ("  - {of: child", "  - {off: child", "52: a consent rule has no `off` (did you mean `of`"),
        (", on_withdrawal: cease", "", "53: a consent rule lacks `on_withdrawal`"),
        ("cease", "forget", "53: `on_withdrawal` must be `cease`, `return` or `erase`"),
        ("presumed: refused", "presumed: given", "53: `presumed` must be `unknown` or `refused`"),
        ("{under_12: parent, from_12: child}", "{}", "52: `by_age` is empty"),
        ("under_12: parent, ", "", "52: `by_age` must begin with `under_12`, or another age"),
        (", from_12: child}", "}", "52: `by_age` must begin with `under_12`, or another age"),
        ("from_12", "from_13", "52: `by_age` must go on with `from_12` after `under_12`"),
        (
            "from_12: child",
            "from_12: a, from_9: b",
            "`by_age` must name its ages from the youngest",
        ),
        ("under_12: parent", "under_12: a parent", "52: `under_12` must be one word of letters"),
    ],
)
def test_faulty_word_is_a_problem_with_line_and_clause(old: str, new: str, problem: str) -> None:
    """Rule 13: the exceptions are read as strictly as the clauses."""
    found = problems_of(old, new)
    place = f"a.yaml:{problem}" if problem[0].isdigit() else problem
    assert any(place in each for each in found), found


def test_faulty_override_is_left_out_and_the_rest_is_read() -> None:
    """Rule 13: every problem at once, so one override's fault hides nothing else."""
    reading = read(WHOLE.replace("72 hours", "soon"), origin="a.yaml")
    assert reading.agreement is not None
    assert reading.agreement.overrides == ()
    assert len(reading.agreement.consents) == 2
    assert len(reading.problems) == 1


def test_clause_text_is_unchanged_by_the_exceptions() -> None:
    """Rule 13: an agreement without exceptions reads as before."""
    agreement = read_agreement(with_clause(""), origin="a.yaml")
    assert (agreement.overrides, agreement.consents) == ((), ())
