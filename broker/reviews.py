"""When each override must have been reviewed, and whether a missed review was alarmed (rule 11).

The topic says by which version of the agreement an override was granted, for the register keeps
only what is in force now. It is all that is remembered, so a kill at any point alarms once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import cbor2

from broker.enacting import governing
from broker.log import Append, Log, Topic, read_to_end
from redaction.agreement import Agreement
from redaction.facts import Granted, Review
from schemas.errors import Code
from schemas.hop import AuditorPart, Step

TOPIC = Topic(name="reviews", compacted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Until when an override must be reviewed (Unix ms), and the version that it was granted under.

    `version` 0 stands for one that nobody can name any more. `told`: the alarm was raised.
    """

    due_ms: int
    agreement: str
    version: int
    told: bool = False


class Reviews:
    """The overrides that are not reviewed yet, by the keyed name of each, as the log has them.

    Args:
        log: where they are kept.
        seal: makes the value of a record from its key and what it says.
        unseal: gives what `seal` was given, for its key and value.
    """

    def __init__(
        self,
        log: Log,
        *,
        seal: Callable[[bytes, bytes], bytes],
        unseal: Callable[[bytes, bytes], bytes],
    ) -> None:
        self._log = log
        self._seal = seal
        self._unseal = unseal
        self._next = 0
        self._due: dict[bytes, Due] = {}

    async def catch_up(self) -> None:
        """Take over what the topic has, whoever wrote it.

        Raises:
            RegisterRefused: we did not write it: the log was tampered with.
        """
        async for record in read_to_end(self._log, TOPIC.name, 0, offset=self._next):
            name = record.key or b""
            if record.value is None:
                self._due.pop(name, None)
            else:
                self._due[name] = _decode(self._unseal(name, record.value))
            self._next = record.offset + 1

    def assume(self, name: bytes, due: Due) -> None:
        """Take an override over that the topic does not know: it is from before there was one."""
        self._due.setdefault(name, due)

    def entered(
        self, name: bytes, granted: Granted | None, agreements: Iterable[Agreement]
    ) -> Append:
        """The record that goes into the log with an override's entry; None took it back."""
        if granted is None or granted.review is not Review.OPEN:
            return Append(topic=TOPIC.name, partition=0, key=name, value=None)
        return self._record(name, due_of(granted, agreements))

    def of(self, name: bytes) -> Due | None:
        """When an override's review is due, None if it is not open."""
        return self._due.get(name)

    def overdue(self, now: datetime) -> Mapping[bytes, Due]:
        """The overrides that should have been reviewed by now."""
        return {name: one for name, one in self._due.items() if is_late(one, now)}

    def untold(self, now: datetime) -> Mapping[bytes, Due]:
        """Those of them that no alarm was raised for."""
        return {name: one for name, one in self.overdue(now).items() if not one.told}

    def told(self, name: bytes, due: Due) -> Append:
        """The record that an alarm was raised, to be committed with it."""
        return self._record(name, replace(due, told=True))

    def _record(self, name: bytes, due: Due) -> Append:
        value = self._seal(name, _encode(due))
        return Append(topic=TOPIC.name, partition=0, key=name, value=value)


def due_of(granted: Granted, agreements: Iterable[Agreement]) -> Due:
    """When a new override must be reviewed, by the version that governs as it begins.

    Where that version is gone, nobody can say any more: then it is due when it ends.
    """
    agreement = governing(agreements, granted.agreement, granted.since)
    for one in () if agreement is None else agreement.overrides:
        if agreement is not None and one.id == granted.override:
            due = granted.since + timedelta(hours=one.review_within_hours)
            return Due(due_ms=_ms(due), agreement=agreement.id, version=agreement.version)
    return Due(due_ms=_ms(granted.until), agreement=granted.agreement, version=0)


def is_late(due: Due, now: datetime) -> bool:
    """Whether a review that is due then is overdue now."""
    return due.due_ms < _ms(now)


def alarm(due: Due, gateway: str, now: datetime) -> AuditorPart:
    """The hop of the alarm: which agreement, and nothing of the case or of any person."""
    return AuditorPart(
        step=Step.WITHHELD,
        time_ms=_ms(now),
        source=f"{TOPIC.name}/0",
        publisher=gateway,
        agreement=due.agreement,
        agreement_version=due.version,
        code=Code.REVIEW_OVERDUE,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _encode(due: Due) -> bytes:
    return cbor2.dumps([due.due_ms, due.agreement, due.version, due.told], canonical=True)


def _decode(data: bytes) -> Due:
    due_ms, agreement, version, told = cbor2.loads(data)
    return Due(due_ms=due_ms, agreement=agreement, version=version, told=told)
