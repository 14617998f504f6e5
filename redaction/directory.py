"""The register's tables arranged for looking up: each table once, however many events it serves.

A country has 24,000 schools, so nothing here is searched by walking over all agencies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar

from redaction.agreement import Agreement
from redaction.decision import AgreementRef
from redaction.facts import Agency, Conflict, Consent, Granted, Register, Training
from redaction.remembered import Remembered

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, tuple[Value, ...]]:
    groups: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}


def _by_subject(
    agreements: tuple[Agreement, ...],
) -> Mapping[tuple[str, str, str], tuple[Agreement, ...]]:
    return _grouped(
        ((publisher, event_type, purpose), agreement)
        for agreement in agreements
        for publisher in dict.fromkeys(agreement.publishers)
        for event_type in dict.fromkeys(agreement.event_types)
        for purpose in dict.fromkeys(agreement.purposes)
    )


def _by_ref(agreements: tuple[Agreement, ...]) -> Mapping[AgreementRef, Agreement]:
    return {reference_to(agreement): agreement for agreement in agreements}


def _versions(
    agreements: tuple[Agreement, ...],
) -> Mapping[str, tuple[tuple[int, date], ...]]:
    return _grouped(
        (agreement.id, (agreement.version, agreement.start)) for agreement in agreements
    )


def _by_role(agencies: Mapping[str, Agency]) -> Mapping[str, tuple[str, ...]]:
    return _grouped((role, agency.name) for agency in agencies.values() for role in agency.roles)


def _by_parent(agencies: Mapping[str, Agency]) -> Mapping[str, tuple[str, ...]]:
    return _grouped((a.part_of, a.name) for a in agencies.values() if a.part_of is not None)


def _by_course(trainings: tuple[Training, ...]) -> Mapping[tuple[str, str], tuple[date, ...]]:
    return _grouped(((t.agency, t.course), t.completed) for t in trainings)


def _by_case(consents: tuple[Consent, ...]) -> Mapping[str, tuple[Consent, ...]]:
    return _grouped((consent.case, consent) for consent in consents)


def _grants_by_case(granted: tuple[Granted, ...]) -> Mapping[str, tuple[Granted, ...]]:
    return _grouped((record.case, record) for record in granted)


def _reference(agreement: Agreement) -> AgreementRef:
    return AgreementRef(id=agreement.id, version=agreement.version, hash=agreement.hash())


# A new snapshot mostly shares its tables with the one before it; these remember each by identity.
_BY_SUBJECT = Remembered(_by_subject, keep=8)
_BY_REF = Remembered(_by_ref, keep=8)
_VERSIONS = Remembered(_versions, keep=8)
_BY_ROLE = Remembered(_by_role, keep=8)
_BY_PARENT = Remembered(_by_parent, keep=8)
_BY_COURSE = Remembered(_by_course, keep=8)
_BY_CASE = Remembered(_by_case, keep=8)
_GRANTS_BY_CASE = Remembered(_grants_by_case, keep=8)

reference_to: Remembered[Agreement, AgreementRef] = Remembered(_reference, keep=1024)


# of a snapshot, what is kept; past either number all of it is worked out again
MAX_KEPT: Final = (
    4096  # agreements with an audience and a day, or publishers with a type, and so on
)
MAX_RECIPIENTS: Final = 65536  # of each of these

Kept = dict[tuple[object, ...], Any]


def keep(kept: Kept, key: tuple[object, ...], found: object) -> None:
    """Remember what was worked out from one snapshot alone, up to a number."""
    if len(kept) >= MAX_KEPT:
        kept.clear()
    kept[key] = found


class _Tables:
    """The tables of one snapshot, each arranged when it is first asked for."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.addressees: Kept = {}
        self.gates: Kept = {}
        self.akin: Kept = {}

    @cached_property
    def by_subject(self) -> Mapping[tuple[str, str, str], tuple[Agreement, ...]]:
        return _BY_SUBJECT(self._register.agreements)

    @cached_property
    def by_ref(self) -> Mapping[AgreementRef, Agreement]:
        return _BY_REF(self._register.agreements)

    @cached_property
    def versions(self) -> Mapping[str, tuple[tuple[int, date], ...]]:
        return _VERSIONS(self._register.agreements)

    @cached_property
    def by_case(self) -> Mapping[str, tuple[Consent, ...]]:
        return _BY_CASE(self._register.consents)

    @cached_property
    def grants_by_case(self) -> Mapping[str, tuple[Granted, ...]]:
        return _GRANTS_BY_CASE(self._register.granted)


