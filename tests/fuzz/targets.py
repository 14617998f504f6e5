"""What the fuzz calls: each reader of something from outside, and what it may do with bytes.

A target takes any bytes and returns whether they were accepted. It lets pass no exception but the
one that the reader declares, and what was accepted must hold to what its reader promises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import thread_time

from redaction.reading import AgreementError, read, read_agreement
from redaction.static_check import check_text
from redaction.text import MAX_PROBLEMS
from schemas.codec import (
    Event,
    decode_event,
    encode_event,
    event_from_json,
    event_to_json,
    parse_json,
    view_type_from_text,
)
from schemas.errors import EventRefused, SchemaError
from schemas.registry import Registry, load_event_type, load_vocabulary
from tests.fuzz import stumbling
from tests.fuzz.mutating import Material, inputs
from tests.fuzz.records import (
    ANNOUNCEMENTS,
    OPENINGS,
    RECALLS,
    RECEIPTS,
    announced,
    opening,
    recalled,
    receipt,
)
from tests.fuzz.sealed import CONTENTS, HEADERS, SEALED, SIGNED, opened, opened_again, verified
from tests.fuzz.sealed import verified_again as signed_again
from tests.fuzz.texts import AGREEMENTS, SCHEMAS
from tests.generator import canary_event
from tests.schemas.samples import plain_event
from tests.schemas.test_recursion import KINDS, loop, loop_type
from tests.schemas.values import outcome

MAX_SECONDS = 2.0  # of processor time for one input of at most 8 KiB, on any machine we know

BUILT_IN = Registry.builtin()
TYPES = Registry([*BUILT_IN.types, loop_type(KINDS["map"])])
NAMED = {etype.name: etype for etype in BUILT_IN.types}
WORDS = load_vocabulary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reader: its check, and how many inputs make a block of some tenths of a second."""

    name: str
    material: Material
    block: int
    takes: Callable[[bytes], bool]


class Stumbled(Exception):
    """A reader did what it does not declare; the message has the input."""


def fuzz(target: Target, seeds: range, clock: Callable[[], float] = thread_time) -> Iterator[int]:
    """A block of inputs for each seed; yields how many they were.

    Raises:
        Stumbled: for the first input with another outcome than is declared, or one too slow.
    """
    for seed in seeds:
        rnd = Random(f"{target.name} {seed}")
        for number, data in enumerate(inputs(target.material, rnd, target.block)):
            began = clock()
            try:
                target.takes(data)
            except Exception as error:
                where = f"{target.name}, seed {seed}, input {number}: {data!r}"
                raise Stumbled(f"{type(error).__name__} at {where}") from error
            if (took := clock() - began) > MAX_SECONDS:
                raise Stumbled(f"{took:.1f} s at {target.name}, seed {seed}, {number}: {data!r}")
        yield target.block


def _taken(event: Event | EventRefused) -> bool:
    """What was read is a value to its last leaf: written and read again it is the same."""
    if isinstance(event, EventRefused):
        assert event.__context__ is None  # a cause would print the record
        return False
    assert repr(decode_event(encode_event(event), TYPES)) == repr(event)
    return True


def takes_bytes(data: bytes) -> bool:
    return _taken(outcome(lambda: decode_event(data, TYPES)))


def takes_json(data: bytes) -> bool:
    event = outcome(lambda: event_from_json(parse_json(data), TYPES))
    if isinstance(event, Event):
        assert event_from_json(event_to_json(event), TYPES) == event
    return _taken(event)


def takes_schema(data: bytes) -> bool:
    text = data.decode(errors="surrogateescape")  # what is not UTF-8 becomes half a surrogate pair
    with suppress(SchemaError):
        view_type_from_text(text)
    try:
        etype = load_event_type(text, WORDS, origin="fuzz")
    except SchemaError:
        return False
    event = canary_event(etype).event
    return event.value == decode_event(encode_event(event), Registry([etype])).value


def takes_agreement(data: bytes) -> bool:
    reading = read(data, origin="a.yaml")
    assert len(reading.problems) <= MAX_PROBLEMS + 1
    lines = data.count(b"\n") + data.count(b"\r") + 2
    assert all(1 <= each.line <= lines for each in reading.problems)
    assert all("\n" not in str(each) for each in reading.problems)
    agreement = None
    with suppress(AgreementError):
        agreement = read_agreement(data, origin="a.yaml")
    assert (agreement is None) == bool(reading.problems)
    return agreement is not None and len(agreement.hash()) == 64


def takes_checked_agreement(data: bytes) -> bool:
    agreement, problems = check_text(data, NAMED, WORDS, origin="a.yaml")
    assert (agreement is None) == bool(problems)
    return agreement is not None


def _canaries() -> list[Event]:
    return [canary_event(etype).event for etype in BUILT_IN.types]


def _told_loop() -> dict[str, object]:
    return {**plain_event(), "loop": loop("map", 3)}


def _events() -> list[bytes]:
    return [encode_event(each) for each in (*_canaries(), event_from_json(_told_loop(), TYPES))]


def _plain_events() -> list[bytes]:
    told = [*(event_to_json(each) for each in _canaries()), _told_loop()]
    return [json.dumps(each, ensure_ascii=bool(at % 2)).encode() for at, each in enumerate(told)]


_IN_JSON = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[a-z]+|[\[\]{},:]')
_IN_YAML = re.compile(rb"[A-Za-z0-9_.-]+|[\[\]{},:]|\n *|\"[^\"\n]*\"")

TARGETS = tuple(
    Target(name=name, block=block, takes=takes, material=Material(corpus=c, tokens=t, words=w))
    for name, block, takes, c, t, w in (
        ("event as bytes", 2_000, takes_bytes, _events(), stumbling.AVRO, None),
        ("event as JSON", 800, takes_json, _plain_events(), stumbling.JSON, _IN_JSON),
        ("signed event", 2_500, verified, SIGNED, stumbling.CBOR, None),
        ("signed event's header, signed", 1_200, signed_again, HEADERS, stumbling.CBOR, None),
        ("envelope", 2_500, opened, SEALED, stumbling.CBOR, None),
        ("envelope's content, sealed", 2_000, opened_again, CONTENTS, stumbling.CBOR, None),
        ("hop's opening", 2_000, opening, OPENINGS, stumbling.CBOR, None),
        ("recall", 2_500, recalled, RECALLS, stumbling.CBOR, None),
        ("receipt, signed", 800, receipt, RECEIPTS, stumbling.CBOR, None),
        ("announcement, signed", 800, announced, ANNOUNCEMENTS, stumbling.CBOR, None),
        ("event type", 400, takes_schema, SCHEMAS, stumbling.JSON, _IN_JSON),
        ("agreement", 300, takes_agreement, AGREEMENTS, stumbling.YAML, _IN_YAML),
        ("agreement, checked", 300, takes_checked_agreement, AGREEMENTS, stumbling.YAML, _IN_YAML),
    )
)
