"""The JSON Schema of the language: as generated, and of one mind with the reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from redaction.json_schema import language_schema, language_schema_text
from redaction.reading import read
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/agreement.yaml"))
SCHEMA = Draft202012Validator(language_schema())
NEVER = """\
    text: Nobody learns who pays.
  - id: "7.2"
    never: {tag: [victim.name], class: money}
    reveals: [score]
    to: anyone
    when: {all: [{score: {at_least: 1, at_most: 4}}, {colour: [red, blue]}]}
"""
MORE = (
    ("consent:\n", f"{NEVER}consent:\n"),
    ("{of: victim,", "{of: victim, by_age: {under_12: parent, from_12: victim},"),
    ("    releases:", "    as: clear\n    not_told_to: [perpetrators]\n    releases:"),
    ("outcome: favourable", "outcome: favourable, of: [northmoor-police]"),
    ("{of: social-care,", "{of: social-care, special_category: [x], criminal_offence: [y],"),
    ("    share: [child.name,", "    from: northmoor-police\n    share: [child.name,"),
    ("is: recipient}", "is: recipient, when: {not: {age: {of: a.b, at_least: 1, at_most: 2}}}}"),
)


def full_text() -> str:
    """A text in which every key of the language is written."""
    text = TEXT + EXCEPTIONS
    for old, new in MORE:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


FULL = full_text()


def typed(node: yaml.Node) -> Any:
    """A tree as an editor reads it: YAML 1.2, where `yes` and dates are text."""
    if isinstance(node, yaml.MappingNode):
        return {typed(key): typed(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [typed(item) for item in node.value]
    plain = node.style is None  # type: ignore[attr-defined]
    if plain and node.value.lstrip("-").isdigit():
        return int(node.value)
    return str(node.value)


def tree_of(text: str) -> Any:
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    assert root is not None
    return typed(root)


def schema_takes(tree: Any) -> bool:
    return SCHEMA.is_valid(tree)


def reader_takes(tree: Any) -> bool:
    """The reader's verdict on the tree, written as JSON, which is YAML too."""
    return not read(json.dumps(tree, ensure_ascii=False), origin="a.yaml").problems


