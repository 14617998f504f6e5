"""When a text is withheld whole, by the reference: each answer worked out by hand (rule 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.decision import Gate, Reason
from redaction.reference.doubt import is_doubtful
from redaction.showing import Values
from redaction.showing.values import Sort, Text
from schemas.codec import WITHHELD
from tests.redaction import builders as make
from tests.redaction.scrubbing_cases import NOTE, decided, event, field, hiding, text, view

NAME, SHORT, LONG, SYMBOL = Sort.NAME, Sort.SHORT, Sort.LONG, Sort.SYMBOL
NOTHING = hiding()


@pytest.mark.parametrize(
    ("written", "doubtful"),
    [
        ("she came", False),
        ("Müller, Ærø, Łódź, Straße, ﬁne, ĳs", False),
        ("caf\u00e9 cafe\u0301 ١٢ º ª ½ – “so” … €", False),
        ("a\tb\r\nc", False),
        ("zero\u200bwidth and \u202a", False),
        ("Анна", True),
        ("Ann\u0430", True),
        ("so \u4e2d", True),
        ("Ελένη", True),
        ("O\u02bcBrien", True),
        ("bell\x07", True),
        ("next\x85line", True),
        ("private \ue000", True),
        ("none \U000e1000", True),
        ("none \u0378", True),
    ],
)
def test_strange_letters_and_characters_are_doubted(written: str, doubtful: bool) -> None:
    """Rule 4: what cannot be compared with a hidden value is not given on."""
    assert is_doubtful(written, NOTHING) is doubtful
    if "\ue000" not in written:
        for sort in (NAME, SHORT):
            assert is_doubtful("xylophone", hiding(text(written, sort))) is doubtful
        for sort in (LONG, SYMBOL):
            assert not is_doubtful("xylophone", hiding(text(written, sort)))


def test_a_text_too_long_is_doubted() -> None:
    """Rule 4: 20,000 characters are looked through, and no more."""
    assert not is_doubtful("x" * 20_000, NOTHING)
    assert is_doubtful("x" * 20_001, NOTHING)


@pytest.mark.parametrize(
    ("hidden", "written", "doubtful"),
    [
        (text("Will Example", NAME), "she will come", True),
        (text("Will Example", NAME), "WILL", True),
        (text("Will Example", NAME), "two wills", True),
        (text("Will Example", NAME), "w-i-l-l", True),
        (text("Will Example", NAME), "w ills", False),
        (text("Will Example", NAME), "goodwill", False),
        (text("Jo Example", NAME), "Jo came", True),
        (text("Jo Example", NAME), "jos, maybe", True),
        (text("Jo Example", NAME), "j. o.", True),
        (text("Jo Example", NAME), "john", False),
        (text("Öz Example", NAME), "Oz", True),
        (text("Öz Example", NAME), "Öz", True),
        (text("Anna van der Berg", NAME), "van der", False),
        (text("Al Pryce", NAME), "al", True),
        (text("Bo Di", NAME), "di", True),
        (text("Maria al Pryce", NAME), "al", False),
        (text("A Example", NAME), "a", False),
        (text("7b Example", NAME), "7b", False),
        (text("will"), "she will", True),
        (text("will do"), "she will do", False),
        (text("yes"), "yes", False),
        (text("other"), "other", False),
        (text("NM"), "nm", True),
        (text("7"), "7 of them", True),
        (text("7"), "17 of them", False),
        (text("-"), "so - it is", False),
        (text("will", SYMBOL), "she will", False),
        (text("will " * 9, LONG), "she will", False),
        (text("de"), "de", True),
    ],
)
def test_a_doubt_word_is_one_that_says_nothing_by_itself(
    hidden: Text, written: str, doubtful: bool
) -> None:
    """Rule 4: everyday and very short words of names, and such words as a whole value."""
    assert is_doubtful(written, hiding(hidden)) is doubtful


@pytest.mark.parametrize(
    ("values", "written", "doubtful"),
    [
        (hiding(figures=["7"]), "7 times", True),
        (hiding(figures=["7"]), "007", True),
        (hiding(figures=["7"]), "٧", True),
        (hiding(figures=["7"]), "17, 7th, x7, 70", False),
        (hiding(figures=["0"]), "0 or 00", True),
        (hiding(figures=["0"]), "10", False),
        (hiding(figures=["1234"]), "1234", True),
        (hiding(figures=["1234"]), "1.234", False),
        (hiding(figures=["12345"]), "12345", False),
        (hiding(decimals=["150"]), "1.50", True),
        (hiding(decimals=["150"]), "1,50", True),
        (hiding(decimals=["150"]), "01.50", True),
        (hiding(decimals=["150"]), "150", True),
        (hiding(decimals=["150"]), "1.5, 1 50, 1-50", False),
        (hiding(decimals=["5"]), "0.05", True),
    ],
)
def test_a_doubt_number_is_one_of_few_digits(values: Values, written: str, doubtful: bool) -> None:
    """Rule 4: a number of one to four digits stands anywhere, so it cannot be cut out."""
    assert is_doubtful(written, values) is doubtful


SCRUBBED = {"note": "she will come"}


def reason(*clauses: Any, **values: Any) -> Reason:
    return field(event(**{**SCRUBBED, **values}), "/note", NOTE, *clauses).reason


def test_a_text_in_doubt_is_withheld_and_says_so() -> None:
    """Rule 4: the whole text goes, without a clause, and its view says withheld."""
    doubted = event(**SCRUBBED, name="Will Example")
    found = field(doubted, "/note", NOTE)
    assert (found.released, found.form, found.clause) == (False, None, None)
    assert found.reason is Reason.DOUBTFUL_TEXT
    assert view(doubted, NOTE)["note"] is WITHHELD
    assert reason(name="Robin Example") is Reason.SHARED
    assert reason(name="Robin Example", note=None) is Reason.SHARED
    assert view(event(name="Will Example", note=None), NOTE)["note"] is None


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        ({"name": "Will Example"}, True),
        ({"text": "will"}, True),
        ({"text": "Will Example"}, False),
        ({"place": {**make.address(), "line": "will"}}, True),
        ({"place": {**make.address(), "country": "will"}}, False),
        ({"keys": {"will": "x y z"}}, True),
        ({"people": {"Will Example": "nobody"}}, True),
        ({"keys": {"one": "will"}}, True),
        ({"count": 7, "note": "7 times"}, True),
        ({"count": -7, "note": "7 times"}, True),
        ({"sum": Decimal("1.50"), "note": "it was 1.50"}, True),
        ({"level": "unknown", "note": "unknown"}, False),
        ({"flag": True, "note": "true"}, False),
        ({"born": None, "note": "none"}, False),
        ({"text": "Анна"}, True),
    ],
)
def test_what_a_decision_hides_makes_doubt(values: dict[str, Any], doubted: bool) -> None:
    """Rule 4: strings, parts of addresses, keys and numbers withheld; no words that answer."""
    assert (reason(**values) is Reason.DOUBTFUL_TEXT) is doubted


def test_what_is_shown_makes_no_doubt() -> None:
    """Rule 4: clear values hide nothing, other forms hide theirs; the header is known."""
    shown = make.share("4.2", ["name", "keys"])
    assert reason(shown, name="Will Example", keys={"will": "x"}) is Reason.SHARED
    masked = make.share("4.2", "name", form=Form.MASK)
    assert reason(masked, name="Will Example") is Reason.DOUBTFUL_TEXT
    town = make.share("4.2", "place", form=Form.MUNICIPALITY)
    place = {**make.address(), "municipality": "will"}
    assert reason(place=place) is Reason.DOUBTFUL_TEXT
    assert reason(town, place=place) is Reason.SHARED
    header = event(**SCRUBBED)
    header.value["header"]["on_behalf_of"] = "Will Example"
    assert field(header, "/note", NOTE).reason is Reason.SHARED


def test_the_doubt_of_one_text_is_not_that_of_another() -> None:
    """Rule 4: scrubbed texts hide nothing, and neither do doubtful ones."""
    both = make.share("4.2", ["note", "aside"], form=Form.SCRUBBED)
    told = event(note="will", aside="she will\x07 come")
    assert field(told, "/aside", both).reason is Reason.DOUBTFUL_TEXT
    assert field(told, "/note", both).reason is Reason.SHARED


def test_a_delivery_of_nothing_but_a_doubtful_text_is_not_made() -> None:
    """Rule 1: doubt is thought of before it is asked whether anything is released."""
    alone = make.never("7.1", "flag")
    doubted = event(**SCRUBBED, name="Will Example")
    assert decided(doubted, NOTE, alone).gate is Gate.NOTHING_RELEASED
    assert decided(event(**SCRUBBED), NOTE, alone).gate is Gate.OPEN


# --- free text ----------------------------------------------------------------------------------


def test_free_text_is_never_given_in_clear() -> None:
    """Rule 4: a clause that shares it in clear is as if it were not written."""
    told, clear = event(note="she came"), make.share("4.2", "note")
    found = field(told, "/note", clear)
    assert (found.released, found.clause, found.reason) == (False, None, Reason.NO_CLAUSE)
    assert "note" not in view(told, clear)
    assert field(told, "/note", clear, NOTE).form is Form.SCRUBBED
    masked = make.share("4.3", "note", form=Form.MASK)
    assert field(told, "/note", clear, masked).form is Form.MASK
    capped = make.never("7.1", "note", cap=Form.MASK)
    assert field(told, "/note", clear, capped).clause == "7.1"


def test_an_override_gives_free_text_in_no_clearer_form() -> None:
    """Rules 4 and 11: a record that would give it in clear gives none of it."""
    told = event(note="she came")
    rule = make.override("9.1", "note")
    for form in (Form.CLEAR, Form.SCRUBBED, Form.MASK):
        granted = (make.granted("9.1", "note", form=form),)
        expected = None if form is Form.CLEAR else form
        assert field(told, "/note", rule, granted=granted).form is expected  # type: ignore[arg-type]


def test_a_key_is_no_free_text() -> None:
    """Rule 4: only texts are meant, so the key of a map is shown as its clause says."""
    of = event(note="she came", keys={"home": "x"})
    assert field(of, "/keys/home", make.share("4.2", "keys")).form is Form.CLEAR
