"""Signed notes and checkpoints: what the ledger's key signs (C2SP signed-note, tlog-checkpoint).

    note       = text, an empty line, signature lines
    signature  = — <key name> <base64 of key id (4 bytes) | Ed25519 signature of the text>
    vkey       = <key name>+<key id, 8 hex digits>+<base64 of 0x01 | public key>
    key id     = SHA-256(key name | 0x0A | 0x01 | public key)[:4]

One value has one spelling: whatever is read must be exactly what would be written.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.tiles import HASH_BYTES

MAX_NOTE_BYTES: Final = 64 * 1024  # some dozens of witnesses' signatures, post-quantum ones too
MAX_SIZE: Final = 2**63 - 1  # more leaves than anybody counts; other implementations use int64

_ED25519: Final = b"\x01"
_SIGNATURE_BYTES: Final = 64
_NAME: Final = re.compile(r"[^\s+\x00-\x20\x7f]{1,255}")
_SIGNATURE_LINE: Final = re.compile(r"\u2014 (\S+) (\S+)")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteRefused(Exception):
    """A note, checkpoint or vkey is malformed, or not signed by the key that should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """The name and the raw Ed25519 public key (32 bytes) that notes are verified with."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that, with the name, say which key signed."""
        data = self.name.encode() + b"\n" + _ED25519 + self.public
        return sha256(data).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as people hand it on."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: which ledger, how many leaves, and the root hash (32 bytes) over them."""

    origin: str
    size: int
    root: bytes


def verifier_of(name: str, key: Ed25519PrivateKey) -> VerifierKey:
    """Give the verifier key that belongs to a signing key.

    Raises:
        ValueError: the name is empty, too long, or has a space, a plus or a control character.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a key's name is 1 to 255 characters, none of them a space or a plus")
    return VerifierKey(name=name, public=key.public_key().public_bytes_raw())


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey.

    Raises:
        NoteRefused: it is not exactly one Ed25519 vkey.
    """
    name, _, rest = text.partition("+")
    data = _unbase64(rest.partition("+")[2]) or b""
    key = VerifierKey(name=name, public=data[1:])
    if not _NAME.fullmatch(name) or len(data) != 1 + HASH_BYTES or key.vkey != text:
        raise NoteRefused("vkey: not a name, key id and Ed25519 public key")
    return key


def read_vkey(data: bytes | None) -> VerifierKey:
    """Read the file `log.vkey`: a vkey and a newline.

    Raises:
        NoteRefused: it is missing, or not exactly that.

    """
    if data is None or not data.endswith(b"\n") or not data.isascii():
        raise NoteRefused("vkey: missing, or not one line")
    return parse_vkey(data[:-1].decode())


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> bytes:
    """Sign a text; equal texts give equal notes, since Ed25519 is deterministic.

    Raises:
        ValueError: the text does not end in a newline or has another control character.
    """
    if not text.endswith("\n") or _has_control(text):
        raise ValueError("a note's text is lines of characters, each ended by a newline")
    verifier = verifier_of(name, key)
    signature = _base64(verifier.id + key.sign(text.encode()))
    return f"{text}\n\u2014 {name} {signature}\n".encode()


def open_note(note: bytes, key: VerifierKey) -> str:
    """Give the text of a note that `key` signed.

    Signatures by other keys are left alone, as the format demands: witnesses add theirs.

    Raises:
        NoteRefused: it is malformed, or a signature by this key is missing or wrong.
    """
    text, signatures = _split(note)
    ours = [data[4:] for name, data in signatures if (name, data[:4]) == (key.name, key.id)]
    if not ours:
        raise NoteRefused("note: no signature by the expected key")
    try:
        for signature in ours:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        raise NoteRefused("note: the signature is wrong") from None
    return text


def _split(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > MAX_NOTE_BYTES:
        raise NoteRefused(f"note: larger than {MAX_NOTE_BYTES} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise NoteRefused("note: not UTF-8") from None
    text, empty_line, tail = whole.rpartition("\n\n")
    if not empty_line or not tail.endswith("\n") or _has_control(whole):
        raise NoteRefused("note: not a text, an empty line and signature lines")
    signatures: list[tuple[str, bytes]] = []
    for line in tail[:-1].split("\n"):
        match = _SIGNATURE_LINE.fullmatch(line)
        data = None if match is None else _unbase64(match[2])
        if match is None or data is None or len(data) < 5 or not _NAME.fullmatch(match[1]):
            raise NoteRefused("note: a signature line is malformed")
        signatures.append((match[1], data))
    return text + "\n", signatures


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """Give the signed note of a tree head; the key's name is the origin."""
    root = _base64(checkpoint.root)
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"
    return sign_note(text, checkpoint.origin, key)


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Give the tree head that `key` signed.

    Raises:
        NoteRefused: it is no checkpoint, of another origin, or not signed by this key.
    """
    checkpoint = _checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise NoteRefused("checkpoint: of another ledger than its key")
    return checkpoint


def unverified_checkpoint(note: bytes) -> Checkpoint:
    """Give the tree head that a note states, whoever signed it.

    Raises:
        NoteRefused: it is no checkpoint.
    """
    return _checkpoint(_split(note)[0])


def _checkpoint(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    # Extension lines are allowed by the format; ours has none, and nobody could audit them.
    if len(lines) != 3 or not _NUMBER.fullmatch(lines[1]) or not lines[0]:
        raise NoteRefused("checkpoint: not an origin, a size and a root")
    size, root = int(lines[1]), _unbase64(lines[2])
    if size > MAX_SIZE or root is None or len(root) != HASH_BYTES:
        raise NoteRefused("checkpoint: not an origin, a size and a root")
    return Checkpoint(origin=lines[0], size=size, root=root)


def _has_control(text: str) -> bool:
    return any(ord(character) < 0x20 and character != "\n" for character in text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes | None:
    """Give the bytes, if the text is exactly their standard encoding."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None
