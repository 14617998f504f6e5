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
from schemas.nodes import (
    ADDRESS_FIELDS,
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
from schemas.primitives import (
    PRIMITIVES,
    fixed_avro,
    fixed_kind,
    only,
    primitive_kind,
    refusal,
    short_form,
)
from schemas.rules import check_facts, check_header, check_summaries
from schemas.wire import Wire, full_name, is_name

MAX_DEPTH: Final = MAX_JSON_DEPTH - 1  # containers in one another; an address is one level more
MAX_NODES: Final = 10_000  # fields after resolving; types used twice at each level would explode

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
_FACT_KINDS: Final = frozenset(
    {Kind.STRING, Kind.BOOLEAN, Kind.INT, Kind.LONG, Kind.ENUM, Kind.DATE}
)

# A misspelt annotation must not pass for none, so each place has a closed list of attributes.
_NAMED: Final = frozenset({"type", "name", "namespace", "doc"})
_ROOT: Final = _NAMED | {"fields", "event_type", "vocabulary", "tag"}
_RECORD: Final = _NAMED | {"fields", "atom"}
_ENUM: Final = _NAMED | {"symbols", "default"}
_FIELD: Final = frozenset({"name", "type", "doc", "tag", "fact", "summarises", "default"})
_ARRAY: Final = frozenset({"type", "items", "doc"})
_MAP: Final = frozenset({"type", "values", "doc"})


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
        name = resolver.event_type(raw)
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
    return EventType(name=name, root=root, rabin=wire.rabin, digest=digest, avro=wire, text=text)


class _Resolver:
    """Walks one schema once, following each named type to its definition at each use."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._named: dict[str, tuple[dict[str, Any], str]] = {}  # full name: definition, namespace
        self._open: list[str] = []  # containers around the present place; a record's full name
        self._nodes = 0

    def event_type(self, raw: dict[str, Any]) -> str:
        name, vocabulary = raw.get("event_type"), raw.get("vocabulary")
        if not isinstance(name, str) or not _EVENT_TYPE.fullmatch(name):
            raise refusal("", "`event_type` is lower-case words with dots and hyphens")
        if vocabulary != self._vocabulary.name:
            raise refusal("", f"`vocabulary` is not `{self._vocabulary.name}`")
        return name

    def root(self, raw: dict[str, Any]) -> Record:
        if raw.get("type") != "record":
            raise refusal("", "an event type is a record")
        chain = (self._tag(raw["tag"], ""),) if "tag" in raw else ()
        return self._record(raw, "", "", chain, allowed=_ROOT)

    def _node(self, raw: Any, namespace: str, path: str, chain: tuple[str, ...]) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise refusal(path, f"the event type has more than {MAX_NODES} fields")
        if len(self._open) > MAX_DEPTH:
            raise refusal(path, f"the event type is nested deeper than {MAX_DEPTH} levels")
        if isinstance(raw, list):
            return self._nullable(raw, namespace, path, chain)
        if isinstance(raw, str):
            if raw in PRIMITIVES:
                return _leaf(PRIMITIVES[raw], raw, path, chain)
            return self._use(raw, namespace, path, chain)
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            raise refusal(path, "a type is a name, a union or an object with a `type`")
        match raw["type"]:
            case "record" if "atom" in raw:
                return self._address(raw, namespace, path, chain)
            case "record":
                return self._record(raw, namespace, path, chain, allowed=_RECORD)
            case "enum":
                return self._enum(raw, namespace, path, chain)
            case "fixed":
                return self._fixed(raw, namespace, path, chain)
            case "array":
                return self._array(raw, namespace, path, chain)
            case "map":
                return self._map(raw, namespace, path, chain)
            case primitive if primitive in PRIMITIVES:
                return _leaf(primitive_kind(raw, path), short_form(raw), path, chain)
        raise refusal(path, "this type is not supported")

    def _inside(
        self, what: str, raw: Any, namespace: str, path: str, chain: tuple[str, ...]
    ) -> Node:
        self._open.append(what)
        node = self._node(raw, namespace, path, chain)
        self._open.pop()
        return node

    def _nullable(self, raw: list[Any], namespace: str, path: str, chain: tuple[str, ...]) -> Node:
        others = [branch for branch in raw if branch != "null"]
        if len(raw) != 2 or len(others) != 1 or isinstance(others[0], list):
            raise refusal(path, "a union is of null and one other type")
        return replace(self._node(others[0], namespace, path, chain), nullable=True)

    def _define(self, raw: dict[str, Any], namespace: str, path: str) -> tuple[str, str]:
        name = full_name(raw, namespace)
        if name is None:
            raise refusal(path, "a named type has a `name` of letters, digits and underscores")
        known = self._named.setdefault(name, (raw, namespace))
        if known[0] is not raw:
            raise refusal(path, f"the type `{name}` is defined twice")
        return name, name.rpartition(".")[0]

    def _use(self, raw: str, namespace: str, path: str, chain: tuple[str, ...]) -> Node:
        name = raw if "." in raw or not namespace else f"{namespace}.{raw}"
        if name in self._open:
            raise refusal(path, f"the type `{name}` contains itself")
        if name not in self._named:
            raise refusal(path, f"the type `{name}` is not supported, or not defined before")
        definition, around = self._named[name]
        return self._node(definition, around, path, chain)

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
        name, inner = self._define(raw, namespace, path)
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
        node = self._node(raw["type"], namespace, path, chain)
        if fact and not (isinstance(node, Leaf) and node.kind in _FACT_KINDS):
            raise refusal(path, "a fact is a string, boolean, int, long, enum or date")
        # a container of nothing but tagged fields may have no tag at all; no leaf may
        tag = chain[-1] if chain else ""
        return Field(name=name, tag=tag, chain=chain, fact=fact, summarises=summarises, node=node)

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
        item = self._inside("[]", raw["items"], namespace, path, chain)
        if item.nullable or isinstance(item, Array | Map):
            raise refusal(path, "the items of an array are not null, arrays or maps")
        return Array(nullable=False, item=item)

    def _map(self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]) -> Map:
        only(raw, _MAP, path)
        if "values" not in raw:
            raise refusal(path, "a map says of what it is with `values`")
        if not chain:  # its keys are data, whatever its values are tagged with
            raise refusal(path, "no tag stands here or on anything around it")
        value = self._inside("{}", raw["values"], namespace, path, chain)
        return Map(nullable=False, value=value)

    def _enum(self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]) -> Leaf:
        only(raw, _ENUM, path)
        name, _ = self._define(raw, namespace, path)
        symbols = raw.get("symbols")
        if not isinstance(symbols, list) or not symbols or not all(map(is_name, symbols)):
            raise refusal(path, "an enum has symbols of letters, digits and underscores")
        if len(set(symbols)) != len(symbols):
            raise refusal(path, "a symbol stands twice")
        avro = {"type": "enum", "name": name, "symbols": symbols}
        return _leaf(Kind.ENUM, avro, path, chain, symbols=tuple(symbols))

    def _fixed(
        self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]
    ) -> Leaf:
        kind = fixed_kind(raw, path)
        name, _ = self._define(raw, namespace, path)
        return _leaf(kind, fixed_avro(raw, kind, name), path, chain)

    def _address(
        self, raw: dict[str, Any], namespace: str, path: str, chain: tuple[str, ...]
    ) -> Leaf:
        only(raw, _RECORD, path)
        name, _ = self._define(raw, namespace, path)
        if raw["atom"] != "address":
            raise refusal(path, "the only `atom` is `address`")
        fields = [{"name": each, "type": "string"} for each in ADDRESS_FIELDS]
        if raw.get("fields") != fields:
            listed = ", ".join(ADDRESS_FIELDS)
            raise refusal(path, f"the fields of an address are exactly {listed}: strings, no tags")
        avro = {"type": "record", "name": name, "atom": "address", "fields": fields}
        return _leaf(Kind.ADDRESS, avro, path, chain)


def _leaf(
    kind: Kind, avro: Any, path: str, chain: tuple[str, ...], symbols: tuple[str, ...] = ()
) -> Leaf:
    if not chain:
        raise refusal(path, "no tag stands here or on anything around it")
    return Leaf(kind=kind, nullable=False, avro=avro, symbols=symbols)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
