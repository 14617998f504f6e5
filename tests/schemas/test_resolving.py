"""A schema becomes an event type in which each leaf has a place, a kind and a tag."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SchemaError
from schemas.registry import (
    Kind,
    load_event_type,
)
from schemas.wire import Wire
from tests.schemas.samples import (
    ADDRESS,
    by_path,
    field,
    leaves,
    load,
    load_changed,
    schema,
    vocabulary,
)


def test_a_named_type_used_twice_has_the_tags_of_each_place() -> None:
    """A second reference to a tagged record once stayed clear (T1)."""

    def change(raw: dict[str, Any]) -> None:
        again = {"name": "again", "tag": "three", "type": ["null", "Outer"]}
        box = {"type": "record", "name": "Box", "fields": [again]}
        raw["fields"].append({"name": "box", "tag": "one", "type": box})

    paths = by_path(load_changed(change))
    assert paths["maps.size"][0].tag == "two"
    assert paths["box.again.size"][0].tag == "three"
    assert paths["box.again.size"][0].chain == ("one", "three")
    assert paths["box.again.sub"][1].symbols == ("red", "green", "blue")


def test_a_field_inherits_the_nearest_tag_and_knows_all_around_it() -> None:
    """A tag on a record or an array once did nothing (T2)."""
    paths = by_path(load_changed(lambda raw: raw.update(tag="one")))
    label, maybe = paths["group.items.inner.label"][0], paths["group.items.inner.maybe"][0]
    assert (label.tag, label.chain) == ("deep.one", ("one", "two", "deep.one"))
    assert (maybe.tag, maybe.chain) == ("two", ("one", "two"))
    assert paths["header.id"][0].chain == ("one", "event.id")


def test_each_kind_is_recognised_with_its_type_and_whether_it_may_be_null() -> None:
    paths = by_path(load(schema()))
    for name in ("string", "boolean", "int", "long", "float", "double", "bytes", "enum", "date"):
        assert paths[f"kinds.a_{name}"][1].kind == name
        assert paths[f"nullables.n_{name}"][1].nullable
        assert not paths[f"kinds.a_{name}"][1].nullable
    assert paths["kinds.a_boolean"][1].avro == "boolean"
    assert paths["nullables.n_millis"][1].kind is Kind.TIMESTAMP
    address = paths["nullables.n_address"][1]
    assert address.kind is Kind.ADDRESS
    assert address.avro == {**ADDRESS, "name": "caseward.test.Address"}
    enum = paths["nullables.n_enum"][1].avro
    assert enum == {
        "type": "enum",
        "name": "caseward.test.Colour",
        "symbols": ["red", "green", "blue"],
    }


def test_the_fingerprint_is_avros_own() -> None:
    # Apache Avro, share/test/data/schema-tests.txt: CRC-64-AVRO of the canonical form
    raw = {"type": "record", "name": "foo", "fields": [{"name": "f1", "type": "boolean"}]}
    assert int.from_bytes(Wire.compile(raw).rabin, "little") == 7843277075252814651


def test_the_fingerprint_is_of_the_parsing_canonical_form() -> None:
    """Avro 1.12, "Schema Fingerprints": the algorithm and the form, written out."""
    canonical = (
        '{"name":"a.R","type":"record","fields":[{"name":"u","type":"string"},'
        '{"name":"e","type":["null",{"name":"a.E","type":"enum","symbols":["x"]}]},'
        '{"name":"m","type":{"type":"map","values":"a.E"}}]}'
    )
    enum = {"symbols": ["x"], "name": "E", "type": "enum", "doc": "text"}
    uuid = {"logicalType": "uuid", "type": "string"}
    raw = {
        "fields": [
            {"type": uuid, "name": "u", "tag": "t"},
            {"name": "e", "type": ["null", enum], "default": None},
            {"name": "m", "type": {"values": "E", "type": "map"}},
        ],
        "namespace": "a",
        "type": "record",
        "name": "R",
    }
    empty = 0xC15D213AA4D7A795
    value = empty
    for byte in canonical.encode():
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (empty if value & 1 else 0)
    assert Wire.compile(raw).rabin == value.to_bytes(8, "little")


def test_the_digest_follows_tags_but_not_layout() -> None:
    def retag(raw: dict[str, Any]) -> None:
        field(raw, "flag")["tag"] = "two"

    one, retagged = load(schema()), load_changed(retag)
    reordered = {key: schema()[key] for key in reversed(schema())}
    assert load(reordered).digest == one.digest != retagged.digest
    assert one.rabin == retagged.rabin


def nodes_of(raw: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(raw.items() if isinstance(raw, dict) else enumerate(raw)):
        yield raw, key
        if isinstance(value, dict | list):
            yield from nodes_of(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["int", "string", "Address", "Colour", "record", "array", "one", "uuid"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "fields", "items", "tag", "x"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(JSON, min_size=1, max_size=3))
def test_any_change_to_a_schema_is_loaded_or_refused_and_nothing_else(
    chance: random.Random, parts: list[Any]
) -> None:
    raw = schema()
    for part in parts:
        where, key = chance.choice(list(nodes_of(raw)))
        if chance.random() < 0.2:
            del where[key]
        else:
            where[key] = part
    try:
        etype = load_event_type(json.dumps(raw), vocabulary(), origin="x")
    except SchemaError:
        return
    assert all(of.tag for _, of, _ in leaves(etype.root))
