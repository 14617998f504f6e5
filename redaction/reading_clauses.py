"""Reads the clauses: what is shared, and what never is."""

from __future__ import annotations

from collections.abc import Mapping

from yaml.nodes import MappingNode, Node, ScalarNode

from redaction.agreement import Condition, Form, Never, Share
from redaction.reading_conditions import read_condition, read_items
from redaction.text import line_of
from redaction.words import Reader

_BOTH = ("id", "text", "to", "when", "not_told_to")
_SHARE = (*_BOTH, "share", "as", "from", "items", "needs", "reveals")
_NEVER = (*_BOTH, "never", "clearer_than", "reveals")
# INVARIANT: `clear` stands first, which is what a missing `as` means.
FORMS = (Form.CLEAR.value, *(form.value for form in Form if form is not Form.CLEAR))


def read_clauses(reader: Reader, node: Node | None) -> tuple[tuple[Share, ...], tuple[Never, ...]]:
    """The clauses in the order of the text.

    A clause with a problem is left out, so that no further problem is made of its remains.
    """
    shares: list[Share] = []
    nevers: list[Never] = []
    for part in reader.parts(node, "`clauses`"):
        before = len(reader.problems)
        with reader.within(label(part)):
            clause = _clause(reader, part)
        if clause is None or len(reader.problems) > before:
            continue
        if isinstance(clause, Share):
            shares.append(clause)
        else:
            nevers.append(clause)
    return tuple(shares), tuple(nevers)


def label(node: Node) -> str | None:
    """A clause's or an override's id for messages, however wrong it is otherwise."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == "id" and isinstance(value, ScalarNode) and len(value.value) <= 100:
                return str(value.value) or None
    return None


def _clause(reader: Reader, node: Node) -> Share | Never | None:
    if not isinstance(node, MappingNode):
        reader.problem(node, "a clause must be written as `key: value`")
        return None
    keys = {key.value for key, _ in node.value}
    if ("share" in keys) == ("never" in keys):
        reader.problem(node, "a clause needs either `share` or `never`")
        return None
    return _share(reader, node) if "share" in keys else _never(reader, node)


def _share(reader: Reader, node: Node) -> Share:
    entries = reader.keyed(node, "a `share`", required=("id", "share", "to"), optional=_SHARE)
    items = entries.get("items")
    return Share(
        id=reader.word(entries.get("id"), "`id`"),
        line=line_of(node),
        text=reader.text(entries.get("text"), "`text`"),
        tags=reader.words(entries.get("share"), "`share`"),
        to=reader.words(entries.get("to"), "`to`"),
        form=Form(reader.one_of(entries.get("as"), "`as`", FORMS)),
        publishers=reader.words(entries.get("from"), "`from`"),
        items=None if items is None else read_items(reader, items),
        when=_when(reader, entries),
        needs_reason=_needs(reader, entries.get("needs")),
        reveals=reader.words(entries.get("reveals"), "`reveals`"),
        not_told_to=reader.words(entries.get("not_told_to"), "`not_told_to`"),
    )


def _never(reader: Reader, node: Node) -> Never:
    entries = reader.keyed(node, "a `never`", required=("id", "never", "to"), optional=_NEVER)
    tags, classes = _withheld(reader, entries.get("never"))
    cap = entries.get("clearer_than")
    # a `never` capped at `clear` would withhold nothing
    caps = tuple(form for form in FORMS if form != Form.CLEAR)
    return Never(
        id=reader.word(entries.get("id"), "`id`"),
        line=line_of(node),
        text=reader.text(entries.get("text"), "`text`"),
        tags=tags,
        classes=classes,
        to=reader.words(entries.get("to"), "`to`"),
        clearer_than=None if cap is None else Form(reader.one_of(cap, "`clearer_than`", caps)),
        when=_when(reader, entries),
        not_told_to=reader.words(entries.get("not_told_to"), "`not_told_to`"),
        reveals=reader.words(entries.get("reveals"), "`reveals`"),
    )


def _withheld(reader: Reader, node: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a `never` names: `[tag, ...]`, or `{class: ...}`, `{tag: ...}` or both."""
    if not isinstance(node, MappingNode):
        return reader.words(node, "`never`"), ()
    entries = reader.keyed(node, "`never`", optional=("class", "tag"))
    if not node.value:
        reader.problem(node, "`never` is empty")
    return (
        reader.words(entries.get("tag"), "`tag`"),
        reader.words(entries.get("class"), "`class`"),
    )


def _when(reader: Reader, entries: Mapping[str, Node]) -> Condition | None:
    return read_condition(reader, entries["when"]) if "when" in entries else None


def _needs(reader: Reader, node: Node | None) -> bool:
    if node is None:
        return False
    entries = reader.keyed(node, "`needs`", required=("reason",))
    # `reason: no` would read as a need that is none; the key is left out instead
    reader.one_of(entries.get("reason"), "`reason`", ("yes",))
    return True
