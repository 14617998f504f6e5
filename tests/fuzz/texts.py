"""Good agreements and event types, short ones, so that many can be read in little time."""

from __future__ import annotations

import json
from typing import Any

from tests.generator.types import HEADER
from tests.redaction.agreement_texts import EXCEPTIONS, TEXT

_SHORT = """\
agreement: a
version: 1
title: A
language: en
time_zone: UTC
vocabulary: caseward-core/1
publishers: p
event_types: [police.domestic-incident]
purposes: [q]
audiences:
  s: {named_in: child.school}
  c: {role: r, all_of_role: yes, when: {not: {serious_risk: no}}}
in_force: {from: 2026-01-01, until: 2026-12-31}
clauses:
- {id: "1", share: [child.name], to: s, as: mask, items: {where: child.school, is: recipient}}
- {id: "2", never: {tag: victim.phone, class: phone}, to: anyone, clearer_than: mask}
"""
_CLAUSES = """\
clauses:
- {id: a, share: b, to: c, when: {all: [{any: [{age: {of: d, at_most: 3}}]}, {x: {at_least: -1}}]}}
- {id: e, never: f, to: anyone, when: {disclosure_age: {less_than: 2 school days}}, reveals: [g]}
"""
AGREEMENTS = [text.encode() for text in (_SHORT, _SHORT, _CLAUSES, TEXT, TEXT + EXCEPTIONS)]


def _schema(*fields: dict[str, Any]) -> bytes:
    root = {"type": "record", "name": "a.B", "event_type": "a.b", "vocabulary": "caseward-core/1"}
    return json.dumps({**root, "fields": [HEADER, *fields]}).encode()


_TAG = {"tag": "victim.name"}
_LOOP = {
    "type": "record",
    "name": "L",
    "fields": [
        {"name": "s", "type": ["null", "string"], "default": None, **_TAG},
        {"name": "l", "type": {"type": "array", "items": "L"}, **_TAG},
        {"name": "m", "type": {"type": "map", "values": "int"}, **_TAG},
    ],
}
_TWO = [{**_LOOP, "name": name, "fields": _LOOP["fields"][:1]} for name in ("P", "Q")]
_NAMED = [
    {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"], "default": "x"}},
    {"name": "f", "type": {"type": "fixed", "name": "F", "size": 12, "logicalType": "duration"}},
    {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
    {"name": "t", "type": {"type": "long", "logicalType": "timestamp-millis"}},
]
SCHEMAS = [
    _schema({"name": "a", "type": _LOOP, **_TAG}),
    _schema({"name": "a", "type": ["null", *_TWO], **_TAG, "aliases": ["b"]}),
    _schema(*({**each, **_TAG} for each in _NAMED)),
]
