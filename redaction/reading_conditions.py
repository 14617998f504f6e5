"""Reads conditions: a closed grammar of `all`, `any`, `not`, facts, bounds, elapsed time, ages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yaml.nodes import MappingNode, Node, SequenceNode

from redaction.agreement import Age, AllOf, AnyOf, Condition, Elapsed, Is, Items, Not, Number, Unit
from redaction.words import Reader

MAX_BOUND = 999_999_999  # beyond any score or count that an event type carries
MAX_AGE = 150  # years
MAX_VALUE = 200  # characters of a word that a fact is compared with
_BOUNDS = ("at_least", "at_most")
# stands where nothing could be read; the problem that was noted keeps it from ever being used
_UNREAD: Final = AllOf(parts=())


def read_condition(reader: Reader, node: Node) -> Condition:
    """One condition: a mapping with exactly one key, a connective or a fact."""
    pairs = reader.pairs(node, "a condition")
    if len(pairs) != 1:
        if pairs:
            message = "a condition holds several facts; join them with `all: [...]` or `any: [...]`"
            reader.problem(node, message)
        elif isinstance(node, MappingNode) and not node.value:
            reader.problem(node, "a condition is empty")
        return _UNREAD
    key, value = pairs[0]
    if key in ("all", "any"):
        parts = tuple(read_condition(reader, part) for part in _joined(reader, key, value))
        return AllOf(parts=parts) if key == "all" else AnyOf(parts=parts)
    if key == "not":
        return Not(part=read_condition(reader, value))
    if key == "disclosure_age":
        return _elapsed(reader, value)
    if key == "age":
        return _age(reader, value)
    return _fact(reader, key, node, value)


def read_items(reader: Reader, node: Node) -> Items:
    """Which list elements a clause selects: `where` with `is: recipient`, `when`, or both."""
    entries = reader.keyed(node, "`items`", optional=("where", "is", "when"))
    if ("where" in entries) != ("is" in entries):
        reader.problem(node, "`items` needs `where` with a tag and `is: recipient` together")
    elif isinstance(node, MappingNode) and not entries:
        reader.problem(node, "`items` needs `where` with a tag and `is: recipient`, or `when`")
    if "is" in entries:
        reader.one_of(entries["is"], "`is`", ("recipient",))
    when = entries.get("when")
    return Items(
        where=reader.word(entries.get("where"), "`where`") or None,
        when=None if when is None else read_condition(reader, when),
    )


def _joined(reader: Reader, key: str, node: Node) -> tuple[Node, ...]:
    # Without this, `all: []` would hold and `any: []` would not, whatever the author meant.
    if isinstance(node, SequenceNode) and not node.value:
        reader.problem(node, f"`{key}` is empty")
    return reader.parts(node, f"`{key}`")


def _fact(reader: Reader, key: str, node: Node, value: Node) -> Condition:
    fact = reader.word(node.value[0][0], "the name of a fact")
    if not isinstance(value, MappingNode):
        return Is(fact=fact, values=_values(reader, f"the value of `{key}`", value))
    entries = reader.keyed(value, f"`{key}`", optional=_BOUNDS)
    least, most = _bounds(reader, value, entries, f"`{key}`", -MAX_BOUND, MAX_BOUND)
    return Number(fact=fact, at_least=least, at_most=most)


def _values(reader: Reader, what: str, node: Node) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode):
        return (reader.text(node, what, limit=MAX_VALUE),)
    values = tuple(reader.text(part, what, limit=MAX_VALUE) for part in reader.parts(node, what))
    if not node.value:
        reader.problem(node, f"{what} is empty")
    if len(set(values)) < len(values):
        reader.problem(node, f"{what} names a word twice")
    return values


def _elapsed(reader: Reader, node: Node) -> Condition:
    what = "`disclosure_age`"
    entries = reader.keyed(node, what, optional=("at_most", "less_than"))
    if len(entries) != 1:
        if isinstance(node, MappingNode):
            reader.problem(node, f"{what} needs one of `at_most` and `less_than`")
        return _UNREAD
    ((bound, value),) = entries.items()
    amount, unit = reader.amount(value, f"`{bound}`", tuple(unit.value for unit in Unit))
    return Elapsed(amount=amount, unit=Unit(unit), inclusive=bound == "at_most")


def _age(reader: Reader, node: Node) -> Condition:
    entries = reader.keyed(node, "`age`", required=("of",), optional=_BOUNDS)
    least, most = _bounds(reader, node, entries, "`age`", 0, MAX_AGE)
    return Age(of=reader.word(entries.get("of"), "`of`"), at_least=least, at_most=most)


def _bounds(
    reader: Reader, node: Node, entries: Mapping[str, Node], what: str, lowest: int, highest: int
) -> tuple[int | None, int | None]:
    least, most = (
        reader.number(entries[bound], f"`{bound}`", least=lowest, most=highest)
        if bound in entries
        else None
        for bound in _BOUNDS
    )
    understood = isinstance(node, MappingNode) and len(entries) == len(node.value)
    if understood and least is None and most is None:
        reader.problem(node, f"{what} needs `at_least`, `at_most` or both")
    if least is not None and most is not None and least > most:
        reader.problem(node, f"{what} has `at_least` above `at_most`, which never holds")
    return least, most
