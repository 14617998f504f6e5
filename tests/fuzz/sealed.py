"""Signed events and envelopes to fuzz, also with what only a publisher or gateway could make.

Bytes alone seldom come past a signature or a seal; so the header is changed and signed again, and
the content changed and sealed again, as a publisher or a gateway could that turned hostile.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import cbor
from schemas.envelope import (
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
from schemas.errors import EnvelopeRefused, EventRefused
from schemas.signed import (
    sig_structure,
    sign_event,
    sign_statement,
    unverified_issuer,
    unverified_payload,
    unverified_publisher,
    verify_event,
    verify_statement,
)
from tests.schemas.parties import DELIVERY, EVENT, GATEWAY, POLICE, SCHOOL, SIGNING, STREAM
from tests.schemas.values import outcome

_SIGNER = SIGNING[POLICE]
_PUBLIC = _SIGNER.public_key()
_STATED = sign_statement(_SIGNER, issuer=POLICE, kind="note/1", payload=b"said")
SIGNED = [sign_event(_SIGNER, EVENT), _STATED]
HEADERS = [cbor.decode(each[1:], (bytes, {}, bytes, bytes))[0] for each in SIGNED]

_KEY = AESGCM(bytes(range(32)))
_PLACE = {"issuer": GATEWAY, "recipient": SCHOOL, "stream": STREAM}
_ADDRESS = Address(**_PLACE, delivery_id=DELIVERY, key_id=b"\x09" * 32)
BODY = ViewBody(
    agreement_id="northmoor-small",
    agreement_version=2,
    agreement_hash="ab" * 32,
    purpose="safeguarding-children",
    schema="cd" * 32,
    event_type="police.domestic-incident",
    wording="Not for you under this agreement.",
    handling=Handling(onward="not-permitted", not_to_reach=("perpetrator",), keep_days=3),
    opening_key=b"\x0a" * 32,
    view=b"\xc3\x01 a view",
)
_BODY = encode_body(BODY)
SEALED = [seal_envelope(_KEY, _ADDRESS, iv=5, plaintext=each) for each in (b"", _BODY)]
_PROTECTED = parse_envelope(SEALED[0]).protected
CONTENTS = [cbor.encode(each).ljust(1024, b"\0") for each in (b"", _BODY, bytes(1000))]
CONTENTS += [_BODY]


def verified(data: bytes) -> bool:
    """Any bytes as a signed event and as a statement: verified, or refused as declared."""
    held = [_said(lambda: unverified_payload(data))]
    held += [_said(lambda: unverified_publisher(data)), _said(lambda: unverified_issuer(data))]
    place = {"publisher": POLICE, "gateway": GATEWAY, "stream": EVENT.stream}
    event = _said(lambda: verify_event(data, _PUBLIC, **place, partition=EVENT.partition))
    stated = _said(lambda: verify_statement(data, _PUBLIC, issuer=POLICE, kind="note/1"))
    assert held[0] or not (event or stated)
    return event or stated


def verified_again(header: bytes) -> bool:
    """Any bytes as the protected header, under a signature that holds."""
    payload = EVENT.payload
    signature = _SIGNER.sign(sig_structure(header, payload))
    return verified(b"\xd2" + cbor.encode([header, {}, payload, signature]))


def opened(data: bytes) -> bool:
    """Any bytes as an envelope, and what is in it as a view's body."""
    try:
        envelope = parse_envelope(data)
        assert key_id_of(data) == envelope.key_id
        assert delivery_id_of(data) == envelope.delivery_id
        body = open_envelope(_KEY, envelope, **_PLACE)
    except EnvelopeRefused:
        return False
    try:
        assert encode_body(decode_body(body)) == body
    except EnvelopeRefused:
        return False
    return True


def opened_again(content: bytes) -> bool:
    """Any bytes as an envelope's content, under a seal that holds; and as a view's body."""
    aad = enc_structure(_PROTECTED, _ADDRESS.aad())
    iv = (5).to_bytes(12, "big")
    sealed = [_PROTECTED, {5: iv}, _KEY.encrypt(iv, content, aad)]
    accepted = opened(b"\xd0" + cbor.encode(sealed))
    try:
        assert encode_body(decode_body(content)) == content
    except EnvelopeRefused:
        return accepted
    return True


def _said(step: Callable[[], object]) -> bool:
    said = outcome(step)
    if not isinstance(said, EventRefused):
        return True
    assert said.__context__ is None or said.__suppress_context__
    return False
