"""Key pairs that secrets are sealed to: HPKE with ML-KEM-768 and X25519 together.

A recording made today stays closed to a quantum computer of tomorrow, and to a flaw in either half.

Sources: RFC 9180 (HPKE, base mode), FIPS 203 (ML-KEM), RFC 7748 (X25519), draft-ietf-hpke-pq
(MLKEM768-X25519).
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from schemas.errors import Code, EnvelopeRefused

PUBLIC_BYTES: Final = 1184 + 32  # ML-KEM-768 ‖ X25519
SEED_BYTES: Final = 64 + 32  # ML-KEM-768 seed (d ‖ z) ‖ X25519 scalar
OVERHEAD_BYTES: Final = 1120 + 16  # how much longer a sealed secret is: encapsulation and tag

_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class SealingPublicKey:
    """A public key that anybody can seal a secret to; `raw` is its 1,216 bytes.

    Args:
        raw: ML-KEM-768 encapsulation key ‖ X25519 public key.

    Raises:
        EnvelopeRefused: `BAD_VALUE`: the bytes are no such key.
    """

    __slots__ = ("_key", "raw")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != PUBLIC_BYTES:
            raise EnvelopeRefused(Code.BAD_VALUE, f"a sealing key is {PUBLIC_BYTES} bytes")
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(raw[:-32])
        except ValueError:
            raise EnvelopeRefused(Code.BAD_VALUE, "the bytes are no sealing key") from None
        self._key = hpke.MLKEM768X25519PublicKey(
            mlkem, X25519PublicKey.from_public_bytes(raw[-32:])
        )
        self.raw: Final = raw

    @property
    def thumbprint(self) -> bytes:
        """SHA-256 of the raw key (32 bytes): which of a recipient's keys was used."""
        return hashlib.sha256(self.raw).digest()

    def seal(self, secret: bytes, *, info: bytes) -> bytes:
        """Seal bytes so that only the private key's holder, told the same `info`, can open them.

        Raises:
            EnvelopeRefused: `BAD_VALUE`: a low-order key, with which nothing would stay secret.
        """
        try:
            return _SUITE.encrypt(secret, self._key, info)
        except ValueError:
            raise EnvelopeRefused(Code.BAD_VALUE, "the bytes are no sealing key") from None


class SealingPrivateKey:
    """The private key; its bytes are not kept here and are in no representation of it.

    Args:
        seed: 96 random bytes, kept by a key store.

    Raises:
        ValueError: the seed is not 96 bytes.
    """

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"the seed of a sealing key is {SEED_BYTES} bytes")
        mlkem = MLKEM768PrivateKey.from_seed_bytes(seed[:64])
        x25519 = X25519PrivateKey.from_private_bytes(seed[64:])
        self._key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public: Final = SealingPublicKey(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """What was sealed to this key under this `info`.

        Raises:
            EnvelopeRefused: `ENVELOPE_REFUSED`: altered, for another key, or of another context.
        """
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except InvalidTag:
            raise EnvelopeRefused(
                Code.ENVELOPE_REFUSED, "sealed secret: it does not open with this key"
            ) from None
