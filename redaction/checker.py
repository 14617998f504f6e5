"""The last look before anything is sealed: the outgoing bytes, read back, against the decision.

The checker knows no clauses and shares neither code nor tables with what made the view. It walks
the event by its type, asks the decision about every leaf, and refuses the view at the first place
where the bytes say anything else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NoReturn

from redaction.decision import Decision, Gate
from redaction.transforms import apply, fits
from schemas.codec import WITHHELD, Event, ViewType, decode_view, encode_view, view_type_from_text
from schemas.errors import Code, EventRefused
from schemas.registry import Array, Leaf, Map, Node, Record

_BASICS = "event.basics"


def check(data: bytes, view_type: ViewType, event: Event, decision: Decision) -> None:
    """Refuse a view that differs in anything from what was decided.

    Args:
        data: the view as it would be sealed.
        view_type: the type that the recipient will read it by.
        event: the publisher's event.
        decision: what was decided for the recipient.

    Raises:
        EventRefused: `view-refused`; the message names a path of the event type, with `*` for a
            map's key, and never a value.
    """
    if decision.gate is not Gate.OPEN:
        _refuse("", "the gate is not open")
    known = _reread(view_type.text)
    if (known.digest, known.rabin) != (view_type.digest, view_type.rabin):
        _refuse("", "the view's type is not the one its text gives")
    try:
        view = decode_view(known, data)
    except EventRefused:
        _refuse("", "the view cannot be read by its type")
    _Walk(event, decision).run(view)
    # Avro can write one list in many ways; another way than ours would say something by its size.
    if encode_view(known, view) != data:
        _refuse("", "the view is not written as every other one")


@lru_cache(maxsize=256)  # keyed by the whole text of a schema, which holds no data of any event
def _reread(text: str) -> ViewType:
    return view_type_from_text(text)


def _refuse(shown: str, rule: str) -> NoReturn:
    raise EventRefused(Code.VIEW_REFUSED, f"{rule} at `{shown or '/'}`")


class _Walk:
    """One event, the decision about it, and the view.

    `path` is a pointer into the event; `shown` is the same for messages, without map keys.
    """

    __slots__ = ("_decided", "_event", "_order", "_showing")

    def __init__(self, event: Event, decision: Decision) -> None:
        self._event = event
        self._order = [(field.path, field.tag) for field in decision.fields]
        self._decided = {field.path: field for field in decision.fields}
        self._showing: set[str] = set()  # every path at or below which something is released
        for field in decision.fields:
            path = field.path if field.released else ""
            while path and path not in self._showing:
                self._showing.add(path)
                path = path[: path.rfind("/")]

    def run(self, view: Any) -> None:
        occurring: list[tuple[str, str]] = []
        root = self._event.etype.root
        _list(root, self._event.value, "", occurring)
        if occurring != self._order:
            _refuse("", "the decision does not speak of exactly the leaves of the event")
        self._record(root, self._event.value, view, "", "")

    def _record(self, record: Record, value: Any, view: Any, path: str, shown: str) -> None:
        if type(view) is not dict:
            _refuse(shown, "no record stands")
        here = 0
        for field in record.fields:
            name = field.name
            if name in view:
                here += 1
                below, node = view[name], field.node
                inner = f"{path}/{name}"
                # A pointer without map keys is the same for messages, so it is made once.
                told = inner if shown is path else f"{shown}/{name}"
                if type(node) is Leaf:
                    self._leaf(node, value[name], below, inner, told)
                else:
                    self._node(node, value[name], below, inner, told)
            elif f"{path}/{name}" in self._showing:
                _refuse(f"{shown}/{name}", "a released leaf is missing")
        if here != len(view):
            _refuse(shown, "a field that the event type does not have stands")

    def _node(self, node: Node, value: Any, view: Any, path: str, shown: str) -> None:
        match node:
            case Leaf():
                self._leaf(node, value, view, path, shown)
            case Record():
                if value is None:
                    _check_absent(node, view, shown)
                else:
                    self._record(node, value, view, path, shown)
            case Array(item=item):
                self._array(item, value or (), view, path, shown)
            case Map(value=inner):
                self._map(inner, value or {}, view, path, shown)

    def _array(self, item: Node, value: Any, view: Any, path: str, shown: str) -> None:
        """The elements that show something, in their order, and no others."""
        due = [n for n in range(len(value)) if f"{path}/{n}" in self._showing]
        if type(view) is not list or len(view) != len(due):
            _refuse(shown, "another number of elements stands")
        for n, seen in zip(due, view, strict=True):
            inner = f"{path}/{n}"
            told = inner if shown is path else f"{shown}/{n}"
            self._node(item, value[n], seen, inner, told)

    def _map(self, inner: Node, value: Any, view: Any, path: str, shown: str) -> None:
        """The entries that show something, in their order, and no others."""
        due = [key for key in value if f"{path}/{_step(key)}" in self._showing]
        if type(view) is not dict or list(view) != due:
            _refuse(shown, "other entries stand")
        for key in due:
            self._node(inner, value[key], view[key], f"{path}/{_step(key)}", f"{shown}/*")

    def _leaf(self, leaf: Leaf, value: Any, view: Any, path: str, shown: str) -> None:
        decided = self._decided[path]
        form = decided.form
        if decided.released is not (form is not None):
            _refuse(shown, "a form without a release, or a release without a form, is decided")
        if form is None:
            if decided.tag == _BASICS and path.startswith("/header/"):
                _refuse(shown, "what every delivery discloses is withheld")
            if view is not WITHHELD:
                _refuse(shown, "a withheld leaf stands")
        elif not fits(form, leaf.kind):
            _refuse(shown, "a form that does not fit the leaf is decided")
        elif not _equal(view, apply(form, value)):
            _refuse(shown, "another value than the released form's stands")


def _check_absent(record: Record, view: Any, shown: str) -> None:
    """A null record has nothing to show: nulls, withheld leaves and empty containers."""
    names = {field.name: field.node for field in record.fields}
    if type(view) is not dict or not view.keys() <= names.keys():
        _refuse(shown, "something else than a null record stands")
    for name, below in view.items():
        node = names[name]
        if isinstance(node, Record):
            _check_absent(node, below, f"{shown}/{name}")
        elif isinstance(node, Leaf):
            if below is not None and below is not WITHHELD:
                _refuse(f"{shown}/{name}", "a value stands in a null record")
        elif below != ([] if isinstance(node, Array) else {}):
            _refuse(f"{shown}/{name}", "elements stand in a null record")


def _list(record: Record, value: Any, path: str, found: list[tuple[str, str]]) -> None:
    """Add every leaf that occurs in a record, with the tag of the field it belongs to."""
    for field in record.fields:
        name = field.name
        if type(field.node) is Leaf:
            found.append((f"{path}/{name}", field.tag))
        elif value[name] is not None:
            _list_inner(field.node, field.tag, value[name], f"{path}/{name}", found)


def _list_inner(node: Node, tag: str, value: Any, path: str, found: list[tuple[str, str]]) -> None:
    if type(node) is Leaf:
        found.append((path, tag))
    elif value is None:
        return
    elif type(node) is Record:
        _list(node, value, path, found)
    elif type(node) is Array:
        for position, element in enumerate(value):
            _list_inner(node.item, tag, element, f"{path}/{position}", found)
    elif type(node) is Map:
        for key, entry in value.items():
            _list_inner(node.value, tag, entry, f"{path}/{_step(key)}", found)


def _step(key: str) -> str:
    """A map's key as a step of an RFC 6901 pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _equal(seen: Any, expected: Any) -> bool:
    """Equal and of one type, so that 1 is not True."""
    return type(seen) is type(expected) and bool(seen == expected)
