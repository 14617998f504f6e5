"""What pages are made of: sentences about audiences, their duties, and what they may know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from redaction.agreement import (
    Agreement,
    AnyOf,
    Audience,
    Condition,
    Deadline,
    Handling,
    Is,
    LegalBasis,
    Never,
    Override,
    Requirement,
    Share,
)
from redaction.explain.page import Points
from redaction.explain.phrases import CONSENT, Phrases, conjuncts, facts_of
from redaction.explain.words import ONWARD, agency, name

_BASES: Final = (("special_category", "special-category"), ("criminal_offence", "criminal-offence"))
_ASKED: Final = Is(fact=f"{CONSENT}victim", values=("given",))

_Entry = TypeVar("_Entry", Requirement, Deadline, Handling, LegalBasis)


class Pieces:
    """Makes the pieces of one agreement's pages for one reader.

    Args:
        agreement: what the reader is told of.
        said: phrases for the reader.
        numbered: whether each piece names its clause.
        partial: whether the reader is kept from something that is shared.
    """

    def __init__(
        self, agreement: Agreement, said: Phrases, *, numbered: bool, partial: bool
    ) -> None:
        self.agreement = agreement
        self.said = said
        self.partial = partial
        self._numbered = numbered
        self._catalog = said.catalog
        self._say = said.catalog.say

    def dates(self) -> str:
        """From when until when it holds."""
        start, until = self.agreement.start, self.agreement.until
        days = self._catalog.day(start), self._catalog.day(until)
        return self._say("It holds from {start} to {until}.", start=days[0], until=days[1])

    def publishers(self) -> str:
        """Who sends."""
        return self.agencies(self.agreement.publishers)

    def agencies(self, names: Sequence[str]) -> str:
        """Agencies by their names."""
        return self._catalog.both([agency(one) for one in names])

    def identity(self, audience: Audience) -> str:
        """Who an audience is."""
        return self._say("This is {who}.", who=self.said.audience(audience))

    def addressed(self, audience: Audience) -> tuple[Points, ...]:
        """When an audience is told anything; nothing where it always is."""
        if audience.when is None:
            return ()
        if isinstance(audience.when, AnyOf):
            lead = self._say("They are told only if one of these is so:")
            points = [self.said.condition(part) for part in audience.when.parts]
            return (Points(lead=lead, points=tuple(points)),)
        points = [self.said.condition(one) for one in conjuncts(audience.when)]
        if len(points) == 1:
            lead = self._say("They are told only if {condition}.", condition=points[0])
            return (Points(lead=lead, points=()),)
        lead = self._say("They are told only if all of these are so:")
        return (Points(lead=lead, points=tuple(points)),)

    def duties(self, audience: Audience) -> Iterator[str]:
        """Training, deadlines and handling."""
        say, count = self._say, self._catalog.count
        for required in self._of(audience, self.agreement.requires):
            course = self._catalog.quoted(name(required.training))
            yield say("Someone there must have done the training {course}.", course=course)
            if required.valid_months is not None:
                yield count(
                    "That training counts for {n} month.",
                    "That training counts for {n} months.",
                    required.valid_months,
                )
        for deadline in self._of(audience, self.agreement.deliver_by):
            if deadline.rule == "next-school-day":
                yield say("They should be told by {time} on the next school day.", time=deadline.at)
            else:
                yield count(
                    "They should be told within {n} hour.",
                    "They should be told within {n} hours.",
                    int(deadline.rule.split()[1]),
                )
        yield from self.handling(audience)

    def handling(self, audience: Audience) -> Iterator[str]:
        """What they must and must not do with what they know."""
        say = self._say
        for handling in self._of(audience, self.agreement.handling):
            if handling.onward in ONWARD:
                yield say(ONWARD[handling.onward])
            else:
                rule = self._catalog.quoted(name(handling.onward))
                yield say("The rule for passing it on is {rule}.", rule=rule)
            if handling.not_to_reach:
                who = self._catalog.either([self.said.person(w) for w in handling.not_to_reach])
                yield say("It must never reach {who}.", who=who)
            if handling.keep_days is not None:
                yield self._catalog.count(
                    "They may keep it for {n} day.",
                    "They may keep it for {n} days.",
                    handling.keep_days,
                )

    def bases(self, audience: Audience) -> Iterator[str]:
        """On what law an audience gets data."""
        for one in self._of(audience, self.agreement.legal_basis):
            laws = self.said.laws(one.instruments)
            yield self._say("Legal basis: {laws}.", laws=laws)
            for key, class_name in _BASES:
                if special := getattr(one, key):
                    data, laws = self.said.class_name(class_name), self.said.laws(special)
                    yield self._say("Legal basis for “{data}”: {laws}.", data=data, laws=laws)

    def shares(
        self, audience: Audience, wanted: Callable[[Share], bool] = lambda share: True
    ) -> tuple[Points, ...]:
        """What an audience may know, a list for each condition; the first has none."""
        lists: dict[tuple[Points, ...], list[str]] = {}
        for share in self.agreement.shares:
            if audience.name in share.to and wanted(share):
                points = [self.with_id(self.said.tag(t, share.form), share) for t in share.tags]
                lists.setdefault(self._limits(share), []).extend(points)
        return tuple(
            point
            for leads in sorted(lists, key=lambda leads: leads[0].lead != self._free())
            for point in (
                *leads[:-1],
                Points(lead=leads[-1].lead, points=tuple(dict.fromkeys(lists[leads]))),
            )
        )

    def tags(self, audience: Audience, wanted: Callable[[str], bool]) -> tuple[str, ...]:
        """What an audience may know of some tags under any condition, without the conditions."""
        points = (
            self.with_id(self.said.tag(tag, share.form), share)
            for share in self.agreement.shares
            if audience.name in share.to
            for tag in share.tags
            if wanted(tag)
        )
        return tuple(dict.fromkeys(points))

    def asks(self, fact: str) -> bool:
        """Whether some condition of an audience or a clause reads the fact."""
        clauses = self.agreement.clauses()
        whens = [*(a.when for a in self.agreement.audiences), *(c.when for c in clauses)]
        return any(fact in facts_of(when) for when in whens if when is not None)

    def unasked(self, audience: Audience, share: Share) -> bool:
        """Whether a clause tells something with a recorded reason, whatever the victim says."""
        asked = (*conjuncts(audience.when), *conjuncts(share.when))
        return share.needs_reason and _ASKED not in asked

    def ordinary(self, audience: Audience, share: Share) -> bool:
        """Whether a clause is no such exception."""
        return not self.unasked(audience, share)

    def with_id(self, point: str, clause: Share | Never | Override) -> str:
        """The point with its clause's number, where the page has numbers."""
        return f"{point} [{clause.id}]" if self._numbered else point

    def _of(self, audience: Audience, entries: tuple[_Entry, ...]) -> Iterator[_Entry]:
        return (one for one in entries if one.of == audience.name)

    def _free(self) -> str:
        return self._say("They may know:")

    def _limits(self, share: Share) -> tuple[Points, ...]:
        """What leads to the things told: conditions first if there are several."""
        said, choice = self._conditions(share)
        if not said:
            return (Points(lead=self._free(), points=()),)
        if len(said) == 1:
            lead = self._say("Only if {condition}, they may know:", condition=said[0])
            return (Points(lead=lead, points=()),)
        if choice:
            lead = self._say("Only if one of these is so:")
        else:
            lead = self._say("Only if all of these are so:")
        then = Points(lead=self._say("Then they may know:"), points=())
        return Points(lead=lead, points=tuple(said)), then

    def _conditions(self, share: Share) -> tuple[list[str], bool]:
        """A clause's conditions, and whether one of them is enough."""
        said = []
        if share.publishers:
            who = self._catalog.either([agency(one) for one in share.publishers])
            said.append(self._say("it comes from {who}", who=who))
        if share.items is not None:
            said += self.said.items(share.items)
        if share.needs_reason:
            said.append(self._say("the reason is written down"))
        whens: Sequence[Condition] = conjuncts(share.when)
        if not said and len(whens) == 1 and isinstance(whens[0], AnyOf):
            return [self.said.condition(part) for part in whens[0].parts], True
        return [*(self.said.condition(one) for one in whens), *said], False
