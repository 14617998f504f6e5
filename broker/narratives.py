"""What invented people write into the free texts of an event: about its own people, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

NARRATIVE: Final = "\N{BALLOT BOX}"  # stands in a new event for a text that is still to be told

# No two share five words in a row: what one text tells another recipient may not be told again.
_OF_NOBODY: Final = (
    "Neighbours reported raised voices and officers attended.",
    "A door was damaged, nobody needed treatment.",
    "A plan for the coming days was agreed and written down.",
    "Two earlier reports are on record.",
    "The front door has been given a new lock.",
    "Somebody will call again before the weekend.",
    "There had been drinking since the afternoon.",
    "Photographs were taken with consent.",
    "An interpreter was reached by telephone.",
    "Everybody was calm by the time we left.",
    "A second visit is planned with a health visitor.",
    "Money is short since work ended in spring.",
    "No weapon was seen this time.",
    "Both versions differ in what came first.",
)
_OF_SOMEBODY: Final = (
    "{victim} was spoken to alone and can be called on {phone}.",
    "According to {victim}, {perpetrator} had come to {line} the night before.",
    "{perpetrator} was gone when the car arrived.",
    "{perpetrator} has asked others where {victim} is staying.",
    "{child} was frightened and stayed close to {victim}.",
    "{child} told a teacher that it is quiet at home now.",
    "Nobody but us knows of {safe_line}.",
    "{perpetrator} sends messages every evening.",
    "{victim} would go to court if {child} need not.",
    "Last winter {victim} left {perpetrator} and came back.",
)


def narratives(value: dict[str, Any], rng: Random) -> dict[str, Any]:
    """The event's value with something told in every place that holds `NARRATIVE`.

    Args:
        value: the event's value; its people, where it has any, are those who are told of.
        rng: chooses what is told.
    """
    known = _known(value)
    tales = [tale.format_map(known) for tale in _OF_SOMEBODY if _needs(tale) <= known.keys()]
    remarks = list(_OF_NOBODY)
    rng.shuffle(tales)
    rng.shuffle(remarks)

    def told(one: Any) -> Any:
        if one == NARRATIVE:
            parts = [deck.pop() for deck in (tales, remarks) if deck]
            return " ".join(parts) or "See above."
        if isinstance(one, dict):
            return {key: told(inner) for key, inner in one.items()}
        if isinstance(one, list):
            return [told(inner) for inner in one]
        return one

    return {name: told(one) for name, one in value.items()}


def _needs(tale: str) -> set[str]:
    return {part.partition("}")[0] for part in tale.split("{")[1:]}


def _known(value: Mapping[str, Any]) -> dict[str, str]:
    """What may be told of the event's people, as far as it knows them."""
    victim, perpetrator = value.get("victim") or {}, value.get("perpetrator") or {}
    children = value.get("children") or [value.get("child") or {}]
    found = {
        "victim": victim.get("name"),
        "phone": victim.get("phone"),
        "line": (victim.get("address") or {}).get("line"),
        "safe_line": (victim.get("safe_address") or {}).get("line"),
        "perpetrator": perpetrator.get("name"),
        "child": (children[0] or {}).get("name"),
    }
    return {name: text for name, text in found.items() if text}
