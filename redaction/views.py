"""The shape of a view and its derived Avro schema: what some event could show, and how.

No clause is read here: which forms are possible comes from the plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redaction.agreement import Form
from redaction.scopes import ELEMENT, ENTRY, Place, names_in
from schemas.registry import Array, EventType, Leaf, Map, Node, Record
from schemas.wire import Write, leaf_writer

Possible = Callable[[Place], frozenset[Form]]

_WITHHELD = {"type": "record", "name": "caseward.Withheld", "fields": []}
_KEPT = ("type", "size", "logicalType", "precision", "scale", "symbols")  # no tags, no docs


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLeaf:
    """A leaf of a view: the bytes before a value in each branch of its union.

    Null and withheld are nothing but these; `clear` and `text` (another form's) have the writer
    of what follows, and are None where there is no such branch.
    """

    null: bytes | None
    withheld: bytes
    clear: tuple[bytes, Write]
    text: tuple[bytes, Write] | None


@dataclass(frozen=True, slots=True)
class ShapeRecord:
    """A record of a view: each field's name, its pointer step, and what is below it."""

    fields: tuple[tuple[str, str, Shape], ...]


@dataclass(frozen=True, slots=True)
class ShapeList:
    """A list of a view."""

    item: Shape


@dataclass(frozen=True, slots=True)
class ShapeMap:
    """A map of a view."""

    value: Shape


Shape = ShapeLeaf | ShapeRecord | ShapeList | ShapeMap


def derive(etype: EventType, possible: Possible) -> tuple[ShapeRecord, str]:
    """The shape of a view and its Avro schema as JSON.

    Args:
        etype: the event type.
        possible: the forms in which a leaf, given by its place, can ever be shown; a leaf without
            any does not exist in the view, nor does a container without leaves.

    Raises:
        ValueError: nothing at all can be shown.
    """
    name = re.sub(r"\W", "_", etype.name)
    derived = _Deriver(possible, name).record(etype.root, (), nullable=False)
    if derived is None:
        raise ValueError("nothing of the event type can ever be shown")
    shape, avro = derived
    return shape, json.dumps(avro, separators=(",", ":"))


class _Deriver:
    """Walks an event type; every answer is a shape with its Avro type, or None for nothing."""

    def __init__(self, possible: Possible, name: str) -> None:
        self._possible = possible
        self._name = name
        self._named_withheld = False

    def record(
        self, record: Record, place: Place, *, nullable: bool
    ) -> tuple[ShapeRecord, Any] | None:
        # A null record shows as a record of nulls, so its leaves can be null.
        nullable = nullable or record.nullable
        name = self._full_name(place)
        fields: list[tuple[str, str, Shape]] = []
        avro: list[dict[str, Any]] = []
        for inner in record.fields:
            derived = self._node(inner.node, (*place, inner.name), nullable=nullable)
            if derived is not None:
                fields.append((inner.name, f"/{inner.name}", derived[0]))
                avro.append({"name": inner.name, "type": derived[1]})
        if not fields:
            return None
        return ShapeRecord(tuple(fields)), {"type": "record", "name": name, "fields": avro}

    def _node(self, node: Node, place: Place, *, nullable: bool) -> tuple[Shape, Any] | None:
        match node:
            case Leaf():
                avro = self._leaf(node, place, nullable=nullable)
                return None if avro is None else (_shape_leaf(avro), avro)
            case Record():
                return self.record(node, place, nullable=nullable)
            case Array(item=item):
                derived = self._node(item, (*place, ELEMENT), nullable=False)
                if derived is None:
                    return None
                return ShapeList(derived[0]), {"type": "array", "items": derived[1]}
            case Map(value=value):
                derived = self._node(value, (*place, ENTRY), nullable=False)
                if derived is None:
                    return None
                return ShapeMap(derived[0]), {"type": "map", "values": derived[1]}

    def _leaf(self, leaf: Leaf, place: Place, *, nullable: bool) -> list[Any] | None:
        """The union of null (if it can be), withheld, and the types of the possible forms."""
        forms = self._possible(place)
        if not forms:
            return None
        types: list[Any] = []
        if Form.CLEAR in forms:
            types.append(_clean(leaf.avro, self._full_name(place)))
        if forms != {Form.CLEAR}:
            # Avro allows one string in a union; a UUID in clear is then a string like the others.
            types = [known for known in types if _base(known) != "string"] + ["string"]
        null = ["null"] if nullable or leaf.nullable else []
        return [*null, self._withheld(), *types]

    def _withheld(self) -> Any:
        if self._named_withheld:
            return "caseward.Withheld"
        self._named_withheld = True
        return _WITHHELD

    def _full_name(self, place: Place) -> str:
        """A name no other place has: its field names, and no field name has a dot."""
        return ".".join(["caseward.view", self._name, *names_in(place)])


def _shape_leaf(union: list[Any]) -> ShapeLeaf:
    """How the branches of a leaf's union are written: null, withheld, clear or text, text."""
    null = union[0] == "null"
    first = null + 1  # after null and withheld
    text: tuple[bytes, Write] | None = None
    if union[-1] == "string":
        text = (_branch(len(union) - 1), leaf_writer("string"))
        if _base(union[first]) == "enum":  # which takes those texts that are its own symbols
            text = (b"", leaf_writer([*union[:null], _WITHHELD, *union[first:]]))
    return ShapeLeaf(
        null=_branch(0) if null else None,
        withheld=_branch(int(null)),
        clear=(_branch(first), leaf_writer(union[first])),
        text=text,
    )


def _branch(index: int) -> bytes:
    return bytes([index << 1])


def _base(avro: Any) -> Any:
    return avro["type"] if isinstance(avro, dict) else avro


def _clean(avro: Any, name: str) -> Any:
    """A leaf's Avro type without annotations, named by its place."""
    if not isinstance(avro, dict):
        return avro
    clean = {key: avro[key] for key in _KEPT if key in avro}
    if clean["type"] in ("enum", "fixed", "record"):
        clean["name"] = name
    if clean["type"] == "record":
        inner = [(field["name"], field["type"]) for field in avro["fields"]]
        clean["fields"] = [{"name": key, "type": _clean(kind, name)} for key, kind in inner]
    return clean["type"] if list(clean) == ["type"] else clean
