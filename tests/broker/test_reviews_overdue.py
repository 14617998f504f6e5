"""Rule 11: a review that is missed alarms, once, and a late review ends the mark."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from broker.cli.overrides import _marked
from broker.entries import Kind, RegisterRefused
from broker.granting import review
from broker.keeper import Keeper
from broker.log import Append, Fenced
from broker.membership import enact, sign_all
from broker.reviews import TOPIC, Due, Reviews, due_of, is_late
from broker.topics import OPENINGS
from broker.worker import Worker
from redaction.facts import Review
from redaction.reading import read_agreement
from schemas.errors import Code
from tests.broker.node_fixture import CASES, HOSPITAL, House, opened
from tests.broker.test_overrides import MARAC, SECTION, THREE, granted, record, scene
from tests.broker.test_waiting import Clock

WITHIN = timedelta(hours=48)  # what the agreement of the scene allows for a review
KEY = "override-1"


async def work(found: House) -> None:
    """Let the worker do what there is, and once more."""
    while await found.node.worker.step():
        pass
    await found.node.worker.step()
    await found.node.idle()


async def alarms(found: House) -> list[dict[str, Any]]:
    """Every alarm of a missed review that the ledger has."""
    await found.node.caught_up()
    asked = {"state": "withheld", "limit": 10_000}
    rows = (await found.client("officer-1").get("/v1/deliveries", **asked))["deliveries"]
    return [row for row in rows if row["code"] == Code.REVIEW_OVERDUE]


async def marks(found: House) -> tuple[int, list[bool]]:
    """What the status counts, and which overrides are marked."""
    status = await found.client("operator").get("/v1/status")
    listed = await found.client("officer-1").get("/v1/overrides")
    return status["reviews_overdue"], [one["review_overdue"] for one in listed["overrides"]]


async def test_a_missed_review_alarms_once_until_it_is_made(tmp_path: Path) -> None:
    """Rule 11: not before its time, once after it, and a late review ends the mark."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        clock.forward(WITHIN - timedelta(minutes=5))
        with capture_logs() as lines:
            await work(found)
            assert (await alarms(found), await marks(found)) == ([], (0, [False]))
            clock.forward(timedelta(minutes=10))
            await work(found)
            await work(found)
            clock.forward(timedelta(days=20))  # long after it ended: what it did is to be judged
            await work(found)
        said = {"event": "review-overdue", "log_level": "error", "code": "review-overdue"}
        assert [one for one in lines if one["event"] == "review-overdue"] == [said | {"count": 1}]
        (alarm,) = await alarms(found)
        assert (alarm["agreement"], alarm["agreement_version"]) == (MARAC, 2)
        assert await marks(found) == (1, [True])
        given = (found.http, found.places, found.secret, KEY)
        await review(*given, by=THREE, found=Review.UPHELD)
        await work(found)
        assert await marks(found) == (0, [False])
        assert await alarms(found) == [alarm]


async def test_the_alarm_names_nobody(tmp_path: Path) -> None:
    """T7: no case, no person, no agency and no override; nor does the log's topic."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        before = await found.topic(TOPIC.name)
        clock.forward(WITHIN + timedelta(minutes=5))
        await work(found)
        last = (await found.topic(OPENINGS))[-1]
        hop = (await found.node.opening(last)).auditor
        assert hop.code == Code.REVIEW_OVERDUE
        named = (CASES[0], KEY, HOSPITAL, "duty-1", "desk", "victim")
        for word in named:
            assert word not in repr(hop)
        for one in [*before, *await found.topic(TOPIC.name)]:
            for word in (*named, MARAC):
                assert word.encode() not in (one.key or b"") + (one.value or b"")


async def test_a_restart_alarms_no_second_time_and_forgets_none(tmp_path: Path) -> None:
    """Rule 11: neither what was told nor what is yet to be told is lost with the process."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        stage, secret = found.stage, found.secret
        await work(found)
    clock.forward(WITHIN + timedelta(minutes=5))
    for _ in range(3):
        async with opened(stage, secret, running=False, clock=clock) as found:
            await work(found)
            assert len(await alarms(found)) == 1
            assert await marks(found) == (1, [True])


