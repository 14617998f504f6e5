"""Mutation testing of one file: `make mutants FILE=redaction/judging.py`.

cosmic-ray says in which ways the file can be changed, and each is tried with the tests that `TESTS`
names for it, in memory (`mutating`). A change that no test sees is printed, and is killed by a test
or justified in `mutants.md`. Changes that cannot change what it does are left out: see `_same`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from time import monotonic

import click
import hypothesis
import pytest

from tests.leaks.mutating import (
    Answer,
    Mutant,
    NotInFunctions,
    Place,
    all_hold,
    forked,
    hush,
    import_instead,
    mutants,
    put_in_place,
)

HOUSE = Path(__file__).parents[2]
DECISIONS = 500  # about as many come of a seed of the differential law
MOST_SECONDS = 1200  # for all tests of a file
TIMES, MORE_SECONDS = 4, 20  # of that, what a change may take; then it is told as too slow
SLOW = ("-3]", "_a_fresh_process")  # tests that take seconds: only for what no other sees
THIRD_PARTY = (
    "cbor2",
    "cryptography.hazmat.primitives.ciphers.aead",
    "rfc8785",
    "yaml",
    "fastavro",
)

PLAN = ("test_plan.py", "test_plan_views.py")
LISTS = ("test_plan_lists.py", "test_overrides.py")
DECIDING = ("test_decide.py", "test_gates.py", "test_conditions.py", "test_consent.py")
CHECKER = ("test_checker.py", "test_checker_containers.py", "test_checker_forms.py")
SCRUBBING: tuple[str, ...] = (
    "test_scrub_decided.py",
    "test_scrub_words.py",
    "test_scrub_numbers.py",
)
SCRUBBING += ("test_scrub_patterns.py", "test_scrub_doubt.py", "test_scrub_laws.py")
SHOWING = ("test_showing.py", *SCRUBBING)
LEAKS = ("test_leak_classes.py", "test_leak_classes_forms.py", "test_leak_classes_texts.py")

# The tests of a file, those that see most first; names are below tests/redaction. Last come the
# examples, whose names come from files: `is` for `==` on a name is seen there.
TESTS: dict[str, tuple[str, ...]] = {
    "redaction/addressing.py": ("test_decide.py",),
    "redaction/applied.py": (*PLAN, *LISTS, "test_outgoing.py", *LEAKS),
    "redaction/blocks.py": (*LISTS, *PLAN),
    "redaction/checker.py": (*CHECKER, *LEAKS),
    "redaction/clauses.py": (*LISTS, *DECIDING, *PLAN, *LEAKS, "cedar/test_cedar.py"),
    "redaction/conditions.py": ("test_conditions.py", "test_consent.py"),
    "redaction/consent.py": ("test_consent.py",),
    "redaction/decide.py": ("test_decide.py", "test_gates.py"),
    "redaction/directory.py": (*DECIDING, *LISTS),
    "redaction/gates.py": ("test_gates.py", "test_decide.py"),
    "redaction/judging.py": ("test_decide.py", "test_overrides.py", *PLAN, LEAKS[1]),
    "redaction/laying.py": (*LISTS, *PLAN, *LEAKS),
    "redaction/layout.py": (*LISTS, *PLAN, *LEAKS),
    "redaction/leaves.py": (*LISTS, *PLAN, *LEAKS),
    "redaction/listing.py": (*CHECKER, *LEAKS),
    "redaction/looking.py": (*CHECKER, *LEAKS),
    "redaction/making.py": (*PLAN, *LISTS, "test_outgoing.py", *LEAKS),
    "redaction/outgoing.py": ("test_outgoing.py", *LEAKS),
    "redaction/plan.py": (*PLAN, "test_outgoing.py", *LEAKS),
    "redaction/protecting.py": (*LISTS, *PLAN, *LEAKS),
    "redaction/remembered.py": ("test_decide.py", *PLAN),
    "redaction/sameness.py": ("test_transforms.py", "test_plan.py", *LEAKS),
    "redaction/today.py": ("test_conditions.py", "test_decide.py", "test_plan.py"),
    "redaction/transforms.py": ("test_transforms.py", *LEAKS),
    "redaction/views.py": (*PLAN, *LISTS, *LEAKS),
    **{f"redaction/scrubbing/{name}.py": (*SCRUBBING, LEAKS[2]) for name in (
        "beside", "classes", "cutting", "dates", "decided", "doubt", "folding", "hidden", "numbers",
        "patterns", "runs", "values", "words")},
    **{f"redaction/showing/{name}.py": (*SHOWING, LEAKS[2]) for name in (
        "cutting", "dates", "folding", "hidden", "look", "numbers", "patterns", "tables",
        "values")},
}  # fmt: skip


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--cases", default=2000, help="How many decisions are compared with the reference.")
def main(file: Path, cases: int) -> None:
    """Break a file in every way that cosmic-ray knows; exit with 1 if a change goes unseen."""
    name = file.as_posix()
    if name not in TESTS:
        raise click.UsageError(f"name the tests of {name} in {Path(__file__).name} first")
    os.chdir(HOUSE)
    hypothesis.settings.register_profile(
        "mutants", database=None, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
    )
    hypothesis.settings.load_profile("mutants")
    source = file.read_text(encoding="utf-8")
    same = (*_same(ast.parse(source)), *_marks(source))
    found = tuple(mutants(file))
    tried = [
        each
        for each in found
        if not any(start <= each.start and each.end <= end for start, end in same)
    ]
    trying = _Trying(name, source, tried, cases)
    counts: Counter[str] = Counter({"changes": len(found), "tried": len(tried)})
    for each in trying.with_all_imported():
        became = _SAID[trying.from_the_start(each)]
        counts[became] += 1
        if became != "killed":
            click.echo(f"{became}: {each.operator}\n{each.diff}")
    counts["killed"] = len(tried) - counts["survived"] - counts["too slow"]
    click.echo(", ".join(f"{number} {what}" for what, number in counts.items()))
    sys.exit(1 if counts["killed"] < len(tried) else 0)


_SAID = {Answer.YES: "survived", Answer.NO: "killed", Answer.TOO_SLOW: "too slow"}


class _Trying:
    """Tries the changes of one file, in processes that end with each."""

    def __init__(self, file: str, source: str, tried: list[Mutant], cases: int) -> None:
        self._module = file.removesuffix(".py").replace("/", ".")
        self._path = Path(file)
        self._source = source
        self._tried = tried
        self._seeds = 1 + max(1, cases // DECISIONS)
        self._seconds = 0.0  # that a change may take: some times as long as none does
        names = (*TESTS[file], "test_examples.py")
        self._words = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
        self._words += [f"tests/redaction/{name}" for name in names]
        for each in THIRD_PARTY:
            import_module(each)

    def with_all_imported(self) -> Iterator[Mutant]:
        """The changes that the tests did not see in time, and those that this way cannot try."""
        ends, told = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(ends)
                hush()
                pytest.main(self._words, plugins=[_Loop(self, told)])
            finally:
                os._exit(0)
        os.close(told)
        with os.fdopen(ends, encoding="utf-8") as lines:
            self._seconds = json.loads(lines.readline() or "0")
            if not self._seconds:
                raise click.ClickException("the tests of the file as it is do not pass")
            # as soon as it is told, so that a run that is ended early has said what it found
            for each, line in zip(self._tried, lines, strict=True):
                if json.loads(line) != Answer.NO:
                    yield each
        os.waitpid(child, 0)

    def outcomes(self, session: pytest.Session) -> Iterator[float | Answer | None]:
        """How long a change may take (0: all do not hold unchanged), then whether all hold with it.

        None: it cannot be tried so.
        """
        module = import_module(self._module)
        began = monotonic()
        holds = forked(lambda: self._hold(session), seconds=MOST_SECONDS) is Answer.YES
        self._seconds = TIMES * (monotonic() - began) + MORE_SECONDS if holds else 0.0
        yield self._seconds
        for each in self._tried if holds else ():
            try:
                # once here too, so that what cannot be tried so is known
                put_in_place(module, self._source, each.source)
                put_in_place(module, each.source, self._source)
            except (NotInFunctions, SyntaxError):
                yield None
                continue

            def changed(source: str = each.source) -> bool:
                put_in_place(module, self._source, source)
                return self._hold(session)

            yield forked(changed, seconds=self._seconds)

    def from_the_start(self, change: Mutant) -> Answer:
        """Whether all hold with a change that is there when the file is imported."""

        def changed() -> bool:
            import_instead(self._module, self._path, change.source)
            if pytest.main(["-x", *self._words]) != pytest.ExitCode.OK:
                return False
            return self._decides(1, self._seeds)

        return forked(changed, seconds=self._seconds)

    def _hold(self, session: pytest.Session) -> bool:
        slow = [each for each in session.items if each.name.endswith(SLOW)]
        quick = [each for each in session.items if each not in slow]
        return all_hold(quick) and self._decides(1, self._seeds) and all_hold(slow)

    def _decides(self, first: int, end: int) -> bool:
        from tests.soak.laws import differential

        for _ in differential(range(first, end)):
            pass
        return True


class _Loop:
    """In place of pytest's own loop over the tests: it tells what came of each change."""

    def __init__(self, trying: _Trying, told: int) -> None:
        self._trying = trying
        self._told = told

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every change once all tests are collected."""
        if session.testsfailed == 0:
            for outcome in self._trying.outcomes(session):
                os.write(self._told, f"{json.dumps(outcome)}\n".encode())
        return True


def _same(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """Where a change changes nothing: annotations, never evaluated, and flags of dataclasses.

    `frozen`, `slots` and `kw_only` keep a programmer from mistakes; no outcome depends on them.
    Nor does any on how much is remembered: numbers named `keep` or `MAX_...`, and what compares a
    length with one.
    """
    for node in ast.walk(tree):
        found: list[ast.expr | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
            if isinstance(node, ast.AnnAssign) and _is_limit(node.target):
                found.append(node.value)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.keyword) and node.arg == "keep":
            found.append(node.value)
        elif isinstance(node, ast.Compare) and ast.unparse(node).startswith("len("):
            found += [node] if any(map(_is_limit, node.comparators)) else []
        elif isinstance(node, ast.ClassDef):
            found += [d for d in node.decorator_list if ast.unparse(d).startswith("dataclass(")]
        for one in found:
            if one is not None and one.end_lineno is not None and one.end_col_offset is not None:
                yield (one.lineno, one.col_offset), (one.end_lineno, one.end_col_offset)


def _is_limit(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.startswith("MAX")


def _marks(source: str) -> Iterator[tuple[Place, Place]]:
    """The mark before arguments that are named; callers name them all the same."""
    for number, line in enumerate(source.splitlines(), start=1):
        for found in re.finditer(r"\*,", line):
            yield (number, found.start()), (number, found.start() + 1)


if __name__ == "__main__":
    main()
