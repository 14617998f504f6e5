"""Conditions written on one line read back as themselves."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.agreement import Age, AllOf, AnyOf, Condition, Elapsed, Is, Items, Not, Number, Unit
from redaction.reading import read_agreement
from redaction.spelling import spelled, spelled_items
from tests.redaction.agreement_texts import with_change

WORDS = st.sampled_from(["risk", "consent_of_child", "b.c", "a1", "null"])
VALUES = st.lists(
    st.sampled_from(["yes", "two words", "a, b", "x: y", "3", 'say "no"', "#1", "{", "é"]),
    min_size=1,
    max_size=3,
    unique=True,
)
LOW, HIGH = st.integers(0, 9), st.integers(10, 99)


def _conditions() -> st.SearchStrategy[Condition]:
    plain: st.SearchStrategy[Condition] = st.one_of(
        st.builds(Is, fact=WORDS, values=VALUES.map(tuple)),
        st.builds(Number, fact=WORDS, at_least=st.none() | LOW, at_most=HIGH),
        st.builds(Age, of=WORDS, at_least=LOW, at_most=st.none() | HIGH),
        st.builds(
            Elapsed,
            amount=st.integers(1, 9_999),
            unit=st.sampled_from(Unit),
            inclusive=st.booleans(),
        ),
    )

    def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            st.builds(AllOf, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=inner)
        )

    return st.recursive(plain, joined, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(condition=_conditions(), where=st.none() | WORDS)
def test_condition_reads_back_as_itself(condition: Condition, where: str | None) -> None:
    """Rule 5: what is shown of a condition is what is executed."""
    text = with_change(
        "{any: [{consent_of_victim: given}, {serious_risk: yes}]}", spelled(condition)
    )
    items = Items(where=where, when=condition)
    text = text.replace("{where: child.school, is: recipient}", spelled_items(items))
    shares = read_agreement(text, origin="a.yaml").shares
    assert (shares[1].items, shares[2].when) == (items, condition)
