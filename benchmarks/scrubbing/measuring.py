"""What a scrubbed text leaves of every mention, found without the scrubber.

A scrubbing is the text with parts replaced by the mark. What stands between two marks is a piece
of the original, but the output does not say which. So every way to lay the pieces, in order, over
the original counts: a mention is missed if in any of them a letter or digit that tells of it is
left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum, unique
from time import perf_counter
from typing import Any, Final

from benchmarks.scrubbing.narrative import Mention, Narrative

MARK: Final = "[…]"
WORD: Final = re.compile(r"\w+")

Span = tuple[int, int]


@unique
class Outcome(StrEnum):
    """Closed list: what became of a mention."""

    CUT = "cut"
    WITHHELD = "withheld"  # with the whole text, in doubt
    MISSED = "missed"


def kept(text: str, scrubbed: str) -> tuple[list[Span], list[Span]]:
    """The spans of the text that may be left: laid as early as they go, and anywhere they go.

    Raises:
        ValueError: the scrubbed text is not the text with parts replaced by the mark.
    """
    pieces = scrubbed.split(MARK)
    early = _earliest(text, pieces)
    turned = _earliest(text[::-1], [piece[::-1] for piece in reversed(pieces)])
    late = [len(text) - at - len(piece) for at, piece in zip(reversed(turned), pieces, strict=True)]
    anywhere = [
        (at, at + len(piece))
        for first, last, piece in zip(early, late, pieces, strict=True)
        for at in (_occurrences(text, piece, first, last) if piece else ())
    ]
    first = [(at, at + len(piece)) for at, piece in zip(early, pieces, strict=True)]
    return first, anywhere


def _earliest(text: str, pieces: Sequence[str]) -> list[int]:
    """Where each piece begins if all stand as early as they can; each mark stands for something."""
    starts, at = [], 0
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        found = text.find(piece, at) if not last else len(text) - len(piece)
        if found < at or (number == 0 and found != 0) or not text.startswith(piece, found):
            raise ValueError("this is no scrubbing of the text")
        starts.append(found)
        at = found + len(piece) + 1
    return starts


def _occurrences(text: str, piece: str, first: int, last: int) -> Iterator[int]:
    at = text.find(piece, first)
    while -1 < at <= last:
        yield at
        at = text.find(piece, at + 1)


def is_left(text: str, mention: Mention, left: Sequence[Span]) -> bool:
    """Whether a letter or digit that tells of the mention stands in these spans."""
    return any(
        letter.isalnum()
        for first, last in mention.telling
        for start, end in left
        for letter in text[max(first, start) : min(last, end)]
    )


@dataclass(slots=True)
class Tally:
    """Counts over a corpus."""

    narratives: int = 0
    withheld: int = 0
    plain: int = 0  # narratives about cases without awkward names and withheld small numbers
    plain_withheld: int = 0
    outcomes: dict[str, Counter[Outcome]] = field(default_factory=dict)
    cut_words: int = 0
    cut_innocent: int = 0
    innocent_words: int = 0
    cut_most: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, str, str | None]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # what each narrative took

    def measure(self, narrative: Narrative, scrub: Callable[[Narrative], str | None]) -> None:
        """Scrubs one narrative and counts it. Raises what `add` and the scrubber raise."""
        began = perf_counter()
        scrubbed = scrub(narrative)
        self.seconds.append(perf_counter() - began)
        self.add(narrative, scrubbed)

    def merge(self, other: Tally) -> None:
        """Takes another part of the corpus in."""
        for counted in fields(self):
            mine, its = getattr(self, counted.name), getattr(other, counted.name)
            if isinstance(mine, dict) and not isinstance(mine, Counter):
                for variant, outcomes in its.items():
                    mine.setdefault(variant, Counter()).update(outcomes)
            elif isinstance(mine, Counter):
                mine.update(its)
            else:
                setattr(self, counted.name, mine + its)

    def add(self, narrative: Narrative, scrubbed: str | None) -> None:
        """Counts one narrative; None is a text that was withheld.

        Raises:
            ValueError: what was given is no scrubbing of the narrative.
        """
        left = None if scrubbed is None else kept(narrative.text, scrubbed)
        self.add_left(narrative, left, scrubbed)

    def add_left(
        self,
        narrative: Narrative,
        left: tuple[list[Span], list[Span]] | None,
        shown: str | None = None,
    ) -> None:
        """Counts one narrative by the spans that are left, see `kept`."""
        self.narratives += 1
        self.withheld += left is None
        self.plain += not narrative.case.doubtful
        self.plain_withheld += left is None and not narrative.case.doubtful
        for mention in narrative.mentions:
            outcome = Outcome.CUT
            if left is None:
                outcome = Outcome.WITHHELD
            elif is_left(narrative.text, mention, left[1]):
                outcome = Outcome.MISSED
                if mention.known:
                    told = narrative.text[mention.start : mention.end]
                    self.missed.append((mention.variant, told, shown))
            self.outcomes.setdefault(mention.variant, Counter())[outcome] += 1
        if left is not None:
            self._words(narrative, left[0])

    def _words(self, narrative: Narrative, left: Sequence[Span]) -> None:
        text = narrative.text
        stays = bytearray(len(text))
        meant = bytearray(len(text))
        for start, end in left:
            stays[start:end] = b"\1" * (end - start)
        for mention in narrative.mentions:
            meant[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
        for word in WORD.finditer(text):
            start, end = word.span()
            innocent, cut = not any(meant[start:end]), not all(stays[start:end])
            self.innocent_words += innocent
            self.cut_words += cut
            if innocent and cut:
                self.cut_innocent += 1
                self.cut_most[word.group().lower()] += 1

    def report(self) -> dict[str, Any]:
        """All of it as JSON's types; shares are 0 to 1, None where nothing was counted."""
        known = {name: of for name, of in self.outcomes.items() if not name.startswith("unknown")}
        unknown = {name: of for name, of in self.outcomes.items() if name not in known}
        return {
            "narratives": self.narratives,
            "milliseconds": _times(self.seconds),
            "withheld": _share(self.withheld, self.narratives),
            "withheld_without_awkward_values": _share(self.plain_withheld, self.plain),
            "recall": _recall(known.values()),
            "missed": sum(of[Outcome.MISSED] for of in known.values()),
            "precision": _share(self.cut_words - self.cut_innocent, self.cut_words),
            "innocent_words_cut": _share(self.cut_innocent, self.innocent_words),
            "innocent_words_cut_most": dict(self.cut_most.most_common(20)),
            "known": {name: _row(of) for name, of in sorted(known.items())},
            "unknown": {name: _row(of) for name, of in sorted(unknown.items())},
        }


def _row(of: Counter[Outcome]) -> dict[str, Any]:
    counts = {outcome.value: of[outcome] for outcome in Outcome}
    return {"mentions": of.total(), **counts, "recall": _recall([of])}


def _recall(all_of: Any) -> float | None:
    """The share of mentions of which nothing is left."""
    total: Counter[Outcome] = sum(all_of, Counter())
    return _share(total.total() - total[Outcome.MISSED], total.total())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _times(seconds: Sequence[float]) -> dict[str, float]:
    ordered = [round(1000 * each, 3) for each in sorted(seconds)] or [0.0]
    at = {"median": 0.5, "p99": 0.99, "longest": 1.0}
    return {name: ordered[int(part * (len(ordered) - 1))] for name, part in at.items()}
