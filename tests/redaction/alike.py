"""Whether two views are the same to the letter, where one may hold `AnyScrubbing` for a text."""

from __future__ import annotations

from typing import Any

from redaction.reference.scrubbing import AnyScrubbing


def settled(expected: Any, shown: Any) -> Any:
    """What was expected, with what is shown in place of each text that it lawfully is.

    Compared as text then, because equality takes 1 for true and forgets the order of fields.
    """
    if isinstance(expected, AnyScrubbing):
        return shown if type(shown) is str and shown == expected else expected
    if isinstance(expected, dict) and isinstance(shown, dict):
        return {name: settled(one, shown.get(name)) for name, one in expected.items()}
    if isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown):
        return [settled(*pair) for pair in zip(expected, shown, strict=True)]
    return expected


def unmatched(shown: list[Any], expected: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is shown and not expected, and what is expected and not shown, in any order."""
    left = list(expected)
    extra = []
    for one in shown:
        if one in left:
            left.remove(one)
        else:
            extra.append(one)
    return extra, left
