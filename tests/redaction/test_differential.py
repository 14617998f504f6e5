"""The plan and the reference agree on every generated case, or nothing else here can be believed.

`CASEWARD_CASES` sets how many decisions that reach an agreement are compared (20,000 otherwise),
and `CASEWARD_SEED` where the run begins (1 otherwise).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from redaction import checker, plan, reference
from redaction.decide import Deciding, recipients
from redaction.decision import Decision, Gate
from redaction.outgoing import Outgoing
from redaction.reference.gates import reference_to
from schemas.codec import Event, decode_event, decode_view, encode_event
from schemas.registry import Registry
from tests.generator import World, draw_worlds, evenly
from tests.generator.choices import one_of
from tests.redaction.alike import settled
from tests.redaction.builders import SECRET
from tests.redaction.coverage import Decided, Reached

CASES = int(os.environ.get("CASEWARD_CASES", "20000"))
SEED = int(os.environ.get("CASEWARD_SEED", "1"))
PARTS = 4  # for as many processes
WORLDS = (1, 1, 1, 1, 8, 24)  # of one event type and text: what an engine keeps is met again


@pytest.mark.parametrize("part", range(PARTS))
def test_plan_and_reference_agree(part: int) -> None:
    reached = Reached()
    run = decisions(reached, seed=PARTS * SEED + part)
    while reached.decisions < CASES / PARTS:
        next(run)
    print(f"{reached.decisions:,} decisions")


def test_every_construct_was_reached() -> None:
    """As many decisions as it takes, up to those of all parts together; shown as a table."""
    reached = Reached()
    run = decisions(reached, seed=SEED)
    while reached.missing() and reached.decisions < CASES:
        next(run)
    print(reached.table())
    assert not reached.missing()


def decisions(reached: Decided, *, seed: int) -> Iterator[None]:
    """Compare the decisions of some worlds more at each step, without end."""

    def agree(worlds: list[World]) -> None:
        for world in worlds:
            try:
                agree_on(world)
            except Exception as error:
                error.add_note(str(world))
                raise

    def agree_on(world: World) -> None:
        work = Work(world)
        asked = {question: compare(work, *question, reached) for question in world.questions()}
        compare_recipients(work, asked)

    return evenly(agree, lambda draw: draw_worlds(draw, one_of(draw, WORLDS)), seed=seed)


def as_read(event: Event) -> Event:
    """The event as the gateway has it: read from its bytes, sharing no object with this one."""
    return decode_event(encode_event(event), Registry([event.etype]))


class Work:
    """A gateway's work on one event: what it has in common for all questions is worked out once."""

    def __init__(self, world: World) -> None:
        register, vocabulary, at = world.register, world.vocabulary, world.at
        self.world = world
        self.event = as_read(world.event)
        self.deciding = Deciding(self.event, register, vocabulary, at=at)
        self.outgoing = Outgoing(self.event, register, vocabulary, at=at, secret=SECRET)


def compare(work: Work, recipient: str, purpose: str, reached: Decided) -> Gate:
    """Decide on the event as it was read, and by the reference on the event as it was drawn."""
    world = work.world
    register, vocabulary, at = world.register, world.vocabulary, world.at
    expected = reference.decide(
        world.event, register, vocabulary, recipient=recipient, purpose=purpose, at=at
    )
    decision = work.deciding.decide(recipient=recipient, purpose=purpose)
    shown = None
    if Gate.ERROR in (expected.gate, decision.gate):
        # which of the questions before it a fault answers is open; that nothing leaves is not
        assert world.broken
        assert expected.gate is not Gate.ERROR or not decision.delivered
    else:
        assert decision == expected
        shown = compare_views(work, expected, decision) if expected.delivered else None
    reached.add(world, expected, shown)
    return decision.gate


def compare_views(work: Work, decision: Decision, remembered: Decision) -> dict[str, Any]:
    """The views of two equal decisions; what is written for the engine's own may be remembered."""
    world, event = work.world, work.event
    register, vocabulary, at = world.register, world.vocabulary, world.at
    restated = reference.view(world.event, register, vocabulary, decision, at=at, secret=SECRET)
    view_type, data = plan.encode(event, register, vocabulary, decision, at=at, secret=SECRET)
    shown = decode_view(view_type, data)
    expected: dict[str, Any] = settled(restated, shown)
    assert repr(shown) == repr(expected)
    again = plan.encode(event, register, vocabulary, remembered, at=at, secret=SECRET)
    assert again == (view_type, data)
    assert work.outgoing.encoded(remembered) == (view_type, data)
    (text,) = (a for a in register.agreements if reference_to(a) == decision.agreement)
    today = at.astimezone(ZoneInfo(text.time_zone)).date()
    given: dict[str, Any] = {"vocabulary": vocabulary, "today": today, "secret": SECRET}
    checker.check(data, view_type, event, decision, **given)
    return expected


def compare_recipients(work: Work, asked: Mapping[tuple[str, str], Gate]) -> None:
    world = work.world
    expected = {question for question, gate in asked.items() if gate is not Gate.NOT_ADDRESSED}
    found = recipients(work.event, world.register, world.vocabulary, at=world.at)
    assert {(each.recipient, each.purpose) for each in found} == expected
