"""Where an event type carries tags: each field that a clause can reach, in its lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redaction.scopes import ELEMENT, ENTRY, Place
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A leaf of an event type, or a map, whose own tag guards its keys (`leaf` is then None)."""

    etype: str
    version: int
    place: Place
    field: Field
    leaf: Leaf | None

    @property
    def lists(self) -> tuple[Place, ...]:
        """The lists it stands in, outermost first; a list of plain values counts too."""
        steps = enumerate(self.place, start=1)
        return tuple(self.place[:count] for count, step in steps if step == ELEMENT)

    @property
    def is_fact(self) -> bool:
        """Whether a condition may read it by its field's name."""
        return self.leaf is not None and self.field.fact and ENTRY not in self.place

    @property
    def kind(self) -> Kind | None:
        """What the leaf holds; None for a map."""
        return None if self.leaf is None else self.leaf.kind


def spots_of(types: Iterable[EventType]) -> tuple[Spot, ...]:
    """Every spot of these event types, in their order."""
    return tuple(
        spot
        for etype in types
        for field in etype.root.fields
        for spot in _below(etype, field.node, field, (field.name,))
    )


def _below(etype: EventType, node: Node, field: Field, place: Place) -> Iterator[Spot]:
    match node:
        case Leaf():
            yield _spot(etype, place, field, node)
        case Record():
            for inner in node.fields:
                yield from _below(etype, inner.node, inner, (*place, inner.name))
        case Array():
            yield from _below(etype, node.item, field, (*place, ELEMENT))
        case Map():
            yield _spot(etype, place, field, None)
            yield from _below(etype, node.value, field, (*place, ENTRY))


def _spot(etype: EventType, place: Place, field: Field, leaf: Leaf | None) -> Spot:
    return Spot(etype=etype.name, version=etype.version, place=place, field=field, leaf=leaf)
