"""YAML as plain text with line numbers: nothing is typed, and nothing clever is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_KEY: Final = 200  # characters; messages quote keys, and a long one would be quoted many times
MAX_PROBLEMS: Final = 500  # of one text; nobody mends more at once, and each takes time to explain
TOO_MANY: Final = f"there are more than {MAX_PROBLEMS} problems; mend those above first"

# libyaml reads 256 KiB thirty times faster; both loaders leave every scalar a string
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# characters that reorder, hide or break lines: what is displayed must be what is executed
_DECEPTIVE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
# what libyaml says of the mistakes that people make, and what they can do about them
_EXPLAINED = {
    "mapping values are not allowed": "a `:` stands where none can; put the words in quotation "
    "marks, or look at the indents",
    "',' or ']'": "a comma or a `]` is missing here",
    "',' or '}'": "a comma or a `}` is missing here",
    "expected key": "this line is not indented like the lines around it",
    "end of stream": "a quotation mark that was opened is not closed",
    "cannot start any token": "a word here must be put in quotation marks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a text: where, in which clause if in one, and a sentence."""

    origin: str
    line: int
    clause: str | None
    message: str

    def __str__(self) -> str:
        clause = "" if self.clause is None else f"clause {self.clause}: "
        return f"{self.origin}:{self.line}: {clause}{self.message}"


def line_of(node: Node) -> int:
    """The line a node starts on, counted from one."""
    return int(node.start_mark.line) + 1


def compose(
    text: str | bytes, *, origin: str, max_bytes: int, max_depth: int, name_keys: bool = True
) -> tuple[MappingNode | None, tuple[Problem, ...]]:
    """The text as a tree of strings, lists and mappings with lines, or why it is none.

    Anchors, aliases, tags, merge keys, duplicate keys, several documents, and characters that
    make a text read otherwise than it is executed are refused, also where they are escaped. In the
    tree every key is a scalar of at most `MAX_KEY` characters, and once in its mapping. Time and
    memory grow with the length of the text: 256 KiB take less than three seconds and 200 MB.

    Args:
        text: the file's text; bytes must be UTF-8.
        origin: the file's name, for messages.
        max_bytes: longest text that is read.
        max_depth: most levels of lists and mappings.
        name_keys: whether messages may name a key; not where keys can be a person's or a case's.
    """

    def problem(line: int, message: str) -> Problem:
        return Problem(origin=origin, line=line, clause=None, message=message)

    def refuse(line: int, message: str) -> tuple[None, tuple[Problem, ...]]:
        return None, (problem(line, message),)

    def first(found: Iterable[tuple[int, str]]) -> tuple[Problem, ...]:
        problems = [problem(*each) for each in islice(found, MAX_PROBLEMS + 1)]
        if len(problems) > MAX_PROBLEMS:
            problems[-1] = problem(problems[-1].line, TOO_MANY)
        return tuple(problems)

    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    if len(text) > max_bytes:
        return refuse(1, f"the text is longer than {max_bytes // 1024} kilobytes")
    try:
        decoded = text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as cause:
        return refuse(text.count(b"\n", 0, cause.start) + 1, "the text is not UTF-8")
    if found := _DECEPTIVE.search(decoded):
        line = decoded.count("\n", 0, found.start()) + 1
        return refuse(
            line, f"an invisible character stands here (U+{ord(found[0]):04X}); delete it"
        )
    try:
        problems = first(_refused_spellings(decoded, max_depth))
        if problems:
            return None, problems
        root = yaml.compose(decoded, Loader=_LOADER)
    except yaml.MarkedYAMLError as cause:
        return refuse(*_explain(cause, decoded))
    except yaml.YAMLError:
        return refuse(1, "the text cannot be read; look at brackets, quotation marks and indents")
    if not isinstance(root, MappingNode):
        return refuse(1, "the text is not written in lines of `key: value`")
    problems = first(_refused_nodes(root, name_keys))
    return (None if len(problems) > MAX_PROBLEMS else root), problems


def _explain(cause: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    mark = cause.problem_mark or cause.context_mark
    line = 1 if mark is None else int(mark.line) + 1
    lines = text.split("\n")
    line = min(line, len(lines))
    if re.match(r" *\t", lines[line - 1]):
        return line, "the line is indented with a tab; use spaces"
    problem = cause.problem or ""
    for part, message in _EXPLAINED.items():
        if part in problem:
            return line, message
    return line, "the text cannot be read here; look at brackets, quotation marks and indents"


def _refused_spellings(text: str, max_depth: int) -> Iterator[tuple[int, str]]:
    """What composing would resolve silently or recurse into; stops at the first excess of depth."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = 1 if event.start_mark is None else int(event.start_mark.line) + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield line, "a second document begins here; write one"
        if isinstance(event, yaml.AliasEvent):
            yield (
                line,
                "`*` before a word points elsewhere, which is not allowed; write the words out",
            )
        elif isinstance(event, yaml.NodeEvent):
            if event.anchor is not None:
                yield line, "`&` before a word names it, which is not allowed; write the words out"
            if getattr(event, "tag", None) is not None:
                yield line, "`!` before a word is not allowed; put the word in quotation marks"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > max_depth:
                yield line, f"more than {max_depth} brackets or indents stand in one another"
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refused_nodes(node: Node, named: bool) -> Iterator[tuple[int, str]]:
    """What two readers could understand differently; such keys are taken out of the tree."""
    if isinstance(node, SequenceNode):
        for part in node.value:
            yield from _refused_nodes(part, named)
    if isinstance(node, ScalarNode) and (found := _DECEPTIVE.search(node.value)):
        message = f"an invisible character is written here (U+{ord(found[0]):04X}); delete it"
        yield line_of(node), message
    if not isinstance(node, MappingNode):
        return
    kept: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        yield from _refused_nodes(key, named)
        yield from _refused_nodes(value, named)
        if not isinstance(key, ScalarNode) or not key.value.isprintable():
            yield line_of(key), "a key must be a word"
        elif key.value == "<<":
            yield line_of(key), "`<<` is not allowed; write the words out"
        elif len(key.value) > MAX_KEY:
            yield line_of(key), f"a key is longer than {MAX_KEY} characters"
        elif key.value in kept:
            name = f"`{key.value}`" if named else "a key"
            yield line_of(key), f"{name} is written twice in one place"
        else:
            kept[key.value] = (key, value)
    node.value = list(kept.values())
