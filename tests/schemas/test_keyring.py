"""The recipient's ring of epoch keys: it opens each envelope once and never skips one."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import MAX_MESSAGES
from schemas.epoch import SealingKey, announce
from schemas.errors import Code, EnvelopeRefused, EventRefused, UnknownKey
from schemas.keyring import Gap, KeyRing
from schemas.sealing import SealingPrivateKey
from tests.schemas.parties import GATEWAY, POLICE, SCHOOL, SEALING, SIGNING, STREAM

OLD = SealingPrivateKey(b"\x55" * 96)


def new_ring() -> KeyRing:
    return KeyRing(recipient=SCHOOL, keys=(SEALING[SCHOOL], OLD))


def announced(
    issuer: str = GATEWAY, recipient: str = SCHOOL, key: SealingPrivateKey = SEALING[SCHOOL]
) -> tuple[SealingKey, bytes]:
    return announce(SIGNING[issuer], issuer=issuer, recipient=recipient, recipient_key=key.public)


def add(ring: KeyRing, announcement: bytes) -> bytes:
    return ring.add(announcement, issuer=GATEWAY, issuer_key=SIGNING[GATEWAY].public_key())


def ready() -> tuple[KeyRing, SealingKey, list[bytes]]:
    """A ring, a key it knows, and the envelopes of that key's first IVs."""
    ring = new_ring()
    sealing, announcement = announced()
    add(ring, announcement)
    sealed = [
        sealing.seal(b"view %d" % iv, stream=STREAM, delivery_id=b"%d" % iv) for iv in range(8)
    ]
    return ring, sealing, sealed


def test_an_unknown_key_id_waits_for_its_announcement_and_is_never_skipped() -> None:
    ring = new_ring()
    sealing, announcement = announced()
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=b"d")
    for _ in range(3):
        with pytest.raises(UnknownKey) as refused:
            ring.open(sealed, stream=STREAM)
        assert refused.value.code is Code.UNKNOWN_KEY
    assert add(ring, announcement) == sealing.key_id
    assert ring.open(sealed, stream=STREAM).plaintext == b"view"


def test_an_announcement_lost_in_an_aborted_transaction_leaves_nothing_to_open() -> None:
    # The worker's transaction with announcement and envelope aborts: neither is ever read.
    lost, _ = announced()
    lost.die()
    # It announces anew; the recipient reads a key and envelopes that count from 0 and miss nothing.
    ring = new_ring()
    fresh, announcement = announced()
    add(ring, announcement)
    assert fresh.key_id != lost.key_id
    assert ring.open(fresh.seal(b"view", stream=STREAM, delivery_id=b"d"), stream=STREAM).iv == 0
    assert ring.gaps() == ()


def test_replayed_the_same_envelope_twice_is_refused() -> None:
    ring, _, sealed = ready()
    ring.open(sealed[0], stream=STREAM)
    with pytest.raises(EnvelopeRefused) as refused:
        ring.open(sealed[0], stream=STREAM)
    assert refused.value.code is Code.REPLAYED_IV


def test_replayed_another_envelope_under_a_met_iv_is_refused() -> None:
    ring, sealing, sealed = ready()
    ring.open(sealed[0], stream=STREAM)
    sealing._next_iv = 0  # what a broken or dishonest writer would do
    again = sealing.seal(b"another view", stream=STREAM, delivery_id=b"other")
    with pytest.raises(EnvelopeRefused) as refused:
        ring.open(again, stream=STREAM)
    assert refused.value.code is Code.REPLAYED_IV


def test_an_envelope_that_does_not_open_uses_up_no_iv() -> None:
    ring, _, sealed = ready()
    forged = sealed[0][:-1] + bytes([sealed[0][-1] ^ 1])
    with pytest.raises(EnvelopeRefused) as refused:
        ring.open(forged, stream=STREAM)
    assert refused.value.code is Code.ENVELOPE_REFUSED
    with pytest.raises(EnvelopeRefused):
        ring.open(sealed[0], stream="deliveries.another")
    assert ring.open(sealed[0], stream=STREAM).plaintext == b"view 0"


def test_a_gap_shows_until_it_is_filled() -> None:
    ring, sealing, sealed = ready()
    for iv in (1, 2, 5):
        ring.open(sealed[iv], stream=STREAM)
    assert ring.gaps() == (
        Gap(key_id=sealing.key_id, first=0, last=0),
        Gap(key_id=sealing.key_id, first=3, last=4),
    )
    for iv in (4, 0, 3):
        ring.open(sealed[iv], stream=STREAM)
    assert ring.gaps() == ()


