"""T1, T2 and T10 with the field encryption of confluent-kafka beside ours, on the same input.

Each test says what that release does, so a later release that does better is seen here as well.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.outgoing import Outgoing
from redaction.transforms import NoPseudonymKey
from schemas.codec import Event, decode_view, encode_event
from schemas.errors import EventRefused
from tests.needs import needs
from tests.peers.csfle import TAGS, encrypted
from tests.redaction.asked import Asked
from tests.redaction.builders import AT, SECRET, event, event_type, share, vocabulary

pytestmark = needs(
    "confluent-kafka", find_spec("confluent_kafka") is not None, "run `make peers` first"
)

CANARY = "canary-7b21"
PHONE = "+44 7700 900123"
WORDS = vocabulary(open=(), secret=(), phone=())
NOTE: dict[str, Any] = {"name": "note", "type": "string", "tag": "open"}
NAMED: dict[str, Any] = {"name": "name", "type": "string"}


def person(name: str, **annotations: Any) -> dict[str, Any]:
    """A record with one text in it, which has these annotations."""
    return {"type": "record", "name": name, "fields": [{**NAMED, **annotations}]}


def ours(fields: list[dict[str, Any]], value: dict[str, Any]) -> bytes:
    """What goes out of these fields if nothing but a note is shared, with the view's type."""
    etype = event_type([NOTE, *fields], WORDS)
    asked = Asked([share("0", "open")], value, etype=etype, words=WORDS)
    view_type, data = Outgoing(asked.event, asked.register, WORDS, at=AT).encoded(asked.decision)
    return view_type.text.encode() + data


def secret(kind: Any) -> list[dict[str, Any]]:
    """One field of this type that is hidden, in our way of saying so."""
    return [{"name": "held", "type": kind, "tag": "secret"}]


def hidden(kind: Any) -> list[dict[str, Any]]:
    """The same field in the other way of saying so."""
    return [{"name": "held", "type": kind, **TAGS}]


def test_t1_the_second_record_of_a_union_stays_clear_in_field_encryption() -> None:
    """T1: of two records with the same fields it takes the first, and that one has no tag."""
    first, tagged = person("First"), person("Second", **TAGS)
    held = {"held": {"name": CANARY}}
    peer = encrypted([{"name": "held", "type": ["null", first, tagged]}], held)
    assert CANARY.encode() in peer
    union = ["null", first, person("Second", tag="secret")]
    both = {"First": {"name": CANARY}, "Second": {"name": CANARY}}
    assert CANARY.encode() not in ours(secret(union), {"held": both})


def test_t1_a_second_use_of_a_named_type_is_hidden_by_both() -> None:
    """T1: the fault of earlier releases, a clear second reference, is mended in this one."""
    again: list[dict[str, Any]] = [
        {"name": "first", "type": person("Person", **TAGS)},
        {"name": "second", "type": "Person"},
    ]
    value = {"first": {"name": "A"}, "second": {"name": CANARY}}
    assert CANARY.encode() not in encrypted(again, value)
    mine: list[dict[str, Any]] = [
        {"name": "first", "type": person("Person", tag="secret"), "tag": "secret"},
        {"name": "second", "type": "caseward.made.Person", "tag": "secret"},
    ]
    assert CANARY.encode() not in ours(mine, value)


@pytest.mark.parametrize(
    ("kind", "held"),
    [
        (person("Person"), {"name": CANARY}),
        ({"type": "array", "items": person("Person")}, [{"name": CANARY}]),
        ({"type": "map", "values": person("Person")}, {"a": {"name": CANARY}}),
        ({"type": "map", "values": "string"}, {CANARY: "a"}),
    ],
)
def test_t2_a_tag_on_a_container_does_nothing_in_field_encryption(kind: Any, held: Any) -> None:
    """T2: records below a tagged field and the keys of a tagged map go out as they are."""
    assert CANARY.encode() in encrypted(hidden(kind), {"held": held})
    assert CANARY.encode() not in ours(secret(kind), {"held": held})


def test_t2_a_tuple_for_a_list_stays_clear_in_field_encryption() -> None:
    """T2: the type mismatch sends the values in clear; ours refuses to encode the event."""
    kind = {"type": "array", "items": "string"}
    assert CANARY.encode() in encrypted(hidden(kind), {"held": (CANARY,)})
    assert CANARY.encode() not in encrypted(hidden(kind), {"held": [CANARY]})
    etype = event_type([NOTE, *secret(kind)], WORDS)
    value = event(etype, {"held": [CANARY]}).value
    value["held"] = (CANARY,)
    with pytest.raises(EventRefused):
        encode_event(Event(etype=etype, value=value))


def told(to: str, secret: bytes | None = SECRET) -> str:
    """What we tell one recipient instead of a phone number."""
    etype = event_type([NOTE, {"name": "phone", "type": "string", "tag": "phone"}], WORDS)
    clauses = [share("1", "phone", form=Form.PSEUDONYM, to=("school", "health"))]
    clauses.append(share("0", "open", to=("school", "health")))
    asked = Asked(clauses, {"phone": PHONE}, etype=etype, words=WORDS, to=to)
    outgoing = Outgoing(asked.event, asked.register, WORDS, at=AT, secret=secret)
    view_type, data = outgoing.encoded(asked.decision)
    return str(decode_view(view_type, data)["phone"])


ASK = f"""
from tests.peers.csfle import TAGS, encrypted
fields = [{{"name": "phone", "type": "string", **TAGS}}]
print(encrypted(fields, {{"phone": "{PHONE}"}}, secret=None))
"""


def test_t10_both_need_a_key_to_stand_for_a_phone_number() -> None:
    """T10: neither hashes; a fresh process without a key fails in both."""
    peer = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    assert "SerializationError" in peer.stderr
    assert peer.stdout == ""
    with pytest.raises(NoPseudonymKey):
        told("elm-school", None)


def test_t10_the_key_of_an_earlier_serializer_serves_one_that_has_none() -> None:
    """T10: field encryption keeps its key client for the whole process; ours is passed in."""
    fields = [{"name": "phone", "type": "string", **TAGS}]
    assert PHONE.encode() not in encrypted(fields, {"phone": PHONE})
    assert PHONE.encode() not in encrypted(fields, {"phone": PHONE}, secret=None)
    assert told("elm-school")
    with pytest.raises(NoPseudonymKey):
        told("elm-school", None)


def test_t10_equal_values_can_be_told_only_by_all_or_by_none_in_field_encryption() -> None:
    """T10: its one ciphertext is the same for all who read, and its length is the value's."""
    fields = [{"name": "phone", "type": "string", **TAGS}]
    one, again = (encrypted(fields, {"phone": PHONE}) for _ in range(2))
    longer = encrypted(fields, {"phone": PHONE * 3})
    assert one[5:] != again[5:]
    assert len(one) < len(longer)
    assert told("elm-school") == told("elm-school")
    assert told("elm-school") != told("oak-school")
    assert PHONE not in told("elm-school")
