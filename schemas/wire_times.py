"""How days, times and durations stand in Avro's bytes (Apache Avro 1.12, "Logical Types")."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from schemas.moments import EPOCH, LOCAL_EPOCH, Duration, micros_of
from schemas.wire_values import Part, Read, Unfit, Write, read_long, write_long

DURATION_BYTES: Final = 12  # months, days, milliseconds: 32 bits each, little endian

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_IN_UTC: Final = timedelta(0)
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
        if type(value) is not datetime or not _is_utc(value):
            raise Unfit("is not a time in UTC")
        write_long(out, _counted(micros_of(value), unit))

    return write


def _is_utc(value: datetime) -> bool:
    return value.tzinfo is UTC or value.utcoffset() == _IN_UTC


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


def _read_date(data: bytes, at: int) -> tuple[date, int]:
    count, at = read_long(data, at)
    return date.fromordinal(count + _EPOCH_DAY), at


def _reading_moment(unit: str, epoch: datetime) -> Read:
    def read(data: bytes, at: int) -> tuple[datetime, int]:
        count, at = read_long(data, at)
        return epoch + timedelta(0, 0, _micros(count, unit)), at

    return read


def _reading_time(unit: str) -> Read:
    def read(data: bytes, at: int) -> tuple[time, int]:
        count, at = read_long(data, at)
        micros = _micros(count, unit)
        if not 0 <= micros < _DAY:
            raise Unfit("a time of day is not within one day")
        return (LOCAL_EPOCH + timedelta(microseconds=micros)).time(), at

    return read


def _read_duration(data: bytes, at: int) -> tuple[Duration, int]:
    months, days, millis = struct.unpack_from("<III", data, at)
    return Duration(months=months, days=days, millis=millis), at + DURATION_BYTES


TIME_PARTS: Final[Mapping[str, Part]] = {
    "int-date": Part(write=_write_date, read=_read_date, takes=date),
    "int-time-millis": Part(write=_write_time("millis"), read=_reading_time("millis"), takes=time),
    "long-time-micros": Part(write=_write_time("micros"), read=_reading_time("micros"), takes=time),
    **{
        f"long-timestamp-{unit}": Part(
            write=_write_instant(unit), read=_reading_moment(unit, EPOCH), takes=datetime
        )
        for unit in _PER_MICRO
    },
    **{
        f"long-local-timestamp-{unit}": Part(
            write=_write_local(unit), read=_reading_moment(unit, LOCAL_EPOCH), takes=datetime
        )
        for unit in _PER_MICRO
    },
}


def duration_part() -> Part:
    """The part of a duration, without its name."""
    return Part(write=_write_duration, read=_read_duration, takes=Duration)