def places(tree: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and list position below the root."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inner:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


def edited(tree: Any, place: tuple[Any, ...], edit: Any) -> Any:
    """A copy in which `edit(container, key)` changed one place."""
    tree = copy.deepcopy(tree)
    inner = tree
    for key in place[:-1]:
        inner = inner[key]
    edit(inner, place[-1])
    return tree


def renamed(container: Any, key: Any) -> None:
    value = container.pop(key)
    container.update({"zzz": value})


def removed(container: Any, key: Any) -> None:
    del container[key]


def put(value: Any) -> Any:
    def edit(container: Any, key: Any) -> None:
        container[key] = value

    return edit


TREE = tree_of(FULL)


def test_file_is_what_is_generated() -> None:
    """The file that editors use is generated from the reader's own words.

    Written anew by `language_schema_text`, whenever the language changes.
    """
    path = ROOT / "schemas" / "json" / "agreement-language.json"
    assert path.read_text(encoding="utf-8") == language_schema_text()


def test_schema_is_a_schema() -> None:
    """The schema is one of draft 2020-12, and no key goes without a description."""
    Draft202012Validator.check_schema(language_schema())
    assert undescribed(language_schema()) == []


def undescribed(node: Any, at: str = "") -> list[str]:
    if isinstance(node, list):
        return [fault for one in node for fault in undescribed(one, at)]
    if not isinstance(node, dict):
        return []
    missing = [
        f"{at}/{key}"
        for key, value in node.get("properties", {}).items()
        if not {"description", "$ref"} & set(value)
    ]
    return missing + [f for key, value in node.items() for f in undescribed(value, f"{at}/{key}")]


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_every_example_is_of_the_schema(path: Path) -> None:
    """What lawyers read as an example is what editors complete."""
    assert list(SCHEMA.iter_errors(tree_of(path.read_text(encoding="utf-8")))) == []


def test_text_with_every_key_is_of_both() -> None:
    """The text that the other tests spoil is sound, and no key of the language is missing in it."""
    assert reader_takes(TREE)
    assert list(SCHEMA.iter_errors(TREE)) == []
    written = {key for place in places(TREE) for key in place if isinstance(key, str)}
    assert keys_of(language_schema()) - written == {"role", "all_of_role", "less_than"}


def keys_of(node: Any) -> set[str]:
    if isinstance(node, list):
        return {key for one in node for key in keys_of(one)}
    if not isinstance(node, dict):
        return set()
    own = set(node.get("properties", {}))
    return own.union(*(keys_of(value) for value in node.values()))


# names that the parties choose, and whose place in a text is therefore no key of the language
CHOSEN = {"school", "social-care", "score", "colour", "children_involved"} | {
    "consent_of_victim",
    "serious_risk",
}
KEYS = [place for place in places(TREE) if isinstance(place[-1], str)]


@pytest.mark.parametrize("place", KEYS, ids=lambda place: ".".join(map(str, place)))
def test_missing_key_and_misspelt_key_are_judged_alike(place: tuple[Any, ...]) -> None:
    """Whatever key is left out, both refuse or both accept; a key that does not exist, neither."""
    without = edited(TREE, place, removed)
    assert schema_takes(without) == reader_takes(without)
    misspelt = edited(TREE, place, renamed)
    if place[-1] in CHOSEN:
        assert schema_takes(misspelt)
        assert reader_takes(misspelt)
    elif place[-1] not in ("all", "any", "not", "age", "disclosure_age"):
        assert not schema_takes(misspelt)
        assert not reader_takes(misspelt)


WRONG: tuple[Any, ...] = (
    {},
    [],
    [[]],
    {"zzz": "a"},
    "",
    "two words",
    "zzz",
    "-",
    -1,
    "2026-13-01",
    "9999 hours",
)


@pytest.mark.parametrize("place", list(places(TREE)), ids=lambda place: ".".join(map(str, place)))
def test_schema_refuses_nothing_that_the_reader_takes(place: tuple[Any, ...]) -> None:
    """An editor never marks as wrong what can be enacted."""
    for value in WRONG:
        tree = edited(TREE, place, put(value))
        assert schema_takes(tree) or not reader_takes(tree), value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 3", "version: 0"),
        ("version: 3", "version: three"),
        ("version: 3", "versoin: 3"),
        ("language: en-GB", "language: English"),
        ("publishers: [northmoor-police]", "publishers: []"),
        ("publishers: [northmoor-police]", "publishers: [a, a]"),
        ("  school:\n    named_in", "  anyone:\n    named_in"),
        ("{agency: northmoor-childrens-services}", "{role: social-care}"),
        ("{agency: northmoor-childrens-services}", "{agency: a, named_in: b}"),
        ("date: 2026-06-30", "date: 30.6.2026"),
        ("until: 2027-08-31", "til: 2027-08-31"),
        ("valid_for: 36 months", "valid_for: 3 years"),
        ("rule: next-school-day", "rule: soon"),
        ("rule: next-school-day", "rule: within 4 hours"),
        ('"08:30"', '"8.30"'),
        (', at: "08:30", calendar: school', ""),
        ("keep_for: 365 days", "keep_for: one year"),
        ("as: municipality", "as: city"),
        ("as: municipality", "form: month"),
        ("needs: {reason: yes}", "needs: {reason: no}"),
        ("is: recipient", "is: anyone"),
        (", is: recipient", ""),
        ("clearer_than: municipality", "clearer_than: clear"),
        ("never: {class: locates-victim}", "never: {}"),
        ("never: {class: locates-victim}", "share: [a]\n    never: [b]"),
        ("{serious_risk: yes}", "{}"),
        ("{serious_risk: yes}", "{a: x, b: y}"),
        ("{serious_risk: yes}", "{any: []}"),
        ("{serious_risk: yes}", "{a: {more_than: 3}}"),
        ("{serious_risk: yes}", "{a: {}}"),
        ("{at_most: 3 days}", "{at_most: 3 weeks}"),
        ("{at_most: 3 days}", "{at_most: 3 days, less_than: 4 days}"),
        ("presumed: refused", "presumed: given"),
        ("on_withdrawal: cease", "on_withdrawal: forget"),
        ("under_12: parent, ", ""),
        ("authorisers: 2", "authorisers: 10"),
        ("justification: yes, ", ""),
        ("expires_after: 72 hours", "expires_after: 3 days"),
    ],
)
def test_spelling_mistake_is_refused_by_both(old: str, new: str) -> None:
    """What the schema can see wrong, the reader refuses too, and the other way round."""
    assert FULL.count(old) == 1, old
    tree = tree_of(FULL.replace(old, new))
    assert not schema_takes(tree)
    assert not reader_takes(tree)
