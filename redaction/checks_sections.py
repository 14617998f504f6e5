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


def section_problems(subject: Subject, types: Mapping[str, EventType]) -> Iterator[Problem]:
    """Everything that is wrong outside the clauses."""
    yield from _names(subject, types)
    yield from _audiences(subject)
    yield from _duties(subject)
    yield from _papers(subject)


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
    given = {name for share in agreement.shares for name in share.to}
    given |= {name for override in agreement.overrides for name in override.to}
    if audience.name not in given and "clauses" not in subject.damaged:
        yield " is given nothing by any clause"
    if audience.agency is not None and set(agreement.publishers) == {audience.agency}:
        yield " is the publisher itself, which is sent no event of its own"
    tag = audience.named_in
    if tag is not None and tag not in subject.vocabulary.tags:
        yield f" is named in no known tag `{tag}`{nearest(tag, subject.vocabulary.tags)}"
    elif tag is not None and subject.spots:
        carriers = subject.carriers(tag)
        if not any(spot.is_fact and spot.kind is Kind.STRING for spot in carriers):
            yield f" is named in `{tag}`, but these events name no agency there"
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
    yield from _kept_from(subject)
    calendars = dict(agreement.calendars)
    for index, deadline in enumerate(agreement.deliver_by):
        if deadline.calendar is not None and deadline.calendar not in calendars:
            near = nearest(deadline.calendar, calendars)
            message = f"`calendars` has no `{deadline.calendar}`{near}"
            yield subject.at(f"deliver_by.{index}", message)


def _kept_from(subject: Subject) -> Iterator[Problem]:
    """Whom a view must not reach is somebody that events speak of, or an audience (rule 13)."""
    agreement = subject.agreement
    known = {tag.split(".", 1)[0] for tag in subject.vocabulary.tags}
    known |= {audience.name for audience in agreement.audiences}
    for index, entry in enumerate(agreement.handling):
        for name in entry.not_to_reach:
            if name not in known and "audiences" not in subject.damaged:
                message = f"`not_to_reach` names nobody known as `{name}`{nearest(name, known)}"
                yield subject.at(f"handling.{index}", message)


def _papers(subject: Subject) -> Iterator[Problem]:
    agreement = subject.agreement
    if agreement.start > agreement.until and "in_force" not in subject.damaged:
        yield subject.at("in_force", "the agreement ends before it begins")
    if not agreement.drafted_with and "drafted_with" not in subject.damaged:
        message = "no data-protection authority's opinion is named (`drafted_with`)"
        yield subject.at("drafted_with", message)
    yield from _opinions(subject)
    yield from _assessment(subject)


def _opinions(subject: Subject) -> Iterator[Problem]:
    """Each favourable, there from the first day, and together of every party."""
    agreement, parties = subject.agreement, subject.agreement.parties()
    whole = not {"publishers", "audiences", "drafted_with", "in_force"} & subject.damaged
    for index, opinion in enumerate(agreement.drafted_with):
        faults = []
        if not opinion.outcome.startswith(_GIVEN):
            faults.append(f"the opinion `{opinion.reference}` is not favourable")
        if whole and opinion.date > agreement.start:
            faults.append(f"the opinion `{opinion.reference}` comes after the agreement begins")
        faults += [
            f"the opinion `{opinion.reference}` is of `{name}`, which is no party: the publishers "
            f"and the agencies named as audiences are{nearest(name, parties)}"
            for name in opinion.of
            if name not in parties and whole
        ]
        for fault in faults:
            yield subject.at(f"drafted_with.{index}", fault)
    if whole and all(opinion.of for opinion in agreement.drafted_with):
        covered = {name for opinion in agreement.drafted_with for name in opinion.of}
        for party in parties if covered else ():
            if party not in covered:
                message = f"no opinion is of the party `{party}`; name it in an `of`"
                yield subject.at("drafted_with", message)


def _assessment(subject: Subject) -> Iterator[Problem]:
    dpia = subject.agreement.dpia
    if dpia is None:
        yield subject.at("dpia", "no data-protection impact assessment is named (`dpia`)")
    elif "dpia" in subject.damaged:
        return
    elif dpia.review_by < dpia.date:
        yield subject.at("dpia", "the impact assessment is to be reviewed before it was made")
    elif dpia.review_by < subject.agreement.start and "in_force" not in subject.damaged:
        message = "the impact assessment is to be reviewed before the agreement begins"
        yield subject.at("dpia", message)


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
