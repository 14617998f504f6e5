"""The bytes of a view, made from a decision: first a recipe, then the writing by it.

No clause is read here. The decision of a leaf is looked up before its value is, and once: a recipe
says of every leaf which bytes stand for it, that its own bytes are copied from the event, or in
which form its value is written there. It fits every event with the same outline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.scopes import escaped
from redaction.transforms import Means, apply, needs_means
from redaction.views import Shape, ShapeLeaf, ShapeList, ShapeMap, ShapeRecord
from schemas.codec import Event
from schemas.registry import Array, Leaf, Map, Node, Record
from schemas.spelled import Spelled
from schemas.wire import MAGIC, write_long, write_string

Decided = Mapping[str, FieldDecision]  # by the RFC 6901 pointer of each leaf
MeansOf = Callable[[FieldDecision], Means]  # what the form of a leaf may need beside its value

_Place = tuple[str | int, ...]  # fields' names, lists' positions and maps' keys
_Make = Callable[[Any, MeansOf], bytes]

_EMPTY: Final = b"\x00"  # the end of a list or map, and all of an empty one
_SHORT: Final = 64  # of a text with fewer bytes the length is one byte


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one outcome is written.

    `outline` is that of the event (`schemas.spelled`). The view's bytes are put together from
    `chunks`, the event's own leaves, and `made`: what makes the bytes of the value at a place.
    `order` picks them out of all three, one after another.
    """

    outline: tuple[object, ...]
    chunks: tuple[bytes, ...] = field(repr=False)
    made: tuple[tuple[_Place, _Make], ...]
    order: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

    def write(self, event: Event, means: MeansOf) -> bytes:
        """The view's bytes.

        Raises:
            ValueError: the event has other lists or null records than the one decided on.
            Unfit: a value is not of its type.
        """
        spelled = event.spelled
        if spelled.outline != self.outline:
            raise ValueError("the decision does not speak of every leaf of the event")
        made = []
        for place, make in self.made:
            value: Any = event.value
            for step in place:
                value = value[step]
            made.append(make(value, means))
        return b"".join(self.order((*self.chunks, *spelled.leaves, *made)))


def make_recipe(
    shape: ShapeRecord, rabin: bytes, event: Event, decided: Decided, absent: Callable[[], Decided]
) -> Recipe:
    """The recipe of one outcome.

    Args:
        shape: the view's shape.
        rabin: the fingerprint of the view's schema, 8 bytes.
        event: the event, of which only the outline is read.
        decided: what becomes of every leaf of the event.
        absent: gives what becomes of the leaves of null records; asked only if there is one.

    Raises:
        KeyError: the decision does not speak of a leaf that the event has.
    """
    draft = _Draft(decided, absent)
    draft.literal(MAGIC + rabin)
    draft.record(shape, event.etype.root, event.value, (), "")
    return draft.recipe(event.spelled)


