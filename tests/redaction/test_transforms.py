"""Forms: their order, what they fit and what they make."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.agreement import Form
from redaction.sameness import normal, same_address, same_phone, same_text
from redaction.scrubbing.hidden import Hidden, hide
from redaction.scrubbing.values import Telling, Values
from redaction.transforms import (
    MASK,
    Means,
    NoPseudonymKey,
    apply,
    at_most,
    fits,
    most_disclosing,
    pseudonym_key,
)
from schemas.registry import Kind
from tests.redaction.builders import address

SECRET = bytes(range(32))
TODAY = date(2026, 11, 3)
ANN = hide(Values(strings=[(Telling.NAME, "Ann Example")]))
MEANS = Means(today=TODAY, pseudonym_key=SECRET, hidden=Hidden())
# Pairs of which the first discloses less; with those that follow from them, there are no others.
ORDER = {
    (Form.YEAR, Form.MONTH),
    (Form.AGE_BAND, Form.AGE),
    (Form.MASK, Form.PSEUDONYM),
    (Form.MASK, Form.SCRUBBED),
}

texts = st.text(max_size=40)
dates = st.dates(min_value=date(1880, 1, 1), max_value=date(2030, 12, 31))
addresses = st.builds(
    lambda country, code: {**address(postcode=code), "country": country},
    st.sampled_from(["GB", "gb", "IE", "NL", "DE", "PT", "SK", "DK", "XX", ""]),
    st.text("0123456789ABYZ -é", max_size=9),
)
VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: texts,
    Kind.UUID: st.uuids().map(str),
    Kind.ENUM: st.sampled_from(["given", "refused"]),
    Kind.DATE: dates,
    Kind.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
    Kind.INT: st.integers(-5, 40),
    Kind.LONG: st.integers(-5, 10**15),
    Kind.ADDRESS: addresses,
    Kind.BOOLEAN: st.booleans(),
}


def test_the_forms_are_the_partial_order_that_the_agreements_speak_of() -> None:
    """Rule 4: present is below all, clear above all, and only the named pairs lie between."""
    for form, other in product(Form, Form):
        named = form is Form.PRESENT or other is Form.CLEAR or form is other
        assert at_most(form, other) is (named or (form, other) in ORDER), (form, other)
        for third in Form:
            if at_most(form, other) and at_most(other, third):
                assert at_most(form, third)


def test_without_a_cap_nothing_is_left() -> None:
    assert not any(at_most(form, None) for form in Form)


@given(offered=st.sets(st.sampled_from(Form), min_size=1))
def test_the_most_disclosing_form_is_one_that_all_others_are_below(offered: set[Form]) -> None:
    """Rule 4: the most disclosing of the offered forms, and an error where there is none."""
    above = [form for form in offered if all(at_most(other, form) for other in offered)]
    if above:
        assert [most_disclosing(offered)] == above
    else:
        with pytest.raises(ValueError, match="ordered"):
            most_disclosing(offered)


def test_forms_without_an_order_are_an_error() -> None:
    with pytest.raises(ValueError, match="ordered"):
        most_disclosing([Form.PSEUDONYM, Form.SCRUBBED])
    with pytest.raises(ValueError, match="ordered"):
        most_disclosing([])


@given(data=st.data())
def test_less_disclosing_form_follows_from_the_more_disclosing(data: st.DataObject) -> None:
    """Rule 4: two values that look the same in a form look the same in every form below it."""
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    forms = [form for form in Form if fits(form, kind)]
    less, more = data.draw(
        st.sampled_from([pair for pair in product(forms, forms) if at_most(*pair)])
    )
    one, other = data.draw(VALUES[kind]), data.draw(VALUES[kind])
    if apply(more, one, MEANS) == apply(more, other, MEANS):
        assert apply(less, one, MEANS) == apply(less, other, MEANS)


@given(data=st.data())
def test_every_form_but_clear_is_a_text_and_null_stays_null(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    form = data.draw(st.sampled_from([form for form in Form if fits(form, kind)]))
    value = data.draw(VALUES[kind])
    made = apply(form, value, MEANS)
    assert made is value if form is Form.CLEAR else type(made) is str
    assert apply(form, None, MEANS) is None


def test_forms_of_values() -> None:
    born = date(987, 4, 9)
    assert apply(Form.MONTH, born, MEANS) == "0987-04"
    assert apply(Form.YEAR, born, MEANS) == "0987"
    assert apply(Form.MUNICIPALITY, address(), MEANS) == "Northmoor"
    assert apply(Form.PRESENT, False, MEANS) == "present"
    assert apply(Form.PRESENT, "", MEANS) == "present"


def test_times_are_cut_in_utc() -> None:
    east = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert apply(Form.MONTH, east, MEANS) == "2025-12"
    assert apply(Form.YEAR, datetime(2026, 12, 31, 23, 59, tzinfo=UTC), MEANS) == "2026"


@pytest.mark.parametrize(
    ("born", "today", "age", "band"),
    [
        (date(2012, 2, 29), date(2026, 2, 28), "13", "11-15"),
        (date(2012, 2, 29), date(2026, 3, 1), "14", "11-15"),
        (date(2026, 11, 3), TODAY, "0", "0-3"),
        (date(2026, 11, 4), TODAY, "unborn", "unborn"),
        (date(2022, 11, 3), TODAY, "4", "4-10"),
        (date(2015, 11, 4), TODAY, "10", "4-10"),
        (date(2010, 11, 3), TODAY, "16", "16-17"),
        (date(2008, 11, 3), TODAY, "18", "18-24"),
        (date(2001, 11, 3), TODAY, "25", "25-44"),
        (date(1961, 11, 4), TODAY, "64", "45-64"),
        (date(1961, 11, 3), TODAY, "65", "65+"),
    ],
)
def test_ages_are_whole_years_at_the_decision(born: date, today: date, age: str, band: str) -> None:
    assert apply(Form.AGE, born, Means(today=today)) == age
    assert apply(Form.AGE_BAND, born, Means(today=today)) == band


@pytest.mark.parametrize(
    ("number", "band"),
    [(0, "0"), (1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-9"), (9, "4-9"), (10, "10+"),
     (10**12, "10+"), (-1, "unknown")],
)  # fmt: skip
def test_counts_are_told_in_bands(number: int, band: str) -> None:
    assert apply(Form.COUNT_BAND, number, MEANS) == band


@pytest.mark.parametrize(
    ("country", "postcode", "told"),
    [
        ("GB", "zz1 1zz", "ZZ1"), ("gb", "Z11ZZ", "Z1"), ("GB", "ZZ1Z-1ZZ", "ZZ1Z"),
        ("GB", "Z11Z1", "unknown"), ("GB", "ZZZZZ1ZZ", "unknown"), ("GB", "1ZZ", "unknown"),
        ("IE", "D02 X285", "D02"), ("IE", "D02", "unknown"), ("NL", "1012 ab", "1012"),
        ("DE", "10115", "10"), ("FR", "75001", "75"), ("ES", "28013", "28"), ("IT", "00184", "00"),
        ("FI", "00100", "00"), ("PL", "00-950", "00"), ("SE", "111 20", "11"),
        ("PT", "1100-148", "1100"), ("BE", "1000", "10"), ("AT", "1010", "10"),
        ("DK", "1050", "10"), ("CZ", "110 00", "110"), ("SK", "811 01", "811"),
        ("DE", "1011", "unknown"), ("DE", "1011A", "unknown"), ("US", "10001", "unknown"),
        ("", "", "unknown"), ("DE", "١٠١١٥", "unknown"),
    ],
)  # fmt: skip
def test_outward_codes_come_from_the_address_alone(country: str, postcode: str, told: str) -> None:
    value = {**address(postcode=postcode), "country": country}
    assert apply(Form.OUTWARD_CODE, value, MEANS) == told


@given(one=texts, other=texts)
def test_a_mask_is_as_wide_for_one_value_as_for_another(one: str, other: str) -> None:
    assert apply(Form.MASK, one, MEANS) == apply(Form.MASK, other, MEANS) == MASK


def key(recipient: str = "elm-school", agreement: str = "a", tag: str = "victim.name") -> bytes:
    return pseudonym_key(SECRET, recipient=recipient, agreement=agreement, tag=tag)


def token(made_with: bytes, value: str = "Ann Example") -> str:
    made: str = apply(Form.PSEUDONYM, value, Means(today=TODAY, pseudonym_key=made_with))
    return made


def test_pseudonyms_of_other_recipients_agreements_and_tags_are_unrelated() -> None:
    """T10: nobody joins the pseudonyms of two recipients, agreements or tags, nor two nodes'."""
    keys = [
        key(),
        key(recipient="oak-school"),
        key(agreement="b"),
        key(tag="child.name"),
        key(recipient="elm-schoola", agreement=""),  # the parts cannot run into one another
        pseudonym_key(bytes(32), recipient="elm-school", agreement="a", tag="victim.name"),
    ]
    tokens = {token(each) for each in keys}
    assert len(tokens) == len(keys)
    assert {len(each) for each in tokens} == {26}
    assert all(set(each) <= set("abcdefghijklmnopqrstuvwxyz234567") for each in tokens)


