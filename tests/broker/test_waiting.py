"""Rule 10: a delivery whose gate is closed waits, is alarmed, and is decided afresh."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.entries import Kind
from broker.pending import GIVE_UP, LOOK_AGAIN, Waiting, releases_less
from redaction.decision import Gate
from schemas.codec import Event
from schemas.errors import Code
from schemas.hop import Step
from tests.broker.node_fixture import House, fresh, house, incidents, opened

UNCHECKED = "NM-2026-90001"  # a case for which nobody recorded a check for conflicts
UNIT = "northmoor-police-protection"  # to be told within 24 hours
SERVICE = "northmoor-victim-service"


class Clock:
    """The decision time, moved by hand; it starts now, so that signatures are fresh."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


def referral(found: House, case: str = UNCHECKED) -> Event:
    (event,) = incidents(found, 1, case)
    return event


async def check(
    found: House, case: str = UNCHECKED, *conflicts: dict[str, Any], by_hand: bool = False
) -> None:
    """Record that a case was checked for conflicts of interest, and let it have its effect."""
    await found.officer().put(Kind.CONFLICT_CHECK, case, {"conflicts": list(conflicts)})
    await (drain(found) if by_hand else found.node.idle())


async def sealed(found: House, event: Event) -> Counter[str]:
    """How often each recipient was delivered to."""
    return Counter(
        hop["recipient"] for hop in await found.steps(event) if hop["step"] == Step.SEALED
    )


async def codes(found: House, event: Event, recipient: str = UNIT) -> list[str | None]:
    """The codes of every hop that says something was withheld from a recipient, in order."""
    return [
        hop["code"]
        for hop in await found.steps(event)
        if hop["step"] == Step.WITHHELD and hop["recipient"] == recipient
    ]


async def look_again(found: House, clock: Clock, by: timedelta = LOOK_AGAIN) -> None:
    """Let time pass and the worker look at what waits."""
    clock.forward(by)
    assert await found.node.worker.step()
    await found.node.idle()


