"""Entering a register file: everything it says, as entries signed by an officer."""

from __future__ import annotations

import httpx2

from broker.enrol import Officer
from broker.entries import Kind
from broker.keys import StoreSecret
from broker.places import Places
from broker.register_file import RegisterFile
from redaction.facts import Register


async def load_register(
    http: httpx2.AsyncClient, places: Places, secret: StoreSecret, read: RegisterFile
) -> int:
    """Enter a register file; give how many entries there were. Agencies come first.

    What is entered already with the same meaning is entered again: a file can be loaded twice.

    Raises:
        NodeRefused: an entry breaks a rule of the register.
    """
    officer = Officer(http, places, secret)
    return await enter_agencies(officer, read) + await enter_facts(officer, read.register)


async def enter_agencies(officer: Officer, read: RegisterFile) -> int:
    """Enrol every agency that is not enrolled yet, parents before their units."""
    entered = 0
    for name in read.titles:
        one = read.register.agencies[name]
        if (await officer.entry(Kind.AGENCY, name))["value"] is None:
            await officer.enrol(name, roles=sorted(one.roles), part_of=one.part_of)
            entered += 1
        if one.suspended:
            await officer.suspend(name, suspended=True)
            entered += 1
    return entered


async def enter_facts(officer: Officer, facts: Register) -> int:
    """Enter calendars, training, accessions, consents and conflict checks."""
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
    for agency, agreement, version in sorted(facts.accessions):
        entries.append((Kind.ACCESSION, f"{agency}/{agreement}/{version}", {"acceded": True}))
    for consent in facts.consents:
        value = {
            "case": consent.case,
            "person": consent.person,
            "purpose": consent.purpose,
            "audience": consent.audience,
            "state": str(consent.state),
        }
        audience = consent.audience or "*"
        key = f"{consent.case}/{consent.person}/{consent.purpose}/{audience}"
        entries.append((Kind.CONSENT, key, value))
    for case, conflicts in facts.conflict_checks.items():
        found = [{"agency": one.agency, "instead": one.instead} for one in conflicts]
        entries.append((Kind.CONFLICT_CHECK, case, {"conflicts": found}))
    for kind, key, entry in entries:
        await officer.put(kind, key, entry)
    return len(entries)
