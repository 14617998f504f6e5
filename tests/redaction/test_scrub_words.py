"""Scrubbed text: hidden names and words, however they are written."""

from __future__ import annotations

import pytest

from redaction.scrubbing.cutting import scrub
from tests.redaction.hiding import hiding

HIDDEN = hiding(
    "Ann Exämple",
    "Li Wu",
    "Björn van der Straaten",
    "Robert May",
    texts=["4 Fennel Row", "NM-2026-0042", "ZZ1 1ZZ", "blue Tessell van", "The Old Mill"],
)
LONG = (
    "Came to the surgery with her sister Oona on foot, said that Farrowdale bus 4X12 was late, "
    "and left without a word about it."
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann Example came.", "[…] came."),
        ("ANN came; ann came", "[…] came; […] came"),
        ("ann-EXAMPLE came", "[…] came"),
        ("Exa\u0301mple!", "[…]!"),
        ("A\u200bn\u034fn\u00ad's car", "[…]'s car"),
        ("Ann’s car and Anns car", "[…]’s car and […] car"),
        ("two Examples, two Exampleen", "two […], two […]"),
        ("Exaemple und Exämple", "[…] und […]"),
        ("Bjorn, Bjoern, Björn", "[…], […], […]"),
        ("ＡＮＮ said", "[…] said"),
        ("A n n said", "[…] said"),
        ("E-x-a-m-p-l-e said", "[…] said"),
        ("Exam-\nple said", "[…] said"),
        ("unexampled", "[…]"),  # a word of five letters is hidden inside others too
        ("AnnExample, exampleann, aexample, AnnE", "[…], […], […], […]"),
        ("annexample1990 and AExample07", "[…] and […]"),
        ("van der Straaten came, Vanderstraaten too", "[…] came, […] too"),
        ("Example Ann", "[…]"),  # or the gaps would tell of how many words a name is
        ("at 4 Fennel Row, in FENNEL", "at […], in […]"),
        ("at zz11zz, ZZ1-1ZZ, in ZZ1", "at […], […], in […]"),
        ("case NM 2026 0042, NM20260042", "case […], […]"),
        ("a Tessell, a blue one", "a […], a blue one".replace("blue", "[…]")),
        ("at the old mill", "at […]"),
    ],
)
def test_hidden_words_are_found_however_they_are_written(text: str, left: str) -> None:
    assert scrub(text, HIDDEN) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Annex and a planned annexe",
        "the row was parked off-street",
        "Lia Wurm",
        "Liwux",
        "x½…",
        "He ran for the van.",
        "the old one",
        "She may come, as mother said.",
        "I saw a man. A man saw me.",
        "[…] is a mark of the writer's",
    ],
)
def test_what_only_looks_like_a_hidden_word_is_left(text: str) -> None:
    assert scrub(text, HIDDEN) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("AE said so, and A.E. and A E too", "[…] said so, and […]. and […] too"),
        ("E.A. said", "[…]. said"),
        ("B.v.d.S. and BVDS and bs", "[…]. and […] and […]"),
        ("saw L. and W", "saw […]. and […]"),
        ("E. said", "[…]. said"),
        ("A said, E said", "A said, E said"),  # letters that are words by themselves
        ("w said", "w said"),
        ("Ann E came", "[…] came"),
    ],
)
def test_initials_of_a_hidden_name_are_cut(text: str, left: str) -> None:
    assert scrub(text, HIDDEN) == left


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("Rhys D'Arcy", "DArcyRhys, rdarcy31, darcyr, d'arcy", "[…], […], […], […]"),
        ("Alice van der Berg", "vanderberga, vanderberg_alice, a.vanderberg", "[…], […], […]"),
        ("Zoe Okonkwo-Bell", "z-okonkwobell, zob, OBZ", "[…], […], OBZ"),
        ("Jane Smythe-Cole", "JS and SJ, JC and JSC", "[…] and […], […] and […]"),
        ("Finn Æbelø", "F.Æ. or Æ. F., FÆ, Æbelö", "[…]. or […]., […], […]"),
        ("Finn Öberg", "F.Ö. or FO", "[…]. or […]"),
        ("Bo Van", "a van came", "a […] came"),  # the only last word is no particle
        ("Bo van Ferrow", "a van came", "a van came"),
        ("Bo van Orrin Da Ferrow Cole", "BOC, BVOD, CB", "[…], […], […]"),
        ("Zoë Ælred", "Zoë Æ, then", "[…], then"),
        ("Tim Kind", "die Kindn, des Kindes", "die […], des […]"),
        ("María del Pilar Gómez Ferrow", "MG and MF and MP", "[…] and […] and […]"),
    ],
)
def test_names_of_several_words_are_hidden_in_their_groups(name: str, text: str, left: str) -> None:
    assert scrub(text, hiding(name)) == left


