"""What a run of the differential test reached: a construct that never came was never tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from redaction.agreement import (
    Agreement,
    ConsentRule,
    Elapsed,
    Form,
    Opinion,
    Override,
    Share,
    Unit,
)
from redaction.decision import Decision, FieldDecision, Gate, Reason
from redaction.facts import Review
from redaction.reference.forms import at_most
from schemas.codec import WITHHELD
from schemas.registry import Array, Field, Kind, Leaf, Map, Node, Record
from tests.generator import World
from tests.generator.narratives import GAP

CONSENTS = ("tags", "which", "by", "cleared")
GRANTS = (
    "of another case",
    "to others",
    "that ended",
    "that failed",
    "that is over the text's form",
)
CONTAINERS = ("record", "array", "leaves", "map")
NESTED = ("a union", "a type within itself", "a list of lists or maps", "a list with nulls")
REQUIRED = frozenset(
    [
        *(f"gate {gate}" for gate in Gate),
        *(f"reason {reason}" for reason in Reason),
        *(f"{how} {form}" for how in ("form", "null in form") for form in Form),
        *(f"{how} {kind}" for how in ("released", "withheld") for kind in Kind),
        *(f"{how} in {each}" for how in ("released", "withheld") for each in CONTAINERS),
        *(f"{how} in {each}" for how in ("released", "withheld") for each in NESTED),
        *(f"released in {a} in {b}" for a in CONTAINERS for b in CONTAINERS if b != "leaves"),
        *(f"delivered with a null {each}" for each in CONTAINERS),
        *(f"delivered under {each}" for each in ("AllOf", "AnyOf", "Not", "Is", "Number", "Age")),
        *(f"delivered under Elapsed in {unit}" for unit in Unit),
        *(f"delivered under a never capped at {form}" for form in Form),
        *(f"delivered under items {each}" for each in ("where", "when")),
        *(f"delivered under {each}" for each in ("needs_reason", "publishers", "requires")),
        *(f"delivered by {each}" for each in ("agency", "named_in", "role", "when")),
        *(f"delivered under {each}" for each in ("Override", "ConsentRule", "bands", "lifts")),
        *(f"delivered under opinions {each}" for each in ("of all", "of some")),
        *(f"delivered in a case with {each}" for each in CONSENTS),
        *(f"delivered beside a grant {each}" for each in GRANTS),
        "delivered under a later version",
        "delivered in the place of an earlier version",
        "delivered to a party that is named or has a role",
        "something cut out of a text",
        "nothing cut out of a text",
        "delivered to one standing in",
        "view of nulls, values and withheld",
    ]
)


class Decided:
    """Counts the decisions that reached an agreement."""

    def __init__(self) -> None:
        self.decisions = 0

    def add(self, world: World, decision: Decision, view: dict[str, Any] | None) -> None:
        """Count one decision, and its view where there is one."""
        if decision.gate is not Gate.NOT_ADDRESSED:
            self.decisions += 1


class Reached(Decided):
    """Counts how many decisions reached each construct."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def add(self, world: World, decision: Decision, view: dict[str, Any] | None) -> None:
        """Count one decision, and its view where there is one."""
        super().add(world, decision, view)
        found = {f"gate {decision.gate}"}
        if view is not None:
            agreement = next(
                text
                for text in world.register.agreements
                if decision.agreement is not None
                and (text.id, text.version) == (decision.agreement.id, decision.agreement.version)
            )
            found.update(_of_decision(world, decision, agreement))
            found.update(f"delivered under {each}" for each in _of_text(agreement))
            found.update(_of_view(view))
            found.update(_of_texts(decision, view))
        self.counts.update(found)

    def missing(self) -> list[str]:
        """The required constructs that no decision reached."""
        return sorted(REQUIRED - self.counts.keys())

    def table(self) -> str:
        """One line a construct, the rarest first."""
        lines = [f"{self.counts[each]:7} {each}" for each in REQUIRED]
        return "\n".join(
            [f"{self.decisions:7} decisions that reached an agreement", *sorted(lines)]
        )


def _of_decision(world: World, decision: Decision, agreement: Agreement) -> Iterator[str]:
    audience = agreement.audience(decision.audience or "")
    for name in ("agency", "named_in", "role", "when"):
        if getattr(audience, name) is not None:
            yield f"delivered by {name}"
    if any(each.of == audience.name for each in agreement.requires):
        yield "delivered under requires"
    if decision.stands_for != decision.recipient:
        yield "delivered to one standing in"
    if audience.agency is None and decision.recipient in agreement.parties():
        yield "delivered to a party that is named or has a role"
    for text in world.register.agreements:
        if text.id == agreement.id and text.version != agreement.version:
            later = text.version > agreement.version
            yield f"delivered {'under a later' if later else 'in the place of an earlier'} version"
    yield from _of_register(world, decision, agreement)
    for decided in decision.fields:
        yield from _of_field(world, decided)
    for container in _null_containers(world.event.etype.root, world.event.value):
        yield f"delivered with a null {container}"


