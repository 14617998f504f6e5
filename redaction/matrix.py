"""What an agreement comes to: who gets which tag in which form, alone and beside other agreements.

Nothing here decides: what can be released is read off the clauses, for people to look at before
they sign. What an event then holds decides how much of it is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redaction.agreement import Agreement, Audience, Form, Never, Override, Share
from redaction.inference import Inference, inferences
from redaction.spelling import spelled, spelled_items
from redaction.subject import Subject, addresses, subject_of
from redaction.transforms import at_most
from schemas.registry import EventType, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One clause, or one override, by which a tag can reach an audience.

    `when` and `items` are spelled as in the text, empty where there is none. `publishers` is
    empty where it holds for all. An override releases only what a register record names, in this
    form at most, and is not stopped by the `never` clauses that it `lifts`.
    """

    clause: str
    form: Form
    when: str
    items: str
    needs_reason: bool
    publishers: tuple[str, ...]
    override: bool
    lifts: tuple[str, ...] = ()

    @property
    def conditional(self) -> bool:
        """Whether something else must hold, be selected, recorded or published by somebody."""
        return bool(
            self.when or self.items or self.needs_reason or self.publishers or self.override
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A `never` that can take away from what is shared; `when` is empty where it always holds.

    `clearer_than` is what it leaves possible, None for nothing.
    """

    clause: str
    clearer_than: Form | None
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Whether and how one tag can reach one audience; a tag that cannot has no cell."""

    tag: str
    audience: str
    ways: tuple[Way, ...]
    limits: tuple[Limit, ...]

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms in which it can arrive without an override, in the order of the clauses."""
        return tuple(dict.fromkeys(way.form for way in self.ways if not way.override))

    @property
    def conditional(self) -> bool:
        """Whether it depends on anything that the event or the register must say."""
        return bool(self.limits) or all(way.conditional for way in self.ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An audience: who it is, and when it is addressed at all (empty: always)."""

    audience: Audience
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Each tag beside each audience, and what each audience can infer beside what it gets.

    Every audience that is sent anything also learns the event's type, publisher and time. `cells`
    come tag by tag in the order of the text, each with the audiences in theirs.
    """

    agreement: str
    version: int
    columns: tuple[Column, ...]
    tags: tuple[str, ...]
    cells: tuple[Cell, ...]
    inferences: tuple[Inference, ...]

    def cell(self, tag: str, audience: str) -> Cell | None:
        """The cell of a tag and an audience, None if it cannot reach it."""
        for cell in self.cells:
            if (cell.tag, cell.audience) == (tag, audience):
                return cell
        return None


def matrix(agreement: Agreement, types: Mapping[str, EventType], vocabulary: Vocabulary) -> Matrix:
    """The matrix of an agreement that was checked.

    Args:
        agreement: one without problems.
        types: the event types by name.
        vocabulary: the vocabulary in use.
    """
    subject = subject_of(agreement, types, vocabulary)
    released = (tag for clause in _releasing(agreement) for tag in clause.tags)
    tags = tuple(dict.fromkeys(released))
    cells = (_cell(subject, tag, audience.name) for tag in tags for audience in agreement.audiences)
    return Matrix(
        agreement=agreement.id,
        version=agreement.version,
        columns=tuple(
            Column(audience=audience, when="" if audience.when is None else spelled(audience.when))
            for audience in agreement.audiences
        ),
        tags=tags,
        cells=tuple(cell for cell in cells if cell.ways),
        inferences=inferences(subject),
    )


def _releasing(agreement: Agreement) -> Iterator[Share | Override]:
    yield from agreement.shares
    yield from agreement.overrides


def _cell(subject: Subject, tag: str, audience: str) -> Cell:
    ways = [
        way
        for clause in _releasing(subject.agreement)
        if tag in clause.tags and audience in clause.to and _can(subject, clause, tag, audience)
        for way in [_way(clause)]
    ]
    limits = (
        _limit(never)
        for never in subject.agreement.nevers
        if addresses(never, audience)
        and any(
            not at_most(way.form, never.clearer_than) and never.id not in way.lifts for way in ways
        )
        and any(subject.touches(never, spot) for spot in subject.carriers(tag))
    )
    return Cell(tag=tag, audience=audience, ways=tuple(ways), limits=tuple(limits))


def _can(subject: Subject, clause: Share | Override, tag: str, audience: str) -> bool:
    """Whether no `never` always stands in the way."""
    lifted = clause.lifts if isinstance(clause, Override) else ()
    return any(
        subject.always_withheld(clause.form, spot, audience, lifted=lifted) is None
        for spot in subject.carriers(tag)
    )


def _way(clause: Share | Override) -> Way:
    if isinstance(clause, Override):
        return Way(
            clause=clause.id,
            form=clause.form,
            when="",
            items="",
            needs_reason=False,
            publishers=(),
            override=True,
            lifts=clause.lifts,
        )
    return Way(
        clause=clause.id,
        form=clause.form,
        when="" if clause.when is None else spelled(clause.when),
        items="" if clause.items is None else spelled_items(clause.items),
        needs_reason=clause.needs_reason,
        publishers=clause.publishers,
        override=False,
    )


def _limit(never: Never) -> Limit:
    when = "" if never.when is None else spelled(never.when)
    return Limit(clause=never.id, clearer_than=never.clearer_than, when=when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """By which agreement, as which audience and for which purposes a tag can reach somebody.

    `if_named` is the tag of the field that has to name the agency, None if it need not be named.
    """

    agreement: str
    version: int
    purposes: tuple[str, ...]
    if_named: str | None
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class JointView:
    """What some agencies can put together, since each gets the same from all agreements (rule 1).

    `sources` come in the order of the agreements and their cells.
    """

    agencies: tuple[str, ...]
    sources: tuple[Source, ...]

    def tags(self) -> Mapping[str, tuple[Source, ...]]:
        """For each tag, sorted, every way in which it can come."""
        found: dict[str, list[Source]] = {}
        for source in self.sources:
            found.setdefault(source.cell.tag, []).append(source)
        return {tag: tuple(found[tag]) for tag in sorted(found)}


def joint_views(
    agreements: Iterable[Agreement],
    register_roles: Mapping[str, frozenset[str]],
    types: Mapping[str, EventType],
    vocabulary: Vocabulary,
) -> tuple[JointView, ...]:
    """Each agency's view over all these agreements, agencies with equal views together.

    An agency that an event may name is taken to be any: nothing says beforehand whom a field
    names. Who can receive nothing has no view.

    Args:
        agreements: those in force, with the one that is looked at.
        register_roles: the roles of each enrolled agency.
        types: the event types by name.
        vocabulary: the vocabulary in use.
    """
    each = [(agreement, matrix(agreement, types, vocabulary)) for agreement in agreements]
    named = {one.agency for agreement, _ in each for one in agreement.audiences if one.agency}
    views: dict[tuple[tuple[int, str], ...], list[str]] = {}
    for agency in sorted(named | set(register_roles)):
        roles = register_roles.get(agency, frozenset())
        key = tuple(
            (index, audience.name)
            for index, (agreement, _) in enumerate(each)
            if set(agreement.publishers) != {agency}
            for audience in agreement.audiences
            if _may_be(audience, agency, roles)
        )
        if key:
            views.setdefault(key, []).append(agency)
    return tuple(
        JointView(
            agencies=tuple(agencies),
            sources=tuple(source for index, name in key for source in _sources(*each[index], name)),
        )
        for key, agencies in views.items()
    )


def _may_be(audience: Audience, agency: str, roles: frozenset[str]) -> bool:
    return audience.agency == agency or audience.role in roles or audience.named_in is not None


def _sources(agreement: Agreement, known: Matrix, name: str) -> Iterator[Source]:
    audience = agreement.audience(name)
    for cell in known.cells:
        if cell.audience == name:
            yield Source(
                agreement=agreement.id,
                version=agreement.version,
                purposes=agreement.purposes,
                if_named=audience.named_in,
                cell=cell,
            )
