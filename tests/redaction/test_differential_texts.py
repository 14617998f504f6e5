"""What the engine leaves of a text is a lawful scrubbing, and both are in doubt of the same texts.

`CASEWARD_TEXTS` sets how many texts are compared (500 otherwise), `CASEWARD_SEED` where it begins.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from redaction import checker, decide, plan, reference
from redaction.agreement import Form
from redaction.decision import FieldDecision, Gate, Reason
from redaction.reference.scrubbing import AnyScrubbing
from schemas.codec import Event, decode_view
from tests.generator import evenly
from tests.generator.choices import (
    ADDRESS_TEXTS,
    ADDRESSES,
    DAYS,
    KEYS,
    MOMENTS,
    NAMES,
    PHONES,
    WORDS,
    Draw,
    chance,
    one_of,
    some_of,
)
from tests.generator.narratives import GAP, narrative
from tests.redaction import builders as make
from tests.redaction.scrubbing_cases import WORDS as VOCABULARY
from tests.redaction.scrubbing_cases import event as made

TEXTS = int(os.environ.get("CASEWARD_TEXTS", "500"))
SEED = int(os.environ.get("CASEWARD_SEED", "1"))
ODD = (
    *("Jo Li", "Anna-Maria O'Brien", "NM1 1AA", "0044123", "12345", "tel01632 960123x", "00440"),
    *("4 4-1234", "00000", "٠١٢٣٤٥", "Straße", "I\u0307stanbul", "１２３４５", "ﬁne", "+44 0", "é"),
    *("will", "de", "7b", "O", "Ǆ", "Łódź", "Ĳmuiden", "Þór", "NM-2026-0042", "B12x", "other"),
    "She was seen near the Lantern with Anna on the 3rd, and told 4417 of it again",
)
SPELT = (*WORDS, *PHONES, *ADDRESS_TEXTS, *NAMES, *NAMES, *KEYS, *ODD)
HARMLESS = (
    "She said that it went well.",
    "he came home and slept",
    "the visit was quiet, nobody complained",
    "nothing else happened\nand all were well",
)
_PARTS = ("line", "municipality", "postcode", "country")
PLACES = [dict(zip(_PARTS, address, strict=True)) for address in ADDRESSES]
TAGS = ("name", "text", "more", "place", "born", "seen", "count", "sum", "level", "keys")


def draw_telling(draw: Draw) -> tuple[Event, tuple[str, ...], Form]:
    """An event whose note tells of its other values, the tags shown in clear, an address's form."""
    choices: dict[str, Any] = {
        "name": (*NAMES, *NAMES, *SPELT),  # whoever puts something else where a name belongs
        "text": SPELT,
        "more": SPELT,
        "place": PLACES,
        "born": DAYS,
        "seen": [one + timedelta(days=n) for one in MOMENTS for n in (0, 1, 500)],
        "count": (1, 0, 7, 12345, -163_296_012, 2014),
        "sum": tuple(map(Decimal, ("1.50", "0.05", "-1234.56", "0.00"))),
        "level": ("high", "stalking_now", "unknown"),
    }
    value = {name: one_of(draw, of) for name, of in choices.items() if chance(draw, 40)}
    told = [*value.values(), *value.values(), *SPELT, *DAYS]
    value["keys"] = {key: one_of(draw, SPELT) for key in some_of(draw, SPELT, most=2)}
    value["people"] = {key: "somebody" for key in some_of(draw, NAMES, most=1)}
    told += [*value["keys"], *value["people"]] * 3
    for name in ("note", "aside"):
        value[name] = one_of(draw, HARMLESS) if chance(draw, 20) else narrative(draw, told)
    form = one_of(draw, (Form.MUNICIPALITY, Form.OUTWARD_CODE, Form.PRESENT))
    return made(**value), some_of(draw, TAGS, most=6), form


def test_the_engine_scrubs_lawfully_and_doubts_what_the_reference_doubts() -> None:
    """Rule 4: `scrubbed`, over texts that spell hidden and shown values in many ways."""
    found: Counter[str] = Counter()

    def alike(telling: tuple[Event, tuple[str, ...], Form]) -> None:
        event, shown, form = telling
        clauses = [
            make.share("4.0", "flag"),
            make.share("4.1", ["note", "aside"], form=Form.SCRUBBED),
        ]
        clauses += [make.share("4.2", shown)] if shown else []
        clauses += [make.share("4.3", "place", form=form)] if "place" not in shown else []
        signed = make.agreement(*clauses, audiences=(make.audience(agency="elm-school"),))
        asked = (event, make.register(signed), VOCABULARY)
        to: dict[str, Any] = {"recipient": "elm-school", "purpose": make.PURPOSE, "at": make.AT}
        decision = reference.decide(*asked, **to)
        assert decision.gate is Gate.OPEN
        assert decide.decide(*asked, **to) == decision
        expected = reference.view(*asked, decision, at=make.AT)
        view_type, data = plan.encode(*asked, decision, at=make.AT)
        view = decode_view(view_type, data)
        assert view == expected
        given: dict[str, Any] = {"vocabulary": VOCABULARY, "today": make.TODAY, "secret": None}
        checker.check(data, view_type, event, decision, **given)
        for field in decision.fields:
            if field.tag in ("note", "aside"):
                found[became(field, view, expected)] += 1

    run = evenly(alike, draw_telling, seed=SEED)
    while found.total() < TEXTS:
        next(run)
    print(dict(found))
    for how in ("cut", "doubtful", "untouched", "left as it must be"):
        assert found[how] * 20 > TEXTS, how


def became(field: FieldDecision, view: dict[str, Any], expected: dict[str, Any]) -> str:
    """What became of a text."""
    if field.reason is Reason.DOUBTFUL_TEXT:
        return "doubtful"
    law: AnyScrubbing = expected[field.tag]
    if law != GAP and law.original != GAP:
        return "left as it must be"
    return "untouched" if view[field.tag] == law.original else "cut"
