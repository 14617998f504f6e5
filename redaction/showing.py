"""Whether a scrubbed text still shows what a decision hides: the checker's own look, by words.

It shares nothing with what scrubs. A text is taken apart into words, numbers and dates here, and
none of them may be one of the values hidden, however either is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from schemas.registry import Array, Kind, Leaf, Map, Node, Record

GAP: Final = "[…]"
_LEAST_LETTERS: Final = 3  # of a word that is hidden by itself, not only in its phrase
_LEAST_DIGITS: Final = 5  # of a number that is hidden
# Stands for a gap while words and dates are told apart: what is left of one beside a gap is not
# taken for a whole one.
_TORN: Final = "\ua66e"
_BETWEEN: Final = " -.()/"  # what may stand between the groups of a number
_IN_ENGLISH: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS: Final = {
    name: number for number, month in enumerate(_IN_ENGLISH, 1) for name in (month, month[:3])
} | {"sept": 9}
_NAME: Final = f"({'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_DAY: Final = r"(\d{1,2})(?:st|nd|rd|th)?"
_END: Final = rf"(?![\d{_TORN}])"
_YEAR: Final = rf"(\d{{4}}|\d\d){_END}"
# each pattern with the places of day, month and year in it
_DATES: Final = (
    *((rf"(\d{{1,2}}){sign}(\d{{1,2}}){sign}{_YEAR}", (0, 1, 2)) for sign in ("/", "[.]", "-")),
    (rf"(\d{{4}}|\d\d)-(\d{{1,2}})-(\d{{1,2}}){_END}", (2, 1, 0)),
    (rf"{_DAY}\s*(?:of\s+)?{_NAME}[.,]?\s*{_YEAR}", (0, 1, 2)),
    (rf"{_NAME}\.?\s*{_DAY}[.,]?\s*{_YEAR}", (1, 0, 2)),
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What may not show in a text."""

    texts: frozenset[str]
    numbers: frozenset[str]
    dates: frozenset[date]

    def shows_in(self, text: str) -> bool:
        """Whether a scrubbed text shows any of it."""
        folded = _folded(text.replace(GAP, _TORN))
        words = f" {' '.join(_words(folded))} "
        return (
            any(pattern.search(words) for value in self.texts for pattern in _phrases(value))
            or not self._cores().isdisjoint(_all_cores(folded))
            or any(_is_same_day(day, shown) for shown in _days(folded) for day in self.dates)
        )

    def _cores(self) -> set[str]:
        """The numbers among it, as numbers are compared."""
        found = {_core(number) for number in self.numbers if len(number) >= _LEAST_DIGITS}
        for value in self.texts:
            for groups in _sequences(_folded(value)):
                written = [*groups, "".join(groups)]
                found.update(_core(n) for n in written if _count(n) >= _LEAST_DIGITS)
        return found


def hidden(leaves: Iterable[tuple[Leaf, Any, bool, bool]]) -> Hidden:
    """What is hidden by a decision.

    Args:
        leaves: each leaf with its value, whether it is withheld, and whether it is hidden at all,
            that is withheld or released in another form than clear and scrubbed.
    """
    texts: set[str] = set()
    numbers: set[str] = set()
    dates: set[date] = set()
    for leaf, value, withheld, is_hidden in leaves:
        if value is None or not is_hidden:
            continue
        match leaf.kind:
            case Kind.STRING | Kind.UUID:
                texts.add(value)
            case Kind.INT | Kind.LONG:
                numbers.add(str(abs(value)))
            case Kind.DATE:
                dates.add(value)
            case Kind.TIMESTAMP:
                moment: datetime = value
                dates.add(moment.astimezone(UTC).date())
            case Kind.LOCAL_TIMESTAMP:
                local: datetime = value
                dates.add(local.date())
            case Kind.ADDRESS:
                texts |= {value["line"], value["postcode"]}
                texts |= {value["municipality"]} if withheld else set()
    return Hidden(frozenset(texts), frozenset(numbers), frozenset(dates))


def leaves(node: Node, value: Any) -> Iterator[tuple[Leaf, Any]]:
    """Every leaf of a value with its part of the value, in the order of the type."""
    match node:
        case Leaf():
            yield node, value
        case Record(fields=fields):
            for field in fields if value is not None else ():
                yield from leaves(field.node, value[field.name])
        case Array(item=item):
            for element in value or ():
                yield from leaves(item, element)
        case Map(value=inner):
            for entry in (value or {}).values():
                yield from leaves(inner, entry)


def is_cut_from(text: str, original: str) -> bool:
    """Whether a text is another with some parts cut out, a gap in place of each."""
    first, *parts = text.split(GAP)
    if not parts:
        return text == original
    if not original.startswith(first):
        return False
    at = len(first)
    for part in parts[:-1]:
        found = original.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(original) - len(parts[-1]) >= at and original.endswith(parts[-1])


def _folded(text: str) -> str:
    """Without case and accents, and with the digits of every script as those of ASCII."""
    spread = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = (c for c in spread if not unicodedata.combining(c))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _words(folded: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in folded).split()


def _phrases(value: str) -> Iterator[re.Pattern[str]]:
    """The value's letters and digits one after the other, whatever is between; its long words."""
    words = _words(_folded(value))
    if words:
        yield re.compile(f" {' ?'.join(''.join(words))} ")
    for word in words:
        if sum(c.isalpha() for c in word) >= _LEAST_LETTERS:
            yield re.compile(f" {' ?'.join(word)} ")


def _sequences(folded: str) -> Iterator[list[str]]:
    """The numbers of a text as lists of the groups that each is written in, a `+` before one kept.

    A group beside a gap may be a part of what was a number, and is none.
    """
    groups: list[str] = []
    end = 0
    for match in re.finditer(rf"[\d{_TORN}]*\d[\d{_TORN}]*", folded):
        plus = folded[: match.start()].endswith("+")
        if groups and (plus or folded[end : match.start()].strip(_BETWEEN)):
            yield groups
            groups = []
        groups.append("+" * plus + match[0])
        end = match.end()
    if groups:
        yield groups


def _all_cores(folded: str) -> Iterator[str]:
    """Every number that some neighbouring groups of a text can be read as."""
    for groups in _sequences(folded):
        for first in range(len(groups)):
            for last in range(first, len(groups)):
                number = "".join(groups[first : last + 1])
                if _TORN not in number:
                    yield _core(number)


def _core(number: str) -> str:
    """A number without its country's prefix or the national one, if enough digits are left."""
    plain = number.lstrip("+")
    core = plain
    for prefix, may in (
        ("0044", True),
        ("44", plain != number or len(plain) >= 11),
        ("0", True),
    ):
        if may and plain.startswith(prefix):
            core = plain.removeprefix(prefix)
            core = core if prefix == "0" else core.removeprefix("0")
            break
    return core if len(core) >= _LEAST_DIGITS else plain


def _count(number: str) -> int:
    return len(number.lstrip("+"))


def _days(folded: str) -> Iterator[tuple[int, int, str]]:
    """Every day, month and year that some part of a text can be read as."""
    for pattern, places in _DATES:
        for match in re.finditer(rf"(?=(?<![\d{_TORN}]){pattern})", folded):
            day, month, year = (match.groups()[place] for place in places)
            yield int(day), _MONTHS[month] if month in _MONTHS else int(month), year


def _is_same_day(day: date, shown: tuple[int, int, str]) -> bool:
    in_month, month, year = shown
    years = (f"{day.year:04}", f"{day.year % 100:02}")
    return (day.day, day.month) == (in_month, month) and year in years
