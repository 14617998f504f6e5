"""Sealed envelopes: the standards' vectors, our own golden bytes, and what an opener refuses."""

from __future__ import annotations

import base64
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import (
    MAX_ENVELOPE_BYTES,
    MAX_MESSAGES,
    MAX_PLAINTEXT_BYTES,
    Address,
    Handling,
    ViewBody,
    decode_body,
    delivery_id_of,
    enc_structure,
    encode_body,
    key_id_of,
    open_envelope,
    parse_envelope,
    seal_envelope,
)
from schemas.errors import Code, EnvelopeRefused
from tests.schemas.parties import (
    DELIVERY,
    GATEWAY,
    SCHOOL,
    STREAM,
    put_together,
    single_bit_flips,
    taken_apart,
)

KEY = AESGCM(bytes(range(32)))
ADDRESS = Address(
    issuer=GATEWAY, recipient=SCHOOL, stream=STREAM, delivery_id=DELIVERY, key_id=b"\x09" * 32
)
SEALED = seal_envelope(KEY, ADDRESS, iv=5, plaintext=b"a view")
BODY = ViewBody(
    agreement_id="northshire-encompass",
    agreement_version=2,
    agreement_hash="ab" * 32,
    purpose="operation-encompass",
    schema="cd" * 32,
    event_type="police.domestic-incident",
    wording="Not for you under this agreement.",
    handling=Handling(onward="not-permitted", not_to_reach=("the perpetrator",), keep_days=None),
    opening_key=b"\x0a" * 32,
    view=b"\xc3\x01 a view",
)


def opened(data: bytes, **changes: str) -> bytes:
    place = {"issuer": GATEWAY, "recipient": SCHOOL, "stream": STREAM} | changes
    return open_envelope(KEY, parse_envelope(data), **place)


def refusal(data: bytes, **changes: str) -> Code:
    with pytest.raises(EnvelopeRefused) as refused:
        opened(data, **changes)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    return refused.value.code


# --- known answers