def test_a_restart_goes_on_where_it_was() -> None:
    ring = new_ring()
    sealing, announcement = announced()
    add(ring, announcement)
    sealed = [sealing.seal(b"view", stream=STREAM, delivery_id=b"d") for _ in range(3)]
    ring.open(sealed[0], stream=STREAM)
    ring.open(sealed[2], stream=STREAM)

    restarted = new_ring()
    restarted.import_state(ring.export_state())
    with pytest.raises(UnknownKey):  # keys are not in the state: they come from the key topic
        restarted.open(sealed[1], stream=STREAM)
    add(restarted, announcement)
    with pytest.raises(EnvelopeRefused, match="met before"):
        restarted.open(sealed[0], stream=STREAM)
    assert restarted.gaps() == (Gap(key_id=sealing.key_id, first=1, last=1),)
    assert restarted.open(sealed[1], stream=STREAM).iv == 1
    assert restarted.gaps() == ()


def test_after_a_transaction_that_failed_the_same_envelopes_open_again() -> None:
    ring, _, sealed = ready()
    ring.open(sealed[0], stream=STREAM)
    state = ring.export_state()
    ring.open(sealed[1], stream=STREAM)
    ring.import_state(state)
    assert ring.open(sealed[1], stream=STREAM).plaintext == b"view 1"
    with pytest.raises(EnvelopeRefused, match="met before"):
        ring.open(sealed[0], stream=STREAM)


def test_what_was_announced_to_an_older_key_still_opens() -> None:
    ring = new_ring()
    sealing, announcement = announced(key=OLD)
    add(ring, announcement)
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=b"d")
    assert ring.open(sealed, stream=STREAM).plaintext == b"view"


def test_foreign_announcements_are_refused_and_change_nothing() -> None:
    ring = new_ring()
    for announcement in (
        announced(key=SealingPrivateKey(b"\x66" * 96))[1],  # to a key that is not ours
        announced(recipient=POLICE)[1],
        announced(issuer=POLICE)[1],
        b"",
    ):
        with pytest.raises(EventRefused):
            add(ring, announcement)
    assert ring._keys == {}


def test_reading_the_key_topic_again_forgets_no_iv() -> None:
    ring = new_ring()
    sealing, announcement = announced()
    add(ring, announcement)
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=b"d")
    ring.open(sealed, stream=STREAM)
    add(ring, announcement)
    with pytest.raises(EnvelopeRefused, match="met before"):
        ring.open(sealed, stream=STREAM)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"\x00",
        cbor2.dumps(["caseward-ivs/2", []]),
        cbor2.dumps(["caseward-ivs/1", [[b"short", [[0, 1]]]]]),
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[1, 0]]]]]),
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[-1, 0]]]]]),
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[0, MAX_MESSAGES]]]]]),
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[0, 1], [2, 3]]]]]),  # adjacent
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[5, 6], [0, 1]]]]]),
        cbor2.dumps(["caseward-ivs/1", [[bytes(32), [[0, 1]]], [bytes(32), [[0, 1]]]]]),
    ],
)
def test_a_state_that_was_not_exported_is_refused_and_changes_nothing(state: bytes) -> None:
    ring, _, sealed = ready()
    ring.open(sealed[0], stream=STREAM)
    with pytest.raises(ValueError):  # noqa: PT011 - several messages
        ring.import_state(state)
    with pytest.raises(EnvelopeRefused, match="met before"):
        ring.open(sealed[0], stream=STREAM)


_SEALED_ONCE = ready()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=20), st.booleans())
def test_each_iv_opens_once_in_any_order_and_the_gaps_are_what_is_missing(
    order: list[int], restart: bool
) -> None:
    source, sealing, sealed = _SEALED_ONCE
    ring = new_ring()
    ring._keys = dict(source._keys)
    met: set[int] = set()
    for iv in order:
        if iv in met:
            with pytest.raises(EnvelopeRefused, match="met before"):
                ring.open(sealed[iv], stream=STREAM)
        else:
            assert ring.open(sealed[iv], stream=STREAM).iv == iv
        met.add(iv)
        if restart:
            ring.import_state(ring.export_state())
    missing = {iv for gap in ring.gaps() for iv in range(gap.first, gap.last + 1)}
    assert missing == set(range(max(met, default=0))) - met
    assert all(gap.key_id == sealing.key_id for gap in ring.gaps())
