"""The loop as a team would write it with no agreement: decode, pick, encode, AES-GCM.

It picks what the first recipient's view holds, by hand, with fastavro; it checks nothing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import fastavro
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.redaction.scene import SCHEMA, Scene

PREFIX_BYTES = 10


def sealed(scene: Scene) -> Callable[[], list[bytes]]:
    """From the event's bytes to ciphertext for each recipient; all of them get the fullest view."""
    schema = fastavro.parse_schema(json.loads(SCHEMA))
    picked_schema = fastavro.parse_schema(_PICKED)
    keys = [
        (name.encode(), AESGCM(AESGCM.generate_key(bit_length=256))) for name in scene.recipients
    ]
    counter = iter(range(2**62))

    def once() -> list[bytes]:
        value: Any = fastavro.schemaless_reader(io.BytesIO(scene.data[PREFIX_BYTES:]), schema, None)
        ciphertexts = []
        for name, key in keys:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, picked_schema, _pick(value))
            nonce = next(counter).to_bytes(12, "big")
            ciphertexts.append(key.encrypt(nonce, out.getvalue(), name))
        return ciphertexts

    return once


_DATE = ["null", {"type": "int", "logicalType": "date"}]
_INSTANT = {"type": "long", "logicalType": "timestamp-millis"}


def _record(name: str, /, **fields: Any) -> dict[str, Any]:
    listed = [{"name": field, "type": kind} for field, kind in fields.items()]
    return {"type": "record", "name": name, "fields": listed}


_PICKED = _record(
    "Picked",
    source="string",
    type="string",
    time=_INSTANT,
    subject="string",
    children_involved="boolean",
    risk_level=[
        "null",
        {"type": "enum", "name": "Risk", "symbols": ["standard", "medium", "high"]},
    ],
    incident=_record(
        "PickedIncident",
        reference="string",
        attended_at=_INSTANT,
        place="string",
        kind="string",
    ),
    victim=_record(
        "PickedVictim",
        name="string",
        date_of_birth=_DATE,
        phone=["null", "string"],
        municipality="string",
        language=["null", "string"],
    ),
    perpetrator=_record("PickedPerpetrator", name="string", date_of_birth=_DATE),
    children={
        "type": "array",
        "items": _record(
            "PickedChild",
            name="string",
            date_of_birth=_DATE,
            school=["null", "string"],
        ),
    },
)


def _pick(value: Mapping[str, Any]) -> dict[str, Any]:
    header, incident, victim = value["header"], value["incident"], value["victim"]
    return {
        "source": header["source"],
        "type": header["type"],
        "time": header["time"],
        "subject": header["subject"],
        "children_involved": value["children_involved"],
        "risk_level": value["risk_level"],
        "incident": {
            "reference": incident["reference"],
            "attended_at": incident["attended_at"],
            "place": incident["place"]["postcode"].split(" ")[0],
            "kind": incident["kind"],
        },
        "victim": {
            "name": victim["name"],
            "date_of_birth": victim["date_of_birth"],
            "phone": victim["phone"],
            "municipality": victim["address"]["municipality"],
            "language": victim["language"],
        },
        "perpetrator": {
            "name": value["perpetrator"]["name"],
            "date_of_birth": value["perpetrator"]["date_of_birth"],
        },
        "children": [
            {
                "name": child["name"],
                "date_of_birth": child["date_of_birth"],
                "school": child["school"],
            }
            for child in value["children"]
        ],
    }
