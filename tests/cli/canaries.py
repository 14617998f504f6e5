"""Events of every type with a canary in every leaf, as files, and the search for what escaped."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from broker.stage import read_examples
from redaction import reference
from redaction.facts import Register
from schemas.codec import event_from_json, event_to_json, parse_json, plain
from schemas.registry import Registry, load_vocabulary
from tests.cli.calls import REGISTER
from tests.generator.events import canary_event

MARK = "canary-"  # every canary begins so
SCHOOL = "oakfield-primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One event as its publisher writes it, and the canaries that are only in it."""

    value: dict[str, Any]
    marks: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.value["header"]["id"])

    @property
    def source(self) -> str:
        return str(self.value["header"]["source"])

    @property
    def case(self) -> str:
        return str(self.value["header"]["subject"])


def published(
    number: int, source: str, type_name: str, purposes: Iterable[str], *, case: str | None = None
) -> Published:
    """An event with canaries of its own; also its case reference is one, unless it is given."""
    now = datetime.now(UTC).replace(microsecond=0)
    header = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "source": source,
        "purposes": list(purposes),
        "time": now,
    }
    made = canary_event(Registry.builtin().by_name(type_name), header=header)
    event = json.dumps(event_to_json(made.event))
    value = json.loads(event.replace(MARK, f"{MARK}{number:02}-"))
    marks = {mark.replace(MARK, f"{MARK}{number:02}-") for mark in made.canaries.values()}
    if type_name == "police.domestic-incident":  # so that a school learns of it
        marks.discard(value["children"][0]["school"])
        value["children"][0]["school"] = SCHOOL
        for name in ("reported_at", "attended_at"):
            value["incident"][name] = now.isoformat().replace("+00:00", "Z")
    if case is not None:
        marks = {mark for mark in marks if mark != value["header"]["subject"]} | {case}
        value["header"]["subject"] = case
    return Published(value=value, marks=tuple(sorted(marks)))


def every_type(*, first: int = 10, case: str | None = None) -> list[Published]:
    """An event for each type and publisher that the examples speak of; all of one case if given."""
    scenes: dict[tuple[str, str], set[str]] = {}
    for one in read_examples()[1]:
        for publisher in one.agreement.publishers:
            for name in one.agreement.event_types:
                scenes.setdefault((publisher, name), set()).update(one.agreement.purposes)
    assert {name for _, name in scenes} == {one.name for one in Registry.builtin().types}
    return [
        published(first + number, publisher, name, sorted(purposes), case=case)
        for number, ((publisher, name), purposes) in enumerate(sorted(scenes.items()))
    ]


def register_file(path: Path, events: Iterable[Published]) -> Path:
    """A register that has consent and a conflict check for the cases of these events."""
    value: dict[str, Any] = {"agencies": {}, "consents": [], "conflict_checks": {}}
    for one in events:
        value["conflict_checks"][one.case] = []
        value["consents"] += [
            {"case": one.case, "person": "victim", "purpose": purpose, "state": "given"}
            for purpose in one.value["header"]["purposes"]
        ]
    path.write_text(yaml.safe_dump(value))
    return path


def expected(
    events: Iterable[Published], at: datetime, *, secret: bytes
) -> dict[str, list[dict[str, Any]]]:
    """The views each agency gets by the reference, which shares no code with the engine."""
    read, examples = read_examples(REGISTER.parent)
    events = list(events)
    facts: Register = replace(
        read.register,
        agreements=tuple(one.agreement for one in examples),
        consents=tuple(
            replace(read.register.consents[0], case=one.case, purpose=purpose)
            for one in events
            for purpose in one.value["header"]["purposes"]
        ),
        conflict_checks={one.case: () for one in events},
    )
    words, registry = load_vocabulary(), Registry.builtin()
    views: dict[str, list[dict[str, Any]]] = {name: [] for name in facts.agencies}
    for one in events:
        event = event_from_json(parse_json(json.dumps(one.value).encode()), registry)
        for name, mine in views.items():
            for purpose in event.purposes:
                found = reference.decide(
                    event, facts, words, recipient=name, purpose=purpose, at=at
                )
                if found.delivered:
                    view = reference.view(event, facts, words, found, at=at, secret=secret)
                    mine.append({"purpose": purpose, "view": plain(view)})
    return views