@pytest.mark.parametrize(
    ("key", "iv", "plaintext", "aad", "sealed"),
    [
        (  # McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test case 16
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
        (  # NIST CAVP, gcmEncryptExtIV256.rsp, 96-bit IV, empty plaintext and AAD, count 0
            "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
            "516c33929df5a3284ff463d7",
            "",
            "",
            "bdc1ac884d332457a1d2664f168c76f0",
        ),
    ],
)
def test_aes_256_gcm_gives_the_published_ciphertexts(
    key: str, iv: str, plaintext: str, aad: str, sealed: str
) -> None:
    gcm = AESGCM(bytes.fromhex(key))
    found = gcm.encrypt(bytes.fromhex(iv), bytes.fromhex(plaintext), bytes.fromhex(aad))
    assert found.hex() == sealed


def test_the_authenticated_data_is_that_of_the_cose_working_groups_a256gcm_example() -> None:
    # cose-wg/Examples, aes-gcm-examples/aes-gcm-enc-03.json
    message = bytes.fromhex(
        "D08343A10103A1054C02D1F7E6F26C43D4868D87CE"
        "58249D64A5A59A3B04867DCCF6B8EF82F7D1A3B25EF84ECA2BC5D7593A96E943859A9CC24AD3"
    )
    key = bytes.fromhex("0F1E2D3C4B5A69788796A5B4C3D2E1F01F2E3D4C5B6A798897A6B5C4D3E2F100")
    protected, unprotected, ciphertext = cbor2.loads(message).value
    aad = enc_structure(protected, b"")
    assert aad == bytes.fromhex("8368456E63727970743043A1010340")
    assert AESGCM(key).decrypt(unprotected[5], ciphertext, aad) == b"This is the content."
    header = cbor2.loads(protected)
    assert (header, message[0]) == ({1: 3}, SEALED[0])
    assert taken_apart(SEALED)[0][1] == header[1]


def test_external_data_stands_where_the_cose_working_groups_example_has_it() -> None:
    # cose-wg/Examples, encrypted-tests/enc-pass-02.json (A128GCM)
    message = bytes.fromhex(
        "D08343A10101A1054C02D1F7E6F26C43D4868D87CE"
        "582460973A94BB2898009EE52ECFD9AB1DD25867374B1DC3A143880CA2883A5630DA08AE1E6E"
    )
    protected, unprotected, ciphertext = cbor2.loads(message).value
    aad = enc_structure(protected, bytes.fromhex("0011bbcc22dd4455dd220099"))
    assert aad.hex().upper() == "8368456E63727970743043A101014C0011BBCC22DD4455DD220099"
    key = AESGCM(base64.urlsafe_b64decode("hJtXIZ2uSN5kbQfbtTNWbg=="))
    assert key.decrypt(unprotected[5], ciphertext, aad) == b"This is the content."


def test_the_external_data_is_the_address_in_plain_cbor() -> None:
    assert ADDRESS.aad() == (
        b"\x86"
        + (b"\x73caseward-envelope/1" + b"\x67gateway" + b"\x6felm-road-school")
        + (b"\x78\x1adeliveries.elm-road-school" + b"\x58\x20" + DELIVERY)
        + (b"\x58\x20" + b"\x09" * 32)
    )


# --- what holds


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=3000), st.integers(0, MAX_MESSAGES - 1), st.binary(min_size=1, max_size=64)
)
def test_what_was_sealed_is_what_opens(plaintext: bytes, iv: int, delivery_id: bytes) -> None:
    address = ADDRESS._replace(delivery_id=delivery_id)
    sealed = seal_envelope(KEY, address, iv=iv, plaintext=plaintext)
    assert opened(sealed) == plaintext
    assert parse_envelope(sealed).iv == iv
    assert (key_id_of(sealed), delivery_id_of(sealed)) == (ADDRESS.key_id, delivery_id)


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        (0, 1024),
        (1, 1024),
        (1021, 1024),
        (1022, 2048),
        (2045, 2048),
        (2046, 4096),
        (65533, 65536),
        (65534, 131072),
        (MAX_PLAINTEXT_BYTES, 524288),
    ],
)
def test_lengths_show_only_as_powers_of_two_from_one_kibibyte(length: int, padded: int) -> None:
    sealed = seal_envelope(KEY, ADDRESS, iv=0, plaintext=bytes(length))
    assert len(parse_envelope(sealed).ciphertext) == padded + 16
    assert opened(sealed) == bytes(length)


