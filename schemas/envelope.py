"""The sealed envelope: COSE_Encrypt0 with AES-256-GCM, and the body of a view inside it.

    envelope  = 16([protected, {5: iv}, ciphertext])
    protected = {1: 3 (A256GCM), 4: key id (32 bytes), "delivery": delivery id}
    plaintext = CBOR byte string of the body, then zeros up to a power of two from 1 KiB

The external AAD names the place it was sealed for, so that an envelope moved anywhere else does
not open. Lengths are padded because a length alone tells a stranger which kind of case it is.

Sources: RFC 9052 section 5 (COSE_Encrypt0), RFC 9053 section 4.1 (AES-GCM), NIST SP 800-38D.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import cbor
from schemas.errors import Code, EnvelopeRefused

KEY_ID_BYTES: Final = 32
IV_BYTES: Final = 12
MAX_MESSAGES: Final = 2**32  # of one key: IVs count from 0 and stay far below GCM's limits
MIN_PADDED_BYTES: Final = 1024
MAX_PADDED_BYTES: Final = 512 * 1024  # the next power of two would not fit a record of the log
MAX_PLAINTEXT_BYTES: Final = MAX_PADDED_BYTES - 5  # the length of a CBOR byte string takes 5
MAX_ENVELOPE_BYTES: Final = MAX_PADDED_BYTES + 512  # headers, delivery id, tag and lengths
MAX_DELIVERY_ID_BYTES: Final = 64

_TAG_16: Final = b"\xd0"  # COSE_Encrypt0
_ALG, _KID, _IV = 1, 4, 5
_A256GCM: Final = 3
# the parts of an envelope that are the same in each: heads of arrays and maps, keys and labels
_ENVELOPE: Final = _TAG_16 + b"\x83"
_PROTECTED: Final = b"\xa3" + cbor.encode(_ALG) + cbor.encode(_A256GCM) + cbor.encode(_KID)
_DELIVERY: Final = cbor.encode("delivery")
_UNPROTECTED: Final = b"\xa1" + cbor.encode(_IV) + (0x40 + IV_BYTES).to_bytes()
_ENCRYPT0: Final = b"\x83" + cbor.encode("Encrypt0")
_AAD: Final = b"\x86" + cbor.encode("caseward-envelope/1")
_BODY_FORMAT: Final = "caseward-view/1"
_LENGTH_BYTES: Final = {0x58: 1, 0x59: 2, 0x5A: 4}  # of a CBOR byte string, by its first byte


class Address(NamedTuple):
    """The place an envelope is sealed for.

    `issuer` is who sealed it: the gateway for deliveries, the publisher for events; `recipient`
    who opens it; `stream` the logical stream, so that another topic name breaks nothing.
    """

    issuer: str
    recipient: str
    stream: str
    delivery_id: bytes
    key_id: bytes

    def aad(self) -> bytes:
        """The external AAD: the address in deterministic CBOR, format first."""
        place = _place(self.issuer, self.recipient, self.stream)
        return place + cbor.byte_string(self.delivery_id) + cbor.byte_string(self.key_id)


@lru_cache(maxsize=4096)  # names of agencies and streams, which an envelope tells anyway
def _place(issuer: str, recipient: str, stream: str) -> bytes:
    """The address's array as far as it is the same for every envelope of a stream."""
    return _AAD + b"".join(map(cbor.encode, [issuer, recipient, stream]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An envelope taken apart; nothing in it is to be believed before it has opened."""

    key_id: bytes
    delivery_id: bytes
    iv: int
    protected: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


class Handling(NamedTuple):
    """What the agreement lets the recipient do: `keep_days` None sets no limit of days."""

    onward: str
    not_to_reach: tuple[str, ...]
    keep_days: int | None


class ViewBody(NamedTuple):
    """What is inside the seal of a delivery: under which agreement, how to handle it, the view.

    `agreement_hash` is SHA-256 in hex, `schema` the digest of the view type, `wording` the line
    that explains withheld fields, `opening_key` (32 bytes) opens the recipient's part of the hop.
    """

    agreement_id: str
    agreement_version: int
    agreement_hash: str
    purpose: str
    schema: str
    event_type: str
    wording: str
    handling: Handling
    opening_key: bytes
    view: bytes

    def __repr__(self) -> str:
        return f"ViewBody(agreement_hash={self.agreement_hash!r}, schema={self.schema!r}, ...)"


_OPENING_KEY_BYTES: Final = 32
# INVARIANT: agreement, version, hash, purpose and schema stand first inside the seal.
_BODY_SHAPE: Final[cbor.Shape] = (
    *(str, str, int, str, str),  # format, agreement, its version and hash, purpose
    *(str, str, str, (str, [str], int | None)),  # schema, event type, wording, handling
    *(bytes, bytes),  # opening key, view
)


def encode_body(body: ViewBody) -> bytes:
    """The body as deterministic CBOR, an array that starts with the format and the agreement."""
    opening_key, view = body.opening_key, body.view
    opening_head, view_head = map(cbor.byte_string_head, (len(opening_key), len(view)))
    return b"".join((_named(body[:-2]), opening_head, opening_key, view_head, view))


@lru_cache(maxsize=4096)  # of agreements, event types and views, which hold no data of any event
def _named(named: tuple[str, int, str, str, str, str, str, Handling]) -> bytes:
    """The body's array up to what is of one delivery."""
    *texts, handling = named
    held = [handling.onward, list(handling.not_to_reach), handling.keep_days]
    return b"\x8b" + b"".join(map(cbor.encode, [_BODY_FORMAT, *texts, held]))


def decode_body(data: bytes) -> ViewBody:
    """The body that `encode_body` gave these bytes for.

    Raises:
        EnvelopeRefused: `ENVELOPE_REFUSED` for any other bytes.
    """
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise EnvelopeRefused(Code.TOO_LARGE, "view body: larger than it may be")
    try:
        format_, *named, handling, opening_key, view = cbor.decode(data, _BODY_SHAPE)
    except cbor.NotCbor:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "view body: not of its format") from None
    if format_ != _BODY_FORMAT or len(opening_key) != _OPENING_KEY_BYTES:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "view body: not of this format's version")
    agreement_id, version, agreement_hash, purpose, schema, event_type, wording = named
    onward, not_to_reach, keep_days = handling
    return ViewBody(
        agreement_id=agreement_id,
        agreement_version=version,
        agreement_hash=agreement_hash,
        purpose=purpose,
        schema=schema,
        event_type=event_type,
        wording=wording,
        handling=Handling(onward=onward, not_to_reach=tuple(not_to_reach), keep_days=keep_days),
        opening_key=opening_key,
        view=view,
    )


