"""Which values of one event a `never` withholds wherever they stand, and which leaves equal them.

Rule 3: an address or phone that is withheld in one place is withheld in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from redaction.blocks import Block, Protector
from redaction.conditions import Truth
from redaction.layout import Applying, Layout
from redaction.sameness import Normals
from redaction.scopes import find, read
from schemas.registry import Kind

MAX_APPLYING: Final = 512  # sets of truths kept in a layout; past it all are worked out again

NOTHING: Final[frozenset[int]] = frozenset()

Protected = Mapping[object, frozenset[int]]  # what is hid, with the `never` clauses that hide it
Sames = tuple[frozenset[int], ...]  # for each watched leaf, the `never` clauses of equal values


def _found(event: Any, protector: Protector) -> Iterable[Any]:
    if protector.single:
        value = read(event, protector.place)
        return () if value is None else (value,)
    return find(event, protector.place)


def protected(layout: Layout, truths: tuple[Truth, ...], event: Any, normals: Normals) -> Protected:
    """The addresses and phones that a `never` withholds, with the numbers of those clauses."""
    applying = layout.applying.get(truths)
    if applying is None:
        if len(layout.applying) >= MAX_APPLYING:
            layout.applying.clear()
        applying = layout.applying[truths] = _applying(layout, truths)
    protected: dict[object, frozenset[int]] = {}
    for protector, nevers in applying:
        for value in _found(event, protector):
            text = normals.of(protector.compared, protector.kind, value)
            if text is not None:
                protected[text] = protected.get(text, NOTHING) | nevers
    return protected


def _applying(layout: Layout, truths: tuple[Truth, ...]) -> Applying:
    """The leaves that a `never` reaches under these truths, with the numbers of those clauses."""
    nevers = [
        (each, frozenset([n for n in each.nevers if layout.nevers[n].applies(truths)]))
        for each in layout.protectors
    ]
    return tuple(each for each in nevers if each[1])


def sames(block: Block, value: Any, protected: Protected, normals: Normals) -> Sames:
    """For each watched leaf of a block, the `never` clauses that withhold an equal value somewhere.

    Args:
        block: one with watched leaves.
        value: that of the block.
        protected: what `protected` gives for the event.
        normals: of the event.
    """
    return tuple(
        [
            same_as(each.compared, each.kind, read(value, each.place), protected, normals)
            for each in block.watched
        ]
    )


def same_as(
    compared: tuple[str, ...], kind: Kind, value: Any, protected: Protected, normals: Normals
) -> frozenset[int]:
    """The `never` clauses that withhold a value equal to this one somewhere."""
    same = NOTHING
    for name in compared if value is not None else ():
        found = protected.get(normals.of(name, kind, value))
        if found is not None:
            same |= found
    return same
