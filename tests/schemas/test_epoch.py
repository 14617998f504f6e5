"""Epoch keys: derivation against the standards, and every way two parties could share one."""

from __future__ import annotations

import copy
import hashlib
import hmac
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import MAX_MESSAGES, MAX_PLAINTEXT_BYTES
from schemas.epoch import (
    STATEMENT,
    OpeningKey,
    SealingEnded,
    SealingKey,
    accept,
    announce,
    unverified_key_id,
    unverified_thumbprint,
)
from schemas.errors import CasewardError, Code, EnvelopeRefused, EventRefused
from schemas.sealing import PUBLIC_BYTES, SealingPrivateKey, SealingPublicKey
from schemas.signed import sign_statement, verify_statement
from tests.schemas.parties import (
    DELIVERY,
    GATEWAY,
    POLICE,
    SCHOOL,
    SEALING,
    SIGNING,
    STREAM,
    fixed,
    key_pair,
    single_bit_flips,
    vector,
)

SECRET = b"\x07" * 32
ANNOUNCED = vector("announcement.hex")


def accepted(announcement: bytes, **changes: Any) -> OpeningKey:
    said: dict[str, Any] = {
        "issuer": GATEWAY,
        "issuer_key": SIGNING[GATEWAY].public_key(),
        "recipient": SCHOOL,
        "recipient_key": SEALING[SCHOOL],
    }
    return accept(announcement, **(said | changes))


def refusal(act: Callable[[], object]) -> Code:
    with pytest.raises(EventRefused) as refused:
        act()
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    return refused.value.code


def restated(signer: str = GATEWAY, kind: str = STATEMENT, **changes: Any) -> bytes:
    """The stored announcement with fields changed, signed again by the gateway (or another)."""
    key = SIGNING[GATEWAY].public_key()
    payload = verify_statement(ANNOUNCED, key, issuer=GATEWAY, kind=STATEMENT)
    changed = cbor2.dumps(cbor2.loads(payload) | changes, canonical=True)
    return sign_statement(SIGNING[signer], issuer=GATEWAY, kind=kind, payload=changed)


