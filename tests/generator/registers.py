"""Random registers for one event and the agreements about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redaction.agreement import Agreement, Form
from redaction.facts import (
    Agency,
    Calendar,
    Conflict,
    Consent,
    ConsentState,
    Granted,
    Register,
    Review,
    Training,
)
from schemas.codec import Event
from schemas.registry import EventType, Kind
from tests.generator.choices import (
    AGENCIES,
    ANSWERERS,
    CASES,
    COURSES,
    MOMENTS,
    PERSON_IDS,
    PERSONS,
    PURPOSES,
    ROLES,
    UNHEARD_OF,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.events import SOURCE
from tests.generator.terms import FITS, UNORDERED
from tests.generator.types import kinds_of

PARENTS = {AGENCIES[4]: AGENCIES[3], AGENCIES[2]: AGENCIES[3], AGENCIES[5]: AGENCIES[4]}


def register(draw: Draw, event: Event, texts: tuple[Agreement, ...], at: datetime) -> Register:
    left_out = some_of(draw, AGENCIES, most=2) if chance(draw, 40) else ()
    enrolled = [name for name in AGENCIES if name not in left_out]
    agencies = {name: _agency(draw, name, enrolled, at) for name in enrolled}
    members = [(name, text.id, text.version) for name in enrolled for text in texts]
    no_members = some_of(draw, members, most=8) if chance(draw, 40) else ()
    unsigned = {(text.id, text.version) for text in texts if chance(draw, 4)}
    return Register(
        agencies=agencies,
        agreements=texts,
        accessions=frozenset(members) - frozenset(no_members),
        consents=tuple(_consent(draw, event, texts) for _ in range(draw(0, 6))),
        conflict_checks=_checks(draw, event),
        trainings=tuple(_training(draw) for _ in range(draw(0, 8))),
        calendars={} if chance(draw, 10) else {"northmoor-schools": _calendar(draw)},
        granted=tuple(_granted(draw, event, texts, at) for _ in range(draw(0, 3))),
        unsigned=frozenset(unsigned),
    )


def _agency(draw: Draw, name: str, enrolled: list[str], at: datetime) -> Agency:
    parent = PARENTS.get(name)
    if chance(draw, 12):  # the publisher's kin, which reads no text of its own scrubbed
        parent = SOURCE if name != SOURCE else None
    today = at.astimezone(UTC).date()
    last = today + timedelta(days=one_of(draw, (0, 90, -1))) if chance(draw, 12) else None
    return Agency(
        name=name,
        roles=frozenset(some_of(draw, ROLES, most=2)),
        part_of=parent if parent in enrolled and not chance(draw, 25) else None,
        suspended=chance(draw, 4),
        keys_until=last,
    )


def _checks(draw: Draw, event: Event) -> dict[str, tuple[Conflict, ...]]:
    """Mostly the case is checked, and mostly nobody is in conflict."""
    found: list[Conflict] = []
    if chance(draw, 35):
        for _ in range(draw(1, 2)):
            agency = one_of(draw, (*AGENCIES[1:], UNHEARD_OF))
            instead = one_of(draw, AGENCIES[1:]) if chance(draw, 70) else None
            found.append(Conflict(agency=agency, instead=instead))
    checked = one_of(draw, CASES) if chance(draw, 12) else event.subject
    return {checked: tuple(found)}


def _consent(draw: Draw, event: Event, texts: tuple[Agreement, ...]) -> Consent:
    audiences = [audience.name for text in texts for audience in text.audiences]
    return Consent(
        case=one_of(draw, CASES) if chance(draw, 15) else event.subject,
        person=one_of(draw, PERSONS),
        purpose=one_of(draw, PURPOSES) if chance(draw, 20) else one_of(draw, event.purposes),
        audience=one_of(draw, audiences) if chance(draw, 40) else None,
        state=one_of(draw, (*[ConsentState.GIVEN] * 3, *ConsentState)),
        tags=_some_tags(draw, texts) if chance(draw, 25) else None,
        which=one_of(draw, PERSON_IDS) if chance(draw, 30) else None,
        by=one_of(draw, (*PERSONS, *ANSWERERS)) if chance(draw, 50) else None,
        cleared=chance(draw, 60),
    )


def _some_tags(draw: Draw, texts: tuple[Agreement, ...]) -> frozenset[str]:
    """The tags of some clauses, or some of these."""
    shares = some_of(draw, [share for text in texts for share in text.shares], least=1, most=3)
    tags = sorted({tag for share in shares for tag in share.tags})
    return frozenset(tags if chance(draw, 70) else some_of(draw, tags))


def _granted(draw: Draw, event: Event, texts: tuple[Agreement, ...], at: datetime) -> Granted:
    """An override recorded: mostly it applies to somebody, else one thing about it is wrong."""
    text = one_of(draw, texts)
    override = one_of(draw, text.overrides) if text.overrides else None
    tags = override.tags if override else ("text.a",)
    form = override.form if override else Form.CLEAR
    granted = Granted(
        id="granted-1",
        case=event.subject,
        agreement=text.id,
        override=override.id if override else "9.9",
        purpose=one_of(draw, event.purposes),
        persons=frozenset(tag.split(".")[0] for tag in tags),
        recipients=frozenset(AGENCIES if chance(draw, 60) else some_of(draw, AGENCIES)),
        tags=frozenset(tags),
        form=form if chance(draw, 70) else one_of(draw, _fitting(event.etype, tags, text)),
        since=at - timedelta(hours=one_of(draw, (1, 0))),
        until=at + timedelta(hours=one_of(draw, (71, 1))),
        review=one_of(draw, (Review.OPEN, Review.UPHELD)),
    )
    if not chance(draw, 40):
        return granted
    wrongs: tuple[dict[str, Any], ...] = (
        {"case": CASES[1]},
        {"agreement": "northmoor-three"},
        {"override": "9.9"},
        {"purpose": PURPOSES[2]},
        {"persons": frozenset({one_of(draw, [tag.split(".")[0] for tag in tags])})},
        {"recipients": frozenset({SOURCE})},
        {"tags": frozenset(some_of(draw, tags))},
        {"since": at + timedelta(milliseconds=1)},
        {"until": at},
        {"review": Review.FAILED},
    )
    return replace(granted, **one_of(draw, wrongs))


def _fitting(etype: EventType, tags: tuple[str, ...], text: Agreement) -> list[Form]:
    """The forms that fit every leaf of the tags, less disclosing than the override's or not.

    Of forms in no order only those that the text uses: no register takes others in.
    """
    kinds = {kind for tag in tags for kind in kinds_of(etype, tag)}
    used = {share.form for share in text.shares} | {one.form for one in text.overrides}
    left_out = {form for one, other in UNORDERED for form in (one if used & {*other} else other)}
    return [form for form in Form if kinds <= FITS.get(form, set(Kind)) and form not in left_out]


def _training(draw: Draw) -> Training:
    """Completed long ago, today, tomorrow, or on the last day that some validity counts back to."""
    day = one_of(draw, MOMENTS).date()
    shift = one_of(draw, (-90, 0, 1, -365, -366, -31, -28, -1100))
    return Training(
        agency=one_of(draw, AGENCIES[1:]),
        holder="A. Example",
        course=one_of(draw, COURSES),
        completed=day + timedelta(days=shift),
    )


def _calendar(draw: Draw) -> Calendar:
    first = one_of(draw, (date(2020, 1, 1), date(2026, 9, 1), date(2026, 9, 15)))
    return Calendar(
        name="northmoor-schools",
        first=first,
        last=one_of(draw, (date(2030, 12, 31), date(2026, 9, 16))),
        weekdays=frozenset(range(5)) if not chance(draw, 20) else frozenset({0, 3}),
        closed=frozenset(some_of(draw, [m.date() + timedelta(days=1) for m in MOMENTS], most=3)),
    )
