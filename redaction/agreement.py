"""The agreement as data: what the parties signed, typed, frozen and hashable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Any

import rfc8785

from redaction.remembered import Remembered

ANYONE = "anyone"
RECIPIENT = "recipient"
MAX_TEXT_BYTES = 262_144  # bytes; an agreement longer than this is not read by its signatories
MAX_DEPTH = 20  # levels of YAML nesting; ours needs nine


@unique
class Form(StrEnum):
    """How a value is released. Their meaning and order stand in `transforms`."""

    CLEAR = "clear"
    MONTH = "month"
    YEAR = "year"
    MUNICIPALITY = "municipality"
    PRESENT = "present"
    AGE = "age"
    AGE_BAND = "age-band"
    OUTWARD_CODE = "outward-code"
    MASK = "mask"
    COUNT_BAND = "count-band"
    PSEUDONYM = "pseudonym"
    SCRUBBED = "scrubbed"


@unique
class Unit(StrEnum):
    """Units of an elapsed time; school days come from the agreement's school calendar."""

    DAYS = "days"
    SCHOOL_DAYS = "school days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Holds if every part holds (Kleene's strong conjunction)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Holds if one part holds (Kleene's strong disjunction)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds if its part does not; unknown stays unknown."""

    part: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """The fact is one of these words: `yes`/`no`, enum symbols, or a register's answer."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The whole-number fact lies between these bounds, both inclusive."""

    fact: str
    at_least: int | None
    at_most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """Time since the event, at the decision, in the agreement's time zone.

    `disclosure_age: {at_most: 3 days}` holds up to and including the same local time three
    calendar days later; `less_than` excludes that instant. Months are calendar months, clipped to
    the month's last day. School days count the open days of the school calendar after the event's
    own local date, up to and including the decision's local date; no calendar is unknown.
    """

    amount: int
    unit: Unit
    inclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Whole years from the date of birth tagged `of` to the event's local date, in bounds.

    Both bounds are inclusive. Someone born on 29 February grows older on 1 March.
    """

    of: str
    at_least: int | None
    at_most: int | None


Condition = AllOf | AnyOf | Not | Is | Number | Elapsed | Age


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is addressed: exactly one of `agency`, `named_in` (a tag) and `role` is given.

    `reveals` names the facts of `when` that receiving anything at all may tell.
    """

    name: str
    agency: str | None
    named_in: str | None
    role: str | None
    when: Condition | None
    reveals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Which elements of a list a clause selects.

    `where` is a tag: the element whose field of this tag equals the recipient. `when` reads the
    element's own facts and its ancestors'. At least one is given; both must hold.
    """

    where: str | None
    when: Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A clause that releases `tags` to the audiences `to`, in a form, under a condition."""

    id: str
    line: int
    text: str
    tags: tuple[str, ...]
    to: tuple[str, ...]
    form: Form
    publishers: tuple[str, ...]
    items: Items | None
    when: Condition | None
    needs_reason: bool
    reveals: tuple[str, ...]
    not_told_to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """A clause that withholds tags and classes, whatever is shared elsewhere.

    `to` holds audience names or `anyone`. `clearer_than` is a cap: forms no more disclosing than
    it stay possible; without it nothing is released. `reveals` names the facts of `when` that a
    recipient may infer from what is withheld.
    """

    id: str
    line: int
    text: str
    tags: tuple[str, ...]
    classes: tuple[str, ...]
    to: tuple[str, ...]
    clearer_than: Form | None
    when: Condition | None
    not_told_to: tuple[str, ...]
    reveals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Breach of confidentiality for serious risk, as far as the parties agreed to it (rule 11).

    It releases nothing by itself: a register record (`facts.Granted`) does, within these bounds.
    `lifts` names the `never` clauses that it may beat. Hours count from the record's time.
    """

    id: str
    line: int
    text: str
    tags: tuple[str, ...]
    to: tuple[str, ...]
    form: Form
    legal_basis: tuple[str, ...]
    authorisers: int
    of_rank: str
    expires_after_hours: int
    review_within_hours: int
    lifts: tuple[str, ...]
    not_told_to: tuple[str, ...]


@unique
class OnWithdrawal(StrEnum):
    """What a recipient does with what falls away when a consent is withdrawn."""

    CEASE = "cease"
    RETURN = "return"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBand:
    """Who decides from this age on: `decider` is a person's word, such as `parent` or `child`."""

    from_age: int
    decider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRule:
    """Whose consent is read how (rule 12).

    `by_age` is empty where the person decides at any age; else its first band starts at 0, bands
    ascend, and the age is the person's at the event's local date. `presumed` is what no record
    means: None is unknown; consent is never presumed given.
    """

    of: str
    by_age: tuple[AgeBand, ...]
    presumed: str | None
    on_withdrawal: OnWithdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """On what law data goes to an audience (GDPR articles and national instruments)."""

    of: str
    instruments: tuple[str, ...]
    special_category: tuple[str, ...]
    criminal_offence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The data-protection authority's opinion that the agreement was drafted with.

    `of` names the parties under this authority; empty means all of them.
    """

    authority: str
    reference: str
    date: date
    outcome: str
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dpia:
    """The data-protection impact assessment (GDPR article 35)."""

    reference: str
    review_by: date
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Training that somebody at the audience's agency must hold; `valid_months` None: for ever."""

    of: str
    training: str
    valid_months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When an audience must have been told: recorded and shown; `at` is a local time HH:MM."""

    of: str
    rule: str
    at: str
    calendar: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What the recipient must and must not do with a view; it travels inside the seal."""

    of: str
    onward: str
    not_to_reach: tuple[str, ...]
    keep_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A signed information-sharing agreement, one version of it.

    `calendars` maps a use (`school`) to a calendar's name in the register. `start` and `until`
    are local dates in `time_zone`, both inclusive. Clause order is the text's.
    """

    id: str
    version: int
    title: str
    language: str
    time_zone: str
    vocabulary: str
    calendars: tuple[tuple[str, str], ...]
    publishers: tuple[str, ...]
    event_types: tuple[str, ...]
    purposes: tuple[str, ...]
    audiences: tuple[Audience, ...]
    legal_basis: tuple[LegalBasis, ...]
    drafted_with: tuple[Opinion, ...]
    dpia: Dpia | None
    start: date
    until: date
    requires: tuple[Requirement, ...]
    deliver_by: tuple[Deadline, ...]
    handling: tuple[Handling, ...]
    shares: tuple[Share, ...]
    nevers: tuple[Never, ...]
    overrides: tuple[Override, ...] = ()
    consents: tuple[ConsentRule, ...] = ()

    def canonical(self) -> bytes:
        """The agreement as RFC 8785 canonical JSON, without line numbers.

        Two texts that differ only in layout, order of keys or comments have the same form.
        """
        return rfc8785.dumps(_plain(self))

    def hash(self) -> str:
        """SHA-256 of the canonical form, 64 hex digits: what is signed and what views name."""
        return _HASHES(self)

    def audience(self, name: str) -> Audience:
        """The audience of that name.

        Raises:
            KeyError: no audience has that name.
        """
        for audience in self.audiences:
            if audience.name == name:
                return audience
        raise KeyError(name)

    def clauses(self) -> Iterator[Share | Never]:
        """Every clause, shares first, each kind in the order of the text."""
        yield from self.shares
        yield from self.nevers

    def parties(self) -> tuple[str, ...]:
        """Who signs: the publishers and the agencies named as audiences, sorted.

        Everybody else who may receive, named in an event or by a role, accedes.
        """
        named = (audience.agency for audience in self.audiences)
        return tuple(sorted({*self.publishers, *(name for name in named if name is not None)}))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        plain = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name != "line"}
        return {"is": type(value).__name__, **plain}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


_HASHES: Remembered[Agreement, str] = Remembered(
    lambda agreement: hashlib.sha256(agreement.canonical()).hexdigest(), keep=1024
)
