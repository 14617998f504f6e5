"""Every principal's token against every route: what it may, and what it must not even learn."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from broker.api import make_api
from schemas.epoch import unverified_thumbprint
from schemas.hop import Step
from schemas.sealing import SealingPublicKey
from tests.broker.node_fixture import (
    CASES,
    HOSPITAL,
    POLICE,
    REFUGE,
    Forger,
    House,
    house,
    incidents,
)

NOBODY = "00000000-0000-4000-8000-00000000dead"
EVENT = "/v1/events/{publisher}/{event_id}"
PROOF = ("GET", "/v1/proofs/{delivery_id}")
CONSENT = {"kind": "consent"}
REGISTER = "/v1/register/{kind}/{key:path}"

# Who may: a=agency o=officer p=operator u=auditor. A route that is not here fails the first test.
RIGHTS = {
    ("POST", "/v1/events"): "a",
    ("GET", "/v1/cursors/{connector}"): "a",
    ("GET", "/v1/inbox"): "a",
    ("GET", "/v1/epoch-keys"): "a",
    ("POST", "/v1/receipts"): "a",
    ("GET", "/v1/gateway"): "aopu",
    ("GET", "/v1/agencies"): "aopu",
    ("GET", "/v1/view-types/{digest}"): "aopu",
    ("GET", "/v1/status"): "aopu",
    ("GET", "/v1/deliveries"): "aopu",
    ("GET", EVENT): "opu",
    ("GET", "/v1/dead-letters"): "aopu",
    ("GET", "/v1/proofs/{delivery_id}"): "opu",
    ("POST", "/v1/inclusion"): "a",
    ("GET", REGISTER): "o",
    ("POST", "/v1/register"): "ao",
    ("GET", "/v1/agreements"): "o",
    ("GET", "/v1/overrides"): "o",
    ("POST", "/v1/redeliveries"): "o",
    ("POST", "/v1/erasures"): "o",
}
PARTIES = {"a": REFUGE, "o": "officer-1", "p": "operator", "u": "auditor"}


def routes(found: House) -> set[tuple[str, str]]:
    """Every route of the API, as FastAPI itself serves it."""
    told = make_api(found.node).routes
    return {(m, r.path) for r in told if isinstance(r, APIRoute) for m in r.methods or ()}


async def ask(found: House, party: str | None, route: tuple[str, str], **said: str) -> Any:
    """A well-formed request to a route with somebody's token."""
    method, path = route
    places = {"connector": "main", "kind": "agency", "key": POLICE, "publisher": POLICE}
    for name, value in (
        {"digest": "0" * 64, "event_id": NOBODY, "delivery_id": NOBODY} | places | said
    ).items():
        path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
    bodies = {
        "/v1/receipts": {"receipts": []},
        "/v1/register": {"statements": []},
        "/v1/inclusion": {"deliveries": [], "seen": 0},
        "/v1/redeliveries": {"publisher": POLICE, "event_id": said.get("event_id", NOBODY)},
        "/v1/erasures": {"case": "no such case"},
    }
    headers = found.token(party) if party else {}
    body = bodies.get(path, {}) if method == "POST" else None
    return await found.http.request(method, path, headers=headers, json=body)


async def test_every_route_has_its_rights_here_and_keeps_them(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
        sealed = next(h for h in await found.steps(event) if h["step"] == Step.SEALED)
        assert routes(found) == set(RIGHTS)
        digest = ((await found.topic("view-types"))[0].key or b"").decode()
        there = {"event_id": event.id, "delivery_id": sealed["delivery_id"], "digest": digest}
        for route, allowed in RIGHTS.items():
            for letter, party in PARTIES.items():
                answer = await ask(found, party, route, **there)
                if letter in allowed:
                    assert answer.status_code in (200, 422), (route, party, answer.text)
                else:
                    assert answer.status_code == 404, (route, party, answer.text)
                    assert answer.json() == {"detail": "there is no such thing for you"}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {}", "Bearer {}x", "Bearer  {}"],
)
async def test_no_token_or_a_wrong_one_gets_nothing(tmp_path: Path, header: str | None) -> None:
    async with house(tmp_path, loopback=True) as found:
        token = found.token("auditor")["Authorization"].removeprefix("Bearer ")
        headers = {} if header is None else {"Authorization": header.format(token).strip()}
        for method, path in routes(found):
            answer = await found.http.request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path)
            assert answer.json() == {"detail": "a token is needed"}


