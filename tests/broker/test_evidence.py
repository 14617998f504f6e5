"""What a recipient and an auditor can check for themselves, from the front door to the proof."""

import base64
import hashlib
from pathlib import Path

import pytest

from broker.backup import back_up, restore_from
from broker.evidence import export_for_auditor, prove_delivery
from broker.keys import StoreSecret
from broker.ledger_files import LedgerError
from broker.ledger_proof import verify_proof
from broker.ledger_verify import verify_directory
from broker.node import Node
from broker.places import Places
from broker.session import agency_of, client_of, in_process
from broker.stage import Stage
from schemas.hop import RecipientPart, commitment

EVENTS = 12


async def _played(root: Path) -> tuple[Node, Stage, StoreSecret]:
    """A node that has decided some events, still open."""
    stage = Stage(root, seed=3)
    secret = stage.build()
    cases = stage.cases(EVENTS)
    node = Node(stage.places, secret=secret)
    await node.open()
    node.start()
    async with in_process(node) as http:
        await stage.enter(http, secret, cases)
        events = list(stage.events(EVENTS, cases))
        for publisher in stage.publishers:
            agency = agency_of(http, stage.places, publisher, secret)
            await agency.publish([one for one in events if one.source == publisher])
            agency.close()
        await node.idle()
    return node, stage, secret


async def test_a_recipient_proves_its_delivery_with_the_key_from_inside_its_envelope(
    tmp_path: Path,
) -> None:
    node, stage, secret = await _played(tmp_path / "stage")
    try:
        async with in_process(node) as http:
            proved = 0
            for name in stage.recipients:
                if stage.register.register.agencies[name].suspended:
                    continue
                agency = agency_of(http, stage.places, name, secret)
                for envelope in await agency.fetch():
                    received = await agency.open(envelope)
                    assert received is not None
                    evidence = await prove_delivery(
                        agency.node, stage.places, received.delivery_id.hex(), node.sequencer.vkey
                    )
                    part = RecipientPart(
                        time_ms=evidence.time_ms,
                        delivery_id=received.delivery_id,
                        envelope_sha256=hashlib.sha256(envelope.data).digest(),
                    )
                    text = evidence.proof["tlog_proof"].encode()
                    proof = verify_proof(text, vkey=node.sequencer.vkey)
                    assert proof.leaf[5:37] == commitment(received.body.opening_key, part)
                    assert base64.b64decode(evidence.recipient_key) == received.body.opening_key
                    proved += 1
                agency.close()
            assert proved > EVENTS
    finally:
        await node.close()


async def test_an_auditor_checks_every_opening_offline_and_strangers_get_none(
    tmp_path: Path,
) -> None:
    node, stage, _ = await _played(tmp_path / "stage")
    try:
        size, openings = await export_for_auditor(node, tmp_path / "audit")
        vkey = node.sequencer.vkey
    finally:
        await node.close()
    assert size == openings > EVENTS
    assert verify_directory(tmp_path / "audit", vkey).ok
    assert not (stage.places.ledger / "openings").exists()


async def test_an_erased_case_leaves_the_ledger_whole_and_its_openings_gone(tmp_path: Path) -> None:
    node, stage, _ = await _played(tmp_path / "stage")
    try:
        async with in_process(node) as http:
            before = node.index.counts()
            erased = 0
            for case in stage.cases(EVENTS):
                officer = client_of(http, stage.places, "officer-1")
                erased += (await officer.post("/v1/erasures", {"case": case}))["erased"]
        await node.caught_up()
        after = node.index.counts()
        assert erased > EVENTS
        assert sum(after.values()) - after["leaves"] == 0
        assert after["leaves"] == before["leaves"]
        assert verify_directory(stage.places.ledger).ok
    finally:
        await node.close()


async def test_a_restored_backup_goes_on_under_the_same_ledger(tmp_path: Path) -> None:
    node, stage, secret = await _played(tmp_path / "stage")
    await node.close()
    await back_up(stage.places, secret, tmp_path / "backup")
    places = Places(tmp_path / "elsewhere")
    assert restore_from(tmp_path / "backup", places, checkpoint=None, new_ledger=False) is None
    again = Node(places, secret=secret)
    await again.open()
    try:
        again.start()
        await again.idle()
        assert again.sequencer.vkey == node.sequencer.vkey
        assert again.index.counts()["leaves"] == again.sequencer.size > EVENTS
    finally:
        await again.close()
    assert verify_directory(places.ledger).ok


async def test_an_older_backup_never_signs_a_smaller_tree_and_a_new_ledger_is_another(
    tmp_path: Path,
) -> None:
    node, stage, secret = await _played(tmp_path / "stage")
    await node.close()
    await back_up(stage.places, secret, tmp_path / "backup")
    later = Node(stage.places, secret=secret)
    await later.open()
    later.start()
    async with in_process(later) as http:
        cases = stage.cases(EVENTS)
        made = stage.events(10 * EVENTS, cases)
        events = [one for one in made if one.source == "northmoor-police"]
        agency = agency_of(http, stage.places, "northmoor-police", secret)
        await agency.publish(events)
        agency.close()
        await later.idle()
    await later.close()
    signed = later.sequencer.size
    assert signed > node.sequencer.size

    bound = restore_from(tmp_path / "backup", stage.places, checkpoint=None, new_ledger=False)
    assert bound == signed
    restored = Node(stage.places, secret=secret)
    await restored.open()
    try:
        with pytest.raises(LedgerError, match="was signed before"):
            await restored.caught_up()
        assert restored.sequencer.size < signed, "the old head stands, nothing new is signed"
    finally:
        await restored.close()

    restore_from(tmp_path / "backup", stage.places, checkpoint=None, new_ledger=True)
    anew = Node(stage.places, secret=secret)
    await anew.open()
    try:
        await anew.caught_up()
        assert anew.sequencer.vkey != node.sequencer.vkey
        assert verify_directory(stage.places.ledger, anew.sequencer.vkey).ok
    finally:
        await anew.close()
