"""Random vocabularies, and random event types written as schemas and loaded for real."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from redaction.remembered import Remembered
from schemas.registry import (
    Array,
    EventType,
    Field,
    Kind,
    Leaf,
    Map,
    Node,
    Record,
    Tag,
    Vocabulary,
    load_event_type,
)
from tests.generator.choices import SYMBOLS, Draw, chance, one_of, some_of

CLASSES = ("phone", "address", "child", "special-category", "locates-victim", "contact")
MEANT = ("identity", "free-text")  # classes that say how a text is searched and shared
HEADER_TAGS = ("event.basics", "event.id", "event.purposes", "event.user", "case.reference")
# a tag's first word says what its leaves mostly hold
SORTS = ("text", "date", "agency", "phone", "address", "note", "count", "child", "victim")
_LIKELY = (*("text",) * 4, *("address", "address", "note", "date") * 2, *SORTS[1:])
BIRTHS = ("child.date_of_birth", "victim.date_of_birth")
UNLIFTABLE = ("special-category", "child")

HEADER = {
    "name": "header",
    "type": {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": "id", "tag": "event.id", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "source", "tag": "event.basics", "type": "string"},
            {"name": "type", "tag": "event.basics", "type": "string"},
            {
                "name": "time",
                "tag": "event.basics",
                "type": {"type": "long", "logicalType": "timestamp-millis"},
            },
            {"name": "subject", "tag": "case.reference", "type": "string"},
            {
                "name": "purposes",
                "tag": "event.purposes",
                "type": {"type": "array", "items": "string"},
            },
            {"name": "on_behalf_of", "tag": "event.user", "type": "string"},
        ],
    },
}
ADDRESS_FIELDS = ("line", "municipality", "postcode", "country")
MAX_FIELDS = 22  # fields of a body, so that one case stays quick to decide literally
TAGS_OF_SORT = 3  # at most
FACT_KINDS = ("string", "boolean", "int", "long", "enum", "date")
_SIMPLE: Mapping[str, Any] = {
    "date": {"type": "int", "logicalType": "date"},
    "timestamp": {"type": "long", "logicalType": "timestamp-millis"},
    "timestamp-micros": {"type": "long", "logicalType": "timestamp-micros"},
    "decimal": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2},
    "uuid": {"type": "string", "logicalType": "uuid"},
    "time-millis": {"type": "int", "logicalType": "time-millis"},
    "local-timestamp-micros": {"type": "long", "logicalType": "local-timestamp-micros"},
}
_KINDS_OF_SORT: Mapping[str, tuple[str, ...]] = {
    "text": (
        *("string", "boolean", "enum", "int", "enum", "boolean", "long"),
        *("float", "double", "bytes", "decimal", "uuid"),
        *("fixed", "fixed", "duration", "time-millis", "local-timestamp-micros"),
    ),
    "note": ("string",),
    "count": ("int", "long"),
    "child": ("date",),
    "victim": ("date",),
    "date": ("date", "date", "timestamp", "timestamp-micros"),
    "agency": ("string",),
    "phone": ("string", "string", "string", "long"),
    "address": ("address",) * 5 + ("string",),
}


def draw_vocabulary(draw: Draw) -> Vocabulary:
    """A vocabulary: the header's tags, and one to three tags of each sort, with random classes."""
    tags = {name: Tag(name=name, means=name, classes=frozenset()) for name in HEADER_TAGS}
    for sort in SORTS:
        births = [name for name in BIRTHS if name.startswith(f"{sort}.")]
        letters = "abc"[: draw(1, TAGS_OF_SORT)]
        for name in births or [f"{sort}.{letter}" for letter in letters]:
            classes = set(some_of(draw, CLASSES, most=2))
            if sort in ("phone", "address") and not chance(draw, 15):
                classes.add(sort)
            if sort in ("text", "note") and chance(draw, 40):
                classes.add("identity" if sort == "text" else "free-text")
            tags[name] = Tag(name=name, means=name, classes=frozenset(classes))
    return Vocabulary(
        name="gen-core/1",
        tags=tags,
        classes={name: name for name in (*CLASSES, *MEANT)},
        unliftable=frozenset(some_of(draw, UNLIFTABLE) if chance(draw, 30) else ()),
    )


