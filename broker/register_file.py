"""Reads a register from a file: for decisions on files alone, and to enrol a county at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from yaml.nodes import MappingNode, Node, ScalarNode

from redaction.facts import (
    Agency,
    Calendar,
    Conflict,
    Consent,
    ConsentState,
    Register,
    Training,
)
from redaction.text import Problem, compose, line_of
from schemas.errors import CasewardError, Code

MAX_BYTES = 4 * 1024 * 1024  # a county's register is some hundred KiB; a node keeps larger ones
MAX_DEPTH = 8  # levels of YAML; ours needs five
_WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class RegisterFileError(CasewardError):
    """A register file cannot be used; `problems` holds every reason. As text it is one line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(Code.REGISTER_REFUSED, f"{problems[0]}{more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFile:
    """What a register file says.

    `register` holds no agreements: those are texts of their own. `titles` are the agencies' names
    for people; an agency stands before its units, so that enrolling in this order works.
    """

    register: Register
    titles: Mapping[str, str]


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Agency(_Entry):
    title: Words
    roles: frozenset[Name] = frozenset()
    part_of: Name | None = None
    suspended: bool = False


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
        if not self.weekdays <= set(_WEEKDAYS):
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


class _Conflict(_Entry):
    agency: Name
    instead: Name | None = None


class _Accession(_Entry):
    agency: Name
    agreement: Name
    version: Annotated[int, Field(ge=1)]


class _File(_Entry):
    agencies: dict[Name, _Agency]
    calendars: dict[Name, _Calendar] = {}
    trainings: tuple[_Training, ...] = ()
    accessions: tuple[_Accession, ...] = ()
    consents: tuple[_Consent, ...] = ()
    conflict_checks: dict[Words, tuple[_Conflict, ...]] = {}


def read_register(text: str | bytes, *, origin: str) -> RegisterFile:
    """The register that a file spells.

    Args:
        text: YAML with `agencies`, `calendars`, `trainings`, `accessions`, `consents` and
            `conflict_checks`; bytes must be UTF-8. A case under `conflict_checks` was checked,
            and its list names who is in conflict; a case that is not there is unknown.
        origin: the file's name, for the messages.

    Raises:
        RegisterFileError: every problem at once, each `file:line: sentence`, without values.
    """
    root, found = compose(text, origin=origin, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    if root is None or found:
        raise RegisterFileError(found)

    def problem(path: tuple[int | str, ...], message: str) -> Problem:
        return Problem(origin=origin, line=_line(root, path), clause=None, message=message)

    try:
        file = _File.model_validate(_plain(root))
    except ValidationError as cause:
        raise RegisterFileError(
            tuple(problem(error["loc"], _sentence(error)) for error in cause.errors())
        ) from None
    problems = tuple(problem(path, message) for path, message in _loose_ends(file))
    if problems:
        raise RegisterFileError(problems)
    return RegisterFile(
        register=_register(file),
        titles={name: file.agencies[name].title for name in _parents_first(file.agencies)},
    )


def _plain(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    return [_plain(part) for part in node.value]


def _line(root: Node, path: tuple[int | str, ...]) -> int:
    """The line of the node at a path, or of the last one on the way that is there."""
    node, line = root, line_of(root)
    for step in path:
        if isinstance(node, MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            found = [(node.value[step], node.value[step])]
        else:
            found = []
        if not found:
            return line
        line, node = line_of(found[0][0]), found[0][1]
    return line


def _sentence(error: Any) -> str:
    # Pydantic's own messages quote no input for the types used here; keys that are names of
    # cases are left out, so only the word nearest to the fault is named.
    names = [step for step in error["loc"] if isinstance(step, str) and step != "[key]"]
    name = names[-1] if names and names[-2:-1] != ["conflict_checks"] else "conflict_checks"
    if error["type"] == "extra_forbidden":
        return f"there is no `{name}` here"
    if error["type"] == "missing":
        return f"`{name}` is missing"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"`{name}` {message[0].lower()}{message[1:]}"


def _loose_ends(file: _File) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Names of agencies that are not enrolled, and units that are part of themselves."""
    agencies = file.agencies
    for name, agency in agencies.items():
        if agency.part_of is not None and agency.part_of not in agencies:
            yield ("agencies", name, "part_of"), f"there is no agency `{agency.part_of}`"
        elif _is_part_of_itself(agencies, name):
            yield ("agencies", name, "part_of"), f"`{name}` is part of itself"
    for section in ("trainings", "accessions"):
        for index, entry in enumerate(getattr(file, section)):
            if entry.agency not in agencies:
                yield (section, index, "agency"), f"there is no agency `{entry.agency}`"
    for case, conflicts in file.conflict_checks.items():
        for index, conflict in enumerate(conflicts):
            for key in ("agency", "instead"):
                name = getattr(conflict, key)
                if name is not None and name not in agencies:
                    yield ("conflict_checks", case, index, key), f"there is no agency `{name}`"


def _is_part_of_itself(agencies: Mapping[str, _Agency], name: str) -> bool:
    seen = {name}
    above = agencies[name].part_of
    while above is not None and above in agencies and above not in seen:
        seen.add(above)
        above = agencies[above].part_of
    return above == name


def _parents_first(agencies: Mapping[str, _Agency]) -> tuple[str, ...]:
    order: dict[str, None] = {}
    for name in agencies:
        chain: list[str] = []
        above: str | None = name
        while above is not None:
            chain.append(above)
            above = agencies[above].part_of
        order.update(dict.fromkeys(reversed(chain)))
    return tuple(order)


def _register(file: _File) -> Register:
    return Register(
        agencies={
            name: Agency(
                name=name,
                roles=agency.roles,
                part_of=agency.part_of,
                suspended=agency.suspended,
            )
            for name, agency in file.agencies.items()
        },
        agreements=(),
        accessions=frozenset(
            (entry.agency, entry.agreement, entry.version) for entry in file.accessions
        ),
        consents=tuple(Consent(**entry.model_dump()) for entry in file.consents),
        conflict_checks={
            case: tuple(Conflict(**conflict.model_dump()) for conflict in conflicts)
            for case, conflicts in file.conflict_checks.items()
        },
        trainings=tuple(Training(**entry.model_dump()) for entry in file.trainings),
        calendars={
            name: Calendar(
                name=name,
                first=calendar.first,
                last=calendar.last,
                weekdays=frozenset(_WEEKDAYS.index(day) for day in calendar.weekdays),
                closed=frozenset(day for closure in calendar.closed for day in closure.days()),
            )
            for name, calendar in file.calendars.items()
        },
    )
