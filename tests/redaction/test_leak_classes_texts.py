"""How forms and texts leak elsewhere: T10, T12 and T13 where a value is transformed or scrubbed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.decision import Reason
from redaction.outgoing import Outgoing
from schemas.codec import decode_view
from tests.redaction.asked import PHONE, REFERENCE, WORDS, Asked, Clauses
from tests.redaction.builders import (
    AT,
    PUBLISHER,
    SECRET,
    address,
    agency,
    event_type,
    never,
    pupils,
    register,
    share,
    vocabulary,
    yes,
)

MADE = vocabulary(open=(), value=())


def told(form: Form, kind: Any, value: Any) -> bytes:
    """What goes out of one value in a form."""
    fields: list[dict[str, Any]] = [
        {"name": "note", "type": "string", "tag": "open"},
        {"name": "value", "type": kind, "tag": "value"},
    ]
    etype = event_type(fields, MADE)
    clauses: Clauses = [share("0", "open"), share("1", "value", form=form)]
    asked = Asked(clauses, {"value": value}, etype=etype, words=MADE)
    outgoing = Outgoing(asked.event, asked.register, MADE, at=AT, secret=SECRET)
    return outgoing.encoded(asked.decision)[1]


DATE = {"type": "int", "logicalType": "date"}


@pytest.mark.parametrize(
    ("form", "kind", "values"),
    [
        (Form.MASK, "string", ("a", "another", "é" * 400, "")),
        (Form.PRESENT, "string", ("a", "another", "é" * 400, "")),
        (Form.PRESENT, "int", (0, 7, 2_000_000)),
        (Form.YEAR, DATE, (date(2015, 1, 1), date(2015, 12, 31))),
        (Form.MONTH, DATE, (date(2015, 3, 1), date(2015, 3, 31))),
        (Form.AGE_BAND, DATE, (date(2013, 3, 1), date(2014, 5, 31))),
        (Form.AGE, DATE, (date(2013, 3, 1), date(2013, 10, 31))),
        (Form.COUNT_BAND, "int", (4, 5, 9)),
        (Form.COUNT_BAND, "int", (10, 11, 2_000_000)),
    ],
)
def test_t12_two_values_alike_in_a_form_give_the_same_bytes(
    form: Form, kind: Any, values: tuple[Any, ...]
) -> None:
    """T12: neither length nor day nor count shows through a form that does not tell it."""
    assert len({told(form, kind, value) for value in values}) == 1


def test_t12_a_form_of_a_text_holds_nothing_of_it() -> None:
    """T12: what is masked, or only there, is not in the bytes."""
    for form in (Form.MASK, Form.PRESENT, Form.PSEUDONYM):
        assert b"canary" not in told(form, "string", "canary-7b21")


def test_t12_a_hidden_address_is_hidden_where_it_stands_a_second_time() -> None:
    """T12: the refuge's address, written as the child's with other case and words, stays away."""
    clauses: Clauses = [
        REFERENCE,
        share("1", "child.address"),
        share("2", "child.name"),
        never("7", "victim.address"),
    ]
    safe, again = address("9 Refuge Row"), address("9,  REFUGE rd.", "zz11zz")
    value = {"victim": {"address": safe}, "children": [{"name": "Bob", "address": again}]}
    asked = Asked(clauses, value)
    assert asked.why("/children/0/address")[2] is Reason.SAME_AS_NEVER
    assert "REFUGE" not in repr(asked.view)
    elsewhere = {**value, "victim": {"address": address("2 Other Row")}}
    assert "REFUGE" in repr(Asked(clauses, elsewhere).view)


@pytest.mark.parametrize("spelling", ["07700 900123", "+44 (0)7700 900123", "07700900123 ext 2"])
def test_t12_a_hidden_phone_is_hidden_however_it_is_written(spelling: str) -> None:
    """T12: the same number as the child's school contact, in another spelling."""
    contact = {"name": "K", "phone": spelling}
    value = {"victim": {"phone": PHONE}, "children": [{"name": "B", "school_contact": contact}]}
    clauses: Clauses = [REFERENCE, share("1", ["child.name", "child.school_phone"])]
    clauses.append(never("7", "victim.phone"))
    asked = Asked(clauses, value)
    assert asked.why("/children/0/school_contact/phone")[2] is Reason.SAME_AS_NEVER


