"""`caseward schema list|show`: what can travel."""

from __future__ import annotations

import json
from typing import Any

import click

from broker.cli.common import Unusable, ends_well, json_option, say, table
from schemas.nodes import Array, Field, Leaf, Map, Node, Record
from schemas.registry import Kind, Registry, Tag, load_vocabulary


@click.group()
def schema() -> None:
    """Event types: list them, show one with its tags."""


@schema.command("list")
@json_option
@ends_well
def list_schemas(as_json: bool) -> None:
    """List the event types this installation knows."""
    rows = [
        {"event_type": one.name, "digest": one.digest, "fields": len(list(_fields(one.root, "")))}
        for one in Registry.builtin().types
    ]
    say(as_json, {"event_types": rows}, lambda: table(rows, ["event_type", "fields", "digest"]))


@schema.command()
@click.argument("event_type")
@json_option
@ends_well
def show(event_type: str, as_json: bool) -> None:
    """Show an event type's fields: tags with classes and meaning, and what conditions may ask.

    A condition asks a fact by its own name, the last part of its path, and for one of its answers.
    """
    known = {one.name: one for one in Registry.builtin().types}
    if event_type not in known:
        raise Unusable(f"no event type of that name; known are {', '.join(sorted(known))}")
    found = known[event_type]
    tags = load_vocabulary().tags
    rows = [_explained(row, tags[row["tag"]]) for row in _fields(found.root, "")]
    answer = {"event_type": found.name, "fields": rows, "avro": json.loads(found.text)}
    columns = ["path", "tag", "kind", "nullable", "fact", "answers", "classes", "means"]
    say(as_json, answer, lambda: table(rows, columns))


def _explained(row: dict[str, Any], tag: Tag) -> dict[str, Any]:
    return {**row, "classes": sorted(tag.classes), "means": tag.means}


def _fields(record: Record, path: str) -> list[dict[str, Any]]:
    rows = []
    for field in record.fields:
        rows += _field(field, field.node, f"{path}/{field.name}")
    return rows


def _field(field: Field, node: Node, path: str) -> list[dict[str, Any]]:
    if isinstance(node, Record):
        return _fields(node, path)
    if isinstance(node, Array):
        return _field(field, node.item, f"{path}/*")
    if isinstance(node, Map):
        return _field(field, node.value, f"{path}/*")
    leaf: Leaf = node
    answers = ["yes", "no"] if leaf.kind is Kind.BOOLEAN else list(leaf.symbols)
    return [
        {
            "path": path,
            "tag": field.tag,
            "kind": str(leaf.kind),
            "nullable": leaf.nullable,
            "fact": field.fact,
            "answers": answers,
        }
    ]
