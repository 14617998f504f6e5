"""Rule 12: a withdrawal may name one child or some tags, and takes back nothing of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.consent_changes import ConsentChange, decode_change, encode_change
from broker.delivering import Deliverer, Job
from broker.entries import Enrolled
from broker.log import Record
from broker.recall import Past, Recaller
from broker.recording import Recorder, Source, ms, part
from broker.register import Snapshot
from broker.sealer import Identity
from broker.values import consent_key
from redaction import checker
from redaction.agreement import ConsentRule, Is, Items, OnWithdrawal, Share
from redaction.decide import decide
from redaction.decision import Decision
from redaction.facts import Consent, ConsentState, Register
from schemas.codec import Event, ViewType, decode_view
from schemas.envelope import Handling, ViewBody
from schemas.errors import CasewardError, Code
from schemas.hop import AuditorPart, Step
from schemas.recall import Action, decode_recall
from tests.redaction.builders import (
    AT,
    CASE,
    PUBLISHER,
    PURPOSE,
    agreement,
    audience,
    event,
    event_type,
    register,
    share,
    vocabulary,
)

GIVEN, REFUSED, WITHDRAWN = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN
ELM, OAK = "elm-school", "oak-school"
AGREED = Is(fact="consent_of_child", values=("given",))
WORDS = vocabulary(child__name=(), child__note=(), child__school=(), child__id=("child",))
FIELDS: list[dict[str, Any]] = [
    {"name": "child_id", "type": "string", "tag": "child.id", "fact": True},
    {"name": "name", "type": "string", "tag": "child.name"},
    {"name": "note", "type": "string", "tag": "child.note"},
    {"name": "school", "type": "string", "tag": "child.school", "fact": True},
]
CHILD = {"type": "record", "name": "Child", "fields": FIELDS}
CHILDREN = event_type(
    [{"name": "children", "tag": "child.id", "type": {"type": "array", "items": CHILD}}], WORDS
)
EVENT = event(
    CHILDREN,
    {
        "children": [
            {"child_id": "one", "name": "Ann", "note": "x", "school": ELM},
            {"child_id": "two", "name": "Bob", "note": "y", "school": OAK},
        ]
    },
)


def said(state: ConsentState = GIVEN, **changes: Any) -> Consent:
    base = {"case": CASE, "person": "child", "purpose": PURPOSE, "audience": None}
    return Consent(state=state, **{**base, **changes})


def shares(*, own: bool) -> tuple[Share, ...]:
    """Names and notes of the children who agreed: all of them, or those of the school itself."""
    items = Items(where="child.school" if own else None, when=AGREED)
    return (
        share("0", "case.reference"),
        share("1", "child.name", items=items),
        share("2", "child.note", items=items),
    )


def rules(action: OnWithdrawal) -> tuple[ConsentRule, ...]:
    return (ConsentRule(of="child", by_age=(), presumed=None, on_withdrawal=action),)


def known(*consents: Consent, own: bool, action: OnWithdrawal = OnWithdrawal.RETURN) -> Register:
    to = audience(named_in="child.school") if own else audience(agency=ELM)
    text = agreement(*shares(own=own), audiences=(to,), consents=rules(action))
    return register(text, consents=consents)


@dataclass
class Desk:
    """Takes what would be sealed, and seals nothing."""

    made: list[tuple[ViewType, bytes] | None] = field(default_factory=list)
    posted: list[tuple[Decision, bytes, bytes]] = field(default_factory=list)

    def body(self, job: Job, decision: Decision, made: tuple[ViewType, bytes] | None) -> ViewBody:
        self.made.append(made)
        return ViewBody(
            agreement_id="northmoor-encompass",
            agreement_version=1,
            agreement_hash="ab",
            purpose=decision.purpose,
            schema="" if made is None else made[0].digest,
            event_type=job.event.type,
            wording="",
            handling=Handling(onward="", not_to_reach=(), keep_days=None),
            opening_key=b"k" * 32,
            view=b"" if made is None else made[1],
        )

    def post(self, job: Job, decision: Decision, plaintext: bytes, **said: Any) -> tuple[()]:
        assert said["code"] is Code.RECALLED
        self.posted.append((decision, plaintext, said["delivery_id"]))
        return ()

    def hop(self, what: AuditorPart) -> tuple[AuditorPart, ...]:
        return (what,)

    @property
    def views(self) -> list[Any]:
        return [None if one is None else decode_view(*one)["children"] for one in self.made]


def recaller(desk: Desk) -> Recaller:
    who = Identity(
        name="gateway",
        signing=Ed25519PrivateKey.generate(),
        sealing_public=b"p" * 32,
        delivery_secret=b"d" * 32,
        pseudonym_secret=b"s" * 32,
    )
    return Recaller(who, cast(Deliverer, desk), cast(Recorder, desk), WORDS)


def past(recipient: str, facts: Register, about: Event = EVENT) -> Past:
    """The delivery of the event as it went out under these facts."""
    source = Source(
        publisher=PUBLISHER,
        record=Record(
            topic=f"events.{PUBLISHER}",
            partition=0,
            offset=1,
            append_time_ms=ms(AT),
            key=None,
            value=b"",
            headers=(),
        ),
    )
    decision = decide(about, facts, WORDS, recipient=recipient, purpose=PURPOSE, at=AT)
    assert decision.delivered
    counted = part(Step.SEALED, source, AT, decision=decision)
    return Past(
        source=source,
        event_id=about.id,
        event_type=about.type,
        recipient=recipient,
        purpose=PURPOSE,
        agreement="northmoor-encompass",
        version=1,
        delivery_id=recipient.encode(),
        time_ms=ms(AT),
        counted=(counted.released, counted.withheld, counted.clauses),
    )


def change(
    before: Sequence[Consent], after: Consent | None, key: str | None = None
) -> ConsentChange:
    name = key or consent_key(cast(Consent, after))
    return ConsentChange(
        case=CASE,
        person="child",
        key=name,
        revision=2,
        consents={consent_key(one): one for one in before},
        after=after,
        openings=9,
    )


def recalled(
    facts: Register,
    new: ConsentChange,
    recipient: str = ELM,
    *,
    now: Register | None = None,
    left: bytes | None = None,
) -> tuple[Desk, list[Any]]:
    """What goes out to a recipient of the delivery that was made under `facts`.

    `left` is what its last recall left of it.
    """
    desk, today = Desk(), now or replace(facts, consents=new.with_it)
    enrolled = {
        name: Enrolled(
            name=name,
            roles=one.roles,
            part_of=None,
            suspended=False,
            generation=1,
            signing=b"",
            sealing=b"",
            former=(),
            keys_until=one.keys_until,
        )
        for name, one in today.agencies.items()
    }
    snapshot = Snapshot(agencies=enrolled, facts=today)
    about = replace(past(recipient, facts), left=left)
    going = recaller(desk).recall(EVENT, about, new, snapshot, AT + timedelta(days=3))
    return desk, list(going)


def shown(views: list[Any]) -> list[Any]:
    """Names and notes of the children of each view."""
    return [None if one is None else [(c.get("name"), c.get("note")) for c in one] for one in views]


def test_another_child_is_let_be() -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=False)
    desk, _ = recalled(facts, change(both, said(WITHDRAWN, which="one")))
    assert shown(desk.views) == [[("Bob", "y")]]
    ((_, plaintext, _),) = desk.posted
    assert decode_recall(plaintext).action is Action.RETURN


def test_the_school_of_another_child_hears_nothing() -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=True)
    taken = change(both, said(WITHDRAWN, which="one"))
    desk, _ = recalled(facts, taken, OAK)
    assert desk.posted == []
    desk, _ = recalled(facts, taken, ELM)
    assert shown(desk.views) == [[]]


def test_a_withdrawal_of_one_tag_lets_the_others_be() -> None:
    before = [said()]
    facts = known(*before, own=False)
    no = said(REFUSED, tags=frozenset({"child.note"}))
    desk, _ = recalled(facts, change(before, no))
    ((ann, bob),) = desk.views
    assert (ann["name"], bob["name"]) == ("Ann", "Bob")
    assert "x" not in ann.values()
    assert "y" not in bob.values()


def test_an_answer_taken_back_recalls_as_a_no_does() -> None:
    before = [said(which="one"), said(which="two")]
    facts = known(*before, own=False)
    desk, _ = recalled(facts, change(before, None, consent_key(before[0])))
    assert shown(desk.views) == [[("Bob", "y")]]


def test_what_is_decided_now_and_what_was_then_show_the_less() -> None:
    """A later withdrawal that was answered already is not shown, nor is what came since."""
    before = [said(which="one"), said(which="two")]
    facts = known(*before, own=False)
    first = change(before, said(WITHDRAWN, which="one"))
    later = [said(WITHDRAWN, which="one"), said(WITHDRAWN, which="two")]
    desk, _ = recalled(facts, first, now=replace(facts, consents=tuple(later)))
    assert shown(desk.views) == [[]]
    desk, _ = recalled(facts, first, now=facts)  # given again meanwhile
    assert shown(desk.views) == [[("Bob", "y")]]
    neither = replace(facts, consents=(said(which="one"), said(WITHDRAWN, which="two")))
    desk, _ = recalled(facts, first, now=neither)
    assert desk.views == [None]


def test_no_view_is_sealed_to_keys_that_have_ended() -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=False)
    ended = replace(facts.agencies[ELM], keys_until=AT.date() + timedelta(days=1))
    now = replace(facts, agencies={**facts.agencies, ELM: ended})
    desk, _ = recalled(facts, change(both, said(WITHDRAWN, which="one")), now=now)
    assert desk.views == [None]
    assert len(desk.posted) == 1


def test_a_view_that_fails_its_check_is_not_sent_and_the_recall_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=False)

    def refuse(*_: Any, **__: Any) -> None:
        raise CasewardError(Code.VIEW_REFUSED, "not as decided")

    monkeypatch.setattr(checker, "check", refuse)
    desk, hops = recalled(facts, change(both, said(WITHDRAWN, which="one")))
    codes = [one.code for one in hops if isinstance(one, AuditorPart)]
    assert codes == [Code.VIEW_REFUSED]
    assert desk.views == [None]
    assert [decision.fields for decision, *_ in desk.posted] == [()]


def test_each_withdrawal_of_a_delivery_has_an_id_of_its_own() -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=False)
    ids = set()
    for which in ("one", "two"):
        for revision in (2, 4):
            new = replace(change(both, said(WITHDRAWN, which=which)), revision=revision)
            for _ in range(2):
                desk, _ = recalled(facts, new)
                ids.add(desk.posted[0][2])
    assert len(ids) == 4


def test_nobody_decides_under_an_agreement_that_is_gone_or_another_version() -> None:
    both = [said(which="one"), said(which="two")]
    facts = known(*both, own=False)
    (text,) = facts.agreements
    for others in ((), (replace(text, version=2),)):
        with pytest.raises(CasewardError):
            recalled(
                facts,
                change(both, said(WITHDRAWN, which="one")),
                now=replace(facts, agreements=others),
            )
    later = replace(text, version=2, shares=text.shares[:1], start=date(2026, 10, 1))
    desk, _ = recalled(
        facts,
        change(both, said(WITHDRAWN, which="one")),
        now=replace(
            facts, agreements=(text, later), consents=(said(WITHDRAWN, which="one"), both[1])
        ),
    )
    assert shown(desk.views) == [[("Bob", "y")]]


def test_a_change_is_read_as_it_was_written() -> None:
    before = [said(tags=frozenset({"b", "a"}), by="parent", cleared=True), said(which="one")]
    for after in (said(WITHDRAWN), None):
        new = change(before, after, key="any")
        assert decode_change(encode_change(new)) == new
