"""Forms: what each discloses of a value, which kinds it fits, and which discloses more.

    present < every other form
    year < month < clear              age-band < age < clear
    municipality < clear              outward-code < clear
    mask < pseudonym < clear          mask < scrubbed < clear
    count-band < clear

No other two forms can be compared: each tells something that the other does not.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import rfc8785

from redaction.agreement import Form
from redaction.months import whole_years
from redaction.postcodes import UNKNOWN, outward_code
from redaction.scrubbing.cutting import scrub
from redaction.scrubbing.hidden import Hidden
from schemas.registry import Kind

PRESENT: Final = "present"
UNBORN: Final = "unborn"
MASK: Final = "********"  # as wide for a short value as for a long one
PSEUDONYM_BYTES: Final = 16  # of an HMAC-SHA-256: no two values meet by chance


def _bands(*firsts: int) -> tuple[str, ...]:
    """For each number below the last of these, the band that it is in; each begins a band."""
    spans = pairwise(firsts)
    names = ((n, str(n) if n + 1 == end else f"{n}-{end - 1}", end) for n, end in spans)
    return tuple(name for first, name, end in names for _ in range(first, end))


_AGE_BANDS: Final = _bands(0, 4, 11, 16, 18, 25, 45, 65)
_COUNT_BANDS: Final = _bands(0, 1, 2, 4, 10)


class NoPseudonymKey(ValueError):
    """A clause gives a pseudonym, and there is no secret to make it with."""

    def __init__(self) -> None:
        super().__init__("there is no secret to make a pseudonym with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What some forms need beside the value.

    `today` is the decision's local date in the agreement's zone, `pseudonym_key` that of
    `pseudonym_key` below, `hidden` what a scrubbed text must not tell.
    """

    today: date
    pseudonym_key: bytes | None = field(default=None, repr=False)
    hidden: Hidden | None = None


def pseudonym_key(secret: bytes, *, recipient: str, agreement: str, tag: str) -> bytes:
    """The key of one recipient's pseudonyms for one tag under one agreement (its id).

    Nobody can join pseudonyms of two recipients, agreements or tags: their keys are unrelated.
    """
    return hmac.digest(secret, rfc8785.dumps([recipient, agreement, tag]), "sha256")


# INVARIANT: each form's set holds the form itself and all that disclose less; it is transitive.
_AT_MOST: Final[Mapping[Form, frozenset[Form]]] = MappingProxyType(
    {
        Form.PRESENT: frozenset({Form.PRESENT}),
        Form.YEAR: frozenset({Form.PRESENT, Form.YEAR}),
        Form.MONTH: frozenset({Form.PRESENT, Form.YEAR, Form.MONTH}),
        Form.AGE_BAND: frozenset({Form.PRESENT, Form.AGE_BAND}),
        Form.AGE: frozenset({Form.PRESENT, Form.AGE_BAND, Form.AGE}),
        Form.MUNICIPALITY: frozenset({Form.PRESENT, Form.MUNICIPALITY}),
        Form.OUTWARD_CODE: frozenset({Form.PRESENT, Form.OUTWARD_CODE}),
        Form.MASK: frozenset({Form.PRESENT, Form.MASK}),
        Form.PSEUDONYM: frozenset({Form.PRESENT, Form.MASK, Form.PSEUDONYM}),
        Form.SCRUBBED: frozenset({Form.PRESENT, Form.MASK, Form.SCRUBBED}),
        Form.COUNT_BAND: frozenset({Form.PRESENT, Form.COUNT_BAND}),
        Form.CLEAR: frozenset(Form),
    }
)

_FITS: Final[Mapping[Form, frozenset[Kind]]] = MappingProxyType(
    {
        Form.PRESENT: frozenset(Kind),
        Form.YEAR: frozenset({Kind.DATE, Kind.TIMESTAMP}),
        Form.MONTH: frozenset({Kind.DATE, Kind.TIMESTAMP}),
        Form.AGE_BAND: frozenset({Kind.DATE}),
        Form.AGE: frozenset({Kind.DATE}),
        Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
        Form.OUTWARD_CODE: frozenset({Kind.ADDRESS}),
        Form.MASK: frozenset({Kind.STRING, Kind.UUID}),
        Form.PSEUDONYM: frozenset({Kind.STRING, Kind.UUID, Kind.ENUM}),
        Form.SCRUBBED: frozenset({Kind.STRING}),
        Form.COUNT_BAND: frozenset({Kind.INT, Kind.LONG}),
        Form.CLEAR: frozenset(Kind),
    }
)


def fits(form: Form, kind: Kind) -> bool:
    """Whether the form can be made of this kind of value."""
    return kind in _FITS[form]


