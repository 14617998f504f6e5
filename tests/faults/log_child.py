"""Programs that a fault test runs in a process of their own, to kill it or to starve it.

`nursery FILE`: for every line on its input it forks a child that works on the log until somebody
kills it. What the log acknowledged is told on the output; a line there is written in one piece, so
it says nothing that is not so. `full FILE` and `unknown FILE` end by themselves.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

from broker.log import Append, LogClosed, LogFull, Topic, read_to_end
from broker.log_embedded import EmbeddedLog

IN = Topic(name="in")
OUT = Topic(name="out")
NEWEST = Topic(name="newest", compacted=True)


def tell(*words: object) -> None:
    """Say it in one write, which a pipe takes whole or not at all."""
    os.write(1, (json.dumps(words) + "\n").encode())


async def begin(path: Path) -> EmbeddedLog:
    log = await EmbeddedLog.open(path)
    for topic in (IN, OUT, NEWEST):
        await log.create(topic)
    await log.start("workers", "in", 0, 0)
    return log


async def write(log: EmbeddedLog, name: str) -> None:
    turn = 0
    while True:
        turn += 1
        parts = [f"{name}:{turn}:{part}:{turn % 4}" for part in range(turn % 4 + 1)]
        appends = [Append(topic="in", partition=0, value=part.encode() * 40) for part in parts]
        tell("appended", parts, await log.append(appends))


async def work(log: EmbeddedLog) -> None:
    member = await log.join("workers", ["in"])
    while True:
        if batch := await member.poll(max_records=5, wait_s=1):
            outputs = [Append(topic="out", partition=0, value=r.value) for r in batch.records]
            await member.commit(batch, outputs)
            tell("committed", batch.next_offset)


async def replace(log: EmbeddedLog, seed: int) -> None:
    turn = seed * 1_000_000
    while True:
        turn += 1
        key = b"%d" % (turn % 7)
        await log.append([Append(topic="newest", partition=0, key=key, value=b"%d" % turn)])
        tell("replaced", key.decode(), turn)
        if turn % 20 == 0:
            await log.scrub()


async def live(path: Path, seed: int) -> None:
    log = await begin(path)
    tell("ready", os.getpid())
    writers = [write(log, f"{seed}.{n}") for n in range(4)]
    await asyncio.gather(work(log), replace(log, seed), *writers)


def nursery(path: Path) -> None:
    for line in sys.stdin:
        if child := os.fork():
            os.waitpid(child, 0)
            tell("dead", child)
        else:
            asyncio.run(live(path, int(line)))


async def full(path: Path) -> None:
    """Fill a small disk, make room, go on; then compare with what was acknowledged."""
    log = await begin(path)
    kept: list[bytes] = []
    await log.append([Append(topic="out", partition=0, value=b"first")])
    ballast = path.parent / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    for round_ in range(3):
        refusals = 0
        while refusals < 5:
            value = b"%d:%d:" % (round_, len(kept)) + os.urandom(20_000)
            try:
                await log.append([Append(topic="in", partition=0, value=value)] * 2)
                kept += [value, value]
            except LogFull:
                refusals += 1
        tell("full", len(kept))
        ballast.write_bytes(bytes(600_000 - 300_000 * round_))
        member = await log.join("workers", ["in"])
        batch = await member.poll(max_records=1)
        if batch is None:
            raise RuntimeError("the log lost its records")
        await member.commit(batch, [Append(topic="out", partition=0, value=b"%d" % round_)])
        await member.leave()
    await log.close()
    ballast.unlink()
    log = await EmbeddedLog.open(path)
    same = [record.value async for record in read_to_end(log, "in", 0)] == kept
    out = [(record.value or b"").decode() async for record in read_to_end(log, "out", 0)]
    await log.close()
    tell("read", same, out)


async def unknown(path: Path) -> None:
    """Let the disk fail in the middle of a COMMIT, in a way that is not for lack of room."""
    log = await begin(path)
    append = [Append(topic="in", partition=0, value=b"known")]
    await log.append(append)
    waiting = asyncio.create_task(log.read("in", 0, 1, wait_s=30))
    await asyncio.sleep(0.05)
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    written = os.stat(f"{path}-wal").st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (written + 5000, most))
    big = [Append(topic="in", partition=0, value=b"unknown" * 10_000)] * 2
    outcomes = await asyncio.gather(
        log.append(big), log.append(append), waiting, return_exceptions=True
    )
    tell("outcomes", [type(outcome).__name__ for outcome in outcomes])
    refused = 0
    calls = (log.append(append), log.read("in", 0, 0), log.end("in", 0), log.scrub(), log.topics())
    for call in calls:
        try:
            await call
        except LogClosed:
            refused += 1
    tell("refused", refused, len(calls))
    await log.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    log = await EmbeddedLog.open(path)
    tell("read", [len(record.value or b"") async for record in read_to_end(log, "in", 0)])
    await log.append(append)
    await log.close()


if __name__ == "__main__":
    program, file = sys.argv[1], Path(sys.argv[2])
    if program == "nursery":
        nursery(file)
    else:
        asyncio.run({"full": full, "unknown": unknown}[program](file))
