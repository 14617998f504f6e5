"""How redaction systems leak elsewhere: each leak is a permanent test, by its number.

Here T1, T2, T4, T5, T7, T9 and T12; in `test_leak_classes_forms` and `test_leak_classes_texts` T10
to T13; in `tests/broker/test_leak_classes_gateway` T3, T6 to T9 and T14; in `tests/peers` T1, T2
and T10 beside another library. `-k t7_` picks one class, and `make leaks` sees that they can fail.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction import plan
from redaction.agreement import Form
from redaction.checker import check
from redaction.decide import recipients
from redaction.decision import Gate, Reason
from schemas.codec import WITHHELD, Event, decode_view, encode_event, view_type_from_text
from schemas.errors import EventRefused, SchemaError
from schemas.registry import Array, Record
from tests.redaction.asked import (
    BUILT_IN,
    CHILDREN,
    INCIDENT,
    OTHER_PHONE,
    PHONE,
    REFERENCE,
    WORDS,
    Asked,
    Clauses,
)
from tests.redaction.builders import (
    AT,
    SECRET,
    TODAY,
    agreement,
    audience,
    event,
    event_type,
    never,
    pupils,
    register,
    share,
    vocabulary,
    yes,
)

CANARY = "canary-7b21"


def sent(asked: Asked) -> bytes:
    """The bytes that would be sealed, checked."""
    assert asked.decision.gate is Gate.OPEN
    question = (asked.event, asked.register, asked.words, asked.decision)
    view_type, data = plan.encode(*question, at=AT)
    given: dict[str, Any] = {"vocabulary": asked.words, "today": TODAY, "secret": SECRET}
    check(data, view_type, asked.event, asked.decision, **given)
    return view_type.text.encode() + data


# -- T1, T2: constructors and containers ---------------------------------------------------------

LEAF = {"name": "leaf", "type": "string"}
NESTS = ("record", "maybe-record", "array", "map", "maybe-array", "maybe-map", "union")


def nestings() -> Iterator[tuple[str, ...]]:
    """Every way to put a leaf into one, two or three of Avro's constructors."""
    for depth in (1, 2, 3):
        yield from itertools.product(NESTS, repeat=depth)


def nested(nest: tuple[str, ...], leaf: Any, value: Any, own_tag: str | None) -> tuple[Any, Any]:
    """An Avro type and a value of it, one leaf deep in these constructors."""
    if not nest:
        return leaf, value
    inner, held = nested(nest[1:], leaf, value, own_tag)
    kind = nest[0].removeprefix("maybe-")
    made: Any = {"type": "array", "items": inner}
    container: Any = [held]
    if kind == "map":
        made, container = {"type": "map", "values": inner}, {CANARY: held}
    elif kind == "record":
        field = {"name": "inner", "type": inner} | ({"tag": own_tag} if own_tag else {})
        made = {"type": "record", "name": f"N{len(nest)}", "fields": [field]}
        container = {"inner": held}
    elif kind == "union":
        field = {"name": "inner", "type": inner} | ({"tag": own_tag} if own_tag else {})
        other = {"type": "record", "name": f"O{len(nest)}", "fields": [LEAF]}
        made = [other, {"type": "record", "name": f"N{len(nest)}", "fields": [field]}]
        container = {f"O{len(nest)}": None, f"N{len(nest)}": {"inner": held}}
    return (["null", made] if nest[0].startswith("maybe") else made), container


NEST_WORDS = vocabulary(open=(), outer=("hidden",), inner=())


def nest_asked(nest: tuple[str, ...], leaf: Any, own: str | None, clauses: Clauses) -> Asked:
    kind, held = nested(nest, leaf, CANARY, own)
    etype = event_type(
        [
            {"name": "note", "type": "string", "tag": "open"},
            {"name": "outer", "type": kind, "tag": "outer"},
        ],
        NEST_WORDS,
    )
    return Asked([share("0", "open"), *clauses], {"outer": held}, etype=etype, words=NEST_WORDS)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("own", [None, "inner"])
def test_t1_no_nesting_of_constructors_lets_an_unshared_leaf_through(
    depth: int, own: str | None
) -> None:
    cases = 0
    for nest in (one for one in nestings() if len(one) == depth):
        leaf = ["null", "string"]
        assert CANARY.encode() not in sent(nest_asked(nest, leaf, own, []))
        shared = share("1", ["outer", "inner"])
        bar = never("7", "outer") if cases % 2 else never("7", classes="hidden")
        assert CANARY.encode() not in sent(nest_asked(nest, leaf, own, [shared, bar]))
        shown = nest_asked(nest, leaf, own, [shared])
        assert CANARY.encode() in sent(shown)  # or the test could not fail
        cases += 1
    assert cases >= 6


