"""Consents that were withdrawn: what is kept of each withdrawal until its deliveries are recalled.

The register's topic keeps only what an entry says now, so what it said before is written beside
each entry that narrows, in one transaction with it, to a topic that keeps everything. A worker
that comes late still finds every withdrawal, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from broker.entries import Entry, Kind
from broker.values import consent_key, consent_value, read_consent
from redaction.facts import Consent, ConsentState


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """One consent entry that narrows, and everything that was consented in its case before it.

    `key` and `revision` are the entry's, `person` whose consent it is, `consents` those of the
    case before it, by key, and `after` what the entry says, None where it takes its answer back.
    `openings` is the end of the hop openings when it was entered: what was sealed before lies
    below, what was sealed later was decided with the change.
    """

    case: str
    person: str
    key: str
    revision: int
    consents: Mapping[str, Consent]
    after: Consent | None
    openings: int

    @property
    def before_it(self) -> tuple[Consent, ...]:
        """The case's consents without the change."""
        return tuple(self.consents.values())

    @property
    def with_it(self) -> tuple[Consent, ...]:
        """The case's consents with the change, and nothing else changed."""
        others = (one for key, one in self.consents.items() if key != self.key)
        return (*others, *([] if self.after is None else [self.after]))


class CaseConsents:
    """The register's consents by case; `apply` takes over each entry as the register does."""

    def __init__(self) -> None:
        self._cases: dict[str, dict[str, Consent]] = {}
        self._case_of: dict[str, str] = {}

    def apply(self, entry: Entry) -> None:
        """Take over an entry of any kind."""
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
        )


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
            "after": None if change.after is None else consent_value(change.after),
            "openings": change.openings,
        },
        canonical=True,
    )


def decode_change(data: bytes) -> ConsentChange:
    """The change that `encode_change` gave these bytes for; whoever calls knows that it did."""
    said = cbor2.loads(data)
    consents = tuple(map(_consent, said["consents"]))
    return ConsentChange(
        case=said["case"],
        person=said["person"],
        key=said["key"],
        revision=said["revision"],
        consents={consent_key(one): one for one in consents},
        after=None if said["after"] is None else _consent(said["after"]),
        openings=said["openings"],
    )


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
