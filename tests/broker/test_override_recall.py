"""Rule 11: an override whose review failed, or that was taken back, recalls what rested on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.entries import Kind
from broker.granting import review
from redaction.facts import Review
from schemas.codec import Event
from tests.broker.node_fixture import HOSPITAL, House
from tests.broker.test_overrides import THREE, granted, record, scene
from tests.broker.test_recall import CASE, recalled, referral, taken


async def sent(found: House) -> Event:
    """A referral that went to the hospital with the victim's phone, under an override."""
    await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
    await granted(found, record(case=CASE))
    event = referral(found)
    await found.publish(event)
    return event


@pytest.mark.parametrize("how", ["failed", "upheld", "taken back"])
async def test_only_what_rested_on_the_override_is_recalled(how: str, tmp_path: Path) -> None:
    """Rule 11: the hospital alone is told to erase, once, and what a clause shares remains."""
    async with scene(tmp_path) as found:
        event = await sent(found)
        given = (found.http, found.places, found.secret, "override-1")
        if how == "taken back":
            await found.officer().put(Kind.OVERRIDE, "override-1", None)
        else:
            await review(*given, by=THREE, found=Review(how))
        await found.node.idle()
        if how == "upheld":
            assert await recalled(found, event) == {}
            return
        assert await recalled(found, event) == {HOSPITAL: 1}
        (was,), (recall,) = await taken(found, HOSPITAL)
        assert (recall.recalls, recall.action) == (was.delivery_id, "erase")
        assert recall.view is not None
        assert recall.view != was.view
        if how == "failed":  # ended after that: there is nothing more to recall
            await found.officer().put(Kind.OVERRIDE, "override-1", None)
            await found.node.idle()
            assert await recalled(found, event) == {HOSPITAL: 1}
