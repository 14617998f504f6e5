"""Changes one file in every way that cosmic-ray knows, in memory, and tries each in a process.

A process in which all tests have been collected forks for every change that lies inside functions:
their code is replaced, and everything that imported them runs the changed code. A change of what
runs on import is tried in a process that has not imported anything of ours yet; it takes longer.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum, unique
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from inspect import CO_NEWLOCALS
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

Place = tuple[int, int]  # a line, from 1, and a column in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of a file: what cosmic-ray calls it, where it is, and the whole file with it."""

    operator: str
    start: Place
    end: Place
    source: str
    diff: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Every change of the file, in the order of cosmic-ray's operators."""
    from cosmic_ray.commands.init import _all_work_items
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    before = path.read_text(encoding="utf-8")
    for item in _all_work_items([path], {}):
        (one,) = item.mutations
        after = mutate_code(before, get_operator(one.operator_name)(), one.occurrence)
        if after is not None:
            changed = unified_diff(before.splitlines(True), after.splitlines(True), n=1)
            yield Mutant(
                operator=one.operator_name.removeprefix("core/"),
                start=one.start_pos,
                end=one.end_pos,
                source=after,
                diff="".join(changed),
            )


class NotInFunctions(Exception):
    """The change is in what runs when the file is imported."""


def put_in_place(module: ModuleType, old: str, new: str) -> None:
    """Give the functions of an imported module the code that they have in another source of it.

    Raises:
        NotInFunctions: the two sources differ elsewhere, or a function is not to be found.
    """
    path = str(module.__file__)
    pairs = [
        (_function(module, before.co_qualname), after)
        for before, after in _differing(*(compile(each, path, "exec") for each in (old, new)))
    ]
    try:
        for function, code in pairs:
            function.__code__ = code
    except ValueError:  # another number of outer variables
        raise NotInFunctions from None


def _differing(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The outermost functions that differ in two versions of a module or class body."""
    inner = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (old, new)]
    if _outside(old) != _outside(new) or len(inner[0]) != len(inner[1]):
        raise NotInFunctions
    for before, after in zip(*inner, strict=True):
        if not before.co_flags & CO_NEWLOCALS:  # a class body
            yield from _differing(before, after)
        elif before != after:
            yield before, after


def _outside(code: CodeType) -> tuple[object, ...]:
    """What a module or class body does, apart from the functions that it defines."""
    consts = [repr(each) for each in code.co_consts if not isinstance(each, CodeType)]
    return code.co_name, code.co_code, code.co_names, tuple(consts)


def _function(module: ModuleType, qualified: str) -> FunctionType:
    found: Any = module
    for name in qualified.split("."):
        try:
            found = vars(found)[name]
        except (KeyError, TypeError):
            raise NotInFunctions from None
    for within in ("fget", "func", "__func__", "__wrapped__"):  # of properties and what wraps
        found = getattr(found, within, found)
    if not isinstance(found, FunctionType) or found.__qualname__ != qualified:
        raise NotInFunctions
    return found


def import_instead(name: str, path: Path, source: str) -> None:
    """Let this process import a module of ours, which it has not yet, from another source."""
    if name in sys.modules:
        raise ValueError("the module is imported already")

    class Instead(SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType:
            return compile(source, str(path), "exec", dont_inherit=True)

    class Finder:
        @staticmethod
        def find_spec(fullname: str, *_: object) -> ModuleSpec | None:
            loader: Loader = Instead(fullname, str(path))
            found = spec_from_loader(fullname, loader, origin=str(path))
            return found if fullname == name else None

    sys.meta_path.insert(0, Finder)


@unique
class Answer(StrEnum):
    """What came of work in a process of its own; an exception is a no."""

    YES = "yes"
    NO = "no"
    TOO_SLOW = "too slow"


def forked(work: Callable[[], bool], *, seconds: float) -> Answer:
    """Do work in a process of its own, silent and for so many seconds."""
    sys.stdout.flush()
    ends, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            hush()
            os.write(told, b"y" if work() else b"n")
        finally:  # whatever it raised: the pipe ends
            os._exit(0)
    os.close(told)
    ready, _, _ = select.select([ends], [], [], seconds)
    said = os.read(ends, 1) if ready else b""
    os.close(ends)
    with suppress(ProcessLookupError):  # it has ended by itself, as it should
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not ready:
        return Answer.TOO_SLOW
    return Answer.YES if said == b"y" else Answer.NO


def hush() -> None:
    """Let this process say nothing more."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)


def all_hold(tests: Iterable[Any]) -> bool:
    """Run collected tests until one fails."""
    items = list(tests)
    for item, after in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if item.session.testsfailed:
            return False
    return True
