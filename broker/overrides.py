"""What an override must keep to before it is recorded, and who may sign and review it (rule 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from broker.enacting import governing
from broker.entries import CLOCK_SKEW_MS, Enrolled, RegisterRefused
from broker.override_record import Authoriser
from broker.override_record import Override as Record
from redaction.agreement import Agreement, Audience, Override
from redaction.facts import Granted, Review
from redaction.transforms import at_most

HOUR = timedelta(hours=1)


def check_override(
    record: Record,
    signers: Mapping[str, Authoriser],
    *,
    agreements: Iterable[Agreement],
    agencies: Mapping[str, Enrolled],
    accessions: frozenset[tuple[str, str, int]],
    recorded: Iterable[Granted],
    now_ms: int,
) -> None:
    """Require that a new override keeps to what its agreement allows.

    Args:
        record: what is to be recorded.
        signers: who signed it (`agency/name`), each with a key that has been checked.
        agreements: those enacted; the one that governs at the record's start sets the bounds.
        agencies: who is enrolled.
        accessions: who acceded to which version.
        recorded: the overrides that the register holds.
        now_ms: the node's time, Unix milliseconds: an override begins now, for one in store for
            later would be no answer to a risk that anybody has seen.

    Raises:
        RegisterRefused: which bound it breaks.
    """
    granted = record.granted
    if abs(granted.since.timestamp() * 1000 - now_ms) > CLOCK_SKEW_MS:
        raise RegisterRefused("an override begins when it is recorded")
    agreement = governing(agreements, granted.agreement, granted.since)
    if agreement is None:
        raise RegisterRefused("no agreement of this id is in force when the override starts")
    allowed = _allowed(agreement, granted.override)
    _check_signers(record, signers, allowed)
    _check_bounds(record, agreement, allowed)
    for name in granted.recipients:
        if not any(
            _addresses(agreement.audience(audience), name, agreement, agencies, accessions)
            for audience in allowed.to
        ):
            raise RegisterRefused("the override may not release to one of its recipients")
    _check_order(granted, agreement, recorded)


def check_review(
    record: Record,
    before: Record,
    signers: Mapping[str, Authoriser],
    authorisers: Mapping[str, Authoriser],
    *,
    agreements: Iterable[Agreement],
) -> None:
    """Require that a change of an override is its review, and by whom it may be.

    An agreement that has been taken out of the register does not keep an override from being
    reviewed: the rank is then the one that those who signed it have.

    Raises:
        RegisterRefused: it changes anything else, was reviewed before, or the reviewer requested
            or signed it.
    """
    if before.granted.review is not Review.OPEN or record.granted.review is Review.OPEN:
        raise RegisterRefused("an override is reviewed once, as upheld or failed")
    as_before = replace(
        record, granted=replace(record.granted, review=Review.OPEN), reviewed_by=None
    )
    if as_before != before:
        raise RegisterRefused("a review changes nothing else of the override")
    agreement = governing(agreements, before.granted.agreement, before.granted.since)
    if agreement is not None:
        ranks = {_allowed(agreement, before.granted.override).of_rank}
    else:
        ranks = {authorisers[one].rank for one in before.authorised_by if one in authorisers}
    if len(signers) != 1 or {record.reviewed_by} != set(signers):
        raise RegisterRefused("a review is signed by the one who made it")
    if record.reviewed_by in (before.requested_by, *before.authorised_by):
        raise RegisterRefused("who requested or signed an override does not review it")
    if any(one.rank not in ranks for one in signers.values()):
        raise RegisterRefused("who reviews an override has another rank than it needs")


def _allowed(agreement: Agreement, override: str) -> Override:
    for one in agreement.overrides:
        if one.id == override:
            return one
    raise RegisterRefused("the agreement in force has no override of this id")


def _check_signers(record: Record, signers: Mapping[str, Authoriser], allowed: Override) -> None:
    if set(signers) != record.authorised_by:
        raise RegisterRefused("the override names other authorisers than signed it")
    if record.requested_by in signers:
        raise RegisterRefused("who requests an override does not sign it")
    if any(one.rank != allowed.of_rank for one in signers.values()):
        raise RegisterRefused(f"an authoriser has not the rank `{allowed.of_rank}`")
    # One person enrolled under two names has one key, or lends it: it counts once.
    if len({one.signing for one in signers.values()}) < max(allowed.authorisers, len(signers)):
        raise RegisterRefused(f"the override needs {allowed.authorisers} distinct authorisers")


def _check_bounds(record: Record, agreement: Agreement, allowed: Override) -> None:
    granted = record.granted
    longest = allowed.expires_after_hours * HOUR
    broken = {
        "a new override is not reviewed yet": granted.review is not Review.OPEN
        or record.reviewed_by is not None,
        "the agreement has not this purpose": granted.purpose not in agreement.purposes,
        "the override does not release these tags": not granted.tags
        or not granted.tags <= set(allowed.tags),
        "the override names other persons than its tags": granted.persons
        != {tag.partition(".")[0] for tag in granted.tags},
        f"the override releases at most `{allowed.form}`": not at_most(granted.form, allowed.form),
        f"the override ends within {allowed.expires_after_hours} hours": not timedelta(0)
        < granted.until - granted.since
        <= longest,
        "the override names no legal basis that the agreement allows": not record.legal_basis
        or not record.legal_basis <= set(allowed.legal_basis),
        "the override releases to nobody": not granted.recipients,
    }
    for rule, is_broken in broken.items():
        if is_broken:
            raise RegisterRefused(rule)


def _check_order(granted: Granted, agreement: Agreement, recorded: Iterable[Granted]) -> None:
    """Require a form that a decision can put in order with what else releases the same tags.

    A decision that meets two forms of which neither discloses all of the other withholds all.
    """
    beside = [(frozenset(share.tags), share.form) for share in agreement.shares]
    beside += [
        (one.tags, one.form)
        for one in recorded
        if (one.case, one.agreement) == (granted.case, granted.agreement)
        and one.review is not Review.FAILED
        and one.recipients & granted.recipients
        and one.until > granted.since
    ]
    for tag in sorted(granted.tags):
        for form in {form for tags, form in beside if tag in tags}:
            if not at_most(form, granted.form) and not at_most(granted.form, form):
                raise RegisterRefused(
                    f"the override's form `{granted.form}` cannot be put in order with `{form}`, "
                    f"in which `{tag}` is released too"
                )


def _addresses(
    audience: Audience,
    name: str,
    agreement: Agreement,
    agencies: Mapping[str, Enrolled],
    accessions: frozenset[tuple[str, str, int]],
) -> bool:
    """Whether an audience can mean this agency; whom an event names is decided with the event."""
    if name not in agencies:
        return False
    if audience.agency is not None:
        return audience.agency == name
    member = audience.role is None or audience.role in agencies[name].roles
    return member and (name, agreement.id, agreement.version) in accessions
