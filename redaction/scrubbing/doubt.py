"""When a text is withheld whole: it cannot be said for certain what scrubbing would leave.

Doubt depends on the values that a decision hides and on the one text, never on another text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from redaction.scrubbing.classes import ANSWERS, EVERYDAY, Class, class_of, without_particles
from redaction.scrubbing.folding import Tokens, foldings, words_of
from redaction.scrubbing.runs import runs
from redaction.scrubbing.values import Telling, Values

MAX_TEXT: Final = 20_000  # characters; ten pages, and more than a note has
FEW_DIGITS: Final = 4  # a number with more is looked for in all its spellings
FEW_LETTERS: Final = 2  # a word with more can be looked for by itself

_PLAIN_TEXT = re.compile(r"[\t\n\r\x20-\x7e]*")
_DECIMAL = re.compile(r"(?<![a-z0-9])([0-9]+)[.,](?=([0-9]+)(?![a-z0-9]))")
_NUMBER = re.compile(r"(?<![a-z0-9])[0-9]+(?![a-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What makes a text doubtful that has it; `all_texts` says that each is.

    `words` are folded, `numbers` digits without leading zeros; `decimals` are those of them that
    may have a point or comma inside.
    """

    all_texts: bool
    words: frozenset[str] = field(repr=False)
    numbers: frozenset[str] = field(repr=False)
    decimals: frozenset[str] = field(repr=False)


def doubts_of(values: Values) -> Doubts:
    """What of the hidden values cannot be cut out without doubt."""
    words: set[str] = set()
    strange = False
    for telling, text in values.strings:
        if telling is Telling.SYMBOL:
            continue
        for folded in foldings(text):
            tokens = words_of(folded.text)
            kind = class_of(telling, len(tokens))
            strange |= kind is not Class.LONG and is_strange(text)
            words |= _doubtful(kind, tokens)
    return Doubts(
        all_texts=strange,
        words=frozenset(words),
        numbers=frozenset(n for n in values.numbers | values.decimals if len(n) <= FEW_DIGITS),
        decimals=frozenset(n for n in values.decimals if len(n) <= FEW_DIGITS),
    )


def is_doubtful(text: str, doubts: Doubts) -> bool:
    """Whether a text has to be withheld whole."""
    if doubts.all_texts or len(text) > MAX_TEXT or is_strange(text):
        return True
    if not (doubts.words or doubts.numbers):
        return False
    return any(
        _shows_word(Tokens(folded.text), doubts.words) or _shows_number(folded.text, doubts)
        for folded in foldings(text)
    )


def is_strange(text: str) -> bool:
    """Whether a text has a letter that no Latin letter is meant by, or a character that is none."""
    if _PLAIN_TEXT.fullmatch(text):
        return False
    if any(_is_no_character(c) for c in text):
        return True
    return any(c > "\x7f" and c.isalpha() for each in foldings(text) for c in each.text)


def _is_no_character(c: str) -> bool:
    return c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs")


def _doubtful(kind: Class, tokens: list[str]) -> set[str]:
    """The words of a hidden string that stand in many a text without meaning it."""
    match kind:
        case Class.NAME:
            return {token for token in without_particles(tokens) if _is_vague(token)}
        case Class.SHORT if len(tokens) == 1 and tokens[0] not in ANSWERS:
            few = len(tokens[0]) <= FEW_LETTERS or tokens[0] in EVERYDAY
            return set(tokens) if few else set()
        case _:
            return set()


def _is_vague(token: str) -> bool:
    """Whether a word of a name is an everyday one or has two letters; one alone is an initial."""
    return token in EVERYDAY if len(token) > FEW_LETTERS else len(token) > 1 and token.isalpha()


def _shows_number(folded: str, doubts: Doubts) -> bool:
    if any((n.lstrip("0") or "0") in doubts.numbers for n in _NUMBER.findall(folded)):
        return True
    pairs = _DECIMAL.findall(folded) if doubts.decimals else ()
    return any(((whole + part).lstrip("0") or "0") in doubts.decimals for whole, part in pairs)


def _shows_word(tokens: Tokens, words: frozenset[str]) -> bool:
    return any(
        run.begins and (run.rest == "" or (run.rest == "s" and run.first == run.last))
        for word in words
        for run in runs(tokens, word)
    )
