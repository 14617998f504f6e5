"""What becomes of one field: its rule, decided on truth values only, never on the field's value."""

from __future__ import annotations

from dataclasses import dataclass

from redaction.agreement import Form
from redaction.clauses import NeverRule, OverrideRule, Rule, ShareRule, leave
from redaction.conditions import Truth
from redaction.decision import Reason
from redaction.facts import Granted
from redaction.transforms import most_disclosing


@dataclass(frozen=True, slots=True)
class Grant:
    """A recorded override as far as fields depend on it: nothing of its case or recipients."""

    override: str
    form: Form
    tags: frozenset[str]
    persons: frozenset[str]


def grant_of(granted: Granted) -> Grant:
    """What fields depend on, of a record that was found to apply to this delivery."""
    return Grant(granted.override, granted.form, granted.tags, granted.persons)


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule is decided on; `selected` says of each entry of the plan's items table.

    `granted` are the records of overrides that apply to the delivery, `own_text` says whether the
    recipient may itself have written the event's texts.
    """

    truths: tuple[Truth, ...]
    reason: bool
    selected: tuple[bool, ...]
    nevers: tuple[NeverRule, ...]
    granted: tuple[Grant, ...]
    own_text: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's outcome: the form in which the field is released, or None, and why."""

    form: Form | None
    clause: str | None
    reason: Reason


WITHHELD_AS_KEY = Verdict(None, None, Reason.MAP_KEY)

_NO_LIFTS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Offer:
    """A clause that applies and would release the field in a form, beating what it lifts."""

    form: Form
    clause: str
    reason: Reason
    lifts: frozenset[str]


def judge(rule: Rule, given: Given, same: frozenset[int] = frozenset()) -> Verdict:
    """What becomes of the field.

    Args:
        rule: the field's rule.
        given: the truths, selections and reason of this event, recipient and list element.
        same: numbers of `never` clauses that withhold an equal address or phone elsewhere.

    Raises:
        ValueError: applicable forms cannot be ordered.
    """
    if rule.basics:
        return Verdict(Form.CLEAR, None, Reason.DELIVERY)
    if rule.summary:
        return Verdict(None, None, Reason.SUMMARY)
    direct = [n for n in rule.nevers if given.nevers[n].applies(given.truths)]
    against = [(given.nevers[n], Reason.NEVER) for n in direct]
    against += [(given.nevers[n], Reason.SAME_AS_NEVER) for n in sorted(same) if n not in direct]
    offers = _offers(rule, given)
    # `never` beats every clause that does not lift it; of what is left, the most disclosing form
    # decides (rule 4), and a share comes before an override.
    nevers = [never for never, _ in against]
    left = [offer for offer in offers if leave(nevers, offer.form, offer.lifts)]
    if not left:
        return _withheld(rule, given, offers, against)
    form = most_disclosing(offer.form for offer in left)
    if form is Form.SCRUBBED and given.own_text:
        return Verdict(None, None, Reason.OWN_TEXT)
    first = next(offer for offer in left if offer.form is form)
    return Verdict(form, first.clause, first.reason)


def _offers(rule: Rule, given: Given) -> list[_Offer]:
    """What the clauses that apply would release: shares first, each kind as in the text."""
    offers = [
        _Offer(share.form, share.id, Reason.SHARED, _NO_LIFTS)
        for share in rule.shares
        if _applies(share, given)
    ]
    if given.granted:
        offers += [
            _Offer(grant.form, override.id, Reason.OVERRIDE, override.lifts)
            for override in rule.overrides
            for grant in given.granted
            if _is_granted(rule, override, grant, given)
        ]
    return offers


def _applies(share: ShareRule, given: Given) -> bool:
    """Rule 6: unknown makes a `share` not apply and selects no item."""
    return (
        (share.items is None or given.selected[share.items])
        and (share.when is None or given.truths[share.when] is True)
        and (given.reason or not share.needs_reason)
    )


def _is_granted(rule: Rule, override: OverrideRule, grant: Grant, given: Given) -> bool:
    """Rule 11: a record releases what it names, within what the parties agreed to."""
    return (
        grant.override == override.id
        and grant.form in override.forms
        and rule.tag in grant.tags
        and rule.tag.split(".", 1)[0] in grant.persons
        and (override.items is None or any(given.selected[n] for n in override.items))
    )


def _withheld(
    rule: Rule,
    given: Given,
    offers: list[_Offer],
    against: list[tuple[NeverRule, Reason]],
) -> Verdict:
    """Why nothing is left to release."""
    for never, reason in against:
        if any(not leave([never], offer.form, offer.lifts) for offer in offers):
            return Verdict(None, never.id, reason)
    if against and not offers and not rule.shares:
        never, reason = against[0]
        return Verdict(None, never.id, reason)
    if not rule.shares:
        return Verdict(None, None, Reason.NO_CLAUSE)
    if any(share.items is None or given.selected[share.items] for share in rule.shares):
        return Verdict(None, None, Reason.CONDITION)
    return Verdict(None, None, Reason.NOT_SELECTED)
