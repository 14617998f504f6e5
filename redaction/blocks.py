"""What a layout is made of: blocks of leaves that are decided at once, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass

from redaction.clauses import Rule
from redaction.scopes import Place, Scope
from schemas.registry import Kind


@dataclass(frozen=True, slots=True)
class Run:
    """A run of leaves that stand there together: numbers of the block's rules."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Maybe:
    """A nullable record; its leaves do not occur where it is null."""

    place: Place
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """A list; each element is a block of its own and a scope of facts."""

    place: Place
    block: Block
    scope: Scope


@dataclass(frozen=True, slots=True)
class Entries:
    """A map; each value is a block of its own. `gate` numbers the rule of its keys.

    `rule` is that rule, and `compared` the classes in which a key is compared with other values.
    """

    place: Place
    block: Block
    gate: int
    rule: Rule
    compared: tuple[str, ...]


Step = Run | Maybe | Elements | Entries


@dataclass(frozen=True, slots=True)
class Watched:
    """A leaf whose value is compared with others of its classes (rule 3, same value)."""

    rule: int
    place: Place
    kind: Kind
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its rules in order, their pointers from the block's start, and how they lie.

    `uses` numbers the item selections that its rules and its maps' rules ask for; `selective`
    says whether any rule in it or below it, lists included, asks for one. `plain` says that all
    such blocks have the same outcome under the same truths: nothing is selected or compared, and
    no list, map or null record is inside.
    """

    number: int
    rules: tuple[Rule, ...]
    paths: tuple[str, ...]
    steps: tuple[Step, ...]
    watched: tuple[Watched, ...]
    uses: frozenset[int]
    selective: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class Protector:
    """A leaf whose value, where a `never` reaches it, is withheld wherever it stands.

    `single` says that it stands in no list or map.
    """

    compared: str
    kind: Kind
    place: Place
    nevers: tuple[int, ...]
    single: bool
