"""The embedded log's one writing thread: what waits together is committed together.

A commit costs one fsync however much is in it. While one is under way the next calls gather, and
the next transaction takes them all: each in a savepoint of its own, so that a call that fails takes
only itself back.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from broker.log import LogClosed, LogFull, OutcomeUnknown
from broker.log_file import log_error

MAX_TOGETHER: Final = 256  # calls in one transaction; more would only make the first ones wait
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Call:
    run: Callable[[], Any]
    done: Callable[[Any], None]
    answer: asyncio.Future[Any]
    alone: bool


_Outcome = tuple[_Call, Any, Exception | None]


class LogWriter:
    """Runs calls on the writing connection, in the order in which they were submitted.

    Args:
        sql: the writing connection; from now on the thread's.
        loop: where answers are given.
        broken: called on the loop once a COMMIT left its outcome unknown; all later calls raise
            LogClosed.

    """

    def __init__(
        self,
        sql: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        broken: Callable[[], None],
    ) -> None:
        self._sql = sql
        self._loop = loop
        self._on_broken = broken
        self.closed = False  # set on the loop; from then on no call is taken
        self._broken = False
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        run: Callable[[], T],
        *,
        done: Callable[[T], None] = lambda _: None,
        alone: bool = False,
    ) -> asyncio.Future[T]:
        """Have `run` called inside a transaction; its answer comes after the commit.

        Args:
            run: called on the writing thread; may be called again if the transaction had to be
                begun anew, and its effects outside the file must bear that.
            done: called on the loop after the commit, before any later call's, even when nobody
                awaits the answer any more.
            alone: call it between transactions instead of inside one.

        Returns:
            a future of what `run` returns. A call whose future is cancelled early does not run.

        Raises:
            LogClosed: no call is taken any more.

        """
        self.check_open()
        answer: asyncio.Future[T] = self._loop.create_future()
        self._calls.put(_Call(run=run, done=done, answer=answer, alone=alone))
        return answer

    def check_open(self) -> None:
        """Raise LogClosed once no call is taken any more."""
        if self.closed:
            raise LogClosed("the log is closed")

    def stop(self) -> None:
        """Finish what was submitted and end the thread. Blocks."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            calls = [self._calls.get()]
            while calls[-1] is not None and len(calls) < MAX_TOGETHER:
                try:
                    calls.append(self._calls.get_nowait())
                except queue.Empty:
                    break
            wanted = [call for call in calls if call is not None and not call.answer.cancelled()]
            for alone, some in itertools.groupby(wanted, lambda call: call.alone):
                if alone:
                    self._give([self._attempt(call) for call in some])
                else:
                    self._transact(list(some))
            if calls[-1] is None:
                return

    def _transact(self, calls: Sequence[_Call]) -> None:
        if self._broken:
            self._give([(call, None, LogClosed("an earlier write is unknown")) for call in calls])
            return
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt_in_savepoint(call) for call in calls]
        except sqlite3.Error as error:
            self._begin_anew(calls, error)
            return
        try:
            self._sql.execute("COMMIT")
        except sqlite3.Error as error:
            if isinstance(log_error(error), LogFull):
                # the frame that makes a commit is written last; without it nothing counts
                self._begin_anew(calls, error)
            else:
                self._break(outcomes, error)
            return
        self._give(outcomes)

    def _attempt(self, call: _Call) -> _Outcome:
        try:
            return call, call.run(), None
        except Exception as error:  # noqa: BLE001 it is the caller's, and the thread has to live
            return call, None, error

    def _attempt_in_savepoint(self, call: _Call) -> _Outcome:
        self._sql.execute("SAVEPOINT one")
        outcome = self._attempt(call)
        if isinstance(outcome[2], sqlite3.Error):
            raise outcome[2]  # SQLite may have ended the whole transaction
        if outcome[2] is not None:
            self._sql.execute("ROLLBACK TO one")
        self._sql.execute("RELEASE one")
        return outcome

    def _begin_anew(self, calls: Sequence[_Call], error: sqlite3.Error) -> None:
        """Nothing of the transaction is committed: let each call stand or fall by itself."""
        try:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
        except sqlite3.Error as worse:
            self._break([(call, None, None) for call in calls], worse)
            return
        if len(calls) == 1:
            self._give([(calls[0], None, log_error(error))])
            return
        for call in calls:
            self._transact([call])

    def _break(self, outcomes: Sequence[_Outcome], error: sqlite3.Error) -> None:
        self._broken = True
        self._tell(self._on_broken)
        what = f"the commit may or may not have happened: {log_error(error)}"
        self._give([(call, None, own or OutcomeUnknown(what)) for call, _, own in outcomes])

    def _give(self, outcomes: Sequence[_Outcome]) -> None:
        self._tell(_deliver, outcomes)

    def _tell(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(function, *args)


def _deliver(outcomes: Sequence[_Outcome]) -> None:
    for call, result, error in outcomes:
        if error is None:
            call.done(result)
        if call.answer.done():
            continue  # cancelled meanwhile: nobody waits
        if error is None:
            call.answer.set_result(result)
        else:
            call.answer.set_exception(error)
