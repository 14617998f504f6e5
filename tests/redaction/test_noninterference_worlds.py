"""The law of noninterference over random event types, agreements and registers.

`CASEWARD_PAIRS` sets how many pairs are built (400 otherwise), `CASEWARD_SEED` where they begin.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

from redaction import plan
from redaction.checker import check
from redaction.decide import decide
from redaction.decision import Decision, Gate
from redaction.reference.gates import reference_to
from tests.generator import World, draw_worlds, evenly
from tests.redaction.builders import SECRET
from tests.redaction.partners import Asked, ask, outcome, partners
from tests.redaction.test_differential import as_read

PAIRS = int(os.environ.get("CASEWARD_PAIRS", "400"))
SEED = int(os.environ.get("CASEWARD_SEED", "1"))
WORLDS = 4  # of one event type and text
PARTNERS = 8  # of a question that is delivered; of another one


def test_over_random_worlds_a_recipient_cannot_tell_partners_apart() -> None:
    """A quarter of the pairs or more differ in what is hidden, with some shown and some not."""
    seen: Counter[str] = Counter()
    run = pairs(seen, seed=SEED)
    while seen["pairs"] < PAIRS:
        next(run)
    print(dict(seen))
    assert seen["telling"] * 4 >= seen["pairs"]


def pairs(seen: Counter[str], *, seed: int) -> Iterator[None]:
    """Try the pairs of some worlds more at each step, without end.

    Args:
        seen: counts the pairs, and of these the delivered, the differing and the telling ones.
        seed: where the numbers begin.
    """

    def hold(worlds: list[World]) -> None:
        rnd = Random(repr(worlds[0].event.value))
        seen["agreements"] += len(worlds[0].register.agreements)
        for world in worlds:
            if world.broken:
                continue
            seen["worlds"] += 1
            for question in world.questions():
                asked = ask(world, *question)
                if asked.decision.gate is not Gate.NOT_ADDRESSED:
                    number = PARTNERS if asked.decision.delivered else 1
                    for other in partners(rnd, asked, number):
                        compare(asked, other, seen)

    return evenly(hold, lambda draw: draw_worlds(draw, WORLDS), seed=seed)


def compare(asked: Asked, other: World, seen: Counter[str]) -> None:
    one, two = (replace(world, event=as_read(world.event)) for world in (asked.world, other))
    first, second = _decided(asked, one), _decided(asked, two)
    assert outcome(first) == outcome(second) == asked.outcome
    if first.delivered:
        assert _bytes(one, first) == _bytes(two, second)
    differs = asked.world.event.value != other.event.value
    seen["pairs"] += 1
    seen["delivered"] += first.delivered
    seen["differing"] += differs
    withheld = not all(field.released for field in first.fields)
    seen["telling"] += differs and first.delivered and withheld


def _decided(asked: Asked, world: World) -> Decision:
    to = {"recipient": asked.recipient, "purpose": asked.purpose}
    return decide(world.event, world.register, world.vocabulary, **to, at=world.at)


def _bytes(world: World, decision: Decision) -> tuple[str, bytes]:
    event, register, words, at = world.event, world.register, world.vocabulary, world.at
    kind, data = plan.encode(event, register, words, decision, at=at, secret=SECRET)
    (text,) = (a for a in register.agreements if reference_to(a) == decision.agreement)
    today = at.astimezone(ZoneInfo(text.time_zone)).date()
    check(data, kind, event, decision, vocabulary=words, today=today, secret=SECRET)
    return kind.digest, data
