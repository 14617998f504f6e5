"""A share of the fuzz in every run: no reader does anything but what it declares.

The long form is one of the laws of `make soak`.
"""

from __future__ import annotations

import itertools
from random import Random

import pytest

from tests.fuzz.mutating import inputs
from tests.fuzz.targets import TARGETS, Stumbled, Target, fuzz

NAMES = [target.name for target in TARGETS]


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_hostile_input_is_read_or_refused_as_declared_and_quickly(target: Target) -> None:
    assert sum(fuzz(target, range(1, 2))) == target.block


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_what_inputs_are_made_of_is_mostly_good(target: Target) -> None:
    """Changes to what is refused anyway would reach little of a reader."""
    taken = sum(target.takes(each) for each in target.material.corpus)
    assert taken * 3 >= len(target.material.corpus) > 0


def test_an_exception_that_is_not_declared_is_told_with_its_input() -> None:
    def stumbles(data: bytes) -> bool:
        raise ZeroDivisionError

    target = Target(name="broken", material=TARGETS[0].material, block=1, takes=stumbles)
    with pytest.raises(Stumbled, match="ZeroDivisionError at broken, seed 7, input 0"):
        list(fuzz(target, range(7, 8)))


def test_an_input_that_takes_long_is_told() -> None:
    target = Target(name="slow", material=TARGETS[0].material, block=1, takes=lambda data: True)
    with pytest.raises(Stumbled, match=r"4\.0 s at slow, seed 7"):
        list(fuzz(target, range(7, 8), clock=itertools.count(0, 4).__next__))


def test_an_input_follows_from_its_seed_alone() -> None:
    for target in TARGETS:
        first, again = ([*inputs(target.material, Random("seed"), 50)] for _ in range(2))
        assert first == again