def test_the_largest_envelope_is_within_its_limit_and_one_byte_more_is_not_sealed() -> None:
    address = ADDRESS._replace(delivery_id=bytes(64))
    largest = seal_envelope(KEY, address, iv=0, plaintext=bytes(MAX_PLAINTEXT_BYTES))
    assert len(largest) <= MAX_ENVELOPE_BYTES
    with pytest.raises(EnvelopeRefused) as refused:
        seal_envelope(KEY, address, iv=0, plaintext=bytes(MAX_PLAINTEXT_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE
    assert refusal(bytes(MAX_ENVELOPE_BYTES + 1)) is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("iv", "delivery_id"), [(-1, b"d"), (2**32, b"d"), (0, b""), (0, bytes(65))]
)
def test_an_iv_or_a_delivery_id_out_of_range_is_not_sealed(iv: int, delivery_id: bytes) -> None:
    with pytest.raises(ValueError, match="out of range"):
        seal_envelope(KEY, ADDRESS._replace(delivery_id=delivery_id), iv=iv, plaintext=b"")


# --- attacks


@pytest.mark.parametrize("what", ["issuer", "recipient", "stream"])
def test_re_addressed_an_envelope_moved_to_another_place_is_refused(what: str) -> None:
    assert refusal(SEALED, **{what: "another"}) is Code.ENVELOPE_REFUSED


def test_re_addressed_another_delivery_id_or_key_id_in_the_header_is_refused() -> None:
    for label, value in (("delivery", bytes(32)), (4, bytes(32))):
        parts = taken_apart(SEALED)
        parts[0][label] = value
        assert refusal(put_together(16, parts)) is Code.ENVELOPE_REFUSED


def test_swapped_ciphertexts_of_two_envelopes_are_refused() -> None:
    other = seal_envelope(
        KEY, ADDRESS._replace(delivery_id=bytes(32)), iv=6, plaintext=b"another view"
    )
    one, two = taken_apart(SEALED), taken_apart(other)
    one[2], two[2] = two[2], one[2]
    assert refusal(put_together(16, one)) is Code.ENVELOPE_REFUSED
    assert refusal(put_together(16, two)) is Code.ENVELOPE_REFUSED


def test_foreign_an_envelope_sealed_with_another_key_is_refused() -> None:
    forged = seal_envelope(AESGCM(bytes(32)), ADDRESS, iv=5, plaintext=b"a view")
    assert refusal(forged) is Code.ENVELOPE_REFUSED


def test_every_single_bit_flip_of_an_envelope_is_refused() -> None:
    for changed in single_bit_flips(SEALED):
        assert refusal(changed) in {Code.NOT_AN_ENVELOPE, Code.ENVELOPE_REFUSED}


@pytest.mark.parametrize(
    ("length", "padded_bytes", "rule"),
    [
        (3, 1024, "not zero"),
        (3, 2048, "another size"),
        (3, 1023, "another size"),
        (3, 4, "another size"),
        (1100, 4096, "another size"),
    ],
)
def test_padding_of_another_size_or_not_zero_is_refused(
    length: int, padded_bytes: int, rule: str
) -> None:
    padded = cbor2.dumps(bytes(length)).ljust(padded_bytes, b"\0")
    if rule == "not zero":
        padded = padded[:-1] + b"\x01"
    with pytest.raises(EnvelopeRefused, match=rule):
        opened(sealed_as_is(padded))


@pytest.mark.parametrize(
    "item",
    [
        b"",
        b"\x00",
        b"\x3f",
        b"\x60",  # text
        b"\x5f\x41a\xff",  # indefinite
        b"\x58\x01a",  # a longer length than needed
        b"\x59\x10\x00",  # more than there is
        b"\x5a\xff\xff\xff\xff",
        b"\x5b\x00\x00\x00\x00\x00\x00\x00\x01a",
        b"\xff",
    ],
)
def test_a_content_that_is_no_byte_string_is_refused(item: bytes) -> None:
    with pytest.raises(EnvelopeRefused, match="no byte string"):
        opened(sealed_as_is(item.ljust(1024, b"\0")))


def test_an_empty_content_is_refused() -> None:
    assert refusal(sealed_as_is(b"")) is Code.ENVELOPE_REFUSED


def sealed_as_is(padded: bytes, header: dict[Any, Any] | None = None) -> bytes:
    """An envelope under the right key and address around any content, padded by nobody."""
    said = header if header is not None else {1: 3, 4: ADDRESS.key_id, "delivery": DELIVERY}
    protected = cbor2.dumps(said, canonical=True)
    iv = (5).to_bytes(12, "big")
    ciphertext = KEY.encrypt(iv, padded, enc_structure(protected, ADDRESS.aad()))
    return put_together(16, [said, {5: iv}, ciphertext])


def test_sealing_by_hand_is_what_the_tests_above_rely_on() -> None:
    assert opened(sealed_as_is(cbor2.dumps(b"hand").ljust(1024, b"\0"))) == b"hand"
    assert sealed_as_is(cbor2.dumps(b"a view").ljust(1024, b"\0")) == SEALED


@pytest.mark.parametrize("alg", [1, 2, 10, 24, -25, None, "A256GCM"])
def test_alg_confusion_any_algorithm_but_a256gcm_is_refused(alg: Any) -> None:
    header = {1: alg, 4: ADDRESS.key_id, "delivery": DELIVERY}
    if alg is None:
        del header[1]
    data = sealed_as_is(cbor2.dumps(b"a view").ljust(1024, b"\0"), header)
    assert refusal(data) is Code.NOT_AN_ENVELOPE


@pytest.mark.parametrize(
    "edit",
    [
        lambda parts: parts[1].update({1: 3}),  # unprotected extras
        lambda parts: parts[1].update({4: b"kid"}),
        lambda parts: parts[1].update({"x": 0}),
        lambda parts: parts[1].update({6: b"partial iv"}),
        lambda parts: parts[1].pop(5),
        lambda parts: parts[1].update({5: bytes(11)}),
        lambda parts: parts[1].update({5: bytes(13)}),
        lambda parts: parts[1].update({5: b"\x01" + bytes(11)}),  # past the 2**32 of a key
        lambda parts: parts[0].update({"more": 1}),
        lambda parts: parts[0].update({2: [1]}),
        lambda parts: parts[0].pop("delivery"),
        lambda parts: parts[0].update({4: bytes(31)}),
        lambda parts: parts[0].update({"delivery": b""}),
        lambda parts: parts[0].update({"delivery": bytes(65)}),
        lambda parts: parts.append(b""),
        lambda parts: parts.__setitem__(2, None),  # detached
    ],
)
def test_unprotected_extras_and_other_headers_are_refused(edit: Any) -> None:
    parts = taken_apart(SEALED)
    edit(parts)
    assert refusal(put_together(16, parts)) is Code.NOT_AN_ENVELOPE


@pytest.mark.parametrize(
    "data",
    [b"", b"\xd0", SEALED[1:], b"\xd8\x10" + SEALED[1:], b"\xd2" + SEALED[1:], SEALED + b"\0"],
)
def test_bytes_around_or_instead_of_an_envelope_are_refused(data: bytes) -> None:
    assert refusal(data) is Code.NOT_AN_ENVELOPE
    for read in (key_id_of, delivery_id_of):
        with pytest.raises(EnvelopeRefused):
            read(data)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda b: b"\xd0\x83" + b)))
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    refusal(data)


