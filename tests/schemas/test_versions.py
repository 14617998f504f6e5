"""Several schemas of one event type: each reads its own bytes, and nothing is filled in."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from schemas.codec import decode_event, encode_event, event_from_json, event_to_json
from schemas.errors import Code, SchemaError
from schemas.registry import EventType, Registry
from tests.schemas.changes import add, record
from tests.schemas.samples import field, leaves, load, plain_event, schema, vocabulary
from tests.schemas.values import refusal


def newer(*changes: Callable[[dict[str, Any]], Any], version: int = 2) -> EventType:
    """The next version of the sample event type."""
    raw = schema()
    raw["version"] = version
    for change in changes:
        change(raw)
    return load(raw)


def rename_flag(raw: dict[str, Any]) -> None:
    field(raw, "flag").update(name="marked", aliases=["flag"], default=False)


OLD = load(schema())
NEW = newer(add("severity", "int", tag="one", default=7), rename_flag)
BOTH = Registry([NEW, OLD])


def told(etype: EventType) -> dict[str, Any]:
    """The sample event as that version has it."""
    event = plain_event()
    if etype.version > 1:
        event["marked"] = event.pop("flag")
        event["severity"] = 3
    return {each.name: event[each.name] for each in etype.root.fields}


@pytest.mark.parametrize("order", list(itertools.permutations([OLD, NEW])))
def test_the_highest_version_is_the_newest_in_whatever_order(order: tuple[EventType, ...]) -> None:
    known = Registry(order)
    assert known.by_name("test.everything") is NEW
    assert known.types == (NEW,)
    assert known.versions("test.everything") == (OLD, NEW)
    assert known.versions("test.other") == ()
    assert known.by_rabin(OLD.rabin) is OLD
    assert known.by_rabin(NEW.rabin) is NEW


@pytest.mark.parametrize("etype", [OLD, NEW], ids=["old", "new"])
def test_bytes_are_read_by_the_schema_they_were_written_with(etype: EventType) -> None:
    alone = Registry([etype])
    data = encode_event(event_from_json(told(etype), alone))
    read = decode_event(data, BOTH)
    assert read.etype is etype
    assert event_to_json(read) == told(etype)


def test_no_default_and_no_alias_of_a_newer_version_reaches_an_older_event() -> None:
    """A dropped field once came back as its schema's default, a false fact (T5)."""
    read = decode_event(encode_event(event_from_json(told(OLD), Registry([OLD]))), BOTH)
    assert "severity" not in read.value
    assert "marked" not in read.value
    assert read.value["flag"] is False


def test_what_is_told_in_json_is_of_the_newest_version_and_whole() -> None:
    assert event_from_json(told(NEW), BOTH).etype is NEW
    refused = refusal(lambda: event_from_json(told(OLD), BOTH))
    assert (refused.code, str(refused)) == (Code.BAD_VALUE, "/marked: is missing")


def test_an_enum_that_grew_reads_older_symbols_by_the_older_schema() -> None:
    def grow(raw: dict[str, Any]) -> None:
        kinds = field(raw, "kinds")["type"]["fields"]
        enum = next(each["type"] for each in kinds if each["name"] == "a_enum")
        enum.update(symbols=["unknown", "red", "green", "blue"], default="unknown")

    grown = newer(grow)
    data = encode_event(event_from_json(plain_event(), Registry([OLD])))
    assert decode_event(data, Registry([OLD, grown])).value["kinds"]["a_enum"] == "blue"


def test_versions_that_could_be_taken_for_each_other_are_refused() -> None:
    def retag(raw: dict[str, Any]) -> None:
        field(raw, "flag")["tag"] = "two"

    with pytest.raises(SchemaError, match="version 2, stands twice"):
        Registry([OLD, NEW, newer(add("x", "int", tag="one"))])
    # one fingerprint for two sets of tags: bytes would not say which holds
    with pytest.raises(SchemaError, match=r"version 1, and .* version 2, have one fingerprint"):
        Registry([OLD, newer(retag)])


@pytest.mark.parametrize("version", [0, -1, "2", 1.5, True, None])
def test_a_version_is_a_whole_number_from_1_on(version: object) -> None:
    with pytest.raises(SchemaError, match="`version` is a whole number"):
        load({**schema(), "version": version})


def test_aliases_and_defaults_are_kept_but_change_no_bytes() -> None:
    def describe(raw: dict[str, Any]) -> None:
        field(raw, "flag").update(aliases=["marked"], default=True)
        raw["aliases"] = ["Former", "other.Former"]
        field(raw, "kinds")["type"]["aliases"] = ["Sorts"]
        field(raw, "nullables").update(default=None)
        field(raw, "places").update(
            default=[{"line": "", "municipality": "", "postcode": "", "country": ""}]
        )
        field(raw, "map").update(default={"a": None, "b": 1.5})

    described = newer(describe, version=1)
    assert described.rabin == OLD.rabin
    assert described.digest != OLD.digest  # whoever signs for a type signs for these too
    assert described.root == OLD.root


def test_random_evolution_leaves_no_leaf_without_a_known_tag() -> None:
    """A field added later was once shared because only known-bad fields were listed (T4)."""
    chance = random.Random(4)
    known = {"one", "two", "three", "deep.one"}
    refused = 0
    for number in range(300):
        tags = [chance.choice([None, "one", "two", "four", "", 1]) for _ in range(3)]
        inner: list[dict[str, Any]] = [
            {"name": f"f{at}", "type": "string", **({} if tag is None else {"tag": tag})}
            for at, tag in enumerate(tags)
        ]
        own = chance.choice([None, "three"])
        raw = {**schema(), "version": 2}
        add(
            "added",
            chance.choice(
                [record("Added", *inner), {"type": "array", "items": record("A", *inner)}]
            ),
            **({} if own is None else {"tag": own}),
        )(raw)
        right = all(tag in known or (tag is None and own) for tag in tags)
        try:
            etype = load(raw)
        except SchemaError:
            refused += 1
            assert not right, number
            continue
        assert right, number
        added = [of for path, of, _ in leaves(etype.root) if path.startswith("added")]
        assert [of.tag for of in added] == [tag or own for tag in tags]
        assert all(of.tag in vocabulary().tags for of in added)
    assert 50 < refused < 290
