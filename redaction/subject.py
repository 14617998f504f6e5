"""What the checks of an agreement look at together, and how they say what they found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redaction.agreement import ANYONE, Agreement, Never, Share
from redaction.spots import Spot
from redaction.text import Problem
from redaction.transforms import at_most
from schemas.registry import Vocabulary

BASICS = "event.basics"


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

    def in_clause(self, clause: Share | Never, message: str) -> Problem:
        """A problem of a clause."""
        return Problem(origin=self.origin, line=clause.line, clause=clause.id, message=message)

    def carriers(self, tag: str) -> tuple[Spot, ...]:
        """The spots whose own tag this is."""
        return tuple(spot for spot in self.spots if spot.field.tag == tag)

    def classes(self, spot: Spot) -> frozenset[str]:
        """The classes of a spot's tag and of all its containers' tags."""
        known = self.vocabulary.tags
        return frozenset(
            name for tag in spot.field.chain if tag in known for name in known[tag].classes
        )

    def always_withheld(self, share: Share, spot: Spot, audience: str) -> Never | None:
        """The first `never` that, whatever the event holds, leaves nothing of what is shared."""
        if spot.field.tag == BASICS:
            return None
        for never in self._unconditional(spot, audience):
            if not at_most(share.form, never.clearer_than):
                return never
        return None

    def _unconditional(self, spot: Spot, audience: str) -> Iterator[Never]:
        for never in self.agreement.nevers:
            addressed = audience in never.to or ANYONE in never.to
            reaches = set(spot.field.chain) & set(never.tags) or self.classes(spot) & set(
                never.classes
            )
            if never.when is None and addressed and reaches:
                yield never
