"""Events as another implementation reads and writes them: fastavro, with no logical types at all.

What a value is below its logical type is worked out here anew, from the Avro specification.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import fastavro

_MICRO = timedelta(microseconds=1)


class Other:
    """One schema, stripped of what is only annotation.

    Args:
        raw: the schema as it was written.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._named: dict[str, Any] = {}
        self._note(raw, "")
        self._parsed = fastavro.parse_schema(_stripped(raw))

    def write(self, value: Any) -> bytes:
        """The bytes of a value, without prefix."""
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self._parsed, self.lowered(value))
        return out.getvalue()

    def read(self, data: bytes) -> Any:
        """The lowered value that these bytes are."""
        stream = io.BytesIO(data)
        value = fastavro.schemaless_reader(
            stream, self._parsed, None, return_record_name=True, return_record_name_override=True
        )
        assert stream.tell() == len(data)
        return value

    def lowered(self, value: Any) -> Any:
        """A value below its logical types; a record among several as a pair of name and fields."""
        return self._lower(self._raw, value, "")

    def _note(self, raw: Any, namespace: str) -> None:
        if isinstance(raw, list):
            for branch in raw:
                self._note(branch, namespace)
        elif isinstance(raw, dict):
            if "name" in raw:
                full = _full(raw["name"], raw.get("namespace", namespace))
                self._named[full] = (raw, full.rpartition(".")[0])
                namespace = full.rpartition(".")[0]
            for field in raw.get("fields", ()):
                self._note(field["type"], namespace)
            self._note(raw.get("items"), namespace)
            self._note(raw.get("values"), namespace)

    def _lower(self, raw: Any, value: Any, space: str) -> Any:
        if isinstance(raw, str) and (found := self._named.get(_full(raw, space))):
            raw, space = found
        if isinstance(raw, list):
            return None if value is None else self._branch(raw, value, space)
        if isinstance(raw, str):
            return value
        if "name" in raw:
            space = _full(raw["name"], raw.get("namespace", space)).rpartition(".")[0]
        match raw["type"]:
            case "record":
                return {
                    f["name"]: self._lower(f["type"], value[f["name"]], space)
                    for f in raw["fields"]
                }
            case "array":
                return [self._lower(raw["items"], each, space) for each in value]
            case "map":
                return {key: self._lower(raw["values"], each, space) for key, each in value.items()}
        return _base(raw, value)

    def _branch(self, raw: list[Any], value: Any, space: str) -> Any:
        others = [branch for branch in raw if branch != "null"]
        if len(others) == 1:
            return self._lower(others[0], value, space)
        for branch in others:
            name = _full(branch if isinstance(branch, str) else branch["name"], space)
            inner = value[name.rpartition(".")[2]]
            if inner is not None:
                return name, self._lower(branch, inner, space)
        raise AssertionError


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _base(raw: dict[str, Any], value: Any) -> Any:
    logical = raw.get("logicalType", "")
    unit = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}.get(logical.rpartition("-")[2], 0)
    if logical == "date":
        return (value - date(1970, 1, 1)).days
    if logical.startswith("time-"):
        since = timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
        return since // _MICRO * unit // 10**6
    if unit:
        epoch = datetime(1970, 1, 1, tzinfo=None if logical.startswith("local") else UTC)
        return (value - epoch) // _MICRO * unit // 10**6
    if logical == "duration":
        parts = (value.months, value.days, value.millis)
        return b"".join(part.to_bytes(4, "little") for part in parts)
    if logical == "uuid" and raw["type"] == "fixed":
        return bytes.fromhex(value.replace("-", ""))
    if logical == "decimal":
        number = int(value.scaleb(raw.get("scale", 0)))
        assert Decimal(number).scaleb(-raw.get("scale", 0)) == value
        size = raw.get("size") or next(
            n for n in range(1, 40) if -(1 << 8 * n - 1) <= number < 1 << 8 * n - 1
        )
        return number.to_bytes(size, "big", signed=True)
    return value


def _stripped(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_stripped(each) for each in raw]
    if isinstance(raw, dict):
        gone = ("logicalType", "precision", "scale", "default", "aliases")
        return {key: _stripped(value) for key, value in raw.items() if key not in gone}
    return raw