async def test_an_alarm_that_did_not_commit_is_raised_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between: the alarm and that it was raised are one transaction, both or neither."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await work(found)
        clock.forward(WITHIN + timedelta(minutes=5))
        member, lost = await found.node.worker.join(), []

        async def fenced(_batch: object, appends: Sequence[Append]) -> None:
            lost.append({one.topic for one in appends})
            raise Fenced("another member holds this partition")

        monkeypatch.setattr(member, "commit", fenced)
        await found.node.worker.step()
        monkeypatch.undo()
        assert [TOPIC.name in topics and OPENINGS in topics for topics in lost] == [True]
        assert await alarms(found) == []
        await work(found)
        assert len(await alarms(found)) == 1


async def test_an_alarm_that_committed_unseen_is_not_raised_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody heard that it committed: the log says so."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await work(found)
        clock.forward(WITHIN + timedelta(minutes=5))
        member = await found.node.worker.join()
        commit = member.commit

        async def unseen(batch: Any, appends: Sequence[Append]) -> None:
            await commit(batch, appends)
            raise Fenced("so the answer says")

        monkeypatch.setattr(member, "commit", unseen)
        await found.node.worker.step()
        monkeypatch.undo()
        await work(found)
        assert len(await alarms(found)) == 1


def second_worker(found: House) -> tuple[Worker, Keeper]:
    """Another worker on the same log, with its own reading of the register."""
    node = found.node
    keeper = Keeper(
        node.log,
        officers={},
        enactable=lambda *_: (),
        opening=node.store.sealing_keys,
        sealing=node.sealing,
        secret=node.store.secret("register"),
        prepare=node.prepare,
        clock=node.clock,
    )
    worker = Worker(
        node.log,
        keeper,
        identity=node.identity,
        opening=node.store.sealing_keys,
        registry=node.registry,
        vocabulary=node.vocabulary,
        clock=node.clock,
        random_bytes=os.urandom,
        sent=node.sent_before,
    )
    return worker, keeper


async def test_two_workers_alarm_once(tmp_path: Path) -> None:
    """Rule 11: whoever takes over reads first what the other one told."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await work(found)
        other, keeper = second_worker(found)
        await keeper.catch_up()
        clock.forward(WITHIN + timedelta(minutes=5))
        await work(found)
        await found.node.worker.leave()
        for _ in range(3):
            await other.step()
        assert keeper.reviews.untold(clock()) == {}
        await other.leave()
        await work(found)
        assert len(await alarms(found)) == 1


async def test_a_worker_that_lost_its_place_alarms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at the very same moment: the one is refused, and then finds it told."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await work(found)
        other, keeper = second_worker(found)
        await keeper.catch_up()
        clock.forward(WITHIN + timedelta(minutes=5))
        member = await found.node.worker.join()
        commit = member.commit

        async def late(batch: Any, appends: Sequence[Append]) -> None:
            for _ in range(3):
                await other.step()  # joins, and alarms first
            await other.leave()
            await commit(batch, appends)

        monkeypatch.setattr(member, "commit", late)
        await found.node.worker.step()
        monkeypatch.undo()
        await work(found)
        assert len(await alarms(found)) == 1


@pytest.mark.parametrize("how", ["superseded", "ended"])
async def test_the_version_that_it_was_granted_under_sets_the_time(
    how: str, tmp_path: Path
) -> None:
    """Rule 11: what is enacted or ended afterwards neither hastens nor hides the alarm."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        (marac,) = (e for e in found.stage.examples if e.agreement.id == MARAC)
        section = SECTION.replace("review_within: 48", "review_within: 1")
        if how == "superseded":
            text = marac.text.replace("version: 1", "version: 3")
            text = text.replace("\nclauses:", f"{section}clauses:")
            agreement = read_agreement(text, origin="test")
            signed = sign_all(found.places, found.secret, agreement)
            await enact(found.officer(), agreement, text, signed)
        else:
            for version in (1, 2):
                await found.officer().put(Kind.AGREEMENT, f"{MARAC}/{version}", None)
        clock.forward(WITHIN - timedelta(minutes=5))
        await work(found)
        assert await alarms(found) == []
        stage, secret = found.stage, found.secret
    clock.forward(timedelta(minutes=10))
    async with opened(stage, secret, running=False, clock=clock) as found:
        await work(found)
        assert [one["agreement_version"] for one in await alarms(found)] == [2]


