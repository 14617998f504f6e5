"""The register: who is enrolled, what is in force, what was consented to, as signed entries.

Every entry is signed by an officer (or by the agency itself, where the rule below says so) and
kept in one compacted topic, so that all changes have one order. Entries about a person's case
are sealed to the gateway before they are stored, under a keyed name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.keys import verify_rotation
from redaction.agreement import Agreement
from redaction.facts import Agency, Calendar, Conflict, Consent, ConsentState, Register, Training
from redaction.reading import AgreementError, read_agreement
from schemas.errors import CasewardError, Code
from schemas.signed import (
    sign_statement,
    unverified_issuer,
    unverified_payload,
    verify_statement,
)

STATEMENT = "register-entry/1"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")  # it becomes part of topic and folder names


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The register at one moment: what the gateway and the decisions read."""

    agencies: Mapping[str, Enrolled]
    facts: Register


class State:
    """The register's entries, each applied by the rules; nothing here does I/O.

    `officers` are the trust roots (name to raw public signing key): they are set when a node is
    made, outside the register, so that no entry can add one. `enactable` gives the problems that
    keep an agreement's text from being put in force beside others that are.
    """

    def __init__(
        self,
        officers: Mapping[str, bytes],
        enactable: Callable[[str, tuple[Agreement, ...]], Sequence[object]],
    ) -> None:
        self._enactable = enactable
        self._officers = {
            name: Ed25519PublicKey.from_public_bytes(key) for name, key in officers.items()
        }
        self._entries: dict[tuple[Kind, str], Entry] = {}
        self._agencies: dict[str, Enrolled] = {}
        self._agreements: dict[str, Agreement] = {}
        self._snapshot: Snapshot | None = None

    def revision(self, kind: Kind, key: str) -> int:
        """The revision an entry has now; 0 if there is none."""
        held = self._entries.get((kind, key))
        return held.revision if held else 0

    def value(self, kind: Kind, key: str) -> Mapping[str, Any] | None:
        """What an entry says now, None if nothing."""
        held = self._entries.get((kind, key))
        return held.value if held else None

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """The keys of every entry of a kind that says something, sorted."""
        return tuple(
            sorted(key for (k, key), entry in self._entries.items() if k is kind and entry.value)
        )

    def check(self, statements: Sequence[bytes]) -> Entry:
        """The entry these statements sign, if the register's rules allow it now.

        Raises:
            RegisterRefused: which rule it breaks; the state is unchanged.
        """
        if not statements:
            raise RegisterRefused("an entry needs at least one signature")
        signers = tuple(unverified_issuer(statement) for statement in statements)
        if len(set(signers)) != len(signers):
            raise RegisterRefused("the same party signed an entry twice")
        payload = unverified_payload(statements[0])
        entry = decode_entry(payload)
        _read_value(entry)
        for statement, signer in zip(statements, signers, strict=True):
            key = self._key_of(signer, entry)
            if verify_statement(statement, key, issuer=signer, kind=STATEMENT) != payload:
                raise RegisterRefused("the signatures are over different entries")
        if entry.revision != self.revision(entry.kind, entry.key) + 1:
            raise RegisterRefused(f"this `{entry.kind}` entry was changed by somebody else first")
        self._authorise(entry, signers)
        return entry

    def apply(self, entry: Entry) -> None:
        """Take over an entry that `check` returned."""
        self._entries[entry.kind, entry.key] = entry
        if entry.kind is Kind.AGENCY and entry.value is not None:
            self._agencies[entry.key] = _enrolled(entry)
        if entry.kind is Kind.AGREEMENT:
            self._agreements.pop(entry.key, None)
            if entry.value is not None:
                self._agreements[entry.key] = _agreement(entry)
        self._snapshot = None

    def snapshot(self) -> Snapshot:
        """The register as one frozen value, made anew only after a change."""
        if self._snapshot is None:
            self._snapshot = Snapshot(
                agencies=MappingProxyType(dict(self._agencies)), facts=self._facts()
            )
        return self._snapshot

    def _key_of(self, signer: str, entry: Entry) -> Ed25519PublicKey:
        if entry.kind is Kind.AGENCY and entry.key == signer:
            # With its new key an agency shows that it holds it; that the old key agreed is what
            # `_authorise_agency` checks, and nothing else comes of this signature.
            return _enrolled(entry).verifier()
        officer = self._officers.get(signer)
        if officer is not None:
            return officer
        agency = self._agencies.get(signer)
        if agency is None or agency.suspended:
            raise RegisterRefused("signed by nobody who may sign now")
        return agency.verifier()

    def _authorise(self, entry: Entry, signers: tuple[str, ...]) -> None:
        officers = sum(1 for signer in signers if signer in self._officers)
        if entry.kind is Kind.AGENCY:
            self._authorise_agency(entry, signers, officers)
        elif entry.kind is Kind.AGREEMENT and entry.value is not None:
            agreement = _agreement(entry)
            if entry.key != f"{agreement.id}/{agreement.version}":
                raise RegisterRefused("the entry's key is not the agreement's id and version")
            others = tuple(one for one in self._agreements.values() if one.id != agreement.id)
            if problems := self._enactable(entry.value["text"], others):
                raise RegisterRefused(f"the agreement cannot be put in force: {problems[0]}")
        if entry.kind is Kind.CONSENT and not officers and _takes_back(entry):
            return  # any agency may say no for a person at once; only an officer enters a yes
        if entry.kind is not Kind.AGENCY and not officers:
            raise RegisterRefused(f"a `{entry.kind}` entry needs an officer's signature")

    def _authorise_agency(self, entry: Entry, signers: tuple[str, ...], officers: int) -> None:
        if entry.value is None:
            raise RegisterRefused("an agency is suspended, not removed")
        if not _NAME.fullmatch(entry.key):
            raise RegisterRefused("an agency's name is a-z, 0-9 and -, at most 64, a letter first")
        new, old = _enrolled(entry), self._agencies.get(entry.key)
        if entry.key in self._officers:
            raise RegisterRefused("an agency cannot take an officer's name")
        if old is None or (new.signing, new.sealing) == (old.signing, old.sealing):
            if not officers:
                raise RegisterRefused("enrolling or changing an agency needs an officer")
            if old is not None and (new.generation, new.former) != (old.generation, old.former):
                raise RegisterRefused("the key generation changes only with the keys")
            return
        if new.generation != old.generation + 1:
            raise RegisterRefused("a new key has the next generation")
        if officers >= 2 and not new.former:
            return  # the old key is lost: two officers enrol the agency anew, nothing old counts
        rotation = entry.value.get("rotation")
        if not isinstance(rotation, str) or (new.roles, new.part_of, new.suspended) != (
            old.roles,
            old.part_of,
            old.suspended,
        ):
            raise RegisterRefused("a new key is signed by the old one, or by two officers")
        if new.former[:-1] != old.former or not new.former or new.former[-1][0] != old.signing:
            raise RegisterRefused("a replaced key joins the agency's former keys")
        keys = verify_rotation(_unb64(rotation), old.verifier(), owner=old.name)
        if (keys.signing, keys.sealing) != (new.signing, new.sealing):
            raise RegisterRefused("the old key signed other keys than these")

    def _facts(self) -> Register:
        checks: dict[str, tuple[Conflict, ...]] = {}
        consents: list[Consent] = []
        trainings: list[Training] = []
        calendars: dict[str, Calendar] = {}
        accessions: set[tuple[str, str, int]] = set()
        for (kind, key), entry in self._entries.items():
            if entry.value is None:
                continue
            read = _READERS[kind](entry)
            if kind is Kind.CONFLICT_CHECK:
                checks[key] = read
            elif kind is Kind.CONSENT:
                consents.append(read)
            elif kind is Kind.TRAINING:
                trainings.append(read)
            elif kind is Kind.CALENDAR:
                calendars[key] = read
            elif kind is Kind.ACCESSION:
                accessions.add(read)
        agencies = {
            name: Agency(name=name, roles=e.roles, part_of=e.part_of, suspended=e.suspended)
            for name, e in self._agencies.items()
        }
        return Register(
            agencies=agencies,
            agreements=tuple(self._agreements.values()),
            accessions=frozenset(accessions),
            consents=tuple(consents),
            conflict_checks=checks,
            trainings=tuple(trainings),
            calendars=calendars,
        )


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


