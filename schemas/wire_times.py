"""How days, times and durations stand in Avro's bytes (Apache Avro 1.12, "Logical Types").

fastavro reads days and instants of milliseconds and microseconds; the rest is read here, with what
it does not verify.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from schemas.moments import EPOCH, LOCAL_EPOCH, Duration, micros_of
from schemas.wire_values import Part, Unfit, Write, checked, write_long

DURATION_BYTES: Final = 12  # months, days, milliseconds: 32 bits each, little endian

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 24 * 60 * 60 * 1_000_000  # microseconds
_NANOS_END: Final = 1 << 63

# a count of microseconds is multiplied or divided by these; no coarser or finer unit is known
_PER_MICRO: Final = {"millis": (1, 1000), "micros": (1, 1), "nanos": (1000, 1)}
_NAMES: Final = {"millis": "millisecond", "micros": "microsecond", "nanos": "nanosecond"}


def _counted(micros: int, unit: str) -> int:
    times, over = _PER_MICRO[unit]
    count, finer = divmod(micros * times, over)
    if finer:
        raise Unfit(f"is finer than a {_NAMES[unit]}")
    if not -_NANOS_END <= count < _NANOS_END:
        raise Unfit("is beyond the years 1677 to 2262, which nanoseconds can tell")
    return count


def _micros(count: int, unit: str) -> int:
    times, over = _PER_MICRO[unit]
    micros, finer = divmod(count * over, times)
    if finer:
        raise Unfit("a time is finer than a microsecond")
    return micros


def _write_date(out: bytearray, value: Any) -> None:
    if type(value) is not date:
        raise Unfit("is not a date")
    write_long(out, value.toordinal() - _EPOCH_DAY)


def _write_instant(unit: str) -> Write:
    def write(out: bytearray, value: Any) -> None:
        if type(value) is not datetime or value.utcoffset() != timedelta(0):
            raise Unfit("is not a time in UTC")
        write_long(out, _counted(micros_of(value), unit))

    return write


def _write_local(unit: str) -> Write:
    def write(out: bytearray, value: Any) -> None:
        if type(value) is not datetime or value.tzinfo is not None:
            raise Unfit("is not a local time")
        write_long(out, _counted(micros_of(value), unit))

    return write


def _write_time(unit: str) -> Write:
    def write(out: bytearray, value: Any) -> None:
        if type(value) is not time or value.tzinfo is not None:
            raise Unfit("is not a time of day")
        seconds = 3600 * value.hour + 60 * value.minute + value.second
        write_long(out, _counted(1_000_000 * seconds + value.microsecond, unit))

    return write


def _write_duration(out: bytearray, value: Any) -> None:
    if type(value) is not Duration or not value.fits:
        raise Unfit("is not a duration of months, days and milliseconds")
    out += struct.pack("<III", value.months, value.days, value.millis)


def _read_nanos(count: int, *_: Any) -> datetime:
    return EPOCH + timedelta(microseconds=_micros(count, "nanos"))


def _read_local(unit: str) -> Callable[..., datetime]:
    def read(count: int, *_: Any) -> datetime:
        return LOCAL_EPOCH + timedelta(microseconds=_micros(count, unit))

    return read


def _read_time(unit: str) -> Callable[..., time]:
    def read(count: int, *_: Any) -> time:
        micros = _micros(count, unit)
        if not 0 <= micros < _DAY:
            raise Unfit("a time of day is not within one day")
        return (LOCAL_EPOCH + timedelta(microseconds=micros)).time()

    return read


def _read_duration(data: bytes, *_: Any) -> Duration:
    months, days, millis = struct.unpack("<III", data)
    return Duration(months=months, days=days, millis=millis)


TIME_PARTS: Final[Mapping[str, Part]] = {
    "int-date": Part(write=_write_date, read=checked("int", "date"), takes=date),
    "int-time-millis": Part(
        write=_write_time("millis"), read=checked("int", "caseward-time-millis"), takes=time
    ),
    "long-time-micros": Part(
        write=_write_time("micros"), read=checked("long", "caseward-time-micros"), takes=time
    ),
    **{
        f"long-timestamp-{unit}": Part(
            write=_write_instant(unit),
            read=checked("long", f"{'caseward-' if unit == 'nanos' else ''}timestamp-{unit}"),
            takes=datetime,
        )
        for unit in _PER_MICRO
    },
    **{
        f"long-local-timestamp-{unit}": Part(
            write=_write_local(unit), read=checked("long", f"caseward-local-{unit}"), takes=datetime
        )
        for unit in _PER_MICRO
    },
}

TIME_CHECKS: Final[Mapping[str, Callable[..., Any]]] = {
    "int-caseward-time-millis": _read_time("millis"),
    "long-caseward-time-micros": _read_time("micros"),
    "long-caseward-timestamp-nanos": _read_nanos,
    **{f"long-caseward-local-{unit}": _read_local(unit) for unit in _PER_MICRO},
    "fixed-caseward-duration": _read_duration,
}


def duration_part() -> Part:
    """The part of a duration, without its name."""
    read = {"type": "fixed", "size": DURATION_BYTES, "logicalType": "caseward-duration"}
    return Part(write=_write_duration, read=read, takes=Duration)
