"""Reading an event of the usual kind as one straight piece of code, written for its type.

A call for each field is what reading costs, so for a type of records, lists and leaves one function
is written that has none of them, as `dataclasses` writes `__init__`. It reads the values and, on
the way, cuts the leaves out of the bytes as views spell them (`spelled`). It is only ever right:
for bytes that it does not know it gives nothing, and what reads all of Avro (`Wire.decode`) then
says what they are or why they are refused. No value of an event gets into the code: it is made of
numbered names and of the schema's own field names as string literals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from schemas.moments import EPOCH
from schemas.nodes import Array, EventType, Kind, Leaf, Node, Record
from schemas.spelled import NULL, Spelled, branch_of_clear
from schemas.wire import PREFIX_BYTES, leaf_writer
from schemas.wire_times import TIME_PARTS
from schemas.wire_values import (
    PARTS,
    UUID_PATTERN,
    EnumOf,
    ListOf,
    NullableOf,
    Part,
    RecordOf,
    read_string,
)

MAX_INLINED: Final = 1024  # event types; past it, all are written again
MAX_INLINED_LEAVES: Final = 512  # of a type; the code of a larger one would take long to compile
MAX_INLINED_DEPTH: Final = 15  # lists and nullable records in one another; Python's limit is 20

Read = Callable[[bytes], tuple[dict[str, Any], Spelled] | None]


_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


class _Unusual(Exception):
    """A type that is not inlined."""


_READS: Final[dict[str, Read]] = {}  # by the digest of the event type


def inlined(etype: EventType) -> Read:
    """What reads the bytes of an event of this type, written when it is first asked for.

    It takes a whole single-object encoding and gives the value with its leaves, or None where the
    bytes are not plainly of this type; always None where the type is not of the usual kind.
    """
    read = _READS.get(etype.digest)
    if read is None:
        if len(_READS) >= MAX_INLINED:
            _READS.clear()
        read = _READS[etype.digest] = _write(etype)
    return read


def _write(etype: EventType) -> Read:
    code = _Code()
    try:
        root = code.node(etype.avro.part, etype.root, nullable=False)
    except _Unusual:
        return lambda data: None
    tuples = {"leaves": _tuple(root.leaves), "outline": _tuple(root.outline)}
    foot = _FOOT.format(at=code.at, value=root.value, **tuples)
    source = "\n".join([_HEAD, *code.lines, foot])
    exec(compile(source, f"<reader of {etype.name}>", "exec"), code.names)  # noqa: S102
    read: Read = code.names["read"]
    return read


_HEAD: Final = f"""\
def read(data):
    try:
        _0 = {PREFIX_BYTES}
        wide = data + bytes(8)  # so that a short number at the end has something behind it"""
_FOOT: Final = """\
        if {at} != len(data):
            return None
        return {value}, Spelled({leaves}, {outline})
    except Exception:
        return None"""

# of a string with its length, by its first byte; of a longer one, 0
_SPANS: Final = tuple((byte >> 1) + 1 if not byte & 0x81 else 0 for byte in range(256))


@dataclass(frozen=True, slots=True)
class _Read:
    """What has been read: expressions of its value, its leaves and its outline."""

    value: str
    leaves: list[str] = field(default_factory=list)
    outline: list[str] = field(default_factory=list)


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)},)" if parts else "()"


