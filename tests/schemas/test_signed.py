"""Signed events and statements: the standards' vectors, our own golden bytes, and the attacks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Code, EventRefused
from schemas.signed import (
    MAX_SIGNED_BYTES,
    SignedEvent,
    sig_structure,
    sign_event,
    sign_statement,
    unverified_issuer,
    unverified_publisher,
    verify_event,
    verify_statement,
)
from tests.schemas.parties import (
    AT,
    EVENT,
    GATEWAY,
    POLICE,
    SCHOOL,
    SIGNING,
    flip,
    put_together,
    single_bit_flips,
    taken_apart,
    vector,
)

SIGNED = sign_event(SIGNING[POLICE], EVENT)
STATED = sign_statement(SIGNING[POLICE], issuer=POLICE, kind="note/1", payload=b"said")


def verified(data: bytes, **changes: Any) -> SignedEvent:
    place: dict[str, Any] = {
        "publisher": POLICE,
        "gateway": GATEWAY,
        "stream": EVENT.stream,
        "partition": EVENT.partition,
    }
    return verify_event(data, SIGNING[POLICE].public_key(), **(place | changes))


def refusal(act: Callable[[], object]) -> Code:
    with pytest.raises(EventRefused) as refused:
        act()
    # nothing that could carry a value hangs on the refusal
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    return refused.value.code


# --- known answers


@pytest.mark.parametrize(
    ("secret", "public", "message", "signature"),
    [
        # RFC 8032 section 7.1, tests 1 to 3
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_ed25519_gives_the_signatures_of_rfc_8032(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert key.public_key().public_bytes_raw().hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature


def test_the_signed_bytes_are_those_of_the_cose_working_groups_ed25519_example() -> None:
    # cose-wg/Examples, eddsa-examples/eddsa-sig-01.json; its key "11" is that of RFC 8032, test 1
    message = bytes.fromhex(
        "D28445A201270300A10442313154546869732069732074686520636F6E74656E742E5840"
        "7142FD2FF96D56DB85BEE905A76BA1D0B7321A95C8C4D3607C5781932B7AFB87"
        "11497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF08F4A44D6FEF0D"
    )
    secret = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    protected, _, payload, signature = cbor2.loads(message).value
    assert payload == b"This is the content."
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert key.sign(sig_structure(protected, payload)) == signature


def test_the_signed_bytes_are_those_of_the_cose_working_groups_sign1_example() -> None:
    # cose-wg/Examples, sign1-tests/sign-pass-01.json: ToBeSign_hex
    expected = "846A5369676E617475726531404054546869732069732074686520636F6E74656E742E"
    assert sig_structure(b"", b"This is the content.") == bytes.fromhex(expected)


def test_the_format_of_a_signed_event_stays_as_stored() -> None:
    assert vector("signed-event.hex") == SIGNED
    assert verified(vector("signed-event.hex")) == EVENT


def test_the_claims_stand_under_their_registered_keys() -> None:
    # RFC 8392: iss 1, aud 3, iat 6, cti 7; RFC 9597: header 15; RFC 9864: Ed25519 is -19
    header, unprotected, payload, signature = taken_apart(SIGNED)
    assert header == {
        1: -19,
        15: {
            1: POLICE,
            3: GATEWAY,
            6: int(AT.timestamp()),
            7: EVENT.event_id.encode(),
            "stream": EVENT.stream,
            "partition": 3,
        },
    }
    assert (unprotected, payload, len(signature)) == ({}, EVENT.payload, 64)
    assert SIGNED[0] == 0xC0 | 18


# --- what holds


@settings(max_examples=50, deadline=None)
@given(
    st.binary(max_size=300),
    st.integers(0, 2**31 - 1),
    st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),
)
def test_what_was_signed_is_what_is_verified(payload: bytes, partition: int, at: datetime) -> None:
    event = replace(EVENT, payload=payload, partition=partition, signed_at=at)
    found = verified(sign_event(SIGNING[POLICE], event), partition=partition)
    assert found == replace(event, signed_at=at.replace(microsecond=0))


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))
    assert sign_event(SIGNING[POLICE], replace(EVENT, signed_at=local)) == SIGNED


def test_the_publisher_can_be_read_before_it_is_verified() -> None:
    assert unverified_publisher(SIGNED) == POLICE
    assert unverified_issuer(STATED) == POLICE


# --- attacks on events


def test_swapped_a_payload_under_another_events_signature_is_refused() -> None:
    other = sign_event(SIGNING[POLICE], replace(EVENT, payload=b"another event"))
    mixed = taken_apart(SIGNED)
    mixed[2] = taken_apart(other)[2]
    assert refusal(lambda: verified(put_together(18, mixed))) is Code.SIGNATURE_REFUSED


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        (6, int((AT + timedelta(days=1)).timestamp())),  # re-dated
        (3, "another-gateway"),  # re-addressed
        ("stream", "events.southshire-police"),
        ("partition", 4),
        (1, "southshire-police"),
        (7, b"5f0c9b0e-6a0f-4a57-9d3c-1f8b0f6f0002"),
    ],
)
def test_re_dated_or_re_addressed_claims_are_refused(claim: int | str, value: Any) -> None:
    parts = taken_apart(SIGNED)
    parts[0][15][claim] = value
    assert refusal(lambda: verified(put_together(18, parts))) is Code.SIGNATURE_REFUSED


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("gateway", "another-gateway"),
        ("stream", "events.southshire-police"),
        ("partition", 4),
        ("publisher", "southshire-police"),
    ],
)
def test_re_addressed_an_event_moved_to_another_place_is_refused(what: str, value: Any) -> None:
    assert refusal(lambda: verified(SIGNED, **{what: value})) is Code.WRONG_ADDRESS


def test_foreign_an_event_signed_with_another_agencys_key_is_refused() -> None:
    forged = sign_event(SIGNING[SCHOOL], EVENT)
    assert refusal(lambda: verified(forged)) is Code.SIGNATURE_REFUSED


def test_foreign_an_agency_cannot_publish_in_anothers_name_with_its_own_key() -> None:
    forged = sign_event(SIGNING[SCHOOL], EVENT)
    key = SIGNING[SCHOOL].public_key()

    def verify() -> SignedEvent:
        return verify_event(
            forged,
            key,
            publisher=SCHOOL,
            gateway=GATEWAY,
            stream=EVENT.stream,
            partition=EVENT.partition,
        )

    assert refusal(verify) is Code.WRONG_ADDRESS


def test_every_single_bit_flip_of_a_signed_event_is_refused() -> None:
    for changed in single_bit_flips(SIGNED):
        assert refusal(lambda data=changed: verified(data)) in {  # type: ignore[misc]
            Code.NOT_SIGNED,
            Code.SIGNATURE_REFUSED,
        }


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.data())
def test_a_bit_flip_anywhere_in_any_signed_event_is_refused(
    payload: bytes, data: st.DataObject
) -> None:
    signed = sign_event(SIGNING[POLICE], replace(EVENT, payload=payload))
    bit = data.draw(st.integers(0, len(signed) * 8 - 1))
    refusal(lambda: verified(flip(signed, bit)))


def test_a_signature_with_the_group_order_added_is_refused() -> None:
    # RFC 8032 section 8.4: S is below the group order, else one message has many signatures
    order = 2**252 + 27742317777372353535851937790883648493
    parts = taken_apart(SIGNED)
    signature = parts[3]
    scalar = int.from_bytes(signature[32:], "little") + order
    parts[3] = signature[:32] + scalar.to_bytes(32, "little")
    assert refusal(lambda: verified(put_together(18, parts))) is Code.SIGNATURE_REFUSED


@pytest.mark.parametrize("alg", [-8, -7, -53, 5, 0, None, "EdDSA", True])
def test_alg_confusion_any_algorithm_but_ed25519_is_refused(alg: Any) -> None:
    # Signed anew by the right key: only the algorithm's name is wrong.
    parts = taken_apart(SIGNED)
    if alg is None:
        del parts[0][1]
    else:
        parts[0][1] = alg
    protected = cbor2.dumps(parts[0], canonical=True)
    parts[3] = SIGNING[POLICE].sign(sig_structure(protected, parts[2]))
    assert refusal(lambda: verified(put_together(18, parts))) is Code.NOT_SIGNED


@pytest.mark.parametrize("unprotected", [{1: -19}, {4: b"kid"}, {"x": 0}, {15: {1: POLICE}}])
def test_unprotected_extras_are_refused(unprotected: dict[Any, Any]) -> None:
    parts = taken_apart(SIGNED)
    parts[1] = unprotected
    assert refusal(lambda: verified(put_together(18, parts))) is Code.NOT_SIGNED


def resigned(edit: Callable[[list[Any]], None]) -> bytes:
    """The event with a header that its own publisher edited and signed."""
    parts = taken_apart(SIGNED)
    edit(parts)
    parts[3] = SIGNING[POLICE].sign(sig_structure(cbor2.dumps(parts[0], canonical=True), parts[2]))
    return put_together(18, parts)


@pytest.mark.parametrize(
    "edit",
    [
        lambda parts: parts[0].update({2: [15]}),  # crit
        lambda parts: parts[0].update({"more": 1}),
        lambda parts: parts[0].pop(15),
        lambda parts: parts[0][15].update({4: 1_900_000_000}),  # exp
        lambda parts: parts[0][15].pop("partition"),
        lambda parts: parts[0][15].update({6: 1_772_436_600.5}),
        lambda parts: parts[0][15].update({6: -1}),
        lambda parts: parts[0][15].update({6: 2**62}),
        lambda parts: parts[0][15].update({7: b"\xff"}),
        lambda parts: parts[0][15].update({7: b""}),
        lambda parts: parts[0][15].update({1: ""}),
        lambda parts: parts[0][15].update({1: "two\nlines"}),
        lambda parts: parts[0][15].update({1: "x" * 201}),
        lambda parts: parts[0][15].update({"partition": True}),
        lambda parts: parts[0][15].update({"partition": -1}),
        lambda parts: parts[0][15].update({"partition": 2**31}),
    ],
)
def test_a_header_of_another_form_is_refused_even_with_a_good_signature(
    edit: Callable[[list[Any]], None],
) -> None:
    assert refusal(lambda: verified(resigned(edit))) is Code.NOT_SIGNED


def test_editing_and_signing_anew_is_what_the_test_above_relies_on() -> None:
    assert verified(resigned(lambda parts: None)) == EVENT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        SIGNED[1:],  # untagged
        b"\xd8\x12" + SIGNED[1:],  # the tag in a longer form
        b"\xd8\x62" + SIGNED[1:],  # COSE_Sign
        b"\xd9\xd9\xf7" + SIGNED,  # self-described CBOR before it
        SIGNED + b"\x00",
        SIGNED[:-1],
        b"\xd2\x84" + b"\x40" * 4,
    ],
)
def test_bytes_around_or_instead_of_a_signed_event_are_refused(data: bytes) -> None:
    assert refusal(lambda: verified(data)) is Code.NOT_SIGNED
    assert refusal(lambda: unverified_publisher(data)) is Code.NOT_SIGNED


def test_a_detached_payload_is_refused() -> None:
    parts = taken_apart(SIGNED)
    parts[2] = None
    assert refusal(lambda: verified(put_together(18, parts))) is Code.NOT_SIGNED


def test_the_same_event_in_another_encoding_is_refused() -> None:
    # the payload's length in two bytes where one does: same meaning, same signature, other bytes
    at = SIGNED.index(EVENT.payload)
    assert SIGNED[at - 2] == 0x58
    longer = SIGNED[: at - 2] + b"\x59\x00" + SIGNED[at - 1 :]
    assert cbor2.loads(longer) == cbor2.loads(SIGNED)
    assert refusal(lambda: verified(longer)) is Code.NOT_SIGNED


def test_more_bytes_than_an_envelope_holds_are_refused_both_ways() -> None:
    huge = replace(EVENT, payload=bytes(MAX_SIGNED_BYTES))
    assert refusal(lambda: sign_event(SIGNING[POLICE], huge)) is Code.TOO_LARGE
    assert refusal(lambda: verified(bytes(MAX_SIGNED_BYTES + 1))) is Code.TOO_LARGE


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda b: b"\xd2\x84" + b)))
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    refusal(lambda: verified(data))
    refusal(lambda: unverified_issuer(data))


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_at": datetime(2026, 3, 2, 7, 30)},  # no zone
        {"signed_at": datetime(1969, 12, 31, tzinfo=UTC)},
        {"partition": -1},
        {"event_id": ""},
        {"stream": "x" * 201},
        {"publisher": "half \ud800 of a pair"},
    ],
)
def test_what_no_verifier_would_take_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        sign_event(SIGNING[POLICE], replace(EVENT, **changes))


def test_neither_a_refusal_nor_a_representation_shows_the_payload() -> None:
    event = replace(EVENT, payload=b"canary-7f31")
    assert "canary" not in repr(event)
    with pytest.raises(EventRefused) as refused:
        verified(sign_event(SIGNING[SCHOOL], event))
    assert "canary" not in repr(refused.value)


# --- statements


def test_a_statement_is_verified_for_its_issuer_and_kind() -> None:
    key = SIGNING[POLICE].public_key()
    assert verify_statement(STATED, key, issuer=POLICE, kind="note/1") == b"said"


@pytest.mark.parametrize(("issuer", "kind"), [(SCHOOL, "note/1"), (POLICE, "receipt/1")])
def test_a_statement_of_another_issuer_or_kind_is_refused(issuer: str, kind: str) -> None:
    key = SIGNING[POLICE].public_key()
    code = refusal(lambda: verify_statement(STATED, key, issuer=issuer, kind=kind))
    assert code is Code.WRONG_ADDRESS


def test_a_statement_signed_with_another_key_is_refused() -> None:
    key = SIGNING[SCHOOL].public_key()
    code = refusal(lambda: verify_statement(STATED, key, issuer=POLICE, kind="note/1"))
    assert code is Code.SIGNATURE_REFUSED


def test_a_statement_is_no_event_and_an_event_no_statement() -> None:
    key = SIGNING[POLICE].public_key()
    assert refusal(lambda: verified(STATED)) is Code.NOT_SIGNED
    code = refusal(lambda: verify_statement(SIGNED, key, issuer=POLICE, kind="note/1"))
    assert code is Code.NOT_SIGNED


def test_every_single_bit_flip_of_a_statement_is_refused() -> None:
    key = SIGNING[POLICE].public_key()
    for changed in single_bit_flips(STATED):
        with pytest.raises(EventRefused):
            verify_statement(changed, key, issuer=POLICE, kind="note/1")


def test_a_statement_without_a_name_is_not_signed() -> None:
    with pytest.raises(ValueError, match="name"):
        sign_statement(SIGNING[POLICE], issuer="", kind="note/1", payload=b"")
