"""Plain phrases for the pieces of an agreement: who, what, in what form, under what condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
)
from redaction.explain.catalog import Catalog
from redaction.explain.told import Reader
from redaction.explain.words import (
    ANSWERS,
    FORMS,
    IF,
    PERSONS,
    TO_PERPETRATORS,
    TO_VICTIMS,
    UNITS,
    VALUE,
    YOUR_ANSWERS,
    agency,
    article,
    name,
)
from redaction.spots import spots_of
from schemas.registry import EventType, Vocabulary

CONSENT = "consent_of_"
_YOU: Mapping[Reader, tuple[str, str]] = {
    Reader.VICTIMS: ("victim", TO_VICTIMS),
    Reader.PERPETRATORS: ("perpetrator", TO_PERPETRATORS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Makes phrases for one reader; `facts` gives for each fact the tag of its field."""

    catalog: Catalog
    vocabulary: Vocabulary
    facts: Mapping[str, str]
    reader: Reader

    def tag(self, tag: str, form: Form = Form.CLEAR) -> str:
        """What a tag means, with its form where that is not the value itself."""
        known = self.vocabulary.tags.get(tag)
        what = name(tag) if known is None else self._means(known.means)
        if form is Form.CLEAR:
            return what
        return self.catalog.say("{what} ({more})", what=what, more=self.form(form))

    def form(self, form: Form) -> str:
        """What is left of a value in a form other than clear."""
        return self.catalog.say(FORMS[form])

    def class_name(self, class_name: str) -> str:
        """What a class of tags means."""
        means = self.vocabulary.classes.get(class_name)
        return name(class_name) if means is None else self._means(means)

    def person(self, word: str) -> str:
        """A person's word with its article; a person's own page says `you`."""
        if self._is_reader(word):
            return self.catalog.say("you")
        return self.catalog.say(PERSONS[word]) if word in PERSONS else name(word)

    def audience(self, audience: Audience) -> str:
        """Who an audience is."""
        if audience.agency is not None:
            return agency(audience.agency)
        if audience.named_in is not None:
            what = self.catalog.quoted(self.tag(audience.named_in))
            return self.catalog.say("each agency that a report names as {what}", what=what)
        role = self.catalog.quoted(name(audience.role or ""))
        return self.catalog.say("each agency with the role {role}", role=role)

    def laws(self, instruments: Sequence[str]) -> str:
        """Laws by their names; articles of the GDPR as lawyers cite them."""
        say = self.catalog.say
        cited = [
            name(one) if (found := article(one)) is None else say("GDPR article {n}", n=found)
            for one in instruments
        ]
        return self.catalog.both(cited)

    def items(self, items: Items) -> list[str]:
        """Which entries of a list a clause is about: every part holds."""
        said = []
        if items.where is not None:
            what = self.catalog.quoted(self.tag(items.where))
            said.append(self.catalog.say("this agency is named as {what}", what=what))
        if items.when is not None:
            said += [self.condition(one) for one in conjuncts(items.when)]
        return said

    def condition(self, condition: Condition) -> str:
        """A condition in one phrase, to stand after `if` or as a point of a list."""
        say = self.catalog.say
        match condition:
            case AllOf(parts=parts):
                return self.catalog.both([self._part(part, AnyOf) for part in parts])
            case AnyOf(parts=parts):
                return self.catalog.either([self._part(part, AllOf) for part in parts])
            case Not(part=part):
                return say("this is not so: {condition}", condition=self.condition(part))
            case Is():
                return self._is(condition)
            case Number():
                return self._number(condition)
            case Elapsed():
                one, many = UNITS[condition.unit]
                time = self.catalog.count(one, many, condition.amount)
                if condition.inclusive:
                    return say("it was no more than {time} ago", time=time)
                return say("it was less than {time} ago", time=time)
            case Age():
                return self._age(condition)

    def _means(self, means: str) -> str:
        own = _YOU.get(self.reader)
        said = None if own is None else self.catalog.within(own[1], means)
        return self.catalog.word(means) if said is None else said

    def _is_reader(self, word: str) -> bool:
        own = _YOU.get(self.reader)
        return own is not None and own[0] == word

    def _part(self, part: Condition, bracketed: type) -> str:
        said = self.condition(part)
        return f"({said})" if isinstance(part, bracketed) else said

    def _is(self, condition: Is) -> str:
        known = self.facts.get(condition.fact)
        if condition.fact.startswith(CONSENT) and set(condition.values) <= ANSWERS.keys():
            return self._consent(condition.fact.removeprefix(CONSENT), condition.values)
        if known is not None and known in self.vocabulary.tags and len(condition.values) == 1:
            # a yes-or-no question reads as a phrase where the language has one for it
            context = IF.get(condition.values[0], "")
            said = self.catalog.within(context, self.vocabulary.tags[known].means)
            if said is not None:
                return said
        what = self.catalog.quoted(self._fact(condition.fact))
        values = self.catalog.either([self._value(value) for value in condition.values])
        return self.catalog.say("the answer to {what} is: {values}", what=what, values=values)

    def _consent(self, word: str, values: tuple[str, ...]) -> str:
        say = self.catalog.say
        if self._is_reader(word):
            return self.catalog.either([say(YOUR_ANSWERS[value]) for value in values])
        person = self.person(word)
        return self.catalog.either([say(ANSWERS[value], person=person) for value in values])

    def _value(self, value: str) -> str:
        said = self.catalog.within(VALUE, name(value))
        return name(value) if said is None else said

    def _number(self, number: Number) -> str:
        say, least, most = self.catalog.say, number.at_least, number.at_most
        what = self.catalog.quoted(self._fact(number.fact))
        if least is not None and most is not None:
            return say("{what} is {least} to {most}", what=what, least=least, most=most)
        if least is not None:
            return say("{what} is {least} or more", what=what, least=least)
        return say("{what} is {most} or less", what=what, most=most)

    def _age(self, age: Age) -> str:
        say, least, most = self.catalog.say, age.at_least, age.at_most
        person = self.person(age.of.split(".")[0])
        if least is not None and most is not None:
            return say("the age of {person} is {a} to {b}", person=person, a=least, b=most)
        if least is not None:
            return say("the age of {person} is {a} or more", person=person, a=least)
        return say("the age of {person} is {b} or less", person=person, b=most)

    def _fact(self, fact: str) -> str:
        return self.tag(self.facts[fact]) if fact in self.facts else name(fact)


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """The conditions that must all hold, one by one."""
    if condition is None:
        return ()
    if isinstance(condition, AllOf):
        return tuple(one for part in condition.parts for one in conjuncts(part))
    return (condition,)


def facts_of(condition: Condition) -> frozenset[str]:
    """The facts that a condition reads by name."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(facts_of(part) for part in parts))
        case Not(part=part):
            return facts_of(part)
        case Is(fact=fact) | Number(fact=fact):
            return frozenset({fact})
        case Elapsed() | Age():
            return frozenset()


def phrases(
    agreement: Agreement,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    catalog: Catalog,
    *,
    reader: Reader,
) -> Phrases:
    """Phrases for one agreement, reader and language."""
    spots = spots_of(types[one] for one in agreement.event_types if one in types)
    facts = {spot.field.name: spot.field.tag for spot in spots if spot.is_fact}
    return Phrases(catalog=catalog, vocabulary=vocabulary, facts=facts, reader=reader)
