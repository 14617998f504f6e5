"""The checker reads null records, maps and yes-or-no as closely as any leaf."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.codec import WITHHELD, encode_view, view_type_from_text
from tests.redaction.asked import REFERENCE, Asked, Clauses
from tests.redaction.builders import event_type, share, vocabulary
from tests.redaction.test_checker import CANARY, check, prepared, refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "N", "phone": None},
        {"name": None, "phone": "01632 960123"},
    ],
)
def test_a_value_in_a_null_record_is_refused(wrong: dict[str, Any]) -> None:
    clauses: Clauses = [REFERENCE, share("1", "child.school_contact"),
                        share("2", ["child.school_phone", "child.name"])]  # fmt: skip
    asked = Asked(clauses, {"children": [{"name": "Ann", "school_contact": None}]})
    view_type, view = prepared(asked)
    assert view["children"] == [{"name": "Ann", "school_contact": {"name": None, "phone": None}}]
    for contact in (wrong, {"name": WITHHELD, "phone": None}):
        view["children"][0]["school_contact"] = contact
        data = encode_view(view_type, view)
        if contact is wrong:
            message = refused(data, of=asked.event, decision=asked.decision, view_type=view_type)
            assert "`/children/0/school_contact/" in message
        else:
            check(data, view_type, asked.event, asked.decision)


MAP_WORDS = vocabulary(keys=(), inner=(), flag=())
MAPPED = event_type(
    [
        {"name": "flag", "type": "boolean", "tag": "flag", "fact": True},
        {
            "name": "notes",
            "tag": "keys",
            "type": {"type": "map", "values": {"type": "record", "name": "Note", "fields": [
                {"name": "text", "type": "string"},
                {"name": "size", "type": "float", "tag": "inner"},
            ]}},
        },
    ],
    MAP_WORDS,
)  # fmt: skip


def test_maps_are_compared_entry_by_entry_and_their_keys_never_told() -> None:
    value = {"notes": {CANARY: {"text": "a", "size": 0.5}, "b": {"text": "b", "size": 2.0}}}
    asked = Asked([share("1", "keys"), share("2", "inner")], value, etype=MAPPED, words=MAP_WORDS)
    view_type, view = prepared(asked)
    check(encode_view(view_type, view), view_type, asked.event, asked.decision)
    notes = view["notes"]
    for wrong, told in [
        ({CANARY: notes[CANARY]}, "/notes"),
        ({"b": notes["b"], CANARY: notes[CANARY]}, "/notes"),
        ({**notes, "c": notes["b"]}, "/notes"),
        ({**notes, CANARY: {"text": "x", "size": 0.5}}, "/notes/*/text"),
        ({**notes, CANARY: {"text": "a", "size": 0.25}}, "/notes/*/size"),
        ({**notes, CANARY: {"text": WITHHELD, "size": 0.5}}, "/notes/*/text"),
    ]:
        data = encode_view(view_type, {**view, "notes": wrong})
        message = refused(data, of=asked.event, decision=asked.decision, view_type=view_type)
        assert f"`{told}`" in message


def test_one_is_not_true() -> None:
    asked = Asked([share("1", "flag")], {"flag": True}, etype=MAPPED, words=MAP_WORDS)
    view_type, view = prepared(asked)
    text = view_type.text.replace('"boolean"', '"int"')
    wrong = view_type_from_text(text)
    data = encode_view(wrong, {**view, "flag": 1})
    message = refused(data, of=asked.event, decision=asked.decision, view_type=wrong)
    assert "`/flag`" in message
