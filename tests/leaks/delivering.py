"""Leaks of classes T3, T6, T7, T8 and T14: faults, logs, the outside, other ways out, reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import cbor2
import structlog

from redaction import plan
from redaction.decision import Gate
from schemas.codec import encode_event
from schemas.envelope import encode_body
from schemas.errors import Code, EventRefused
from tests.leaks.patching import around, leak


@leak("T3", "a view that the checker refuses is sent all the same", fast=True)
def refused_view_is_sent() -> None:
    def change(encoded: Any) -> Any:
        def trusting(self: Any, decision: Any) -> Any:
            try:
                return encoded(self, decision)
            except Exception:  # noqa: BLE001 - this is the leak
                given = (self._event, self._register, self._vocabulary, decision)
                return plan.encode(*given, at=self._at, secret=self._secret)

        return trusting

    around("redaction.outgoing:Outgoing.encoded", change)


@leak("T3", "a case that nobody checked counts as one without conflicts", fast=True)
def unchecked_case_has_no_conflict() -> None:
    def change(conflicts: Any) -> Any:
        return lambda self, case: conflicts(self, case) or ()

    around("redaction.directory:Directory.conflicts", change)


@leak("T3", "who never acceded counts as a party")
def everybody_acceded() -> None:
    around("redaction.gates:_acceded", lambda _: lambda *_args: True)


@leak("T3", "an agreement is executed before it is signed")
def unsigned_agreements_are_executed() -> None:
    def change(first: Any) -> Any:
        def closed(*args: Any, **named: Any) -> Any:
            gate = first(*args, **named)
            return None if gate is Gate.UNSIGNED else gate

        return closed

    around("redaction.gates:Gates.first_closed", change)


@leak("T3", "an event that cannot be decoded is passed on as it came")
def undecodable_events_pass() -> None:
    def change(letter: Any) -> Any:
        def passing(self: Any, source: Any, *args: Any) -> Any:
            yield from letter(self, source, *args)
            from broker.log import Append

            yield Append(topic="deliveries.all", partition=0, value=source.record.value)

        return passing

    around("broker.recording:Recorder.dead_letter", change)


@leak("T6", "an event is logged when it is decoded", fast=True)
def decoded_events_are_logged() -> None:
    def change(decode: Any) -> Any:
        def logged(*args: Any) -> Any:
            event = decode(*args)
            structlog.get_logger().info("decoded", value=event.value)
            return event

        return logged

    around("schemas.codec:decode_event", change)


@leak("T6", "the checker's refusal quotes the value", fast=True)
def refusal_quotes_the_value() -> None:
    def change(equal: Any) -> Any:
        def quoting(seen: Any, expected: Any) -> bool:
            if not equal(seen, expected):
                raise EventRefused(Code.VIEW_REFUSED, f"expected {expected!r}")
            return True

        return quoting

    around("redaction.checker:_equal", change)


@leak("T6", "a dead letter holds the event beside its code")
def dead_letter_holds_the_event() -> None:
    def change(letter: Any) -> Any:
        def telling(self: Any, source: Any, code: Any, now: Any, event: Any = None) -> Any:
            yield from letter(self, source, code, now, event)
            from broker.log import Append
            from broker.topics import dead_letters_topic

            if event is not None:
                value = cbor2.dumps({"event": repr(event.value)})
                topic = dead_letters_topic(source.publisher)
                yield Append(topic=topic, partition=0, value=value)

        return telling

    around("broker.recording:Recorder.dead_letter", change)


@leak("T6", "the audit's part of a hop names the victim")
def hop_names_the_victim() -> None:
    def change(part: Any) -> Any:
        def telling(
            step: Any, source: Any, now: Any, event: Any = None, *more: Any, **said: Any
        ) -> Any:
            victim = None if event is None else event.value.get("victim")
            made = part(step, source, now, event, *more, **said)
            return replace(made, purpose=victim["name"]) if victim else made

        return telling

    around("broker.recording:part", change)


def _appended(change_append: Any) -> None:
    """Change the record that holds an envelope."""

    def change(seal: Any) -> Any:
        def sealed(self: Any, job: Any, decision: Any, outgoing: Any) -> Any:
            appends = seal(self, job, decision, outgoing)
            return tuple(
                change_append(one, job.event) if one.topic.startswith("deliveries.") else one
                for one in appends
            )

        return sealed

    around("broker.delivering:Deliverer.seal", change)


@leak("T7", "an envelope's key is made of the victim's phone number", fast=True)
def key_is_made_of_a_value() -> None:
    _appended(lambda one, event: replace(one, key=repr(event.value["victim"]).encode()))


@leak("T7", "an envelope's header has the size of the event")
def header_has_the_size_of_the_event() -> None:
    def sized(one: Any, event: Any) -> Any:
        return replace(one, headers=(("size", str(len(encode_event(event))).encode()),))

    _appended(sized)


@leak("T7", "an envelope's partition is the number of children")
def partition_is_a_count() -> None:
    _appended(lambda one, event: replace(one, partition=len(event.value["children"]) % 4))


@leak("T7", "envelopes are not padded", fast=True)
def nothing_is_padded() -> None:
    around("schemas.envelope:_padded_bytes", lambda _: lambda length: length)


@leak("T7", "a delivery's id is made of the event's bytes")
def delivery_id_is_made_of_values() -> None:
    def change(delivery_id: Any) -> Any:
        def made(self: Any, job: Any, decision: Any) -> bytes:
            size = len(encode_event(job.event)) % 256
            return bytes(delivery_id(self, job, decision)[:-1]) + bytes([size])

        return made

    around("broker.delivering:Deliverer.delivery_id", change)


@leak("T8", "a copy of every event goes to an export", fast=True)
def events_are_exported() -> None:
    def change(deliver: Any) -> Any:
        def exporting(self: Any, job: Any, waits: Any) -> Any:
            yield from deliver(self, job, waits)
            from broker.log import Append

            yield Append(topic="exports", partition=0, value=encode_event(job.event))

        return exporting

    around("broker.gateway:Gateway._deliver", change)


@leak("T8", "a redelivery is sealed without the check", fast=True)
def redelivery_is_not_checked() -> None:
    def change(seal: Any) -> Any:
        def sealed(self: Any, job: Any, decision: Any, outgoing: Any) -> Any:
            if not job.source.redelivery or not decision.delivered:
                return seal(self, job, decision, outgoing)
            facts = job.snapshot.facts
            secret = self._identity.pseudonym_secret
            given = (job.event, facts, outgoing._vocabulary, decision)
            return self._view(job, decision, *plan.encode(*given, at=job.now, secret=secret))

        return sealed

    around("broker.delivering:Deliverer.seal", change)


@leak("T8", "what is sealed is not what was checked")
def sealed_is_not_what_was_checked() -> None:
    def change(encode: Any) -> Any:
        def whole(body: Any) -> Any:
            return encode(body._replace(view=b"A" + body.view))

        return whole

    around("schemas.envelope:encode_body", change)


@leak("T14", "the wording names the clauses that withheld something", fast=True)
def wording_names_the_clauses() -> None:
    def change(body: Any) -> Any:
        def telling(self: Any, job: Any, decision: Any, made: Any) -> Any:
            clauses = sorted({f.clause for f in decision.fields if f.clause and not f.released})
            found = body(self, job, decision, made)
            return found._replace(wording=f"{found.wording} {clauses}")

        return telling

    around("broker.delivering:Deliverer.body", change)


@leak("T14", "the rules of handling say whether something was withheld for a reason")
def handling_tells_the_reason() -> None:
    def change(body: Any) -> Any:
        def telling(self: Any, job: Any, decision: Any, made: Any) -> Any:
            reasons = sorted({str(f.reason) for f in decision.fields if not f.released})
            found = body(self, job, decision, made)
            return found._replace(handling=found.handling._replace(onward=" ".join(reasons)))

        return telling

    around("broker.delivering:Deliverer.body", change)


@leak("T14", "the view's type names the clauses of its agreement")
def view_type_names_the_clauses() -> None:
    def change(compile_plan: Any) -> Any:
        def compiled(etype: Any, asked: Any) -> Any:
            from schemas.codec import view_type_from_text

            plan = compile_plan(etype, asked)
            avro = json.loads(plan.view_type.text)
            avro["doc"] = " ".join(one.id for one in asked.agreement.nevers)
            return replace(plan, view_type=view_type_from_text(json.dumps(avro)))

        return compiled

    around("redaction.plan:compile_plan", change)


@leak("T14", "who is not sent an event is told which gate was closed")
def closed_gates_are_told() -> None:
    def change(deliver: Any) -> Any:
        def telling(self: Any, job: Any, waits: Any) -> Any:
            yield from deliver(self, job, waits)
            from redaction.decide import decide, recipients

            given = (job.event, job.snapshot.facts, self._vocabulary)
            for one in recipients(*given, at=job.now):
                to: dict[str, Any] = {"recipient": one.recipient, "purpose": one.purpose}
                decision = decide(*given, **to, at=job.now)
                if decision.delivered or decision.audience is None:
                    continue
                body = self._deliverer.body(job, decision, None)
                said = encode_body(body._replace(wording=str(decision.gate)))
                keys = {"opening_key": body.opening_key, "delivery_id": bytes(32)}
                yield from self._deliverer.post(job, decision, said, **keys)

        return telling

    around("broker.gateway:Gateway._deliver", change)
