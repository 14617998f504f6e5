"""The outgoing views of one event: made and checked once for all recipients who see the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from redaction import checker, plan
from redaction.decision import Decision, FieldDecision
from redaction.directory import Directory
from redaction.facts import Register
from schemas.codec import Event, ViewType
from schemas.registry import Vocabulary

MAX_SHARED = 16  # different views of one event that are looked through before another is made


@dataclass(frozen=True, slots=True)
class _Shared:
    """What a view depends on beside the event, the register and the time; and the view."""

    group: tuple[object, ...]
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
    """

    __slots__ = ("_at", "_event", "_register", "_shared", "_vocabulary")

    def __init__(
        self, event: Event, register: Register, vocabulary: Vocabulary, *, at: datetime
    ) -> None:
        self._event = event
        self._register = register
        self._vocabulary = vocabulary
        self._at = at
        self._shared: list[_Shared] = []

    def encoded(self, decision: Decision) -> tuple[ViewType, bytes]:
        """The view of an open decision as bytes, with its type, checked against the decision.

        Raises:
            ValueError: the decision is not open, or was made on another event.
            LookupError: the register has not got the decision's agreement.
            EventRefused: `view-refused`; see `checker.check`.
        """
        group = self._group(decision)
        for shared in self._shared:
            # INVARIANT: equal fields are about the same leaves in the same forms, so this view
            # has passed the check against this very outcome.
            if shared.group == group and shared.fields == decision.fields:
                return shared.view_type, shared.data
        view_type, data = plan.encode(
            self._event, self._register, self._vocabulary, decision, at=self._at
        )
        checker.check(data, view_type, self._event, decision)
        if len(self._shared) < MAX_SHARED:
            self._shared.append(_Shared(group, decision.fields, view_type, data))
        return view_type, data

    def _group(self, decision: Decision) -> tuple[object, ...]:
        """Whose views are alike if their fields are: in a null record, clauses still speak."""
        if not decision.delivered or decision.agreement is None:
            raise ValueError("only an open decision has a view")
        agreement = Directory(self._register).agreement(decision.agreement)
        selective = any(share.items is not None for share in agreement.shares)
        whose = decision.stands_for if selective else None
        return (decision.agreement, decision.audience, decision.purpose, whose)