def told(deliveries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What deliveries say, without what is of each its own."""
    return [{name: one[name] for name in ("purpose", "view")} for one in deliveries]


def feed(folder: Path, events: Iterable[Published]) -> None:
    """Write events as files, each into the folder of its publisher; names carry a canary too."""
    for one in events:
        mine = folder / one.source
        mine.mkdir(parents=True, exist_ok=True)
        (mine / f"{one.marks[0]} {one.id}.json").write_text(json.dumps(one.value, indent=1))


def broken(event: dict[str, Any]) -> dict[str, bytes]:
    """Files that are no events, by name; each holds a canary where its fault is."""
    header = event["header"]
    inner = next(name for name, one in event.items() if one is not header and type(one) is dict)
    bad = f"{MARK}bad"

    def changed(**change: Any) -> bytes:
        return json.dumps(event | change).encode()

    return {
        "cut.json": json.dumps(event).encode()[:-200],
        "type.json": changed(child_count=bad),
        "enum.json": changed(risk_level=bad),
        "record.json": changed(**{inner: bad}),
        "field.json": changed(**{bad: bad}),
        "inner.json": changed(**{inner: event[inner] | {bad: bad}}),
        "nan.json": json.dumps(event).encode()[:-1] + b', "x": NaN}',
        "twice.json": b'{"%b": 1, "%b": 2}' % (bad.encode(), bad.encode()),
        "latin.json": json.dumps(event).encode() + b"\xff",
        "wide.json": json.dumps(event).encode("utf-16"),
        "deep.json": b"[" * 3000 + b'"%b"' % bad.encode(),
        "large.json": changed(sharing_reason=bad * 200_000),
        "kind.json": changed(header=header | {"type": bad}),
        "uuid.json": changed(header=header | {"id": bad}),
        "time.json": changed(header=header | {"time": bad}),
        "other.json": changed(header=header | {"source": bad}),
        "lines.jsonl": b'{"%b": \n"%b"\n' % (bad.encode(), bad.encode()),
        "header.csv": f"{bad},Count\n1,2\n".encode(),
        "twice.csv": f"Ref,Ref,{bad}\n{bad},1,2\n".encode(),
        "quote.csv": f'Ref,{bad},Count\n{bad},"{bad}\n{bad},2,3\n'.encode(),
        "count.csv": f"Ref,Count\n{bad},{bad}\n{bad},1,{bad}\n{bad},1\n".encode(),
        "latin.csv": f"Ref,{bad}\n".encode() + b"\xff\n",
    }


# --- the search -----------------------------------------------------------------------------------


def forms(mark: str) -> dict[str, bytes]:
    """The ways in which a text lies in a file without being sealed."""
    data = mark.encode()
    found = {
        "utf-8": data,
        "utf-16-le": mark.encode("utf-16-le"),
        "utf-16-be": mark.encode("utf-16-be"),
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
    }
    for shift in range(3):  # base64 reads three bytes at a time: it may begin within them
        text = base64.b64encode(bytes(shift) + data)
        kept = slice(-(-shift * 8 // 6), (shift + len(data)) * 8 // 6)
        found[f"base64+{shift}"] = text[kept]
    return found


FORMS = forms(MARK)


def traces(said: bytes | str) -> list[str]:
    """The forms in which any canary is in some bytes."""
    data = said.encode() if isinstance(said, str) else said
    return [name for name, form in FORMS.items() if form in data]


def files(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, databases' side files and temporary ones too."""
    for path in sorted(root.rglob("*")):
        try:
            if path.is_file():
                yield path, path.read_bytes()
        except FileNotFoundError:  # a running node took it away meanwhile
            continue


def escaped(root: Path, *, besides: Iterable[Path] = ()) -> list[tuple[str, str]]:
    """Where below a folder a canary is in a file or in its name, in which form."""
    known = tuple(besides)
    return [
        (str(path.relative_to(root)), form)
        for path, data in files(root)
        if not any(path.is_relative_to(one) for one in known)
        for form in (*traces(data), *traces(str(path.relative_to(root))))
    ]
