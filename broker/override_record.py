"""Overrides (rule 11) and who may sign them, as the register records them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broker.entries import Entry, unb64
from redaction.agreement import Form
from redaction.facts import Granted, Review

# One spelling for one person, so that nobody is two: agency/name.
_PERSON = re.compile(r"[a-z][a-z0-9-]{0,63}/[a-z0-9][a-z0-9.-]{0,63}")
_KEY_BYTES = 32  # Ed25519


@dataclass(frozen=True, slots=True, kw_only=True)
class Authoriser:
    """Somebody at an agency who may sign overrides; `signing` is a raw Ed25519 public key."""

    agency: str
    rank: str
    signing: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An override as it was recorded: what it grants, why, and who stands for it.

    People are named `agency/name`.
    """

    granted: Granted
    legal_basis: frozenset[str]
    justification: str
    requested_by: str
    authorised_by: frozenset[str]
    reviewed_by: str | None


def read_authoriser(entry: Entry) -> Authoriser:
    """Who may sign overrides, and with what rank."""
    value = entry.value or {}
    if not is_person(entry.key):
        raise ValueError
    signing = unb64(value["signing"])
    if len(signing) != _KEY_BYTES:
        raise ValueError
    agency = entry.key.partition("/")[0]
    return Authoriser(agency=agency, rank=text_of(value["rank"]), signing=signing)


def granted_value(granted: Granted) -> dict[str, Any]:
    """What an override grants, as its entry says it; its id is the entry's key."""
    return {
        "case": granted.case,
        "agreement": granted.agreement,
        "override": granted.override,
        "purpose": granted.purpose,
        "persons": sorted(granted.persons),
        "recipients": sorted(granted.recipients),
        "tags": sorted(granted.tags),
        "form": str(granted.form),
        "since": granted.since.isoformat(),
        "until": granted.until.isoformat(),
        "review": str(granted.review),
    }


def override_value(override: Override) -> dict[str, Any]:
    """The value of an override's entry."""
    return {
        **granted_value(override.granted),
        "legal_basis": sorted(override.legal_basis),
        "justification": override.justification,
        "requested_by": override.requested_by,
        "authorised_by": sorted(override.authorised_by),
        "reviewed_by": override.reviewed_by,
    }


def read_granted(override: str, value: Mapping[str, Any]) -> Granted:
    """What the override of this id grants.

    Raises:
        KeyError, TypeError, ValueError: the value is not what `granted_value` gives.
    """
    since, until = (datetime.fromisoformat(value[name]) for name in ("since", "until"))
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError
    return Granted(
        id=text_of(override),
        case=text_of(value["case"]),
        agreement=text_of(value["agreement"]),
        override=text_of(value["override"]),
        purpose=text_of(value["purpose"]),
        persons=_texts_of(value["persons"]),
        recipients=_texts_of(value["recipients"]),
        tags=_texts_of(value["tags"]),
        form=Form(value["form"]),
        since=since,
        until=until,
        review=Review(value["review"]),
    )


def read_override(entry: Entry) -> Override:
    """An override's record; whether it keeps to the agreement's bounds is not checked here."""
    value = entry.value or {}
    reviewed = value["reviewed_by"]
    return Override(
        granted=read_granted(entry.key, value),
        legal_basis=_texts_of(value["legal_basis"]),
        justification=text_of(value["justification"]),
        requested_by=_person(value["requested_by"]),
        authorised_by=frozenset(map(_person, list_of(value["authorised_by"]))),
        reviewed_by=None if reviewed is None else _person(reviewed),
    )


def text_of(value: Any) -> str:
    """The value, if it is a text that is not blank; else TypeError."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def list_of(value: Any) -> list[Any]:
    """The value, if it is a list; else TypeError."""
    if not isinstance(value, list):
        raise TypeError
    return value


def _texts_of(value: Any) -> frozenset[str]:
    return frozenset(map(text_of, list_of(value)))


def is_person(name: str) -> bool:
    """Whether a name is agency/name, in the one spelling that it may have."""
    return _PERSON.fullmatch(name) is not None


def _person(value: Any) -> str:
    if not is_person(text_of(value)):
        raise ValueError
    return str(value)