def draw_event_type(draw: Draw, vocabulary: Vocabulary, *, name: str = "gen.event") -> EventType:
    """An event type of any shape that the loader takes, written as Avro and loaded from there."""
    return load_event_type(
        json.dumps(_Writer(draw, vocabulary).schema(name)), vocabulary, origin="generated"
    )


@dataclass
class _Named:
    """A record already defined: it can be used again where that keeps the schema's rules."""

    name: str
    needs_tag: bool


@dataclass
class _Writer:
    """Writes one schema, and remembers what later fields may refer to."""

    draw: Draw
    vocabulary: Vocabulary
    fields: int = 0
    address_known: bool = False
    records: list[_Named] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)  # dotted paths
    written: list[dict[str, Any]] = field(default_factory=list)  # every field of the body
    named: int = 0  # enums and fixeds
    within_itself: bool = False  # whether a type contains itself

    def schema(self, name: str) -> dict[str, Any]:
        root_tag = self._tag() if chance(self.draw, 15) else None
        specials = ("consent_of_victim", "sharing_reason", "victim_id")
        body = [self._special(each) for each in specials]
        body = [each for each in body if each is not None]
        if chance(self.draw, 70):
            body.append(self._people(root_tag))
        for _ in range(self.draw(2, 6)):
            body.append(self._field("", root_tag, depth=0, facts=True))
        # a type that contains itself may have taken up any other, and no summary stands in one
        may = [each for each in self.written if not self.within_itself or each in body]
        if self.arrays and may and chance(self.draw, 60):
            one_of(self.draw, may)["summarises"] = one_of(self.draw, self.arrays)
        schema = {"type": "record", "name": "gen.Event", "event_type": name}
        schema["vocabulary"] = self.vocabulary.name
        if root_tag is not None:
            schema["tag"] = root_tag
        return {**schema, "fields": [HEADER, *body]}

    def _tag(self, sort: str | None = None) -> str:
        names = [n for n in self.vocabulary.tags if n.split(".")[0] in SORTS]
        if sort is not None:
            return one_of(self.draw, [n for n in names if n.startswith(f"{sort}.")])
        if chance(self.draw, 2):
            return "event.basics"
        sort = one_of(self.draw, _LIKELY)
        return one_of(self.draw, [n for n in names if n.startswith(f"{sort}.")])

    def _special(self, name: str, *, percent: int = 45) -> dict[str, Any] | None:
        """A fact whose name means something to conditions."""
        if not chance(self.draw, percent):
            return None
        kind = "string"
        if name.startswith("consent") and chance(self.draw, 70):
            kind = "enum"
        made = {"name": name, "tag": self._tag("text"), "fact": True}
        made["type"] = self._nullable(self._leaf_type(kind), 60)
        return made

    def _people(self, chain: str | None) -> dict[str, Any]:
        """A list of people, each with an agency: what `items: {where: …}` is made for."""
        self.arrays.append("people")
        tag = self._tag() if chance(self.draw, 30) else chain
        born = self._tag("date") if chance(self.draw, 50) else BIRTHS[0]
        inner = [
            {"name": "agency", "tag": self._tag("agency"), "type": self._nullable("string", 25)},
            {"name": "born", "tag": born, "type": self._nullable(_SIMPLE["date"], 25)},
        ]
        self.written.extend(inner)
        for name, percent in (("consent_of_child", 20), ("child_id", 40)):
            fact = self._special(name, percent=percent)
            inner.extend([fact] if fact else [])
        for _ in range(self.draw(1, 3)):
            inner.append(self._field("people", tag, depth=1, facts=True))
        item = {"type": "record", "name": "Person", "fields": inner}
        made: dict[str, Any] = {"name": "people"}
        if tag != chain:
            made["tag"] = tag
        made["type"] = self._nullable({"type": "array", "items": item}, 15)
        self.written.append(made)
        return made

    def _field(self, path: str, chain: str | None, *, depth: int, facts: bool) -> dict[str, Any]:
        self.fields += 1
        name = f"f{self.fields}"
        made: dict[str, Any] = {"name": name}
        path = f"{path}.{name}" if path else name
        shape = "leaf"
        if depth < 3 and self.fields < MAX_FIELDS:
            shape = one_of(self.draw, _SHAPES)
        # leaves mostly have a tag of their own; a map's keys need one around or on it
        if chance(self.draw, 75 if shape == "leaf" else 35) or (
            chain is None and shape in ("leaf", "leaves", "map")
        ):
            made["tag"] = chain = self._tag()
        made["type"] = self._type(shape, path, chain, depth=depth, facts=facts)
        kind = made["type"] if isinstance(made["type"], str) else None
        if shape == "leaf" and facts and (kind or self._kind(made["type"])) in FACT_KINDS:
            made |= {"fact": True} if chance(self.draw, 60) else {}
        self.written.append(made)
        return made

    def _kind(self, raw: Any) -> str:
        if isinstance(raw, list):
            (raw,) = (branch for branch in raw if branch != "null")
        if isinstance(raw, str):
            return raw
        return str(raw.get("logicalType", raw["type"]))

    def _type(self, shape: str, path: str, chain: str | None, *, depth: int, facts: bool) -> Any:
        if shape in ("leaf", "leaves"):
            sort = (chain or "").split(".")[0]
            leaf = self._leaf_type(one_of(self.draw, _KINDS_OF_SORT.get(sort, ("string",))))
            if shape == "leaf":
                return self._nullable(leaf, 55)
            self.arrays.append(path)
            return self._list(leaf, chain, null=15)
        if shape == "record":
            return self._nullable(self._record(path, chain, depth=depth, facts=facts), 40)
        if shape == "array":
            self.arrays.append(path)
            item = self._record(path, chain, depth=depth, facts=facts)
            return self._list(item, chain, null=15)
        # below a map nothing is a fact, and no path of an array leads there
        before = len(self.arrays)
        inside = one_of(self.draw, ("leaf", "leaf", "record", "leaves", "array", "map"))
        if depth >= 2:
            inside = "leaf"
        value = self._type(inside, path, chain, depth=depth + 1, facts=False)
        del self.arrays[before:]
        return self._nullable({"type": "map", "values": value}, 15)

    def _list(self, item: Any, chain: str | None, *, null: int) -> Any:
        """A list; now and then of what may be null, of lists or of maps."""
        item = self._nullable(item, 15)
        if chance(self.draw, 10):
            item = self._list(item, chain, null=20)
        elif chance(self.draw, 5) and chain is not None and isinstance(item, str):
            item = {"type": "map", "values": item}
        return self._nullable({"type": "array", "items": item}, null)

    def _record(self, path: str, chain: str | None, *, depth: int, facts: bool) -> Any:
        usable = [each for each in self.records if chain is not None or not each.needs_tag]
        if usable and chance(self.draw, 25):
            return one_of(self.draw, usable).name
        # a record that is used twice has no facts, or a scope could hold one name twice
        again = chance(self.draw, 30)
        several = chain is not None and not again and chance(self.draw, 12)
        before, arrays = len(self.written), len(self.arrays)
        fields = [
            self._field(path, chain, depth=depth + 1, facts=facts and not again)
            for _ in range(self.draw(1, 3))
        ]
        name = f"R{self.fields}_{len(self.written)}"
        if several:  # no path of an array leads through a union
            other = [self._field(path, chain, depth=depth + 1, facts=False)]
            del self.written[before:], self.arrays[arrays:]
            both = ((f"{name}_a", fields), (f"{name}_b", other))
            return [{"type": "record", "name": each, "fields": have} for each, have in both]
        # one, or they would be too deep; no summary stands in a type within itself
        if again and not self.within_itself and chance(self.draw, 60):
            self.within_itself = True
            del self.written[before:], self.arrays[arrays:]
            by_list = chance(self.draw, 50)
            kind = self._list(name, chain, null=15) if by_list else ["null", name]
            self.fields += 1
            fields.append({"name": f"f{self.fields}", "type": kind})
        if again:
            needs_tag = any("tag" not in each for each in fields)
            self.records.append(_Named(name=f"gen.{name}", needs_tag=needs_tag))
        return {"type": "record", "name": name, "fields": fields}

    def _leaf_type(self, kind: str) -> Any:
        if kind == "enum":
            self.named += 1
            symbols = some_of(self.draw, SYMBOLS, least=2, most=4)
            return {"type": "enum", "name": f"E{self.named}", "symbols": list(symbols)}
        if kind in ("fixed", "duration"):
            self.named += 1
            size, logical = (12, {"logicalType": kind}) if kind == "duration" else (4, {})
            return {"type": "fixed", "name": f"X{self.named}", "size": size, **logical}
        if kind == "address":
            if self.address_known:
                return "gen.Address"
            self.address_known = True
            fields = [{"name": name, "type": "string"} for name in ADDRESS_FIELDS]
            return {"type": "record", "name": "Address", "atom": "address", "fields": fields}
        return _SIMPLE.get(kind, kind)

    def _nullable(self, raw: Any, percent: int) -> Any:
        if not chance(self.draw, percent) or (isinstance(raw, list) and "null" in raw):
            return raw
        branches = raw if isinstance(raw, list) else [raw]
        return ["null", *branches] if chance(self.draw, 80) else [*branches, "null"]


