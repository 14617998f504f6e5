"""The last look recomputes every form, and finds in a scrubbed text what should not be there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from redaction import checker, plan
from redaction.agreement import Form
from redaction.decision import Reason
from schemas.codec import ViewType, encode_view
from schemas.errors import Code, EventRefused
from tests.redaction.asked import REFERENCE, WORDS, Asked
from tests.redaction.builders import AT, SECRET, TODAY, address, share

FORMS = {
    "date_of_birth": (Form.AGE, "victim.date_of_birth"),
    "address": (Form.OUTWARD_CODE, "victim.address"),
    "name": (Form.PSEUDONYM, "victim.name"),
    "phone": (Form.MASK, "victim.phone"),
}
VICTIM = {
    "name": "Robin Example",
    "phone": "01632 960123",
    "date_of_birth": date(1990, 4, 9),
    "address": address(postcode="NM1 1AA"),
}
ASKED = Asked(
    [REFERENCE, *(share(f"1.{form}", tag, form=form) for form, tag in FORMS.values())],
    {"victim": VICTIM},
)


def prepared(asked: Asked) -> tuple[ViewType, dict[str, Any]]:
    question = (asked.event, asked.register, asked.words, asked.decision)
    view_type, _ = plan.encode(*question, at=AT, secret=SECRET)
    return view_type, plan.view(*question, at=AT, secret=SECRET)


def refused(asked: Asked, view_type: ViewType, view: dict[str, Any], **changes: Any) -> str:
    given: dict[str, Any] = {"vocabulary": WORDS, "today": TODAY, "secret": SECRET, **changes}
    with pytest.raises(EventRefused) as caught:
        checker.check(encode_view(view_type, view), view_type, asked.event, asked.decision, **given)
    assert caught.value.code is Code.VIEW_REFUSED
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("date_of_birth", wrong) for wrong in ("35", "37", "25-44", "1990", "unborn")),
        *(("address", wrong) for wrong in ("NM1 1AA", "NM11", "Northmoor", "unknown")),
        *(("phone", wrong) for wrong in ("*******", "01632 960123", "", "present")),
        *(("name", wrong) for wrong in ("Robin Example", "a" * 26, "", "********")),
    ],
)
def test_another_value_in_a_form_is_refused(name: str, wrong: str) -> None:
    """Rule 4: each form is made again from the event, and must be that very text."""
    view_type, view = prepared(ASKED)
    right: dict[str, Any] = {"vocabulary": WORDS, "today": TODAY, "secret": SECRET}
    checker.check(encode_view(view_type, view), view_type, ASKED.event, ASKED.decision, **right)
    view["victim"][name] = wrong
    assert f"/victim/{name}" in refused(ASKED, view_type, view)


def test_an_age_on_another_day_and_a_pseudonym_by_another_key_are_refused() -> None:
    """Leak T10, T11: the day and the key are the decision's own."""
    view_type, view = prepared(ASKED)
    assert "date_of_birth" in refused(ASKED, view_type, view, today=TODAY - timedelta(days=366))
    assert "name" in refused(ASKED, view_type, view, secret=b"another")
    assert "name" in refused(ASKED, view_type, view, secret=None)


TEXT = "Robin was seen at 1 Example Row on 9 April 1990; ring +44 1632 960123 or Sam."
SCRUBBED = Asked(
    [REFERENCE, share("1", "incident.circumstances", form=Form.SCRUBBED)],
    {"victim": VICTIM, "incident": {"circumstances": TEXT}},
)


def with_text(view: dict[str, Any], text: str) -> dict[str, Any]:
    return {**view, "incident": {**view["incident"], "circumstances": text}}


def test_a_scrubbed_text_that_shows_what_is_hidden_is_refused() -> None:
    """Rule 4: whatever made the text, no name, place, date or number withheld stands in it."""
    view_type, view = prepared(SCRUBBED)
    data = encode_view(view_type, view)
    cut = view["incident"]["circumstances"]
    assert cut == "[…] was seen at […] on […]; ring […] or Sam."
    given: dict[str, Any] = {"vocabulary": WORDS, "today": TODAY, "secret": None}
    checker.check(data, view_type, SCRUBBED.event, SCRUBBED.decision, **given)
    parts = ("Robin", "1 Example Row", "9 April 1990", "+44 1632 960123")
    for left in parts:
        wrong = TEXT
        for part in parts:
            wrong = wrong if part == left else wrong.replace(part, "[…]")
        told = refused(SCRUBBED, view_type, with_text(view, wrong))
        assert "shows what is hidden at `/incident/circumstances`" in told
    for wrong in (cut.replace("Sam", "Tom"), f"{cut}x", "x[…]", "nothing", ""):
        assert "parts cut out" in refused(SCRUBBED, view_type, with_text(view, wrong))


def test_a_text_in_doubt_is_refused_however_it_was_cut() -> None:
    """Rule 4: what was to be withheld whole is refused, whatever was decided of it."""
    named = {**VICTIM, "name": "Will Example"}
    told = {"victim": named, "incident": {"circumstances": "So she will come."}}
    doubted = Asked([REFERENCE, share("1", "incident.circumstances", form=Form.SCRUBBED)], told)
    path = "/incident/circumstances"
    assert doubted.why(path) == (None, None, Reason.DOUBTFUL_TEXT)
    fields = tuple(
        replace(f, released=True, form=Form.SCRUBBED, reason=Reason.SHARED) if f.path == path else f
        for f in doubted.decision.fields
    )
    view_type, view = prepared(doubted)
    doubted.decision = doubted.decision._replace(fields=fields)
    for cut in ("So she will come.", "So she […] come.", "[…]"):
        assert "in doubt" in refused(doubted, view_type, with_text(view, cut))
