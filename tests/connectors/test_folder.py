"""The folder source and sink on real folders."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import folder, folder_files
from connectors.contract import (
    Accepted,
    ConfigRefused,
    ConnectorFailed,
    Fatal,
    Reject,
    RetryAfter,
    Sink,
    Source,
    SourceRecord,
    TryLater,
    encode_delivery,
)
from connectors.folder_files import MAX_RECORD_BYTES
from tests.connectors.fakes import make_delivery
from tests.contracts.sink_contract import SinkContract
from tests.contracts.source_contract import SourceContract, event

CSV: dict[str, Any] = {
    "columns": {"note": {"to": "/note"}, "number": {"to": "/number"}},
}


def source_on(place: Path, **more: Any) -> folder.FolderSource:
    return folder.open_source({"directory": str(place), "quiet_s": 0, "csv": CSV} | more)


async def pulled(
    source: Source, cursor: bytes | None = None, *, size: int = 50
) -> tuple[list[SourceRecord], bytes | None]:
    """All that follows, and the last cursor."""
    found: list[SourceRecord] = []
    while (pull := await source.pull(cursor, max_records=size)) is not None:
        found += pull.records
        cursor = pull.cursor
    return found, cursor


async def read(place: Path, **more: Any) -> list[SourceRecord]:
    return (await pulled(source_on(place, **more)))[0]


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def snapshot(place: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """All that a careless reader or writer could change."""
    found = {}
    for path in place.iterdir():
        status = path.stat()
        held = (path.read_bytes(), status.st_mtime_ns, status.st_mode, status.st_ino)
        found[path.name] = held
    return found


class _FolderContract(SourceContract):
    def open_source(self, place: Path) -> Source:
        return source_on(place)

    def new_file(self, place: Path, suffix: str, data: bytes) -> None:
        (place / f"{len(list(place.iterdir())):05}{suffix}").write_bytes(data)


class TestAFolderOfSingleEvents(_FolderContract):
    def add(self, place: Path, events: Sequence[bytes]) -> None:
        for one in events:
            self.new_file(place, ".json", one)

    def add_unusable(self, place: Path) -> None:
        self.new_file(place, ".json", b" " * (MAX_RECORD_BYTES + 1))


class TestAGrowingFileOfLines(_FolderContract):
    def add(self, place: Path, events: Sequence[bytes]) -> None:
        with (place / "all.jsonl").open("ab") as stream:
            stream.writelines(one + b"\n" for one in events)

    def add_unusable(self, place: Path) -> None:
        self.add(place, [b'"' + b"x" * MAX_RECORD_BYTES + b'"'])


class TestAFolderOfCsvFiles(_FolderContract):
    def add(self, place: Path, events: Sequence[bytes]) -> None:
        rows = [json.loads(one) for one in events]
        text = "note,number\r\n" + "".join(f"{row['note']},{row['number']}\r\n" for row in rows)
        self.new_file(place, ".csv", text.encode())

    def add_unusable(self, place: Path) -> None:
        self.new_file(place, ".csv", b"note,number\r\none,two,three\r\n")


class TestTheSinkContract(SinkContract):
    def open_sink(self, place: Path) -> Sink:
        return folder.open_sink({"directory": place / "out"})

    def received(self, place: Path) -> list[Any]:
        return [json.loads(path.read_bytes()) for path in (place / "out").iterdir()]


# --- the source


async def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.jsonl", "C.JSON", "c.csv"):
        text = "note,number\nx,c\n" if name.endswith("csv") else f'"{name[0]}"\n'
        (tmp_path / name).write_text(text)
    found = [record.data for record in await read(tmp_path)]
    assert found == [b'"C"\n', b'"a"', b'"b"\n', b'{"note": "x", "number": "c"}']


async def test_a_name_that_sorts_before_what_was_read_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('"b"')
    source = source_on(tmp_path)
    _, cursor = await pulled(source)
    (tmp_path / "a.json").write_text('"a"')
    found, _ = await pulled(source, cursor)
    assert [record.data for record in found] == [b'"a"']
    assert found[0].origin == "file 2"


async def test_other_files_links_folders_and_hidden_names_are_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    (tmp_path / "outside.json").write_text('"outside"')
    (place / "link.json").symlink_to(tmp_path / "outside.json")
    (place / "folder.json").mkdir()
    (place / ".part.json").write_text('"half')
    (place / "notes.txt").write_text("notes")
    os.mkfifo(place / "pipe.json")
    assert await read(place) == []


async def test_csv_files_wait_until_a_mapping_is_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("note,number\nx,1\n")
    assert await read(tmp_path, csv=None) == []
    assert len(await read(tmp_path)) == 1


async def test_reading_changes_nothing_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('"a"\n')
    (tmp_path / "b.json").write_text('"b"')
    before = snapshot(tmp_path)
    assert len(await read(tmp_path)) == 2
    assert snapshot(tmp_path) == before


async def test_a_person_named_by_a_file_name_appears_nowhere(tmp_path: Path) -> None:
    name = "zanzibar-jane"
    (tmp_path / f"{name}.json").write_text('"a"')
    (tmp_path / f"{name}.csv").write_text("wrong,header\nx,1\n")
    (tmp_path / f"{name}.jsonl").write_bytes(b"\xff\n" + b"x" * (MAX_RECORD_BYTES + 1) + b"\n")
    found, cursor = await pulled(source_on(tmp_path))
    assert len(found) == 4
    assert "zanzibar" not in repr(found)
    assert b"zanzibar" not in (cursor or b"")


async def test_the_person_at_the_edge_finds_the_file_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('"b"\n\n"c"\n')
    source = source_on(tmp_path)
    _, cursor = await pulled(source)
    (tmp_path / "a.json").write_text('"a"')
    _, cursor = await pulled(source, cursor)
    assert cursor is not None
    assert source.cleartext_name(cursor, 1) == "b.jsonl"
    assert source.cleartext_name(cursor, 2) == "a.json"
    assert source.cleartext_name(cursor, 3) is None


async def test_origins_name_the_line_as_an_editor_counts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('"a"\n\n"b"')
    (tmp_path / "b.csv").write_text('note,number\n"one\ntwo",1\n\nx,2\n')
    assert [record.origin for record in await read(tmp_path)] == [
        "file 1, line 1",
        "file 1, line 3",
        "file 2, line 2",
        "file 2, line 5",
    ]


async def test_a_line_is_taken_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    source = source_on(tmp_path, quiet_s=60)
    path.write_text('"a"\n"b')
    found, cursor = await pulled(source)
    assert [record.data for record in found] == [b'"a"']
    with path.open("a") as stream:
        stream.write('c"\n')
    found, cursor = await pulled(source, cursor)
    assert [record.data for record in found] == [b'"bc"']


@pytest.mark.parametrize(
    ("name", "text", "data"),
    [
        ("a.json", '"a"', b'"a"'),
        ("a.jsonl", '"a"', b'"a"'),
        ("a.csv", "note,number\nx,1", b'{"note": "x", "number": "1"}'),
    ],
)
async def test_an_upload_under_way_is_left_until_it_is_quiet(
    tmp_path: Path, name: str, text: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert await read(tmp_path, quiet_s=60) == []
    long_ago = path.stat().st_mtime - 61
    os.utime(path, (long_ago, long_ago))
    assert [record.data for record in await read(tmp_path, quiet_s=60)] == [data]


async def test_an_upload_under_way_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('"a')
    (tmp_path / "b.jsonl").write_text('"b"\n')
    assert [record.data for record in await read(tmp_path, quiet_s=60)] == [b'"b"']


async def test_an_oversized_line_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    big = b"y" * (3 * MAX_RECORD_BYTES)
    (tmp_path / "a.jsonl").write_bytes(b'"a"\n' + big + b'\n"b"\n')
    first, large, last = await read(tmp_path)
    assert (first.data, last.data, last.origin) == (b'"a"', b'"b"', "file 1, line 3")
    assert large.fault == f"larger than {MAX_RECORD_BYTES} bytes"
    assert large.data == big[:MAX_RECORD_BYTES]


async def test_a_line_of_just_the_limit_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"1" * (MAX_RECORD_BYTES - 1) + b"\n")
    [record] = await read(tmp_path)
    assert record.fault is None
    assert len(record.data) == MAX_RECORD_BYTES - 1


async def test_one_pull_holds_a_bounded_number_of_bytes(tmp_path: Path) -> None:
    for number in range(3):
        line = b"1" * (MAX_RECORD_BYTES - 1) + b"\n"
        (tmp_path / f"{number}.jsonl").write_bytes(line * 10)
    source = source_on(tmp_path)
    pull = await source.pull(None, max_records=1000)
    assert pull is not None
    held = sum(len(record.data) for record in pull.records)
    assert held < folder_files.MAX_PULL_BYTES + MAX_RECORD_BYTES
    assert len((await pulled(source))[0]) == 30


async def test_an_oversized_file_is_refused_once_and_the_next_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as stream:
        stream.write(b'"a"\n')
        stream.truncate(folder_files.MAX_FILE_BYTES + 1)  # a hole: takes no room on the disk
    (tmp_path / "b.json").write_text('"b"')
    large, last = await read(tmp_path)
    assert large.fault == f"the file is larger than {folder_files.MAX_FILE_BYTES} bytes"
    assert last.data == b'"b"'


async def test_a_row_behind_a_quote_that_never_closes_is_no_row(tmp_path: Path) -> None:
    """A caller's words in a narrative must not be able to become an event of their own."""
    path = tmp_path / "a.csv"
    path.write_text('note,number\nx,1\n"he said,2\nforged,3\nforged,4\n')
    source = source_on(tmp_path)
    found, cursor = await pulled(source)
    assert [record.fault is None for record in found] == [True, False]
    assert found[1].origin == "file 1, line 3"
    assert found[1].fault == "a quoted cell is not closed: the rest of the file is refused"
    with path.open("a") as stream:
        stream.write("forged,5\n")
    assert (await pulled(source, cursor))[0] == []


