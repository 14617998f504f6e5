"""The matrix of an agreement, and what agencies can put together over several."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.agreement import Agreement, Form
from redaction.inference import Through
from redaction.matrix import Limit, Way, joint_views, matrix
from redaction.reading import read_agreement
from schemas.registry import Registry, load_vocabulary
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT, with_clause

TYPES = {etype.name: etype for etype in Registry.builtin().types}
VOCABULARY = load_vocabulary()
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/agreement.yaml"))
CHILDREN = "northmoor-childrens-services"


def read(text: str) -> Agreement:
    return read_agreement(text, origin="a.yaml")


WHOLE = matrix(read(TEXT + EXCEPTIONS), TYPES, VOCABULARY)


def test_matrix_has_a_cell_for_each_tag_that_can_reach_an_audience() -> None:
    """Rule 14: as a matrix, each tag beside each audience, in the order of the text."""
    assert [(cell.tag, cell.audience) for cell in WHOLE.cells] == [
        ("incident.attended_at", "school"),
        ("incident.reference", "school"),
        ("child.name", "school"),
        ("child.date_of_birth", "school"),
        ("victim.address", "social-care"),
        ("victim.phone", "social-care"),
    ]
    assert WHOLE.cell("victim.address", "school") is None
    assert [(column.audience.name, column.when) for column in WHOLE.columns] == [
        ("school", "{all: [{children_involved: yes}, {disclosure_age: {at_most: 3 days}}]}"),
        ("social-care", ""),
    ]


def test_cell_says_by_which_clause_in_which_form_and_when() -> None:
    """Rule 14: form and condition stand in the cell as the parties wrote them."""
    cell = WHOLE.cell("victim.address", "social-care")
    assert cell is not None
    assert cell.ways == (
        Way(
            clause="4.3",
            form=Form.MUNICIPALITY,
            when="{any: [{consent_of_victim: given}, {serious_risk: yes}]}",
            items="",
            needs_reason=True,
            publishers=(),
            override=False,
        ),
    )
    assert (cell.forms, cell.limits, cell.conditional) == ((Form.MUNICIPALITY,), (), True)
    selected = WHOLE.cell("child.name", "school")
    assert selected is not None
    assert selected.ways[0].items == "{where: child.school, is: recipient}"
    plain = WHOLE.cell("incident.reference", "school")
    assert plain is not None
    assert not plain.conditional


def test_override_is_a_way_of_its_own_with_what_it_lifts() -> None:
    """Rule 11: what only an override can release is shown, and never as if it were shared."""
    cell = WHOLE.cell("victim.phone", "social-care")
    assert cell is not None
    assert (cell.ways[0].override, cell.ways[0].lifts) == (True, ("7.1",))
    assert (cell.forms, cell.limits, cell.conditional) == ((), (), True)


def test_never_that_may_apply_limits_a_cell() -> None:
    """Rule 3: `never` beats every share, so the cell says under which condition it does."""
    clause = (
        '  - {id: "7.2", never: [incident.reference], to: school, when: {serious_risk: yes}}\n'
        '  - {id: "7.3", never: [incident.attended_at], to: school}\n'
    )
    found = matrix(read(with_clause(clause)), TYPES, VOCABULARY)
    cell = found.cell("incident.reference", "school")
    assert cell is not None
    assert cell.limits == (Limit(clause="7.2", clearer_than=None, when="{serious_risk: yes}"),)
    assert cell.conditional
    assert found.cell("incident.attended_at", "school") is None


def test_matrix_lists_what_can_be_inferred_even_if_it_is_declared() -> None:
    """Rule 13: `reveals` makes an inference lawful, not invisible."""
    assert {(each.audience, each.fact, each.through) for each in WHOLE.inferences} == {
        ("school", "children_involved", Through.ADDRESSED),
        ("social-care", "consent_of_victim", Through.SHARED),
        ("social-care", "serious_risk", Through.SHARED),
    }
    assert all(each.revealed for each in WHOLE.inferences)


OTHER = read(
    TEXT.replace("northmoor-small", "northmoor-other")
    .replace("safeguarding-children", "care")
    .replace("    as: municipality\n", "    as: present\n")
)


def test_agency_joins_what_it_gets_under_several_agreements() -> None:
    """Rule 1: agreements never union, but whoever receives can; `check` shows what that gives."""
    views = joint_views([read(TEXT), OTHER], {CHILDREN: frozenset()}, TYPES, VOCABULARY)
    (joint,) = (view for view in views if CHILDREN in view.agencies)
    sources = [source for source in joint.tags()["victim.address"] if source.if_named is None]
    assert [(s.agreement, s.purposes, s.cell.forms) for s in sources] == [
        ("northmoor-small", ("safeguarding-children",), (Form.MUNICIPALITY,)),
        ("northmoor-other", ("care",), (Form.PRESENT,)),
    ]


def test_agencies_with_equal_views_are_listed_together() -> None:
    """Rule 1: a thousand schools have one view; whom a field names nobody knows beforehand."""
    roles = {"school-a": frozenset({"school"}), "school-b": frozenset({"school"})}
    views = joint_views([read(TEXT)], roles, TYPES, VOCABULARY)
    assert [view.agencies for view in views] == [(CHILDREN,), ("school-a", "school-b")]
    assert {source.if_named for source in views[1].sources} == {"child.school"}


def test_publisher_is_sent_nothing_of_its_own() -> None:
    """Rule 2: nobody is a recipient of what nobody else publishes."""
    views = joint_views([read(TEXT)], {"northmoor-police": frozenset()}, TYPES, VOCABULARY)
    assert [view.agencies for view in views] == [(CHILDREN,)]


def test_role_opens_what_is_addressed_to_all_of_it() -> None:
    """Rule 2: members of a role receive what the role is addressed."""
    text = TEXT.replace("{agency: northmoor-childrens-services}", "{role: ward, all_of_role: yes}")
    text = text.replace("named_in: child.school", "agency: a-school")
    roles = {"ward-1": frozenset({"ward"}), "other": frozenset({"school"})}
    views = joint_views([read(text)], roles, TYPES, VOCABULARY)
    assert [view.agencies for view in views] == [("a-school",), ("ward-1",)]


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_share_of_a_sound_agreement_has_its_cells(path: Path, data: st.DataObject) -> None:
    """Rule 14: nothing that is executed is missing from the matrix."""
    agreement = read_agreement(path.read_bytes(), origin=path.name)
    share = data.draw(st.sampled_from(agreement.shares))
    tag, audience = data.draw(st.sampled_from(share.tags)), data.draw(st.sampled_from(share.to))
    cell = matrix(agreement, TYPES, VOCABULARY).cell(tag, audience)
    assert cell is not None
    assert share.form in cell.forms
    assert share.id in {way.clause for way in cell.ways}
