"""The recipient's epoch keys, and which IVs each has shown: a repeat is a replay, a gap is loss."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas import cbor
from schemas.envelope import KEY_ID_BYTES, MAX_MESSAGES, parse_envelope
from schemas.epoch import Opened, OpeningKey, accept, unverified_thumbprint
from schemas.errors import Code, EnvelopeRefused, UnknownKey
from schemas.sealing import SealingPrivateKey

_FORMAT: Final = "caseward-ivs/1"
_STATE: Final[cbor.Shape] = (str, [(bytes, [(int, int)])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """IVs `first` to `last`, both included, that a key has skipped so far."""

    key_id: bytes
    first: int
    last: int


class KeyRing:
    """Opens whatever was announced to one recipient, each IV of each key once.

    The state (met IVs, no keys) belongs in the transaction that settles what was opened: on a
    restart, or after a transaction that failed, `import_state` puts it back and the same records
    open again. Keys come back by reading the key topic.

    Args:
        recipient: who opens.
        keys: its private keys, all that are still kept.
    """

    def __init__(self, *, recipient: str, keys: Sequence[SealingPrivateKey]) -> None:
        self._recipient = recipient
        self._private = {key.public.thumbprint: key for key in keys}
        self._keys: dict[bytes, OpeningKey] = {}
        self._met: dict[bytes, _Met] = {}

    def add(self, announcement: bytes, *, issuer: str, issuer_key: Ed25519PublicKey) -> bytes:
        """Accept an announcement (again, if it was read before) and return its key id.

        Raises:
            EventRefused: it does not hold, see `accept`; nothing changed.
        """
        private = self._private.get(unverified_thumbprint(announcement))
        if private is None:
            raise EnvelopeRefused(Code.WRONG_ADDRESS, "announcement: it is sealed to another key")
        key = accept(
            announcement,
            issuer=issuer,
            issuer_key=issuer_key,
            recipient=self._recipient,
            recipient_key=private,
        )
        self._keys[key.key_id] = key
        return key.key_id

    def open(self, envelope: bytes, *, stream: str) -> Opened:
        """What an envelope holds, the first time it is met.

        Raises:
            UnknownKey: its key was not announced yet: read the key topic to its end, then wait;
                never skip it.
            EnvelopeRefused: `REPLAYED_IV`: this IV of this key was met; or it does not open.
        """
        parsed = parse_envelope(envelope)
        key = self._keys.get(parsed.key_id)
        if key is None:
            raise UnknownKey(Code.UNKNOWN_KEY, "envelope: its key is not announced yet")
        # Opened before it counts as met: bytes that anybody can make use up no IV.
        opened = key.open_parsed(parsed, stream=stream)
        if not self._met.setdefault(key.key_id, _Met()).add(opened.iv):
            raise EnvelopeRefused(Code.REPLAYED_IV, "envelope: its IV was met before")
        return opened

    def gaps(self) -> tuple[Gap, ...]:
        """What is missing below the highest IV met of each key; what stays missing was lost."""
        return tuple(
            Gap(key_id=key_id, first=first, last=last)
            for key_id, met in self._met.items()
            for first, last in met.gaps()
        )

    def export_state(self) -> bytes:
        """The IVs met so far, as bytes for `import_state`."""
        return cbor.encode(
            [_FORMAT, [[key_id, list(met.runs)] for key_id, met in sorted(self._met.items())]]
        )

    def import_state(self, state: bytes) -> None:
        """Put back the IVs of an earlier `export_state`, instead of those met since.

        Raises:
            ValueError: the bytes are no such state; nothing changed.
        """
        format_, keys = cbor.decode(state, _STATE)
        met = {key_id: _Met([(first, last) for first, last in runs]) for key_id, runs in keys}
        if format_ != _FORMAT or len(met) != len(keys) or not all(map(_is_key_id, met)):
            raise ValueError("not a state of met IVs")
        self._met = met


def _is_key_id(key_id: bytes) -> bool:
    return len(key_id) == KEY_ID_BYTES


class _Met:
    """A set of IVs as sorted, disjoint, non-adjacent runs: one run while nothing is missing."""

    __slots__ = ("runs",)

    def __init__(self, runs: Sequence[tuple[int, int]] = ()) -> None:
        edges = [edge for first, last in runs for edge in (first, last + 1)]
        if edges and (edges[0] < 0 or edges[-1] > MAX_MESSAGES):
            raise ValueError("not a state of met IVs")
        if any(left >= right for left, right in pairwise(edges)):
            raise ValueError("not a state of met IVs")
        self.runs = list(runs)

    def add(self, iv: int) -> bool:
        """Whether it is new; if so it is in the set now."""
        runs = self.runs
        at = bisect_right(runs, (iv, MAX_MESSAGES))  # the runs before `at` start at or below iv
        if at and iv <= runs[at - 1][1]:
            return False
        first = last = iv
        if at < len(runs) and runs[at][0] == iv + 1:
            last = runs.pop(at)[1]
        if at and runs[at - 1][1] == iv - 1:
            at -= 1
            first = runs.pop(at)[0]
        runs.insert(at, (first, last))
        return True

    def gaps(self) -> list[tuple[int, int]]:
        """The runs that are missing below the highest member."""
        ends = [-1, *(last for _, last in self.runs)]
        pairs = [(end + 1, first - 1) for end, (first, _) in zip(ends, self.runs, strict=False)]
        return [(first, last) for first, last in pairs if first <= last]
