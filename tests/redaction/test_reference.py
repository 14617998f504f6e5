"""Fields and views by the reference, where they need care: each case worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from redaction import reference
from redaction.agreement import (
    Form,
    Is,
)
from redaction.decision import Reason
from schemas.codec import WITHHELD
from tests.redaction import builders as make
from tests.redaction.reference_cases import (
    ETYPE,
    PLAIN,
    WORDS,
    child,
    event,
    fields,
    released,
    to_elm,
    view,
)

# --- fields -------------------------------------------------------------------------------------


def test_unknown_stops_a_share_and_lets_a_never_apply() -> None:
    unknown = Is(fact="no_such_fact", values=("yes",))
    value = {"phone": "01632 960123"}
    share = make.share("4.2", "victim.phone")
    unsure = make.share("4.2", "victim.phone", when=unknown)
    assert released(share, value=value, path="/phone")
    assert not released(unsure, value=value, path="/phone")
    assert not released(
        share, make.never("7.1", "victim.phone", when=unknown), value=value, path="/phone"
    )


@pytest.mark.parametrize("spelling", ["+44 1632 960-123", "00441632960123", "٠١٦٣٢٩٦٠١٢٣"])
def test_a_withheld_phone_is_withheld_in_every_spelling(spelling: str) -> None:
    shares = make.share("4.2", ("incident.phone", "contact.numbers"))
    hidden = make.never("7.1", "victim.phone")
    value = {
        "phone": "01632 960123",
        "other_phone": spelling,
        "numbers": {"home": spelling, spelling: "nobody's", "work": "07700 900456"},
    }
    decided = fields(shares, hidden, value=value)
    reasons = {path: field.reason for path, field in decided.items()}
    assert reasons["/other_phone"] is Reason.SAME_AS_NEVER
    assert decided["/other_phone"].clause == "7.1"
    assert reasons["/numbers/home"] is Reason.SAME_AS_NEVER
    assert reasons[f"/numbers/{spelling}"] is Reason.MAP_KEY
    assert reasons["/numbers/work"] is Reason.SHARED


def test_a_map_whose_keys_are_not_clear_shows_nothing() -> None:
    shares = make.share("4.2", "contact.numbers", form=Form.PRESENT)
    value = {"numbers": {"home": "07700 900456"}}
    assert fields(shares, value=value)["/numbers/home"].reason is Reason.MAP_KEY
    assert view(make.register(to_elm(PLAIN, shares)), value)["numbers"] == {}


def test_a_container_that_summarises_a_list_does_so_with_what_it_holds() -> None:
    shares = (
        make.share("4.2", "child.age"),
        make.share("4.3", "child.name", items=make.pupils()),
    )
    value = {"counts": {"youngest": 3}, "children": [child()]}
    assert fields(*shares, value=value)["/counts/youngest"].reason is Reason.SUMMARY
    assert fields(shares[0], value=value)["/counts/youngest"].reason is Reason.SHARED


def test_an_element_that_names_two_agencies_is_neithers() -> None:
    share = make.share("4.2", "child.name", items=make.pupils())
    value = {"children": [child(), child(old_school="oak-school"), child(old_school=None)]}
    decided = fields(share, value=value)
    assert [decided[f"/children/{n}/name"].released for n in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    ("cap", "form"),
    [(Form.CLEAR, Form.CLEAR), (Form.MONTH, Form.YEAR), (Form.PRESENT, Form.PRESENT)],
)
def test_a_cap_leaves_the_most_disclosing_form_below_it(cap: Form, form: Form) -> None:
    shares = [
        make.share(f"4.{n}", "child.date_of_birth", form=form)
        for n, form in enumerate((Form.PRESENT, Form.YEAR, Form.CLEAR), 2)
    ]
    value = {"children": [child(born=date(2015, 4, 9))]}
    decided = fields(*shares, make.never("7.1", "child.date_of_birth", cap=cap), value=value)
    assert decided["/children/0/born"].form is form


def test_a_reason_of_blanks_is_no_reason() -> None:
    share = make.share("4.2", "victim.phone", needs_reason=True)
    for reason, expected in ((None, False), (" \t", False), ("she is at risk", True)):
        value = {"phone": "01632 960123", "sharing_reason": reason}
        assert released(share, value=value, path="/phone") is expected


# --- views --------------------------------------------------------------------------------------


def test_a_view_tells_null_from_withheld_and_leaves_out_what_is_never_shared() -> None:
    shares = (
        PLAIN,
        make.share("4.2", "victim.address", form=Form.MUNICIPALITY),
        make.share("4.3", "victim.phone", when=Is(fact="notes", values=("unseen",))),
        make.share("4.4", ("child.name", "incident.phone"), items=make.pupils()),
    )
    hidden = make.never("7.1", "child.date_of_birth")
    value = {
        "address": make.address(),
        "phone": None,
        "children": [child("oak-school"), child(doctor=None), child(doctor={"phone": "44123"})],
    }
    shown = view(make.register(to_elm(*shares, hidden)), value)
    assert shown == {
        "header": {"source": make.PUBLISHER, "type": ETYPE.name, "time": make.HAPPENED},
        "notes": "seen",
        "score": None,
        "sharing_reason": None,
        "consent_of_victim": None,
        "phone": WITHHELD,
        "other_phone": WITHHELD,
        "address": "Northmoor",
        "children": [
            {"name": WITHHELD, "hurt": False, "doctor": {"phone": WITHHELD}},
            {"name": "Robin Example", "hurt": False, "doctor": {"phone": None}},
            {"name": "Robin Example", "hurt": False, "doctor": {"phone": "44123"}},
        ],
    }


def test_elements_and_entries_without_a_released_leaf_leave_no_trace() -> None:
    shares = (
        make.share("4.2", ("child.name", "incident.phone"), items=make.pupils()),
        make.share("4.3", "contact.numbers"),
    )
    hidden = make.never("7.1", "victim.phone")
    value = {
        "phone": "01632 960123",
        "numbers": {"home": "01632 960123", "work": "07700 900456"},
        "children": [child("oak-school"), child()],
    }
    shown = view(make.register(to_elm(*shares, hidden)), value)
    assert [each["name"] for each in shown["children"]] == ["Robin Example"]
    assert shown["numbers"] == {"work": "07700 900456"}
    nobodys = replace(event(value), value={**event(value).value, "children": []})
    register = make.register(to_elm(*shares, hidden))
    decision = reference.decide(
        nobodys, register, WORDS, recipient="elm-school", purpose=make.PURPOSE, at=make.AT
    )
    assert reference.view(nobodys, register, WORDS, decision, at=make.AT)["children"] == []


def test_what_only_a_null_record_would_release_makes_no_element() -> None:
    shares = make.share("4.2", "incident.phone")
    value = {"other_phone": "44123", "children": [child(doctor=None), child(doctor={"phone": "0"})]}
    shown = view(make.register(to_elm(shares)), value)
    assert shown["children"] == [{"doctor": {"phone": "0"}}]


def test_no_view_without_a_delivery() -> None:
    register = make.register(to_elm(PLAIN, time_zone="Nowhere/At_All"))
    with pytest.raises(ValueError, match="no view is made at gate `error`"):
        view(register, {})
