"""Rule 3: which `never`s reach a leaf because its value is one they withhold, literally."""

from __future__ import annotations

import unicodedata

from redaction.agreement import Never
from redaction.reference.clauses import forbids
from redaction.reference.places import Case, Place, places_and_keys
from schemas.codec import Event
from schemas.registry import Kind, Vocabulary

ALIKE = ("phone", "address")  # the classes whose values are compared


def same_value_nevers(case: Case, place: Place) -> list[Never]:
    """Rule 3: an address or phone equal to one that a `never` withholds, wherever it stands.

    Whether a map's key of such a class counts as standing there was open: it does, either way.
    """
    mine = _compared_by(case.vocabulary, place)
    if not mine:
        return []
    twins = [other for other, theirs in case.alike if any(one in mine for one in theirs)]
    return [
        never
        for never in case.agreement.nevers
        if any(forbids(case, never, twin) for twin in twins)
    ]


def alike(
    event: Event, vocabulary: Vocabulary
) -> tuple[tuple[Place, tuple[tuple[str, str], ...]], ...]:
    """Every leaf and map key of an event that is compared with others, and by what."""
    found = ((place, _compared_by(vocabulary, place)) for place in places_and_keys(event))
    return tuple((place, by) for place, by in found if by)


def _compared_by(vocabulary: Vocabulary, place: Place) -> tuple[tuple[str, str], ...]:
    made = (_normal(vocabulary, place, kind) for kind in ALIKE)
    return tuple(one for one in made if one is not None)


def _normal(vocabulary: Vocabulary, place: Place, kind: str) -> tuple[str, str] | None:
    """What a value of class `phone` or `address` is compared by; None compares with nothing.

    A map key counts as a string. What else than a string is a number was open: a whole number is.
    """
    if kind not in vocabulary.tags[place.field.tag].classes or place.value is None:
        return None
    if kind == "phone" and place.kind in (None, Kind.STRING, Kind.INT, Kind.LONG):
        normal = ("phone", _digits(str(place.value)))
    elif kind == "address" and place.kind in (None, Kind.STRING):
        normal = ("words", _letters(place.value))
    elif kind == "address" and place.kind is Kind.ADDRESS:
        normal = ("address", _whole(place.value["postcode"], place.value["line"]))
    else:
        return None
    return normal if normal[1] else None


def _digits(text: str) -> str:
    # a digit is a digit in any script; in which was open
    digits = ""
    for character in text:
        if character.isdecimal():
            digits += str(unicodedata.decimal(character))
        elif len(digits) >= 7 and (character.isalpha() or character in "#;"):
            break  # an extension
    return digits.lstrip("0")[-7:]


def _whole(postcode: str, line: str) -> str:
    spaced = [str(unicodedata.decimal(c)) if c.isdecimal() else " " for c in line]
    numbers = " ".join(sorted("".join(spaced).split())) or _letters(line)
    return f"{_letters(postcode)} {numbers}".strip()


def _letters(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c) and c.isalnum())
