"""Edits of agreements: of what perpetrators are not told, and of what readers are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from hypothesis import strategies as st

from redaction.agreement import (
    ANYONE,
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Audience,
    Condition,
    Deadline,
    Elapsed,
    Form,
    Handling,
    Is,
    Items,
    LegalBasis,
    Never,
    Not,
    Number,
    Opinion,
    Override,
    Requirement,
    Share,
    Unit,
)
from tests.redaction.explained import VOCABULARY

HIDDEN_TO = ("perpetrators",)
LOCATING = "locates-victim"
# one that only hidden clauses speak of
HIDDEN_AUDIENCE = Audience(
    name="hidden-shelter", agency="hidden-refuge", named_in=None, role=None, when=None
)
TAGS = sorted(VOCABULARY.tags)
LOCATING_TAGS = [tag for tag in TAGS if LOCATING in VOCABULARY.tags[tag].classes]
CLASSES = sorted(VOCABULARY.classes)

Draw = Callable[[st.SearchStrategy[Any]], Any]
Clause = TypeVar("Clause", Share, Never, Override)

words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
tags = st.lists(st.sampled_from(TAGS), min_size=1, max_size=4, unique=True).map(tuple)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Is, fact=st.just("serious_risk"), values=st.sampled_from([("yes",), ("no",)])),
    st.builds(Is, fact=st.just("consent_of_victim"), values=st.just(("given",))),
    st.builds(Number, fact=st.just("dash_score"), at_least=st.integers(0, 24), at_most=st.none()),
    st.builds(
        Elapsed,
        amount=st.integers(1, 9),
        unit=st.sampled_from(Unit),
        inclusive=st.booleans(),
    ),
    st.builds(
        Age, of=st.just("child.date_of_birth"), at_least=st.none(), at_most=st.integers(1, 18)
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, part=inner),
        st.builds(AllOf, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)


def hidden(clause: Share | Never | Override) -> bool:
    """Whether rule 14 keeps a clause from perpetrators, from the rule's own words."""
    if isinstance(clause, Override) or "perpetrators" in clause.not_told_to:
        return True
    classes = {one for tag in clause.tags for one in VOCABULARY.tags[tag].classes}
    if isinstance(clause, Never):
        classes |= set(clause.classes)
    return LOCATING in classes


def audiences(agreement: Agreement) -> st.SearchStrategy[tuple[str, ...]]:
    """Names of audiences, among them one that no told clause speaks of."""
    names = [*(one.name for one in agreement.audiences), HIDDEN_AUDIENCE.name]
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(tuple)


def shares(agreement: Agreement) -> st.SearchStrategy[Share]:
    """Clauses that share and that perpetrators are not told of."""
    items = st.builds(Items, where=st.sampled_from([None, "child.school"]), when=conditions)
    open_or_not = st.one_of(
        st.tuples(tags, st.just(HIDDEN_TO)),
        # nobody wrote `not_told_to`, and it locates
        st.tuples(
            st.builds(lambda a, b: (*b, a), st.sampled_from(LOCATING_TAGS), tags), st.just(())
        ),
    )
    return open_or_not.flatmap(
        lambda found: st.builds(
            Share,
            id=words,
            line=st.integers(1, 99),
            text=words,
            tags=st.just(found[0]),
            to=audiences(agreement),
            form=st.sampled_from(Form),
            publishers=st.sampled_from([(), agreement.publishers]),
            items=st.none() | items,
            when=st.none() | conditions,
            needs_reason=st.booleans(),
            reveals=st.sampled_from([(), ("serious_risk",)]),
            not_told_to=st.just(found[1]),
        )
    )


def nevers(agreement: Agreement) -> st.SearchStrategy[Never]:
    """Clauses that withhold and that perpetrators are not told of."""
    open_or_not = st.sampled_from([((), (LOCATING,), ()), ((), ("money",), HIDDEN_TO)])
    return open_or_not.flatmap(
        lambda found: st.builds(
            Never,
            id=words,
            line=st.integers(1, 99),
            text=words,
            tags=tags if found[2] else st.just(()),
            classes=st.just(found[1]),
            to=st.just((ANYONE,)) | audiences(agreement),
            clearer_than=st.none() | st.sampled_from(Form),
            when=st.none() | conditions,
            not_told_to=st.just(found[2]),
            reveals=st.sampled_from([(), ("serious_risk",)]),
        )
    )


def overrides(agreement: Agreement) -> st.SearchStrategy[Override]:
    """Overrides, of which perpetrators are never told."""
    return st.builds(
        Override,
        id=words,
        line=st.integers(1, 99),
        text=words,
        tags=tags,
        to=audiences(agreement),
        form=st.sampled_from(Form),
        legal_basis=st.just(("gdpr-9-2-c",)),
        authorisers=st.integers(1, 9),
        of_rank=words,
        expires_after_hours=st.integers(1, 99),
        review_within_hours=st.integers(1, 99),
        lifts=st.sampled_from([(), ("7.1",)]),
        not_told_to=st.sampled_from([(), HIDDEN_TO, ("victims",)]),
    )


def _mixed(
    draw: Draw, old: Sequence[Clause], made: st.SearchStrategy[Clause]
) -> tuple[Clause, ...]:
    """The told clauses in their order, among other hidden ones than before."""
    mixed = [one for one in old if not hidden(one) or draw(st.booleans())]
    for one in draw(st.lists(made, max_size=3)):
        mixed.insert(draw(st.integers(0, len(mixed))), one)
    return tuple(mixed)


@st.composite
def edited(draw: Draw, agreement: Agreement) -> Agreement:
    """The agreement with other hidden clauses and another audience that only those speak of."""
    name, agency = HIDDEN_AUDIENCE.name, HIDDEN_AUDIENCE.agency or ""
    basis = LegalBasis(
        of=name, instruments=(draw(words),), special_category=(), criminal_offence=(draw(words),)
    )
    opinion = Opinion(
        authority=draw(words),
        reference=draw(words),
        date=date(2026, 7, 1),
        outcome="favourable",
        of=(agency,),
    )
    keep = Handling(of=name, onward=draw(words), not_to_reach=("perpetrator",), keep_days=9)
    place = draw(st.integers(0, len(agreement.audiences)))
    listed = list(agreement.audiences)
    listed.insert(place, replace(HIDDEN_AUDIENCE, when=draw(st.none() | conditions)))
    return replace(
        agreement,
        version=draw(st.integers(1, 99)),
        audiences=tuple(listed),
        legal_basis=(basis, *agreement.legal_basis),
        drafted_with=(opinion, *agreement.drafted_with),
        requires=(
            Requirement(of=name, training=draw(words), valid_months=None),
            *agreement.requires,
        ),
        deliver_by=(
            Deadline(of=name, rule="within 3 hours", at="", calendar=None),
            *agreement.deliver_by,
        ),
        handling=(keep, *agreement.handling),
        shares=_mixed(draw, agreement.shares, shares(agreement)),
        nevers=_mixed(draw, agreement.nevers, nevers(agreement)),
        overrides=_mixed(draw, agreement.overrides, overrides(agreement)),
    )
