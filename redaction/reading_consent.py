"""Reads the consent rules: whose consent is asked, who decides at which age, and what follows."""

from __future__ import annotations

import re
from typing import Final

from yaml.nodes import MappingNode, Node

from redaction.agreement import AgeBand, ConsentRule, OnWithdrawal
from redaction.reading_conditions import MAX_AGE
from redaction.words import Reader

UNKNOWN: Final = "unknown"
# consent is never presumed given; `unknown` stands first, which is what a missing word means
PRESUMED: Final = (UNKNOWN, "refused")
_BELOW: Final = "under_"
_FROM: Final = "from_"
_AGE: Final = re.compile(r"[1-9][0-9]{0,2}")


def read_consent(reader: Reader, node: Node) -> ConsentRule:
    """The rule for one person's consent."""
    entries = reader.keyed(
        node,
        "a consent rule",
        required=("of", "on_withdrawal"),
        optional=("by_age", "presumed"),
    )
    presumed = reader.one_of(entries.get("presumed"), "`presumed`", PRESUMED)
    after = reader.one_of(
        entries.get("on_withdrawal"), "`on_withdrawal`", (word.value for word in OnWithdrawal)
    )
    return ConsentRule(
        of=reader.word(entries.get("of"), "`of`"),
        by_age=_bands(reader, entries.get("by_age")),
        presumed=None if presumed == UNKNOWN else presumed,
        on_withdrawal=OnWithdrawal(after),
    )


def _bands(reader: Reader, node: Node | None) -> tuple[AgeBand, ...]:
    """`under_12: parent, from_12: child`, and as many later ages as the parties agreed."""
    pairs = reader.pairs(node, "`by_age`")
    if not pairs:
        if isinstance(node, MappingNode):
            reader.problem(node, "`by_age` is empty")
        return ()
    (first, decider), *later = pairs
    below = _age(first, _BELOW)
    ages = [_age(name, _FROM) for name, _ in later]
    if below is None or not ages or None in ages:
        message = "`by_age` must begin with `under_12`, or another age, and go on with `from_12`"
        reader.problem(decider, message)
        return ()
    known = [age for age in ages if age is not None]
    if known[0] != below:
        reader.problem(
            later[0][1], f"`by_age` must go on with `from_{below}` after `under_{below}`"
        )
    if sorted(set(known)) != known:
        reader.problem(decider, "`by_age` must name its ages from the youngest to the oldest")
    words = (reader.word(value, f"`{name}`") for name, value in pairs)
    starts = (0, *known)
    return tuple(
        AgeBand(from_age=age, decider=word) for age, word in zip(starts, words, strict=True)
    )


def _age(name: str, prefix: str) -> int | None:
    """The age in a key such as `from_12`, else None."""
    digits = name.removeprefix(prefix)
    if not name.startswith(prefix) or not _AGE.fullmatch(digits) or int(digits) > MAX_AGE:
        return None
    return int(digits)
