"""Deliveries that wait, decided anew: what is kept when a gate closes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from broker.delivering import Deliverer, Job
from broker.log import Append
from broker.pending import WAITS, Waiting, releases_less, shown
from broker.recording import Recorder, ms, part
from redaction.deadlines import deadline
from redaction.decide import Addressed, foresee
from redaction.decision import Decision
from redaction.directory import Directory
from schemas.errors import Code
from schemas.hop import Step
from schemas.registry import Vocabulary

_ALARMS = {"near": Code.DEADLINE_NEAR, "missed": Code.DEADLINE_MISSED}


def waiting(job: Job, decision: Decision, delivery_id: bytes, vocabulary: Vocabulary) -> Waiting:
    """What is kept of a delivery whose gate closed, if it is one of `WAITS`."""
    foreseen = foresee(
        job.event,
        job.snapshot.facts,
        vocabulary,
        recipient=decision.recipient,
        purpose=decision.purpose,
        at=job.now,
    )
    due = None
    if decision.agreement is not None and decision.audience is not None:
        agreement = Directory(job.snapshot.facts).agreement(decision.agreement)
        due = deadline(agreement, decision.audience, job.snapshot.facts, event_time=job.event.time)
    return Waiting(
        delivery_id=delivery_id,
        offset=job.source.record.offset,
        recipient=decision.recipient,
        purpose=decision.purpose,
        gate=decision.gate,
        since_ms=ms(job.now),
        deadline_ms=None if due is None else ms(due),
        told="",
        shown=shown(foreseen),
    )


class Waker:
    """Looks at deliveries that wait and says what becomes of each.

    Args:
        decide: the decision for one recipient and purpose of a job.
        deliverer: makes the delivery once the gate is open.
        recorder: makes the records of hops.
        vocabulary: what events are decided on.
    """

    def __init__(
        self,
        decide: Callable[[Job, Addressed], Decision],
        deliverer: Deliverer,
        recorder: Recorder,
        vocabulary: Vocabulary,
    ) -> None:
        self._decide = decide
        self._deliverer = deliverer
        self._recorder = recorder
        self._vocabulary = vocabulary

    def wake(
        self, job: Job, waits: tuple[Waiting, ...], changes: dict[bytes, Waiting | None]
    ) -> Iterator[Append]:
        """Decide afresh what waits for one event; what changes is put into `changes`."""
        outgoing = self._deliverer.outgoing(job, self._vocabulary)
        for one in waits:
            decision = self._decide(job, Addressed(one.recipient, one.purpose))
            if decision.delivered:
                changes[one.delivery_id] = None
                yield from self._deliverer.seal(job, decision, outgoing)
                if releases_less(one.shown, shown(decision.fields)):
                    yield from self._withheld(job, decision, Code.RELEASES_LESS)
            elif decision.gate not in WAITS:
                changes[one.delivery_id] = None
                yield from self._withheld(job, decision, None)
            elif one.gives_up(job.now):
                changes[one.delivery_id] = None
                yield from self._withheld(job, decision, Code.GAVE_UP)
            else:
                yield from self._still(job, one, decision, changes)

    def _still(
        self,
        job: Job,
        one: Waiting,
        decision: Decision,
        changes: dict[bytes, Waiting | None],
    ) -> Iterator[Append]:
        """It waits on: an alarm that is due is raised once, another gate is said."""
        due = one.due(job.now)
        if due not in ("", one.told):
            changes[one.delivery_id] = replace(one, gate=decision.gate, told=due)
            yield from self._withheld(job, decision, _ALARMS[due])
        elif decision.gate is not one.gate:
            changes[one.delivery_id] = replace(one, gate=decision.gate)
            yield from self._withheld(job, decision, None)

    def _withheld(self, job: Job, decision: Decision, code: Code | None) -> tuple[Append, ...]:
        return self._recorder.hop(
            part(Step.WITHHELD, job.source, job.now, job.event, decision, code=code)
        )
