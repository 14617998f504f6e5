"""Checks consent: its rules, and clauses that release without it and record no reason."""

from __future__ import annotations

from collections.abc import Iterator

from redaction.agreement import Agreement, AllOf, AnyOf, Condition, ConsentRule, Is, Share
from redaction.checks_conditions import CONSENT, atoms
from redaction.facts import ConsentState
from redaction.subject import Subject
from redaction.text import Problem
from redaction.words import nearest
from schemas.registry import Kind

_GIVEN = (ConsentState.GIVEN.value,)


def consent_problems(subject: Subject) -> Iterator[Problem]:
    """Everything that is wrong with the consent rules (rule 12)."""
    agreement = subject.agreement
    asked = {fact.removeprefix(CONSENT) for fact in _asked(agreement)}
    whole = not {"clauses", "audiences"} & subject.damaged
    seen: set[str] = set()
    for index, rule in enumerate(agreement.consents):
        faults = list(_rule_faults(subject, rule))
        if rule.of in seen:
            faults.append(f"`{rule.of}` has a rule already; write one for each person")
        elif not faults and rule.of not in asked and whole:
            faults.append(f"no condition asks for the consent of `{rule.of}`")
        seen.add(rule.of)
        for fault in faults:
            yield subject.at(f"consent.{index}", f"consent: {fault}")


def _rule_faults(subject: Subject, rule: ConsentRule) -> Iterator[str]:
    persons = {tag.split(".", 1)[0] for tag in subject.vocabulary.tags}
    if rule.of not in persons:
        yield f"the vocabulary knows nobody called `{rule.of}`{nearest(rule.of, persons)}"
        return
    born = f"{rule.of}.date_of_birth"
    known = any(spot.kind is Kind.DATE for spot in subject.carriers(born))
    if rule.by_age and subject.spots and not known:
        yield f"`by_age` needs a date `{born}`, which these events do not carry"


def _asked(agreement: Agreement) -> Iterator[str]:
    """The consents that any condition asks for."""
    conditions = (
        *(audience.when for audience in agreement.audiences),
        *(clause.when for clause in agreement.clauses()),
        *(share.items.when for share in agreement.shares if share.items is not None),
    )
    for condition in conditions:
        for atom in () if condition is None else atoms(condition):
            if isinstance(atom, Is) and atom.fact.startswith(CONSENT):
                yield atom.fact


def reason_faults(share: Share) -> Iterator[str]:
    """A share that offers another way beside consent must have the reason recorded (rule 11).

    The rule in one sentence: where an `any` lists consent as one of several ways, the clause
    also releases without it, and so needs a recorded reason.
    """
    if not share.needs_reason and any(map(_releases_without, _conditions(share))):
        yield (
            "it also releases where consent is not given, so the reason must be recorded: "
            "add `needs: {reason: yes}`"
        )


def other_way_faults(subject: Subject, share: Share) -> Iterator[str]:
    """The same rule over two clauses: one asks for consent, this one for something else (rule 11).

    A clause without any condition is no other way to the same data but what is always told, and
    clauses for different situations, such as with children and without, are two rules.
    """
    if share.needs_reason or not _conditions(share) or any(map(_needs_consent, _conditions(share))):
        return
    for other in subject.agreement.shares:
        if not any(map(_needs_consent, _conditions(other))) or _apart(share, other):
            continue
        for tag in share.tags:
            both = [audience for audience in share.to if audience in other.to]
            if tag in other.tags and both:
                yield (
                    f"it gives `{tag}` to `{both[0]}` without the consent that clause {other.id} "
                    "asks for, so the reason must be recorded: add `needs: {reason: yes}`"
                )
                return


def _conditions(share: Share) -> tuple[Condition, ...]:
    within = None if share.items is None else share.items.when
    return tuple(one for one in (share.when, within) if one is not None)


def _apart(one: Share, other: Share) -> bool:
    """Whether two clauses can never apply together: other publishers, or other answers."""
    if one.publishers and other.publishers and not {*one.publishers} & {*other.publishers}:
        return True
    return any(
        mine.fact == theirs.fact and not {*mine.values} & {*theirs.values}
        for mine in _always_asked(one)
        for theirs in _always_asked(other)
    )


def _always_asked(share: Share) -> Iterator[Is]:
    """The answers of the whole event without which a clause does not apply."""
    asked = [] if share.when is None else [share.when]
    while asked:
        match asked.pop():
            case AllOf(parts=parts):
                asked += parts
            case Is() as answer:
                yield answer


def _releases_without(condition: Condition) -> bool:
    match condition:
        case AllOf(parts=parts):
            return any(map(_releases_without, parts))
        case AnyOf(parts=parts):
            ways = {_needs_consent(part) for part in parts}
            return len(ways) > 1 or any(map(_releases_without, parts))
    return False


def _needs_consent(condition: Condition) -> bool:
    """Whether the condition holds only where somebody's consent is given."""
    match condition:
        case Is(fact=fact, values=values):
            return fact.startswith(CONSENT) and values == _GIVEN
        case AllOf(parts=parts):
            return any(map(_needs_consent, parts))
        case AnyOf(parts=parts):
            return all(map(_needs_consent, parts))
    return False
