"""Mutation testing of one file, in a copy of the tree: `make mutants FILE=redaction/judging.py`.

cosmic-ray changes the file place by place and runs the tests that `TESTS` names for it; a change
that no test sees is printed, and is killed by a test or justified in `mutants.md`. Changes that
cannot change what the file does are left out and counted: see `_same`.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

HOUSE = Path(__file__).parents[2]
COPIED = ("broker", "connectors", "examples", "redaction", "schemas", "tests", "docs")
LISTS = ("test_decide.py", "test_plan_lists.py", "test_overrides.py")
CHECKER = ("test_checker.py", "test_checker_containers.py", "test_checker_forms.py")
LEAKS = ("test_leak_classes.py", "test_leak_classes_forms.py", "test_leak_classes_texts.py")

# The tests of a file, those that see most first; names are below tests/redaction. Last come the
# examples, whose names come from files: `is` for `==` on a name is seen there.
TESTS: dict[str, tuple[str, ...]] = {
    "redaction/judging.py": ("test_decide.py", "test_overrides.py", "test_plan.py", LEAKS[1]),
    "redaction/conditions.py": ("test_conditions.py", "test_consent.py"),
    "redaction/consent.py": ("test_consent.py",),
    "redaction/gates.py": ("test_gates.py", "test_decide.py"),
    "redaction/sameness.py": ("test_transforms.py", "test_plan.py", *LEAKS),
    "redaction/addressing.py": ("test_decide.py",),
    "redaction/transforms.py": ("test_transforms.py", *LEAKS),
    "redaction/clauses.py": (*LISTS, "test_consent.py", *LEAKS, "cedar/test_cedar.py"),
    "redaction/checker.py": CHECKER,
    "redaction/decide.py": ("test_decide.py", "test_gates.py"),
    "redaction/plan.py": ("test_plan.py", "test_plan_views.py", *LEAKS),
    "redaction/leaves.py": ("test_plan_lists.py", "test_overrides.py"),
    "redaction/layout.py": ("test_plan_lists.py", "test_plan.py"),
}  # fmt: skip


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--cases", default=2000, help="How many decisions are compared with the reference.")
@click.option("--timeout", default=120.0, help="Seconds after which a run counts as failed.")
def main(file: Path, cases: int, timeout: float) -> None:
    """Break a file in every way that cosmic-ray knows; exit with 1 if a change goes unseen."""
    name = file.as_posix()
    if name not in TESTS:
        raise click.UsageError(f"name the tests of {name} in {Path(__file__).name} first")
    with TemporaryDirectory() as folder:
        there = Path(folder)
        for part in COPIED:
            shutil.copytree(
                HOUSE / part, there / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(HOUSE / "pyproject.toml", there)
        tests = [f"tests/redaction/{test}" for test in (*TESTS[name], "test_examples.py")]
        run = [sys.executable, "-B", "-m", "tests.leaks.mutant_run", str(cases), *tests]
        command = " ".join(["env", "PYTHONDONTWRITEBYTECODE=1", *run])
        (there / "mutants.toml").write_text(
            f'[cosmic-ray]\nmodule-path = "{name}"\ntimeout = {timeout}\nexcluded-modules = []\n'
            f'test-command = {json.dumps(command)}\n[cosmic-ray.distributor]\nname = "local"\n'
        )
        _ray(there, "baseline", "mutants.toml")
        _ray(there, "init", "mutants.toml", "session.sqlite")
        leave_out(there / "session.sqlite", HOUSE / file)
        _ray(there, "exec", "mutants.toml", "session.sqlite")
        survived = report(_ray(there, "dump", "session.sqlite"))
    sys.exit(1 if survived else 0)


def leave_out(session: Path, file: Path) -> None:
    """Mark in cosmic-ray's session the changes that are none as not to be tried."""
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    places = tuple(_same(ast.parse(file.read_text(encoding="utf-8"))))
    skipped = WorkResult(
        output=None, test_outcome=None, diff=None, worker_outcome=WorkerOutcome.SKIPPED
    )
    with use_db(str(session)) as work:
        for item in tuple(work.work_items):
            if all(
                any(start <= one.start_pos < end for start, end in places) for one in item.mutations
            ):
                work.set_result(item.job_id, skipped)


def _same(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a change changes nothing: annotations, never evaluated, and flags of dataclasses.

    `frozen`, `slots` and `kw_only` keep a programmer from mistakes; no outcome depends on them.
    """
    for node in ast.walk(tree):
        found: list[ast.expr | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.ClassDef):
            found += [d for d in node.decorator_list if ast.unparse(d).startswith("dataclass(")]
        for one in found:
            if one is not None and one.end_lineno is not None and one.end_col_offset is not None:
                yield (one.lineno, one.col_offset), (one.end_lineno, one.end_col_offset)


def _ray(folder: Path, *words: str) -> str:
    path = str(Path(sys.executable).with_name("cosmic-ray"))
    done = subprocess.run([path, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"cosmic-ray {words[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def report(dump: str) -> int:
    """Print what no test saw, and how many changes came to what; the number that survived."""
    counts: Counter[str] = Counter()
    for line in dump.splitlines():
        item, result = json.loads(line)
        outcome = "not run" if result is None else str(result["test_outcome"] or "left out")
        counts[outcome] += 1
        if outcome == "survived":
            click.echo(f"survived: {[one['operator_name'] for one in item['mutations']]}")
            click.echo(result.get("diff") or "")
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return counts["survived"]


if __name__ == "__main__":
    main()
