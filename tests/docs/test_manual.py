"""The manual of the agreement language: every word is in it, and every example in it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from redaction.agreement import Agreement, Form, OnWithdrawal, Unit
from redaction.scrubbing.cutting import scrub
from redaction.scrubbing.doubt import doubts_of, is_doubtful
from redaction.scrubbing.hidden import hide
from redaction.scrubbing.values import Values
from redaction.static_check import check_text
from redaction.text import Problem
from schemas.registry import Registry, load_vocabulary
from tests.redaction.hiding import values

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "agreement-language.md").read_text()
BLOCKS = re.findall(r"^```yaml (\w+)\n(.*?)^```\n(?:> ([^\n]*))?", MANUAL, re.MULTILINE | re.DOTALL)
TYPES = {one.name: one for one in Registry.builtin().types}


def parsed(text: str) -> dict[str, Any]:
    """A block as the language reads it: every scalar a string."""
    found = yaml.load(text, Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


BASE = parsed(next(text for kind, text, _ in BLOCKS if kind == "agreement"))
PARTS = [text for kind, text, _ in BLOCKS if kind == "part"]
SCRUBBED = re.findall(
    r"^\| (name|date|text|number|nothing)(?: `(.*?)`)? \| `(.*?)` \| `?(.*?)`? \|$",
    MANUAL,
    re.MULTILINE,
)
WRONG = [(text, said) for kind, text, said in BLOCKS if kind == "wrong"]


def together(part: dict[str, Any]) -> str:
    """The whole agreement with a part put in: clauses by number, audiences by name."""
    whole = dict(BASE)
    for key, value in part.items():
        if key == "clauses" and "event_types" not in part:
            numbers = [one["id"] for one in value]
            whole[key] = [one for one in BASE[key] if one["id"] not in numbers] + value
        elif key == "audiences":
            whole[key] = {**BASE[key], **value}
        else:
            whole[key] = value
    if "event_types" in part:  # the other clauses speak of tags that these events do not carry
        whole["clauses"] = part.get("clauses", BASE["clauses"])
    return yaml.safe_dump(whole, sort_keys=False)


def checked(text: str) -> tuple[Agreement | None, tuple[Problem, ...]]:
    return check_text(text, TYPES, load_vocabulary(), origin="manual")


def test_the_whole_agreement_has_no_problem() -> None:
    found, problems = checked(next(text for kind, text, _ in BLOCKS if kind == "agreement"))
    assert [str(one) for one in problems] == []
    assert found is not None


@pytest.mark.parametrize("part", PARTS)
def test_each_example_has_no_problem_in_the_whole_and_says_something(part: str) -> None:
    found, problems = checked(together(parsed(part)))
    assert [str(one) for one in problems] == []
    base, _ = checked(together({}))
    assert found is not None
    assert base is not None
    repeats = {"vocabulary", "agency", "named_in"}  # words the whole agreement shows already
    assert found.hash() != base.hash() or any(word in part for word in repeats)


@pytest.mark.parametrize(("part", "sentence"), WRONG)
def test_each_wrong_example_is_refused_with_the_sentence_beside_it(
    part: str, sentence: str
) -> None:
    _, problems = checked(together(parsed(part)))
    assert any(sentence in one.message for one in problems), [str(one) for one in problems]


def hidden(kind: str, value: str) -> Values:
    """What the first column of the table of scrubbed texts says."""
    match kind:
        case "name":
            return values(names=[value])
        case "text":
            return values(texts=[value])
        case "date":
            return values(dates=[date.fromisoformat(value)])
        case "number":
            return values(numbers=[int(value)])
    return values()


@pytest.mark.parametrize(("kind", "value", "text", "read"), SCRUBBED)
def test_each_scrubbed_text_is_read_as_the_manual_says(
    kind: str, value: str, text: str, read: str
) -> None:
    """Rule 4: what `scrubbed` removes, when it withholds, and what it leaves."""
    of = hidden(kind, value)
    assert ("withheld" if is_doubtful(text, doubts_of(of)) else scrub(text, hide(of))) == read


def test_every_block_of_the_manual_is_read() -> None:
    assert len(BLOCKS) == MANUAL.count("\n```yaml ")
    assert all(sentence for _, sentence in WRONG)


def test_the_table_of_scrubbed_texts_is_read() -> None:
    assert len(SCRUBBED) == MANUAL.count("\n| name `") + MANUAL.count("\n| nothing | `") + 4
    assert sum(read == "withheld" for *_, read in SCRUBBED) >= 3


def words(node: Any) -> Iterator[str]:
    """Every key that the language's JSON Schema names, and every word of its closed lists."""
    if isinstance(node, dict):
        yield from node.get("properties", {})
        yield from (word for word in node.get("enum", ()) if isinstance(word, str))
        for inner in node.values():
            yield from words(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from words(inner)


def keys(node: Any) -> Iterator[str]:
    """Every key and value of a block."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from keys(value)
    elif isinstance(node, list):
        for inner in node:
            yield from keys(inner)
    else:
        yield node


def test_every_word_of_the_language_is_explained_and_has_an_example_that_runs() -> None:
    schema = json.loads((ROOT / "schemas" / "json" / "agreement-language.json").read_bytes())
    every = set(words(schema)) | {str(form) for form in Form} | {str(unit) for unit in Unit}
    every |= {str(one) for one in OnWithdrawal} | {"anyone", "recipient"}
    shown = {word for text in PARTS for word in keys(parsed(text))} | set(keys(BASE))
    units = {unit for unit in Unit if any(str(unit) in word for word in shown)}
    explained = set(re.findall(r"`([^`\n]+)`", MANUAL))
    explained |= {word for one in explained for word in re.findall(r"[\w-]+", one)}
    lists = {"properties", "type", "items"} - set(words(schema))
    without_example = every - shown - {str(unit) for unit in units} - lists
    # closed words of which one is shown in an example and all are explained
    without_example -= {"cease", "return", "refused", "school days", "next-school-day"}
    assert not without_example
    assert not {word for word in every if word not in explained and word not in lists}
