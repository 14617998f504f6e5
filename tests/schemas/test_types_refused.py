"""A type that cannot be resolved to the last leaf is refused with its path, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schemas.changes import (
    A,
    Change,
    add,
    array,
    bomb,
    fixed,
    map_of,
    record,
    refused,
    set_type,
    update,
)

SEVERAL = "a union is of null and one other type, or of several records"
B = record("B", A)
FACT = {"name": "f", "type": "int", "fact": True}
LOOP = {"name": "again", "type": "Loop"}


def both(*types: Any) -> list[Any]:
    """A union of two records, and more."""
    return [record("Box", A), B, *types]


REFUSED: dict[str, tuple[Change, str, str]] = {
    "a union of leaves": (set_type("flag", ["null", "string", "int"]), "`flag`", SEVERAL),
    "a union of one": (set_type("flag", ["string"]), "`flag`", SEVERAL),
    "a union of null": (set_type("flag", ["null"]), "`flag`", SEVERAL),
    "a union of nothing": (set_type("flag", []), "`flag`", SEVERAL),
    "a union without null": (set_type("flag", ["string", "int"]), "`flag`", SEVERAL),
    "a union with null twice": (set_type("flag", ["null", "null", "int"]), "`flag`", SEVERAL),
    "a union in a union": (set_type("flag", ["null", ["null", "int"]]), "`flag`", SEVERAL),
    "a union of a record and a leaf": (set_type("flag", [B, "int"]), "`flag`", SEVERAL),
    "a union of a record and a map": (set_type("flag", [B, map_of("int")]), "`flag`", SEVERAL),
    "a union of a record and an address": (
        add("x", [B, "caseward.test.Address"], tag="one"),
        "`x`",
        SEVERAL,
    ),
    "a union of one record twice": (set_type("flag", both("B")), "`flag`", "last word"),
    "a union of two records that are called alike": (
        set_type("flag", both({**B, "namespace": "other"})),
        "`flag`",
        "last word",
    ),
    "an untagged union, whose branch is data": (
        add("x", [record("Box", A), B]),
        "`x`",
        "no tag",
    ),
    "a fact in two records of several": (
        add("x", [record(name, FACT) for name in ("B", "C")], tag="one"),
        "`x.C.f`",
        "a fact `f` stands in this scope at `x.B.f`",
    ),
    "a type that is always within itself": (
        add("loop", record("Loop", A, LOOP), tag="one"),
        "`loop.again`",
        "contains itself without an end",
    ),
    "two types that are always within each other": (
        add("loop", record("Loop", {"name": "x", "type": record("Other", LOOP)}), tag="one"),
        "`loop.x.again`",
        "contains itself without an end",
    ),
    "an event within an event": (
        add("x", ["null", "caseward.test.Everything"], tag="one"),
        "`x`",
        "event of its own type",
    ),
    "a fact in a type within itself": (
        add(
            "loop",
            record("Loop", {**A, "fact": True}, {"name": "x", "type": ["null", "Loop"]}),
            tag="one",
        ),
        "`loop.x.a`",
        "a fact `a` stands in this scope",
    ),
    "a summary in a type within itself": (
        add(
            "loop",
            record("Loop", {**A, "summarises": "places"}, {"name": "x", "type": array("Loop")}),
            tag="one",
        ),
        "`loop.x.a`",
        "names no one list",
    ),
    "a type within itself so often that it explodes": (
        add(
            "loop",
            record(
                "Loop",
                *({"name": f"f{n}", "type": ["null", "Loop"], "tag": "one"} for n in range(9)),
            ),
        ),
        "`loop.f0",
        "more than 10000 fields",
    ),
    "aliases that are no list": (update("flag", aliases="flagged"), "`flag`", "list of names"),
    "a field's alias with a dot": (update("flag", aliases=["a.b"]), "`flag`", "list of names"),
    "a field's alias that is another field": (
        update("flag", aliases=["count"]),
        "`flag`",
        "name of another field",
    ),
    "a field's alias that is another's": (
        lambda raw: (update("flag", aliases=["x"])(raw), update("count", aliases=["x"])(raw)),
        "`count`",
        "name of another field",
    ),
    "a type's alias that is no name": (
        lambda raw: raw.update(aliases=["a b"]),
        "test.avsc",
        "list of names",
    ),
    "a type's alias that is another type": (
        add("x", record("Box", A) | {"aliases": ["Address"]}, tag="one"),
        "`x`",
        "name of another type",
    ),
    "a type with the name of an alias": (
        lambda raw: (raw.update(aliases=["Box"]), add("x", record("Box", A), tag="one")(raw)),
        "`x`",
        "name of another type",
    ),
    "a default of another type": (update("flag", default="no"), "`flag`", "`default`"),
    "a default of null that is not allowed": (update("flag", default=None), "`flag`", "`default`"),
    "a default that lacks a field": (
        lambda raw: raw["fields"].append(
            {"name": "x", "tag": "one", "type": record("Box", A), "default": {}}
        ),
        "`x`",
        "`default`",
    ),
    "a default with a wrong item": (update("places", default=[1]), "`places`", "`default`"),
    "a default that is no symbol": (
        set_type("flag", {"type": "enum", "name": "E", "symbols": ["a"], "default": "b"}),
        "`flag`",
        "one of its symbols",
    ),
    "a default beyond canonical JSON": (
        add("x", "long", tag="one", default=2**60),
        "test.avsc",
        "canonical",
    ),
    "null alone": (set_type("flag", "null"), "`flag`", "not supported"),
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
    "a list of nothing": (set_type("places", {"type": "array"}), "`places`", "`items`"),
    "a map of nothing": (set_type("places", {"type": "map"}), "`places`", "`values`"),
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
    "types that multiply": (lambda raw: bomb(raw), "`b", "more than 10000"),
    "a default that is no number": (update("count", default=float("inf")), "line 1", "finite"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_type_is_refused_with_path_and_rule(case: str) -> None:
    """An unresolved union once returned the message unchanged (T1)."""
    change, path, rule = REFUSED[case]
    told = refused(change)
    assert told.startswith("test.avsc: ")
    assert path in told
    assert rule in told
