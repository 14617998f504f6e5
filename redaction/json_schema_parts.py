"""What the JSON Schema of the agreement language is made of: words, lists, objects, conditions.

Editors read YAML 1.2: `3` is a number to them, `yes` is text. Where the language reads a word, a
number is therefore as good; what it may be is said for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redaction.agreement import RECIPIENT, Form, Unit
from redaction.reading_clauses import FORMS
from redaction.reading_conditions import MAX_AGE, MAX_BOUND, MAX_VALUE
from redaction.words import DAY, MAX_LINE, MAX_PARTS, MAX_TEXT, MAX_WORD, WORD

Schema = dict[str, Any]

_SCALAR = ["string", "number", "boolean"]
_COUNT = "[1-9][0-9]{0,3}"  # the number of an amount such as `3 days`
CONDITION: Schema = {"$ref": "#/$defs/condition"}
# the first keys of conditions that are no facts
_GRAMMAR = ("all", "any", "not", "disclosure_age", "age")


def mapping(
    means: str, required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """`key: value` lines with these keys and no others."""
    return {
        "description": means,
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(means: str, one: Schema) -> Schema:
    """A list of such entries."""
    return {"description": means, "type": "array", "items": one, "maxItems": MAX_PARTS}


def line(means: str, *, longest: int = MAX_LINE) -> Schema:
    """Text that is not empty."""
    return {"description": means, "type": _SCALAR, "pattern": r"\S", "maxLength": longest}


def sentence(means: str) -> Schema:
    """Text of up to a page."""
    return line(means, longest=MAX_TEXT)


def word(means: str, *, pattern: str = WORD.pattern) -> Schema:
    """One word."""
    return {"description": means, "type": _SCALAR, "pattern": f"^(?:{pattern})$"} | {
        "maxLength": MAX_WORD
    }


def words(means: str) -> Schema:
    """One word or a list of different words, at least one."""
    one = word(means)
    many = {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}
    return {"description": means, "anyOf": [one, many | {"maxItems": MAX_PARTS}]}


def one_of(means: str, options: Iterable[str]) -> Schema:
    """A word of a closed list."""
    return {"description": means, "enum": list(options)}


def number(means: str, *, least: int, most: int) -> Schema:
    """A whole number between two bounds, both inclusive, quoted or not."""
    bounds = {"minimum": least, "maximum": most}
    quoted = {"type": "string", "pattern": "^(?:0|-?[1-9][0-9]{0,8})$"}
    return {"description": means, "anyOf": [{"type": "integer"} | bounds, quoted]}


def amount(means: str, units: Iterable[str]) -> Schema:
    """A number with its unit, which may stand in the singular."""
    known = "|".join(f"{unit.removesuffix('s')}s?" for unit in units)
    return {"description": means, "type": "string", "pattern": f"^{_COUNT} (?:{known})$"}


def day(means: str) -> Schema:
    """A date written YYYY-MM-DD."""
    return {"description": means, "type": "string", "pattern": f"^{DAY.pattern}$"}


def form(means: str, *, clear: bool = True) -> Schema:
    """How a value is released."""
    return one_of(means, (name for name in FORMS if clear or name != Form.CLEAR))


def items() -> Schema:
    """Which elements of a list a clause selects."""
    own = "The tag of the field in the element that names the recipient"
    schema = mapping(
        "Which elements of a list are shared; without it, all of them",
        {},
        {
            "where": word(own),
            "is": one_of("With `where`: the element that names this recipient", (RECIPIENT,)),
            "when": CONDITION,
        },
    )
    together = {"where": ["is"], "is": ["where"]}
    return schema | {"minProperties": 1, "dependentRequired": together}


def condition() -> Schema:
    """The closed grammar of conditions; it refers to itself."""
    parts = listed("The parts, at least one", CONDITION) | {"minItems": 1}
    return {
        "description": "One question with one key: `all`, `any`, `not`, an age, or a fact",
        "anyOf": [
            mapping("Holds if every part holds", {"all": parts}),
            mapping("Holds if one part holds", {"any": parts}),
            mapping("Holds if its part does not", {"not": CONDITION}),
            mapping("The time since the event", {"disclosure_age": _elapsed()}),
            mapping("An age on the day of the event", {"age": _age()}),
            _fact(),
        ],
    }


def _elapsed() -> Schema:
    units = [unit.value for unit in Unit]
    bounds = {
        "at_most": amount("Up to and including this time after the event", units),
        "less_than": amount("Before this time after the event", units),
    }
    schema = mapping("How long after the event the data may still go", {}, bounds)
    return schema | {"minProperties": 1, "maxProperties": 1}


def _age() -> Schema:
    of = {"of": word("The tag of the date of birth")}
    return _bounded("Whole years of age", of, 0, MAX_AGE)


def _bounded(means: str, required: Mapping[str, Schema], least: int, most: int) -> Schema:
    bounds = {
        "at_least": number("The lowest number that holds", least=least, most=most),
        "at_most": number("The highest number that holds", least=least, most=most),
    }
    one = [{"required": [bound]} for bound in bounds]
    return mapping(means, required, bounds) | {"anyOf": one}


def _fact() -> Schema:
    """A fact by its name, with the word or words that it is, or the bounds of its number."""
    value = line("What the fact is", longest=MAX_VALUE)
    many = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
    bounds = _bounded("Between which numbers the fact lies", {}, -MAX_BOUND, MAX_BOUND)
    return {
        "description": "A fact of the event, or `consent_of_` and a person",
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{WORD.pattern})$", "not": {"enum": list(_GRAMMAR)}},
        "additionalProperties": {"anyOf": [value, many | {"maxItems": MAX_PARTS}, bounds]},
        "minProperties": 1,
        "maxProperties": 1,
    }
