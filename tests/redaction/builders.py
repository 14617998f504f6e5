"""Short ways to write agreements, registers and events in tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from redaction.agreement import (
    Agreement,
    Audience,
    Condition,
    Dpia,
    Form,
    Is,
    Items,
    Never,
    Opinion,
    Override,
    Share,
)
from redaction.facts import Agency, Granted, Register, Review
from schemas.codec import Event
from schemas.registry import (
    Array,
    EventType,
    Kind,
    Leaf,
    Map,
    Node,
    Record,
    Tag,
    Vocabulary,
    load_event_type,
)

AT = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
TODAY = AT.date()  # in London too
SECRET = b"what pseudonyms are made with in tests"
HAPPENED = datetime(2026, 11, 2, 21, 30, tzinfo=UTC)
PURPOSE = "safeguarding-children"
CASE = "NM-2026-0042"
PUBLISHER = "northmoor-police"
EVENT_ID = "7f1d2c4e-0b5a-4e0e-9a55-0d8a4e6b1c01"

HEADER_TAGS = {
    "id": "event.id",
    "source": "event.basics",
    "type": "event.basics",
    "time": "event.basics",
    "subject": "case.reference",
    "purposes": "event.purposes",
    "on_behalf_of": "event.user",
}


def vocabulary(**classes: Sequence[str]) -> Vocabulary:
    """A vocabulary of the header's tags and these, `a__b` standing for `a.b`."""
    named = {name.replace("__", "."): of for name, of in classes.items()}
    tags = {
        name: Tag(name=name, means=name, classes=frozenset(of))
        for name, of in {**dict.fromkeys(HEADER_TAGS.values(), ()), **named}.items()
    }
    used = {of for tag in tags.values() for of in tag.classes}
    return Vocabulary(name="caseward-core/1", tags=tags, classes=dict.fromkeys(used, "a class"))


def share(
    id: str,
    tags: str | Sequence[str],
    *,
    to: str | Sequence[str] = "school",
    form: Form = Form.CLEAR,
    when: Condition | None = None,
    items: Items | None = None,
    publishers: Sequence[str] = (),
    needs_reason: bool = False,
) -> Share:
    return Share(
        id=id,
        line=1,
        text="",
        tags=_words(tags),
        to=_words(to),
        form=form,
        publishers=tuple(publishers),
        items=items,
        when=when,
        needs_reason=needs_reason,
        reveals=(),
        not_told_to=(),
    )


def never(
    id: str,
    tags: str | Sequence[str] = (),
    *,
    classes: str | Sequence[str] = (),
    to: str | Sequence[str] = "anyone",
    cap: Form | None = None,
    when: Condition | None = None,
) -> Never:
    return Never(
        id=id,
        line=1,
        text="",
        tags=_words(tags),
        classes=_words(classes),
        to=_words(to),
        clearer_than=cap,
        when=when,
        not_told_to=(),
    )


def override(
    id: str,
    tags: str | Sequence[str],
    *,
    to: str | Sequence[str] = "school",
    form: Form = Form.CLEAR,
    lifts: Sequence[str] = (),
) -> Override:
    return Override(
        id=id,
        line=1,
        text="",
        tags=_words(tags),
        to=_words(to),
        form=form,
        legal_basis=("gdpr-9-2-c",),
        authorisers=2,
        of_rank="duty-manager",
        expires_after_hours=72,
        review_within_hours=48,
        lifts=tuple(lifts),
        not_told_to=(),
    )


def granted(override: str, tags: str | Sequence[str], **changes: Any) -> Granted:
    """A record of an override for `elm-school`, which holds at `AT` and lifts for every person."""
    tags = _words(tags)
    base = Granted(
        id=f"granted-{override}",
        case=CASE,
        agreement="northmoor-encompass",
        override=override,
        purpose=PURPOSE,
        persons=frozenset(tag.split(".")[0] for tag in tags),
        recipients=frozenset({"elm-school"}),
        tags=frozenset(tags),
        form=Form.CLEAR,
        since=AT - timedelta(hours=1),
        until=AT + timedelta(hours=71),
        review=Review.OPEN,
    )
    return replace(base, **changes)


