"""Reads a register from a file: for decisions on files alone, and to enrol a county at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode

from broker.register_shapes import WEEKDAYS, AgencyShape, File
from redaction.facts import (
    Agency,
    Calendar,
    Conflict,
    Consent,
    Granted,
    Register,
    Training,
)
from redaction.text import Problem, compose, line_of
from schemas.errors import CasewardError, Code

MAX_BYTES = 4 * 1024 * 1024  # a county's register is some hundred KiB; a node keeps larger ones
MAX_DEPTH = 8  # levels of YAML; ours needs five


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


def read_register(text: str | bytes, *, origin: str) -> RegisterFile:
    """The register that a file spells.

    Args:
        text: YAML with `agencies`, `calendars`, `trainings`, `accessions`, `consents`,
            `conflict_checks` and `overrides`; bytes must be UTF-8. A case under `conflict_checks`
            was checked, and its list names who is in conflict; a case not there is unknown.
        origin: the file's name, for the messages.

    Raises:
        RegisterFileError: every problem at once, each `file:line: sentence`, without values.
    """
    root, found = compose(
        text, origin=origin, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH, name_keys=False
    )
    if root is None or found:
        raise RegisterFileError(found)

    def problem(path: tuple[int | str, ...], message: str) -> Problem:
        return Problem(origin=origin, line=_line(root, path), clause=None, message=message)

    try:
        file = File.model_validate(_plain(root))
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
        return "a word stands here that this file does not know"  # it could be a case's, misplaced
    if error["type"] == "missing":
        return f"`{name}` is missing"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"`{name}` {message[0].lower()}{message[1:]}"


def _loose_ends(file: File) -> Iterator[tuple[tuple[int | str, ...], str]]:
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
    for index, override in enumerate(file.overrides):
        for name in sorted(override.recipients - agencies.keys()):
            yield ("overrides", index, "recipients"), f"there is no agency `{name}`"
    for case, conflicts in file.conflict_checks.items():
        for index, conflict in enumerate(conflicts):
            for key in ("agency", "instead"):
                name = getattr(conflict, key)
                if name is not None and name not in agencies:
                    yield ("conflict_checks", case, index, key), f"there is no agency `{name}`"


def _is_part_of_itself(agencies: Mapping[str, AgencyShape], name: str) -> bool:
    seen = {name}
    above = agencies[name].part_of
    while above is not None and above in agencies and above not in seen:
        seen.add(above)
        above = agencies[above].part_of
    return above == name


def _parents_first(agencies: Mapping[str, AgencyShape]) -> tuple[str, ...]:
    order: dict[str, None] = {}
    for name in agencies:
        chain: list[str] = []
        above: str | None = name
        while above is not None:
            chain.append(above)
            above = agencies[above].part_of
        order.update(dict.fromkeys(reversed(chain)))
    return tuple(order)


def _register(file: File) -> Register:
    return Register(
        agencies={
            name: Agency(
                name=name,
                roles=agency.roles,
                part_of=agency.part_of,
                suspended=agency.suspended,
                keys_until=agency.keys_until,
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
                weekdays=frozenset(WEEKDAYS.index(day) for day in calendar.weekdays),
                closed=frozenset(day for closure in calendar.closed for day in closure.days()),
            )
            for name, calendar in file.calendars.items()
        },
        granted=tuple(Granted(**entry.model_dump()) for entry in file.overrides),
    )
