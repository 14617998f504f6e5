"""When two phone numbers or two addresses are the same, however they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.registry import Kind

_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9a-z]+")
_NUMBER = re.compile(r"[0-9]+")
_TELLING = 7  # last digits of a phone number that tell it from others, in every country
_BEFORE_EXTENSION = re.compile(rf"(?:[^0-9]*[0-9]){{{_TELLING}}}[^A-Za-z#;]*")


def same_phone(text: str) -> str:
    """A phone number's last seven digits, without what follows a word, `#` or `;` after it.

    So it is the same with the prefixes of its country or without, with `(0)` or without, and with
    an extension. Two numbers that end alike are taken for one, which withholds more.
    """
    if not text.isascii():
        text = "".join(map(_in_ascii, text))
    if number := _BEFORE_EXTENSION.match(text):
        text = number[0]
    return _NOT_A_DIGIT.sub("", text).lstrip("0")[-_TELLING:]


def _in_ascii(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "x" if character.isalpha() else " "


def same_text(text: str) -> str:
    """Letters and digits only, without case and accents."""
    text = text.casefold()
    if text.isascii():
        text = text.replace(" ", "")  # mostly that is all
        return text if text.isalnum() else _NOT_ALPHANUMERIC.sub("", text)
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if c.isalnum() and not unicodedata.combining(c))


def same_address(address: dict[str, str]) -> str:
    """An address's postcode and the numbers of its line; the whole line where it has none.

    So it is the same however the street is written. Two streets of one postcode are taken for one
    where the numbers are equal, which withholds more.
    """
    line, district = address["line"], same_text(address["postcode"])
    if not line.isascii():
        line = "".join(map(_in_ascii, line))
    numbers = _NUMBER.findall(line)
    if len(numbers) > 1:
        numbers.sort()
        told = " ".join(numbers)
    else:
        told = numbers[0] if numbers else same_text(address["line"])
    return f"{district} {told}" if district and told else district or told


_NORMAL: Final[Mapping[tuple[str, Kind], Callable[[Any], str]]] = MappingProxyType(
    {
        ("phone", Kind.STRING): same_phone,
        ("phone", Kind.INT): lambda number: same_phone(str(number)),
        ("phone", Kind.LONG): lambda number: same_phone(str(number)),
        ("address", Kind.STRING): same_text,
        ("address", Kind.ADDRESS): same_address,
    }
)


Normal = tuple[str, bool, str]


class Normals:
    """What the values of one event have in common with others; each is looked at once.

    It lives as long as the work on its event, and its event longer: so a value is told by identity.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, Kind, int], Normal | None] = {}

    def of(self, compared: str, kind: Kind, value: Any) -> Normal | None:
        """What `normal` gives for a value of the event."""
        key = (compared, kind, id(value))
        if key not in self._known:
            self._known[key] = normal(compared, kind, value)
        return self._known[key]


def normal(compared: str, kind: Kind, value: Any) -> Normal | None:
    """What equal values of a class have in common; None if this one can equal none.

    A whole address and an address written as one string are not compared.
    """
    make = _NORMAL.get((compared, kind))
    text = "" if make is None or value is None else make(value)
    return (compared, kind is Kind.ADDRESS, text) if text else None
