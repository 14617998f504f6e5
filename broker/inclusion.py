"""Whether the ledger holds what an agency received: checked by the agency itself. No I/O.

1. The checkpoint is signed by the ledger's key that this agency has known from the start.
2. Its tree begins with the tree that this agency saw last: none is smaller, none is another.
3. The leaf commits to the delivery: recomputed with the opening key from inside its envelope.
4. The leaf stands in the checkpoint's tree.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any, Final

from broker.checkpoint import (
    Checkpoint,
    NoteRefused,
    open_checkpoint,
    parse_vkey,
    unverified_checkpoint,
)
from broker.merkle import ProofRefused, verify_consistency, verify_inclusion
from schemas.hop import LEAF_BYTES, RecipientPart, commitment, leaf_hash

# A node takes hops over within a second. A quarter of an hour lets it be restarted or given room
# on its disk; a leaf that is still missing then is not late by accident.
OVERDUE_MS: Final = 15 * 60 * 1000
# What is not proved by then never will be: its case may be erased, and an opening key must not
# outlive that for ever. The node forgets event ids after the same time.
GIVEN_UP_MS: Final = 30 * 24 * 3600 * 1000
_MAX_PATH: Final = 128  # hashes; a tree of 2^62 leaves needs 62 for inclusion, twice that to grow
_RECIPIENT: Final = slice(5, 37)  # the recipient's commitment in a leaf


@unique
class Inclusion(StrEnum):
    """What a recipient knows of a delivery's leaf."""

    PROVED = "proved"
    WAITING = "waiting"
    OVERDUE = "overdue"
    FALSE = "false"


@unique
class Fault(StrEnum):
    """Closed list of what raises an alarm."""

    OVERDUE = "inclusion-overdue"
    MALFORMED = "proof-malformed"
    CHECKPOINT = "checkpoint-refused"
    SMALLER = "tree-smaller"
    FORKED = "tree-forked"
    OTHER_LEAF = "leaf-of-another"
    NOT_IN_TREE = "leaf-not-in-tree"


class InclusionRefused(Exception):
    """What the node answered disproves what it should prove."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproved:
    """A delivery that was opened and is not proved yet; `opened_ms` is Unix time."""

    delivery_id: bytes
    envelope_sha256: bytes
    opening_key: bytes = field(repr=False)
    opened_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found of a delivery; `fault` says why it is an alarm, None if it is none."""

    delivery_id: bytes
    inclusion: Inclusion
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That a leaf stands at `index`, and when the gateway says it sealed the delivery."""

    index: int
    leaf: bytes
    time_ms: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the node says, nothing of it believed; `claims` by delivery id."""

    checkpoint: bytes
    consistency: tuple[bytes, ...]
    claims: Mapping[bytes, Claim]


def parse_answer(said: Mapping[str, Any]) -> Answer:
    """Read a node's answer.

    Raises:
        InclusionRefused: `MALFORMED`.
    """
    try:
        return Answer(
            checkpoint=str(said["checkpoint"]).encode(),
            consistency=_hashes(said["consistency"]),
            claims={
                bytes.fromhex(one["delivery_id"]): Claim(
                    index=_count(one["index"]),
                    leaf=base64.b64decode(one["leaf"], validate=True),
                    time_ms=_count(one["time_ms"]),
                    path=_hashes(one["path"]),
                )
                for one in said["proofs"]
            },
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise InclusionRefused(Fault.MALFORMED) from None


def grown(answer: Answer, *, vkey: str, seen: bytes | None) -> Checkpoint:
    """Give the answer's tree head, if it is the ledger's and goes on from the one seen last.

    Args:
        answer: untrusted.
        vkey: the ledger's key.
        seen: the last checkpoint that passed here, None before the first.

    Raises:
        InclusionRefused: `CHECKPOINT`, `SMALLER` or `FORKED`.
    """
    try:
        head = open_checkpoint(answer.checkpoint, parse_vkey(vkey))
    except NoteRefused:
        raise InclusionRefused(Fault.CHECKPOINT) from None
    before = None if seen is None else unverified_checkpoint(seen)  # verified when it came
    if before is None or not before.size:
        return head  # every tree begins with the empty one
    if head.size < before.size:
        raise InclusionRefused(Fault.SMALLER)
    try:
        verify_consistency(before.size, head.size, before.root, head.root, answer.consistency)
    except ProofRefused:
        raise InclusionRefused(Fault.FORKED) from None
    return head


def require_included(one: Unproved, claim: Claim, head: Checkpoint) -> None:
    """Go on only if the claimed leaf is this delivery's and stands in the tree.

    Raises:
        InclusionRefused: `OTHER_LEAF` or `NOT_IN_TREE`.
    """
    part = RecipientPart(
        time_ms=claim.time_ms, delivery_id=one.delivery_id, envelope_sha256=one.envelope_sha256
    )
    ours = commitment(one.opening_key, part)
    if len(claim.leaf) != LEAF_BYTES or not hmac.compare_digest(claim.leaf[_RECIPIENT], ours):
        raise InclusionRefused(Fault.OTHER_LEAF)
    try:
        verify_inclusion(leaf_hash(claim.leaf), claim.index, head.size, claim.path, head.root)
    except ProofRefused:
        raise InclusionRefused(Fault.NOT_IN_TREE) from None


def judge(one: Unproved, answer: Answer, head: Checkpoint, *, now_ms: int) -> Finding:
    """Say what an answer, whose tree head was accepted, shows of one delivery."""
    claim = answer.claims.get(one.delivery_id)
    if claim is None:
        return unanswered(one, now_ms=now_ms)
    try:
        require_included(one, claim, head)
    except InclusionRefused as refused:
        return disproved(one, refused.fault)
    return Finding(delivery_id=one.delivery_id, inclusion=Inclusion.PROVED)


def disproved(one: Unproved, fault: Fault) -> Finding:
    """Say that the node answered and the answer does not hold."""
    return Finding(delivery_id=one.delivery_id, inclusion=Inclusion.FALSE, fault=fault)


def unanswered(one: Unproved, *, now_ms: int) -> Finding:
    """Say whether a delivery without a proof is late."""
    if now_ms - one.opened_ms < OVERDUE_MS:
        return Finding(delivery_id=one.delivery_id, inclusion=Inclusion.WAITING)
    return Finding(delivery_id=one.delivery_id, inclusion=Inclusion.OVERDUE, fault=Fault.OVERDUE)


def _hashes(said: Any) -> tuple[bytes, ...]:
    if type(said) is not list or len(said) > _MAX_PATH:
        raise ValueError("not a path")
    return tuple(base64.b64decode(one, validate=True) for one in said)


def _count(said: Any) -> int:
    if type(said) is not int or not 0 <= said < 2**62:
        raise ValueError("not a count")
    return said
