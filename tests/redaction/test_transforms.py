"""Forms: their order, what they fit and what they make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product

import pytest

from redaction.agreement import Form
from redaction.sameness import normal, same_address, same_phone, same_text
from redaction.transforms import apply, at_most, fits, most_disclosing
from schemas.registry import Kind
from tests.redaction.builders import address


def test_the_forms_are_a_partial_order_with_clear_above_and_present_below() -> None:
    for form, other in product(Form, Form):
        assert at_most(Form.PRESENT, form)
        assert at_most(form, Form.CLEAR)
        assert at_most(form, form)
        assert not (at_most(form, other) and at_most(other, form)) or form is other
        for third in Form:
            if at_most(form, other) and at_most(other, third):
                assert at_most(form, third)
    assert at_most(Form.YEAR, Form.MONTH)
    assert not at_most(Form.MONTH, Form.YEAR)
    assert not at_most(Form.YEAR, Form.MUNICIPALITY)
    assert not at_most(Form.MUNICIPALITY, Form.YEAR)


def test_without_a_cap_nothing_is_left() -> None:
    assert not any(at_most(form, None) for form in Form)


def test_every_two_forms_that_fit_one_kind_can_be_ordered() -> None:
    for kind in Kind:
        fitting = [form for form in Form if fits(form, kind)]
        for form, other in product(fitting, fitting):
            assert most_disclosing([form, other]) in (form, other)


def test_forms_without_an_order_are_an_error() -> None:
    with pytest.raises(ValueError, match="ordered"):
        most_disclosing([Form.YEAR, Form.MUNICIPALITY])
    with pytest.raises(ValueError, match="ordered"):
        most_disclosing([])


def test_forms_of_values() -> None:
    born = date(987, 4, 9)
    assert apply(Form.MONTH, born) == "0987-04"
    assert apply(Form.YEAR, born) == "0987"
    assert apply(Form.MUNICIPALITY, address()) == "Northmoor"
    assert apply(Form.PRESENT, False) == "present"
    assert apply(Form.PRESENT, "") == "present"
    assert apply(Form.CLEAR, born) is born
    assert [apply(form, None) for form in Form] == [None] * len(Form)


def test_times_are_cut_in_utc() -> None:
    east = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert apply(Form.MONTH, east) == "2025-12"
    assert apply(Form.YEAR, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "2026"


@pytest.mark.parametrize(
    ("form", "value"),
    [(Form.MONTH, "2015-04"), (Form.YEAR, 2015), (Form.MUNICIPALITY, "Northmoor")],
)
def test_a_form_that_does_not_fit_is_an_error_without_the_value(form: Form, value: object) -> None:
    with pytest.raises(ValueError, match=r"^only ") as caught:
        apply(form, value)
    assert str(value) not in str(caught.value)


def test_phones_are_the_same_however_they_are_written() -> None:
    written = ["+44 7700 900123", "0044 7700 900123", "07700 900123", "(07700) 900-123",
               "٠٧٧٠٠ ٩٠٠١٢٣"]  # fmt: skip
    assert {same_phone(one) for one in written} == {"07700900123"}
    assert same_phone("4412345") == "4412345"  # too short to be an international number
    assert same_phone("ask at the desk") == ""


def test_addresses_are_the_same_in_any_case_accent_and_spacing() -> None:
    one = address("Flat 2, 1 Émile Street", "zz1 1zz")
    other = address("FLAT 2 1 EMILE STREET", "ZZ11ZZ")
    assert same_address(one) == same_address(other) == "zz11zzflat21emilestreet"
    assert same_text("Straße 1") == same_text("STRASSE 1")


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
