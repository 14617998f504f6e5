"""The parts of lists and maps.

Other writers may cut a list into blocks of any length and may say how many bytes a block has. What
we write ourselves is one block, and is read back as nothing else (`one_block`).
"""

from __future__ import annotations

from typing import Any

from schemas.wire_values import (
    ENTRY_STEP,
    ListOf,
    Part,
    Unfit,
    read_long,
    read_string,
    unread,
    write_long,
    write_string,
)


def array_part(item: Part, *, one_block: bool) -> Part:
    """The part of an array, written as one block."""
    write_item, read_item = item.write, item.read

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not list:
            raise Unfit("is not a list")
        if value:
            write_long(out, len(value))
        for index, each in enumerate(value):
            try:
                write_item(out, each)
            except Unfit as unfit:
                raise unfit.below(str(index))  # noqa: B904 - the same exception, with its path
        out.append(0)

    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        value: list[Any] = []
        count, end, at = _block(data, at, one_block)
        while count:
            for _ in range(count):
                each, at = read_item(data, at)
                value.append(each)
            count, end, at = _next_block(data, at, end, one_block)
        return value, at

    return Part(write=write, read=read, takes=list, of=ListOf(item))


def map_part(inner: Part, *, one_block: bool) -> Part:
    """The part of a map, written as one block in the order of its keys as they stand."""
    write_value, read_value = inner.write, inner.read

    def write(out: bytearray, value: Any) -> None:
        if type(value) is not dict:
            raise Unfit("is not an object")
        if value:
            write_long(out, len(value))
        for key, each in value.items():
            try:
                write_string(out, key)
                write_value(out, each)
            except Unfit as unfit:
                raise unfit.below(ENTRY_STEP)  # noqa: B904 - the same exception, with its path
        out.append(0)

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        count, end, at = _block(data, at, one_block)
        while count:
            for _ in range(count):
                key, at = read_string(data, at)
                if key in value:
                    raise Unfit("a key of a map stands twice")
                value[key], at = read_value(data, at)
            count, end, at = _next_block(data, at, end, one_block)
        return value, at

    return Part(write=write, read=read, takes=dict)


def _block(data: bytes, at: int, one_block: bool) -> tuple[int, int | None, int]:
    """How many items a block has, where it says that it ends, and where its first item is."""
    count, at = read_long(data, at)
    if count >= 0:
        return count, None, at
    if one_block:
        raise unread("a list is not written as one block")
    size, at = read_long(data, at)
    return -count, at + size, at


def _next_block(
    data: bytes, at: int, end: int | None, one_block: bool
) -> tuple[int, int | None, int]:
    if end is not None and at != end:
        raise unread("a block has another length than it says")
    block = _block(data, at, one_block)
    if one_block and block[0]:
        raise unread("a list is not written as one block")
    return block
