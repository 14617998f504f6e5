"""What waits of the partitions that a worker holds, read once and kept while nobody else wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.log import Batch, Log
from broker.pending import LOOK_AGAIN, Changes, Pending, read_pending
from broker.register import Snapshot
from broker.topics import pending_topic
from schemas.sealing import SealingPrivateKey


@dataclass(slots=True)
class Held:
    """What waits of one partition, and when it was looked at last.

    `end` is the end of its topic that `pending` was read to: while it stays, so does what waits.
    """

    generation: int
    end: int
    pending: Pending
    snapshot: Snapshot | None = None
    next_look: datetime | None = None

    def due(self, snapshot: Snapshot, now: datetime | None = None) -> bool:
        """Whether something waits and the register changed, or by now it is time."""
        late = now is not None and self.next_look is not None and now >= self.next_look
        return len(self.pending) > 0 and (self.snapshot is not snapshot or late)

    def looked_at(self, snapshot: Snapshot, now: datetime, *, due: bool) -> None:
        """Note that it was looked at; a look that was due puts the next one off."""
        self.snapshot = snapshot
        if due or self.next_look is None:
            self.next_look = now + LOOK_AGAIN


class HeldPartitions:
    """The partitions of one worker.

    Args:
        log: where what waits is kept.
        opening: the gateway's private keys, all generations.
    """

    def __init__(self, log: Log, opening: Sequence[SealingPrivateKey]) -> None:
        self._log = log
        self._opening = tuple(opening)
        self._held: dict[tuple[str, int], Held] = {}

    async def of(self, agency: str, here: Batch) -> Held:
        """What waits of a partition that is held now.

        Whenever partitions were spread anew, another worker may have held this one in between:
        then it is read again, unless its topic has not grown.
        """
        place = (here.topic, here.partition)
        held = self._held.get(place)
        if held is None or held.generation != here.generation:
            end = await self._log.end(pending_topic(agency), here.partition)
            if held is None or held.end != end:
                waiting = await read_pending(self._log, agency, here.partition, self._opening)
                held = Held(here.generation, end, waiting)
            held.generation = here.generation
            self._held[place] = held
        return held

    async def apply(self, agency: str, batch: Batch, changes: Changes) -> None:
        """Take over what a committed transaction of a held partition changed."""
        held = self._held.get((batch.topic, batch.partition))
        if held is not None and held.generation == batch.generation and changes:
            held.pending.apply(changes)
            held.end = await self._log.end(pending_topic(agency), batch.partition)

    def due(self, snapshot: Snapshot) -> int:
        """In how many partitions something waits that has not seen this register."""
        return sum(held.due(snapshot) for held in self._held.values())

    def counts(self) -> tuple[int, int]:
        """How many deliveries wait, and how many of them are overdue."""
        pending = [held.pending for held in self._held.values()]
        return sum(map(len, pending)), sum(one.overdue() for one in pending)

    def forget(self) -> None:
        """Read everything again: the last transaction failed, or nobody knows whether it did."""
        self._held.clear()
