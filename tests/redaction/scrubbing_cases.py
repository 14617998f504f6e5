"""Hidden values for the tests of scrubbing, and a small event type with a note that is scrubbed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from redaction import reference
from redaction.agreement import Form, Never, Share
from redaction.decision import Decision, FieldDecision
from redaction.showing import Hidden, Values
from redaction.showing.values import Figure, Sort, Text
from schemas.codec import Event
from tests.redaction import builders as make
from tests.redaction.reference_cases import ADDRESS, DATE

BORN = date(2015, 4, 9)
KINDS: dict[str, Any] = {
    "name": "string",
    "text": "string",
    "more": "string",
    "place": ADDRESS,
    "born": DATE,
    "seen": {"type": "long", "logicalType": "timestamp-millis"},
    "count": "int",
    "sum": {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2},
    "level": {"type": "enum", "name": "Level", "symbols": ["high", "stalking_now", "unknown"]},
    "flag": "boolean",
}
CLASSES = {"name": ("identity",), **dict.fromkeys(("note", "aside", "letters"), ("free-text",))}
WORDS = make.vocabulary(
    **{name: CLASSES.get(name, ()) for name in ("note", "aside", "keys", "letters", *KINDS)},
    people__name=["identity"],
)
ETYPE = make.event_type(
    [
        {"name": "note", "tag": "note", "type": ["null", "string"]},
        {"name": "aside", "tag": "aside", "type": ["null", "string"]},
        {"name": "keys", "tag": "keys", "type": {"type": "map", "values": "string"}},
        {"name": "letters", "tag": "letters", "type": {"type": "map", "values": "string"}},
        {"name": "people", "tag": "people.name", "type": {"type": "map", "values": "string"}},
        *({"name": name, "tag": name, "type": ["null", kind]} for name, kind in KINDS.items()),
    ],
    WORDS,
)
NOTE = make.share("4.1", "note", form=Form.SCRUBBED)
ALWAYS = make.share("4.0", "flag")


def text(value: str, sort: Sort = Sort.SHORT) -> Text:
    return Text(sort=sort, text=value)


def hiding(
    *texts: Text, figures: Sequence[str] = (), decimals: Sequence[str] = (),
    dates: Sequence[date] = (),
) -> Values:  # fmt: skip
    found = [Figure(digits=one, decimal=False) for one in figures]
    found += [Figure(digits=one, decimal=True) for one in decimals]
    return Values(texts=texts, figures=tuple(found), dates=tuple(dates))


def hidden(*texts: Text, **more: Any) -> Hidden:
    return Hidden(values=hiding(*texts, **more))


def event(**values: Any) -> Event:
    return make.event(ETYPE, {"flag": True, **values})


def decided(of: Event, *clauses: Share | Never, **changes: Any) -> Decision:
    """The reference's decision under these clauses, and one that always shares something."""
    audiences = (make.audience(agency="elm-school"),)
    known = make.register(make.agreement(ALWAYS, *clauses, audiences=audiences), **changes)
    to = {"recipient": "elm-school", "purpose": make.PURPOSE, "at": make.AT}
    return reference.decide(of, known, WORDS, **to)  # type: ignore[arg-type]


def field(of: Event, path: str, *clauses: Share | Never, **changes: Any) -> FieldDecision:
    """The decision on one leaf."""
    (found,) = (f for f in decided(of, *clauses, **changes).fields if f.path == path)
    return found


def view(of: Event, *clauses: Share | Never) -> dict[str, Any]:
    """The reference's view of an event that is delivered."""
    audiences = (make.audience(agency="elm-school"),)
    known = make.register(make.agreement(ALWAYS, *clauses, audiences=audiences))
    return reference.view(of, known, WORDS, decided(of, *clauses), at=make.AT)
