"""The embedded log keeps the port's contract, and what only a file can be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.log_embedded import EmbeddedLog
from tests.contracts.log_contract import LogContract


class TestEmbeddedLog(LogContract):
    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
        log = await EmbeddedLog.open(tmp_path / "log.db")
        yield log
        await log.close()


class TestEmbeddedLogSeenLate(LogContract):
    """The same while readers see a commit late and superseded records stay."""

    @pytest.fixture
    async def log(self, tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
        log = await EmbeddedLog.open(tmp_path / "log.db", visibility_delay_s=0.02)
        yield log
        await log.close()
