"""Narratives about a case: text, and where in it each value is told, in which variant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, count, islice
from random import Random
from typing import Any, Final

from benchmarks.scrubbing.cases import Case, a_case
from benchmarks.scrubbing.dates import DATES
from benchmarks.scrubbing.naming import NAMES
from benchmarks.scrubbing.numbers import (
    ADDRESSES,
    MAILS,
    PHONES,
    POSTCODES,
    REFERENCES,
    SYMBOLS,
    TEXTS,
)
from benchmarks.scrubbing.people import (
    MAIL,
    TOWNS,
    Person,
    a_day,
    a_national_id,
    a_number_plate,
    a_person,
    a_phone,
    a_place,
    an_iban,
)
from benchmarks.scrubbing.spelling import CASES, SPACING, told
from benchmarks.scrubbing.wording import INNOCENT, MENTIONS, UNKNOWN

BLOCK: Final = 500  # narratives
LANGUAGES: Final = {"en": 70, "de": 15, "es": 15}
LONG: Final[Mapping[str, Callable[[str, Random], str | None]]] = {
    "exact": lambda text, _: text,
    **CASES,
    **{name: SPACING[f"spacing: {name}"] for name in ("doubled", "line break", "no-break space")},
    "five words of it": lambda text, rng: _five_words(text, rng),
}
FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "name": NAMES,
    "date": DATES,
    "phone": PHONES,
    "address": ADDRESSES,
    "postcode": POSTCODES,
    "reference": REFERENCES,
    "mail": MAILS,
    "text": TEXTS,
    "long text": LONG,
    "enum": SYMBOLS,
}
LOCAL_DAY: Final = "date · the local day, which is not UTC's"
VARIANTS: Final = (
    *(f"{kind} · {name}" for kind, forms in FORMS.items() for name in forms),
    LOCAL_DAY,
)
UNKNOWN_KINDS: Final = tuple(UNKNOWN["en"])
WEIGHTS: Final = {
    "name": 44,
    "date": 22,
    "phone": 9,
    "address": 12,
    "postcode": 5,
    "reference": 4,
    "mail": 4,
    "text": 6,
    "long text": 3,
    "enum": 3,
}


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a value stands: [start, end), and within it the spans that tell of it.

    `known` says whether the event has the value, `variant` in which form it is told.
    """

    variant: str
    known: bool
    start: int
    end: int
    telling: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Narrative:
    """A text about a case, with everything in it that should not be told."""

    case: Case
    text: str
    mentions: tuple[Mention, ...]


def block(number: int, seed: int) -> Iterator[Narrative]:
    """One block of the endless corpus with this seed; a longer corpus begins with a shorter one."""
    rng = Random(f"{seed}:{number}")
    for _ in range(BLOCK):
        language = rng.choices([*LANGUAGES], [*LANGUAGES.values()])[0]
        yield a_narrative(rng, a_case(rng, language))


def narratives(number: int, seed: int) -> Iterator[Narrative]:
    """The first narratives of the corpus with this seed."""
    blocks = chain.from_iterable(block(at, seed) for at in count())
    return islice(blocks, number)


def a_narrative(rng: Random, case: Case) -> Narrative:
    """Two to five known values, up to two unknown ones, and innocent sentences, in any order."""
    sentences: list[tuple[str, tuple[str, str] | None]] = [
        (line, None) for line in rng.sample(INNOCENT[case.language], rng.randint(1, 4))
    ]
    spoken = MENTIONS[case.language]
    free = {kind: rng.sample(lines, len(lines)) for kind, lines in spoken.items()}
    for kind in rng.choices([*WEIGHTS], [*WEIGHTS.values()], k=rng.randint(2, 5)):
        lines = free["text" if kind in ("long text", "enum") else kind]
        if lines:
            sentences.append((lines.pop(), _known(kind, case, rng)))
    for kind in rng.sample(UNKNOWN_KINDS, rng.choice((0, 1, 1, 2))):
        line = rng.choice(UNKNOWN[case.language][kind])
        sentences.append((line, (f"unknown {kind}", _unknown(kind, case, rng))))
    rng.shuffle(sentences)
    return _assembled(case, sentences, rng)


