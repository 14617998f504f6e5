"""Reads the overrides: what may be released in breach of confidentiality for serious risk."""

from __future__ import annotations

from typing import Final

from yaml.nodes import Node

from redaction.agreement import Form, Override
from redaction.reading_clauses import FORMS, label
from redaction.text import line_of
from redaction.words import Reader

MAX_AUTHORISERS: Final = 9  # more than that no duty roster brings together in a night
MAX_HOURS: Final = 8_760  # a year; what must hold for longer belongs in a clause
_REQUIRED: Final = (
    "id",
    "releases",
    "to",
    "legal_basis",
    "needs",
    "expires_after",
    "review_within",
)
_OPTIONAL: Final = ("text", "as", "lifts", "not_told_to")


def read_overrides(reader: Reader, node: Node | None) -> tuple[Override, ...]:
    """The overrides in the order of the text; one with a problem is left out."""
    kept: list[Override] = []
    for part in reader.parts(node, "`overrides`"):
        before = len(reader.problems)
        with reader.within(label(part)):
            override = _override(reader, part)
        if len(reader.problems) == before:
            kept.append(override)
    return tuple(kept)


def _override(reader: Reader, node: Node) -> Override:
    entries = reader.keyed(node, "an override", required=_REQUIRED, optional=_OPTIONAL)
    get = entries.get
    authorisers, of_rank = _needs(reader, get("needs"))
    return Override(
        id=reader.word(get("id"), "`id`"),
        line=line_of(node),
        text=reader.text(get("text"), "`text`"),
        tags=reader.words(get("releases"), "`releases`"),
        to=reader.words(get("to"), "`to`"),
        form=Form(reader.one_of(get("as"), "`as`", FORMS)),
        legal_basis=reader.words(get("legal_basis"), "`legal_basis`"),
        authorisers=authorisers,
        of_rank=of_rank,
        expires_after_hours=_hours(reader, get("expires_after"), "`expires_after`"),
        review_within_hours=_hours(reader, get("review_within"), "`review_within`"),
        lifts=reader.words(get("lifts"), "`lifts`"),
        not_told_to=reader.words(get("not_told_to"), "`not_told_to`"),
    )


def _needs(reader: Reader, node: Node | None) -> tuple[int, str]:
    """How many must authorise, and of which rank; the justification is never dispensable."""
    keys = ("justification", "authorisers", "of_rank")
    entries = reader.keyed(node, "`needs`", required=keys)
    reader.one_of(entries.get("justification"), "`justification`", ("yes",))
    count = reader.number(
        entries.get("authorisers"), "`authorisers`", least=1, most=MAX_AUTHORISERS
    )
    return count, reader.word(entries.get("of_rank"), "`of_rank`")


def _hours(reader: Reader, node: Node | None, what: str) -> int:
    hours = reader.amount(node, what, ("hours",))[0]
    if node is not None and hours > MAX_HOURS:
        reader.problem(node, f"{what} must be at most {MAX_HOURS} hours, which is a year")
    return hours
