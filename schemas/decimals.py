"""Decimals as whole numbers over a power of ten, exactly: no context, nothing rounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_MAX_DIGITS: Final = 200  # of a decimal, trailing zeros included; our schemas allow 64


def unscaled(value: Decimal, precision: int, scale: int) -> int | None:
    """The whole number that, over ten to the scale, is this decimal; None if it does not fit."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or len(digits) > _MAX_DIGITS:  # no number, or no sane one
        return None
    number = int("".join(map(str, digits)))
    if number == 0:
        return 0
    shift = exponent + scale
    # bounded before the power is taken: an exponent may be astronomical
    if not -len(digits) <= shift <= precision or (shift < 0 and number % 10**-shift):
        return None
    whole: int = number * 10**shift if shift >= 0 else number // 10**-shift
    if whole >= 10**precision:
        return None
    return -whole if sign else whole


def scaled(number: int, scale: int) -> Decimal:
    """The decimal that is this whole number over ten to the scale, with all its digits."""
    return Decimal((int(number < 0), tuple(map(int, str(abs(number)))), -scale))
