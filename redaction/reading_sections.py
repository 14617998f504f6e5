"""Reads what stands around the clauses: audiences, dates, papers and duties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yaml.nodes import MappingNode, Node

from redaction.agreement import (
    ANYONE,
    RECIPIENT,
    Audience,
    Deadline,
    Dpia,
    Handling,
    LegalBasis,
    Opinion,
    Requirement,
)
from redaction.reading_conditions import read_condition
from redaction.text import line_of
from redaction.words import MAX_LINE, Reader

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as we render
# what the machine is set to, and seconds counted otherwise: not the same time everywhere
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")
_ADDRESSES = ("agency", "named_in", "role")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
WITHIN = re.compile(r"within ([1-9][0-9]{0,3}) hours?")
_Part = TypeVar("_Part")


def read_language(reader: Reader, node: Node | None) -> str:
    """A language tag such as `en-GB`."""
    value = reader.word(node, "`language`")
    if node is not None and value and not LANGUAGE.fullmatch(value):
        reader.problem(node, "`language` must be a language tag such as `en-GB`")
    return value


def read_time_zone(reader: Reader, node: Node | None) -> str:
    """The name of a time zone of the IANA database."""
    value = reader.word(node, "`time_zone`")
    if node is None or not value:
        return value
    try:
        known = not value.startswith(_NO_ZONES) and bool(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        reader.problem(node, "`time_zone` must be a time zone such as `Europe/London`")
    return value


def read_in_force(reader: Reader, node: Node | None) -> tuple[date, date]:
    """The first and the last day, both inclusive."""
    entries = reader.keyed(node, "`in_force`", required=("from", "until"))
    return (
        reader.day(entries.get("from"), "`in_force.from`"),
        reader.day(entries.get("until"), "`in_force.until`"),
    )


def read_calendars(reader: Reader, node: Node | None) -> tuple[tuple[str, str], ...]:
    """For each use of a calendar, its name in the register."""
    pairs = reader.pairs(node, "`calendars`")
    return tuple((use, reader.word(name, f"`calendars.{use}`")) for use, name in pairs)


def read_audiences(reader: Reader, node: Node | None) -> tuple[Audience, ...]:
    """Who is addressed, in the order of the text."""
    audiences = []
    pairs = reader.pairs(node, "`audiences`")
    if isinstance(node, MappingNode):
        reader.lines.update({f"audiences.{key.value}": line_of(key) for key, _ in node.value})
        if not node.value:
            reader.problem(node, "`audiences` is empty")
    for name, part in pairs:
        if name in (ANYONE, RECIPIENT):
            reader.problem(part, f"`{name}` is a reserved word; name the audience otherwise")
        audiences.append(_audience(reader, name, part))
    return tuple(audiences)


def _audience(reader: Reader, name: str, node: Node) -> Audience:
    what = f"audience `{name}`"
    entries = reader.keyed(node, what, optional=(*_ADDRESSES, "all_of_role", "when", "reveals"))
    if isinstance(node, MappingNode) and sum(key in entries for key in _ADDRESSES) != 1:
        reader.problem(node, f"{what} needs one of `agency`, `named_in` and `role`")
    if "all_of_role" in entries:
        reader.one_of(entries["all_of_role"], "`all_of_role`", ("yes",))
    if ("role" in entries) != ("all_of_role" in entries):
        reader.problem(node, f"{what} needs `role` and `all_of_role: yes` together")
    when = entries.get("when")
    return Audience(
        name=name,
        agency=reader.word(entries.get("agency"), "`agency`") or None,
        named_in=reader.word(entries.get("named_in"), "`named_in`") or None,
        role=reader.word(entries.get("role"), "`role`") or None,
        when=None if when is None else read_condition(reader, when),
        reveals=reader.words(entries.get("reveals"), "`reveals`"),
    )


def read_each(
    reader: Reader, entries: Mapping[str, Node], section: str, one: Callable[[Reader, Node], _Part]
) -> tuple[_Part, ...]:
    """The entries of a section; one with a problem is left out."""
    kept: list[_Part] = []
    for node in reader.parts(entries.get(section), f"`{section}`"):
        before = len(reader.problems)
        part = one(reader, node)
        if len(reader.problems) == before:
            reader.lines[f"{section}.{len(kept)}"] = line_of(node)
            kept.append(part)
    return tuple(kept)


def read_basis(reader: Reader, node: Node) -> LegalBasis:
    """On what law data goes to one audience."""
    extra = ("special_category", "criminal_offence")
    entries = reader.keyed(node, "a legal basis", required=("of", "instruments"), optional=extra)
    return LegalBasis(
        of=reader.word(entries.get("of"), "`of`"),
        instruments=reader.words(entries.get("instruments"), "`instruments`"),
        special_category=reader.words(entries.get("special_category"), "`special_category`"),
        criminal_offence=reader.words(entries.get("criminal_offence"), "`criminal_offence`"),
    )


def read_opinion(reader: Reader, node: Node) -> Opinion:
    """The opinion of one data-protection authority."""
    keys = ("authority", "reference", "date", "outcome")
    entries = reader.keyed(node, "an opinion", required=keys, optional=("of",))
    return Opinion(
        authority=reader.text(entries.get("authority"), "`authority`", limit=MAX_LINE),
        reference=reader.text(entries.get("reference"), "`reference`", limit=MAX_LINE),
        date=reader.day(entries.get("date"), "`date`"),
        outcome=reader.word(entries.get("outcome"), "`outcome`"),
        of=reader.words(entries.get("of"), "`of`"),
    )


def read_dpia(reader: Reader, node: Node | None) -> Dpia | None:
    """The impact assessment, if the text names one."""
    if node is None:
        return None
    entries = reader.keyed(node, "`dpia`", required=("reference", "date", "review_by"))
    return Dpia(
        reference=reader.text(entries.get("reference"), "`dpia.reference`", limit=MAX_LINE),
        date=reader.day(entries.get("date"), "`dpia.date`"),
        review_by=reader.day(entries.get("review_by"), "`dpia.review_by`"),
    )


def read_requirement(reader: Reader, node: Node) -> Requirement:
    """Training that one audience needs."""
    entries = reader.keyed(
        node, "a requirement", required=("of", "training"), optional=("valid_for",)
    )
    valid = entries.get("valid_for")
    months = None if valid is None else reader.amount(valid, "`valid_for`", ("months",))[0]
    return Requirement(
        of=reader.word(entries.get("of"), "`of`"),
        training=reader.word(entries.get("training"), "`training`"),
        valid_months=months,
    )


def read_deadline(reader: Reader, node: Node) -> Deadline:
    """`next-school-day` with its clock and calendar, or `within N hours` of the event."""
    entries = reader.keyed(node, "a deadline", required=("of", "rule"), optional=("at", "calendar"))
    rule = reader.text(entries.get("rule"), "`rule`", limit=MAX_LINE)
    at = reader.text(entries.get("at"), "`at`", limit=MAX_LINE)
    calendar = reader.word(entries.get("calendar"), "`calendar`")
    if rule == "next-school-day":
        if not at or not calendar:
            reader.problem(node, "`next-school-day` needs `at` and `calendar`")
        elif not CLOCK.fullmatch(at):
            reader.problem(entries["at"], "`at` must be a time written HH:MM")
    elif WITHIN.fullmatch(rule):
        if at or calendar:
            reader.problem(node, "a deadline in hours takes no `at` and no `calendar`")
    elif rule:
        reader.problem(entries["rule"], "`rule` must be `next-school-day` or `within N hours`")
    return Deadline(
        of=reader.word(entries.get("of"), "`of`"), rule=rule, at=at, calendar=calendar or None
    )


def read_handling(reader: Reader, node: Node) -> Handling:
    """What one audience must and must not do with a view."""
    entries = reader.keyed(
        node, "a handling rule", required=("of", "onward"), optional=("not_to_reach", "keep_for")
    )
    keep = entries.get("keep_for")
    return Handling(
        of=reader.word(entries.get("of"), "`of`"),
        onward=reader.word(entries.get("onward"), "`onward`"),
        not_to_reach=reader.words(entries.get("not_to_reach"), "`not_to_reach`"),
        keep_days=None if keep is None else reader.amount(keep, "`keep_for`", ("days",))[0],
    )
