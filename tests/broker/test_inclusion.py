"""A node that cheats on its ledger, and what a recipient's client notices by itself."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from broker.agency import Agency
from broker.checkpoint import (
    Checkpoint,
    sign_checkpoint,
    unverified_checkpoint,
    verifier_of,
)
from broker.edges import AgencyOutlet
from broker.inbox import Inbox
from broker.inclusion import GIVEN_UP_MS, OVERDUE_MS, Fault, Finding, Inclusion
from broker.keys import KeyStore
from broker.merkle import root_of
from broker.node_client import NodeClient, NodeRefused
from connectors.contract import Accepted
from schemas.hop import Step, leaf_hash
from tests.broker.node_fixture import HOSPITAL, House, house, incidents

Answer = dict[str, Any]
Doctor = Callable[[Answer], Answer]


class Node(NodeClient):
    """The real node, whose answers about inclusion somebody changes on the way."""

    doctor: Doctor = staticmethod(lambda answer: answer)

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        """What the node says, doctored."""
        said = await super().post(path, body)
        return self.doctor(said) if path == "/v1/inclusion" else said


@dataclass(slots=True)
class Hospital:
    """A recipient before a node that may cheat, with a clock that can be put on."""

    agency: Agency
    node: Node
    later_ms: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def of(cls, found: House) -> Hospital:
        folder, later_ms = found.places.party(HOSPITAL), [0]
        node = Node(found.http, (folder / "token").read_text())
        store = KeyStore.open(folder / "keys", secret=found.secret, owner=HOSPITAL)
        agency = Agency(
            node,
            store,
            name=HOSPITAL,
            inbox=Inbox(folder / "inbox.sqlite"),
            clock=lambda: time.time_ns() // 1_000_000 + later_ms[0],
        )
        return cls(agency, node, later_ms)

    async def open_all(self) -> list[bytes]:
        """Open and settle everything there is; give the opening keys."""
        keys = []
        for envelope in await self.agency.fetch():
            received = await self.agency.open(envelope)
            if received is not None:
                keys.append(received.body.opening_key)
                await self.agency.settle(received, Step.WRITTEN)
        return keys

    async def check(self, doctor: Doctor | None = None) -> tuple[Finding, ...]:
        """What one check finds while the node's answers are doctored so."""
        self.node.doctor = doctor or (lambda answer: answer)
        return await self.agency.check_inclusion()


async def _delivered(found: House, count: int = 1) -> None:
    await found.publish(*incidents(found, count))


def _told(findings: Sequence[Finding]) -> set[tuple[Inclusion, Fault | None]]:
    return {(one.inclusion, one.fault) for one in findings}


def _false(fault: Fault) -> set[tuple[Inclusion, Fault | None]]:
    return {(Inclusion.FALSE, fault)}


PROVED = {(Inclusion.PROVED, None)}
WAITING = {(Inclusion.WAITING, None)}
OVERDUE = {(Inclusion.OVERDUE, Fault.OVERDUE)}


def _path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The audit path of RFC 6962, section 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    if index < k:
        return [*_path(index, hashes[:k]), root_of(hashes[k:])]
    return [*_path(index - k, hashes[k:]), root_of(hashes[:k])]


async def _forked(found: House, answer: Answer, first: bytes) -> Answer:
    """The same leaves but the first, in a tree that the ledger's own key signs."""
    leaves = [record.value or b"" for record in await found.topic("hops.0")]
    size = unverified_checkpoint(answer["checkpoint"].encode()).size
    hashes = [leaf_hash(one) for one in (first, *leaves[1:size])]
    key = Ed25519PrivateKey.from_private_bytes(found.node.store.secret("ledger-1"))
    head = unverified_checkpoint(answer["checkpoint"].encode())
    forked = Checkpoint(origin=head.origin, size=size, root=root_of(hashes))
    proofs = [
        {**one, "path": [base64.b64encode(h).decode() for h in _path(one["index"], hashes)]}
        for one in answer["proofs"]
    ]
    return {**answer, "checkpoint": sign_checkpoint(forked, key).decode(), "proofs": proofs}


