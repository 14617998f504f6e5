"""The result as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor
from typing import Any, Final

HEAD: Final = f"{'':60}{'mentions':>9}{'cut':>9}{'withheld':>9}{'missed':>9}{'recall':>9}"
SUMS: Final = (
    ("texts withheld in doubt", "withheld"),
    ("  of cases without awkward names or withheld counts", "withheld_without_awkward_values"),
    ("recall of the event's own values", "recall"),
    ("precision (cut words that belong to a value)", "precision"),
    ("innocent words cut", "innocent_words_cut"),
)


def tables(result: Mapping[str, Any]) -> str:
    """One table of sums for each that was measured, and one of variants."""
    return "\n".join(_lines(result))


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    for who, found in result.items():
        if not isinstance(found, dict):
            continue
        if "missing" in found:
            yield f"{who}: {found['missing']}"
            continue
        yield f"{who}: {found['narratives']} narratives, seed {result['seed']}"
        if "models" in found:
            yield f"  presidio-analyzer {found['version']}, spaCy {found['spacy']}"
            yield f"  phones: {found['phones']}; models:"
            yield from (f"    {language}: {name}" for language, name in found["models"].items())
        yield from (f"  {label:58}{percent(found[key]):>10}" for label, key in SUMS)
        times = ", ".join(f"{name} {value}" for name, value in found["milliseconds"].items())
        yield f"  milliseconds a narrative: {times}"
        most = ", ".join(
            f"{word} {number}" for word, number in found["innocent_words_cut_most"].items()
        )
        yield f"  innocent words cut most: {most or 'none'}"
        yield HEAD
        for group in ("known", "unknown"):
            yield from (_row(name, row) for name, row in found[group].items())
        yield ""


def _row(name: str, row: Mapping[str, Any]) -> str:
    counts = "".join(f"{row[key]:>9}" for key in ("mentions", "cut", "withheld", "missed"))
    return f"{name:60}{counts}{percent(row['recall']):>9}"


def percent(share: float | None) -> str:
    """A share as text, rounded down, so that what is not whole is not told as 100 %."""
    return "-" if share is None else f"{floor(share * 100_000) / 1000:.3f} %"
