"""What the gateway writes beside deliveries: hops with their sealed openings, and dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import cbor2

from broker.log import Append, Record
from broker.sealer import Identity, Sealer
from broker.topics import HOPS, OPENINGS, dead_letters_topic
from redaction.decision import Decision
from schemas.codec import Event
from schemas.errors import Code
from schemas.hop import AuditorPart, Hop, Step, encode_opening, make_hop

DEAD_LETTER_PART_BYTES = 400 * 1024  # pads to 512 KiB, well inside the log's record limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an event stands in the log, and which redelivery of it this is (0: the first)."""

    publisher: str
    record: Record
    redelivery: int = 0
    only_to: str | None = None

    @property
    def place(self) -> str:
        """Topic, partition and offset, as hops name them."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"


class Recorder:
    """Makes the records of hops and dead letters, sealed to the gateway itself."""

    def __init__(
        self, identity: Identity, sealer: Sealer, *, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._identity = identity
        self._sealer = sealer
        self._random = random_bytes

    def hop(self, what: AuditorPart) -> tuple[Append, ...]:
        """A hop without a recipient's part."""
        one, other = self._random(32), self._random(32)
        return self.record(make_hop(what, recipient_key=one, auditor_key=other))

    def record(self, hop: Hop) -> tuple[Append, ...]:
        """A leaf for the tree and its opening, sealed to ourselves, for the index and auditors."""
        sealed = self._seal(encode_opening(hop), stream=OPENINGS, about=hop.leaf_hash)
        return (
            Append(topic=HOPS, partition=0, value=hop.leaf),
            Append(topic=OPENINGS, partition=0, key=hop.leaf_hash, value=sealed),
        )

    def dead_letter(
        self, source: Source, code: Code, now: datetime, event: Event | None = None
    ) -> Iterator[Append]:
        """The record as it came, sealed in parts that fit a record, and the hop.

        The code and the place stay readable; nothing else does.
        """
        topic, data = dead_letters_topic(source.publisher), source.record.value or b""
        size = DEAD_LETTER_PART_BYTES
        parts = [data[start : start + size] for start in range(0, len(data), size)] or [b""]
        letter = self._random(32)
        for number, one in enumerate(parts):
            value = {
                "code": str(code),
                "time_ms": ms(now),
                "source": source.place,
                "part": number,
                "parts": len(parts),
                "sealed": self._seal(one, stream=topic, about=letter),
            }
            yield Append(topic=topic, partition=0, value=cbor2.dumps(value, canonical=True))
        yield from self.hop(part(Step.DEAD_LETTERED, source, now, event, code=code))

    def _seal(self, data: bytes, *, stream: str, about: bytes) -> bytes:
        own = self._sealer.key_for(self._identity.name, self._identity.sealing_public)
        return own.seal(data, stream=stream, delivery_id=about)


def part(
    step: Step,
    source: Source,
    now: datetime,
    event: Event | None = None,
    decision: Decision | None = None,
    **changes: Any,
) -> AuditorPart:
    """What an auditor may read of a step: counts and clauses of the decision, never a value.

    `changes` are fields of `AuditorPart` that the step says otherwise or besides.
    """
    said: dict[str, Any] = {}
    if event is not None:
        said.update(event_id=event.id, event_type=event.type, case=event.subject)
    if decision is not None:
        said.update(recipient=decision.recipient, purpose=decision.purpose, gate=decision.gate)
        said["released"] = sum(1 for field in decision.fields if field.released)
        said["withheld"] = len(decision.fields) - said["released"]
        said["clauses"] = tuple(
            sorted({field.clause for field in decision.fields if field.clause is not None})
        )
        if decision.agreement is not None:
            ref = decision.agreement
            said.update(agreement=ref.id, agreement_version=ref.version, agreement_hash=ref.hash)
    said.update(changes)
    return AuditorPart(
        step=step,
        time_ms=ms(now),
        source=source.place,
        publisher=source.publisher,
        **said,
    )


def ms(moment: datetime) -> int:
    """Unix milliseconds of an aware time."""
    return int(moment.timestamp() * 1000)
