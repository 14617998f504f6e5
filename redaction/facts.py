"""The register's answers that a decision may read, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from redaction.agreement import Agreement, Form


@unique
class ConsentState(StrEnum):
    """What a person said; no record at all is unknown. From least to most restrictive."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An enrolled agency, or a unit of one (`part_of` names its agency).

    `keys_until` is the last day (UTC) on which its keys may be sealed to; None has no end.
    """

    name: str
    roles: frozenset[str]
    part_of: str | None
    suspended: bool
    keys_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One person's answer in one case for one purpose; `person` is a word such as `victim`.

    `audience` None means every audience, `tags` None every tag. `which` tells one child of a case
    from another: the event's fact `<person>_id`; None speaks of every such person. `by` says who
    answered, None the person herself; `cleared` that this one was checked not to be the
    perpetrator. Of several that match, the most restrictive holds.
    """

    case: str
    person: str
    purpose: str
    audience: str | None
    state: ConsentState
    tags: frozenset[str] | None = None
    which: str | None = None
    by: str | None = None
    cleared: bool = False


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


@unique
class Review(StrEnum):
    """What the review of an override found; a missed one changes nothing but alarms."""

    OPEN = "open"
    UPHELD = "upheld"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A recorded override (rule 11): what it releases, to whom, in which case, and until when.

    It names an `Override` of an agreement by id. `persons` are words such as `victim`; a tag is
    released only if its first part is one of them. `since` is included, `until` is not; the node
    checks the signatures, ranks and bounds before it enters the record.
    """

    id: str
    case: str
    agreement: str
    override: str
    purpose: str
    persons: frozenset[str]
    recipients: frozenset[str]
    tags: frozenset[str]
    form: Form
    since: datetime
    until: datetime
    review: Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One snapshot of everything a decision reads beside the event and the time.

    `conflict_checks` maps a case to its recorded check: a case without one is unknown, and unknown
    excludes every recipient. `agreements` are those enacted, in any order. `accessions` holds
    (agency, agreement id, version); `unsigned` the (agreement id, version) of those that a named
    party has not signed, or no longer.
    """

    agencies: Mapping[str, Agency]
    agreements: tuple[Agreement, ...]
    accessions: frozenset[tuple[str, str, int]]
    consents: tuple[Consent, ...]
    conflict_checks: Mapping[str, tuple[Conflict, ...]]
    trainings: tuple[Training, ...]
    calendars: Mapping[str, Calendar]
    granted: tuple[Granted, ...] = ()
    unsigned: frozenset[tuple[str, int]] = frozenset()
