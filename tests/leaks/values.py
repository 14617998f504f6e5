"""Leaks of classes T9 to T13: caches, forms, counts and presence, scrubbing, and what facts do."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

from redaction.facts import Review
from schemas.codec import WITHHELD
from tests.leaks.patching import around, form, leak, unchecked, view

DIFFERENTIAL = "tests/redaction/test_differential.py"
INFERENCE = "tests/redaction/test_inference_engine.py"


@leak("T9", "a compiled plan serves every audience of its agreement")
def plan_serves_every_audience() -> None:
    def change(get: Any) -> Any:
        known: dict[Any, Any] = {}

        def cached(self: Any, etype: Any, ref: Any, asked: Any) -> Any:
            key = (etype.digest, ref.hash)
            if key not in known:
                known[key] = get(self, etype, ref, asked)
            return known[key]

        return cached

    around("redaction.plan:Plans.get", change)


@leak("T9", "a compiled plan outlives a change of its agreement's text", fast=True)
def plan_outlives_its_text() -> None:
    def change(get: Any) -> Any:
        known: dict[Any, Any] = {}

        def cached(self: Any, etype: Any, ref: Any, asked: Any) -> Any:
            key = (etype.digest, ref.id, ref.version, asked.audience, asked.publisher)
            if key not in known:
                known[key] = get(self, etype, ref, asked)
            return known[key]

        return cached

    around("redaction.plan:Plans.get", change)


@leak("T9", "one recipient's view of an event is kept for the next", fast=True)
def view_is_kept_for_the_next() -> None:
    def change(encode: Any) -> Any:
        known: dict[Any, Any] = {}

        def cached(event: Any, register: Any, words: Any, decision: Any, **named: Any) -> Any:
            key = repr((event.value, decision.agreement and decision.agreement.hash))
            if key not in known:
                known[key] = encode(event, register, words, decision, **named)
            return known[key]

        return cached

    unchecked()
    around("redaction.plan:encode", change)


@leak("T9", "what became of an event for one recipient is remembered for its audience", fast=True)
def outcome_is_remembered_for_the_audience() -> None:
    def change(decide: Any) -> Any:
        known: dict[Any, Any] = {}

        def cached(self: Any, *, recipient: str, purpose: str) -> Any:
            made = decide(self, recipient=recipient, purpose=purpose)
            if not made.delivered:
                return made
            first = known.setdefault((repr(self._event.value), made.agreement, made.audience), made)
            return first._replace(recipient=made.recipient, stands_for=made.stands_for)

        return cached

    around("redaction.decide:Deciding.decide", change)


@leak("T10", "without a secret a pseudonym is made without a key", fast=True)
def pseudonym_without_a_secret_has_no_key() -> None:
    def change(encode: Any) -> Any:
        return lambda *args, secret=None, **named: encode(*args, secret=secret or b"", **named)

    unchecked()
    around("redaction.plan:encode", change)


@leak("T10", "pseudonyms are made with a key that stands in the program")
def pseudonym_key_stands_in_the_program() -> None:
    unchecked()
    around(
        "redaction.transforms:pseudonym_key",
        lambda key: lambda _secret, **place: key(b"caseward", **place),
    )


@leak("T10", "a pseudonym is the hash of its value")
def pseudonym_is_a_hash() -> None:
    unchecked()
    form("pseudonym", lambda value, _: hashlib.sha256(value.encode()).hexdigest()[:26])


def _key_without(name: str) -> None:
    unchecked()
    around(
        "redaction.transforms:pseudonym_key",
        lambda key: lambda secret, **place: key(secret, **{**place, name: ""}),
    )


@leak("T11", "all recipients have the same pseudonyms", fast=True)
def pseudonyms_are_every_recipients() -> None:
    _key_without("recipient")


@leak("T11", "all tags have the same pseudonyms")
def pseudonyms_are_every_tags() -> None:
    _key_without("tag")


@leak("T11", "all agreements have the same pseudonyms")
def pseudonyms_are_every_agreements() -> None:
    _key_without("agreement")


@leak("T11", "recipients in one audience share a view with pseudonyms")
def views_with_pseudonyms_are_shared() -> None:
    def change(encoded: Any) -> Any:
        known: dict[Any, Any] = {}

        def shared(self: Any, decision: Any) -> Any:
            key = (id(self._event), decision.agreement, decision.audience, decision.fields)
            if key not in known:
                known[key] = encoded(self, decision)
            return known[key]

        return shared

    around("redaction.outgoing:Outgoing.encoded", change)


def _blank(view: Any) -> Any:
    """Everything below withheld."""
    if isinstance(view, dict):
        return {key: _blank(each) for key, each in view.items()}
    return [] if isinstance(view, list) else WITHHELD


@leak("T12", "a sibling that is not the recipient's leaves its place in the list", fast=True)
def siblings_can_be_counted() -> None:
    def change(value: Any, seen: Any) -> Any:
        if isinstance(seen, list) and seen and isinstance(seen[0], dict):
            return seen + [_blank(seen[0])] * (len(value) - len(seen))
        return seen

    view(change)


@leak("T12", "a withheld null is null", fast=True)
def withheld_null_is_null() -> None:
    view(lambda value, seen: None if seen is WITHHELD and value is None else seen)


@leak("T12", "a mask is as long as what it hides", fast=True)
def mask_is_as_long_as_its_value() -> None:
    form("mask", lambda value, _: "*" * len(value))


@leak("T12", "a band of counts is the count")
def count_band_is_the_count() -> None:
    form("count-band", lambda value, _: str(value))


@leak("T12", "a masked text is the text: a raw value under a transform", fast=True)
def raw_value_under_a_transform() -> None:
    form("mask", lambda value, _: value)


@leak("T12", "a year tells the day as well")
def year_tells_the_day() -> None:
    form("year", lambda value, _: value.isoformat())


@leak("T12", "`present` tells the length of what is there")
def present_tells_the_length() -> None:
    form("present", lambda value, _: f"present{len(str(value))}")


@leak("T12", "an age is told to the day in its last digit")
def age_band_is_the_year_of_birth() -> None:
    form("age-band", lambda value, _: str(value.year))


@leak("T12", "how many children there are stands beside the children one may see")
def summaries_are_shown() -> None:
    around("redaction.clauses:Tables._summary", lambda _: lambda _self, _names: False)


@leak("T12", "a safe address is shown where it stands a second time as the child's", fast=True)
def safe_address_stands_a_second_time() -> None:
    def change(normal: Any) -> Any:
        return lambda compared, kind, value: (
            None if compared == "address" else normal(compared, kind, value)
        )

    around("redaction.sameness:normal", change)


@leak("T12", "a hidden phone number is shown where it is written in another way")
def other_spelling_of_a_phone_is_shown() -> None:
    around("redaction.sameness:same_phone", lambda _: lambda text: text)
    around(
        "redaction.sameness:_NORMAL",
        lambda old: {**old, **{key: str for key in old if key[0] == "phone"}},
    )


@leak("T12", "equal values are not compared at all")
def equal_values_are_not_compared() -> None:
    around("redaction.sameness:normal", lambda _: lambda *_args: None)


@leak("T12", "unselected elements give the view another order")
def order_tells_of_the_unselected() -> None:
    def change(value: Any, seen: Any) -> Any:
        return seen[::-1] if isinstance(seen, list) and len(seen) != len(value or ()) else seen

    view(change)


@leak("T12", "what a null record could show is withheld", DIFFERENTIAL)
def null_record_shows() -> None:
    def change(value: Any, seen: Any) -> Any:
        if isinstance(seen, dict) and value is None:
            return _blank(seen)
        return seen

    view(change)


@leak("T7", "a released text ends in a space where the risk is serious")
def hidden_fact_shows_in_another_field() -> None:
    def change(value: Any, seen: Any) -> Any:
        if isinstance(value, dict) and "serious_risk" in value and isinstance(seen, dict):
            risk = " " if value["serious_risk"] else ""
            incident = seen.get("incident")
            if isinstance(incident, dict) and isinstance(incident.get("reference"), str):
                told = {**incident, "reference": incident["reference"] + risk}
                return {**seen, "incident": told}
        return seen

    view(change)


@leak("T12", "a fact that no clause speaks of changes what is shown", DIFFERENTIAL)
def fact_is_read_through_another_clause() -> None:
    def change(value: Any) -> Any:
        def other(self: Any, name: str) -> Any:
            found = value(self, name)
            others = self.scopes[-1][0].facts
            return value(self, next(iter(others))) if found is None and others else found

        return other

    around("redaction.conditions:Facts.value", change)


@leak("T12", "a fact is read through a clause that does not reveal it", INFERENCE)
def fact_is_not_listed_as_inferred() -> None:
    def change(of_share: Any) -> Any:
        return lambda subject, audience, share: iter(())

    around("redaction.inference:_of_share", change)


@leak("T12", "what a `never` reads is not listed among what can be inferred", INFERENCE)
def nevers_reveal_nothing() -> None:
    around("redaction.inference:_of_never", lambda _: lambda *_args: iter(()))


@leak("T12", "an unknown condition holds for a `share`", "tests/redaction/test_decide.py")
def unknown_holds() -> None:
    def change(evaluate: Any) -> Any:
        def held(condition: Any, facts: Any) -> Any:
            found = evaluate(condition, facts)
            return True if found is None else found

        return held

    around("redaction.conditions:evaluate", change)


@leak("T12", "an unknown condition lifts a `never`", "tests/redaction/test_decide.py")
def unknown_lifts_a_never() -> None:
    def change(applies: Any) -> Any:
        return lambda self, truths: self.when is None or truths[self.when] is True

    around("redaction.clauses:NeverRule.applies", change)


@leak(
    "T12",
    "an override that its review did not confirm still lifts",
    "tests/redaction/test_overrides.py",
)
def failed_review_still_lifts() -> None:
    def change(reader_of: Any) -> Any:
        def mild(facts: Any, *args: Any, **named: Any) -> Any:
            known = facts.circumstances
            granted = tuple(replace(one, review=Review.OPEN) for one in known.granted)
            facts.circumstances = known._replace(granted=granted)
            return reader_of(facts, *args, **named)

        return mild

    around("redaction.leaves:reader_of", change)


@leak(
    "T12",
    "an override releases more persons than its record names",
    "tests/redaction/test_overrides.py",
)
def override_is_everybodys() -> None:
    def change(granted: Any) -> Any:
        return lambda rule, override, grant, given: granted(
            rule, override, replace(grant, persons=frozenset({rule.tag.split(".")[0]})), given
        )

    around("redaction.judging:_is_granted", change)


@leak("T12", "a refused consent gives way to a given one", "tests/redaction/test_consent.py")
def mildest_consent_counts() -> None:
    around(
        "redaction.consent:STRICTNESS",
        lambda old: {word: -rank for word, rank in old.items()},
    )


@leak("T12", "a cap on a form is taken for a cap on nothing", "tests/redaction/test_transforms.py")
def caps_are_ignored() -> None:
    def change(at_most: Any) -> Any:
        return lambda form, cap: cap is not None or at_most(form, cap)

    around("redaction.transforms:at_most", change)


@leak("T13", "a recipient's own text is scrubbed against hidden values", fast=True)
def own_text_is_scrubbed() -> None:
    around("redaction.directory:Directory.akin", lambda _: lambda *_args: False)


@leak("T13", "only the publisher itself counts as the writer, not a unit of it")
def units_text_is_scrubbed() -> None:
    around("redaction.directory:Directory.akin", lambda _: lambda _self, one, other: one == other)


@leak("T13", "what is cut out of a text leaves its length", fast=True)
def cut_leaves_its_length() -> None:
    def change(scrub: Any) -> Any:
        def long(text: str, hidden: Any) -> Any:
            left = scrub(text, hidden)
            return left + " " * (len(text) - len(left))

        return long

    unchecked()
    around("redaction.scrubbing.cutting:scrub", change)


@leak("T13", "a text is not scrubbed at all")
def text_is_not_scrubbed() -> None:
    unchecked()
    around("redaction.scrubbing.cutting:scrub", lambda _: lambda text, hidden: text)


@leak(
    "T13",
    "a text that may tell a hidden value is scrubbed instead of withheld",
    "tests/redaction/test_scrub_decided.py",
)
def doubtful_text_is_released() -> None:
    around(
        "redaction.scrubbing.decided:with_doubts", lambda _: lambda _known, leaves, _words: leaves
    )


@leak("T13", "the scrubber says by a mark whether it found a name")
def scrubber_answers() -> None:
    def change(scrub: Any) -> Any:
        def answering(text: str, hidden: Any) -> Any:
            left = scrub(text, hidden)
            return (
                left if left == text else f"{left} ({hmac.digest(b'', text.encode(), 'md5').hex()})"
            )

        return answering

    unchecked()
    around("redaction.scrubbing.cutting:scrub", change)
