"""The register: who is enrolled, what is in force, what was consented to, as signed entries.

Every entry is signed by an officer (or by the agency itself, where the rule below says so) and
kept in one compacted topic, so that all changes have one order. Entries about a person's case
are sealed to the gateway before they are stored, under a keyed name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.enacting import (
    acceded,
    as_they_govern,
    check_audiences,
    check_end,
    check_signatures,
    key_of,
    unsigned,
)
from broker.enrolling import check_agency
from broker.entries import STATEMENT, Enrolled, Entry, Kind, RegisterRefused, decode_entry
from broker.override_record import Authoriser, read_authoriser, read_override
from broker.overrides import check_override, check_review
from broker.signatures import Act, holds
from broker.values import (
    Enacted,
    check_value,
    read_accession,
    read_calendar,
    read_conflicts,
    read_consent,
    read_enacted,
    read_enrolled,
    read_membership,
    read_training,
    takes_back,
)
from redaction.agreement import Agreement
from redaction.facts import Agency, Register
from schemas.signed import unverified_issuer, unverified_payload, verify_statement

_T = TypeVar("_T")


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
        self._agreements: dict[str, Enacted] = {}
        self._authorisers: dict[str, Authoriser] = {}
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

    def check(self, statements: Sequence[bytes], *, now_ms: int) -> Entry:
        """The entry these statements sign, if the register's rules allow it now.

        Args:
            statements: one for each signature.
            now_ms: the node's time, Unix milliseconds.

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
        self._authorise(entry, signers, now_ms)
        return entry

    def apply(self, entry: Entry) -> None:
        """Take over an entry that `check` returned."""
        self._entries[entry.kind, entry.key] = entry
        if entry.kind is Kind.AGENCY and entry.value is not None:
            self._agencies[entry.key] = read_enrolled(entry)
        if entry.kind is Kind.AGREEMENT:
            self._agreements.pop(entry.key, None)
            if entry.value is not None:
                self._agreements[entry.key] = read_enacted(entry)
        if entry.kind is Kind.AUTHORISER:
            self._authorisers.pop(entry.key, None)
            if entry.value is not None:
                self._authorisers[entry.key] = read_authoriser(entry)
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
        authoriser = self._authorisers.get(signer) if entry.kind is Kind.OVERRIDE else None
        agency = self._agencies.get(signer if authoriser is None else authoriser.agency)
        if agency is None or agency.suspended:
            raise RegisterRefused("signed by nobody who may sign now")
        if authoriser is not None:
            return Ed25519PublicKey.from_public_bytes(authoriser.signing)
        return agency.verifier()

    def _authorise(self, entry: Entry, signers: tuple[str, ...], now_ms: int) -> None:
        officers = sum(1 for signer in signers if signer in self._officers)
        if entry.kind in (Kind.ACCESSION, Kind.WITHDRAWAL):
            self._authorise_member(entry, signers)
        elif entry.kind is Kind.AGENCY:
            if entry.key in self._officers:
                raise RegisterRefused("an agency cannot take an officer's name")
            old = self._agencies.get(entry.key)
            check_agency(entry, old, signers=signers, officers=officers, now_ms=now_ms)
        elif entry.kind is Kind.OVERRIDE and not (officers and entry.value is None):
            self._authorise_override(entry, signers, now_ms)
        elif entry.kind is Kind.CONSENT and not officers and takes_back(entry):
            return  # any agency may say no for a person at once; only an officer enters a yes
        elif entry.kind is Kind.AUTHORISER and signers == (entry.key.partition("/")[0],):
            return  # an agency says itself who of its own people has which rank
        elif not officers:
            raise RegisterRefused(f"a `{entry.kind}` entry needs an officer's signature")
        elif entry.kind is Kind.AGREEMENT:
            self._authorise_agreement(entry)

    def _authorise_agreement(self, entry: Entry) -> None:
        """Rules 1, 2, 10 and 13, and that every named party has signed this very text."""
        held = self._agreements.get(entry.key)
        if entry.value is None:
            check_end(held, self._agreements.values())
            return
        new = read_enacted(entry)
        if entry.key != key_of(new.agreement):
            raise RegisterRefused("the entry's key is not the agreement's id and version")
        if held is not None and held.canonical != new.canonical:
            raise RegisterRefused("this version is in force with another text; count it up")
        others = as_they_govern(
            one.agreement
            for one in self._agreements.values()
            if one.agreement.id != new.agreement.id
        )
        if problems := self._enactable(entry.value["text"], others):
            raise RegisterRefused(f"the agreement cannot be put in force: {problems[0]}")
        check_audiences(new.agreement, self._agencies)
        check_signatures(new, self._agencies, self._withdrawn().get(entry.key, ()))

    def _authorise_member(self, entry: Entry, signers: tuple[str, ...]) -> None:
        """Accessions and withdrawals: the agency's own word, which nobody says for it."""
        name, agreement, version = read_membership(entry)
        if signers != (name,) or name not in self._agencies:
            raise RegisterRefused("an agency accedes and withdraws itself, and alone")
        enacted = self._agreements.get(f"{agreement}/{version}")
        if entry.kind is Kind.ACCESSION and entry.value is None:
            return
        if enacted is None:
            raise RegisterRefused("no such version of an agreement is in the register")
        is_party = name in enacted.agreement.parties()
        if entry.kind is Kind.WITHDRAWAL:
            if not is_party or entry.value is None:
                raise RegisterRefused("a named party takes its signature back, once")
        elif is_party:
            raise RegisterRefused("a named party signs; only others accede")
        elif not holds(
            read_accession(entry),
            self._agencies[name].signing,
            party=name,
            act=Act.ACCEDE,
            canonical=enacted.canonical,
        ):
            raise RegisterRefused("the accession is not signed for this text")

    def _authorise_override(self, entry: Entry, signers: tuple[str, ...], now_ms: int) -> None:
        if entry.value is None:
            raise RegisterRefused("ending an override needs an officer's signature")
        if not set(signers) <= set(self._authorisers):
            raise RegisterRefused("an override is signed by authorisers only")
        known = {name: self._authorisers[name] for name in signers}
        facts, before = self.snapshot().facts, self._entries.get((entry.kind, entry.key))
        if before is not None and before.value is not None:
            held, agreements = read_override(before), facts.agreements
            check_review(
                read_override(entry), held, known, self._authorisers, agreements=agreements
            )
            return
        check_override(
            read_override(entry),
            known,
            agreements=facts.agreements,
            agencies=self._agencies,
            accessions=facts.accessions,
            recorded=facts.granted,
            now_ms=now_ms,
        )

    def _facts(self) -> Register:
        withdrawn = self._withdrawn()
        return Register(
            agencies={
                name: Agency(
                    name=name,
                    roles=one.roles,
                    part_of=one.part_of,
                    suspended=one.suspended,
                    keys_until=one.keys_until,
                )
                for name, one in self._agencies.items()
            },
            agreements=tuple(one.agreement for one in self._agreements.values()),
            accessions=frozenset(self._accessions()),
            consents=tuple(self._values(Kind.CONSENT, read_consent).values()),
            conflict_checks=self._values(Kind.CONFLICT_CHECK, read_conflicts),
            trainings=tuple(self._values(Kind.TRAINING, read_training).values()),
            calendars=self._values(Kind.CALENDAR, read_calendar),
            granted=tuple(
                one.granted for one in self._values(Kind.OVERRIDE, read_override).values()
            ),
            unsigned=frozenset(
                (one.agreement.id, one.agreement.version)
                for key, one in self._agreements.items()
                if unsigned(one, self._agencies, withdrawn.get(key, ()))
            ),
        )

    def _accessions(self) -> Iterator[tuple[str, str, int]]:
        for entry in self._held(Kind.ACCESSION):
            name, agreement, version = member = read_membership(entry)
            enacted, agency = self._agreements.get(f"{agreement}/{version}"), self._agencies[name]
            if enacted is not None and acceded(enacted, agency, read_accession(entry)):
                yield member

    def _withdrawn(self) -> dict[str, set[str]]:
        """Who took its signature back, by the agreement's key."""
        found: dict[str, set[str]] = {}
        for entry in self._held(Kind.WITHDRAWAL):
            name, _, agreement = entry.key.partition("/")
            found.setdefault(agreement, set()).add(name)
        return found

    def _held(self, kind: Kind) -> Iterator[Entry]:
        for (its, _), entry in self._entries.items():
            if its is kind and entry.value is not None:
                yield entry

    def _values(self, kind: Kind, read: Callable[[Entry], _T]) -> dict[str, _T]:
        return {entry.key: read(entry) for entry in self._held(kind)}
