"""Forms: what each discloses of a value, which kinds it fits, and which discloses more.

    present < year < month < clear        present < municipality < clear

`year` and `municipality` cannot be compared; no kind of value fits both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

from redaction.agreement import Form
from schemas.registry import Kind

PRESENT: Final = "present"

# INVARIANT: each form's set holds the form itself and all that disclose less; it is transitive.
_AT_MOST: Final[Mapping[Form, frozenset[Form]]] = MappingProxyType(
    {
        Form.PRESENT: frozenset({Form.PRESENT}),
        Form.YEAR: frozenset({Form.PRESENT, Form.YEAR}),
        Form.MONTH: frozenset({Form.PRESENT, Form.YEAR, Form.MONTH}),
        Form.MUNICIPALITY: frozenset({Form.PRESENT, Form.MUNICIPALITY}),
        Form.CLEAR: frozenset(Form),
    }
)

_DATED: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
_FITS: Final[Mapping[Form, frozenset[Kind]]] = MappingProxyType(
    {
        Form.PRESENT: frozenset(Kind),
        Form.YEAR: _DATED,
        Form.MONTH: _DATED,
        Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
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


def apply(form: Form, value: Any) -> Any:
    """The value in this form; null stays null. It reads nothing but its arguments.

    Args:
        form: one that fits the value's kind.
        value: a leaf's value as the codec gives it.

    Raises:
        ValueError: the form does not fit the value.
    """
    if value is None or form is Form.CLEAR:
        return value
    return _MAKE[form](value)


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, date):
        return value
    raise ValueError("only dates and times have a month and a year")


def _year(value: Any) -> str:
    return f"{_day(value).year:04d}"


def _month(value: Any) -> str:
    day = _day(value)
    return f"{day.year:04d}-{day.month:02d}"


def _municipality(value: Any) -> str:
    if not isinstance(value, dict):
        raise ValueError("only addresses have a municipality")
    municipality: str = value["municipality"]
    return municipality


_MAKE: Final[Mapping[Form, Callable[[Any], str]]] = MappingProxyType(
    {
        Form.PRESENT: lambda value: PRESENT,
        Form.YEAR: _year,
        Form.MONTH: _month,
        Form.MUNICIPALITY: _municipality,
    }
)
