"""Simulation: what an agreement would have done with events, and what a change would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from broker.register_file import read_register
from redaction.agreement import Agreement, Form
from redaction.decide import decide
from redaction.decision import Gate
from redaction.reading import read_agreement
from redaction.simulate import Change, Direction, Run, compare, simulate
from schemas.codec import event_from_json, parse_json
from schemas.registry import Registry, load_vocabulary
from tests.cli.calls import EXAMPLES, REGISTER

ENCOMPASS = EXAMPLES / "operation-encompass"
SOCIAL = "northmoor-childrens-services"


@pytest.fixture(scope="module")
def run() -> Run:
    registry = Registry.builtin()
    files = sorted((ENCOMPASS / "events").glob("*.json"))
    return Run(
        events=tuple(
            (path.name, event_from_json(parse_json(path.read_bytes()), registry)) for path in files
        ),
        register=read_register(REGISTER.read_bytes(), origin="register.yaml").register,
        vocabulary=load_vocabulary(),
    )


@pytest.fixture(scope="module")
def encompass() -> Agreement:
    return read_agreement((ENCOMPASS / "agreement.yaml").read_bytes(), origin="agreement.yaml")


def test_simulation_counts_what_deciding_each_event_gives(run: Run, encompass: Agreement) -> None:
    """The numbers are those of the decisions, for every recipient."""
    register = replace(
        run.register,
        agreements=(encompass,),
        accessions=frozenset((name, encompass.id, 1) for name in run.register.agencies),
    )
    counted = {(one.recipient, one.gate): one.events for one in simulate(run, encompass).reached}
    for recipient in (SOCIAL, "oakfield-primary", "quarry-lane-primary", "harbour-refuge"):
        gates = [
            decide(
                event,
                register,
                run.vocabulary,
                recipient=recipient,
                purpose="safeguarding-children",
                at=event.time + run.after,
            ).gate
            for _, event in run.events
        ]
        for gate in (Gate.OPEN, Gate.TRAINING, Gate.CONFLICT, Gate.SUSPENDED):
            assert counted.get((recipient, gate), 0) == gates.count(gate)


def test_a_draft_that_starts_next_year_is_simulated_as_if_in_force(
    run: Run, encompass: Agreement
) -> None:
    later = replace(encompass, version=9, start=date(2040, 1, 1), until=date(2041, 1, 1))
    assert simulate(run, later) == simulate(run, encompass)


def test_nothing_changes_beside_itself(run: Run, encompass: Agreement) -> None:
    assert compare(run, encompass, against=encompass) == ()


def widened(run: Run, new: Agreement, old: Agreement) -> list[Change]:
    return [one for one in compare(run, new, against=old) if one.direction is Direction.WIDER]


def test_each_new_tag_and_clearer_form_is_marked_wider_and_its_reverse_narrower(
    run: Run, encompass: Agreement
) -> None:
    clearer = replace(
        encompass,
        shares=tuple(
            replace(share, form=Form.CLEAR) if share.form is Form.YEAR else share
            for share in encompass.shares
        ),
    )
    found = widened(run, clearer, encompass)
    assert {(one.tag, one.before, one.after) for one in found} == {
        ("victim.date_of_birth", Form.YEAR, Form.CLEAR)
    }
    back = compare(run, encompass, against=clearer)
    assert {one.direction for one in back} == {Direction.NARROWER}
    assert sum(one.fields for one in back) == sum(one.fields for one in found)


def test_a_removed_clause_only_narrows(run: Run, encompass: Agreement) -> None:
    for left_out in encompass.shares:
        shares = tuple(share for share in encompass.shares if share is not left_out)
        assert widened(run, replace(encompass, shares=shares), encompass) == []


def test_a_removed_never_widens_and_names_an_event_in_which_it_does(
    run: Run, encompass: Agreement
) -> None:
    opened = replace(
        encompass,
        nevers=(),
        shares=tuple(
            replace(share, when=None, form=Form.CLEAR, needs_reason=False)
            if share.items is None
            else share
            for share in encompass.shares
        ),
    )
    found = widened(run, opened, encompass)
    assert "victim.address" in {one.tag for one in found}
    assert {one.example for one in found} <= {label for label, _ in run.events}


def test_forms_that_cannot_be_ordered_are_a_wider_change(run: Run, encompass: Agreement) -> None:
    """A town and a year say different things; whoever gets the other learns something."""
    aged = replace(
        encompass,
        shares=tuple(
            replace(share, form=Form.MONTH) if share.form is Form.YEAR else share
            for share in encompass.shares
        ),
    )
    assert widened(run, aged, encompass)
    assert widened(run, encompass, aged) == []


def test_decisions_are_made_so_long_after_each_event(run: Run, encompass: Agreement) -> None:
    late = replace(run, after=timedelta(days=9))
    gates = {(one.recipient, one.gate) for one in simulate(late, encompass).reached}
    assert ("oakfield-primary", Gate.OPEN) not in gates
    assert ("oakfield-primary", Gate.AUDIENCE_CONDITION) in gates
