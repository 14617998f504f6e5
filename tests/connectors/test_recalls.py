"""Recalls at a sink: the folder takes back what it wrote, the webhook hands the recall on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Accepted, Delivery, encode_delivery
from connectors.folder import open_sink
from tests.connectors.fakes import make_delivery


def recall_of(delivery: Delivery, number: int, action: str, view: Any = None) -> Delivery:
    name = f"{number:064x}"
    return replace(
        delivery, delivery_id=name, recalls=delivery.delivery_id, action=action, view=view
    )


def held(place: Path) -> dict[str, Any]:
    """What each file says, by its name."""
    return {path.name: json.loads(path.read_bytes()) for path in place.iterdir()}


async def write(place: Path, *deliveries: Delivery) -> None:
    """Write each twice, the second time as after a restart."""
    for one in deliveries:
        for _ in range(2):
            sink = open_sink({"directory": str(place)})
            assert await sink.write(one) == Accepted()
            await sink.close()


async def test_what_is_to_be_erased_is_gone_and_what_remains_stands_beside_it(
    tmp_path: Path,
) -> None:
    one, other = make_delivery(1), make_delivery(2)
    left = {"incident": {"circumstances": None}}
    recall = recall_of(one, 9, "erase", left)
    await write(tmp_path, one, other, recall)
    assert sorted(held(tmp_path)) == sorted(
        [f"{other.delivery_id}.json", f"{recall.delivery_id}.recall.json"]
    )
    said = held(tmp_path)[f"{recall.delivery_id}.recall.json"]
    assert said == json.loads(encode_delivery(recall))
    assert (said["recalls"], said["action"], said["view"]) == (one.delivery_id, "erase", left)


@pytest.mark.parametrize("action", ["cease", "return"])
async def test_what_is_not_to_be_erased_stays_and_is_said(tmp_path: Path, action: str) -> None:
    one = make_delivery(1)
    recall = recall_of(one, 9, action)
    await write(tmp_path, one, recall)
    assert held(tmp_path) == {
        f"{one.delivery_id}.json": json.loads(encode_delivery(one)),
        f"{recall.delivery_id}.recall.json": json.loads(encode_delivery(recall)),
    }


async def test_a_later_recall_erases_what_remained_after_an_earlier_one(tmp_path: Path) -> None:
    one, other = make_delivery(1), make_delivery(2)
    earlier = recall_of(one, 8, "return", {"child": "invented"})
    of_another = recall_of(other, 7, "return", {"child": "invented"})
    later = recall_of(one, 9, "erase")
    await write(tmp_path, one, earlier, of_another, later)
    (tmp_path / "by-somebody-else.recall.json").write_text("[]")
    await write(tmp_path, later)
    assert sorted(held(tmp_path)) == sorted(
        [
            f"{of_another.delivery_id}.recall.json",
            f"{later.delivery_id}.recall.json",
            "by-somebody-else.recall.json",
        ]
    )


async def test_a_recall_whose_file_was_changed_still_has_its_effect(tmp_path: Path) -> None:
    one = make_delivery(1)
    recall = recall_of(one, 9, "erase")
    (tmp_path / f"{recall.delivery_id}.recall.json").write_text("something else")
    await write(tmp_path, one, recall)
    assert list(held(tmp_path)) == [f"{recall.delivery_id}.recall.json"]


async def test_what_was_taken_out_of_the_folder_is_recalled_there(tmp_path: Path) -> None:
    recall = recall_of(make_delivery(1), 9, "erase")
    await write(tmp_path, recall)
    assert list(held(tmp_path)) == [f"{recall.delivery_id}.recall.json"]


def test_what_recalls_nothing_does_not_speak_of_recalls() -> None:
    said = json.loads(encode_delivery(make_delivery(1)))
    assert "recalls" not in said
    assert "action" not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"view": None},
        {"recalls": "a" * 64},
        {"action": "erase"},
        {"recalls": "a" * 64, "action": "forget"},
        {"recalls": "../../etc/passwd", "action": "erase"},
    ],
)
def test_what_is_neither_a_view_nor_a_recall_cannot_be_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"view|recall|hexadecimal"):
        replace(make_delivery(1), **changes)
