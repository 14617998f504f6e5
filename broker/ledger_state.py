"""What a sequencer remembers between lives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.checkpoint import (
    NoteRefused,
    VerifierKey,
    open_note,
    sign_note,
)
from broker.ledger_files import STATE, LedgerError
from broker.merkle import EMPTY_ROOT

_STATE_FORMAT: Final = "caseward-ledger-state/1"
_LINES: Final = re.compile(
    r"(.+)\n(.+)\n(0|[1-9][0-9]{0,18})\n([0-9a-f]{64})\n(0|[1-9][0-9]{0,18})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far the sequencer has come: the tree, and the offset of the next record to take."""

    size: int
    root: bytes
    next_offset: int


NO_STATE: Final = State(size=0, root=EMPTY_ROOT, next_offset=0)


def write_state(state: State, origin: str, key: Ed25519PrivateKey) -> bytes:
    """Give the state as a signed note; its first line keeps it from passing for a checkpoint."""
    text = f"{_STATE_FORMAT}\n{origin}\n{state.size}\n{state.root.hex()}\n{state.next_offset}\n"
    return sign_note(text, origin, key)


def read_state(note: bytes, key: VerifierKey) -> State:
    """Read a state that `key` signed.

    Raises:
        LedgerError: it was altered, or is another ledger's.
    """
    try:
        match = _LINES.fullmatch(open_note(note, key))
    except NoteRefused as error:
        raise LedgerError(f"`{STATE}`: {error}") from None
    if match is None or match[1] != _STATE_FORMAT or match[2] != key.name:
        raise LedgerError(f"`{STATE}` is not this ledger's state")
    return State(size=int(match[3]), root=bytes.fromhex(match[4]), next_offset=int(match[5]))
