"""What an agreement's clauses say of one field to one audience: the rule that a plan is made of.

A rule is compiled once for each field; `judging` decides it for one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from redaction.agreement import ANYONE, Agreement, Condition, Form, Items, Never, Share
from redaction.conditions import Truth, reads_consent
from redaction.scopes import ELEMENT, Place, names_in, record_leaves, summaries
from redaction.transforms import at_most, fits
from schemas.registry import EventType, Field, Kind, Vocabulary

BASICS = "event.basics"  # type, publisher and time: what any delivery discloses anyway (rule 1)
COMPARED = ("phone", "address")  # classes whose equal values share a fate (rule 3)
FREE_TEXT = "free-text"  # the class of what is told in words: no clause shares it in clear

Entry = TypeVar("Entry")


class Asked(NamedTuple):
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
class OverrideRule:
    """An override that names the field; it applies only where a record of it does (rule 11).

    `forms` are those that it may release the field in, `lifts` the ids of the `never` clauses that
    it beats. `items` number the selections of which one must select the element; None needs none.
    """

    id: str
    forms: frozenset[Form]
    lifts: frozenset[str]
    items: tuple[int, ...] | None


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
    overrides: tuple[OverrideRule, ...]
    nevers: tuple[int, ...]
    possible: frozenset[Form]
    compared: tuple[str, ...]


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
        classes = self._asked.vocabulary.tags[field.tag].classes
        in_words = kind is Kind.STRING and FREE_TEXT in classes
        shares = tuple(
            self._share(share)
            for share in self._asked.agreement.shares
            if field.tag in share.tags
            and self._addressed(share)
            and not (in_words and share.form is Form.CLEAR)
        )
        if kind is not None and not all(fits(share.form, kind) for share in shares):
            raise ValueError(f"a form does not fit `{field.tag}`")
        nevers = tuple(
            number
            for number, never in enumerate(self._asked.agreement.nevers)
            if self._reaches(never, field.chain)
        )
        overrides = tuple(self._overrides(field, kind, place, in_words=in_words))
        basics = field.tag == BASICS
        summary = self._summary(names_in(place))
        return Rule(
            tag=field.tag,
            basics=basics,
            summary=summary and not basics,
            shares=shares,
            overrides=overrides,
            nevers=() if basics else nevers,
            possible=self._possible(basics, summary, (shares, overrides), nevers),
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

    def _overrides(
        self, field: Field, kind: Kind | None, place: Place, *, in_words: bool
    ) -> Iterator[OverrideRule]:
        """Rule 11: the overrides that name the tag, none where a class of it is unliftable."""
        words = self._asked.vocabulary
        if any(words.tags[tag].classes & words.unliftable for tag in field.chain):
            return
        for override in self._asked.agreement.overrides:
            if field.tag in override.tags and self._asked.audience in override.to:
                forms = {f for f in Form if at_most(f, override.form)}
                if in_words:
                    forms.discard(Form.CLEAR)
                yield OverrideRule(
                    id=override.id,
                    forms=frozenset(f for f in forms if kind is None or fits(f, kind)),
                    lifts=frozenset(override.lifts),
                    items=self._items_around(place),
                )

    def _items_around(self, place: Place) -> tuple[int, ...] | None:
        """Rule 11: an override lifts no items rule of the list that the field stands in.

        Of several lists around it, the innermost that some share selects from is meant.
        """
        for depth in reversed([at for at, step in enumerate(place) if step == ELEMENT]):
            around = place[:depth]
            tags = {
                field.tag
                for field, _, at in record_leaves(self._etype.root)
                if at[: len(around)] == around
            }
            numbers = [
                self._selecting(share.items, frozenset(share.tags))
                for share in self._asked.agreement.shares
                if share.items is not None and self._addressed(share) and tags & set(share.tags)
            ]
            if numbers:
                return tuple(number for number in numbers if number is not None)
        return None

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
        clauses: tuple[tuple[ShareRule, ...], tuple[OverrideRule, ...]],
        nevers: tuple[int, ...],
    ) -> frozenset[Form]:
        if basics:
            return frozenset({Form.CLEAR})
        if summary:
            return frozenset()
        always = [self.nevers[n] for n in nevers if self.nevers[n].when is None]
        possible = {share.form for share in clauses[0] if leave(always, share.form)}
        for override in clauses[1]:
            possible.update(f for f in override.forms if leave(always, f, override.lifts))
        return frozenset(possible)

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


def leave(nevers: Iterable[NeverRule], form: Form, lifts: frozenset[str] = frozenset()) -> bool:
    """Whether all these `never` clauses leave a form possible, but for those that are lifted."""
    return all(never.id in lifts or at_most(form, never.cap) for never in nevers)
