"""The recall of a delivery: what its recipient does with what fell away, and what remains of it.

A recall is sealed and delivered as a view is, under a format of its own. It holds a view's body:
with what remains, or with none where nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final

from schemas import cbor
from schemas.envelope import (
    MAX_DELIVERY_ID_BYTES,
    MAX_PLAINTEXT_BYTES,
    ViewBody,
    decode_body,
    encode_body,
)
from schemas.errors import Code, EnvelopeRefused

NO_VIEW: Final = ""  # the `schema` of a body without a view: no digest is empty

_FORMAT: Final = "caseward-recall/1"
_SHAPE: Final[cbor.Shape] = (str, bytes, str, bytes)  # format, delivery id, action, body
_START: Final = b"\x84" + cbor.encode(_FORMAT)  # an array of four that begins with the format


@unique
class Action(StrEnum):
    """What a recipient does with what fell away: stop using it, give it back, or erase it."""

    CEASE = "cease"
    RETURN = "return"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What is inside the seal of a recall: of which delivery, what to do, and what remains.

    `body` names the agreement and the purpose of the delivery; its `schema` is `NO_VIEW` and its
    view empty where nothing of the delivery remains.
    """

    recalls: bytes
    action: Action
    body: ViewBody = field(repr=False)

    @property
    def remains(self) -> bool:
        """Whether the body holds a view of what remains."""
        return self.body.schema != NO_VIEW


def encode_recall(recall: Recall) -> bytes:
    """The recall as deterministic CBOR, an array that starts with its format."""
    return cbor.encode([_FORMAT, recall.recalls, recall.action.value, encode_body(recall.body)])


def is_recall(data: bytes) -> bool:
    """Whether these bytes claim to be a recall; nothing in them is checked yet."""
    return data.startswith(_START)


def decode_recall(data: bytes) -> Recall:
    """The recall that `encode_recall` gave these bytes for.

    Raises:
        EnvelopeRefused: `TOO_LARGE`, or `ENVELOPE_REFUSED` for any other bytes.
    """
    if len(data) > MAX_PLAINTEXT_BYTES:
        raise EnvelopeRefused(Code.TOO_LARGE, "recall: larger than it may be")
    try:
        format_, recalls, action, body = cbor.decode(data, _SHAPE)
    except cbor.NotCbor:
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "recall: not of its format") from None
    if format_ != _FORMAT or action not in set(Action):
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "recall: not of this format's version")
    recall = Recall(recalls=recalls, action=Action(action), body=decode_body(body))
    if not 0 < len(recalls) <= MAX_DELIVERY_ID_BYTES or (recall.body.view and not recall.remains):
        raise EnvelopeRefused(Code.ENVELOPE_REFUSED, "recall: it contradicts itself")
    return recall
