"""A schema that breaks a rule is not loaded, and its author is told where and why."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import SchemaError
from schemas.registry import (
    load_event_type,
)
from tests.schemas.changes import (
    A,
    Change,
    add,
    deep,
    header,
    record,
    refused,
    set_type,
    several_addresses,
    update,
)
from tests.schemas.samples import ADDRESS, field, load, load_changed, schema, vocabulary

REFUSED: dict[str, tuple[Change, str, str]] = {
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
    "a record without fields": (set_type("flag", record("Empty")), "`flag`", "has fields"),
    "a field twice": (add("flag", "int", tag="one"), "`flag`", "stands twice"),
    "a field without type": (lambda raw: field(raw, "flag").pop("type"), "`flag`", "`type`"),
    "a field without name": (lambda raw: field(raw, "flag").pop("name"), "test.avsc", "`name`"),
    "a field's name with a dot": (add("a.b", "int", tag="one"), "test.avsc", "`name`"),
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
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_event_type_is_refused_with_path_and_rule(case: str) -> None:
    change, path, rule = REFUSED[case]
    told = refused(change)
    assert told.startswith("test.avsc: ")
    assert path in told
    assert rule in told


@pytest.mark.timeout(10)
def test_a_default_is_tried_once_at_each_place_however_many_records_it_could_be() -> None:
    """Of two records that contain each other, each of 60 levels would be tried twice otherwise."""
    default: Any = {"a": 1}
    for _ in range(60):
        default = {"a": default}
    inner = record("Q", {"name": "a", "tag": "one", "type": ["null", "P", "Q"]})
    outer = record("P", {"name": "a", "tag": "one", "type": ["null", "P", inner]})
    with pytest.raises(SchemaError, match="the `default` is no value of the field's type"):
        load_changed(add("both", ["null", outer], tag="one", default=default))


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
