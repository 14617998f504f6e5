"""The arrangements in `examples/`: what their words say by hand, engine and reference do.

Each folder's `expected.yaml` was written from the agreement's words alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from broker.pending import WAITS
from broker.register_file import read_register
from redaction import decide as engine
from redaction import plan, reference
from redaction.deadlines import deadline
from redaction.decision import Decision, Gate
from redaction.facts import Register
from redaction.reading import read_agreement
from redaction.static_check import check_agreement, check_text
from schemas.codec import Event, decode_event, decode_view, encode_event, event_from_json
from schemas.plain import parse_json, plain
from schemas.registry import Registry, load_vocabulary

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/agreement.yaml"))
TYPES = Registry.builtin()
VOCABULARY = load_vocabulary()
SECRET = bytes(range(32))  # what pseudonyms are made with
CODE = {"$pseudonym": True}
PSEUDONYM = re.compile(r"[a-z2-7]{26}")
# words of the address of the invented refuge, as two events spell it
REFUGE = ("lantern quay", "zz9 7qx", "zz97qx")


@cache
def register() -> Register:
    """Northmoor's register with every arrangement in force."""
    text = (EXAMPLES / "register.yaml").read_bytes()
    agreements = tuple(
        read_agreement(path.read_bytes(), origin=str(path))
        for path in sorted(EXAMPLES.glob("*/agreement.yaml"))
    )
    return replace(read_register(text, origin="register.yaml").register, agreements=agreements)


@cache
def expected(folder: str) -> list[dict[str, Any]]:
    text = (EXAMPLES / folder / "expected.yaml").read_text(encoding="utf-8")
    moments: list[dict[str, Any]] = yaml.safe_load(text)
    return moments


def event_of(folder: str, name: str) -> Event:
    """The event as it arrives: from its file, through the wire."""
    obj = parse_json((EXAMPLES / folder / "events" / name).read_bytes())
    return decode_event(encode_event(event_from_json(obj, TYPES)), TYPES)


MOMENTS = [
    pytest.param(folder, index, id=f"{folder}-{index + 1:02d}-{moment['event']}")
    for folder in FOLDERS
    for index, moment in enumerate(expected(folder))
]


def decisions(
    event: Event, recipient: str, purpose: str, at: datetime
) -> tuple[Decision, Decision]:
    """The engine's decision and the reference's."""
    to = {"recipient": recipient, "purpose": purpose, "at": at}
    return (
        engine.decide(event, register(), VOCABULARY, **to),  # type: ignore[arg-type]
        reference.decide(event, register(), VOCABULARY, **to),  # type: ignore[arg-type]
    )


