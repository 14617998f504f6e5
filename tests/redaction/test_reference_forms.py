"""What each form makes of a value by the reference: each answer worked out by hand (rule 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, date, datetime
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.reference.forms import BELOW, MEANT_FOR, With, at_most, transformed
from redaction.reference.places import InconsistentError
from redaction.showing import Hidden, Values
from tests.redaction import builders as make

TODAY = date(2026, 3, 1)
NOTHING = Hidden(values=Values(texts=(), figures=(), dates=()))
SECRET = b"a secret of the gateway"


def made(form: Form, value: Any, *, tag: str = "a.b", **changes: Any) -> Any:
    given = {"recipient": "elm-school", "agreement": "one", "secret": SECRET, **changes}
    return transformed(form, value, tag, With(today=TODAY, hidden=NOTHING, **given))


def place(postcode: str, country: str) -> dict[str, str]:
    return {**make.address(postcode=postcode), "country": country}


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (Form.AGE, date(2026, 3, 1), "0"),
        (Form.AGE, date(2026, 3, 2), "unborn"),
        (Form.AGE, date(2008, 2, 29), "18"),
        (Form.AGE, date(2008, 3, 2), "17"),
        (Form.AGE_BAND, date(2026, 3, 2), "unborn"),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "0-3") for n in (0, 3)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "4-10") for n in (4, 10)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "11-15") for n in (11, 15)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "16-17") for n in (16, 17)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "18-24") for n in (18, 24)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "25-44") for n in (25, 44)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "45-64") for n in (45, 64)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "65+") for n in (65, 101)),
        (Form.OUTWARD_CODE, place("nm1 1aa", "gb"), "NM1"),
        (Form.OUTWARD_CODE, place("NM11 1AA", "GB"), "NM11"),
        (Form.OUTWARD_CODE, place("NM1 11A", "GB"), "unknown"),
        (Form.OUTWARD_CODE, place("1AA", "GB"), "unknown"),
        (Form.OUTWARD_CODE, place("D02 X285", "IE"), "D02"),
        (Form.OUTWARD_CODE, place("1011 AB", "NL"), "1011"),
        (Form.OUTWARD_CODE, place("10115", "DE"), "10"),
        (Form.OUTWARD_CODE, place("1011A", "DE"), "unknown"),
        (Form.OUTWARD_CODE, place("00-950", "PL"), "00"),
        (Form.OUTWARD_CODE, place("113 29", "SE"), "11"),
        (Form.OUTWARD_CODE, place("1000-205", "PT"), "1000"),
        (Form.OUTWARD_CODE, place("1010", "AT"), "10"),
        (Form.OUTWARD_CODE, place("110 00", "CZ"), "110"),
        (Form.OUTWARD_CODE, place("10115", "Germany"), "unknown"),
        (Form.OUTWARD_CODE, place("", "GB"), "unknown"),
        (Form.MASK, "", "********"),
        (Form.MASK, "a much longer text", "********"),
        (Form.COUNT_BAND, -1, "unknown"),
        (Form.COUNT_BAND, 0, "0"),
        (Form.COUNT_BAND, 1, "1"),
        *((Form.COUNT_BAND, n, "2-3") for n in (2, 3)),
        *((Form.COUNT_BAND, n, "4-9") for n in (4, 9)),
        *((Form.COUNT_BAND, n, "10+") for n in (10, 10_000)),
        (Form.YEAR, datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "2026"),
        (Form.MONTH, date(987, 6, 5), "0987-06"),
    ],
)
def test_a_form_says_this_of_a_value(form: Form, value: Any, expected: str) -> None:
    """Rule 4: what each form discloses, at the ends of every band and for every country."""
    assert made(form, value) == expected
    assert made(form, None) is None


def test_a_pseudonym_is_keyed_by_recipient_agreement_and_tag() -> None:
    """Rule 4: the same value has one name in one place, and no two places can join theirs."""
    key = hmac.new(SECRET, b'["elm-school","one","a.b"]', hashlib.sha256).digest()
    digest = hmac.new(key, "Zoë".encode(), hashlib.sha256).digest()[:16]
    name = made(Form.PSEUDONYM, "Zoë")
    assert name == base64.b32encode(digest).decode().lower().replace("=", "")
    assert len(name) == 26
    others = [
        made(Form.PSEUDONYM, "Zoe"),
        made(Form.PSEUDONYM, "Zoë", recipient="oak-school"),
        made(Form.PSEUDONYM, "Zoë", agreement="two"),
        made(Form.PSEUDONYM, "Zoë", tag="a.c"),
        made(Form.PSEUDONYM, "Zoë", secret=b"another"),
    ]
    assert len({name, *others}) == 6
    for value in ("Zoë", None):
        with pytest.raises(InconsistentError):
            made(Form.PSEUDONYM, value, secret=None)


def test_the_order_of_forms_is_the_one_on_paper() -> None:
    """Rule 4: these pairs are ordered, and no other."""
    chains = ("year month", "age-band age", "mask pseudonym", "mask scrubbed")
    ordered = {(Form(a), Form(b)) for a, b in (chain.split() for chain in chains)}
    ordered |= {(form, Form.CLEAR) for form in Form if form is not Form.CLEAR}
    ordered |= {(Form.PRESENT, form) for form in Form if form is not Form.PRESENT}
    assert {(a, b) for b in Form for a in BELOW[b]} == ordered
    assert set(MEANT_FOR) == set(Form) - {Form.CLEAR, Form.PRESENT}
    assert at_most(Form.MASK, Form.MASK)