def hkdf_sha256(secret: bytes, info: bytes, length: int = 32, salt: bytes = bytes(32)) -> bytes:
    """RFC 5869 written down once more, on HMAC alone."""
    prk = hmac.digest(salt, secret, "sha256")
    block, output = b"", b""
    for number in range(1, length // 32 + 2):
        block = hmac.digest(prk, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


# --- known answers


@pytest.mark.parametrize(
    ("ikm", "salt", "info", "okm"),
    [
        # RFC 5869 appendix A, test cases 1 to 3
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_outputs_of_rfc_5869(ikm: bytes, salt: bytes, info: bytes, okm: str) -> None:
    length = len(okm) // 2
    assert HKDF(SHA256(), length=length, salt=salt, info=info).derive(ikm).hex() == okm
    assert hkdf_sha256(ikm, info, length, salt or bytes(32)).hex() == okm


def test_hpke_opens_the_ciphertext_of_the_drafts_mlkem768_x25519_vector() -> None:
    # draft-ietf-hpke-pq-05 appendix A.5: our KEM and KDF, ChaCha20Poly1305 in place of AES-GCM.
    # A decapsulation key is SHAKE256 of 32 bytes there; the message is the draft's ASCII hex text.
    # The vector has AAD, which only the library's inner function takes.
    seed = bytes.fromhex("b6bfa0299b955e85224df2e468f29eeab377ff3b96d4462b39447a22d32b91be")
    halves = hashlib.shake_256(seed).digest(96)
    key = hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(halves[:64]),
        X25519PrivateKey.from_private_bytes(halves[64:]),
    )
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
    info = b"Ode on a Grecian Urn".hex().encode()
    opened = openssl.hpke._decrypt_with_aad(
        suite, vector("hpke-mlkem768-x25519.hex"), key, info, b"Count-0"
    )
    assert opened == b"Beauty is truth, truth beauty".hex().encode()


def test_the_format_of_announcements_and_envelopes_stays_as_stored() -> None:
    opening = accepted(ANNOUNCED)
    assert opening.open(vector("envelope.hex"), stream=STREAM).plaintext == b"a sealed view"
    sealing, _ = key_pair(secret=SECRET)
    assert sealing.seal(b"a sealed view", stream=STREAM, delivery_id=DELIVERY) == vector(
        "envelope.hex"
    )


def test_the_stored_envelope_opens_with_nothing_but_hmac_and_aes() -> None:
    # Key, key id, AAD and padding from the description alone, without our code.
    def output(use: str) -> bytes:
        return hkdf_sha256(SECRET, cbor2.dumps(["caseward-epoch/1", use, GATEWAY, SCHOOL]))

    protected, unprotected, ciphertext = cbor2.loads(vector("envelope.hex")).value
    header = cbor2.loads(protected)
    assert header == {1: 3, 4: output("key id"), "delivery": DELIVERY}
    place = ["caseward-envelope/1", GATEWAY, SCHOOL, STREAM, DELIVERY, output("key id")]
    aad = cbor2.dumps(["Encrypt0", protected, cbor2.dumps(place)])
    padded = AESGCM(output("key")).decrypt(unprotected[5], ciphertext, aad)
    assert padded == b"\x4da sealed view" + bytes(1024 - 14)
    assert unprotected[5] == bytes(12)


# --- what holds


def test_what_is_sealed_after_an_announcement_opens_after_accepting_it() -> None:
    sealing, announcement = announce(
        SIGNING[GATEWAY],
        issuer=GATEWAY,
        recipient=SCHOOL,
        recipient_key=SEALING[SCHOOL].public,
    )
    opening = accepted(announcement)
    assert unverified_key_id(announcement) == sealing.key_id == opening.key_id
    assert unverified_thumbprint(announcement) == SEALING[SCHOOL].public.thumbprint
    for number in range(3):
        text = b"view %d" % number
        opened = opening.open(
            sealing.seal(text, stream=STREAM, delivery_id=DELIVERY), stream=STREAM
        )
        assert (opened.plaintext, opened.delivery_id, opened.iv) == (text, DELIVERY, number)


def test_a_publishers_events_reach_the_gateway_the_same_way() -> None:
    sealing, opening = key_pair(issuer=POLICE, recipient=GATEWAY)
    sealed = sealing.seal(b"event", stream="events.x", delivery_id=b"e")
    assert opening.open(sealed, stream="events.x").plaintext == b"event"


# --- two writers must never share a nonce


def test_two_workers_never_announce_the_same_key() -> None:
    ids = {
        unverified_key_id(
            announce(
                SIGNING[GATEWAY],
                issuer=GATEWAY,
                recipient=SCHOOL,
                recipient_key=SEALING[SCHOOL].public,
            )[1]
        )
        for _ in range(50)
    }
    assert len(ids) == 50


def test_the_same_secret_for_another_pair_of_parties_is_another_key() -> None:
    ids = {
        SealingKey(secret=SECRET, issuer=issuer, recipient=recipient).key_id
        for issuer, recipient in ((GATEWAY, SCHOOL), (SCHOOL, GATEWAY), (GATEWAY, POLICE))
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    "steal",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        lambda key: pickle.dumps(key, protocol=0),
        lambda key: key.__reduce__(),
        lambda key: key.__reduce_ex__(4),
        lambda key: copy.deepcopy({"worker": [key]}),
    ],
)
def test_two_workers_cannot_come_to_share_a_key_by_copying_it(
    steal: Callable[[SealingKey], object],
) -> None:
    sealing, _ = key_pair()
    with pytest.raises(TypeError, match="share its IVs"):
        steal(sealing)


def test_two_workers_cannot_come_to_share_a_key_by_forking() -> None:
    sealing, opening = key_pair()
    child = os.fork()
    if child == 0:
        # Whatever happens here must not run the rest of the test session a second time.
        code = 1
        try:
            sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
        except SealingEnded:
            code = 42
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 42
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    assert opening.open(sealed, stream=STREAM).iv == 0


def test_two_threads_never_seal_under_the_same_iv() -> None:
    sealing, opening = key_pair()

    def seal(_: int) -> int:
        sealed = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
        return opening.open(sealed, stream=STREAM).iv

    with ThreadPoolExecutor(8) as pool:
        ivs = list(pool.map(seal, range(400)))
    assert sorted(ivs) == list(range(400))


def test_a_sealing_that_failed_does_not_give_its_iv_to_the_next() -> None:
    sealing, opening = key_pair()
    with pytest.raises(EnvelopeRefused):
        sealing.seal(bytes(MAX_PLAINTEXT_BYTES + 1), stream=STREAM, delivery_id=DELIVERY)
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    assert opening.open(sealed, stream=STREAM).iv == 1


def test_a_key_whose_announcement_was_in_an_aborted_transaction_seals_no_more() -> None:
    sealing, opening = key_pair()
    before = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    sealing.die()
    for _ in range(2):
        with pytest.raises(SealingEnded, match="dead"):
            sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
        sealing.die()
    assert opening.open(before, stream=STREAM).plaintext == b"view"


def test_a_key_is_used_up_after_its_last_iv() -> None:
    sealing, opening = key_pair()
    sealing._next_iv = MAX_MESSAGES - 1
    last = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    assert opening.open(last, stream=STREAM).iv == MAX_MESSAGES - 1
    with pytest.raises(SealingEnded, match="used up"):
        sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)


# --- attacks on envelopes


def test_swapped_an_envelope_for_one_recipient_given_to_another_is_refused() -> None:
    sealing, _ = key_pair(recipient=SCHOOL)
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    # The other recipient even holds the very same secret; only its name differs.
    other = OpeningKey(secret=SECRET, issuer=GATEWAY, recipient=POLICE)
    assert refusal(lambda: other.open(sealed, stream=STREAM)) is Code.ENVELOPE_REFUSED


def test_re_addressed_an_envelope_moved_to_another_stream_is_refused() -> None:
    _, opening = key_pair()
    moved = vector("envelope.hex")
    assert refusal(lambda: opening.open(moved, stream="deliveries.b")) is Code.ENVELOPE_REFUSED


def test_foreign_an_envelope_of_another_epoch_key_is_refused() -> None:
    sealing, _ = key_pair(secret=b"\x08" * 32)
    sealed = sealing.seal(b"view", stream=STREAM, delivery_id=DELIVERY)
    _, opening = key_pair()
    assert refusal(lambda: opening.open(sealed, stream=STREAM)) is Code.ENVELOPE_REFUSED


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=1500), st.data())
def test_a_bit_flip_anywhere_in_any_envelope_is_refused(
    plaintext: bytes, data: st.DataObject
) -> None:
    sealing, opening = key_pair()
    sealed = bytearray(sealing.seal(plaintext, stream=STREAM, delivery_id=DELIVERY))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    refusal(lambda: opening.open(bytes(sealed), stream=STREAM))


