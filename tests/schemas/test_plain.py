"""JSON text is read strictly and written as people read it."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import (
    MAX_EVENT_BYTES,
    WITHHELD,
    parse_json,
    plain,
)
from schemas.errors import Code, EventRefused
from schemas.registry import Registry
from tests.schemas.values import (
    outcome,
    refusal,
)

BUILTIN = Registry.builtin()


AMBIGUOUS = {
    "a key twice": (b'{"a": 1,\n "a": 2}', 2),
    "a key twice, once escaped": (b'{"a": 1, "b": {}, \n\n"\\u0061": 2}', 3),
    "a key twice after a list": (b'{"a": ["x",\n"x"], "b": 1, "a": 1}', 2),
    "NaN": (b"[\n\nNaN]", 3),
    "an infinity": (b'{"a":\n-Infinity}', 2),
    "a number beyond a double": (b"[1,\n1e999]", 2),
    "a number of 5000 digits": (b"[\n" + b"1" * 5000 + b"]", 2),
    "no JSON": (b'{"a": 1,\n}', 2),
    "a text that ends early": (b'{"a":\n[1, 2', 2),
    "two texts": (b"{}\n{}", 2),
    "single quotes": (b"{'a': 1}", 1),
    "a line break in a string": (b'["a\nb"]', 1),
    "nothing": (b"", 1),
    "a byte order mark": (b"\xef\xbb\xbf{}", 1),
    "UTF-16": ("{}".encode("utf-16"), 1),
    "no UTF-8": (b'{"a":\n"\xff"}', 2),
    "an overlong encoding": (b'"\xc0\x80"', 1),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_json_that_two_readers_could_take_differently_is_refused_with_its_line(case: str) -> None:
    text, line = AMBIGUOUS[case]
    refused = refusal(lambda: parse_json(text))
    assert refused.code is Code.NOT_DECODABLE
    assert str(refused).startswith(f"line {line}: ")
    assert refused.__context__ is None


def test_json_that_is_too_deep_or_too_long_is_refused() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32)
    for text in (b"[" * 33 + b"]" * 33, b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 400_000):
        assert refusal(lambda text=text: parse_json(text)).code is Code.TOO_DEEP  # type: ignore[misc]
    assert refusal(lambda: parse_json(b" " * (MAX_EVENT_BYTES + 1))).code is Code.TOO_LARGE


@pytest.mark.parametrize("text", [b'"\\' * 200_000, b'"' + b'\\"' * 200_000, b'{"a":1,' * 50_000])
@pytest.mark.timeout(5)
def test_no_text_takes_quadratic_time(text: bytes) -> None:
    refusal(lambda: parse_json(text))


@pytest.mark.parametrize("text", [b"x" * 400_000, b"\\n" * 200_000, b"\\" * 400_001])
def test_a_long_string_in_a_text_that_is_refused_takes_no_more_memory_than_itself(
    text: bytes,
) -> None:
    tracemalloc.start()
    refusal(lambda: parse_json(b'{"a":1,"a":"' + text + b'"}'))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(text)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from('{}[]",:\\ \n019eE-+.truefalsn u'), max_size=40).map(str.encode)
    | st.binary(max_size=40)
)
def test_any_text_is_json_or_refused(text: bytes) -> None:
    value = outcome(lambda: parse_json(text))
    if isinstance(value, EventRefused):
        assert str(value).startswith("line ")
    else:
        assert json.loads(text) == value


def test_plain_values_are_spelled_as_people_read_them() -> None:
    zone = timezone(timedelta(hours=2))
    assert plain(
        {
            "a": (WITHHELD, None, True),
            "b": datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=zone),
            "c": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
            "d": [date(2026, 1, 2), Decimal("1E+2"), b"\xfb\xff"],
        }
    ) == {
        "a": [{"$withheld": True}, None, True],
        "b": "2026-01-02T01:04:05.006Z",
        "c": "2026-01-02T03:04:05.000006Z",
        "d": ["2026-01-02", "100", "-_8"],
    }
    with pytest.raises(TypeError, match=r"^no JSON spelling for a object$"):
        plain(object())
