"""Rule 12: a consent that is withdrawn takes back what rested on it, from everybody who has it."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker.consent_changes import narrows
from broker.edges import AgencyOutlet
from broker.enrol import submit
from broker.entries import Entry, Kind, RegisterRefused, sign_entry
from broker.keys import KeyStore
from broker.log import Append, Fenced
from broker.membership import enact, sign_all
from broker.recall import falls_away
from broker.topics import RECALLS, deliveries_topic
from connectors.contract import Accepted, Delivery
from connectors.folder import open_sink
from redaction import reference
from redaction.agreement import Form
from redaction.decision import FieldDecision, Reason
from redaction.facts import Consent, ConsentState
from redaction.reading import read_agreement
from schemas.codec import Event, plain
from schemas.envelope import delivery_id_of
from schemas.errors import Code
from schemas.hop import Step
from tests.broker.node_fixture import HOSPITAL, POLICE, House, fresh, house, incidents, opened

CASE = "NM-2026-90002"  # known to these tests only
PURPOSE = "marac-conference"
UNIT = "northmoor-police-protection"
SOCIAL_CARE = "northmoor-childrens-services"
HOUSING = "northmoor-housing"
SERVICE = "northmoor-victim-service"
HIGH, LOW = 20, 3
REASON = "Invented: he has said that he will find her."


def referral(found: House, score: int = HIGH, reason: str | None = None) -> Event:
    """A referral in which only the given score and reason speak for sharing without consent."""
    (event,) = incidents(found, 1, CASE)
    said = {
        "dash_score": score,
        "professional_judgement_high": False,
        "repeat_within_12_months": False,
        "consent_of_victim": "given",
        "sharing_reason": reason,
    }
    event.value.update(said)
    wanted = ("safe_phone", "disability", "additional_needs", "mental_health", "ethnicity")
    event.value["victim"].update({name: f"invented {name}" for name in wanted})
    return event


async def say(
    found: House, state: str | None, *, audience: str | None = None, purpose: str = PURPOSE
) -> None:
    """Enter what the victim answers; None takes the answer back."""
    said = {"case": CASE, "person": "victim", "purpose": purpose, "audience": audience}
    value = None if state is None else said | {"state": state}
    await found.officer().put(Kind.CONSENT, f"{CASE}/victim/{purpose}/{audience or '*'}", value)


async def begin(found: House) -> None:
    """Check the case for conflicts, and let the victim consent."""
    await found.officer().put(Kind.CONFLICT_CHECK, CASE, {"conflicts": []})
    await say(found, "given")


async def sealed(found: House, event: Event, code: str | None = None) -> Counter[str]:
    """How often something was sealed to each recipient: deliveries, or by their code recalls."""
    return Counter(
        hop["recipient"]
        for hop in await found.steps(event)
        if hop["step"] == Step.SEALED and hop["code"] == code
    )


async def recalled(found: House, event: Event) -> Counter[str]:
    return await sealed(found, event, Code.RECALLED)


async def taken(found: House, name: str) -> tuple[list[Delivery], list[Delivery]]:
    """What an agency received: its deliveries, and its recalls."""
    got: list[Delivery] = await found.received(name)
    return [d for d in got if d.recalls is None], [d for d in got if d.recalls is not None]


def told_by_the_reference(found: House, event: Event, recipient: str, at: datetime) -> Any:
    """The view that the reference gives a recipient under the present register, None for none."""
    facts, words = found.node.keeper.snapshot().facts, found.node.vocabulary
    one = reference.decide(event, facts, words, recipient=recipient, purpose=PURPOSE, at=at)
    secret = found.node.store.secret("pseudonyms")
    if not one.delivered:
        return None
    return plain(reference.view(event, facts, words, one, at=at, secret=secret))


async def publish(found: House, event: Event) -> None:
    """Publish where no worker runs by itself, and let it work until nothing is left."""
    agency = found.agency(event.source)
    await agency.publish([event])
    agency.close()
    await drain(found)


async def drain(found: House) -> None:
    """Let the worker work until nothing is left, where none runs by itself."""
    while await found.node.worker.step():
        pass
    await found.node.idle()


@pytest.mark.parametrize("reason", [None, REASON])
async def test_only_what_rested_on_the_consent_is_recalled(
    tmp_path: Path, reason: str | None
) -> None:
    """Rule 12: what serious risk allows stays; the rest is the reference's view, and no more."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found, reason=reason)
        await found.publish(event)
        everybody = {UNIT, SOCIAL_CARE, HOSPITAL, HOUSING, SERVICE}
        assert set(await sealed(found, event)) == everybody
        hops = {h["recipient"]: h for h in await found.steps(event) if h["step"] == Step.SEALED}
        await say(found, "withdrawn")
        assert await recalled(found, event) == {HOSPITAL: 1, SERVICE: 1}
        for name in everybody:
            deliveries, recalls = await taken(found, name)
            at = datetime.fromtimestamp(hops[name]["time_ms"] / 1000, UTC)
            left = told_by_the_reference(found, event, name, at)
            assert left is not None
            if name not in (HOSPITAL, SERVICE):
                assert recalls == []
                assert [d.view for d in deliveries] == [left]
                continue
            (was,), (recall,) = deliveries, recalls
            assert (recall.recalls, recall.action) == (was.delivery_id, "erase")
            assert recall.view == left != was.view
            assert (recall.purpose, recall.agreement) == (was.purpose, was.agreement)
            assert recall.handling == was.handling


