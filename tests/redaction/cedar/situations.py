"""What an event and a register hold, as Cedar's contexts and entities; nothing is left out.

A fact is `{kind: word, word}`, `{kind: number, number}` or `{kind: unknown}`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from redaction.agreement import (
    Age,
    Agreement,
    AllOf,
    AnyOf,
    Condition,
    Elapsed,
    Form,
    Is,
    Not,
    Number,
)
from redaction.decision import Decision
from redaction.facts import Granted
from schemas.codec import Event
from schemas.registry import Kind, Node, Vocabulary
from tests.generator.terms import FITS
from tests.redaction.cedar.answers import Answers, leaves_in, micros
from tests.redaction.cedar.spots import Found, Spot, found_in
from tests.redaction.cedar.translation import BASICS, Tags, tags_asked


def entities(agreement: Agreement, every: tuple[Spot, ...], vocabulary: Vocabulary) -> str:
    """Spots in their tags, tags in their classes, actions in their forms and overrides."""
    said = [
        _entity("Tag", tag.name, [("Class", name) for name in tag.classes])
        for tag in vocabulary.tags.values()
    ]
    for spot in every:
        fits = [
            form for form in Form if spot.kind is None or spot.kind in FITS.get(form, set(Kind))
        ]
        person, is_text = spot.tag.split(".")[0], spot.kind is Kind.STRING
        attributes = {"tag": spot.tag, "person": person, "forms": fits, "is_text": is_text}
        said.append(_entity("Spot", spot.place, [("Tag", tag) for tag in spot.chain], attributes))
    for form in Form:
        said.append(_entity("Action", f"share as {form}", [("Action", form)]))
        for each in agreement.overrides:
            parents = [("Action", form), ("Action", each.id)]
            said.append(_entity("Action", f"{each.id} as {form}", parents))
    return json.dumps(said)


def _entity(
    kind: str, name: str, parents: list[tuple[str, str]], attributes: dict[str, Any] | None = None
) -> dict[str, Any]:
    uid = {"type": kind, "id": name}
    above = [{"type": each, "id": called} for each, called in parents]
    return {"uid": uid, "attrs": attributes or {}, "parents": above}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an agreement's clauses ask: facts with the tags they ask for, and tags of elements."""

    facts: tuple[tuple[Condition, Tags], ...]
    named: tuple[str, ...]


def asked_by(agreement: Agreement) -> Asked:
    """Every question that some condition or selection of the agreement asks."""
    facts: dict[tuple[Condition, Tags], None] = {}
    for audience in agreement.audiences:
        facts |= dict.fromkeys((each, None) for each in _simple(audience.when))
    for clause in agreement.clauses():
        facts |= dict.fromkeys((each, tags_asked(clause)) for each in _simple(clause.when))
    items = [(share, share.items) for share in agreement.shares if share.items is not None]
    for share, each in items:
        facts |= dict.fromkeys((one, tags_asked(share)) for one in _simple(each.when))
    named = {each.where for _, each in items if each.where is not None}
    return Asked(facts=tuple(facts), named=tuple(sorted(named)))


def _simple(condition: Condition | None) -> Iterator[Condition]:
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _simple(part)
        case Not(part=part):
            yield from _simple(part)
        case Is() | Number() | Age() | Elapsed():
            yield condition


