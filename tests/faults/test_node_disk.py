"""The disk is full for a while: the node stops taking, says so, and goes on when there is room."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from broker.demo import Check, Outcome, Receiver
from broker.index import Wanted
from broker.keys import StoreSecret
from broker.node import Node
from broker.service import run_connectors
from broker.session import client_of, serve
from broker.stage import Stage
from tests.needs import needs

EVENTS = 150
Cases = tuple[str, ...]
ROOM_BYTES = 600 * 1024  # left on the disk when the events come: a fraction of what they need


def _can_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - ROOM_BYTES)))
    return ballast


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await holds():  # noqa: ASYNC110 - it asks the node, as an operator would
            await asyncio.sleep(0.1)


async def _play(node: Node, stage: Stage, secret: StoreSecret, disk: Path, cases: Cases) -> Outcome:
    """Run with connectors, fill the disk, publish, make room again, and check."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve(node))
        base = f"http://127.0.0.1:{port}"
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=60))
        await stage.enter(http, secret, cases)
        operator = client_of(http, stage.places, "operator")
        stop = asyncio.Event()
        config = stage.config("", "")
        work = asyncio.create_task(run_connectors(node, port, config, secret, stop))
        await asyncio.sleep(1.0)
        ballast = _fill(disk)
        events = list(stage.events(EVENTS, cases))
        broken = stage.feed(events)

        async def full() -> bool:
            said = await operator.get("/v1/status")
            return bool(said["disk_full"]) and not said["ready"]

        async def done() -> bool:
            await node.caught_up()
            states = {row["state"] for row in node.index.deliveries(Wanted(limit=10**6))}
            decided = node.index.counts().get("decided", 0) == EVENTS
            return decided and not states & {"sealed", "opened"}

        await _until(full)
        await asyncio.sleep(2.0)  # full for a while, with everybody trying
        assert node.stuck is None
        ballast.unlink()
        await _until(done)
        assert not await full()
        stop.set()
        await work
        return await Check(node, stage, Receiver()).run(events, broken, time.monotonic())


@needs("mount", _can_mount(), "mounting a small tmpfs needs root")
async def test_a_full_disk_stops_the_node_for_a_while_and_loses_nothing(
    small_disk: Path, tmp_path: Path
) -> None:
    root = tmp_path / "stage"
    root.mkdir()
    (small_disk / "state").mkdir(mode=0o700)
    (root / "state").symlink_to(small_disk / "state")  # feeds and boxes stay on a large disk
    stage = Stage(root, seed=17)
    secret = stage.build()
    node = Node(stage.places, secret=secret)
    await node.open()
    try:
        node.start()
        outcome = await _play(node, stage, secret, small_disk, stage.cases(EVENTS))
    finally:
        await node.close()
    assert (outcome.lost, outcome.duplicated, outcome.different) == (0, 0, 0)
    assert outcome.deliveries > EVENTS
    assert outcome.ledger_verified
