"""What a connector promises, and what the node that runs it promises back.

A *source* reads events out of an agency's system; the node's *feed* takes them. A *sink* writes
views into an agency's system; the node's *outlet* hands them out. A connector is a module named in
the entry-point group `caseward.connectors` that has `open_source(settings)`, `open_sink(settings)`
or both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.recall import Action

Settings = TypeVar("Settings", bound=BaseModel)

_DELIVERY_ID = re.compile(r"[0-9a-f]{16,128}")


class ConfigRefused(Exception):
    """A connector's settings cannot be used; names the setting and the rule, never its value."""


class ConnectorFailed(Exception):
    """A connector cannot go on until a person has acted; what it held is not settled.

    Args:
        code: which rule, a short lower-case word such as `http-401`.
        message: one lower-case sentence without any content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TryLater(Exception):
    """It was not done, or nobody knows; nothing is lost, and a later try may succeed.

    Raised by `Source.pull` and by every method of `Feed` and `Outlet`; the runner backs off and
    calls again. The message names the rule, never content.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One event as a source found it.

    Args:
        origin: where it stood, for the person at the edge, such as `file 3, line 7`. It travels on
            into hops and dead letters, so it holds neither content nor an outsider's file name.
        data: one event as JSON text, or, with `fault`, as much of the record as is worth keeping.
        fault: the rule that the record broke already at the source. The feed must refuse a record
            that has one, whatever `data` holds, and keeps `data` as a sealed dead letter.
    """

    origin: str
    data: bytes
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Records in order, at least one, and the cursor from which the next pull goes on.

    A cursor is the source's own business: opaque bytes, at most 480 KiB, without content.
    """

    records: tuple[SourceRecord, ...]
    cursor: bytes


class Source(Protocol):
    """Reads an agency's system and changes nothing in it.

    The cursor law: a pull from any cursor that a pull ever returned (None: the beginning) gives
    exactly what follows it, nothing lost and nothing repeated, after a restart as well. A record
    that cannot be used is handed over with its `fault`; it never stops the source.
    """

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Pull | None:
        """What follows `cursor`, or None if nothing does now.

        Raises:
            TryLater: the system cannot be read at the moment.
            ConnectorFailed: it cannot be read until a person has acted.
        """

    async def close(self) -> None:
        """Let go of everything held; called once, by the runner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The feed accepted the record as the event with this id."""

    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The feed refused the record and keeps it as a sealed dead letter; the feed goes on.

    Args:
        code: which rule, from the node's closed list.
        message: names the path and the rule, never a value.
    """

    code: str
    message: str


Submitted = Taken | Refused


class Feed(Protocol):
    """The node's side of a source; supplied by the application."""

    async def cursor(self) -> bytes | None:
        """The cursor of the last pull that was submitted, or None before the first."""

    async def submit(self, pull: Pull) -> tuple[Submitted, ...]:
        """Take a pull, records and cursor, in one transaction; one answer a record, in order.

        Raises:
            TryLater: nothing was taken, or nobody knows: the runner asks for the cursor again and
                pulls from there.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One view, opened for the agency it was sealed to, or the recall of an earlier one.

    Args:
        delivery_id: lower-case hexadecimal; the same for every repetition of this delivery. A
            recall has one of its own.
        view: the redacted event as plain JSON values; no more than the gateway released. Of a
            recall it is what remains of the earlier delivery, None where nothing does.
        wording: the sentence that the agreement has the recipient read.
        handling: what the recipient may do with it, as plain JSON values.
        recalls: the delivery id of the earlier delivery that this one recalls: whatever of it is
            not in `view` must no longer be used. None where it recalls nothing.
        action: what the agreement has become of that: `cease` (to use it), `return` it or `erase`
            it; None where it recalls nothing.

    Raises:
        ValueError: `delivery_id` or `recalls` is not 16 to 128 lower-case hexadecimal digits, and
            sinks use them as file names and as a header; or it is neither a view nor a recall.
    """

    delivery_id: str
    event_type: str
    agreement: str
    agreement_version: str
    purpose: str
    wording: str
    handling: Mapping[str, Any]
    view: Mapping[str, Any] | None
    recalls: str | None = None
    action: str | None = None

    def __post_init__(self) -> None:
        ids = (self.delivery_id, *([] if self.recalls is None else [self.recalls]))
        if not all(map(_DELIVERY_ID.fullmatch, ids)):
            raise ValueError("delivery id is not 16 to 128 lower-case hexadecimal digits")
        if (self.recalls is None) != (self.action is None):
            raise ValueError("a recall names the delivery and the action, anything else neither")
        if self.action not in (None, *Action) or (self.view is None and self.recalls is None):
            raise ValueError("neither a view nor a recall")


def as_plain(delivery: Delivery) -> dict[str, Any]:
    """The delivery as plain JSON values; what recalls nothing does not speak of recalls."""
    body = {name: getattr(delivery, name) for name in Delivery.__slots__}
    body["handling"] = dict(delivery.handling)
    body["view"] = None if delivery.view is None else dict(delivery.view)
    if delivery.recalls is None:
        del body["recalls"], body["action"]
    return body


def encode_delivery(delivery: Delivery) -> bytes:
    """The delivery as JSON text, the same bytes each time: sorted keys, UTF-8, a final newline."""
    body = as_plain(delivery)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return text.encode() + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The agency's system has it, durably, whether now or from an earlier try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfter:
    """Not now. `seconds`: how long the agency's system asked for; None leaves it to the runner.

    `code` says why, for the operator's log.
    """

    seconds: float | None = None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Never this delivery; others may be taken."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fatal:
    """No delivery will be taken until a person has acted."""

    code: str


Answer = Accepted | RetryAfter | Reject | Fatal


class Sink(Protocol):
    """Writes deliveries into an agency's system; sees no more than the gateway released.

    A recall (`Delivery.recalls`) is written like any other delivery. A sink that can reach what it
    wrote before replaces it where the action is `erase`; any other hands the recall on.

    The idempotency law: the same delivery written twice, also by two processes one after the
    other, leaves one in the agency's system. A connector that cannot look there repeats the
    delivery id as idempotency key, so that the agency's system can keep the law.
    """

    async def write(self, delivery: Delivery) -> Answer:
        """Write one delivery; `Accepted` only once it is durable on the other side."""

    async def close(self) -> None:
        """Let go of everything held; called once, by the runner."""


class Outlet(Protocol):
    """The node's side of a sink; supplied by the application."""

    async def next(self, *, wait_s: float) -> Delivery | None:
        """The next delivery not settled yet, or None after `wait_s` seconds without one.

        A crash before `settle` makes the same delivery come again, with the same id.

        Raises:
            TryLater: nothing can be read at the moment.
        """

    async def settle(self, delivery: Delivery, answer: Accepted | Reject) -> None:
        """Record the outcome durably; the delivery does not come again.

        Raises:
            TryLater: nothing was recorded, or nobody knows; the runner settles again.
        """


def read_settings(model: type[Settings], settings: Mapping[str, Any]) -> Settings:
    """Check a connector's settings against its model.

    Raises:
        ConfigRefused: names each setting and the rule it broke. A value may be a secret, so none
            is repeated.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [f"`{'.'.join(map(str, p['loc'])) or '(all)'}`: {p['msg'].lower()}" for p in problems]
    raise ConfigRefused("; ".join(lines))