def _assembled(
    case: Case, sentences: list[tuple[str, tuple[str, str] | None]], rng: Random
) -> Narrative:
    text, mentions = "", []
    for line, mention in sentences:
        text += rng.choices(("", " ", "\n", "\n\n"), (0 if text else 1, 15, 4, 1))[0]
        if mention is None:
            text += line
            continue
        variant, marked = mention
        value = told(marked)
        before, after = line.split("{}")
        start = len(text) + len(before)
        telling = tuple((start + first, start + last) for first, last in value.telling)
        known = not variant.startswith("unknown")
        mentions.append(Mention(variant, known, start, start + len(value.text), telling))
        text += before + value.text + after
    return Narrative(case, text, tuple(mentions))


def _known(kind: str, case: Case, rng: Random) -> tuple[str, str]:
    """A variant of a value of the case, and the value told in it."""
    while True:
        value = _value(kind, case, rng)
        name = rng.choice([*FORMS[kind]])
        form = FORMS[kind][name]
        made = form(value, rng, case.language) if kind == "date" else form(value, rng)
        if made is None:
            continue
        late = kind == "date" and value == case.days[-1] != case.happened.date()
        if late and value not in case.births:
            return LOCAL_DAY, made
        return f"{kind} · {name}", made


def _value(kind: str, case: Case, rng: Random) -> Any:
    match kind:
        case "name":
            return rng.choice(case.people)
        case "date":
            return rng.choice(case.days)
        case "address":
            return rng.choice(case.places)
        case "postcode":
            return rng.choice(case.places).postcode
        case "phone":
            return rng.choice(case.phones)
        case "reference":
            return rng.choice(case.references)
        case "text":
            return rng.choice(case.texts)
    return {"mail": case.mail, "long text": case.conditions, "enum": case.kind}[kind]


def _unknown(kind: str, case: Case, rng: Random) -> str:
    """Somebody or something of which the event has nothing, in a plain form."""
    match kind:
        case "name":
            return _stranger(case, rng).whole
        case "mail":
            person = _stranger(case, rng)
            local = "".join(letter for letter in person.last.lower() if letter.isascii())
            return f"{person.first[0].lower()}.{local}@{rng.choice(MAIL)}".replace(" ", "")
        case "date of birth":
            return _born(case, rng)
        case "postcode":
            town = rng.choice(TOWNS[case.language])
            code = a_place(rng, case.language).postcode
            return code if case.language == "en" else f"{code} {town}"
        case "national id":
            return a_national_id(rng, case.language)
        case "IBAN":
            return an_iban(rng, case.language)
        case "number plate":
            return a_number_plate(rng, case.language)
        case "phone":
            while (number := a_phone(rng, case.language)) in case.phones:
                continue
            return number
    while (place := a_place(rng, case.language)).street in {own.street for own in case.places}:
        continue
    return place.line


def _born(case: Case, rng: Random) -> str:
    """A date with its year, of none of the people of the case."""
    forms = [form for name, form in DATES.items() if name.startswith(("numbers", "named: 9"))]
    while (day := a_day(rng, date(1950, 1, 1), date(2004, 12, 31))) in case.days:
        continue
    return rng.choice(forms)(day, rng, case.language) or ""


def _stranger(case: Case, rng: Random) -> Person:
    known = {word for person in case.people for word in person.whole.replace("-", " ").split()}
    while known & {*(person := a_person(rng)).whole.replace("-", " ").split()}:
        continue
    return person


def _five_words(text: str, rng: Random) -> str:
    words = text.split()
    at = rng.randrange(len(words) - 4)
    return " ".join(words[at : at + 5])