def key_id_of(envelope: bytes) -> bytes:
    """Which key an envelope asks for; unverified until it opens.

    Raises:
        EnvelopeRefused: `NOT_AN_ENVELOPE` or `TOO_LARGE`.
    """
    return parse_envelope(envelope).key_id


def delivery_id_of(envelope: bytes) -> bytes:
    """The delivery id an envelope carries; unverified until it opens.

    Raises:
        EnvelopeRefused: `NOT_AN_ENVELOPE` or `TOO_LARGE`.
    """
    return parse_envelope(envelope).delivery_id


def seal_envelope(key: AESGCM, address: Address, *, iv: int, plaintext: bytes) -> bytes:
    """Seal bytes for one address. Only a `SealingKey` calls this: it owns the IVs.

    Args:
        key: AES-256-GCM under the epoch key that `address.key_id` names.
        address: whom and what it is for.
        iv: a number never used before under this key, below 2**32.
        plaintext: at most `MAX_PLAINTEXT_BYTES`.

    Raises:
        EnvelopeRefused: `TOO_LARGE`.
        ValueError: the delivery id or the IV is out of range.
    """
    issuer, recipient, stream, delivery_id, key_id = address
    frame = frame_of(issuer, recipient, stream, key_id, len(delivery_id))
    return seal_framed(key, frame, delivery_id, iv=iv, plaintext=plaintext)


def seal_framed(
    key: AESGCM, frame: Frame, delivery_id: bytes, *, iv: int, plaintext: bytes
) -> bytes:
    """The same as `seal_envelope` for an address as `frame_of` gives it."""
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise EnvelopeRefused(Code.TOO_LARGE, "envelope: the plaintext is larger than it may be")
    if not 0 < len(delivery_id) <= MAX_DELIVERY_ID_BYTES or not 0 <= iv < MAX_MESSAGES:
        raise ValueError("the delivery id or the IV is out of range")
    item = cbor.byte_string(plaintext)
    padded = item.ljust(_padded_bytes(len(item)), b"\0")
    iv_bytes = iv.to_bytes(IV_BYTES, "big")
    authenticated = delivery_id.join(frame.authenticated)
    sealed = key.encrypt(iv_bytes, padded, authenticated)
    head = cbor.byte_string_head(len(sealed))
    return b"".join((frame.before, delivery_id, _UNPROTECTED, iv_bytes, head, sealed))


class Frame(NamedTuple):
    """The deterministic CBOR that is the same around every delivery id of one length.

    `authenticated` is the Enc_structure cut where the delivery id stands, in the protected header
    and in the external AAD; `before` is the envelope up to it.
    """

    authenticated: tuple[bytes, bytes, bytes]
    before: bytes


