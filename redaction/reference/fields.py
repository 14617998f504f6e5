"""Rules 3, 4 and 7: what happens to one field of one event, literally."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from redaction.agreement import ANYONE, Form, Never, Share
from redaction.decision import FieldDecision, Reason
from redaction.reference.conditions import holds, reason_given
from redaction.reference.places import (
    Case,
    Element,
    InconsistentError,
    Place,
    element_scope,
    places_and_keys,
)
from schemas.registry import Array, Field, Kind, Leaf, Node, Record

BASICS = "event.basics"
ALIKE = ("phone", "address")  # the classes whose values are compared

# each form, and every form that discloses less than it
BELOW: dict[Form, frozenset[Form]] = {
    Form.PRESENT: frozenset(),
    Form.YEAR: frozenset({Form.PRESENT}),
    Form.MUNICIPALITY: frozenset({Form.PRESENT}),
    Form.MONTH: frozenset({Form.PRESENT, Form.YEAR}),
    Form.CLEAR: frozenset({Form.PRESENT, Form.YEAR, Form.MONTH, Form.MUNICIPALITY}),
}
# the kinds that a form is meant for; a form that is not here fits every kind
MEANT_FOR: dict[Form, frozenset[Kind]] = {
    Form.MONTH: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.YEAR: frozenset({Kind.DATE, Kind.TIMESTAMP}),
    Form.MUNICIPALITY: frozenset({Kind.ADDRESS}),
}


def decide_field(case: Case, place: Place) -> FieldDecision:
    """What happens to one leaf. In a map nothing is released whose key may not be shown (rule 8).

    Whether that also holds for a leaf tagged `event.basics` was open: it does.
    """
    decided = _alone(case, place)
    if decided.released and not all(
        _alone(case, key).form is Form.CLEAR for key in place.around.keys
    ):
        return _withheld(place, Reason.MAP_KEY)
    return decided


def forms_ever_shared(case: Case, field: Field, summarises: tuple[str, ...]) -> set[Form]:
    """Rule 8: the forms in which some clause could release a field, whatever the event says."""
    if field.tag == BASICS:
        return {Form.CLEAR}
    if _summarises_a_part(case, summarises):
        return set()
    always = [n for n in case.agreement.nevers if n.when is None and _reaches(case, n, field)]
    return {
        share.form
        for share in case.agreement.shares
        if _names(case, share, field) and all(_within_cap(share.form, never) for never in always)
    }


def _alone(case: Case, place: Place) -> FieldDecision:
    """A leaf's decision, or a map key's, apart from the maps around it."""
    if place.field.tag == BASICS:
        return _released(place, Form.CLEAR, None, Reason.DELIVERY)
    if _summarises_a_part(case, place.around.summarises):
        return _withheld(place, Reason.SUMMARY)
    applying = [share for share in case.agreement.shares if _applies(case, share, place)]
    for share in applying:
        _check_fit(share.form, place)
    direct = [never for never in case.agreement.nevers if _forbids(case, never, place)]
    same = [never for never in _same_value_nevers(case, place) if never not in direct]
    left = [s for s in applying if all(_within_cap(s.form, n) for n in direct + same)]
    if left:
        form = _most_disclosing([share.form for share in left])
        first = next(share for share in left if share.form is form)
        return _released(place, form, first.id, Reason.SHARED)
    if applying:
        return _removed(place, applying, direct, same)
    return _uncovered(case, place, direct, same)


def _removed(
    place: Place, applying: list[Share], direct: list[Never], same: list[Never]
) -> FieldDecision:
    """Shares apply and `never`s leave no form: the first that took one away is named."""
    for reason, nevers in ((Reason.NEVER, direct), (Reason.SAME_AS_NEVER, same)):
        for never in nevers:
            if not all(_within_cap(share.form, never) for share in applying):
                return _withheld(place, reason, never.id)
    raise InconsistentError("every form was taken away and no clause did it")


def _uncovered(case: Case, place: Place, direct: list[Never], same: list[Never]) -> FieldDecision:
    """No share applies: which test the shares failed, or that none was ever meant for it."""
    naming = [share for share in case.agreement.shares if _names(case, share, place.field)]
    if naming:
        selected = any(_selects(case, share, place) for share in naming)
        return _withheld(place, Reason.CONDITION if selected else Reason.NOT_SELECTED)
    if direct:
        return _withheld(place, Reason.NEVER, direct[0].id)
    if same:
        return _withheld(place, Reason.SAME_AS_NEVER, same[0].id)
    return _withheld(place, Reason.NO_CLAUSE)


def _released(place: Place, form: Form, clause: str | None, reason: Reason) -> FieldDecision:
    tag = place.field.tag
    return FieldDecision(
        path=place.path, tag=tag, released=True, form=form, clause=clause, reason=reason
    )


def _withheld(place: Place, reason: Reason, clause: str | None = None) -> FieldDecision:
    tag = place.field.tag
    return FieldDecision(
        path=place.path, tag=tag, released=False, form=None, clause=clause, reason=reason
    )


# --- a share ------------------------------------------------------------------------------------


def _applies(case: Case, share: Share, place: Place) -> bool:
    """Rule 3: a share covers tag, audience, item and condition; rule 11: and has its reason."""
    return (
        _names(case, share, place.field)
        and _selects(case, share, place)
        and (share.when is None or holds(case, share.when, ()) is True)
        and (not share.needs_reason or reason_given(case))
    )


def _names(case: Case, share: Share, field: Field) -> bool:
    return (
        field.tag in share.tags
        and case.audience.name in share.to
        and (not share.publishers or case.event.source in share.publishers)
    )


def _selects(case: Case, share: Share, place: Place) -> bool:
    """Rule 7: whether a share's `items` select the list element that the leaf stands in."""
    if share.items is None:
        return True
    elements = place.around.elements
    if not elements:
        return False
    if share.items.where is not None and not _is_recipients(case, share.items.where, elements):
        return False
    return share.items.when is None or holds(case, share.items.when, elements) is True


