"""The types of this room: what a vocabulary and a resolved event type consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any, Final

ADDRESS_FIELDS: Final = ("line", "municipality", "postcode", "country")
MAX_RECURSION: Final = 4  # how often a value may stand within one of its own type


@unique
class Kind(StrEnum):
    """What a leaf holds. An `address` is a record that is shared, transformed and hidden whole."""

    STRING = "string"
    BOOLEAN = "boolean"
    INT = "int"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    BYTES = "bytes"
    FIXED = "fixed"
    ENUM = "enum"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    LOCAL_TIMESTAMP = "local-timestamp"
    DURATION = "duration"
    DECIMAL = "decimal"
    UUID = "uuid"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A value without inner tags.

    `avro` is its type as a view spells it: without the null branch, annotations kept. A decimal
    on a fixed is there one on bytes, a uuid on a fixed one on a string.
    """

    kind: Kind
    nullable: bool
    avro: Any
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record; `name` is its full Avro name.

    A record without fields is where a type that contains itself is cut: no value stands there but
    null, and a list or map of it is empty.

    A union of several records is a record too, marked `one_of` and without a name: it has a field
    for each of them, called by the last word of its name, of which one is not null. What a view
    shows of it is what it shows of any record that may be null.
    """

    name: str
    nullable: bool
    fields: tuple[Field, ...]
    one_of: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A list of one node."""

    nullable: bool
    item: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """String keys to one node; the keys are data under the map's own tag."""

    nullable: bool
    value: Node


Node = Leaf | Record | Array | Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record.

    `tag` is its own or its nearest container's; `chain` is every tag from the root to it, its own
    last. `fact` says whether conditions may read it, `summarises` names the array (a dotted path
    from the root) whose elements this field counts or summarises, if it does.
    """

    name: str
    tag: str
    chain: tuple[str, ...]
    fact: bool
    summarises: str | None
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word of the vocabulary: what a field is about, and the classes it belongs to."""

    name: str
    means: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A controlled vocabulary of tags, e.g. `caseward-core/1`.

    `unliftable` names the classes that no override lifts.
    """

    name: str
    tags: Mapping[str, Tag]
    classes: Mapping[str, str]
    unliftable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One event type, checked and resolved.

    `name` is the header's `type` (e.g. `police.domestic-incident`); `version` counts the schemas
    of that name; `avro` is what the codec compiled (a `schemas.wire.Wire`); `rabin` the
    CRC-64-AVRO fingerprint of single-object encoding (8 bytes, little endian); `digest` the
    SHA-256 of the whole canonical schema, tags included, which keys plans and stands for the type
    when two are compared.
    """

    name: str
    version: int
    root: Record = field(compare=False, repr=False)
    rabin: bytes
    digest: str
    avro: Any = field(compare=False, repr=False)
    text: str = field(compare=False, repr=False)
