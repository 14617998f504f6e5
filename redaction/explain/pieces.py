"""What pages are made of: sentences about audiences, shares, `never`s, overrides and consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from redaction.agreement import (
    ANYONE,
    AgeBand,
    Agreement,
    Audience,
    Deadline,
    Handling,
    LegalBasis,
    Never,
    OnWithdrawal,
    Override,
    Requirement,
    Share,
)
from redaction.explain.page import Points, Section
from redaction.explain.phrases import Phrases, agency, name

_ON_WITHDRAWAL: Final[Mapping[OnWithdrawal, str]] = MappingProxyType(
    {
        OnWithdrawal.CEASE: "If this is taken back, nothing more is sent.",
        OnWithdrawal.RETURN: "If this is taken back, what was sent is given back.",
        OnWithdrawal.ERASE: "If this is taken back, what was sent is deleted.",
    }
)
_BASES: Final = (("special_category", "special-category"), ("criminal_offence", "criminal-offence"))

Wanted = Callable[[str], bool]
_Entry = TypeVar("_Entry", Requirement, Deadline, Handling, LegalBasis)


class Pieces:
    """Makes the pieces of one agreement's pages in one language.

    Args:
        agreement: what the reader is told of.
        said: phrases in the reader's language.
        numbered: whether each piece names its clause.
    """

    def __init__(self, agreement: Agreement, said: Phrases, *, numbered: bool) -> None:
        self.agreement = agreement
        self.said = said
        self._numbered = numbered
        self._catalog = said.catalog
        self._say = said.catalog.say

    def dates(self) -> str:
        """From when until when it holds."""
        start, until = self.agreement.start, self.agreement.until
        days = self._catalog.day(start), self._catalog.day(until)
        return self._say("It holds from {start} to {until}.", start=days[0], until=days[1])

    def addressed(self, audience: Audience) -> Iterator[str]:
        """Who an audience is, and when it is told anything."""
        yield self._say("This is {who}.", who=self.said.audience(audience))
        if audience.when is not None:
            condition = self.said.condition(audience.when)
            yield self._say("They are told only if {condition}.", condition=condition)

    def duties(self, audience: Audience) -> Iterator[str]:
        """Training, deadlines and handling."""
        say, count = self._say, self._catalog.count
        for required in self._of(audience, self.agreement.requires):
            course = self._catalog.quoted(name(required.training))
            yield say("Someone there must have done the training {course}.", course=course)
        for deadline in self._of(audience, self.agreement.deliver_by):
            if deadline.rule == "next-school-day":
                yield say("They are told by {time} on the next school day.", time=deadline.at)
            else:
                hours = int(deadline.rule.split()[1])
                yield count(
                    "They are told within {n} hour.", "They are told within {n} hours.", hours
                )
        for handling in self._of(audience, self.agreement.handling):
            yield say("Passing it on: {rule}.", rule=name(handling.onward))
            if handling.not_to_reach:
                who = self._catalog.either([self.said.person(w) for w in handling.not_to_reach])
                yield say("It must never reach {who}.", who=who)
            if handling.keep_days is not None:
                days = handling.keep_days
                yield count("They keep it for {n} day.", "They keep it for {n} days.", days)

    def bases(self, audience: Audience) -> Iterator[str]:
        """On what law an audience gets data."""
        for one in self._of(audience, self.agreement.legal_basis):
            laws = self._catalog.both(one.instruments)
            yield self._say("Legal basis: {laws}.", laws=laws)
            for key, class_name in _BASES:
                if special := getattr(one, key):
                    data, laws = self.said.class_name(class_name), self._catalog.both(special)
                    yield self._say("For this, {laws}: {data}.", laws=laws, data=data)

    def shares(
        self, audience: Audience, wanted: Wanted = lambda tag: True, *, limits: bool = True
    ) -> tuple[Points, ...]:
        """What an audience may see, a list for each condition; the first has none."""
        lists: dict[str, list[str]] = {}
        for share in self.agreement.shares:
            if audience.name not in share.to:
                continue
            lead = self._limits(share) if limits else ""
            points = [
                self._with_id(self.said.tag(tag, share.form), share)
                for tag in share.tags
                if wanted(tag)
            ]
            if points:
                lists.setdefault(lead, []).extend(points)
        return tuple(
            Points(lead=lead, points=tuple(dict.fromkeys(lists[lead])))
            for lead in sorted(lists, key=lambda lead: lead != "")
        )

    def never(self) -> Iterator[Section]:
        """What is never told, if anything."""
        if self.agreement.nevers:
            points = tuple(self._never(never) for never in self.agreement.nevers)
            heading = self._say("What is never told")
            yield Section(heading=heading, lists=(Points(lead="", points=points),))

    def overrides(self, *, bases: bool = False) -> Iterator[Section]:
        """What may be told in great danger, if anything."""
        if self.agreement.overrides:
            yield Section(
                heading=self._say("When someone is in great danger"),
                sentences=(
                    self._say("Then some things may be told that are otherwise kept back."),
                ),
                lists=tuple(self._override(one, bases) for one in self.agreement.overrides),
            )

    def consent(self) -> Iterator[Section]:
        """Who can say yes or no, if it is asked."""
        if not self.agreement.consents:
            return
        sentences: list[str] = []
        for rule in self.agreement.consents:
            sentences.extend(self._deciders(rule.by_age, self.said.person(rule.of)))
            sentences.append(self._say(_ON_WITHDRAWAL[rule.on_withdrawal]))
        yield Section(heading=self._say("Who can say yes or no"), sentences=tuple(sentences))

    def _of(self, audience: Audience, entries: tuple[_Entry, ...]) -> Iterator[_Entry]:
        return (one for one in entries if one.of == audience.name)

    def _with_id(self, point: str, clause: Share | Never | Override) -> str:
        return f"{point} [{clause.id}]" if self._numbered else point

    def _limits(self, share: Share) -> str:
        """The sentence that leads to what is told under a condition; empty where there is none."""
        said = []
        if share.publishers:
            who = self._catalog.either([agency(one) for one in share.publishers])
            said.append(self._say("it comes from {who}", who=who))
        if share.items is not None:
            said.append(self.said.items(share.items))
        if share.when is not None:
            said.append(self.said.condition(share.when))
        if share.needs_reason:
            said.append(self._say("the reason is written down"))
        return self._say("Only if {condition}:", condition=self._catalog.both(said)) if said else ""

    def _never(self, never: Never) -> str:
        what = [self.said.tag(tag) for tag in never.tags]
        what += [self.said.class_name(one) for one in never.classes]
        if ANYONE in never.to:
            who = self._say("All agencies")
        else:
            who = self._catalog.both([name(one) for one in never.to])
        point = self._say("Not for {who}: {what}.", who=who, what=self._catalog.both(what))
        if never.clearer_than is not None:
            form = self.said.form(never.clearer_than)
            point += " " + self._say("They may know this much: {form}.", form=form)
        if never.when is not None:
            condition = self.said.condition(never.when)
            said = self._say(
                "This holds unless it is sure that not: {condition}.", condition=condition
            )
            point += " " + said
        return self._with_id(point, never)

    def _override(self, override: Override, bases: bool) -> Points:
        count = self._catalog.count
        rank = self._catalog.quoted(name(override.of_rank))
        who = self._catalog.both([name(one) for one in override.to])
        said = [
            self._say("{who} may then learn:", who=who),
            count(
                "{n} person of the rank {rank} must sign for it.",
                "{n} people of the rank {rank} must sign for it.",
                override.authorisers,
                rank=rank,
            ),
            count(
                "It ends after {n} hour.", "It ends after {n} hours.", override.expires_after_hours
            ),
            count(
                "Somebody else checks it within {n} hour.",
                "Somebody else checks it within {n} hours.",
                override.review_within_hours,
            ),
        ]
        if bases:
            laws = self._catalog.both(override.legal_basis)
            said.append(self._say("Legal basis: {laws}.", laws=laws))
        lead = " ".join((*said[1:], said[0]))
        tags = (self.said.tag(tag, override.form) for tag in override.tags)
        return Points(lead=lead, points=tuple(self._with_id(tag, override) for tag in tags))

    def _deciders(self, bands: tuple[AgeBand, ...], person: str) -> Iterator[str]:
        """Who decides for a person, from each age on."""
        if not bands:
            yield self._say("This is for {person} to say.", person=person)
        for band in bands:
            who = self.said.person(band.decider)
            if band.from_age == 0:
                yield self._say("For {person}, it is for {who} to say.", person=person, who=who)
            else:
                yield self._say(
                    "From the age of {age} on it is for {who} to say.", age=band.from_age, who=who
                )