def at_most(form: Form, cap: Form | None) -> bool:
    """Whether a form discloses no more than a `never` leaves possible; no cap leaves nothing."""
    return cap is not None and form in _AT_MOST[cap]


def most_disclosing(forms: Iterable[Form]) -> Form:
    """The one form that discloses all that the others do.

    Raises:
        ValueError: there is no form, or none of them discloses all that the others do.
    """
    offered = frozenset(forms)
    for form in offered:
        if offered <= _AT_MOST[form]:
            return form
    raise ValueError("the forms cannot be ordered")


def needs_means(form: Form) -> bool:
    """Whether the form is made of more than the value."""
    return form in (Form.AGE, Form.AGE_BAND, Form.PSEUDONYM, Form.SCRUBBED)


def apply(form: Form, value: Any, means: Means = Means(today=date.min)) -> Any:
    """The value in this form; null stays null. It reads nothing but its arguments.

    Args:
        form: one that fits the value's kind.
        value: a leaf's value as the codec gives it.
        means: what the form may need beside it.

    Raises:
        ValueError: the form does not fit the value, or its means are missing.
    """
    if value is None or form is Form.CLEAR:
        return value
    return _MAKE[form](value, means)


def _present(value: Any, means: Means) -> str:
    """That there is a value, and nothing of it."""
    return PRESENT


def _year(value: Any, means: Means) -> str:
    """The calendar year, of a time in UTC."""
    return f"{_day(value).year:04d}"


def _month(value: Any, means: Means) -> str:
    """The calendar year and month, of a time in UTC."""
    day = _day(value)
    return f"{day.year:04d}-{day.month:02d}"


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, date):
        return value
    raise ValueError("only dates and times have a month and a year")


def _age(value: Any, means: Means) -> str:
    """Whole years at the decision: with its date, the birthday within a year."""
    years = _years(value, means)
    return UNBORN if years is None else str(years)


def _age_band(value: Any, means: Means) -> str:
    """In which stage of life somebody is at the decision."""
    years = _years(value, means)
    if years is None:
        return UNBORN
    return _AGE_BANDS[years] if years < len(_AGE_BANDS) else "65+"


def _years(value: Any, means: Means) -> int | None:
    if type(value) is not date:  # a datetime is one, and nobody's birth
        raise ValueError("only dates of birth have an age")
    return whole_years(value, means.today)


def _municipality(value: Any, means: Means) -> str:
    """The town or borough, as the publisher wrote it."""
    municipality: str = _address(value)["municipality"]
    return municipality


def _outward_code(value: Any, means: Means) -> str:
    """The postal district, or that its postcode is of no known spelling."""
    address = _address(value)
    return outward_code(address["country"], address["postcode"])


def _address(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("only addresses have a municipality and a district")
    return value


def _mask(value: Any, means: Means) -> str:
    """That there is a value; not its length, which `present` does not tell either."""
    _text(value)
    return MASK


def _count_band(value: Any, means: Means) -> str:
    """Roughly how many."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("only whole numbers have a count band")
    if value < 0:
        return UNKNOWN
    return _COUNT_BANDS[value] if value < len(_COUNT_BANDS) else "10+"


def _pseudonym(value: Any, means: Means) -> str:
    """Whether two values of one tag are equal, to this recipient under this agreement only.

    Who has the secret, the node alone, can try values; without it a token says nothing of its own.
    """
    text = _text(value)
    if means.pseudonym_key is None:
        raise NoPseudonymKey
    token = hmac.digest(means.pseudonym_key, text.encode(), "sha256")[:PSEUDONYM_BYTES]
    return base64.b32encode(token).decode().rstrip("=").lower()


def _scrubbed(value: Any, means: Means) -> str:
    """A text without the values that its recipient may not have; see `scrubbing`."""
    text = _text(value)
    if means.hidden is None:
        raise ValueError("it is not known what a scrubbed text must not tell")
    return scrub(text, means.hidden)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("only texts can be masked, scrubbed or given a pseudonym")
    return value


_MAKE: Final[Mapping[Form, Callable[[Any, Means], str]]] = MappingProxyType(
    {
        Form.PRESENT: _present,
        Form.YEAR: _year,
        Form.MONTH: _month,
        Form.AGE: _age,
        Form.AGE_BAND: _age_band,
        Form.MUNICIPALITY: _municipality,
        Form.OUTWARD_CODE: _outward_code,
        Form.MASK: _mask,
        Form.COUNT_BAND: _count_band,
        Form.PSEUDONYM: _pseudonym,
        Form.SCRUBBED: _scrubbed,
    }
)
