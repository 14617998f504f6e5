"""What a register entry is: its kinds, its signed bytes, and who is enrolled by one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.errors import CasewardError, Code
from schemas.signed import sign_statement

STATEMENT = "register-entry/1"
KEY_DAYS = 730  # how long an agency's keys are sealed to; longer only by an officer's hand
CLOCK_SKEW_MS = 300_000  # how far anybody's clock may be from the node's


@unique
class Kind(StrEnum):
    """What an entry is about; its key says which one."""

    AGENCY = "agency"  # key: the agency's name
    AGREEMENT = "agreement"  # key: id/version
    ACCESSION = "accession"  # key: agency/agreement/version
    WITHDRAWAL = "withdrawal"  # key: agency/agreement/version
    CALENDAR = "calendar"  # key: the calendar's name
    TRAINING = "training"  # key: agency/course/holder
    AUTHORISER = "authoriser"  # key: agency/name
    CONSENT = "consent"  # key: `values.consent_key`
    CONFLICT_CHECK = "conflict-check"  # key: the case
    OVERRIDE = "override"  # key: the record's id


# what an agency says of itself: its key begins with the agency's name
OWN = frozenset({Kind.ACCESSION, Kind.WITHDRAWAL, Kind.AUTHORISER})
PRIVATE = frozenset(
    {Kind.TRAINING, Kind.AUTHORISER, Kind.CONSENT, Kind.CONFLICT_CHECK, Kind.OVERRIDE}
)


class RegisterRefused(CasewardError):
    """An entry breaks a rule of the register and changes nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.REGISTER_REFUSED, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change: `revision` counts from 1 for each (kind, key); `value` None takes it back."""

    kind: Kind
    key: str
    revision: int
    value: Mapping[str, Any] | None

    def encode(self) -> bytes:
        """The bytes that are signed: JSON with sorted keys."""
        return json.dumps(
            {
                "kind": self.kind,
                "key": self.key,
                "revision": self.revision,
                "value": None if self.value is None else dict(self.value),
            },
            sort_keys=True,
            ensure_ascii=False,
        ).encode()


def sign_entry(entry: Entry, key: Ed25519PrivateKey, *, issuer: str) -> bytes:
    """The entry as a statement signed by an officer or an agency."""
    return sign_statement(key, issuer=issuer, kind=STATEMENT, payload=entry.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """An enrolled agency with its present public keys (raw bytes).

    `generation` counts its keys from 1; `former` holds (signing key, replaced at, Unix
    milliseconds) of those that were replaced in good order, oldest first. `keys_until` is the
    last day (UTC) on which the present keys are sealed to; None has no end.
    """

    name: str
    roles: frozenset[str]
    part_of: str | None
    suspended: bool
    generation: int
    signing: bytes
    sealing: bytes
    former: tuple[tuple[bytes, int], ...]
    keys_until: date | None = None

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """Every key that this agency's standing signatures may be by, the present one first.

        A key that was lost is not among them: two officers began a new line of keys.
        """
        return (self.signing, *(key for key, _ in self.former))

    def verifier(self, appended_ms: int | None = None) -> Ed25519PublicKey:
        """The key that checks what this agency signed.

        Args:
            appended_ms: when the log took the record, Unix milliseconds; None is now. A former
                key checks only what was appended before it was replaced.
        """
        for key, until_ms in self.former:
            if appended_ms is not None and appended_ms < until_ms:
                return Ed25519PublicKey.from_public_bytes(key)
        return Ed25519PublicKey.from_public_bytes(self.signing)


def decode_entry(payload: bytes) -> Entry:
    """The entry in these bytes, unchecked.

    Raises:
        RegisterRefused: they are no entry.
    """
    try:
        raw = json.loads(payload)
        return Entry(
            kind=Kind(raw["kind"]),
            key=str(raw["key"]),
            revision=int(raw["revision"]),
            value=raw["value"],
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise RegisterRefused("not a register entry") from None


def unb64(text: str) -> bytes:
    """The bytes of base64 text; ValueError if it is not."""
    return base64.b64decode(text, validate=True)


def agency_value(
    *,
    roles: Sequence[str],
    part_of: str | None,
    suspended: bool,
    generation: int,
    signing: bytes,
    sealing: bytes,
    keys_until: date | None,
    former: Sequence[tuple[bytes, int]] = (),
    rotation: bytes | None = None,
) -> dict[str, Any]:
    """The value of an agency's entry; `rotation` is the old key's statement over the new keys.

    The end of new keys is in no rotation statement: the entry itself is signed with the new key
    that the statement names, and so says it.
    """
    value: dict[str, Any] = {
        "roles": sorted(roles),
        "part_of": part_of,
        "suspended": suspended,
        "generation": generation,
        "signing": base64.b64encode(signing).decode(),
        "sealing": base64.b64encode(sealing).decode(),
        "keys_until": None if keys_until is None else keys_until.isoformat(),
        "former": [
            {"signing": base64.b64encode(key).decode(), "until_ms": until_ms}
            for key, until_ms in former
        ],
    }
    if rotation is not None:
        value["rotation"] = base64.b64encode(rotation).decode()
    return value
