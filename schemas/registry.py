"""The vocabulary and the event types that this installation knows."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import yaml

from schemas.errors import Code, EventRefused, SchemaError
from schemas.nodes import (
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
)
from schemas.resolving import load_event_type

__all__ = [
    "Array",
    "EventType",
    "Field",
    "Kind",
    "Leaf",
    "Map",
    "Node",
    "Record",
    "Registry",
    "Tag",
    "Vocabulary",
    "load_event_type",
    "load_vocabulary",
    "parse_vocabulary",
]

_VOCABULARY: Final = "vocabulary.yaml"


def load_vocabulary() -> Vocabulary:
    """The vocabulary that Caseward comes with, `caseward-core/1`."""
    text = files("schemas").joinpath(_VOCABULARY).read_text(encoding="utf-8")
    return parse_vocabulary(text, origin=_VOCABULARY)


def parse_vocabulary(text: str, *, origin: str) -> Vocabulary:
    """Check a vocabulary and read it.

    Args:
        text: YAML with `name`, `classes` (name: meaning), `tags` (name: means, classes) and, where
            an override may not lift every class, `unliftable` (a list of classes).
        origin: where the text comes from, for messages.

    Raises:
        SchemaError: naming the origin, the tag and the rule.
    """

    def refuse(rule: str) -> SchemaError:
        return SchemaError(Code.BAD_SCHEMA, f"{origin}: {rule}")

    try:
        raw = _plain_yaml(yaml.compose(text, Loader=yaml.CBaseLoader))
    except yaml.YAMLError:
        raise refuse("this is not YAML") from None
    except ValueError as error:
        raise refuse(str(error)) from None
    match raw:
        case {"name": str(name), "classes": dict(classes), "tags": dict(raw_tags), **more} if (
            not more.keys() - {"unliftable"}
        ):
            unliftable = more.get("unliftable", [])
        case _:
            raise refuse("a vocabulary has exactly `name`, `classes`, `tags`, maybe `unliftable`")
    if not isinstance(unliftable, list) or any(each not in [*classes] for each in unliftable):
        raise refuse("`unliftable` is a list of classes of the vocabulary")
    tags = {}
    for tag, entry in raw_tags.items():
        match entry:
            case {"means": str(means), "classes": list(names)} if len(entry) == 2 and means:
                unknown = [
                    name for name in names if not isinstance(name, str) or name not in classes
                ]
            case _:
                raise refuse(f"tag `{tag}` has exactly `means` and `classes`")
        if unknown:
            raise refuse(f"tag `{tag}` has the unknown class `{unknown[0]}`")
        tags[tag] = Tag(name=tag, means=means, classes=frozenset(names))
    return Vocabulary(name=name, tags=tags, classes=classes, unliftable=frozenset(unliftable))


def _plain_yaml(node: yaml.Node | None) -> Any:
    # every scalar is text; PyYAML's own constructor would let the last of two equal keys win
    match node:
        case yaml.ScalarNode():
            return node.value
        case yaml.SequenceNode():
            return [_plain_yaml(item) for item in node.value]
        case yaml.MappingNode():
            plain: dict[Any, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise ValueError(f"line {key.start_mark.line + 1}: a key is one word")
                if key.value in plain:
                    raise ValueError(f"line {key.start_mark.line + 1}: `{key.value}` stands twice")
                plain[key.value] = _plain_yaml(value)
            return plain
    raise ValueError("the text is empty")


class Registry:
    """The event types that are known, found by name or by fingerprint. Immutable.

    An event type may be known in several versions. Each is a type of its own, with its own tree,
    plans and views: bytes are read by the schema they were written with, never by a newer one, so
    that no field is renamed, and none filled in that the publisher did not write. What is told in
    JSON is of the newest version.

    Args:
        types: the event types, in any order of versions.

    Raises:
        SchemaError: two of them share a name and version or a fingerprint, so that bytes or a
            header would not say which is meant.
    """

    def __init__(self, types: Sequence[EventType]) -> None:
        self._by_name: dict[str, tuple[EventType, ...]] = {}
        self._by_rabin: dict[bytes, EventType] = {}
        for etype in types:
            versions = self._by_name.get(etype.name, ())
            if any(other.version == etype.version for other in versions):
                raise _refused(f"{_told(etype)} stands twice")
            if other := self._by_rabin.get(etype.rabin):
                raise _refused(f"{_told(other)} and {_told(etype)} have one fingerprint")
            ordered = sorted((*versions, etype), key=lambda each: each.version)
            self._by_name[etype.name] = tuple(ordered)
            self._by_rabin[etype.rabin] = etype

    @classmethod
    def builtin(cls) -> Registry:
        """The event types that Caseward comes with, each checked anew."""
        vocabulary = load_vocabulary()
        paths = sorted(files("schemas").joinpath("avro").iterdir(), key=lambda path: path.name)
        return cls(
            [
                load_event_type(path.read_text(encoding="utf-8"), vocabulary, origin=path.name)
                for path in paths
                if path.name.endswith(".avsc")
            ]
        )

    @property
    def types(self) -> tuple[EventType, ...]:
        """The newest version of every event type, in the order given."""
        return tuple(versions[-1] for versions in self._by_name.values())

    def versions(self, name: str) -> tuple[EventType, ...]:
        """Every version of an event type, the newest last; none if the name is not known."""
        return self._by_name.get(name, ())

    def by_name(self, name: str) -> EventType:
        """The newest version of the event type of that name.

        Raises:
            EventRefused: UNKNOWN_SCHEMA.
        """
        versions = self.versions(name)
        if not versions:
            raise EventRefused(Code.UNKNOWN_SCHEMA, "no event type has this name")
        return versions[-1]

    def by_rabin(self, rabin: bytes) -> EventType:
        """The event type with this CRC-64-AVRO fingerprint (8 bytes, little endian).

        Raises:
            EventRefused: UNKNOWN_SCHEMA.
        """
        etype = self._by_rabin.get(rabin)
        if etype is None:
            rule = "no event type has the fingerprint that the bytes begin with"
            raise EventRefused(Code.UNKNOWN_SCHEMA, rule)
        return etype


def _told(etype: EventType) -> str:
    return f"the event type `{etype.name}`, version {etype.version},"


def _refused(rule: str) -> SchemaError:
    return SchemaError(Code.BAD_SCHEMA, rule)
