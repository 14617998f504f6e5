"""The register on the log: read to its end, changed under one lock, private entries sealed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import cbor2

from broker.entries import PRIVATE, Entry, Kind, RegisterRefused, decode_entry
from broker.log import Append, Log, Topic
from broker.register import Snapshot, State
from redaction.agreement import Agreement
from schemas.errors import EnvelopeRefused
from schemas.sealing import SealingPrivateKey, SealingPublicKey

TOPIC = Topic(name="register", partitions=1, compacted=True)
_INFO = b"caseward/1 register entry"


class Keeper:
    """The one writer of the register topic.

    INVARIANT: whoever decides and commits holds `lock`, and so does whoever changes the register:
    a change that was answered holds for every delivery committed after it.
    """

    def __init__(
        self,
        log: Log,
        *,
        officers: Mapping[str, bytes],
        enactable: Callable[[str, tuple[Agreement, ...]], Sequence[object]],
        opening: Sequence[SealingPrivateKey],
        sealing: SealingPublicKey,
        secret: bytes,
        prepare: Callable[[str], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._prepare = prepare
        self._log = log
        self._opening = tuple(opening)
        self._sealing = sealing
        self._secret = secret
        self._next = 0
        self.state = State(officers, enactable)
        self.lock = asyncio.Lock()

    def snapshot(self) -> Snapshot:
        """The register as last read."""
        return self.state.snapshot()

    async def catch_up(self) -> None:
        """Read the topic to its end and take every entry over that we vouched for.

        Raises:
            RegisterRefused: an entry in the topic is not allowed: the log was tampered with.
        """
        await self._log.create(TOPIC)
        while self._next < await self._log.end(TOPIC.name, 0):
            records = await self._log.read(TOPIC.name, 0, self._next)
            if not records:
                return
            for record in records:
                self._next = record.offset + 1
                if record.value is not None:
                    self.state.apply(self._decode(record.key or b"", record.value))

    async def submit(self, statements: Sequence[bytes]) -> Entry:
        """Check a signed entry, store it and take it over; effective when this returns.

        A cancelled call is carried out to its end: what is stored is what deliveries are decided
        on, whoever still waits for the answer.

        Raises:
            RegisterRefused: it breaks a rule; nothing changed.
        """
        return await asyncio.shield(self._submit(statements))

    async def _submit(self, statements: Sequence[bytes]) -> Entry:
        async with self.lock:
            entry = self.state.check(statements, now_ms=int(self._clock().timestamp() * 1000))
            if entry.kind is Kind.AGENCY:
                await self._prepare(entry.key)  # its topics are there before anybody knows it
            append = Append(
                topic=TOPIC.name,
                partition=0,
                key=self._name(entry),
                value=self._encode(entry, statements),
            )
            (offset,) = await self._log.append((append,))
            self._next = offset + 1
            self.state.apply(entry)
            return entry

    def _name(self, entry: Entry) -> bytes:
        if entry.kind not in PRIVATE:
            return f"{entry.kind}/{entry.key}".encode()
        token = hmac.digest(self._secret, f"name {entry.kind}/{entry.key}".encode(), "sha256")
        return f"{entry.kind}/{token.hex()}".encode()

    def _encode(self, entry: Entry, statements: Sequence[bytes]) -> bytes:
        """What is stored: the entry, who signed it, and our seal of having checked that.

        The rules need the state before the entry, which compaction removes; so the check is done
        once, when the entry comes, and vouched for by a MAC under the gateway's secret.
        """
        data = cbor2.dumps({"entry": entry.encode(), "signed": list(statements)}, canonical=True)
        mac = self._mac(self._name(entry), data)
        if entry.kind in PRIVATE:
            sealed = self._sealing.seal(data, info=_INFO)
            return cbor2.dumps({"sealed": sealed, "mac": mac}, canonical=True)
        return cbor2.dumps({"clear": data, "mac": mac}, canonical=True)

    def _mac(self, name: bytes, data: bytes) -> bytes:
        return hmac.digest(self._secret, b"checked " + cbor2.dumps([name, data]), "sha256")

    def _decode(self, name: bytes, value: bytes) -> Entry:
        try:
            stored = cbor2.loads(value)
            data = stored["clear"] if "clear" in stored else self._unseal(stored["sealed"])
            mac = self._mac(name, data)
            if not hmac.compare_digest(mac, stored["mac"]):
                raise RegisterRefused("an entry in the register's topic was not checked by us")
            return decode_entry(cbor2.loads(data)["entry"])
        except (cbor2.CBORDecodeError, KeyError, TypeError):
            raise RegisterRefused("a record in the register's topic is no entry") from None

    def _unseal(self, sealed: bytes) -> bytes:
        for key in self._opening:
            try:
                return key.open(sealed, info=_INFO)
            except EnvelopeRefused:
                continue  # sealed to an older key of the gateway
        raise RegisterRefused("an entry is sealed to a key that is not in this store")
