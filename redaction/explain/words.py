"""Closed tables of plain words: forms, persons, answers and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from redaction.agreement import Form, OnWithdrawal, Unit

FORMS: Final[Mapping[Form, str]] = MappingProxyType(
    {
        Form.MONTH: "only the month and year",
        Form.YEAR: "only the year",
        Form.MUNICIPALITY: "only the town",
        Form.PRESENT: "only that there is one",
        Form.AGE: "only the age in years",
        Form.AGE_BAND: "only the age group",
        Form.OUTWARD_CODE: "only the first part of the postcode",
        Form.MASK: "hidden behind stars",
        Form.COUNT_BAND: "only roughly how many",
        Form.PSEUDONYM: "a code that stands for it",
        Form.SCRUBBED: "with what is not for them taken out",
    }
)
PERSONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "victim": "the victim",
        "child": "the child",
        "perpetrator": "the perpetrator",
        "adult": "the adult",
        "mother": "the mother",
        "parent": "a parent",
    }
)
ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "given": "{person} agreed",
        "refused": "{person} said no",
        "withdrawn": "{person} took back the yes",
        "not_asked": "nobody asked {person}",
    }
)
YOUR_ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "given": "you agreed",
        "refused": "you said no",
        "withdrawn": "you took back your yes",
        "not_asked": "nobody asked you",
    }
)
UNITS: Final[Mapping[Unit, tuple[str, str]]] = MappingProxyType(
    {
        Unit.DAYS: ("{n} day", "{n} days"),
        Unit.SCHOOL_DAYS: ("{n} school day", "{n} school days"),
        Unit.MONTHS: ("{n} month", "{n} months"),
    }
)
ON_WITHDRAWAL: Final[Mapping[OnWithdrawal, str]] = MappingProxyType(
    {
        OnWithdrawal.CEASE: "If a yes is taken back, no more is sent because of it.",
        OnWithdrawal.RETURN: (
            "If a yes is taken back, what was sent because of it must be given back."
        ),
        OnWithdrawal.ERASE: "If a yes is taken back, what was sent because of it must be deleted.",
    }
)
# what a clause says of passing on is one word of the text; this one has a sentence of its own
ONWARD: Final[Mapping[str, str]] = MappingProxyType({"not-permitted": "They must not pass it on."})
# contexts of a catalogue: how a line of the vocabulary reads on a page that says `you`, and how
# the question in it reads as a condition
TO_VICTIMS: Final = "to victims"
TO_PERPETRATORS: Final = "to perpetrators"
IF: Final[Mapping[str, str]] = MappingProxyType({"yes": "if it is so", "no": "if it is not so"})
VALUE: Final = "a value"

_GDPR: Final = re.compile(r"gdpr-(\d+)(?:-(\d+))?(?:-([a-z]))?")


def name(word: str) -> str:
    """A name from the text as people write it: `social-care` is `social care`."""
    return " ".join(word.replace("-", " ").replace("_", " ").replace(".", " ").split())


def agency(word: str) -> str:
    """An agency's name as people write it: `northmoor-police` is `Northmoor Police`."""
    return " ".join(part.capitalize() for part in name(word).split(" "))


def article(instrument: str) -> str | None:
    """The article that a word for the GDPR means: `gdpr-6-1-e` is `6(1)(e)`."""
    found = _GDPR.fullmatch(instrument)
    if found is None:
        return None
    return found[1] + "".join(f"({part})" for part in found.groups()[1:] if part)
