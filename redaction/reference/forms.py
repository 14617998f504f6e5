"""Rule 4: the forms, their order, and what each makes of a value, literally."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import rfc8785

from redaction.agreement import Form
from redaction.reference.places import InconsistentError
from redaction.reference.scrubbing import AnyScrubbing
from redaction.showing import Hidden
from schemas.registry import Kind

# each form, and every form that discloses less than it
BELOW: dict[Form, frozenset[Form]] = {
    Form.PRESENT: frozenset(),
    Form.YEAR: frozenset({Form.PRESENT}),
    Form.MONTH: frozenset({Form.PRESENT, Form.YEAR}),
    Form.AGE_BAND: frozenset({Form.PRESENT}),
    Form.AGE: frozenset({Form.PRESENT, Form.AGE_BAND}),
    Form.MUNICIPALITY: frozenset({Form.PRESENT}),
    Form.OUTWARD_CODE: frozenset({Form.PRESENT}),
    Form.MASK: frozenset({Form.PRESENT}),
    Form.PSEUDONYM: frozenset({Form.PRESENT, Form.MASK}),
    Form.SCRUBBED: frozenset({Form.PRESENT, Form.MASK}),
    Form.COUNT_BAND: frozenset({Form.PRESENT}),
    Form.CLEAR: frozenset(Form) - {Form.CLEAR},
}
# the kinds that a form is meant for; a form that is not here fits every kind
MEANT_FOR: dict[Form, frozenset[Kind]] = {
    Form.MONTH: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.YEAR: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.AGE: frozenset({Kind.DATE}),
    Form.AGE_BAND: frozenset({Kind.DATE}),
    Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
    Form.OUTWARD_CODE: frozenset({Kind.ADDRESS}),
    Form.MASK: frozenset({Kind.STRING, Kind.UUID}),
    Form.PSEUDONYM: frozenset({Kind.STRING, Kind.UUID, Kind.ENUM}),
    Form.SCRUBBED: frozenset({Kind.STRING}),
    Form.COUNT_BAND: frozenset({Kind.INT, Kind.LONG}),
}
_SINCE_AGE = {0: "0-3", 4: "4-10", 11: "11-15", 16: "16-17"}
_SINCE_AGE |= {18: "18-24", 25: "25-44", 45: "45-64", 65: "65+"}
_SINCE_COUNT = {0: "0", 1: "1", 2: "2-3", 4: "4-9", 10: "10+"}
# country: (characters of a postcode, how many of them lead to a district, digits only)
_OUTWARD = {
    "IE": (7, 3, False),
    "NL": (6, 4, False),
    "PT": (7, 4, True),
    **dict.fromkeys(("DE", "FR", "ES", "IT", "FI", "PL", "SE"), (5, 2, True)),
    **dict.fromkeys(("BE", "AT", "DK"), (4, 2, True)),
    **dict.fromkeys(("CZ", "SK"), (5, 3, True)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class With:
    """What a form may read beside the value; `today` is the decision's local date."""

    today: date
    secret: bytes | None
    recipient: str
    agreement: str
    hidden: Hidden


def transformed(form: Form, value: Any, tag: str, beside: With) -> Any:
    """Rule 4: a value in its form; null has no form (rule 8).

    Raises:
        InconsistentError: a pseudonym is asked for and there is no secret, whatever the value.
    """
    if form is Form.PSEUDONYM and beside.secret is None:
        raise InconsistentError("a pseudonym needs a secret")
    if value is None or form is Form.CLEAR:
        return value
    if form is Form.PRESENT:
        return "present"
    if form is Form.MASK:
        return "********"
    if form in (Form.MONTH, Form.YEAR):
        return _part_of_day(form, value)
    if form in (Form.AGE, Form.AGE_BAND):
        return _age(form, value, beside.today)
    if form in (Form.MUNICIPALITY, Form.OUTWARD_CODE):
        return value["municipality"] if form is Form.MUNICIPALITY else _outward(value)
    if form is Form.COUNT_BAND:
        return _band(value, _SINCE_COUNT) or "unknown"
    if form is Form.SCRUBBED:
        return AnyScrubbing(value, beside.hidden)
    return pseudonym(value, tag, beside)


def most_disclosing(forms: list[Form]) -> Form:
    """The form above all others.

    Raises:
        InconsistentError: two of them cannot be ordered.
    """
    for form in forms:
        if all(other is form or other in BELOW[form] for other in forms):
            return form
    raise InconsistentError("two forms that apply cannot be ordered")


def at_most(form: Form, bound: Form) -> bool:
    """Whether a form is the bound or discloses less than it."""
    return form is bound or form in BELOW[bound]


def pseudonym(value: str, tag: str, beside: With) -> str:
    """One name for one value, for one recipient under one agreement and tag."""
    place = rfc8785.dumps([beside.recipient, beside.agreement, tag])
    key = hmac.digest(beside.secret or b"", place, "sha256")
    mac = hmac.digest(key, value.encode(), "sha256")
    return base64.b32encode(mac[:16]).decode().lower().rstrip("=")


def whole_years(born: date, day: date) -> int | None:
    """Whole years lived on a day; None before birth."""
    if day < born:
        return None
    # 29 February stands between 28 February and 1 March, so a common year's birthday is 1 March
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _part_of_day(form: Form, value: date) -> str:
    day: date = value.astimezone(UTC) if isinstance(value, datetime) else value
    return f"{day.year:04}" if form is Form.YEAR else f"{day.year:04}-{day.month:02}"


def _age(form: Form, born: date, today: date) -> str:
    years = whole_years(born, today)
    if years is None:
        return "unborn"
    return str(years) if form is Form.AGE else _band(years, _SINCE_AGE) or ""


def _band(number: int, bands: Mapping[int, str]) -> str | None:
    reached = [name for since, name in bands.items() if since <= number]
    return reached[-1] if reached else None


def _outward(address: Mapping[str, str]) -> str:
    """The part of a postcode that names a district; `unknown` if it is none of a country known."""
    country = address["country"].upper()
    code = address["postcode"].upper().replace(" ", "").replace("-", "")
    if not (code.isascii() and code.isalnum()):
        return "unknown"
    if country == "GB":
        ending = [c.isdigit() for c in code[-3:]] == [True, False, False]
        return code[:-3] if 5 <= len(code) <= 7 and ending else "unknown"
    length, leading, digits = _OUTWARD.get(country, (0, 0, False))
    if len(code) != length or (digits and not code.isdigit()):
        return "unknown"
    return code[:leading]
