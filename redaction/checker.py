"""The last look before anything is sealed: the outgoing bytes, read back, against the decision.

The checker knows no clauses and shares no code with what made the view: how hidden values are
looked for in a scrubbed text (`showing`) and when a text is in doubt (`reference.doubt`) are the
reference's meaning, written apart from what scrubs. It walks the event by its type, asks the
decision about every leaf, and refuses the view at the first place where the bytes say anything
else. For most outcomes, what there is to look at in the bytes can be listed beforehand (`listing`);
then each byte is read against that list and the event, and the walk is only for what differs.
"""

from __future__ import annotations

import base64
import hmac
from datetime import date
from functools import lru_cache
from typing import Any, Final

import rfc8785

from redaction.agreement import Form
from redaction.decision import Decision, FieldDecision, Gate
from redaction.listing import listed
from redaction.reference.doubt import is_doubtful
from redaction.showing import Hidden, hidden_values, is_cut_from, shows
from redaction.transforms import Means, apply, fits
from schemas.codec import WITHHELD, Event, ViewType, decode_view, encode_view, view_type_from_text
from schemas.errors import Code, EventRefused
from schemas.registry import Array, Leaf, Map, Node, Record, Vocabulary

_BASICS: Final = "event.basics"
_CLEAR: Final = Form.CLEAR
_PSEUDONYM: Final = Form.PSEUDONYM
_SCRUBBED: Final = Form.SCRUBBED


def check(
    data: bytes,
    view_type: ViewType,
    event: Event,
    decision: Decision,
    *,
    vocabulary: Vocabulary,
    today: date,
    secret: bytes | None,
) -> None:
    """Refuse a view that differs in anything from what was decided.

    Args:
        data: the view as it would be sealed.
        view_type: the type that the recipient will read it by.
        event: the publisher's event.
        decision: what was decided for the recipient.
        vocabulary: says which hidden texts are names.
        today: the decision's local date in the agreement's time zone.
        secret: what the gateway makes pseudonyms with; None where it makes none.

    Raises:
        EventRefused: `view-refused`; the message names a path of the event type, with `*` for a
            map's key, and never a value.
    """
    if decision.gate is not Gate.OPEN:
        raise _refusal("", "the gate is not open")
    known = _reread(view_type.text)
    if (known.digest, known.rabin) != (view_type.digest, view_type.rabin):
        raise _refusal("", "the view's type is not the one its text gives")
    form = _Transformed(decision, today, secret)
    looks = listed(known, event, decision.fields)
    if looks is not None and looks.hold(data, event, form.of):
        return
    try:
        view = decode_view(known, data)
    except EventRefused:
        raise _refusal("", "the view cannot be read by its type") from None
    try:
        _Walk(decision, vocabulary, form).all(event, view)
    except _Differs as error:
        raise _refusal(_told(event.etype.root, error.path), error.rule) from None
    # Avro can write one list in many ways; another way than ours would say something by its size.
    if encode_view(known, view) != data:
        raise _refusal("", "the view is not written as every other one")


@lru_cache(maxsize=4096)  # keyed by the whole text of a schema, which holds no data of any event
def _reread(text: str) -> ViewType:
    return view_type_from_text(text)


def _refusal(told: str, rule: str) -> EventRefused:
    return EventRefused(Code.VIEW_REFUSED, f"{rule} at `{told or '/'}`")


class _Differs(Exception):
    """The view differs at a pointer into the event, which may hold a map's key: not for telling."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(rule)
        self.path = path
        self.rule = rule


def _told(node: Node, path: str) -> str:
    """A pointer into the event as messages may give it: `*` for a map's key."""
    told = ""
    for step in path.split("/")[1:]:
        match node:
            case Record(fields=fields):
                node = next(field.node for field in fields if field.name == step)
            case Array(item=item):
                node = item
            case Map(value=value):
                node, step = value, "*"
        told += f"/{step}"
    return told