async def test_a_delivery_that_rested_on_consent_alone_is_recalled_whole(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found, LOW)
        await found.publish(event)
        everybody = dict.fromkeys((UNIT, SOCIAL_CARE, HOSPITAL, SERVICE), 1)
        assert await sealed(found, event) == everybody
        await say(found, None)  # taken back, not even an answer is left: presumed is nothing
        assert await recalled(found, event) == {}  # the event itself says that she consented
        await say(found, "refused")
        assert await recalled(found, event) == everybody
        for name in everybody:
            (was,), (recall,) = await taken(found, name)
            assert (recall.recalls, recall.view) == (was.delivery_id, None)


async def test_another_purpose_and_another_audience_are_let_be(tmp_path: Path) -> None:
    """Rule 12: consent is for a purpose and an audience."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found, LOW)
        await found.publish(event)
        await say(found, "withdrawn", purpose="victim-support")
        assert await recalled(found, event) == {}
        await say(found, "refused", audience="health")
        assert await recalled(found, event) == {HOSPITAL: 1}


async def test_an_agency_withdraws_for_a_person(tmp_path: Path) -> None:
    """Any agency may say no for a person at once, and that recalls as an officer's word does."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        folder = found.places.party(SERVICE) / "keys"
        store = KeyStore.open(folder, secret=found.secret, owner=SERVICE)
        said = {"case": CASE, "person": "victim", "purpose": PURPOSE, "audience": None}
        value = said | {"state": "withdrawn"}
        key = f"{CASE}/victim/{PURPOSE}/*"
        entry = await found.officer().entry(Kind.CONSENT, key)
        new = Entry(kind=Kind.CONSENT, key=key, revision=entry["revision"] + 1, value=value)
        await submit(found.client(SERVICE), [sign_entry(new, store.signing, issuer=SERVICE)])
        assert set(await recalled(found, event)) == {HOSPITAL, SERVICE}


async def test_a_withdrawal_recalls_once_whatever_happens_after(tmp_path: Path) -> None:
    """Neither a restart nor consent given again sends anything; what is new is not recalled."""
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await say(found, "withdrawn")
        once = await recalled(found, event)
        assert set(once.values()) == {1}
    for _ in range(2):
        async with opened(stage, secret) as found:
            await found.node.idle()
            assert await recalled(found, event) == once
    async with opened(stage, secret) as found:
        later = referral(found)
        await found.publish(later)  # decided without consent: nothing of it rests on any
        before = await sealed(found, event)
        await say(found, "given")
        await found.node.idle()
        assert await sealed(found, event) == before
        await say(found, "withdrawn")
        assert await recalled(found, later) == {}


async def test_a_withdrawal_while_the_node_is_down_or_interrupted_recalls_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recalls and the place reached are one transaction: both, or neither."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await drain(found)
        event = referral(found)
        await publish(found, event)
        await say(found, "withdrawn")
        worker, lost = found.node.worker, []
        member = await worker.join()

        async def fenced(_batch: object, appends: list[Append]) -> None:
            lost.append(appends)
            raise Fenced("another member holds this partition")

        monkeypatch.setattr(member, "commit", fenced)
        while not lost:
            await worker.step()
        monkeypatch.undo()
        assert any(one.topic == deliveries_topic(HOSPITAL) for one in lost[0])
        await drain(found)
        assert await recalled(found, event) == {HOSPITAL: 1, SERVICE: 1}
        ids = [
            delivery_id_of(r.value or b"") for r in await found.topic(deliveries_topic(HOSPITAL))
        ]
        assert len(ids) == len(set(ids)) == 2