def test_t12_how_many_there_are_is_not_told_beside_those_one_may_see() -> None:
    """T12: a summary of a list is withheld from whoever sees a part of the list."""
    mine = share("1", "child.name", items=pupils())
    clauses: Clauses = [REFERENCE, mine, share("2", "household.child_count")]
    pupil = {"name": "Bob", "school": "elm-school"}
    views = {
        repr(Asked(clauses, {"children": [pupil], "child_count": count}).view)
        for count in (1, 2, 31)
    }
    assert len(views) == 1


def test_t12_a_list_in_a_null_record_looks_like_an_empty_one() -> None:
    """T12: whether there is a perpetrator at all does not show where nothing of one is shared."""
    could = share("1", ["perpetrator.name", "perpetrator.marker"], when=yes("serious_risk"))
    views = {
        repr(Asked([REFERENCE, could], {"perpetrator": one, "serious_risk": False}).view)
        for one in (None, {}, {"name": "x"}, {"markers": ["m", "m"]})
    }
    assert len(views) == 1


TEXT = share("1", "incident.circumstances", form=Form.SCRUBBED)


def scrubbed(name: str, text: str) -> Asked:
    value = {"victim": {"name": name}, "incident": {"circumstances": text}}
    return Asked([REFERENCE, TEXT], value)


def test_t13_what_is_cut_out_leaves_neither_the_value_nor_its_length() -> None:
    """T13: two events with different names, each named in the text, give the same view."""
    names = ("Robin Example", "Bartholomew Constantinopolis", "Morgana Specimen")
    asked = [scrubbed(name, f"We met {name} today.") for name in names]
    assert all(one.why("/incident/circumstances")[0] is Form.SCRUBBED for one in asked)
    left = {one.view["incident"]["circumstances"] for one in asked}
    (text,) = left
    assert not any(part in text for part in ("Robin", "Bartholomew", "Morgana"))


def test_t13_a_text_of_the_recipients_house_is_withheld_and_no_oracle() -> None:
    """T13: a unit of the publisher, and what the publisher is a unit of, may have written it."""
    for name, parent in (("elm-school", PUBLISHER), (PUBLISHER, "elm-school")):
        known = register(agencies=[agency(name, "school", part_of=parent)])
        for guess in ("Robin", "Morgan"):
            value = {"victim": {"name": "Robin Example"}, "incident": {"circumstances": guess}}
            asked = Asked([REFERENCE, TEXT], value, known=known)
            assert asked.why("/incident/circumstances")[2] is Reason.OWN_TEXT


def test_t10_pseudonyms_come_from_the_secret_and_cannot_be_made_without_it() -> None:
    """T10: another secret gives other pseudonyms, so nobody makes a table of phone numbers."""
    named = share("1", "victim.phone", form=Form.PSEUDONYM)
    asked = Asked([REFERENCE, named], {"victim": {"phone": PHONE}})
    tokens = set()
    for secret in (SECRET, SECRET[::-1], b"x" * 32):
        outgoing = Outgoing(asked.event, asked.register, WORDS, at=AT, secret=secret)
        view_type, data = outgoing.encoded(asked.decision)
        tokens.add(decode_view(view_type, data)["victim"]["phone"])
    assert len(tokens) == 3


def test_t12_elements_stand_in_their_order_whatever_stands_between_them() -> None:
    """T12: the pupils' order does not tell of the strangers among them."""
    mine = share("1", "child.name", items=pupils())
    first, second = ({"name": name, "school": "elm-school"} for name in ("Bob", "Dee"))
    stranger = {"name": "Ann", "school": "oak-school"}
    orders = ([first, second], [first, stranger, second], [stranger, first, second, stranger])
    assert len({repr(Asked([REFERENCE, mine], {"children": c}).view) for c in orders}) == 1