async def test_a_broken_row_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    rows = [b"note,number", b"x,1", b"\xff,2", b"a,b,c", b'5" pipe,3', b'6" pipe,4', b"y,5", b""]
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows))
    found = await read(tmp_path)
    assert [record.fault is None for record in found] == [True, False, False, False, True]
    assert found[3].data == b'5" pipe,3\n6" pipe,4'


async def test_a_spreadsheet_s_byte_order_mark_is_no_part_of_the_first_column(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfnote,number\r\nx,1\r\n")
    [record] = await read(tmp_path)
    assert record.data == b'{"note": "x", "number": "1"}'


async def test_a_file_with_another_header_is_refused_once_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("note,amount\nx,1\ny,2\n")
    [record] = await read(tmp_path)
    assert record.origin == "file 1, line 1"
    assert record.fault == "column `number`: the header lacks it"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.json", '"a"', '"b, longer"'),
        ("a.json", '"a, long"', '"b"'),
        ("a.jsonl", '"a"\n"b"\n', '"c"\n'),
        ("a.csv", "note,number\nx,1\ny,2\n", "note,number\nz,1\n"),
    ],
)
async def test_a_file_that_was_changed_after_reading_is_refused_once(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    (tmp_path / name).write_text(before)
    source = source_on(tmp_path)
    _, cursor = await pulled(source)
    (tmp_path / name).write_text(after)
    [record], cursor = await pulled(source, cursor)
    assert record.fault == "the file was changed after it had been read: use a new name"
    (tmp_path / name).write_text(after + before + after)
    assert (await pulled(source, cursor))[0] == []


async def test_files_that_left_are_forgotten_and_the_cursor_stays_small(tmp_path: Path) -> None:
    source = source_on(tmp_path)
    cursor = None
    for number in range(20):
        path = tmp_path / f"{number:03}.json"
        path.write_text(f'"{number}"')
        found, cursor = await pulled(source, cursor)
        assert [record.origin for record in found] == [f"file {number + 1}"]
        path.unlink()
    assert cursor is not None
    assert len(cursor) < 100


async def test_a_folder_that_is_away_for_a_moment_is_tried_again_later(tmp_path: Path) -> None:
    place = tmp_path / "in"
    with pytest.raises(TryLater) as later:
        await read(place)
    assert later.value.__cause__ is None
    assert str(place) not in str(later.value)


async def test_a_folder_with_too_many_files_needs_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "MAX_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.json").write_text('"a"')
    with pytest.raises(ConnectorFailed) as failed:
        await read(tmp_path)
    assert failed.value.code == "folder-full"


