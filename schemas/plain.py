"""Plain JSON, strictly: text to Python and back, the spelling that people and files use.

RFC 8259 JSON, of which we refuse what two readers could understand differently: a key twice in one
object, NaN and infinities, numbers beyond a double. Dates and times as in RFC 3339, decimals as
strings, bytes as unpadded base64url (RFC 4648, section 5).
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from schemas.errors import Code, EventRefused, SchemaError
from schemas.moments import Duration, spelled_duration, spelled_moment, spelled_time

MAX_EVENT_BYTES: Final = (
    480 * 1024
)  # bytes; signed and padded, it stays below the log's limit of 1 MiB
MAX_JSON_DEPTH: Final = 32  # levels; our deepest event type needs six
MAX_SCHEMA_BYTES: Final = 4 * 1024 * 1024  # a view's schema spells out each use of a named type
MAX_SCHEMA_JSON_DEPTH: Final = 128  # levels; four for each level of the values

# A string needs no end to match: looking for one from each quote would take quadratic time; and
# nothing is given back (`*+`), or each character of it would be remembered at a hundred bytes.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},]|\n+|[A-Za-z]+|[0-9][^\s,\]}]*', re.DOTALL)


class Withheld:
    """The type of `WITHHELD`: a value that the recipient may not know."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "withheld"

    def __reduce__(self) -> str:
        return "WITHHELD"


# INVARIANT: there is one, so that `value is WITHHELD` is the test wherever it comes from.
WITHHELD: Final = Withheld()


def parse_json(text: bytes) -> Any:
    """Read one JSON text (UTF-8) of at most `MAX_EVENT_BYTES` and `MAX_JSON_DEPTH` levels.

    Time grows with the length of the text, and so does memory: about 50 bytes for each of its own.

    Raises:
        EventRefused: TOO_LARGE, TOO_DEEP or NOT_DECODABLE; the message begins with `line N: `
            wherever a line is to blame, and holds nothing of the text.
    """
    if len(text) > MAX_EVENT_BYTES:
        raise EventRefused(Code.TOO_LARGE, f"the text is longer than {MAX_EVENT_BYTES} bytes")
    value, fault = _read(text, MAX_JSON_DEPTH)
    if fault is not None:
        raise EventRefused(fault.code, f"line {fault.line}: {fault.rule}")
    return value


def parse_schema_json(text: str) -> Any:
    """Read the JSON text of an Avro schema, of at most 4 MiB, as strictly as an event's.

    Raises:
        SchemaError: as `parse_json`.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = b""  # half a surrogate pair is no text, as emptiness is none
    if len(encoded) > MAX_SCHEMA_BYTES:
        raise SchemaError(Code.BAD_SCHEMA, f"the schema is longer than {MAX_SCHEMA_BYTES} bytes")
    value, fault = _read(encoded, MAX_SCHEMA_JSON_DEPTH)
    if fault is not None:
        raise SchemaError(Code.BAD_SCHEMA, f"line {fault.line}: {fault.rule}")
    return value


def _read(text: bytes, max_depth: int) -> tuple[Any, _Fault | None]:
    # the fault is returned, for an exception raised in an `except` would hold the text as its cause
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        return None, _Fault(text.count(b"\n", 0, error.start) + 1, "the text is not UTF-8")
    try:
        value = json.loads(
            decoded, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )
        if not _deeper(value, max_depth):
            return value, None
    except (ValueError, RecursionError):
        pass  # looked for again, since the standard parser knows no line for most of them
    return None, _find_fault(decoded, max_depth)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError
    return value


def _deeper(value: Any, levels: int) -> bool:
    inner: Iterable[Any]
    match value:
        case dict():
            inner = value.values()
        case list():
            inner = value
        case _:
            return False
    return levels == 0 or any(_deeper(each, levels - 1) for each in inner)


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    rule: str
    code: Code = Code.NOT_DECODABLE


def _find_fault(text: str, max_depth: int) -> _Fault:
    """What is wrong with a text that was refused: the first ambiguity, else the grammar."""
    line, keys_of = 1, list[set[str] | None]()  # of each open object its keys, None for an array
    key_follows = False
    for lexeme in _TOKEN.findall(text):
        if lexeme in "{[":
            keys_of.append(set() if lexeme == "{" else None)
            key_follows = lexeme == "{"
            if len(keys_of) > max_depth:
                rule = f"the text is nested deeper than {max_depth} levels"
                return _Fault(line, rule, Code.TOO_DEEP)
        elif lexeme in "}]":
            del keys_of[-1:]
            key_follows = False
        elif lexeme == ",":
            key_follows = bool(keys_of) and keys_of[-1] is not None
        elif lexeme[0] == '"':
            if key_follows and keys_of and (keys := keys_of[-1]) is not None:
                key = _key(lexeme)
                if key in keys:
                    return _Fault(line, "a key stands twice in one object")
                keys.add(key)
            key_follows = False
        elif _infinite(lexeme):
            return _Fault(line, "a number is not finite, or too long")
        line += lexeme.count("\n")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _Fault(error.lineno, "this is not JSON")
    except (ValueError, RecursionError):
        pass
    return _Fault(1, "this is not JSON that every reader understands alike")


def _key(lexeme: str) -> str:
    try:
        return str(json.loads(lexeme))
    except ValueError:
        return lexeme


def _infinite(lexeme: str) -> bool:
    try:
        return not math.isfinite(float(lexeme))
    except ValueError:
        return False


def plain(value: Any) -> Any:
    """A value of an event or a view as JSON values: `WITHHELD` becomes `{"$withheld": true}`.

    Raises:
        TypeError: a value is of a type that no event holds.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {key: plain(inner) for key, inner in value.items()}
        case Withheld():
            return {"$withheld": True}
        case datetime():
            return spelled_moment(value)
        case date():
            return value.isoformat()
        case time():
            return spelled_time(value)
        case Duration():
            return spelled_duration(value)
        case Decimal():
            return format(value, "f")
        case UUID():
            return str(value)
        case bytes():
            return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
        case Sequence():
            return [plain(inner) for inner in value]
    raise TypeError(f"no JSON spelling for a {type(value).__name__}")


def pointer(steps: Iterable[str]) -> str:
    """An RFC 6901 JSON pointer; the empty pointer, the whole text, for no steps."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
