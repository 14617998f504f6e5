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
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from schemas.errors import Code, EventRefused

MAX_EVENT_BYTES: Final = 480 * 1024  # an event, signed and padded, must fit one log record of 1 MiB
MAX_JSON_DEPTH: Final = 32  # levels; our deepest event type needs six

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|\n|-?[A-Za-z]+|[0-9][^\s,\]}]*', re.DOTALL)


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

    Raises:
        EventRefused: TOO_LARGE, TOO_DEEP or NOT_DECODABLE; the message begins with `line N: `
            wherever a line is to blame, and holds nothing of the text.
    """
    if len(text) > MAX_EVENT_BYTES:
        raise EventRefused(Code.TOO_LARGE, f"the text is longer than {MAX_EVENT_BYTES} bytes")
    code, line, rule = Code.NOT_DECODABLE, 1, ""
    try:
        decoded = text.decode()
        _refuse_ambiguity(decoded)
        return json.loads(decoded)
    except _Ambiguous as error:
        code, line, rule = error.code, error.line, error.rule
    except UnicodeDecodeError as error:
        line, rule = text.count(b"\n", 0, error.start) + 1, "the text is not UTF-8"
    except json.JSONDecodeError as error:
        line, rule = error.lineno, "this is not JSON"
    except ValueError:  # Python refuses to read integers of thousands of digits
        rule = "a number is too long"
    # outside the `except`, because the causes hold the text
    raise EventRefused(code, f"line {line}: {rule}")


class _Ambiguous(Exception):
    def __init__(self, code: Code, line: int, rule: str) -> None:
        super().__init__(rule)
        self.code, self.line, self.rule = code, line, rule


def _refuse_ambiguity(text: str) -> None:
    # A pass over the tokens, before the grammar is known to hold: it finds what the standard
    # parser would let pass silently, and it alone knows the line.
    line = 1
    open_: list[set[str] | None] = []  # keys of each object that is open; None for an array
    key_follows = False
    for lexeme in _TOKEN.findall(text):
        if lexeme == "\n":
            line += 1
        elif lexeme in "{[":
            open_.append(set() if lexeme == "{" else None)
            key_follows = lexeme == "{"
            if len(open_) > MAX_JSON_DEPTH:
                raise _Ambiguous(
                    Code.TOO_DEEP, line, f"the text is nested deeper than {MAX_JSON_DEPTH} levels"
                )
        elif lexeme in "}]":
            if open_:
                open_.pop()
            key_follows = False
        elif lexeme == ",":
            key_follows = bool(open_) and open_[-1] is not None
        elif lexeme[0] == '"':
            keys = open_[-1] if open_ else None
            if key_follows and keys is not None:
                _add_key(keys, lexeme, line)
            key_follows = False
            line += lexeme.count("\n")
        elif lexeme[0] not in ":tfn":
            _check_number(lexeme, line)


def _add_key(keys: set[str], token: str, line: int) -> None:
    try:
        key = json.loads(token)
    except ValueError:
        return  # the parser proper will refuse it
    if key in keys:
        raise _Ambiguous(Code.NOT_DECODABLE, line, "a key stands twice in one object")
    keys.add(key)


def _check_number(token: str, line: int) -> None:
    try:
        finite = math.isfinite(float(token))
    except ValueError:
        return  # the parser proper will refuse it
    if not finite:
        raise _Ambiguous(Code.NOT_DECODABLE, line, "a number is not finite")


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
            return _rfc3339(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case UUID():
            return str(value)
        case bytes():
            return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
        case Sequence():
            return [plain(inner) for inner in value]
    raise TypeError(f"no JSON spelling for a {type(value).__name__}")


def _rfc3339(value: datetime) -> str:
    utc = value.astimezone(UTC)
    spec = "milliseconds" if utc.microsecond % 1000 == 0 else "microseconds"
    text = utc.isoformat(timespec=spec if utc.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z"


def pointer(steps: Iterator[str] | Sequence[str]) -> str:
    """An RFC 6901 JSON pointer; the empty pointer, the whole text, for no steps."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
