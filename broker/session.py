"""Reaching the node: over its loopback API if it runs, else by running it for the moment."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import uvicorn

from broker.agency import Agency
from broker.api import make_api
from broker.inbox import Inbox
from broker.keys import KeyStore, StoreSecret
from broker.log import LogLocked
from broker.node import Node
from broker.node_client import NodeClient
from broker.places import Places, write_json

TIMEOUT_S = 60.0


@asynccontextmanager
async def reach(places: Places, secret: StoreSecret) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client to the node of a state directory.

    If no process has the node open, this one opens it, and on leaving waits until everything is
    decided, in the ledger and in the index. It is the same API and the same rights either way.

    Raises:
        FileNotFoundError: there is no node in this directory.
        LogLocked: a process has the node open but does not answer.
    """
    node = Node(places, secret=secret)
    try:
        await node.open()
    except LogLocked:
        async with _running(places) as http:
            yield http
        return
    try:
        node.start()
        async with in_process(node) as http:
            yield http
        await node.idle()
    finally:
        await node.close()


def in_process(node: Node) -> httpx2.AsyncClient:
    """An HTTP client to a node of this process, without a socket."""
    transport = httpx2.ASGITransport(app=make_api(node))
    return httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=TIMEOUT_S, trust_env=False
    )


@asynccontextmanager
async def _running(places: Places) -> AsyncIterator[httpx2.AsyncClient]:
    try:
        port = int(json.loads(places.address.read_bytes())["port"])
    except (FileNotFoundError, ValueError, KeyError):
        raise LogLocked("another process has this node open and does not answer yet") from None
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S, trust_env=False
    ) as http:
        yield http


@asynccontextmanager
async def serve(node: Node, *, port: int = 0) -> AsyncIterator[int]:
    """The node's API on a loopback port (0: any free one); gives the port.

    Only loopback is served: other machines reach a node through whatever its operators put in
    front of it.
    """
    config = uvicorn.Config(
        make_api(node),
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    server = _Server(config)
    # Bound here, for uvicorn would end the process if the port is taken.
    # Named TCP, or asyncio would leave Nagle's delay of 40 ms on every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    bound = int(listener.getsockname()[1])
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise OSError("the API did not start")
            await asyncio.sleep(0.01)
        write_json(node.places.address, {"port": bound})
        yield bound
    finally:
        node.places.address.unlink(missing_ok=True)
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the node decides when to stop."""

    def install_signal_handlers(self) -> None:
        """Leave signals alone."""


def client_of(http: httpx2.AsyncClient, places: Places, party: str) -> NodeClient:
    """The API with a party's own token.

    Raises:
        FileNotFoundError: this machine does not hold that party's folder.
    """
    return NodeClient(http, (places.party(party) / "token").read_text().strip())


def agency_of(http: httpx2.AsyncClient, places: Places, name: str, secret: StoreSecret) -> Agency:
    """An agency's own client, from its folder on this machine.

    Raises:
        FileNotFoundError: this machine does not hold that agency's folder.
    """
    folder: Path = places.party(name)
    store = KeyStore.open(folder / "keys", secret=secret, owner=name)
    return Agency(
        client_of(http, places, name), store, name=name, inbox=Inbox(folder / "inbox.sqlite")
    )
