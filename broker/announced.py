"""The epoch keys that publishers announced to the gateway, read from their topic."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from broker.keeper import Keeper
from broker.log import Log, Record, read_to_end
from broker.sealer import EventKeys
from broker.topics import EPOCH_KEYS
from schemas.epoch import OpeningKey, accept, unverified_key_id
from schemas.errors import CasewardError, Code, EventRefused
from schemas.sealing import SealingPrivateKey
from schemas.signed import unverified_issuer

_log = structlog.get_logger("announced")


class Announced:
    """The keys announced so far; `catch_up` before events are opened with them.

    Args:
        log: where the announcements are.
        keeper: the register, which says who may announce.
        recipient: the gateway's name.
        opening: the gateway's private keys, all generations.
    """

    def __init__(
        self, log: Log, keeper: Keeper, *, recipient: str, opening: Sequence[SealingPrivateKey]
    ) -> None:
        self.keys = EventKeys()
        self._log = log
        self._keeper = keeper
        self._recipient = recipient
        self._opening = tuple(opening)
        self._next = 0

    async def catch_up(self) -> None:
        """Take every announcement that is committed by now."""
        async for record in read_to_end(self._log, EPOCH_KEYS, 0, offset=self._next):
            self._next = record.offset + 1
            self._accept(record)

    def _accept(self, record: Record) -> None:
        """Take an announcement made to us; one that does not hold is as good as none."""
        recipient, _, _ = (record.key or b"").decode().rpartition("/")
        if recipient != self._recipient or record.value is None:
            return
        try:
            issuer = unverified_issuer(record.value)
            if issuer not in self._keeper.snapshot().agencies:
                return  # our own announcements to ourselves, for openings and dead letters
            self.keys.add(issuer, unverified_key_id(record.value), self._open(record, issuer))
        except CasewardError as refused:
            _log.warning("announcement-refused", offset=record.offset, code=refused.code)
        except Exception:  # noqa: BLE001 - bytes from outside: no announcement may stop the node
            _log.warning("announcement-refused", offset=record.offset, code=Code.INTERNAL)

    def _open(self, record: Record, issuer: str) -> OpeningKey:
        verifier = self._keeper.snapshot().agencies[issuer].verifier(record.append_time_ms)
        last: CasewardError | None = None
        for private in self._opening:
            try:
                return accept(
                    record.value or b"",
                    issuer=issuer,
                    issuer_key=verifier,
                    recipient=self._recipient,
                    recipient_key=private,
                )
            except CasewardError as refused:
                last = refused
        raise last or EventRefused(Code.UNKNOWN_KEY, "the gateway has no key to open with")
