"""As long as it may be and as awkward as we know: each reader's stated time and memory hold.

What is stated: an event, signed or sealed bytes of half a mebibyte take two seconds and 80 MB, an
agreement of 256 KiB five seconds and 200 MB, whatever stands in them. Memory is measured on an
eighth of each, for an eighth of what is stated, because measuring takes much time.
"""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from time import thread_time

import pytest

from redaction.agreement import MAX_TEXT_BYTES
from redaction.reading import read
from redaction.static_check import check_text
from schemas.codec import encode_event
from schemas.envelope import MAX_ENVELOPE_BYTES, parse_envelope
from schemas.errors import EnvelopeRefused, EventRefused
from schemas.plain import MAX_EVENT_BYTES
from schemas.signed import MAX_SIGNED_BYTES, unverified_payload
from schemas.wire_values import write_long
from tests.fuzz.targets import (
    BUILT_IN,
    NAMED,
    WORDS,
    takes_bytes,
    takes_json,
    takes_schema,
)
from tests.generator import canary_event

MiB = 1 << 20


def _signed(data: bytes) -> bool:
    with contextlib.suppress(EventRefused):
        unverified_payload(data)
    return False


def _sealed(data: bytes) -> bool:
    with contextlib.suppress(EnvelopeRefused):
        parse_envelope(data)
    return False


def _agreement(data: bytes) -> bool:
    return read(data, origin="a.yaml").agreement is not None


def _checked(data: bytes) -> bool:
    return check_text(data, NAMED, WORDS, origin="a.yaml")[0] is not None


SAID_OF = (
    (takes_bytes, MAX_EVENT_BYTES, 2, 80 * MiB),
    (takes_json, MAX_EVENT_BYTES, 2, 80 * MiB),
    (_signed, MAX_SIGNED_BYTES, 2, 80 * MiB),
    (_sealed, MAX_ENVELOPE_BYTES, 2, 80 * MiB),
    (_agreement, MAX_TEXT_BYTES, 5, 200 * MiB),
    (_checked, MAX_TEXT_BYTES, 10, 200 * MiB),
    (takes_schema, 256 * 1024, 5, 200 * MiB),  # of the 4 MiB that a view's schema may have
)


def _purposes() -> bytes:
    """An event that is nothing but purposes, each of one byte: as many values as may be."""
    event = canary_event(BUILT_IN.types[0]).event
    event.value["header"]["purposes"] = ["?"]
    before, after = encode_event(event).split(b"\x02\x02?\x00")
    count = MAX_EVENT_BYTES - len(before) - len(after) - 8
    claim = bytearray()
    write_long(claim, count)
    return before + claim + bytes(count + 1) + after


