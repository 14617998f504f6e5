"""What each recalled delivery was last told to keep, so that nobody is told the same twice.

One record for each delivery that was ever recalled: both its name and what it says are keyed
hashes of one size, so the topic tells no stranger which delivery, or how much was left of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence

import cbor2

from broker.log import Append, Log, read_to_end
from broker.topics import RECALLED
from redaction.decision import FieldDecision
from schemas.recall import Action


def name_of(secret: bytes, delivery_id: bytes) -> bytes:
    """The key of a delivery's record."""
    return hmac.digest(secret, b"recalled " + delivery_id, "sha256").hex().encode()


def left_of(
    secret: bytes, delivery_id: bytes, action: Action, fields: Sequence[FieldDecision]
) -> bytes:
    """What a recall leaves of a delivery, as 32 bytes: equal only for the same fields and forms.

    The event is the same and the time of deciding too, so the same forms are the same values.
    """
    left = sorted((field.path, str(field.form)) for field in fields if field.form is not None)
    data = cbor2.dumps([delivery_id, str(action), [list(one) for one in left]], canonical=True)
    return hmac.digest(secret, b"left " + data, "sha256")


def remember(secret: bytes, delivery_id: bytes, left: bytes) -> Append:
    """The record that goes into the log with a recall."""
    name = name_of(secret, delivery_id)
    return Append(topic=RECALLED, partition=0, key=name, value=left)


def remembered(appends: Iterable[Append]) -> Mapping[bytes, bytes]:
    """What the records among some appends say, by their names."""
    return {
        one.key: one.value
        for one in appends
        if one.topic == RECALLED and one.key is not None and one.value is not None
    }


async def read_recalled(log: Log) -> dict[bytes, bytes]:
    """Every record, by its name."""
    found: dict[bytes, bytes] = {}
    async for record in read_to_end(log, RECALLED, 0):
        if record.value is None:
            found.pop(record.key or b"", None)
        else:
            found[record.key or b""] = record.value
    return found
