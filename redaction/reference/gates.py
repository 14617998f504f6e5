"""Rules 1, 2 and 10: which agreement governs, who is addressed, and the gates, literally."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from redaction.agreement import Agreement, Audience
from redaction.decision import AgreementRef, Decision, Gate
from redaction.facts import Register
from redaction.reference.clauses import BASICS
from redaction.reference.conditions import holds, months_later
from redaction.reference.doubt import withheld_in_doubt
from redaction.reference.fields import decide_field
from redaction.reference.kinship import chain, conflicts, kin
from redaction.reference.places import Case, InconsistentError, local_date, places
from redaction.reference.sameness import alike
from schemas.codec import Event
from schemas.registry import Vocabulary


def decide(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    *,
    recipient: str,
    purpose: str,
    at: datetime,
) -> Decision:
    """What one recipient gets of one event for one purpose, field by field, at one moment.

    Args:
        event: a checked event.
        register: the answers that hold at `at`.
        vocabulary: the tags and their classes.
        recipient: the agency asked about, enrolled or not.
        purpose: what the delivery would be for.
        at: the decision time, aware.

    An event, register or agreement that does not fit raises nothing: the gate is then `error` and
    nothing is delivered (rule 6).
    """
    try:
        return _decide(event, register, vocabulary, recipient, purpose, at)
    except Exception:  # noqa: BLE001 - rule 6: any error while deciding withholds the delivery
        return _closed(Gate.ERROR, recipient, purpose)


def recipients(
    event: Event, register: Register, vocabulary: Vocabulary, *, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Every (enrolled agency, purpose) whose gate is not `not-addressed`, sorted."""
    return tuple(
        (name, purpose)
        for name in sorted(register.agencies)
        for purpose in sorted(set(event.purposes))
        if decide(event, register, vocabulary, recipient=name, purpose=purpose, at=at).gate
        is not Gate.NOT_ADDRESSED
    )


def reference_to(agreement: Agreement) -> AgreementRef:
    """How a decision names the agreement that governs it."""
    return AgreementRef(id=agreement.id, version=agreement.version, hash=agreement.hash())


def _decide(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    recipient: str,
    purpose: str,
    at: datetime,
) -> Decision:
    if at.tzinfo is None:
        raise InconsistentError("the decision time names no time zone")
    if recipient not in register.agencies or recipient == event.source:
        return _closed(Gate.NOT_ADDRESSED, recipient, purpose)
    addressing = [
        (agreement, found)
        for agreement in _naming(event, register, purpose)
        if (found := _addressed(event, register, agreement, recipient))
    ]
    if not addressing:
        return _closed(Gate.NOT_ADDRESSED, recipient, purpose)
    in_force = [(a, found) for a, found in addressing if _is_in_force(register, a, at)]
    if len(in_force) != 1:
        gate = Gate.TWO_AGREEMENTS if in_force else Gate.NOT_IN_FORCE
        return _closed(gate, recipient, purpose)
    ((agreement, found),) = in_force
    if len(found) > 1:
        return _closed(Gate.TWO_AUDIENCES, recipient, purpose, agreement)
    ((stands_for, audience),) = found
    case = Case(
        event=event,
        register=register,
        vocabulary=vocabulary,
        agreement=agreement,
        audience=audience,
        recipient=recipient,
        stands_for=stands_for,
        purpose=purpose,
        at=at,
        alike=(),
    )
    gate = _gate(case)
    if gate is Gate.OPEN:
        case = replace(case, alike=alike(event, vocabulary))
    return _decide_fields(case, gate)


def _decide_fields(case: Case, gate: Gate) -> Decision:
    """Rule 1: a delivery is made only if the gates are open and some field is released.

    Rule 4: whether a text is in doubt is known once everything else is decided.
    """
    fields = tuple(decide_field(case, p) for p in places(case.event)) if gate is Gate.OPEN else ()
    fields = withheld_in_doubt(case, fields)
    if gate is Gate.OPEN and not any(f.released and f.tag != BASICS for f in fields):
        gate, fields = Gate.NOTHING_RELEASED, ()
    return Decision(
        recipient=case.recipient,
        stands_for=case.stands_for,
        purpose=case.purpose,
        gate=gate,
        agreement=reference_to(case.agreement),
        audience=case.audience.name,
        fields=fields,
    )


def _closed(
    gate: Gate, recipient: str, purpose: str, agreement: Agreement | None = None
) -> Decision:
    """Nothing is delivered, and no single audience governs."""
    return Decision(
        recipient=recipient,
        stands_for=recipient,
        purpose=purpose,
        gate=gate,
        agreement=reference_to(agreement) if agreement else None,
        audience=None,
        fields=(),
    )


