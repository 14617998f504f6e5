"""What fastavro does not verify when it reads: checks that hang in its reading as logical types.

Each is called with the value that was read and the schema it was read with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.wire_named import NAMED_CHECKS
from schemas.wire_records import RECORD_CHECKS
from schemas.wire_times import TIME_CHECKS
from schemas.wire_values import UUID_PATTERN, Unfit


def _read_int(value: int, *_: Any) -> int:
    if not -(1 << 31) <= value < 1 << 31:
        raise Unfit("an int has more than 32 bits")
    return value


def _read_boolean(value: int, *_: Any) -> bool:
    if value not in (0, -1):  # the bytes 00 and 01, read as a number
        raise Unfit("a boolean is neither true nor false")
    return value == -1


def _read_finite(value: float, *_: Any) -> float:
    if not math.isfinite(value):
        raise Unfit("a number is not finite")
    return value


def _read_uuid(value: str, *_: Any) -> str:
    if not UUID_PATTERN.fullmatch(value):
        raise Unfit("a uuid is not one in lower case")
    return value


def _read_map(entries: list[dict[str, Any]], *_: Any) -> dict[str, Any]:
    value = {entry["key"]: entry["value"] for entry in entries}
    if len(value) != len(entries):
        raise Unfit("a key of a map stands twice")
    return value


CHECKS: Final[Mapping[str, Callable[[Any, Any, Any], Any]]] = {
    "int-caseward-int": _read_int,
    "int-caseward-boolean": _read_boolean,
    "float-caseward-finite": _read_finite,
    "double-caseward-finite": _read_finite,
    "string-caseward-uuid": _read_uuid,
    "array-caseward-map": _read_map,
    **RECORD_CHECKS,
    **NAMED_CHECKS,
    **TIME_CHECKS,
}
