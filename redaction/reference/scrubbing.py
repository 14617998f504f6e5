"""Rule 4: the form `scrubbed`, a text without what the decision hides elsewhere, literally."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.reference.places import Place, places
from schemas.codec import Event
from schemas.registry import Kind

GAP = "[…]"
LETTERS = 3  # a word with fewer is hidden only as part of its phrase
DIGITS = 5  # a number with fewer is no number that tells somebody
GROUPS = r"\+?[0-9]+(?:[ \-.()/]+[0-9]+)*"  # a number, maybe written in groups
MONTHS = "january february march april may june july august september october november december"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What the recipient of one decision is not shown in clear."""

    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    dates: tuple[date, ...]


def hidden_values(event: Event, fields: Iterable[FieldDecision]) -> Hidden:
    """Every value withheld, or released in another form than clear, of a kind that is searched for.

    Whether a scrubbed text hides itself was open: it does not, nor does it from other texts.
    """
    forms = {decided.path: decided.form for decided in fields}
    found = [p for p in places(event) if forms[p.path] not in (Form.CLEAR, Form.SCRUBBED)]
    found = [place for place in found if place.value is not None]
    return Hidden(
        texts=tuple(t for place in found for t in _texts(place, forms[place.path])),
        numbers=tuple(p.value for p in found if p.kind in (Kind.INT, Kind.LONG)),
        dates=tuple(
            _day(p.value)
            for p in found
            if p.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.LOCAL_TIMESTAMP)
        ),
    )


def _day(value: date) -> date:
    """The date, that of an instant in UTC, that of a local time as it stands."""
    if not isinstance(value, datetime):
        return value
    return (value.astimezone(UTC) if value.tzinfo else value).date()


def _texts(place: Place, form: Form | None) -> list[str]:
    if place.kind in (Kind.STRING, Kind.UUID):
        return [place.value]
    if place.kind is Kind.ADDRESS:
        parts = ["line", "postcode"] if form else ["line", "postcode", "municipality"]
        return [place.value[part] for part in parts]
    return []


def scrubbed(text: str, hidden: Hidden) -> str:
    """The text with `[…]` for every hidden value in it, however it is written there."""
    folded, origin = _folded(text)
    digits = _digits(folded)
    found: list[Span] = []
    for value in hidden.texts:
        found += _phrase("".join(_words(value)), folded)
        for word in _words(value):
            if sum(c.isalpha() for c in word) >= LETTERS:
                found += _phrase(word, folded)
        for core in _numbers(value):
            found += _number(core, digits)
    for whole in hidden.numbers:
        for core in _numbers(str(abs(whole))):
            found += _number(core, digits)
    for day in hidden.dates:
        found += _date(day, digits)
    return _replaced(text, sorted((origin[a], origin[b - 1] + 1) for a, b in found))


def _replaced(text: str, spans: list[Span]) -> str:
    """Spans that touch, or have only white space between them, are one."""
    merged: list[Span] = []
    for start, end in spans:
        # a mark belongs to the letter before it
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        if merged and (start <= merged[-1][1] or text[merged[-1][1] : start].isspace()):
            start, end = merged[-1][0], max(end, merged[-1][1])
            merged.pop()
        merged.append((start, end))
    parts, at = [], 0
    for start, end in merged:
        parts += [text[at:start], GAP]
        at = end
    return "".join([*parts, text[at:]])


def _folded(text: str) -> tuple[str, list[int]]:
    """A text without case and accents, and where in the text each of its characters came from."""
    pairs = [
        (folded, index)
        for index, character in enumerate(text)
        for part in unicodedata.normalize("NFKD", character.casefold())
        if not unicodedata.combining(part)
        for folded in part.casefold()
    ]
    return "".join(folded for folded, _ in pairs), [index for _, index in pairs]


def _digits(folded: str) -> str:
    """The digits of every script as those of ASCII, character for character."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)


def _words(value: str) -> list[str]:
    """The longest runs of letters and digits of a value, folded."""
    folded, _ = _folded(value)
    return "".join(c if c.isalnum() else " " for c in folded).split()


def _phrase(phrase: str, folded: str) -> Iterator[Span]:
    """Where letters and digits stand in their order, whatever else is between them."""
    for start in range(len(folded) if phrase else 0):
        end = start
        if start > 0 and folded[start - 1].isalnum():
            continue
        for character in phrase:
            while start < end < len(folded) and not folded[end].isalnum():
                end += 1
            if not folded.startswith(character, end):
                break
            end += 1
        else:
            if end == len(folded) or not folded[end].isalnum():
                yield start, end


def _numbers(value: str) -> Iterator[str]:
    """The cores of the numbers written in a value: of its groups of digits, and of all together."""
    digits = _digits(_folded(value)[0])
    for number in (*re.findall(r"\+?[0-9]+", digits), *re.findall(GROUPS, digits)):
        if sum(c.isdigit() for c in number) >= DIGITS:
            yield _core(number)


def _number(core: str, digits: str) -> Iterator[Span]:
    """Where a number stands, in one group or several, with any prefix that means the same."""
    groups = list(re.finditer(r"\+?[0-9]+", digits))
    for index, first in enumerate(groups):
        for last in groups[index:]:
            sequence = digits[first.start() : last.end()]
            if re.fullmatch(GROUPS, sequence) and _core(sequence) == core:
                yield first.start(), last.end()


def _core(number: str) -> str:
    """The digits of a number without a prefix, where enough of them are left."""
    plain = "".join(c for c in number if c.isdigit())
    if plain.startswith("0044"):
        core = plain[4:].removeprefix("0")
    elif plain.startswith("44") and (number.startswith("+") or len(plain) >= 11):
        core = plain[2:].removeprefix("0")
    else:
        core = plain.removeprefix("0")
    return core if len(core) >= DIGITS else plain


def _date(day: date, digits: str) -> Iterator[Span]:
    """Where a date stands in figures, or with the English name of its month."""
    year = f"(?:{day.year:04}|{day.year % 100:02})"
    d, m = f"0?{day.day}", f"0?{day.month}"
    name = MONTHS.split()[day.month - 1]
    names = f"(?:{name}|{name[:3]}|sept)" if day.month == 9 else f"(?:{name}|{name[:3]})"
    nth = f"{d}(?:st|nd|rd|th)?"
    for pattern in (
        *(f"{d}{sign}{m}{sign}{year}" for sign in ("/", "[.]", "-")),
        f"{year}-{m}-{d}",
        rf"{nth}\s*(?:of\s+)?{names}[.,]?\s*{year}",
        rf"{names}\.?\s*{nth}[.,]?\s*{year}",
    ):
        yield from _everywhere(rf"(?<![0-9]){pattern}(?![0-9])", digits)


def _everywhere(pattern: str, text: str) -> Iterator[Span]:
    """Every match of a pattern, also those that overlap."""
    for match in re.finditer(f"(?=({pattern}))", text):
        yield match.span(1)