async def test_two_withdrawals_at_once_recall_what_either_takes(tmp_path: Path) -> None:
    """Each is decided as the consents stood at it: neither hides what falls away behind the other.

    The view that remains never shows what the later one has taken.
    """
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await say(found, "given", audience="health")
        await drain(found)
        event = referral(found, LOW)
        await publish(found, event)
        await say(found, "withdrawn", audience="health")
        await say(found, "withdrawn")
        await say(found, "given")  # and all is well again, before anybody looked
        await say(found, "given", audience="health")
        await drain(found)
        got = await recalled(found, event)
        assert got[HOSPITAL] >= 1
        assert got == {HOSPITAL: 1, UNIT: 1, SOCIAL_CARE: 1, SERVICE: 1}
        _, recalls = await taken(found, HOSPITAL)
        assert [one.view for one in recalls] == [None]


async def test_what_remains_is_decided_with_every_withdrawal_that_was_answered(
    tmp_path: Path,
) -> None:
    """A recall that comes late shows no more than is shared when it is sent."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await drain(found)
        event = referral(found, HIGH)
        event.value["consent_of_victim"] = None
        await publish(found, event)
        await say(found, "refused", audience="health")
        await say(found, "withdrawn")
        await drain(found)
        hops = {h["recipient"]: h for h in await found.steps(event) if h["step"] == Step.SEALED}
        for name in (HOSPITAL, SERVICE):
            hop = hops[name]
            _, recalls = await taken(found, name)
            at = datetime.fromtimestamp(hop["time_ms"] / 1000, UTC)
            left = told_by_the_reference(found, event, name, at)
            assert [one.view for one in recalls] == [left]


async def test_every_delivery_of_an_event_is_recalled(tmp_path: Path) -> None:
    """Rule 12: what was delivered again is recalled as well, each by its own name."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        body = {"publisher": POLICE, "event_id": event.id, "only_to": HOSPITAL}
        await found.client("officer-1").post("/v1/redeliveries", body)
        await found.node.idle()  # else it could be decided after the withdrawal
        await say(found, "withdrawn")
        assert await recalled(found, event) == {HOSPITAL: 2, SERVICE: 1}
        deliveries, recalls = await taken(found, HOSPITAL)
        assert [one.recalls for one in recalls] == [one.delivery_id for one in deliveries]


async def test_what_never_went_out_is_not_recalled(tmp_path: Path) -> None:
    """A delivery made while she had refused rests on no consent that came and went later."""
    async with house(tmp_path) as found:
        await begin(found)
        await say(found, "refused")
        event = referral(found)
        await found.publish(event)
        await say(found, "given")
        await say(found, "withdrawn")
        assert await recalled(found, event) == {}


