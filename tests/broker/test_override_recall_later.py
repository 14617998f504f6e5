"""Rule 11: what a failed or ended override takes back, whatever has happened in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.entries import Kind
from broker.granting import review
from broker.log import Append, Fenced
from broker.membership import enact, sign_all
from broker.topics import RECALLS, deliveries_topic
from redaction.agreement import Form
from redaction.facts import Review
from redaction.reading import read_agreement
from schemas.codec import Event
from schemas.errors import Code
from tests.broker.node_fixture import HOSPITAL, House, opened
from tests.broker.test_overrides import MARAC, SECTION, THREE, granted, record, scene
from tests.broker.test_recall import CASE, drain, publish, recalled, referral, sealed, taken
from tests.broker.test_waiting import Clock

PHONE = "+44 7700 900123"
ADDRESS = {"override": "9.2", "tags": frozenset({"victim.address"}), "form": Form.PRESENT}


def call(found: House) -> Event:
    """A referral that says how to reach the victim."""
    event = referral(found)
    event.value["victim"]["phone"] = PHONE
    return event


async def checked(found: House) -> None:
    """Say that nobody in the case has a conflict."""
    await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
    await drain(found)


async def end(found: House, how: str, key: str = "override-1") -> None:
    """Let an override's review fail, or take it back."""
    if how == "taken back":
        await found.officer().put(Kind.OVERRIDE, key, None)
    else:
        given = (found.http, found.places, found.secret, key)
        await review(*given, by=THREE, found=Review.FAILED)


def phones(deliveries: Sequence[Any]) -> list[Any]:
    """The phone that each view shows; None for no view, or a view that shows none."""
    views = [one.view or {"victim": {}} for one in deliveries]
    said = [view["victim"].get("phone") for view in views]
    return [None if phone == {"$withheld": True} else phone for phone in said]


ENDS = pytest.mark.parametrize("how", ["failed", "taken back"])


@ENDS
async def test_a_restart_before_anybody_looked_loses_no_recall(how: str, tmp_path: Path) -> None:
    """Rule 11: the review was answered; the recall comes, once, whenever the node runs again."""
    async with scene(tmp_path, running=False) as found:
        await checked(found)
        await granted(found, record(case=CASE))
        event = call(found)
        await publish(found, event)
        await end(found, how)
        stage, secret = found.stage, found.secret
    for _ in range(2):
        async with opened(stage, secret) as found:
            await found.node.idle()
            assert await recalled(found, event) == {HOSPITAL: 1}
    async with opened(stage, secret) as found:
        (was,), (recall,) = await taken(found, HOSPITAL)
        assert (phones([was]), phones([recall])) == ([PHONE], [None])


async def test_a_recall_that_did_not_commit_is_made_again_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 11: the recall and the place reached are one transaction: both, or neither."""
    async with scene(tmp_path, running=False) as found:
        await checked(found)
        await granted(found, record(case=CASE))
        event = call(found)
        await publish(found, event)
        await end(found, "failed")
        worker = found.node.worker
        lost: list[set[str]] = []
        member = await worker.join()

        async def fenced(_batch: object, appends: list[Append]) -> None:
            lost.append({one.topic for one in appends})
            raise Fenced("another member holds this partition")

        monkeypatch.setattr(member, "commit", fenced)
        for _ in range(20):
            if not lost:
                await worker.step()
        monkeypatch.undo()
        assert deliveries_topic(HOSPITAL) in lost[0]
        assert len(await found.topic(deliveries_topic(HOSPITAL))) == 1
        await drain(found)
        assert await recalled(found, event) == {HOSPITAL: 1}


@ENDS
async def test_an_override_that_had_expired_recalls_when_its_review_fails(
    how: str, tmp_path: Path
) -> None:
    """Rule 11: its end alone recalls nothing; that it should never have been does."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await checked(found)
        await granted(found, record(case=CASE))
        clock.forward(timedelta(minutes=1))
        event = call(found)
        await publish(found, event)
        clock.forward(timedelta(hours=73))
        after = call(found)
        await publish(found, after)
        assert (await recalled(found, event), await recalled(found, after)) == ({}, {})
        await end(found, how)
        await drain(found)
        assert await recalled(found, event) == {HOSPITAL: 1}
        assert await recalled(found, after) == {}  # nothing of it rested on the override
        deliveries, recalls = await taken(found, HOSPITAL)
        assert phones(deliveries) == [PHONE, None]
        assert [one.recalls for one in recalls] == [deliveries[0].delivery_id]


