"""The shape of a page for a reader, and its plain text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points under the sentences that lead to all of them; either may be missing."""

    lead: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, sentences, and lists of points; any but the heading may be missing."""

    heading: str
    sentences: tuple[str, ...] = ()
    lists: tuple[Points, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one reader is told."""

    title: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """The page as Markdown, which reads as plain text too."""
        return "\n".join(self._lines()) + "\n"

    def sentences(self) -> tuple[str, ...]:
        """Every sentence and point, each by itself, as a reader meets them."""
        return tuple(
            said
            for section in self.sections
            for said in (
                *section.sentences,
                *(one for part in section.lists for one in (part.lead, *part.points) if one),
            )
        )

    def _lines(self) -> Iterator[str]:
        yield f"# {self.title}"
        for section in self.sections:
            yield from ("", f"## {section.heading}")
            if section.sentences:
                yield from ("", *section.sentences)
            for part in section.lists:
                yield ""
                if part.lead:
                    yield part.lead
                if part.lead and part.points:
                    yield ""
                yield from (f"- {point}" for point in part.points)
