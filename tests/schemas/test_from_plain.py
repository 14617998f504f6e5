"""An event spelled in JSON is understood in one way, or refused with its path."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from schemas.codec import (
    decode_event,
    encode_event,
    event_from_json,
    event_to_json,
    parse_json,
)
from schemas.errors import Code
from schemas.registry import Registry
from tests.schemas.samples import EVENT_ID, HEADER, load_changed, plain_event
from tests.schemas.values import (
    REGISTRY,
    at,
    refusal,
)

BUILTIN = Registry.builtin()


WRONG_JSON: list[tuple[str, object]] = [
    ("/flag", "true"),
    ("/flag", None),
    ("/count", 1.0),
    ("/count", True),
    ("/count", 2**31),
    ("/kinds/a_string", 1),
    ("/kinds/a_string", "\udc00"),
    ("/kinds/a_long", -(2**63) - 1),
    ("/kinds/a_float", 1e39),
    ("/kinds/a_float", "0.5"),
    ("/kinds/a_float", True),
    ("/kinds/a_double", 10**400),
    ("/kinds/a_bytes", "AP-_="),
    ("/kinds/a_bytes", "AP+/"),
    ("/kinds/a_bytes", "AP-\n_"),
    ("/kinds/a_bytes", "AP-é"),
    ("/kinds/a_bytes", "A"),
    ("/kinds/a_bytes", "AB"),  # its last bits are not zero: two spellings of one byte
    ("/kinds/a_enum", "mauve"),
    ("/kinds/a_enum", 1),
    ("/kinds/a_date", "20260101"),
    ("/kinds/a_date", "2026-W01-1"),
    ("/kinds/a_date", "2026-02-29"),
    ("/kinds/a_date", "2026-1-01"),
    ("/kinds/a_date", "2026-01-01T00:00:00Z"),
    ("/kinds/a_nanos", "2262-04-12T00:00:00Z"),
    ("/kinds/a_nanos", "2026-01-01T00:00:00.0000001Z"),
    ("/kinds/a_local_millis", "2026-01-01T00:00:00Z"),
    ("/kinds/a_local_millis", "2026-01-01T00:00:00+01:00"),
    ("/kinds/a_local_millis", "2026-01-01"),
    ("/kinds/a_local_millis", "2026-01-01T00:00:00.0001"),
    ("/kinds/a_local_nanos", "1677-09-20T00:00:00"),
    ("/kinds/a_time_millis", "24:00:00"),
    ("/kinds/a_time_millis", "9:30:00"),
    ("/kinds/a_time_millis", "09:30:00.0001"),
    ("/kinds/a_time_micros", "09:30"),
    ("/kinds/a_time_micros", 1),
    ("/kinds/a_fixed", "AP-"),
    ("/kinds/a_fixed", "AP-_AA"),
    ("/kinds/a_duration", "P"),
    ("/kinds/a_duration", "PT"),
    ("/kinds/a_duration", "P1DT"),
    ("/kinds/a_duration", "-P1D"),
    ("/kinds/a_duration", "P-1D"),
    ("/kinds/a_duration", "P1.5D"),
    ("/kinds/a_duration", "PT0.0001S"),
    ("/kinds/a_duration", "P4294967296M"),
    ("/kinds/a_duration", "P1D1M"),
    ("/kinds/a_duration", "PT5000000S"),
    ("/kinds/a_fixed_uuid", EVENT_ID.upper()),
    ("/kinds/a_fixed_decimal", "1000000"),
    ("/kinds/a_millis", "2026-01-01T00:00:00"),
    ("/kinds/a_millis", "2026-01-01T00:00:00.0001Z"),
    ("/kinds/a_millis", "2026-01-01T24:00:00Z"),
    ("/kinds/a_millis", "2026-01-01T00:00:60Z"),
    ("/kinds/a_millis", "2026-01-01 00:00:00Z"),
    ("/kinds/a_millis", "2026-01-01T00:00:00+25:00"),
    ("/kinds/a_millis", "0001-01-01T00:00:00+01:00"),
    ("/kinds/a_millis", "2026-01-01T00:00:00+01:75"),
    ("/kinds/a_millis", "٢٠٢٦-01-01T00:00:00Z"),
    ("/kinds/a_millis", 1767225600),
    ("/kinds/a_decimal", 12.5),
    ("/kinds/a_decimal", "1e3"),
    ("/kinds/a_decimal", "012"),
    ("/kinds/a_decimal", "1."),
    ("/kinds/a_decimal", "0.001"),
    ("/kinds/a_decimal", "100000.00"),
    ("/kinds/a_decimal", "NaN"),
    ("/kinds/a_decimal", "١"),
    ("/kinds/a_decimal", "0." + "0" * 100),
    ("/kinds/a_uuid", EVENT_ID.upper()),
    ("/kinds/a_uuid", "{" + EVENT_ID + "}"),
    ("/kinds/a_address", []),
    ("/kinds/a_address/line", None),
    ("/kinds/a_address/line", "\ud800"),
    ("/group/items", {}),
    ("/group/items/0", None),
    ("/places/0", "1 Mill Lane"),
    ("/map", []),
    ("/kinds", None),
    ("/header/purposes/1", 1),
    ("/header/time", "now"),
]


@pytest.mark.parametrize(
    ("path", "wrong"), WRONG_JSON, ids=[f"{p}={w!r:.20}" for p, w in WRONG_JSON]
)
def test_json_of_another_kind_is_refused_with_its_path(path: str, wrong: object) -> None:
    told = plain_event()
    holder, last = at(told, path)
    holder[last] = wrong
    refused = refusal(lambda: event_from_json(told, REGISTRY))
    assert refused.code is Code.BAD_VALUE
    assert str(refused).startswith(f"{path}: ")
    assert refused.__context__ is None


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("2026-06-01T10:00:00+01:00", "2026-06-01T09:00:00Z"),
        ("2026-06-01t10:00:00z", "2026-06-01T10:00:00Z"),
        ("2026-06-01T10:00:00.5Z", "2026-06-01T10:00:00.500Z"),
        ("2026-06-01T10:00:00.120000-00:00", "2026-06-01T10:00:00.120Z"),
    ],
)
def test_times_with_an_offset_or_a_short_fraction_are_understood(told: str, value: str) -> None:
    event = {**plain_event(), "header": {**HEADER, "time": told}}
    assert event_to_json(event_from_json(event, REGISTRY))["header"]["time"] == value


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("P1Y2M", "P14M"),
        ("P2W1D", "P15D"),
        ("PT1H1M1.5S", "PT3661.5S"),
        ("P1DT0S", "P1D"),
        ("P0D", "PT0S"),
        ("P4294967295M4294967295DT4294967.295S",) * 2,
    ],
)
def test_a_duration_in_other_units_is_understood_where_they_convert_exactly(
    told: str, value: str
) -> None:
    event = plain_event()
    event["kinds"]["a_duration"] = told
    assert event_to_json(event_from_json(event, REGISTRY))["kinds"]["a_duration"] == value


def test_numbers_that_json_writes_shortly_are_understood() -> None:
    told = plain_event()
    told["kinds"] |= {"a_double": 1, "a_float": 0.1, "a_decimal": "-0.5", "a_bytes": ""}
    kinds = event_from_json(told, REGISTRY).value["kinds"]
    assert repr(kinds["a_double"]) == "1.0"
    assert kinds["a_float"] == struct.unpack("<f", struct.pack("<f", 0.1))[0]
    assert repr(kinds["a_decimal"]) == "Decimal('-0.50')"
    assert kinds["a_bytes"] == b""


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (None, Code.BAD_VALUE),
        ([], Code.BAD_VALUE),
        ({}, Code.BAD_VALUE),
        ({"header": {"type": 1}}, Code.BAD_VALUE),
        ({"header": {"type": "CANARY"}}, Code.UNKNOWN_SCHEMA),
        ({"header": {"type": "test.everything"}}, Code.BAD_VALUE),
    ],
)
def test_json_that_is_no_event_is_refused(told: object, code: Code) -> None:
    refused = refusal(lambda: event_from_json(told, REGISTRY))
    assert refused.code is code
    assert "CANARY" not in str(refused)


def test_an_event_of_the_deepest_type_passes_through_json() -> None:
    """A type that loads could else have events that nobody can publish."""

    def change(raw: dict[str, Any]) -> None:
        kind: Any = "Address"
        for level in range(28):
            fields = [{"name": "x", "type": kind}]
            record = {"type": "record", "name": f"D{level}", "fields": fields}
            name = f"d{level}"
            raw["fields"].append({"name": name, "tag": "one", "type": ["null", record]})
            kind = f"D{level}"
        items = {"type": "array", "items": kind}
        raw["fields"].append({"name": "deepest", "tag": "one", "type": items})

    known = Registry([load_changed(change)])
    value: Any = plain_event()["places"][0]
    for _ in range(28):
        value = {"x": value}
    told = {**plain_event(), **{f"d{level}": None for level in range(28)}, "deepest": [value]}
    event = event_from_json(parse_json(json.dumps(told).encode()), known)
    assert decode_event(encode_event(event), known) == event
