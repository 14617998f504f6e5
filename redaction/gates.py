"""The gates of a delivery: all that can stop it before a single field is looked at (rule 10)."""

from __future__ import annotations

from datetime import UTC, date
from typing import NamedTuple

from redaction.agreement import Agreement, Audience, Requirement
from redaction.conditions import Facts, evaluate
from redaction.decision import Gate
from redaction.directory import Directory, keep
from redaction.months import add_months
from redaction.remembered import Remembered

FAVOURABLE = "favourable"  # how the outcome of an opinion begins that one may rely on


def first_closed(
    directory: Directory, facts: Facts, audience: Audience, *, recipient: str
) -> Gate | None:
    """The first gate that is closed, in the order in which they are told; None if all are open.

    Args:
        directory: the register.
        facts: the facts at the event's root, under the governing agreement and audience.
        audience: what addresses the recipient, itself or the agency whose place it takes.
        recipient: who would receive: an enrolled agency.

    Raises:
        LookupError: an agency that the recipient is part of is not enrolled.
    """
    known = facts.circumstances
    agreement = known.agreement
    if audience.when is not None and evaluate(audience.when, facts) is not True:
        return Gate.AUDIENCE_CONDITION
    standing = _standing(directory, agreement, audience, recipient, known.today)
    if standing.closed is not None:
        return standing.closed
    keys_until = standing.keys_until
    if keys_until is not None and keys_until < known.at.astimezone(UTC).date():
        return Gate.KEY_EXPIRED
    if not standing.acceded:
        return Gate.NOT_ACCEDED
    conflicts = known.conflicts
    if conflicts is None:
        return Gate.CONFLICT_UNKNOWN
    if conflicts and any(recipient in directory.kin(one.agency) for one in conflicts):
        return Gate.CONFLICT
    for required in agreement.requires:
        if required.of == audience.name and not _trained(
            directory, recipient, required, known.today
        ):
            return Gate.TRAINING
    return None


class _Standing(NamedTuple):
    """What the register alone says of a recipient under an agreement and audience, on one day.

    `closed` is the first closed gate of those that come before its keys.
    """

    agreement: Agreement
    closed: Gate | None
    keys_until: date | None
    acceded: bool


def _standing(
    directory: Directory, agreement: Agreement, audience: Audience, recipient: str, today: date
) -> _Standing:
    """Remembered with the register.

    Raises:
        LookupError: see `first_closed`.
    """
    key = (id(agreement), audience.name, recipient, today)
    standing: _Standing | None = directory.gates.get(key)
    # INVARIANT: what is kept holds its agreement, so this id is nobody else's.
    if standing is None or standing.agreement is not agreement:
        standing = _Standing(
            agreement,
            _first_standing(directory, agreement, recipient, today),
            directory.register.agencies[recipient].keys_until,
            _acceded(directory, agreement, audience, recipient),
        )
        keep(directory.gates, key, standing)
    return standing


def _first_standing(
    directory: Directory, agreement: Agreement, recipient: str, today: date
) -> Gate | None:
    register = directory.register
    if (agreement.id, agreement.version) in register.unsigned:
        return Gate.UNSIGNED
    assessed = _ASSESSED(agreement)
    if assessed is None or not assessed[0] <= today <= assessed[1]:
        return Gate.OPINION
    agency = register.agencies[recipient]
    if agency.suspended:
        return Gate.SUSPENDED
    if agency.part_of is not None and _suspended(directory, agency.part_of):
        return Gate.SUSPENDED
    return None


def _suspended(directory: Directory, agency: str) -> bool:
    """Whether an agency or anything that it is part of is."""
    return any(directory.register.agencies[name].suspended for name in directory.chain(agency))


def _acceded(
    directory: Directory, agreement: Agreement, audience: Audience, recipient: str
) -> bool:
    """Rule 2: who is not a named party, and so has not signed, must have acceded to the version."""
    if audience.agency is not None:
        return True
    accession = (recipient, agreement.id, agreement.version)
    return accession in directory.register.accessions or recipient in agreement.parties()


def _trained(directory: Directory, agency: str, required: Requirement, today: date) -> bool:
    """Whether somebody at the agency has completed the course and it has not lapsed."""
    return any(
        completed <= today
        and (required.valid_months is None or today <= add_months(completed, required.valid_months))
        for completed in directory.trained(agency, required.training)
    )


def _assess(agreement: Agreement) -> tuple[date, date] | None:
    """From when until when every party's authority has approved and the assessment holds."""
    opinions = agreement.drafted_with
    covered = {party for opinion in opinions for party in opinion.of}
    everybody = any(not opinion.of for opinion in opinions)
    if (
        not opinions
        or agreement.dpia is None
        or not all(opinion.outcome.startswith(FAVOURABLE) for opinion in opinions)
        or not (everybody or covered.issuperset(agreement.parties()))
    ):
        return None
    return max(opinion.date for opinion in opinions), agreement.dpia.review_by


_ASSESSED: Remembered[Agreement, tuple[date, date] | None] = Remembered(_assess, keep=1024)
