"""Scrubbed text: in doubt the whole text is withheld."""

from __future__ import annotations

from typing import Any

import pytest

from redaction.agreement import Form, Share
from redaction.decide import foresee
from redaction.decision import Gate, Reason
from redaction.scrubbing.doubt import MAX_TEXT, doubts_of, is_doubtful
from schemas.codec import WITHHELD
from tests.redaction.asked import REFERENCE, Asked
from tests.redaction.builders import AT, PUBLISHER, PURPOSE, agency, audience, register, share
from tests.redaction.hiding import values

DOUBTS = doubts_of(
    values(
        names=["Will Öz", "Jo van Tarn", "A Ferrow Little", "Al de Ferrow", "Ferrow Mc"],
        texts=["so", "4", "the old mill", "no"],
        symbols=["may", "no"],
        numbers=[3, 12, 0, 99999],
        decimals=["150", "12345"],
    )
)
NONE = doubts_of(values())


@pytest.mark.parametrize(
    "text",
    [
        "Иван came",
        "李 came",
        "Αnn",
        "a\u0000b",
        "a\u0085b",
        "a\ue000b",
        "a\u0378b",
        "a\ud800b",
        "ʼn",
    ],
)
def test_a_letter_that_no_latin_letter_is_meant_by_makes_doubt(text: str) -> None:
    """Doubt a: it may be read as one, and is not looked for."""
    assert is_doubtful(text, NONE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tab\tand\r\nline",
        "Müller, Łódź, Þór, Ærø",
        "½ ﬁt № 5 … “x” €5 😀",
        "n\u0303 \u200b",
        "١٢",
    ],
)
def test_letters_of_europe_make_no_doubt(text: str) -> None:
    assert not is_doubtful(text, NONE)


@pytest.mark.parametrize(
    ("hidden", "doubtful"),
    [
        (values(names=["Иван"]), True),
        (values(texts=["дом 4"]), True),
        (values(symbols=["дом"]), False),
        (values(texts=["a b c d e f g h i дом"]), False),
        (values(names=["Łukasz Ærø"]), False),
    ],
)
def test_a_hidden_value_that_cannot_be_looked_for_makes_doubt(hidden: Any, doubtful: bool) -> None:
    """Doubt b: no text is safe from it."""
    assert is_doubtful("Something else.", doubts_of(hidden)) is doubtful


@pytest.mark.parametrize(
    "text",
    [
        *(
            "I will go",
            "WILLS",
            "w-i l\nl",
            "Öz",
            "Oz",
            "O.z.",
            "jo",
            "Jos",
            "little",
            "Al's",
            "mc",
            "in so far",
        ),
        *("at 4", "3 children", "٣ children", "no. 012", "0", "00", "at 10:03", "1.50", "1,50"),
    ],
)
def test_a_word_or_number_too_common_to_cut_makes_doubt(text: str) -> None:
    """Doubt c: cutting it out would take sentences apart, and leaving it could name somebody."""
    assert is_doubtful(text, DOUBTS)


@pytest.mark.parametrize(
    "text",
    [
        "I may go",
        "no",
        "van",
        "a lot",
        "the old",
        "unwilling joy",
        "3rd of 31",
        "99999",
        "15,01",
        "oez",
    ],
)
def test_what_can_be_cut_or_tells_nothing_makes_no_doubt(text: str) -> None:
    assert not is_doubtful(text, DOUBTS)


def test_a_very_long_text_makes_doubt() -> None:
    """Doubt d: nobody can say what stands in it."""
    assert not is_doubtful("a" * MAX_TEXT, NONE)
    assert is_doubtful("a" * (MAX_TEXT + 1), NONE)


def test_what_makes_doubt_is_in_no_message() -> None:
    assert "will" not in repr(DOUBTS)


TEXT = share("1", ["incident.circumstances", "incident.injuries"], form=Form.SCRUBBED)


def story(
    *clauses: Share, name: str | None = "Will Ferrow", texts: Any = None, **changes: Any
) -> Asked:
    told = {"circumstances": "He will go.", "injuries": "none seen", **(texts or {})}
    return Asked([TEXT, *clauses], {"incident": told, "victim": {"name": name}}, **changes)


def test_a_doubtful_text_is_withheld_and_says_why() -> None:
    made = story(REFERENCE)
    assert made.why("/incident/circumstances") == (None, None, Reason.DOUBTFUL_TEXT)
    assert made.why("/incident/injuries") == (Form.SCRUBBED, "1", Reason.SHARED)
    assert made.body["incident"]["circumstances"] is WITHHELD
    assert made.body["incident"]["injuries"] == "none seen"


def test_who_has_the_value_has_no_doubt() -> None:
    made = story(share("2", "victim.name"))
    assert made.body["incident"]["circumstances"] == "He will go."


def test_the_same_agreement_decides_each_event_by_its_own_values() -> None:
    """Nothing of one event outlives it in what an agreement is compiled to."""
    for name, reason in (("Will F", Reason.DOUBTFUL_TEXT), ("Ben F", Reason.SHARED)) * 2:
        assert story(REFERENCE, name=name).why("/incident/circumstances")[2] is reason


def test_where_all_that_is_shared_is_doubtful_nothing_is_delivered() -> None:
    made = story(texts={"injuries": "Will's arm"})
    assert (made.decision.gate, made.decision.fields) == (Gate.NOTHING_RELEASED, ())
    foreseen = foresee(
        made.event, made.register, made.words, recipient="elm-school", purpose=PURPOSE, at=AT
    )
    assert {leaf.reason for leaf in foreseen if leaf.path.startswith("/incident/c")} >= {
        Reason.DOUBTFUL_TEXT
    }


def test_no_text_is_no_doubt() -> None:
    made = story(REFERENCE, texts={"injuries": None})
    assert made.why("/incident/injuries") == (Form.SCRUBBED, "1", Reason.SHARED)
    assert made.body["incident"]["injuries"] is None


def test_doubt_of_one_text_never_depends_on_another() -> None:
    made = story(REFERENCE, texts={"injuries": "Иван", "circumstances": "cut"})
    assert made.why("/incident/injuries")[2] is Reason.DOUBTFUL_TEXT
    assert made.body["incident"]["circumstances"] == "cut"


def test_text_that_the_recipient_may_have_written_is_withheld_as_that() -> None:
    """T13: scrubbed against hidden values it would tell its writer which guesses are right."""
    unit = agency("unit", part_of=PUBLISHER)
    to_unit = (audience(agency="unit"),)
    made = story(REFERENCE, known=register(agencies=[unit]), audiences=to_unit, to="unit")
    assert made.why("/incident/circumstances") == (None, None, Reason.OWN_TEXT)
    masked = share("2", "incident.circumstances", form=Form.MASK)
    made = story(REFERENCE, masked, known=register(agencies=[unit]), audiences=to_unit, to="unit")
    assert made.why("/incident/circumstances") == (None, None, Reason.OWN_TEXT)
