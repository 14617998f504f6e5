"""Rules 7 and 8: the tree of plain values that a recipient is shown, literally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redaction.agreement import Form
from redaction.decision import Decision
from redaction.facts import Register
from redaction.reference.fields import decide_field, forms_ever_shared
from redaction.reference.forms import With, transformed
from redaction.reference.gates import reference_to
from redaction.reference.places import Case, child, local_date, places
from redaction.reference.sameness import alike
from redaction.showing import Hidden, hidden_values
from schemas.codec import WITHHELD, Event
from schemas.registry import Array, Field, Leaf, Node, Record, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the view is drawn from: the forms of the leaves released, by their path.

    `imagined` are the leaves that null records would have had. A null record shows as a record
    whose leaves are null, each decided as if it were there. Whether such a leaf makes a list
    element or map entry exist was open: it does not.
    """

    case: Case
    released: Mapping[str, Form]
    imagined: Mapping[str, Form]
    beside: With


def view(
    event: Event,
    register: Register,
    vocabulary: Vocabulary,
    decision: Decision,
    *,
    at: datetime,
    secret: bytes | None = None,
) -> dict[str, Any]:
    """What a delivered decision shows its recipient.

    Args:
        event: the event decided on.
        register: as given to `decide`.
        vocabulary: as given to `decide`.
        decision: its answer.
        at: as given to `decide`.
        secret: what pseudonyms are made with; None where there are none.

    Returns:
        records and maps as dicts, lists as lists; a leaf is its transformed value, None where the
        publisher has none, or WITHHELD. A scrubbed text is an `AnyScrubbing`, which equals each
        lawful one. A field that no clause can share is not there.

    Raises:
        ValueError: the decision delivers nothing, so there is no view.
        InconsistentError: a pseudonym is shown and there is no secret.
    """
    if not decision.delivered or decision.agreement is None or decision.audience is None:
        raise ValueError(f"no view is made at gate `{decision.gate}`")
    (agreement,) = (a for a in register.agreements if reference_to(a) == decision.agreement)
    case = Case(
        event=event,
        register=register,
        vocabulary=vocabulary,
        agreement=agreement,
        audience=agreement.audience(decision.audience),
        recipient=decision.recipient,
        stands_for=decision.stands_for,
        purpose=decision.purpose,
        at=at,
        alike=alike(event, vocabulary),
    )
    imagined = [decide_field(case, p) for p in places(event, imagine=True) if p.imagined]
    shown = Shown(
        case=case,
        released={f.path: f.form for f in decision.fields if f.form is not None},
        imagined={f.path: f.form for f in imagined if f.form is not None},
        beside=With(
            today=local_date(at, agreement),
            secret=secret,
            recipient=decision.recipient,
            agreement=agreement.id,
            hidden=Hidden(values=hidden_values(event, decision.fields, vocabulary)),
        ),
    )
    return _record(shown, event.etype.root, event.value, "", ())


def _record(
    shown: Shown, record: Record, value: Any, path: str, summarises: tuple[str, ...]
) -> dict[str, Any]:
    """A record's fields in their order, without those that no clause can share."""
    tree = {}
    for field in record.fields:
        beneath = summarises + ((field.summarises,) if field.summarises else ())
        path_of = child(path, field.name)
        if _exists(shown.case, field, field.node, beneath):
            inner = None if value is None else value[field.name]
            tree[field.name] = _node(shown, field, field.node, inner, path_of, beneath)
    return tree


def _exists(case: Case, field: Field, node: Node, summarises: tuple[str, ...]) -> bool:
    """Rule 8: whether a field is in the view's schema at all.

    Whether a map is, whose keys no clause could show, was open: it is, and always empty.
    """
    if isinstance(node, Leaf):
        return bool(forms_ever_shared(case, field, node, summarises))
    if isinstance(node, Record):
        return any(
            _exists(case, f, f.node, summarises + ((f.summarises,) if f.summarises else ()))
            for f in node.fields
        )
    return _exists(case, field, node.item if isinstance(node, Array) else node.value, summarises)


def _node(
    shown: Shown, field: Field, node: Node, value: Any, path: str, summarises: tuple[str, ...]
) -> Any:
    if isinstance(node, Leaf):
        form = shown.released.get(path) or shown.imagined.get(path)
        return WITHHELD if form is None else transformed(form, value, field.tag, shown.beside)
    if isinstance(node, Record):
        return _record(shown, node, value, path, summarises)
    # Rule 7: what nothing is released in leaves no trace; null, empty and none selected are one.
    if isinstance(node, Array):
        return [
            _node(shown, field, node.item, item, child(path, str(index)), summarises)
            for index, item in enumerate(value or ())
            if _released_in(shown, child(path, str(index)))
        ]
    return {
        key: _node(shown, field, node.value, item, child(path, key), summarises)
        for key, item in (value or {}).items()
        if _released_in(shown, child(path, key))
    }


def _released_in(shown: Shown, path: str) -> bool:
    return any(leaf == path or leaf.startswith(f"{path}/") for leaf in shown.released)