_TABLES = Remembered(_Tables, keep=8)


class Directory:
    """Answers about one register snapshot, each in constant time or that of its answer.

    `addressees` and `gates` are kept for those who say whom events address, and which gates stand.
    """

    __slots__ = ("_tables", "addressees", "gates", "register")

    def __init__(self, register: Register) -> None:
        self.register: Final = register
        self._tables = tables = _TABLES(register)
        self.addressees: Final = tables.addressees
        self.gates: Final = tables.gates

    def agreements(self, publisher: str, event_type: str, purpose: str) -> tuple[Agreement, ...]:
        """The enacted agreements that name all three, whether in force or not."""
        return self._tables.by_subject.get((publisher, event_type, purpose), ())

    def agreement(self, ref: AgreementRef) -> Agreement:
        """The enacted agreement with this id, version and hash.

        Raises:
            LookupError: there is none.
        """
        agreement = self._tables.by_ref.get(ref)
        if agreement is None:
            raise LookupError("no enacted agreement has this id, version and hash")
        return agreement

    def superseded(self, agreement: Agreement, day: date) -> bool:
        """Whether a later version of the agreement has begun: an older one does not come back."""
        versions = self._tables.versions.get(agreement.id, ())
        if len(versions) == 1:  # its own
            return False
        return any(version > agreement.version and start <= day for version, start in versions)

    def with_role(self, role: str) -> tuple[str, ...]:
        """The enrolled agencies that have the role."""
        return _BY_ROLE(self.register.agencies).get(role, ())

    def trained(self, agency: str, course: str) -> tuple[date, ...]:
        """The days on which somebody of the agency completed the course."""
        return _BY_COURSE(self.register.trainings).get((agency, course), ())

    def consents(self, case: str) -> tuple[Consent, ...]:
        """Every consent recorded for the case."""
        return self._tables.by_case.get(case, ())

    def granted(self, case: str) -> tuple[Granted, ...]:
        """Every override recorded for the case, whatever became of it."""
        return self._tables.grants_by_case.get(case, ())

    def units(self, agency: str) -> Iterator[str]:
        """Every unit below the agency, at any depth."""
        waiting, seen = [agency], {agency}
        while waiting:
            for unit in _BY_PARENT(self.register.agencies).get(waiting.pop(), ()):
                if unit not in seen:
                    seen.add(unit)
                    waiting.append(unit)
                    yield unit

    def chain(self, agency: str) -> Iterator[str]:
        """The agency itself, what it is part of, and so on upwards.

        Raises:
            LookupError: an agency in the chain is not enrolled, or is part of itself.
        """
        seen: set[str] = set()
        name: str | None = agency
        while name is not None:
            if name in seen:
                raise LookupError("an agency is part of itself")
            seen.add(name)
            yield name
            name = self.register.agencies[name].part_of

    def kin(self, agency: str) -> frozenset[str]:
        """The agency, all that it is part of and all its units: whom a conflict of it touches.

        An agency that is not enrolled has only itself and its units.

        Raises:
            LookupError: see `chain`.
        """
        above = self.chain(agency) if agency in self.register.agencies else (agency,)
        return frozenset((*above, *self.units(agency)))

    def akin(self, agency: str, other: str) -> bool:
        """Whether one of two is of the other's `kin`; without looking for all units of either.

        Raises:
            LookupError: see `chain`.
        """
        kept = self._tables.akin
        akin: bool | None = kept.get((agency, other))
        if akin is None:
            akin = self._above(agency, other) or self._above(other, agency)
            keep(kept, (agency, other), akin)
        return akin

    def _above(self, below: str, above: str) -> bool:
        known = self.register.agencies.get(below)
        if known is None or known.part_of is None:
            return known is not None and below == above
        return above in self.chain(below)

    def conflicts(self, case: str) -> tuple[Conflict, ...] | None:
        """The conflicts found for the case; None where no check is recorded."""
        return self.register.conflict_checks.get(case)
