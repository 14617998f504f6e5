"""The list of what the checker looks at, made for one outcome and without a plan.

It follows from the event type, the view's schema and the decision alone, and fits every event with
lists of the same lengths and the same null records. Not listed, so that the walk has them, are
outcomes of types with maps, those with a scrubbed text, and those with a text beside an enum.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any, Final

from redaction.agreement import Form
from redaction.decision import FieldDecision
from redaction.looking import Looks, Pick, Place, Text
from redaction.remembered import Remembered
from redaction.transforms import fits
from schemas.codec import Event, ViewType
from schemas.registry import Array, Leaf, Map, Node, Record
from schemas.wire import MAGIC

MAX_LISTED: Final = 1024  # outcomes; past it they are all listed again
MAX_LISTED_LEAVES: Final = 512  # of an outcome: more is a list of a length that does not come again

_BASICS: Final = "event.basics"
_WITHHELD: Final = "caseward.Withheld"
_MAX_SHORT: Final = 63  # a length that is written in one byte
_EMPTY: Final = b"\0"
_NULL: Final = b"\0"  # the number of the branch that is null

_TELLING: Final = ("type", "size", "logicalType", "precision", "scale", "symbols")

_FIXED, _LEAVES, _TEXTS = range(3)
_Pick = tuple[int, int]  # out of the fixed bytes, the event's leaves or the texts; its number there


class _Unlisted(Exception):
    """What was decided, or the schema, is not of the kind that can be listed."""


_Key = tuple[int, str, str]
_Listed = tuple[tuple[FieldDecision, ...], Looks | None]
_LISTED: Final[dict[_Key, _Listed]] = {}


def listed(view_type: ViewType, event: Event, fields: tuple[FieldDecision, ...]) -> Looks | None:
    """What to look at for one outcome, remembered by its identity; None: it takes the walk.

    Args:
        view_type: the view's type, as its text gives it.
        event: the event, of which only the structure is read.
        fields: what was decided, every leaf of the event in order.
    """
    key = (id(fields), view_type.digest, event.etype.digest)
    kept = _LISTED.get(key)
    if kept is None or kept[0] is not fields:
        # INVARIANT: no data of any event is remembered: without maps, whose keys are data, what is
        # decided holds the names and positions of leaves, and so does the list.
        if len(fields) > MAX_LISTED_LEAVES or _HAS_MAP(event.etype.root):
            return None
        kept = (fields, _looks(view_type, event, fields))
        if len(_LISTED) >= MAX_LISTED:
            _LISTED.clear()
        _LISTED[key] = kept
    return kept[1]


def _looks(view_type: ViewType, event: Event, fields: tuple[FieldDecision, ...]) -> Looks | None:
    draft = _Draft(fields)
    draft.literal(MAGIC + view_type.rabin)
    try:
        draft.record(event.etype.root, json.loads(view_type.text), event.value, (), "")
        return draft.looks()
    except Exception:  # noqa: BLE001 - not of the kind that can be listed, whatever shows it
        return None


def _has_map(node: Node) -> bool:
    match node:
        case Record(fields=fields):
            return any(_has_map(each.node) for each in fields)
        case Array(item=item):
            return _has_map(item)
    return isinstance(node, Map)


_HAS_MAP: Final[Remembered[Record, bool]] = Remembered(_has_map, keep=256)


class _Draft:
    """A list while it is made. Every leaf of the event takes the next field of the decision."""

    def __init__(self, fields: tuple[FieldDecision, ...]) -> None:
        self._fields = fields
        self._next = 0
        self._maybe = False  # whether a record around the present place may be null
        self._lengths: list[tuple[Place, int]] = []
        self._nulls: list[tuple[Place, bool]] = []
        self._fixed: list[bytes] = []
        self._texts: list[Text] = []
        self._parts: list[tuple[list[_Pick], bytes]] = []
        self._picks: list[_Pick] = []
        self._literal = b""

    def looks(self) -> Looks:
        """The list, if every field was taken."""
        _want(self._next == len(self._fields))
        last = self._taken()
        begins = (0, len(self._fixed), len(self._fixed) + self._next)

        def pick(picks: list[_Pick]) -> Pick:
            # an itemgetter of one would give no tuple
            return itemgetter(*[begins[which] + number for which, number in picks])

        return Looks(
            lengths=tuple(self._lengths),
            nulls=tuple(self._nulls),
            count=self._next,
            fixed=tuple(self._fixed),
            texts=tuple(self._texts),
            parts=tuple((pick(picks), either) for picks, either in self._parts),
            pick=pick(last),
        )

    def _taken(self) -> list[_Pick]:
        """What was picked since the last part, at least two items."""
        self._flush()
        self._flush()
        picks, self._picks = self._picks, []
        return picks

    def _flush(self) -> None:
        self._picks.append((_FIXED, len(self._fixed)))
        self._fixed.append(self._literal)
        self._literal = b""

    def literal(self, data: bytes) -> None:
        """Bytes that stand whatever the values are."""
        self._literal += data

    def record(self, record: Record, schema: Any, value: Any, place: Place, path: str) -> None:
        """A record of the event that is there; no schema, where the view has nothing of it."""
        left = [] if schema is None else list(schema["fields"])
        for each in record.fields:
            shown = bool(left) and left[0]["name"] == each.name
            kind = left.pop(0)["type"] if shown else None
            below = f"{path}/{each.name}"
            self._node(each.node, each.tag, kind, value[each.name], (*place, each.name), below)
        _want(not left)

    def _node(self, node: Node, tag: str, schema: Any, value: Any, place: Place, path: str) -> None:
        match node:
            case Leaf():
                self._leaf(node, tag, schema, place, path)
            case Record():
                _want(schema is None or _is(schema, "record"))
                if node.nullable:
                    self._nulls.append((place, value is None))
                if value is not None:
                    around, self._maybe = self._maybe, self._maybe or node.nullable
                    self.record(node, schema, value, place, path)
                    self._maybe = around
                elif schema is not None:
                    self._null_record(schema)
            case Array(item=item):
                _want(schema is None or _is(schema, "array"))
                around, self._maybe = self._maybe, False
                self._array(item, tag, schema, value, place, path)
                self._maybe = around
            case Map():
                raise _Unlisted

    def _array(
        self, item: Node, tag: str, schema: Any, value: Any, place: Place, path: str
    ) -> None:
        """The elements that show something, in their order, and no others."""
        self._lengths.append((place, len(value or ())))
        elements = value or ()
        shown = [self._shows(f"{path}/{at}") for at in range(len(elements))]
        _want(sum(shown) <= _MAX_SHORT)
        if schema is not None and any(shown):
            self.literal(bytes([sum(shown) << 1]))
        for at, element in enumerate(elements):
            kind = None if schema is None or not shown[at] else schema["items"]
            self._node(item, tag, kind, element, (*place, at), f"{path}/{at}")
        if schema is not None:
            self.literal(_EMPTY)

    def _shows(self, path: str) -> bool:
        """Whether anything at or below a path is released; all its fields are still to be taken."""
        below = f"{path}/"
        return any(
            each.released and (each.path == path or each.path.startswith(below))
            for each in self._fields[self._next :]
        )

    def _leaf(self, leaf: Leaf, tag: str, schema: Any, place: Place, path: str) -> None:
        _want(self._next < len(self._fields))
        decided = self._fields[self._next]
        self._next += 1
        form = decided.form
        _want(decided.path == path and decided.tag == tag)
        _want(decided.released is (form is not None))
        _want(schema is None or type(schema) is list)
        if form is None:
            _want(tag != _BASICS or not path.startswith("/header/"))
            if schema is not None:
                self.literal(_branches(schema)[1])
            return
        _want(schema is not None and form is not Form.SCRUBBED and fits(form, leaf.kind))
        null, _, kinds = _branches(schema)
        number = null + 1 if form is Form.CLEAR else len(schema) - 1
        _want(len(kinds) == 1 or not _is(kinds[0], "enum"))
        _want(form is Form.CLEAR or schema[number] == "string")
        self._flush()
        if form is Form.CLEAR:
            # INVARIANT: so the leaf's own bytes are what a view of this schema has for it.
            _want(null is (leaf.nullable or self._maybe) and _alike(schema[number], leaf.avro))
            self._picks.append((_LEAVES, self._next - 1))
        else:
            self._picks.append((_TEXTS, len(self._texts)))
            branch = bytes([number << 1])
            self._texts.append((place, _NULL if null else None, branch, decided))

    def _null_record(self, schema: Any) -> None:
        """Nothing to show: each leaf null or withheld (only the plan knows which), lists empty."""
        for each in schema["fields"]:
            kind = each["type"]
            if type(kind) is list:
                null, withheld, _ = _branches(kind)
                _want(null)
                self._parts.append((self._taken(), _NULL + withheld))
            elif _is(kind, "record"):
                self._null_record(kind)
            else:
                self.literal(_EMPTY)


def _branches(union: list[Any]) -> tuple[bool, bytes, list[Any]]:
    """Whether null is the first branch, the byte of the withheld branch, and the other branches."""
    null = union[0] == "null"
    withheld = union[null]
    named = withheld["name"] if type(withheld) is dict else withheld
    _want(named == _WITHHELD and len(union) > null + 1)
    return null, bytes([null << 1]), union[null + 1 :]


def _alike(seen: Any, own: Any) -> bool:
    """Whether two types of leaves spell all values alike: named and annotated as they may be."""
    seen, own = _bare(seen), _bare(own)
    return bool(seen == own) or seen == {"type": "string"} == {"type": own["type"]}


def _bare(avro: Any) -> dict[str, Any]:
    if type(avro) is not dict:
        return {"type": avro}
    bare = {key: avro[key] for key in _TELLING if key in avro}
    if "fields" in avro:
        bare["fields"] = [(each["name"], _bare(each["type"])) for each in avro["fields"]]
    return bare


def _is(schema: Any, kind: str) -> bool:
    return type(schema) is dict and schema["type"] == kind


def _want(holds: bool) -> None:
    if not holds:
        raise _Unlisted
