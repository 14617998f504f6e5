"""The requests the API takes: their shapes, limits and encodings."""

import base64
import binascii
from typing import Annotated

from fastapi import HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from broker.node import EVENT_PARTITIONS

MAX_WAIT_S = 25.0  # how long a fetch may wait for a first record

Offset = Annotated[int, Query(ge=0, lt=2**62)]
WaitS = Annotated[float, Query(ge=0, le=MAX_WAIT_S, allow_inf_nan=False)]
Bytes64 = Annotated[str, Field(max_length=2 * 1024 * 1024)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SealedEvent(Body):
    """A sealed event and the partition its publisher chose."""

    partition: int = Field(ge=0, lt=EVENT_PARTITIONS)
    value: Bytes64


class Cursor(Body):
    """Where a source connector stands."""

    connector: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    value: Bytes64


class Letter(Body):
    """What an agency's own edge could not turn into an event, sealed to the agency itself."""

    code: str = Field(pattern=r"^[a-z-]{1,40}$")
    place: str = Field(pattern=r"^[a-z0-9 ,.]{0,80}$")
    time_ms: int
    part: int = Field(ge=0)
    parts: int = Field(ge=1)
    sealed: Bytes64


class Publish(Body):
    """Everything of one pull of a source: it is appended as one, or not at all."""

    announcements: list[Bytes64] = []
    records: list[SealedEvent] = []
    dead_letters: list[Letter] = []
    cursor: Cursor | None = None


class Receipts(Body):
    """Signed receipts."""

    receipts: list[Bytes64]


class Asked(Body):
    """Deliveries to prove, and the size of the tree that the asker saw last (0: none)."""

    deliveries: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(max_length=100)
    seen: int = Field(ge=0, lt=2**62)


class RegisterChange(Body):
    """A register entry: one statement for each signature. `token_sha256` goes with an enrolment."""

    statements: list[Bytes64]
    token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Redelivery(Body):
    """Which event to decide anew, for one recipient or all."""

    publisher: str
    event_id: str
    only_to: str | None = None


class Erasure(Body):
    """Which case to erase."""

    case: str


def bytes64(text: str) -> bytes:
    """The bytes of base64 text.

    Raises:
        HTTPException: it is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise HTTPException(422, "not base64") from None


def text64(data: bytes | None) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(data or b"").decode()
