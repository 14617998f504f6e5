"""Asks Cedar about random agreements in many situations, and compares its answers with ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import cedarpy

from redaction.agreement import Agreement, Dpia, Form, Opinion
from redaction.decide import decide
from redaction.decision import Decision, Gate, Reason
from redaction.facts import Granted, Register
from schemas.codec import Event
from schemas.registry import EventType, Vocabulary
from tests.generator import (
    Terms,
    draw_agreement,
    draw_event,
    draw_event_type,
    draw_vocabulary,
    evenly,
)
from tests.generator.cases import DELAYS
from tests.generator.choices import AGENCIES, PURPOSES, ZONES, Draw, one_of, some_of
from tests.generator.events import SOURCE
from tests.generator.registers import register
from tests.generator.terms import allowed_forms, shareable_tags
from tests.redaction.cedar.answers import Answers
from tests.redaction.cedar.situations import Leaves, Situation, asked_by, entities
from tests.redaction.cedar.spots import Found, spots
from tests.redaction.cedar.translation import BASICS, policies, up_to

Permitted = dict[tuple[str, str], list[Form]]

SITUATIONS = 8  # of one agreement
AGREEMENTS = 3  # of one seed
# decided before or after the clauses, by what no clause says
NOT_OF_CLAUSES = (Reason.OWN_TEXT, Reason.DOUBTFUL_TEXT)
_ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One agreement about one event type, and situations to ask about."""

    vocabulary: Vocabulary
    etype: EventType
    agreement: Agreement
    situations: tuple[tuple[Event, Register, datetime], ...]


