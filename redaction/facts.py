"""The register's answers that a decision may read, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

from redaction.agreement import Agreement


@unique
class ConsentState(StrEnum):
    """What a person said; no record at all is unknown. From least to most restrictive."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An enrolled agency, or a unit of one (`part_of` names its agency)."""

    name: str
    roles: frozenset[str]
    part_of: str | None
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One person's answer in one case for one purpose; `person` is a word such as `victim`.

    `audience` None means every audience. Of several that match, the most restrictive holds.
    """

    case: str
    person: str
    purpose: str
    audience: str | None
    state: ConsentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An agency or unit that must not receive the case; `instead` may name who stands in."""

    agency: str
    instead: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A person's training at an agency: the course and the day it was completed."""

    agency: str
    holder: str
    course: str
    completed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Open days of an institution: weekdays (Monday is 0) less the closed dates, within a span.

    Outside `first`..`last` the calendar answers nothing: unknown.
    """

    name: str
    first: date
    last: date
    weekdays: frozenset[int]
    closed: frozenset[date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One snapshot of everything a decision reads beside the event and the time.

    `conflict_checks` maps a case to its recorded check: a case without one is unknown, and unknown
    excludes every recipient. `agreements` are those enacted, in any order. `accessions` holds
    (agency, agreement id, version).
    """

    agencies: Mapping[str, Agency]
    agreements: tuple[Agreement, ...]
    accessions: frozenset[tuple[str, str, int]]
    consents: tuple[Consent, ...]
    conflict_checks: Mapping[str, tuple[Conflict, ...]]
    trainings: tuple[Training, ...]
    calendars: Mapping[str, Calendar]
