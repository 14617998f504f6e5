"""The node's side of connectors, kept in one file each, so that a killed process finds it again."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from connectors.contract import (
    Accepted,
    Delivery,
    Pull,
    Refused,
    Reject,
    Submitted,
    Taken,
    TryLater,
)


def nothing() -> None:
    """No fault."""


class FileFeed:
    """Takes records and cursor with one rename, as the real feed does with one transaction.

    Faults: `before` and `after` run around the rename; what they raise, `submit` raises.
    """

    def __init__(
        self,
        path: Path,
        *,
        before: Callable[[], None] = nothing,
        after: Callable[[], None] = nothing,
    ) -> None:
        self._path, self._before, self._after = path, before, after

    def state(self) -> dict[str, Any]:
        if not self._path.exists():
            return {"cursor": None, "records": []}
        return dict(json.loads(self._path.read_text()))

    @property
    def records(self) -> list[bytes]:
        return [base64.b64decode(data) for data in self.state()["records"]]

    async def cursor(self) -> bytes | None:
        text = self.state()["cursor"]
        return None if text is None else base64.b64decode(text)

    async def submit(self, pull: Pull) -> tuple[Submitted, ...]:
        state = self.state()
        state["records"] += [base64.b64encode(r.data).decode() for r in pull.records]
        state["cursor"] = base64.b64encode(pull.cursor).decode()
        self._before()
        _replace(self._path, state)
        self._after()
        return tuple(
            Refused(code="not-decodable", message=record.fault)
            if record.fault
            else Taken(event_id="e")
            for record in pull.records
        )


class FileOutlet:
    """Hands out deliveries in order; remembers in a file which of them are settled.

    Faults: `before` and `after` run around the writing of that file.
    """

    def __init__(
        self,
        path: Path,
        deliveries: Sequence[Delivery],
        *,
        before: Callable[[], None] = nothing,
        after: Callable[[], None] = nothing,
        when_empty: Callable[[], None] = nothing,
    ) -> None:
        self._path, self._deliveries = path, deliveries
        self._before, self._after, self._when_empty = before, after, when_empty

    @property
    def settled(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    async def next(self, *, wait_s: float) -> Delivery | None:
        settled = self.settled
        for delivery in self._deliveries:
            if delivery.delivery_id not in settled:
                return delivery
        self._when_empty()
        return None

    async def settle(self, delivery: Delivery, answer: Accepted | Reject) -> None:
        self._before()
        said = "accepted" if isinstance(answer, Accepted) else answer.code
        _replace(self._path, self.settled | {delivery.delivery_id: said})
        self._after()


class Failing:
    """Raises `TryLater` the first so many times that it is called."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> None:
        if self.left:
            self.left -= 1
            raise TryLater("the node is away")


def make_delivery(number: int, *, text: str = "Ångström – “quoted”") -> Delivery:
    return Delivery(
        delivery_id=f"{number:064x}",
        event_type="police.domestic-incident",
        agreement="northshire-encompass",
        agreement_version="3",
        purpose="pupil-safeguarding",
        wording="Shared so that the school can support the child.",
        handling={"onward": False, "not_to_reach": ["perpetrator"], "keep_days": 90},
        view={"incident": {"circumstances": text}, "children": [{"name": {"$withheld": True}}]},
    )


def _replace(path: Path, value: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value))
    os.replace(part, path)
