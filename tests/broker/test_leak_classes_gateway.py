"""How delivering leaks elsewhere: T3, T6, T7, T8 and T14, on the gateway as a function.

What an agency gets is opened here with its keys; what stands outside a seal is looked at as it is.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import broker.delivering as delivering
import broker.gateway as deciding
from broker.gateway import Gateway, Outcome
from broker.recording import Source
from broker.register import Snapshot
from broker.sealer import EventKeys
from broker.seen import Seen
from redaction import checker, outgoing, plan
from redaction.agreement import Form, Never, Share
from schemas.envelope import ViewBody
from schemas.errors import Code
from schemas.hop import Step
from schemas.registry import Registry
from tests.broker.test_gateway_pure import (
    CASE,
    NOW,
    POLICE,
    _record,
    deliveries,
    fresh,
    read,
    world,
)
from tests.redaction.asked import INCIDENT, PHONE, REFERENCE, WORDS
from tests.redaction.builders import PURPOSE, agreement, audience, event, never, pupils, share, yes

CANARY = "canary-7b21"
SCHOOLS = tuple(
    name
    for name, one in world().snapshot.facts.agencies.items()
    if "school" in one.roles and not one.suspended
)
SHOWN = (REFERENCE, share("1", ["incident.kind", "victim.name"]))
VALUE: dict[str, Any] = {"victim": {"name": "A", "phone": CANARY}}
HOUSE = Path(__file__).parents[2]


def snapshot(*clauses: Share | Never, **changes: Any) -> Snapshot:
    """The world's register with one agreement, under which every school is addressed."""
    text = agreement(*clauses, audiences=(audience(role="school"),))
    facts = world().snapshot.facts
    accessions = frozenset((name, text.id, text.version) for name in facts.agencies)
    facts = replace(facts, agreements=(text,), accessions=accessions, **changes)
    return replace(world().snapshot, facts=facts)


def published(
    value: dict[str, Any],
    known: Snapshot,
    gateway: Gateway | None = None,
    *,
    redelivery: int = 0,
    first: dict[str, Any] | None = None,
    only_to: str | None = None,
) -> Outcome:
    """What one event of this body becomes; `first` comes before it under the same id."""
    sources = []
    for offset, body in enumerate([value] if first is None else [first, value]):
        made = event(INCIDENT, body, source=POLICE, subject=CASE, purposes=[PURPOSE])
        record = _record(world(), made, offset)
        of = Source(publisher=POLICE, record=record, redelivery=redelivery, only_to=only_to)
        sources.append(of)
    gateway = gateway or fresh()
    return gateway.process(tuple(sources), snapshot=known, seen=Seen({}), now=NOW)


def got(outcome: Outcome, agency: str) -> list[tuple[Any, ...]]:
    """All that one agency can observe: around the seals, and inside them."""
    topic = f"deliveries.{agency}"
    outside = [
        (a.topic, a.partition, a.key, a.headers, len(a.value or b""))
        for a in outcome.appends
        if a.topic == topic
    ]
    bodies = [each for each in read(outcome.appends).bodies if each[0] == topic]
    return [*outside, *bodies]


# -- T3: a dependency is missing -------------------------------------------------------------------

REGISTER: dict[str, dict[str, Any]] = {
    "agreements": {"agreements": ()},
    "accessions": {"accessions": frozenset()},
    "conflict checks": {"conflict_checks": {}},
    "agencies": {"agencies": {}},
}


def test_t3_nothing_is_delivered_when_the_register_lacks_something() -> None:
    """T3: an empty table is no reason to let everything through."""
    assert deliveries(published(VALUE, snapshot(*SHOWN)).appends)  # or the test could not fail
    for missing in REGISTER.values():
        known = snapshot(*SHOWN)
        known = replace(known, facts=replace(known.facts, **missing))
        assert deliveries(published(VALUE, known).appends) == []
    unsigned = snapshot(*SHOWN, unsigned=frozenset({("northmoor-encompass", 1)}))
    assert deliveries(published(VALUE, unsigned).appends) == []


def test_t3_an_event_of_an_unknown_type_publisher_or_key_is_a_dead_letter() -> None:
    """T3: no schema, no agency, no key: the record is set aside whole."""
    keys = fresh()
    keys._keys = EventKeys()
    nobody = snapshot(*SHOWN)
    others = {n: one for n, one in nobody.agencies.items() if n != POLICE}
    outcomes = (
        published(VALUE, snapshot(*SHOWN), fresh(types=Registry(()))),
        published(VALUE, replace(nobody, agencies=others)),
        published(VALUE, nobody, keys),
    )
    for outcome in outcomes:
        assert deliveries(outcome.appends) == []
        assert [hop.auditor.step for hop in read(outcome.appends).hops] == [Step.DEAD_LETTERED]


