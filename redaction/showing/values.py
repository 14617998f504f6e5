"""The values that one decision hides, each with how it may be recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, unique
from typing import Any, Final

from redaction.agreement import Form
from redaction.decision import FieldDecision, Reason
from redaction.showing.folding import folded, tokens
from schemas.codec import Event
from schemas.registry import Array, Field, Kind, Leaf, Map, Node, Record, Vocabulary

MAX_NAME_WORDS: Final = 6  # more are a sentence about somebody
MAX_SHORT_WORDS: Final = 8


@unique
class Sort(Enum):
    """How a text is recognised: a name also by its initials, a long text only by its parts."""

    NAME = "name"
    SHORT = "short"
    SYMBOL = "symbol"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A hidden text."""

    sort: Sort
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A hidden number: its digits, without a sign and leading zeros, `0` for nought."""

    digits: str
    decimal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """All that the recipient of one decision is shown in no text."""

    texts: tuple[Text, ...]
    figures: tuple[Figure, ...]
    dates: tuple[date, ...]


def hidden_values(event: Event, fields: Sequence[FieldDecision], vocabulary: Vocabulary) -> Values:
    """What a decision hides: what is withheld or shown in another form, and keys of nothing shown.

    A text shared as scrubbed hides nothing, and one withheld as doubtful counts as one, so that
    these are the same values before doubt was thought of and after.

    Args:
        event: the event decided on.
        fields: its decided leaves.
        vocabulary: says by the class `identity` which texts are names.
    """
    decided = {field.path: field for field in fields}
    shown = {above for path, one in decided.items() if _is_open(one) for above in _above(path)}
    found = list(_Walk(decided, shown, vocabulary).record(event.etype.root, event.value, ""))
    return Values(
        texts=tuple(one for one in found if isinstance(one, Text)),
        figures=tuple(one for one in found if isinstance(one, Figure)),
        dates=tuple(one for one in found if isinstance(one, date)),
    )


def _is_open(one: FieldDecision) -> bool:
    return one.released or one.reason is Reason.DOUBTFUL_TEXT


def _above(path: str) -> Iterator[str]:
    steps = path.split("/")
    return ("/".join(steps[:length]) for length in range(2, len(steps) + 1))


Found = Text | Figure | date


class _Walk:
    """Goes through an event by its type."""

    def __init__(
        self, decided: dict[str, FieldDecision], shown: set[str], vocabulary: Vocabulary
    ) -> None:
        self._decided = decided
        self._shown = shown
        self._vocabulary = vocabulary

    def record(self, record: Record, value: Any, path: str) -> Iterator[Found]:
        for field in record.fields if value is not None else ():
            yield from self._node(field.node, field, value[field.name], f"{path}/{field.name}")

    def _node(self, node: Node, field: Field, value: Any, path: str) -> Iterator[Found]:
        if value is None:
            return
        if isinstance(node, Record):
            yield from self.record(node, value, path)
        elif isinstance(node, Array):
            for index, item in enumerate(value):
                yield from self._node(node.item, field, item, f"{path}/{index}")
        elif isinstance(node, Map):
            for key, item in value.items():
                below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
                if below not in self._shown and not field.tag.startswith("event."):
                    yield self._told(key, field)
                yield from self._node(node.value, field, item, below)
        else:
            one = self._decided[path]
            hides = not (_is_open(one) and one.form in (None, Form.CLEAR, Form.SCRUBBED))
            if hides and not field.tag.startswith("event."):
                yield from self._leaf(node, field, value, wholly=one.form is None)

    def _leaf(self, leaf: Leaf, field: Field, value: Any, *, wholly: bool) -> Iterator[Found]:
        match leaf.kind:
            case Kind.STRING | Kind.UUID:
                yield self._told(str(value), field)
            case Kind.ADDRESS:
                parts = ("line", "postcode", "municipality") if wholly else ("line", "postcode")
                yield from (Text(sort=_length(value[part]), text=value[part]) for part in parts)
            case Kind.ENUM:
                yield Text(sort=Sort.SYMBOL, text=value)
            case Kind.INT | Kind.LONG:
                yield Figure(digits=str(abs(value)), decimal=False)
            case Kind.DECIMAL:
                yield Figure(digits=_digits(value), decimal=True)
            case Kind.TIMESTAMP:
                moment: datetime = value
                yield moment.astimezone(UTC).date()
            case Kind.DATE | Kind.LOCAL_TIMESTAMP:
                yield value.date() if isinstance(value, datetime) else value
            case _:  # yes or no, bytes, parts of a whole, lengths of time: nothing to search for
                pass

    def _told(self, text: str, field: Field) -> Text:
        words = len(tokens(folded(text, spelt=False)))
        is_name = "identity" in self._vocabulary.tags[field.tag].classes
        named = is_name and words <= MAX_NAME_WORDS
        return Text(sort=Sort.NAME if named else _length(text), text=text)


def _length(text: str) -> Sort:
    words = len(tokens(folded(text, spelt=False)))
    return Sort.SHORT if words <= MAX_SHORT_WORDS else Sort.LONG


def _digits(value: Decimal) -> str:
    return "".join(c for c in format(abs(value), "f") if c.isdigit()).lstrip("0") or "0"
