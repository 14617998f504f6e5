"""Rule 3: which `never`s reach a leaf because its value is one they withhold, literally."""

from __future__ import annotations

import unicodedata

from redaction.agreement import Never
from redaction.reference.clauses import forbids
from redaction.reference.places import Case, Place, places_and_keys
from schemas.registry import Kind

ALIKE = ("phone", "address")  # the classes whose values are compared


def same_value_nevers(case: Case, place: Place) -> list[Never]:
    """Rule 3: an address or phone equal to one that a `never` withholds, wherever it stands.

    Whether a map's key of such a class counts as standing there was open: it does, either way.
    """
    kinds = [kind for kind in ("phone", "address") if _normal(case, place, kind) is not None]
    if not kinds:
        return []  # it compares with nothing
    mine = [normal for kind in ALIKE if (normal := _normal(case, place, kind))]
    twins = [
        other
        for other in (places_and_keys(case.event) if mine else ())
        if any(_normal(case, other, kind) in mine for kind in ALIKE)
    ]
    return [
        never
        for never in case.agreement.nevers
        if any(forbids(case, never, twin) for twin in twins)
    ]


def _normal(case: Case, place: Place, kind: str) -> tuple[str, str] | None:
    """What a value of class `phone` or `address` is compared by; None compares with nothing.

    A map key counts as a string. What else than a string is a number was open: a whole number is.
    """
    if kind not in case.vocabulary.tags[place.field.tag].classes or place.value is None:
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