def _is_recipients(case: Case, tag: str, elements: tuple[Element, ...]) -> bool:
    """The nearest element that has a leaf of this tag names the recipient in it.

    With several such leaves in one element, what counts was open: every one must name it.
    """
    for element in reversed(elements):
        values = [value for field, _, value in element_scope(element) if field.tag == tag]
        if values:
            return all(value == case.stands_for for value in values)
    return False


# --- a never ------------------------------------------------------------------------------------


def _forbids(case: Case, never: Never, place: Place) -> bool:
    """Rule 3: a `never` reaches what is below a container; rule 6: unknown makes it apply."""
    return (
        place.field.tag != BASICS
        and _reaches(case, never, place.field)
        and (never.when is None or holds(case, never.when, ()) is not False)
    )


def _reaches(case: Case, never: Never, field: Field) -> bool:
    return (case.audience.name in never.to or ANYONE in never.to) and any(
        tag in never.tags or not case.vocabulary.tags[tag].classes.isdisjoint(never.classes)
        for tag in field.chain
    )


def _within_cap(form: Form, never: Never) -> bool:
    """A `never` leaves the forms no clearer than its cap; without a cap it leaves none."""
    cap = never.clearer_than
    return cap is not None and (form is cap or form in BELOW[cap])


def _same_value_nevers(case: Case, place: Place) -> list[Never]:
    """Rule 3: an address or phone equal to one that a `never` withholds, wherever it stands.

    Whether a map's key of such a class counts as standing there was open: it does, either way.
    """
    kinds = [kind for kind in ("phone", "address") if _normal(case, place, kind) is not None]
    if not kinds:
        return []  # it compares with nothing
    mine = [normal for kind in ALIKE if (normal := _normal(case, place, kind))]
    twins = [
        other
        for other in (places_and_keys(case.event) if mine else ())
        if any(_normal(case, other, kind) in mine for kind in ALIKE)
    ]
    return [
        never
        for never in case.agreement.nevers
        if any(_forbids(case, never, twin) for twin in twins)
    ]


def _normal(case: Case, place: Place, kind: str) -> tuple[str, str] | None:
    """What a value of class `phone` or `address` is compared by; None compares with nothing.

    A map key counts as a string. What else than a string is a number was open: a whole number is.
    """
    if kind not in case.vocabulary.tags[place.field.tag].classes or place.value is None:
        return None
    if kind == "phone" and place.kind in (None, Kind.STRING, Kind.INT, Kind.LONG):
        normal = ("phone", _digits(str(place.value)))
    elif kind == "address" and place.kind in (None, Kind.STRING):
        normal = ("words", _letters(place.value))
    elif kind == "address" and place.kind is Kind.ADDRESS:
        normal = ("address", _letters(f"{place.value['postcode']}{place.value['line']}"))
    else:
        return None
    return normal if normal[1] else None


def _digits(text: str) -> str:
    # a digit is a digit in any script; in which was open
    digits = "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())
    digits = digits.removeprefix("00")
    if digits.startswith("44") and len(digits) >= 11:
        digits = "0" + digits.removeprefix("44")
    return digits


def _letters(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c) and c.isalnum())


# --- forms and summaries ------------------------------------------------------------------------


def _most_disclosing(forms: list[Form]) -> Form:
    for form in forms:
        if all(other is form or other in BELOW[form] for other in forms):
            return form
    raise InconsistentError("two forms that apply cannot be ordered")


def _check_fit(form: Form, place: Place) -> None:
    """Rule 3: a form that does not fit the kind is no decision; a map key has no kind to fit."""
    if place.kind is not None and place.kind not in MEANT_FOR.get(form, {place.kind}):
        raise InconsistentError("a form does not fit the kind of a field")


def _summarises_a_part(case: Case, arrays: tuple[str, ...]) -> bool:
    """Rule 3: what summarises a list never goes to an audience that sees a part of the list."""
    return any(
        share.items is not None
        and case.audience.name in share.to
        and any(tag in share.tags for tag in _tags_below(*_array(case.event.etype.root, path)))
        for path in arrays
        for share in case.agreement.shares
    )


def _array(root: Record, path: str) -> tuple[Field, Node]:
    """The field at a dotted path, and its node; the path leads through records and lists."""
    first, *rest = path.split(".")
    (field,) = (f for f in root.fields if f.name == first)
    for name in rest:
        inner = field.node.item if isinstance(field.node, Array) else field.node
        if not isinstance(inner, Record):
            raise InconsistentError("`summarises` leads through what is no record")
        (field,) = (f for f in inner.fields if f.name == name)
    return field, field.node


def _tags_below(field: Field, node: Node) -> Iterator[str]:
    """The tags of the leaves below a node."""
    if isinstance(node, Leaf):
        yield field.tag
    elif isinstance(node, Record):
        for inner in node.fields:
            yield from _tags_below(inner, inner.node)
    else:
        yield from _tags_below(field, node.item if isinstance(node, Array) else node.value)
