"""Checks what clauses and overrides name alike: audiences, tags, and forms that fit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from redaction.agreement import ANYONE, Agreement, Form, Never
from redaction.clauses import FREE_TEXT
from redaction.spots import Spot
from redaction.subject import Clause, Subject
from redaction.transforms import fits
from redaction.words import listed, nearest
from schemas.registry import Kind

_KINDS: Final[Mapping[Kind | None, str]] = MappingProxyType(
    {
        None: "a table with words of its own",
        Kind.STRING: "text",
        Kind.BOOLEAN: "a yes or no",
        Kind.INT: "a whole number",
        Kind.LONG: "a whole number",
        Kind.FLOAT: "a number",
        Kind.DOUBLE: "a number",
        Kind.DECIMAL: "a number",
        Kind.BYTES: "data that is no text",
        Kind.FIXED: "data that is no text",
        Kind.ENUM: "one of a few words",
        Kind.DATE: "a date",
        Kind.TIME: "a time of day",
        Kind.TIMESTAMP: "a date with its time",
        Kind.LOCAL_TIMESTAMP: "a date with its time",
        Kind.DURATION: "a length of time",
        Kind.UUID: "an identifier",
        Kind.ADDRESS: "an address",
    }
)


def audience_faults(agreement: Agreement, clause: Clause) -> Iterator[str]:
    """Audiences that the agreement does not have, and `anyone` where data is released."""
    known = {audience.name for audience in agreement.audiences}
    for name in clause.to:
        if name == ANYONE and not isinstance(clause, Never):
            yield "nothing is shared with `anyone`; name the audiences"
        elif name not in known and name != ANYONE:
            yield f"there is no audience `{name}`{nearest(name, known)}"


def tag_faults(subject: Subject, clause: Clause) -> Iterator[str]:
    """Tags that the vocabulary or the event types do not have."""
    tags = subject.vocabulary.tags
    for tag in clause.tags:
        if tag not in tags:
            inside = sorted({one.field.tag for one in subject.spots if _begins(one.field.tag, tag)})
            near = f"; name each of {listed(inside)}" if inside else nearest(tag, tags)
            yield f"there is no tag `{tag}` in `{subject.vocabulary.name}`{near}"
        elif not subject.spots:
            continue  # no event type is known, which is said where they are named
        elif not any(tag in spot.field.chain for spot in subject.spots):
            yield f"none of these event types carries `{tag}`"
        elif not isinstance(clause, Never) and not subject.carriers(tag):
            yield f"`{tag}` stands for several fields; share each by its own name"


def _begins(tag: str, beginning: str) -> bool:
    return tag.startswith(f"{beginning}.")


def form_faults(form: Form, carriers: tuple[Spot, ...]) -> Iterator[str]:
    """Tags of which this form cannot be made."""
    for spot in carriers:
        if not (fits(form, spot.kind) if spot.kind else form is Form.CLEAR):
            where = _version(spot, carriers)
            yield f"`{form}` cannot be made of `{spot.field.tag}`, which is {_kind(spot)}{where}"


def words_faults(subject: Subject, form: Form, carriers: tuple[Spot, ...]) -> Iterator[str]:
    """Free text in clear (rule 13): the engine would not release it, so nobody may sign it."""
    told = {
        spot.field.tag: None
        for spot in carriers
        if form is Form.CLEAR
        and spot.kind is Kind.STRING
        and FREE_TEXT in subject.vocabulary.tags[spot.field.tag].classes
    }
    if told:
        others = {spot.field.tag for spot in carriers} - told.keys()
        them, where = (
            ("it", "a clause of its own") if len(told) == 1 else ("them", "a clause of their own")
        )
        apart = f", in {where}" if others else ""
        yield (
            f"{listed(told)} {'is' if len(told) == 1 else 'are'} free text, which may name "
            f"anybody and any place; share {them} `as: {Form.SCRUBBED}`{apart}"
        )


def _version(spot: Spot, carriers: tuple[Spot, ...]) -> str:
    """Which version of the event type a fault is in, where another version is without it."""
    kinds = {each.kind for each in carriers if each.field.tag == spot.field.tag}
    return f" in version {spot.version} of `{spot.etype}`" if len(kinds) > 1 else ""


def _kind(spot: Spot) -> str:
    return _KINDS[spot.kind]
