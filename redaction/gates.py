"""The gates of a delivery: all that can stop it before a single field is looked at (rule 10)."""

from __future__ import annotations

from datetime import UTC, date
from typing import NamedTuple

from redaction.agreement import Agreement, Audience, Requirement
from redaction.conditions import Facts, evaluate
from redaction.decision import Gate
from redaction.directory import MAX_RECIPIENTS, Directory, keep
from redaction.months import add_months
from redaction.remembered import Remembered

FAVOURABLE = "favourable"  # how the outcome of an opinion begins that one may rely on


class Gates:
    """The gates of one event before the recipients of one audience; they all have its facts.

    Args:
        directory: the register.
        facts: the facts at the event's root, under the governing agreement and audience.
        audience: what addresses the recipients, themselves or the agency whose place they take.
    """

    __slots__ = ("_audience", "_directory", "_known", "_required", "_standings", "_told")

    def __init__(self, directory: Directory, facts: Facts, audience: Audience) -> None:
        self._directory = directory
        self._audience = audience
        self._known = known = facts.circumstances
        self._told = audience.when is None or evaluate(audience.when, facts) is True
        self._required = [one for one in known.agreement.requires if one.of == audience.name]
        self._standings = _standings(directory, known.agreement, audience, known.today)

    def first_closed(self, recipient: str) -> Gate | None:
        """The first gate that is closed, in the order in which they are told; None: all are open.

        Args:
            recipient: who would receive: an enrolled agency.

        Raises:
            LookupError: an agency that the recipient is part of is not enrolled.
        """
        if not self._told:
            return Gate.AUDIENCE_CONDITION
        closed, keys_until, acceded = self._standings[recipient]
        if closed is not None:
            return closed
        known = self._known
        if keys_until is not None and keys_until < known.at.astimezone(UTC).date():
            return Gate.KEY_EXPIRED
        if not acceded:
            return Gate.NOT_ACCEDED
        conflicts, directory = known.conflicts, self._directory
        if conflicts is None:
            return Gate.CONFLICT_UNKNOWN
        if conflicts and any(recipient in directory.kin(one.agency) for one in conflicts):
            return Gate.CONFLICT
        for required in self._required:
            if not _trained(directory, recipient, required, known.today):
                return Gate.TRAINING
        return None


class _Standing(NamedTuple):
    """What the register alone says of a recipient under an agreement and audience, on one day.

    `closed` is the first closed gate of those that come before its keys.
    """

    closed: Gate | None
    keys_until: date | None
    acceded: bool


class _Standings(dict[str, _Standing]):
    """By recipient, worked out when first asked for, and kept with the register."""

    __slots__ = ("_audience", "_directory", "_today", "agreement")

    def __init__(
        self, directory: Directory, agreement: Agreement, audience: Audience, today: date
    ) -> None:
        super().__init__()
        self._directory = directory
        self.agreement = agreement
        self._audience = audience
        self._today = today

    def __missing__(self, recipient: str) -> _Standing:
        directory, agreement = self._directory, self.agreement
        standing = _Standing(
            _first_standing(directory, agreement, recipient, self._today),
            directory.register.agencies[recipient].keys_until,
            _acceded(directory, agreement, self._audience, recipient),
        )
        if len(self) >= MAX_RECIPIENTS:
            self.clear()
        self[recipient] = standing
        return standing


def _standings(
    directory: Directory, agreement: Agreement, audience: Audience, today: date
) -> _Standings:
    key = (id(agreement), audience.name, today)
    kept: _Standings | None = directory.gates.get(key)
    # INVARIANT: what is kept holds its agreement, so this id is nobody else's.
    if kept is None or kept.agreement is not agreement:
        kept = _Standings(directory, agreement, audience, today)
        keep(directory.gates, key, kept)
    return kept


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
