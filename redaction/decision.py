"""What was decided for one recipient: the gate, and for every leaf what happened and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import NamedTuple

from redaction.agreement import Form


@unique
class Gate(StrEnum):
    """Closed list: whether a delivery is made, and if not, what stopped it."""

    OPEN = "open"
    # silence: this agency is not owed anything, so nothing is sent and nobody is alarmed
    NOT_ADDRESSED = "not-addressed"
    NOT_IN_FORCE = "not-in-force"
    AUDIENCE_CONDITION = "audience-condition"
    NOTHING_RELEASED = "nothing-released"
    # closed: something would be owed, and an officer has to act
    TWO_AGREEMENTS = "two-agreements"
    TWO_AUDIENCES = "two-audiences"
    UNSIGNED = "unsigned"
    OPINION = "opinion"
    SUSPENDED = "suspended"
    KEY_EXPIRED = "key-expired"
    NOT_ACCEDED = "not-acceded"
    CONFLICT = "conflict"
    CONFLICT_UNKNOWN = "conflict-unknown"
    TRAINING = "training"
    ERROR = "error"


SILENT = frozenset(
    {Gate.NOT_ADDRESSED, Gate.NOT_IN_FORCE, Gate.AUDIENCE_CONDITION, Gate.NOTHING_RELEASED}
)


@unique
class Reason(StrEnum):
    """Closed list: why a leaf was released or withheld. Recipients never see it."""

    SHARED = "shared"
    DELIVERY = "delivery"  # every delivery discloses type, publisher and time (rule 1)
    NO_CLAUSE = "no-clause"
    NOT_SELECTED = "not-selected"  # clauses cover it, but none selects this list element
    CONDITION = "condition"  # clauses cover and select it, but no condition holds for certain
    NEVER = "never"
    SAME_AS_NEVER = "same-as-never"  # equals an address or phone that a `never` withholds
    SUMMARY = "summary"  # summarises a list of which the audience sees a part
    MAP_KEY = "map-key"  # the entry's key may not be shown, so neither may its value
    OVERRIDE = "override"  # released by a recorded override, for serious risk (rule 11)
    OWN_TEXT = "own-text"  # text of the recipient itself is never scrubbed against hidden values
    DOUBTFUL_TEXT = "doubtful-text"  # scrubbing could not be sure of what it would leave


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecision:
    """One leaf of the event: `path` is its RFC 6901 pointer.

    `form` is given exactly when released; `clause` is the deciding clause: the share that
    released it, the `never` that withheld it, else None.
    """

    path: str
    tag: str
    released: bool
    form: Form | None
    clause: str | None
    reason: Reason


class AgreementRef(NamedTuple):
    """Which agreement governs: id, version, SHA-256 of its canonical form (hex)."""

    id: str
    version: int
    hash: str


class Decision(NamedTuple):
    """The outcome for one event, recipient and purpose.

    `fields` holds every leaf in the order of the event type when the gate is open, else nothing.
    `stands_for` names the agency in conflict whose place the recipient takes, else it is the
    recipient itself. `agreement` and `audience` are None where none governs.
    """

    recipient: str
    stands_for: str
    purpose: str
    gate: Gate
    agreement: AgreementRef | None
    audience: str | None
    fields: tuple[FieldDecision, ...]

    @property
    def delivered(self) -> bool:
        """Whether a view is sent."""
        return self.gate is Gate.OPEN
