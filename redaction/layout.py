"""An event type's leaves under an agreement's rules, cut into blocks that are decided at once.

The event outside its lists is one block, each list element another, each map entry another. What
becomes of a block's leaves depends on truth values only, so it is worked out once for each set of
them; laying it over an event is then a walk over the lists, maps and null records that it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from redaction.agreement import Form
from redaction.blocks import Block, Elements, Entries, Maybe, Protector, Run, Step, Watched
from redaction.clauses import Asked, Asking, NeverRule, Rule, Selecting, Tables
from redaction.conditions import Truth
from redaction.decision import FieldDecision
from redaction.scopes import ELEMENT, ENTRY, KEY, Place, scope_of
from schemas.registry import Array, EventType, Field, Kind, Leaf, Map, Node, Record

MAX_KEPT_LEAVES = 512  # more is a list of a length that does not come again


Settled = tuple[FieldDecision, ...]
Applying = tuple[tuple[Protector, frozenset[int]], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """All blocks of an event type under one agreement, for one audience and publisher.

    `rules` has the rule of each leaf by its place, `keyed` says whether the type has maps, and
    `scrubs` whether any leaf can be shown scrubbed, `inside` whether anything in a list is selected
    or compared, `reasoned` whether any clause asks for a reason. `applying` remembers which `never`
    clauses apply under given truths, `settled` what became of a block under them, `outcomes` what
    became of a whole event: their keys hold list positions and lengths and truth values, never a
    value of an event, and what they hold follows from them alone.
    """

    conditions: tuple[Asking, ...]
    items: tuple[Selecting, ...]
    nevers: tuple[NeverRule, ...]
    root: Block
    protectors: tuple[Protector, ...]
    rules: Mapping[Place, Rule]
    keyed: bool
    scrubs: bool
    inside: bool
    reasoned: bool
    applying: dict[tuple[Truth, ...], Applying]
    outcomes: dict[tuple[object, ...], Settled]
    settled: dict[tuple[object, ...], Settled]

    def keeps(self, decided: Settled) -> bool:
        """Whether an outcome may be remembered.

        None of a type with maps is: a map's keys are data, and no data outlives its event.
        """
        return not self.keyed and len(decided) <= MAX_KEPT_LEAVES


def lay_out(etype: EventType, asked: Asked) -> Layout:
    """Compile an agreement's clauses for one event type, audience and publisher.

    Raises:
        ValueError: a form does not fit a field, which the agreement's check refuses.
    """
    tables = Tables(asked, etype)
    survey = _Builder(etype, tables, {})
    survey.root()
    builder = _Builder(etype, tables, survey.fates())
    root = builder.root()
    return Layout(
        conditions=tuple(tables.conditions),
        items=tuple(tables.items),
        nevers=tables.nevers,
        root=root,
        protectors=builder.protectors(),
        rules={place: rule for place, (rule, _) in builder.leaf_rules.items()},
        keyed=builder.keyed,
        scrubs=any(Form.SCRUBBED in rule.possible for rule, _ in builder.leaf_rules.values()),
        inside=builder.inside,
        reasoned=any(share.needs_reason for share in asked.agreement.shares),
        applying={},
        outcomes={},
        settled={},
    )


@dataclass(slots=True)
class _Draft:
    """A block while it is being built; `origin` is its place from the event's root."""

    origin: Place
    rules: list[Rule] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    uses: set[int] = field(default_factory=set)
    selective: bool = False

    def add(self, rule: Rule, place: Place) -> int:
        self.rules.append(rule)
        self.paths.append("".join(f"/{name}" for name in place))
        self.uses.update(share.items for share in rule.shares if share.items is not None)
        self.uses.update(number for override in rule.overrides for number in override.items or ())
        return len(self.rules) - 1


