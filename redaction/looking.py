"""What the checker looks at in the bytes of a view: a list that fits one outcome.

Going through it reads every byte of a view once, against the event's values. It tells only whether
the view is just as decided; what is wrong, and where, the checker's walk finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redaction.decision import FieldDecision
from schemas.wire import Read

Expected = Callable[[FieldDecision, Any], Any]  # a value in the form that was decided for it

Place = tuple[str | int, ...]
# The bytes before a leaf; its step from what holds it; the byte of its null branch (or none) and
# that of its own; what reads it (none: one of the two bytes stands there, and nothing else); what
# was decided, if it is not shown clear.
Look = tuple[bytes, str | int, int | None, int, Read | None, FieldDecision | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The list: what the event must be like, and the leaves of each record or list in turn."""

    lengths: tuple[tuple[Place, int | None], ...]
    nulls: tuple[tuple[Place, bool], ...]
    chapters: tuple[tuple[Place, tuple[Look, ...]], ...]
    last: bytes = field(repr=False)

    def hold(self, data: bytes, event: Any, expected: Expected) -> bool:
        """Whether these bytes are, to the last one, the event's view as decided.

        Args:
            data: the view's bytes, of which any may be wrong.
            event: the event's value.
            expected: gives a leaf's value in the form that was decided for it.
        """
        try:
            return self._fit(event) and self._see(data, event, expected)
        except Exception:  # noqa: BLE001 - bytes that end early or are no text: not as decided
            return False

    def _fit(self, event: Any) -> bool:
        """Whether the event has the lists and null records that the list was made for."""
        for place, length in self.lengths:
            there = _at(event, place)
            if (None if there is None else len(there)) != length:
                return False
        return all((_at(event, place) is None) is null for place, null in self.nulls)

    def _see(self, data: bytes, event: Any, expected: Expected) -> bool:
        at = 0
        for place, looks in self.chapters:
            holder = _at(event, place)
            for before, step, null, branch, read, decided in looks:
                if not data.startswith(before, at):
                    return False
                at += len(before)
                byte = data[at]
                at += 1
                if read is None:
                    if byte not in (null, branch):
                        return False
                    continue
                value = holder[step]
                if value is None and null is not None:
                    if byte != null:
                        return False
                    continue
                if byte != branch:
                    return False
                seen, at = read(data, at)
                if decided is not None:
                    value = expected(decided, value)
                if type(seen) is not type(value) or seen != value:
                    return False
        return data[at:] == self.last


def _at(event: Any, place: Place) -> Any:
    for step in place:
        event = event[step]
    return event
