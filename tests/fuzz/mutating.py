"""Hostile bytes made from good ones: cut, joined, repeated, and with what readers stumble over.

Inputs follow from a seed alone, so that a failure can be had again by its seed and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

MAX_BYTES = 8_192  # of one input; the limits of length have tests of their own
MAX_TIMES = 400  # that one piece is repeated
CHANGES = (1, 1, 1, 2, 2, 3, 5, 8)  # how many are made to one input


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What inputs are made of.

    `corpus` holds good inputs, `tokens` what a reader may stumble over. `words` finds what belongs
    together in a text, to be put in another's place; None for bytes.
    """

    corpus: Sequence[bytes]
    tokens: Sequence[bytes]
    words: re.Pattern[bytes] | None = None


def inputs(material: Material, rnd: Random, count: int) -> Sequence[bytes]:
    """As many hostile inputs, mostly near to good ones, a few of them anything at all."""
    return [_one(material, rnd) for _ in range(count)]


def _one(material: Material, rnd: Random) -> bytes:
    if rnd.random() < 0.03:
        return rnd.randbytes(int(rnd.random() ** 3 * 300))
    data = bytearray(rnd.choice(material.corpus))
    steps = _IN_BYTES if material.words is None else _IN_TEXTS
    for _ in range(rnd.choice(CHANGES)):
        rnd.choice(steps)(material, rnd, data)
        del data[MAX_BYTES:]
    return bytes(data)


Step = Callable[[Material, Random, bytearray], None]


def _at(rnd: Random, data: bytearray) -> int:
    return int(rnd.random() * (len(data) + 1))


def _span(rnd: Random, data: bytearray) -> slice:
    start = _at(rnd, data)
    return slice(start, start + int(rnd.random() ** 3 * 200) + 1)


def _flip(_: Material, rnd: Random, data: bytearray) -> None:
    if data:
        data[int(rnd.random() * len(data))] ^= 1 << int(rnd.random() * 8)


def _set(_: Material, rnd: Random, data: bytearray) -> None:
    at = _at(rnd, data)
    data[at : at + 1] = bytes((rnd.choice((0, 1, 2, 3, 0x7F, 0x80, 0x81, 0xFE, 0xFF)),))


def _put(material: Material, rnd: Random, data: bytearray) -> None:
    at = _at(rnd, data)
    data[at:at] = rnd.choice(material.tokens)


def _put_over(material: Material, rnd: Random, data: bytearray) -> None:
    token, at = rnd.choice(material.tokens), _at(rnd, data)
    data[at : at + rnd.choice((1, len(token)))] = token


def _cut(_: Material, rnd: Random, data: bytearray) -> None:
    del data[_at(rnd, data) :]


def _drop(_: Material, rnd: Random, data: bytearray) -> None:
    del data[_span(rnd, data)]


def _copy(_: Material, rnd: Random, data: bytearray) -> None:
    piece, at = data[_span(rnd, data)], _at(rnd, data)
    data[at:at] = piece


def _repeat(_: Material, rnd: Random, data: bytearray) -> None:
    piece, at = data[_span(rnd, data)], _at(rnd, data)
    data[at:at] = (piece * int(rnd.random() ** 4 * MAX_TIMES))[:MAX_BYTES]


def _join(material: Material, rnd: Random, data: bytearray) -> None:
    other = rnd.choice(material.corpus)
    data[_at(rnd, data) :] = other[int(rnd.random() * len(other)) :]


def _exchange(material: Material, rnd: Random, data: bytearray) -> None:
    """A word, a number or a bracket for a token, or for another of its kind."""
    words = material.words
    found = words and words.search(data, _at(rnd, data))
    if not words or not found:
        return
    if rnd.random() < 0.5:
        data[slice(*found.span())] = rnd.choice(material.tokens)
        return
    other = rnd.choice(material.corpus)
    other_found = words.search(other, int(rnd.random() * len(other)))
    if other_found:
        data[slice(*found.span())] = other_found[0]


_IN_BYTES: Sequence[Step] = (
    *(_flip, _flip, _set, _set, _put, _put_over, _put_over, _cut, _drop, _copy, _repeat, _join),
)
_IN_TEXTS: Sequence[Step] = (*_IN_BYTES, *[_exchange] * 12)
