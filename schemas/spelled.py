"""The leaves of an event as a view spells them where it shows them in clear, ready to be copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from schemas.nodes import Array, EventType, Leaf, Map, Node, Record
from schemas.wire import leaf_writer
from schemas.wire_values import Unfit

NULL: Final = b"\x00"  # the number of the branch that is null, which is the first

Spell = Callable[[Any, list[bytes], list[object]], None]  # adds to leaves and outline


class Spelled(NamedTuple):
    """What the views of one event are put together from.

    `leaves` are those that there are, in the order of the event type: each as it stands in a
    view, which is a union of null where it may be null, withheld and its own type: the number of
    the branch, then the value. `outline` says in the same order of each record that may be null
    whether it is there, of each list how long it is, of each map which keys it has. A list or map
    that is null counts as empty: a view shows it so.
    """

    leaves: tuple[bytes, ...]
    outline: tuple[object, ...]


def branch_of_clear(leaf: Leaf, *, nullable: bool) -> bytes:
    """The number of a leaf's own type in its union, after null (if there is one) and withheld."""
    return b"\x04" if nullable or leaf.nullable else b"\x02"


MAX_SPELLS: Final = 1024  # event types of which it is kept; past it, all are compiled again

_SPELLS: Final[dict[str, Spell]] = {}  # by the digest of the event type


def spell(etype: EventType, value: Any) -> Spelled:
    """The leaves of an event's value, which nobody has read out of bytes.

    Raises:
        Unfit: it is not a value of this type.
    """
    adds = _SPELLS.get(etype.digest)
    if adds is None:
        if len(_SPELLS) >= MAX_SPELLS:
            _SPELLS.clear()
        adds = _SPELLS[etype.digest] = _spelling(etype.root, nullable=False)
    leaves: list[bytes] = []
    outline: list[object] = []
    adds(value, leaves, outline)
    return Spelled(tuple(leaves), tuple(outline))


def _spelling(node: Node, *, nullable: bool) -> Spell:
    """`nullable`: a record around it may be null, and then shows as a record of nulls."""
    match node:
        case Leaf():
            return _leaf(node, nullable=nullable)
        case Record():
            return _record(node, nullable=nullable or node.nullable)
        case Array(item=item):
            return _list(_spelling(item, nullable=False))
        case Map(value=inner):
            return _map(_spelling(inner, nullable=False))


def _leaf(leaf: Leaf, *, nullable: bool) -> Spell:
    before, write = branch_of_clear(leaf, nullable=nullable), leaf_writer(leaf.avro)
    may_be_null = nullable or leaf.nullable

    def spell(value: Any, leaves: list[bytes], outline: list[object]) -> None:
        if value is None and may_be_null:
            leaves.append(NULL)
        else:
            out = bytearray(before)
            write(out, value)
            leaves.append(bytes(out))

    return spell


def _record(record: Record, *, nullable: bool) -> Spell:
    fields = [(each.name, _spelling(each.node, nullable=nullable)) for each in record.fields]
    may_be_null = record.nullable

    def spell(value: Any, leaves: list[bytes], outline: list[object]) -> None:
        if may_be_null:
            outline.append(value is not None)
            if value is None:
                return
        if type(value) is not dict:
            raise Unfit("is not an object")
        for name, inner in fields:
            inner(value[name], leaves, outline)

    return spell


def _list(item: Spell) -> Spell:
    def spell(value: Any, leaves: list[bytes], outline: list[object]) -> None:
        outline.append(len(value or ()))
        for each in value or ():
            item(each, leaves, outline)

    return spell


def _map(inner: Spell) -> Spell:
    def spell(value: Any, leaves: list[bytes], outline: list[object]) -> None:
        outline.append(tuple(value or ()))
        for each in (value or {}).values():
            inner(each, leaves, outline)

    return spell