def test_initials_that_are_an_everyday_word_are_cut_in_capitals_only() -> None:
    hidden = hiding("Ivo Tarn")
    assert scrub("it is IT who saw it", hidden) == "it is […] who saw it"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Robert May came", "[…] came"),
        ("May Robert", "[…]"),
        ("in May, Robert", "in […]"),
        ("Fennel Row 4 is in a row", "[…] is in a row"),
        ("Row. \nFennel", "Row. \n[…]"),  # another sentence begins
        ("4, … Fennel", "4, … […]"),  # too far away
        ("saw Ann Example, Li", "saw […], […]"),
        ("the wide row, Fennel", "the wide […], […]"),
        ("F e n n e l   R o w", "[…]"),
        ("4\r\n    Fennel\r\n    Row", "[…]"),
        ("Fennel Ro-\nw and FennelRow", "[…] and […]"),
        ("r o w at Fennel", "r o w at […]"),
        ("[…] May", "[…] […]"),  # the writer's own mark may be of an earlier scrubbing
    ],
)
def test_the_everyday_rest_of_a_value_is_cut_beside_a_cut(text: str, left: str) -> None:
    assert scrub(text, HIDDEN) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (LONG, "[…]."),
        ("Oona, Farrowdale and 4X12", "[…], […] and […]"),
        ("She came to the surgery with a friend", "She […] a friend"),
        ("She CAME,\nto-the surgery with us", "She […] us"),
        ("to the surgery with a friend", "to the surgery with a friend"),
        ("on foot, left without a word", "on foot, left without a word"),
    ],
)
def test_a_long_text_is_hidden_by_what_tells_it(text: str, left: str) -> None:
    assert scrub(text, hiding(texts=[LONG])) == left


def test_symbols_of_enums_are_hidden_unless_all_their_words_are_everyday() -> None:
    hidden = hiding(symbols=["separated", "lives_with-partner", "not_known", "NO", "other_person"])
    assert scrub("They are separated.", hidden) == "They are […]."
    assert scrub("He lives with her partner", hidden) == "He lives with her partner"
    assert scrub("She lives with partner and child", hidden) == "She […] and child"
    assert scrub("It is not-known to any other person", hidden).endswith("any other person")
    assert scrub("no, none", hidden) == "no, none"


def test_the_last_words_of_a_name_are_hidden_in_one() -> None:
    hidden = hiding("Jane van der Berg")
    assert scrub("vanderBerg, the vanderbergs", hidden) == "[…], the […]"
    assert scrub("He came van der Bahn", hidden) == "He came van der Bahn"


def test_a_street_is_hidden_run_together_without_its_number() -> None:
    assert scrub("at ElmOakRow", hiding(texts=["4 Elm Oak Row"])) == "at […]"


def test_the_outward_part_of_a_postcode_is_hidden_however_short() -> None:
    assert (
        scrub("moved to M1, off the M11", hiding(texts=["M1 1AE"])) == "moved to […], off the M11"
    )


def test_a_german_street_is_hidden_in_short_too() -> None:
    hidden = hiding(texts=["Fenchelstraße 104B"])
    assert scrub("Fenchelstr. 104B, in der Fenchelstr.", hidden) == "[…], in der […]."


def test_what_stands_together_after_a_cut_is_cut_too() -> None:
    assert scrub("Fen ZZ1 1ZZ nel", HIDDEN) == "[…]"


def test_how_much_was_removed_is_not_told() -> None:
    assert scrub("ann" + "\u0301" * 6, HIDDEN) == "[…]"
    assert scrub("Ann  Example\tLi\nWu", HIDDEN) == "[…]"


def test_a_text_made_to_need_ever_more_rounds_is_removed_whole() -> None:
    text = "Hello " + "tes " * 9 + "Fennel" + " sell" * 9
    assert scrub(text, HIDDEN) == "Hello […]"
    text = "Hello " + "tes " * 40 + "Fennel" + " sell" * 40
    assert scrub(text, HIDDEN) == "[…]"


def test_what_is_hidden_is_in_no_message() -> None:
    assert "fennel" not in repr(HIDDEN)
