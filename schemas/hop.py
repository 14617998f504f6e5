"""Hops: a logged step each, as a leaf that tells a stranger nothing and an opening that tells all.

    leaf (69 bytes) = version 1 (1 byte) | hour (4 bytes, big endian, Unix time in hours)
                    | commitment to the recipient's part (32) | commitment to the auditor's (32)
    commitment      = HMAC-SHA256(key, deterministic CBOR of the part)

The key is fresh for every part, so equal parts have unlike commitments and nothing can be guessed
from one: a bare hash of a phone number is found in minutes. Deleting keys and parts erases the hop;
the leaf stays in the tree and proves nothing but that there was a hop in that hour.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, fields
from enum import StrEnum, unique
from typing import Any, Final

from schemas import cbor
from schemas.errors import CasewardError, Code

VERSION: Final = 1
LEAF_BYTES: Final = 69
KEY_BYTES: Final = 32
MAX_OPENING_BYTES: Final = 512 * 1024  # sealed and padded it still fits a record of the log
_HOUR_MS: Final = 3_600_000
_MAX_HOUR: Final = 2**32 - 1
_LAYOUT: Final = (
    (0, 1, "is of another version"),
    (1, 5, "is of another hour"),
    (5, 37, "does not commit to the recipient's part"),
    (37, 69, "does not commit to the auditor's part"),
)


class OpeningRefused(CasewardError):
    """An opening is damaged, or does not belong to its leaf: it proves nothing."""


@unique
class Step(StrEnum):
    """Closed list of the steps that are logged."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    DECIDED = "decided"
    WITHHELD = "withheld"
    SEALED = "sealed"
    OPENED = "opened"
    WRITTEN = "written"
    ACKNOWLEDGED = "acknowledged"
    DEAD_LETTERED = "dead-lettered"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPart:
    """What a recipient can prove of a delivery to it: when, which, and exactly which bytes.

    `time_ms` is Unix time in milliseconds, `envelope_sha256` the hash of the whole envelope.
    """

    time_ms: int
    delivery_id: bytes
    envelope_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorPart:
    """What an auditor is shown of a step; what does not apply to the step is None.

    `time_ms` is Unix time in milliseconds; `source` is topic/partition/offset of the input record;
    `agreement` is an id and `agreement_hash` hex; `released` and `withheld` count fields, or for
    `decided` deliveries; `clauses` are those that decided a field.
    """

    step: Step
    time_ms: int
    source: str
    publisher: str
    event_id: str | None = None
    event_type: str | None = None
    case: str | None = None
    recipient: str | None = None
    purpose: str | None = None
    agreement: str | None = None
    agreement_version: int | None = None
    agreement_hash: str | None = None
    delivery_id: bytes | None = None
    gate: str | None = None
    code: str | None = None
    released: int = 0
    withheld: int = 0
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A leaf and its opening: the keys and parts behind the two commitments.

    `recipient` is None for steps that concern no one delivery; the leaf does not show which.
    """

    leaf: bytes
    recipient_key: bytes
    auditor_key: bytes
    recipient: RecipientPart | None
    auditor: AuditorPart

    @property
    def leaf_hash(self) -> bytes:
        """SHA-256(0x00 | leaf), as it stands in the tree (RFC 6962, section 2.1)."""
        return leaf_hash(self.leaf)


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 | leaf): the hash of a leaf in the tree (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def commitment(key: bytes, part: RecipientPart | AuditorPart | None) -> bytes:
    """Give HMAC-SHA256(key, deterministic CBOR of the part): 32 bytes of a leaf.

    A recipient recomputes its own from what it received, and compares it with `leaf[5:37]`.

    Raises:
        ValueError: the key is not 32 bytes.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("a commitment's key is 32 bytes")
    return hmac.digest(key, cbor.encode(_plain(part)), "sha256")


