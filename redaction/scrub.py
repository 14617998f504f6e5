"""Free text without the values that its recipient may not have.

What is hidden are the values of the event that the decision withholds or blurs. They are looked
for without case, accents and invisible characters:

- a text as a whole, whatever stands between its letters and digits, and each of its words of at
  least three letters, both only where they stand as words;
- a number of at least five digits, also with gaps between the digits and in a UK phone number's
  other spellings;
- a date in the usual European and English spellings.

Nothing here compiles a pattern from a value: what is found out about one event must not outlive it
in a cache. The text is cut by fixed patterns, and the pieces are looked up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Final

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.scopes import occurrences
from schemas.codec import Event
from schemas.registry import Kind

GAP: Final = "[…]"  # stands for whatever was removed, however much it was
MIN_LETTERS = 3  # letters of a word that is hidden by itself
UK_DIGITS = 11  # of 44 and the shortest national number with it
MIN_DIGITS = 5  # digits of a number that is hidden in all its spellings

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\+?[0-9](?:[ \-./()]*[0-9])*")
_DIGITS = re.compile(r"\+?[0-9]+")  # a plus goes with the digits that it stands before

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH = "(" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept)"
_DAY = "([0-9]{1,2})"
_YEAR = "([0-9]{4}|[0-9]{2})"
# Each looks ahead only, so that two spellings that overlap are both seen; its groups are day, month
# and year in the order that its name says.
_DATES: Final = tuple(
    (re.compile(rf"(?<![0-9])(?={pattern}(?![0-9]))"), order)
    for order, pattern in (
        ("ymd", rf"{_YEAR}-{_DAY}-{_DAY}"),
        *(("dmy", rf"{_DAY}{gap}{_DAY}{gap}{_YEAR}") for gap in ("/", r"\.", "-")),
        ("dmy", rf"{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\.?,?\s+{_YEAR}"),
        ("mdy", rf"(?<![a-z]){_MONTH}\.?\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}"),
    )
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What a text must not tell, as it is looked for; it shows nothing of itself in messages.

    `phrases` have letters and digits only; `numbers` have digits only, every spelling its own.
    """

    phrases: frozenset[str] = field(default=frozenset(), repr=False)
    words: frozenset[str] = field(default=frozenset(), repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    dates: frozenset[date] = field(default=frozenset(), repr=False)


def hidden_values(event: Event, decided: Mapping[str, FieldDecision]) -> Hidden:
    """What the texts of an event must not tell to whom the decision was made for.

    Args:
        event: the event.
        decided: what became of each leaf, by its RFC 6901 pointer.

    Raises:
        KeyError: the decision does not speak of a leaf that the event has.
    """
    texts: list[str] = []
    dates: set[date] = set()
    integers: list[int] = []
    for path, kind, value in occurrences(event.etype.root, event.value):
        form = decided[path].form
        if value is None or form in (Form.CLEAR, Form.SCRUBBED):
            continue
        match kind:
            case Kind.STRING | Kind.UUID:
                texts.append(value)
            case Kind.DATE:
                dates.add(value)
            case Kind.TIMESTAMP:
                dates.add(value.astimezone(UTC).date())
            case Kind.LOCAL_TIMESTAMP:
                dates.add(value.date())
            case Kind.INT | Kind.LONG:
                integers.append(value)
            case Kind.ADDRESS:
                texts += [value["line"], value["postcode"]]
                texts += [value["municipality"]] if form is None else []
    return hide(texts, dates, integers)


def hide(texts: Iterable[str], dates: Iterable[date] = (), integers: Iterable[int] = ()) -> Hidden:
    """These texts, with the numbers in them, dates and whole numbers, as they are looked for."""
    phrases: set[str] = set()
    words: set[str] = set()
    numbers: set[str] = set()
    for text in texts:
        folded = _fold(text)[0]
        tokens = _WORD.findall(folded)
        phrases.add("".join(tokens))
        words.update(token for token in tokens if sum(map(str.isalpha, token)) >= MIN_LETTERS)
        for found in _NUMBER.findall(folded):
            groups = _DIGITS.findall(found)
            numbers.update(_core(group) for group in ("".join(groups), *groups))
    numbers.update(_core(str(abs(number))) for number in integers)
    return Hidden(
        phrases=frozenset(phrases - {""}),
        words=frozenset(words),
        numbers=frozenset(number for number in numbers if len(number) >= MIN_DIGITS),
        dates=frozenset(dates),
    )


def scrub(text: str, hidden: Hidden) -> str:
    """The text with every hidden value replaced by one mark; without any, the text as it is.

    What is removed can make words stand out that did not, so it is looked through until nothing
    is found: scrubbing twice is scrubbing once.
    """
    marks: list[Span] = []  # none at first: one that its writer put into the text stays as it is
    while spans := _found(text, hidden):
        text = _without(text, sorted([*spans, *marks]))
        marks = [found.span() for found in re.finditer(re.escape(GAP), text)]
    return text


def _without(text: str, spans: list[Span]) -> str:
    """The text with these spans replaced, those with nothing but space between them as one.

    Otherwise their number would tell how many words a hidden name has.
    """
    out, at = [], -1
    for start, end in spans:
        if at < 0 or text[at:start].strip():
            out += [text[max(at, 0) : start], GAP]
        at = max(at, end)
    return "".join([*out, text[at:]])


def _found(text: str, hidden: Hidden) -> list[Span]:
    """Where hidden values stand in the text."""
    folded, origins = _fold(text)
    tokens = [found.span() for found in _WORD.finditer(folded)]
    spans = [*_words(folded, tokens, hidden.words), *_dates(folded, hidden.dates)]
    spans += _within(folded, tokens, hidden.phrases)
    for found in _NUMBER.finditer(folded):
        runs = [run.span() for run in _DIGITS.finditer(folded, *found.span())]
        spans += _numbers(folded, runs, hidden.numbers)
    # One character may be folded to several, and what was folded to nothing goes with its own.
    return [(origins[start], max(origins[end - 1] + 1, origins[end])) for start, end in spans]


def _words(folded: str, tokens: list[Span], words: frozenset[str]) -> Iterator[Span]:
    return ((start, end) for start, end in tokens if folded[start:end] in words)


def _within(folded: str, tokens: list[Span], values: frozenset[str]) -> Iterator[Span]:
    """Where a value is written in whole tokens, whatever stands between these."""
    joined, starts, ends = "", {}, {}
    for start, end in tokens:
        starts[len(joined)] = start
        joined += folded[start:end]
        ends[len(joined)] = end
    for value in values:
        at = joined.find(value)
        while at >= 0:
            if at in starts and at + len(value) in ends:
                yield starts[at], ends[at + len(value)]
            at = joined.find(value, at + 1)


def _numbers(folded: str, groups: list[Span], numbers: frozenset[str]) -> Iterator[Span]:
    """Where a number is written in whole groups of digits that only gaps part."""
    longest = max(map(len, numbers), default=-UK_DIGITS) + len("+00440")
    for first, (start, _) in enumerate(groups):
        joined = ""
        for begin, end in groups[first:]:
            joined += folded[begin:end]
            if len(joined) > longest:
                break
            if _core(joined) in numbers:
                yield start, end


def _dates(folded: str, dates: frozenset[date]) -> Iterator[Span]:
    for pattern, order in _DATES if dates else ():
        for found in pattern.finditer(folded):
            part = {name: found[group] for group, name in enumerate(order, start=1)}
            month, year = _month_number(part["m"]), int(part["y"])
            if any(
                (day.day, day.month) == (int(part["d"]), month)
                and year == (day.year if len(part["y"]) == 4 else day.year % 100)
                for day in dates
            ):
                yield found.start(1), found.end(3)


def _month_number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return 1 + next(at for at, name in enumerate(_MONTHS) if name.startswith(text[:3]))


def _core(digits: str) -> str:
    """A number without what its spellings differ in: +44, 0044, 44 or 0 before a UK number."""
    plus, digits = digits.startswith("+"), digits.removeprefix("+")
    core = digits
    if digits.startswith("0044"):
        core = digits[4:].removeprefix("0")
    elif digits.startswith("44") and (plus or len(digits) >= UK_DIGITS):
        core = digits[2:].removeprefix("0")
    elif digits.startswith("0"):
        core = digits[1:]
    return core if len(core) >= MIN_DIGITS else digits


def _fold(text: str) -> tuple[str, list[int]]:
    """The text without case, accents and invisible characters, and where each character was.

    Returns:
        the folded text, and for each of its places, the end included, the place in the text.
    """
    if text.isascii():
        return text.casefold(), list(range(len(text) + 1))
    folded: list[str] = []
    origins: list[int] = []
    for at, character in enumerate(text):
        for one in _plain(character):
            folded.append(one)
            origins.append(at)
    return "".join(folded), [*origins, len(text)]


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    folded = unicodedata.normalize("NFKD", character).casefold()
    parts = unicodedata.normalize("NFKD", folded)
    return "".join(
        c for c in parts if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"
    )
