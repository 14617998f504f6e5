"""How hard pages are to read: the formulas on published figures, and the target held."""

from __future__ import annotations

import pytest

from redaction.explain import Reader
from redaction.explain.readability import (
    Counts,
    count,
    fernandez_huerta,
    flesch_kincaid_grade,
    readability,
    shown,
    syllables,
    wiener_sachtextformel,
)
from tests.redaction.explained import FOLDERS, LANGUAGES, catalog, example, page


def counts(**given: int) -> Counts:
    known = {"sentences": 1, "words": 1, "syllables": 1, "monosyllables": 0}
    return Counts(**{"polysyllables": 0, "long_words": 0, **known, **given})


def test_flesch_kincaid_gives_published_grades() -> None:
    """A book of 5.7 words a sentence and 1.02 syllables a word has grade -1.3."""
    book = counts(sentences=100, words=570, syllables=581)
    assert flesch_kincaid_grade(book) == pytest.approx(-1.3, abs=0.05)
    # The grade and the reading ease (206.835 - 1.015 w/s - 84.6 s/w) come from the same counts:
    # thirteen words of 24 syllables have the ease 37.455, and by the grade's weights 11.26.
    platypus = count(
        ["The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."], "en"
    )
    assert (platypus.sentences, platypus.words) == (1, 13)
    exact = counts(words=13, syllables=24)
    assert flesch_kincaid_grade(exact) == pytest.approx(11.26, abs=0.01)
    assert flesch_kincaid_grade(platypus) == pytest.approx(11.26, abs=1)


def test_wiener_sachtextformel_weighs_its_four_terms() -> None:
    """Each of the first formula's terms, by itself, has its published weight."""
    base = wiener_sachtextformel(counts(words=100))
    assert base == pytest.approx(0.1672 * 100 - 0.875)
    assert wiener_sachtextformel(counts(words=100, polysyllables=10)) - base == pytest.approx(1.935)
    assert wiener_sachtextformel(counts(words=100, long_words=10)) - base == pytest.approx(1.297)
    assert wiener_sachtextformel(counts(words=100, monosyllables=10)) - base == pytest.approx(
        -0.327
    )


def test_wiener_sachtextformel_tells_a_rhyme_from_an_office_letter() -> None:
    rhyme = (
        "Alle meine Entchen schwimmen auf dem See, Köpfchen in das Wasser, Schwänzchen in die Höh."
    )
    letter = (
        "Die Bewilligung von Eingliederungsleistungen setzt eine rechtzeitige Antragstellung "
        "einschließlich vollständiger Einkommensnachweise sämtlicher Haushaltsangehörigen voraus."
    )
    assert wiener_sachtextformel(count([rhyme], "de")) < 5
    assert wiener_sachtextformel(count([letter], "de")) > 15


def test_fernandez_huerta_is_flesch_with_its_own_weights() -> None:
    """Two syllables a word and ten words a sentence: 206.84 - 120 - 10.2."""
    assert fernandez_huerta(counts(sentences=10, words=100, syllables=200)) == pytest.approx(76.64)


@pytest.mark.parametrize(
    ("language", "known"),
    [
        ("en", {"agency": 3, "perpetrator": 4, "name": 1, "agreed": 2, "police": 2, "asked": 1}),
        ("de", {"polizei": 3, "abend": 2, "oder": 2, "beschuldigte": 4, "kind": 1, "oma": 2}),
        ("es", {"policía": 4, "día": 2, "leer": 2, "que": 1, "edad": 2, "aunque": 2, "ahora": 3}),
    ],
)
def test_syllables_are_counted_about_right(language: str, known: dict[str, int]) -> None:
    assert {word: syllables(word, language) for word in known} == known


def test_dates_and_numbers_end_no_sentence() -> None:
    """A dot after a figure would make texts look easier than they are."""
    assert count(["Das gilt vom 1. September 2026 an."], "de").sentences == 1
    assert count(["It holds. It ends."], "en").sentences == 2


def test_a_text_without_words_has_no_figure() -> None:
    with pytest.raises(ValueError, match="without words"):
        count(["…"], "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("reader", [Reader.VICTIMS, Reader.PERPETRATORS])
def test_pages_for_people_are_for_readers_of_twelve(
    folder: str, reader: Reader, language: str
) -> None:
    found = readability(page(example(folder), reader, language).sentences(), language, reader)
    assert found.met, found


@pytest.mark.parametrize("reader", [Reader.PROFESSIONALS, Reader.AUTHORITY])
def test_pages_for_work_have_a_figure_without_a_target(reader: Reader) -> None:
    found = readability(page(example(FOLDERS[0]), reader).sentences(), "en", reader)
    assert (found.target, found.met) == (None, None)
    assert "Target" not in shown(found, catalog("en"))


def test_a_page_says_that_it_misses_the_target() -> None:
    hard = [
        "Notwithstanding jurisdictional irregularities, confidentiality considerations prevail."
    ]
    found = readability(hard, "en", Reader.VICTIMS)
    assert found.met is False
    assert shown(found, catalog("en")).endswith("not met.")
