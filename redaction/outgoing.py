"""The outgoing views of one event: made and checked once for all recipients who see the same."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from redaction import checker, plan
from redaction.agreement import Agreement, Form
from redaction.decision import AgreementRef, Decision, FieldDecision, Gate
from redaction.directory import Directory
from redaction.facts import Register
from redaction.remembered import Remembered
from redaction.today import today_in
from schemas.codec import Event, ViewType
from schemas.registry import Vocabulary


class _Shared(NamedTuple):
    """A view that has passed the check, and the outcome that it passed against."""

    fields: tuple[FieldDecision, ...]
    ref: AgreementRef
    audience: str | None
    made: tuple[ViewType, bytes]


def _gives_pseudonyms(agreement: Agreement) -> bool:
    """Whether any of its clauses could: a pseudonym is one recipient's, and nobody else's."""
    # an override may be used in a form that discloses less than its own
    named = any(share.form is Form.PSEUDONYM for share in agreement.shares)
    return named or bool(agreement.overrides)


_PSEUDONYMS: Final = Remembered(_gives_pseudonyms, keep=1024)


class Outgoing:
    """Gives the checked bytes of each open decision about one event.

    It lives as long as the work on its event, and nothing in it is shared between events.

    Args:
        event: the event.
        register: the register that its decisions are made on.
        vocabulary: the vocabulary that its decisions are made on.
        at: the decision time.
        secret: what pseudonyms are made with; None where there are none.
    """

    __slots__ = ("_at", "_directory", "_event", "_register", "_secret", "_shared", "_vocabulary")

    def __init__(
        self,
        event: Event,
        register: Register,
        vocabulary: Vocabulary,
        *,
        at: datetime,
        secret: bytes | None = None,
    ) -> None:
        self._event = event
        self._register = register
        self._directory = Directory(register)
        self._vocabulary = vocabulary
        self._at = at
        self._secret = secret
        self._shared: dict[int, _Shared] = {}

    def encoded(self, decision: Decision) -> tuple[ViewType, bytes]:
        """The view of an open decision as bytes, with its type, checked against the decision.

        Raises:
            ValueError: the decision is not open, or was made on another event.
            NoPseudonymKey: a clause gives a pseudonym, and there is no secret.
            LookupError: the register has not got the decision's agreement.
            EventRefused: `view-refused`; see `checker.check`.
        """
        ref, fields = decision.agreement, decision.fields
        if decision.gate is not Gate.OPEN or ref is None:
            raise ValueError("only an open decision has a view")
        shared = self._shared.get(id(fields))
        # INVARIANT: one object of fields is one outcome, null records and selected elements
        # included, so the shared view has passed the check against this very outcome.
        if (
            shared is not None
            and shared.fields is fields
            and shared.ref == ref
            and shared.audience == decision.audience
        ):
            return shared.made
        event, register, secret = self._event, self._register, self._secret
        view_type, data = plan.encode(
            event, register, self._vocabulary, decision, at=self._at, secret=secret
        )
        agreement = self._directory.agreement(ref)
        checker.check(
            data,
            view_type,
            event,
            decision,
            vocabulary=self._vocabulary,
            today=today_in(agreement, self._at).date,
            secret=secret,
        )
        if not (_PSEUDONYMS(agreement) and Form.PSEUDONYM in [field.form for field in fields]):
            self._shared[id(fields)] = _Shared(fields, ref, decision.audience, (view_type, data))
        return view_type, data
