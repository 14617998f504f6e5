"""Changes to the raw schema of the sample event type, most of which make it one to refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.errors import Code, SchemaError
from tests.schemas.samples import field, load_changed

Change = Callable[[dict[str, Any]], Any]

A = {"name": "a", "tag": "one", "type": "int"}


def set_type(name: str, kind: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: field(raw, name).update(type=kind)


def update(name: str, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: field(raw, name).update(attributes)


def add(name: str, kind: Any, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["fields"].append({"name": name, "type": kind, **attributes})


def header(position: int, **attributes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["fields"][0]["type"]["fields"][position].update(attributes)


def record(name: str, *fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def fixed(size: object, **attributes: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size, **attributes}


def several_addresses(raw: dict[str, Any], **attributes: Any) -> None:
    raw["fields"][3]["type"]["fields"][-1]["type"].update(attributes)


def deep(raw: dict[str, Any]) -> None:
    kind: Any = record("D0", A)
    for level in range(1, 40):
        name = f"D{level}"
        raw["fields"].append(
            {
                "name": f"deep{level}",
                "tag": "one",
                "type": record(name, {"name": "x", "type": kind}),
            }
        )
        kind = name


def bomb(raw: dict[str, Any]) -> None:
    kind: Any = record("B0", A)
    for level in range(1, 25):
        name = f"B{level}"
        twice = record(name, {"name": "x", "type": kind}, {"name": "y", "type": f"B{level - 1}"})
        raw["fields"].append({"name": f"b{level}", "tag": "one", "type": twice})
        kind = name


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def map_of(values: Any) -> dict[str, Any]:
    return {"type": "map", "values": values}


def refused(change: Change) -> str:
    """How a changed schema is refused; it must be."""
    with pytest.raises(SchemaError) as error:
        load_changed(change)
    assert error.value.code is Code.BAD_SCHEMA
    return str(error.value)
