"""What every agreement about one event type is drawn from, and the forms that it may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from redaction.agreement import Form
from schemas.registry import EventType, Kind, Vocabulary
from tests.generator.choices import Draw, one_of
from tests.generator.types import leaf_fields

# the kinds of leaves that a form is for; the others are for every kind
FITS: dict[Form, frozenset[Kind]] = {
    Form.MONTH: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.YEAR: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.AGE: frozenset({Kind.DATE}),
    Form.AGE_BAND: frozenset({Kind.DATE}),
    Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
    Form.OUTWARD_CODE: frozenset({Kind.ADDRESS}),
    Form.MASK: frozenset({Kind.STRING, Kind.UUID}),
    Form.PSEUDONYM: frozenset({Kind.STRING, Kind.UUID, Kind.ENUM}),
    Form.SCRUBBED: frozenset({Kind.STRING}),
    Form.COUNT_BAND: frozenset({Kind.INT, Kind.LONG}),
}
# of each pair one agreement uses one: two forms that cannot be ordered are refused by a reader
UNORDERED = (
    ((Form.MONTH, Form.YEAR), (Form.AGE, Form.AGE_BAND)),
    ((Form.MUNICIPALITY,), (Form.OUTWARD_CODE,)),
    ((Form.SCRUBBED,), (Form.PSEUDONYM,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every agreement about one event type is drawn from.

    `forms` are those that its clauses may use beside clear, `clear` the tags that they share in
    clear; `today` is the decision's local date.
    """

    etype: EventType
    vocabulary: Vocabulary
    purposes: Sequence[str]
    forms: Sequence[Form]
    clear: Sequence[str]
    today: date


def allowed_forms(draw: Draw) -> tuple[Form, ...]:
    """The forms that one agreement may use beside clear: any two that fit one kind are ordered."""
    families = [form for pair in UNORDERED for form in one_of(draw, pair)]
    return (Form.PRESENT, Form.MASK, Form.COUNT_BAND, *families)


def shareable_tags(etype: EventType) -> list[str]:
    """The tags of leaves, the body's before the header's."""
    return list(dict.fromkeys(field.tag for field, _ in reversed(leaf_fields(etype))))