# --- attacks on announcements


def test_foreign_an_announcement_for_another_recipient_is_refused() -> None:
    code = refusal(lambda: accepted(ANNOUNCED, recipient=POLICE, recipient_key=SEALING[POLICE]))
    assert code is Code.WRONG_ADDRESS


def test_foreign_an_announcement_of_another_issuer_is_refused() -> None:
    _, forged = announce(
        SIGNING[POLICE],
        issuer=POLICE,
        recipient=SCHOOL,
        recipient_key=SEALING[SCHOOL].public,
    )
    assert refusal(lambda: accepted(forged)) is Code.SIGNATURE_REFUSED
    police = SIGNING[POLICE].public_key()
    assert refusal(lambda: accepted(forged, issuer_key=police)) is Code.WRONG_ADDRESS


def test_foreign_an_announcement_signed_by_another_party_in_the_issuers_name_is_refused() -> None:
    assert refusal(lambda: accepted(restated(signer=POLICE))) is Code.SIGNATURE_REFUSED


def test_an_announcement_sealed_to_another_key_of_the_recipient_is_refused() -> None:
    newer = SealingPrivateKey(b"\x77" * 96)
    assert refusal(lambda: accepted(ANNOUNCED, recipient_key=newer)) is Code.WRONG_ADDRESS


def test_a_statement_of_another_kind_is_no_announcement() -> None:
    assert refusal(lambda: accepted(restated(kind="note/1"))) is Code.WRONG_ADDRESS


def test_an_announcement_taken_over_by_another_issuer_does_not_open() -> None:
    # The other issuer copies the sealed secret into an announcement of its own.
    key = SIGNING[GATEWAY].public_key()
    payload = verify_statement(ANNOUNCED, key, issuer=GATEWAY, kind=STATEMENT)
    stolen = cbor2.dumps(cbor2.loads(payload) | {"issuer": POLICE}, canonical=True)
    forged = sign_statement(SIGNING[POLICE], issuer=POLICE, kind=STATEMENT, payload=stolen)
    code = refusal(lambda: accepted(forged, issuer=POLICE, issuer_key=SIGNING[POLICE].public_key()))
    assert code is Code.ENVELOPE_REFUSED


