"""A value that is not of its event type, to the last field and type, is never written."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from schemas.codec import (
    WITHHELD,
    Event,
    encode_event,
    event_from_json,
)
from schemas.errors import Code
from schemas.moments import Duration
from schemas.registry import Registry
from tests.schemas.samples import EVENT_ID, field, load_changed, plain_event
from tests.schemas.values import (
    ETYPE,
    REGISTRY,
    at,
    refusal,
    sample,
)

BUILTIN = Registry.builtin()


WRONG: list[tuple[str, object]] = [
    ("/flag", 1),
    ("/flag", None),
    ("/count", True),
    ("/count", 2**31),
    ("/count", 1.0),
    ("/kinds", []),
    ("/kinds/a_string", b"x"),
    ("/kinds/a_string", "\ud800"),
    ("/kinds/a_long", 2**63),
    ("/kinds/a_float", 0.1),
    ("/kinds/a_float", 1e300),
    ("/kinds/a_float", 1),
    ("/kinds/a_double", math.nan),
    ("/kinds/a_double", math.inf),
    ("/kinds/a_bytes", "AP"),
    ("/kinds/a_bytes", bytearray(b"x")),
    ("/kinds/a_enum", "mauve"),
    ("/kinds/a_date", datetime(2026, 1, 1, tzinfo=UTC)),
    ("/kinds/a_date", "2026-01-01"),
    ("/kinds/a_millis", datetime(2026, 1, 1)),
    ("/kinds/a_millis", datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    ("/kinds/a_millis", datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)),
    ("/kinds/a_millis", date(2026, 1, 1)),
    ("/kinds/a_nanos", datetime(2263, 1, 1, tzinfo=UTC)),
    ("/kinds/a_nanos", datetime(1677, 9, 21, tzinfo=UTC)),
    ("/kinds/a_local_millis", datetime(2026, 1, 1, tzinfo=UTC)),
    ("/kinds/a_local_millis", datetime(2026, 1, 1, microsecond=1)),
    ("/kinds/a_local_nanos", datetime(1, 1, 1)),
    ("/kinds/a_local_micros", date(2026, 1, 1)),
    ("/kinds/a_time_millis", time(1, 1, 1, 1)),
    ("/kinds/a_time_micros", time(1, tzinfo=UTC)),
    ("/kinds/a_time_micros", "01:00:00"),
    ("/kinds/a_fixed", b"xx"),
    ("/kinds/a_fixed", b"xxxx"),
    ("/kinds/a_fixed", bytearray(b"xxx")),
    ("/kinds/a_duration", timedelta(days=1)),
    ("/kinds/a_duration", Duration(months=-1, days=0, millis=0)),
    ("/kinds/a_duration", Duration(months=0, days=2**32, millis=0)),
    ("/kinds/a_duration", Duration(months=0, days=0, millis=True)),
    ("/kinds/a_fixed_uuid", EVENT_ID.upper()),
    ("/kinds/a_fixed_uuid", bytes(16)),
    ("/kinds/a_fixed_decimal", Decimal("1000000")),
    ("/kinds/a_fixed_decimal", Decimal("0.0001")),
    ("/kinds/a_decimal", 1.5),
    ("/kinds/a_decimal", Decimal("0.001")),
    ("/kinds/a_decimal", Decimal("100000")),
    ("/kinds/a_decimal", Decimal("1E+999999999")),
    ("/kinds/a_decimal", Decimal("1E-999999999")),
    ("/kinds/a_decimal", Decimal("NaN")),
    ("/kinds/a_decimal", Decimal("-Infinity")),
    ("/kinds/a_decimal", Decimal("1" * 5000)),
    ("/kinds/a_uuid", EVENT_ID.upper()),
    ("/kinds/a_uuid", "x"),
    ("/kinds/a_address", "1 Mill Lane"),
    ("/kinds/a_address/line", None),
    ("/nullables", {}),
    ("/group/items", ()),
    ("/group/items/1", None),
    ("/group/items/1/number", "1"),
    ("/group/items/0/inner/lists", ("a",)),
    ("/places/0/line", 1),
    ("/places", {}),
    ("/header/id", "1"),
    ("/header/purposes", "safeguarding-children"),
    ("/map", []),
]


@pytest.mark.parametrize(("path", "wrong"), WRONG, ids=[f"{p}={w!r:.20}" for p, w in WRONG])
def test_a_value_of_another_type_is_refused_with_its_path(path: str, wrong: object) -> None:
    """A tuple once passed where a list was meant (T2)."""
    value = copy.deepcopy(sample().value)
    holder, last = at(value, path)
    holder[last] = wrong
    refused = refusal(lambda: encode_event(Event(etype=ETYPE, value=value)))
    assert refused.code is Code.BAD_VALUE
    shown = str(refused).partition(":")[0]
    # an object with other fields than it should have names the first that is missing
    assert shown == path or (wrong == {} and shown.startswith(path))


def test_a_map_with_a_wrong_key_or_value_is_refused_without_its_key() -> None:
    for entries in ({1: 0.5}, {"\udfff": 0.5}, {"SECRET": "x"}, {"SECRET": WITHHELD}):
        value = {**sample().value, "map": entries}
        refused = refusal(lambda value=value: encode_event(Event(etype=ETYPE, value=value)))  # type: ignore[misc]
        assert str(refused).startswith("/map/*: ")
        assert "SECRET" not in str(refused)


def containers(value: Any, path: str = "") -> Iterator[tuple[Any, str]]:
    """Every record of a value, with its path."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, dict) and path not in ("/map", "/maps"):
        yield value, path
    for step, each in inner:
        if isinstance(each, dict | list):
            yield from containers(each, f"{path}/{'*' if path == '/maps' else step}")


def test_no_field_may_be_missing_and_none_is_filled_in() -> None:
    """A dropped field once came back as its schema's default, a false fact (T5)."""

    def give_default(raw: dict[str, Any]) -> None:
        field(raw, "nullables").update(default=None)
        field(raw, "count").update(default=0)

    etype = load_changed(give_default)
    known = Registry([etype])
    tried = 0
    for number, (record, _) in enumerate(containers(sample().value)):
        for name in record:
            value, told = copy.deepcopy(sample().value), plain_event()
            holder, path = list(containers(value))[number]
            del holder[name]
            del list(containers(told))[number][0][name]
            for step in (
                lambda value=value: encode_event(Event(etype=etype, value=value)),
                lambda told=told: event_from_json(told, known),
            ):
                refused = refusal(step)
                if f"{path}/{name}" not in ("/header", "/header/type"):
                    assert str(refused) == f"{path}/{name}: is missing"
            tried += 1
    assert tried > 50


def test_no_field_may_be_there_that_the_schema_does_not_have() -> None:
    """A field added later was once shared because only known-bad fields were listed (T4)."""
    for number, (_, path) in enumerate(containers(sample().value)):
        value, told = copy.deepcopy(sample().value), plain_event()
        list(containers(value))[number][0]["CANARY"] = 1
        list(containers(told))[number][0]["CANARY"] = 1
        for refused in (
            refusal(lambda value=value: encode_event(Event(etype=ETYPE, value=value))),  # type: ignore[misc]
            refusal(lambda told=told: event_from_json(told, REGISTRY)),  # type: ignore[misc]
        ):
            where = path or "`test.everything`"
            assert str(refused) == f"{where}: has a field that the schema does not have"
