"""Consents withdrawn, overrides that failed: what is kept of each until deliveries are recalled.

The register's topic keeps only what an entry says now, so what it said before is written beside
each entry that narrows, in one transaction with it, to a topic that keeps everything. A worker
that comes late still finds every withdrawal, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2

from broker.entries import Entry, Kind
from broker.override_record import granted_value, read_granted, read_override
from broker.values import consent_key, consent_value, read_consent
from redaction.facts import Consent, ConsentState, Granted, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """One entry that narrows, and everything that was consented and granted in its case before.

    `key` and `revision` are the entry's, `person` whose consent it is, empty for an override.
    `consents` and `granted` are those of the case before it, by key, and `after` is what the entry
    says, None where it takes its answer or the override back.
    `openings` is the end of the hop openings when it was entered: what was sealed before lies
    below, what was sealed later was decided with the change.
    """

    case: str
    person: str
    key: str
    revision: int
    consents: Mapping[str, Consent]
    after: Consent | Granted | None
    openings: int
    granted: Mapping[str, Granted] = field(default_factory=dict)

    @property
    def before_it(self) -> tuple[Consent, ...]:
        """The case's consents without the change."""
        return tuple(self.consents.values())

    @property
    def with_it(self) -> tuple[Consent, ...]:
        """The case's consents with the change, and nothing else changed."""
        if not self.person:
            return self.before_it
        others = (one for key, one in self.consents.items() if key != self.key)
        return (*others, *([self.after] if isinstance(self.after, Consent) else []))

    @property
    def granted_before(self) -> tuple[Granted, ...]:
        """The case's overrides without the change."""
        return tuple(self.granted.values())

    @property
    def granted_with(self) -> tuple[Granted, ...]:
        """The case's overrides with the change, and nothing else changed."""
        if self.person:
            return self.granted_before
        others = (one for key, one in self.granted.items() if key != self.key)
        return (*others, *([self.after] if isinstance(self.after, Granted) else []))


class CaseConsents:
    """The register's consents and overrides by case; `apply` follows the register's entries."""

    def __init__(self) -> None:
        self._cases: dict[str, dict[str, Consent]] = {}
        self._case_of: dict[str, str] = {}
        self._granted: dict[str, Granted] = {}

    def apply(self, entry: Entry) -> None:
        """Take over an entry of any kind."""
        if entry.kind is Kind.OVERRIDE:
            self._granted.pop(entry.key, None)
            if entry.value is not None:
                self._granted[entry.key] = read_override(entry).granted
        if entry.kind is not Kind.CONSENT:
            return
        case = self._case_of.pop(entry.key, None)
        if case is not None:
            del self._cases[case][entry.key]
        if entry.value is not None:
            consent = read_consent(entry)
            self._case_of[entry.key] = consent.case
            self._cases.setdefault(consent.case, {})[entry.key] = consent

    def change(self, entry: Entry, openings: int) -> ConsentChange | None:
        """What an entry that is not applied yet takes away, None if it cannot narrow anything."""
        if entry.kind is Kind.OVERRIDE:
            return self._ended(entry, openings)
        if entry.kind is not Kind.CONSENT:
            return None
        after = None if entry.value is None else read_consent(entry)
        case = self._case_of.get(entry.key) if after is None else after.case
        if case is None:
            return None
        consents = dict(self._cases.get(case, {}))
        before = consents.get(entry.key)
        who = after or before
        if who is None or not narrows(before, after):
            return None
        return ConsentChange(
            case=case,
            person=who.person,
            key=entry.key,
            revision=entry.revision,
            consents=consents,
            after=after,
            openings=openings,
            granted=self._granted_in(case),
        )

    def _ended(self, entry: Entry, openings: int) -> ConsentChange | None:
        """What an override's entry takes away: its review failed, or an officer took it back."""
        before = self._granted.get(entry.key)
        after = None if entry.value is None else read_override(entry).granted
        if before is None or before.review is Review.FAILED:
            return None  # new, or recalled when its review failed
        if after is not None and after.review is not Review.FAILED:
            return None
        return ConsentChange(
            case=before.case,
            person="",
            key=entry.key,
            revision=entry.revision,
            consents=dict(self._cases.get(before.case, {})),
            after=after,
            openings=openings,
            granted=self._granted_in(before.case),
        )

    def _granted_in(self, case: str) -> dict[str, Granted]:
        return {key: one for key, one in self._granted.items() if one.case == case}


def narrows(before: Consent | None, after: Consent | None) -> bool:
    """Whether an answer can take away what the one before allowed; what it does is decided later.

    A yes narrows only where it is no longer cleared; no answer at all only after a yes.
    """
    given = before is not None and before.state is ConsentState.GIVEN
    if after is None:
        return given
    if after.state is not ConsentState.GIVEN:
        return before is None or before.state is not after.state
    return before is not None and given and before.cleared and not after.cleared


def encode_change(change: ConsentChange) -> bytes:
    """The change in bytes, to be sealed."""
    return cbor2.dumps(
        {
            "case": change.case,
            "person": change.person,
            "key": change.key,
            "revision": change.revision,
            "consents": [consent_value(one) for one in change.before_it],
            "granted": [[one.id, granted_value(one)] for one in change.granted_before],
            "after": _value(change.after),
            "openings": change.openings,
        },
        canonical=True,
    )


def decode_change(data: bytes) -> ConsentChange:
    """The change that `encode_change` gave these bytes for; whoever calls knows that it did."""
    said = cbor2.loads(data)
    consents, after = tuple(map(_consent, said["consents"])), said["after"]

    def read(value: Mapping[str, Any]) -> Consent | Granted:
        return _consent(value) if said["person"] else read_granted(said["key"], value)

    return ConsentChange(
        case=said["case"],
        person=said["person"],
        key=said["key"],
        revision=said["revision"],
        consents={consent_key(one): one for one in consents},
        after=None if after is None else read(after),
        openings=said["openings"],
        # A record from before overrides were recalled knows of none.
        granted={key: read_granted(key, value) for key, value in said.get("granted", ())},
    )


def _value(after: Consent | Granted | None) -> dict[str, Any] | None:
    if after is None:
        return None
    return granted_value(after) if isinstance(after, Granted) else consent_value(after)


def _consent(value: Mapping[str, Any]) -> Consent:
    tags = value["tags"]
    return Consent(
        case=value["case"],
        person=value["person"],
        purpose=value["purpose"],
        audience=value["audience"],
        state=ConsentState(value["state"]),
        tags=None if tags is None else frozenset(tags),
        which=value["which"],
        by=value["by"],
        cleared=value["cleared"],
    )
