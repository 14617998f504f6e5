"""An agency as a witness: it asks for the proofs of what it opened, and raises the alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from broker.checkpoint import unverified_checkpoint
from broker.inbox import Inbox
from broker.inclusion import (
    GIVEN_UP_MS,
    Fault,
    Finding,
    Inclusion,
    InclusionRefused,
    Unproved,
    disproved,
    grown,
    judge,
    parse_answer,
    unanswered,
)
from broker.node_client import NodeClient, NodeRefused
from connectors.contract import TryLater

MAX_ASKED = 100  # deliveries in one question: what the API takes
_LEDGER_KEY, _CHECKPOINT = "ledger-key", "checkpoint"
_log = structlog.get_logger("inclusion")


class Witnessing:
    """Checks what the inbox remembers as not proved, against one ledger for ever.

    The ledger's key is taken from the node the first time and never again; so is the tree: what
    is seen later must begin with what was seen before.
    """

    def __init__(
        self, node: NodeClient, *, name: str, inbox: Inbox, clock: Callable[[], int]
    ) -> None:
        self._node = node
        self._name = name
        self._inbox = inbox
        self._clock = clock
        self._told: dict[bytes, Fault] = {}

    async def check(self) -> tuple[Finding, ...]:
        """Check every delivery not proved yet; forget those that now are.

        A node that does not answer proves nothing: its deliveries wait, and then are overdue.

        Raises:
            TryLater: the agency's own disk cannot be written.
        """
        unproved = self._inbox.unproved()
        found: list[Finding] = []
        for start in range(0, len(unproved), MAX_ASKED):
            found += await self._check(unproved[start : start + MAX_ASKED])
        self._alarm(found)
        self._give_up(unproved)
        return tuple(found)

    def take_new_ledger(self) -> None:
        """Forget the ledger's key and tree; the next check takes what the node then shows."""
        self._inbox.forget_places(_LEDGER_KEY, _CHECKPOINT)

    async def _check(self, part: Sequence[Unproved]) -> list[Finding]:
        now_ms = self._clock()
        try:
            return await self._ask(part, now_ms)
        except InclusionRefused as refused:
            return [disproved(one, refused.fault) for one in part]
        except (TryLater, NodeRefused):
            return [unanswered(one, now_ms=now_ms) for one in part]

    async def _ask(self, part: Sequence[Unproved], now_ms: int) -> list[Finding]:
        vkey = await self._vkey()
        seen = self._inbox.place(_CHECKPOINT)
        body = {
            "deliveries": [one.delivery_id.hex() for one in part],
            "seen": 0 if seen is None else unverified_checkpoint(seen).size,
        }
        answer = parse_answer(await self._node.post("/v1/inclusion", body))
        head = grown(answer, vkey=vkey, seen=seen)
        found = [judge(one, answer, head, now_ms=now_ms) for one in part]
        proved = [one.delivery_id for one in found if one.inclusion is Inclusion.PROVED]
        places = {_LEDGER_KEY: vkey.encode(), _CHECKPOINT: answer.checkpoint}
        self._inbox.proved(proved, places=places)
        return found

    async def _vkey(self) -> str:
        known = self._inbox.place(_LEDGER_KEY)
        return (await self._node.gateway()).ledger_vkey if known is None else known.decode()

    def _alarm(self, found: Sequence[Finding]) -> None:
        """Log each delivery's fault once, counted: not which delivery, that is in the inbox."""
        faults = {one.delivery_id: one.fault for one in found if one.fault is not None}
        fresh = Counter(
            fault for delivery, fault in faults.items() if self._told.get(delivery) is not fault
        )
        for fault, count in fresh.items():
            _log.error("inclusion-alarm", agency=self._name, code=str(fault), count=count)
        self._told = faults

    def _give_up(self, unproved: Sequence[Unproved]) -> None:
        oldest_ms = self._clock() - GIVEN_UP_MS
        gone = [one.delivery_id for one in unproved if one.opened_ms < oldest_ms]
        if gone:
            self._inbox.proved(gone, places={})
            _log.error("inclusion-given-up", agency=self._name, count=len(gone))