_SHAPES = ("leaf",) * 11 + ("record",) * 3 + ("array",) * 3 + ("map",) * 3 + ("leaves",) * 2


# --- what an event type holds, for those who write agreements about it ---------------------------


def _leaf_fields(etype: EventType) -> tuple[tuple[Field, Leaf], ...]:
    return tuple(pair for each in etype.root.fields for pair in _below(each, each.node))


leaf_fields: Remembered[EventType, tuple[tuple[Field, Leaf], ...]] = Remembered(
    _leaf_fields, keep=64
)
"""Every leaf of the type with its field; below a map or list it is the container's field."""


def container_tags(etype: EventType) -> list[str]:
    """The tags that stand on or around some field, leaves and maps included."""
    return sorted({tag for each, _ in leaf_fields(etype) for tag in each.chain})


def map_tags(etype: EventType) -> list[str]:
    """The tags under which map keys are data."""
    return sorted({each.tag for each in _fields(etype.root) if isinstance(each.node, Map)})


def kinds_of(etype: EventType, tag: str) -> set[Kind]:
    """The kinds of the leaves with this very tag."""
    return {leaf.kind for each, leaf in leaf_fields(etype) if each.tag == tag}


def facts_of(etype: EventType, *, in_items: bool) -> list[tuple[str, Leaf]]:
    """The facts at the root, or those of list elements."""
    return list(_facts(etype.root, inside=False, wanted=in_items))


def _facts(record: Record, *, inside: bool, wanted: bool) -> Iterator[tuple[str, Leaf]]:
    for each in record.fields:
        if isinstance(each.node, Leaf):
            if each.fact and inside is wanted:
                yield each.name, each.node
        elif isinstance(each.node, Record):
            yield from _facts(each.node, inside=inside, wanted=wanted)
        elif isinstance(each.node, Array) and isinstance(each.node.item, Record):
            yield from _facts(each.node.item, inside=True, wanted=wanted)


def _fields(node: Node) -> Iterator[Field]:
    if isinstance(node, Record):
        for each in node.fields:
            yield each
            yield from _fields(each.node)
    elif isinstance(node, Array):
        yield from _fields(node.item)
    elif isinstance(node, Map):
        yield from _fields(node.value)


def _below(around: Field, node: Node) -> Iterator[tuple[Field, Leaf]]:
    if isinstance(node, Leaf):
        yield around, node
    elif isinstance(node, Record):
        for each in node.fields:
            yield from _below(each, each.node)
    elif isinstance(node, Map):
        yield from _below(around, node.value)
    else:
        yield from _below(around, node.item)
