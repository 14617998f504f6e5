"""Who an API token belongs to; only its hash is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum, unique

from broker.places import Places, write_json


@unique
class Role(StrEnum):
    """What a principal may do at the node's API."""

    AGENCY = "agency"  # its own events, deliveries, receipts, cursors
    OFFICER = "officer"  # the register, erasure, redelivery
    OPERATOR = "operator"  # states, counts and codes; no case, no person
    AUDITOR = "auditor"  # every hop with its opening, each look a hop itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller."""

    role: Role
    name: str


class Tokens:
    """The node's table of tokens, by SHA-256 (tokens carry 256 random bits, so no salt)."""

    def __init__(self, places: Places) -> None:
        self._path = places.tokens
        self._known: dict[str, Principal] = {}
        if self._path.exists():
            for digest, one in json.loads(self._path.read_bytes()).items():
                self._known[digest] = Principal(role=Role(one["role"]), name=one["name"])

    def who(self, token: str) -> Principal | None:
        """The principal of a token, None if it is nobody's."""
        return self._known.get(hash_token(token))

    def grant(self, digest: str, principal: Principal) -> None:
        """Give a principal this token and no other."""
        kept = {known: who for known, who in self._known.items() if who != principal}
        self._known = {**kept, digest: principal}
        write_json(
            self._path,
            {known: {"role": who.role, "name": who.name} for known, who in self._known.items()},
        )


def hash_token(token: str) -> str:
    """SHA-256 of a token, hex."""
    return hashlib.sha256(token.encode()).hexdigest()