def draw_case(draw: Draw) -> Case:
    """An agreement with every gate open, so that all that decides is its clauses."""
    vocabulary = draw_vocabulary(draw)
    etype = draw_event_type(draw, vocabulary)
    tags = shareable_tags(etype)
    terms = Terms(
        etype=etype,
        vocabulary=vocabulary,
        purposes=PURPOSES,
        forms=allowed_forms(draw),
        clear=some_of(draw, tags, least=2, most=max(2, len(tags) // 2)),
        today=date(2026, 9, 14),
    )
    zone = one_of(draw, ZONES)
    drawn = draw_agreement(draw, terms, name="northmoor-one", zone=zone, in_force=_ALWAYS)
    dpia = Dpia(reference="DPIA-1", date=_ALWAYS[0], review_by=_ALWAYS[1])
    agreement = replace(drawn, dpia=dpia, requires=())
    approved = Opinion(
        authority="dpa-northmoor", reference="DPA-1", date=_ALWAYS[0], outcome="favourable"
    )
    agreement = replace(agreement, drafted_with=(approved,))
    found = []
    for _ in range(SITUATIONS):
        event = draw_event(draw, etype)
        at = event.time + one_of(draw, DELAYS)
        found.append((event, _open(register(draw, event, (agreement,), at), agreement, event), at))
    return Case(vocabulary=vocabulary, etype=etype, agreement=agreement, situations=tuple(found))


def _open(known: Register, agreement: Agreement, event: Event) -> Register:
    """The register without anything that would close a gate."""
    agencies = {
        name: replace(each, suspended=False, keys_until=None)
        for name, each in known.agencies.items()
    }
    members = frozenset((name, agreement.id, agreement.version) for name in agencies)
    return replace(
        known,
        agencies=agencies,
        accessions=members,
        conflict_checks={event.subject: ()},
        unsigned=frozenset(),
    )


@dataclass(frozen=True, kw_only=True)
class Question:
    """One leaf or key, a form, and the record of an override if it is one by which it may go."""

    found: Found
    equal: str
    form: Form
    via: str
    grant: Granted | None


@dataclass(frozen=True, kw_only=True)
class Round:
    """What was asked for one decision."""

    decision: Decision
    leaves: Leaves
    questions: tuple[Question, ...]


def compare(case: Case) -> int:
    """Ask about every field, audience and situation of a case; how many answers were compared.

    Raises:
        AssertionError: Cedar and we do not say the same.
    """
    every = tuple(spots(case.etype))
    said = policies(case.agreement, every, case.vocabulary, SOURCE)
    known = entities(case.agreement, every, case.vocabulary)
    asked, rounds, requests = asked_by(case.agreement), list[Round](), list[dict[str, str]]()
    for event, held, at in case.situations:
        leaves = Leaves(event, case.vocabulary)
        questions = tuple(_questions(case.agreement, leaves, held))
        for decision in _decisions(case, event, held, at):
            answers = Answers(
                event=event,
                register=held,
                agreement=case.agreement,
                audience=str(decision.audience),
                purpose=decision.purpose,
                at=at,
            )
            situation = Situation(decision=decision, answers=answers, asked=asked)
            requests += [_request(situation, each) for each in questions]
            rounds.append(Round(decision=decision, leaves=leaves, questions=questions))
    results = cedarpy.is_authorized_batch(
        requests, cedarpy.PolicySet.from_str(said), cedarpy.Entities.from_json_str(known)
    )
    _compare_rounds(rounds, results)
    return len(requests)


def _compare_rounds(rounds: list[Round], results: list[cedarpy.AuthzResult]) -> None:
    waiting = iter(results)
    for each in rounds:
        permitted: Permitted = {}
        for question in each.questions:
            result = next(waiting)
            assert not result.diagnostics.errors  # an error would permit what a `forbid` keeps
            if result.allowed:
                permitted.setdefault(_which(question.found), []).append(question.form)
        _agree(each.decision, each.leaves, permitted)


def _which(found: Found) -> tuple[str, str]:
    # a map's key and a value without further parts have one pointer
    return found.path, found.spot.place


def _decisions(case: Case, event: Event, held: Register, at: datetime) -> Iterator[Decision]:
    """Our decisions on which clauses, and nothing but clauses, had a say."""
    for recipient in AGENCIES:
        for purpose in event.purposes:
            decision = decide(
                event, held, case.vocabulary, recipient=recipient, purpose=purpose, at=at
            )
            assert decision.gate is not Gate.ERROR or _unordered(case.agreement, held)
            if decision.gate in (Gate.OPEN, Gate.NOTHING_RELEASED, Gate.AUDIENCE_CONDITION):
                yield decision


def _unordered(agreement: Agreement, held: Register) -> bool:
    """Whether recorded overrides may release a tag in forms of which none tells all.

    Then nobody decides. For whom it goes in clear it does not matter, but others are asked too.
    """
    for tag in {tag for grant in held.granted for tag in grant.tags}:
        forms = {share.form for share in agreement.shares if tag in share.tags} - {Form.CLEAR}
        forms |= {grant.form for grant in held.granted if tag in grant.tags} - {Form.CLEAR}
        if forms and not any(forms <= set(up_to(form)) for form in forms):
            return True
    return False


def _questions(agreement: Agreement, leaves: Leaves, held: Register) -> Iterator[Question]:
    """For each leaf and key every form in which some clause, or record, could give it."""
    for found, equal in zip(leaves.found, leaves.equal(), strict=True):
        tag = found.spot.tag
        if tag == BASICS:  # goes with every delivery, whatever the clauses say
            continue
        forms = {share.form for share in agreement.shares if tag in share.tags}
        for form in sorted(forms or {Form.CLEAR}):
            yield Question(found=found, equal=equal, form=form, via="share", grant=None)
        for override in agreement.overrides:
            for grant in held.granted if tag in override.tags else ():
                yield Question(
                    found=found, equal=equal, form=grant.form, via=override.id, grant=grant
                )


def _request(situation: Situation, question: Question) -> dict[str, str]:
    return {
        "principal": f"Audience::{json.dumps(situation.decision.audience)}",
        "action": f"Action::{json.dumps(f'{question.via} as {question.form}')}",
        "resource": f"Spot::{json.dumps(question.found.spot.place)}",
        "context": situation.context(question.found, question.equal, question.grant),
    }


def _agree(decision: Decision, leaves: Leaves, permitted: Permitted) -> None:
    ours = {field.path: field for field in decision.fields}
    for found in leaves.found:
        if found.spot.kind is None:
            continue
        form = alone = _shown(found, permitted)
        if form is not None and any(_shown(key, permitted) is not Form.CLEAR for key in found.keys):
            form = None
        field = ours.get(found.path)
        where = f"{found.path} for {decision.audience}: Cedar says {form}, we {field}"
        if field is None:  # nothing is sent: by clauses nothing could be, but text not trusted
            assert form in (None, Form.SCRUBBED) or found.spot.tag == BASICS, where
        elif field.reason in NOT_OF_CLAUSES:
            assert alone is Form.SCRUBBED, where  # said before the keys around it are looked at
        else:
            assert form is field.form, where


def _shown(found: Found, permitted: Permitted) -> Form | None:
    """The clearest form that is permitted."""
    if found.spot.tag == BASICS:
        return Form.CLEAR
    forms: Sequence[Form] = permitted.get(_which(found), ())
    return next((form for form in forms if set(forms) <= set(up_to(form))), None)


def oracle(seeds: range) -> Iterator[int]:
    """A law of `make soak`: a few agreements for each seed; a case is an answer compared.

    What disagrees is told by its seed alone: to make it smaller takes many minutes.
    """
    for seed in seeds:
        count, disagreements = 0, list[AssertionError]()

        def ask(case: Case, found: list[AssertionError] = disagreements) -> None:
            nonlocal count
            try:
                count += compare(case)
            except AssertionError as disagreement:
                found.append(disagreement)

        run = evenly(ask, draw_case, seed=seed)
        for _ in range(AGREEMENTS):
            next(run)
        if disagreements:
            raise disagreements[0]
        yield count