def test_t1_a_second_use_of_a_named_type_is_redacted_by_its_own_tag() -> None:
    words = vocabulary(open=(), secret=())
    person = {"type": "record", "name": "Person", "fields": [{"name": "name", "type": "string"}]}
    etype = event_type(
        [
            {"name": "first", "type": person, "tag": "open"},
            {"name": "second", "type": "caseward.made.Person", "tag": "secret"},
            {"name": "others", "type": {"type": "array", "items": "caseward.made.Person"},
             "tag": "secret"},
        ],
        words,
    )  # fmt: skip
    value = {"first": {"name": "A"}, "second": {"name": CANARY}, "others": [{"name": CANARY}]}
    asked = Asked([share("1", "open")], value, etype=etype, words=words)
    assert CANARY.encode() not in sent(asked)
    assert asked.body == {"first": {"name": "A"}}


@pytest.mark.parametrize(
    "kind",
    [
        ["string", "int"],
        ["null", "string", "int"],
        {"type": "fixed", "name": "F", "size": 0},
        {"type": "array", "items": ["string", "int"]},
        [{"type": "record", "name": "A", "fields": [LEAF]}, "string"],
        {"type": "string", "logicalType": "made-up"},
    ],
)
def test_t1_what_cannot_be_resolved_is_not_loaded(kind: Any) -> None:
    with pytest.raises(SchemaError):
        event_type([{"name": "odd", "type": kind, "tag": "open"}], vocabulary(open=()))


def test_t2_a_tag_on_a_container_reaches_every_leaf_without_its_own() -> None:
    for nest in (one for one in nestings() if len(one) < 3):
        asked = nest_asked(nest, "string", None, [share("1", "outer")])
        assert [f.tag for f in asked.decision.fields][-1] == "outer"
        own = nest_asked(nest, "string", "inner", [share("1", "outer")])
        tags = {f.tag for f in own.decision.fields[8:]}
        fields = any("record" in kind or kind == "union" for kind in nest)
        assert tags == ({"inner"} if fields else {"outer"})


def test_t2_map_keys_are_withheld_with_the_map() -> None:
    nest = ("map", "record")
    for clauses in ([share("1", "inner")], [share("1", "inner"), never("7", "outer")]):
        asked = nest_asked(nest, "string", "inner", [*clauses])
        assert CANARY.encode() not in sent(asked)
        assert asked.body["outer"] == {} if len(clauses) == 1 else "outer" not in asked.body


@pytest.mark.parametrize("wrong", [("a",), "a", {"a": 1}, 7, [7]])
def test_t2_a_value_of_another_type_is_never_encoded(wrong: Any) -> None:
    value = event(INCIDENT, {}).value
    value["perpetrator"] = {**event(INCIDENT, {"perpetrator": {}}).value["perpetrator"]}
    value["perpetrator"]["markers"] = wrong
    with pytest.raises(EventRefused):
        encode_event(Event(etype=INCIDENT, value=value))


# -- T4, T5: schemas change ----------------------------------------------------------------------

EVERYTHING = [tag for tag in WORDS.tags if tag != "event.basics"]


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from([etype.name for etype in BUILT_IN.types]),
    position=st.integers(min_value=0, max_value=30),
    nest=st.sampled_from([nest for nest in nestings() if len(nest) < 3]),
)
def test_t4_a_field_added_later_is_shared_by_no_older_text(
    name: str, position: int, nest: tuple[str, ...]
) -> None:
    """Every tag of today shared in clear, and still the field of tomorrow is not."""
    kind, held = nested(nest, "string", CANARY, None)
    schema = json.loads(BUILT_IN.by_name(name).text)
    body = [field for field in schema["fields"] if field["name"] != "header"]
    places = [body, *(record["fields"] for field in body for record in records(field["type"]))]
    target = places[position % len(places)]
    target.insert(position % len(target), {"name": "later", "type": kind, "tag": "tomorrow"})
    tomorrow = replace(WORDS.tags["case.opened"], name="tomorrow")
    words = replace(WORDS, tags={**WORDS.tags, "tomorrow": tomorrow})
    etype = event_type(body, words, name)
    asked = Asked([share("1", EVERYTHING)], holding(etype.root, held), etype=etype, words=words)
    assert CANARY in str(asked.event.value)
    data = sent(asked)
    assert CANARY.encode() not in data
    assert b"later" not in data


def records(schema: Any) -> Iterator[Any]:
    """Every record that is written out in a schema and is no atom."""
    if isinstance(schema, list):
        for branch in schema:
            yield from records(branch)
    elif isinstance(schema, dict):
        if schema.get("type") == "record" and "atom" not in schema:
            yield schema
            for field in schema["fields"]:
                yield from records(field["type"])
        for key in ("items", "values"):
            yield from records(schema.get(key))


