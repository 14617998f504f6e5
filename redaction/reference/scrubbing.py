"""Rule 4: the form `scrubbed`, held to its law: any text that keeps it is equal to the answer.

Where each cut begins and ends is not said twice. A second set of cuts would repeat the first or
differ from it in nothing that matters; so what a scrubbed text must keep is said instead.
"""

from __future__ import annotations

import re

from redaction.showing import GAP, Hidden, is_cut_from, shows
from redaction.showing.folding import both, tokens

# what a pattern, a date, a number or initials cannot be without
_COULD_BE = re.compile(
    r"[0-9@/]|(?<![A-Za-z0-9])(?:[A-Za-z]|[A-Z]{2,})(?![A-Za-z0-9])|\.[A-Za-z]|(?i:\bdot\b)"
)
_PART = 3  # letters
_INITIALS = 6  # letters of a word that may be initials


class AnyScrubbing(str):
    """Stands in a view for a scrubbed text, and equals every lawful scrubbing of the original.

    Itself it is one gap, the shortest text that says nothing, so it can be written as JSON.
    """

    original: str
    hidden: Hidden

    def __new__(cls, original: str, hidden: Hidden) -> AnyScrubbing:
        """Remember what was written and what is hidden."""
        made = super().__new__(cls, GAP)
        made.original, made.hidden = original, hidden
        return made

    def __eq__(self, other: object) -> bool:
        """Whether a text is a lawful scrubbing; of two of these, whether they say the same."""
        if isinstance(other, AnyScrubbing):
            mine, theirs = (one.hidden.values for one in (self, other))
            return (self.original, mine) == (other.original, theirs)
        return isinstance(other, str) and is_lawful(str(other), self.original, self.hidden)

    def __ne__(self, other: object) -> bool:
        """The contrary; a text has its own otherwise."""
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # equal texts would have to have equal hashes

    def __repr__(self) -> str:
        """Not the original, which may not be shown."""
        return "<any scrubbing>"


def is_lawful(text: str, original: str, hidden: Hidden) -> bool:
    """Whether a text is the original with parts cut out, enough of them, and none for nothing."""
    if not is_cut_from(text, original) or shows(text, hidden):
        return False
    return text == original or could_be_meant(original, hidden)


def could_be_meant(original: str, hidden: Hidden) -> bool:
    """Whether anything in a text could be taken for a part of a hidden value or for a pattern.

    Where this says no, nothing may be cut. Three letters in a row of a hidden value are enough to
    say yes, and so is a digit, a sign of addresses, a letter by itself, a run of
    capitals, or a short word of first letters.
    """
    if GAP in original:
        return True
    told = {part for value in hidden.joined | hidden.beside for part in _parts(value)}
    firsts = {value[0] for value in hidden.beside}
    for written in both(original):
        found = tokens(written)
        if _COULD_BE.search(written) or any(
            len(t) <= _INITIALS and firsts >= set(t) for t in found
        ):
            return True
        if not told.isdisjoint((*_parts("".join(found)), *found)):
            return True
    return False


def _parts(letters: str) -> set[str]:
    """Every three letters in a row, or all where there are no more."""
    return {letters[at : at + _PART] for at in range(max(1, len(letters) - _PART + 1))}
