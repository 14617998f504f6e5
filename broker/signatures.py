"""Detached signatures over an agreement: made, checked, and kept in files beside its text.

A signature is a COSE_Sign1 without its payload (RFC 9052 section 2: detached content); the payload
is the agreement's canonical form (RFC 8785), so that it holds for any spelling of the same meaning
and for no other version. Who signed, and whether as a party or as a member that accedes, stands in
the protected header: no signature can pass for the other.
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum, unique
from functools import lru_cache
from typing import Final, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.keys import KeyStore
from redaction.agreement import Agreement
from schemas import cbor
from schemas.errors import Code, EventRefused
from schemas.signed import sign_statement, unverified_issuer, verify_statement

MAX_BYTES = 512  # of a signature: half of it would do for the longest name
MAX_FILE_BYTES = 1024

_TAG_18: Final = b"\xd2"  # COSE_Sign1
_HEADER: Final = "caseward agreement signature"
_CLAIMS: Final = 15  # the header with the CWT claims (RFC 9597)
_CLAIMED: Final[cbor.Shape] = {1: int, _CLAIMS: {1: str, "kind": str}}
_LINE: Final = 76  # characters of base64 (RFC 2045)


@unique
class Act(StrEnum):
    """What signing means: its value is the statement's kind."""

    SIGN = "agreement/1"  # a named party binds itself
    ACCEDE = "agreement-accession/1"  # a member of a role, or who is named in events, joins


def sign_for(store: KeyStore, agreement: Agreement, act: Act = Act.SIGN) -> bytes:
    """The detached signature of the party whose store this is.

    Raises:
        EventRefused: `TOO_LARGE`: nobody signs an agreement of this size.
    """
    payload = agreement.canonical()
    statement = sign_statement(store.signing, issuer=store.owner, kind=act, payload=payload)
    protected, _, _, signature = cbor.decode(statement[1:], (bytes, {}, bytes, bytes))
    return _TAG_18 + cbor.encode([protected, {}, None, signature])


def holds(signature: bytes, key: bytes, *, party: str, act: Act, canonical: bytes) -> bool:
    """Whether this party signed this very agreement, in this sense, with this key.

    Args:
        signature: untrusted bytes, as `sign_for` gives them.
        key: the party's raw Ed25519 public key.
        party: who must have signed.
        act: in which sense.
        canonical: the agreement's canonical form.
    """
    return len(signature) <= MAX_BYTES and _holds(signature, key, party, act, canonical)


@lru_cache(maxsize=65_536)  # the register asks the same again after each of its changes
def _holds(signature: bytes, key: bytes, party: str, act: Act, canonical: bytes) -> bool:
    try:
        verifier = Ed25519PublicKey.from_public_bytes(key)
        verify_statement(_with(signature, canonical), verifier, issuer=party, kind=act)
    except (EventRefused, ValueError):
        return False
    return True


def unverified_meaning(signature: bytes) -> tuple[str, Act]:
    """Who a signature says made it, and in which sense: for finding what will check it, not more.

    Raises:
        EventRefused: `NOT_SIGNED`: the bytes are no detached signature of an agreement.
    """
    party = unverified_issuer(_with(signature, b""))
    protected = cbor.decode(signature[1:], (bytes, {}, type(None), bytes))[0]
    try:
        return party, Act(cbor.decode(protected, _CLAIMED)[_CLAIMS]["kind"])
    except ValueError:
        _refuse()


def to_file(signature: bytes) -> bytes:
    """A signature as text: one line that says what it is, then base64."""
    text = base64.b64encode(signature).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return ("\n".join([_HEADER, *lines]) + "\n").encode()


def from_file(data: bytes) -> bytes:
    """The signature in a file.

    Raises:
        EventRefused: `NOT_SIGNED`: it is no such file.
    """
    try:
        header, *lines = data[: MAX_FILE_BYTES + 1].decode("ascii").splitlines()
        signature = base64.b64decode("".join(lines), validate=True)
    except (UnicodeDecodeError, ValueError, binascii.Error):
        _refuse()
    if header != _HEADER or len(data) > MAX_FILE_BYTES:
        _refuse()
    unverified_meaning(signature)
    return signature


def _with(signature: bytes, payload: bytes) -> bytes:
    """The statement that a detached signature and its payload make together."""
    if signature[:1] != _TAG_18 or len(signature) > MAX_BYTES:
        _refuse()
    try:
        protected, _, _, signed = cbor.decode(signature[1:], (bytes, {}, type(None), bytes))
    except cbor.NotCbor:
        _refuse()
    return _TAG_18 + cbor.encode([protected, {}, payload, signed])


def _refuse() -> NoReturn:
    # `from None`: what failed before this may carry a value.
    raise EventRefused(Code.NOT_SIGNED, "not a signature of an agreement") from None
