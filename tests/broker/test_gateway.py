"""The gateway at work: withdrawals, replays, redeliveries, keys that die, workers in a race."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from broker.log import Fenced
from broker.topics import REDELIVERIES
from schemas.hop import Step
from tests.broker.node_fixture import CASES, HOSPITAL, POLICE, fresh, house, incidents, opened


async def test_replay_protection_survives_a_restart(tmp_path: Path) -> None:
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
    async with opened(stage, secret) as found:
        await found.publish(event)
        steps = [hop["step"] for hop in await found.steps(event)]
        assert (steps.count(Step.ACCEPTED), steps.count(Step.DUPLICATE)) == (1, 1)
        assert len(await found.topic(f"deliveries.{HOSPITAL}")) == 1


async def test_an_aborted_commit_ends_the_keys_and_delivers_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, running=False) as found:
        (event,) = incidents(found, 1)
        agency = found.agency(POLICE)
        await agency.publish([event])
        agency.close()
        worker, lost = found.node.worker, []
        member = await worker.join()

        async def fenced(_batch: object, appends: object) -> None:
            lost.append(appends)
            raise Fenced("another member holds this partition")

        monkeypatch.setattr(member, "commit", fenced)
        while not lost:
            await worker.step()
        monkeypatch.undo()
        found.node.start()
        await found.node.idle()
        old = {a.key for a in lost[0] if a.topic == "epoch-keys"}  # type: ignore[attr-defined]
        new = {record.key for record in await found.topic("epoch-keys")}
        assert old
        assert not old & new
        assert len(await found.topic(f"deliveries.{HOSPITAL}")) == 1


async def test_a_redelivery_is_decided_under_todays_register_with_a_new_id(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1, CASES[0])
        await found.publish(event)
        conflict = {"conflicts": [{"agency": HOSPITAL, "instead": None}]}
        await found.officer().put("conflict-check", CASES[0], conflict)  # type: ignore[arg-type]
        body = {"publisher": POLICE, "event_id": event.id}
        await found.client("officer-1").post("/v1/redeliveries", body)
        await found.node.idle()
        assert await found.topic(REDELIVERIES)
        assert len(await found.topic(f"deliveries.{HOSPITAL}")) == 1  # in conflict since
        sealed = [h for h in await found.steps(event) if h["step"] == Step.SEALED]
        others = [h["delivery_id"] for h in sealed if h["recipient"] != HOSPITAL]
        assert len(others) == len(set(others))
        assert len(others) == 2 * len(
            {h["recipient"] for h in sealed if h["recipient"] != HOSPITAL}
        )


async def test_a_change_that_was_answered_holds_for_every_later_delivery(tmp_path: Path) -> None:
    """Many times: publish all along, enter a conflict, note where the answer came."""
    async with house(tmp_path) as found:
        for turn in range(8):
            case = f"NM-2026-7{turn:04}"
            officer = found.officer()
            await officer.put("conflict-check", case, {"conflicts": []})  # type: ignore[arg-type]
            agency = found.agency(POLICE)
            task = asyncio.create_task(agency.publish(list(incidents(found, 6, case))))
            await asyncio.sleep(turn * 0.004)
            conflict = {"conflicts": [{"agency": HOSPITAL, "instead": None}]}
            await officer.put("conflict-check", case, conflict)  # type: ignore[arg-type]
            answered = len(await found.topic(f"deliveries.{HOSPITAL}"))
            await task
            agency.close()
            await found.publish(*incidents(found, 1, case))
            assert len(await found.topic(f"deliveries.{HOSPITAL}")) == answered
