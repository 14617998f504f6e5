"""Agreements in files, read and checked by every command that takes one."""

from __future__ import annotations

from broker.cli.common import Unusable, read_input
from redaction.agreement import Agreement
from redaction.static_check import check_text
from schemas.registry import Registry, load_vocabulary


def read_text(name: str) -> Agreement:
    """The agreement in a file.

    Raises:
        Unusable: its first problem, as `path:line: what is wrong`.
    """
    found, problems = check_source(name, read_input(name))
    if found is None:
        raise Unusable(problems[0])
    return found


def check_source(name: str, source: bytes) -> tuple[Agreement | None, list[str]]:
    """The agreement in these bytes, None if it cannot be enacted, and every problem it has."""
    types = {one.name: one for one in Registry.builtin().types}
    found, problems = check_text(source, types, load_vocabulary(), origin=name)
    return found, [str(problem) for problem in problems]
