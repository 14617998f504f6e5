"""The node's sides of connectors: the feed that takes a source's events, the outlet for a sink."""

from __future__ import annotations

import base64

from broker.agency import Agency
from broker.receiving import Envelope, Received
from connectors.contract import Accepted, Delivery, Pull, Refused, Reject, Submitted, Taken
from schemas.codec import Event, event_from_json, parse_json
from schemas.errors import CasewardError, Code, EventRefused
from schemas.hop import Step
from schemas.registry import Registry


class AgencyFeed:
    """A source's feed: every record becomes a sealed event or a sealed dead letter.

    Args:
        connector: tells the agency's connectors apart; each has its own cursor.
    """

    def __init__(self, agency: Agency, registry: Registry, *, connector: str) -> None:
        self._agency = agency
        self._registry = registry
        self._connector = connector

    async def cursor(self) -> bytes | None:
        """The cursor of the last pull that was taken, None before the first."""
        said = await self._agency.node.get(f"/v1/cursors/{self._connector}")
        return None if said["value"] is None else base64.b64decode(said["value"])

    async def submit(self, pull: Pull) -> tuple[Submitted, ...]:
        """Take a pull, its records and its cursor in one transaction; see `contract.Feed`."""
        answers: list[Submitted] = []
        events: list[Event] = []
        bad: list[tuple[str, str, bytes]] = []
        for record in pull.records:
            try:
                if record.fault is not None:
                    raise EventRefused(Code.NOT_DECODABLE, record.fault)
                event = event_from_json(parse_json(record.data), self._registry)
                if event.source != self._agency.name:
                    raise EventRefused(
                        Code.HEADER_MISMATCH, "`/header/source` is not the agency that publishes"
                    )
            except CasewardError as error:
                answers.append(Refused(code=error.code, message=str(error)))
                bad.append((error.code, record.origin, record.data))
            else:
                answers.append(Taken(event_id=event.id))
                events.append(event)
        await self._agency.publish(events, bad=bad, cursor=(self._connector, pull.cursor))
        return tuple(answers)


class AgencyOutlet:
    """A sink's outlet: the agency's envelopes, opened one by one and settled with a receipt."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._sealed: list[Envelope] = []
        self._open: Received | None = None

    async def next(self, *, wait_s: float) -> Delivery | None:
        """The next delivery not settled yet, or None after `wait_s` seconds without one.

        Before it asks for more it checks that the ledger holds what came before.
        """
        if not self._sealed:
            await self._agency.check_inclusion()
            self._sealed = await self._agency.fetch(wait_s=wait_s)
        while self._open is None and self._sealed:
            self._open = await self._agency.open(self._sealed[0])
            self._sealed.pop(0)
        return None if self._open is None else self._open.delivery()

    async def settle(self, delivery: Delivery, answer: Accepted | Reject) -> None:
        """Record the outcome durably; the delivery does not come again.

        Raises:
            ValueError: it is not the delivery that was handed out last.
        """
        received = self._open
        if received is None or received.delivery_id.hex() != delivery.delivery_id:
            raise ValueError("deliveries are settled in the order in which they came")
        step = Step.WRITTEN if isinstance(answer, Accepted) else Step.REFUSED
        await self._agency.settle(received, step)
        self._open = None