def _of_register(world: World, decision: Decision, agreement: Agreement) -> Iterator[str]:
    for consent in world.register.consents:
        for name in CONSENTS:
            if getattr(consent, name):
                yield f"delivered in a case with {name}"
    bounds = {override.id: override.form for override in agreement.overrides}
    for granted in world.register.granted:
        tests = (
            granted.case != world.event.subject,
            decision.recipient not in granted.recipients,
            granted.until <= world.at,
            granted.review is Review.FAILED,
            granted.override in bounds and not at_most(granted.form, bounds[granted.override]),
        )
        yield from (
            f"delivered beside a grant {name}"
            for name, held in zip(GRANTS, tests, strict=True)
            if held
        )


def _of_field(world: World, decided: FieldDecision) -> Iterator[str]:
    yield f"reason {decided.reason}"
    value: Any = world.event.value
    node: Node = world.event.etype.root
    around: list[str] = []
    nested = set(_nested(node, decided.path.split("/")[1:]))
    for token in decided.path.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Record):
            value, node = value[name], _field(node, name).node
            if not isinstance(node, Leaf):
                around.append(_container(node))
        elif isinstance(node, Array):
            value, node = value[int(name)], node.item
        elif isinstance(node, Map):
            value, node = value[name], node.value
            if not isinstance(node, Leaf):
                around.append(_container(node))
    how = "released" if decided.released else "withheld"
    if isinstance(node, Leaf):
        yield f"{how} {node.kind}"
    yield from (f"{how} in {each}" for each in (*around, *nested))
    if decided.released:
        yield f"null in form {decided.form}" if value is None else f"form {decided.form}"
        for index, outer in enumerate(around):
            yield from (f"released in {inner} in {outer}" for inner in around[index + 1 :])


def _nested(node: Node, tokens: list[str]) -> Iterator[str]:
    names: list[str] = []
    for token in tokens:
        if isinstance(node, Record):
            names.append(node.name)
            if node.one_of:
                yield "a union"
            elif names.count(node.name) > 1:
                yield "a type within itself"
            node = _field(node, token).node
        elif isinstance(node, Array):
            node = node.item
            if isinstance(node, Array | Map):
                yield "a list of lists or maps"
            if node.nullable:
                yield "a list with nulls"
        elif isinstance(node, Map):
            node = node.value


def _field(record: Record, name: str) -> Field:
    return next(field for field in record.fields if field.name == name)


def _container(node: Node) -> str:
    if isinstance(node, Array):
        return "leaves" if isinstance(node.item, Leaf) else "array"
    return "map" if isinstance(node, Map) else "record"


def _null_containers(record: Record, value: dict[str, Any]) -> Iterator[str]:
    for field in record.fields:
        if value[field.name] is None and not isinstance(field.node, Leaf):
            yield _container(field.node)
        elif isinstance(field.node, Record):
            yield from _null_containers(field.node, value[field.name])


def _of_text(part: Any) -> Iterator[str]:
    """The constructs of an agreement, wherever in it they stand."""
    if is_dataclass(part):
        name = type(part).__name__
        yield f"Elapsed in {part.unit}" if isinstance(part, Elapsed) else name
        if isinstance(part, ConsentRule) and part.by_age:
            yield "bands"
        if isinstance(part, Override) and part.lifts:
            yield "lifts"
        if isinstance(part, Opinion):
            yield f"opinions of {'some' if part.of else 'all'}"
        if isinstance(part, Share):
            yield from (n for n in ("needs_reason", "publishers") if getattr(part, n))
        for field in fields(part):
            inner = getattr(part, field.name)
            if name == "Items" and inner is not None:
                yield f"items {field.name}"
            if field.name == "clearer_than" and inner is not None:
                yield f"a never capped at {inner}"
            yield from _of_text(inner)
    elif isinstance(part, tuple):
        for each in part:
            yield from _of_text(each)


def _of_view(view: dict[str, Any]) -> Iterator[str]:
    shown = {_show(value) for value in _values(view["header"]) | _values(view)}
    if shown == {"null", "withheld", "value"}:
        yield "view of nulls, values and withheld"


def _of_texts(decision: Decision, view: dict[str, Any]) -> Iterator[str]:
    if any(field.form is Form.SCRUBBED for field in decision.fields):
        cut = any(isinstance(value, str) and GAP in value for value in _values(view))
        yield f"{'something' if cut else 'nothing'} cut out of a text"


def _values(tree: Any) -> set[Any]:
    if isinstance(tree, dict):
        return {each for inner in tree.values() for each in _values(inner)}
    if isinstance(tree, list):
        return {each for inner in tree for each in _values(inner)}
    return {tree}


def _show(value: Any) -> str:
    return "null" if value is None else "withheld" if value is WITHHELD else "value"
