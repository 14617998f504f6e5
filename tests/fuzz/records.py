"""The smaller records to fuzz: openings of hops, recalls, receipts and key announcements.

Those that are signed are changed and signed again, as an agency or a gateway could that turned
hostile.
"""

from __future__ import annotations

from contextlib import suppress

from schemas.envelope import encode_body
from schemas.epoch import (
    STATEMENT as ANNOUNCEMENT,
)
from schemas.epoch import (
    accept,
    announce,
    unverified_key_id,
    unverified_thumbprint,
)
from schemas.errors import EnvelopeRefused, EventRefused
from schemas.hop import OpeningRefused, Step, decode_opening, encode_opening, make_hop
from schemas.recall import NO_VIEW, Action, Recall, decode_recall, encode_recall
from schemas.receipt import STATEMENT as RECEIPT
from schemas.receipt import Receipt, sign_receipt, verify_receipt
from schemas.signed import sign_statement, unverified_payload
from tests.fuzz.sealed import BODY
from tests.schemas.parties import GATEWAY, SCHOOL, SEALING, SIGNING
from tests.schemas.test_hop import AUDITOR, HOP, KEY_A, KEY_B

_NOTHING = BODY._replace(schema=NO_VIEW, view=b"")
_RECALLS = [
    Recall(recalls=b"d" * 32, action=Action.ERASE, body=BODY),
    Recall(recalls=b"d", action=Action.CEASE, body=_NOTHING),
]
_RECEIPT = Receipt(delivery_id=b"d" * 32, step=Step.OPENED, time_ms=1, envelope_sha256=b"e" * 32)
_ANNOUNCED = announce(
    SIGNING[GATEWAY], issuer=GATEWAY, recipient=SCHOOL, recipient_key=SEALING[SCHOOL].public
)[1]

OPENINGS = [
    encode_opening(HOP),
    encode_opening(make_hop(AUDITOR, recipient_key=KEY_A, auditor_key=KEY_B)),
]
RECALLS = [*map(encode_recall, _RECALLS), encode_body(BODY)]
RECEIPTS = [unverified_payload(sign_receipt(_RECEIPT, SIGNING[SCHOOL], issuer=SCHOOL))]
ANNOUNCEMENTS = [unverified_payload(_ANNOUNCED)]


def opening(data: bytes) -> bool:
    """Any bytes as the opening of a hop, of which there is one encoding."""
    with suppress(OpeningRefused):
        assert encode_opening(decode_opening(data)) == data
        return True
    return False


def recalled(data: bytes) -> bool:
    """Any bytes as a recall, of which there is one encoding."""
    with suppress(EnvelopeRefused):
        assert encode_recall(decode_recall(data)) == data
        return True
    return False


def receipt(payload: bytes) -> bool:
    """Any bytes as a receipt, under a signature that holds."""
    key = SIGNING[SCHOOL]
    signed = sign_statement(key, issuer=SCHOOL, kind=RECEIPT, payload=payload)
    with suppress(EventRefused):
        verify_receipt(signed, key.public_key(), issuer=SCHOOL)
        return True
    return False


def announced(payload: bytes) -> bool:
    """Any bytes as the announcement of an epoch key, under a signature that holds."""
    key = SIGNING[GATEWAY]
    signed = sign_statement(key, issuer=GATEWAY, kind=ANNOUNCEMENT, payload=payload)
    with suppress(EventRefused):
        unverified_key_id(signed)
        unverified_thumbprint(signed)
        accept(
            signed,
            issuer=GATEWAY,
            issuer_key=key.public_key(),
            recipient=SCHOOL,
            recipient_key=SEALING[SCHOOL],
        )
        return True
    return False
