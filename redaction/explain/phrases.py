"""Plain phrases for the pieces of an agreement: who, what, in what form, under what condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from redaction.agreement import (
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Audience,
    Condition,
    Elapsed,
    Form,
    Is,
    Items,
    Not,
    Number,
    Unit,
)
from redaction.explain.catalog import Catalog
from redaction.spots import spots_of
from schemas.registry import EventType, Vocabulary

CONSENT = "consent_of_"

_FORMS: Final[Mapping[Form, str]] = MappingProxyType(
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
_PERSONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "victim": "the victim",
        "child": "the child",
        "perpetrator": "the perpetrator",
        "adult": "the adult",
        "mother": "the mother",
        "parent": "a parent",
    }
)
_AGREED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "given": "{person} agreed",
        "refused": "{person} said no",
        "withdrawn": "{person} took the agreement back",
    }
)
_UNITS: Final[Mapping[Unit, tuple[str, str]]] = MappingProxyType(
    {
        Unit.DAYS: ("{n} day", "{n} days"),
        Unit.SCHOOL_DAYS: ("{n} school day", "{n} school days"),
        Unit.MONTHS: ("{n} month", "{n} months"),
    }
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Makes phrases in one language; `tags` gives for each fact the tag of its field."""

    catalog: Catalog
    vocabulary: Vocabulary
    facts: Mapping[str, str]
    to_victim: bool

    def tag(self, tag: str, form: Form = Form.CLEAR) -> str:
        """What a tag means, with its form where that is not the value itself."""
        known = self.vocabulary.tags.get(tag)
        what = name(tag) if known is None else self.catalog.say(known.means)
        if form is Form.CLEAR:
            return what
        return self.catalog.say("{what} ({more})", what=what, more=self.form(form))

    def form(self, form: Form) -> str:
        """What is left of a value in a form other than clear."""
        return self.catalog.say(_FORMS[form])

    def class_name(self, class_name: str) -> str:
        """What a class of tags means."""
        means = self.vocabulary.classes.get(class_name)
        return name(class_name) if means is None else self.catalog.say(means)

    def person(self, word: str) -> str:
        """A person's word with its article; the victim's own page calls her `you`."""
        if word == "victim" and self.to_victim:
            return self.catalog.say("you")
        return self.catalog.say(_PERSONS[word]) if word in _PERSONS else name(word)

    def audience(self, audience: Audience) -> str:
        """Who an audience is."""
        if audience.agency is not None:
            return agency(audience.agency)
        if audience.named_in is not None:
            what = self.catalog.quoted(self.tag(audience.named_in))
            return self.catalog.say("each agency that the event names in {what}", what=what)
        return self.catalog.say(
            "every agency with the role {role}", role=self.catalog.quoted(name(audience.role or ""))
        )

    def items(self, items: Items) -> str:
        """Which entries of a list a clause is about."""
        said = []
        if items.where is not None:
            what = self.catalog.quoted(self.tag(items.where))
            said.append(self.catalog.say("{what} is this agency", what=what))
        if items.when is not None:
            said.append(self.condition(items.when))
        return self.catalog.both(said)

    def condition(self, condition: Condition) -> str:
        """A condition, to stand after `if`."""
        say = self.catalog.say
        match condition:
            case AllOf(parts=parts):
                return self.catalog.both([self._part(part, AnyOf) for part in parts])
            case AnyOf(parts=parts):
                return self.catalog.either([self._part(part, AllOf) for part in parts])
            case Not(part=part):
                return say("it is not so that {condition}", condition=self.condition(part))
            case Is():
                return self._is(condition)
            case Number():
                what = self.catalog.quoted(self._fact(condition.fact))
                return self._bounds(what, condition.at_least, condition.at_most)
            case Elapsed():
                one, many = _UNITS[condition.unit]
                time = self.catalog.count(one, many, condition.amount)
                if condition.inclusive:
                    return say("no more than {time} have passed since the event", time=time)
                return say("less than {time} have passed since the event", time=time)
            case Age():
                what = self.catalog.quoted(say("Age in years"))
                person = self.person(condition.of.split(".")[0])
                what = say("{what} of {person}", what=what, person=person)
                return self._bounds(what, condition.at_least, condition.at_most)

    def _part(self, part: Condition, bracketed: type) -> str:
        said = self.condition(part)
        return f"({said})" if isinstance(part, bracketed) else said

    def _is(self, condition: Is) -> str:
        if condition.fact.startswith(CONSENT):
            person = self.person(condition.fact.removeprefix(CONSENT))
            return self.catalog.either(
                [self.catalog.say(_AGREED[value], person=person) for value in condition.values]
            )
        what = self.catalog.quoted(self._fact(condition.fact))
        words = {"yes": self.catalog.say("yes"), "no": self.catalog.say("no")}
        values = self.catalog.either([words.get(value, name(value)) for value in condition.values])
        return self.catalog.say("the answer to {what} is {values}", what=what, values=values)

    def _bounds(self, what: str, least: int | None, most: int | None) -> str:
        say = self.catalog.say
        if least is not None and most is not None:
            return say("{what} is from {least} to {most}", what=what, least=least, most=most)
        if least is not None:
            return say("{what} is {least} or more", what=what, least=least)
        return say("{what} is {most} or less", what=what, most=most)

    def _fact(self, fact: str) -> str:
        return self.tag(self.facts[fact]) if fact in self.facts else name(fact)


def phrases(
    agreement: Agreement,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    catalog: Catalog,
    *,
    to_victim: bool,
) -> Phrases:
    """Phrases for one agreement in one language."""
    spots = spots_of(types[one] for one in agreement.event_types if one in types)
    facts = {spot.field.name: spot.field.tag for spot in spots if spot.is_fact}
    return Phrases(catalog, vocabulary, facts, to_victim)


def name(word: str) -> str:
    """A name from the text as people write it: `social-care` is `social care`."""
    return " ".join(word.replace("-", " ").replace("_", " ").replace(".", " ").split())


def agency(word: str) -> str:
    """An agency's name as people write it: `northmoor-police` is `Northmoor Police`."""
    return " ".join(part.capitalize() for part in name(word).split(" "))
