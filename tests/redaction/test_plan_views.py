"""The schema that a view is read by, and the views that plans refuse to make."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from redaction import plan
from redaction.agreement import Form, Never
from redaction.decision import Gate
from schemas.codec import Event
from schemas.registry import EventType
from tests.redaction.asked import (
    BUILT_IN,
    CHILDREN,
    INCIDENT,
    REFERENCE,
    WORDS,
    Asked,
    Clauses,
)
from tests.redaction.builders import (
    AT,
    EVENT_ID,
    address,
    agency,
    agreement,
    event,
    event_type,
    never,
    pupils,
    register,
    share,
    vocabulary,
    yes,
)
from tests.schemas.nestings import samples
from tests.schemas.samples import KINDS

# -- the view's schema ---------------------------------------------------------------------------


def schema(asked: Asked) -> dict[str, Any]:
    view_type = plan.view_type(asked.event, asked.register, asked.words, asked.decision, at=AT)
    parsed: dict[str, Any] = json.loads(view_type.text)
    return parsed


def leaf(asked: Asked, *names: str) -> Any:
    node: Any = schema(asked)
    for name in names:
        fields = node["items"]["fields"] if node["type"] == "array" else node["fields"]
        node = next(field["type"] for field in fields if field["name"] == name)
    return [kind["name"] if isinstance(kind, dict) and "name" in kind else kind for kind in node]


@pytest.mark.parametrize("name", KINDS)
def test_a_leaf_of_any_kind_comes_out_in_clear_as_it_went_in(name: str) -> None:
    """Rule 3: bytes of stated length and durations are no less a value than text."""
    words = vocabulary(open=())
    etype = event_type([{"name": "leaf", "type": KINDS[name], "tag": "open"}], words)
    node = etype.root.fields[-1].node
    for value in samples(node):
        assert Asked([share("1", "open")], {"leaf": value}, etype=etype, words=words).body == {
            "leaf": value
        }


def test_a_leafs_union_holds_null_withheld_and_the_possible_forms() -> None:
    tag = "victim.date_of_birth"
    day = {"type": "int", "logicalType": "date"}
    withheld = "caseward.Withheld"
    for shares, expected in [
        ([share("1", tag)], ["null", withheld, day]),
        ([share("1", tag, form=Form.YEAR)], ["null", withheld, "string"]),
        ([share("1", tag), share("2", tag, form=Form.YEAR)], ["null", withheld, day, "string"]),
    ]:
        assert leaf(Asked([REFERENCE, *shares], {}), "victim", "date_of_birth") == expected
    assert leaf(Asked([REFERENCE], {}), "incident", "reference") == [withheld, "string"]
    refuge = Asked([REFERENCE, share("1", "refuge.name")], {})
    assert leaf(refuge, "refuge", "name") == ["null", withheld, "string"]  # its record may be null


def test_a_uuid_in_two_forms_is_a_string_in_both() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", "event.id"),
        share("2", "event.id", form=Form.PRESENT),
    ]
    asked = Asked(clauses, {})
    assert leaf(asked, "header", "id")[-1] == "string"
    assert asked.view["header"]["id"] == EVENT_ID
    only = Asked([REFERENCE, share("1", "event.id")], {})
    assert leaf(only, "header", "id")[-1] == {"type": "string", "logicalType": "uuid"}


@pytest.mark.parametrize(
    ("bar", "exists"),
    [
        (never("7", "victim.date_of_birth"), False),
        (never("7", "victim.date_of_birth", cap=Form.PRESENT), False),
        (never("7", "victim.date_of_birth", cap=Form.MONTH), True),
        (never("7", "victim.date_of_birth", when=yes("serious_risk")), True),
        (never("7", "victim.date_of_birth", to="health"), True),
    ],
)
def test_what_a_never_always_takes_does_not_exist_in_the_schema(bar: Never, exists: bool) -> None:
    asked = Asked([REFERENCE, share("1", "victim.date_of_birth", form=Form.YEAR), bar], {})
    assert ("victim" in asked.body) is exists


def test_one_agreement_audience_and_publisher_have_one_schema_text() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", "victim.name"),
        share("2", "child.name", items=pupils()),
    ]
    values: list[dict[str, Any]] = [{}, CHILDREN, {"refuge": {}}]
    texts = {json.dumps(schema(Asked(clauses, value))) for value in values}
    assert len(texts) == 1
    text = texts.pop()
    assert "tag" not in text
    assert "doc" not in text
    assert "gp_surgery" not in text


def test_words_about_the_schema_do_not_travel_with_a_view() -> None:
    words = vocabulary(kind=(), place=())
    kind = {"type": "enum", "name": "Kind", "doc": "why we ask", "symbols": ["a", "b"]}
    fields = [{"name": name, "type": "string"} for name in address()]
    place = {"type": "record", "name": "Place", "atom": "address", "doc": "why we ask",
             "fields": fields}  # fmt: skip
    etype = event_type(
        [
            {"name": "kind", "type": kind, "tag": "kind", "doc": "why we ask"},
            {"name": "place", "type": place, "tag": "place"},
            {"name": "former", "type": ["null", "Place"], "tag": "place"},
        ],
        words,
    )
    asked = Asked([share("1", ["kind", "place"])], {}, etype=etype, words=words)
    assert asked.body == {"kind": "a", "place": address(), "former": None}
    for word in ("why we ask", "doc", "atom", "tag", "Kind", "caseward.made"):
        assert word not in json.dumps(schema(asked))


@pytest.mark.parametrize("etype", BUILT_IN.types, ids=lambda etype: etype.name)
def test_every_tag_of_the_built_in_types_can_be_shared_in_every_form(etype: EventType) -> None:
    """In clear, but for free text, and merely as present: each makes a view that checks."""
    made: dict[str, Any] = {"children": [{}], "adults": [{}], "child": {}, "perpetrator": {}}
    names = {field.name for field in etype.root.fields}
    value = {name: given for name, given in made.items() if name in names}
    for form in (Form.CLEAR, Form.PRESENT):
        clauses: Clauses = [
            share("1", [tag for tag in WORDS.tags if tag != "event.basics"], form=form)
        ]
        asked = Asked(clauses, value, etype=etype)
        kept = [f for f in asked.decision.fields if form is Form.CLEAR and is_free(f.tag)]
        assert len(asked.released) == len(asked.decision.fields) - 3 - len(kept)
        if form is Form.CLEAR:
            assert asked.view == without_nothing(asked)


def is_free(tag: str) -> bool:
    return tag != "" and "free-text" in WORDS.tags[tag].classes


def without_nothing(asked: Asked) -> dict[str, Any]:
    """The event itself without free text, with null records shown as records of nulls."""

    def shown(node: Any, value: Any) -> Any:
        match node:
            case _ if hasattr(node, "fields"):
                inner = {} if value is None else value
                told = {f.name: f.node for f in node.fields if not is_free(f.tag)}
                found = {name: shown(node, inner.get(name)) for name, node in told.items()}
                records = {name for name, node in told.items() if hasattr(node, "fields")}
                # a record of free text only is not there
                return {n: v for n, v in found.items() if v != {} or n not in records}
            case _ if hasattr(node, "item"):
                return [shown(node.item, element) for element in value or ()]
            case _ if hasattr(node, "value"):
                return {key: shown(node.value, entry) for key, entry in (value or {}).items()}
        return value

    whole: dict[str, Any] = shown(asked.event.etype.root, asked.event.value)
    return whole


# -- what plans refuse ---------------------------------------------------------------------------


def test_only_an_open_decision_has_a_view() -> None:
    asked = Asked([REFERENCE], {}, to="oak-school")
    assert asked.decision.gate is Gate.NOTHING_RELEASED
    for make in (plan.view, plan.encode, plan.view_type):
        with pytest.raises(ValueError, match="only an open decision"):
            make(asked.event, asked.register, WORDS, asked.decision, at=AT)


def test_a_decision_about_another_event_makes_no_view() -> None:
    asked = Asked([REFERENCE, share("1", "child.name")], CHILDREN)
    other: Event = event(INCIDENT, {"children": [{}] * 5})
    with pytest.raises(ValueError, match="every leaf") as caught:
        plan.view(other, asked.register, WORDS, asked.decision, at=AT)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_agreement_that_is_not_in_the_register_makes_no_view() -> None:
    asked = Asked([REFERENCE], {})
    changed = replace(asked.register, agreements=(agreement(REFERENCE, title="Another text"),))
    with pytest.raises(LookupError):
        plan.view(asked.event, changed, WORDS, asked.decision, at=AT)


def test_another_vocabulary_is_another_plan() -> None:
    """The same agreement over tags that have gained a class must not reuse the old plan."""
    clauses: Clauses = [
        REFERENCE,
        share("1", "victim.language"),
        never("7", classes="locates-victim"),
    ]
    assert "victim" in Asked(clauses, {}).body
    tag = WORDS.tags["victim.language"]
    stricter = {**WORDS.tags, tag.name: replace(tag, classes=frozenset({"locates-victim"}))}
    later = replace(WORDS, tags=stricter)
    assert "victim" not in Asked(clauses, {}, words=later).body
    assert "victim" in Asked(clauses, {}).body


def test_agencies_beyond_these_have_no_part() -> None:
    known = register(agencies=[agency("ash-school")])
    assert Asked([REFERENCE], {}, known=known, to="ash-school").decision.gate is Gate.NOT_ADDRESSED
