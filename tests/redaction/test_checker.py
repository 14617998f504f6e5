"""The checker refuses every view that differs from the decision, and says where, never what."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from redaction import checker, listing, looking, plan, showing
from redaction.agreement import Form
from redaction.decision import Decision, FieldDecision, Gate, Reason
from schemas.codec import WITHHELD, Event, ViewType, encode_view, view_type_from_text
from schemas.errors import Code, EventRefused
from tests.redaction.asked import CHILDREN, REFERENCE, WORDS, Asked
from tests.redaction.builders import (
    AT,
    SECRET,
    TODAY,
    address,
    never,
    pupils,
    share,
    yes,
)

CANARY = "canary-9f3a"


def check(data: bytes, view_type: ViewType, of: Event, decision: Decision) -> None:
    checker.check(data, view_type, of, decision, vocabulary=WORDS, today=TODAY, secret=SECRET)


RICH = Asked(
    [
        REFERENCE,
        share("1", ["victim.name", "victim.phone", "victim.language"]),
        share("2", "victim.address", form=Form.MUNICIPALITY),
        share("3", "victim.date_of_birth", form=Form.YEAR),
        share("4", ["perpetrator.name", "officer.name"], when=yes("serious_risk")),
        share("5", ["child.name", "child.date_of_birth", "child.school_contact"], items=pupils()),
        share("6", "perpetrator.markers"),
        share("7", ["refuge.name", "refuge.weekly_charge"]),
        never("8", classes="locates-victim", cap=Form.MUNICIPALITY),
    ],
    {
        **CHILDREN,
        "victim": {
            "name": CANARY,
            "address": {**address(), "municipality": CANARY},
            "date_of_birth": date(1990, 4, 9),
            "phone": "07700 900123",
        },
        "perpetrator": {"name": CANARY, "markers": [CANARY, "weapons"]},
    },
)


def prepared(asked: Asked) -> tuple[ViewType, dict[str, Any]]:
    question = (asked.event, asked.register, asked.words, asked.decision)
    return plan.view_type(*question, at=AT), plan.view(*question, at=AT)


VIEW_TYPE, VIEW = prepared(RICH)


def refused(data: bytes, *, of: Event = RICH.event, decision: Decision = RICH.decision,
            view_type: ViewType = VIEW_TYPE) -> str:  # fmt: skip
    with pytest.raises(EventRefused) as caught:
        check(data, view_type, of, decision)
    message = str(caught.value)
    assert caught.value.code is Code.VIEW_REFUSED
    assert CANARY not in message
    assert caught.value.__cause__ is None
    return message


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    view = copy.deepcopy(VIEW)
    change(view)
    return encode_view(VIEW_TYPE, view)


def test_the_view_that_was_decided_passes() -> None:
    check(encode_view(VIEW_TYPE, VIEW), VIEW_TYPE, RICH.event, RICH.decision)
    assert VIEW["victim"]["date_of_birth"] == "1990"
    assert VIEW["perpetrator"]["name"] is WITHHELD
    assert VIEW["refuge"] == {"weekly_charge": None}  # the schema has not even the others


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*at, position))
    else:
        yield at, value


def others(value: Any) -> list[Any]:
    """Values of the same type that are not the one, and the ways of not showing it."""
    if value is WITHHELD or value is None:
        return ["x", True, None if value is WITHHELD else WITHHELD]
    if isinstance(value, bool):
        return [not value, WITHHELD]
    if isinstance(value, str):
        return [value + "x", WITHHELD, value[:-1], ""]
    return [value + timedelta(days=1), WITHHELD]


@pytest.mark.parametrize(
    "at", [at for at, _ in leaves(VIEW)], ids=lambda at: "/".join(map(str, at))
)
def test_a_changed_leaf_is_refused_with_its_path(at: tuple[Any, ...]) -> None:
    caught = 0
    was = dict(leaves(VIEW))[at]
    for other in others(was):

        def change(view: dict[str, Any], other: Any = other) -> None:
            for step in at[:-1]:
                view = view[step]
            view[at[-1]] = other

        try:
            data = changed(change)
        except Exception:  # noqa: BLE001 - the schema itself has no place for this value
            continue
        if at[0] == "refuge" and other is WITHHELD:
            # In a null record only the plan knows which leaves a clause would have shared.
            check(data, VIEW_TYPE, RICH.event, RICH.decision)
            continue
        message = refused(data)
        assert at[0] in message
        assert str(at[-1]) in message or isinstance(at[-1], int) or "children" in message
        caught += 1
    assert caught or at[0] == "refuge"


@pytest.mark.parametrize(
    "change",
    [
        lambda children: children.pop(),
        lambda children: children.pop(0),
        lambda children: children.reverse(),
        lambda children: children.append(children[0]),
        lambda children: children.insert(0, {**children[0], "name": "Ann"}),
        lambda children: children.clear(),
    ],
)
@pytest.mark.parametrize("array", ["children", "markers"])
def test_a_missing_added_or_moved_element_is_refused(
    array: str, change: Callable[[list[Any]], None]
) -> None:
    def apply(view: dict[str, Any]) -> None:
        if array == "children":
            change(view["children"])
        else:
            markers = [{"name": marker} for marker in view["perpetrator"]["markers"]]
            change(markers)
            view["perpetrator"]["markers"] = [marker["name"] for marker in markers]

    assert array in refused(changed(apply))


def test_truncated_extended_and_flipped_bytes_are_refused() -> None:
    data = encode_view(VIEW_TYPE, VIEW)
    for length in range(len(data)):
        refused(data[:length])
    refused(data + b"\x00")
    survivors = []
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            try:
                check(bytes(flipped), VIEW_TYPE, RICH.event, RICH.decision)
            except EventRefused:
                continue
            survivors.append((position, bit))
    # Only the null record's choice between null and withheld survives: see above.
    assert len(survivors) == 1, survivors


def test_another_view_type_is_refused() -> None:
    other_type, other_view = prepared(Asked([REFERENCE], CHILDREN))
    data = encode_view(VIEW_TYPE, VIEW)
    refused(encode_view(other_type, other_view))
    refused(data, view_type=other_type)
    assert "missing" in refused(encode_view(other_type, other_view), view_type=other_type)
    refused(data, view_type=replace(VIEW_TYPE, digest="0" * 64))
    refused(data, view_type=replace(VIEW_TYPE, rabin=bytes(8)))
    refused(data, view_type=replace(VIEW_TYPE, text=other_type.text))


def test_a_field_that_the_event_type_does_not_have_is_refused() -> None:
    text = VIEW_TYPE.text.replace(
        '"fields":[', '"fields":[{"name":"extra","type":["null","string"]},', 1
    )
    wider = view_type_from_text(text)
    data = encode_view(wider, {"extra": None, **VIEW})
    assert "does not have" in refused(data, view_type=wider)


def decided(**changes: Any) -> Callable[[FieldDecision], FieldDecision]:
    return lambda field: replace(field, **changes)


def with_field(path: str, change: Callable[[FieldDecision], FieldDecision]) -> Decision:
    fields = [change(f) if f.path == path else f for f in RICH.decision.fields]
    assert fields != list(RICH.decision.fields)
    return RICH.decision._replace(fields=tuple(fields))


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/victim/name", decided(released=False, form=None)),
        ("/victim/name", decided(released=False)),
        ("/victim/name", decided(form=None)),
        ("/victim/name", decided(form=Form.PRESENT)),
        ("/victim/name", decided(form=Form.MONTH)),
        ("/victim/name", decided(tag="victim.alias")),
        ("/victim/name", decided(path="/victim/alias")),
        ("/victim/date_of_birth", decided(form=Form.CLEAR)),
        ("/victim/date_of_birth", decided(form=Form.MONTH)),
        ("/victim/address", decided(form=Form.CLEAR)),
        ("/perpetrator/name", decided(released=True, form=Form.CLEAR)),
        ("/children/0/name", decided(released=True, form=Form.CLEAR)),
        ("/children/1/name", decided(released=False, form=None)),
        ("/officer/number", decided(released=True, form=Form.CLEAR)),
        ("/header/source", decided(released=False, form=None)),
    ],
)
def test_a_view_that_another_decision_led_to_is_refused(
    path: str, change: Callable[[FieldDecision], FieldDecision]
) -> None:
    refused(encode_view(VIEW_TYPE, VIEW), decision=with_field(path, change))


def test_a_decision_that_skips_repeats_or_invents_a_leaf_is_refused() -> None:
    data = encode_view(VIEW_TYPE, VIEW)
    fields = RICH.decision.fields
    invented = replace(fields[-1], path="/children/9/name")
    for wrong in (fields[1:], fields[:-1], (*fields, fields[-1]), (*fields, invented),
                  (fields[1], fields[0], *fields[2:]), ()):  # fmt: skip
        refused(data, decision=RICH.decision._replace(fields=wrong))


@pytest.mark.parametrize("gate", [gate for gate in Gate if gate is not Gate.OPEN])
def test_a_closed_gate_lets_no_view_pass(gate: Gate) -> None:
    data = encode_view(VIEW_TYPE, VIEW)
    assert "gate" in refused(data, decision=RICH.decision._replace(gate=gate))


def test_a_view_of_another_event_is_refused() -> None:
    data = encode_view(VIEW_TYPE, VIEW)
    value = copy.deepcopy(RICH.event.value)
    value["victim"]["name"] = "somebody else"
    assert "/victim/name" in refused(data, of=replace(RICH.event, value=value))
    value = copy.deepcopy(RICH.event.value)
    value["header"]["source"] = "southmoor-police"
    assert "/header/source" in refused(data, of=replace(RICH.event, value=value))


def test_the_checker_shares_nothing_with_what_made_the_view() -> None:
    assert imported(Path(checker.__file__)) == {
        *("redaction.agreement", "redaction.decision", "redaction.reference.doubt"),
        *("redaction.listing", "redaction.showing", "redaction.transforms"),
    }
    assert {*imported(Path(listing.__file__)), *imported(Path(looking.__file__))} == {
        *("redaction.agreement", "redaction.decision", "redaction.looking"),
        *("redaction.remembered", "redaction.transforms"),
    }
    looks = {name for path in Path(showing.__file__).parent.glob("*.py") for name in imported(path)}
    assert {name for name in looks if not name.startswith("redaction.showing")} == {
        *("redaction.agreement", "redaction.decision", "redaction.everyday"),
    }


def imported(path: Path) -> set[str]:
    """The modules of this room that a file takes something from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = (node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {name for name in names if name and name.split(".")[0] == "redaction"}


def test_reasons_play_no_part() -> None:
    """What passed and what did not is the same whatever the decision says about why."""
    fields = tuple(replace(f, reason=Reason.NO_CLAUSE) for f in RICH.decision.fields)
    decision = RICH.decision._replace(fields=fields)
    check(encode_view(VIEW_TYPE, VIEW), VIEW_TYPE, RICH.event, decision)