def test_key_commitment_an_announcement_that_names_another_key_id_is_refused() -> None:
    forged = restated(key_id=b"\x00" * 32)
    assert refusal(lambda: accepted(forged)) is Code.ENVELOPE_REFUSED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": POLICE}, Code.WRONG_ADDRESS),
        ({"issuer": POLICE}, Code.WRONG_ADDRESS),
        ({"thumbprint": bytes(32)}, Code.WRONG_ADDRESS),
        ({"sealed": bytes(1168)}, Code.ENVELOPE_REFUSED),
        ({"sealed": bytes(1167)}, Code.ENVELOPE_REFUSED),
        ({"sealed": b""}, Code.ENVELOPE_REFUSED),
        ({"key_id": bytes(31)}, Code.ENVELOPE_REFUSED),
        ({"thumbprint": bytes(31)}, Code.ENVELOPE_REFUSED),
        ({"thumbprint": "text"}, Code.ENVELOPE_REFUSED),
        ({"more": 1}, Code.ENVELOPE_REFUSED),
    ],
)
def test_an_announcement_with_another_field_is_refused(changes: dict[str, Any], code: Code) -> None:
    assert refusal(lambda: accepted(restated(**changes))) is code


def test_restating_is_what_the_tests_above_rely_on() -> None:
    assert restated() == ANNOUNCED


def test_every_byte_of_an_announcement_is_guarded() -> None:
    for number, changed in enumerate(single_bit_flips(ANNOUNCED)):
        if number % 8 == number // 8 % 8:  # one bit of each byte, and each of the eight in turn
            refusal(lambda data=changed: accepted(data))  # type: ignore[misc]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_no_announcement_and_nothing_else_happens(data: bytes) -> None:
    refusal(lambda: accepted(data))
    refusal(lambda: unverified_key_id(data))
    stated = sign_statement(SIGNING[GATEWAY], issuer=GATEWAY, kind=STATEMENT, payload=data)
    refusal(lambda: accepted(stated))
    refusal(lambda: unverified_thumbprint(stated))


# --- keys that secrets are sealed to


def test_a_sealing_key_is_its_two_halves() -> None:
    key = SEALING[SCHOOL]
    raw = key.public.raw
    assert len(raw) == PUBLIC_BYTES == 1216
    assert (
        raw[1184:]
        == X25519PrivateKey.from_private_bytes(b"\x03" * 32).public_key().public_bytes_raw()
    )
    assert SealingPublicKey(raw).thumbprint == hashlib.sha256(raw).digest()


def test_a_secret_sealed_in_one_context_does_not_open_in_another() -> None:
    sealed = SEALING[SCHOOL].public.seal(b"secret", info=b"one")
    assert len(sealed) == len(b"secret") + 1136
    assert SEALING[SCHOOL].open(sealed, info=b"one") == b"secret"
    for attempt in (
        lambda: SEALING[SCHOOL].open(sealed, info=b"two"),
        lambda: SEALING[POLICE].open(sealed, info=b"one"),
        lambda: SEALING[SCHOOL].open(sealed[:100], info=b"one"),
        # an X25519 share of low order, with which the classical half would be no secret
        lambda: SEALING[SCHOOL].open(sealed[:1088] + bytes(32) + sealed[1120:], info=b"one"),
    ):
        assert refusal(attempt) is Code.ENVELOPE_REFUSED


def test_bytes_that_are_no_usable_key_are_refused() -> None:
    raw = SEALING[SCHOOL].public.raw
    assert refusal(lambda: SealingPublicKey(raw[1:])) is Code.BAD_VALUE
    assert refusal(lambda: SealingPublicKey(b"\xff" * PUBLIC_BYTES)) is Code.BAD_VALUE
    low_order = SealingPublicKey(raw[:1184] + bytes(32))
    assert refusal(lambda: low_order.seal(b"secret", info=b"")) is Code.BAD_VALUE
    with pytest.raises(ValueError, match="96 bytes"):
        SealingPrivateKey(bytes(95))
    with pytest.raises(ValueError, match="32 bytes"):
        OpeningKey(secret=b"", issuer=GATEWAY, recipient=SCHOOL)


def test_no_representation_or_refusal_shows_key_bytes() -> None:
    secret = b"canary-secret-canary-secret-1234"
    sealing, opening = key_pair(secret=secret)
    private = SealingPrivateKey(b"canary-seed-".ljust(96, b"."))
    opened = opening.open(
        sealing.seal(b"canary-view", stream=STREAM, delivery_id=DELIVERY), stream=STREAM
    )
    refused: CasewardError = SealingEnded("it is dead")
    for shown in (sealing, opening, private, private.public, opened, refused):
        assert "canary" not in repr(shown)
        assert secret.hex() not in repr(shown)


def test_the_secret_comes_from_the_given_source_of_randomness() -> None:
    sealing, announcement = announce(
        SIGNING[GATEWAY],
        issuer=GATEWAY,
        recipient=SCHOOL,
        recipient_key=SEALING[SCHOOL].public,
        rng=fixed(SECRET),
    )
    assert sealing.key_id == unverified_key_id(ANNOUNCED)
    assert announcement != ANNOUNCED  # HPKE has randomness of its own
