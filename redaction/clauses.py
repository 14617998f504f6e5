"""What an agreement's clauses say of one field to one audience: the rule that a plan is made of.

A rule is compiled once for each field; deciding it reads truth values only, never the field's own
value. The numbered sentences of the agreement language stand above the steps that keep them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from redaction.agreement import ANYONE, Agreement, Condition, Form, Items, Never, Share
from redaction.conditions import Truth, reads_consent
from redaction.decision import Reason
from redaction.scopes import Place, names_in, record_leaves, summaries
from redaction.transforms import at_most, fits, most_disclosing
from schemas.registry import EventType, Field, Kind, Vocabulary

BASICS = "event.basics"  # type, publisher and time: what any delivery discloses anyway (rule 1)
COMPARED = ("phone", "address")  # classes whose equal values share a fate (rule 3)

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose view is compiled: an agreement, one of its audiences, and the publisher."""

    agreement: Agreement
    audience: str
    publisher: str
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class ShareRule:
    """A `share` that names the field; `when` and `items` are numbers in the plan's tables."""

    id: str
    form: Form
    when: int | None
    items: int | None
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class NeverRule:
    """A `never` of this audience; `when` is a number in the plan's table of conditions."""

    id: str
    cap: Form | None
    when: int | None

    def applies(self, truths: tuple[Truth, ...]) -> bool:
        """Rule 6: a `never` applies unless its condition fails for certain."""
        return self.when is None or truths[self.when] is not False


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything the agreement says of one field; `nevers` are numbers in the plan's table.

    `possible` holds the forms in which some event could show the field: none, and the field does
    not exist in the view's schema.
    """

    tag: str
    basics: bool
    summary: bool
    shares: tuple[ShareRule, ...]
    nevers: tuple[int, ...]
    possible: frozenset[Form]
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule is decided on; `selected` says of each entry of the plan's items table."""

    truths: tuple[Truth, ...]
    reason: bool
    selected: tuple[bool, ...]
    nevers: tuple[NeverRule, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's outcome: the form in which the field is released, or None, and why."""

    form: Form | None
    clause: str | None
    reason: Reason


WITHHELD_AS_KEY = Verdict(None, None, Reason.MAP_KEY)


@dataclass(frozen=True, slots=True)
class Asking:
    """A condition, and the tags for which it asks for consents; None is all."""

    condition: Condition
    tags: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Selecting:
    """A selection of list elements, and the tags for which it asks for consents."""

    items: Items
    tags: frozenset[str] | None


class Tables:
    """The distinct conditions, item selections and `never` clauses that a plan's rules refer to."""

    __slots__ = ("_asked", "_etype", "_summaries", "conditions", "items", "nevers")

    def __init__(self, asked: Asked, etype: EventType) -> None:
        self._asked = asked
        self._etype = etype
        self._summaries = dict(summaries(etype.root))
        self.conditions: list[Asking] = []
        self.items: list[Selecting] = []
        self.nevers = tuple(
            NeverRule(never.id, never.clearer_than, self._asking(never.when, _asked_by(never)))
            for never in asked.agreement.nevers
        )

    def rule(self, field: Field, kind: Kind | None, place: Place) -> Rule:
        """The rule of a field.

        Args:
            field: the field, with its tag.
            kind: what it holds; None for a map's keys, which are shown clear or not at all.
            place: where it stands from the event's root.

        Raises:
            ValueError: a form does not fit the kind, or forms cannot be ordered.
        """
        shares = tuple(
            self._share(share)
            for share in self._asked.agreement.shares
            if field.tag in share.tags and self._addressed(share)
        )
        if kind is not None and not all(fits(share.form, kind) for share in shares):
            raise ValueError(f"a form does not fit `{field.tag}`")
        nevers = tuple(
            number
            for number, never in enumerate(self._asked.agreement.nevers)
            if self._reaches(never, field.chain)
        )
        basics = field.tag == BASICS
        summary = self._summary(names_in(place))
        classes = self._asked.vocabulary.tags[field.tag].classes
        return Rule(
            tag=field.tag,
            basics=basics,
            summary=summary and not basics,
            shares=shares,
            nevers=() if basics else nevers,
            possible=self._possible(basics, summary, shares, nevers),
            compared=() if basics else tuple(name for name in COMPARED if name in classes),
        )

    def _share(self, share: Share) -> ShareRule:
        tags = frozenset(share.tags)
        return ShareRule(
            id=share.id,
            form=share.form,
            when=self._asking(share.when, tags),
            items=self._selecting(share.items, tags),
            needs_reason=share.needs_reason,
        )

    def _addressed(self, share: Share) -> bool:
        """Whether the clause speaks of the audience and of what this publisher sends."""
        return self._asked.audience in share.to and (
            not share.publishers or self._asked.publisher in share.publishers
        )

    def _reaches(self, never: Never, chain: tuple[str, ...]) -> bool:
        """Rule 3: a `never` names tags or classes, and on a container reaches all below it."""
        if self._asked.audience not in never.to and ANYONE not in never.to:
            return False
        tags = self._asked.vocabulary.tags
        return any(
            tag in never.tags or not tags[tag].classes.isdisjoint(never.classes) for tag in chain
        )

    def _summary(self, names: tuple[str, ...]) -> bool:
        """Whether the field, or what it stands in, summarises a list that is seen in part."""
        starts = (names[:length] for length in range(1, len(names) + 1))
        return any(self._sees_part(self._summaries[s]) for s in starts if s in self._summaries)

    def _sees_part(self, array: str) -> bool:
        """Whether some clause selects among the elements of this list for the audience."""
        path = tuple(array.split("."))
        tags = {
            field.tag
            for field, _, place in record_leaves(self._etype.root)
            if names_in(place)[: len(path)] == path
        }
        return any(
            share.items is not None
            and self._asked.audience in share.to
            and not tags.isdisjoint(share.tags)
            for share in self._asked.agreement.shares
        )

    def _possible(
        self,
        basics: bool,
        summary: bool,
        shares: tuple[ShareRule, ...],
        nevers: tuple[int, ...],
    ) -> frozenset[Form]:
        if basics:
            return frozenset({Form.CLEAR})
        if summary:
            return frozenset()
        always = [self.nevers[n] for n in nevers if self.nevers[n].when is None]
        return frozenset(_left((share.form for share in shares), always))

    def _asking(self, condition: Condition | None, tags: frozenset[str] | None) -> int | None:
        """The number of a condition; who asks for which tags matters to consents alone."""
        if condition is None:
            return None
        limited = tags if reads_consent(condition) else None
        return _number(self.conditions, Asking(condition, limited))

    def _selecting(self, items: Items | None, tags: frozenset[str]) -> int | None:
        if items is None:
            return None
        limited = tags if items.when is not None and reads_consent(items.when) else None
        return _number(self.items, Selecting(items, limited))


def _asked_by(never: Never) -> frozenset[str] | None:
    """The tags that a `never` speaks of; one that names a class speaks of any."""
    return None if never.classes else frozenset(never.tags)


def _number(table: list[Entry], entry: Entry) -> int:
    if entry not in table:
        table.append(entry)
    return table.index(entry)


def _left(forms: Iterable[Form], nevers: Iterable[NeverRule]) -> list[Form]:
    """The forms that every one of these `never` clauses leaves possible."""
    caps = [never.cap for never in nevers]
    return [form for form in forms if all(at_most(form, cap) for cap in caps)]


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
    shares = [share for share in rule.shares if _applies(share, given)]
    # `never` beats every `share`; what its cap leaves, the most disclosing share decides (rule 4).
    left = _left((share.form for share in shares), (never for never, _ in against))
    if left:
        form = most_disclosing(left)
        clause = next(share.id for share in shares if share.form is form)
        return Verdict(form, clause, Reason.SHARED)
    return _withheld(rule, given, shares, against)


def _applies(share: ShareRule, given: Given) -> bool:
    """Rule 6: unknown makes a `share` not apply and selects no item."""
    return (
        (share.items is None or given.selected[share.items])
        and (share.when is None or given.truths[share.when] is True)
        and (given.reason or not share.needs_reason)
    )


def _withheld(
    rule: Rule,
    given: Given,
    shares: list[ShareRule],
    against: list[tuple[NeverRule, Reason]],
) -> Verdict:
    """Why nothing is left to release."""
    for never, reason in against:
        if not rule.shares or any(not at_most(share.form, never.cap) for share in shares):
            return Verdict(None, never.id, reason)
    if not rule.shares:
        return Verdict(None, None, Reason.NO_CLAUSE)
    if any(share.items is None or given.selected[share.items] for share in rule.shares):
        return Verdict(None, None, Reason.CONDITION)
    return Verdict(None, None, Reason.NOT_SELECTED)
