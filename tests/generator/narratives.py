"""Texts that tell other values of their event, written as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from schemas.registry import Array, Field, Kind, Leaf, Map, Node, Record
from tests.generator.choices import DAYS, Draw, chance, one_of

GAP = "[…]"  # what scrubbing leaves, which a text may hold already
_FILLERS = (
    *("was seen at", "said", "and", "'s", "-", ",", ".", "(see", "x", "1", "", "am", GAP),
    *("his mother", "will", "born", "A.", "with J. K.", "in the Lane", ".\n"),
)
_JOINS = (" ", " ", " ", ", ", "", "\n", "-")
_PATTERNS = (
    *("robin@example.org", "https://example.org/a", "@robin_ex", "///filled.count.soap"),
    *("+49 30 9009", "(01632) 960-456", "51.50735, -0.12776", "QR1 2ST", "10115 Musterstadt"),
    *("12 Long Hill Road", "Lindenweg 5", "Calle Mayor 12", "AB12 CDE", "12345678Z"),
    *("GB29 NWBK 6016 1331 9268 19", "AB 12 34 56 C", "born on 4 May 2001", "geb. 4.5.01"),
)
_DATES = (
    *("{0:%Y-%m-%d}", "{0.day}/{0.month}/{0.year}", "{0:%d.%m.}{0.year}", "{0:%d-%m-%y}"),
    *("{0.day} {month} {0.year}", "{0:%d}th of {short}. {0:%y}", "{month} {0.day}, {0.year}"),
    *("{0.day}. {0.month}. {0:%y}", "{0.month}/{0.day}/{0.year}", "{0:%y/%m/%d}"),
    *("{0.day} {month}", "{month} {0.day}th", "{0.day}. {short}", "{0.day}/{0.month}"),
    *("{0.day}.{0.month}.", "{0:%d%m%Y}", "{0:%Y%m%d}", "{0.day} de {month} de {0.year}"),
    *("{0.day} / {0.month} / {0:%y}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "{0.day} {month} 1999"),
)
_MONTHS = (
    "January February March April May June July August September October November December",
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "Å": "Aa", "Ü": "Ue"})
_STRANGE = ("Ж", "ʼ", "\x07", "\ue000", "中", "α")  # with any of these a text is in doubt


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
    """Some of the values in some of their spellings, among words, patterns and parts of words."""
    parts = []
    for _ in range(draw(1, 4)):
        parts.append(spelled(draw, one_of(draw, told)))
        if not chance(draw, 40):
            parts.append(one_of(draw, _FILLERS))
        if chance(draw, 8):
            parts.append(one_of(draw, _PATTERNS))
        if chance(draw, 2):
            parts.append(one_of(draw, _STRANGE))
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
    words = text.replace("-", " ").split() or [""]
    changes = (
        text,
        text,
        text.upper(),
        text.replace(" ", ""),
        text.replace(" ", " - "),
        "".join(f"{c} " if c.isdigit() else c for c in text),
        text.replace("u", "ú").replace("o", "o\u0308"),
        text.translate(_SPELT_OUT),
        f"+44 (0){text.removeprefix('0')}",
        f"x{text}",
        f"{text}s",
        f"{text}en",
        f"{text}77",
        " ".join(reversed(words)),
        words[0],
        words[-1],
        text[:-1],
        " ".join(text),
        "-\n".join((text[: len(text) // 2], text[len(text) // 2 :])),
        ".".join(word[:1] for word in words) + ".",
        "".join(word[:1] for word in reversed(words)),
        f"{words[0][:1]}. {words[-1]}",
        f"{words[0][:1]}{words[-1]}".lower(),
    )
    return one_of(draw, changes)


def _day(draw: Draw, day: date) -> str:
    month = one_of(draw, _MONTHS).split()[day.month - 1]
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


def key_values(node: Node, value: Any) -> Iterator[str]:
    """Every key of a map in a value."""
    if value is None or isinstance(node, Leaf):
        return
    if isinstance(node, Record):
        for each in node.fields:
            yield from key_values(each.node, value[each.name])
    elif isinstance(node, Array):
        for item in value:
            yield from key_values(node.item, item)
    else:
        yield from value
        for item in value.values():
            yield from key_values(node.value, item)