def _words(words: str | Sequence[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def audience(
    name: str = "school",
    *,
    agency: str | None = None,
    named_in: str | None = None,
    role: str | None = None,
    when: Condition | None = None,
) -> Audience:
    return Audience(name=name, agency=agency, named_in=named_in, role=role, when=when)


def pupils() -> Items:
    """The elements that name the recipient as the child's school."""
    return Items(where="child.school", when=None)


def yes(fact: str) -> Is:
    return Is(fact=fact, values=("yes",))


OPINION = Opinion(
    authority="dpa-northmoor", reference="DPA-1", date=date(2020, 1, 2), outcome="favourable"
)


def agreement(*clauses: Share | Never | Override, **changes: Any) -> Agreement:
    base = Agreement(
        id="northmoor-encompass",
        version=1,
        title="Operation Encompass, Northmoor",
        language="en-GB",
        time_zone="Europe/London",
        vocabulary="caseward-core/1",
        calendars=(("school", "northmoor-schools"),),
        publishers=(PUBLISHER,),
        event_types=("police.domestic-incident",),
        purposes=(PURPOSE,),
        audiences=(audience(named_in="child.school"),),
        legal_basis=(),
        drafted_with=(OPINION,),
        dpia=Dpia(reference="DPIA-1", date=date(2020, 1, 2), review_by=date(2099, 12, 31)),
        start=date(2026, 9, 1),
        until=date(2027, 8, 31),
        requires=(),
        deliver_by=(),
        handling=(),
        shares=tuple(clause for clause in clauses if isinstance(clause, Share)),
        nevers=tuple(clause for clause in clauses if isinstance(clause, Never)),
        overrides=tuple(clause for clause in clauses if isinstance(clause, Override)),
    )
    return replace(base, **changes)


def agency(name: str, *roles: str, part_of: str | None = None, suspended: bool = False) -> Agency:
    return Agency(name=name, roles=frozenset(roles), part_of=part_of, suspended=suspended)


def register(*agreements: Agreement, agencies: Sequence[Agency] = (), **changes: Any) -> Register:
    """A register with these agreements, to which everybody acceded.

    `CASE` has been checked for conflicts, without any.
    """
    schools = [agency("elm-school", "school"), agency("oak-school", "school")]
    everyone = {one.name: one for one in (agency(PUBLISHER), *schools, *agencies)}
    base = Register(
        agencies=everyone,
        agreements=agreements,
        accessions=frozenset(
            (name, text.id, text.version) for text in agreements for name in everyone
        ),
        consents=(),
        conflict_checks={CASE: ()},
        trainings=(),
        calendars={},
    )
    return replace(base, **changes)


def event_type(
    fields: Sequence[Mapping[str, Any]], words: Vocabulary, name: str = "police.domestic-incident"
) -> EventType:
    """An event type with the header every one has and these Avro fields after it."""
    kinds = {
        "id": {"type": "string", "logicalType": "uuid"},
        "time": {"type": "long", "logicalType": "timestamp-millis"},
        "purposes": {"type": "array", "items": "string"},
    }
    header = {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": field, "type": kinds.get(field, "string"), "tag": tag}
            for field, tag in HEADER_TAGS.items()
        ],
    }
    schema = {
        "type": "record",
        "name": "Made",
        "namespace": "caseward.made",
        "event_type": name,
        "vocabulary": words.name,
        "fields": [{"name": "header", "type": header}, *fields],
    }
    return load_event_type(json.dumps(schema), words, origin="made")


def event(etype: EventType, value: Mapping[str, Any] | None = None, **header: Any) -> Event:
    """An event of the type: what is not given is null, empty, or a made value of its kind."""
    whole = {**(value or {}), "header": {**HEADER, "type": etype.name, **header}}
    return Event(etype=etype, value=_filled(etype.root, whole))


HEADER: Mapping[str, Any] = {
    "id": EVENT_ID,
    "source": PUBLISHER,
    "time": HAPPENED,
    "subject": CASE,
    "purposes": [PURPOSE],
    "on_behalf_of": "DC 4417",
}

SAMPLES: Mapping[Kind, Any] = {
    Kind.STRING: "words",
    Kind.BOOLEAN: False,
    Kind.INT: 7,
    Kind.LONG: 7,
    Kind.FLOAT: 0.5,
    Kind.DOUBLE: 0.5,
    Kind.BYTES: b"\x00\xff",
    Kind.DATE: date(2015, 4, 9),
    Kind.TIMESTAMP: HAPPENED,
    Kind.DECIMAL: Decimal("12.50"),
    Kind.UUID: EVENT_ID,
}

_MISSING = object()


def _filled(node: Node, given: Any) -> Any:
    if given is None:
        return None
    if given is _MISSING:
        if node.nullable:
            return None
        given = _sample(node)
    match node:
        case Record(fields=fields):
            return {f.name: _filled(f.node, given.get(f.name, _MISSING)) for f in fields}
        case Array(item=item):
            return [_filled(item, element) for element in given]
        case Map(value=inner):
            return {key: _filled(inner, entry) for key, entry in given.items()}
    return given


def _sample(node: Node) -> Any:
    match node:
        case Leaf(kind=Kind.ADDRESS):
            return address()
        case Leaf(kind=Kind.ENUM):
            return node.symbols[0]
        case Leaf():
            return SAMPLES[node.kind]
        case Array():
            return []
    return {}


def address(line: str = "1 Example Row", postcode: str = "ZZ1 1ZZ") -> dict[str, str]:
    return {"line": line, "municipality": "Northmoor", "postcode": postcode, "country": "GB"}
