"""Rules 3, 7 and 11: which clauses and overrides speak of one leaf, literally."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.agreement import ANYONE, Form, Never, Override, Share
from redaction.facts import Granted, Review
from redaction.reference.conditions import Tags, holds, reason_given
from redaction.reference.forms import MEANT_FOR, at_most
from redaction.reference.places import Case, Element, Place, element_scope
from schemas.registry import Array, Field, Kind, Leaf, Node, Record

BASICS = "event.basics"
FREE_TEXT = "free-text"


def share_applies(case: Case, share: Share, place: Place) -> bool:
    """Rule 3: a share covers tag, audience, item and condition; rule 11: and has its reason."""
    tags = frozenset(share.tags)
    return (
        share_names(case, share, place.field)
        and share_selects(case, share, place)
        and (share.when is None or holds(case, share.when, (), tags) is True)
        and (not share.needs_reason or reason_given(case))
    )


def may_give(case: Case, form: Form, field: Field, kind: Kind | None) -> bool:
    """Rule 4: free text is never given in clear, whatever a clause or an override says.

    Only texts are meant: a map's key, which has no kind, is none.
    """
    free = FREE_TEXT in case.vocabulary.tags[field.tag].classes
    return not (free and kind is Kind.STRING and form is Form.CLEAR)


def share_names(case: Case, share: Share, field: Field) -> bool:
    """Whether a share speaks of the field's tag to this audience from this publisher."""
    return field.tag in share.tags and _is_told(case, share)


def share_selects(case: Case, share: Share, place: Place) -> bool:
    """Rule 7: whether a share's `items` select the list element that the leaf stands in."""
    if share.items is None:
        return True
    elements, tags = place.around.elements, frozenset(share.tags)
    if not elements:
        return False
    if share.items.where is not None and not _is_recipients(case, share.items.where, elements):
        return False
    return share.items.when is None or holds(case, share.items.when, elements, tags) is True


def _is_told(case: Case, share: Share) -> bool:
    return case.audience.name in share.to and (
        not share.publishers or case.event.source in share.publishers
    )


def _is_recipients(case: Case, tag: str, elements: tuple[Element, ...]) -> bool:
    """The nearest element that has a leaf of this tag names the recipient in it.

    With several such leaves in one element, what counts was open: every one must name it.
    """
    for element in reversed(elements):
        values = [value for field, _, value in element_scope(element) if field.tag == tag]
        if values:
            return all(value == case.stands_for for value in values)
    return False


# --- a never ------------------------------------------------------------------------------------


def forbids(case: Case, never: Never, place: Place) -> bool:
    """Rule 3: a `never` reaches what is below a container; rule 6: unknown makes it apply.

    A consent that it asks for is asked for its tags (rule 12), by a class for all there are.
    """
    tags: Tags = None if never.classes else frozenset(never.tags)
    return (
        place.field.tag != BASICS
        and reaches(case, never, place.field)
        and (never.when is None or holds(case, never.when, (), tags) is not False)
    )


def reaches(case: Case, never: Never, field: Field) -> bool:
    """Whether a `never` speaks of the field or of what is around it, to this audience."""
    return (case.audience.name in never.to or ANYONE in never.to) and any(
        tag in never.tags or not case.vocabulary.tags[tag].classes.isdisjoint(never.classes)
        for tag in field.chain
    )


def within_cap(form: Form, never: Never) -> bool:
    """A `never` leaves the forms no clearer than its cap; without a cap it leaves none."""
    return never.clearer_than is not None and at_most(form, never.clearer_than)


# --- an override (rule 11) ----------------------------------------------------------------------


def overrides_applying(case: Case, place: Place) -> Iterator[tuple[Form, Override]]:
    """The overrides recorded that release a leaf, each with the form of its record."""
    for override in case.agreement.overrides:
        for granted in case.register.granted:
            if (
                granted.override == override.id
                and override_names(case, override, place.field)
                and _is_granted(case, granted, place.field.tag)
                and at_most(granted.form, override.form)
                and _fits(granted.form, place)
                and _keeps_items_rule(case, place)
            ):
                yield granted.form, override


def _fits(form: Form, place: Place) -> bool:
    """A record over several tags has a form that may fit some only; a map's key has no kind."""
    return place.kind is None or place.kind in MEANT_FOR.get(form, {place.kind})


def override_names(case: Case, override: Override, field: Field) -> bool:
    """Whether an override could ever release a field: its tag, and no class that nothing lifts."""
    return (
        field.tag in override.tags
        and case.audience.name in override.to
        and all(
            case.vocabulary.tags[tag].classes.isdisjoint(case.vocabulary.unliftable)
            for tag in field.chain
        )
    )


def _is_granted(case: Case, granted: Granted, tag: str) -> bool:
    """Whether a record speaks of this case, recipient and tag, now, and its review let it stand."""
    return (
        granted.case == case.event.subject
        and granted.agreement == case.agreement.id
        and granted.purpose == case.purpose
        and case.recipient in granted.recipients
        and tag in granted.tags
        and tag.split(".")[0] in granted.persons
        and granted.since <= case.at < granted.until
        and granted.review is not Review.FAILED
    )


def _keeps_items_rule(case: Case, place: Place) -> bool:
    """Where shares select among the elements of a list around the leaf, one must select this one.

    Of several lists around it, which counts was open: the innermost that such a share speaks of.
    """
    for element in reversed(place.around.elements):
        tags = set(tags_below(element.field, element.node))
        selecting = [
            share
            for share in case.agreement.shares
            if share.items is not None and _is_told(case, share) and tags.intersection(share.tags)
        ]
        if selecting:
            return any(share_selects(case, share, place) for share in selecting)
    return True


def tags_below(field: Field, node: Node) -> Iterator[str]:
    """The tags of the leaves below a node of a field."""
    if isinstance(node, Leaf):
        yield field.tag
    elif isinstance(node, Record):
        for inner in node.fields:
            yield from tags_below(inner, inner.node)
    else:
        yield from tags_below(field, node.item if isinstance(node, Array) else node.value)
