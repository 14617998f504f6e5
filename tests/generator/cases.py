"""One whole case: an event type, an event, a register with its agreements, and who asks when."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from redaction.agreement import Agreement, Form, Share
from redaction.facts import (
    Agency,
    Calendar,
    Conflict,
    Consent,
    ConsentState,
    Register,
    Training,
)
from schemas.codec import Event
from schemas.registry import EventType, Kind, Vocabulary
from tests.generator.agreements import Terms, agreements
from tests.generator.choices import (
    AGENCIES,
    CASES,
    COURSES,
    MOMENTS,
    PERSONS,
    PURPOSES,
    ROLES,
    UNHEARD_OF,
    ZONES,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.events import events
from tests.generator.types import event_types, kinds_of, vocabularies

DELAYS = (
    timedelta(hours=1),
    timedelta(0),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=3, milliseconds=1),
    timedelta(days=2, hours=23, minutes=30),
    timedelta(days=3, hours=1),
    timedelta(days=28),
    timedelta(days=31),
    timedelta(days=366),
    timedelta(milliseconds=-1),
)
PARENTS = {AGENCIES[4]: AGENCIES[3], AGENCIES[2]: AGENCIES[3], AGENCIES[5]: AGENCIES[4]}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """Everything a decision reads, and the questions worth asking of it.

    `broken` says that the register holds something no reader would have let through: then an
    interpreter must answer with an error, or at least never release more.
    """

    vocabulary: Vocabulary
    etype: EventType
    event: Event
    register: Register
    at: datetime
    broken: bool

    def __repr__(self) -> str:
        """What a person needs to work a failing case out by hand; the schema as it was written."""
        classes = {name: sorted(tag.classes) for name, tag in self.vocabulary.tags.items()}
        body = json.loads(self.etype.text)["fields"][1:]
        return "\n".join(
            [
                f"World at {self.at}, broken={self.broken}",
                f"  classes { ({name: found for name, found in classes.items() if found}) }",
                *(f"  field {json.dumps(field)}" for field in body),
                f"  event {self.event.value}",
                *(
                    f"  {field.name} {getattr(self.register, field.name)}"
                    for field in fields(Register)
                ),
            ]
        )

    def questions(self) -> list[tuple[str, str]]:
        """Every (recipient, purpose) of the event, enrolled or not; other purposes by samples."""
        names, purposes = (*AGENCIES, UNHEARD_OF), self.event.purposes
        foreign = [purpose for purpose in PURPOSES if purpose not in purposes]
        return [
            *((name, purpose) for name in names for purpose in purposes),
            *zip(AGENCIES[1:], foreign, strict=False),
        ]


@st.composite
def worlds(draw: Draw) -> World:
    """A world, in which most questions that reach an agreement release and withhold something."""
    vocabulary = draw(vocabularies())
    etype = draw(event_types(vocabulary))
    event = draw(events(etype))
    at = event.time + one_of(draw, DELAYS)
    texts = _agreements(draw, vocabulary, event, at)
    world = World(
        vocabulary=vocabulary,
        etype=etype,
        event=event,
        register=_register(draw, event, texts),
        at=at,
        broken=False,
    )
    return _broken(draw, world) if chance(draw, 6) else world


def _agreements(
    draw: Draw, vocabulary: Vocabulary, event: Event, at: datetime
) -> tuple[Agreement, ...]:
    """One agreement for the event's purposes, and sometimes a second that meets it or does not."""
    zone = one_of(draw, ZONES)
    terms = Terms(etype=event.etype, vocabulary=vocabulary, purposes=event.purposes)
    window = _window(draw, at, zone)
    found = [draw(agreements(terms, name="northmoor-one", zone=zone, in_force=window))]
    if chance(draw, 20):
        purposes = some_of(draw, PURPOSES, least=1, most=2)
        window = _window(draw, at, zone)
        second = agreements(
            replace(terms, purposes=purposes), name="northmoor-two", zone=zone, in_force=window
        )
        found.append(draw(second))
    return tuple(found)


def _window(draw: Draw, at: datetime, zone: str) -> tuple[date, date]:
    """Days in force: mostly around the decision, else touching its local date or missing it."""
    today = at.astimezone(ZoneInfo(zone)).date()
    before, after = one_of(draw, (*[(30, 300)] * 9, (0, 300), (30, 0), (0, 0), (-1, 300), (30, -1)))
    return today - timedelta(days=before), today + timedelta(days=after)


def _broken(draw: Draw, world: World) -> World:
    """The world with a fault: a time zone that is none, a form that fits no value, and so on."""
    register, vocabulary = world.register, world.vocabulary
    text, *others = register.agreements
    fault = one_of(draw, ("time zone", "form", "unit", "tag"))
    if fault == "time zone":
        text = replace(text, time_zone="Nowhere/At_All")
    elif fault == "form":
        shares = (replace(share, form=_misfit(world.etype, share)) for share in text.shares)
        text = replace(text, shares=tuple(shares))
    elif fault == "unit":  # part of an agency that is not enrolled
        nobodys = {n: replace(a, part_of=UNHEARD_OF) for n, a in register.agencies.items()}
        register = replace(register, agencies=nobodys)
    else:
        gone = one_of(draw, [tag for tag in vocabulary.tags if tag != "event.basics"])
        tags = {name: tag for name, tag in vocabulary.tags.items() if name != gone}
        vocabulary = replace(vocabulary, tags=tags)
    register = replace(register, agreements=(text, *others))
    return replace(world, vocabulary=vocabulary, register=register, broken=True)


def _misfit(etype: EventType, share: Share) -> Form:
    is_address = Kind.ADDRESS in kinds_of(etype, share.tags[0])
    return Form.MONTH if is_address else Form.MUNICIPALITY


def _register(draw: Draw, event: Event, texts: tuple[Agreement, ...]) -> Register:
    left_out = some_of(draw, AGENCIES, most=2) if chance(draw, 40) else ()
    enrolled = [name for name in AGENCIES if name not in left_out]
    agencies = {name: _agency(draw, name, enrolled) for name in enrolled}
    roles = [(name, text.id, text.version) for name in enrolled for text in texts]
    left_out_roles = some_of(draw, roles, most=8) if chance(draw, 50) else ()
    return Register(
        agencies=agencies,
        agreements=texts,
        accessions=frozenset(roles) - frozenset(left_out_roles),
        consents=tuple(_consent(draw, event, texts) for _ in range(draw(st.integers(0, 4)))),
        conflict_checks=_checks(draw, event),
        trainings=tuple(_training(draw) for _ in range(draw(st.integers(0, 8)))),
        calendars={} if chance(draw, 10) else {"northmoor-schools": _calendar(draw)},
    )


def _agency(draw: Draw, name: str, enrolled: list[str]) -> Agency:
    parent = PARENTS.get(name)
    return Agency(
        name=name,
        roles=frozenset(some_of(draw, ROLES, most=2)),
        part_of=parent if parent in enrolled and not chance(draw, 25) else None,
        suspended=chance(draw, 6),
    )


def _checks(draw: Draw, event: Event) -> dict[str, tuple[Conflict, ...]]:
    """Mostly the case is checked, and mostly nobody is in conflict."""
    found: list[Conflict] = []
    if chance(draw, 35):
        for _ in range(draw(st.integers(1, 2))):
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
        state=one_of(draw, tuple(ConsentState)),
    )


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
