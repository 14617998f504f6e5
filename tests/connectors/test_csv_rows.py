"""CSV rows become events by the mapping alone, or are refused with the rule they broke."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import ConfigRefused, read_settings
from connectors.csv_rows import CsvMapping, RowFault, RowReader

CHILDREN: dict[str, Any] = {
    "columns": {
        "Ref": {"to": ["/header/subject", "/incident/reference"]},
        "Count": {"to": "/child_count", "convert": "integer"},
        "Seen": {"to": "/incident/child_present", "convert": "yes-no"},
        "Child 1": {"to": "/children/0/name"},
        "Born 1": {"to": "/children/0/date_of_birth"},
        "Child 2": {"to": "/children/1/name"},
        "Born 2": {"to": "/children/1/date_of_birth"},
        "Street": {"to": "/victim/address/line"},
        "Post code": {"to": "/victim/address/postcode"},
    },
    "constants": {
        "/header/type": "police.domestic-incident",
        "/header/purposes": ["pupil-safeguarding"],
        "/children/0/involvement": "present",
        "/children/1/involvement": "present",
        "/victim/address/country": "GB",
    },
    "null_if_empty": ["/victim/address"],
}
HEADER = "Ref,Count,Seen,Child 1,Born 1,Child 2,Born 2,Street,Post code"


def mapping(**changes: Any) -> CsvMapping:
    return read_settings(CsvMapping, CHILDREN | changes)


def event(row: str, header: str = HEADER, **changes: Any) -> Any:
    return json.loads(RowReader(mapping(**changes), header.encode()).event(row.encode()))


def test_a_row_becomes_an_event() -> None:
    assert event('NP-1,2,Yes,Ann,2016-02-29,"Bo ""B"", jun.",,"1 High St",ZZ99 9ZZ') == {
        "header": {
            "subject": "NP-1",
            "type": "police.domestic-incident",
            "purposes": ["pupil-safeguarding"],
        },
        "child_count": 2,
        "incident": {"reference": "NP-1", "child_present": True},
        "children": [
            {"name": "Ann", "date_of_birth": "2016-02-29", "involvement": "present"},
            {"name": 'Bo "B", jun.', "date_of_birth": None, "involvement": "present"},
        ],
        "victim": {"address": {"line": "1 High St", "postcode": "ZZ99 9ZZ", "country": "GB"}},
    }


def test_a_child_without_any_cell_is_left_out_and_the_next_moves_up() -> None:
    assert event("NP-1,1,no,,  ,Bo,,x,y")["children"] == [
        {"name": "Bo", "date_of_birth": None, "involvement": "present"}
    ]
    assert event("NP-1,0,no,,,,,x,y")["children"] == []


def test_a_record_named_as_such_becomes_null_when_nothing_of_it_is_there() -> None:
    assert event("NP-1,,,,,,,,")["victim"] == {"address": None}
    assert event("NP-1,,,,,,,,", null_if_empty=[])["victim"] == {
        "address": {"line": None, "postcode": None, "country": "GB"}
    }


def test_columns_of_an_array_may_be_absent_from_a_file() -> None:
    header = "Ref,Count,Seen,Child 1,Born 1,Street,Post code"
    assert event("NP-1,1,n,Ann,,x,y", header)["children"] == [
        {"name": "Ann", "date_of_birth": None, "involvement": "present"}
    ]


def test_a_file_that_lacks_another_mapped_column_is_refused() -> None:
    with pytest.raises(RowFault, match="column `Seen`: the header lacks it"):
        event("NP-1", HEADER.replace("Seen", "Observed"))


def test_a_header_that_names_a_mapped_column_twice_is_refused() -> None:
    with pytest.raises(RowFault, match="column `Ref`: the header names it twice"):
        event("a,b", HEADER + ",Ref")


def test_columns_that_nobody_mapped_are_not_read() -> None:
    assert "zanzibar" not in json.dumps(event("NP-1,,,,,,,,,zanzibar", HEADER + ",Notes"))


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ("NP-1,two,,,,,,,", "column `Count`: not a whole number of at most 18 digits"),
        ("NP-1,1.5,,,,,,,", "column `Count`: not a whole number of at most 18 digits"),
        ("NP-1,٣,,,,,,,", "column `Count`: not a whole number of at most 18 digits"),
        (f"NP-1,{'9' * 19},,,,,,,", "column `Count`: not a whole number of at most 18 digits"),
        ("NP-1,,maybe,,,,,,", "column `Seen`: not yes or no"),
        ("NP-1,,", "the row has 3 cells, the header 9"),
        ("NP-1,,,,,,,,,", "the row has 10 cells, the header 9"),
        ('NP-1,"a"b,,,,,,,', "the row is not RFC 4180 text in UTF-8"),
        ('NP-1,5" pipe\nNP-2,6" pipe', "a quote stands inside a plain cell"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_rule_without_its_content(
    cells: str, rule: str
) -> None:
    with pytest.raises(RowFault) as fault:
        event(cells)
    assert rule in str(fault.value)
    assert "NP-1" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(RowFault, match="UTF-8"):
        RowReader(mapping(), HEADER.encode()).event("NP-1,,,Zoë,,,,,".encode("cp1252"))


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": {}},
        {"columns": {"A": {"to": "header"}}},
        {"columns": {"A": {"to": "/a~2"}}},
        {"columns": {"A": {"to": "/a//b"}}},
        {"columns": {"A": {"to": "/a" * 33}}},
        {"columns": {"A": {"to": "/0/name"}}},
        {"columns": {"A": {"to": []}}},
        {"columns": {"A": {"to": "/a", "convert": "eval"}}},
        {"columns": {"A": {"to": "/a", "code": "x"}}},
        {"columns": {"A": {"to": "/a"}, "B": {"to": "/a"}}},
        {"columns": {"A": {"to": "/a"}, "B": {"to": "/a/b"}}},
        {"columns": {"A": {"to": "/a/b"}, "B": {"to": "/a"}}},
        {"columns": {"A": {"to": "/a/0"}, "B": {"to": "/a/b"}}},
        {"columns": {"A": {"to": "/a"}}, "constants": {"/a": 1}},
        {"columns": {"A": {"to": "/a/0"}}, "null_if_empty": ["/a"]},
        {"columns": {"A": {"to": "/a/b"}}, "null_if_empty": ["/c"]},
        {"delimiter": "x"},
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"constants": {}, "null_if_empty": []}
    with pytest.raises(ConfigRefused):
        mapping(**plain | changes)


def test_escapes_of_a_pointer_are_undone() -> None:
    one = {"columns": {"A": {"to": "/a~1b/c~0d/~01"}}, "constants": {}, "null_if_empty": []}
    assert event("x", "A", **one) == {"a/b": {"c~d": {"~1": "x"}}}


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_law_any_bytes_give_an_event_or_a_row_fault(header: bytes, row: bytes) -> None:
    only = {"columns": {"A": {"to": "/children/0/name"}}, "constants": {}, "null_if_empty": []}
    try:
        json.loads(RowReader(mapping(**only), header).event(row))
    except RowFault:
        return


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30))
def test_law_quoted_text_arrives_as_it_was(text: str) -> None:
    only = {"columns": {"A": {"to": "/a"}}, "constants": {}, "null_if_empty": []}
    quoted = '"' + text.replace('"', '""') + '"'
    assert event(quoted, "A", **only)["a"] == (text if text.strip() else None)
