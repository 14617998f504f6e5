"""What a register entry's value says, read into domain types: one reader for each kind."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.entries import Enrolled, Entry, Kind, RegisterRefused, unb64
from broker.override_record import list_of, read_authoriser, read_override, text_of
from redaction.agreement import Agreement
from redaction.facts import Calendar, Conflict, Consent, ConsentState, Training
from redaction.reading import AgreementError, read_agreement
from schemas.errors import EnvelopeRefused
from schemas.sealing import SealingPublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Enacted:
    """An agreement in the register: its text's model, the bytes that were signed, and by whom."""

    agreement: Agreement
    canonical: bytes
    signatures: Mapping[str, bytes]


def read_enrolled(entry: Entry) -> Enrolled:
    """An agency's entry as the agency it enrols.

    Raises:
        RegisterRefused: something is missing or of the wrong type.
    """
    value = entry.value or {}
    try:
        until = value["keys_until"]
        return Enrolled(
            name=entry.key,
            roles=frozenset(map(str, value["roles"])),
            part_of=value["part_of"],
            suspended=bool(value["suspended"]),
            generation=int(value["generation"]),
            signing=_signing_key(value["signing"]),
            sealing=SealingPublicKey(unb64(value["sealing"])).raw,
            former=tuple(
                (_signing_key(one["signing"]), int(one["until_ms"])) for one in value["former"]
            ),
            keys_until=None if until is None else date.fromisoformat(until),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise RegisterRefused("the agency entry is not complete") from None
    except EnvelopeRefused:
        raise RegisterRefused("the agency entry's sealing key is none") from None


def _signing_key(text: str) -> bytes:
    """The raw bytes of an Ed25519 public key; ValueError if it is none."""
    return Ed25519PublicKey.from_public_bytes(unb64(text)).public_bytes_raw()


def agreement_value(text: str, signatures: Mapping[str, bytes]) -> dict[str, Any]:
    """The value of an agreement's entry: its text, and each party's detached signature."""
    signed = {party: base64.b64encode(one).decode() for party, one in signatures.items()}
    return {"text": text, "signatures": signed}


def read_enacted(entry: Entry) -> Enacted:
    """The agreement whose text and signatures an entry holds; no signature is checked here.

    Raises:
        RegisterRefused: there is no text, or it cannot be read.
    """
    value = entry.value or {}
    text = value.get("text")
    if not isinstance(text, str):
        raise RegisterRefused("the agreement entry has no text")
    try:
        agreement = read_agreement(text, origin=entry.key)
    except AgreementError:
        raise RegisterRefused("the agreement cannot be read") from None
    return Enacted(
        agreement=agreement,
        canonical=agreement.canonical(),
        signatures={party: unb64(one) for party, one in value["signatures"].items()},
    )


def read_conflicts(entry: Entry) -> tuple[Conflict, ...]:
    """The agencies that an entry says are in conflict for its case."""
    value = entry.value or {}
    return tuple(
        Conflict(agency=one["agency"], instead=one["instead"]) for one in value["conflicts"]
    )


def consent_value(consent: Consent) -> dict[str, Any]:
    """The value of a consent's entry."""
    return {
        "case": consent.case,
        "person": consent.person,
        "purpose": consent.purpose,
        "audience": consent.audience,
        "state": str(consent.state),
        "tags": None if consent.tags is None else sorted(consent.tags),
        "which": consent.which,
        "by": consent.by,
        "cleared": consent.cleared,
    }


def consent_key(consent: Consent) -> str:
    """The key of a consent's entry: everything that tells it from another answer.

    One answer replaces another only if both are by one person on one thing; parts are escaped,
    so that no answer's key can be another's.
    """
    parts = [consent.case, consent.person, consent.purpose, consent.audience]
    if (consent.tags, consent.which, consent.by) != (None, None, None):
        tags = None if consent.tags is None else "+".join(sorted(consent.tags))
        parts += [consent.which, consent.by, tags]
    return "/".join("*" if part is None else quote(part, safe="") for part in parts)


def read_consent(entry: Entry) -> Consent:
    """What one person said, for a purpose, an audience and tags."""
    value = entry.value or {}
    # An agency alone may sign this: it must not break everybody's decisions, nor replace what
    # somebody else answered.
    for name in ("case", "person", "purpose"):
        text_of(value[name])
    for name in ("audience", "which", "by"):
        text_of(value.get(name) or "-")
    tags = value.get("tags")
    consent = Consent(
        case=value["case"],
        person=value["person"],
        purpose=value["purpose"],
        audience=value["audience"],
        state=ConsentState(value["state"]),
        tags=None if tags is None else frozenset(map(text_of, list_of(tags))),
        which=value.get("which"),
        by=value.get("by"),
        cleared=value.get("cleared", False) is True,
    )
    if entry.key != consent_key(consent):
        raise ValueError
    return consent


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


def read_membership(entry: Entry) -> tuple[str, str, int]:
    """Which agency an accession or withdrawal is by, and of which version of which agreement.

    Raises:
        RegisterRefused: its key does not say so.
    """
    found = re.fullmatch(r"([^/]+)/([^/]+)/([1-9][0-9]{0,8})", entry.key)
    if found is None:
        raise RegisterRefused(f"the key of a `{entry.kind}` is agency/agreement/version")
    return found[1], found[2], int(found[3])


def read_accession(entry: Entry) -> bytes:
    """The agency's detached signature, unchecked."""
    read_membership(entry)
    return unb64((entry.value or {})["signature"])


_READERS: Mapping[Kind, Callable[[Entry], Any]] = {
    Kind.AGENCY: read_enrolled,
    Kind.AGREEMENT: read_enacted,
    Kind.ACCESSION: read_accession,
    Kind.WITHDRAWAL: read_membership,
    Kind.CALENDAR: read_calendar,
    Kind.TRAINING: read_training,
    Kind.AUTHORISER: read_authoriser,
    Kind.CONSENT: read_consent,
    Kind.CONFLICT_CHECK: read_conflicts,
    Kind.OVERRIDE: read_override,
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
