"""From the text of an Avro schema to an event type: every rule a schema must keep is checked here.

The Avro specification, 1.12, says what a schema may be; we take the part of it in which every
value has one place and one tag, and refuse the rest rather than guess.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any, Final

import rfc8785

from schemas.errors import CasewardError, Code, SchemaError
from schemas.named_leaves import NAMED, named_leaf
from schemas.naming import Names, check_field_names
from schemas.nodes import (
    MAX_RECURSION,
    Array,
    EventType,
    Field,
    Kind,
    Leaf,
    Map,
    Node,
    Record,
    Vocabulary,
)
from schemas.plain import MAX_JSON_DEPTH, parse_schema_json
from schemas.primitives import PRIMITIVES, only, primitive_kind, refusal, short_form
from schemas.rules import check_facts, check_header, check_summaries
from schemas.wire import Wire
from schemas.wire_compiling import is_name, referred
from schemas.wire_records import branch_of

MAX_DEPTH: Final = MAX_JSON_DEPTH - 1  # containers in one another; an address is one level more
MAX_NODES: Final = 10_000  # fields after resolving; types used twice at each level would explode

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
_FACT_KINDS: Final = frozenset(
    {Kind.STRING, Kind.BOOLEAN, Kind.INT, Kind.LONG, Kind.ENUM, Kind.DATE}
)

# A misspelt annotation must not pass for none, so each place has a closed list of attributes.
_RECORD: Final = NAMED | {"fields"}
_ROOT: Final = _RECORD | {"event_type", "version", "vocabulary", "tag"}
_FIELD: Final = frozenset(
    {"name", "type", "doc", "aliases", "tag", "fact", "summarises", "default"}
)
_ARRAY: Final = frozenset({"type", "items", "doc"})
_MAP: Final = frozenset({"type", "values", "doc"})

# what stands around a place, beside records; null alone is no level of its own
_LIST, _ENTRY, _ONE_OF, _MAYBE = "[]", "{}", "|", "?"


def load_event_type(text: str, vocabulary: Vocabulary, *, origin: str) -> EventType:
    """Check the schema of one event type and resolve it.

    Args:
        text: the schema as JSON, self-contained.
        vocabulary: the tags it may use.
        origin: where the text comes from, for messages.

    Raises:
        SchemaError: a rule is broken; the message names the origin, the path and the rule.
    """
    try:
        raw = parse_schema_json(text)
        if not isinstance(raw, dict):
            raise SchemaError(Code.BAD_SCHEMA, "an event type is a record")
        resolver = _Resolver(vocabulary)
        root = resolver.root(raw)
        name, version = resolver.event_type(raw)
        check_header(root)
        check_facts(root)
        check_summaries(root)
        wire = Wire.compile(raw)
        digest = hashlib.sha256(rfc8785.dumps(raw)).hexdigest()
    except CasewardError as error:
        raise SchemaError(Code.BAD_SCHEMA, f"{origin}: {error}") from None
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        rule = "a default or a text has no canonical JSON (RFC 8785)"
        raise SchemaError(Code.BAD_SCHEMA, f"{origin}: {rule}") from None
    return EventType(
        name=name,
        version=version,
        root=root,
        rabin=wire.rabin,
        digest=digest,
        avro=wire,
        text=text,
    )


class _Resolver:
    """Walks one schema once, following each named type to its definition at each use."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._names = Names()
        self._open: list[str] = []  # containers around the present place; a record's full name
        self._nodes = 0

    def event_type(self, raw: dict[str, Any]) -> tuple[str, int]:
        name, vocabulary = raw.get("event_type"), raw.get("vocabulary")
        version = raw.get("version", 1)
        if type(version) is not int or version < 1:
            raise refusal("", "`version` is a whole number from 1 on")
        if not isinstance(name, str) or not _EVENT_TYPE.fullmatch(name):
            raise refusal("", "`event_type` is lower-case words with dots and hyphens")
        if vocabulary != self._vocabulary.name:
            raise refusal("", f"`vocabulary` is not `{self._vocabulary.name}`")
        return name, version

    def root(self, raw: dict[str, Any]) -> Record:
        if raw.get("type") != "record":
            raise refusal("", "an event type is a record")
        chain = (self._tag(raw["tag"], ""),) if "tag" in raw else ()
        return self._record(raw, "", "", chain, allowed=_ROOT)

    def _node(self, raw: Any, namespace: str, path: str, chain: tuple[str, ...]) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise refusal(path, f"the event type has more than {MAX_NODES} fields")
        if len(self._open) - self._open.count(_MAYBE) > MAX_DEPTH:
            raise refusal(path, f"the event type is nested deeper than {MAX_DEPTH} levels")
        if isinstance(raw, list):
            return self._union(raw, namespace, path, chain)
        if isinstance(raw, str):
            if raw in PRIMITIVES:
                return _tagged(_leaf(PRIMITIVES[raw], raw), path, chain)
            return self._use(referred(raw, namespace), path, chain)
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            raise refusal(path, "a type is a name, a union or an object with a `type`")
        match raw["type"]:
            case "record" if "atom" not in raw:
                return self._record(raw, namespace, path, chain, allowed=_RECORD)
            case "record" | "enum" | "fixed":
                return _tagged(named_leaf(raw, self._names, namespace, path), path, chain)
            case "array":
                return self._array(raw, namespace, path, chain)
            case "map":
                return self._map(raw, namespace, path, chain)
            case primitive if primitive in PRIMITIVES:
                return _tagged(_leaf(primitive_kind(raw, path), short_form(raw)), path, chain)
        raise refusal(path, "this type is not supported")

    def _inside(
        self, what: str, raw: Any, namespace: str, path: str, chain: tuple[str, ...]
    ) -> Node:
        self._open.append(what)
        node = self._node(raw, namespace, path, chain)
        self._open.pop()
        return node

    def _union(self, raw: list[Any], namespace: str, path: str, chain: tuple[str, ...]) -> Node:
        rule = "a union is of null and one other type, or of several records"
        others = [branch for branch in raw if branch != "null"]
        nullable = len(raw) - len(others)
        if not others or nullable > 1 or any(isinstance(branch, list) for branch in others):
            raise refusal(path, rule)
        around = _MAYBE if len(others) == 1 else _ONE_OF
        nodes = [self._inside(around, branch, namespace, path, chain) for branch in others]
        if len(nodes) == 1 and nullable:
            return replace(nodes[0], nullable=True)
        branches = [node for node in nodes if isinstance(node, Record) and not node.one_of]
        if len(branches) < max(len(nodes), 2):
            raise refusal(path, rule)
        if not chain:  # which branch it is is data, whatever its fields are tagged with
            raise refusal(path, "no tag stands here or on anything around it")
        if len({branch_of(each.name) for each in branches}) < len(branches):
            raise refusal(path, "the records of a union differ in the last word of their names")
        fields = tuple(
            Field(
                name=branch_of(each.name),
                tag=chain[-1],
                chain=chain,
                fact=False,
                summarises=None,
                node=replace(each, nullable=True),
            )
            for each in branches
        )
        return Record(name="", nullable=bool(nullable), fields=fields, one_of=True)

    def _use(self, name: str, path: str, chain: tuple[str, ...]) -> Node:
        """A named type at one of its uses, where it takes the tags that stand around it."""
        found = self._names.find(name)
        if found is None:
            raise refusal(path, f"the type `{name}` is not supported, or not defined before")
        if name == self._open[0]:
            raise refusal(path, "an event does not contain an event of its own type")
        if name in self._open:
            since = self._open[len(self._open) - self._open[::-1].index(name) :]
            if not {_LIST, _ENTRY, _ONE_OF, _MAYBE} & set(since):
                raise refusal(path, f"the type `{name}` contains itself without an end")
            if self._open.count(name) > MAX_RECURSION:
                return Record(name=name, nullable=False, fields=())
        return self._node(*found, path, chain)

    def _record(
        self,
        raw: dict[str, Any],
        namespace: str,
        path: str,
        chain: tuple[str, ...],
        *,
        allowed: frozenset[str],
    ) -> Record:
        only(raw, allowed, path)
        name, inner = self._names.define(raw, namespace, path)
        listed = raw.get("fields")
        if not isinstance(listed, list) or not listed:
            raise refusal(path, "a record has fields")
        self._open.append(name)
        fields: dict[str, Field] = {}
        for each in listed:
            field = self._field(each, inner, path, chain)
            if field.name in fields:
                raise refusal(_join(path, field.name), "the field stands twice")
            fields[field.name] = field
        self._open.pop()
        check_field_names(listed, path)
        return Record(name=name, nullable=False, fields=tuple(fields.values()))

    def _field(self, raw: Any, namespace: str, path: str, chain: tuple[str, ...]) -> Field:
        if not isinstance(raw, dict) or not is_name(raw.get("name")):
            raise refusal(path, "a field has a `name` of letters, digits and underscores")
        name: str = raw["name"]
        path = _join(path, name)
        only(raw, _FIELD, path)
        if "type" not in raw:
            raise refusal(path, "a field has a `type`")
        if "tag" in raw:
            chain = (*chain, self._tag(raw["tag"], path))
        fact, summarises = raw.get("fact", False), raw.get("summarises")
        if not isinstance(fact, bool):
            raise refusal(path, "`fact` is true or false")
        if "summarises" in raw and not isinstance(summarises, str):
            raise refusal(path, "`summarises` is a dotted path from the root")
        if "summarises" in raw and len(set(self._records())) < len(self._records()):
            raise refusal(path, "a summary inside a type that contains itself names no one list")
        node = self._node(raw["type"], namespace, path, chain)
        if fact and not (isinstance(node, Leaf) and node.kind in _FACT_KINDS):
            raise refusal(path, "a fact is a string, boolean, int, long, enum or date")
        if "default" in raw and not self._names.takes_default(
            raw["type"], raw["default"], namespace
        ):
            raise refusal(path, "the `default` is no value of the field's type")
        # a container of nothing but tagged fields may have no tag at all; no leaf may
        tag = chain[-1] if chain else ""
        return Field(name=name, tag=tag, chain=chain, fact=fact, summarises=summarises, node=node)

    def _records(self) -> list[str]:
        return [each for each in self._open if each not in (_LIST, _ENTRY, _ONE_OF, _MAYBE)]

    def _tag(self, tag: Any, path: str) -> str:
        if not isinstance(tag, str) or tag not in self._vocabulary.tags:
            raise refusal(path, f"the tag is not in the vocabulary `{self._vocabulary.name}`")
        return tag

    def _array(
        self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]
    ) -> Array:
        only(raw, _ARRAY, path)
        if "items" not in raw:
            raise refusal(path, "an array says of what it is with `items`")
        item = self._inside(_LIST, raw["items"], namespace, path, chain)
        return Array(nullable=False, item=item)

    def _map(self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]) -> Map:
        only(raw, _MAP, path)
        if "values" not in raw:
            raise refusal(path, "a map says of what it is with `values`")
        if not chain:  # its keys are data, whatever its values are tagged with
            raise refusal(path, "no tag stands here or on anything around it")
        value = self._inside(_ENTRY, raw["values"], namespace, path, chain)
        return Map(nullable=False, value=value)


def _leaf(kind: Kind, avro: Any) -> Leaf:
    return Leaf(kind=kind, nullable=False, avro=avro)


def _tagged(leaf: Leaf, path: str, chain: tuple[str, ...]) -> Leaf:
    if not chain:
        raise refusal(path, "no tag stands here or on anything around it")
    return leaf


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