def make_hop(
    auditor: AuditorPart,
    recipient: RecipientPart | None = None,
    *,
    recipient_key: bytes,
    auditor_key: bytes,
) -> Hop:
    """Commit to both parts.

    Args:
        auditor: what happened; its time gives the leaf's hour.
        recipient: what the recipient may prove, where there is one.
        recipient_key: 32 random bytes, never used before.
        auditor_key: 32 other random bytes, never used before.

    Raises:
        ValueError: a key is not 32 bytes, the keys are equal, or the time has no hour.
    """
    if hmac.compare_digest(recipient_key, auditor_key):
        # Whoever holds the one key could otherwise test guesses about the other part.
        raise ValueError("the two parts of a hop need different keys")
    hour = auditor.time_ms // _HOUR_MS
    if not 0 <= hour <= _MAX_HOUR:
        raise ValueError("`time_ms` is outside the hours a leaf can hold")
    leaf = (
        bytes([VERSION])
        + hour.to_bytes(4, "big")
        + commitment(recipient_key, recipient)
        + commitment(auditor_key, auditor)
    )
    return Hop(
        leaf=leaf,
        recipient_key=recipient_key,
        auditor_key=auditor_key,
        recipient=recipient,
        auditor=auditor,
    )


def encode_opening(hop: Hop) -> bytes:
    """Give the whole hop as deterministic CBOR; whoever has it can read and prove all of it."""
    return cbor.encode(
        {
            "leaf": hop.leaf,
            "recipient_key": hop.recipient_key,
            "auditor_key": hop.auditor_key,
            "recipient": _plain(hop.recipient),
            "auditor": _plain(hop.auditor),
        }
    )


def decode_opening(data: bytes) -> Hop:
    """Read an opening and recheck that its leaf commits to exactly these parts.

    Raises:
        OpeningRefused: for any other bytes.
    """
    said = _typed(_map(data), Hop, "")
    auditor = AuditorPart(**_auditor(said["auditor"]))
    recipient = None
    if said["recipient"] is not None:
        recipient = RecipientPart(**_typed(said["recipient"], RecipientPart, "/recipient"))
    keys = {name: said[name] for name in ("recipient_key", "auditor_key")}
    try:
        hop = make_hop(auditor, recipient, **keys)
    except ValueError as error:
        raise OpeningRefused(Code.BAD_VALUE, f"opening: {error}") from None
    if hop.leaf != said["leaf"]:
        raise OpeningRefused(Code.BAD_VALUE, f"opening: {_difference(said['leaf'], hop.leaf)}")
    return hop


def _plain(part: RecipientPart | AuditorPart | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {field.name: getattr(part, field.name) for field in fields(part)}


def _map(data: bytes) -> Any:
    if len(data) > MAX_OPENING_BYTES:
        raise OpeningRefused(Code.TOO_LARGE, "opening: larger than an opening may be")
    try:
        return cbor.decode(data, dict)
    except cbor.NotCbor:
        raise OpeningRefused(Code.NOT_DECODABLE, "opening: not deterministic CBOR") from None


# What each annotation of a field lets through; `type(...) in`, since True is an int as well.
_ALLOWED: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "str": (str,),
    "bytes": (bytes,),
    "Step": (str,),
    "tuple[str, ...]": (list,),
    "int | None": (int, type(None)),
    "str | None": (str, type(None)),
    "bytes | None": (bytes, type(None)),
    "AuditorPart": (dict,),
    "RecipientPart | None": (dict, type(None)),
}


def _typed(value: Any, kind: type[Hop | RecipientPart | AuditorPart], path: str) -> dict[str, Any]:
    """Give the map, if it has exactly the fields of `kind` and each has its type."""
    if type(value) is not dict or set(value) != {field.name for field in fields(kind)}:
        raise OpeningRefused(Code.BAD_VALUE, f"opening: `{path}` has not the fields of its format")
    for field in fields(kind):
        item = value[field.name]
        if type(item) not in _ALLOWED[str(field.type)] or (type(item) is int and item < 0):
            rule = f"opening: `{path}/{field.name}` is not of its type"
            raise OpeningRefused(Code.BAD_VALUE, rule)
    return dict(value)


def _auditor(value: Any) -> dict[str, Any]:
    said = _typed(value, AuditorPart, "/auditor")
    if said["step"] not in set(Step):
        raise OpeningRefused(Code.BAD_VALUE, "opening: `/auditor/step` is not a step")
    if any(type(clause) is not str for clause in said["clauses"]):
        raise OpeningRefused(Code.BAD_VALUE, "opening: `/auditor/clauses` is not of its type")
    return {**said, "step": Step(said["step"]), "clauses": tuple(said["clauses"])}


def _difference(leaf: bytes, recomputed: bytes) -> str:
    if len(leaf) != LEAF_BYTES:
        return f"`/leaf` is not {LEAF_BYTES} bytes"
    for start, end, what in _LAYOUT:
        if leaf[start:end] != recomputed[start:end]:
            return f"the leaf {what}"
    return "the leaf differs"
