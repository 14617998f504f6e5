"""A runner in a process of its own, which kills itself at a chosen moment.

Arguments: a JSON object with `way` (source or sink), `connector` (folder or webhook), `settings`,
`state` (a file of the node's side), `moment` (before, after or never) and `count` (of deliveries).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any

from connectors import folder, webhook
from connectors.contract import Pull, Source
from connectors.runner import Pace, run_sink, run_source
from tests.connectors.fakes import FileFeed, FileOutlet, make_delivery

QUICK = Pace(idle_s=0.01, first_s=0.01, longest_s=0.02)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class UntilEmpty:
    """A source that stops the run when it has nothing more."""

    def __init__(self, source: Source, stop: asyncio.Event) -> None:
        self._source, self._stop = source, stop

    async def pull(self, cursor: bytes | None, *, max_records: int) -> Pull | None:
        pull = await self._source.pull(cursor, max_records=2)
        if pull is None:
            self._stop.set()
        return pull

    async def close(self) -> None:
        await self._source.close()


async def main(job: dict[str, Any]) -> None:
    stop = asyncio.Event()
    fault = {} if job["moment"] == "never" else {job["moment"]: kill_self}
    state = Path(job["state"])
    if job["way"] == "source":
        source = UntilEmpty(folder.open_source(job["settings"]), stop)
        await run_source(source, FileFeed(state, **fault), stop, random=Random(1), pace=QUICK)
        return
    deliveries = [make_delivery(number) for number in range(job["count"])]
    outlet = FileOutlet(state, deliveries, when_empty=stop.set, **fault)
    connector = webhook if job["connector"] == "webhook" else folder
    sink = connector.open_sink(job["settings"])
    await run_sink(sink, outlet, stop, random=Random(1), pace=QUICK)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
