"""Rules 3, 4 and 11: what happens to one field of one event, literally."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redaction.agreement import Form, Never, Share
from redaction.decision import FieldDecision, Reason
from redaction.reference.clauses import (
    BASICS,
    forbids,
    may_give,
    override_names,
    overrides_applying,
    reaches,
    share_applies,
    share_names,
    share_selects,
    tags_below,
    within_cap,
)
from redaction.reference.forms import MEANT_FOR, at_most, most_disclosing
from redaction.reference.kinship import kin
from redaction.reference.places import Case, InconsistentError, Place
from redaction.reference.sameness import same_value_nevers
from schemas.registry import Array, Field, Leaf, Node, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A clause or override that would release a leaf in a form, whatever `never`s say.

    `lifts` holds the ids of those that do not act against it.
    """

    id: str
    form: Form
    reason: Reason
    lifts: tuple[str, ...]


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


def forms_ever_shared(
    case: Case, field: Field, leaf: Leaf, summarises: tuple[str, ...]
) -> set[Form]:
    """Rule 8: the forms in which something could release a field, whatever event and register say.

    That is some clause, or an override that somebody records (rule 11).
    """
    if field.tag == BASICS:
        return {Form.CLEAR}
    if _summarises_a_part(case, summarises):
        return set()
    always = [n for n in case.agreement.nevers if n.when is None and reaches(case, n, field)]
    shared = {
        share.form
        for share in case.agreement.shares
        if share_names(case, share, field)
        and may_give(case, share.form, field, leaf.kind)
        and all(within_cap(share.form, n) for n in always)
    }
    overridden = {
        form
        for override in case.agreement.overrides
        if override_names(case, override, field)
        for form in Form
        if at_most(form, override.form)
        and leaf.kind in MEANT_FOR.get(form, {leaf.kind})
        and may_give(case, form, field, leaf.kind)
        and all(n.id in override.lifts or within_cap(form, n) for n in always)
    }
    return shared | overridden


def _alone(case: Case, place: Place) -> FieldDecision:
    """A leaf's decision, or a map key's, apart from the maps around it."""
    if place.field.tag == BASICS:
        return _released(place, Form.CLEAR, None, Reason.DELIVERY)
    if _summarises_a_part(case, place.around.summarises):
        return _withheld(place, Reason.SUMMARY)
    direct = [never for never in case.agreement.nevers if forbids(case, never, place)]
    same = [never for never in same_value_nevers(case, place) if never not in direct]
    offers = list(_offers(case, place))
    for offer in offers:
        _check_fit(offer.form, place)
    left = [o for o in offers if not any(_takes_away(n, o) for n in direct + same)]
    if left:
        form = most_disclosing([offer.form for offer in left])
        first = next(offer for offer in left if offer.form is form)
        if form is Form.SCRUBBED and _is_own_text(case):
            return _withheld(place, Reason.OWN_TEXT)
        return _released(place, form, first.id, first.reason)
    if offers:
        return _removed(place, offers, direct, same)
    return _uncovered(case, place, direct, same)


def _offers(case: Case, place: Place) -> Iterator[Offer]:
    """Rules 3 and 11: the shares that apply in the order of the text, then the overrides."""
    for share in case.agreement.shares:
        if _speaks(case, share, place) and share_applies(case, share, place):
            yield Offer(id=share.id, form=share.form, reason=Reason.SHARED, lifts=())
    for form, override in overrides_applying(case, place):
        if may_give(case, form, place.field, place.kind):
            yield Offer(id=override.id, form=form, reason=Reason.OVERRIDE, lifts=override.lifts)


def _speaks(case: Case, share: Share, place: Place) -> bool:
    """A share that would give free text in clear does not speak of it."""
    return share_names(case, share, place.field) and may_give(
        case, share.form, place.field, place.kind
    )


def _takes_away(never: Never, offer: Offer) -> bool:
    return never.id not in offer.lifts and not within_cap(offer.form, never)


def _is_own_text(case: Case) -> bool:
    """Leak T13: the publisher is the recipient's kin, so its text could ask what is hidden."""
    return case.event.source in kin(case.register, case.recipient)


def _removed(
    place: Place, offers: list[Offer], direct: list[Never], same: list[Never]
) -> FieldDecision:
    """Clauses apply and `never`s leave no form: the first that took one away is named."""
    for reason, nevers in ((Reason.NEVER, direct), (Reason.SAME_AS_NEVER, same)):
        for never in nevers:
            if any(_takes_away(never, offer) for offer in offers):
                return _withheld(place, reason, never.id)
    raise InconsistentError("every form was taken away and no clause did it")


def _uncovered(case: Case, place: Place, direct: list[Never], same: list[Never]) -> FieldDecision:
    """No share applies: which test the shares failed, or that none was ever meant for it."""
    naming = [share for share in case.agreement.shares if _speaks(case, share, place)]
    if naming:
        selected = any(share_selects(case, share, place) for share in naming)
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


# --- forms and summaries ------------------------------------------------------------------------


def _check_fit(form: Form, place: Place) -> None:
    """Rule 3: a form that does not fit the kind is no decision; a map key has no kind to fit."""
    if place.kind is not None and place.kind not in MEANT_FOR.get(form, {place.kind}):
        raise InconsistentError("a form does not fit the kind of a field")


def _summarises_a_part(case: Case, arrays: tuple[str, ...]) -> bool:
    """Rule 3: what summarises a list never goes to an audience that sees a part of the list."""
    return any(
        share.items is not None
        and case.audience.name in share.to
        and any(tag in share.tags for tag in tags_below(*_array(case.event.etype.root, path)))
        for path in arrays
        for share in case.agreement.shares
    )


def _array(root: Record, path: str) -> tuple[Field, Node]:
    """The field at a dotted path, and its node; the path leads through records and lists."""
    first, *rest = path.split(".")
    (field,) = (f for f in root.fields if f.name == first)
    for name in rest:
        inner = field.node
        while isinstance(inner, Array):
            inner = inner.item
        if not isinstance(inner, Record):
            raise InconsistentError("`summarises` leads through what is no record")
        (field,) = (f for f in inner.fields if f.name == name)
    return field, field.node