# --- the body of a view


def test_a_body_comes_back_as_it_went_in() -> None:
    assert decode_body(encode_body(BODY)) == BODY
    kept = BODY._replace(handling=Handling(onward="ask", not_to_reach=(), keep_days=90))
    assert decode_body(encode_body(kept)) == kept


def test_the_agreement_purpose_and_schema_stand_first_inside_the_seal() -> None:
    assert cbor2.loads(encode_body(BODY))[:6] == [
        "caseward-view/1",
        BODY.agreement_id,
        BODY.agreement_version,
        BODY.agreement_hash,
        BODY.purpose,
        BODY.schema,
    ]


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, "caseward-view/2"),
        (1, b"bytes"),
        (2, True),
        (2, "2"),
        (8, ["ask", "one", None]),
        (8, ["ask", [], "90"]),
        (9, bytes(31)),
        (10, "text"),
    ],
)
def test_a_body_of_another_form_is_refused(at: int, value: Any) -> None:
    parts = cbor2.loads(encode_body(BODY))
    parts[at] = value
    with pytest.raises(EnvelopeRefused) as refused:
        decode_body(cbor2.dumps(parts, canonical=True))
    assert refused.value.code is Code.ENVELOPE_REFUSED


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_no_body_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        decode_body(data)


def test_a_body_too_large_for_an_envelope_is_refused() -> None:
    with pytest.raises(EnvelopeRefused) as refused:
        decode_body(bytes(MAX_PLAINTEXT_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE


def test_no_representation_shows_the_view_or_the_opening_key() -> None:
    body = BODY._replace(view=b"canary-view", opening_key=b"canary-key".ljust(32, b"."))
    assert "canary" not in repr(body)
    assert "ciphertext" not in repr(parse_envelope(SEALED))
