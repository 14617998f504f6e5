"""Where the fields of an event type stand, and the leaves that an event has there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from schemas.codec import Event
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One place of an event type: `/people/[]/agency`, or a map's keys: `/notes/{key}`.

    `kind` is None for keys. `lists` are the places of the lists around it, outermost first,
    `summaries` the arrays (dotted paths) that it, or a field around it, summarises.
    """

    place: str = ""
    tag: str = ""
    chain: tuple[str, ...] = ()
    kind: Kind | None = None
    lists: tuple[str, ...] = ()
    summaries: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """The dotted path of field names alone."""
        return ".".join(n for n in self.place.split("/")[1:] if n not in ("[]", "{}", "{key}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A leaf or a map's key in an event, with the list elements and the keys around it."""

    spot: Spot
    path: str = ""
    value: Any = None
    elements: tuple[tuple[Node, Any], ...] = ()
    keys: tuple[Found, ...] = ()


def spots(etype: EventType) -> Iterator[Spot]:
    """Every place of an event type at which a leaf or a map's key can stand."""
    for field in etype.root.fields:
        yield from _spots(field.node, _below(Spot(), field))


def _below(around: Spot, field: Field) -> Spot:
    more = () if field.summarises is None else (field.summarises,)
    return replace(
        around,
        place=f"{around.place}/{field.name}",
        tag=field.tag,
        chain=field.chain,
        summaries=(*around.summaries, *more),
    )


def _spots(node: Node, spot: Spot) -> Iterator[Spot]:
    match node:
        case Leaf(kind=kind):
            yield replace(spot, kind=kind)
        case Record(fields=fields):
            for field in fields:
                yield from _spots(field.node, _below(spot, field))
        case Array(item=item):
            inner = replace(spot, place=f"{spot.place}/[]", lists=(*spot.lists, spot.place))
            yield from _spots(item, inner)
        case Map(value=value):
            yield replace(spot, place=f"{spot.place}/{{key}}")
            yield from _spots(value, replace(spot, place=f"{spot.place}/{{}}"))


def found_in(event: Event) -> Iterator[Found]:
    """Every leaf and every map's key that an event has."""
    for field in event.etype.root.fields:
        around = Found(spot=_below(Spot(), field), path=f"/{field.name}")
        yield from _found(field.node, replace(around, value=event.value[field.name]))


def _found(node: Node, here: Found) -> Iterator[Found]:
    spot, value = here.spot, here.value
    match node:
        case Leaf(kind=kind):
            yield replace(here, spot=replace(spot, kind=kind))
        case Record(fields=fields) if value is not None:
            for field in fields:
                inner = replace(here, spot=_below(spot, field), path=f"{here.path}/{field.name}")
                yield from _found(field.node, replace(inner, value=value[field.name]))
        case Array(item=item):
            one = replace(spot, place=f"{spot.place}/[]", lists=(*spot.lists, spot.place))
            for index, element in enumerate(value or ()):
                yield from _found(
                    item,
                    replace(
                        here,
                        spot=one,
                        path=f"{here.path}/{index}",
                        value=element,
                        elements=(*here.elements, (item, element)),
                    ),
                )
        case Map(value=below):
            for key, entry in (value or {}).items():
                step = key.replace("~", "~0").replace("/", "~1")
                at = replace(here, path=f"{here.path}/{step}")
                shown = replace(at, spot=replace(spot, place=f"{spot.place}/{{key}}"), value=key)
                yield shown
                entered = replace(spot, place=f"{spot.place}/{{}}")
                inner = replace(at, spot=entered, value=entry, keys=(*here.keys, shown))
                yield from _found(below, inner)
