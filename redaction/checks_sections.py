"""Checks what stands around the clauses: audiences, papers, dates, and other agreements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from redaction.agreement import Agreement, Audience
from redaction.checks_conditions import condition_faults, root_reach
from redaction.subject import Subject
from redaction.text import Problem
from redaction.words import nearest
from schemas.registry import EventType, Kind

_GIVEN = "favourable"
# which classes need a legal basis of their own, and under which key it is written
_CLASSES = {
    "special-category": ("special_category", "GDPR article 9"),
    "criminal-offence": ("criminal_offence", "GDPR article 10"),
}


def section_problems(subject: Subject, types: Mapping[str, EventType]) -> Iterator[Problem]:
    """Everything that is wrong outside the clauses."""
    yield from _names(subject, types)
    yield from _audiences(subject)
    yield from _duties(subject)
    yield from _papers(subject)
    yield from _bases(subject)


def _names(subject: Subject, types: Mapping[str, EventType]) -> Iterator[Problem]:
    agreement = subject.agreement
    if agreement.vocabulary and agreement.vocabulary != subject.vocabulary.name:
        message = f"the vocabulary in use is `{subject.vocabulary.name}`"
        yield subject.at("vocabulary", f"{message}, not `{agreement.vocabulary}`")
    for name in agreement.event_types:
        if name not in types:
            yield subject.at(
                "event_types", f"there is no event type `{name}`{nearest(name, types)}"
            )


def _audiences(subject: Subject) -> Iterator[Problem]:
    agreement = subject.agreement
    taken: dict[tuple[str | None, ...], str] = {}
    for audience in agreement.audiences:
        faults = list(_audience_faults(subject, audience))
        address = (audience.agency, audience.named_in, audience.role)
        if address in taken and any(address):
            faults.append(f" addresses the same agencies as audience `{taken[address]}`")
        taken.setdefault(address, audience.name)
        for fault in faults:
            yield subject.at(f"audiences.{audience.name}", f"audience `{audience.name}`{fault}")


def _audience_faults(subject: Subject, audience: Audience) -> Iterator[str]:
    """What is wrong with an audience, to be put behind its name."""
    agreement = subject.agreement
    shared = any(audience.name in share.to for share in agreement.shares)
    if not shared and "clauses" not in subject.damaged:
        yield " is given nothing by any clause"
    if audience.agency is not None and set(agreement.publishers) == {audience.agency}:
        yield " is the publisher itself, which is sent no event of its own"
    tag = audience.named_in
    if tag is not None and tag not in subject.vocabulary.tags:
        yield f" is named in no known tag `{tag}`{nearest(tag, subject.vocabulary.tags)}"
    elif tag is not None and subject.spots:
        carriers = subject.carriers(tag)
        if not any(spot.is_fact and spot.kind is Kind.STRING for spot in carriers):
            yield f" is named in `{tag}`, which is no fact of these events that is text"
    if audience.when is not None and subject.spots:
        for fault in condition_faults(subject, audience.when, root_reach(subject.spots)):
            yield f": {fault}"


def _duties(subject: Subject) -> Iterator[Problem]:
    """Entries that speak of an audience must name one; deadlines, a known calendar."""
    agreement = subject.agreement
    known = {audience.name for audience in agreement.audiences}
    for section in ("legal_basis", "requires", "deliver_by", "handling"):
        for index, entry in enumerate(getattr(agreement, section)):
            if entry.of not in known and "audiences" not in subject.damaged:
                message = f"there is no audience `{entry.of}`{nearest(entry.of, known)}"
                yield subject.at(f"{section}.{index}", message)
    calendars = dict(agreement.calendars)
    for index, deadline in enumerate(agreement.deliver_by):
        if deadline.calendar is not None and deadline.calendar not in calendars:
            message = f"`calendars` has no `{deadline.calendar}`"
            yield subject.at(f"deliver_by.{index}", message)


def _papers(subject: Subject) -> Iterator[Problem]:
    agreement = subject.agreement
    if agreement.start > agreement.until and "in_force" not in subject.damaged:
        yield subject.at("in_force", "the agreement ends before it begins")
    if not agreement.drafted_with and "drafted_with" not in subject.damaged:
        message = "no data-protection authority's opinion is named (`drafted_with`)"
        yield subject.at("drafted_with", message)
    for index, opinion in enumerate(agreement.drafted_with):
        if not opinion.outcome.startswith(_GIVEN):
            message = f"the opinion `{opinion.reference}` is not favourable"
            yield subject.at(f"drafted_with.{index}", message)
    dpia = agreement.dpia
    if dpia is None:
        yield subject.at("dpia", "no data-protection impact assessment is named (`dpia`)")
    elif dpia.review_by < dpia.date and "dpia" not in subject.damaged:
        yield subject.at("dpia", "the impact assessment is to be reviewed before it was made")


def _bases(subject: Subject) -> Iterator[Problem]:
    """Every audience needs a legal basis; sensitive classes need one of their own."""
    agreement = subject.agreement
    if "legal_basis" in subject.damaged:
        return
    for audience in agreement.audiences:
        bases = [basis for basis in agreement.legal_basis if basis.of == audience.name]
        if not bases:
            message = f"audience `{audience.name}` has no legal basis"
            yield subject.at("legal_basis", message)
            continue
        for name, (key, article) in _CLASSES.items():
            if not any(getattr(basis, key) for basis in bases):
                needed = f"`{key}` ({article}) in its legal basis"
                yield from _without_basis(subject, audience.name, name, needed)


def _without_basis(subject: Subject, audience: str, name: str, needed: str) -> Iterator[Problem]:
    for share in subject.agreement.shares:
        sensitive = [
            tag
            for tag in share.tags
            if audience in share.to
            and any(name in subject.classes(spot) for spot in subject.carriers(tag))
        ]
        if sensitive:
            message = f"audience `{audience}` gets {name} data, `{sensitive[0]}`, without {needed}"
            yield subject.in_clause(share, message)


def other_problems(subject: Subject, others: tuple[Agreement, ...]) -> Iterator[Problem]:
    """Agreements already in force that would govern the same delivery, so that none could."""
    agreement = subject.agreement
    for other in others:
        if (other.id, other.version) == (agreement.id, agreement.version):
            if other.hash() != agreement.hash():
                message = f"version {other.version} is in force with another text; count it up"
                yield subject.at("version", message)
            continue
        if other.start > agreement.until or agreement.start > other.until:
            continue
        for what in _common(agreement, other):
            message = f"`{other.id}` version {other.version} would govern too: {what}"
            yield subject.at("agreement", message)


def _common(agreement: Agreement, other: Agreement) -> Iterator[str]:
    publishers = [name for name in agreement.publishers if name in other.publishers]
    types = [name for name in agreement.event_types if name in other.event_types]
    purposes = [name for name in agreement.purposes if name in other.purposes]
    if not (publishers and types and purposes):
        return
    for ours in agreement.audiences:
        for theirs in other.audiences:
            if ours.agency is None or theirs.agency is None or ours.agency == theirs.agency:
                yield (
                    f"`{types[0]}` from `{publishers[0]}` for `{purposes[0]}`, "
                    f"where `{ours.name}` and its `{theirs.name}` may be the same agency"
                )
