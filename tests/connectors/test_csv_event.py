"""A police system's nightly CSV export becomes events that the codec takes, by settings alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors import folder
from schemas.codec import encode_event, event_from_json, event_to_json, parse_json
from schemas.registry import Registry

SETTINGS: dict[str, Any] = {
    "delimiter": ";",
    "columns": {
        "Message ID": {"to": "/header/id"},
        "Sent": {"to": "/header/time"},
        "Case": {"to": "/header/subject"},
        "User": {"to": "/header/on_behalf_of"},
        "Reference": {"to": "/incident/reference"},
        "Attended": {"to": "/incident/attended_at"},
        "Kind": {"to": "/incident/incident_kind"},
        "Child seen": {
            "to": ["/incident/child_present", "/children_involved"],
            "convert": "yes-no",
        },
        "Arrest": {"to": "/incident/arrest_made", "convert": "yes-no"},
        "Circumstances": {"to": "/incident/circumstances"},
        "Victim": {"to": "/victim/name"},
        "Victim born": {"to": "/victim/date_of_birth"},
        "Victim gender": {"to": "/victim/gender"},
        "Victim phone": {"to": "/victim/phone"},
        "Street": {"to": "/victim/address/line"},
        "Town": {"to": "/victim/address/municipality"},
        "Post code": {"to": "/victim/address/postcode"},
        "Officer": {"to": "/officer/name"},
        "Collar": {"to": "/officer/number"},
        "Children": {"to": "/child_count", "convert": "integer"},
    }
    | {
        f"Child {number + 1} {column}": {"to": f"/children/{number}/{field}"}
        for number in range(4)
        for column, field in [
            ("name", "name"),
            ("born", "date_of_birth"),
            ("school", "school"),
            ("involvement", "involvement"),
        ]
    },
    "constants": {
        "/header/source": "northshire-police",
        "/header/type": "police.domestic-incident",
        "/header/purposes": ["pupil-safeguarding"],
        "/victim/address/country": "GB",
        "/victim/interpreter_needed": False,
        "/serious_risk": None,
        "/risk_level": None,
        "/sharing_reason": None,
        "/incident/reported_at": None,
        "/incident/place": None,
        "/incident/injuries": None,
        "/perpetrator": None,
        "/refuge": None,
    }
    | {f"/victim/{name}": None for name in ("safe_phone", "safe_address", "language")}
    | {f"/victim/{name}": None for name in ("disability", "gp_surgery")}
    | {f"/officer/{name}": None for name in ("unit", "phone", "email")}
    | {
        f"/children/{number}/{name}": None
        for number in range(4)
        for name in (
            "address",
            "school_contact",
            "gp_surgery",
            "relationship_to_victim",
            "relationship_to_perpetrator",
            "lives_with",
            "safeguarding_note",
        )
    },
    "null_if_empty": ["/victim/address"],
}

EXPORT = """\
Message ID;Sent;Case;User;Reference;Attended;Kind;Child seen;Arrest;Circumstances;Victim;\
Victim born;Victim gender;Victim phone;Street;Town;Post code;Officer;Collar;Children;\
Child 1 name;Child 1 born;Child 1 school;Child 1 involvement;\
Child 2 name;Child 2 born;Child 2 school;Child 2 involvement
0b1a3c52-8f0e-4f6e-9d5a-6a1f0c2d3e4f;2026-03-02T06:00:00Z;NP-2026-0001;PC 4711;NP/1;\
2026-03-01T23:10:00Z;threats;Yes;;"Shouting; a door broken.
No injuries.";Alex Example;1990-05-01;female;01632 960123;1 Example Road;Sampletown;ZZ99 9ZZ;\
Sam Sample;4711;2;Robin Example;2016-02-29;oak-primary;witnessed;Kim Example;;;present
7c9e6679-7425-40de-944b-e07fc1f90ae7;2026-03-02T06:00:00Z;NP-2026-0002;PC 4711;NP/2;\
2026-03-01T22:00:00Z;verbal;no;no;Loud voices.;Jo Example;;not_stated;;;;;Sam Sample;4711;0;;;;;;;;
"""


async def test_an_export_becomes_events_that_the_codec_takes(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(b"\xef\xbb\xbf" + EXPORT.encode())
    source = folder.open_source({"directory": tmp_path, "quiet_s": 0, "csv": SETTINGS})
    pull = await source.pull(None, max_records=10)
    assert pull is not None
    assert [record.origin for record in pull.records] == ["file 1, line 2", "file 1, line 4"]
    registry = Registry.builtin()
    events = [event_from_json(parse_json(record.data), registry) for record in pull.records]
    assert all(encode_event(event) for event in events)
    first, second = (json.loads(json.dumps(event_to_json(event))) for event in events)
    assert first["incident"]["circumstances"] == "Shouting; a door broken.\nNo injuries."
    assert [child["name"] for child in first["children"]] == ["Robin Example", "Kim Example"]
    assert first["children"][1]["date_of_birth"] is None
    assert first["victim"]["address"]["postcode"] == "ZZ99 9ZZ"
    assert second["victim"]["address"] is None
    assert second["children"] == []
    assert (second["incident"]["arrest_made"], second["child_count"]) == (False, 0)
