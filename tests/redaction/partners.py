"""Partners of a generated event: others that one recipient must not be able to tell from it.

A partner takes hidden parts from other events of the same type. Which of them it may take the
reference says, as the law does: the recipient's outcome and the released values stay as they were.
What may not change is put back, half of the rest at a time, so a pair is built and none is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from redaction import plan, reference
from redaction.agreement import Form
from redaction.decision import Decision
from redaction.facts import Register
from redaction.reference.scrubbing import AnyScrubbing
from schemas.codec import Event
from schemas.registry import Array, Leaf, Map, Node, Record
from tests.generator import World, draw_event
from tests.generator.choices import AGENCIES
from tests.redaction.alike import settled
from tests.redaction.builders import SECRET
from tests.redaction.pairs import shown_order

DONORS = 3  # other events, of which a partner takes its hidden parts
TRIES = 14  # of one partner; what is in doubt after them stays as it was
_AS_THEY_ARE = (Form.CLEAR, Form.PSEUDONYM, Form.SCRUBBED)  # of these another value shows
REGISTER = "register"  # the place of a change that no event holds

Outcome = tuple[Any, ...]
Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """In place of a list's element: none, or several."""

    copies: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a world, and what the reference answers."""

    world: World
    recipient: str
    purpose: str
    decision: Decision
    shown: str

    @property
    def outcome(self) -> Outcome:
        """What the law calls the recipient's outcome."""
        return outcome(self.decision)

    def is_told_the_same_in(self, world: World) -> bool:
        """Whether in another world the recipient's outcome and the released values are these."""
        decision = _decision(world, self.recipient, self.purpose)
        return outcome(decision) == self.outcome and _shown(world, decision) == self.shown


def outcome(decision: Decision) -> Outcome:
    """The gate, and what is shown in which form, elements numbered as they are shown."""
    order = shown_order(decision)
    return decision.gate, tuple((order[f.path], f.form) for f in decision.fields if f.released)


def ask(world: World, recipient: str, purpose: str) -> Asked:
    """What the reference decides and shows."""
    decision = _decision(world, recipient, purpose)
    return Asked(
        world=world,
        recipient=recipient,
        purpose=purpose,
        decision=decision,
        shown=_shown(world, decision),
    )


def _decision(world: World, recipient: str, purpose: str) -> Decision:
    event, register, words = world.event, world.register, world.vocabulary
    return reference.decide(
        event, register, words, recipient=recipient, purpose=purpose, at=world.at
    )


def _shown(world: World, decision: Decision) -> str:
    if not decision.delivered:
        return ""
    event, register, words = world.event, world.register, world.vocabulary
    expected = reference.view(event, register, words, decision, at=world.at, secret=SECRET)
    if _scrubs(expected):  # what is left of a text counts as released
        made = plan.view(event, register, words, decision, at=world.at, secret=SECRET)
        expected = settled(expected, made)
    return repr(expected)


def partners(rnd: Random, asked: Asked, number: int) -> Iterator[World]:
    """Worlds that this recipient must not be able to tell from the one asked about.

    Those after the first change the places where the first could, for then most may at once.
    """
    world = asked.world
    shows = {f.path: f.form for f in asked.decision.fields if f.form is not None}
    may: set[str] | None = None
    for _ in range(number):
        pool: dict[int, list[Any]] = {}
        for _ in range(DONORS):
            for node, value in _nodes(world.etype.root, draw_event(rnd.randint, world.etype).value):
                pool.setdefault(id(node), []).append(value)
        changes = dict(_changes(rnd, world.event, pool, shows))
        changes[REGISTER] = _of_others(world.register, asked.recipient)
        places = [place for place in changes if may is None or place in may]
        rnd.shuffle(places)
        other, kept = _as_many_as_may(asked, changes, places)
        may = set(kept) if may is None else may
        yield other