def _naming(event: Event, register: Register, purpose: str) -> list[Agreement]:
    """Rule 1: the enacted agreements that name this publisher, event type and purpose."""
    return [
        agreement
        for agreement in register.agreements
        if purpose in event.purposes
        and purpose in agreement.purposes
        and event.source in agreement.publishers
        and event.etype.name in agreement.event_types
    ]


def _is_in_force(register: Register, agreement: Agreement, at: datetime) -> bool:
    """Rule 1: within its local days, and no later version of it has begun, ended since or not."""
    superseded = any(
        other.id == agreement.id
        and other.version > agreement.version
        and other.start <= local_date(at, other)
        for other in register.agreements
    )
    return not superseded and agreement.start <= local_date(at, agreement) <= agreement.until


def _addressed(
    event: Event, register: Register, agreement: Agreement, recipient: str
) -> list[tuple[str, Audience]]:
    """Rule 2: in whose name and as which audience an agreement addresses the recipient.

    That is its own name, or else the name of an agency in conflict that it stands in for. Who can
    be stood in for was open: an enrolled agency other than the publisher, since nobody else would
    have been a recipient. An audience's `when` plays no part yet.
    """
    found = _resolving(event, register, agreement, [recipient])
    if found:
        return found
    stood_in_for = {
        name
        for conflict in register.conflict_checks.get(event.subject, ())
        if conflict.instead == recipient
        for name in kin(register, conflict.agency)
    }
    in_conflict = sorted(stood_in_for & register.agencies.keys() - {event.source})
    return _resolving(event, register, agreement, in_conflict)


def _resolving(
    event: Event, register: Register, agreement: Agreement, names: list[str]
) -> list[tuple[str, Audience]]:
    return [
        (name, audience)
        for name in names
        for audience in agreement.audiences
        if _resolves(event, register, audience, name)
    ]


def _resolves(event: Event, register: Register, audience: Audience, name: str) -> bool:
    if audience.agency is not None:
        return audience.agency == name
    if audience.named_in is not None:
        return any(p.field.tag == audience.named_in and p.value == name for p in places(event))
    return audience.role in register.agencies[name].roles


def _gate(case: Case) -> Gate:
    """The first of the gates that closes, or `open`."""
    register, audience, recipient = case.register, case.audience, case.recipient
    if audience.when is not None and holds(case, audience.when, (), None) is not True:
        return Gate.AUDIENCE_CONDITION
    if (case.agreement.id, case.agreement.version) in register.unsigned:
        return Gate.UNSIGNED
    if not _has_opinion(case.agreement, local_date(case.at, case.agreement)):
        return Gate.OPINION
    if any(register.agencies[name].suspended for name in chain(register, recipient)):
        return Gate.SUSPENDED
    keys_until = register.agencies[recipient].keys_until
    if keys_until is not None and keys_until < case.at.astimezone(UTC).date():
        return Gate.KEY_EXPIRED
    if not _has_acceded(case):
        return Gate.NOT_ACCEDED
    if case.event.subject not in register.conflict_checks:
        return Gate.CONFLICT_UNKNOWN
    if conflicts(case.event, register, recipient):
        return Gate.CONFLICT
    return Gate.OPEN if _trained(case) else Gate.TRAINING


def _has_opinion(agreement: Agreement, today: date) -> bool:
    """Rule 10: every party's authority found it favourable by now, and the DPIA is not overdue."""
    entries = agreement.drafted_with
    return (
        bool(entries)
        and all(e.outcome.startswith("favourable") and e.date <= today for e in entries)
        and all(any(not e.of or party in e.of for e in entries) for party in agreement.parties())
        and agreement.dpia is not None
        and agreement.dpia.review_by >= today
    )


def _has_acceded(case: Case) -> bool:
    """Rule 2: who receives by a role, or named in an event, is a party or acceded to the version.

    An audience that names an agency signs.
    """
    agreement = case.agreement
    return (
        case.audience.agency is not None
        or case.recipient in agreement.parties()
        or (case.recipient, agreement.id, agreement.version) in case.register.accessions
    )


def _trained(case: Case) -> bool:
    """Rule 10: somebody at the agency holds each course required, on the local date."""
    today = local_date(case.at, case.agreement)
    return all(
        any(
            training.agency == case.recipient
            and training.course == requirement.training
            and training.completed <= today
            and (
                requirement.valid_months is None
                or today <= months_later(training.completed, requirement.valid_months)
            )
            for training in case.register.trainings
        )
        for requirement in case.agreement.requires
        if requirement.of == case.audience.name
    )
