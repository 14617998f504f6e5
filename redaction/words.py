"""Reads YAML nodes as words, numbers, dates and lists, and notes every problem on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from redaction.text import MAX_PROBLEMS, TOO_MANY, Problem, line_of

MAX_WORD = 100  # characters of an identifier; the longest in the vocabulary has about forty
MAX_LINE = 200  # characters of a title, a reference or a name
MAX_TEXT = 2_000  # characters of a clause's sentence; a page, and more than anybody reads
MAX_PARTS = 1_000  # entries of one list; more clauses than that nobody signs
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/()-]*")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,8}")
_AMOUNT = re.compile(r"([1-9][0-9]{0,3}) ([a-z]+(?: [a-z]+)?)")


_WORDS_ALIKE = 0.7  # difflib's ratio; `victm` is 0.91 like `victim`
_EXAMPLE = 30  # of an amount, in whichever unit
_IDS_ALIKE = 0.6  # clause ids have three characters or so, of which one may be wrong


def nearest(word: str, known: Iterable[str], *, ids: bool = False) -> str:
    """`` (did you mean `x`?)`` for a nearly right word or clause id, else nothing."""
    cutoff = _IDS_ALIKE if ids else _WORDS_ALIKE
    close = get_close_matches(word, sorted(known), n=1, cutoff=cutoff)
    return f" (did you mean `{close[0]}`?)" if close else ""


def either(words: Iterable[str]) -> str:
    """The words as alternatives: `` `a`, `b` or `c` ``."""
    return _joined(words, "or")


def listed(words: Iterable[str]) -> str:
    """The words together: `` `a`, `b` and `c` ``."""
    return _joined(words, "and")


def _joined(words: Iterable[str], link: str) -> str:
    *most, last = (f"`{word}`" for word in words)
    return f"{', '.join(most)} {link} {last}" if most else last


class TooManyProblems(Exception):
    """Reading stops here: the text has more problems than are worth saying."""


class Reader:
    """Collects problems while a text is read, at most `MAX_PROBLEMS` and one that says so.

    Every method notes a problem and returns a harmless value where it cannot read, so that
    reading goes on to the next problem. None stands for a key that is not there: `keyed` has
    noted it if it had to be, and the harmless value is returned without another word.

    # INVARIANT: nothing that was read is used for a decision once `problems` holds anything.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self._clause: str | None = None

    def problem(self, node: Node, message: str) -> None:
        """Notes what is wrong at a node.

        Raises:
            TooManyProblems: it is one too many.
        """
        full = len(self.problems) >= MAX_PROBLEMS
        self.problems.append(
            Problem(
                origin=self.origin,
                line=line_of(node),
                clause=None if full else self._clause,
                message=TOO_MANY if full else message,
            )
        )
        if full:
            raise TooManyProblems

    @contextmanager
    def within(self, clause: str | None) -> Iterator[None]:
        """Names the clause in every problem noted inside the block."""
        self._clause = clause
        yield
        self._clause = None

    def keyed(
        self,
        node: Node | None,
        what: str,
        *,
        required: Iterable[str] = (),
        optional: Iterable[str] = (),
    ) -> Mapping[str, Node]:
        """A mapping with known keys; unknown and missing ones are problems."""
        entries = dict(self.pairs(node, what))
        if not isinstance(node, MappingNode):
            return entries
        known = {*required, *optional}
        for key, _ in node.value:
            if key.value not in known:
                near = nearest(key.value, known) or f"; its words are {listed(sorted(known))}"
                self.problem(key, f"{what} has no `{key.value[:MAX_WORD]}`{near}")
        for missing in required:
            if missing not in entries:
                self.problem(node, f"{what} lacks `{missing}`")
        return {key: value for key, value in entries.items() if key in known}

    def pairs(self, node: Node | None, what: str) -> tuple[tuple[str, Node], ...]:
        """A mapping whose keys the parties choose, at most `MAX_PARTS` of them."""
        if node is None:
            return ()
        if not isinstance(node, MappingNode):
            self.problem(node, f"{what} must be written as `key: value`")
            return ()
        if len(node.value) > MAX_PARTS:
            self.problem(node, f"{what} has more than {MAX_PARTS} entries")
            return ()
        return tuple((key.value, value) for key, value in node.value)

    def parts(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """A list of at most `MAX_PARTS` entries, written in brackets or with dashes."""
        if node is None:
            return ()
        if not isinstance(node, SequenceNode):
            self.problem(node, f"{what} must be a list")
            return ()
        if len(node.value) > MAX_PARTS:
            self.problem(node, f"{what} has more than {MAX_PARTS} entries")
            return ()
        return tuple(node.value)

    def text(self, node: Node | None, what: str, *, limit: int = MAX_TEXT) -> str:
        """A sentence or any other text, not empty, at most `limit` characters."""
        if node is None:
            return ""
        if not isinstance(node, ScalarNode):
            instead = ", not a list" if isinstance(node, SequenceNode) else ""
            self.problem(node, f"{what} must be text{instead}")
            return ""
        value = str(node.value).strip()
        if not value:
            self.problem(node, f"{what} is empty")
        elif len(value) > limit:
            self.problem(node, f"{what} is longer than {limit} characters")
            return ""
        return value

    def word(self, node: Node | None, what: str) -> str:
        """An identifier: ASCII letters, digits, `-`, `.`, `_`, `/` and brackets."""
        value = self.text(node, what, limit=MAX_WORD)
        if node is not None and value and not WORD.fullmatch(value):
            self.problem(node, f"{what} must be one word of letters, digits, `-`, `.` or `_`")
            return ""
        return value

    def words(self, node: Node | None, what: str) -> tuple[str, ...]:
        """One word or a list of different words, at least one."""
        if isinstance(node, ScalarNode):
            word = self.word(node, what)
            return (word,) if word else ()
        words: dict[str, None] = {}  # in their order
        for part in self.parts(node, what):
            word = self.word(part, what)
            if word in words:
                self.problem(part, f"{what} names `{word}` twice")
            elif word:
                words[word] = None
        if isinstance(node, SequenceNode) and not node.value:
            self.problem(node, f"{what} is empty")
        return tuple(words)

    def one_of(self, node: Node | None, what: str, options: Iterable[str]) -> str:
        """A word from a closed list."""
        known = tuple(options)
        value = self.text(node, what, limit=MAX_WORD)
        if node is not None and value and value not in known:
            self.problem(node, f"{what} must be {either(known)}{nearest(value, known)}")
        return value if value in known else known[0]

    def number(self, node: Node | None, what: str, *, least: int, most: int) -> int:
        """A whole number between two bounds, both inclusive."""
        value = self.text(node, what, limit=MAX_WORD)
        if _INTEGER.fullmatch(value) and least <= int(value) <= most:
            return int(value)
        if node is not None and value:
            self.problem(node, f"{what} must be a whole number from {least} to {most}")
        return least

    def amount(self, node: Node | None, what: str, units: Iterable[str]) -> tuple[int, str]:
        """A number with its unit, such as `3 days`; a unit may stand in the singular."""
        known = tuple(units)
        value = self.text(node, what, limit=MAX_WORD)
        found = _AMOUNT.fullmatch(value)
        unit = "" if found is None else found[2] if found[2].endswith("s") else f"{found[2]}s"
        if found is not None and unit in known:
            return int(found[1]), unit
        if node is not None and value:
            example = f"such as `{_EXAMPLE} {known[0]}`"
            self.problem(node, f"{what} must be a number of {' or '.join(known)}, {example}")
        return 1, known[0]

    def day(self, node: Node | None, what: str) -> date:
        """A calendar date written YYYY-MM-DD."""
        value = self.text(node, what, limit=MAX_WORD)
        if node is None or not value:
            return date.min
        if not DAY.fullmatch(value):
            self.problem(node, f"{what} must be a date written YYYY-MM-DD")
            return date.min
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problem(node, f"{what} is no day of the calendar")
            return date.min