@given(one=texts, other=texts)
def test_a_pseudonym_tells_equality_and_has_one_width(one: str, other: str) -> None:
    assert (token(key(), one) == token(key(), other)) is (one == other)
    assert len(token(key(), one)) == 26


def test_pseudonym_is_the_published_construction() -> None:
    """Worked out by hand: HMAC-SHA-256 twice over RFC 8785 JSON, 16 bytes in base32."""
    inner = hmac.new(SECRET, b'["elm-school","a","victim.name"]', hashlib.sha256).digest()
    outer = hmac.new(inner, b"Ann Example", hashlib.sha256).digest()
    assert key() == inner
    assert token(key()) == base64.b32encode(outer[:16]).decode()[:26].lower()


def test_without_a_secret_there_is_no_pseudonym() -> None:
    """T10: a missing secret is an error and never an unkeyed token."""
    with pytest.raises(NoPseudonymKey) as caught:
        apply(Form.PSEUDONYM, "Ann Example", Means(today=TODAY))
    assert "Ann" not in str(caught.value)


def test_a_scrubbed_text_needs_to_know_what_is_hidden() -> None:
    with pytest.raises(ValueError, match="not known"):
        apply(Form.SCRUBBED, "Ann", Means(today=TODAY))
    known = Means(today=TODAY, hidden=ANN)
    assert apply(Form.SCRUBBED, "Saw Ann.", known) == "Saw […]."


