"""Reads an agreement's text into the model, or says everything that is wrong with it, by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yaml.nodes import MappingNode, Node

from redaction.agreement import MAX_DEPTH, MAX_TEXT_BYTES, Agreement
from redaction.reading_clauses import read_clauses
from redaction.reading_consent import read_consent
from redaction.reading_overrides import read_overrides
from redaction.reading_sections import (
    read_audiences,
    read_basis,
    read_calendars,
    read_deadline,
    read_dpia,
    read_each,
    read_handling,
    read_in_force,
    read_language,
    read_opinion,
    read_requirement,
    read_time_zone,
)
from redaction.text import Problem, compose, line_of
from redaction.words import MAX_LINE, Reader, TooManyProblems
from schemas.errors import CasewardError, Code

MAX_VERSION = 999_999
REQUIRED: Final = (
    "agreement",
    "version",
    "title",
    "language",
    "time_zone",
    "vocabulary",
    "publishers",
    "event_types",
    "purposes",
    "audiences",
    "in_force",
    "clauses",
)
# which data-protection papers are missing is for the checks to say, with what they are for
OPTIONAL: Final = (
    "calendars",
    "legal_basis",
    "drafted_with",
    "dpia",
    "requires",
    "deliver_by",
    "handling",
    "consent",
    "overrides",
)


class AgreementError(CasewardError):
    """An agreement's text cannot be executed; `problems` holds every reason, in the text's order.

    As text it is one line: the first problem and how many more there are.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(Code.BAD_AGREEMENT, f"{problems[0]}{more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be read, for the checks to find further problems in; it is never executed.

    `agreement` is None if the text holds no keys and values at all, or more problems than are worth
    saying, of which the last is then that there are more. Where there are problems,
    faulty clauses and entries are left out of it and harmless values stand for faulty words.
    `lines` maps a section's or entry's path, such as `audiences.school`, to its line; `damaged`
    names the sections in which something could not be read.
    """

    agreement: Agreement | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, int]
    damaged: frozenset[str]


def read_agreement(text: str | bytes, *, origin: str) -> Agreement:
    """The agreement that a text spells.

    Args:
        text: YAML, at most `MAX_TEXT_BYTES`; bytes must be UTF-8.
        origin: the file's name, for the messages.

    Raises:
        AgreementError: every problem of spelling at once, up to 500 of them. What the words mean
            together is checked by `static_check`.
    """
    reading = read(text, origin=origin)
    if reading.problems or reading.agreement is None:
        raise AgreementError(reading.problems)
    return reading.agreement


def read(text: str | bytes, *, origin: str) -> Reading:
    """The agreement as far as it can be read, and every problem of spelling, up to 500 of them.

    Whatever the text is, 256 KiB of it take at most five seconds and 200 MB; nothing is raised.
    """
    root, problems = compose(text, origin=origin, max_bytes=MAX_TEXT_BYTES, max_depth=MAX_DEPTH)
    if root is None:
        return Reading(agreement=None, problems=problems, lines={}, damaged=frozenset())
    reader = Reader(origin)
    reader.problems.extend(problems)
    try:
        agreement = _agreement(reader, root)
    except TooManyProblems:
        return Reading(
            agreement=None, problems=tuple(reader.problems), lines={}, damaged=frozenset()
        )
    found = tuple(sorted(reader.problems, key=lambda problem: problem.line))
    damaged = frozenset(
        key.value for key, node in root.value if any(_is_in(problem, node) for problem in found)
    )
    return Reading(agreement=agreement, problems=found, lines=reader.lines, damaged=damaged)


def _is_in(problem: Problem, node: Node) -> bool:
    # a block ends where the next one starts, in the first column of its line
    end = node.end_mark.line + (1 if node.end_mark.column else 0)
    return line_of(node) <= problem.line <= max(end, line_of(node))


def _agreement(reader: Reader, root: MappingNode) -> Agreement:
    entries = reader.keyed(root, "the agreement", required=REQUIRED, optional=OPTIONAL)
    reader.lines.update({key.value: line_of(key) for key, _ in root.value})
    get = entries.get
    start, until = read_in_force(reader, get("in_force"))
    shares, nevers = read_clauses(reader, get("clauses"))
    return Agreement(
        id=reader.word(get("agreement"), "`agreement`"),
        version=reader.number(get("version"), "`version`", least=1, most=MAX_VERSION),
        title=reader.text(get("title"), "`title`", limit=MAX_LINE),
        language=read_language(reader, get("language")),
        time_zone=read_time_zone(reader, get("time_zone")),
        vocabulary=reader.word(get("vocabulary"), "`vocabulary`"),
        calendars=read_calendars(reader, get("calendars")),
        publishers=reader.words(get("publishers"), "`publishers`"),
        event_types=reader.words(get("event_types"), "`event_types`"),
        purposes=reader.words(get("purposes"), "`purposes`"),
        audiences=read_audiences(reader, get("audiences")),
        legal_basis=read_each(reader, entries, "legal_basis", read_basis),
        drafted_with=read_each(reader, entries, "drafted_with", read_opinion),
        dpia=read_dpia(reader, get("dpia")),
        start=start,
        until=until,
        requires=read_each(reader, entries, "requires", read_requirement),
        deliver_by=read_each(reader, entries, "deliver_by", read_deadline),
        handling=read_each(reader, entries, "handling", read_handling),
        shares=shares,
        nevers=nevers,
        overrides=read_overrides(reader, get("overrides")),
        consents=read_each(reader, entries, "consent", read_consent),
    )
