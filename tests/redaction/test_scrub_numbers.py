"""Scrubbed text: hidden numbers and dates, however they are written."""

from __future__ import annotations

from datetime import date

import pytest

from redaction.scrubbing.cutting import scrub
from redaction.scrubbing.numbers import core
from tests.redaction.hiding import hiding

NUMBERS = hiding(texts=["+44 (0)1632 960123", "ref 48 22/19"], numbers=[73015, -90210])
DATES = hiding(dates=[date(2015, 4, 9), date(1988, 12, 31)])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Call 01632-960 123.", "Call […]."),
        ("Call 0044 1632 960123 or +441632960123", "Call […] or […]"),
        ("Call (01632) / 960 - 123", "Call ([…]"),
        ("01632\n960123", "[…]"),
        ("as 73015, 73 015, 73,015 or 073015", "as […], […], […] or […]"),
        ("minus 90210", "minus […]"),
        ("ref 482219, 48-22-19", "[…], […]"),
        ("٧٣٠١٥ and ７３０１５", "[…] and […]"),
        ("it is tel73015x", "it is tel[…]x"),
    ],
)
def test_a_hidden_number_is_found_however_it_is_written(text: str, left: str) -> None:
    assert scrub(text, NUMBERS) == left


@pytest.mark.parametrize("text", ["173015", "7301", "73016", "in 48 of 22", "301 5"])
def test_what_only_looks_like_a_hidden_number_is_left(text: str) -> None:
    assert scrub(text, NUMBERS) == text


@pytest.mark.parametrize(
    ("spelling", "short"),
    [
        ("+441632960123", "1632960123"),
        ("00441632960123", "1632960123"),
        ("004401632960123", "1632960123"),
        ("441632960123", "1632960123"),
        ("01632960123", "1632960123"),
        ("44163", "44163"),  # too short to begin with a country
        ("01234", "01234"),
        ("012345", "12345"),
    ],
)
def test_a_number_has_one_core_in_all_its_spellings(spelling: str, short: str) -> None:
    assert core(spelling) == short


@pytest.mark.parametrize(
    "spelling",
    [
        *("2015-04-09", "2015/4/9", "2015.04.09", "15-04-09"),
        *("09/04/2015", "9.4.2015", "9-4-15", "9. 4. 2015", "9 / 4 / 15", "04/09/2015", "4/9/15"),
        *("09_04_2015", "9 Apr ’15", "9 Apr '15", "April 9th, ‘15"),
        *("9 April 2015", "9 Apr 15", "9th of April, 2015", "09APR2015", "9-Apr-2015"),
        *("April 9, 2015", "Apr. 9th 2015", "april 9 2015", "April the 9th, 2015"),
        *("9. April 2015", "9. Apr. 2015", "9.April"),
        *("9 de abril de 2015", "9 de abril del 2015", "9º de abril", "9 abr. 2015"),
        *("9/4", "9.4.", "9-4", "9 April", "April 9th", "the 9th April", "4/9"),
        *("20150409", "09042015", "9 April ２０１５", "9\u2011Apr\u20112015"),
        *("31. Dezember 1988", "31 de diciembre de 1988", "31 Dez", "December 31st", "31.12."),
    ],
)
def test_a_hidden_date_is_found_in_every_spelling(spelling: str) -> None:
    left = scrub(f"seen {spelling} there", DATES)
    assert not any(c.isdigit() for c in left)
    assert left.startswith("seen ")
    assert left.endswith(" there")


@pytest.mark.parametrize(
    ("spelling", "day"),
    [
        ("3. März 2020", date(2020, 3, 3)),
        ("3. Maerz", date(2020, 3, 3)),
        ("3 marzo 2020", date(2020, 3, 3)),
        ("1 de enero", date(2020, 1, 1)),
        ("1. Jänner 2020", date(2020, 1, 1)),
        ("7 Sept. 2020", date(2020, 9, 7)),
        ("7 de septiembre", date(2020, 9, 7)),
        ("2. Mai", date(2020, 5, 2)),
        ("2 de mayo de 2020", date(2020, 5, 2)),
        ("2 agosto", date(2020, 8, 2)),
        ("Oktober 2", date(2020, 10, 2)),
    ],
)
def test_months_are_known_in_three_languages(spelling: str, day: date) -> None:
    assert not any(c.isdigit() for c in scrub(f"seen {spelling}.", hiding(dates=[day])))


@pytest.mark.parametrize(
    "text",
    ["19.4.2015", "9.5.2015", "10 April", "April 19", "at 10:09", "9 apples", "in April 2015"],
)
def test_another_date_is_left(text: str) -> None:
    assert scrub(text, DATES) == text


def test_a_hidden_day_and_month_are_cut_beside_another_year_too() -> None:
    """A birthday tells the day of birth."""
    assert scrub("party on 9 April 2016", DATES) == "party on […] 2016"
    assert scrub("party on 9.4.2016", DATES) == "party on […].2016"


def test_of_two_dates_that_overlap_the_hidden_one_is_cut() -> None:
    assert scrub("8 April 9 April 2015", DATES) == "8 […]"
    assert scrub("9/4/9", DATES) == "[…]"
