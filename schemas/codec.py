"""Events and views as bytes and as JSON: the strict way in and out of what travels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from schemas.errors import CasewardError, Code, EventRefused
from schemas.from_plain import value_from_plain
from schemas.plain import MAX_EVENT_BYTES, WITHHELD, Withheld, parse_json, parse_schema_json, plain
from schemas.registry import EventType, Registry
from schemas.spelled import Spelled, spell
from schemas.wire import MAGIC, PREFIX_BYTES, Wire
from schemas.wire_inlined import inlined
from schemas.wire_values import Unfit

__all__ = [
    "MAX_EVENT_BYTES",
    "WITHHELD",
    "Event",
    "ViewType",
    "Withheld",
    "decode_event",
    "decode_view",
    "encode_event",
    "encode_view",
    "event_from_json",
    "event_to_json",
    "parse_json",
    "plain",
    "view_type_from_text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its type and its value.

    In `value` records and maps are dicts, arrays lists, dates `date`, timestamps aware UTC
    `datetime`, decimals `Decimal` with all digits of their scale, uuids lower-case strings.
    """

    etype: EventType
    value: dict[str, Any]
    # INVARIANT: of this very value, so it is not handed on when a copy with another is made.
    _spelled: Spelled | None = field(init=False, default=None, compare=False, repr=False)

    @property
    def spelled(self) -> Spelled:
        """Its leaves as views spell them, and its lists and null records.

        Raises:
            Unfit: the value is not of its type.
        """
        spelled = self._spelled
        if spelled is None:
            spelled = spell(self.etype, self.value)
            object.__setattr__(self, "_spelled", spelled)
        return spelled

    @property
    def id(self) -> str:
        """The publisher's identifier of the event, a uuid."""
        id: str = self.value["header"]["id"]
        return id

    @property
    def source(self) -> str:
        """The publisher."""
        source: str = self.value["header"]["source"]
        return source

    @property
    def type(self) -> str:
        """The event type's name."""
        type: str = self.value["header"]["type"]
        return type

    @property
    def time(self) -> datetime:
        """When what it tells of happened, in UTC."""
        time: datetime = self.value["header"]["time"]
        return time

    @property
    def subject(self) -> str:
        """The case's reference."""
        subject: str = self.value["header"]["subject"]
        return subject

    @property
    def purposes(self) -> tuple[str, ...]:
        """The purposes for which it is published, none of them twice."""
        return tuple(self.value["header"]["purposes"])


def encode_event(event: Event) -> bytes:
    """The event in Avro single-object encoding: `C3 01`, the fingerprint, the value.

    Raises:
        EventRefused: BAD_VALUE where a field is missing, unknown or of another type (the message
            is `POINTER RULE`), HEADER_MISMATCH, TOO_LARGE.
    """
    try:
        data = _wire(event.etype).encode(event.value)
    except Unfit as error:
        unfit = error
    else:
        _check_header(event)
        if len(data) > MAX_EVENT_BYTES:
            raise EventRefused(Code.TOO_LARGE, f"the event is longer than {MAX_EVENT_BYTES} bytes")
        return data
    raise _refused(event.etype, unfit)


def decode_event(data: bytes, registry: Registry) -> Event:
    """The event that these bytes are, whole.

    Args:
        data: Avro single-object encoding, from anybody.
        registry: the event types that are known.

    Raises:
        EventRefused: for any bytes that are no event: TOO_LARGE, NOT_DECODABLE, UNKNOWN_SCHEMA,
            BAD_VALUE or HEADER_MISMATCH. Never anything else.
    """
    if len(data) > MAX_EVENT_BYTES:
        raise EventRefused(Code.TOO_LARGE, f"the event is longer than {MAX_EVENT_BYTES} bytes")
    if len(data) < PREFIX_BYTES or data[: len(MAGIC)] != MAGIC:
        raise EventRefused(Code.NOT_DECODABLE, "the bytes are not Avro single-object encoding")
    etype = registry.by_rabin(data[len(MAGIC) : PREFIX_BYTES])
    spelled, unfit = None, None
    try:
        value, spelled = inlined(etype)(data) or (_wire(etype).decode(data), None)
    except Unfit as error:
        unfit = error
    if unfit is not None:
        raise _refused(etype, unfit)
    event = Event(etype=etype, value=value)
    if spelled is not None:
        object.__setattr__(event, "_spelled", spelled)
    _check_header(event)
    return event