def _enrolled(entry: Entry) -> Enrolled:
    value = entry.value or {}
    try:
        return Enrolled(
            name=entry.key,
            roles=frozenset(map(str, value["roles"])),
            part_of=value["part_of"],
            suspended=bool(value["suspended"]),
            generation=int(value["generation"]),
            signing=_unb64(value["signing"]),
            sealing=_unb64(value["sealing"]),
            former=tuple((_unb64(one["signing"]), int(one["until_ms"])) for one in value["former"]),
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


def _agreement(entry: Entry) -> Agreement:
    value = entry.value or {}
    text = value.get("text")
    if not isinstance(text, str):
        raise RegisterRefused("the agreement entry has no text")
    try:
        return read_agreement(text, origin=entry.key)
    except AgreementError:
        raise RegisterRefused("the agreement cannot be read") from None


def _unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _conflicts(entry: Entry) -> tuple[Conflict, ...]:
    value = entry.value or {}
    return tuple(
        Conflict(agency=one["agency"], instead=one["instead"]) for one in value["conflicts"]
    )


def _consent(entry: Entry) -> Consent:
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


def _takes_back(entry: Entry) -> bool:
    """Whether a consent entry says no: it can only narrow what is shared."""
    return entry.value is not None and entry.value["state"] != ConsentState.GIVEN


def _training(entry: Entry) -> Training:
    value = entry.value or {}
    return Training(
        agency=value["agency"],
        holder=value["holder"],
        course=value["course"],
        completed=date.fromisoformat(value["completed"]),
    )


def _calendar(entry: Entry) -> Calendar:
    value = entry.value or {}
    return Calendar(
        name=entry.key,
        first=date.fromisoformat(value["first"]),
        last=date.fromisoformat(value["last"]),
        weekdays=frozenset(value["weekdays"]),
        closed=frozenset(date.fromisoformat(day) for day in value["closed"]),
    )


def _accession(entry: Entry) -> tuple[str, str, int]:
    agency, agreement, version = entry.key.split("/")
    return agency, agreement, int(version)


_READERS: Mapping[Kind, Callable[[Entry], Any]] = {
    Kind.AGENCY: _enrolled,
    Kind.AGREEMENT: _agreement,
    Kind.ACCESSION: _accession,
    Kind.CALENDAR: _calendar,
    Kind.TRAINING: _training,
    Kind.CONSENT: _consent,
    Kind.CONFLICT_CHECK: _conflicts,
}


def _read_value(entry: Entry) -> None:
    if entry.value is None:
        return
    try:
        _READERS[entry.kind](entry)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise RegisterRefused(f"the `{entry.kind}` entry is not complete") from None
