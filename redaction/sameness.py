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
_UK_DIGITS = 11  # digits of +44 and the shortest national number with it


def same_phone(text: str) -> str:
    """A phone number's digits, without the prefixes for calling from abroad into the UK."""
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())
    digits = _NOT_A_DIGIT.sub("", text).removeprefix("00")
    if digits.startswith("44") and len(digits) >= _UK_DIGITS:
        return "0" + digits[2:]
    return digits


def same_text(text: str) -> str:
    """Letters and digits only, without case and accents."""
    text = text.casefold()
    if text.isascii():
        return _NOT_ALPHANUMERIC.sub("", text)
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if c.isalnum() and not unicodedata.combining(c))


def same_address(address: dict[str, str]) -> str:
    """An address's postcode and line, as `same_text`."""
    return same_text(address["postcode"] + address["line"])


_NORMAL: Final[Mapping[tuple[str, Kind], Callable[[Any], str]]] = MappingProxyType(
    {
        ("phone", Kind.STRING): same_phone,
        ("phone", Kind.INT): lambda number: same_phone(str(number)),
        ("phone", Kind.LONG): lambda number: same_phone(str(number)),
        ("address", Kind.STRING): same_text,
        ("address", Kind.ADDRESS): same_address,
    }
)


def normal(compared: str, kind: Kind, value: Any) -> tuple[str, bool, str] | None:
    """What equal values of a class have in common; None if this one can equal none.

    A whole address and an address written as one string are not compared.
    """
    make = _NORMAL.get((compared, kind))
    text = "" if make is None or value is None else make(value)
    return (compared, kind is Kind.ADDRESS, text) if text else None
