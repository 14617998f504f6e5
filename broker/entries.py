"""What a register entry is: its kinds, its signed bytes, and its value read into domain types."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from redaction.agreement import Agreement
from redaction.facts import Calendar, Conflict, Consent, ConsentState, Training
from redaction.reading import AgreementError, read_agreement
from schemas.errors import CasewardError, Code
from schemas.signed import sign_statement

STATEMENT = "register-entry/1"


@unique
class Kind(StrEnum):
    """What an entry is about; its key says which one."""

    AGENCY = "agency"  # key: the agency's name
    AGREEMENT = "agreement"  # key: id/version
    ACCESSION = "accession"  # key: agency/agreement/version
    CALENDAR = "calendar"  # key: the calendar's name
    TRAINING = "training"  # key: agency/course/holder
    CONSENT = "consent"  # key: case/person/purpose/audience or *
    CONFLICT_CHECK = "conflict-check"  # key: the case


PRIVATE = frozenset({Kind.TRAINING, Kind.CONSENT, Kind.CONFLICT_CHECK})


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
    milliseconds) of those that were replaced in good order, oldest first.
    """

    name: str
    roles: frozenset[str]
    part_of: str | None
    suspended: bool
    generation: int
    signing: bytes
    sealing: bytes
    former: tuple[tuple[bytes, int], ...]

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


def read_enrolled(entry: Entry) -> Enrolled:
    """An agency's entry as the agency it enrols.

    Raises:
        RegisterRefused: something is missing or of the wrong type.
    """
    value = entry.value or {}
    try:
        return Enrolled(
            name=entry.key,
            roles=frozenset(map(str, value["roles"])),
            part_of=value["part_of"],
            suspended=bool(value["suspended"]),
            generation=int(value["generation"]),
            signing=unb64(value["signing"]),
            sealing=unb64(value["sealing"]),
            former=tuple((unb64(one["signing"]), int(one["until_ms"])) for one in value["former"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise RegisterRefused("the agency entry is not complete") from None


def agency_value(
    *,
    roles: Sequence[str],
    part_of: str | None,
    suspended: bool,
    generation: int,
    signing: bytes,
    sealing: bytes,
    former: Sequence[tuple[bytes, int]] = (),
    rotation: bytes | None = None,
) -> dict[str, Any]:
    """The value of an agency's entry; `rotation` is the old key's statement over the new keys."""
    value: dict[str, Any] = {
        "roles": sorted(roles),
        "part_of": part_of,
        "suspended": suspended,
        "generation": generation,
        "signing": base64.b64encode(signing).decode(),
        "sealing": base64.b64encode(sealing).decode(),
        "former": [
            {"signing": base64.b64encode(key).decode(), "until_ms": until_ms}
            for key, until_ms in former
        ],
    }
    if rotation is not None:
        value["rotation"] = base64.b64encode(rotation).decode()
    return value


def read_agreement_entry(entry: Entry) -> Agreement:
    """The agreement whose text an entry holds.

    Raises:
        RegisterRefused: there is no text, or it cannot be read.
    """
    value = entry.value or {}
    text = value.get("text")
    if not isinstance(text, str):
        raise RegisterRefused("the agreement entry has no text")
    try:
        return read_agreement(text, origin=entry.key)
    except AgreementError:
        raise RegisterRefused("the agreement cannot be read") from None


def unb64(text: str) -> bytes:
    """The bytes of base64 text; ValueError if it is not."""
    return base64.b64decode(text, validate=True)


def read_conflicts(entry: Entry) -> tuple[Conflict, ...]:
    """The agencies that an entry says are in conflict for its case."""
    value = entry.value or {}
    return tuple(
        Conflict(agency=one["agency"], instead=one["instead"]) for one in value["conflicts"]
    )


def read_consent(entry: Entry) -> Consent:
    """What one person said, for a purpose and an audience."""
    value = entry.value or {}
    named = (value["case"], value["person"], value["purpose"], value["audience"] or "")
    if not all(isinstance(one, str) for one in named):
        raise TypeError  # an agency alone may sign this: it must not break everybody's decisions
    return Consent(
        case=value["case"],
        person=value["person"],
        purpose=value["purpose"],
        audience=value["audience"],
        state=ConsentState(value["state"]),
    )


def takes_back(entry: Entry) -> bool:
    """Whether a consent entry says no: it can only narrow what is shared."""
    return entry.value is not None and entry.value["state"] != ConsentState.GIVEN


def read_training(entry: Entry) -> Training:
    """A course that one holder completed."""
    value = entry.value or {}
    return Training(
        agency=value["agency"],
        holder=value["holder"],
        course=value["course"],
        completed=date.fromisoformat(value["completed"]),
    )


def read_calendar(entry: Entry) -> Calendar:
    """A calendar by its name."""
    value = entry.value or {}
    return Calendar(
        name=entry.key,
        first=date.fromisoformat(value["first"]),
        last=date.fromisoformat(value["last"]),
        weekdays=frozenset(value["weekdays"]),
        closed=frozenset(date.fromisoformat(day) for day in value["closed"]),
    )


def read_accession(entry: Entry) -> tuple[str, str, int]:
    """Which agency acceded to which version: (agency, agreement, version)."""
    agency, agreement, version = entry.key.split("/")
    return agency, agreement, int(version)


_READERS: Mapping[Kind, Callable[[Entry], Any]] = {
    Kind.AGENCY: read_enrolled,
    Kind.AGREEMENT: read_agreement_entry,
    Kind.ACCESSION: read_accession,
    Kind.CALENDAR: read_calendar,
    Kind.TRAINING: read_training,
    Kind.CONSENT: read_consent,
    Kind.CONFLICT_CHECK: read_conflicts,
}


def check_value(entry: Entry) -> None:
    """Refuse an entry whose value is not what its kind says.

    Raises:
        RegisterRefused: something is missing or of the wrong type.
    """
    if entry.value is None:
        return
    try:
        _READERS[entry.kind](entry)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise RegisterRefused(f"the `{entry.kind}` entry is not complete") from None
