"""Lists, null records, equal values and maps: what is shown of them, and what leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from redaction.agreement import Age, Form, Is, Items, Never, Share
from redaction.decision import Reason
from schemas.codec import WITHHELD
from tests.redaction.asked import (
    CHILDREN,
    OTHER_PHONE,
    PHONE,
    REFERENCE,
    Asked,
    Clauses,
)
from tests.redaction.builders import (
    address,
    event_type,
    never,
    pupils,
    share,
    vocabulary,
    yes,
)

# -- lists ---------------------------------------------------------------------------------------


def test_an_audience_sees_its_own_items_only_and_no_trace_of_others() -> None:
    names = share("1", "child.name", items=pupils())
    asked = Asked([REFERENCE, names], CHILDREN)
    assert asked.why("/children/0/name") == (None, None, Reason.NOT_SELECTED)
    assert asked.why("/children/1/name") == (Form.CLEAR, "1", Reason.SHARED)
    assert asked.why("/children/2/name") == (None, None, Reason.NOT_SELECTED)
    assert asked.body["children"] == [{"name": "Bob"}, {"name": "Dee"}]


def test_null_empty_and_none_selected_look_the_same() -> None:
    names = share("1", "child.name", items=pupils())
    views = [
        Asked([REFERENCE, names], {"children": children}).view
        for children in ([], [CHILDREN["children"][0]], [CHILDREN["children"][2]] * 2)
    ]
    assert views[0] == views[1] == views[2]
    assert views[0]["children"] == []


WORN = vocabulary(person__mark=(), person__name=())
MARKED = event_type(
    [
        {"name": "name", "type": "string", "tag": "person.name"},
        {
            "name": "marks",
            "type": ["null", {"type": "array", "items": "string"}],
            "tag": "person.mark",
        },
    ],
    WORN,
)


def test_a_null_list_after_an_empty_one_looks_the_same_and_is_no_fault() -> None:
    """T9, T12: what is remembered of the first fits the second, whichever came first."""
    clauses: Clauses = [REFERENCE, share("1", ["person.name", "person.mark"])]
    views = [
        Asked(clauses, {"name": "Ann", "marks": marks}, etype=MARKED, words=WORN).view
        for marks in ([], None, ["x"], None, [])
    ]
    assert views[0] == views[1] == views[3] == views[4]
    assert views[0]["marks"] == []


def test_items_by_condition_read_the_elements_own_facts() -> None:
    involved = Items(where=None, when=Is(fact="involvement", values=("involved", "witnessed")))
    asked = Asked([REFERENCE, share("1", "child.name", items=involved)], CHILDREN)
    assert asked.body["children"] == [{"name": "Ann"}, {"name": "Dee"}]
    both = replace(involved, where="child.school")
    asked = Asked([REFERENCE, share("1", "child.name", items=both)], CHILDREN)
    assert asked.body["children"] == [{"name": "Dee"}]


def test_items_by_age_need_a_known_date_of_birth() -> None:
    young = Items(where=None, when=Age(of="child.date_of_birth", at_least=4, at_most=17))
    children = [
        {"name": "Ann", "date_of_birth": date(2009, 1, 1)},
        {"name": "Bob", "date_of_birth": date(2008, 1, 1)},
        {"name": "Cat", "date_of_birth": None},
    ]
    asked = Asked([REFERENCE, share("1", "child.name", items=young)], {"children": children})
    assert asked.body["children"] == [{"name": "Ann"}]


def test_a_leaf_in_no_list_is_no_item() -> None:
    always = Items(where=None, when=yes("children_involved"))
    asked = Asked([REFERENCE, share("1", "victim.name", items=always)], {"children_involved": True})
    assert asked.why("/victim/name") == (None, None, Reason.NOT_SELECTED)
    assert asked.body["victim"] == {"name": WITHHELD}


def test_a_failed_condition_is_told_from_an_unselected_item() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", "child.name", items=pupils()),
        share("2", "child.name", when=yes("serious_risk"), items=Items(
            where=None, when=Is(fact="involvement", values=("involved",)))),
    ]  # fmt: skip
    asked = Asked(clauses, CHILDREN)
    assert asked.why("/children/0/name") == (None, None, Reason.CONDITION)
    assert asked.why("/children/2/name") == (None, None, Reason.NOT_SELECTED)


def test_a_summary_of_a_list_is_not_for_who_sees_a_part_of_it() -> None:
    count = share("1", "household.child_count")
    part = share("2", "child.school_phone", items=pupils(), to="health")
    value = {**CHILDREN, "child_count": 4}
    assert Asked([count], value).body == {"child_count": 4}
    assert Asked([count, part], value).why("/child_count") == (Form.CLEAR, "1", Reason.SHARED)
    both = [REFERENCE, count, replace(part, to=("school",))]
    asked = Asked(both, value)
    assert asked.why("/child_count") == (None, None, Reason.SUMMARY)
    assert "child_count" not in asked.body


def test_a_field_inside_a_record_that_summarises_is_a_summary_too() -> None:
    words = vocabulary(child__name=(), child__school=(), counts=(), deep=())
    count = {"name": "n", "type": "int", "tag": "deep"}
    etype = event_type(
        [
            {"name": "counts", "tag": "counts", "summarises": "children",
             "type": {"type": "record", "name": "Counts", "fields": [count]}},
            {"name": "children", "tag": "child.name", "type": {"type": "array", "items": {
                "type": "record", "name": "Child", "fields": [
                    {"name": "name", "type": "string"},
                    {"name": "school", "type": "string", "tag": "child.school"}]}}},
        ],
        words,
    )  # fmt: skip
    clauses: Clauses = [share("1", "deep"), share("2", "child.name", items=pupils())]
    value = {"children": [{"name": "Ann", "school": "elm-school"}]}
    asked = Asked(clauses, value, etype=etype, words=words)
    assert asked.why("/counts/n") == (None, None, Reason.SUMMARY)
    assert asked.body == {"children": [{"name": "Ann"}]}


def test_lists_within_lists_are_selected_by_what_they_stand_in() -> None:
    words = vocabulary(child__school=(), note=(), visit=())
    visit = {"type": "record", "name": "Visit", "fields": [
        {"name": "note", "type": "string", "tag": "note"},
        {"name": "seen", "type": ["null", "boolean"], "tag": "visit", "fact": True}]}  # fmt: skip
    child = {"type": "record", "name": "Child", "fields": [
        {"name": "school", "type": "string", "tag": "child.school"},
        {"name": "home", "type": ["null", "boolean"], "tag": "visit", "fact": True},
        {"name": "visits", "type": {"type": "array", "items": visit}, "tag": "visit"},
    ]}  # fmt: skip
    etype = event_type(
        [{"name": "children", "type": {"type": "array", "items": child}, "tag": "visit"}], words
    )
    value = {"children": [
        {"school": "oak-school", "home": True, "visits": [{"note": "a", "seen": True}]},
        {"school": "elm-school", "home": False, "visits": [{"note": "b", "seen": True}]},
        {"school": "elm-school", "home": True, "visits": [{"note": "c", "seen": False},
                                                          {"note": "d", "seen": True}]},
    ]}  # fmt: skip

    def notes(items: Items) -> list[list[str]]:
        clauses: Clauses = [share("1", "note", items=items)]
        body = Asked(clauses, value, etype=etype, words=words).body
        return [[visit["note"] for visit in child["visits"]] for child in body["children"]]

    assert notes(pupils()) == [["b"], ["c", "d"]]
    assert notes(Items(where=None, when=yes("home"))) == [["a"], ["c", "d"]]
    assert notes(Items(where="child.school", when=yes("seen"))) == [["b"], ["d"]]


def test_an_element_that_names_two_agencies_is_nobodys() -> None:
    """Where an element has two fields of the tag, both must name the recipient."""
    words = vocabulary(child__name=(), child__school=())
    fields = [
        {"name": "name", "type": "string", "tag": "child.name"},
        {"name": "school", "type": ["null", "string"], "tag": "child.school"},
        {"name": "other", "type": ["null", "string"], "tag": "child.school"},
    ]
    children = {"type": "record", "name": "Child", "fields": fields}
    etype = event_type(
        [{"name": "children", "type": {"type": "array", "items": children}, "tag": "child.name"}],
        words,
    )
    elm = "elm-school"
    value = {
        "children": [
            {"name": "both", "school": elm, "other": elm},
            {"name": "first", "school": elm, "other": "oak-school"},
            {"name": "second", "school": "oak-school", "other": elm},
            {"name": "one", "school": elm, "other": None},
        ]
    }
    clauses: Clauses = [share("1", "child.name", items=pupils())]
    asked = Asked(clauses, value, etype=etype, words=words)
    assert asked.body["children"] == [{"name": "both"}]


# -- null and absent records ---------------------------------------------------------------------


def test_null_is_told_from_withheld_before_the_value_is_read() -> None:
    clauses: Clauses = [
        share("1", "victim.name"),
        share("2", "victim.phone"),
        share("3", "victim.language", when=yes("serious_risk")),
    ]
    victim = {"name": "V", "phone": None, "language": None, "interpreter_needed": True}
    assert Asked(clauses, {"victim": victim}).body["victim"] == {
        "name": "V",
        "phone": None,
        "language": WITHHELD,
        "interpreter_needed": WITHHELD,
    }


def test_a_null_record_shows_null_where_a_clause_applies_and_withheld_elsewhere() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", ["refuge.name", "refuge.address"]),
        share("2", "refuge.phone", when=yes("serious_risk")),
        share("3", "refuge.address", form=Form.MUNICIPALITY),
    ]
    shown = {"name": None, "address": None, "phone": WITHHELD}
    assert Asked(clauses, {"refuge": None}).body["refuge"] == shown
    shown = {"name": None, "address": None, "phone": None}
    value = {"refuge": None, "serious_risk": True}
    assert Asked(clauses, value).body["refuge"] == shown


def test_an_element_that_shows_only_a_null_record_shows_nothing() -> None:
    contact = share("1", "child.school_contact")
    children = {"children": [{"school_contact": None}, {"school_contact": {"name": "Ms K"}}]}
    asked = Asked([REFERENCE, contact], children)
    assert asked.body["children"] == [{"school_contact": {"name": "Ms K"}}]
    clauses: Clauses = [REFERENCE, contact, share("2", "child.name")]
    asked = Asked(clauses, {"children": [{"name": "Ann"}]})
    assert asked.body["children"] == [{"name": "Ann", "school_contact": {"name": None}}]


# -- the same phone or address -------------------------------------------------------------------


def test_a_number_that_a_never_withholds_is_withheld_wherever_it_stands() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", ["victim.phone", "perpetrator.phone", "officer.phone"]),
        never("7", "victim.phone"),
    ]
    value = {
        "victim": {"phone": PHONE},
        "perpetrator": {"phone": "07700-900123"},
        "officer": {"phone": OTHER_PHONE},
    }
    asked = Asked(clauses, value)
    assert asked.why("/victim/phone") == (None, "7", Reason.NEVER)
    assert asked.why("/perpetrator/phone") == (None, "7", Reason.SAME_AS_NEVER)
    assert asked.why("/officer/phone")[0] is Form.CLEAR
    assert asked.body["perpetrator"] == {"phone": WITHHELD}


def test_the_same_address_keeps_the_cap_of_the_one_withheld() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", "perpetrator.address"),
        share("2", "perpetrator.address", form=Form.MUNICIPALITY),
        never("7", "victim.address", cap=Form.MUNICIPALITY),
    ]
    same = {"victim": {"address": address()}, "perpetrator": {"address": address("1, example row")}}
    assert Asked(clauses, same).body["perpetrator"] == {"address": "Northmoor"}
    other = {**same, "perpetrator": {"address": address("2 Example Row")}}
    assert Asked(clauses, other).body["perpetrator"]["address"]["line"] == "2 Example Row"


def test_a_hidden_childs_number_protects_a_visible_ones() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", ["child.name", "child.school_phone"], items=pupils()),
        never("7", "victim.phone", when=yes("serious_risk")),
    ]
    child = {"school": "elm-school", "school_contact": {"name": "Ms K", "phone": PHONE}}
    value = {"victim": {"phone": PHONE}, "children": [child]}
    asked = Asked(clauses, value)
    assert asked.why("/children/0/school_contact/phone") == (None, "7", Reason.SAME_AS_NEVER)
    asked = Asked(clauses, {**value, "serious_risk": False})
    assert asked.why("/children/0/school_contact/phone")[0] is Form.CLEAR


def test_an_empty_normal_form_protects_nothing() -> None:
    clauses: Clauses = [REFERENCE, share("1", "officer.phone"), never("7", "victim.phone")]
    value = {"victim": {"phone": "unknown"}, "officer": {"phone": "none"}}
    assert Asked(clauses, value).body["officer"] == {"phone": "none"}


def test_a_number_nobody_withholds_protects_nothing() -> None:
    clauses: Clauses = [
        REFERENCE,
        share("1", "officer.phone"),
        never("7", "victim.phone", to="health"),
    ]
    value = {"victim": {"phone": PHONE}, "officer": {"phone": PHONE}}
    assert Asked(clauses, value).body["officer"] == {"phone": PHONE}


# -- maps, bare lists, containers ----------------------------------------------------------------

SHAPES = vocabulary(
    open=(), keys=(), inner=(), secret=(), hidden=("hide",), number=("phone",), line=("phone",)
)
MAPPED = event_type(
    [
        {"name": "note", "type": "string", "tag": "open"},
        {"name": "sure", "type": "boolean", "tag": "open", "fact": True},
        {"name": "bare", "type": {"type": "map", "values": "string"}, "tag": "keys"},
        {"name": "words", "type": {"type": "array", "items": "string"}, "tag": "inner"},
        {"name": "calls", "type": {"type": "map", "values": "string"}, "tag": "line"},
        {"name": "lines", "type": {"type": "array", "items": "string"}, "tag": "line"},
        {
            "name": "table",
            "tag": "keys",
            "type": {
                "type": "map",
                "values": {
                    "type": "record",
                    "name": "Entry",
                    "fields": [
                        {"name": "a", "type": "string", "tag": "inner"},
                        {"name": "b", "type": ["null", "string"], "tag": "number"},
                        {"name": "c", "type": {"type": "array", "items": "int"}, "tag": "secret"},
                    ],
                },
            },
        },
        {
            "name": "box",
            "tag": "hidden",
            "type": {
                "type": "record",
                "name": "Box",
                "fields": [
                    {"name": "own", "type": "string", "tag": "inner"},
                    {"name": "inherits", "type": "string"},
                ],
            },
        },
    ],
    SHAPES,
)
OPEN = share("0", "open")
TABLE = {"table": {"x/~y": {"a": "A", "b": None, "c": [1, 2]}, "z": {"a": "B"}}}


def mapped(*clauses: Share | Never, **value: Any) -> Asked:
    return Asked([OPEN, *clauses], value, etype=MAPPED, words=SHAPES)


def test_a_maps_keys_are_data_under_its_own_tag() -> None:
    asked = mapped(share("1", "inner"), **TABLE)
    assert asked.why("/table/x~1~0y/a") == (None, None, Reason.MAP_KEY)
    assert asked.body["table"] == {}
    asked = mapped(share("1", ["inner", "keys"]), **TABLE)
    assert asked.body["table"] == {"x/~y": {"a": "A"}, "z": {"a": "B"}}
    assert asked.why("/table/x~1~0y/c/1") == (None, None, Reason.NO_CLAUSE)


def test_a_maps_keys_are_shown_clear_or_not_at_all() -> None:
    coarse = share("2", "keys", form=Form.PRESENT)
    asked = mapped(share("1", "inner"), coarse, **TABLE, bare={"k": "v"})
    assert asked.body["table"] == {}
    assert asked.why("/bare/k") == (None, None, Reason.MAP_KEY)
    assert asked.body["bare"] == {}


def test_a_never_on_the_keys_takes_the_entries_too() -> None:
    shared = share("1", ["inner", "keys"])
    asked = mapped(shared, never("7", "keys", when=yes("sure")), **TABLE, sure=True)
    assert asked.why("/table/z/a") == (None, "7", Reason.NEVER)  # it stands below the map's tag
    asked = mapped(shared, never("7", "keys", when=yes("sure")), **TABLE, sure=False)
    assert asked.why("/table/z/a") == (Form.CLEAR, "1", Reason.SHARED)


def test_entries_and_elements_without_anything_released_are_gone() -> None:
    asked = mapped(share("1", ["keys", "number"]), **TABLE, bare={"k": "v"}, words=["a"])
    # `b` is released and null in the first entry: the publisher has none, and that is shown
    assert asked.body["table"] == {"x/~y": {"b": None}, "z": {"b": None}}
    assert asked.body["bare"] == {"k": "v"}
    assert "words" not in asked.body
    asked = mapped(share("1", "keys"), share("2", "number", when=yes("sure")), **TABLE)
    assert asked.body["table"] == {}


def test_a_bare_list_shows_its_released_elements() -> None:
    assert mapped(share("1", "inner"), words=["a", "b"]).body["words"] == ["a", "b"]
    clause = share("1", "inner", form=Form.PRESENT, when=yes("sure"))
    assert mapped(clause, words=["a", "b"], sure=True).body["words"] == ["present"] * 2
    assert mapped(clause, words=["a", "b"]).body["words"] == []


def test_same_value_reaches_into_maps_and_bare_lists_and_out_of_them() -> None:
    table = {"k": {"b": PHONE}, "l": {"b": OTHER_PHONE}}
    shared = share("1", ["keys", "number", "line"])
    asked = mapped(shared, never("7", "number"), table=table, lines=["1", "07700 900123"])
    assert asked.why("/table/k/b") == (None, "7", Reason.NEVER)
    assert asked.why("/lines/1") == (None, "7", Reason.SAME_AS_NEVER)
    assert asked.body["lines"] == ["1"]
    asked = mapped(shared, never("7", "line"), table=table, lines=["1", "07700 900123"])
    assert asked.why("/table/k/b") == (None, "7", Reason.SAME_AS_NEVER)
    assert asked.body["table"] == {"l": {"b": OTHER_PHONE}}


def test_a_maps_key_that_equals_a_withheld_number_takes_its_entry() -> None:
    shared = share("1", ["keys", "number", "line"])
    calls = {"calls": {"07700 900123": "x", OTHER_PHONE: "y"}}
    asked = mapped(shared, never("7", "number"), table={"k": {"b": PHONE}}, **calls)
    assert asked.why("/calls/07700 900123") == (None, None, Reason.MAP_KEY)
    assert asked.body["calls"] == {OTHER_PHONE: "y"}
    asked = mapped(shared, never("7", "number"), **calls)
    assert len(asked.body["calls"]) == 2


def test_a_maps_withheld_key_is_withheld_elsewhere_too() -> None:
    calls = {"calls": {"07700 900123": "x"}}
    asked = mapped(share("1", ["keys", "number"]), never("7", "line"), table={"k": {"b": PHONE}},
                   **calls)  # fmt: skip
    assert asked.why("/table/k/b") == (None, "7", Reason.SAME_AS_NEVER)


def test_a_share_of_a_container_does_not_reach_inner_tags_but_a_never_does() -> None:
    asked = mapped(share("1", "hidden"))
    assert asked.why("/box/inherits") == (Form.CLEAR, "1", Reason.SHARED)
    assert asked.why("/box/own") == (None, None, Reason.NO_CLAUSE)
    for bar in (never("7", "hidden"), never("7", classes="hide")):
        asked = mapped(share("1", ["hidden", "inner"]), bar)
        assert asked.why("/box/inherits") == (None, "7", Reason.NEVER)
        assert asked.why("/box/own") == (None, "7", Reason.NEVER)
        assert "box" not in asked.body
