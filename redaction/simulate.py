"""What an agreement would have done with events, and what another version would change.

The events are decided as if the agreement had been in force and everybody in the register who may
receive had acceded: a draft has neither yet. All other gates hold as the register has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum, unique

from redaction.agreement import Agreement, Form
from redaction.decide import decide, recipients
from redaction.decision import SILENT, Decision, FieldDecision, Gate
from redaction.facts import Register
from redaction.transforms import at_most
from schemas.codec import Event
from schemas.registry import Vocabulary

AFTER = timedelta(hours=1)  # from an event to its decision, unless a run says otherwise


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reached:
    """How often a recipient was delivered to for a purpose, or which gate stopped it."""

    recipient: str
    purpose: str
    gate: Gate
    events: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Got:
    """In how many fields of a tag a recipient saw this form; None is withheld."""

    recipient: str
    purpose: str
    tag: str
    form: Form | None
    fields: int


@unique
class Direction(StrEnum):
    """Closed list: what a change does to what a recipient knows."""

    WIDER = "wider"  # it learns what it did not, or more than it did
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """In how many fields of a tag a recipient would see another form, with one such event.

    `before` and `after` None are withheld. Two forms of which neither discloses all that the other
    does are a wider change: something becomes known that was not.
    """

    recipient: str
    purpose: str
    tag: str
    before: Form | None
    after: Form | None
    direction: Direction
    fields: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What became of the events: who was reached, and who got which tag in which form."""

    reached: tuple[Reached, ...]
    got: tuple[Got, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The question: these events, each with a label to name it by, under this register.

    `after` is the time from each event to its decision.
    """

    events: tuple[tuple[str, Event], ...]
    register: Register
    vocabulary: Vocabulary
    after: timedelta = AFTER


def simulate(run: Run, agreement: Agreement) -> Simulation:
    """What the agreement alone would have done with the events."""
    reached: Counter[tuple[str, str, Gate]] = Counter()
    got: Counter[tuple[str, str, str, Form | None]] = Counter()
    for _, decisions in _decided(run, agreement):
        for one in decisions:
            reached[one.recipient, one.purpose, one.gate] += 1
            for field in one.fields:
                got[one.recipient, one.purpose, field.tag, field.form] += 1
    return Simulation(
        reached=tuple(
            Reached(recipient=who, purpose=why, gate=gate, events=events)
            for (who, why, gate), events in sorted(reached.items())
        ),
        got=tuple(
            Got(recipient=who, purpose=why, tag=tag, form=form, fields=fields)
            for (who, why, tag, form), fields in sorted(got.items(), key=_by_words)
        ),
    )


def compare(run: Run, agreement: Agreement, *, against: Agreement) -> tuple[Change, ...]:
    """What the agreement would change beside another one, wider changes first."""
    found: dict[tuple[str, str, str, Form | None, Form | None], list[str]] = {}
    before = dict(_decided(run, against))
    for label, decisions in _decided(run, agreement):
        old = _forms(before[label])
        new = _forms(decisions)
        for place in sorted(old.keys() | new.keys()):
            was, now = old.get(place), new.get(place)
            if was is not now:
                recipient, purpose, _, tag = place
                found.setdefault((recipient, purpose, tag, was, now), []).append(label)
    changes = [
        Change(
            recipient=recipient,
            purpose=purpose,
            tag=tag,
            before=was,
            after=now,
            direction=_direction(was, now),
            fields=len(labels),
            example=labels[0],
        )
        for (recipient, purpose, tag, was, now), labels in found.items()
    ]
    return tuple(
        sorted(
            changes,
            key=lambda one: (
                one.direction is not Direction.WIDER,
                one.recipient,
                one.purpose,
                one.tag,
                one.before or "",
                one.after or "",
            ),
        )
    )


def _direction(before: Form | None, after: Form | None) -> Direction:
    if after is None or (before is not None and at_most(after, before)):
        return Direction.NARROWER
    return Direction.WIDER


def _decided(run: Run, agreement: Agreement) -> Iterator[tuple[str, tuple[Decision, ...]]]:
    """For each event, every decision that is not silence."""
    register = _as_if_in_force(run, agreement)
    for label, event in run.events:
        at = event.time + run.after
        decisions = (
            decide(
                event,
                register,
                run.vocabulary,
                recipient=one.recipient,
                purpose=one.purpose,
                at=at,
            )
            for one in recipients(event, register, run.vocabulary, at=at)
        )
        spoken = (Gate.NOTHING_RELEASED, Gate.AUDIENCE_CONDITION)
        yield label, tuple(d for d in decisions if d.gate not in SILENT or d.gate in spoken)


def _as_if_in_force(run: Run, agreement: Agreement) -> Register:
    times = [event.time for _, event in run.events] or [_noon(agreement.start)]
    first, last = min(times).date(), (max(times) + run.after).date()
    day = timedelta(days=1)  # an event's date in the agreement's zone may be a day off
    stretched = replace(
        agreement,
        start=min(agreement.start, first - day),
        until=max(agreement.until, last + day),
        drafted_with=tuple(
            replace(one, date=min(one.date, first - day)) for one in agreement.drafted_with
        ),
        dpia=None
        if agreement.dpia is None
        else replace(agreement.dpia, review_by=max(agreement.dpia.review_by, last + day)),
    )
    everybody = frozenset((name, agreement.id, agreement.version) for name in run.register.agencies)
    return replace(
        run.register, agreements=(stretched,), accessions=everybody, unsigned=frozenset()
    )


def _noon(day: date) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T12:00:00+00:00")


def _forms(decisions: Iterable[Decision]) -> Mapping[tuple[str, str, str, str], Form]:
    """The form of every released field, by recipient, purpose, pointer and tag."""
    return {
        (one.recipient, one.purpose, field.path, field.tag): _form(field)
        for one in decisions
        for field in one.fields
        if field.released
    }


def _form(field: FieldDecision) -> Form:
    return Form.CLEAR if field.form is None else field.form


def _by_words(item: tuple[tuple[str, str, str, Form | None], int]) -> tuple[str, ...]:
    return tuple(word or "" for word in item[0])
