"""Cedar, told the text of an agreement, permits and forbids what we release and withhold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cedarpy
import pytest

from redaction.agreement import Is
from redaction.decide import decide
from tests.generator import evenly
from tests.redaction.asked import INCIDENT, WORDS
from tests.redaction.builders import AT, PURPOSE, agreement, audience, event, never, register, share
from tests.redaction.cedar import translation
from tests.redaction.cedar.asking import Case, compare, draw_case

ANSWERS = 2_000


def test_cedar_and_we_give_every_field_audience_and_situation_the_same_answer() -> None:
    """Rules 3 to 7, 11 and 12, from the text alone and by another engine."""
    answers = 0

    def ask(case: Case) -> None:
        nonlocal answers
        answers += compare(case)

    run = evenly(ask, draw_case, seed=1)
    while answers < ANSWERS:
        next(run)


def test_an_unknown_fact_withholds_with_us_where_an_erring_forbid_permits_in_cedar() -> None:
    """Rule 6. A fact that is not there is an error in Cedar, and an erring `forbid` is left out."""
    risk = Is(fact="serious_risk", values=("yes",))
    text = agreement(
        share("4", "officer.name"),
        never("7", "officer.name", when=risk),
        audiences=(audience(agency="elm-school"),),
    )
    for fact, delivered in ((None, False), (True, False), (False, True)):
        told = event(INCIDENT, {"serious_risk": fact})
        ours = decide(told, register(text), WORDS, recipient="elm-school", purpose=PURPOSE, at=AT)
        assert ours.delivered is delivered

    naive = """permit (principal, action, resource);
        forbid (principal, action, resource) when { context.serious_risk == "yes" };"""
    request = {"principal": 'A::"a"', "action": 'Action::"see"', "resource": 'T::"officer.name"'}
    theirs = cedarpy.is_authorized({**request, "context": {}}, naive, [])
    assert theirs.allowed
    assert theirs.diagnostics.errors

    spelled = f"""permit (principal, action, resource);
        forbid (principal, action, resource)
        unless {{ {translation.Truths(None).fails(risk)} }};"""
    unknown = {"root": {"serious_risk": {"kind": "unknown"}}}
    same = cedarpy.is_authorized({**request, "context": unknown}, spelled, [])
    assert not same.allowed
    assert not same.diagnostics.errors


MISTAKES: dict[str, tuple[Any, str, Any]] = {
    "a never is forgotten": (translation, "_never", lambda *_: ""),
    "a cap leaves nothing": (translation, "up_to", lambda cap: ()),
    "an unknown never does not apply": (
        translation.Truths,
        "fails",
        lambda self, condition: f"!{self.holds(condition)}",
    ),
    "items are not looked at": (translation, "_selects", lambda *_: "true"),
    "overrides are forgotten": (translation, "_override", lambda *_: ""),
    "every condition holds": (translation.Truths, "holds", lambda self, condition: "true"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_translation_is_a_disagreement(
    mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the answers of Cedar do depend on each of these."""
    monkeypatch.setattr(*MISTAKES[mistake])
    found = _first_disagreement(lambda case: compare(case))
    assert found is not None


def _first_disagreement(check: Callable[[Case], object]) -> AssertionError | None:
    seen: list[AssertionError] = []

    def ask(case: Case) -> None:
        try:
            check(case)
        except AssertionError as disagreement:
            seen.append(disagreement)

    run = evenly(ask, draw_case, seed=6)
    for _ in range(20):
        next(run)
        if seen:
            return seen[0]
    return None
