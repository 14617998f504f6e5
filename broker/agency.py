"""One agency's client: what it publishes with, what it receives with, what it checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from broker.inbox import Inbox
from broker.inclusion import Finding
from broker.keys import KeyStore
from broker.node_client import NodeClient
from broker.publishing import Publishing
from broker.receiving import Envelope, Received, Receiving, now_ms
from broker.witnessing import Witnessing
from schemas.codec import Event
from schemas.hop import Step


class Agency:
    """An agency's name, its key store and its token, behind one door.

    Args:
        clock: Unix time in milliseconds.
    """

    def __init__(
        self,
        node: NodeClient,
        store: KeyStore,
        *,
        name: str,
        inbox: Inbox,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.node = node
        self.name = name
        self._inbox = inbox
        self._publishing = Publishing(node, store, name=name)
        self._receiving = Receiving(node, store, name=name, inbox=inbox, clock=clock)
        self._witnessing = Witnessing(node, name=name, inbox=inbox, clock=clock)

    async def publish(
        self,
        events: Sequence[Event],
        *,
        bad: Sequence[tuple[str, str, bytes]] = (),
        cursor: tuple[str, bytes] | None = None,
    ) -> tuple[int, ...]:
        """Sign, seal and append; see `Publishing.publish`."""
        return await self._publishing.publish(events, bad=bad, cursor=cursor)

    async def fetch(self, *, wait_s: float = 0.0) -> list[Envelope]:
        """Envelopes past the last settled one; see `Receiving.fetch`."""
        return await self._receiving.fetch(wait_s=wait_s)

    async def open(self, envelope: Envelope) -> Received | None:
        """Open the next envelope; see `Receiving.open`."""
        return await self._receiving.open(envelope)

    async def settle(self, received: Received, step: Step) -> None:
        """Send a signed receipt and move on; see `Receiving.settle`."""
        await self._receiving.settle(received, step)

    async def check_inclusion(self) -> tuple[Finding, ...]:
        """Ask for proofs of what was opened, and check them; see `Witnessing.check`."""
        return await self._witnessing.check()

    def take_new_ledger(self) -> None:
        """Forget the ledger known so far: its keepers said by another way that it was replaced."""
        self._witnessing.take_new_ledger()

    def close(self) -> None:
        """Let go of the inbox file."""
        self._inbox.close()
