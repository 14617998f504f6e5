"""Where leaves stand in an event type, and which names a condition may look up where.

The event outside its lists is one scope; every list's element is another. Nested records belong to
the scope they stand in, and so do the values of a map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redaction.remembered import Remembered
from schemas.registry import Array, Field, Leaf, Map, Node, Record

ELEMENT = "[]"  # a step to each element of a list; no field can have this name
ENTRY = "{}"  # a step to each value of a map
KEY = "{key}"  # a step to each key of a map, always the last

Place = tuple[str, ...]  # field names and the steps above, from some value down to leaves


def names_in(place: Place) -> tuple[str, ...]:
    """The field names on the way, without the steps into lists and maps."""
    return tuple(step for step in place if step not in (ELEMENT, ENTRY))


def leaves(node: Node, field: Field, place: Place = ()) -> Iterator[tuple[Field, Leaf, Place]]:
    """Every leaf below a field's node in order, with the field whose tag it has and its place."""
    match node:
        case Leaf():
            yield field, node, place
        case Record():
            for inner in node.fields:
                yield from leaves(inner.node, inner, (*place, inner.name))
        case Array():
            yield from leaves(node.item, field, (*place, ELEMENT))
        case Map():
            yield from leaves(node.value, field, (*place, ENTRY))


def record_leaves(record: Record) -> Iterator[tuple[Field, Leaf, Place]]:
    """Every leaf below a record, in order."""
    for field in record.fields:
        yield from leaves(field.node, field, (field.name,))


def escaped(key: str) -> str:
    """A map's key as a step of an RFC 6901 pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def summaries(record: Record, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names on the way to each field that summarises a list, with the list's dotted path."""
    for field in record.fields:
        here = (*names, field.name)
        if field.summarises is not None:
            yield here, field.summarises
        node = field.node
        while isinstance(node, Array | Map):
            node = node.item if isinstance(node, Array) else node.value
        if isinstance(node, Record):
            yield from summaries(node, here)


def find(value: Any, place: Place) -> Iterator[Any]:
    """The values that are there (never null) at a place below a value, in order."""
    for at, step in enumerate(place):
        if value is None:
            return
        if step == KEY:
            yield from value
            return
        if step in (ELEMENT, ENTRY):
            for inner in value if step == ELEMENT else value.values():
                yield from find(inner, place[at + 1 :])
            return
        value = value[step]
    if value is not None:
        yield value


def read(value: Any, names: Place) -> Any:
    """The value at a place reached by field names alone; null where a record on the way is null."""
    for name in names:
        if value is None:
            return None
        value = value[name]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names of one scope: its facts by field name, and its leaves by tag.

    A fact below a map has no one value and is not among `facts`. `tagged` keeps out lists below
    the scope, which are scopes of their own; `fields` keeps out maps too.
    """

    facts: Mapping[str, Place]
    tagged: Mapping[str, tuple[Place, ...]]
    fields: Mapping[str, tuple[Place, ...]]


def scope_of(node: Node) -> Scope:
    """The scope of an event type's root or of a list's item; a bare item has no names."""
    facts: dict[str, Place] = {}
    tagged: dict[str, tuple[Place, ...]] = {}
    fields: dict[str, tuple[Place, ...]] = {}
    for field, _, place in record_leaves(node) if isinstance(node, Record) else ():
        if ELEMENT in place:
            continue
        tagged[field.tag] = (*tagged.get(field.tag, ()), place)
        if ENTRY in place:
            continue
        fields[field.tag] = (*fields.get(field.tag, ()), place)
        if field.fact:
            facts[field.name] = place
    return Scope(facts=facts, tagged=tagged, fields=fields)


root_scope: Remembered[Record, Scope] = Remembered(scope_of, keep=256)


def _tags(root: Record) -> Mapping[str, tuple[Place, ...]]:
    everywhere: dict[str, tuple[Place, ...]] = {}
    for field, _, place in record_leaves(root):
        everywhere[field.tag] = (*everywhere.get(field.tag, ()), place)
    return everywhere


places_by_tag: Remembered[Record, Mapping[str, tuple[Place, ...]]] = Remembered(_tags, keep=256)
