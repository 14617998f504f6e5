"""An agreement's matrix and joint views as JSON and as lines, for `caseward agreement check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from redaction.agreement import Agreement
from redaction.matrix import Cell, Column, JointView, Matrix, Way, joint_views, matrix
from schemas.registry import Registry, load_vocabulary

_TAG, _FORM = 40, 14  # columns


def matrix_of(text: Agreement) -> dict[str, Any]:
    """Who gets what under an agreement, and what each audience can infer, as JSON."""
    return _matrix(matrix(text, _types(), load_vocabulary()))


def joint_of(
    agreements: Iterable[Agreement], roles: Mapping[str, frozenset[str]]
) -> list[dict[str, Any]]:
    """What agencies with the same access can put together over all these agreements, as JSON."""
    return [_joint(one) for one in joint_views(agreements, roles, _types(), load_vocabulary())]


def _types() -> dict[str, Any]:
    return {one.name: one for one in Registry.builtin().types}


def _matrix(found: Matrix) -> dict[str, Any]:
    return {
        "audiences": [_column(one) for one in found.columns],
        "cells": [_cell(one) for one in found.cells],
        "inferences": [
            {
                "audience": one.audience,
                "fact": one.fact,
                "through": str(one.through),
                "clause": one.clause,
                "revealed": one.revealed,
            }
            for one in found.inferences
        ],
    }


def _column(column: Column) -> dict[str, Any]:
    audience = column.audience
    return {
        "audience": audience.name,
        "agency": audience.agency,
        "named_in": audience.named_in,
        "role": audience.role,
        "when": column.when,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "tag": cell.tag,
        "audience": cell.audience,
        "conditional": cell.conditional,
        "ways": [_way(one) for one in cell.ways],
        "limits": [
            {
                "clause": one.clause,
                "clearer_than": None if one.clearer_than is None else str(one.clearer_than),
                "when": one.when,
            }
            for one in cell.limits
        ],
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "clause": way.clause,
        "form": str(way.form),
        "when": way.when,
        "items": way.items,
        "needs_reason": way.needs_reason,
        "publishers": list(way.publishers),
        "override": way.override,
        "lifts": list(way.lifts),
    }


def _joint(view: JointView) -> dict[str, Any]:
    return {
        "agencies": list(view.agencies),
        "tags": [
            {
                "tag": tag,
                "sources": [
                    {
                        "agreement": one.agreement,
                        "version": one.version,
                        "audience": one.cell.audience,
                        "purposes": list(one.purposes),
                        "if_named": one.if_named,
                        "forms": sorted({str(way.form) for way in one.cell.ways}),
                    }
                    for one in sources
                ],
            }
            for tag, sources in view.tags().items()
        ],
    }


def matrix_lines(said: dict[str, Any]) -> Iterator[str]:
    """The matrix for people: audience by audience, each tag with its form, clause and condition."""
    for column in said["audiences"]:
        yield ""
        yield _who(column)
        for cell in said["cells"]:
            if cell["audience"] == column["audience"]:
                yield from _cell_lines(cell)
        for one in said["inferences"]:
            if one["audience"] == column["audience"]:
                where = (
                    "being sent anything" if one["clause"] is None else f"clause {one['clause']}"
                )
                yield f"  can infer {one['fact']} from {where}"


def _who(column: dict[str, Any]) -> str:
    who = column["agency"] or (
        f"role {column['role']}" if column["role"] else f"named in {column['named_in']}"
    )
    when = f", when {column['when']}" if column["when"] else ""
    return f"{column['audience']} ({who}){when}"


def _cell_lines(cell: dict[str, Any]) -> Iterator[str]:
    tag = cell["tag"]
    for way in cell["ways"]:
        yield f"  {tag:{_TAG}} {way['form']:{_FORM}} {way['clause']}{_conditions(way)}".rstrip()
        tag = ""
    for limit in cell["limits"]:
        most = "never" if limit["clearer_than"] is None else f"at most {limit['clearer_than']}"
        when = f" when {limit['when']}" if limit["when"] else ""
        yield f"  {'':{_TAG}} {most:{_FORM}} {limit['clause']}{when}"


def _conditions(way: dict[str, Any]) -> str:
    parts = [
        f"when {way['when']}" if way["when"] else "",
        f"items {way['items']}" if way["items"] else "",
        "with a recorded reason" if way["needs_reason"] else "",
        f"from {', '.join(way['publishers'])}" if way["publishers"] else "",
        "by a recorded override only" if way["override"] else "",
    ]
    return "".join(f"; {part}" for part in parts if part)


def joint_lines(views: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The joint views for people: who, and each tag with the agreements it can come by."""
    for view in views:
        yield ""
        yield f"{', '.join(view['agencies'])}, over all agreements:"
        for row in view["tags"]:
            sources = ", ".join(
                f"{'/'.join(one['forms'])} by {one['agreement']} {one['version']}"
                + (f" if named in {one['if_named']}" if one["if_named"] else "")
                for one in row["sources"]
            )
            yield f"  {row['tag']:{_TAG}} {sources}"
