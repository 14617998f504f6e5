"""How a person's name is told: parts, order, titles, initials, possessives, run together, mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from benchmarks.scrubbing.people import MAIL, Person
from benchmarks.scrubbing.spelling import CASES, LETTERS, SPACING, Spell, without_accents

NameForm = Callable[[Person, Random], str | None]

TITLES: Final = ("Mr", "Mrs", "Ms", "Miss", "Dr", "PC", "DS", "Frau", "Herr", "Sra.", "Sr.", "Doña")

# what initials spell in English, German and Spanish
WORDS: Final = (
    "ab ad ago ah al als am an and any are as asi ask at aus ax bad bar be bei big bin bis boy "
    "but by can car con da dad das day de del dem den der des di did die dir do dos du eh ein "
    "el en end er era es ex few for fue get go got ha han has hat hay he her hi him his hm ho "
    "how ich id if ihm ihn ihr ii im in ir is it ja je kid la las law le les let lo los lot ma "
    "man mas may me men met mi mir mis mr ms mu mum muy my na nah ne ni nie no nor nos now nun nur "
    "ob of off oh ok old on one or os our out ow own ox pa pan per pi pm por que re sad sal saw "
    "say se see ser she si sie sin so sol son su sus tal tan te ten the ti to too tu tv two uh "
    "um un una uno uns up us va ver via vom vor vs was we wer who wir wo ya ye yes yo you zu "
    "zum zur"
)


def _last_word(person: Person) -> str:
    return person.last.split()[-1]


def _letters(words: str, separator: str = "") -> str:
    """The initials of words; a hyphened one has two."""
    return separator.join(word[0] for word in words.replace("-", " ").split())


def _joined(words: str) -> str:
    return "".join(letter for letter in words if letter.isalnum())


def _plain(words: str, rng: Random) -> str:
    """As it stands in an address of mail or a user name: small, ASCII."""
    words = words.lower()
    return _joined(without_accents(words, rng) or words)


def _mail(pattern: str) -> NameForm:
    def form(person: Person, rng: Random) -> str:
        first, last = _plain(person.first, rng), _plain(person.last, rng)
        local = pattern.format(first=first, last=last, f=first[0], l=last[0])
        return f"{local}⟦{rng.choice(('@', '@', '@', ' (at) '))}{rng.choice(MAIL)}⟧"

    return form


def _possessive(ending: str) -> NameForm:
    def form(person: Person, rng: Random) -> str:
        name = rng.choice((person.first, person.last, person.whole))
        return name + ending

    return form


def _initials(person: Person, separator: str, end: str = "") -> str:
    return _letters(person.whole, separator) + end


def _small_initials(person: Person, rng: Random) -> str | None:
    """None where they are a word: nobody could tell "no" from Nora Ortiz."""
    small = _initials(person, "").lower()
    return None if (without_accents(small, rng) or small) in WORDS.split() else small


FORMS: Final[Mapping[str, NameForm]] = {
    "exact": lambda p, _: p.whole,
    "first name alone": lambda p, _: p.first,
    "last name alone": lambda p, _: p.last,
    "reversed": lambda p, r: f"{p.last}{r.choice((', ', ' ', ','))}{p.first}",
    "reversed, capitals": lambda p, _: f"{p.last.upper()}, {p.first}",
    "last name, first in brackets": lambda p, _: f"{p.last} ({p.first})",
    "title": lambda p, r: f"⟦{r.choice(TITLES)} ⟧{r.choice((p.last, p.whole))}",
    "title and initial": lambda p, r: f"⟦{r.choice(TITLES)} ⟧{p.first[0]}. {p.last}",
    "apostrophe left out": lambda p, _: p.whole.replace("'", "") if "'" in p.whole else None,
    "apostrophe turned": lambda p, _: p.whole.replace("'", "’") if "'" in p.whole else None,
    "last word of the last name": lambda p, _: _last_word(p) if " " in p.last else None,
    "initials: J.S.": lambda p, _: _initials(p, ".", "."),
    "initials: J. S.": lambda p, _: _initials(p, ". ", "."),
    "initials: JS": lambda p, _: _initials(p, ""),
    "initials: js": lambda p, r: _small_initials(p, r),
    "initials: J S": lambda p, _: _initials(p, " "),
    "initials: J/S": lambda p, _: _initials(p, "/"),
    "initials: J-S": lambda p, _: _initials(p, "-"),
    "initials: S.J.": lambda p, _: f"{_last_word(p)[0]}.{p.first[0]}.",
    "initials: first and last": lambda p, _: p.first[0] + _last_word(p)[0],
    "initials: J. Smythe": lambda p, _: f"{p.first[0]}. {p.last}",
    "initials: J Smythe": lambda p, _: f"{p.first[0]} {p.last}",
    "initials: J.Smythe": lambda p, _: f"{p.first[0]}.{p.last}",
    "initials: Jane S.": lambda p, _: f"{p.first} {p.last[0]}.",
    "initials: Jane S": lambda p, _: f"{p.first} {p.last[0].upper()}",
    "initials: Smythe, J.": lambda p, _: f"{p.last}, {p.first[0]}.",
    "initials: Smythe J": lambda p, _: f"{p.last} {p.first[0]}",
    "possessive: Smythe's": _possessive("⟦'s⟧"),
    "possessive: Smythe’s": _possessive("⟦’s⟧"),
    "possessive: Smythe'": _possessive("⟦'⟧"),
    "possessive: Smythes": _possessive("s"),
    "possessive: SMYTHE'S": lambda p, _: f"{p.last.upper()}⟦'S⟧",
    "plural: die Müllern": lambda p, _: p.last + "n" if p.last.endswith(("er", "el")) else None,
    "plural: Smythees": lambda p, _: p.last + "es" if len(_last_word(p)) >= 4 else None,
    "run together: JaneSmythe": lambda p, _: _joined(p.whole),
    "run together: janesmythe": lambda p, r: _plain(p.whole, r),
    "run together: SmytheJane": lambda p, _: _joined(p.last + p.first),
    "run together: vanderBerg": lambda p, _: _joined(p.last) if " " in p.last else None,
    "run together: vanderbergs": lambda p, r: _plain(p.last, r) + "s" if " " in p.last else None,
    "run together: jsmythe": lambda p, r: _plain(p.first, r)[0] + _plain(p.last, r),
    "run together: smythej": lambda p, r: _plain(p.last, r) + _plain(p.first, r)[0],
    "run together: janes": lambda p, r: _plain(p.first, r) + _plain(p.last, r)[0],
    "run together: jsmythe85": lambda p, r: (
        f"{_plain(p.first, r)[0]}{_plain(p.last, r)}{r.randint(1, 99)}"
    ),
    "run together: @jane_smythe": lambda p, r: f"@{_plain(p.first, r)}_{_plain(p.last, r)}",
    "mail: jsmythe@": _mail("{f}{last}"),
    "mail: jane.smythe@": _mail("{first}.{last}"),
    "mail: jane_smythe@": _mail("{first}_{last}"),
    "mail: janesmythe@": _mail("{first}{last}"),
    "mail: smythe_j@": _mail("{last}_{f}"),
    "mail: smythe.jane@": _mail("{last}.{first}"),
    "mail: j-smythe@": _mail("{f}-{last}"),
}


def _spelt(spell: Spell) -> NameForm:
    """A simple form, spelt in some way."""

    def form(person: Person, rng: Random) -> str | None:
        shape = rng.choice((person.whole, person.last, person.first, person.whole))
        return spell(shape, rng)

    return form


NAMES: Final[Mapping[str, NameForm]] = {
    **FORMS,
    **{name: _spelt(spell) for name, spell in {**CASES, **SPACING, **LETTERS}.items()},
}