def test_means_show_no_key_and_no_value() -> None:
    means = Means(today=TODAY, pseudonym_key=b"a secret key", hidden=ANN)
    assert "secret" not in repr(means)
    assert "ann" not in repr(means)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.MONTH, "2015-04"),
        (Form.YEAR, 2015),
        (Form.AGE, datetime(2015, 4, 9, tzinfo=UTC)),
        (Form.AGE_BAND, 2015),
        (Form.MUNICIPALITY, "Northmoor"),
        (Form.OUTWARD_CODE, "Northmoor"),
        (Form.COUNT_BAND, True),
        (Form.COUNT_BAND, "12"),
        (Form.MASK, 12),
        (Form.PSEUDONYM, 12),
        (Form.SCRUBBED, 12),
    ],
)
def test_a_form_that_does_not_fit_is_an_error_without_the_value(form: Form, value: object) -> None:
    with pytest.raises(ValueError, match=r"^only ") as caught:
        apply(form, value, MEANS)
    assert str(value) not in str(caught.value)


def test_phones_are_the_same_however_they_are_written() -> None:
    written = ["+44 7700 900123", "0044 7700 900123", "07700 900123", "(07700) 900-123",
               "+44 (0)7700 900123", "7700900123", "07700 900123 ext 2", "07700 900123#2",
               "tel. 07700 900123", "٠٧٧٠٠ ٩٠٠١٢٣", "٠٧٧٠٠ ٩٠٠ ١٢٣б2",
               "07700\u2013900123"]  # fmt: skip
    assert {same_phone(one) for one in written} == {"0900123"}
    assert same_phone("+49 30 123456") == same_phone("030 / 12 34 56 Durchwahl 7")
    assert same_phone("07700 900123") != same_phone("07700 900124")
    assert same_phone("ask at the desk, floor 2") == "2"
    assert same_phone("ask at the desk") == ""


@pytest.mark.parametrize(
    "line",
    ["FLAT 2 1 EMILE STREET", "1 Emile St., Flat 2", "1\u2009\u00c9mile Street (2)", "٢, 1 Emile"],
)
def test_addresses_are_the_same_however_the_street_is_written(line: str) -> None:
    assert same_address(address(line, "ZZ11ZZ")) == "zz11zz 1 2"


def test_addresses_of_other_numbers_or_names_are_not_the_same() -> None:
    lines = ["Flat 2, 1 Elm Road", "21 Elm Road", "Robin Cottage", "Wren Cottage"]
    assert len({same_address(address(line, "ZZ1 1ZZ")) for line in lines}) == len(lines)
    assert same_address(address("Robin cottage.", "")) == "robincottage"
    assert same_address(address("", "")) == ""


def test_addresses_in_words_are_the_same_in_any_case_accent_and_spacing() -> None:
    assert same_text("Straße 1") == same_text("STRASSE 1")
    assert same_text("Flat 2, 1 Émile Street") == same_text("flat 2 1 EMILE STREET")
    assert same_text("Flat 2, 1 Émile Street") == "flat21emilestreet"


def test_a_phone_written_as_a_number_is_compared_with_one_in_words() -> None:
    as_number = normal("phone", Kind.LONG, 447700900123)
    assert as_number == normal("phone", Kind.STRING, "07700 900123")
    assert as_number != normal("address", Kind.STRING, "07700 900123")
    assert normal("phone", Kind.BOOLEAN, True) is None


def test_a_whole_address_is_not_compared_with_one_in_words() -> None:
    whole = normal("address", Kind.ADDRESS, address())
    assert whole != normal("address", Kind.STRING, "ZZ1 1ZZ 1 Example Row")
    assert normal("address", Kind.ADDRESS, None) is None
    assert normal("phone", Kind.STRING, "ask") is None