async def test_what_waited_goes_out_once_when_the_gate_opens(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        await found.publish(event)
        assert await sealed(found, event) == {}
        gates = {hop["gate"] for hop in await found.steps(event) if hop["step"] == Step.WITHHELD}
        assert gates == {Gate.CONFLICT_UNKNOWN}
        await check(found)
        delivered = await sealed(found, event)
        assert UNIT in delivered
        await check(found)  # a second register change wakes nothing that is gone
        assert await sealed(found, event) == delivered
        assert set(delivered.values()) == {1}
        assert len(await found.received(UNIT)) == 1


async def test_what_waits_is_shown_as_waiting_until_it_has_gone_out(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        await found.publish(event)
        asked = {"agency": UNIT, "state": "waiting"}
        police, unit = found.client(event.source), found.client(UNIT)
        (row,) = (await police.get("/v1/deliveries", **asked))["deliveries"]
        assert row["gate"] == Gate.CONFLICT_UNKNOWN
        assert (await unit.get("/v1/deliveries", **asked))["deliveries"] == []
        said = await found.client("operator").get("/v1/status")
        assert said["held_back"] > 0
        assert said["overdue"] == 0 or event.time < datetime.now(UTC) - timedelta(hours=24)
        await check(found)
        assert (await police.get("/v1/deliveries", **asked))["deliveries"] == []
        assert (await found.client("operator").get("/v1/status"))["held_back"] == 0


async def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        event = referral(found)
        await found.publish(event)
    async with opened(stage, secret) as found:
        await check(found)
        for _ in range(3):  # the first step after a restart reads what waits
            await found.node.idle()
        assert set((await sealed(found, event)).values()) == {1}


async def test_a_conflict_that_is_found_ends_the_waiting(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        await found.publish(event)
        await check(found, UNCHECKED, {"agency": "northmoor-police", "instead": None})
        assert UNIT not in await sealed(found, event)
        await check(found)  # corrected later: a delivery then needs somebody to ask for it
        assert UNIT not in await sealed(found, event)
        last = (await found.steps(event))[-1]
        assert last["code"] not in (Code.GAVE_UP, Code.INTERNAL)


async def test_a_delivery_that_waits_is_alarmed_before_and_after_its_deadline_once(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with house(tmp_path, running=False, clock=clock) as found:
        event = referral(found)
        clock.now = event.time + timedelta(hours=1)  # the unit must be told 23 hours later
        await publish(found, event)
        assert await codes(found, event) == [None]
        await look_again(found, clock, timedelta(hours=18))
        assert await codes(found, event) == [None]
        await look_again(found, clock, timedelta(hours=2))
        assert await codes(found, event) == [None, Code.DEADLINE_NEAR]
        await look_again(found, clock)
        assert await codes(found, event) == [None, Code.DEADLINE_NEAR]
        await look_again(found, clock, timedelta(hours=4))
        await look_again(found, clock)
        alarms = [None, Code.DEADLINE_NEAR, Code.DEADLINE_MISSED]
        assert await codes(found, event) == alarms
        # a missed deadline alone never withholds
        await check(found, by_hand=True)
        assert (await sealed(found, event))[UNIT] == 1


async def test_what_waits_too_long_is_given_up_and_says_so(tmp_path: Path) -> None:
    clock = Clock()
    async with house(tmp_path, running=False, clock=clock) as found:
        event = referral(found)
        await publish(found, event)
        await look_again(found, clock, GIVE_UP + LOOK_AGAIN)
        assert (await codes(found, event))[-1] == Code.GAVE_UP
        await check(found, by_hand=True)
        assert await sealed(found, event) == {}


async def test_the_publisher_is_told_when_less_goes_out_than_would_have(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        key = f"{UNCHECKED}/victim/marac-conference/*"
        said = {"case": UNCHECKED, "person": "victim", "purpose": "marac-conference"}
        await found.officer().put(Kind.CONSENT, key, {**said, "audience": None, "state": "given"})
        event.value["consent_of_victim"] = "given"
        _without(event.value, "sharing_reason")
        await found.publish(event)
        withdrawn = {**said, "audience": None, "state": "withdrawn"}
        await found.officer().put(Kind.CONSENT, key, withdrawn)
        await check(found)
        assert (await sealed(found, event))[SERVICE] == 1
        assert (await codes(found, event, SERVICE))[-1] == Code.RELEASES_LESS


async def test_nothing_of_an_erased_case_goes_out_that_waited(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        await found.publish(event)
        await found.node.erase(UNCHECKED)
        await check(found)
        assert await sealed(found, event) == {}
        for recipient in (UNIT, SERVICE):
            assert await found.received(recipient) == []


async def test_what_is_kept_of_a_waiting_delivery_is_sealed(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        event = referral(found)
        await found.publish(event)
        records = await found.topic(f"pending.{event.source}")
        assert records
        for record in records:
            assert UNIT.encode() not in (record.value or b"") + (record.key or b"")
            assert event.id.encode() not in (record.value or b"") + (record.key or b"")


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [
        ((("a", "clear", 1),), (("a", "clear", 1),), False),
        ((("a", "clear", 1),), (), True),
        ((("a", "clear", 1),), (("a", "year", 1),), True),
        ((("a", "year", 1),), (("a", "clear", 1),), False),
        ((("a", "year", 2),), (("a", "clear", 1),), True),
        ((), (("a", "clear", 1),), False),
    ],
)
def test_less_is_fewer_fields_as_clear(before: Any, after: Any, less: bool) -> None:
    assert releases_less(before, after) is less


def waits(deadline: datetime | None) -> Waiting:
    return Waiting(
        delivery_id=b"1",
        offset=0,
        recipient="a",
        purpose="p",
        gate=Gate.TRAINING,
        since_ms=0,
        deadline_ms=None if deadline is None else int(deadline.timestamp() * 1000),
        told="",
        shown=(),
    )


def test_without_a_deadline_nothing_is_alarmed() -> None:
    assert waits(None).due(datetime(2999, 1, 1, tzinfo=UTC)) == ""


async def publish(found: House, event: Event) -> None:
    """Publish where no worker runs by itself, and let it work until nothing is left."""
    agency = found.agency(event.source)
    await agency.publish([event])
    agency.close()
    await drain(found)


async def drain(found: House) -> None:
    """Let the worker work until nothing is left, where none runs by itself."""
    while await found.node.worker.step():
        pass
    await found.node.idle()


def _without(value: Any, name: str) -> None:
    """Take a field's value out wherever it stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == name:
                value[key] = None
            else:
                _without(one, name)
