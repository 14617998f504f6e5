"""Epoch keys: the data key of one writer for one recipient, announced once, opened many times.

A writer makes a fresh 32-byte secret, seals it to the recipient's key and signs the announcement.
Both sides derive the data key and its 32-byte id from the secret. AES-GCM does not commit to its
key: one ciphertext can be made to open under two. The derived id, rechecked on accepting, does.

INVARIANT: no two writers share a key, so no two ever share an IV: `announce` makes a key anew, a
`SealingKey` cannot be copied, pickled or used after a fork, and it dies with a transaction whose
outcome is not a sure commit.

Sources: RFC 9180 (HPKE), RFC 5869 (HKDF), NIST SP 800-38D section 8.2.1 (counted IVs).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas import cbor
from schemas.envelope import (
    KEY_ID_BYTES,
    MAX_MESSAGES,
    Envelope,
    Frame,
    frame_of,
    open_envelope,
    parse_envelope,
    seal_framed,
)
from schemas.errors import CasewardError, Code, EnvelopeRefused
from schemas.sealing import OVERHEAD_BYTES, SealingPrivateKey, SealingPublicKey
from schemas.signed import sign_statement, unverified_payload, verify_statement

SECRET_BYTES: Final = 32
STATEMENT: Final = "epoch-key/1"

_FORMAT: Final = "caseward-epoch/1"
_THUMBPRINT_BYTES: Final = 32
_ANNOUNCEMENT: Final[cbor.Shape] = {
    "issuer": str,
    "recipient": str,
    "key_id": bytes,
    "sealed": bytes,
    "thumbprint": bytes,
}


_FORKS: Final = [0]  # how many lie between the first process and this one


def _forked() -> None:
    _FORKS[0] += 1


# every fork after which Python goes on runs this, whoever asked for it
os.register_at_fork(after_in_child=_forked)


class SealingEnded(CasewardError):
    """The key seals no more: it died, is used up, or belongs to another process. Announce anew."""

    def __init__(self, rule: str) -> None:
        super().__init__(Code.INTERNAL, f"sealing key: {rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an envelope held; `iv` is its number among the key's messages, from 0."""

    plaintext: bytes = field(repr=False)
    delivery_id: bytes
    iv: int


class SealingKey:
    """The sealing side of one epoch key, made by `announce` and owned by one process.

    IVs count from 0. `die` it when a transaction that used or announced it did not surely commit.
    """

    __slots__ = (
        *("_aead", "_forks", "_frames", "_issuer", "_lock", "_next_iv", "_recipient"),
        "key_id",
    )

    def __init__(self, *, secret: bytes, issuer: str, recipient: str) -> None:
        key, self.key_id = _derive(secret, issuer, recipient)
        self._aead: AESGCM | None = AESGCM(key)
        self._issuer = issuer
        self._recipient = recipient
        self._next_iv = 0
        self._frames: dict[tuple[str, int], Frame] = {}
        self._forks = _FORKS[0]
        self._lock = threading.Lock()

    def seal(self, plaintext: bytes, *, stream: str, delivery_id: bytes) -> bytes:
        """Seal bytes for the recipient under the next IV.

        Args:
            plaintext: at most `MAX_PLAINTEXT_BYTES`.
            stream: the logical stream it is for.
            delivery_id: 1 to 64 bytes, readable outside the seal.

        Raises:
            SealingEnded: the key is dead, used up, or was made by another process.
            EnvelopeRefused: `TOO_LARGE`.
            ValueError: the delivery id is out of range.
        """
        if self._forks != _FORKS[0]:
            raise SealingEnded("another process made it, which may use the same IVs")
        with self._lock:
            aead, iv = self._aead, self._next_iv
            if aead is None:
                raise SealingEnded("it is dead")
            if iv >= MAX_MESSAGES:
                raise SealingEnded("its 2**32 IVs are used up")
            # Counted before sealing: an IV whose sealing failed is never tried again.
            self._next_iv = iv + 1
        place = stream, len(delivery_id)
        frame = self._frames.get(place)
        if frame is None:  # a key has one stream, or few
            frame = frame_of(self._issuer, self._recipient, stream, self.key_id, len(delivery_id))
            self._frames = {place: frame}
        return seal_framed(aead, frame, delivery_id, iv=iv, plaintext=plaintext)

    def die(self) -> None:
        """End this key for good and let go of its bytes."""
        with self._lock:
            self._aead = None

    def __copy__(self) -> NoReturn:
        raise TypeError("a sealing key cannot be copied: two writers would share its IVs")

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealing key cannot be pickled: two writers would share its IVs")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self.__reduce__()


