"""The outgoing views of one event: made and checked once for all recipients who see the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from redaction import checker, plan
from redaction.agreement import Agreement, Form
from redaction.decision import AgreementRef, Decision, FieldDecision
from redaction.directory import Directory
from redaction.facts import Register
from schemas.codec import Event, ViewType
from schemas.registry import Vocabulary

_Group = tuple[AgreementRef, str | None, str, bool]


@dataclass(frozen=True, slots=True)
class _Shared:
    """A view that has passed the check, and the outcome that it passed against."""

    fields: tuple[FieldDecision, ...]
    view_type: ViewType
    data: bytes


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

    __slots__ = ("_at", "_event", "_register", "_secret", "_shared", "_vocabulary")

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
        self._vocabulary = vocabulary
        self._at = at
        self._secret = secret
        self._shared: dict[_Group, _Shared] = {}

    def encoded(self, decision: Decision) -> tuple[ViewType, bytes]:
        """The view of an open decision as bytes, with its type, checked against the decision.

        Raises:
            ValueError: the decision is not open, or was made on another event.
            NoPseudonymKey: a clause gives a pseudonym, and there is no secret.
            LookupError: the register has not got the decision's agreement.
            EventRefused: `view-refused`; see `checker.check`.
        """
        if not decision.delivered or decision.agreement is None:
            raise ValueError("only an open decision has a view")
        agreement = Directory(self._register).agreement(decision.agreement)
        group = self._group(decision, decision.agreement, agreement)
        shared = None if group is None else self._shared.get(group)
        # INVARIANT: equal fields speak of the same leaves in the same forms, so the shared view
        # has passed the check against this very outcome.
        if shared is not None and shared.fields == decision.fields:
            return shared.view_type, shared.data
        event, secret = self._event, self._secret
        view_type, data = plan.encode(
            event, self._register, self._vocabulary, decision, at=self._at, secret=secret
        )
        today = self._at.astimezone(ZoneInfo(agreement.time_zone)).date()
        checker.check(
            data,
            view_type,
            event,
            decision,
            vocabulary=self._vocabulary,
            today=today,
            secret=secret,
        )
        if group is not None:
            self._shared[group] = _Shared(decision.fields, view_type, data)
        return view_type, data

    def _group(self, decision: Decision, ref: AgreementRef, agreement: Agreement) -> _Group | None:
        """Whose views are the same if their fields are; None where each has its own.

        Fields do not speak of null records, where a view still tells what clauses select, which
        override is whose and whose own text it would be; and a pseudonym is nobody else's.
        """
        directory = Directory(self._register)
        if any(share.items is not None for share in agreement.shares):
            return None
        if any(field.form is Form.PSEUDONYM for field in decision.fields):
            return None
        if directory.granted(self._event.subject):
            return None
        own_text = directory.akin(decision.recipient, self._event.source)
        return (ref, decision.audience, decision.purpose, own_text)
