"""Which event ids an input partition has met, so that none is delivered twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from broker.log import Append, Log, read_to_end
from broker.topics import seen_topic


@dataclass(slots=True)
class Seen:
    """What one input partition has met: token of the id to (token of the payload, signed at).

    Tokens are keyed HMACs, so that what outlives an erased event tells nothing of it; the time is
    in Unix seconds.

    `apply` is called with what a batch met only after its transaction has committed. `oldest` is
    a lower bound of the times, so that most batches need not look for expired ids.
    """

    ids: dict[str, tuple[bytes, int]]
    oldest: int = 0

    def expired(self, limit: int) -> tuple[str, ...]:
        """The ids that were signed before `limit` (Unix seconds)."""
        if self.oldest >= limit or not self.ids:
            return ()
        self.oldest = min(signed_at for _, signed_at in self.ids.values())
        return tuple(i for i, (_, signed_at) in self.ids.items() if signed_at < limit)

    def apply(self, met: Mapping[str, tuple[bytes, int]], expired: tuple[str, ...]) -> None:
        """Take over what a committed batch met and let go of what it expired."""
        self.ids.update(met)
        self.oldest = min([self.oldest, *(signed_at for _, signed_at in met.values())])
        for event_id in expired:
            self.ids.pop(event_id, None)


def remember(
    topic: str, partition: int, met: Mapping[str, tuple[bytes, int]], expired: tuple[str, ...]
) -> Iterator[Append]:
    """The records by which the log remembers what a batch met, and forgets what it expired."""
    for event_id, (digest, signed_at) in met.items():
        value = digest + signed_at.to_bytes(8, "big")
        yield Append(topic=topic, partition=partition, key=event_id.encode(), value=value)
    for event_id in expired:
        yield Append(topic=topic, partition=partition, key=event_id.encode(), value=None)


async def read_seen(log: Log, agency: str, partition: int) -> Seen:
    """What the log remembers of one input partition of an agency."""
    ids: dict[str, tuple[bytes, int]] = {}
    async for record in read_to_end(log, seen_topic(agency), partition):
        event_id = (record.key or b"").decode()
        if record.value is None:
            ids.pop(event_id, None)
        else:
            ids[event_id] = (record.value[:32], int.from_bytes(record.value[32:], "big"))
    return Seen(ids)
