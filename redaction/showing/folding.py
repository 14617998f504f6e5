"""How texts are compared: two foldings, and the tokens of a folded text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# letters that Unicode does not take apart
_LETTERS: Final = {
    **{"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d"},
    **{"þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĳ": "ij"},
}
_SPELT: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_TOKEN: Final = re.compile("[A-Za-z0-9]+")


def folded(text: str, *, spelt: bool) -> str:
    """A text without accents and odd spellings; what was upper case still is.

    Args:
        text: any text.
        spelt: ü, ö, ä, ø and å become ue, oe, ae, oe and aa; else u, o, a, o and a.
    """
    if text.isascii():
        return text
    return "".join(_character(c, spelt) for c in unicodedata.normalize("NFKC", text))


def both(text: str) -> tuple[str, ...]:
    """The text in each folding, once where they are the same."""
    plain, spelt = folded(text, spelt=False), folded(text, spelt=True)
    return (plain,) if plain == spelt else (plain, spelt)


def tokens(folded_text: str) -> list[str]:
    """The longest runs of letters and digits of a folded text, in lower case."""
    return [token.lower() for token in _TOKEN.findall(folded_text)]


def placed(folded_text: str) -> Iterator[re.Match[str]]:
    """The tokens with their places, as they stand."""
    return _TOKEN.finditer(folded_text)


def _character(character: str, spelt: bool) -> str:
    folded_case = character.casefold()
    if spelt and folded_case in _SPELT:
        told = _SPELT[folded_case]
        return told.upper() if character.isupper() else told
    parts = unicodedata.normalize("NFKD", folded_case)
    kept = (
        c for c in parts if unicodedata.category(c)[0] != "M" and unicodedata.category(c) != "Cf"
    )
    told = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else _LETTERS.get(c, c) for c in kept
    )
    return told.upper() if character.isupper() else told
