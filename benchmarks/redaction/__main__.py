"""Measures all of it in one run on one core: JSON to standard output, a table to standard error.

Run: `make bench-redaction`, or `python -m benchmarks.redaction [--out FILE]` from the repository.
What is not installed is named under `missing`, and its targets are then not met.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.redaction import cedar, csfle, naked, ours
from benchmarks.redaction.scene import RECIPIENTS, Scene, make_scene
from benchmarks.redaction.timing import ROUNDS, Times, measured, median, ratio

PEERS = ("confluent-kafka", "cedarpy", "fastavro", "cryptography")
SHARED = 8  # recipients of the second scene

# name: what is divided by what, whether more or less is better, the target, and what it says
TARGETS: tuple[tuple[str, str, str, float, str, float], ...] = (
    ("csfle_to_one", "csfle", "ours_1", 1, "at least", 5.0),
    ("csfle_to_each_of_eight", "csfle", "ours_8", SHARED, "at least", 12.0),
    ("one_to_naked", "ours_1", "naked_1", 1, "at most", 1.6),
    ("eight_to_one", "ours_8", "ours_1", 1, "at most", 2.5),
    ("cedar_to_decisions", "cedar_one_by_one", "decided_1", 1, "at least", 100.0),
    ("cedar_batch_to_decisions", "cedar_batch", "decided_1", 1, "at least", 100.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.redaction", description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the JSON to this file")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each loop")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    report = run(options.rounds)
    text = json.dumps(report, indent=2)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    print(table(report), file=sys.stderr)


def run(rounds: int) -> dict[str, Any]:
    """Everything, as plain values."""
    one, eight = make_scene(1), make_scene(SHARED)
    loops: dict[str, Callable[[], Any]] = {
        "ours_1": ours.sealed(one),
        "ours_8": ours.sealed(eight),
        "naked_1": naked.sealed(one),
        "naked_8": naked.sealed(eight),
        "decided_1": ours.decided(one),
        "decided_8": ours.decided(eight),
    }
    missing = _peers(one, loops)
    times = measured(loops, rounds=rounds)
    views = {envelope_fields(decision) for decision in ours.decided(eight)()}
    return {
        "event": {"bytes": len(one.data), "fields": 25, "leaves": len(_first(one).fields)},
        "recipients": len(RECIPIENTS),
        "views": len(views),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PEERS},
        "missing": missing,
        "microseconds": {name: median(times, name) for name in loops},
        "targets": [_target(times, *target) for target in TARGETS],
    }


def _peers(scene: Scene, loops: dict[str, Callable[[], Any]]) -> list[str]:
    """Add the loops of what is installed; what is not is returned, with what it lacks."""
    decision = _first(scene)
    peers: dict[str, Callable[[], Callable[[], Any]]] = {
        "csfle": csfle.encrypted,
        "cedar_one_by_one": lambda: cedar.one_by_one(scene, decision),
        "cedar_batch": lambda: cedar.batch(scene, decision),
    }
    missing = []
    for name, make in peers.items():
        try:
            loops[name] = make()
        except ImportError as error:
            missing.append(f"{name}: {error.name or 'a package'} is not installed")
    return missing


def _first(scene: Scene) -> Any:
    return ours.decided(scene)()[0]


def envelope_fields(decision: Any) -> frozenset[tuple[str, str]]:
    """What tells one view from another: which leaves it shows in which form."""
    return frozenset((field.path, field.form) for field in decision.fields if field.released)


def _target(
    times: Times, name: str, over: str, under: str, shares: float, sense: str, target: float
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "target": f"{sense} {target:g}"}
    if over not in times or under not in times:
        return {**row, "ratio": None, "met": False}
    found = {key: round(value * shares, 3) for key, value in ratio(times, over, under).items()}
    met = found["median"] >= target if sense == "at least" else found["median"] <= target
    return {**row, "ratio": found, "met": met}


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    event = report["event"]
    lines = [
        f"one event of {event['bytes']} bytes, {event['fields']} fields, {event['leaves']} leaves; "
        f"{report['recipients']} recipients, {report['views']} views",
        "",
        *(f"{name:20} {us:10.1f} µs" for name, us in report["microseconds"].items()),
        "",
        *(_row(row) for row in report["targets"]),
        *(f"MISSING {name}" for name in report["missing"]),
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    found = row["ratio"]
    said = "not measured" if found is None else f"{found['median']:9.2f}"
    spread = "" if found is None else f"  ({found['p10']:.2f} to {found['p90']:.2f})"
    return (
        f"{row['name']:26} {said}  {row['target']:13} {'met' if row['met'] else 'NOT MET'}{spread}"
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
