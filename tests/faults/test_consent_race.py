"""Consents given and withdrawn at random moments while events that need one come in.

A change to the register is logged, then effective. The log's clock counts here, a number for each
commit, so it tells for every pair of records of whatever topics which was committed first: each
delivery, and each refusal to deliver, must stand after the consent, or its withdrawal, that it was
decided by, and before the next change.
"""

from __future__ import annotations

import asyncio
import bisect
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from broker.entries import Kind
from broker.keeper import TOPIC
from broker.log import read_to_end
from broker.log_embedded import EmbeddedLog
from broker.topics import OPENINGS
from redaction.facts import ConsentState
from schemas.codec import Event
from schemas.errors import Code
from schemas.hop import AuditorPart, Step
from tests.broker.node_fixture import CASES, POLICE, REFUGE, House, house

PURPOSE = "victim-support"  # the refuge gets an incident only with the victim's consent
ROUNDS, EVENTS, CHANGES = 8, 12, 8
STATES = (ConsentState.GIVEN, ConsentState.WITHDRAWN)


def incidents(found: House, count: int, case: str) -> Iterator[Event]:
    """Incidents that the police report for the victim's support."""
    some = (e for _ in itertools.count() for e in found.stage.events(1, [case]))
    wanted = (e for e in some if (e.source, e.type) == (POLICE, "police.domestic-incident"))
    return itertools.islice(wanted, count)


async def decide(found: House, case: str, state: ConsentState) -> int:
    """An officer enters what the victim says now; give the change's place among all commits."""
    value = {"case": case, "person": "victim", "purpose": PURPOSE, "audience": None}
    key = f"{case}/victim/{PURPOSE}/*"
    await found.officer().put(Kind.CONSENT, key, {**value, "state": str(state)})
    last = [record async for record in read_to_end(found.node.log, TOPIC.name, 0)][-1]
    return last.append_time_ms


async def recalls(found: House) -> Counter[str | None]:
    """How often each event was recalled from the refuge."""
    return Counter(
        part.event_id
        for part in [(await found.node.opening(r)).auditor for r in await found.topic(OPENINGS)]
        if (part.recipient, part.code) == (REFUGE, Code.RECALLED)
    )


async def outcomes(found: House) -> list[tuple[int, AuditorPart]]:
    """What became of each event for the refuge, with its place among all commits."""
    parts = [
        (r.append_time_ms, (await found.node.opening(r)).auditor)
        for r in await found.topic(OPENINGS)
    ]
    return [
        (at, part)
        for at, part in parts
        if (part.recipient, part.purpose) == (REFUGE, PURPOSE)
        and part.step in (Step.SEALED, Step.WITHHELD)
        and part.code != Code.RECALLED
    ]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log's clock: now, and one more for each commit."""
    clock = partial(next, itertools.count(time.time_ns() // 1_000_000))
    monkeypatch.setattr(EmbeddedLog, "open", partial(EmbeddedLog.open, clock=clock))


@pytest.mark.usefixtures("counted")
async def test_every_delivery_stands_on_the_right_side_of_every_change_of_a_consent(
    tmp_path: Path,
) -> None:
    chance = Random(8)
    said_no: dict[str, list[int]] = defaultdict(list)  # the places at which a given was withdrawn
    async with house(tmp_path) as found:
        for turn in range(ROUNDS):
            case = CASES[turn % len(CASES)]
            begun = await decide(found, case, ConsentState.WITHDRAWN)
            changes = [(begun, ConsentState.WITHDRAWN)]
            events = list(incidents(found, EVENTS, case))

            async def come(events: list[Event] = events) -> None:
                agency = found.agency(POLICE)
                for event in events:
                    await agency.publish([event])
                    await asyncio.sleep(chance.random() * 0.01)
                agency.close()

            async def change(
                case: str = case, changes: list[tuple[int, ConsentState]] = changes
            ) -> None:
                for number in range(CHANGES):
                    await asyncio.sleep(chance.random() * 0.02)
                    state = STATES[number % 2]
                    changes.append((await decide(found, case, state), state))

            await asyncio.gather(come(), change())
            await found.node.idle()
            steps = itertools.pairwise(changes)
            said_no[case] += [at for (_, was), (at, now) in steps if (was, now) == STATES]
            ids = {event.id for event in events}
            settled = [(at, part) for at, part in await outcomes(found) if part.event_id in ids]
            assert len(settled) == EVENTS
            leaked, kept = 0, 0
            for at, part in settled:
                _, said = changes[bisect.bisect(changes, at, key=lambda change: change[0]) - 1]
                leaked += part.step is Step.SEALED and said is ConsentState.WITHDRAWN
                kept += part.step is Step.WITHHELD and said is ConsentState.GIVEN
            assert (leaked, kept) == (0, 0), "decided by a consent that held no more, or not yet"
        counts = Counter((part.step, part.gate) for _, part in await outcomes(found))
        assert min(counts.values()) >= ROUNDS * EVENTS // 10
        # Rule 12: each delivery that rested on the consent is recalled by the first withdrawal
        # after it, and not by the next ones: they leave what was left before
        due = {
            part.event_id: int(any(no > at for no in said_no[part.case or ""]))
            for at, part in await outcomes(found)
            if part.step is Step.SEALED
        }
        assert await recalls(found) == due
