"""Whom an agreement addresses about an event: agencies, members of a role, names in the event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from redaction.agreement import Agreement, Audience
from redaction.directory import MAX_RECIPIENTS, Directory, keep
from redaction.scopes import find, places_by_tag
from schemas.codec import Event
from schemas.registry import Vocabulary


class Question(NamedTuple):
    """The question: what of this event may this recipient have, for this purpose, now."""

    event: Event
    directory: Directory
    vocabulary: Vocabulary
    recipient: str
    purpose: str
    at: datetime


class Resolved(NamedTuple):
    """An audience that means the recipient, itself or in the place of another agency."""

    audience: Audience
    stands_for: str


class Possible(NamedTuple):
    """An agreement that names publisher, type and purpose, and how it can mean a recipient.

    `direct` are the audiences that mean it by its name or role, `named` those whose names only an
    event tells.
    """

    agreement: Agreement
    direct: tuple[Audience, ...]
    named: tuple[Audience, ...]


class Possibles(NamedTuple):
    """All that a recipient can be; `told` says that the register alone tells what it is."""

    each: tuple[Possible, ...]
    told: bool


NOTHING: Final = Possibles((), told=True)


class Addressees(dict[str, Possibles]):
    """By recipient, what it can be whatever an event holds; worked out when first asked for.

    It follows from the register alone and is kept with it, for one publisher, type and purpose.
    Recipients that can be the same have one object.
    """

    __slots__ = ("_agreements", "_directory", "_known")

    def __init__(self, directory: Directory, publisher: str, event_type: str, purpose: str) -> None:
        super().__init__()
        self._directory = directory
        self._agreements = directory.agreements(publisher, event_type, purpose)
        self._known: dict[tuple[tuple[str, ...], ...], Possibles] = {}

    def __missing__(self, recipient: str) -> Possibles:
        all_ = tuple([_possible(each, self._directory, recipient) for each in self._agreements])
        found = Possibles(all_, all(each.direct and not each.named for each in all_))
        if len(self) >= MAX_RECIPIENTS:
            self.clear()
            self._known.clear()
        by_name = tuple([tuple([audience.name for audience in each.direct]) for each in all_])
        self[recipient] = found = self._known.setdefault(by_name, found)
        return found


def addressees(directory: Directory, publisher: str, event_type: str, purpose: str) -> Addressees:
    """Whom events of this publisher and type can address for a purpose, kept with the register."""
    key = (publisher, event_type, purpose)
    kept: Addressees | None = directory.addressees.get(key)
    if kept is None:
        kept = Addressees(directory, publisher, event_type, purpose)
        keep(directory.addressees, key, kept)
    return kept


def _possible(agreement: Agreement, directory: Directory, recipient: str) -> Possible:
    audiences = agreement.audiences
    direct = [
        audience
        for audience in audiences
        if audience.named_in is None and _is_meant(audience, recipient, directory)
    ]
    named = tuple(audience for audience in audiences if audience.named_in is not None)
    return Possible(agreement, tuple(direct), named)


def meaning(asked: Question, possible: Possible) -> tuple[Resolved, ...]:
    """The audiences that mean the recipient; only if none does, those it stands in for."""
    recipient = asked.recipient
    found = [*possible.direct, *[each for each in possible.named if _means(each, recipient, asked)]]
    direct = tuple([Resolved(audience, recipient) for audience in found])
    conflicts = () if direct else asked.directory.conflicts(asked.event.subject)
    if not conflicts:
        return direct
    enrolled = asked.directory.register.agencies
    replaced = {
        name
        for conflict in conflicts
        if conflict.instead == recipient
        for name in asked.directory.kin(conflict.agency)
        if name in enrolled and name != asked.event.source
    }
    return tuple(
        Resolved(audience, name)
        for audience in possible.agreement.audiences
        for name in replaced
        if _means(audience, name, asked)
    )


def _means(audience: Audience, name: str, asked: Question) -> bool:
    """Whether an audience resolves to this name (rule 2); its condition plays no part here."""
    if audience.named_in is not None:
        return name in named_in(audience.named_in, asked.event)
    return _is_meant(audience, name, asked.directory)


def _is_meant(audience: Audience, name: str, directory: Directory) -> bool:
    if audience.role is not None:
        agency = directory.register.agencies.get(name)
        return agency is not None and audience.role in agency.roles
    return audience.agency == name


def meant(audience: Audience, asked: Question) -> Iterator[str]:
    """Every name an audience resolves to."""
    if audience.role is not None:
        yield from asked.directory.with_role(audience.role)
    elif audience.named_in is not None:
        yield from named_in(audience.named_in, asked.event)
    elif audience.agency is not None:
        yield audience.agency


def standing_in(agreement: Agreement, asked: Question) -> set[str]:
    """Who stands in for an agency that the agreement addresses and that is in conflict."""
    standing_in = set()
    for conflict in asked.directory.conflicts(asked.event.subject) or ():
        if conflict.instead is None:
            continue
        try:
            replaced = asked.directory.kin(conflict.agency)
        except LookupError:  # of which the decision about it will be an error, to be seen
            standing_in.add(conflict.instead)
            continue
        enrolled = replaced & asked.directory.register.agencies.keys() - {asked.event.source}
        if any(_means(a, name, asked) for a in agreement.audiences for name in enrolled):
            standing_in.add(conflict.instead)
    return standing_in


def named_in(tag: str, event: Event) -> Iterator[str]:
    """The words in every field of this tag, wherever it stands."""
    for place in places_by_tag(event.etype.root).get(tag, ()):
        for value in find(event.value, place):
            if isinstance(value, str):
                yield value