class _Code:
    """The code while it is written: its lines, and the objects that it names.

    Each step leaves its value in a name of its own, and in another, `at`, where it ends. Bytes that
    end too early give an IndexError, or an end past theirs.
    """

    def __init__(self) -> None:
        self.at = "_0"
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "SPANS": _SPANS,
            "read_string": read_string,
            "is_uuid": UUID_PATTERN.fullmatch,
            "BOOLEANS": {0: False, 1: True},
            "Spelled": Spelled,
            "day": date.fromordinal,
            "EPOCH": EPOCH,
            "timedelta": timedelta,
        }
        self._indent = 2
        self._count = 0
        self._leaves = 0

    def node(self, part: Part, node: Node, *, nullable: bool) -> _Read:
        """Read a node; `nullable` says whether a record around it may be null."""
        match node, part.of:
            case _, NullableOf():
                return self._nullable(part.of, node, nullable=nullable)
            case Leaf(), _:
                return self._leaf(part, node, nullable=nullable)
            case Record(one_of=False, fields=[_, *_]), RecordOf(fields=parts):
                below = nullable or node.nullable
                found = {
                    each.name: self.node(parts[each.name], each.node, nullable=below)
                    for each in node.fields
                }
                return _Read(
                    self._dict({name: each.value for name, each in found.items()}),
                    [leaf for each in found.values() for leaf in each.leaves],
                    [one for each in found.values() for one in each.outline],
                )
            case Array(item=item), ListOf(item=inner):
                return self._list(inner, item)
        raise _Unusual

    def _line(self, *lines: str) -> None:
        self.lines += ["    " * self._indent + line for line in lines]

    def _name(self) -> str:
        self._count += 1
        return f"_{self._count}"

    def _named(self, thing: Any) -> str:
        """The name of an object that the code uses."""
        name = self._name()
        self.names[name] = thing
        return name

    def _deeper(self, head: str) -> None:
        self._line(head)
        self._indent += 1
        if self._indent > MAX_INLINED_DEPTH:
            raise _Unusual

    def _dict(self, found: dict[str, str]) -> str:
        value = self._name()
        self._line(f"{value} = {{{', '.join(f'{name!r}: {of}' for name, of in found.items())}}}")
        return value

    def _move(self, end: str) -> None:
        """Go on behind this, which is an expression."""
        at = self._name()
        self._line(f"{at} = {end}")
        self.at = at

    def _nullable(self, of: NullableOf, node: Node, *, nullable: bool) -> _Read:
        begin, end = self.at, self._name()
        value, leaves, outline = self._name(), self._name(), self._name()
        self._deeper(f"if data[{begin}] == {of.prefix}:")
        self._move(f"{begin} + 1")
        inner = self.node(of.inner, node, nullable=nullable)
        self._line(f"{value} = {inner.value}", f"{end} = {self.at}")
        if isinstance(node, Leaf):
            self._line(f"{leaves} = {inner.leaves[0]}")
            absent = [f"{leaves} = {NULL!r}"]
            found = _Read(value, [leaves])
        else:
            there = ["True", *inner.outline] if isinstance(node, Record) else inner.outline
            self._line(f"{leaves} = {_tuple(inner.leaves)}", f"{outline} = {_tuple(there)}")
            not_there = "False" if isinstance(node, Record) else "0"
            absent = [f"{leaves} = ()", f"{outline} = ({not_there},)"]
            found = _Read(value, [f"*{leaves}"], [f"*{outline}"])
        self._indent -= 1
        self._deeper(f"elif data[{begin}] == {of.null}:")
        self._line(f"{value} = None", f"{end} = {begin} + 1", *absent)
        self._indent -= 1
        self._line("else:", "    return None")
        self.at = end
        return found

    def _list(self, part: Part, item: Node) -> _Read:
        """A list in one block of fewer than 64 elements."""
        begin, end = self.at, self._name()
        value, leaves, outline, count = (self._name() for _ in range(4))
        self._line(f"{value} = []", f"{leaves} = []", f"{count} = data[{begin}]")
        self._line(f"{end} = {begin} + 1", f"{outline} = [{count} >> 1]")
        self._deeper(f"if {count}:")
        self._line(f"if {count} & 0x81:", "    return None")
        self._deeper(f"for _ in range({count} >> 1):")
        self.at = end
        element = self.node(part, item, nullable=False)
        self._line(f"{value}.append({element.value})", f"{leaves} += {_tuple(element.leaves)}")
        if element.outline:
            self._line(f"{outline} += {_tuple(element.outline)}")
        self._line(f"{end} = {self.at}")
        self._indent -= 1
        self._line(f"if data[{end}]:", "    return None", f"{end} += 1")
        self._indent -= 1
        self.at = end
        return _Read(value, [f"*{leaves}"], [f"*{outline}"])

    def _leaf(self, part: Part, leaf: Leaf, *, nullable: bool) -> _Read:
        self._leaves += 1
        if self._leaves > MAX_INLINED_LEAVES:
            raise _Unusual
        before, piece, begin = branch_of_clear(leaf, nullable=nullable), self._name(), self.at
        value = self._value(part)
        uuid = leaf.kind is Kind.UUID and part is not PARTS["string-uuid"]
        if uuid or leaf.kind is Kind.DECIMAL:  # which an event may spell otherwise than a view
            self._line(f"{piece} = bytearray({before!r})")
            self._line(f"{self._named(leaf_writer(leaf.avro))}({piece}, {value})")
            self._line(f"{piece} = bytes({piece})")
        else:
            self._line(f"{piece} = {before!r} + data[{begin}:{self.at}]")
        return _Read(value, [piece])

    def _value(self, part: Part) -> str:
        value, begin = self._name(), self.at
        match part.of:
            case EnumOf(symbols=symbols):
                table = self._named({2 * at: symbol for at, symbol in enumerate(symbols[:64])})
                self._line(f"{value} = {table}[data[{begin}]]")
                self._move(f"{begin} + 1")
            case RecordOf(fields=fields):
                return self._dict({name: self._value(inner) for name, inner in fields.items()})
            case _ if part is PARTS["string"]:
                self._text(value)
            case _ if part is PARTS["string-uuid"]:
                self._text(value)
                self._line(f"if not is_uuid({value}):", "    return None")
            case _ if part is PARTS["boolean"]:
                self._line(f"{value} = BOOLEANS[data[{begin}]]")
                self._move(f"{begin} + 1")
            case _ if part is TIME_PARTS["int-date"]:
                self._number(part, value, f"day({{number}} + {_FIRST_DAY})", sizes=(2, 3))
            case _ if part is TIME_PARTS["long-timestamp-millis"]:
                self._number(part, value, "EPOCH + timedelta(0, 0, 0, {number})", sizes=(6,))
            case _:
                end = self._name()
                self._line(f"{value}, {end} = {self._named(part.read)}(data, {begin})")
                self.at = end
        return value

    def _text(self, value: str) -> None:
        begin = self.at
        self._move(f"{begin} + SPANS[data[{begin}]]")
        self._line(f"if {self.at} == {begin}:")
        self._line(f"    {value}, {self.at} = read_string(data, {begin})", "else:")
        self._line(f"    {value} = data[{begin} + 1:{self.at}].decode()")

    def _number(self, part: Part, value: str, made: str, *, sizes: tuple[int, ...]) -> None:
        """What is made of a number of one of these lengths, in bytes; of others by a call."""
        names, begin, end = "abcdef"[: max(sizes)], self.at, self._name()
        self._line(f"{', '.join(names)} = wide[{begin}:{begin} + {max(sizes)}]")
        head = "if"
        for size in sizes:
            more, last = names[: size - 1], names[size - 1]
            self._line(f"{head} {' & '.join(more)} > 0x7F and 0 < {last} < 0x80:")
            terms = " + ".join(f"({each} << {7 * at})" for at, each in enumerate(names[:size]))
            over = sum(0x80 << 7 * at for at in range(size - 1))
            self._line(f"    number = {terms} - {over}", f"    {end} = {begin} + {size}")
            self._line(f"    {value} = {made.format(number='(number >> 1 ^ -(number & 1))')}")
            head = "elif"
        self._line("else:", f"    {value}, {end} = {self._named(part.read)}(data, {begin})")
        self.at = end
