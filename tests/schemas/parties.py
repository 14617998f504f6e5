"""Invented parties with fixed keys, and the edits that an attacker makes to their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.epoch import OpeningKey, SealingKey, accept, announce
from schemas.sealing import SealingPrivateKey
from schemas.signed import SignedEvent

POLICE = "northshire-police"
GATEWAY = "gateway"
SCHOOL = "elm-road-school"
STREAM = "deliveries.elm-road-school"
AT = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
EVENT = SignedEvent(
    publisher=POLICE,
    gateway=GATEWAY,
    stream="events.northshire-police",
    partition=3,
    event_id="5f0c9b0e-6a0f-4a57-9d3c-1f8b0f6f0001",
    signed_at=AT,
    payload=b"\xc3\x01 eight bytes of fingerprint and an Avro record",
)

SIGNING = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate((POLICE, GATEWAY, SCHOOL), 1)
}
SEALING = {
    name: SealingPrivateKey(bytes([number]) * 96)
    for number, name in enumerate((POLICE, GATEWAY, SCHOOL), 1)
}
DELIVERY = bytes(range(32))


def vector(name: str) -> bytes:
    """The bytes of a stored hex file; lines that start with # say where they come from."""
    text = (Path(__file__).parent / "vectors" / name).read_text()
    return bytes.fromhex("".join(line for line in text.split("\n") if not line.startswith("#")))


def fixed(secret: bytes) -> Any:
    """A source of randomness that gives this once and nothing else."""
    left = [secret]

    def rng(length: int) -> bytes:
        given = left.pop()
        assert len(given) == length
        return given

    return rng


def key_pair(
    issuer: str = GATEWAY, recipient: str = SCHOOL, secret: bytes = b"\x07" * 32
) -> tuple[SealingKey, OpeningKey]:
    """Both sides of the epoch key of a fixed secret."""
    key, announcement = announce(
        SIGNING[issuer],
        issuer=issuer,
        recipient=recipient,
        recipient_key=SEALING[recipient].public,
        rng=fixed(secret),
    )
    opening = accept(
        announcement,
        issuer=issuer,
        issuer_key=SIGNING[issuer].public_key(),
        recipient=recipient,
        recipient_key=SEALING[recipient],
    )
    return key, opening


def single_bit_flips(data: bytes) -> Iterator[bytes]:
    """The bytes with each of their bits flipped in turn."""
    for bit in range(len(data) * 8):
        yield flip(data, bit)


def flip(data: bytes, bit: int) -> bytes:
    """The bytes with one bit flipped."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def taken_apart(message: bytes) -> list[Any]:
    """The array inside a tagged COSE message, its protected header decoded, ready to be edited."""
    protected, unprotected, *rest = cbor2.loads(message[1:])
    return [cbor2.loads(protected), unprotected, *rest]


def put_together(tag: int, parts: list[Any]) -> bytes:
    """A tagged COSE message of edited parts."""
    protected, *rest = parts
    header = cbor2.dumps(protected, canonical=True)
    return cbor2.dumps(cbor2.CBORTag(tag, [header, *rest]), canonical=True)