async def test_whoever_is_suspended_since_is_told_without_a_view(tmp_path: Path) -> None:
    """A gate that is closed now takes nothing back by itself, and lets no view out."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await found.officer().suspend(HOSPITAL, suspended=True)
        await found.officer().suspend(POLICE, suspended=True)
        await say(found, "withdrawn")
        assert (await recalled(found, event))[HOSPITAL] == 1
        await found.officer().suspend(HOSPITAL, suspended=False)
        _, (recall,) = await taken(found, HOSPITAL)
        assert recall.view is None


async def test_what_cannot_be_decided_again_is_an_alarm(tmp_path: Path) -> None:
    """Nobody can say what a delivery rested on whose agreement is gone: a person must look."""
    async with house(tmp_path) as found:
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await found.officer().put(Kind.AGREEMENT, "northmoor-marac/1", None)
        await say(found, "withdrawn")
        assert await recalled(found, event) == {}
        alarms = [h for h in await found.steps(event) if h["code"] == Code.RECALL_UNDECIDED]
        assert {hop["recipient"] for hop in alarms} == {
            UNIT,
            SOCIAL_CARE,
            HOSPITAL,
            HOUSING,
            SERVICE,
        }


@pytest.mark.parametrize("action", ["cease", "return", "erase"])
async def test_the_agreement_says_what_becomes_of_it(tmp_path: Path, action: str) -> None:
    """Rule 12: what falls away gets the stated `on_withdrawal`, receipted."""
    async with house(tmp_path) as found:
        (marac,) = (e for e in found.stage.examples if e.agreement.id == "northmoor-marac")
        rule = f"consent:\n  - {{of: victim, on_withdrawal: {action}}}\nclauses:\n"
        text = marac.text.replace("version: 1\n", "version: 2\n").replace("clauses:\n", rule, 1)
        agreement = read_agreement(text, origin="later")
        await found.officer().put(Kind.AGREEMENT, "northmoor-marac/1", None)
        signed = sign_all(found.places, found.secret, agreement)
        await enact(found.officer(), agreement, text, signed)
        await begin(found)
        event = referral(found)
        await found.publish(event)
        await say(found, "withdrawn")
        await found.node.idle()
        box = tmp_path / "box"
        await into_a_folder(found, SERVICE, box)
        names = sorted(path.name for path in box.iterdir())
        (recall,) = (json.loads(p.read_bytes()) for p in box.glob("*.recall.json"))
        assert recall["action"] == action
        both = [f"{recall['delivery_id']}.recall.json", f"{recall['recalls']}.json"]
        assert names == (both[:1] if action == "erase" else sorted(both))
        await found.node.idle()
        listed = (await found.client("officer-1").get("/v1/deliveries"))["deliveries"]
        (row,) = (
            one for one in listed if one["code"] == Code.RECALLED and one["recipient"] == SERVICE
        )
        assert (row["state"], row["delivery_id"]) == (Step.WRITTEN, recall["delivery_id"])


async def into_a_folder(found: House, name: str, box: Path) -> None:
    """Let an agency's folder sink take everything, twice, as after a crash before settling."""
    agency = found.agency(name)
    outlet, sink = AgencyOutlet(agency), open_sink({"directory": str(box)})
    while (one := await outlet.next(wait_s=0)) is not None:
        assert await sink.write(one) == Accepted()
        assert await sink.write(one) == Accepted()
        await outlet.settle(one, Accepted())
    assert all(finding.fault is None for finding in await agency.check_inclusion())
    agency.close()


async def test_nothing_of_the_case_is_readable_where_withdrawals_wait(tmp_path: Path) -> None:
    """T7: neither keys nor headers nor names say whose consent it was."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await publish(found, referral(found))
        await say(found, "withdrawn")
        records = await found.topic(RECALLS)
        assert records[-1].value
        await drain(found)
        for record in [*records, *await found.topic(deliveries_topic(HOSPITAL))]:
            assert record.headers == ()
            for word in (CASE, "victim", "withdrawn", "erase", PURPOSE):
                assert word.encode() not in (record.key or b"") + (record.value or b"")


async def test_equal_outcomes_look_equal(tmp_path: Path) -> None:
    """T7: a recall's size tells nothing of what was withheld before and after."""
    async with house(tmp_path) as found:
        await begin(found)
        one = referral(found)
        events = [one, Event(etype=one.etype, value=deepcopy(one.value))]
        events[1].value["header"]["id"] = "00000000-0000-4000-8000-0000000000aa"
        events[0].value["victim"]["gp_surgery"] = "x"
        events[1].value["victim"]["gp_surgery"] = "an invented surgery " * 200
        events[0].value["victim"]["mental_health"] = "x"
        await found.publish(*events)
        await say(found, "withdrawn")
        await found.node.idle()
        for name in (HOSPITAL, SERVICE):
            records = await found.topic(deliveries_topic(name))
            sizes = [len(record.value or b"") for record in records]
            assert len(sizes) == 4
            assert sizes[2] == sizes[3]


async def test_a_withdrawal_and_its_recall_are_in_the_log_together_or_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither can a crash between the two lose the recall, nor one that never was recall."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        appends = []
        append = found.node.log.append

        async def noted(given: list[Append]) -> tuple[int, ...]:
            appends.append([one.topic for one in given])
            return await append(given)

        monkeypatch.setattr(found.node.log, "append", noted)
        await say(found, "withdrawn")
        await say(found, "given")
        assert appends == [["register", RECALLS], ["register"]]


async def cases(found: House) -> set[str]:
    """The cases of every withdrawal that the log holds."""
    records = [one for one in await found.topic(RECALLS) if one.value is not None]
    return {found.node.keeper.consent_change(one).case for one in records}


