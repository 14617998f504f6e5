"""One made incident: what its event knows, and under which agreement none of it may be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.scrubbing.people import (
    MAIL,
    Person,
    Place,
    a_day,
    a_person,
    a_phone,
    a_place,
    a_reference,
)
from benchmarks.scrubbing.spelling import without_accents

LONDON: Final = ZoneInfo("Europe/London")
SHORT_TEXTS: Final = {
    "victim.disability": "hearing loss|Schwerhörigkeit|partial paralysis|rheumatoid arthritis",
    "victim.gp_surgery": "Larkspur Lane Surgery|Praxis Dr. Löwe|Centro de Salud Hinojo",
    "victim.language": "Romanian|Türkisch|Fränkisch|Tigrinya|Quechua",
    "officer.unit": "Harbour Response Team|Wache Südstadt|Comisaría Poniente",
    "perpetrator.relationship_to_victim": "former fiancé|estranged husband|Exfreund",
    "perpetrator.markers": "firearms licence|assaults emergency staff|Waffenbesitz",
}
LONG_TEXTS: Final = (
    "May not go within two hundred metres of the bakery in Cobbler's Yard or the swimming baths",
    "Muss sich jeden Dienstag auf der Wache melden und darf die Kleingartenanlage nicht betreten",
    "No podrá acercarse a la guardería del barrio ni llamar a la peluquería donde ella trabaja",
)
KINDS: Final = ("physical_violence", "sexual_violence", "coercive_control", "stalking")


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one incident; `counted` says whether the reader may know of the children.

    Every value here is withheld from the reader, the counts of children where `counted` is false.
    """

    language: str
    people: tuple[Person, ...]  # victim, perpetrator, officer, then the children
    births: tuple[date, ...]  # of all of them but the officer
    happened: datetime
    places: tuple[Place, ...]  # the victim's, the perpetrator's
    phones: tuple[str, ...]  # the victim's, the perpetrator's, the officer's
    references: tuple[str, ...]  # the incident's, the case's
    mail: str  # the officer's
    texts: tuple[str, ...]  # in the order of SHORT_TEXTS
    conditions: str
    kind: str
    counted: bool

    @property
    def doubtful(self) -> bool:
        """Whether some name is a word or too short, or a small number is withheld."""
        return any(person.awkward for person in self.people) or not self.counted

    @property
    def days(self) -> tuple[date, ...]:
        """The births, and the incident's day as the clock on the wall had it."""
        return (*self.births, self.happened.astimezone(LONDON).date())


def a_case(rng: Random, language: str) -> Case:
    """One case; people share no name, so that a name means one of them."""
    people = tuple(_distinct(rng, rng.choice((3, 4, 4, 5))))
    today = date(2026, 10, 30)
    births = tuple(
        a_day(rng, date(1950, 1, 1), date(2004, 12, 31))
        if at < 2
        else a_day(rng, date(2009, 1, 1), date(2026, 8, 1))
        for at in range(len(people) - 1)
    )
    day = datetime.combine(a_day(rng, date(2026, 3, 1), today), datetime.min.time(), UTC)
    officer = people[2]
    return Case(
        language=language,
        people=people,
        births=births,
        happened=day + timedelta(minutes=rng.randrange(24 * 60)),
        places=(a_place(rng, language), a_place(rng, language)),
        phones=tuple(a_phone(rng, language) for _ in range(3)),
        references=(a_reference(rng), a_reference(rng)),
        mail=_address_at_work(officer, rng),
        texts=tuple(rng.choice(texts.split("|")) for texts in SHORT_TEXTS.values()),
        conditions=rng.choice(LONG_TEXTS),
        kind=rng.choice(KINDS),
        counted=rng.random() < 0.95,
    )


def _distinct(rng: Random, number: int) -> Iterator[Person]:
    words: set[str] = set()
    while number:
        person = a_person(rng)
        its = set(person.whole.replace("-", " ").split())
        if not its & words:
            words |= its
            number -= 1
            yield person


def _address_at_work(person: Person, rng: Random) -> str:
    plain = without_accents(person.whole.lower(), rng) or person.whole.lower()
    words = ["".join(filter(str.isalpha, word)) for word in plain.split()]
    number = rng.choice(("", "", "", str(rng.randint(2, 99))))
    return f"{words[0]}.{''.join(words[1:])}{number}@{rng.choice(MAIL)}"


def event_value(case: Case, narrative: str) -> dict[str, Any]:
    """The case as a value of `police.domestic-incident`, the narrative as its circumstances."""
    victim, perpetrator, officer, *children = case.people
    texts = dict(zip(SHORT_TEXTS, case.texts, strict=True))
    home, his = (_address(place) for place in case.places)
    return {
        "header": {
            "id": "7f1d2c4e-0b5a-4e0e-9a55-0d8a4e6b1c01",
            "source": "northmoor-police",
            "type": "police.domestic-incident",
            "time": case.happened,
            "subject": case.references[1],
            "purposes": ["safeguarding-children"],
            "on_behalf_of": "control-room",
        },
        "children_involved": bool(children),
        "child_count": len(children),
        "serious_risk": True,
        "risk_level": "high",
        "sharing_reason": None,
        "incident": {
            "reference": case.references[0],
            "reported_at": None,
            "attended_at": case.happened,
            "place": home,
            "incident_kind": case.kind,
            "child_present": bool(children),
            "arrest_made": None,
            "circumstances": narrative,
            "injuries": None,
        },
        "victim": {
            "name": victim.whole,
            "date_of_birth": case.births[0],
            "gender": "female",
            "phone": case.phones[0],
            "safe_phone": None,
            "address": home,
            "safe_address": None,
            "language": texts["victim.language"],
            "interpreter_needed": False,
            "disability": texts["victim.disability"],
            "gp_surgery": texts["victim.gp_surgery"],
        },
        "perpetrator": {
            "name": perpetrator.whole,
            "date_of_birth": case.births[1],
            "gender": "male",
            "relationship_to_victim": texts["perpetrator.relationship_to_victim"],
            "phone": case.phones[1],
            "address": his,
            "markers": [texts["perpetrator.markers"]],
            "bail_conditions": case.conditions,
        },
        "officer": {
            "name": officer.whole,
            "number": "NPD4417",
            "unit": texts["officer.unit"],
            "phone": case.phones[2],
            "email": case.mail,
        },
        "refuge": None,
        "children": [
            _child(child, born) for child, born in zip(children, case.births[2:], strict=True)
        ],
    }


def _address(place: Place) -> dict[str, str]:
    return {
        "line": place.line,
        "municipality": place.town,
        "postcode": place.postcode,
        "country": place.country,
    }


def _child(child: Person, born: date) -> dict[str, Any]:
    return {
        "name": child.whole,
        "date_of_birth": born,
        "address": None,
        "school": None,
        "school_contact": None,
        "gp_surgery": None,
        "involvement": "not_present",
        "relationship_to_victim": None,
        "relationship_to_perpetrator": None,
        "lives_with": None,
        "safeguarding_note": None,
    }
