"""Deliveries that wait: what is kept of them, sealed, and when they are looked at again.

A waiting delivery is a reference to its source, not a copy of anything in it. It is decided anew,
under the agreement and register of then, when the register changes and when its time has come
(rule 10 of the agreement language).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import cbor2

from broker.log import Append, Log, read_to_end
from broker.topics import pending_topic
from redaction.agreement import Form
from redaction.decision import FieldDecision, Gate
from redaction.transforms import at_most
from schemas.errors import EnvelopeRefused
from schemas.sealing import SealingPrivateKey, SealingPublicKey

# Gates that time, a signature or a register entry can open. A conflict that was found, and an
# error, are for people to look at: `redeliver` asks again.
WAITS = frozenset(
    {
        Gate.TWO_AGREEMENTS,
        Gate.UNSIGNED,
        Gate.OPINION,
        Gate.SUSPENDED,
        Gate.KEY_EXPIRED,
        Gate.NOT_ACCEDED,
        Gate.CONFLICT_UNKNOWN,
        Gate.TRAINING,
    }
)
GIVE_UP = timedelta(
    days=30
)  # as long as event ids are remembered; older news goes out by redeliver
LOOK_AGAIN = timedelta(minutes=15)  # how often time alone may open a gate
ALARM_BEFORE = timedelta(hours=4)  # so that somebody at work can still act
_INFO = b"caseward/1 waiting delivery"

Shown = tuple[tuple[str, str, int], ...]  # tag, form, in how many fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One delivery that waits, by its delivery id (bytes).

    `offset` is its event's in the input partition. `shown` is what would have been released had
    only the gate been open. `told` is the last alarm that was raised: empty, `near` or `missed`.
    Times are Unix milliseconds.
    """

    delivery_id: bytes
    offset: int
    recipient: str
    purpose: str
    gate: Gate
    since_ms: int
    deadline_ms: int | None
    told: str
    shown: Shown

    def due(self, now: datetime) -> str:
        """The alarm that is due by now: `near`, `missed`, or nothing."""
        if self.deadline_ms is None:
            return ""
        left_ms = self.deadline_ms - now.timestamp() * 1000
        if left_ms < 0:
            return "missed"
        return "near" if left_ms <= ALARM_BEFORE.total_seconds() * 1000 else ""

    def gives_up(self, now: datetime) -> bool:
        """Whether it has waited for as long as anything may."""
        return now.timestamp() * 1000 - self.since_ms > GIVE_UP.total_seconds() * 1000


Changes = Mapping[bytes, Waiting | None]  # delivery id → what waits now, None where nothing does


class Pending:
    """What waits of one input partition. `apply` is called after a transaction has committed."""

    def __init__(self, waiting: dict[bytes, Waiting]) -> None:
        self._waiting = waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def by_offset(self) -> Iterator[tuple[int, tuple[Waiting, ...]]]:
        """What waits, together by the event that it waits for, oldest event first."""
        offsets: dict[int, list[Waiting]] = {}
        for one in self._waiting.values():
            offsets.setdefault(one.offset, []).append(one)
        for offset in sorted(offsets):
            yield offset, tuple(offsets[offset])

    def overdue(self) -> int:
        """How many have missed their deadline."""
        return sum(one.told == "missed" for one in self._waiting.values())

    def apply(self, changes: Changes) -> None:
        """Take over what a committed transaction changed."""
        for delivery_id, waiting in changes.items():
            if waiting is None:
                self._waiting.pop(delivery_id, None)
            else:
                self._waiting[delivery_id] = waiting


def shown(fields: Iterable[FieldDecision]) -> Shown:
    """How many fields of each tag are released in which form; no value and no path."""
    counts = Counter((f.tag, str(f.form)) for f in fields if f.form is not None)
    return tuple((tag, form, count) for (tag, form), count in sorted(counts.items()))


def releases_less(before: Shown, after: Shown) -> bool:
    """Whether of some tag fewer fields are released as clearly as they would have been."""

    def as_clear(counts: Shown, tag: str, form: str) -> int:
        return sum(n for t, f, n in counts if t == tag and at_most(Form(form), Form(f)))

    return any(as_clear(after, tag, form) < as_clear(before, tag, form) for tag, form, _ in before)


def record(
    topic: str, partition: int, sealing: SealingPublicKey, changes: Changes
) -> Iterator[Append]:
    """The records by which the log remembers what waits, sealed to the gateway."""
    for delivery_id, waiting in changes.items():
        value = None if waiting is None else sealing.seal(_encode(waiting), info=_INFO)
        yield Append(topic=topic, partition=partition, key=delivery_id.hex().encode(), value=value)


async def read_pending(
    log: Log, agency: str, partition: int, opening: Sequence[SealingPrivateKey]
) -> Pending:
    """What waits of one input partition of an agency, read to the end.

    Raises:
        EnvelopeRefused: a record does not open with any of these keys.
    """
    waiting: dict[bytes, Waiting] = {}
    async for one in read_to_end(log, pending_topic(agency), partition):
        delivery_id = bytes.fromhex((one.key or b"").decode())
        if one.value is None:
            waiting.pop(delivery_id, None)
        else:
            waiting[delivery_id] = _decode(delivery_id, _open(one.value, opening))
    return Pending(waiting)


def _open(sealed: bytes, opening: Sequence[SealingPrivateKey]) -> bytes:
    refused: EnvelopeRefused | None = None
    for key in opening:
        try:
            return key.open(sealed, info=_INFO)
        except EnvelopeRefused as error:
            refused = error  # sealed to an older key of the gateway
    raise refused or ValueError("no key to open with")


def _encode(waiting: Waiting) -> bytes:
    named = [waiting.offset, waiting.recipient, waiting.purpose, str(waiting.gate)]
    times = [waiting.since_ms, waiting.deadline_ms, waiting.told]
    return cbor2.dumps([*named, *times, [list(one) for one in waiting.shown]], canonical=True)


def _decode(delivery_id: bytes, data: bytes) -> Waiting:
    offset, recipient, purpose, gate, since_ms, deadline_ms, told, counts = cbor2.loads(data)
    return Waiting(
        delivery_id=delivery_id,
        offset=offset,
        recipient=recipient,
        purpose=purpose,
        gate=Gate(gate),
        since_ms=since_ms,
        deadline_ms=deadline_ms,
        told=told,
        shown=tuple((tag, form, count) for tag, form, count in counts),
    )