_ABSENT: Final[Any] = object()  # stands for what the view does not have


class _Transformed:
    """What values are shown as, made anew and apart from what made the view."""

    __slots__ = ("_decision", "_means", "_secret", "_today")

    def __init__(self, decision: Decision, today: date, secret: bytes | None) -> None:
        self._decision = decision
        self._today = today
        self._means: Means | None = None
        self._secret = secret

    def of(self, decided: FieldDecision, value: Any) -> Any:
        """What a value is shown as in the form decided for it, unless that is scrubbed."""
        form = decided.form
        if form is None or form is _CLEAR or value is None:
            return value
        if form is not _PSEUDONYM:
            means = self._means
            if means is None:
                means = self._means = Means(today=self._today)
            return apply(form, value, means)
        agreement = self._decision.agreement
        if self._secret is None or agreement is None:
            return _ABSENT  # no view equals it
        place = rfc8785.dumps([self._decision.recipient, agreement.id, decided.tag])
        key = hmac.digest(self._secret, place, "sha256")
        name = base64.b32encode(hmac.digest(key, value.encode(), "sha256")[:16])
        return name.decode().lower().rstrip("=")


class _Walk:
    """Goes through the event in the order of its type, through the decision and the view at once.

    Every leaf of the event takes the next field of the decision, so that none can be skipped,
    repeated or invented; what the view does not have is gone through as well.
    """

    __slots__ = (*("_at", "_fields", "_hidden", "_transformed", "_vocabulary"),)

    def __init__(
        self, decision: Decision, vocabulary: Vocabulary, transformed: _Transformed
    ) -> None:
        self._fields = decision.fields
        self._at = 0  # the number of the field that the next leaf takes
        self._vocabulary = vocabulary
        self._transformed = transformed
        self._hidden: Hidden | None = None

    def all(self, event: Event, view: Any) -> None:
        """Compare everything.

        Raises:
            _Differs: at the first place where the view is not as decided.
        """
        if any(field.form is _SCRUBBED for field in self._fields):
            try:
                values = hidden_values(event, self._fields, self._vocabulary)
            except KeyError:
                raise _Differs("", "less is decided than the event has") from None
            self._hidden = Hidden(values=values)
        self._record(event.etype.root, event.value, view, "")
        if self._at != len(self._fields):
            raise _Differs("", "more is decided than the event has")

    def _shows(self, path: str, at: int) -> tuple[bool, int]:
        """Whether anything at or below a path is released, by the fields from `at` on.

        Returns:
            that, and the number of the first field that is not at or below the path.
        """
        shows, below, fields = False, f"{path}/", self._fields
        while at < len(fields):
            field = fields[at]
            if not field.path.startswith(below) and field.path != path:
                break
            shows = shows or field.released
            at += 1
        return shows, at

    def _record(self, record: Record, value: Any, view: Any, path: str) -> None:
        left = 0
        if view is not _ABSENT:
            if type(view) is not dict:
                raise _Differs(path, "no record stands")
            left = len(view)
        for field in record.fields:
            name, node = field.name, field.node
            below = view.get(name, _ABSENT) if left else _ABSENT
            if below is not _ABSENT:
                left -= 1
            if type(node) is Leaf:
                self._leaf(node, field.tag, value[name], below, f"{path}/{name}")
            else:
                self._node(node, field.tag, value[name], below, f"{path}/{name}")
        if left:
            raise _Differs(path, "a field that the event type does not have stands")

    def _node(self, node: Node, tag: str, value: Any, view: Any, path: str) -> None:
        match node:
            case Leaf():
                self._leaf(node, tag, value, view, path)
            case Record():
                if value is None:
                    _check_absent(node, view, path)
                else:
                    self._record(node, value, view, path)
            case Array(item=item):
                self._array(item, tag, value or (), view, path)
            case Map(value=inner):
                self._map(inner, tag, value or {}, view, path)

    def _array(self, item: Node, tag: str, value: Any, view: Any, path: str) -> None:
        """The elements that show something, in their order, and no others."""
        if view is not _ABSENT and type(view) is not list:
            raise _Differs(path, "no list stands")
        left = iter(() if view is _ABSENT else view)
        for position, element in enumerate(value):
            inner = f"{path}/{position}"
            seen = next(left, _ABSENT) if self._shows(inner, self._at)[0] else _ABSENT
            self._node(item, tag, element, seen, inner)
        if next(left, _ABSENT) is not _ABSENT:
            raise _Differs(path, "an element too many stands")

    def _map(self, inner: Node, tag: str, value: Any, view: Any, path: str) -> None:
        """The entries that show something, in their order, and no others."""
        below = {key: f"{path}/{key.replace('~', '~0').replace('/', '~1')}" for key in value}
        due, at = [], self._at
        for key, inner_path in below.items():
            shows, at = self._shows(inner_path, at)
            if shows:
                due.append(key)
        if view is not _ABSENT and (type(view) is not dict or list(view) != due):
            raise _Differs(path, "other entries stand")
        for key, entry in value.items():
            seen = _ABSENT if view is _ABSENT else view.get(key, _ABSENT)
            self._node(inner, tag, entry, seen, below[key])

    def _leaf(self, leaf: Leaf, tag: str, value: Any, view: Any, path: str) -> None:
        decided = self._fields[self._at] if self._at < len(self._fields) else None
        self._at += 1
        if decided is None or decided.path != path or decided.tag != tag:
            raise _Differs(path, "no decision, or one about another leaf, stands")
        form = decided.form
        if decided.released is not (form is not None):
            raise _Differs(path, "a form without a release, or a release without a form, stands")
        if form is None:
            if view is not WITHHELD and view is not _ABSENT:
                raise _Differs(path, "a withheld leaf stands")
            if tag == _BASICS and path.startswith("/header/"):
                raise _Differs(path, "what every delivery discloses is withheld")
        elif view is _ABSENT:
            raise _Differs(path, "a released leaf is missing")
        elif form is not _CLEAR and not fits(form, leaf.kind):
            raise _Differs(path, "a form that does not fit the leaf stands")
        elif form is _SCRUBBED and value is not None:
            self._scrubbed(value, view, path)
        elif not _equal(view, self._transformed.of(decided, value)):
            raise _Differs(path, "another value than the released form's stands")

    def _scrubbed(self, value: str, view: Any, path: str) -> None:
        """Cutting out more than what is hidden discloses nothing, so it is not looked for."""
        if type(view) is not str or not is_cut_from(view, value):
            raise _Differs(path, "a text stands that is not the event's with parts cut out")
        if self._hidden is None or is_doubtful(value, self._hidden.values):
            raise _Differs(path, "a text stands that was to be withheld in doubt")
        if shows(view, self._hidden):
            raise _Differs(path, "a scrubbed text shows what is hidden")


def _check_absent(record: Record, view: Any, path: str) -> None:
    """A null record has nothing to show: nulls, withheld leaves and empty containers."""
    if view is _ABSENT:
        return
    names = {field.name: field.node for field in record.fields}
    if type(view) is not dict or not view.keys() <= names.keys():
        raise _Differs(path, "something else than a null record stands")
    for name, below in view.items():
        node = names[name]
        if isinstance(node, Record):
            _check_absent(node, below, f"{path}/{name}")
        elif isinstance(node, Leaf):
            if below is not None and below is not WITHHELD:
                raise _Differs(f"{path}/{name}", "a value stands in a null record")
        elif below != ([] if isinstance(node, Array) else {}):
            raise _Differs(f"{path}/{name}", "elements stand in a null record")


def _equal(seen: Any, expected: Any) -> bool:
    """Equal and of one type, so that 1 is not True."""
    return type(seen) is type(expected) and bool(seen == expected)
