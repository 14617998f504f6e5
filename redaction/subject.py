"""What the checks of an agreement look at together, and how they say what they found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redaction.agreement import ANYONE, Agreement, Form, Never, Override, Share
from redaction.spots import Spot, spots_of
from redaction.text import Problem
from redaction.transforms import at_most
from schemas.registry import EventType, Vocabulary

BASICS = "event.basics"
# classes whose equal values are withheld together, wherever they stand
_COMPARED = frozenset({"phone", "address"})

Clause = Share | Never | Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An agreement beside the event types and the vocabulary that it speaks of.

    `spots` are those of the event types it names that are known. `lines` and `damaged` come from
    the reader; what is missing from a damaged section is not held against the text again.
    """

    agreement: Agreement
    spots: tuple[Spot, ...]
    vocabulary: Vocabulary
    origin: str
    lines: Mapping[str, int]
    damaged: frozenset[str]

    def at(self, path: str, message: str) -> Problem:
        """A problem at a section or entry, such as `audiences.school`."""
        line = self.lines.get(path, self.lines.get(path.split(".", 1)[0], 1))
        return Problem(origin=self.origin, line=line, clause=None, message=message)

    def in_clause(self, clause: Clause, message: str) -> Problem:
        """A problem of a clause or an override."""
        return Problem(origin=self.origin, line=clause.line, clause=clause.id, message=message)

    def carriers(self, tag: str) -> tuple[Spot, ...]:
        """The spots whose own tag this is."""
        return tuple(spot for spot in self.spots if spot.field.tag == tag)

    def classes(self, spot: Spot) -> frozenset[str]:
        """The classes of a spot's tag and of all its containers' tags, its event type's included.

        A class that an event type carries stands on the type's own tag, which every chain begins
        with.
        """
        known = self.vocabulary.tags
        return frozenset(
            name for tag in spot.field.chain if tag in known for name in known[tag].classes
        )

    def reaches(self, never: Never, spot: Spot) -> bool:
        """Whether a `never` names the spot's tag, a container's, or a class of one of them."""
        return bool(
            set(spot.field.chain) & set(never.tags) or self.classes(spot) & set(never.classes)
        )

    def touches(self, never: Never, spot: Spot) -> bool:
        """Whether a `never` reaches the spot, or may withhold it for an equal phone or address."""
        if self.reaches(never, spot):
            return True
        compared = self.classes(spot) & _COMPARED
        return bool(compared) and any(
            compared & self.classes(other)
            for other in self.spots
            if other.etype == spot.etype and self.reaches(never, other)
        )

    def always_withheld(
        self, form: Form, spot: Spot, audience: str, *, lifted: Iterable[str] = ()
    ) -> Never | None:
        """The first `never` that, whatever the event holds, leaves nothing of this form."""
        if spot.field.tag == BASICS:
            return None
        for never in self._unconditional(spot, audience):
            if not at_most(form, never.clearer_than) and never.id not in lifted:
                return never
        return None

    def _unconditional(self, spot: Spot, audience: str) -> Iterator[Never]:
        for never in self.agreement.nevers:
            if never.when is None and addresses(never, audience) and self.reaches(never, spot):
                yield never


def addresses(never: Never, audience: str) -> bool:
    """Whether a `never` speaks of this audience."""
    return audience in never.to or ANYONE in never.to


def subject_of(
    agreement: Agreement,
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
    *,
    origin: str = "",
    lines: Mapping[str, int] | None = None,
    damaged: frozenset[str] = frozenset(),
    older: Iterable[EventType] = (),
) -> Subject:
    """An agreement beside those of the event types it names that are known, in every version."""
    newest = [types[name] for name in agreement.event_types if name in types]
    earlier = [one for one in older if one.name in agreement.event_types and one not in newest]
    return Subject(
        agreement=agreement,
        spots=spots_of((*newest, *earlier)),
        vocabulary=vocabulary,
        origin=origin,
        lines={} if lines is None else lines,
        damaged=damaged,
    )