async def test_an_honest_node_proves_every_delivery_and_nothing_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await _delivered(found, 3)
        hospital = Hospital.of(found)
        keys = await hospital.open_all()
        assert len(keys) == 3
        folder = found.places.party(HOSPITAL)
        assert _kept(folder, keys)  # so that the search below can find them
        with capture_logs() as logs:
            assert _told(await hospital.check()) == PROVED
            await _delivered(found)
            await hospital.open_all()
            assert _told(await hospital.check()) == PROVED  # the tree grew in between
            assert await hospital.check() == ()
        assert not _kept(folder, keys)
        assert [one for one in logs if one["event"].startswith("inclusion")] == []
        hospital.agency.close()


def _kept(folder: Path, keys: Sequence[bytes]) -> bool:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return any(key in data for key in keys for data in files)


async def test_a_running_outlet_checks_by_itself_when_it_asks_again(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        hospital.node.doctor = lambda answer: {**answer, "proofs": []}
        outlet = AgencyOutlet(hospital.agency)
        delivery = await outlet.next(wait_s=0)
        assert delivery is not None
        await outlet.settle(delivery, Accepted())
        hospital.later_ms[0] = OVERDUE_MS
        with capture_logs() as logs:
            assert await outlet.next(wait_s=0) is None
            assert await outlet.next(wait_s=0) is None  # said once, not at every poll
        alarm = {"event": "inclusion-alarm", "log_level": "error", "agency": HOSPITAL}
        assert [one for one in logs if one["event"] == "inclusion-alarm"] == [
            {**alarm, "code": "inclusion-overdue", "count": 1}
        ]
        hospital.agency.close()


async def test_a_leaf_kept_out_of_the_tree_waits_and_then_is_overdue(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check(lambda said: {**said, "proofs": []})) == WAITING
        hospital.later_ms[0] = OVERDUE_MS
        assert _told(await hospital.check(lambda said: {**said, "proofs": []})) == OVERDUE
        assert _told(await hospital.check()) == PROVED
        hospital.agency.close()


async def test_a_node_that_refuses_to_prove_is_overdue_like_one_that_cannot(tmp_path: Path) -> None:
    def refuse(_: Answer) -> Answer:
        raise NodeRefused("there is no such thing for you")

    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check(refuse)) == WAITING
        hospital.later_ms[0] = OVERDUE_MS
        assert _told(await hospital.check(refuse)) == OVERDUE
        hospital.later_ms[0] = GIVEN_UP_MS + 1000
        await hospital.check(refuse)
        assert await hospital.check(refuse) == ()  # an opening key is not kept for ever
        hospital.agency.close()


async def test_anothers_leaf_another_time_and_another_place_are_false(tmp_path: Path) -> None:
    def swapped(said: Answer) -> Answer:
        one, other = said["proofs"]
        ids = {"delivery_id": other["delivery_id"]}, {"delivery_id": one["delivery_id"]}
        return {**said, "proofs": [one | ids[0], other | ids[1]]}

    def each(**change: Any) -> Doctor:
        def doctor(said: Answer) -> Answer:
            changed = [
                one | {name: to(one[name]) for name, to in change.items()} for one in said["proofs"]
            ]
            return {**said, "proofs": changed}

        return doctor

    async with house(tmp_path) as found:
        await _delivered(found, 2)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check(swapped)) == _false(Fault.OTHER_LEAF)
        later = each(time_ms=lambda at: at + 1)
        assert _told(await hospital.check(later)) == _false(Fault.OTHER_LEAF)
        assert _told(await hospital.check(each(leaf=lambda leaf: leaf[:40]))) == _false(
            Fault.OTHER_LEAF
        )
        moved = each(index=lambda index: index - 1)
        assert _told(await hospital.check(moved)) == _false(Fault.NOT_IN_TREE)
        short = each(path=lambda path: path[:-1])
        assert _told(await hospital.check(short)) == _false(Fault.NOT_IN_TREE)
        doctors: list[Doctor] = [each(index=lambda _: -1), each(path=lambda _: 7), lambda said: {}]
        for broken in doctors:
            assert _told(await hospital.check(broken)) == _false(Fault.MALFORMED)
        assert _told(await hospital.check()) == PROVED
        hospital.agency.close()