async def test_erasing_the_case_erases_its_recalls(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await begin(found)
        await found.publish(referral(found))
        await say(found, "withdrawn")
        await found.node.idle()
        await found.node.erase(CASE)
        assert CASE not in await cases(found)
        for name in (HOSPITAL, SERVICE):
            assert await found.topic(deliveries_topic(name)) == []
            assert await found.received(name) == []
        assert found.node.index.of_case(CASE) == []
        await say(found, "given")
        await say(found, "withdrawn")  # of a case that is gone: there is nothing to recall
        await found.node.idle()
        assert await found.topic(deliveries_topic(HOSPITAL)) == []


async def test_what_was_recalled_is_kept_no_longer(tmp_path: Path) -> None:
    """Neither the topic nor an erasure grows with every withdrawal that there ever was."""
    stage, secret = fresh(tmp_path / "house")
    async with opened(stage, secret, running=False) as found:
        await begin(found)
        await drain(found)
        await publish(found, referral(found))
        await say(found, "withdrawn")
        assert await cases(found) == {CASE}
        await drain(found)
        assert await cases(found) == set()
        await found.node.log.scrub(tombstone_age_s=0)
        assert await found.topic(RECALLS) == []
    async with opened(stage, secret) as found:  # and the worker goes on where nothing is left
        await say(found, "given")
        event = referral(found)
        await found.publish(event)
        await say(found, "withdrawn")
        assert set(await recalled(found, event)) == {HOSPITAL, SERVICE}


async def test_an_erasure_takes_a_withdrawal_along_that_nobody_looked_at(tmp_path: Path) -> None:
    """It may come between the wait for what is undone and the lock."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await drain(found)
        event = referral(found)
        await publish(found, event)
        await say(found, "withdrawn")
        async with found.node.keeper.lock:
            await found.node._erase(CASE)
        assert await cases(found) == set()
        await drain(found)
        assert await found.topic(deliveries_topic(HOSPITAL)) == []


async def test_a_withdrawal_that_we_did_not_write_is_refused(tmp_path: Path) -> None:
    """Whoever can write to the log cannot make the node recall anything."""
    async with house(tmp_path, running=False) as found:
        await begin(found)
        await say(found, "withdrawn")
        record = (await found.topic(RECALLS))[-1]
        value = bytearray(record.value or b"")
        value[-1] ^= 1
        forged = type(record)(
            **{n: getattr(record, n) for n in record.__slots__} | {"value": bytes(value)}
        )
        assert found.node.keeper.consent_change(record).case == CASE
        with pytest.raises(RegisterRefused):
            found.node.keeper.consent_change(forged)


def answer(state: str, *, cleared: bool = False) -> Consent:
    return Consent(
        case=CASE,
        person="victim",
        purpose=PURPOSE,
        audience=None,
        state=ConsentState(state),
        cleared=cleared,
    )


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [
        (None, None, False),
        (None, answer("given"), False),
        (None, answer("refused"), True),
        (answer("given"), None, True),
        (answer("given"), answer("given"), False),
        (answer("given"), answer("withdrawn"), True),
        (answer("given", cleared=True), answer("given"), True),
        (answer("given"), answer("given", cleared=True), False),
        (answer("refused"), None, False),
        (answer("refused"), answer("given"), False),
        (answer("refused"), answer("refused"), False),
        (answer("refused"), answer("withdrawn"), True),
    ],
)
def test_only_an_answer_that_narrows_is_looked_at(
    before: Consent | None, after: Consent | None, less: bool
) -> None:
    assert narrows(before, after) is less


def leaf(path: str, form: Form | None) -> FieldDecision:
    return FieldDecision(
        path=path,
        tag="victim.name",
        released=form is not None,
        form=form,
        clause=None,
        reason=Reason.SHARED if form else Reason.CONDITION,
    )


@pytest.mark.parametrize(
    ("before", "after", "away"),
    [
        ([leaf("/a", Form.CLEAR)], [leaf("/a", Form.CLEAR)], False),
        ([leaf("/a", Form.CLEAR)], [leaf("/a", None)], True),
        ([leaf("/a", Form.CLEAR)], [], True),
        ([leaf("/a", Form.CLEAR)], [leaf("/b", Form.CLEAR)], True),
        ([leaf("/a", Form.CLEAR)], [leaf("/a", Form.YEAR)], True),
        ([leaf("/a", Form.YEAR)], [leaf("/a", Form.CLEAR)], False),
        ([leaf("/a", Form.MASK)], [leaf("/a", Form.PRESENT)], True),
        ([leaf("/a", None)], [leaf("/a", Form.CLEAR)], False),
        ([], [leaf("/a", Form.CLEAR)], False),
    ],
)
def test_what_falls_away_is_less_clear_at_the_same_place(
    before: list[FieldDecision], after: list[FieldDecision], away: bool
) -> None:
    assert falls_away(before, after) is away
