"""The names of topics, of record keys and of partitions: each spelled once, here."""

from __future__ import annotations

import hmac

HOPS = "hops.0"
OPENINGS = "hop-openings"
EPOCH_KEYS = "epoch-keys"
VIEW_TYPES = "view-types"
REDELIVERIES = "redeliveries"
RECALLS = "recalls"
RECALLED = "recalled"


def events_topic(agency: str) -> str:
    """The topic an agency publishes to."""
    return f"events.{agency}"


def deliveries_topic(agency: str) -> str:
    """The topic an agency's envelopes arrive on."""
    return f"deliveries.{agency}"


def receipts_topic(agency: str) -> str:
    """The topic an agency's signed receipts arrive on."""
    return f"receipts.{agency}"


def seen_topic(agency: str) -> str:
    """The compacted topic of event ids met, partitioned as the agency's events."""
    return f"seen.{agency}"


def pending_topic(agency: str) -> str:
    """The compacted topic of what waits of an agency's events, partitioned as they are."""
    return f"pending.{agency}"


def dead_letters_topic(agency: str) -> str:
    """The topic of what an agency sent and nobody could process."""
    return f"dead-letters.{agency}"


def partition_of(secret: bytes, case: str, partitions: int) -> int:
    """HMAC(stream secret, case) mod P: a case keeps its order, its reference stays hidden."""
    digest = hmac.digest(secret, case.encode(), "sha256")
    return int.from_bytes(digest[:8], "big") % partitions


def epoch_record_key(recipient: str, key_id: bytes) -> bytes:
    """The compaction key of an announcement: recipient and key id."""
    return f"{recipient}/{key_id.hex()}".encode()
