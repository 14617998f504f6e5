"""Scrubbing as a decision asks for it: first which texts are doubtful, then what is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redaction.agreement import Form
from redaction.conditions import Circumstances
from redaction.decision import FieldDecision, Reason
from redaction.scrubbing.doubt import doubts_of, is_doubtful
from redaction.scrubbing.hidden import Hidden, hide
from redaction.scrubbing.values import Values, values_of
from schemas.registry import Vocabulary


def with_doubts(
    known: Circumstances, leaves: tuple[FieldDecision, ...], words: Vocabulary
) -> tuple[FieldDecision, ...]:
    """The decided leaves of an event, those withheld that were to be scrubbed and are doubtful.

    Args:
        known: the event and the agreement that governs.
        leaves: what became of each leaf by the agreement's clauses alone.
        words: the vocabulary.
    """
    if not any(leaf.form is Form.SCRUBBED for leaf in leaves):
        return leaves
    values = _values(known, {leaf.path: leaf for leaf in leaves}, words)
    doubts = doubts_of(values)
    doubtful = {path for path, text in values.texts.items() if is_doubtful(text, doubts)}
    if not doubtful:
        return leaves
    return tuple(_withheld(leaf) if leaf.path in doubtful else leaf for leaf in leaves)


def _withheld(leaf: FieldDecision) -> FieldDecision:
    return replace(leaf, released=False, form=None, clause=None, reason=Reason.DOUBTFUL_TEXT)


def hidden_from(
    known: Circumstances, decided: Mapping[str, FieldDecision], words: Vocabulary
) -> Hidden:
    """What the texts of an event must not tell to whom the decision was made for.

    Args:
        known: the event and the agreement that governs.
        decided: what became of each leaf, by its RFC 6901 pointer.
        words: the vocabulary.

    Raises:
        KeyError: the decision does not speak of a leaf that the event has.
    """
    return hide(_values(known, decided, words))


def _values(
    known: Circumstances, decided: Mapping[str, FieldDecision], words: Vocabulary
) -> Values:
    return values_of(known.event, decided, words, known.zone)
