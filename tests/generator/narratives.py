"""Texts that tell other values of their event, written as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from schemas.registry import Array, Field, Kind, Leaf, Map, Node, Record
from tests.generator.choices import DAYS, Draw, chance, one_of

GAP = "[…]"  # what scrubbing leaves, which a text may hold already
_FILLERS = ("was seen at", "said", "and", "'s", "-", ",", ".", "(see", "x", "1", "", "am", GAP)
_JOINS = (" ", " ", ", ", "", "\n", "-")
_DATES = (
    *("{0:%Y-%m-%d}", "{0.day}/{0.month}/{0.year}", "{0:%d.%m.}{0.year}", "{0:%d-%m-%y}"),
    *("{0.day} {month} {0.year}", "{0:%d}th of {short}. {0:%y}", "{month} {0.day}, {0.year}"),
    *("{0.day}. {0.month}. {0:%y}", "{0.month}/{0.day}/{0.year}", "{0:%y/%m/%d}"),
)
_MONTHS = "January February March April May June July August September October November December"


def narrated(draw: Draw, node: Node, value: Any, told: Sequence[Any], *, sort: str = "") -> Any:
    """The value, with most of its notes and some of its other texts telling what `told` holds."""
    if value is None:
        return None
    if isinstance(node, Record):
        return {each.name: _in_field(draw, each, value[each.name], told) for each in node.fields}
    if isinstance(node, Array):
        return [narrated(draw, node.item, item, told, sort=sort) for item in value]
    if isinstance(node, Map):
        return {k: narrated(draw, node.value, item, told, sort=sort) for k, item in value.items()}
    tells = sort == "note" and not chance(draw, 15)
    return narrative(draw, told) if node.kind is Kind.STRING and tells else value


def _in_field(draw: Draw, field: Field, value: Any, told: Sequence[Any]) -> Any:
    if field.name == "header" or field.fact:  # a fact is a word that conditions know
        return value
    return narrated(draw, field.node, value, told, sort=field.tag.split(".")[0])


def narrative(draw: Draw, told: Sequence[Any]) -> str:
    """Some of the values in some of their spellings, among words and parts of words."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        parts.append(spelled(draw, one_of(draw, told)))
        if not chance(draw, 40):
            parts.append(one_of(draw, _FILLERS))
    return one_of(draw, _JOINS).join(parts)


def spelled(draw: Draw, value: Any) -> str:
    """A value as somebody might write it."""
    if isinstance(value, date):
        return _day(draw, value.date() if isinstance(value, datetime) else value)
    if isinstance(value, dict):
        return spelled(draw, one_of(draw, list(value.values())))
    if not isinstance(value, str | int):
        return _day(draw, one_of(draw, DAYS))
    text = str(value)
    changes = (
        text,
        text.upper(),
        text.replace(" ", ""),
        text.replace(" ", " - "),
        "".join(f"{c} " if c.isdigit() else c for c in text),
        text.replace("u", "ú").replace("o", "o\u0308"),
        f"+44 (0){text.removeprefix('0')}",
        f"x{text}",
        f"{text}s",
        " ".join(reversed(text.split())),
        text.split(" ")[0],
        text[:-1],
    )
    return one_of(draw, changes)


def _day(draw: Draw, day: date) -> str:
    month = _MONTHS.split()[day.month - 1]
    return one_of(draw, _DATES).format(day, month=month, short=month[:3])


def leaf_values(node: Node, value: Any) -> Iterator[tuple[Leaf, Any]]:
    """Every leaf of a value with its part of it."""
    if isinstance(node, Leaf):
        yield node, value
    elif isinstance(node, Record):
        for each in node.fields if value is not None else ():
            yield from leaf_values(each.node, value[each.name])
    else:
        inner, items = (
            (node.item, value) if isinstance(node, Array) else (node.value, (value or {}).values())
        )
        for item in items or ():
            yield from leaf_values(inner, item)
