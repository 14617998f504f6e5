"""The values of an event that a decision hides: those that no text may tell its recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from enum import Enum, auto
from typing import Any, Final

from redaction.agreement import Form
from redaction.decision import FieldDecision, Reason
from redaction.scopes import escaped
from schemas.codec import Event
from schemas.registry import Array, Kind, Leaf, Map, Node, Record, Vocabulary

IDENTITY: Final = "identity"  # the class of who a person is
_UNTOLD: Final = "event."  # tags of a delivery itself, which no text speaks of


class Telling(Enum):
    """Closed list: what a hidden string is, which says how much of it tells of somebody."""

    NAME = auto()
    TEXT = auto()
    SYMBOL = auto()  # of an enum: a word of the event type, not of the event


@dataclass(slots=True, kw_only=True)
class Values:
    """Hidden values as they stand in the event, and the texts that are to be scrubbed.

    `numbers` and `decimals` are digits without sign, point and leading zeros; `texts` are by RFC
    6901 pointer.
    """

    strings: list[tuple[Telling, str]] = field(default_factory=list, repr=False)
    dates: set[date] = field(default_factory=set, repr=False)
    numbers: set[str] = field(default_factory=set, repr=False)
    decimals: set[str] = field(default_factory=set, repr=False)
    texts: dict[str, str] = field(default_factory=dict, repr=False)


def values_of(
    event: Event, decided: Mapping[str, FieldDecision], words: Vocabulary, zone: tzinfo
) -> Values:
    """What the decision hides of the event, and what it scrubs.

    Args:
        event: the event.
        decided: what became of each leaf, by its RFC 6901 pointer.
        words: the vocabulary, which says whose values are names.
        zone: where the agreement holds: a time is on its date there and on its date in UTC.

    Raises:
        KeyError: the decision does not speak of a leaf that the event has.
    """
    found = _Finder(decided, words, zone)
    for inner in event.etype.root.fields:
        found.walk(inner.node, inner.tag, event.value[inner.name], f"/{inner.name}")
    return found.values


class _Finder:
    __slots__ = ("_decided", "_words", "_zone", "values")

    def __init__(
        self, decided: Mapping[str, FieldDecision], words: Vocabulary, zone: tzinfo
    ) -> None:
        self._decided = decided
        self._words = words
        self._zone = zone
        self.values = Values()

    def walk(self, node: Node, tag: str, value: Any, path: str) -> bool:
        """Collect what stands at a node; whether a leaf of it is released."""
        match node:
            case Leaf(kind=kind):
                return self._leaf(kind, tag, value, path)
            case Record(fields=fields) if value is not None:
                released = [
                    self.walk(each.node, each.tag, value[each.name], f"{path}/{each.name}")
                    for each in fields
                ]
            case Array(item=item):
                elements = enumerate(value or ())
                released = [self.walk(item, tag, each, f"{path}/{at}") for at, each in elements]
            case Map(value=below):
                released = []
                for key, entry in (value or {}).items():
                    released.append(self.walk(below, tag, entry, f"{path}/{escaped(key)}"))
                    if not released[-1] and not tag.startswith(_UNTOLD):
                        self._string(tag, key)
            case _:
                return False
        return any(released)

    def _leaf(self, kind: Kind, tag: str, value: Any, path: str) -> bool:
        decided = self._decided[path]
        if decided.reason is Reason.DOUBTFUL_TEXT:
            return True  # doubt of a text changes nothing for others: it counts as scrubbed
        match decided.form if value is not None else Form.CLEAR:
            case Form.SCRUBBED:
                self.values.texts[path] = value
            case Form.CLEAR:
                pass
            case _ if not tag.startswith(_UNTOLD):
                self._hide(kind, tag, value, whole=decided.form is None)
        return decided.released

    def _hide(self, kind: Kind, tag: str, value: Any, *, whole: bool) -> None:
        match kind:
            case Kind.STRING | Kind.UUID:
                self._string(tag, value)
            case Kind.ENUM:
                self.values.strings.append((Telling.SYMBOL, value))
            case Kind.ADDRESS:
                parts = ("line", "postcode", "municipality") if whole else ("line", "postcode")
                self.values.strings += [(Telling.TEXT, value[part]) for part in parts]
            case Kind.DATE:
                self.values.dates.add(value)
            case Kind.TIMESTAMP:
                self.values.dates.update(value.astimezone(at).date() for at in (UTC, self._zone))
            case Kind.LOCAL_TIMESTAMP:
                self.values.dates.add(value.date())
            case Kind.INT | Kind.LONG:
                self.values.numbers.add(str(abs(value)))
            case Kind.DECIMAL:
                digits = format(abs(value), "f").replace(".", "")
                self.values.decimals.add(digits.lstrip("0") or "0")

    def _string(self, tag: str, value: str) -> None:
        is_name = IDENTITY in self._words.tags[tag].classes
        self.values.strings.append((Telling.NAME if is_name else Telling.TEXT, value))
