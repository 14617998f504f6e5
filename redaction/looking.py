"""What the checker looks at in the bytes of a view: a list that fits one outcome.

It says of every byte of a view what must stand there: bytes that the decision alone gives, leaves
of the event as its publisher wrote them, and texts in the form that was decided, made anew from the
event's values. It tells only whether the view is just as decided; what is wrong, and where, the
checker's walk finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from redaction.decision import FieldDecision
from schemas.codec import Event

Expected = Callable[[FieldDecision, Any], Any]  # a value in the form that was decided for it
Pick = Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

Place = tuple[str | int, ...]
# A leaf in another form than clear: its place; the bytes that it is where it is null (none: it
# never is); those before its text; what was decided.
Text = tuple[Place, bytes | None, bytes, FieldDecision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The list: what the event must be like, and what stands in the view's bytes.

    `count` is how many leaves the event has. `pick` takes what stands there out of the `fixed`
    bytes, the event's leaves and the `texts`, one after another; `parts` does the same where a byte
    follows of which only the plan knows which of two it is: a leaf of a null record.
    """

    lengths: tuple[tuple[Place, int], ...]
    nulls: tuple[tuple[Place, bool], ...]
    count: int
    fixed: tuple[bytes, ...] = field(repr=False)
    texts: tuple[Text, ...]
    parts: tuple[tuple[Pick, bytes], ...]
    pick: Pick

    def hold(self, data: bytes, event: Event, expected: Expected) -> bool:
        """Whether these bytes are, to the last one, the event's view as decided.

        Args:
            data: the view's bytes, of which any may be wrong.
            event: the event.
            expected: gives a leaf's value in the form that was decided for it.
        """
        try:
            return self._fit(event.value) and self._see(data, event, expected)
        except Exception:  # noqa: BLE001 - bytes that end early or are no text: not as decided
            return False

    def _fit(self, event: Any) -> bool:
        """Whether the event has the lists and null records that the list was made for."""
        for place, length in self.lengths:
            value = event
            for step in place:
                value = value[step]
            if len(value or ()) != length:
                return False
        for place, null in self.nulls:
            value = event
            for step in place:
                value = value[step]
            if (value is None) is not null:
                return False
        return True

    def _see(self, data: bytes, event: Event, expected: Expected) -> bool:
        leaves, value = event.spelled.leaves, event.value
        if len(leaves) != self.count:
            return False
        texts = []
        for text in self.texts:
            shown: Any = value
            for step in text[0]:
                shown = shown[step]
            texts.append(_shown(shown, text, expected))
        all_ = (*self.fixed, *leaves, *texts)
        at = 0
        for pick, either in self.parts:
            due = b"".join(pick(all_))
            if not data.startswith(due, at):
                return False
            at += len(due)
            if data[at] not in either:
                return False
            at += 1
        due = b"".join(self.pick(all_))
        return data[at:] == due


_BYTES: Final = tuple(bytes((size,)) for size in range(0x80))


def _shown(value: Any, text: Text, expected: Expected) -> bytes:
    """A leaf that is shown as a text: how many bytes it has, and these."""
    _, null, due, decided = text
    if value is None and null is not None:
        return null
    shown: bytes = expected(decided, value).encode()
    size = 2 * len(shown)  # seven bits to a byte, the lowest first
    if size < 0x80:
        return due + _BYTES[size] + shown
    while size >= 0x80:
        due += bytes((size % 0x80 + 0x80,))
        size //= 0x80
    return due + bytes((size,)) + shown