def test_there_are_the_arrangements_that_the_manuals_speak_of() -> None:
    assert FOLDERS == [
        "border-region",
        "childrens-services-police",
        "cpis",
        "home-safety",
        "marac-northmoor",
        "marac-victim-service",
        "operation-encompass",
        "two-forces",
        "victim-support",
        "youth-counselling",
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_agreement_can_be_put_in_force_beside_all_others(folder: str) -> None:
    path = EXAMPLES / folder / "agreement.yaml"
    types = {etype.name: etype for etype in TYPES.types}
    agreement, problems = check_text(
        path.read_bytes(),
        types,
        VOCABULARY,
        others=register().agreements,
        origin=f"{folder}/agreement.yaml",
    )
    assert [str(problem) for problem in problems] == []
    assert agreement in register().agreements
    assert check_agreement(agreement, types, VOCABULARY, origin=folder) == ()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_event_of_the_folder_has_an_expectation(folder: str) -> None:
    names = {path.name for path in (EXAMPLES / folder / "events").iterdir()}
    assert names == {moment["event"] for moment in expected(folder)}


@pytest.mark.parametrize(("folder", "index"), MOMENTS)
def test_engine_and_reference_do_what_the_words_say(folder: str, index: int) -> None:
    moment = expected(folder)[index]
    event = event_of(folder, moment["event"])
    at = datetime.fromisoformat(moment["at"])
    listed = set()
    for delivery in moment["deliveries"]:
        to, purpose = delivery["to"], delivery["purpose"]
        listed.add((to, purpose))
        ours, theirs = decisions(event, to, purpose, at)
        assert ours.gate == delivery["gate"], (to, purpose)
        assert theirs == ours, (to, purpose)
        assert ("view" in delivery) is ours.delivered
        assert delivery.get("waits", ours.gate in WAITS) is (ours.gate in WAITS), (to, purpose)
        if "deadline" in delivery:
            assert due(event, ours) == delivery["deadline"], (to, purpose)
        if ours.delivered:
            assert ours.stands_for == delivery.get("stands_for", to)
            for made in views(event, ours, at):
                assert coded(made, delivery["view"]) == delivery["view"], (to, purpose)
    assert listed <= {
        (one.recipient, one.purpose)
        for one in engine.recipients(event, register(), VOCABULARY, at=at)
    }
    unlisted = {(to, why) for to in register().agencies for why in event.purposes} - listed
    for to, purpose in sorted(unlisted):
        for decision in decisions(event, to, purpose, at):
            assert decision.gate is Gate.NOT_ADDRESSED, (to, purpose)
    unknown = engine.unknown_recipients(event, register())
    assert unknown == moment.get("unknown_recipients", 0)


def views(event: Event, decision: Decision, at: datetime) -> tuple[Any, Any, Any]:
    """The view as JSON: the engine's, what its recipient decodes, and the reference's."""
    made = plan.view(event, register(), VOCABULARY, decision, at=at, secret=SECRET)
    vtype, data = plan.encode(event, register(), VOCABULARY, decision, at=at, secret=SECRET)
    restated = reference.view(event, register(), VOCABULARY, decision, at=at, secret=SECRET)
    return plain(made), plain(decode_view(vtype, data)), plain(restated)


def due(event: Event, decision: Decision) -> str | None:
    """Until when the recipient must have been told, as the agreement that governs says."""
    assert decision.agreement is not None
    assert decision.audience is not None
    (governing,) = (one for one in register().agreements if one.id == decision.agreement.id)
    found = deadline(governing, decision.audience, register(), event_time=event.time)
    return None if found is None else f"{found:%Y-%m-%dT%H:%M:%SZ}"


def coded(made: Any, wanted: Any) -> Any:
    """What was made, with `{$pseudonym: true}` for each pseudonym where one is wanted."""
    if wanted == CODE and isinstance(made, str) and PSEUDONYM.fullmatch(made):
        return CODE
    if isinstance(made, dict) and isinstance(wanted, dict):
        return {name: coded(value, wanted.get(name)) for name, value in made.items()}
    if isinstance(made, list) and isinstance(wanted, list) and len(made) == len(wanted):
        return [coded(*pair) for pair in zip(made, wanted, strict=True)]
    return made


def test_an_event_reaches_social_services_schools_a_hospital_and_a_shelter() -> None:
    reached = {
        delivery["to"]
        for moment in expected("victim-support")[:1]
        for delivery in moment["deliveries"]
        if delivery["gate"] == "open"
    }
    assert reached >= {
        "northmoor-childrens-services",
        "st-brannoc-academy",
        "northmoor-hospital",
        "harbour-refuge",
    }


def test_where_the_refuge_is_reaches_nobody() -> None:
    spelled = 0
    for folder in FOLDERS:
        for moment in expected(folder):
            event = event_of(folder, moment["event"])
            spelled += any(word in text_of(plain(event.value)) for word in REFUGE)
            for delivery in moment["deliveries"]:
                shown = text_of(delivery.get("view"))
                assert not any(word in shown for word in REFUGE), delivery["to"]
    assert spelled >= 2


def test_school_sees_no_pupil_of_another_school() -> None:
    for folder in ("operation-encompass", "victim-support"):
        for moment in expected(folder):
            event = event_of(folder, moment["event"])
            names = {child["name"]: child["school"] for child in event.value["children"]}
            for delivery in moment["deliveries"]:
                if "school" in register().agencies[delivery["to"]].roles and "view" in delivery:
                    shown = text_of(delivery["view"])
                    for name, school in names.items():
                        assert school == delivery["to"] or name.casefold() not in shown


def test_a_refusal_that_names_a_child_concerns_every_child_where_none_is_numbered() -> None:
    """Rule 12: of two numbered children who refused is left out; without numbers both are."""
    path = EXAMPLES / "youth-counselling" / "events" / "05-one-of-two-refuses.json"
    obj: Any = parse_json(path.read_bytes())
    at = datetime.fromisoformat("2026-11-24T09:00:00Z")
    gates = []
    for numbered in (True, False):
        for child in obj["children"]:
            child["child_id"] = child["child_id"] if numbered else None
        event = event_from_json(obj, TYPES)
        for school in ("oakfield-primary", "st-brannoc-academy"):
            ours, theirs = decisions(event, school, "support-at-school", at)
            assert theirs == ours
            gates.append(ours.gate)
    assert gates == [Gate.OPEN, *[Gate.NOTHING_RELEASED] * 3]


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).casefold()
