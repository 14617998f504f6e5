"""Both interpreters cut the same out of the same text, and the last look agrees with them.

`CASEWARD_TEXTS` sets how many texts are compared (500 otherwise), `CASEWARD_SEED` where it begins.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import strategies as st

from redaction import checker, plan, reference
from redaction.agreement import Form
from redaction.decision import Gate
from schemas.codec import Event
from tests.generator import evenly
from tests.generator.choices import (
    ADDRESS_TEXTS,
    ADDRESSES,
    DAYS,
    KEYS,
    MOMENTS,
    PHONES,
    WORDS,
    Draw,
    one_of,
    some_of,
)
from tests.generator.narratives import GAP, narrative
from tests.redaction import builders as make
from tests.redaction.reference_cases import ADDRESS, DATE

TEXTS = int(os.environ.get("CASEWARD_TEXTS", "500"))
SEED = int(os.environ.get("CASEWARD_SEED", "1"))
TIME = {"type": "long", "logicalType": "timestamp-millis"}
HIDES = {"text": "string", "more": "string", "place": ADDRESS, "born": DATE, "seen": TIME}
VOCABULARY = make.vocabulary(note=(), number=(), **{name: () for name in HIDES})
ETYPE = make.event_type(
    [
        {"name": "note", "tag": "note", "type": "string"},
        {"name": "number", "tag": "number", "type": "long"},
        *({"name": name, "tag": name, "type": ["null", kind]} for name, kind in HIDES.items()),
    ],
    VOCABULARY,
)
ODD = (
    *("Jo Li", "Anna-Maria O'Brien", "NM1 1AA", "0044123", "12345", "tel01632 960123x", "00440"),
    *("4 4-1234", "00000", "٠١٢٣٤٥", "Straße", "I\u0307stanbul", "１２３４５", "ﬁne", "+44 0", "é"),
)
SPELT = (*WORDS, *PHONES, *ADDRESS_TEXTS, *KEYS, *ODD)
_PARTS = ("line", "municipality", "postcode", "country")
PLACES = [dict(zip(_PARTS, address, strict=True)) for address in ADDRESSES]


@st.composite
def tellings(draw: Draw) -> tuple[Event, tuple[str, ...]]:
    """An event whose note tells of its other values and of others, and the tags shown in clear."""
    value = {
        "number": one_of(draw, (1, 12345, -1632960123, 441632960123)),
        "text": one_of(draw, SPELT),
        "more": one_of(draw, SPELT),
        "place": one_of(draw, PLACES),
        "born": one_of(draw, DAYS),
        "seen": one_of(draw, MOMENTS) + timedelta(days=one_of(draw, (0, 1, 500))),
    }
    told = [*list(value.values()) * 4, *SPELT, *DAYS, *PLACES]
    value["note"] = narrative(draw, told)
    return make.event(ETYPE, value), some_of(draw, list(value)[:-1])


def test_plan_and_reference_cut_the_same_out_of_a_text() -> None:
    """Rule 4: `scrubbed`, over texts that spell hidden and shown values in many ways."""
    cut = []

    def alike(telling: tuple[Event, tuple[str, ...]]) -> None:
        event, shown = telling
        clauses = [make.share("4.1", "note", form=Form.SCRUBBED)]
        clauses += [make.share("4.2", shown)] if shown else []
        if "place" not in shown and "text" in shown:
            clauses.append(make.share("4.3", "place", form=Form.MUNICIPALITY))
        text = make.agreement(*clauses, audiences=(make.audience(agency="elm-school"),))
        asked = (event, make.register(text), VOCABULARY)
        decision = reference.decide(
            *asked, recipient="elm-school", purpose=make.PURPOSE, at=make.AT
        )
        assert decision.gate is Gate.OPEN
        expected = reference.view(*asked, decision, at=make.AT)
        assert plan.view(*asked, decision, at=make.AT)["note"] == expected["note"]
        view_type, data = plan.encode(*asked, decision, at=make.AT)
        checker.check(data, view_type, event, decision, today=make.TODAY, secret=None)
        cut.append(GAP in expected["note"])

    run = evenly(alike, tellings(), seed=SEED)
    for _ in range(TEXTS):
        next(run)
    print(f"{len(cut)} texts, something cut out of {sum(cut)}")
    assert len(cut) // 4 < sum(cut) < len(cut)
