"""A small memory for what is costly to make from something that never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")


class Remembered(Generic[Part, Made]):
    """What was made from the last few parts, found again by identity in constant time.

    Parts are whole tables of a register, or a schema: comparing or hashing them by value would
    cost more than it saves, and two equal ones merely do the work twice.

    Args:
        make: a pure function of its argument.
        keep: how many parts are remembered; the oldest is forgotten first.
    """

    __slots__ = ("_keep", "_kept", "_make")

    def __init__(self, make: Callable[[Part], Made], *, keep: int) -> None:
        self._make = make
        self._keep = keep
        # INVARIANT: a kept part is held here, so its id cannot pass to another object.
        self._kept: dict[int, tuple[Part, Made]] = {}

    def __call__(self, part: Part) -> Made:
        """What `make` gives for this very object; the object must never change."""
        kept = self._kept.get(id(part))
        if kept is None:
            kept = (part, self._make(part))
            if len(self._kept) >= self._keep:
                del self._kept[next(iter(self._kept))]
            self._kept[id(part)] = kept
        return kept[1]