class OpeningKey:
    """The opening side of one epoch key, made by `accept`."""

    __slots__ = ("_aead", "_recipient", "issuer", "key_id")

    def __init__(self, *, secret: bytes, issuer: str, recipient: str) -> None:
        key, self.key_id = _derive(secret, issuer, recipient)
        self._aead = AESGCM(key)
        self._recipient = recipient
        self.issuer = issuer

    def open(self, envelope: bytes, *, stream: str) -> Opened:
        """What an envelope on this stream holds. It does not know which IVs it has met.

        Raises:
            EnvelopeRefused: `NOT_AN_ENVELOPE`, `TOO_LARGE` or `ENVELOPE_REFUSED`.
        """
        return self.open_parsed(parse_envelope(envelope), stream=stream)

    def open_parsed(self, envelope: Envelope, *, stream: str) -> Opened:
        """The same for an envelope that was taken apart before."""
        if envelope.key_id != self.key_id:
            raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "envelope: it asks for another key")
        plaintext = open_envelope(
            self._aead, envelope, issuer=self.issuer, recipient=self._recipient, stream=stream
        )
        return Opened(plaintext=plaintext, delivery_id=envelope.delivery_id, iv=envelope.iv)


def announce(
    signing: Ed25519PrivateKey,
    *,
    issuer: str,
    recipient: str,
    recipient_key: SealingPublicKey,
    rng: Callable[[int], bytes] = os.urandom,
) -> tuple[SealingKey, bytes]:
    """A new epoch key, and the announcement that must commit before or with its first envelope.

    Args:
        signing: the issuer's signing key.
        issuer: who will seal.
        recipient: who will open.
        recipient_key: the recipient's present public key.
        rng: gives so many random bytes.

    Raises:
        EnvelopeRefused: `BAD_VALUE`: the recipient's key is not usable.
        ValueError: `issuer` is not a name, or `rng` gave another number of bytes.
    """
    secret = rng(SECRET_BYTES)
    key = SealingKey(secret=secret, issuer=issuer, recipient=recipient)
    payload = cbor.encode(
        {
            "issuer": issuer,
            "recipient": recipient,
            "key_id": key.key_id,
            "sealed": recipient_key.seal(secret, info=_context("announcement", issuer, recipient)),
            "thumbprint": recipient_key.thumbprint,
        }
    )
    return key, sign_statement(signing, issuer=issuer, kind=STATEMENT, payload=payload)


def accept(
    announcement: bytes,
    *,
    issuer: str,
    issuer_key: Ed25519PublicKey,
    recipient: str,
    recipient_key: SealingPrivateKey,
) -> OpeningKey:
    """The opening key an announcement carries, every claim in it rechecked.

    Args:
        announcement: untrusted bytes.
        issuer: who is expected to have announced it.
        issuer_key: the key that verifies the issuer's statements.
        recipient: us.
        recipient_key: the private key it was sealed to.

    Raises:
        EventRefused: the statement is not the issuer's (`NOT_SIGNED`, `SIGNATURE_REFUSED`,
            `WRONG_ADDRESS`); as EnvelopeRefused: it is for another recipient or another of its
            keys (`WRONG_ADDRESS`), or does not hold the key it names (`ENVELOPE_REFUSED`).
    """
    payload = verify_statement(announcement, issuer_key, issuer=issuer, kind=STATEMENT)
    said = _decode(payload)
    if (said["issuer"], said["recipient"]) != (issuer, recipient):
        raise EnvelopeRefused(Code.WRONG_ADDRESS, "announcement: it is for another recipient")
    if said["thumbprint"] != recipient_key.public.thumbprint:
        raise EnvelopeRefused(Code.WRONG_ADDRESS, "announcement: it is sealed to another key")
    context = _context("announcement", issuer, recipient)
    secret = recipient_key.open(said["sealed"], info=context)
    key = OpeningKey(secret=secret, issuer=issuer, recipient=recipient)
    if key.key_id != said["key_id"]:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "announcement: its key has another id")
    return key


def unverified_key_id(announcement: bytes) -> bytes:
    """Which key an announcement says it carries: fit for naming its record, not more.

    Raises:
        EventRefused: it is no announcement.
    """
    key_id: bytes = _decode(unverified_payload(announcement))["key_id"]
    return key_id


def unverified_thumbprint(announcement: bytes) -> bytes:
    """Which of the recipient's keys an announcement says it is sealed to.

    Raises:
        EventRefused: it is no announcement.
    """
    thumbprint: bytes = _decode(unverified_payload(announcement))["thumbprint"]
    return thumbprint


def _context(use: str, issuer: str, recipient: str) -> bytes:
    return cbor.encode([_FORMAT, use, issuer, recipient])


def _derive(secret: bytes, issuer: str, recipient: str) -> tuple[bytes, bytes]:
    """The data key and its id: HKDF-SHA256 outputs that name the format and both parties."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the secret of an epoch key is {SECRET_BYTES} bytes")

    def output(use: str) -> bytes:
        info = _context(use, issuer, recipient)
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)

    return output("key"), output("key id")


def _decode(payload: bytes) -> Mapping[str, Any]:
    try:
        said: Mapping[str, Any] = cbor.decode(payload, _ANNOUNCEMENT)
    except cbor.NotCbor:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "announcement: not of its format") from None
    lengths = (len(said["key_id"]), len(said["thumbprint"]), len(said["sealed"]))
    if lengths != (KEY_ID_BYTES, _THUMBPRINT_BYTES, SECRET_BYTES + OVERHEAD_BYTES):
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "announcement: a field has another length")
    return said
