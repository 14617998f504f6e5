"""The catalogues: every sentence in every language, with its parts, and nothing else."""

from __future__ import annotations

import string
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog as Messages
from babel.messages.pofile import read_po, write_po

from redaction.explain import Catalog, Reader, explain
from redaction.explain.catalog import SOURCE
from tests.redaction.explain_messages import LOCALE, allowed, contextual, wanted
from tests.redaction.explained import FOLDERS, LANGUAGES, TYPES, VOCABULARY, example

TRANSLATED = [one for one in LANGUAGES if one != SOURCE]


def messages(language: str) -> Messages:
    return read_po(BytesIO((LOCALE / f"{language}.po").read_bytes()), locale=language)


def texts(said: object) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (str(said),)


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_two_languages_beside_english() -> None:
    assert {"de", "en", "es"} <= set(LANGUAGES)


def test_the_scan_finds_sentences_of_every_kind() -> None:
    """Without this, a scan that finds nothing would hold every catalogue complete."""
    found = wanted()
    assert len(found) > 300
    for key in (
        (None, "Whom we may tell: {who}"),
        (None, "They may keep it for {n} day."),
        (None, "only the town"),
        (None, "The victim's name"),
        ("to victims", "The victim's name"),
        ("if it is so", "Whether somebody was arrested"),
        ("a value", "sexual violence"),
    ):
        assert key in found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_sentence_and_no_other(language: str) -> None:
    needed = contextual() if language == SOURCE else wanted()
    may = {**wanted(), **allowed()}
    known = messages(language)
    said = {(m.context, texts(m.id)[0]): m for m in known if m.id}
    assert needed.keys() <= said.keys()
    assert said.keys() <= may.keys()
    assert not known.obsolete
    for key, message in said.items():
        assert texts(message.id) == may[key]
        assert not message.fuzzy, key
        assert all(texts(message.string)), key
        assert len(texts(message.string)) == len(texts(message.id)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_same_parts(language: str) -> None:
    for message in messages(language):
        if message.id:
            for source, said in zip(texts(message.id), texts(message.string), strict=True):
                assert parts(said) == parts(source), source


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_missing_sentence_is_no_half_translation(language: str) -> None:
    """A catalogue that lacks one sentence makes no page, rather than one in two languages."""
    known = messages(language)
    known.delete("They may know:")

    out = BytesIO()
    write_po(out, known)
    lacking = Catalog(language, out.getvalue())
    with pytest.raises(LookupError, match="They may know"):
        explain(example(FOLDERS[0]), TYPES, VOCABULARY, reader=Reader.VICTIMS, catalog=lacking)


def test_unusable_languages_are_refused() -> None:
    for language, po in (("xx-nowhere", None), ("de", None), ("de", b"msgid nothing")):
        with pytest.raises(ValueError, match="no"):
            Catalog(language, po)


@pytest.mark.parametrize("language", TRANSLATED)
def test_words_for_persons_fit_any_gender(language: str) -> None:
    """Victims need not be women, nor perpetrators men."""
    gendered = {
        "de": ("Täter", "Opfer, die sie"),
        "es": ("agresor", "el acusado", "el padre agresor"),
    }
    text = (LOCALE / f"{language}.po").read_text(encoding="utf-8")
    for word in gendered[language]:
        assert word not in text
