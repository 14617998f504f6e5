"""The values that stand between connectors and the node."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from connectors.contract import ConfigRefused, encode_delivery, read_settings
from tests.connectors.fakes import make_delivery


class Example(BaseModel, extra="forbid"):
    port: int
    word: str = ""


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "ABCDEF0123456789", "a" * 129, "0123456789abcdef\n", "a/b"]
)
def test_a_delivery_id_can_be_no_path_and_no_header(name: str) -> None:
    fields = {slot: getattr(make_delivery(1), slot) for slot in make_delivery(1).__slots__}
    with pytest.raises(ValueError, match="hexadecimal"):
        type(make_delivery(1))(**fields | {"delivery_id": name})


def test_a_delivery_is_the_same_bytes_whatever_the_order_of_its_values() -> None:
    one = make_delivery(1)
    assert one.view is not None
    fields = {slot: getattr(one, slot) for slot in one.__slots__}
    other = type(one)(
        **fields | {"view": dict(reversed(list(one.view.items()))), "handling": dict(one.handling)}
    )
    assert list(other.view or ()) != list(one.view)
    assert encode_delivery(other) == encode_delivery(one)
    assert json.loads(encode_delivery(one))["view"] == one.view
    assert encode_delivery(one).endswith(b"}\n")


def test_refused_settings_are_named_and_their_values_are_not() -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_settings(Example, {"port": "s3cret-value", "colour": "an0ther-secret"})
    assert "`port`" in str(refused.value)
    assert "`colour`" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "an0ther" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
