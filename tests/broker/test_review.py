"""What one agency may send with its own signature never stops the node for the others."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import cbor2
import pytest

from broker.entries import Entry, Kind, sign_entry
from broker.keys import KeyStore
from schemas.hop import Step
from schemas.receipt import STATEMENT
from schemas.signed import sign_statement
from tests.broker.node_fixture import REFUGE, House, house, incidents


def keys(found: House, name: str) -> KeyStore:
    """An agency's own key store."""
    return KeyStore.open(found.places.party(name) / "keys", secret=found.secret, owner=name)


@pytest.mark.parametrize("field", [{"time_ms": float("inf")}, {"delivery": 2**70}])
async def test_a_signed_receipt_out_of_range_is_refused_and_the_node_goes_on(
    tmp_path: Path, field: dict[str, Any]
) -> None:
    said = {"delivery": bytes(32), "step": "opened", "time_ms": 1, "envelope": bytes(32)} | field
    async with house(tmp_path) as found:
        signed = sign_statement(
            keys(found, REFUGE).signing, issuer=REFUGE, kind=STATEMENT, payload=cbor2.dumps(said)
        )
        body = {"receipts": [base64.b64encode(signed).decode()]}
        await found.client(REFUGE).post("/v1/receipts", body)
        await found.node.idle()
        assert found.node.stuck is None
        (event,) = incidents(found, 1)
        await found.publish(event)
        assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}


@pytest.mark.parametrize("case", [[], {}])
async def test_an_agency_s_consent_about_no_case_does_not_stop_deliveries(
    tmp_path: Path, case: Any
) -> None:
    value = {"case": case, "person": "a", "purpose": "p", "audience": None, "state": "refused"}
    entry = Entry(kind=Kind.CONSENT, key="x/a/p/*", revision=1, value=value)
    async with house(tmp_path) as found:
        signed = sign_entry(entry, keys(found, REFUGE).signing, issuer=REFUGE)
        body = {"statements": [base64.b64encode(signed).decode()]}
        said = await found.http.post("/v1/register", json=body, headers=found.token(REFUGE))
        (event,) = incidents(found, 1)
        await found.publish(event)
        assert Step.SEALED in {hop["step"] for hop in await found.steps(event)}
        assert said.status_code == 422
