"""Runs the scrubber, and Presidio where it is installed, over one generated corpus.

Run: `make bench-scrubbing NARRATIVES=100000`, or `.venv/bin/python -m benchmarks.scrubbing`.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from benchmarks.scrubbing.measuring import Tally
from benchmarks.scrubbing.narrative import BLOCK, block, narratives
from benchmarks.scrubbing.peer import MISSING, Presidio
from benchmarks.scrubbing.tables import tables

SEED: Final = 6


def main() -> None:
    """Measures and prints; ends with 1 if a known value was missed by the engine."""
    asked = _arguments()
    result: dict[str, Any] = {"seed": asked.seed, "python": platform.python_version()}
    tally = Tally()
    if not asked.only_presidio:
        tally = engine(asked.narratives, asked.seed, asked.workers)
        result["caseward"] = tally.report()
    sample = min(asked.sample, asked.narratives)
    if asked.presidio:
        result |= elsewhere(asked.presidio, sample, asked.seed, asked.model)
    else:
        for who, lenient in (("presidio", False), ("presidio, lenient", True)):
            result[who] = presidio(sample, asked.seed, asked.model, lenient=lenient)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    print(tables(result))
    for variant, told, shown in tally.missed[: asked.show]:
        print(f"missed  {variant}: {told!r} in {shown!r}")
    raise SystemExit(bool(tally.missed))


def engine(number: int, seed: int, workers: int) -> Tally:
    """The engine's tally over whole blocks of the corpus, at least as many narratives as asked."""
    whole, blocks = Tally(), range(-(-number // BLOCK))
    if workers == 1:
        for at in blocks:
            whole.merge(_of_block(seed, at))
        return whole
    with Pool(workers) as pool:
        for part in pool.imap(partial(_of_block, seed), blocks):
            whole.merge(part)
            done = f"\r{whole.narratives} narratives, {len(whole.missed)} mentions missed"
            print(done, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return whole


def _of_block(seed: int, at: int) -> Tally:
    from benchmarks.scrubbing.engine import Engine  # Presidio's environment has no Caseward

    scrub, tally = Engine(), Tally()
    for narrative in block(at, seed):
        tally.measure(narrative, scrub)
    return tally


def presidio(number: int, seed: int, models: list[str], *, lenient: bool) -> dict[str, Any]:
    """What Presidio makes of the first narratives of the corpus, or why it was not measured."""
    try:
        analyze = Presidio(dict(model.split("=") for model in models), lenient=lenient)
    except RuntimeError as error:
        return {"missing": str(error)}
    tally = Tally()
    for narrative in narratives(number, seed):
        began = perf_counter()
        left = analyze(narrative)
        tally.seconds.append(perf_counter() - began)
        tally.add_left(narrative, left)
    return {**analyze.told, **tally.report()}


def elsewhere(python: Path, number: int, seed: int, models: list[str]) -> dict[str, Any]:
    """The same, by another environment's Python, in which Presidio is installed."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "result.json"
        command = [
            str(python),
            "-m",
            "benchmarks.scrubbing",
            "--only-presidio",
            "--json",
            str(told),
        ]
        command += ["--narratives", str(number), "--sample", str(number), "--seed", str(seed)]
        command += [f"--model={model}" for model in models]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            return {"presidio": {"missing": f"{MISSING} ({python} ended with {done.returncode})"}}
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return {who: its for who, its in found.items() if isinstance(its, dict)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.scrubbing")
    add = parser.add_argument
    add("--narratives", type=int, default=2000)
    add("--seed", type=int, default=SEED)
    add("--workers", type=int, default=1, help="processes for the engine")
    add("--sample", type=int, default=2000, help="how many of the narratives Presidio gets")
    add("--presidio", type=Path, help="the Python of an environment with presidio-analyzer")
    add("--only-presidio", action="store_true", help="where Caseward is not installed")
    add("--model", action="append", default=[], help="for Presidio: en=MODEL, installed there")
    add("--json", type=Path, help="where the whole result is written")
    add("--show", type=int, default=20, help="how many misses are shown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
