"""Where the leaves of an event stand, and the case that a decision is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from redaction.agreement import Agreement, Audience
from redaction.facts import Register
from redaction.remembered import Remembered
from schemas.codec import Event
from schemas.registry import Array, Field, Kind, Leaf, Node, Record, Vocabulary


class InconsistentError(Exception):
    """The event, register and agreement do not fit together: the whole delivery is withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one decision reads once its agreement and audience are settled.

    `alike` holds every leaf and map key of the event that is compared with others, and by what.
    """

    event: Event
    register: Register
    vocabulary: Vocabulary
    agreement: Agreement
    audience: Audience
    recipient: str
    stands_for: str
    purpose: str
    at: datetime
    alike: tuple[tuple[Place, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One list element; its `node` is a record or, in a list of leaves, a leaf of `field`."""

    field: Field
    node: Node
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What encloses a leaf, outermost first: list elements, keys of map entries.

    `summarises` holds the arrays that the leaf's field, or a field around it, summarises.
    """

    elements: tuple[Element, ...] = ()
    keys: tuple[Place, ...] = ()
    summarises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One leaf as it stands in the event, or one map key taken as a leaf at the map's field.

    `kind` is None for a map key. `imagined` marks a leaf that a null record would have had.
    """

    path: str
    field: Field
    kind: Kind | None
    value: Any
    around: Around
    imagined: bool


def places(event: Event, *, imagine: bool = False) -> Iterator[Place]:
    """Every leaf of the event, in the order of its type.

    A null container has no leaves below it, and an empty list or map has none either. With
    `imagine`, the leaves that a null record would have come too, each with the value None.
    """
    found = (
        _in_record(event.etype.root, event.value, "", Around(), True) if imagine else _ALL(event)
    )
    for place in found:
        if place.kind is not None:
            yield place


def places_and_keys(event: Event) -> Iterator[Place]:
    """Every leaf and every map key, keys of entries that hold no leaf included."""
    yield from _ALL(event)


def _all(event: Event) -> tuple[Place, ...]:
    return tuple(_in_record(event.etype.root, event.value, "", Around(), False))


# of the event in hand, which is asked about for every recipient
_ALL: Final = Remembered(_all, keep=1)


def _in_record(
    record: Record, value: dict[str, Any] | None, path: str, around: Around, imagine: bool
) -> Iterator[Place]:
    for field in record.fields:
        # what summarises a list does so with everything in it
        summarises = around.summarises + ((field.summarises,) if field.summarises else ())
        place = Place(
            path=child(path, field.name),
            field=field,
            kind=field.node.kind if isinstance(field.node, Leaf) else None,
            value=None if value is None else value[field.name],
            around=replace(around, summarises=summarises) if field.summarises else around,
            imagined=value is None,
        )
        yield from _in_node(field.node, place, imagine)


def _in_node(node: Node, place: Place, imagine: bool) -> Iterator[Place]:
    """The leaves and keys of a node that stands at a place; the place's value is the node's."""
    around = place.around
    if isinstance(node, Leaf):
        yield place if place.kind is node.kind else _at(place, place.path, node.kind, place.value)
    elif isinstance(node, Record):
        if place.value is not None or imagine:
            yield from _in_record(node, place.value, place.path, around, imagine)
    elif isinstance(node, Array):
        for index, item in enumerate(place.value or ()):
            one = Element(field=place.field, node=node.item, value=item)
            inside = replace(around, elements=(*around.elements, one))
            path = child(place.path, str(index))
            element = _at(place, path, place.kind, item, inside)
            yield from _in_node(node.item, element, imagine)
    else:
        for key, item in (place.value or {}).items():
            # Rule 8: a key is data under the map's own tag, so it is a leaf at the map's field.
            path = child(place.path, key)
            key_place = _at(place, path, place.kind, key)
            yield key_place
            inside = replace(around, keys=(*around.keys, key_place))
            entry = _at(place, path, place.kind, item, inside)
            yield from _in_node(node.value, entry, imagine)


def _at(
    place: Place, path: str, kind: Kind | None, value: Any, around: Around | None = None
) -> Place:
    """Another place of the same field."""
    around = around or place.around
    field, imagined = place.field, place.imagined
    return Place(path=path, field=field, kind=kind, value=value, around=around, imagined=imagined)


def child(path: str, name: str) -> str:
    """The RFC 6901 pointer to a part of what `path` points to."""
    return f"{path}/{name.replace('~', '~0').replace('/', '~1')}"


def scope(record: Record, value: dict[str, Any] | None) -> Iterator[tuple[Field, Leaf, Any]]:
    """A scope's leaf fields: the record's and its nested records', not those of lists or maps.

    A leaf of a null record is there as a field and has no value.
    """
    for field in record.fields:
        inner = None if value is None else value[field.name]
        if isinstance(field.node, Leaf):
            yield field, field.node, inner
        elif isinstance(field.node, Record):
            yield from scope(field.node, inner)


def element_scope(element: Element) -> list[tuple[Field, Leaf, Any]]:
    """An element's own scope; an element of a list of leaves is no record and has none."""
    if isinstance(element.node, Record):
        return list(scope(element.node, element.value))
    return []


def root_scope(event: Event) -> list[tuple[Field, Leaf, Any]]:
    """The scope of everything that is in no list."""
    return list(scope(event.etype.root, event.value))


def local_date(moment: datetime, agreement: Agreement) -> date:
    """The calendar date of a moment in the agreement's time zone."""
    return moment.astimezone(ZoneInfo(agreement.time_zone)).date()