@lru_cache(maxsize=4096)  # names of agencies, streams and keys, which an envelope tells anyway
def frame_of(issuer: str, recipient: str, stream: str, key_id: bytes, id_bytes: int) -> Frame:
    """The frame of an address whose delivery id has so many bytes."""
    # INVARIANT: `parse_envelope` reads what is framed so, and `open_envelope` opens it.
    named = cbor.byte_string(key_id)
    head = cbor.byte_string_head(id_bytes)
    place = _place(issuer, recipient, stream) + head
    protected = _PROTECTED + named + _DELIVERY + head
    protected = cbor.byte_string_head(len(protected) + id_bytes) + protected
    aad_head = cbor.byte_string_head(len(place) + id_bytes + len(named))
    return Frame((_ENCRYPT0 + protected, aad_head + place, named), _ENVELOPE + protected)


def parse_envelope(data: bytes) -> Envelope:
    """Take an envelope apart without opening it.

    Raises:
        EnvelopeRefused: `NOT_AN_ENVELOPE` or `TOO_LARGE`.
    """
    if len(data) > MAX_ENVELOPE_BYTES:
        raise EnvelopeRefused(Code.TOO_LARGE, "envelope: larger than it may be")
    if data[:1] != _TAG_16:
        _not_an_envelope("it is not a tagged COSE_Encrypt0")
    try:
        protected, unprotected, ciphertext = cbor.decode(data[1:], (bytes, {_IV: bytes}, bytes))
        header = cbor.decode(protected, {_ALG: int, _KID: bytes, "delivery": bytes})
    except cbor.NotCbor:
        _not_an_envelope("it has not the fields of its format")
    key_id, delivery_id, iv = header[_KID], header["delivery"], unprotected[_IV]
    if header[_ALG] != _A256GCM:
        _not_an_envelope("`alg` is not A256GCM (3)")
    if len(key_id) != KEY_ID_BYTES or not 0 < len(delivery_id) <= MAX_DELIVERY_ID_BYTES:
        _not_an_envelope("the key id or the delivery id is of another length")
    if len(iv) != IV_BYTES or int.from_bytes(iv, "big") >= MAX_MESSAGES:
        _not_an_envelope("the IV is not one of a key's 2**32")
    return Envelope(
        key_id=key_id,
        delivery_id=delivery_id,
        iv=int.from_bytes(iv, "big"),
        protected=protected,
        ciphertext=ciphertext,
    )


def open_envelope(
    key: AESGCM, envelope: Envelope, *, issuer: str, recipient: str, stream: str
) -> bytes:
    """The plaintext, if the envelope was sealed with this key for this very place.

    Raises:
        EnvelopeRefused: `ENVELOPE_REFUSED`: altered, for another place, another key, or padded
            other than the format says.
    """
    address = Address(
        issuer=issuer,
        recipient=recipient,
        stream=stream,
        delivery_id=envelope.delivery_id,
        key_id=envelope.key_id,
    )
    aad = enc_structure(envelope.protected, address.aad())
    try:
        padded = key.decrypt(envelope.iv.to_bytes(IV_BYTES, "big"), envelope.ciphertext, aad)
    except InvalidTag:
        raise EnvelopeRefused(
            Code.ENVELOPE_REFUSED, "envelope: it does not open with this key at this place"
        ) from None
    return _unpad(padded)


def enc_structure(protected: bytes, external_aad: bytes) -> bytes:
    """What is authenticated beside the plaintext: the Enc_structure of RFC 9052 section 5.3."""
    return _ENCRYPT0 + cbor.byte_string(protected) + cbor.byte_string(external_aad)


def _padded_bytes(length: int) -> int:
    return MIN_PADDED_BYTES if length <= MIN_PADDED_BYTES else 1 << (length - 1).bit_length()


def _unpad(padded: bytes) -> bytes:
    first = padded[0] if padded else 0
    width = _LENGTH_BYTES.get(first, 0)
    length = int.from_bytes(padded[1 : 1 + width], "big") if width else first - 0x40
    end = 1 + width + length
    body = padded[1 + width : max(end, 0)]
    if length < 0 or cbor.encode(body) != padded[:end]:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "envelope: its content is no byte string")
    if len(padded) != _padded_bytes(end):
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "envelope: it is padded to another size")
    if padded.count(0, end) != len(padded) - end:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "envelope: its padding is not zero")
    return body


def _not_an_envelope(rule: str) -> NoReturn:
    raise EnvelopeRefused(Code.NOT_AN_ENVELOPE, f"envelope: {rule}") from None