@pytest.mark.parametrize(
    "cursor", [b"", b"{", b"[]", b"{}", b'{"version":2}', b"\xff", b'{"version":1,"files":[1]}']
)
async def test_a_cursor_of_something_else_needs_a_person(tmp_path: Path, cursor: bytes) -> None:
    with pytest.raises(ConnectorFailed) as failed:
        await source_on(tmp_path).pull(cursor, max_records=1)
    assert failed.value.code == "bad-cursor"


async def test_the_cursor_of_a_full_folder_fits_its_limit(tmp_path: Path) -> None:
    place = folder_files.Place(number=10**7, position=10**9, line=10**7)
    places = {f"{number:024x}": place for number in range(folder.MAX_FILES)}
    assert len(folder._write_cursor(places, 10**7)) < 480 * 1024


FILE_STEPS = st.lists(
    st.tuples(st.sampled_from(["a.jsonl", "b.csv", "c.jsonl", "new", "pull"]), st.integers(1, 4)),
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(steps=FILE_STEPS)
def test_law_files_that_grow_side_by_side_give_each_event_once(
    steps: list[tuple[str, int]],
) -> None:
    async def live(place: Path) -> None:
        written: list[bytes] = []
        found: list[bytes] = []
        cursor: bytes | None = None
        (place / "b.csv").write_text("note,number\n")
        for step, amount in steps:
            if step == "pull":
                pull = await source_on(place).pull(cursor, max_records=amount)
                if pull:
                    found += [record.data for record in pull.records]
                    cursor = pull.cursor
                continue
            new = [event(len(written) + number) for number in range(amount)]
            _write(place, step, new, len(written))
            written += new
        rest, _ = await pulled(source_on(place), cursor, size=2)
        assert sorted(found + [record.data for record in rest]) == sorted(written)

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(live(Path(name)))


def _write(place: Path, name: str, events: list[bytes], number: int) -> None:
    if name == "new":
        for index, one in enumerate(events):
            (place / f"n{number}-{index}.json").write_bytes(one)
        return
    with (place / name).open("ab") as stream:
        for one in events:
            row = json.loads(one)
            text = f"{row['note']},{row['number']}".encode() if name.endswith("csv") else one
            stream.write(text + b"\n")


# --- the sink


async def test_a_file_is_named_by_the_delivery_alone_and_its_owner_s_alone(tmp_path: Path) -> None:
    place = tmp_path / "new" / "out"
    sink = folder.open_sink({"directory": place})
    old = os.umask(0)
    try:
        await sink.write(make_delivery(1))
    finally:
        os.umask(old)
    [path] = place.iterdir()
    assert path.name == f"{make_delivery(1).delivery_id}.json"
    assert path.read_bytes() == encode_delivery(make_delivery(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


async def test_what_a_crash_left_half_written_is_cleaned_up_and_written_anew(
    tmp_path: Path,
) -> None:
    part = tmp_path / f".{make_delivery(1).delivery_id}.caseward-part"
    part.write_text('{"half')
    (tmp_path / ".keep").write_text("not ours")
    sink = folder.open_sink({"directory": tmp_path})
    assert names(tmp_path) == [".keep"]
    part.write_text('{"half')
    assert await sink.write(make_delivery(1)) == Accepted()
    assert names(tmp_path) == [".keep", f"{make_delivery(1).delivery_id}.json"]


async def test_a_repetition_does_not_touch_the_file(tmp_path: Path) -> None:
    sink = folder.open_sink({"directory": tmp_path})
    await sink.write(make_delivery(1))
    before = snapshot(tmp_path)
    assert await sink.write(make_delivery(1)) == Accepted()
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("there", [b"", b"{}", encode_delivery(make_delivery(1)) + b" "])
async def test_another_file_of_that_name_is_never_overwritten(tmp_path: Path, there: bytes) -> None:
    path = tmp_path / f"{make_delivery(1).delivery_id}.json"
    path.write_bytes(there)
    sink = folder.open_sink({"directory": tmp_path})
    assert await sink.write(make_delivery(1)) == Reject(code="name-taken")
    assert path.read_bytes() == there


async def test_a_folder_that_vanished_needs_a_person(tmp_path: Path) -> None:
    sink = folder.open_sink({"directory": tmp_path / "out"})
    (tmp_path / "out").rmdir()
    assert await sink.write(make_delivery(1)) == Fatal(code="folder-enoent")


async def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file size limit of the process stands for a full disk: the write fails in the middle."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    sink = folder.open_sink({"directory": tmp_path})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        said = await sink.write(make_delivery(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert said == RetryAfter(code="folder-efbig")
    assert names(tmp_path) == []
    assert await sink.write(make_delivery(1)) == Accepted()


def test_a_sink_on_a_file_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "zanzibar").write_text("a file")
    with pytest.raises(ConfigRefused, match="`directory`: file exists") as refused:
        folder.open_sink({"directory": tmp_path / "zanzibar"})
    assert "zanzibar" not in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"directory": "in", "code": "x"},
        {"directory": "in", "quiet_s": -1},
        {"directory": "in", "quiet_s": float("nan")},
        {"directory": "in", "csv": {}},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigRefused):
        folder.open_source(settings)