class _Draft:
    """A recipe while it is written down; every leaf of the event is counted, shown or not."""

    __slots__ = (
        *("_absent", "_absent_decided", "_chunks", "_count", "_decided", "_literal", "_made"),
        "_order",
    )

    def __init__(self, decided: Decided, absent: Callable[[], Decided]) -> None:
        self._decided = decided
        self._absent = absent
        self._absent_decided: Decided | None = None
        self._count = 0
        self._chunks: list[bytes] = []
        self._made: list[tuple[_Place, _Make]] = []
        self._order: list[tuple[int, int]] = []  # of the chunks, leaves or made; the number there
        self._literal = bytearray()

    def recipe(self, spelled: Spelled) -> Recipe:
        """What was written down, for events like this one."""
        self._chunk()
        self._chunk()  # so that there are two: one alone would not be picked as a tuple
        if self._count != len(spelled.leaves):
            raise ValueError("the event has other leaves than its type")
        begins = (0, len(self._chunks), len(self._chunks) + self._count)
        return Recipe(
            outline=spelled.outline,
            chunks=tuple(self._chunks),
            made=tuple(self._made),
            order=itemgetter(*[begins[which] + number for which, number in self._order]),
        )

    def literal(self, data: bytes | bytearray) -> None:
        """Bytes that are the same whatever the values are."""
        self._literal += data

    def _chunk(self) -> None:
        self._order.append((0, len(self._chunks)))
        self._chunks.append(bytes(self._literal))
        self._literal.clear()

    def record(
        self, shape: ShapeRecord | None, node: Record, value: Any, place: _Place, path: str
    ) -> None:
        """A record that is there; no shape, where the view has nothing of it."""
        shown = {} if shape is None else {name: below for name, _, below in shape.fields}
        for each in node.fields:
            name = each.name
            inner = (*place, name)
            self._node(shown.get(name), each.node, value[name], inner, f"{path}/{name}")

    def _node(self, shape: Shape | None, node: Node, value: Any, place: _Place, path: str) -> None:
        match node:
            case Leaf():
                if isinstance(shape, ShapeLeaf):
                    self._leaf(shape, place, self._decided[path])
                self._count += 1
            case Record() if value is not None:
                record = shape if isinstance(shape, ShapeRecord) else None
                self.record(record, node, value, place, path)
            case Record():
                if isinstance(shape, ShapeRecord):
                    self._null_record(shape, path)
            case Array(item=item):
                below = shape.item if isinstance(shape, ShapeList) else None
                elements = [
                    ((*place, at), one, f"{path}/{at}", b"") for at, one in enumerate(value or ())
                ]
                self._shown(below, item, elements)
            case Map(value=inner):
                entries = [
                    ((*place, key), one, f"{path}/{escaped(key)}", _key(key))
                    for key, one in (value or {}).items()
                ]
                self._shown(shape.value if isinstance(shape, ShapeMap) else None, inner, entries)

    def _shown(
        self, shape: Shape | None, node: Node, inner: list[tuple[_Place, Any, str, bytes]]
    ) -> None:
        """The elements or entries with a released leaf; the others leave no trace (rule 7)."""
        shown = [shape is not None and self._shows(shape, one[1], one[2]) for one in inner]
        if any(shown):
            count = bytearray()
            write_long(count, sum(shown))
            self.literal(count)
        for (place, value, path, key), shows in zip(inner, shown, strict=True):
            if shows:
                self.literal(key)
            self._node(shape if shows else None, node, value, place, path)
        if shape is not None:
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

    def _leaf(self, leaf: ShapeLeaf, place: _Place, decided: FieldDecision) -> None:
        """A leaf in the form in which it is released, or withheld."""
        if decided.form is None:
            self.literal(leaf.withheld)
            return
        self._chunk()
        if decided.form is Form.CLEAR:
            self._order.append((1, self._count))
        else:
            self._order.append((2, len(self._made)))
            self._made.append((place, _make(leaf, decided)))

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


def _key(key: str) -> bytes:
    out = bytearray()
    write_string(out, key)
    return bytes(out)


def _make(leaf: ShapeLeaf, decided: FieldDecision) -> _Make:
    """What makes the bytes of a leaf that is released in another form than clear."""
    null, form, text = leaf.null, decided.form, leaf.text
    if form is None or text is None:
        raise ValueError("a form is decided that no event could show")
    before, write = text
    alone = not needs_means(form)
    # what stands before a short text; a branch that takes more than texts is chosen by its writer
    heads = [before + bytes((2 * size,)) for size in range(_SHORT)] if before else []

    def make(value: Any, means: MeansOf) -> bytes:
        if value is None and null is not None:
            return null
        shown = apply(form, value) if alone else apply(form, value, means(decided))
        if heads and type(shown) is str and shown.isascii() and len(shown) < _SHORT:
            return heads[len(shown)] + shown.encode()
        out = bytearray(before)
        write(out, shown)
        return bytes(out)

    return make
