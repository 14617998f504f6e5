"""A schema that breaks a rule is not loaded, and its author is told where and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.errors import Code, SchemaError
from schemas.registry import (
    load_event_type,
)
from tests.schemas.samples import (
    ADDRESS,
    field,
    load,
    load_changed,
    schema,
    vocabulary,
)


def set_type(name: str, kind: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: field(raw, name).update(type=kind)


def update(name: str, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: field(raw, name).update(attributes)


def add(name: str, kind: Any, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["fields"].append({"name": name, "type": kind, **attributes})


def header(position: int, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["fields"][0]["type"]["fields"][position].update(attributes)


def record(name: str, *fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def fixed(size: object, **attributes: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size, **attributes}


def several_addresses(raw: dict[str, Any], **attributes: Any) -> None:
    raw["fields"][3]["type"]["fields"][-1]["type"].update(attributes)


A = {"name": "a", "tag": "one", "type": "int"}
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "a union of several": (set_type("flag", ["null", "string", "int"]), "`flag`", "one other type"),
    "a union of one": (set_type("flag", ["null"]), "`flag`", "one other type"),
    "a union without null": (set_type("flag", ["string", "int"]), "`flag`", "one other type"),
    "null alone": (set_type("flag", "null"), "`flag`", "not supported"),
    "a recursive type": (
        add("loop", record("Loop", A, {"name": "again", "type": ["null", "Loop"]}), tag="one"),
        "`loop.again`",
        "contains itself",
    ),
    "a type used before it is defined": (
        lambda raw: raw["fields"].insert(1, {"name": "x", "tag": "one", "type": "Address"}),
        "`x`",
        "not defined before",
    ),
    "a type defined twice": (
        add("twice", {"type": "enum", "name": "Colour", "symbols": ["red"]}, tag="one"),
        "`twice`",
        "defined twice",
    ),
    "a fixed of no bytes": (set_type("flag", fixed(0)), "`flag`", "`size`"),
    "a fixed without size": (set_type("flag", fixed(None)), "`flag`", "`size`"),
    "a fixed longer than any event": (set_type("flag", fixed(2**20)), "`flag`", "`size`"),
    "a duration of other bytes": (
        set_type("flag", fixed(8, logicalType="duration")),
        "`flag`",
        "12 bytes",
    ),
    "a uuid of other bytes": (set_type("flag", fixed(8, logicalType="uuid")), "`flag`", "16 bytes"),
    "a decimal too long for its bytes": (
        set_type("flag", fixed(2, logicalType="decimal", precision=5)),
        "`flag`",
        "do not fit",
    ),
    "a fixed that is a date": (set_type("flag", fixed(4, logicalType="date")), "`flag`", "logical"),
    "another logical type": (
        set_type("flag", {"type": "bytes", "logicalType": "big-decimal"}),
        "`flag`",
        "logical type",
    ),
    "a logical type on another base": (
        set_type("flag", {"type": "string", "logicalType": "date"}),
        "`flag`",
        "logical type",
    ),
    "a decimal without digits": (
        set_type("flag", {"type": "bytes", "logicalType": "decimal", "precision": 0}),
        "`flag`",
        "precision",
    ),
    "a decimal with more scale than digits": (
        set_type("flag", {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}),
        "`flag`",
        "scale",
    ),
    "field aliases": (update("flag", aliases=["flagged"]), "`flag`", "`aliases`"),
    "type aliases": (lambda raw: raw.update(aliases=["E"]), "test.avsc", "`aliases`"),
    "a misspelt annotation": (update("count", summarizes="places"), "`count`", "`summarizes`"),
    "a tag on a type": (
        lambda raw: field(raw, "kinds")["type"].update(tag="one"),
        "`kinds`",
        "`tag`",
    ),
    "an untagged leaf": (add("bare", "string"), "`bare`", "no tag"),
    "an untagged leaf in a record": (
        add("box", record("Box", {"name": "bare", "type": "string"})),
        "`box.bare`",
        "no tag",
    ),
    "an untagged map, whose keys are data": (
        add("bare", {"type": "map", "values": record("Box", A)}),
        "`bare`",
        "no tag",
    ),
    "an unknown tag": (update("flag", tag="four"), "`flag`", "not in the vocabulary"),
    "a tag that is no word": (update("flag", tag=["one"]), "`flag`", "not in the vocabulary"),
    "another vocabulary": (lambda raw: raw.update(vocabulary="other/1"), "test.avsc", "vocabulary"),
    "no vocabulary": (lambda raw: raw.pop("vocabulary"), "test.avsc", "vocabulary"),
    "no event type": (lambda raw: raw.pop("event_type"), "test.avsc", "event_type"),
    "an event type in capitals": (
        lambda raw: raw.update(event_type="Test"),
        "test.avsc",
        "event_type",
    ),
    "a tag inside an atom": (
        lambda raw: several_addresses(
            raw, fields=[dict(each, tag="one") for each in ADDRESS["fields"]]
        ),
        "`kinds.a_address`",
        "fields of an address",
    ),
    "an address without postcode": (
        lambda raw: several_addresses(raw, fields=ADDRESS["fields"][:2]),
        "`kinds.a_address`",
        "fields of an address",
    ),
    "another atom": (
        lambda raw: several_addresses(raw, atom="name"),
        "`kinds.a_address`",
        "only `atom`",
    ),
    "a fact that is a list": (update("places", fact=True), "`places`", "a fact is"),
    "a fact that is an address": (add("x", "Address", tag="one", fact=True), "`x`", "a fact is"),
    "a fact that is a double": (add("x", "double", tag="one", fact=True), "`x`", "a fact is"),
    "a fact that is a word": (update("flag", fact="yes"), "`flag`", "true or false"),
    "a fact twice in the root": (
        add("more", record("More", {"name": "flag", "fact": True, "type": "int"}), tag="one"),
        "`more.flag`",
        "`flag`",
    ),
    "a fact of a list's element that the root has too": (
        add("number", "int", tag="one", fact=True),
        "`group.items.number`",
        "`number`",
    ),
    "a fact below a map": (
        add("m", {"type": "map", "values": "Inner"}, tag="one"),
        "`m.label`",
        "below a map",
    ),
    "a summary of nothing": (update("count", summarises="nobody"), "`count`", "names no array"),
    "a summary of a record": (update("count", summarises="group"), "`count`", "names no array"),
    "a summary of a leaf": (update("count", summarises="flag.x"), "`count`", "names no array"),
    "a summary that is no path": (update("count", summarises=1), "`count`", "dotted path"),
    "a list of what may be null": (
        set_type("places", {"type": "array", "items": ["null", "Address"]}),
        "`places`",
        "items",
    ),
    "a list of lists": (
        set_type("places", {"type": "array", "items": {"type": "array", "items": "int"}}),
        "`places`",
        "items",
    ),
    "a list of maps": (
        set_type("places", {"type": "array", "items": {"type": "map", "values": "int"}}),
        "`places`",
        "items",
    ),
    "a list of nothing": (set_type("places", {"type": "array"}), "`places`", "`items`"),
    "a map of nothing": (set_type("places", {"type": "map"}), "`places`", "`values`"),
    "a record without fields": (set_type("flag", record("Empty")), "`flag`", "has fields"),
    "a field twice": (add("flag", "int", tag="one"), "`flag`", "stands twice"),
    "a field without type": (lambda raw: field(raw, "flag").pop("type"), "`flag`", "`type`"),
    "a field without name": (lambda raw: field(raw, "flag").pop("name"), "test.avsc", "`name`"),
    "a field's name with a dot": (add("a.b", "int", tag="one"), "test.avsc", "`name`"),
    "an enum without symbols": (
        set_type("flag", {"type": "enum", "name": "None_", "symbols": []}),
        "`flag`",
        "symbols",
    ),
    "an enum's symbol with a hyphen": (
        set_type("flag", {"type": "enum", "name": "Ask", "symbols": ["not-asked"]}),
        "`flag`",
        "symbols",
    ),
    "an enum's symbol twice": (
        set_type("flag", {"type": "enum", "name": "Ask", "symbols": ["a", "a"]}),
        "`flag`",
        "twice",
    ),
    "a type that is a number": (set_type("flag", 1), "`flag`", "a type is"),
    "a type within a type": (set_type("flag", {"type": {"type": "int"}}), "`flag`", "a type is"),
    "a root that is an enum": (
        lambda raw: raw.update(type="enum", symbols=["a"]),
        "test.avsc",
        "is a record",
    ),
    "no header": (lambda raw: raw["fields"].pop(0), "`header`", "first field"),
    "a header that is not first": (
        lambda raw: raw["fields"].append(raw["fields"].pop(0)),
        "`header`",
        "first field",
    ),
    "a header that may be null": (
        lambda raw: raw["fields"][0].update(type=["null", raw["fields"][0]["type"]]),
        "`header`",
        "first field",
    ),
    "a header without user": (
        lambda raw: raw["fields"][0]["type"]["fields"].pop(),
        "`header`",
        "exactly",
    ),
    "a header with another order": (
        lambda raw: raw["fields"][0]["type"]["fields"].reverse(),
        "`header`",
        "exactly",
    ),
    "an id that is any string": (header(0, type="string"), "`header.id`", "uuid"),
    "a subject that may be null": (
        header(4, type=["null", "string"]),
        "`header.subject`",
        "never null",
    ),
    "a time in microseconds": (
        header(3, type={"type": "long", "logicalType": "timestamp-micros"}),
        "`header.time`",
        "milliseconds",
    ),
    "one purpose": (header(5, type="string"), "`header.purposes`", "list"),
    "purposes that are numbers": (
        header(5, type={"type": "array", "items": "int"}),
        "`header.purposes`",
        "kind string",
    ),
    "the user under another tag": (header(6, tag="event.basics"), "`header.on_behalf_of`", "tag"),
    "a source that is a fact": (header(1, fact=True), "`header.source`", "neither"),
    "nesting without end": (
        lambda raw: deep(raw),
        "`deep30.x",
        "nested deeper",
    ),
    "types that multiply": (lambda raw: bomb(raw), "`b", "more than 10000"),
    "a default that is no number": (update("count", default=float("inf")), "line 1", "finite"),
    "a default beyond canonical JSON": (update("count", default=2**60), "test.avsc", "canonical"),
}


def deep(raw: dict[str, Any]) -> None:
    kind: Any = record("D0", A)
    for level in range(1, 40):
        name = f"D{level}"
        raw["fields"].append(
            {
                "name": f"deep{level}",
                "tag": "one",
                "type": record(name, {"name": "x", "type": kind}),
            }
        )
        kind = name


def bomb(raw: dict[str, Any]) -> None:
    kind: Any = record("B0", A)
    for level in range(1, 25):
        name = f"B{level}"
        twice = record(name, {"name": "x", "type": kind}, {"name": "y", "type": f"B{level - 1}"})
        raw["fields"].append({"name": f"b{level}", "tag": "one", "type": twice})
        kind = name


@pytest.mark.parametrize("case", REFUSED)
def test_an_event_type_is_refused_with_path_and_rule(case: str) -> None:
    change, path, rule = REFUSED[case]
    with pytest.raises(SchemaError) as refused:
        load_changed(change)
    assert refused.value.code is Code.BAD_SCHEMA
    assert str(refused.value).startswith("test.avsc: ")
    assert path in str(refused.value)
    assert rule in str(refused.value)


def test_the_sample_is_accepted_as_it_is() -> None:
    """Otherwise every refusal above could have another reason."""
    assert load(schema()).name == "test.everything"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", '"int"', '{"type": "record", "type": "record"}', '{"a": NaN}', "[" * 1000],
)
def test_a_text_that_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(SchemaError):
        load_event_type(text, vocabulary(), origin="x")
