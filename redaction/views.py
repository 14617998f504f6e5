"""The shape of a view, its derived Avro schema, and the view itself, made from a decision.

No clause is read here: what a view can hold comes from the plan, what it does hold from the
decision of each leaf, which is looked up before the leaf's value is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.scopes import ELEMENT, ENTRY, Place, escaped, names_in
from redaction.transforms import Means, apply
from schemas.codec import WITHHELD
from schemas.registry import Array, EventType, Leaf, Map, Node, Record

Decided = Mapping[str, FieldDecision]  # by the RFC 6901 pointer of each leaf
Possible = Callable[[Place], frozenset[Form]]

_KEPT = ("type", "size", "logicalType", "precision", "scale", "symbols")  # no tags, no docs


@dataclass(frozen=True, slots=True)
class ShapeRecord:
    """A record of a view: each field's name, its pointer step, and what is below it."""

    fields: tuple[tuple[str, str, Shape | None], ...]


@dataclass(frozen=True, slots=True)
class ShapeList:
    """A list of a view; None stands for a list of leaves."""

    item: Shape | None


@dataclass(frozen=True, slots=True)
class ShapeMap:
    """A map of a view; None stands for a map of leaves."""

    value: Shape | None


Shape = ShapeRecord | ShapeList | ShapeMap


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
        fields: list[tuple[str, str, Shape | None]] = []
        avro: list[dict[str, Any]] = []
        for inner in record.fields:
            derived = self._node(inner.node, (*place, inner.name), nullable=nullable)
            if derived is not None:
                fields.append((inner.name, f"/{inner.name}", derived[0]))
                avro.append({"name": inner.name, "type": derived[1]})
        if not fields:
            return None
        return ShapeRecord(tuple(fields)), {"type": "record", "name": name, "fields": avro}

    def _node(self, node: Node, place: Place, *, nullable: bool) -> tuple[Shape | None, Any] | None:
        match node:
            case Leaf():
                avro = self._leaf(node, place, nullable=nullable)
                return None if avro is None else (None, avro)
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
        return {"type": "record", "name": "caseward.Withheld", "fields": []}

    def _full_name(self, place: Place) -> str:
        """A name no other place has: its field names, and no field name has a dot."""
        return ".".join(["caseward.view", self._name, *names_in(place)])


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


class Maker:
    """Makes one view.

    Args:
        decided: what becomes of every leaf of the event.
        absent: gives what becomes of the leaves of null records; asked only if there is one.
        means: gives what a leaf's form may need beside the value; asked only if it is not clear.
    """

    __slots__ = ("_absent", "_absent_decided", "_decided", "_means", "_released")

    def __init__(
        self,
        decided: Decided,
        absent: Callable[[], Decided],
        means: Callable[[FieldDecision], Means],
    ) -> None:
        self._decided = decided
        self._absent = absent
        self._absent_decided: Decided | None = None
        self._means = means
        self._released = 0

    def record(self, shape: ShapeRecord, value: Any, path: str = "") -> dict[str, Any]:
        """The view of a record that is there.

        Raises:
            KeyError: the decision does not speak of a leaf that the event has.
        """
        view = {}
        for name, step, below in shape.fields:
            if below is None:
                view[name] = self._leaf(self._decided[path + step], value[name])
            else:
                view[name] = self._container(below, value[name], path + step)
        return view

    def _container(self, shape: Shape, value: Any, path: str) -> Any:
        match shape:
            case ShapeRecord():
                if value is None:
                    return self._null_record(shape, path)
                return self.record(shape, value, path)
            case ShapeList(item=item):
                elements = [(one, f"{path}/{at}") for at, one in enumerate(value or ())]
                return [view for _, view in self._shown(item, elements)]
            case ShapeMap(value=below):
                keys = list(value or ())
                entries = [(value[key], f"{path}/{escaped(key)}") for key in keys]
                return {keys[at]: view for at, view in self._shown(below, entries)}

    def _shown(self, shape: Shape | None, inner: list[tuple[Any, str]]) -> list[tuple[int, Any]]:
        """The elements or entries with a released leaf; the others leave no trace (rule 7)."""
        shown = []
        for at, (value, path) in enumerate(inner):
            before = self._released
            if shape is None:
                view = self._leaf(self._decided[path], value)
            else:
                view = self._container(shape, value, path)
            if self._released > before:
                shown.append((at, view))
        return shown

    def _leaf(self, field: FieldDecision, value: Any) -> Any:
        """A leaf in the form in which it is released, or withheld."""
        if field.form is None:
            return WITHHELD
        self._released += 1
        return value if field.form is Form.CLEAR else apply(field.form, value, self._means(field))

    def _null_record(self, shape: ShapeRecord, path: str) -> dict[str, Any]:
        """Released leaves are null, the others withheld, lists and maps empty."""
        if self._absent_decided is None:
            self._absent_decided = self._absent()
        view: dict[str, Any] = {}
        for name, step, below in shape.fields:
            if below is None:
                view[name] = WITHHELD if self._absent_decided[path + step].form is None else None
            elif type(below) is ShapeRecord:
                view[name] = self._null_record(below, path + step)
            else:
                view[name] = [] if type(below) is ShapeList else {}
        return view
