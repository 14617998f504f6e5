"""Receipts: what a recipient says, signed, about one envelope it was sent."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas import cbor
from schemas.errors import Code, EventRefused
from schemas.hop import Step
from schemas.signed import sign_statement, verify_statement

STATEMENT = "receipt/1"
_SHAPE: cbor.Shape = {"delivery": bytes, "step": str, "time_ms": int, "envelope": bytes}
STEPS = frozenset({Step.OPENED, Step.WRITTEN, Step.ACKNOWLEDGED, Step.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`step` is one of STEPS; `time_ms` is the recipient's clock, Unix milliseconds."""

    delivery_id: bytes
    step: Step
    time_ms: int
    envelope_sha256: bytes


def sign_receipt(receipt: Receipt, key: Ed25519PrivateKey, *, issuer: str) -> bytes:
    """The receipt as a statement signed by the recipient `issuer`."""
    payload = {
        "delivery": receipt.delivery_id,
        "step": str(receipt.step),
        "time_ms": receipt.time_ms,
        "envelope": receipt.envelope_sha256,
    }
    data = cbor.encode(payload)
    return sign_statement(key, issuer=issuer, kind=STATEMENT, payload=data)


def verify_receipt(data: bytes, key: Ed25519PublicKey, *, issuer: str) -> Receipt:
    """The receipt in a signed statement.

    Raises:
        EventRefused: it is not signed by `issuer`, or is no receipt.
    """
    payload = verify_statement(data, key, issuer=issuer, kind=STATEMENT)
    try:
        said = cbor.decode(payload, _SHAPE)
        receipt = Receipt(
            delivery_id=said["delivery"],
            step=Step(said["step"]),
            time_ms=said["time_ms"],
            envelope_sha256=said["envelope"],
        )
    except (cbor.NotCbor, ValueError):
        raise EventRefused(Code.NOT_DECODABLE, "not a receipt") from None
    if receipt.step not in STEPS or len(receipt.delivery_id) != 32:
        raise EventRefused(Code.BAD_VALUE, "not a step that a recipient may report")
    return receipt
