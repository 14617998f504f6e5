"""Rules over a whole event type: its header, where facts stand, and what summarises what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.nodes import Array, Field, Kind, Leaf, Map, Node, Record
from schemas.primitives import refusal

# CloudEvents' names; name, kind (None for a list of strings) and tag, in this order
_HEADER: Final = (
    ("id", Kind.UUID, "event.id"),
    ("source", Kind.STRING, "event.basics"),
    ("type", Kind.STRING, "event.basics"),
    ("time", Kind.TIMESTAMP, "event.basics"),
    ("subject", Kind.STRING, "case.reference"),
    ("purposes", None, "event.purposes"),
    ("on_behalf_of", Kind.STRING, "event.user"),
)


def check_header(root: Record) -> None:
    """Check that the first field is the header that every event type shares.

    Raises:
        SchemaError: it is missing or of another shape.
    """
    first = root.fields[0]
    if first.name != "header" or not isinstance(first.node, Record) or first.node.nullable:
        raise refusal("header", "the first field is the header, a record that is never null")
    fields = first.node.fields
    if tuple(field.name for field in fields) != tuple(name for name, _, _ in _HEADER):
        names = ", ".join(name for name, _, _ in _HEADER)
        raise refusal("header", f"its fields are exactly {names}")
    for field, (name, kind, tag) in zip(fields, _HEADER, strict=True):
        path = f"header.{name}"
        node, wanted = field.node, kind
        if kind is None:
            if not isinstance(node, Array) or node.nullable:
                raise refusal(path, "is a list of strings that is never null")
            node, wanted = node.item, Kind.STRING
        if not isinstance(node, Leaf) or node.kind is not wanted or node.nullable:
            raise refusal(path, f"is of kind {wanted} and never null")
        if kind is Kind.TIMESTAMP and node.avro["logicalType"] != "timestamp-millis":
            raise refusal(path, "is in milliseconds")
        if field.tag != tag:
            raise refusal(path, f"has the tag `{tag}`")
        if field.fact or field.summarises is not None:
            raise refusal(path, "is neither a fact nor a summary")


def check_facts(root: Record) -> None:
    """Check that a condition, wherever it is evaluated, finds one fact of a name.

    Raises:
        SchemaError: a name stands twice in a scope or its ancestors, or a fact below a map.
    """
    _check_scope(root, "", {})


def _check_scope(record: Record, path: str, inherited: dict[str, str]) -> None:
    known = dict(inherited)
    elements: list[tuple[Record, str]] = []
    for field, place in _in_scope(record, path):
        if field.fact:
            if field.name in known:
                raise refusal(
                    place, f"a fact `{field.name}` stands in this scope at `{known[field.name]}`"
                )
            known[field.name] = place
        node = field.node
        while isinstance(node, Array):
            node = node.item
        if isinstance(node, Map):
            if fact := _fact_below(node, place):
                raise refusal(fact, "a fact stands below a map, where it has many values")
        elif isinstance(node, Record) and node is not field.node:
            elements.append((node, place))
    for element, place in elements:
        _check_scope(element, place, known)


def _in_scope(record: Record, path: str) -> Iterator[tuple[Field, str]]:
    for field in record.fields:
        place = f"{path}.{field.name}" if path else field.name
        yield field, place
        if isinstance(field.node, Record):
            yield from _in_scope(field.node, place)


def _fact_below(node: Node, path: str) -> str | None:
    match node:
        case Map():
            return _fact_below(node.value, path)
        case Array():
            return _fact_below(node.item, path)
        case Record():
            for field in node.fields:
                place = f"{path}.{field.name}"
                if field.fact:
                    return place
                if found := _fact_below(field.node, place):
                    return found
    return None


def check_summaries(root: Record) -> None:
    """Check that every `summarises` names an array.

    Raises:
        SchemaError: it does not.
    """
    for field, path in _everywhere(root, ""):
        if field.summarises is not None and not _names_array(root, field.summarises):
            raise refusal(path, f"`summarises` names no array: `{field.summarises}`")


def _everywhere(node: Node, path: str) -> Iterator[tuple[Field, str]]:
    match node:
        case Record():
            for field in node.fields:
                place = f"{path}.{field.name}" if path else field.name
                yield field, place
                yield from _everywhere(field.node, place)
        case Array():
            yield from _everywhere(node.item, path)
        case Map():
            yield from _everywhere(node.value, path)


def _names_array(root: Record, path: str) -> bool:
    node: Node = root
    for name in path.split("."):
        while isinstance(node, Array):
            node = node.item
        if not isinstance(node, Record):
            return False
        found = [field for field in node.fields if field.name == name]
        if not found:
            return False
        node = found[0].node
    return isinstance(node, Array)