@ENDS
async def test_what_another_override_still_releases_is_not_recalled(
    how: str, tmp_path: Path
) -> None:
    """Rule 11: one of two for the same tag falls, and nothing with it; then the other as well."""
    async with scene(tmp_path) as found:
        await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
        await granted(found, record(case=CASE))
        await granted(found, record(case=CASE, id="override-2"))
        event = call(found)
        await found.publish(event)
        await end(found, how)
        await found.node.idle()
        assert await recalled(found, event) == {}
        await end(found, how, "override-2")
        await found.node.idle()
        assert await recalled(found, event) == {HOSPITAL: 1}
        _, recalls = await taken(found, HOSPITAL)
        assert phones(recalls) == [None]


@ENDS
async def test_what_another_override_released_beside_it_remains(how: str, tmp_path: Path) -> None:
    """Rule 11: of two for two tags the one falls, and the recall's view still shows the other."""
    async with scene(tmp_path) as found:
        await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
        await granted(found, record(case=CASE))
        await granted(found, record(case=CASE, id="override-2", **ADDRESS))
        event = call(found)
        await found.publish(event)
        await end(found, how, "override-2")
        await found.node.idle()
        (was,), (recall,) = await taken(found, HOSPITAL)
        assert recall.view is not None
        assert recall.view != was.view
        assert phones([was, recall]) == [PHONE, PHONE]
        await end(found, how)
        await found.node.idle()
        _, (last,) = await taken(found, HOSPITAL)
        assert (last.recalls, phones([last])) == (was.delivery_id, [None])


async def test_both_fail_before_anybody_looked(tmp_path: Path) -> None:
    """Rule 11: neither hides behind the other, and no recall shows what the later one took."""
    async with scene(tmp_path, running=False) as found:
        await checked(found)
        for key in ("override-1", "override-2"):
            await granted(found, record(case=CASE, id=key))
        await granted(found, record(case=CASE, id="override-3", **ADDRESS))
        event = call(found)
        await publish(found, event)
        for key in ("override-3", "override-1", "override-2"):
            await end(found, "failed", key)
        await drain(found)
        (was,), recalls = await taken(found, HOSPITAL)
        assert {one.recalls for one in recalls} == {was.delivery_id}
        assert set(phones(recalls)) == {None}
        assert len(recalls) <= 2


@ENDS
async def test_of_a_case_that_was_erased_nothing_is_recalled(how: str, tmp_path: Path) -> None:
    """Erased between the delivery and the review: no recall, no alarm, and nothing is kept."""
    async with scene(tmp_path) as found:
        await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
        await granted(found, record(case=CASE))
        event = call(found)
        await found.publish(event)
        assert (await sealed(found, event))[HOSPITAL] == 1
        await found.node.erase(CASE)
        await end(found, how)
        await found.node.idle()
        assert found.node.stuck is None
        assert found.node.index.of_case(CASE) == []
        for name in (deliveries_topic(HOSPITAL), RECALLS):
            assert [one for one in await found.topic(name) if one.value is not None] == []


async def test_a_case_erased_before_anybody_looked_is_let_be(tmp_path: Path) -> None:
    """The erasure waits for the recall that was answered for, and takes it along."""
    async with scene(tmp_path) as found:
        await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
        await granted(found, record(case=CASE))
        await found.publish(call(found))
        await end(found, "failed")
        await found.node.erase(CASE)
        assert await taken(found, HOSPITAL) == ([], [])
        assert found.node.index.of_case(CASE) == []


@ENDS
async def test_what_went_out_under_another_agreement_is_let_be(how: str, tmp_path: Path) -> None:
    """Rule 11: an override is one agreement's; a delivery of the same event by another stays."""
    async with scene(tmp_path) as found:
        (marac,) = (e for e in found.stage.examples if e.agreement.id == MARAC)
        text = marac.text.replace(MARAC, "northmoor-support")
        text = text.replace("marac-conference", "victim-support")
        text = text.replace("\nclauses:", f"{SECTION}clauses:")
        agreement = read_agreement(text, origin="test")
        signed = sign_all(found.places, found.secret, agreement)
        await enact(found.officer(), agreement, text, signed)
        await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
        await granted(found, record(case=CASE))
        other = {"agreement": "northmoor-support", "purpose": "victim-support"}
        await granted(found, record(case=CASE, id="override-2", **other))
        event = call(found)
        event.value["header"]["purposes"] = ["marac-conference", "victim-support"]
        await found.publish(event)
        assert (await sealed(found, event))[HOSPITAL] == 2
        await end(found, how)
        await found.node.idle()
        assert await recalled(found, event) == {HOSPITAL: 1}
        deliveries, (recall,) = await taken(found, HOSPITAL)
        (own,) = (one for one in deliveries if one.purpose == "marac-conference")
        assert (recall.recalls, recall.purpose) == (own.delivery_id, own.purpose)
        await end(found, how, "override-2")
        await found.node.idle()
        _, (last,) = await taken(found, HOSPITAL)
        assert last.purpose == "victim-support"
        undecided = [
            one for one in await found.steps(event) if one["code"] == Code.RECALL_UNDECIDED
        ]
        assert undecided == []
