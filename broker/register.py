"""The register: who is enrolled, what is in force, what was consented to, as signed entries.

Every entry is signed by an officer (or by the agency itself, where the rule below says so) and
kept in one compacted topic, so that all changes have one order. Entries about a person's case
are sealed to the gateway before they are stored, under a keyed name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.entries import (
    STATEMENT,
    Enrolled,
    Entry,
    Kind,
    RegisterRefused,
    check_value,
    decode_entry,
    read_accession,
    read_agreement_entry,
    read_calendar,
    read_conflicts,
    read_consent,
    read_enrolled,
    read_training,
    takes_back,
    unb64,
)
from broker.keys import verify_rotation
from redaction.agreement import Agreement
from redaction.facts import Agency, Register
from schemas.signed import unverified_issuer, unverified_payload, verify_statement

_T = TypeVar("_T")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")  # it becomes part of topic and folder names


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
        check_value(entry)
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
            self._agencies[entry.key] = read_enrolled(entry)
        if entry.kind is Kind.AGREEMENT:
            self._agreements.pop(entry.key, None)
            if entry.value is not None:
                self._agreements[entry.key] = read_agreement_entry(entry)
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
            return read_enrolled(entry).verifier()
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
            agreement = read_agreement_entry(entry)
            if entry.key != f"{agreement.id}/{agreement.version}":
                raise RegisterRefused("the entry's key is not the agreement's id and version")
            others = tuple(one for one in self._agreements.values() if one.id != agreement.id)
            if problems := self._enactable(entry.value["text"], others):
                raise RegisterRefused(f"the agreement cannot be put in force: {problems[0]}")
        if entry.kind is Kind.CONSENT and not officers and takes_back(entry):
            return  # any agency may say no for a person at once; only an officer enters a yes
        if entry.kind is not Kind.AGENCY and not officers:
            raise RegisterRefused(f"a `{entry.kind}` entry needs an officer's signature")

    def _authorise_agency(self, entry: Entry, signers: tuple[str, ...], officers: int) -> None:
        if entry.value is None:
            raise RegisterRefused("an agency is suspended, not removed")
        if not _NAME.fullmatch(entry.key):
            raise RegisterRefused("an agency's name is a-z, 0-9 and -, at most 64, a letter first")
        new, old = read_enrolled(entry), self._agencies.get(entry.key)
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
        keys = verify_rotation(unb64(rotation), old.verifier(), owner=old.name)
        if (keys.signing, keys.sealing) != (new.signing, new.sealing):
            raise RegisterRefused("the old key signed other keys than these")

    def _facts(self) -> Register:
        return Register(
            agencies={
                name: Agency(name=name, roles=e.roles, part_of=e.part_of, suspended=e.suspended)
                for name, e in self._agencies.items()
            },
            agreements=tuple(self._agreements.values()),
            accessions=frozenset(self._values(Kind.ACCESSION, read_accession).values()),
            consents=tuple(self._values(Kind.CONSENT, read_consent).values()),
            conflict_checks=self._values(Kind.CONFLICT_CHECK, read_conflicts),
            trainings=tuple(self._values(Kind.TRAINING, read_training).values()),
            calendars=self._values(Kind.CALENDAR, read_calendar),
        )

    def _values(self, kind: Kind, read: Callable[[Entry], _T]) -> dict[str, _T]:
        return {
            key: read(entry)
            for (its, key), entry in self._entries.items()
            if its is kind and entry.value is not None
        }
