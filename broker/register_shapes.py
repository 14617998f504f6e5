"""What a register file may hold: the shape of each section, checked value by value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from redaction.agreement import Form
from redaction.facts import ConsentState, Review

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencyShape(_Entry):
    """An agency, by its name."""

    title: Words
    roles: frozenset[Name] = frozenset()
    part_of: Name | None = None
    suspended: bool = False
    keys_until: date | None = None


class _Closure(_Entry):
    """Days on which an institution is closed: one (`on`), or all from one to another."""

    on: date | None = None
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    why: Words

    @model_validator(mode="after")
    def _one_or_span(self) -> _Closure:
        if (self.on is None) == (self.from_ is None) or (self.from_ is None) != (self.to is None):
            raise ValueError("needs either `on`, or `from` and `to`")
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError("ends before it begins")
        return self

    def ends(self) -> tuple[date, date]:
        first = self.on or self.from_ or date.min
        return first, self.to or first

    def days(self) -> Iterator[date]:
        first, last = self.ends()
        for count in range((last - first).days + 1):
            yield first + timedelta(days=count)


class _Calendar(_Entry):
    first: date
    last: date
    weekdays: frozenset[str]
    closed: tuple[_Closure, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> _Calendar:
        if not self.weekdays <= set(WEEKDAYS):
            raise ValueError("`weekdays` are English names in small letters")
        # a longer calendar is a slip in a year; expanding it would not end
        if not timedelta(0) <= self.last - self.first <= timedelta(days=366 * 20):
            raise ValueError("spans no time, or more than twenty years")
        for closure in self.closed:
            if any(not self.first <= day <= self.last for day in closure.ends()):
                raise ValueError("has a closure outside its own first and last day")
        return self


class _Training(_Entry):
    agency: Name
    holder: Words
    course: Name
    completed: date


class _Consent(_Entry):
    case: Words
    person: Name
    purpose: Name
    audience: Name | None = None
    state: ConsentState
    tags: frozenset[Name] | None = None
    which: Words | None = None
    by: Name | None = None
    cleared: bool = False


class _Conflict(_Entry):
    agency: Name
    instead: Name | None = None


class _Accession(_Entry):
    agency: Name
    agreement: Name
    version: Annotated[int, Field(ge=1)]


class _Override(_Entry):
    """A recorded override, for decisions on files: a node takes it from its authorisers only."""

    id: Name
    case: Words
    agreement: Name
    override: Name
    purpose: Name
    persons: frozenset[Name]
    recipients: frozenset[Name]
    tags: frozenset[Name]
    form: Form = Form.CLEAR
    since: AwareDatetime
    until: AwareDatetime
    review: Review = Review.OPEN


class File(_Entry):
    """A whole register file."""

    agencies: dict[Name, AgencyShape]
    calendars: dict[Name, _Calendar] = {}
    trainings: tuple[_Training, ...] = ()
    accessions: tuple[_Accession, ...] = ()
    consents: tuple[_Consent, ...] = ()
    conflict_checks: dict[Words, tuple[_Conflict, ...]] = {}
    overrides: tuple[_Override, ...] = ()