def _long(start: bytes, part: bytes, most: int, end: bytes = b"") -> bytes:
    return start + part * ((most - len(start) - len(end)) // len(part)) + end


def _lines(line: str, most: int, *, start: str = "") -> bytes:
    """Lines in which `{n}` counts, after a start, up to a length."""
    made, length, number = [start], len(start), 0
    while length + len(line) + 3 < most:
        made.append(line.replace("{n}", str(number)))
        length, number = length + len(made[-1]), number + 1
    return "".join(made).encode()[:most].rpartition(b"\n")[0] + b"\n"


_J, _C, _Y, _S = MAX_EVENT_BYTES, MAX_SIGNED_BYTES, MAX_TEXT_BYTES, 256 * 1024
HOSTILE: dict[str, tuple[Callable[[bytes], bool], bytes]] = {
    "a value for each byte": (takes_bytes, _purposes()),
    "brackets": (takes_json, b"[" * _J),
    "objects in one another": (takes_json, _long(b"", b'{"a":', _J)),
    "digits": (takes_json, b"1" * _J),
    "digits after the point": (takes_json, _long(b"0.", b"1", _J)),
    "an exponent": (takes_json, _long(b"1e", b"9", _J)),
    "whole numbers": (takes_json, _long(b"[", b"1" * 4_290 + b",", _J, b"0]")),
    "quotation marks": (takes_json, b'"' * _J),
    "escapes": (takes_json, _long(b'"', b"\\", _J)),
    "a string in a text that is refused": (takes_json, _long(b'{"a":1,"a":"', b"x", _J, b'"}')),
    "empty lists": (takes_json, _long(b"[", b"[],", _J, b"0]")),
    "small objects": (takes_json, _long(b"[", b'{"":0},', _J, b"0]")),
    "lists in one another": (takes_json, _long(b"[", b"[" * 30 + b"]" * 30 + b",", _J, b"0]")),
    "keys": (takes_json, b"{" + _lines('"{n}":0,\n', _J - 9) + b'"1":1}'),
    "lines": (takes_json, b"\n" * _J),
    "lists signed": (_signed, _long(b"\xd2\x9a\x00\x07\xff\x00", b"\x80", _C)),
    "maps signed": (_signed, _long(b"\xd2\x9a\x00\x07\xff\x00", b"\xa0", _C)),
    "tags signed": (_signed, _long(b"\xd2", b"\xc1", _C)),
    "levels signed": (_signed, _long(b"\xd2", b"\x81", _C)),
    "maps sealed": (_sealed, _long(b"\xd0\x9a\x00\x07\xff\x00", b"\xa0", _C)),
    "a length beyond the end": (_sealed, b"\xd0\x83\x5b" + b"\x7f" * 8 + bytes(1000)),
    "unknown keys": (_agreement, _lines("k{n}:\n", _Y)),
    "unknown keys, nearly right": (_agreement, _lines("audiencs{n}:\n", _Y)),
    "unknown words": (
        _agreement,
        _lines("- {id: a, to: b, share: c, as: mask{n}}\n", _Y, start="clauses:\n"),
    ),
    "one key": (_agreement, _long(b"a: {", b"b,", _Y, b"}")),
    "one word": (_agreement, _long(b"publishers: [", b"b,", _Y, b"]")),
    "words": (_agreement, _lines("- {to: [b{n}, c{n}, d{n}]}\n", _Y, start="clauses:\n")),
    "levels": (_agreement, b"[" * _Y),
    "levels by dashes": (_agreement, b"- " * (_Y // 2)),
    "aliases": (_agreement, _lines("- *a\n", _Y)),
    "names": (_agreement, _lines("- &a{n} b\n", _Y)),
    "documents": (_agreement, _lines("---\n", _Y)),
    "directives": (_agreement, _lines("%TAG !{n}! tag:x\n", _Y)),
    "a long word": (_agreement, _long(b"title: ", b"x", _Y)),
    "a long text": (_agreement, _long(b"title: >\n", b" x\n", _Y)),
    "a long key": (_agreement, _long(b"audiences:\n ? ", b"x", _Y - 9, b"\n : a\n")),
    "clauses": (
        _checked,
        _lines("- {id: c{n}, share: [incident.reference], to: s}\n", _Y, start="clauses:\n"),
    ),
    "brackets in a schema": (takes_schema, b"[" * _S),
    "types in one another": (takes_schema, _long(b"", b'{"type":', _S)),
    "unions in one another": (takes_schema, b'{"type":"record","name":"a","fields":' + b"[" * 99),
}


SHORTER = 8  # how much, where memory is measured
PATIENCE = 8  # times what is stated, on a slow and busy machine; growth by the square is far beyond


@pytest.mark.parametrize("name", HOSTILE)
def test_the_stated_time_and_memory_hold_for_what_is_as_long_as_it_may_be(name: str) -> None:
    takes, data = HOSTILE[name]
    longest, seconds, memory = next(said[1:] for said in SAID_OF if said[0] is takes)
    assert len(data) <= longest
    began = thread_time()
    takes(data)
    assert thread_time() - began < PATIENCE * seconds
    tracemalloc.start()
    takes(data[: longest // SHORTER])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < memory // SHORTER
