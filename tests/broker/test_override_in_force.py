"""A recorded override through the front door: what it releases, to whom, and when it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from broker.granting import review
from redaction.facts import Review
from schemas.codec import Event
from tests.broker.node_fixture import CASES, HOSPITAL, House, incidents
from tests.broker.test_overrides import CHILDREN, THREE, granted, record, scene

PHONE = "+44 7700 900123"


def referral(found: House, case: str) -> Event:
    """A referral that says how to reach the victim."""
    (event,) = incidents(found, 1, case)
    event.value["victim"]["phone"] = PHONE
    return event


async def phone_told(found: House, name: str, case: str = CASES[0]) -> bool:
    """Whether an agency learns the victim's phone from a fresh referral; it gets one at all."""
    await found.publish(referral(found, case))
    views: list[Any] = [one.view for one in await found.received(name)]
    assert views
    return any(view["victim"]["phone"] == PHONE for view in views if "phone" in view["victim"])


@pytest.mark.parametrize("finding", [Review.UPHELD, Review.FAILED])
async def test_an_override_releases_until_its_review_fails(finding: Review, tmp_path: Path) -> None:
    """Rule 11: withheld before, released while it holds, and after a failed review no more."""
    async with scene(tmp_path) as found:
        assert not await phone_told(found, HOSPITAL)
        await granted(found, record())
        assert await phone_told(found, HOSPITAL)
        given = (found.http, found.places, found.secret, "override-1")
        await review(*given, by=THREE, found=finding)
        assert await phone_told(found, HOSPITAL) is (finding is Review.UPHELD)


async def test_an_override_is_for_one_case_and_its_recipients(tmp_path: Path) -> None:
    """Rule 11: neither another case nor another audience of the same agreement gains by it."""
    async with scene(tmp_path) as found:
        await granted(found, record())
        assert not await phone_told(found, HOSPITAL, CASES[1])
        assert not await phone_told(found, CHILDREN)
