"""Whether a text is another with parts cut out."""

from __future__ import annotations

from typing import Final

GAP: Final = "[…]"


def is_cut_from(text: str, original: str) -> bool:
    """Whether a text is another with some parts cut out, a gap in place of each.

    A gap stands for at least one character, so it says that something was there.
    """
    first, *parts = text.split(GAP)
    if not parts:
        return text == original
    if not original.startswith(first):
        return False
    at = len(first)
    for part in parts[:-1]:
        found = original.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return len(original) - len(parts[-1]) > at and original.endswith(parts[-1])
