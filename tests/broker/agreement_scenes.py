"""Example agreements changed, signed and put in force, and what the register then says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from broker.enrol import submit
from broker.entries import Entry, Kind, sign_entry
from broker.membership import enact, sign_all, store_of
from broker.node_client import NodeRefused
from redaction.agreement import Agreement
from redaction.reading import read_agreement
from tests.broker.node_fixture import House

CPIS, MARAC = "northmoor-cpis", "northmoor-marac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An agreement and how it is spelt."""

    agreement: Agreement
    text: str


def spelt(found: House, name: str, *changes: tuple[str, str]) -> Text:
    """An example's agreement, its text changed."""
    (text,) = (one.text for one in found.stage.examples if one.agreement.id == name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Text(agreement=read_agreement(text, origin="test"), text=text)


def later(found: House, name: str, version: int = 2, start: str = "2026-09-02") -> Text:
    """A later version of an example."""
    changes = (("version: 1", f"version: {version}"), ("from: 2026-09-01", f"from: {start}"))
    return spelt(found, name, *changes)


def signed(found: House, text: Text) -> dict[str, bytes]:
    """Every party's signature."""
    return sign_all(found.places, found.secret, text.agreement)


async def put_in_force(
    found: House, text: Text, signatures: dict[str, bytes] | None = None
) -> None:
    """An officer enacts."""
    signatures = signed(found, text) if signatures is None else signatures
    await enact(found.officer(), text.agreement, text.text, signatures)


def unsigned(found: House) -> frozenset[tuple[str, int]]:
    """The versions that are not signed by all, as decisions read them."""
    return found.node.keeper.snapshot().facts.unsigned


def members(found: House, agreement: str, version: int = 1) -> set[str]:
    """Who acceded to a version."""
    accessions = found.node.keeper.snapshot().facts.accessions
    return {name for name, *of in accessions if of == [agreement, version]}


def in_register(found: House) -> set[tuple[str, int]]:
    """The versions that stand in the register."""
    return {(one.id, one.version) for one in found.node.keeper.snapshot().facts.agreements}


async def post_as(
    found: House,
    name: str,
    kind: Kind,
    key: str,
    value: Any,
    *,
    revision: int = 1,
    refused: str | None = None,
) -> None:
    """Enter something signed by an agency, or see it refused."""
    store = store_of(found.places, found.secret, name)
    entry = Entry(kind=kind, key=key, revision=revision, value=value)
    statements = [sign_entry(entry, store.signing, issuer=name)]
    if refused is None:
        await submit(found.client(name), statements)
        return
    with pytest.raises(NodeRefused, match=refused):
        await submit(found.client(name), statements)