class Leaves:
    """The leaves and map keys of one event, and which phones and addresses of it are equal."""

    def __init__(self, event: Event, vocabulary: Vocabulary) -> None:
        self.found = tuple(found_in(event))
        self._words = vocabulary
        self._normal = [frozenset(self._compared(each)) for each in self.found]
        self._at: dict[tuple[str, str], list[Found]] = {}
        for each, normals in zip(self.found, self._normal, strict=True):
            for normal in normals:
                self._at.setdefault(normal, []).append(each)

    def equal(self) -> Iterator[str]:
        """For each leaf, as JSON, tags and classes around every equal value, wherever it stands."""
        for normals in self._normal:
            twins = [twin for normal in normals for twin in self._at[normal]]
            tags = {t for twin in twins if twin.spot.tag != BASICS for t in twin.spot.chain}
            classes = {name for tag in tags for name in self._words.tags[tag].classes}
            yield json.dumps([*(f"tag {t}" for t in tags), *(f"class {name}" for name in classes)])

    def _compared(self, found: Found) -> Iterator[tuple[str, str]]:
        """By a phone's last digits, an address's postcode and numbers, or letters and digits."""
        classes, kind = self._words.tags[found.spot.tag].classes, found.spot.kind
        value = found.value
        if value is None:
            return
        is_phone = "phone" in classes and kind in (None, Kind.STRING, Kind.INT, Kind.LONG)
        if is_phone and (digits := _number(str(value))):
            yield "phone", digits
        if "address" in classes and kind in (None, Kind.STRING, Kind.ADDRESS):
            whole = kind is Kind.ADDRESS
            letters = _house(value["postcode"], value["line"]) if whole else _letters(str(value))
            if letters:
                yield "address" if whole else "words", letters


def _number(text: str) -> str:
    """A phone number's last seven digits, or fewer; past seven a letter, `#` or `;` ends it."""
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    digits = ""
    for part in re.split(r"(?<=[0-9])|(?=[0-9])", plain):
        if len(digits) >= 7 and any(c.isalpha() or c in "#;" for c in part):
            break
        digits += part if part.isdigit() and part.isascii() else ""
    return digits.lstrip("0")[-7:]


def _house(postcode: str, line: str) -> str:
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in line)
    numbers = sorted(re.findall("[0-9]+", plain))
    return "|".join([_letters(postcode), *(numbers or [_letters(line)])]).strip("|")


def _letters(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if c.isalnum() and not unicodedata.combining(c))


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One event for one audience and recipient of an agreement, under one register, at one time."""

    decision: Decision
    answers: Answers
    asked: Asked
    _kept: dict[tuple[int, ...], str] = field(default_factory=dict)

    def context(self, found: Found, equal: str, grant: Granted | None) -> str:
        """All that a policy may read about one leaf, and about one recorded override, as JSON."""
        event = self.answers.event
        scopes = (*reversed(found.elements), (event.etype.root, event.value))
        key = tuple(id(value) for _, value in scopes)
        if key not in self._kept:
            self._kept[key] = json.dumps(self._around(scopes))[:-1]
        record = "" if grant is None else f', "grant": {json.dumps(_granted(grant))}'
        return f'{self._kept[key]}, "equal": {equal}{record}}}'

    def _around(self, scopes: tuple[tuple[Node, Any], ...]) -> dict[str, Any]:
        decision, elements = self.decision, scopes[:-1]
        reason = self.answers.fact("sharing_reason", scopes[-1:])
        return {
            "recipient": decision.recipient,
            "stands_for": decision.stands_for,
            "case": self.answers.event.subject,
            "purpose": decision.purpose,
            "now": micros(self.answers.at),
            "reason": isinstance(reason, str) and bool(reason.strip()),
            "in_list": bool(elements),
            "root": self._facts(scopes[-1:]),
            "here": self._facts(scopes) if elements else {},
            "named": {tag: _named(tag, elements) for tag in self.asked.named},
        }

    def _facts(self, scopes: tuple[tuple[Node, Any], ...]) -> dict[str, Any]:
        return dict(
            self.answers.told(condition, tags, scopes) for condition, tags in self.asked.facts
        )


def _named(tag: str, elements: tuple[tuple[Node, Any], ...]) -> list[str]:
    """What stands under a tag in the nearest element that has such a field."""
    for node, value in elements:
        values = [held for each, held in leaves_in(node, value) if each.tag == tag]
        if values:
            return sorted({held if isinstance(held, str) else "(no name)" for held in values})
    return []


def _granted(grant: Granted) -> dict[str, Any]:
    return {
        "agreement": grant.agreement,
        "override": grant.override,
        "case": grant.case,
        "purpose": grant.purpose,
        "persons": sorted(grant.persons),
        "recipients": sorted(grant.recipients),
        "tags": sorted(grant.tags),
        "form": grant.form,
        "since": micros(grant.since),
        "until": micros(grant.until),
        "review": grant.review,
    }
