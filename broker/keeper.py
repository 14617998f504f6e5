"""The register on the log: read to its end, changed under one lock, private entries sealed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import cbor2

from broker.consent_changes import CaseConsents, ConsentChange, decode_change, encode_change
from broker.entries import PRIVATE, Entry, Kind, RegisterRefused, decode_entry
from broker.log import Append, Log, Record, Topic
from broker.override_record import read_override
from broker.register import Snapshot, State
from broker.reviews import TOPIC as REVIEWS
from broker.reviews import Reviews, due_of
from broker.topics import OPENINGS, RECALLS
from redaction.agreement import Agreement
from redaction.facts import Review
from schemas.errors import EnvelopeRefused
from schemas.sealing import SealingPrivateKey, SealingPublicKey

TOPIC = Topic(name="register", partitions=1, compacted=True)
_BESIDE = (Topic(name=RECALLS, compacted=True), Topic(name=OPENINGS, compacted=True), REVIEWS)
_INFO = b"caseward/1 register entry"
_RECALL_INFO = b"caseward/1 consent change"
_REVIEW_INFO = b"caseward/1 review due"


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
        self._consents = CaseConsents()
        self.state = State(officers, enactable)
        self.reviews = Reviews(log, seal=self._seal_review, unseal=self._unseal_review)
        self.lock = asyncio.Lock()

    def snapshot(self) -> Snapshot:
        """The register as last read."""
        return self.state.snapshot()

    async def catch_up(self) -> None:
        """Read the topic to its end and take every entry over that we vouched for.

        Raises:
            RegisterRefused: an entry in the topic is not allowed: the log was tampered with.
        """
        for topic in (TOPIC, *_BESIDE):
            await self._log.create(topic)
        while self._next < await self._log.end(TOPIC.name, 0):
            records = await self._log.read(TOPIC.name, 0, self._next)
            if not records:
                return
            for record in records:
                self._next = record.offset + 1
                if record.value is not None:
                    self._take(self._decode(record.key or b"", record.value))
        await self.reviews.catch_up()
        facts = self.snapshot().facts
        for one in facts.granted:  # from before reviews were remembered
            if one.review is Review.OPEN:
                due = due_of(one, facts.agreements)
                self.reviews.assume(self.name_of(Kind.OVERRIDE, one.id), due)

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
                key=self.name_of(entry.kind, entry.key),
                value=self._encode(entry, statements),
            )
            # INVARIANT: a consent that narrows and its recall are in the log together, or neither;
            # so are an override and when its review is due, and a review and the end of that
            beside = (*await self._recall(entry), *self._review(entry))
            offset, *_ = await self._log.append((append, *beside))
            self._next = offset + 1
            self._take(entry)
            await self.reviews.catch_up()
            return entry

    def consent_change(self, record: Record) -> ConsentChange:
        """The withdrawal that a record of the recalls' topic holds.

        Raises:
            RegisterRefused: we did not write it: the log was tampered with.
        """
        try:
            stored = cbor2.loads(record.value or b"")
            data = self._unseal(stored["sealed"], _RECALL_INFO)
            mac = self._mac(b"recall " + (record.key or b""), data)
            if not hmac.compare_digest(mac, stored["mac"]):
                raise RegisterRefused("a withdrawal in the log was not written by us")
            return decode_change(data)
        except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError):
            raise RegisterRefused("a record in the recalls' topic is no withdrawal") from None

    async def _recall(self, entry: Entry) -> tuple[Append, ...]:
        """The record by which past deliveries are looked at, if the entry narrows a consent."""
        change = self._consents.change(entry, await self._log.end(OPENINGS, 0))
        if change is None:
            return ()
        data = encode_change(change)
        sealed = self._sealing.seal(data, info=_RECALL_INFO)
        said = f"recall {entry.kind}/{entry.key}/{entry.revision}"
        name = hmac.digest(self._secret, said.encode(), "sha256").hex().encode()
        value = {"sealed": sealed, "mac": self._mac(b"recall " + name, data)}
        data = cbor2.dumps(value, canonical=True)
        return (Append(topic=RECALLS, partition=0, key=name, value=data),)

    def _review(self, entry: Entry) -> tuple[Append, ...]:
        """The record of when an override's review is due, or that it is due no more."""
        if entry.kind is not Kind.OVERRIDE:
            return ()
        granted = None if entry.value is None else read_override(entry).granted
        name, agreements = self.name_of(entry.kind, entry.key), self.snapshot().facts.agreements
        return (self.reviews.entered(name, granted, agreements),)

    def _take(self, entry: Entry) -> None:
        self.state.apply(entry)
        self._consents.apply(entry)

    def name_of(self, kind: Kind, key: str) -> bytes:
        """The name of an entry in the log: keyed, where the entry's own key tells of a person."""
        if kind not in PRIVATE:
            return f"{kind}/{key}".encode()
        token = hmac.digest(self._secret, f"name {kind}/{key}".encode(), "sha256")
        return f"{kind}/{token.hex()}".encode()

    def _seal_review(self, name: bytes, data: bytes) -> bytes:
        sealed = self._sealing.seal(data, info=_REVIEW_INFO)
        mac = self._mac(b"review " + name, data)
        return cbor2.dumps({"sealed": sealed, "mac": mac}, canonical=True)

    def _unseal_review(self, name: bytes, value: bytes) -> bytes:
        try:
            stored = cbor2.loads(value)
            data = self._unseal(stored["sealed"], _REVIEW_INFO)
            if hmac.compare_digest(self._mac(b"review " + name, data), stored["mac"]):
                return data
        except (cbor2.CBORDecodeError, KeyError, TypeError):
            pass
        raise RegisterRefused("a record in the reviews' topic was not written by us")

    def _encode(self, entry: Entry, statements: Sequence[bytes]) -> bytes:
        """What is stored: the entry, who signed it, and our seal of having checked that.

        The rules need the state before the entry, which compaction removes; so the check is done
        once, when the entry comes, and vouched for by a MAC under the gateway's secret.
        """
        data = cbor2.dumps({"entry": entry.encode(), "signed": list(statements)}, canonical=True)
        mac = self._mac(self.name_of(entry.kind, entry.key), data)
        if entry.kind in PRIVATE:
            sealed = self._sealing.seal(data, info=_INFO)
            return cbor2.dumps({"sealed": sealed, "mac": mac}, canonical=True)
        return cbor2.dumps({"clear": data, "mac": mac}, canonical=True)

    def _mac(self, name: bytes, data: bytes) -> bytes:
        return hmac.digest(self._secret, b"checked " + cbor2.dumps([name, data]), "sha256")

    def _decode(self, name: bytes, value: bytes) -> Entry:
        try:
            stored = cbor2.loads(value)
            clear = "clear" in stored
            data = stored["clear"] if clear else self._unseal(stored["sealed"], _INFO)
            mac = self._mac(name, data)
            if not hmac.compare_digest(mac, stored["mac"]):
                raise RegisterRefused("an entry in the register's topic was not checked by us")
            return decode_entry(cbor2.loads(data)["entry"])
        except (cbor2.CBORDecodeError, KeyError, TypeError):
            raise RegisterRefused("a record in the register's topic is no entry") from None

    def _unseal(self, sealed: bytes, info: bytes) -> bytes:
        for key in self._opening:
            try:
                return key.open(sealed, info=info)
            except EnvelopeRefused:
                continue  # sealed to an older key of the gateway
        raise RegisterRefused("an entry is sealed to a key that is not in this store")
