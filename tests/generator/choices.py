"""How the generator chooses, and the small worlds of words it chooses from.

Every choice shrinks towards the first word, the shortest list and "no".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

T = TypeVar("T")
Draw = Callable[[int, int], int]  # gives a whole number between two, both included

AGENCIES = (
    "northmoor-police",
    "hillside-school",
    "harbour-school",
    "northmoor-childrens-services",
    "northmoor-childrens-services-north",
    "quay-surgery",
    "lantern-refuge",
    "southmoor-police",
)
UNHEARD_OF = "unheard-of-school"
ROLES = ("school", "health")
PURPOSES = ("safeguarding-children", "protecting-victims", "housing")
CASES = ("CASE-1", "CASE-2")
PERSONS = ("victim", "child")
ANSWERERS = ("parent", "child", "guardian")
PERSON_IDS = ("c1", "c2")
COURSES = ("encompass-key-adult", "marac-basics")
ZONES = (
    "Europe/London",
    "UTC",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Asia/Kolkata",
)
WORDS = ("low", "high", "given", "refused", "withdrawn", "yes", "not-asked", "", "Zoë Ångström")
# names as they are: with particles and accents, of one word and four, and everyday words as names
NAMES = (
    "Anna Müller",
    "Maria van der Berg",
    "Robin Lane",
    "Will Marsh",
    "Jo Li",
    "Anna-Maria O'Brien",
    "Zoë",
    "Øystein Åse Straße Fjord",
    "Al Pryce",
    "Жанна",
)
SYMBOLS = ("low", "high", "given", "refused", "withdrawn", "unknown", "present")

# one number in many spellings, then others; the last is nobody's number
PHONES = (
    "01632 960123",
    "+44 1632 960123",
    "0044 (1632) 960-123",
    "+44 (0)1632 960123 ext 2",
    "1632960123",
    "٠١٦٣٢ ٩٦٠١٢٣",
    "07700 900456",
    "+447700900456",
    "07800 900456",
    "44123",
    "ask at the office",
    "",
)
# (line, municipality, postcode, country): one house in three spellings, another, and nothing
ADDRESSES = (
    ("1 Müller Street", "Northmoor", "NM1 1AA", "GB"),
    ("1 muller street.", "NORTHMOOR", "nm1-1aa", "United Kingdom"),
    ("1 Mu\u0308ller Street", "", "NM11AA", ""),
    ("Muellerstr. 1", "Northmoor", "NM1 1AA", "DE"),
    ("2 Quay Road", "Southmoor", "SM2 2BB", "GB"),
    ("", "Northmoor", "", "GB"),
)
ADDRESS_TEXTS = ("1 Müller Street NM1 1AA", "1 muller street, nm1 1aa", "2 Quay Road", "-")
KEYS = (
    "home",
    "a/b",
    "m~n",
    "01632 960123",
    "1 Müller Street NM1 1AA",
    "",
    "hillside-school",
    "Robin Lane",
)

# moments near which calendars go wrong: clock changes, leap days, ends of months and of years
MOMENTS = (
    datetime(2026, 9, 14, 10, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 01:30 in London, for the first time
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 01:30 in London, for the second time
    datetime(2026, 3, 26, 1, 30, tzinfo=UTC),  # three days later 01:30 does not come in London
    datetime(2026, 10, 22, 0, 30, tzinfo=UTC),  # three days later 01:30 comes twice
    datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2026, 1, 31, 23, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2026, 6, 30, 23, 15, tzinfo=UTC),  # already July in London
)
# days near which ages and school days go wrong
DAYS = (
    date(2018, 5, 4),
    date(2012, 2, 29),
    date(2014, 9, 14),
    date(2014, 9, 15),
    date(2008, 2, 28),
    date(2008, 3, 1),
    date(2030, 1, 1),
    date(2026, 9, 14),
)


def chance(draw: Draw, percent: int) -> bool:
    """Yes in about `percent` of a hundred draws; shrinks to no."""
    return draw(0, 99) >= 100 - percent


def one_of(draw: Draw, choices: Sequence[T]) -> T:
    """One of the choices; shrinks to the first."""
    return choices[draw(0, len(choices) - 1)]


def some_of(draw: Draw, choices: Sequence[T], *, least: int = 0, most: int = 99) -> tuple[T, ...]:
    """Some of the choices, each at most once, in their own order; shrinks to the first `least`."""
    most = min(most, len(choices))
    least = min(least, most)
    wanted = draw(least, most)
    left = list(range(len(choices)))
    taken = [left.pop(draw(0, len(left) - 1)) for _ in range(wanted)]
    return tuple(choices[index] for index in sorted(taken))
