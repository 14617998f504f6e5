"""Rule 4: in doubt a text is withheld whole, literally.

A hidden value may be a word that says nothing by itself: a name like `Will`, a number like 7. It
cannot be cut out without cutting sentences to pieces, and whoever reads on would know it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from redaction.agreement import Form
from redaction.decision import FieldDecision, Reason
from redaction.reference.places import Case, places
from redaction.showing import Values, hidden_values
from redaction.showing.folding import both, tokens
from redaction.showing.tables import ANSWERS, EVERYDAY, is_particle
from redaction.showing.values import Figure, Sort, Text

MOST_CHARACTERS = 20_000  # of a text; more are not looked through
SHORT = 2  # characters of a value that is as common as an everyday word
FEW_DIGITS = 4  # of a number that stands anywhere


def withheld_in_doubt(case: Case, fields: tuple[FieldDecision, ...]) -> tuple[FieldDecision, ...]:
    """The decided leaves of an event, those texts withheld that would be scrubbed in doubt."""
    if all(decided.form is not Form.SCRUBBED for decided in fields):
        return fields
    values = hidden_values(case.event, fields, case.vocabulary)
    return tuple(
        replace(decided, released=False, form=None, clause=None, reason=Reason.DOUBTFUL_TEXT)
        if decided.form is Form.SCRUBBED
        and place.value is not None
        and is_doubtful(place.value, values)
        else decided
        for place, decided in zip(places(case.event), fields, strict=True)
    )


def hides_nothing_doubtful(values: Values) -> bool:
    """Whether every hidden value that is not long is written in letters that can be compared."""
    return not any(
        _is_strange(one.text) for one in values.texts if one.sort in (Sort.NAME, Sort.SHORT)
    )


def is_doubtful(text: str, values: Values) -> bool:
    """Whether a text must be withheld, being too long, strange, or holding a doubt word or number.

    Args:
        text: the text as the publisher wrote it.
        values: what the decision hides, by what was decided before doubt.
    """
    if len(text) > MOST_CHARACTERS or _is_strange(text) or not hides_nothing_doubtful(values):
        return True
    words = {word for one in values.texts for word in doubt_words(one)}
    return any(
        _says(words, tokens(written)) or _counts(values.figures, written) for written in both(text)
    )


def doubt_words(one: Text) -> Iterator[str]:
    """The words of a hidden text that are too common to be cut out of other texts.

    Of a name: its words of two letters and its everyday words, but for particles within it. Of
    another short value: the value itself, if it is one word that is everyday or very short.
    """
    for written in both(one.text):
        words = tokens(written)
        if one.sort is Sort.NAME:
            for index, word in enumerate(words):
                brief = len(word) == SHORT and word.isalpha()
                common = len(word) > SHORT and word in EVERYDAY
                if (brief or common) and not is_particle(words, index):
                    yield word
        elif one.sort is Sort.SHORT and len(words) == 1:
            (word,) = words
            if (len(word) <= SHORT or word in EVERYDAY) and word not in ANSWERS:
                yield word


def _is_strange(text: str) -> bool:
    """A character that stands for no text, or a letter that does not fold to one of a to z."""
    return any(_is_no_text(c) for c in text) or any(
        c.isalpha() and not c.isascii() for written in both(text) for c in written
    )


def _is_no_text(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Co", "Cn", "Cs") or (category == "Cc" and character not in "\t\n\r")


def _says(words: set[str], found: Sequence[str]) -> bool:
    """Whether a word stands as a token, with an s, or spread over neighbouring tokens."""
    if any(token in words or token.removesuffix("s") in words for token in found):
        return True
    longest = max(map(len, words), default=0)
    for start in range(len(found)):
        run = ""
        for token in found[start:]:
            run += token
            if len(run) > longest:
                break
            if run in words:
                return True
    return False


def _counts(figures: Sequence[Figure], written: str) -> bool:
    """Whether a number of few digits stands as a token, a decimal also with its point."""
    few = [one for one in figures if len(one.digits) <= FEW_DIGITS]
    whole, parted = {one.digits for one in few}, {one.digits for one in few if one.decimal}
    return any(_plain(token) in whole for token in tokens(written) if token.isdigit()) or any(
        _plain(a + b) in parted
        for a, b in re.findall(r"(?<![A-Za-z0-9])([0-9]+)[.,](?=([0-9]+)(?![A-Za-z0-9]))", written)
    )


def _plain(digits: str) -> str:
    return digits.lstrip("0") or "0"