def holding(record: Record, held: Any) -> dict[str, Any]:
    """A value in which no record is null, no list of records empty, and `later` holds this."""
    value: dict[str, Any] = {}
    for field in record.fields:
        match field.node:
            case _ if field.name == "later":
                value["later"] = held
            case Record():
                value[field.name] = holding(field.node, held)
            case Array(item=Record() as item):
                value[field.name] = [holding(item, held)]
    return value


def test_t4_an_untagged_field_or_unknown_tag_is_not_loaded() -> None:
    for field in ({"name": "x", "type": "string"}, {"name": "x", "type": "string", "tag": "gone"}):
        with pytest.raises(SchemaError):
            event_type([field], vocabulary(open=()))


def test_t5_a_dropped_field_does_not_come_back_as_its_default() -> None:
    words = vocabulary(open=(), secret=())
    etype = event_type(
        [
            {"name": "note", "type": "string", "tag": "open"},
            {"name": "children", "type": ["null", "int"], "tag": "secret", "default": None},
            {"name": "arrests", "type": "int", "tag": "secret", "default": 0},
        ],
        words,
    )
    asked = Asked([share("1", "open")], {"children": 3, "arrests": 2}, etype=etype, words=words)
    question = (asked.event, asked.register, asked.words, asked.decision)
    view_type, data = plan.encode(*question, at=AT)
    assert set(decode_view(view_type, data)) == {"header", "note"}
    for word in ("default", "children", "arrests", "secret"):
        assert word not in view_type.text
    assert decode_view(view_type_from_text(view_type.text), data) == asked.view


# -- T7, T12: what the outside tells -------------------------------------------------------------

SCHOOLS: Clauses = [
    REFERENCE,
    share("1", ["child.name", "child.school_phone"], items=pupils()),
    share("2", "victim.name", when=yes("serious_risk")),
    share("3", "victim.date_of_birth", form=Form.YEAR),
    share("4", "incident.place", form=Form.MUNICIPALITY),
    never("7", "victim.phone"),
]
PUPIL: dict[str, Any] = {"name": "Bob", "school": "elm-school"}
STRANGER = {"name": "Z" * 400, "school": "oak-school"}
BORN: dict[str, Any] = {"date_of_birth": date(1990, 4, 9)}
HIDDEN: list[dict[str, Any]] = [
    {"children": [PUPIL]},
    {"children": [STRANGER, PUPIL]},
    {"children": [PUPIL, *[STRANGER] * 30]},
    {"children": [{**PUPIL, "safeguarding_note": "n" * 5000, "address": None}]},
    {"children": [PUPIL], "perpetrator": None},
    {"children": [PUPIL], "perpetrator": {"name": "x" * 999, "markers": ["m"] * 50}},
    {"children": [PUPIL], "refuge": {"name": "r" * 999}},
    {"children": [PUPIL], "victim": {"name": "N" * 700, **BORN, "phone": PHONE}},
    {"children": [PUPIL], "victim": {"date_of_birth": date(1990, 12, 31)}},
    {"children": [PUPIL], "serious_risk": False},
    {"children": [PUPIL], "risk_level": "high", "child_count": 31},
]


def test_t7_bytes_and_their_length_depend_on_released_data_only() -> None:
    """Partition and key come from the case and the recipient; padding from the length of these."""
    answers = {sent(Asked(SCHOOLS, {"victim": BORN, **value})) for value in HIDDEN}
    assert len(answers) == 1
    assert sent(Asked(SCHOOLS, {"children": [{**PUPIL, "name": "Bo"}]})) not in answers


def test_t12_null_length_count_and_presence_of_what_is_hidden_do_not_show() -> None:
    base: dict[str, Any] = {"victim": BORN}
    empty = sent(Asked(SCHOOLS, {**base, "children": []}))
    for children in ([STRANGER], [STRANGER] * 7, [{**STRANGER, "name": ""}], [{"school": None}]):
        assert sent(Asked(SCHOOLS, {**base, "children": children})) == empty
    for name in ("", "N", "N" * 10_000):
        victim = {**BORN, "name": name}
        assert sent(Asked(SCHOOLS, {"victim": victim, "children": []})) == empty
    withheld = [share("1", "victim.phone", when=yes("serious_risk")), REFERENCE]
    views = {sent(Asked(withheld, {"victim": {"phone": phone}})) for phone in (None, "", PHONE)}
    assert len(views) == 1


def test_t12_a_withheld_number_and_a_missing_one_differ_only_where_they_may() -> None:
    """The same-value rule reads hidden values, so its outcome is in the decision, not beside it."""
    value: dict[str, Any] = {"victim": {**BORN, "phone": PHONE}, "children": [
        {**PUPIL, "school_contact": {"name": "K", "phone": PHONE}}]}  # fmt: skip
    asked = Asked(SCHOOLS, value)
    assert asked.why("/children/0/school_contact/phone")[2] is Reason.SAME_AS_NEVER
    assert PHONE.encode() not in sent(asked)
    other = {**value, "victim": {**BORN, "phone": OTHER_PHONE}}
    assert PHONE.encode() in sent(Asked(SCHOOLS, other))


