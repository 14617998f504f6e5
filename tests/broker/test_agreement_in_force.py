"""Which version of an agreement a delivery is made under, through the front door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.membership import withdraw
from redaction.decision import Gate
from schemas.hop import Step
from tests.broker.agreement_scenes import MARAC, later, put_in_force, spelt
from tests.broker.node_fixture import HOSPITAL, House, house, incidents

CHILDREN = "northmoor-childrens-services"


async def outcomes(found: House) -> set[tuple[str, str | None, int | None]]:
    """What a fresh referral by the police led to for the hospital: step, gate and version."""
    (event,) = incidents(found, 1)
    await found.publish(event)
    return {
        (hop["step"], hop["gate"], hop["agreement_version"])
        for hop in await found.steps(event)
        if hop["recipient"] == HOSPITAL
    }


async def test_a_delivery_is_made_under_the_later_version(tmp_path: Path) -> None:
    """Rule 1: from its start date the later version governs, and the two never stop each other."""
    async with house(tmp_path) as found:
        assert (Step.SEALED, 1) in {(step, of) for step, _, of in await outcomes(found)}
        await put_in_force(found, later(found, MARAC))
        assert (Step.SEALED, 2) in {(step, of) for step, _, of in await outcomes(found)}


async def test_a_version_that_is_not_begun_changes_nothing(tmp_path: Path) -> None:
    """Rule 1: until its start date the earlier version governs."""
    async with house(tmp_path) as found:
        tomorrow = datetime.now(UTC).date() + timedelta(days=2)
        await put_in_force(found, later(found, MARAC, start=tomorrow.isoformat()))
        assert (Step.SEALED, 1) in {(step, of) for step, _, of in await outcomes(found)}


async def test_a_version_lapses_by_itself_and_the_one_before_stays_ended(tmp_path: Path) -> None:
    """Rule 10: after its end date nothing is delivered, under it or under what it superseded."""
    async with house(tmp_path) as found:
        ended = datetime.now(UTC).date() - timedelta(days=2)
        changes = (
            ("version: 1", "version: 2"),
            ("from: 2026-09-01", "from: 2026-09-02"),
            ("until: 2028-08-31", f"until: {ended}"),
        )
        await put_in_force(found, spelt(found, MARAC, *changes))
        assert Step.SEALED not in {step for step, _, _ in await outcomes(found)}


async def test_a_later_version_without_this_publisher_ends_what_it_could_send(
    tmp_path: Path,
) -> None:
    """Rule 1: superseding is by id alone, whomever the later version still speaks of."""
    async with house(tmp_path) as found:
        changes = (
            ("version: 1", "version: 2"),
            ("publishers: [northmoor-police, ", "publishers: ["),
        )
        await put_in_force(found, spelt(found, MARAC, *changes))
        assert Step.SEALED not in {step for step, _, _ in await outcomes(found)}


async def test_after_a_withdrawal_nothing_is_delivered_to_anybody(tmp_path: Path) -> None:
    """Rule 10: the gate `unsigned` closes for all from that moment, and says so."""
    async with house(tmp_path) as found:
        await withdraw(found.http, found.places, found.secret, CHILDREN, MARAC, 1)
        found_now = await outcomes(found)
        assert Step.SEALED not in {step for step, _, _ in found_now}
        assert Gate.UNSIGNED in {gate for _, gate, _ in found_now}
