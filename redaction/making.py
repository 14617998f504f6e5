"""The bytes of a view, made from a decision: first a recipe, then the writing by it.

No clause is read here. The decision of a leaf is looked up before its value is, and once: a recipe
says of every leaf which bytes stand for it or which value of the event is written there in which
form, and fits every event with lists of the same lengths and the same null records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.scopes import escaped
from redaction.transforms import Means, apply
from redaction.views import Shape, ShapeLeaf, ShapeList, ShapeMap, ShapeRecord
from schemas.wire import MAGIC, write_long, write_string

Decided = Mapping[str, FieldDecision]  # by the RFC 6901 pointer of each leaf
MeansOf = Callable[[FieldDecision], Means]  # what the form of a leaf may need beside its value

_Step = str | int  # a field's name, a list's position or a map's key
_Place = tuple[_Step, ...]
_Put = Callable[[bytearray, Any, MeansOf], None]

_EMPTY: Final = b"\x00"  # the end of a list or map, and all of an empty one


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one outcome is written: what must be as it was, then bytes and values in turn.

    `lengths` are those of the event's lists and maps (0 for a null one too), `nulls` say which
    records are null; `chapters` have for each container the bytes before each of its values that
    is written, the value's name and what writes it; `last` are the bytes after all of them.
    """

    lengths: tuple[tuple[_Place, int], ...]
    nulls: tuple[tuple[_Place, bool], ...]
    chapters: tuple[tuple[_Place, tuple[tuple[bytes, _Step, _Put], ...]], ...]
    last: bytes = field(repr=False)

    def write(self, event: Any, means: MeansOf) -> bytes:
        """The view's bytes.

        Raises:
            ValueError: the event has other lists or null records than the one decided on.
            Unfit: a value is not of its type.
        """
        for place, length in self.lengths:
            there = _at(event, place)
            if (0 if there is None else len(there)) != length:
                raise ValueError("the decision does not speak of every leaf of the event")
        for place, null in self.nulls:
            if (_at(event, place) is None) is not null:
                raise ValueError("the decision does not speak of every leaf of the event")
        out = bytearray()
        for place, parts in self.chapters:
            holder = event
            for step in place:
                holder = holder[step]
            for before, step, put in parts:
                out += before
                put(out, holder[step], means)
        out += self.last
        return bytes(out)


def _at(event: Any, place: _Place) -> Any:
    for step in place:
        event = event[step]
    return event


def make_recipe(
    shape: ShapeRecord, rabin: bytes, event: Any, decided: Decided, absent: Callable[[], Decided]
) -> Recipe:
    """The recipe of one outcome.

    Args:
        shape: the view's shape.
        rabin: the fingerprint of the view's schema, 8 bytes.
        event: the event's value, of which only the structure is read.
        decided: what becomes of every leaf of the event.
        absent: gives what becomes of the leaves of null records; asked only if there is one.

    Raises:
        KeyError: the decision does not speak of a leaf that the event has.
    """
    draft = _Draft(decided, absent)
    draft.literal(MAGIC + rabin)
    draft.record(shape, event, (), "")
    return draft.recipe()