def test_t12_which_record_of_a_union_stands_there_shows_only_with_what_is_released_of_it() -> None:
    words = vocabulary(open=(), contact=(), officer=(), worker=())
    named = {"name": "name", "type": "string"}
    union = [
        {"type": "record", "name": "Officer", "fields": [{**named, "tag": "officer"}]},
        {"type": "record", "name": "Worker", "fields": [{**named, "tag": "worker"}, LEAF]},
    ]
    etype = event_type(
        [
            {"name": "note", "type": "string", "tag": "open"},
            {"name": "risk", "type": "boolean", "tag": "open", "fact": True},
            {"name": "contact", "type": union, "tag": "contact"},
        ],
        words,
    )

    def ask(*tags: str, **contact: Any) -> Asked:
        held = {"Officer": None, "Worker": None} | contact
        value = {"note": "n", "risk": False, "contact": held}
        # in the view's schema, so that withheld can differ from null, but never released
        could = share("1", ["officer", "worker", "contact"], when=yes("risk"))
        clauses = [share("0", "open"), could, *(share(f"2.{tag}", tag) for tag in tags)]
        return Asked(clauses, value, etype=etype, words=words)

    officer: dict[str, Any] = {"Officer": {"name": CANARY}}
    worker: dict[str, Any] = {"Worker": {"name": CANARY, "leaf": CANARY}}
    assert sent(ask(**officer)) == sent(ask(**worker))
    assert CANARY.encode() not in sent(ask(**worker))
    shown = ask("worker", **worker).body["contact"]
    assert shown == {"Officer": {"name": WITHHELD}, "Worker": {"name": CANARY, "leaf": WITHHELD}}
    assert ask("worker", **officer).body["contact"]["Worker"]["name"] is None
    assert ask("worker", **officer).body["contact"]["Officer"] == {"name": WITHHELD}


# -- T9: caches ----------------------------------------------------------------------------------

INTERLEAVED: tuple[tuple[dict[str, Any], str], ...] = tuple(
    (value, to)
    for value in (CHILDREN, {"children": [STRANGER, PUPIL], "serious_risk": True, "victim": BORN})
    for to in ("elm-school", "oak-school")
)


def digest(question: int) -> str:
    """The digest of what one recipient gets of one event; `-` if nothing."""
    value, to = INTERLEAVED[question]
    clauses: Clauses = [*SCHOOLS, share("8", "officer.name", to="health"), share(
        "9", "child.name", to="health", items=pupils())]  # fmt: skip
    asked = Asked(clauses, value, to=to)
    return hashlib.sha256(sent(asked)).hexdigest() if asked.decision.delivered else "-"


def test_t9_interleaved_recipients_get_the_same_bytes_as_a_fresh_process() -> None:
    questions = range(len(INTERLEAVED))
    interleaved = [[digest(question) for question in (*questions, *reversed(questions))]
                   for _ in range(3)]  # fmt: skip
    code = "import sys; from tests.redaction.test_leak_classes import digest; "
    code += "print(digest(int(sys.argv[1])))"
    fresh = [
        subprocess.run(
            [sys.executable, "-c", code, str(question)], capture_output=True, text=True, check=True
        ).stdout.strip()
        for question in questions
    ]
    assert len(set(fresh)) == len(INTERLEAVED)
    assert interleaved == [[*fresh, *reversed(fresh)]] * 3


def test_t9_a_changed_text_version_audience_or_publisher_is_another_plan() -> None:
    """The same event asked again and again while the agreement changes under it."""
    texts: list[tuple[Clauses, int, bool]]
    for _ in range(2):
        texts = [
            ([REFERENCE, share("1", "victim.name")], 1, True),
            ([REFERENCE, share("1", "victim.name", to="health")], 1, False),
            ([REFERENCE, share("1", "victim.name")], 2, True),
            ([REFERENCE, share("1", "victim.name", publishers=["x"])], 2, False),
            ([REFERENCE, share("1", "victim.name"), never("7", "victim.name")], 1, False),
        ]
        for clauses, version, shown in texts:
            assert ("victim" in Asked(clauses, {}, version=version).body) is shown


def test_who_is_addressed_does_not_depend_on_the_order_of_the_event() -> None:
    told = agreement(REFERENCE, audiences=(audience(named_in="child.school"),))
    known = register(told)
    children = CHILDREN["children"]
    answers = {
        recipients(event(INCIDENT, {"children": list(order)}), known, WORDS, at=AT)
        for order in itertools.permutations(children)
    }
    assert len(answers) == 1
