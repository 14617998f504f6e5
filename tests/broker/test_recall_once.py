"""Rule 12: a delivery is recalled once for what remains of it, unless something came in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker.log import Append
from broker.recalled import read_recalled
from broker.topics import RECALLED
from redaction import checker
from redaction.facts import Consent
from schemas.errors import CasewardError, Code
from tests.broker.node_fixture import HOSPITAL, POLICE, fresh, house, opened
from tests.broker.test_recall import (
    CASE,
    SERVICE,
    begin,
    drain,
    publish,
    recalled,
    referral,
    say,
    taken,
)
from tests.broker.test_recall_pure import WITHDRAWN, change, known, said
from tests.broker.test_recall_pure import recalled as recalls_of

ONCE = {HOSPITAL: 1, SERVICE: 1}
BOTH = (said(which="one"), said(which="two"))


async def test_consent_given_and_withdrawn_again_tells_nobody_the_same(tmp_path: Path) -> None:
    """Rule 12: they have what remained, and got nothing since; not after a restart either."""
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await say(found, "withdrawn")
        await found.node.idle()
        await say(found, "given")
        await say(found, "withdrawn")
        assert await recalled(found, event) == ONCE
    async with opened(stage, secret) as found:
        await say(found, "given")
        await say(found, "refused")
        assert await recalled(found, event) == ONCE


async def test_what_was_delivered_anew_is_recalled_anew(tmp_path: Path) -> None:
    """Rule 12: it is another delivery, and only that one."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await say(found, "withdrawn")
        await found.node.idle()
        await say(found, "given")
        body = {"publisher": POLICE, "event_id": event.id, "only_to": HOSPITAL}
        await found.client("officer-1").post("/v1/redeliveries", body)
        await found.node.idle()
        await say(found, "withdrawn")
        assert await recalled(found, event) == {HOSPITAL: 2, SERVICE: 1}
        deliveries, recalls = await taken(found, HOSPITAL)
        assert [one.recalls for one in recalls] == [one.delivery_id for one in deliveries]


async def test_withdrawals_that_nobody_looked_at_yet_recall_once(tmp_path: Path) -> None:
    """Rule 12: several of one batch know of each other."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await drain(found)
        event = referral(found)
        await publish(found, event)
        for state in ("withdrawn", "given", "withdrawn", "given", "withdrawn"):
            await say(found, state)
        await drain(found)
        assert await recalled(found, event) == ONCE


async def test_what_was_left_is_told_to_no_stranger_and_erased_with_the_case(
    tmp_path: Path,
) -> None:
    """T7: keyed hashes of one size; T10: nothing of an erased case's deliveries stays."""
    async with house(tmp_path) as found:
        await begin(found)
        await found.publish(referral(found))
        await say(found, "withdrawn")
        await found.node.idle()
        records = await found.topic(RECALLED)
        assert {(len(one.key or b""), len(one.value or b"")) for one in records} == {(64, 32)}
        assert len(records) == 2
        await found.node.erase(CASE)
        assert await read_recalled(found.node.log) == {}


def left(going: list[Any]) -> bytes | None:
    """What the recall says it left; nothing went out where it is None."""
    (value,) = [one.value for one in going if isinstance(one, Append)] or [None]
    return value


def withdrawn(which: str, before: tuple[Consent, ...] = BOTH) -> Any:
    return change(before, said(WITHDRAWN, which=which))


def test_a_recall_that_leaves_something_else_is_sent() -> None:
    """Rule 12: after the other child's, the first one's is news again."""
    facts = known(*BOTH, own=False)
    _, first = recalls_of(facts, withdrawn("one"))
    desk, second = recalls_of(facts, withdrawn("two"), left=left(first))
    assert len(desk.posted) == 1
    assert left(second) != left(first)
    desk, again = recalls_of(facts, withdrawn("one"), left=left(second))
    assert len(desk.posted) == 1
    assert left(again) == left(first)
    desk, _ = recalls_of(facts, withdrawn("one"), left=left(again))
    assert desk.posted == []


def test_a_recall_that_leaves_less_is_sent() -> None:
    """Rule 12: the same consent withdrawn, and more gone by now."""
    facts = known(*BOTH, own=False)
    _, first = recalls_of(facts, withdrawn("one"))
    gone = tuple(said(WITHDRAWN, which=which) for which in ("one", "two"))
    today = replace(facts, consents=gone)
    desk, second = recalls_of(facts, withdrawn("one"), left=left(first), now=today)
    assert len(desk.posted) == 1
    assert left(second) != left(first)


def test_a_view_that_could_not_be_made_is_told_once_as_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it can be made it is sent, for it is not what was told."""

    def refuse(*_: Any, **__: Any) -> None:
        raise CasewardError(Code.VIEW_REFUSED, "not as decided")

    facts = known(*BOTH, own=False)
    monkeypatch.setattr(checker, "check", refuse)
    _, first = recalls_of(facts, withdrawn("one"))
    desk, _ = recalls_of(facts, withdrawn("one"), left=left(first))
    assert desk.posted == []
    monkeypatch.undo()
    desk, _ = recalls_of(facts, withdrawn("one"), left=left(first))
    assert len(desk.posted) == 1
