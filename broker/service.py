"""The connectors of a running node: each a task beside it, reaching it through its API."""

from __future__ import annotations

import asyncio
import importlib.metadata
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx2
import structlog

from broker.config import Config, ConfigRefused, Connector
from broker.edges import AgencyFeed, AgencyOutlet
from broker.keys import StoreSecret
from broker.node import Node
from broker.session import TIMEOUT_S, agency_of
from connectors.contract import ConnectorFailed, TryLater
from connectors.runner import run_sink, run_source

_log = structlog.get_logger("service")
IDLE_CHECK_S = 0.2


class _Watched:
    """A source or outlet whose calls are counted, so that `--until-idle` knows the end."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._begun = 0  # calls
        self._empty = 0  # the last call, by its number, that found nothing to do
        self.found = 0  # calls that found something
        self.ended = False  # it stands still for good

    def mark(self) -> int:
        """What to ask `quiet_since` with."""
        return self._begun

    def quiet_since(self, mark: int) -> bool:
        """Whether a call that began after the mark found nothing."""
        return self.ended or self._empty > mark

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Any:
        return await self._called(self._inner.pull(cursor, max_records=max_records))

    async def next(self, *, wait_s: float) -> Any:
        return await self._called(self._inner.next(wait_s=wait_s))

    async def settle(self, delivery: Any, answer: Any) -> None:
        await self._inner.settle(delivery, answer)

    async def close(self) -> None:
        await self._inner.close()

    async def _called(self, call: Awaitable[Any]) -> Any:
        self._begun += 1
        number = self._begun
        try:
            found = await call
        except TryLater:
            self._empty = number  # it cannot be asked: a suspended agency gets nothing
            raise
        if found is None:
            self._empty = number
        else:
            self.found += 1
        return found


async def run_connectors(
    node: Node,
    port: int,
    config: Config,
    secret: StoreSecret,
    stop: asyncio.Event,
    *,
    until_idle: bool = False,
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Run every configured connector until `stop` is set, or until nothing is left to do.

    A connector that fails for good is reported and stands still; the others go on. `opened` is
    called once all of them could be opened and before any runs.

    Raises:
        ConfigRefused: a connector's kind is not installed or its settings are wrong.
    """
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S, trust_env=False
            )
        )
        ready = _open(node, http, config, secret, stop)
        opened()
        tasks = [asyncio.create_task(_guard(*each)) for each in ready]
        if until_idle:
            await _until_idle(node, [watched for _, watched, _ in ready], stop)
        else:
            await stop.wait()
        await asyncio.gather(*tasks)


def _open(
    node: Node, http: httpx2.AsyncClient, config: Config, secret: StoreSecret, stop: asyncio.Event
) -> list[tuple[Connector, _Watched, Callable[[], Coroutine[Any, Any, None]]]]:
    """Open every connector before any runs: a wrong setting stops the start, not one task."""
    opened: list[tuple[Connector, _Watched, Callable[[], Coroutine[Any, Any, None]]]] = []
    dice = random.SystemRandom()
    for one in config.source:
        feed = AgencyFeed(
            agency_of(http, node.places, one.agency, secret), node.registry, connector=one.name
        )
        source = _Watched(_module(one).open_source(one.settings))
        opened.append((one, source, partial(run_source, source, feed, stop, random=dice)))
    for one in config.sink:
        outlet = _Watched(AgencyOutlet(agency_of(http, node.places, one.agency, secret)))
        sink = _module(one).open_sink(one.settings)
        opened.append((one, outlet, partial(run_sink, sink, outlet, stop, random=dice)))
    return opened


def _module(connector: Connector) -> Any:
    found = importlib.metadata.entry_points(group="caseward.connectors", name=connector.kind)
    for entry in found:
        return entry.load()
    raise ConfigRefused(f"`kind`: no connector `{connector.kind}` is installed")


async def _guard(
    connector: Connector, watched: _Watched, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    try:
        await work()
    except asyncio.CancelledError:
        raise
    except ConnectorFailed as failed:
        _log.error("connector-failed", agency=connector.agency, code=failed.code)
    except Exception as error:  # noqa: BLE001 - one agency's connector must not stop the others
        _log.error("connector-failed", agency=connector.agency, error=type(error).__name__)
    finally:
        watched.ended = True


async def _until_idle(node: Node, watched: list[_Watched], stop: asyncio.Event) -> None:
    """Set `stop` once every connector has found nothing, after nothing had moved anywhere."""
    while not stop.is_set():
        marks, found = [one.mark() for one in watched], [one.found for one in watched]
        while not stop.is_set():
            await asyncio.sleep(IDLE_CHECK_S)
            if await node.worker.waiting() or found != [one.found for one in watched]:
                break  # something moved: count anew from here
            if all(map(_Watched.quiet_since, watched, marks)):
                stop.set()
