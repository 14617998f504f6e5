"""Random conditions over the facts there are, the register's answers and time."""

from __future__ import annotations

from redaction.agreement import (
    Age,
    AllOf,
    AnyOf,
    Condition,
    Elapsed,
    Is,
    Not,
    Number,
    Unit,
)
from schemas.registry import Kind, Leaf
from tests.generator.choices import PERSONS, WORDS, Draw, chance, one_of, some_of
from tests.generator.terms import Terms, shareable_tags
from tests.generator.types import facts_of, kinds_of

_CONSENT_WORDS = ("given", "refused", "withdrawn")


def conditions(draw: Draw, terms: Terms, *, in_items: bool, depth: int = 2) -> Condition:
    """A condition over the facts there are, the register's answers and time; often it holds."""
    if depth and chance(draw, 30):
        parts = tuple(
            conditions(draw, terms, in_items=in_items, depth=depth - 1) for _ in range(draw(1, 3))
        )
        join = one_of(draw, ("any", "all", "not"))
        if join == "any":
            return AnyOf(parts=parts)
        return AllOf(parts=parts) if join == "all" else Not(part=parts[0])
    shapes = ["fact"] * 4 + ["consent"] * 2 + ["elapsed"] * 2 + ["age"]
    shape = one_of(draw, shapes)
    if shape == "fact":
        return _about_a_fact(draw, terms, in_items=in_items)
    if shape == "consent":
        name = f"consent_of_{one_of(draw, PERSONS)}"
        return Is(fact=name, values=some_of(draw, _CONSENT_WORDS, least=1, most=2))
    if shape == "elapsed":
        unit = one_of(draw, tuple(Unit))
        amount = one_of(draw, (3, 1, 0, 2) if unit is not Unit.MONTHS else (1, 6, 12))
        return Elapsed(amount=amount, unit=unit, inclusive=chance(draw, 60))
    dated = [t for t in shareable_tags(terms.etype) if Kind.DATE in kinds_of(terms.etype, t)]
    least, most = one_of(draw, ((0, 12), (12, None), (None, 17), (18, 99)))
    return Age(of=one_of(draw, dated or ["date.a"]), at_least=least, at_most=most)


def _about_a_fact(draw: Draw, terms: Terms, *, in_items: bool) -> Condition:
    facts = facts_of(terms.etype, in_items=False)
    if in_items:
        facts = facts_of(terms.etype, in_items=True) or facts
    if not facts or chance(draw, 3):
        return Is(fact="no_such_fact", values=("yes",))
    name, leaf = one_of(draw, facts)
    # now and then the wrong question is asked of a fact; no answer is certain then
    if (leaf.kind in (Kind.INT, Kind.LONG)) is not chance(draw, 5):
        least, most = one_of(draw, ((0, None), (None, 2), (1, 2), (-1, 3)))
        return Number(fact=name, at_least=least, at_most=most)
    return Is(fact=name, values=some_of(draw, _words_of(leaf), least=1, most=4))


def _words_of(leaf: Leaf) -> tuple[str, ...]:
    if leaf.kind is Kind.BOOLEAN:
        return ("yes", "no")
    if leaf.kind is Kind.ENUM:
        return leaf.symbols
    return WORDS
