"""Attack: a withheld value told in a text in one of the ways in which people write such values.

The corpus and the measure are those of `make bench-scrubbing`; neither knows of the scrubber. The
environment variable CASEWARD_NARRATIVES makes the corpus longer.
"""

from __future__ import annotations

import os
from datetime import date
from random import Random

import pytest

from benchmarks.scrubbing.__main__ import SEED, engine
from benchmarks.scrubbing.dates import DATES
from benchmarks.scrubbing.measuring import MARK, Tally, is_left, kept
from benchmarks.scrubbing.naming import NAMES
from benchmarks.scrubbing.narrative import VARIANTS, Mention, narratives
from benchmarks.scrubbing.people import Person
from benchmarks.scrubbing.spelling import told
from benchmarks.scrubbing.tables import percent
from benchmarks.scrubbing.wording import UNKNOWN

PATTERNS = {f"unknown {kind}" for kind in UNKNOWN["en"]} - {"unknown name", "unknown address"}
NUMBER = int(os.environ.get("CASEWARD_NARRATIVES", "2000"))


def test_nothing_that_the_event_withholds_is_left_in_any_variant_and_little_else_is_cut() -> None:
    """Recall is not reached by withholding or cutting everything: one run, as it is long."""
    tally = engine(NUMBER, SEED, workers=1)
    found = tally.report()
    assert tally.missed == []
    assert tally.narratives >= NUMBER
    assert set(VARIANTS) <= tally.outcomes.keys()
    assert found["withheld_without_awkward_values"] < 0.06
    assert found["innocent_words_cut"] < 0.02
    assert found["precision"] > 0.9
    assert {kind for kind, row in found["unknown"].items() if row["recall"] == 1} >= PATTERNS


def test_a_scrubber_that_does_nothing_misses_everything() -> None:
    """The measure itself: no mention counts as cut because of how it is looked for."""
    lazy = Tally()
    for narrative in narratives(300, SEED):
        lazy.add(narrative, narrative.text)
    assert lazy.report()["recall"] == 0
    assert {row["recall"] for row in lazy.report()["unknown"].values()} == {0}
    assert lazy.cut_words == 0


def test_a_scrubber_that_cuts_everything_misses_nothing_and_is_imprecise() -> None:
    eager = Tally()
    for narrative in narratives(300, SEED):
        eager.add(narrative, MARK)
    assert eager.report()["recall"] == 1
    assert eager.report()["innocent_words_cut"] == 1


def test_a_single_miss_is_not_rounded_away() -> None:
    assert percent(999_999 / 1_000_000) == "99.999 %"
    assert percent(1) == "100.000 %"


@pytest.mark.parametrize(
    ("scrubbed", "left"),
    [
        (f"Spoke to {MARK} today, and Ann Bo left.", "Ann Bo"),
        (f"Spoke to Ann {MARK} today, and {MARK} left.", "Ann"),
        (f"Spoke to A{MARK} today, and {MARK} left.", "A"),
        (f"Spoke to {MARK} today, and {MARK} left.", ""),
        (f"Spoke to {MARK} left.", ""),
        (MARK, ""),
    ],
)
def test_what_is_left_of_a_mention_is_found(scrubbed: str, left: str) -> None:
    """The measure itself: what a scrubbing leaves of a value does not go unseen."""
    text = "Spoke to Ann Bo today, and Ann Bo left."
    mentions = [
        Mention("name", True, at, at + 6, ((at, at + 6),)) for at in (9, text.rindex("Ann"))
    ]
    spans = kept(text, scrubbed)[1]
    assert any(is_left(text, mention, spans) for mention in mentions) == bool(left)


@pytest.mark.parametrize("text", ["Ana saw a dog.", "A dog saw Ana."])
def test_a_piece_that_could_be_of_a_value_counts_as_left(text: str) -> None:
    """`a` between two marks may be a word's letter or the name's; the worse is taken."""
    at = text.index("Ana")
    mention = Mention("name", True, at, at + 3, ((at, at + 3),))
    assert is_left(text, mention, kept(text, f"{MARK}a{MARK}")[1])
    assert not is_left(text, mention, kept(text, text.replace("Ana", MARK))[1])


@pytest.mark.parametrize("scrubbed", ["Ann saw", "Ann saw Bo.", f"Bo {MARK}", f"Ann saw Bo{MARK}"])
def test_what_is_no_scrubbing_is_refused(scrubbed: str) -> None:
    with pytest.raises(ValueError, match="no scrubbing"):
        kept("Ann saw Bo", scrubbed)


def test_narratives_say_where_every_value_stands() -> None:
    for narrative in narratives(200, SEED):
        for mention in narrative.mentions:
            assert 0 <= mention.start < mention.end <= len(narrative.text)
            inner = [at for span in mention.telling for at in span]
            assert inner == sorted(inner)
            assert mention.start <= inner[0]
            assert inner[-1] <= mention.end
            assert any(
                narrative.text[at].isalnum()
                for first, last in mention.telling
                for at in range(first, last)
            )


def test_a_longer_corpus_begins_with_a_shorter() -> None:
    def texts(number: int) -> list[str]:
        return [narrative.text for narrative in narratives(number, SEED)]

    assert texts(520)[:30] == texts(30)


def test_variants_are_told_as_people_write_them() -> None:
    rng, jane, born = Random(1), Person("Jane", "Smythe"), date(2015, 4, 9)
    names = {name: form(jane, rng) for name, form in NAMES.items()}
    days = {name: told(form(born, rng, "en") or "").text for name, form in DATES.items()}
    assert names["initials: J.S."] == "J.S."
    assert names["initials: Jane S."] == "Jane S."
    assert names["run together: jsmythe"] == "jsmythe"
    assert names["reversed, capitals"] == "SMYTHE, Jane"
    assert (names["mail: smythe_j@"] or "").startswith("smythe_j⟦")
    assert days["numbers: 9/4/15"] == "9/4/15"
    assert days["named: 9th of April 2015"] == "9th of April 2015"
    assert days["named: 9 de abril de 2015"] == "9 de abril de 2015"
    assert days["compact: 20150409"] == "20150409"
