"""Recalls inside the seal: one encoding each way, and nothing but that encoding is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import cbor
from schemas.envelope import MAX_PLAINTEXT_BYTES, Handling, ViewBody, encode_body
from schemas.errors import Code, EnvelopeRefused
from schemas.recall import NO_VIEW, Action, Recall, decode_recall, encode_recall, is_recall

BODY = ViewBody(
    agreement_id="northmoor-marac",
    agreement_version=1,
    agreement_hash="ab" * 32,
    purpose="marac-conference",
    schema="cd" * 32,
    event_type="marac.referral",
    wording="Not for you.",
    handling=Handling(onward="not-permitted", not_to_reach=("perpetrator",), keep_days=30),
    opening_key=b"k" * 32,
    view=b"view",
)
NOTHING = BODY._replace(schema=NO_VIEW, view=b"")


@given(
    st.binary(min_size=1, max_size=64), st.sampled_from(Action), st.sampled_from([BODY, NOTHING])
)
def test_what_is_encoded_is_decoded(recalls: bytes, action: Action, body: ViewBody) -> None:
    recall = Recall(recalls=recalls, action=action, body=body)
    data = encode_recall(recall)
    assert is_recall(data)
    assert decode_recall(data) == recall
    assert recall.remains == (body is BODY)


def test_a_view_is_no_recall() -> None:
    assert not is_recall(encode_body(BODY))
    with pytest.raises(EnvelopeRefused) as refused:
        decode_recall(encode_body(BODY))
    assert refused.value.code is Code.ENVELOPE_REFUSED


@pytest.mark.parametrize(
    "said",
    [
        ["caseward-recall/2", b"1", "erase", encode_body(BODY)],
        ["caseward-recall/1", b"1", "forget", encode_body(BODY)],
        ["caseward-recall/1", b"", "erase", encode_body(BODY)],
        ["caseward-recall/1", b"1" * 65, "erase", encode_body(BODY)],
        ["caseward-recall/1", b"1", "erase", b""],
        ["caseward-recall/1", b"1", "erase", encode_body(BODY._replace(schema=NO_VIEW))],
        ["caseward-recall/1", "1", "erase", encode_body(BODY)],
        ["caseward-recall/1", b"1", "erase", encode_body(BODY), None],
    ],
)
def test_anything_else_is_refused(said: list[object]) -> None:
    with pytest.raises(EnvelopeRefused) as refused:
        decode_recall(cbor.encode(said))
    assert refused.value.code is Code.ENVELOPE_REFUSED


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(EnvelopeRefused) as refused:
        decode_recall(b"\x84" * (MAX_PLAINTEXT_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        decode_recall(data)