def _wire(etype: EventType) -> Wire:
    return cast("Wire", etype.avro)


def _refused(etype: EventType, unfit: Unfit) -> EventRefused:
    return EventRefused(unfit.code, f"{unfit.path or f'`{etype.name}`'}: {unfit.rule}")


def _check_header(event: Event) -> None:
    if event.type != event.etype.name:
        raise EventRefused(
            Code.HEADER_MISMATCH, f"/header/type: is not `{event.etype.name}`, as the schema is"
        )
    purposes = event.purposes
    if len(set(purposes)) != len(purposes):  # one delivery for each purpose, never two
        raise EventRefused(Code.BAD_VALUE, "/header/purposes: a purpose stands twice")


def event_from_json(obj: Any, registry: Registry) -> Event:
    """The event that plain JSON values spell (of `parse_json`).

    Raises:
        EventRefused: UNKNOWN_SCHEMA for its `/header/type`, else BAD_VALUE; the message is
            `POINTER: RULE`.
    """
    match obj:
        case {"header": {"type": str(name)}}:
            etype = registry.by_name(name)
        case _:
            raise EventRefused(Code.BAD_VALUE, "/header/type: names no event type")
    try:
        event = Event(etype=etype, value=value_from_plain(etype.root, obj))
    except Unfit as error:
        unfit = error
    else:
        _check_header(event)
        return event
    raise _refused(etype, unfit)


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as plain JSON values; `event_from_json` gives it back."""
    return cast("dict[str, Any]", plain(event.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewType:
    """The shape of the views that one audience gets: a derived schema, compiled.

    `avro` is what the codec compiled (a `schemas.wire.Wire`), `rabin` the fingerprint of
    single-object encoding, `text` the schema as JSON and `digest` its SHA-256 in hex.
    """

    avro: Any = field(compare=False, repr=False)
    rabin: bytes
    digest: str
    text: str = field(repr=False)


def view_type_from_text(text: str) -> ViewType:
    """Compile a view's schema.

    A leaf is a union of null where it may be null, the empty record `caseward.Withheld`, and the
    clear type, string or both. Which branch a value takes follows from the value alone: a union
    of two branches that take the same Python type is refused, but for an enum beside a string,
    where the enum takes its symbols.

    Raises:
        SchemaError: the schema cannot be compiled.
    """
    wire = Wire.compile(parse_schema_json(text), one_spelling=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ViewType(avro=wire, rabin=wire.rabin, digest=digest, text=text)


def encode_view(vtype: ViewType, view: dict[str, Any]) -> bytes:
    """The view in Avro single-object encoding.

    Raises:
        CasewardError: VIEW_REFUSED if it is not of this type to the last field; the message
            names the path.
    """
    try:
        return cast("Wire", vtype.avro).encode(view)
    except Unfit as error:
        unfit = error
    raise CasewardError(Code.VIEW_REFUSED, f"{unfit.path or 'the view'}: {unfit.rule}")


def decode_view(vtype: ViewType, data: bytes) -> dict[str, Any]:
    """The view that these bytes are, with `WITHHELD` where a value is withheld.

    Raises:
        EventRefused: VIEW_REFUSED for any bytes that are no view of this type.
    """
    if data[:PREFIX_BYTES] != MAGIC + vtype.rabin:
        raise EventRefused(Code.VIEW_REFUSED, "the bytes are not of this view's schema")
    try:
        return cast("dict[str, Any]", cast("Wire", vtype.avro).decode(data))
    except Unfit as error:
        unfit = error
    raise EventRefused(Code.VIEW_REFUSED, f"{unfit.path or 'the view'}: {unfit.rule}")