def test_t3_an_event_whose_tags_the_vocabulary_lost_is_not_delivered() -> None:
    """T3: a tag without a meaning closes the gate."""
    gateway = fresh()
    gateway._vocabulary = replace(WORDS, tags={})
    assert deliveries(published(VALUE, snapshot(*SHOWN), gateway).appends) == []


def test_t3_a_pseudonym_without_a_secret_is_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """T3, T10: the view is not made with an empty key."""
    named = snapshot(REFERENCE, share("1", "victim.name", form=Form.PSEUDONYM))
    assert deliveries(published(VALUE, named).appends)
    gateway = fresh()
    nothing: Any = None
    without = replace(gateway._identity, pseudonym_secret=nothing)
    monkeypatch.setattr(gateway._deliverer, "_identity", without)
    assert deliveries(published(VALUE, named, gateway).appends) == []


STAGES: dict[str, tuple[Any, str]] = {
    "verify": (deciding, "verify_event"),
    "decode": (deciding, "decode_event"),
    "recipients": (deciding, "recipients"),
    "decide": (deciding, "Deciding"),
    "view": (plan, "encode"),
    "check": (checker, "check"),
    "body": (delivering, "encode_body"),
    "hop": (delivering, "make_hop"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_t3_t6_a_stage_that_fails_delivers_nothing_and_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stage: str
) -> None:
    """T3, T6: an exception that carries the record closes the way and is told nowhere."""

    def fail(*_args: Any, **_named: Any) -> Any:
        raise RuntimeError(f"cannot handle {VALUE!r}")

    monkeypatch.setattr(*STAGES[stage], fail)
    with capture_logs() as lines, caplog.at_level(logging.DEBUG):
        outcome = published(VALUE, snapshot(*SHOWN))
    assert deliveries(outcome.appends) == []
    assert CANARY not in f"{lines}{caplog.text}"
    assert_silent(outcome, CANARY)


def assert_silent(outcome: Outcome, *hidden: str) -> None:
    """Nothing of this outside the seals, nor in what auditors and officers read of them."""
    read_out = read(outcome.appends)
    dead = [letter for letter, _ in read_out.letters]
    said = f"{[hop.auditor for hop in read_out.hops]}{dead}{outcome.met}{outcome.waiting}"
    for text in hidden:
        for one in outcome.appends:
            for data in (one.key or b"", one.value or b"", repr(one.headers).encode()):
                assert text.encode() not in data, one.topic
            assert text not in one.topic
        assert text not in said


# -- T6: a canary in every leaf --------------------------------------------------------------------


def test_t6_a_canary_that_nobody_may_have_is_nowhere_outside_the_dead_letter(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """T6: logs, hops, keys, types and what a refused event becomes."""
    value = {
        "victim": {"name": CANARY, "phone": CANARY},
        "perpetrator": {"name": CANARY, "markers": [CANARY]},
        "children": [{"name": CANARY, "safeguarding_note": CANARY}],
        "incident": {"circumstances": CANARY},
    }
    with capture_logs() as lines, caplog.at_level(logging.DEBUG):
        outcome = published(value, snapshot(REFERENCE))
        reused = published({"victim": {"name": ""}}, snapshot(*SHOWN), first=value)
    assert {hop.auditor.code for hop in read(reused.appends).hops} >= {Code.ID_REUSED}
    assert len(deliveries(outcome.appends)) == len(SCHOOLS)
    for each in (outcome, reused):
        assert_silent(each, CANARY)
    for _, _, _, body in read(outcome.appends).bodies:
        assert CANARY not in repr(body)
    assert CANARY not in f"{lines}{caplog.text}{capfd.readouterr()}"


def test_t6_a_refused_view_is_told_without_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """T6: the checker's complaint names a path of the type; a map's key and a value stay unsaid."""
    said = []
    checks = checker.check

    def listening(*args: Any, **named: Any) -> None:
        try:
            checks(*args, **named)
        except Exception as error:
            said.append(f"{error}{error.__cause__}")
            raise

    def leaking(*args: Any, **named: Any) -> Any:
        view_type, data = encodes(*args, **named)
        return view_type, data.replace(CANARY.encode(), b"chance-7b21")

    encodes = plan.encode
    monkeypatch.setattr(checker, "check", listening)
    monkeypatch.setattr(plan, "encode", leaking)
    value = {"victim": {"name": CANARY, "phone": PHONE}}
    outcome = published(value, snapshot(*SHOWN))
    assert len(said) == len(SCHOOLS)
    assert CANARY not in "".join(said)
    assert deliveries(outcome.appends) == []
    assert {hop.auditor.code for hop in read(outcome.appends).hops} >= {Code.VIEW_REFUSED}


# -- T7: the outside -------------------------------------------------------------------------------

HIDDEN: tuple[dict[str, Any], ...] = (
    {"victim": {"name": "A", "phone": PHONE}},
    {"victim": {"name": "A", "phone": "1" * 900}},
    {"victim": {"name": "A"}, "perpetrator": {"name": "P" * 999, "markers": ["m"] * 99}},
    {"victim": {"name": "A"}, "children": [{"name": "n" * 700}] * 9},
    {"victim": {"name": "A"}, "serious_risk": True, "risk_level": "high", "child_count": 4},
)


def test_t7_key_headers_partition_and_padded_size_tell_nothing_of_what_is_hidden() -> None:
    """T7: all that stands around the seal, and all in it, is the same whatever is withheld."""
    known = snapshot(*SHOWN)
    seen = [got(published(value, known), SCHOOLS[0]) for value in HIDDEN]
    assert len(seen[0]) == 2
    assert all(each == seen[0] for each in seen)
    assert seen[0][0][2:4] == (None, ())
    shown = got(published({"victim": {"name": "Anna"}}, known), SCHOOLS[0])
    assert shown[0] == seen[0][0]  # nor does the size tell a name of one letter from one of four
    assert shown[1] != seen[0][1]


def test_t7_view_types_and_delivery_ids_depend_on_no_value() -> None:
    """T7: what is announced beside the deliveries is the agreement's and not the event's."""
    known = snapshot(*SHOWN)
    for value in HIDDEN:
        outcome = published(value, known)
        assert read(outcome.appends).types == read(published(HIDDEN[0], known).appends).types
        ids = [each[1] for each in read(outcome.appends).bodies]
        assert ids == [each[1] for each in read(published(HIDDEN[0], known).appends).bodies]


# -- T8: one way out -------------------------------------------------------------------------------

TOPICS = {"epoch-keys", "view-types", "hops.0", "hop-openings"}
OF_AGENCIES = {"deliveries", "seen", "pending", "dead-letters"}


def test_t8_whatever_an_agency_receives_came_out_of_the_one_checked_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T8: every delivery, first or again, holds bytes that `Outgoing.encoded` gave."""
    checked: list[bytes] = []
    passed: list[bytes] = []
    encoded, checks = outgoing.Outgoing.encoded, checker.check

    def encoding(self: outgoing.Outgoing, decision: Any) -> Any:
        made = encoded(self, decision)
        passed.append(made[1])
        return made

    def checking(data: bytes, *args: Any, **named: Any) -> None:
        checks(data, *args, **named)
        checked.append(data)

    monkeypatch.setattr(outgoing.Outgoing, "encoded", encoding)
    monkeypatch.setattr(checker, "check", checking)
    for redelivery in (0, 1):
        outcome = published(VALUE, snapshot(*SHOWN), redelivery=redelivery)
        views = [body.view for *_, body in read(outcome.appends).bodies]
        assert len(views) == len(SCHOOLS)
        assert views == passed
        assert set(views) == set(checked)
        passed.clear()
        for one in outcome.appends:
            assert one.topic in TOPICS or one.topic.partition(".")[0] in OF_AGENCIES
            assert CANARY.encode() not in (one.value or b"")


WAYS_OUT: dict[str, set[str]] = {
    # a call by this name occurs in these modules of ours and in no other
    "deliveries_topic": {
        "broker.delivering",  # the one that writes there
        "broker.api.agency_routes",  # an agency reads its own
        "broker.demo",
        "broker.node",  # creates it, and finds what to erase
        "broker.receiving",
    },
    # the command that shows somebody their own file redacted has no log to write to
    "Outgoing": {"broker.bench", "broker.cli.redact", "broker.delivering", "broker.recall"},
    "encode_view": {"redaction.checker", "redaction.plan"},
    "encode_body": {"broker.bench", "broker.delivering", "schemas.recall"},
}


def modules() -> dict[str, ast.Module]:
    """Every module of ours, parsed."""
    found = {}
    for package in ("broker", "redaction", "schemas", "connectors"):
        for path in sorted((HOUSE / package).rglob("*.py")):
            name = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def called(tree: ast.Module) -> set[str]:
    """The names by which a module calls something of ours."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                names.add(node.func.id)
            elif isinstance(node.func, ast.Attribute):
                names.add(node.func.attr)
    return names


def test_t8_nothing_but_the_deliverer_reaches_the_wire() -> None:
    """T8: no route, index, export or connector makes a view or writes where deliveries stand."""
    callers: dict[str, set[str]] = {name: set() for name in WAYS_OUT}
    for name, tree in modules().items():
        for word in called(tree) & WAYS_OUT.keys():
            callers[word].add(name)
    assert {word: found - WAYS_OUT[word] for word, found in callers.items()} == {
        word: set() for word in WAYS_OUT
    }


def test_t8_no_door_to_the_outside_imports_what_makes_views() -> None:
    """T8: routes, index and connectors know decisions at most, never plans, views or events."""
    makers = {"redaction.plan", "redaction.views", "redaction.outgoing", "broker.delivering"}
    for name, tree in modules().items():
        if name.startswith(("broker.api", "broker.index", "connectors", "broker.log")):
            imported = {
                node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
            }
            assert not imported & makers, name


# -- T9: recipients side by side ------------------------------------------------------------------


def test_t9_recipients_in_one_audience_get_what_each_gets_alone() -> None:
    """T9: schools with a pupil each, a null record and a list, under one clause and one event."""
    children = [{"name": f"pupil {n}", "school": name} for n, name in enumerate(SCHOOLS[1:])]
    named = share("1", ["child.name", "perpetrator.name"], items=pupils())
    for value in ({"children": children}, {"children": children, "perpetrator": {"name": "P"}}):
        known = snapshot(REFERENCE, named)
        together = published(value, known)
        views = [got(together, name)[1][3].view for name in SCHOOLS]
        assert len(set(views)) == len(SCHOOLS)
        for name, seen in zip(SCHOOLS, views, strict=True):
            assert got(published(value, known, only_to=name), name)[1][3].view == seen


# -- T14: what the recipient is told ---------------------------------------------------------------


def test_t14_every_reason_to_withhold_looks_the_same_to_the_recipient() -> None:
    """T14: a clause, a condition and a class that withhold the field give the same body."""
    phone, involved = share("2", "victim.phone"), yes("children_involved")
    ways: tuple[Callable[[], tuple[Share | Never, ...]], ...] = (
        lambda: (*SHOWN, phone, never("8.3", "victim.phone", when=involved)),
        lambda: (*SHOWN, phone, never("8.3", classes="phone", when=involved)),
        lambda: (*SHOWN, share("2", "victim.phone", when=yes("serious_risk"))),
        lambda: (*SHOWN, share("2", "victim.phone", needs_reason=True)),
    )
    told = set()
    for way in ways:
        outcome = published({**VALUE, "children_involved": True}, snapshot(*way()))
        *_, body = got(outcome, SCHOOLS[0])[1]
        told.add(without_text(body))
    assert len(told) == 1
    assert "8.3" not in repr(told)


def without_text(body: ViewBody) -> str:
    """A body but for the hash of the agreement's text, which is another in each way."""
    kept = body._asdict()
    del kept["agreement_hash"]
    return repr(kept)


def test_t14_the_clause_is_told_to_the_auditor_and_to_nobody_else() -> None:
    """T14: the reason of a gate that withholds goes into the hop; the recipient gets no word."""
    outcome = published(VALUE, snapshot(*SHOWN, never("8.3", "victim.phone")))
    steps = [hop.auditor for hop in read(outcome.appends).hops if hop.auditor.step == Step.SEALED]
    assert steps
    assert all("1" in one.clauses for one in steps)
    for hop in read(outcome.appends).hops:
        if hop.recipient is not None:
            assert {f.name for f in fields(hop.recipient)} == RECIPIENTS_PART
    wordings = {body.wording for *_, body in read(outcome.appends).bodies}
    assert wordings == {delivering.WORDING}
    closed = snapshot(*SHOWN, conflict_checks={})
    assert [a for s in SCHOOLS for a in got(published(VALUE, closed), s)] == []


RECIPIENTS_PART = {"time_ms", "delivery_id", "envelope_sha256"}
