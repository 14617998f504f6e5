"""The embedded log's file: whose it is, what it takes, what is left in it, and copies of it."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broker.log import (
    Append,
    LogCorrupt,
    LogError,
    LogLocked,
    Topic,
    read_to_end,
)
from broker.log_embedded import EmbeddedLog
from tests.contracts.log_steps import joined, keyed, poll, to, values


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
    log = await EmbeddedLog.open(tmp_path / "log.db")
    await log.create(Topic(name="t"))
    await log.create(Topic(name="newest", compacted=True))
    yield log
    await log.close()


def everything_in(directory: Path) -> bytes:
    """All bytes of all files there, and their names."""
    return b"\0".join(path.name.encode() + path.read_bytes() for path in directory.iterdir())


def main_file(path: Path) -> bytes:
    return path.read_bytes()


def modes_in(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


# -- one owner ------------------------------------------------------------------------------------


async def test_a_second_process_is_locked_out(log: EmbeddedLog, tmp_path: Path) -> None:
    open_it = "import asyncio, sys, pathlib; from broker.log_embedded import EmbeddedLog as E; "
    open_it += "asyncio.run(E.open(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", open_it, str(tmp_path / "log.db")]
    refused = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60
    )
    assert refused.stderr.splitlines()[-1].startswith("broker.log.LogLocked: the log `")
    with pytest.raises(LogLocked):
        await EmbeddedLog.open(tmp_path / "log.db")
    await log.append(to("t", b"still ours"))


async def test_a_closed_log_is_opened_again_with_everything_in_it(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    await log.append(to("t", b"1", b"2", b"3"))
    member = await joined(log, "g", "t")
    await member.commit(await poll(member, max_records=1), [])
    await log.erase("t", 0, [2])
    await log.close()
    again = await EmbeddedLog.open(tmp_path / "log.db")
    assert [topic.name for topic in await again.topics()] == ["newest", "t"]
    assert await again.end("t", 0) == 3
    assert await again.append(to("t", b"4")) == (3,), "the offset of an erased record is used again"
    member = await again.join("g", ["t"])
    assert values((await poll(member)).records) == [b"2", b"4"]
    await again.close()


async def test_its_files_are_for_its_owner_only(log: EmbeddedLog, tmp_path: Path) -> None:
    await log.append(to("t", b"x"))
    assert modes_in(tmp_path) == dict.fromkeys(
        ("log.db", "log.db-wal", "log.db-shm", "log.db.lock"), 0o600
    )


# -- whose file, and is it whole ------------------------------------------------------------------


async def refused(path: Path) -> str:
    before = main_file(path)
    with pytest.raises(LogCorrupt) as error:
        await EmbeddedLog.open(path)
    assert main_file(path) == before, "a file that was refused has changed"
    return str(error.value)


@pytest.mark.parametrize("content", [b"xx", b"not a database, " * 1000, bytes(8192)])
async def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.db").write_bytes(content)
    assert f"`{tmp_path / 'log.db'}`: the file is not a log" in await refused(tmp_path / "log.db")


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "log.db") as sql:
        sql.execute("CREATE TABLE theirs (x)")
    sql.close()
    assert await refused(tmp_path / "log.db") == f"`{tmp_path / 'log.db'}` is not a Caseward log"


async def test_a_log_of_a_newer_version_is_refused(log: EmbeddedLog, tmp_path: Path) -> None:
    await log.close()
    with sqlite3.connect(tmp_path / "log.db") as sql:
        sql.execute("PRAGMA user_version = 2")
    sql.close()
    assert "has log format 2 (expected 1)" in await refused(tmp_path / "log.db")


async def test_a_log_cut_short_is_refused(log: EmbeddedLog, tmp_path: Path) -> None:
    await log.append(to("t", bytes(100_000)))
    await log.close()
    whole = (tmp_path / "log.db").read_bytes()
    (tmp_path / "log.db").write_bytes(whole[: len(whole) // 2])
    assert "the file is damaged" in await refused(tmp_path / "log.db")


async def test_a_damaged_page_is_named_when_it_is_met(log: EmbeddedLog, tmp_path: Path) -> None:
    await log.append(to("t", *(b"record %d " % n * 50 for n in range(100))))
    await log.close()
    with (tmp_path / "log.db").open("r+b") as file:
        data = file.read()
        page = data.index(b"record 50 ") // 4096
        file.seek(page * 4096)
        file.write(b"\xff" * 100)
    again = await EmbeddedLog.open(tmp_path / "log.db")
    with pytest.raises(LogCorrupt, match="the file is damaged"):
        await again.read("t", 0, 0)
    await again.close()


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"cannot open the log .* \(No such file or directory\)"):
        await EmbeddedLog.open(tmp_path / "nowhere" / "log.db")


# -- erasing --------------------------------------------------------------------------------------


def marks(seed: int, count: int = 600) -> list[bytes]:
    """Strings that appear nowhere else."""
    chance = random.Random(seed)
    return [b"<%s>" % chance.randbytes(8).hex().encode() for _ in range(count)]


def marks_in(directory: Path) -> set[bytes]:
    return set(re.findall(rb"<[0-9a-f]{16}>", everything_in(directory)))


async def test_erased_bytes_are_in_no_file(log: EmbeddedLog, tmp_path: Path) -> None:
    secrets, kept = marks(1), marks(2)
    for n, (secret, other) in enumerate(zip(secrets, kept, strict=True)):
        times = (1, 3, 40, 600)[n % 4]
        headers = (("h", secret),)
        offsets = await log.append(
            [
                Append(topic="t", partition=0, value=secret * times, headers=headers),
                Append(topic="t", partition=0, value=other * times),
            ]
        )
        await log.erase("t", 0, [offsets[0], 10_000_000])
    assert values([record async for record in read_to_end(log, "t", 0)])[0] == kept[0]
    await log.scrub()
    assert marks_in(tmp_path) == set(kept)


async def test_superseded_values_and_erased_keys_are_in_no_file(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    keys, old, new = marks(1), marks(2), marks(3)
    for n, key in enumerate(keys):
        await log.append([keyed("newest", key, old[n] * (n % 7 + 1))])
        if n % 2:
            await log.append([keyed("newest", keys[n - 1], None), keyed("newest", key, new[n])])
    await log.scrub(tombstone_age_s=-1)
    assert marks_in(tmp_path) == {*keys[1::2], *new[1::2]}


@pytest.mark.parametrize(
    ("superseding", "sizes"), [(True, [1, 2, 3]), (False, [1, 2, 5, 30, 100, 250])]
)
async def test_what_moved_between_pages_leaves_no_copy(
    log: EmbeddedLog, tmp_path: Path, superseding: bool, sizes: list[int]
) -> None:
    """SQLite moves cells when pages fill and empty, and leaves bytes where they were in spite of
    `secure_delete`: 3.40.1 leaves some of these unless the partition is rewritten.
    """
    chance = random.Random(6)
    kept: list[tuple[int, bytes, bytes]] = []
    for turn in range(300):
        # in the key of a record that is superseded a mark would rightly stay
        in_key = slice(0) if superseding else slice(None)
        mine = [(chance.randbytes(8) + mark[in_key], mark) for mark in marks(turn, 6)]
        offsets = await log.append(
            [keyed("newest", key, mark * chance.choice(sizes)) for key, mark in mine]
        )
        kept += [(offset, *pair) for offset, pair in zip(offsets, mine, strict=True)]
        if chance.random() < 0.1:
            first = chance.randrange(len(kept))
            run = kept[first : first + 20]
            del kept[first : first + 20]
            if superseding:
                await log.append([keyed("newest", key, b"new") for _, key, _ in run])
            else:
                await log.erase("newest", 0, [offset for offset, _, _ in run])
    await log.scrub()
    assert marks_in(tmp_path) == {mark for _, _, mark in kept}


async def test_scrubbing_keeps_tombstones_for_a_day_and_all_else_for_good(tmp_path: Path) -> None:
    now_ms = 1_000_000_000_000
    log = await EmbeddedLog.open(tmp_path / "log.db", clock=lambda: now_ms)
    await log.create(Topic(name="newest", compacted=True))
    await log.append([keyed("newest", b"gone", b"x"), keyed("newest", b"kept", b"x")])
    await log.append([keyed("newest", b"gone", None)])
    now_ms += 86_400_000
    await log.scrub()
    assert {r.key for r in await log.read("newest", 0, 0)} == {b"gone", b"kept"}
    now_ms += 1
    await log.scrub()
    assert {r.key for r in await log.read("newest", 0, 0)} == {b"kept"}
    assert await log.append([keyed("newest", b"kept", b"y")]) == (3,)
    assert values(await log.read("newest", 0, 0)) == [b"y"]
    await log.close()


async def test_scrubbing_disturbs_no_reader_and_no_writer(log: EmbeddedLog) -> None:
    going = True

    async def replace() -> int:
        turn = 0
        while going:
            turn += 1
            await log.append([keyed("newest", b"%d" % (turn % 5), b"%d" % turn)])
        return turn

    async def look() -> None:
        while going:
            records = [record async for record in read_to_end(log, "newest", 0)]
            assert values(records) == sorted(values(records), key=lambda value: int(value or b""))

    tasks = [asyncio.create_task(replace()), asyncio.create_task(look())]
    for _ in range(20):
        await log.scrub()
    going = False
    turns, _ = await asyncio.gather(*tasks)
    assert (await log.read("newest", 0, 0))[-1].value == str(turns).encode()


# -- copies ---------------------------------------------------------------------------------------


async def test_a_backup_during_writes_is_of_one_moment(log: EmbeddedLog, tmp_path: Path) -> None:
    member = await joined(log, "g", "t")
    going = True

    async def work() -> None:
        turn = 0
        while going:
            await log.append(to("t", *(b"%d" % n for n in range(turn, turn + 5))))
            batch = await poll(member)
            await member.commit(batch, [keyed("newest", b"sum", b"%d" % batch.next_offset)])
            turn += 5

    working = asyncio.create_task(work())
    for number in range(5):
        await asyncio.sleep(0.03)
        await log.backup(tmp_path / f"{number}.db")
    going = False
    await working
    ends = []
    for number in range(5):
        copy = await EmbeddedLog.open(tmp_path / f"{number}.db")
        records = [record async for record in read_to_end(copy, "t", 0)]
        assert values(records) == [b"%d" % n for n in range(len(records))]
        assert len(records) % 5 == 0
        position = await (await copy.join("g", ["t"])).position("t", 0)
        assert values(await copy.read("newest", 0, 0)) == [b"%d" % position][:position]
        assert len(records) - position in (0, 5)
        ends.append(len(records))
        await copy.close()
    assert ends == sorted(ends)
    assert ends[-1] > ends[0]


async def test_a_backup_overwrites_nothing_and_takes_no_erased_bytes_along(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    await log.append(to("t", b"erased-a6c1f0", b"kept-77b01d"))
    await log.erase("t", 0, [0])
    target = tmp_path / "backup" / "copy.db"
    with pytest.raises(LogError, match="cannot write a backup"):
        await log.backup(target)
    target.parent.mkdir()
    await log.backup(target)
    copied = everything_in(target.parent)
    assert b"kept-77b01d" in copied
    assert b"erased-a6c1f0" not in copied
    assert modes_in(target.parent) == {"copy.db": 0o600}
    with pytest.raises(LogError, match="cannot write a backup"):
        await log.backup(target)
    assert everything_in(target.parent) == copied