def _as_many_as_may(
    asked: Asked, changes: Changes, places: list[str]
) -> tuple[World, Sequence[str]]:
    """The world with all changes that leave outcome and released values, found by halves."""
    kept: list[str] = []
    best, waiting = asked.world, [places] if places else []
    for _ in range(TRIES):
        if not waiting:
            break
        some = waiting.pop()
        tried = _with(asked.world, {place: changes[place] for place in (*kept, *some)})
        if asked.is_told_the_same_in(tried):
            kept, best = [*kept, *some], tried
        elif len(some) > 1:
            half = len(some) // 2
            waiting += [some[:half], some[half:]]
    return best, kept


def _of_others(register: Register, recipient: str) -> Register:
    """The register with overrides recorded for others only."""
    others = frozenset(AGENCIES) - {recipient}
    return replace(
        register,
        granted=(*register.granted, *(replace(g, recipients=others) for g in register.granted)),
    )


def _changes(
    rnd: Random, event: Event, pool: Mapping[int, Sequence[Any]], shows: Mapping[str, Form]
) -> Iterator[tuple[str, Any]]:
    """Other values, each for a topmost place that shows nothing or for what a form hides."""
    above = {path[:n] for path in shows for n, sign in enumerate(path) if sign == "/"} | set(shows)

    def alike(node: Node, value: Any, form: Form) -> Any:
        """A value that may be the same in its form; whether it is the reference says."""
        if isinstance(value, date) and form not in (Form.PRESENT, Form.MASK):
            return value + timedelta(days=rnd.randrange(-9, 10))
        return rnd.choice([one for one in pool.get(id(node), ()) if one is not None] or [value])

    def below(node: Node, value: Any, path: str, *, element: bool) -> Iterator[tuple[str, Any]]:
        whole = not isinstance(node, Record) or element or node.one_of
        if path not in above and (whole or rnd.random() < 0.5):
            other = rnd.choice(pool.get(id(node)) or [value])
            copies = (value, other, *pool.get(id(node), ()))
            several = Several(copies=tuple(rnd.sample(copies, min(len(copies), rnd.randrange(3)))))
            yield path, several if element and rnd.random() < 0.6 else other
        elif isinstance(node, Leaf):
            form = shows.get(path, Form.CLEAR)
            if value is not None and form not in _AS_THEY_ARE:
                yield path, alike(node, value, form)
        elif isinstance(node, Record) and value is not None:
            for each in node.fields:
                at = f"{path}/{_token(each.name)}"
                if not node.one_of or (value[each.name] is not None and at in above):
                    yield from below(each.node, value[each.name], at, element=False)
        elif isinstance(node, Array):
            for n, one in enumerate(value or ()):
                yield from below(node.item, one, f"{path}/{n}", element=True)
        elif isinstance(node, Map):
            for key, one in (value or {}).items():
                yield from below(node.value, one, f"{path}/{_token(key)}", element=False)

    for each in event.etype.root.fields:
        if each.name != "header":
            yield from below(
                each.node, event.value[each.name], f"/{_token(each.name)}", element=False
            )


def _with(world: World, changes: Changes) -> World:
    def made(value: Any, path: str) -> Any:
        if path in changes:
            return changes[path]
        if isinstance(value, dict):
            return {key: made(one, f"{path}/{_token(key)}") for key, one in value.items()}
        if isinstance(value, list):
            found: list[Any] = []
            for n, one in enumerate(value):
                other = made(one, f"{path}/{n}")
                found.extend(other.copies if isinstance(other, Several) else [other])
            return found
        return value

    event = replace(world.event, value=made(world.event.value, ""))
    return replace(world, event=event, register=changes.get(REGISTER, world.register))


def _nodes(node: Node, value: Any) -> Iterator[tuple[Node, Any]]:
    """Every part of a value with its part of the type."""
    yield node, value
    if value is None or isinstance(node, Leaf):
        return
    if isinstance(node, Record):
        for each in node.fields:
            yield from _nodes(each.node, value[each.name])
    elif isinstance(node, Array):
        for one in value:
            yield from _nodes(node.item, one)
    else:
        for one in value.values():
            yield from _nodes(node.value, one)


def _scrubs(view: Any) -> bool:
    if isinstance(view, dict):
        return any(map(_scrubs, view.values()))
    return any(map(_scrubs, view)) if isinstance(view, list) else isinstance(view, AnyScrubbing)


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