async def test_a_checkpoint_of_another_key_is_false(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()

    def resigned(said: Answer) -> Answer:
        head = unverified_checkpoint(said["checkpoint"].encode())
        return {**said, "checkpoint": sign_checkpoint(head, other).decode()}

    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check(resigned)) == _false(Fault.CHECKPOINT)
        unsigned = "\n".join(("nobody", "1", base64.b64encode(bytes(32)).decode(), "", ""))
        forged = await hospital.check(lambda said: {**said, "checkpoint": unsigned})
        assert _told(forged) == _false(Fault.CHECKPOINT)
        hospital.agency.close()


async def test_a_ledger_key_that_changes_after_the_first_time_is_false_until_a_person_takes_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check()) == PROVED
        inbox = Inbox(found.places.party(HOSPITAL) / "inbox.sqlite")
        known = (inbox.place("ledger-key") or b"").decode()
        key = Ed25519PrivateKey.generate()
        name = known.partition("+")[0]
        inbox.remember(
            delivery_id=None, places={"ledger-key": verifier_of(name, key).vkey.encode()}
        )
        inbox.close()
        await _delivered(found)
        await hospital.open_all()
        assert Fault.CHECKPOINT in {one.fault for one in await hospital.check()}
        hospital.agency.take_new_ledger()
        assert _told(await hospital.check()) == PROVED
        hospital.agency.close()


async def test_an_old_checkpoint_is_a_smaller_tree_and_false(tmp_path: Path) -> None:
    old: list[Answer] = []

    def keep(said: Answer) -> Answer:
        old.append(said)
        return said

    async with house(tmp_path) as found:
        await _delivered(found)
        hospital = Hospital.of(found)
        await hospital.open_all()
        assert _told(await hospital.check(keep)) == PROVED
        await _delivered(found)
        await hospital.open_all()
        assert _told(await hospital.check()) == PROVED
        await _delivered(found)
        await hospital.open_all()
        checkpoint = {"checkpoint": old[0]["checkpoint"], "consistency": []}
        replayed = await hospital.check(lambda said: {**said, **checkpoint})
        assert _told(replayed) == _false(Fault.SMALLER)
        assert _told(await hospital.check()) == PROVED
        hospital.agency.close()


@pytest.mark.parametrize("grown", [False, True])
async def test_a_forked_tree_is_false_though_the_ledgers_key_signed_it(
    tmp_path: Path, grown: bool
) -> None:
    async with house(tmp_path) as found:
        await _delivered(found, 2)
        hospital = Hospital.of(found)
        await hospital.open_all()
        await found.node.idle()  # the receipts are hops as well
        one = await hospital.check(lambda said: {**said, "proofs": said["proofs"][:1]})
        assert _told(one) == PROVED | WAITING
        if grown:
            await _delivered(found)
        honest: list[Answer] = []

        def keep(said: Answer) -> Answer:
            honest.append(said)
            return {}

        await hospital.check(keep)
        first = (await found.topic("hops.0"))[0].value or b""
        same = await _forked(found, honest[0], first)
        assert same["checkpoint"] == honest[0]["checkpoint"]  # the forger is exact
        fork = await _forked(found, honest[0], bytes(69))
        assert _told(await hospital.check(lambda _: fork)) == _false(Fault.FORKED)
        assert _told(await hospital.check()) == PROVED
        hospital.agency.close()