class _Builder:
    """Builds the blocks of one event type and collects the rules of its leaves and map keys.

    Args:
        etype: the event type.
        tables: where the agreement's conditions, items and `never` clauses are numbered.
        fates: for each compared class, the `never` clauses that reach a value of that class.
    """

    def __init__(self, etype: EventType, tables: Tables, fates: Mapping[str, set[int]]) -> None:
        self._etype = etype
        self._tables = tables
        self._fates = fates
        self._count = 0
        self._watching: set[str] = set()
        self.inside = False  # whether anything in a list or map is selected or compared
        self.leaf_rules: dict[Place, tuple[Rule, Leaf]] = {}
        self._key_rules: dict[Place, Rule] = {}

    def root(self) -> Block:
        """The block of the event outside its lists."""
        draft = _Draft(origin=())
        return self._finish(draft, self._fields(draft, self._etype.root, ()))

    @property
    def keyed(self) -> bool:
        """Whether the event type has a map."""
        return bool(self._key_rules)

    def fates(self) -> Mapping[str, set[int]]:
        """For each compared class, the `never` clauses that reach a value of it."""
        fates: defaultdict[str, set[int]] = defaultdict(set)
        for _, rule, _ in self._valued():
            for compared in rule.compared:
                fates[compared].update(rule.nevers)
        return fates

    def protectors(self) -> tuple[Protector, ...]:
        """The leaves and keys whose values some other leaf or key has to be compared with."""
        return tuple(
            Protector(
                compared, kind, place, rule.nevers, single=not {ELEMENT, ENTRY, KEY} & set(place)
            )
            for place, rule, kind in self._valued()
            for compared in rule.compared
            if rule.nevers and compared in self._watching
        )

    def _valued(self) -> Iterator[tuple[Place, Rule, Kind]]:
        for place, (rule, leaf) in self.leaf_rules.items():
            yield place, rule, leaf.kind
        for place, rule in self._key_rules.items():
            yield (*place, KEY), rule, Kind.STRING

    def _inner(self, origin: Place, node: Node, owner: Field) -> Block:
        draft = _Draft(origin=origin)
        block = self._finish(draft, self._steps(draft, node, owner, ()))
        self.inside |= block.selective or bool(block.watched)
        return block

    def _finish(self, draft: _Draft, steps: tuple[Step, ...]) -> Block:
        self._count += 1
        return Block(
            number=self._count,
            rules=tuple(draft.rules),
            paths=tuple(draft.paths),
            steps=steps,
            watched=tuple(draft.watched),
            uses=frozenset(draft.uses),
            selective=draft.selective or bool(draft.uses),
            plain=not (draft.selective or draft.uses or draft.watched)
            and all(type(step) is Run for step in steps),
        )

    def _fields(self, draft: _Draft, record: Record, place: Place) -> tuple[Step, ...]:
        steps: list[Step] = []
        for inner in record.fields:
            for step in self._steps(draft, inner.node, inner, (*place, inner.name)):
                match steps[-1:], step:
                    case [Run(start=start, stop=stop)], Run(start=next_) if stop == next_:
                        steps[-1] = Run(start, step.stop)
                    case _:
                        steps.append(step)
        return tuple(steps)

    def _steps(self, draft: _Draft, node: Node, owner: Field, place: Place) -> tuple[Step, ...]:
        match node:
            case Leaf():
                return (self._leaf(draft, node, owner, place),)
            case Record():
                steps = self._fields(draft, node, place)
                return (Maybe(place, steps),) if node.nullable else steps
            case Array(item=item):
                block = self._inner((*draft.origin, *place, ELEMENT), item, owner)
                draft.selective |= block.selective
                return (Elements(place, block, scope_of(item)),)
            case Map(value=value):
                rule = self._tables.rule(owner, None, (*draft.origin, *place))
                self._key_rules[*draft.origin, *place] = rule
                gate = draft.add(rule, place)
                block = self._inner((*draft.origin, *place, ENTRY), value, owner)
                draft.uses |= block.uses
                draft.selective |= block.selective
                return (Entries(place, block, gate, rule, self._watch(rule)),)

    def _watch(self, rule: Rule) -> tuple[str, ...]:
        """The classes in which a value under this rule has to be compared with others.

        A `never` that reaches the value itself applies to it whatever it equals.
        """
        compared = [
            name for name in rule.compared if self._fates.get(name, set()) - set(rule.nevers)
        ]
        self._watching.update(compared)
        return tuple(compared)

    def _leaf(self, draft: _Draft, leaf: Leaf, owner: Field, place: Place) -> Run:
        rule = self._tables.rule(owner, leaf.kind, (*draft.origin, *place))
        self.leaf_rules[(*draft.origin, *place)] = (rule, leaf)
        number = draft.add(rule, place)
        compared = self._watch(rule)
        if compared:
            draft.watched.append(Watched(number, place, leaf.kind, compared))
        return Run(number, number + 1)
