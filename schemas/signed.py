"""Signed records: COSE_Sign1 with Ed25519 over an event, or over a statement.

A signed event says who published it, to which gateway, on which stream and partition, under which
event id and when; a statement says who made it and of which kind it is. Both stand in the CWT
claims of the protected header, so no signature can be used at another place or for another purpose.

Sources: RFC 9052 section 4 (COSE_Sign1), RFC 9864 (Ed25519 is algorithm -19), RFC 9597 (claims in
header 15), RFC 8392 (claim keys), RFC 8032 (Ed25519).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas import cbor
from schemas.errors import Code, EventRefused

MAX_SIGNED_BYTES: Final = 512 * 1024 - 8  # with its length it pads to 512 KiB and fits an envelope
MAX_NAME_CHARS: Final = 200  # longer than any topic name that Kafka takes (249) minus our prefixes

_TAG_18: Final = b"\xd2"  # COSE_Sign1
_SIGNATURE_BYTES: Final = 64
_ALG, _CLAIMS = 1, 15
_ED25519: Final = -19  # EdDSA (-8) leaves the curve open and is refused
_ISS, _AUD, _IAT, _CTI = 1, 3, 6, 7
_MAX_IAT: Final = 253_402_300_799  # the end of the year 9999, where datetime ends
_MAX_PARTITION: Final = 2**31 - 1

_EVENT_CLAIMS: Final = {
    _ISS: str,
    _AUD: str,
    _IAT: int,
    _CTI: bytes,
    "stream": str,
    "partition": int,
}
_STATEMENT_CLAIMS: Final = {_ISS: str, "kind": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEvent:
    """One event as its publisher signed it.

    `stream` is the logical stream, `signed_at` an aware time of whole seconds (the format drops
    fractions), `payload` the event in its wire encoding, which this module does not look into.
    """

    publisher: str
    gateway: str
    stream: str
    partition: int
    event_id: str
    signed_at: datetime
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign1:
    protected: bytes
    payload: bytes
    signature: bytes

    def claims(self, shape: cbor.Shape) -> dict[int | str, Any]:
        try:
            header = cbor.decode(self.protected, {_ALG: int, _CLAIMS: shape})
        except cbor.NotCbor:
            _refuse("the protected header has not the fields of its format")
        if header[_ALG] != _ED25519:
            _refuse("`alg` is not Ed25519 (-19)")
        claims: dict[int | str, Any] = header[_CLAIMS]
        return claims


def sign_event(key: Ed25519PrivateKey, event: SignedEvent) -> bytes:
    """The event as a tagged COSE_Sign1.

    Args:
        key: the publisher's signing key.
        event: what to sign; fractions of a second of `signed_at` are dropped.

    Raises:
        EventRefused: `TOO_LARGE`.
        ValueError: a field is out of its range; it names the field.
    """
    if event.signed_at.tzinfo is None:
        raise ValueError("`signed_at` needs a time zone")
    iat = int(event.signed_at.replace(microsecond=0).timestamp())  # a float could round it up
    problem = _problem(
        event.publisher, event.gateway, event.stream, event.partition, event.event_id, iat
    )
    if problem:
        raise ValueError(problem)
    claims = {
        _ISS: event.publisher,
        _AUD: event.gateway,
        _IAT: iat,
        _CTI: event.event_id.encode(),
        "stream": event.stream,
        "partition": event.partition,
    }
    return _sign(key, claims, event.payload)


def verify_event(
    data: bytes,
    key: Ed25519PublicKey,
    *,
    publisher: str,
    gateway: str,
    stream: str,
    partition: int,
) -> SignedEvent:
    """The signed event, if this publisher's key signed it for this very place.

    Args:
        data: untrusted bytes, a tagged COSE_Sign1.
        key: the key of the agency that is expected to have published it.
        publisher: that agency.
        gateway: the gateway that reads.
        stream: the logical stream the bytes were found on.
        partition: its partition they were found in.

    Raises:
        EventRefused: `TOO_LARGE`, `NOT_SIGNED` (not of this format), `SIGNATURE_REFUSED` (altered,
            or another key), `WRONG_ADDRESS` (signed for another place, or as somebody else).
    """
    message = _parse(data)
    event = _event(message)
    _check(message, key)
    if event.publisher != publisher:
        raise EventRefused(Code.WRONG_ADDRESS, "signed event: it names another publisher")
    if event.gateway != gateway:
        raise EventRefused(Code.WRONG_ADDRESS, "signed event: it is for another gateway")
    if (event.stream, event.partition) != (stream, partition):
        raise EventRefused(Code.WRONG_ADDRESS, "signed event: it is for another stream")
    return event


def unverified_publisher(data: bytes) -> str:
    """Who the bytes say published them: fit for finding the key that will verify it, not more.

    Raises:
        EventRefused: they are no signed event.
    """
    return _event(_parse(data)).publisher


def sign_statement(key: Ed25519PrivateKey, *, issuer: str, kind: str, payload: bytes) -> bytes:
    """A statement (announcement, register entry, receipt, key rotation) as a tagged COSE_Sign1.

    Args:
        key: the issuer's signing key.
        issuer: whose statement it is.
        kind: what the payload is; a verifier that expects another kind refuses it.
        payload: the statement's bytes.

    Raises:
        EventRefused: `TOO_LARGE`.
        ValueError: `issuer` or `kind` is not a name.
    """
    if not (_is_name(issuer) and _is_name(kind)):
        raise ValueError("`issuer` or `kind` is not a printable name")
    return _sign(key, {_ISS: issuer, "kind": kind}, payload)


def verify_statement(data: bytes, key: Ed25519PublicKey, *, issuer: str, kind: str) -> bytes:
    """The payload of a statement, if this issuer's key signed it as one of this kind.

    Raises:
        EventRefused: `TOO_LARGE`, `NOT_SIGNED`, `SIGNATURE_REFUSED`, or `WRONG_ADDRESS` for another
            issuer or kind.
    """
    message = _parse(data)
    claims = message.claims(_STATEMENT_CLAIMS)
    _check(message, key)
    if (claims[_ISS], claims["kind"]) != (issuer, kind):
        raise EventRefused(Code.WRONG_ADDRESS, "statement: it has another issuer or kind")
    return message.payload


def unverified_issuer(data: bytes) -> str:
    """Who the bytes say stated them: fit for finding the key that will verify it, not more.

    Raises:
        EventRefused: they are no statement.
    """
    issuer: str = _parse(data).claims(_STATEMENT_CLAIMS)[_ISS]
    return issuer


def unverified_payload(data: bytes) -> bytes:
    """The payload of signed bytes whose signature nobody has checked yet.

    Raises:
        EventRefused: they are not signed bytes.
    """
    return _parse(data).payload


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """The bytes that are signed: the Sig_structure of RFC 9052 section 4.4, no external data."""
    return cbor.encode(["Signature1", protected, b"", payload])


def _sign(key: Ed25519PrivateKey, claims: dict[Any, Any], payload: bytes) -> bytes:
    protected = cbor.encode({_ALG: _ED25519, _CLAIMS: claims})
    signature = key.sign(sig_structure(protected, payload))
    data = _TAG_18 + cbor.encode([protected, {}, payload, signature])
    if len(data) > MAX_SIGNED_BYTES:
        raise EventRefused(Code.TOO_LARGE, "signed bytes: larger than they may be")
    return data


def _parse(data: bytes) -> _Sign1:
    if len(data) > MAX_SIGNED_BYTES:
        raise EventRefused(Code.TOO_LARGE, "signed bytes: larger than they may be")
    if data[:1] != _TAG_18:
        _refuse("they are not a tagged COSE_Sign1")
    try:
        # `{}`: an unprotected header could be altered by anybody, so there is none.
        protected, _, payload, signature = cbor.decode(data[1:], (bytes, {}, bytes, bytes))
    except cbor.NotCbor:
        _refuse("they have not the fields of COSE_Sign1")
    if len(signature) != _SIGNATURE_BYTES:
        _refuse(f"a signature is {_SIGNATURE_BYTES} bytes")
    return _Sign1(protected=protected, payload=payload, signature=signature)


def _check(message: _Sign1, key: Ed25519PublicKey) -> None:
    try:
        key.verify(message.signature, sig_structure(message.protected, message.payload))
    except InvalidSignature:
        raise EventRefused(
            Code.SIGNATURE_REFUSED, "signed bytes: the signature does not hold under this key"
        ) from None


def _event(message: _Sign1) -> SignedEvent:
    claims = message.claims(_EVENT_CLAIMS)
    publisher, gateway, stream = claims[_ISS], claims[_AUD], claims["stream"]
    try:
        event_id = claims[_CTI].decode()
    except UnicodeDecodeError:
        _refuse("the event id is not UTF-8")
    problem = _problem(publisher, gateway, stream, claims["partition"], event_id, claims[_IAT])
    if problem:
        _refuse(problem)
    return SignedEvent(
        publisher=publisher,
        gateway=gateway,
        stream=stream,
        partition=claims["partition"],
        event_id=event_id,
        signed_at=datetime.fromtimestamp(claims[_IAT], UTC),
        payload=message.payload,
    )


def _problem(
    publisher: str, gateway: str, stream: str, partition: int, event_id: str, iat: int
) -> str | None:
    names = {"publisher": publisher, "gateway": gateway, "stream": stream, "event_id": event_id}
    for what, name in names.items():
        if not _is_name(name):
            return f"`{what}` is not a printable name of at most {MAX_NAME_CHARS} characters"
    if not 0 <= partition <= _MAX_PARTITION:
        return "`partition` is out of range"
    if not 0 <= iat <= _MAX_IAT:
        return "`signed_at` is out of range"
    return None


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME_CHARS and name.isprintable()


def _refuse(rule: str) -> NoReturn:
    # `from None`: what failed before this may carry a value.
    raise EventRefused(Code.NOT_SIGNED, f"signed bytes: {rule}") from None
