"""Rule 2: what an agency is part of and what is part of it, and whom a conflict excludes."""

from __future__ import annotations

from redaction.facts import Conflict, Register
from redaction.reference.places import InconsistentError
from schemas.codec import Event


def chain(register: Register, name: str) -> list[str]:
    """The agency, then what it is part of, and so on upwards.

    Raises:
        InconsistentError: that leads round in a circle.
        KeyError: that leads to an agency that is not enrolled.
    """
    found = [name]
    while (parent := register.agencies[found[-1]].part_of) is not None:
        if parent in found:
            raise InconsistentError("`part_of` leads round in a circle")
        found.append(parent)
    return found


def kin(register: Register, name: str) -> set[str]:
    """The agency, all that it is part of and all its units; see `chain` for what it raises.

    An agency that is not enrolled is part of nothing, and may still have units.
    """
    units, grown = {name}, True
    while grown:
        below = {agency.name for agency in register.agencies.values() if agency.part_of in units}
        grown = not below <= units
        units |= below
    return units | set(chain(register, name) if name in register.agencies else [])


def conflicts(event: Event, register: Register, name: str) -> list[Conflict]:
    """The case's conflicts that name the agency, what it is part of, or a unit below it."""
    return [
        conflict
        for conflict in register.conflict_checks.get(event.subject, ())
        if name in kin(register, conflict.agency)
    ]
