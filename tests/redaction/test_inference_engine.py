"""Whether the list of what can be inferred is whole: the engine decides, facts are turned over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from broker.register_file import read_register
from redaction.agreement import Agreement
from redaction.checks_conditions import CONSENT
from redaction.decide import decide
from redaction.decision import Decision
from redaction.facts import Register
from redaction.inference import gets, inferences
from redaction.leaves import REASON_FACT
from redaction.reading import read_agreement
from redaction.spots import Spot
from redaction.subject import Subject, subject_of
from schemas.codec import Event, decode_event, encode_event, event_from_json
from schemas.plain import parse_json
from schemas.registry import Kind, Registry, load_vocabulary

EXAMPLES = Path(__file__).parents[2] / "examples"
REGISTRY = Registry.builtin()
TYPES = {etype.name: etype for etype in REGISTRY.types}
VOCABULARY = load_vocabulary()
MOMENTS = [
    (path.parent.name, moment["event"], moment["at"])
    for path in sorted(EXAMPLES.glob("*/expected.yaml"))
    for moment in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@cache
def agreement_of(folder: str) -> Agreement:
    return read_agreement((EXAMPLES / folder / "agreement.yaml").read_bytes(), origin=folder)


@cache
def register_with(folder: str) -> Register:
    """The examples' register with this one agreement in force."""
    text = (EXAMPLES / "register.yaml").read_bytes()
    register = read_register(text, origin="register.yaml").register
    return replace(register, agreements=(agreement_of(folder),))


def turned(value: Any, spot: Spot, place: tuple[str, ...]) -> Iterator[Any]:
    """The event's value with another answer to one fact, in each place that it stands."""
    step, *rest = place
    if step == "[]":
        for index, item in enumerate(value):
            for other in turned(item, spot, tuple(rest)) if rest else others(item, spot):
                yield [*value[:index], other, *value[index + 1 :]]
    elif value is not None:
        inner = value[step]
        for other in turned(inner, spot, tuple(rest)) if rest else others(inner, spot):
            yield {**value, step: other}


def others(value: Any, spot: Spot) -> Iterator[Any]:
    assert spot.leaf is not None
    match spot.kind:
        case Kind.BOOLEAN:
            yield from {True, False} - {value}
        case Kind.ENUM:
            yield from sorted(set(spot.leaf.symbols) - {value})
        case Kind.INT | Kind.LONG:
            yield from (0, 30)
    if spot.leaf.nullable and value is not None:
        yield None


def outcome(decision: Decision) -> Any:
    """What the recipient can see of a decision: whether, what, in which form."""
    fields = [(one.path, one.form) for one in decision.fields if one.released]
    return decision.delivered, fields if decision.delivered else None


def changes(
    folder: str, name: str, at: str, chosen: Callable[[Subject, str], list[Spot]]
) -> Iterator[tuple[str, str, bool]]:
    """For each recipient, and each other answer to a chosen fact: whether it sees a change."""
    agreement, register = agreement_of(folder), register_with(folder)
    obj = parse_json((EXAMPLES / folder / "events" / name).read_bytes())
    event = decode_event(encode_event(event_from_json(obj, REGISTRY)), REGISTRY)
    subject = subject_of(agreement, TYPES, VOCABULARY)

    def decided(changed: Event, recipient: str) -> Decision:
        return decide(
            changed,
            register,
            VOCABULARY,
            recipient=recipient,
            purpose=agreement.purposes[0],
            at=datetime.fromisoformat(at),
        )

    for recipient in sorted(register.agencies):
        before = decided(event, recipient)
        for spot in chosen(subject, before.audience) if before.audience else ():
            if spot.etype == event.etype.name:
                for value in turned(event.value, spot, spot.place):
                    after = decided(replace(event, value=value), recipient)
                    yield recipient, spot.field.name, outcome(after) != outcome(before)


def hidden(subject: Subject, audience: str) -> list[Spot]:
    """The facts that the audience neither gets nor can infer, by what the check says."""
    told = {each.fact for each in inferences(subject) if each.audience == audience}
    publishers = subject.agreement.publishers
    return [
        spot
        for spot in subject.spots
        if spot.is_fact
        and spot.field.name not in told | {REASON_FACT}
        and not spot.field.name.startswith(CONSENT)
        # whose consent the register knows is part of its answer
        and f"{CONSENT}{spot.field.name.removesuffix('_id')}" not in told
        and spot.field.tag != "child.school"  # by which a school is addressed: its own name
        and not gets(subject, audience, publishers, spot)
    ]


def listed(subject: Subject, audience: str) -> list[Spot]:
    """The facts that the audience can infer, by what the check says."""
    told = {each.fact for each in inferences(subject) if each.audience == audience}
    return [spot for spot in subject.spots if spot.is_fact and spot.field.name in told]


def test_fact_that_is_not_listed_changes_no_outcome() -> None:
    """Rule 13: whatever an audience cannot infer by the list makes no difference that it sees."""
    compared = 0
    for folder, name, at in MOMENTS:
        for recipient, fact, changed in changes(folder, name, at, hidden):
            assert not changed, (folder, name, recipient, fact)
            compared += 1
    assert compared > 100


def test_fact_that_is_listed_changes_some_outcome() -> None:
    """Rule 13: the list is no longer than it must be, where an example can show it."""
    shown = {
        fact
        for folder, name, at in MOMENTS
        for _, fact, changed in changes(folder, name, at, listed)
        if changed
    }
    assert shown >= {
        "adult_role",
        "children_involved",
        "dash_score",
        "incident_kind",
        "lives_with",
        "serious_risk",
    }
