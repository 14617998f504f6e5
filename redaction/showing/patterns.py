"""What shows somebody whatever is hidden: addresses, numbers, dates of birth, written as usual.

Every pattern here is a plain spelling of its kind, so that the look is sure where it claims one.
"""

from __future__ import annotations

import re
from typing import Final

from redaction.showing.cutting import GAP
from redaction.showing.dates import DAY_FIRST, DAY_MONTH, MONTH_DAY, YEAR_FIRST
from redaction.showing.folding import folded

LEAST_DIGITS: Final = 7  # of a number, whatever is hidden
LEAST_ABROAD: Final = 5  # with a `+` before it
_BIRTH: Final = (
    r"born|dob|d\.o\.b\.|date of birth|birthday|geb\.|geboren|geburtsdatum|nacid[oa]"
    r"|fecha de nacimiento"
)
_CUE: Final = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_BIRTH})(?![A-Za-z0-9])[ :]*(?:[a-z]+ ){{0,2}}", re.IGNORECASE
)
_STREET: Final = "Street|Road|Lane|Avenue|Close|Drive|Court|Square|Terrace|Gardens"
_PATTERNS: Final = tuple(
    re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])")
    for pattern in (
        r"[A-Za-z0-9._%+-]*[A-Za-z0-9]@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        r"https?://[A-Za-z0-9][^\s]*",
        r"www\.[a-z0-9-]+\.[a-z]{2,}",
        r"-?[0-9]{1,2}\.[0-9]{4,}, ?-?[0-9]{1,3}\.[0-9]{4,}",
        r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}",
        r"[0-9]{5} [A-Z][a-z]{2,}",
        rf"[0-9]{{1,3}} (?:[A-Z][a-z]+ ){{1,4}}(?:{_STREET})",
        r"[A-Z][a-z]+(?:strasse|weg|platz|allee|gasse) [0-9]{1,3}",
        r"(?:Calle|Avenida|Plaza|Camino) (?:[A-Z][a-z]+ ){1,3}[0-9]{1,3}",
        r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:[0-9]{2} ?){3}[A-D]",
        r"[0-9]{8}-?[A-HJ-NP-TV-Z]",
        r"[XYZ][0-9]{7}[A-HJ-NP-TV-Z]",
        r"[A-Z]{6}[0-9]{2}[A-EHLMPR-T][0-9]{2}[A-Z][0-9]{3}[A-Z]",
        r"[A-Z]{2}[0-9]{2} [A-Z]{3}",
    )
)
_HANDLE: Final = re.compile(r"(?<![A-Za-z0-9._%+@-])@[A-Za-z0-9]\w{2,}")
_SQUARE: Final = re.compile(r"///[a-z]+\.[a-z]+\.[a-z]+(?![A-Za-z0-9])")
# a run that could be told to be a date or a time is left to those who can tell
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9:.,])\+?[0-9]+(?:[ \-./()]{1,2}[0-9]+)*(?![A-Za-z0-9:])(?![ \-./()]{1,3}[0-9])"
)


def shows_pattern(text: str) -> bool:
    """Whether a scrubbed text shows a pattern between its gaps."""
    return any(_shows(folded(piece, spelt=False)) for piece in text.split(GAP))


def _shows(piece: str) -> bool:
    return (
        any(pattern.search(piece) for pattern in (*_PATTERNS, _HANDLE, _SQUARE))
        or any(_is_number(match[0]) for match in _NUMBER.finditer(piece))
        or any(_is_birth(piece[cue.end() :].lower()) for cue in _CUE.finditer(piece))
    )


def _is_number(run: str) -> bool:
    digits = sum(c.isdigit() for c in run)
    if DAY_FIRST.search(run) or YEAR_FIRST.search(run):
        return False
    if not run.startswith("+") and (run.isdigit() and digits == 8):  # a date without separators
        return False
    return digits >= (LEAST_ABROAD if run.startswith("+") else LEAST_DIGITS)


def _is_birth(after: str) -> bool:
    """Whether a date stands straight after the words that a birth is told with."""
    written = (DAY_FIRST, YEAR_FIRST, DAY_MONTH, MONTH_DAY)
    return any(pattern.match(after) for pattern in written)
