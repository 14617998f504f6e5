"""The node's API as one principal uses it, and what it says of the gateway."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx2

from connectors.contract import TryLater


class NodeRefused(Exception):
    """The node answered that the agency may not do this, or that what it sent is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayInfo:
    """The gateway as its agencies know it: raw public keys, and the ledger's verification key."""

    name: str
    signing: bytes
    sealing: bytes
    partitions: int
    ledger_vkey: str


class NodeClient:
    """The node's API with one principal's token."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}
        self._gateway: GatewayInfo | None = None

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The node's answer to a GET.

        Raises:
            TryLater: the node cannot be reached or cannot do it now.
            NodeRefused: it says no.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return await self._answer("GET", path, params=asked)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The node's answer to a POST; raises as `get`."""
        return await self._answer("POST", path, json=body)

    async def _answer(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, headers=self._headers, **more)
        except httpx2.TransportError:
            raise TryLater("the node cannot be reached") from None
        if answer.status_code == httpx2.codes.FORBIDDEN:
            raise TryLater("the agency is suspended")
        if answer.status_code >= 500:
            raise TryLater(f"the node cannot do this now (status {answer.status_code})")
        said = answer.json()
        if answer.status_code >= 400:
            raise NodeRefused(str(said.get("detail", "refused")))
        return dict(said)

    async def gateway(self) -> GatewayInfo:
        """The gateway's name and keys, asked once."""
        if self._gateway is None:
            said = await self.get("/v1/gateway")
            self._gateway = GatewayInfo(
                name=said["name"],
                signing=base64.b64decode(said["signing"]),
                sealing=base64.b64decode(said["sealing"]),
                partitions=said["partitions"],
                ledger_vkey=said["ledger_vkey"],
            )
        return self._gateway
