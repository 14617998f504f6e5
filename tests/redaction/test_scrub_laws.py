"""Scrubbed text: what holds of every text and every hidden value."""

from __future__ import annotations

import re
import sys
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.scrubbing.cutting import GAP, scrub
from redaction.scrubbing.doubt import doubts_of, is_doubtful
from redaction.scrubbing.folding import fold, foldings, words_of
from redaction.scrubbing.hidden import Hidden
from tests.redaction.hiding import hiding, values

LETTERS = "annexämplüßliwø 0123479-./()+,…[]@ÄÉ\u0301\u0308\u200b\nABE"
texts = st.text(st.sampled_from(LETTERS), max_size=60)
names = st.lists(st.text(st.sampled_from("annexämlwüø ABE"), max_size=14), max_size=3)
strings = st.lists(st.text(st.sampled_from("anexämlwu 01479-+("), max_size=14), max_size=4)
hidden = st.builds(
    lambda people, words, days: hiding(*people, texts=words, dates=days),
    names,
    strings,
    st.lists(st.dates(date(1947, 1, 1), date(2019, 12, 31)), max_size=2),
)


@given(text=texts, known=hidden)
def test_scrubbing_twice_is_scrubbing_once(text: str, known: Hidden) -> None:
    once = scrub(text, known)
    assert scrub(once, known) == once


@given(text=texts, known=hidden)
def test_what_is_left_stood_in_the_text_in_that_order(text: str, known: Hidden) -> None:
    at = 0
    for piece in scrub(text, known).split(GAP):
        at = text.index(piece, at) + len(piece)


@given(text=texts, known=hidden)
def test_nothing_hidden_is_left(text: str, known: Hidden) -> None:
    """Neither as a word nor in whole words joined."""
    for folded in foldings(scrub(text, known)):
        tokens = words_of(folded.text)
        joined = {"".join(tokens[a:b]) for a in range(len(tokens)) for b in range(a + 1, a + 9)}
        assert not joined & known.runs
        assert not any(word in token for word in known.within for token in tokens)


@given(before=texts, after=texts, name=st.text(st.sampled_from("rstuvzRS"), min_size=3, max_size=9))
def test_a_name_that_was_put_into_a_text_is_gone(before: str, after: str, name: str) -> None:
    left = scrub(f"{before} ; {name} ; {after}", hiding(name))
    assert name not in left


@given(text=st.text(st.sampled_from("äbc dÓ,.:;!?\u0301\u200b…[]\n'"), max_size=60))
def test_nothing_hidden_and_no_pattern_leaves_the_text_as_it_is(text: str) -> None:
    assert scrub(text, Hidden()) == text
    assert scrub(text, hiding("Qqq", texts=["…", ""], dates=[date(1901, 1, 1)])) == text


@given(text=st.text(max_size=40))
def test_any_text_is_scrubbed_without_an_error(text: str) -> None:
    assert scrub(scrub(text, HIDDEN), HIDDEN) == scrub(text, HIDDEN)


HIDDEN = hiding("Ann Exämple", "Li Wu", texts=["4 Fennel Row", "07700 900123"])


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_folding_piece_by_piece_is_folding_whole(text: str) -> None:
    """Where the standard library folds Latin letters, so do we, and each place is known."""
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(
        0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True)
    )
    ascii_letters = "".join(
        c
        for c in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        if "a" <= c <= "z"
    )
    kept = "".join(c for c in folded.text if "a" <= c <= "z")
    letters = iter(kept)
    assert all(c in letters for c in ascii_letters)


@given(first=st.sampled_from("äöüøåÄÖÜØÅ"), rest=st.sampled_from(["", "n", "ß"]))
def test_umlauts_are_folded_both_ways(first: str, rest: str) -> None:
    apart = unicodedata.normalize("NFD", first)
    both = [each.text for each in foldings(first + rest)]
    assert len(both) == 2
    assert both[1][1] == "e" or both[1].startswith("aa")
    assert [each.text for each in foldings(apart + rest)] == both


def test_nothing_of_an_event_is_compiled_or_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the standard library compiles stays in its cache when the event is long gone."""

    def refuse(pattern: object, flags: object) -> None:
        raise AssertionError(pattern)

    monkeypatch.setattr(re, "_compile", refuse)
    known = hiding("Zor Quell", texts=["4 Farr Row"], dates=[date(2015, 4, 9)], numbers=[73015])
    told = "Zör Quell, 4 Farr Row, 9/4/2015, 73 015, zq@example.org, 12 Elm Road"
    assert scrub(told, known) == ", ".join([GAP] * 6)
    assert is_doubtful("Öl", doubts_of(values(names=["Öl"])))


def _steps(size: int) -> int:
    """How many calls and returns scrubbing a text of so many characters makes, with 200 values."""
    known = hiding(
        *(f"Zor{chr(97 + n % 26)}{chr(97 + n // 26)}x Quell{n}" for n in range(100)),
        texts=[f"{n} Farr{chr(97 + n % 26)}{chr(97 + n // 26)} Row" for n in range(100)],
    )
    piece = "Then Zoraax came at 4 Row with 07700 900123, a b c d row row 1/2 3/4 Ann. "
    text = (piece * (size // len(piece) + 1))[:size]
    seen = 0

    def tick(frame: object, event: str, argument: object) -> None:
        nonlocal seen
        seen += 1

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        scrub(text, known)
    finally:
        sys.setprofile(before)
    return seen


def test_the_work_grows_with_the_text_not_with_its_square() -> None:
    """20,000 characters and 200 hidden values: eight times the text, about eight times the work."""
    assert _steps(20_000) < 12 * _steps(2_500)
