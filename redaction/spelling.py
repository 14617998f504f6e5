"""Writes conditions as the agreement language spells them, on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from redaction.agreement import Age, AllOf, AnyOf, Condition, Elapsed, Is, Items, Not, Number

# what stands for itself between the brackets and commas of a line; everything else is quoted
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/()-]*(?: [A-Za-z0-9][A-Za-z0-9._/()-]*)*")


def spelled(condition: Condition) -> str:
    """A condition that reads back as itself, such as `{any: [{a: yes}, {b: [c, d]}]}`."""
    match condition:
        case AllOf(parts=parts):
            return f"{{all: {_list(map(spelled, parts))}}}"
        case AnyOf(parts=parts):
            return f"{{any: {_list(map(spelled, parts))}}}"
        case Not(part=part):
            return f"{{not: {spelled(part)}}}"
        case Is(fact=fact, values=values):
            words = [_scalar(value) for value in values]
            return f"{{{fact}: {words[0] if len(words) == 1 else _list(words)}}}"
        case Number():
            bounds = _bounds(condition.at_least, condition.at_most)
            return f"{{{condition.fact}: {{{', '.join(bounds)}}}}}"
        case Elapsed():
            bound = "at_most" if condition.inclusive else "less_than"
            return f"{{disclosure_age: {{{bound}: {condition.amount} {condition.unit}}}}}"
        case Age():
            bounds = _bounds(condition.at_least, condition.at_most)
            return f"{{age: {{{', '.join([f'of: {condition.of}', *bounds])}}}}}"


def spelled_items(items: Items) -> str:
    """Which elements are selected, such as `{where: child.school, is: recipient}`."""
    where = [] if items.where is None else [f"where: {items.where}", "is: recipient"]
    when = [] if items.when is None else [f"when: {spelled(items.when)}"]
    return f"{{{', '.join([*where, *when])}}}"


def _bounds(at_least: int | None, at_most: int | None) -> list[str]:
    bounds = {"at_least": at_least, "at_most": at_most}
    return [f"{name}: {bound}" for name, bound in bounds.items() if bound is not None]


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
