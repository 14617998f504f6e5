"""A scrubbed text by the reference: any text that keeps the law of scrubbing (rule 4)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.decision import Reason
from redaction.reference.scrubbing import AnyScrubbing, could_be_meant
from redaction.showing import is_cut_from
from redaction.showing.values import Sort
from schemas.codec import WITHHELD
from schemas.plain import plain
from tests.redaction import builders as make
from tests.redaction.scrubbing_cases import NOTE, decided, event, field, hidden, text, view

ANNA = hidden(text("Anna Müller", Sort.NAME))
SAID = AnyScrubbing("Anna said so", ANNA)


@pytest.mark.parametrize(
    ("scrubbed", "lawful"),
    [
        ("[…] said so", True),
        ("[…] so", True),
        ("[…]", True),
        ("Anna said so", False),
        ("[…] said no", False),
        (" said so", False),
        ("[…]Anna said so", False),
        ("[…][…] said so", True),
        ("An[…] said so", True),
        ("", False),
    ],
)
def test_every_lawful_scrubbing_is_equal_and_no_other(scrubbed: str, lawful: bool) -> None:
    """Rule 4: parts cut out, what is hidden among them, and nothing put in."""
    for one, other in ((SAID, scrubbed), (scrubbed, SAID)):
        assert (one == other) is lawful
        assert (one != other) is not lawful
    view: dict[str, Any] = {"notes": [SAID]}
    assert ({"notes": [scrubbed]} == view) is lawful
    assert (view == {"notes": [scrubbed]}) is lawful


def test_it_equals_nothing_that_is_no_text() -> None:
    """Rule 8: withheld, null and numbers are other answers."""
    for other in (None, WITHHELD, 1, b"so", ["[…]"]):
        assert other != SAID
    assert AnyScrubbing("Anna said so", ANNA) == SAID
    assert AnyScrubbing("Anna said no", ANNA) != SAID
    assert AnyScrubbing("Anna said so", hidden()) != SAID
    with pytest.raises(TypeError):
        hash(SAID)


def test_it_shows_nothing_of_the_original() -> None:
    """Rule 4: as a text, as JSON and as a representation it is a gap."""
    for shown in (str(SAID), repr(SAID), json.dumps(plain({"a": SAID})), f"{SAID}"):
        assert "Anna" not in shown
    assert copy.copy([SAID]) == ["[…] said so"]


@pytest.mark.parametrize(
    ("original", "meant"),
    [
        ("She said so.", False),
        ("It was fine, said the officer", False),
        ("Anna", True),
        ("with anna's", True),
        ("joanna", True),
        ("an nasty", True),
        ("at 7", True),
        ("so @ all", True),
        ("and/or", True),
        ("A child", True),
        ("the USA", True),
        ("an ma", True),
        ("see example.org", True),
        ("so […] it", True),
    ],
)
def test_nothing_is_cut_where_nothing_could_be_meant(original: str, meant: bool) -> None:
    """Rule 4: a text without a word, digit, sign or capital in question stays as it is."""
    assert could_be_meant(original, ANNA) is meant
    assert (AnyScrubbing(original, ANNA) == "[…]") is meant


@pytest.mark.parametrize(
    ("scrubbed", "original", "cut"),
    [
        ("a […] c", "a b c", True),
        ("a […] c […] e", "a b c d e", True),
        ("[…] a", "b a a", True),
        ("a […] b", "a  b", False),
        ("[…]", "", False),
        ("a […]", "a […]", True),
        ("a […] c […] b", "a b c", False),
    ],
)
def test_a_gap_stands_for_something(scrubbed: str, original: str, cut: bool) -> None:
    """Rule 4: what is left is the original's, in its order, and each gap took something."""
    assert is_cut_from(scrubbed, original) is cut


def test_a_view_holds_what_the_decision_hides_and_nothing_else() -> None:
    """Rule 4: withheld values, those in other forms and keys of nothing shown; not clear ones."""
    told = event(
        note="Robin Example, 1 Example Row, Northmoor, told of Fennel and Home Farm",
        name="Robin Example",
        text="Fennel",
        place=make.address(),
        keys={"Home Farm": "x y z"},
    )
    town = make.share("4.2", "place", form=Form.MUNICIPALITY)
    clear = make.share("4.3", ["text", "keys"])
    cut = "[…], […], […], told of […] and […]"
    assert view(told, NOTE)["note"] == cut
    assert view(told, NOTE)["note"] != cut.replace("told of […]", "told of Fennel")
    rest = "Northmoor, told of Fennel and Home Farm"
    assert view(told, NOTE, town, clear)["note"] == f"[…], […], {rest}"
    masked = make.share("4.4", "name", form=Form.MASK)
    assert view(told, NOTE, masked)["note"] != f"Robin{cut.removeprefix('[…]')}"


def test_the_key_above_a_doubtful_text_hides_as_little_as_the_text() -> None:
    """Rule 4: what is cut out of one text never depends on the doubt of another."""
    told = event(note="seen at Hillside", letters={"Hillside": "\x07"})
    texts = make.share("4.2", "letters", form=Form.SCRUBBED)
    keys = make.share("4.3", "letters")
    assert field(told, "/letters/Hillside", NOTE, texts, keys).reason is Reason.DOUBTFUL_TEXT
    assert view(told, NOTE, texts, keys)["note"] == told.value["note"]
    assert view(told, NOTE)["note"] != told.value["note"]


def test_text_of_the_recipients_own_kin_is_withheld() -> None:
    """Leak T13: nobody may ask, by what it writes, what is hidden from it."""
    for name, parent in (("elm-school", make.PUBLISHER), (make.PUBLISHER, "elm-school")):
        agencies = [make.agency(name, part_of=parent)]
        found = field(event(note="she came"), "/note", NOTE, agencies=agencies)
        assert (found.released, found.clause, found.reason) == (False, None, Reason.OWN_TEXT)
        doubted = decided(event(note="\x07"), NOTE, agencies=agencies)
        assert Reason.OWN_TEXT in {one.reason for one in doubted.fields}