async def test_an_override_that_was_taken_back_needs_no_review(tmp_path: Path) -> None:
    """Rule 11: it is on record no more, and nothing of it can be reviewed."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await found.officer().put(Kind.OVERRIDE, KEY, None)
        clock.forward(WITHIN + timedelta(days=1))
        await work(found)
        assert (await alarms(found), await marks(found)) == ([], (0, []))


@pytest.mark.parametrize("finding", [Review.UPHELD, Review.FAILED])
async def test_a_review_in_time_alarms_nobody(finding: Review, tmp_path: Path) -> None:
    """Rule 11: whatever it found."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        await review(found.http, found.places, found.secret, KEY, by=THREE, found=finding)
        clock.forward(WITHIN + timedelta(days=1))
        await work(found)
        assert (await alarms(found), await marks(found)) == ([], (0, [False]))


async def test_an_override_and_its_review_s_time_are_in_the_log_together_or_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither can a kill between the two leave an override that nobody is reminded of."""
    async with scene(tmp_path, running=False) as found:
        appends = []
        append = found.node.log.append

        async def noted(given: list[Append]) -> tuple[int, ...]:
            appends.append([(one.topic, one.value is None) for one in given])
            return await append(given)

        monkeypatch.setattr(found.node.log, "append", noted)
        await granted(found, record())
        await review(found.http, found.places, found.secret, KEY, by=THREE, found=Review.UPHELD)
        assert appends == [
            [("register", False), (TOPIC.name, False)],
            [("register", False), (TOPIC.name, True)],
        ]


async def test_an_override_from_before_reviews_were_remembered_alarms_as_well(
    tmp_path: Path,
) -> None:
    """What is on record says enough where the topic knows nothing."""
    clock = Clock()
    async with scene(tmp_path, running=False, clock=clock) as found:
        await granted(found, record())
        offsets = [one.offset for one in await found.topic(TOPIC.name)]
        await found.node.log.erase(TOPIC.name, 0, offsets)
        stage, secret = found.stage, found.secret
    clock.forward(WITHIN + timedelta(minutes=5))
    for _ in range(2):
        async with opened(stage, secret, running=False, clock=clock) as found:
            await work(found)
            assert len(await alarms(found)) == 1


async def test_what_we_did_not_write_is_refused(tmp_path: Path) -> None:
    """Whoever can write to the log cannot silence an alarm by another override's record."""
    async with scene(tmp_path, running=False) as found:
        await granted(found, record())
        await granted(found, record(id="override-2"))
        one, two = await found.topic(TOPIC.name)
        for key, value in ((one.key, two.value), (two.key, b"\x80")):
            unread = Reviews(
                found.node.log,
                seal=found.node.keeper._seal_review,
                unseal=found.node.keeper._unseal_review,
            )
            append = Append(topic=TOPIC.name, partition=0, key=key, value=value)
            (offset,) = await found.node.log.append((append,))
            with pytest.raises(RegisterRefused):
                await unread.catch_up()
            await found.node.log.erase(TOPIC.name, 0, (offset,))


def test_without_its_agreement_an_override_s_review_is_due_when_it_ends() -> None:
    """Nobody can say any more how long there was; nothing stays unreviewed in silence."""
    one = record().granted
    due = due_of(one, ())
    assert due == Due(due_ms=int(one.until.timestamp() * 1000), agreement=MARAC, version=0)
    assert not is_late(due, one.until)
    assert is_late(due, one.until + timedelta(seconds=1))
    assert due_of(replace(one, until=datetime(2026, 1, 1, tzinfo=UTC)), ()).due_ms == 1767225600000


def test_people_see_the_mark_in_the_list() -> None:
    assert _marked({"review": "open", "review_overdue": True})["review"] == "overdue"
    assert _marked({"review": "open", "review_overdue": False})["review"] == "open"
