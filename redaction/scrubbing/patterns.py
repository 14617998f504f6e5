"""What is cut out of a text whatever is hidden: contacts, addresses, ids and dates of birth.

The patterns are fixed and none of them repeats without bound inside itself, so a long text takes
long in proportion only. They are looked for in a text without accents, its capitals kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from redaction.scrubbing.dates import dated
from redaction.scrubbing.folding import Span, words_of

_DIGITS: Final = 7  # of a number that may be a phone's; 5 if it has a plus
_DIGITS_PLUS: Final = 5
_DIGITS_TIME: Final = 4  # of a time of day beside a date
_CUE_WORDS: Final = 4  # between a birth and its date
_CUE_REACH: Final = 120  # characters that those words have at most

_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_NAMES = r"[A-Z][A-Za-z']{1,40}"  # one capitalised word
_TOP = "com|org|net|info|gov|edu|eu|uk|de|es|fr|nl"


def _whole(*patterns: str, anycase: bool = False) -> re.Pattern[str]:
    """One pattern of several, each of which stands by itself."""
    flags = re.IGNORECASE if anycase else 0
    return re.compile(f"{_START}(?:{'|'.join(patterns)}){_END}", flags)


_REACHED: Final = (  # with a sign that no sentence has
    re.compile(
        r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,100}"
        r"(?:@[A-Za-z0-9][A-Za-z0-9.-]*|\s@\s[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6})"
    ),
    re.compile(r"@[A-Za-z0-9_.]*[A-Za-z0-9_]"),
    re.compile(r"///\s?[A-Za-z]{1,40}\.[A-Za-z]{1,40}\.[A-Za-z]{1,40}"),
    re.compile(r"(?:[A-Za-z]{2,10}://|(?<![A-Za-z0-9])www\.)[A-Za-z0-9](?:\S*[A-Za-z0-9/])?", re.I),
)
_AT = r"\s?[(\[{]\s?at\s?[)\]}]\s?"
_SPOKEN_DOT = r"\s?[(\[{]\s?(?:dot|punkt|punto)\s?[)\]}]\s?|\s(?:dot|punkt|punto)\s"
_DOT = rf"(?:\.|{_SPOKEN_DOT})"
_PART = "[A-Za-z0-9_%+'-]{1,64}"
_SPOKEN: Final = re.compile(  # an address for mail, its signs in words
    rf"(?<![A-Za-z0-9._%+'-]){_PART}(?:{_DOT}{_PART}){{0,4}}"
    rf"(?:{_AT}{_PART}(?:{_DOT}{_PART}){{0,4}}|\sat\s{_PART}(?:{_SPOKEN_DOT}){_PART})",
    re.IGNORECASE,
)
_HAS_AT = re.compile(r"\bat\b", re.IGNORECASE)
_SITE = re.compile(
    rf"(?<![A-Za-z0-9.-])(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_TOP})(?![a-z0-9])(?:/\S*[A-Za-z0-9/])?",
    re.IGNORECASE,
)
_ENGLISH = (
    "Street|Road|Lane|Avenue|Close|Drive|Way|Court|Row|Square|Terrace|Gardens|Grove|Crescent|"
    "Place|Park|Hill|Mews|Walk|Rise|View|Green|House|St|Rd|Ave|Ln|Dr|Cl|Ct|Sq|Gdns|Cres|Tce|Pl"
)
_OF = r"(?:(?:de|del|la|las|los|el|y)\s{1,3})"
_ADDRESSES: Final = (
    _whole(rf"[0-9]{{1,4}}[A-Za-z]?,?\s{{1,3}}(?:{_NAMES}\s{{1,3}}){{1,4}}(?:{_ENGLISH})"),
    _whole(
        rf"(?:{_NAMES}[ -]){{0,3}}(?:[A-Z][a-z]{{0,40}}(?:strasse|str\.?|weg|platz|allee|gasse)"
        r"|(?:Strasse|Str\.?|Weg|Platz|Allee|Gasse))\s{0,3}[0-9]{1,4}[A-Za-z]?"
    ),
    _whole(
        r"(?:Calle|C/|Avenida|Avda\.?|Av\.|Plaza|Camino|Paseo|Carretera|Ronda|Travesia|Pza\.?)"
        rf"\s{{0,3}}{_OF}{{0,3}}{_NAMES}(?:\s{{1,3}}{_OF}{{0,3}}{_NAMES}){{0,4}}"
        r",?\s{0,3}(?:n(?:um)?\.?o?\.?\s{0,2})?[0-9]{1,4}"
    ),
    _whole(rf"[0-9]{{5}}\s{{1,3}}{_NAMES}(?:[ -]{_NAMES}){{0,2}}"),
)
_IDS: Final = (
    _whole(  # a GB postcode and number plate, a national insurance number
        r"[a-z]{1,2}[0-9][a-z0-9]?\s{0,2}[0-9][a-z]{2}",
        r"[a-z]{2}[0-9]{2}[ -]?[a-z]{3}",
        r"[a-z]{2}(?:[ -]?[0-9]{2}){3}[ -]?[a-d]",
        # ids of Spain, Italy and Germany
        r"[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}[ -]?[a-z]",
        r"[xyz][ -]?[0-9]{7}[ -]?[a-z]",
        r"[a-z]{3}\s?[a-z]{3}\s?[0-9]{2}[a-z][0-9]{2}\s?[a-z][0-9]{3}[a-z]",
        r"[0-9]{2}\s?[0-9]{6}\s?[a-z]\s?[0-9]{3}",
        r"[a-z]{2}[0-9]{2}[a-z0-9]{10,30}",
        anycase=True,
    ),
    _whole(  # an account, and older and foreign number plates
        r"[A-Z]{2} ?[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?",
        r"[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){10,30}",
        r"[A-Z][0-9]{1,3}[ -]?[A-Z]{3}",
        r"[A-Z]{3}[ -]?[0-9]{1,3}[A-Z]",
        r"[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[0-9]{1,4}[EH]?",
        r"[0-9]{4}[ -]?[B-DF-HJ-NP-TV-Z]{3}",
        r"[A-Z]{1,2}[ -]?[0-9]{4}[ -]?[A-Z]{1,2}",
    ),
    re.compile(r"-?(?<![0-9.])[0-9]{1,3}\.[0-9]{3,}"),  # a place on the map
)
_NUMBER = re.compile(r"(?:\+\s?)?\(?[0-9](?:[ \-./()]{0,3}[0-9])*")
_CUE = re.compile(
    rf"{_START}(?:born|dob|d\.\s?o\.\s?b|date\s+of\s+birth|birth\s?date|birthday|geb|geboren|"
    rf"geburtsdatum|geburtstag|nacid[oa]|nacimiento){_END}"
)
_DATE = re.compile(r"(?<![0-9])[0-9]{1,4}\s?[/.-]\s?[0-9]{1,2}\s?[/.-]\s?[0-9]{1,4}(?![0-9])")
_HAS_DIGIT = re.compile("[0-9]")
_HAS_SIGN = re.compile("[@/]|www", re.IGNORECASE)


def patterned(text: str) -> Iterator[Span]:
    """Where a text has what reaches, places or numbers somebody, known or not.

    Args:
        text: a folded text with its capitals.
    """
    if _HAS_SIGN.search(text):
        for pattern in _REACHED:
            yield from (found.span() for found in pattern.finditer(text))
    if _HAS_AT.search(text):
        yield from (found.span() for found in _SPOKEN.finditer(text))
    if "." in text:
        yield from (found.span() for found in _SITE.finditer(text))
    if not _HAS_DIGIT.search(text):
        return
    for pattern in (*_ADDRESSES, *_IDS):
        yield from (found.span() for found in pattern.finditer(text))
    for found in _NUMBER.finditer(text):
        if _is_number(found[0]):
            yield found.span()
    yield from _births(text.lower())


def _is_number(run: str) -> bool:
    """Whether a run of digits in groups is a number, not a date or a date and a time."""
    least = _DIGITS_PLUS if run.startswith("+") else _DIGITS
    if sum(map(str.isdecimal, run)) < least:
        return False
    rest = _DATE.sub(" ", run)
    return rest == run or not _is_dated(run) or sum(map(str.isdecimal, rest)) > _DIGITS_TIME


def _is_dated(run: str) -> bool:
    """Whether what looks like dates in the run are days of the calendar."""
    found = _DATE.findall(run)
    return all(any(each.whole == (0, len(date)) for each in dated(date)) for date in found)


def _births(folded: str) -> Iterator[Span]:
    """The dates that follow a word of being born."""
    cues = [found.end() for found in _CUE.finditer(folded)]
    if not cues:
        return
    dates = sorted(each.whole for each in dated(folded))
    for cue in cues:
        for start, end in dates[bisect_left(dates, (cue, cue)) :]:
            if start - cue > _CUE_REACH or len(words_of(folded[cue:start])) > _CUE_WORDS:
                break
            yield start, end
