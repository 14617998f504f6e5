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
from datetime import UTC, date, datetime
from typing import Final

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.scopes import occurrences
from schemas.codec import Event
from schemas.registry import Kind

GAP: Final = "[…]"  # stands for whatever was removed, however much it was
MIN_LETTERS = 3  # letters of a word that is hidden by itself
MIN_DIGITS = 5  # digits of a number that is hidden in all its spellings

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\+?[0-9](?:[ \-./()]*[0-9])*")
_DIGITS = re.compile(r"\+?[0-9]+")  # a plus goes with the digits that it stands before
_PREFIX = re.compile(r"(?:\+44|0044)0?|0")  # before a UK number's own digits, gaps taken out

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
        ("ymd", rf"([0-9]{{4}})[-/.]{_DAY}[-/.]{_DAY}"),
        ("dmy", rf"{_DAY}[-/.]{_DAY}[-/.]{_YEAR}"),
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
    for path, kind, value in occurrences(event.etype.root, event.value):
        form = decided[path].form
        if value is None or form in (Form.CLEAR, Form.SCRUBBED):
            continue
        match kind:
            case Kind.STRING | Kind.UUID:
                texts.append(value)
            case Kind.DATE | Kind.TIMESTAMP:
                dates.add(value.astimezone(UTC).date() if isinstance(value, datetime) else value)
            case Kind.INT | Kind.LONG if len(str(abs(value))) >= MIN_DIGITS:
                texts.append(str(abs(value)))
            case Kind.ADDRESS:
                texts += [value["line"], value["postcode"]]
                texts += [value["municipality"]] if form is None else []
    return hide(texts, dates)


def hide(texts: Iterable[str], dates: Iterable[date] = ()) -> Hidden:
    """These texts, with the numbers in them, and these dates, as they are looked for."""
    phrases: set[str] = set()
    words: set[str] = set()
    numbers: set[str] = set()
    for text in texts:
        folded = _fold(text)[0]
        tokens = _WORD.findall(folded)
        phrases.add("".join(tokens))
        words.update(token for token in tokens if sum(map(str.isalpha, token)) >= MIN_LETTERS)
        for found in _NUMBER.findall(folded):
            numbers.update(_spellings(found))
    return Hidden(
        phrases=frozenset(phrases - {""}),
        words=frozenset(words),
        numbers=frozenset(numbers),
        dates=frozenset(dates),
    )


def scrub(text: str, hidden: Hidden) -> str:
    """The text with every hidden value replaced by one mark; without any, the text as it is.

    What is removed can make words stand out that did not, so it is looked through until nothing
    is found: scrubbing twice is scrubbing once.
    """
    while spans := _found(text, hidden):
        marks = [found.span() for found in re.finditer(re.escape(GAP), text)]
        text = _without(text, sorted([*spans, *marks]))
    return text


def _without(text: str, spans: list[Span]) -> str:
    """The text with these spans replaced; those that touch are one, so none tells its length."""
    out, at = [], -1
    for start, end in spans:
        if at < 0 or start > at:
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
        spans += _within(folded, runs, hidden.numbers)
    # One character may be folded to several, and what was folded to nothing goes with its own.
    return [(origins[start], max(origins[end - 1] + 1, origins[end])) for start, end in spans]


def _words(folded: str, tokens: list[Span], words: frozenset[str]) -> Iterator[Span]:
    return ((start, end) for start, end in tokens if folded[start:end] in words)


def _within(folded: str, tokens: list[Span], values: frozenset[str]) -> Iterator[Span]:
    """Where a value is written in whole tokens, whatever stands between these."""
    joined, starts, ends = "", {}, {}
    for start, end in tokens:
        starts[len(joined)] = start
        joined += folded[start:end].removeprefix("+")
        ends[len(joined)] = end
    for value in values:
        at = joined.find(value)
        while at >= 0:
            if at in starts and at + len(value) in ends:
                yield starts[at], ends[at + len(value)]
            at = joined.find(value, at + 1)


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


def _spellings(number: str) -> set[str]:
    """The digits of a number in every spelling, +44, 0044 and 0 being the same; or nothing."""
    plain = re.sub(r"[^0-9+]", "", number)
    digits = plain.removeprefix("+")
    if len(digits) < MIN_DIGITS:
        return set()
    prefix = _PREFIX.match(plain)
    if prefix is None:
        return {digits}
    own = plain[prefix.end() :]
    return {digits, *(before + own for before in ("0", "44", "440", "0044", "00440"))}


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
    return "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf"))
