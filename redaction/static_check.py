"""Checks an agreement before it can be put in force: every problem at once, by line and clause."""

from __future__ import annotations

from collections.abc import Mapping

from redaction.agreement import Agreement
from redaction.checks_bases import basis_problems
from redaction.checks_clauses import clause_problems
from redaction.checks_consent import consent_problems
from redaction.checks_overrides import override_problems
from redaction.checks_reveals import reveal_problems
from redaction.checks_sections import other_problems, section_problems
from redaction.reading import Reading, read
from redaction.subject import subject_of
from redaction.text import Problem
from schemas.registry import EventType, Vocabulary


def check_agreement(
    agreement: Agreement,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    *,
    others: tuple[Agreement, ...] = (),
    older: tuple[EventType, ...] = (),
    origin: str,
    reading: Reading | None = None,
) -> tuple[Problem, ...]:
    """What is wrong with an agreement, in the order of its text; nothing if it can be enacted.

    Args:
        agreement: the agreement to be put in force.
        types: the event types by name.
        vocabulary: the vocabulary in use.
        others: the agreements already enacted, without those that this one replaces.
        older: earlier versions of event types, which publishers may still send.
        origin: the file's name, for the messages.
        reading: what the reader knows of lines, and of sections it could not read.
    """
    subject = subject_of(
        agreement,
        types,
        vocabulary,
        origin=origin,
        lines={} if reading is None else reading.lines,
        damaged=frozenset() if reading is None else reading.damaged,
        older=older,
    )
    problems = (
        *section_problems(subject, types),
        *basis_problems(subject),
        *consent_problems(subject),
        *clause_problems(subject),
        *override_problems(subject),
        *reveal_problems(subject),
        *other_problems(subject, others),
    )
    return tuple(sorted(problems, key=lambda problem: problem.line))


def check_text(
    text: str | bytes,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    *,
    others: tuple[Agreement, ...] = (),
    older: tuple[EventType, ...] = (),
    origin: str,
) -> tuple[Agreement | None, tuple[Problem, ...]]:
    """Reads and checks a text at once; the agreement is None unless it can be enacted.

    What can be read is checked even where something cannot, so that nobody mends a spelling only
    to be told of the next fault.
    """
    reading = read(text, origin=origin)
    if reading.agreement is None:
        return None, reading.problems
    found = check_agreement(
        reading.agreement,
        types,
        vocabulary,
        others=others,
        older=older,
        origin=origin,
        reading=reading,
    )
    problems = tuple(sorted((*reading.problems, *found), key=lambda problem: problem.line))
    return (None if problems else reading.agreement), problems
