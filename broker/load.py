"""Entering a register file: what it says, as entries signed by an officer or by who says it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from broker.enrol import Officer
from broker.entries import Kind
from broker.keys import StoreSecret
from broker.membership import accede
from broker.node import OFFICERS
from broker.places import Places
from broker.register_file import RegisterFile
from broker.session import client_of
from broker.values import consent_key, consent_value
from redaction.facts import Register
from redaction.reading import read_agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many entries were made, and how many wait for what only others can sign."""

    entries: int
    waiting: int


async def load_register(
    http: httpx2.AsyncClient, places: Places, secret: StoreSecret, read: RegisterFile
) -> Loaded:
    """Enter a register file. Agencies come first, accessions last.

    What is entered already with the same meaning is entered again: a file can be loaded twice.
    An accession is the agency's own word: it is entered if the agreement is enacted and the
    agency's keys are on this machine, else it waits. An override waits for its authorisers.

    Raises:
        NodeRefused: an entry breaks a rule of the register.
    """
    officer = Officer(http, places, secret)
    entered = await enter_agencies(officer, read) + await enter_facts(officer, read.register)
    waiting = len(read.register.granted)
    listed = (await client_of(http, places, OFFICERS[0]).get("/v1/agencies"))["agencies"]
    barred = {one["name"] for one in listed if one["suspended"]}
    for agency, agreement, version in sorted(read.register.accessions):
        value = (await officer.entry(Kind.AGREEMENT, f"{agreement}/{version}"))["value"]
        here = (places.party(agency) / "keys").exists()
        if value is None or agency in barred or not here:
            waiting += 1
            continue
        text = read_agreement(value["text"], origin=agreement)
        await accede(http, places, secret, agency, text)
        entered += 1
    entered += await suspend_agencies(officer, read)
    return Loaded(entries=entered, waiting=waiting)


async def enter_agencies(officer: Officer, read: RegisterFile) -> int:
    """Enrol every agency that is not enrolled yet, parents before their units."""
    entered = 0
    for name in read.titles:
        one = read.register.agencies[name]
        if (await officer.entry(Kind.AGENCY, name))["value"] is None:
            await officer.enrol(
                name, roles=sorted(one.roles), part_of=one.part_of, keys_until=one.keys_until
            )
            entered += 1
    return entered


async def suspend_agencies(officer: Officer, read: RegisterFile) -> int:
    """Suspend whom the file says; last, for a suspended agency cannot even accede."""
    suspended = [name for name, one in read.register.agencies.items() if one.suspended]
    for name in suspended:
        await officer.suspend(name, suspended=True)
    return len(suspended)


async def enter_facts(officer: Officer, facts: Register) -> int:
    """Enter calendars, training, consents and conflict checks."""
    entries: list[tuple[Kind, str, dict[str, object]]] = []
    for calendar in facts.calendars.values():
        value: dict[str, object] = {
            "first": calendar.first.isoformat(),
            "last": calendar.last.isoformat(),
            "weekdays": sorted(calendar.weekdays),
            "closed": sorted(day.isoformat() for day in calendar.closed),
        }
        entries.append((Kind.CALENDAR, calendar.name, value))
    for one in facts.trainings:
        value = {
            "agency": one.agency,
            "holder": one.holder,
            "course": one.course,
            "completed": one.completed.isoformat(),
        }
        entries.append((Kind.TRAINING, f"{one.agency}/{one.course}/{one.holder}", value))
    for consent in facts.consents:
        entries.append((Kind.CONSENT, consent_key(consent), consent_value(consent)))
    for case, conflicts in facts.conflict_checks.items():
        found = [{"agency": one.agency, "instead": one.instead} for one in conflicts]
        entries.append((Kind.CONFLICT_CHECK, case, {"conflicts": found}))
    for kind, key, entry in entries:
        await officer.put(kind, key, entry)
    return len(entries)
