"""Checks clauses against what events carry: names, forms, lists, and shares that cannot happen."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.agreement import Items, Never, Override, Share
from redaction.checks_conditions import condition_faults, element_reach, root_reach
from redaction.checks_consent import other_way_faults, reason_faults
from redaction.checks_names import audience_faults, form_faults, tag_faults, words_faults
from redaction.leaves import REASON_FACT
from redaction.scopes import names_in
from redaction.spots import Spot
from redaction.subject import BASICS, Clause, Subject, addresses
from redaction.text import Problem
from redaction.transforms import at_most, most_disclosing
from redaction.words import listed, nearest
from schemas.registry import Kind


def clause_problems(subject: Subject) -> Iterator[Problem]:
    """Everything that is wrong with a clause by itself or beside the others."""
    agreement = subject.agreement
    for clause in agreement.clauses():
        faults = [*audience_faults(agreement, clause), *tag_faults(subject, clause)]
        match clause:
            case Share():
                faults += _share_faults(subject, clause)
            case Never():
                faults += _never_faults(subject, clause)
        for fault in dict.fromkeys(faults):
            yield subject.in_clause(clause, fault)
    yield from _repeated_ids(subject)
    yield from _unordered_forms(subject)


def _share_faults(subject: Subject, share: Share) -> Iterator[str]:
    agreement = subject.agreement
    for publisher in share.publishers:
        if publisher not in agreement.publishers:
            near = nearest(publisher, agreement.publishers)
            yield f"`{publisher}` is no publisher of this agreement{near}"
    carriers = tuple(spot for tag in share.tags for spot in subject.carriers(tag))
    if not carriers:
        return
    yield from form_faults(share.form, carriers)
    yield from words_faults(subject, share.form, carriers)
    yield from reason_faults(share)
    yield from other_way_faults(subject, share)
    if share.needs_reason and not _records_reason(subject, carriers):
        yield f"these events have no `{REASON_FACT}` to record the reason that it needs"
    if share.when is not None:
        yield from condition_faults(subject, share.when, root_reach(carriers))
    if share.items is not None:
        yield from _item_faults(subject, share, share.items)
        if share.items.when is not None and any(spot.lists for spot in carriers):
            yield from condition_faults(subject, share.items.when, element_reach(carriers))
    yield from _dead_faults(subject, share)
    yield from _superseded(subject, share)


def _records_reason(subject: Subject, carriers: tuple[Spot, ...]) -> bool:
    around = {spot.etype for spot in carriers}
    return any(
        spot.is_fact and not spot.lists and spot.field.name == REASON_FACT and spot.etype in around
        for spot in subject.spots
    )


def _never_faults(subject: Subject, never: Never) -> Iterator[str]:
    tags, classes = subject.vocabulary.tags, subject.vocabulary.classes
    for name in never.classes:
        if name not in classes:
            near = nearest(name, classes) or f"; the classes are {listed(sorted(classes))}"
            yield f"there is no class `{name}` in `{subject.vocabulary.name}`{near}"
    basics = tags[BASICS].classes if BASICS in tags else frozenset()
    if BASICS in never.tags or basics & set(never.classes):
        yield "every delivery discloses the event's type, publisher and time; no `never` stops it"
    if never.when is not None and subject.spots:
        yield from condition_faults(subject, never.when, root_reach(subject.spots))


def _item_faults(subject: Subject, share: Share, items: Items) -> Iterator[str]:
    selectors: list[Spot] = []
    if items.where is not None:
        selectors = [
            spot
            for spot in subject.carriers(items.where)
            if spot.is_fact and spot.kind is Kind.STRING and spot.lists
        ]
        if not selectors:
            yield f"`where` must name what tells whose an entry is; `{items.where}` does not"
            return
    for tag in share.tags:
        inside = [spot for spot in subject.carriers(tag) if spot.lists]
        if not inside and subject.carriers(tag):
            yield f"`items` selects entries of a list, but `{tag}` stands in no list"
        elif selectors and not any(_beside(spot, by) for spot in inside for by in selectors):
            yield f"`{tag}` stands in no entry that has `{items.where}`"


def _beside(spot: Spot, selector: Spot) -> bool:
    around = selector.lists
    return spot.etype == selector.etype and spot.lists[: len(around)] == around


def _dead_faults(subject: Subject, share: Share) -> Iterator[str]:
    """Shares that release nothing: a `never` always beats them, or they sum up part of a list."""
    for tag in share.tags:
        carriers = subject.carriers(tag)
        for audience in share.to:
            beaten = [subject.always_withheld(share.form, spot, audience) for spot in carriers]
            if beaten and all(beaten) and beaten[0] is not None:
                yield f"clause {beaten[0].id} always withholds `{tag}` from `{audience}`"
            elif any(_is_partial(subject, spot, audience) for spot in carriers):
                yield f"`{tag}` summarises a list of which `{audience}` sees only a part"


def _superseded(subject: Subject, share: Share) -> Iterator[str]:
    """A share all of which others release anyway, on no condition and in no lesser form."""
    found = [
        next(
            (o for o in subject.agreement.shares if _covers(subject, o, share, tag, audience)), None
        )
        for tag in share.tags
        for audience in share.to
    ]
    others = tuple(dict.fromkeys(other.id for other in found if other is not None))
    if found and all(found):
        yield f"clause {others[0]} shares all of this on no condition, so this adds nothing"


def _covers(subject: Subject, other: Share, share: Share, tag: str, audience: str) -> bool:
    """Whether another share releases the tag whenever this one does; of two equal ones the first.

    A `never` that caps the form may stop the clearer one and leave the other.
    """
    free = not (other.when or other.items or other.needs_reason)
    from_all = not other.publishers or (
        share.publishers and set(share.publishers) <= set(other.publishers)
    )
    bound = share.when or share.items or share.needs_reason or share.form is not other.form
    return bool(
        tag in other.tags
        and audience in other.to
        and free
        and from_all
        and at_most(share.form, other.form)
        and (bound or share.publishers != other.publishers or other.line < share.line)
        and not any(
            at_most(share.form, never.clearer_than) and not at_most(other.form, never.clearer_than)
            for never in subject.agreement.nevers
            if addresses(never, audience)
            and any(subject.touches(never, spot) for spot in subject.carriers(tag))
        )
    )


def _is_partial(subject: Subject, spot: Spot, audience: str) -> bool:
    """Whether a spot summarises a list and the audience gets selected elements of that list."""
    if spot.field.summarises is None:
        return False
    summarised = tuple(spot.field.summarises.split("."))
    below = {
        other.field.tag
        for other in subject.spots
        if other.etype == spot.etype and names_in(other.place)[: len(summarised)] == summarised
    }
    return any(
        share.items is not None and audience in share.to and below & set(share.tags)
        for share in subject.agreement.shares
    )


def _repeated_ids(subject: Subject) -> Iterator[Problem]:
    first: dict[str, int] = {}
    clauses: tuple[Clause, ...] = (*subject.agreement.clauses(), *subject.agreement.overrides)
    for clause in sorted(clauses, key=lambda clause: clause.line):
        if clause.id in first:
            yield subject.in_clause(
                clause, f"the id is taken by the clause in line {first[clause.id]}"
            )
        first.setdefault(clause.id, clause.line)


def _unordered_forms(subject: Subject) -> Iterator[Problem]:
    """For each tag and audience, the first clause whose form cannot be ordered beside another."""
    offered: dict[tuple[str, str], list[Share | Override]] = {}
    releasing: tuple[Share | Override, ...] = (
        *subject.agreement.shares,
        *subject.agreement.overrides,
    )
    for share in releasing:
        for key in ((tag, audience) for tag in share.tags for audience in share.to):
            others = offered.setdefault(key, [])
            if share.form in (other.form for other in others):
                continue
            others.append(share)
            try:
                most_disclosing(other.form for other in others)
            except ValueError:
                yield subject.in_clause(
                    share,
                    f"`{share.form}` of `{key[0]}` cannot be ordered beside the form of clause "
                    f"{others[0].id}: neither discloses all of the other",
                )
