"""One question put to the whole engine: who may have what of this event, and the view of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redaction import plan
from redaction.agreement import Form, Never, Share
from redaction.checker import check
from redaction.decide import decide
from redaction.decision import Decision, Gate, Reason
from redaction.facts import Register
from schemas.codec import decode_view
from schemas.registry import EventType, Registry, Vocabulary, load_vocabulary
from tests.redaction.builders import (
    AT,
    PURPOSE,
    SECRET,
    TODAY,
    agreement,
    audience,
    event,
    register,
    share,
)

Clauses = list[Share | Never]

WORDS = load_vocabulary()
BUILT_IN = Registry.builtin()
INCIDENT = BUILT_IN.by_name("police.domestic-incident")
SCHOOL = (audience(agency="elm-school"), audience("health", agency="oak-school"))
PHONE, OTHER_PHONE = "+44 7700 900123", "07700 900456"
CHILDREN: dict[str, Any] = {
    "children": [
        {"name": "Ann", "school": "oak-school", "involvement": "involved"},
        {"name": "Bob", "school": "elm-school", "involvement": "not_present"},
        {"name": "Cat", "school": None},
        {"name": "Dee", "school": "elm-school", "involvement": "witnessed"},
    ]
}
REFERENCE = share("0", "incident.reference")  # so that something is always released


class Asked:
    """One decision and, if it is open, its view: encoded, checked and read back."""

    def __init__(
        self,
        clauses: Sequence[Share | Never],
        value: dict[str, Any],
        *,
        etype: EventType = INCIDENT,
        words: Vocabulary = WORDS,
        known: Register | None = None,
        to: str = "elm-school",
        **changes: Any,
    ) -> None:
        changes.setdefault("audiences", SCHOOL)
        changes.setdefault("event_types", (etype.name,))
        self.agreement = agreement(*clauses, **changes)
        self.register = replace(known or register(), agreements=(self.agreement,))
        self.event = event(etype, value)
        self.words = words
        self.decision: Decision = decide(
            self.event, self.register, words, recipient=to, purpose=PURPOSE, at=AT
        )

    def why(self, path: str) -> tuple[Form | None, str | None, Reason]:
        field = next(field for field in self.decision.fields if field.path == path)
        assert field.released is (field.form is not None)
        return (field.form, field.clause, field.reason)

    @property
    def released(self) -> dict[str, Form]:
        fields = self.decision.fields
        return {f.path: f.form for f in fields if f.form and f.reason is not Reason.DELIVERY}

    @property
    def view(self) -> dict[str, Any]:
        assert self.decision.gate is Gate.OPEN
        asked = (self.event, self.register, self.words, self.decision)
        view = plan.view(*asked, at=AT, secret=SECRET)
        view_type, data = plan.encode(*asked, at=AT, secret=SECRET)
        assert view_type == plan.view_type(*asked, at=AT)
        given: dict[str, Any] = {"vocabulary": self.words, "today": TODAY, "secret": SECRET}
        check(data, view_type, self.event, self.decision, **given)
        assert decode_view(view_type, data) == view
        return view

    @property
    def body(self) -> dict[str, Any]:
        return {name: value for name, value in self.view.items() if name != "header"}
