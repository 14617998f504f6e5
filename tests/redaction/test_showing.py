"""What shows in a scrubbed text, by the checker's own look: each answer from the rules' words."""

from __future__ import annotations

from datetime import date

import pytest

from redaction.showing import Hidden, shows
from redaction.showing.values import Sort
from tests.redaction.scrubbing_cases import BORN, hidden, text

NAME, SHORT, LONG, SYMBOL = Sort.NAME, Sort.SHORT, Sort.LONG, Sort.SYMBOL
ANNA = hidden(text("Anna Müller", NAME))
BERG = hidden(text("Maria van der Berg", NAME))
HOUSE = hidden(text("4 Fennel Row"), text("ZZ1 1ZZ"))
LETTER = "Told by Oakfield that she was seen near the Lantern again with him"


@pytest.mark.parametrize(
    ("of", "written"),
    [
        *((ANNA, w) for w in ("Anna", "ANNA", "annas", "Anna's", "with-anna", "Mueller", "muller")),
        *((ANNA, w) for w in ("Mu\u0308ller", "M\u200büller", "Ｍüller", "Müllers", "muelleren")),
        *((ANNA, w) for w in ("Müllerweg", "M ü l l e r", "Mül-\nler", "an na", "a n n a s")),
        *((ANNA, w) for w in ("annamuller", "muelleranna", "amueller", "annam77", "AnnaM")),
        *((ANNA, w) for w in ("A.M.", "A. m.", "AM", "Am", "MA", "M. A.", "m a")),
        *((ANNA, w) for w in ("A. came", "M came", "[…] A", "A […]", "A, […]")),
        *((BERG, w) for w in ("MB", "M. v. d. B.", "BM", "B.", "berg", "mariavanderberg", "mberg")),
        *((BERG, w) for w in ("van […]", "[…] der")),
        *(
            (HOUSE, w)
            for w in ("Fennel", "4fennelrow", "4, Fennel Row", "ZZ11ZZ", "zz1-1zz", "ZZ1")
        ),
        *((HOUSE, w) for w in ("[…] Row", "4 […]", "[…], row", "[…]\n1zz")),
        (hidden(text(LETTER, LONG)), "Oakfield"),
        (hidden(text(LETTER, LONG)), "that SHE was seen, near"),
        (hidden(text("stalking", SYMBOL)), "Stalking"),
        (hidden(text("stalking_now", SYMBOL)), "stalking-now"),
        (hidden(text("will do")), "will-do"),
        (hidden(text("B12x")), "b12x"),
    ],
)
def test_a_hidden_word_shows_however_it_is_written(of: Hidden, written: str) -> None:
    """Rule 4: case, accents, spelling, gaps, endings, compounds and initials."""
    assert shows(written, of)
    assert shows(f"[…], so {written}", of)


@pytest.mark.parametrize(
    ("of", "written"),
    [
        *((ANNA, w) for w in ("Ann", "Hanna", "mull", "an[…]na", "m[…]ller", "am", "I am here")),
        *((ANNA, w) for w in ("A child", "USA", "so A is", "annals")),
        *((BERG, w) for w in ("van", "der", "aan Zee")),
        *((HOUSE, w) for w in ("Row", "4", "[…]. \nRow", "[…] so, Row", "ZZ2")),
        (hidden(text(LETTER, LONG)), "seen near the"),
        (hidden(text(LETTER, LONG)), "told again"),
        (hidden(text("high", SYMBOL)), "hi"),
        (hidden(text("unknown", SYMBOL)), "unknown […]"),
    ],
)
def test_what_is_no_hidden_word_does_not_show(of: Hidden, written: str) -> None:
    """Rule 4: a gap is a wall; everyday words, parts of words and other words stay."""
    assert not shows(written, of)


def test_everyday_initials_show_only_where_they_are_no_word() -> None:
    """Rule 4: `is` written small is a word, and so is a single A."""
    of = hidden(text("Ina Sommer", NAME))
    assert not shows("so it is", of)
    assert shows("so it IS", of)
    assert shows("I. S.", of)
    assert not shows("I came", of)


def test_figures_are_no_initials() -> None:
    """Rule 4: where a number stands as a name, its figures are no letters of one."""
    of = hidden(text("01632 960123", NAME), text("Ina 7 Sommer", NAME))
    assert not shows("on 09 […] 2026 and 90", of)
    assert shows("I. S.", of)