async def test_the_description_of_the_api_names_no_agency_and_no_case(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        assert POLICE not in (await found.http.get("/openapi.json")).text


async def test_a_suspended_agency_is_shut_out_of_everything(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        await found.officer().suspend(REFUGE, suspended=True)
        for route in routes(found):
            assert (await ask(found, REFUGE, route)).status_code == 403, route
        assert (await ask(found, HOSPITAL, ("GET", "/v1/inbox"))).status_code == 200


async def test_two_agencies_tokens_open_nothing_of_each_other(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
        hops = [h for h in await found.steps(event) if h["step"] == Step.SEALED]
        mine = {h["recipient"]: h["delivery_id"] for h in hops}
        for asker in mine:
            client = found.http, found.token(asker)
            for owner, delivery in mine.items():
                answer = await client[0].get(f"/v1/proofs/{delivery}", headers=client[1])
                assert answer.status_code == (200 if owner == asker else 404)
                proved = await found.client(asker).post(
                    "/v1/inclusion", {"deliveries": [delivery], "seen": 0}
                )
                assert len(proved["proofs"]) == (owner == asker)
            listed = await found.client(asker).get("/v1/deliveries")
            assert {one["delivery_id"] for one in listed["deliveries"]} == {mine[asker]}
            path = await found.client(asker).get(f"/v1/events/{POLICE}/{event.id}")
            assert {hop["recipient"] for hop in path["hops"]} == {asker}
            keys = await found.client(asker).get("/v1/epoch-keys")
            own = SealingPublicKey(found.node.keeper.snapshot().agencies[asker].sealing)
            made = [base64.b64decode(one) for one in keys["announcements"]]
            assert {unverified_thumbprint(one) for one in made} == {own.thumbprint}
            inbox = await found.client(asker).get("/v1/inbox")
            assert len(inbox["records"]) == 1


async def test_not_there_and_not_yours_are_the_same_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
        hops = await found.steps(event)
        delivery = next(h["delivery_id"] for h in hops if h["step"] == Step.SEALED)
        pairs: list[tuple[tuple[str, str], dict[str, str], dict[str, str]]] = [
            (("GET", EVENT), {"event_id": event.id}, {"event_id": NOBODY}),
            (("GET", EVENT), {"event_id": event.id}, {"publisher": "nobody-enrolled"}),
            (
                ("GET", "/v1/proofs/{delivery_id}"),
                {"delivery_id": delivery},
                {"delivery_id": "0" * 64},
            ),
            (("POST", "/v1/redeliveries"), {"event_id": event.id}, {"event_id": NOBODY}),
            (("GET", REGISTER), {"key": POLICE}, {"key": "nobody-enrolled"}),
            (
                ("GET", REGISTER),
                {"kind": "consent", "key": CASES[0]},
                {"kind": "consent", "key": "x"},
            ),
        ]
        for route, there, absent in pairs:
            one = await ask(found, REFUGE, route, **there)
            other = await ask(found, REFUGE, route, **absent)
            assert (one.status_code, one.content, one.headers) == (
                other.status_code,
                other.content,
                other.headers,
            ), route
            assert one.status_code == 404


async def test_what_was_withheld_from_a_recipient_shows_in_no_list_and_no_filter(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as found:
        conflicts = [{"agency": HOSPITAL, "instead": None}]
        entered = {"conflicts": conflicts}
        await found.officer().put("conflict-check", CASES[0], entered)  # type: ignore[arg-type]
        (event,) = incidents(found, 1, CASES[0])
        before = await everything(found, HOSPITAL)
        await found.publish(event)
        hops = await found.steps(event)
        assert any(h["step"] == Step.WITHHELD and h["recipient"] == HOSPITAL for h in hops)
        assert await everything(found, HOSPITAL) == before
        assert (await ask(found, HOSPITAL, ("GET", EVENT), event_id=event.id)).status_code == 404
        client = found.client(POLICE)
        told = await client.get(f"/v1/events/{POLICE}/{event.id}")  # its publisher is told why
        assert any(h["step"] == "withheld" and h["gate"] for h in told["hops"])


async def everything(found: House, party: str) -> list[Any]:
    """Whatever a party can list, under every filter there is."""
    filters: list[dict[str, Any]] = [
        {},
        {"state": "withheld"},
        {"agency": POLICE},
        {"agency": party},
        {"event_type": "marac.referral"},
        {"case": CASES[0]},
        {"since_ms": 0, "until_ms": 2**53, "limit": 10_000},
    ]
    client = found.client(party)
    lists = [(await client.get("/v1/deliveries", **one))["deliveries"] for one in filters]
    return [
        *lists,
        (await client.get("/v1/inbox"))["records"],
        (await client.get("/v1/dead-letters"))["dead_letters"],
        (await client.get("/v1/epoch-keys"))["announcements"],
    ]


async def test_a_recipient_cannot_learn_the_case_of_a_delivery_by_guessing_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1, CASES[0])
        await found.publish(event)
        client = found.client(HOSPITAL)
        assert (await client.get("/v1/deliveries"))["deliveries"]
        for case in (CASES[0], "NM-2026-99999"):
            assert (await client.get("/v1/deliveries", case=case))["deliveries"] == []
        listed = await found.client(POLICE).get("/v1/deliveries", case=CASES[0])
        assert listed["deliveries"]


async def test_an_operator_sees_no_case(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1, CASES[0])
        await found.publish(event)
        client = found.client("operator")
        token = found.node.index.token(CASES[0])
        for path in (
            "/v1/deliveries",
            f"/v1/events/{POLICE}/{event.id}",
            "/v1/dead-letters",
            "/v1/status",
        ):
            text = str(await client.get(path))
            assert CASES[0] not in text
            assert token not in text
        asked = {"case": CASES[0]}
        there = await found.http.get(
            "/v1/deliveries", headers=found.token("operator"), params=asked
        )
        assert there.status_code == 404


async def test_an_auditors_look_is_itself_a_hop(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        (event,) = incidents(found, 1)
        await found.publish(event)
        size = len(await found.steps(event))
        await found.client("auditor").get(f"/v1/events/{POLICE}/{event.id}")
        hops = await found.steps(event)
        assert len(hops) == size + 1
        assert (hops[-1]["step"], hops[-1]["source"]) == (Step.OPENED, "look/auditor")
        assert found.node.sequencer.size == len(await found.topic("hops.0"))


async def test_an_agency_announces_no_key_for_another_issuer(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        theirs = Forger(found, HOSPITAL)
        await theirs.announced()
        said = (await found.topic("epoch-keys"))[-1].value or b""
        body = {"announcements": [base64.b64encode(said).decode()]}
        answer = await found.http.post("/v1/events", headers=found.token(POLICE), json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"] == "an agency announces only its own keys"


async def test_no_request_makes_the_api_repeat_what_it_was_sent(tmp_path: Path) -> None:
    secret = "canary-in-a-request"
    bodies: list[Any] = [
        {secret: secret},
        {"records": [{"partition": secret, "value": secret}]},
        {"records": [{"partition": 0, "value": secret}]},
        {"announcements": [base64.b64encode(secret.encode()).decode()]},
        {"receipts": [secret]},
        {"statements": [base64.b64encode(secret.encode()).decode()]},
        {"case": [secret]},
        secret,
        [secret],
    ]
    async with house(tmp_path, loopback=True) as found:
        for method, path in RIGHTS:
            for body in bodies:
                for party in PARTIES.values():
                    answer = await found.http.request(
                        method,
                        path,
                        headers=found.token(party),
                        json=body,
                        params={"limit": secret},
                    )
                    assert answer.status_code < 500
                    # The name of an unknown field is the one thing an answer may say of it.
                    if body != bodies[0]:
                        assert secret not in answer.text, (method, path, answer.text)
        assert found.node.stuck is None