class _Draft:
    """A recipe while it is written down."""

    __slots__ = (
        *("_absent", "_absent_decided", "_chapters", "_decided", "_lengths", "_literal"),
        "_nulls",
    )

    def __init__(self, decided: Decided, absent: Callable[[], Decided]) -> None:
        self._decided = decided
        self._absent = absent
        self._absent_decided: Decided | None = None
        self._lengths: list[tuple[_Place, int]] = []
        self._nulls: list[tuple[_Place, bool]] = []
        self._chapters: list[tuple[_Place, list[tuple[bytes, _Step, _Put]]]] = []
        self._literal = bytearray()

    def recipe(self) -> Recipe:
        """What was written down."""
        return Recipe(
            lengths=tuple(self._lengths),
            nulls=tuple(self._nulls),
            chapters=tuple((place, tuple(parts)) for place, parts in self._chapters),
            last=bytes(self._literal),
        )

    def literal(self, data: bytes | bytearray) -> None:
        """Bytes that are the same whatever the values are."""
        self._literal += data

    def record(self, shape: ShapeRecord, value: Any, place: _Place, path: str) -> None:
        """A record that is there."""
        for name, step, below in shape.fields:
            self._node(below, value[name], place, name, path + step)

    def _node(self, shape: Shape, value: Any, place: _Place, step: _Step, path: str) -> None:
        inner = (*place, step)
        match shape:
            case ShapeLeaf():
                self._leaf(shape, place, step, self._decided[path])
            case ShapeRecord():
                self._nulls.append((inner, value is None))
                if value is None:
                    self._null_record(shape, path)
                else:
                    self.record(shape, value, inner, path)
            case ShapeList(item=item):
                self._lengths.append((inner, 0 if value is None else len(value)))
                elements = [(at, one, f"{path}/{at}") for at, one in enumerate(value or ())]
                self._shown(item, elements, inner, keyed=False)
            case ShapeMap(value=below):
                self._lengths.append((inner, 0 if value is None else len(value)))
                entries = [
                    (key, one, f"{path}/{escaped(key)}") for key, one in (value or {}).items()
                ]
                self._shown(below, entries, inner, keyed=True)

    def _shown(
        self, shape: Shape, inner: Sequence[tuple[_Step, Any, str]], place: _Place, *, keyed: bool
    ) -> None:
        """The elements or entries with a released leaf; the others leave no trace (rule 7)."""
        shown = [one for one in inner if self._shows(shape, one[1], one[2])]
        if shown:
            count = bytearray()
            write_long(count, len(shown))
            self.literal(count)
        for step, value, path in shown:
            if keyed:
                key = bytearray()
                write_string(key, step)
                self.literal(key)
            self._node(shape, value, place, step, path)
        self.literal(_EMPTY)

    def _shows(self, shape: Shape, value: Any, path: str) -> bool:
        match shape:
            case ShapeLeaf():
                return self._decided[path].form is not None
            case ShapeRecord(fields=fields):
                return value is not None and any(
                    # every leaf is looked up, so that none is passed over
                    [self._shows(below, value[name], path + step) for name, step, below in fields]
                )
            case ShapeList(item=item):
                pairs = [(one, f"{path}/{at}") for at, one in enumerate(value or ())]
                return any([self._shows(item, one, inner) for one, inner in pairs])
            case ShapeMap(value=below):
                entries = (value or {}).items()
                pairs = [(one, f"{path}/{escaped(key)}") for key, one in entries]
                return any([self._shows(below, one, inner) for one, inner in pairs])

    def _leaf(self, leaf: ShapeLeaf, place: _Place, step: _Step, decided: FieldDecision) -> None:
        """A leaf in the form in which it is released, or withheld."""
        if decided.form is None:
            self.literal(leaf.withheld)
            return
        if not self._chapters or self._chapters[-1][0] != place:
            self._chapters.append((place, []))
        self._chapters[-1][1].append((bytes(self._literal), step, _put(leaf, decided)))
        self._literal.clear()

    def _null_record(self, shape: ShapeRecord, path: str) -> None:
        """Released leaves are null, the others withheld, lists and maps empty."""
        if self._absent_decided is None:
            self._absent_decided = self._absent()
        for _, step, below in shape.fields:
            match below:
                case ShapeLeaf():
                    form = self._absent_decided[path + step].form
                    self.literal(below.withheld if form is None else _null(below))
                case ShapeRecord():
                    self._null_record(below, path + step)
                case _:
                    self.literal(_EMPTY)


def _null(leaf: ShapeLeaf) -> bytes:
    if leaf.null is None:
        raise ValueError("a leaf that is never null is")
    return leaf.null


def _put(leaf: ShapeLeaf, decided: FieldDecision) -> _Put:
    """What writes the value of a released leaf, its branch first."""
    null, form = leaf.null, decided.form
    kind = leaf.clear if form is Form.CLEAR else leaf.text
    if form is None or kind is None:
        raise ValueError("a form is decided that no event could show")
    before, write = kind

    def clear(out: bytearray, value: Any, means: MeansOf) -> None:
        if value is None and null is not None:
            out += null
        else:
            out += before
            write(out, value)

    def other(out: bytearray, value: Any, means: MeansOf) -> None:
        if value is None and null is not None:
            out += null
        else:
            out += before
            write(out, apply(form, value, means(decided)))

    return clear if form is Form.CLEAR else other