NUMBERS = hidden(
    text("01632 960123"), text("DC 44179"), figures=["7", "123456"], decimals=["12345"]
)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "01632 960123",
            "1632960123",
            "+44 1632 960-123",
            "+44 (0)1632/960123",
            "0044.1632.960123",
        ),
        *("٠١٦٣٢ ٩٦٠١٢٣", "44179", "DC44179", "4 41 79", "960123", "123456", "0123456", "123.45"),
    ],
)
def test_a_hidden_number_shows_in_any_groups(written: str) -> None:
    """Rule 4: five digits and more, without what stands before a number at home or abroad."""
    assert shows(written, NUMBERS)
    assert shows(f"ring {written}, or", NUMBERS)


@pytest.mark.parametrize("written", ["7", "1234", "44178", "96012", "441[…]79", "12, 3456"])
def test_other_numbers_do_not_show(written: str) -> None:
    """Rule 4: few digits, other digits, and digits that a gap or a comma parts."""
    assert not shows(written, NUMBERS)


DAY = hidden(dates=[BORN])


@pytest.mark.parametrize(
    "written",
    [
        *("2015-04-09", "2015/4/9", "2015.04.09", "9/4/2015", "09.04.15", "9-4-2015", "4/9/2015"),
        *("9 . 4 . 2015", "9 / 4 / 15", "09042015", "20150409", "2015-04-09T10:00"),
        *("9 April 2015", "9th April", "April 9th, 2015", "April 9", "Apr. 9", "9. April 2015"),
        *("9 de abril de 2015", "9º de abril", "9 abr. 2015", "9. Apr", "9/4", "9.4.", "4/9"),
    ],
)
def test_a_hidden_day_shows_in_three_languages(written: str) -> None:
    """Rule 4: figures and names of months, with the year or without."""
    assert shows(f"on {written} so", DAY)


@pytest.mark.parametrize(
    "written", ["10 April 2015", "9 May", "19/4/2015", "9/40", "2014-04-09", "9 […] 2015", "9:4"]
)
def test_another_day_does_not_show(written: str) -> None:
    """Rule 4: nor do the parts of one on both sides of a gap."""
    assert not shows(f"on {written} so", DAY)


def test_march_and_may_have_their_own_spellings() -> None:
    """Rule 4: März, Maerz, mayo and the short forms."""
    for written in ("3. März", "3 Maerz 2001", "3 mar", "3 de marzo"):
        assert shows(written, hidden(dates=[date(2001, 3, 3)]))
    for written in ("3. Mai", "May 3rd", "3 de mayo"):
        assert shows(written, hidden(dates=[date(2001, 5, 3)]))


@pytest.mark.parametrize(
    "written",
    [
        *(
            "robin.example@mail.example.org",
            "https://example.org/x",
            "www.example.org",
            "@robin_ex",
        ),
        *(
            "///filled.count.soap",
            "07700 900456",
            "(01632) 960 456",
            "+49 30 90",
            "51.50735, -0.12776",
        ),
        *("NM1 1AA", "10115 Berlin", "12 Long Hill Road", "Lindenstraße 5", "Calle Mayor 12"),
        *("GB29 NWBK 6016 1331 9268 19", "AB 12 34 56 C", "12345678Z"),
        *("X1234567L", "RSSMRA85T10A562S", "AB12 CDE", "born on 4 May 2001", "DOB: 4/5/2001"),
        *("geb. 4. Mai 2001", "nacida el 4 de mayo de 2001", "date of birth 2001-05-04"),
    ],
)
def test_a_pattern_shows_whatever_is_hidden(written: str) -> None:
    """Rule 4: what leads to somebody by its form alone."""
    assert shows(f"so {written} and", hidden())


@pytest.mark.parametrize(
    "written",
    [
        *("12 children", "on 4 May 2001 at 10:30", "4/5/2001 10:30", "at 10.30", "999", "123456"),
        *("2 of 3", "3.14", "Mayor said", "Street", "a - b", "12.5 km", "4 May", "the road"),
    ],
)
def test_what_leads_to_nobody_is_no_pattern(written: str) -> None:
    """Rule 4: days, times, small numbers and words."""
    assert not shows(f"so {written} and", hidden())
