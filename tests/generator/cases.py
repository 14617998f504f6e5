"""One whole case: an event type, an event, a register with its agreements, and who asks when."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from redaction.agreement import Agreement, Form, Share
from redaction.facts import (
    Register,
)
from schemas.codec import Event
from schemas.registry import EventType, Kind, Vocabulary
from tests.generator.agreements import draw_agreement
from tests.generator.choices import (
    AGENCIES,
    PURPOSES,
    UNHEARD_OF,
    ZONES,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.events import draw_event
from tests.generator.registers import register
from tests.generator.terms import FITS, Terms, allowed_forms, shareable_tags
from tests.generator.types import draw_event_type, draw_vocabulary, kinds_of

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


def draw_world(draw: Draw) -> World:
    """A world, of which a quarter of the decisions that reach an agreement are open."""
    return draw_worlds(draw, 1)[0]


def draw_worlds(draw: Draw, number: int) -> list[World]:
    """Worlds of one vocabulary, event type and text, each with its own event and time.

    Some have the register of the one before, in which they are another event of its case, and the
    others one of their own. They cost less than as many by themselves, and find what an engine
    keeps from one to the next.
    """
    vocabulary = draw_vocabulary(draw)
    etype = draw_event_type(draw, vocabulary)
    first = draw_event(draw, etype)
    usual = one_of(draw, DELAYS)
    at = first.time + usual
    texts = _agreements(draw, vocabulary, first, at)
    found: list[World] = []
    known: Register | None = None
    for n in range(number):
        again = known is not None and chance(draw, 40)
        event = first if n == 0 else _another(draw, first, found[-1].event if again else None)
        # mostly as long after it as the first, since the text's days lie around that
        at = event.time + (one_of(draw, DELAYS) if n and chance(draw, 25) else usual)
        if known is None or not again:
            known = register(draw, event, texts, at)
        world = World(
            vocabulary=vocabulary,
            etype=etype,
            event=event,
            register=known,
            at=at,
            broken=False,
        )
        found.append(_broken(draw, world) if chance(draw, 6) else world)
    return found


def _another(draw: Draw, first: Event, same: Event | None) -> Event:
    """Another event for the same purposes, within a day of the first; of the case of `same`."""
    event = draw_event(draw, first.etype)
    time = first.time + one_of(draw, (timedelta(0), timedelta(hours=1), timedelta(hours=23)))
    header = {**event.value["header"], "purposes": [*first.purposes], "time": time}
    if same is not None:
        header["subject"] = same.subject
    return replace(event, value={**event.value, "header": header})


def _agreements(
    draw: Draw, vocabulary: Vocabulary, event: Event, at: datetime
) -> tuple[Agreement, ...]:
    """One agreement for the event's purposes, and sometimes a second that meets it or does not."""
    zone = one_of(draw, ZONES)
    terms = Terms(
        etype=event.etype,
        vocabulary=vocabulary,
        purposes=event.purposes,
        forms=allowed_forms(draw),
        clear=_clear_tags(draw, event.etype),
        today=at.astimezone(ZoneInfo(zone)).date(),
    )
    window = _window(draw, at, zone)
    found = [draw_agreement(draw, terms, name="northmoor-one", zone=zone, in_force=window)]
    if chance(draw, 20):  # another version, which may or may not have begun
        window = _window(draw, at, zone)
        if chance(draw, 40):
            window = (terms.today + timedelta(days=1), terms.today + timedelta(days=300))
        other = draw_agreement(draw, terms, name="northmoor-one", zone=zone, in_force=window)
        version = found[0].version + one_of(draw, (1, -1))
        found.append(replace(other, version=version))
    elif chance(draw, 15):
        purposes = some_of(draw, PURPOSES, least=1, most=2)
        window = _window(draw, at, zone)
        second = draw_agreement(
            draw,
            replace(terms, purposes=purposes),
            name="northmoor-two",
            zone=zone,
            in_force=window,
        )
        found.append(second)
    return tuple(found)


def _clear_tags(draw: Draw, etype: EventType) -> tuple[str, ...]:
    """Mostly a part of the tags only, so that other forms are not always beaten by clear."""
    tags = shareable_tags(etype)
    most = len(tags) if chance(draw, 30) else len(tags) // 2
    return some_of(draw, tags, least=2, most=max(2, most))


def _window(draw: Draw, at: datetime, zone: str) -> tuple[date, date]:
    """Days in force: mostly around the decision, else touching its local date or missing it."""
    today = at.astimezone(ZoneInfo(zone)).date()
    before, after = one_of(
        draw, (*[(30, 300)] * 40, (0, 300), (30, 0), (0, 0), (-1, 300), (30, -1))
    )
    return today - timedelta(days=before), today + timedelta(days=after)


def _broken(draw: Draw, world: World) -> World:
    """The world with a fault: a time zone that is none, a form that fits no value, and so on."""
    register, vocabulary = world.register, world.vocabulary
    text, *others = register.agreements
    fault = one_of(draw, ("time zone", "form", "unit", "tag", "order"))
    if fault == "time zone":
        text = replace(text, time_zone="Nowhere/At_All")
    elif fault == "form":
        shares = (replace(share, form=_misfit(world.etype, share)) for share in text.shares)
        text = replace(text, shares=tuple(shares))
    elif fault == "order":  # two forms that cannot be ordered
        shares = (replace(share, form=_unordered(share)) for share in text.shares)
        text = replace(text, shares=(*text.shares, *shares))
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


def _unordered(share: Share) -> Form:
    """Some form that fits what the share's own fits, and is in no order with it."""
    others = [form for form in FITS if FITS[form] & FITS.get(share.form, frozenset())]
    return next((form for form in others if form is not share.form), Form.CLEAR)
