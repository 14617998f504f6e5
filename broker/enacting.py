"""The life of an agreement: who must have signed, what a later version takes over, what lapses.

Everything here is pure: the register (`broker/register.py`) asks it when an entry comes and when
it makes its snapshot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from broker.entries import Enrolled, RegisterRefused
from broker.signatures import Act, holds
from broker.values import Enacted
from redaction.agreement import Agreement, Audience


def key_of(agreement: Agreement) -> str:
    """The register's key of one version of an agreement."""
    return f"{agreement.id}/{agreement.version}"


def check_signatures(
    enacted: Enacted, agencies: Mapping[str, Enrolled], withdrawn: Collection[str]
) -> None:
    """Require that every named party, and nobody else, has signed with its present key.

    Args:
        enacted: what is to be put in force.
        agencies: who is enrolled.
        withdrawn: the agencies that took their signature back from this version: a signature
            made before cannot count again, so they sign a later one.

    Raises:
        RegisterRefused: whose signature is missing or does not hold.
    """
    parties = enacted.agreement.parties()
    if set(enacted.signatures) - set(parties):
        raise RegisterRefused("it is signed by somebody who is no party to it")
    for party in parties:
        agency = agencies.get(party)
        if agency is None or agency.suspended:
            raise RegisterRefused(f"the party `{party}` is not enrolled, or is suspended")
        if party in withdrawn:
            raise RegisterRefused(f"`{party}` took its signature back; count the version up")
        if party not in enacted.signatures:
            raise RegisterRefused(f"`{party}` has not signed")
        if not _signed(enacted, party, (agency.signing,)):
            raise RegisterRefused(f"the signature of `{party}` does not hold for this text")


def unsigned(
    enacted: Enacted, agencies: Mapping[str, Enrolled], withdrawn: Collection[str]
) -> bool:
    """Whether some party's signature does not hold any more.

    Keys replaced in good order keep it, suspension does not end it; a key that was lost, and a
    withdrawal, do.
    """
    return any(
        party in withdrawn
        or party not in agencies
        or not _signed(enacted, party, agencies[party].signing_keys)
        for party in enacted.agreement.parties()
    )


def acceded(enacted: Enacted, agency: Enrolled, signature: bytes) -> bool:
    """Whether a member's signature says that it joins this version."""
    return any(
        holds(signature, key, party=agency.name, act=Act.ACCEDE, canonical=enacted.canonical)
        for key in agency.signing_keys
    )


def check_audiences(agreement: Agreement, agencies: Mapping[str, Enrolled]) -> None:
    """Require that no enrolled agency stands in two audiences of an agreement (rule 2).

    Whom an event will name is not known yet: there the decision looks again.

    Raises:
        RegisterRefused: somebody does.
    """
    for one, other in combinations(agreement.audiences, 2):
        both = set(_members(one, agencies)) & set(_members(other, agencies))
        if both:
            raise RegisterRefused(
                f"`{min(both)}` is in two audiences, `{one.name}` and `{other.name}`"
            )


def check_end(ended: Enacted | None, known: Iterable[Enacted]) -> None:
    """Require that an officer who ends a version thereby brings no earlier one back into force.

    Raises:
        RegisterRefused: there is no such version, or one before it still stands.
    """
    if ended is None:
        raise RegisterRefused("no such version of an agreement is in the register")
    for one in (held.agreement for held in known):
        if one.id == ended.agreement.id and one.version < ended.agreement.version:
            raise RegisterRefused(f"version {one.version} would be in force again: end it first")


def as_they_govern(agreements: Iterable[Agreement]) -> tuple[Agreement, ...]:
    """The agreements with their ends drawn to the day before a later version of theirs starts.

    Rule 1 speaks of the single one in force: two versions of one id never both govern. Versions
    that never govern at all are left out.
    """
    known = tuple(agreements)
    found = []
    for one in known:
        later = [o.start for o in known if o.id == one.id and o.version > one.version]
        until = min([one.until, *(start - timedelta(days=1) for start in later)])
        if until >= one.start:
            found.append(replace(one, until=until))
    return tuple(found)


def governing(agreements: Iterable[Agreement], agreement: str, at: datetime) -> Agreement | None:
    """The version of an agreement that governs at a time, None if none does."""
    for one in as_they_govern(one for one in agreements if one.id == agreement):
        if one.start <= at.astimezone(ZoneInfo(one.time_zone)).date() <= one.until:
            return one
    return None


def _signed(enacted: Enacted, party: str, keys: Iterable[bytes]) -> bool:
    signature = enacted.signatures.get(party)
    return signature is not None and any(
        holds(signature, key, party=party, act=Act.SIGN, canonical=enacted.canonical)
        for key in keys
    )


def _members(audience: Audience, agencies: Mapping[str, Enrolled]) -> Iterator[str]:
    if audience.agency is not None:
        yield audience.agency
    elif audience.role is not None:
        yield from (name for name, one in agencies.items() if audience.role in one.roles)
