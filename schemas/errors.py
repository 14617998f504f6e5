"""The errors Caseward declares: each names a place and a rule, never a value."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Code(StrEnum):
    """Closed list of error codes; they stand in hops and dead letters and on the command line."""

    # the publisher's bytes
    TOO_LARGE = "too-large"
    NOT_AN_ENVELOPE = "not-an-envelope"
    UNKNOWN_KEY = "unknown-key"
    ENVELOPE_REFUSED = "envelope-refused"
    REPLAYED_IV = "replayed-iv"
    NOT_SIGNED = "not-signed"
    SIGNATURE_REFUSED = "signature-refused"
    WRONG_ADDRESS = "wrong-address"
    UNKNOWN_PUBLISHER = "unknown-publisher"
    PUBLISHER_SUSPENDED = "publisher-suspended"
    TOO_OLD = "too-old"
    IN_THE_FUTURE = "in-the-future"
    ID_REUSED = "id-reused"
    UNKNOWN_SCHEMA = "unknown-schema"
    BAD_SCHEMA = "bad-schema"
    NOT_DECODABLE = "not-decodable"
    BAD_VALUE = "bad-value"
    TOO_DEEP = "too-deep"
    HEADER_MISMATCH = "header-mismatch"
    # the agreement's text
    BAD_AGREEMENT = "bad-agreement"
    # the register
    REGISTER_REFUSED = "register-refused"
    # deliveries that wait
    DEADLINE_NEAR = "deadline-near"
    DEADLINE_MISSED = "deadline-missed"
    RELEASES_LESS = "releases-less"  # than it would have when it began to wait
    GAVE_UP = "gave-up"
    # overrides
    REVIEW_OVERDUE = "review-overdue"
    # deliveries that rested on a consent which was withdrawn
    RECALLED = "recalled"
    RECALL_UNDECIDED = "recall-undecided"  # nobody can say now whether it did: a person must
    # ours
    ERASED = "erased"
    VIEW_REFUSED = "view-refused"
    INTERNAL = "internal"


class CasewardError(Exception):
    """Base of every declared error.

    Args:
        code: which rule was broken, from the closed list.
        message: one lower-case sentence naming the path and the rule. Callers never put a value
            of an event, a name of a person or a key's bytes into it.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class SchemaError(CasewardError):
    """An event type or vocabulary cannot be used; it is not loaded."""


class EventRefused(CasewardError):
    """The peer's bytes broke a rule: they become a dead letter and the feed goes on."""


class EnvelopeRefused(EventRefused):
    """An envelope did not open: altered, re-addressed, replayed, or sealed with another key."""


class UnknownKey(EnvelopeRefused):
    """No announcement for this key id is known yet: read the key topic to its end, then wait."""
