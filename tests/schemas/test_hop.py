"""Hops: leaves that tell nothing, openings that tell all and fit one leaf only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Code
from schemas.hop import (
    LEAF_BYTES,
    MAX_OPENING_BYTES,
    AuditorPart,
    Hop,
    OpeningRefused,
    RecipientPart,
    Step,
    commitment,
    decode_opening,
    encode_opening,
    make_hop,
)

KEY_A, KEY_B = b"a" * 32, b"b" * 32
HOUR_MS = 3_600_000
AUDITOR = AuditorPart(
    step=Step.SEALED,
    time_ms=472_222 * HOUR_MS + 1,
    source="events.north-police/3/17",
    publisher="north-police",
    event_id="5d0f7b9e-6a0b-4f57-93b3-0d5d5b6d5a01",
    event_type="police.domestic-incident",
    case="NP/2026/000017",
    recipient="northshire-housing",
    purpose="housing",
    agreement="example-marac",
    agreement_version=2,
    agreement_hash="ab" * 32,
    delivery_id=b"d" * 32,
    gate="open",
    released=7,
    withheld=12,
    clauses=("3.1", "3.2"),
)
RECIPIENT = RecipientPart(time_ms=AUDITOR.time_ms, delivery_id=b"d" * 32, envelope_sha256=b"e" * 32)
HOP = make_hop(AUDITOR, RECIPIENT, recipient_key=KEY_A, auditor_key=KEY_B)

counts = st.integers(min_value=0, max_value=2**40)
texts = st.text(max_size=20)
auditors = st.builds(
    AuditorPart,
    step=st.sampled_from(Step),
    time_ms=st.integers(min_value=0, max_value=2**32 * HOUR_MS - 1),
    source=texts,
    publisher=texts,
    case=st.none() | texts,
    recipient=st.none() | texts,
    agreement_version=st.none() | counts,
    delivery_id=st.none() | st.binary(max_size=32),
    code=st.none() | texts,
    released=counts,
    clauses=st.lists(texts, max_size=3).map(tuple),
)
recipients = st.builds(
    RecipientPart,
    time_ms=counts,
    delivery_id=st.binary(max_size=32),
    envelope_sha256=st.binary(min_size=32, max_size=32),
)
hops = st.builds(
    lambda auditor, recipient, key: make_hop(
        auditor, recipient, recipient_key=key, auditor_key=hashlib.sha256(key).digest()
    ),
    auditors,
    st.none() | recipients,
    st.binary(min_size=32, max_size=32),
)


def test_a_leaf_is_laid_out_as_written_down() -> None:
    said = {"time_ms": RECIPIENT.time_ms, "delivery_id": b"d" * 32, "envelope_sha256": b"e" * 32}
    theirs = hmac.digest(KEY_A, cbor2.dumps(said, canonical=True), "sha256")

    assert len(HOP.leaf) == LEAF_BYTES
    assert HOP.leaf[0] == 1
    assert int.from_bytes(HOP.leaf[1:5], "big") == 472_222
    assert HOP.leaf[5:37] == theirs == commitment(KEY_A, RECIPIENT)
    assert HOP.leaf[37:] == commitment(KEY_B, AUDITOR)
    assert HOP.leaf_hash == hashlib.sha256(b"\x00" + HOP.leaf).digest()


def test_the_format_does_not_drift() -> None:
    """Pinned when it was first written, so that ledgers of today can be checked in years."""
    nothing = hmac.digest(KEY_A, b"\xf6", "sha256")
    assert commitment(KEY_A, None) == nothing
    pinned = "4d70fe06832f17eb8126f960400373d6e115d424d0b9b82fb5bad5210e67f719"
    assert HOP.leaf_hash.hex() == pinned


def test_a_leaf_does_not_show_whether_it_has_a_recipient() -> None:
    without = make_hop(AUDITOR, recipient_key=KEY_A, auditor_key=KEY_B)
    assert len(without.leaf) == len(HOP.leaf)
    assert without.leaf[:5] == HOP.leaf[:5]
    assert without.leaf[37:] == HOP.leaf[37:]
    assert without.leaf[5:37] != HOP.leaf[5:37]


def test_equal_hops_under_other_keys_have_nothing_in_common_but_the_hour() -> None:
    other = make_hop(AUDITOR, RECIPIENT, recipient_key=b"c" * 32, auditor_key=b"d" * 32)
    assert other.leaf[:5] == HOP.leaf[:5]
    assert other.leaf[5:37] != HOP.leaf[5:37]
    assert other.leaf[37:] != HOP.leaf[37:]


def test_no_word_of_a_hop_is_in_its_leaf() -> None:
    for field in fields(AUDITOR):
        value = getattr(AUDITOR, field.name)
        if isinstance(value, str | bytes):
            assert (value.encode() if isinstance(value, str) else value) not in HOP.leaf


@settings(max_examples=100)
@given(hops)
def test_an_opening_comes_back_as_it_was(hop: Hop) -> None:
    assert decode_opening(encode_opening(hop)) == hop


@settings(max_examples=200)
@given(hops, st.data())
def test_an_opening_with_a_flipped_bit_is_refused(hop: Hop, data: st.DataObject) -> None:
    opening = bytearray(encode_opening(hop))
    opening[data.draw(st.integers(0, len(opening) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(OpeningRefused):
        decode_opening(bytes(opening))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(OpeningRefused):
        decode_opening(data)


# What each part may be changed to, and what the refusal has to say.
FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another case": (lambda o: o["auditor"].update(case="X"), "auditor's part"),
    "another step": (lambda o: o["auditor"].update(step="written"), "auditor's part"),
    "fewer fields withheld": (lambda o: o["auditor"].update(withheld=0), "auditor's part"),
    "another envelope": (
        lambda o: o["recipient"].update(envelope_sha256=b"f" * 32),
        "recipient's part",
    ),
    "no recipient": (lambda o: o.update(recipient=None), "recipient's part"),
    "another key": (lambda o: o.update(auditor_key=b"c" * 32), "auditor's part"),
    "another hour": (lambda o: o["auditor"].update(time_ms=AUDITOR.time_ms + HOUR_MS), "hour"),
    "another version": (lambda o: o.update(leaf=b"\x02" + HOP.leaf[1:]), "version"),
    "a short leaf": (lambda o: o.update(leaf=HOP.leaf[:-1]), "69 bytes"),
    "one key twice": (lambda o: o.update(auditor_key=KEY_A), "different keys"),
    "a short key": (lambda o: o.update(auditor_key=b"c"), "32 bytes"),
    "a step that is none": (lambda o: o["auditor"].update(step="sold"), "/auditor/step"),
    "a clause that is no text": (lambda o: o["auditor"].update(clauses=[1]), "/auditor/clauses"),
    "a count below zero": (lambda o: o["auditor"].update(released=-1), "/auditor/released"),
    "a truth for a count": (lambda o: o["auditor"].update(released=True), "/auditor/released"),
    "a time out of range": (lambda o: o["auditor"].update(time_ms=2**62), "time_ms"),
    "a field too many": (lambda o: o["auditor"].update(note="x"), "fields of its format"),
    "a field too few": (lambda o: o["auditor"].pop("gate"), "fields of its format"),
    "no auditor's part": (lambda o: o.update(auditor=None), "/auditor"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_opening_is_refused_by_name(name: str) -> None:
    forge, rule = FORGERIES[name]
    opening = cbor2.loads(encode_opening(HOP))
    forge(opening)
    with pytest.raises(OpeningRefused, match=rule) as refused:
        decode_opening(cbor2.dumps(opening, canonical=True))
    assert refused.value.code is Code.BAD_VALUE
    assert "NP/2026" not in str(refused.value)


def test_an_opening_has_one_encoding() -> None:
    opening = cbor2.loads(encode_opening(HOP))
    with pytest.raises(OpeningRefused, match="deterministic"):
        decode_opening(cbor2.dumps(dict(reversed(opening.items()))))
    with pytest.raises(OpeningRefused, match="deterministic"):
        decode_opening(encode_opening(HOP) + b"\x00")


def test_an_opening_too_large_is_not_even_read() -> None:
    with pytest.raises(OpeningRefused, match="larger") as refused:
        decode_opening(bytes(MAX_OPENING_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("time_ms", [-1, 2**32 * HOUR_MS])
def test_a_time_without_an_hour_is_refused(time_ms: int) -> None:
    with pytest.raises(ValueError, match="time_ms"):
        make_hop(replace(AUDITOR, time_ms=time_ms), recipient_key=KEY_A, auditor_key=KEY_B)


def test_the_two_parts_need_different_keys_of_full_length() -> None:
    with pytest.raises(ValueError, match="different keys"):
        make_hop(AUDITOR, recipient_key=KEY_A, auditor_key=KEY_A)
    with pytest.raises(ValueError, match="32 bytes"):
        make_hop(AUDITOR, recipient_key=KEY_A, auditor_key=b"short")
