"""Invented people, places and numbers of several European countries.

Names are common ones put together at random. Phone numbers come from ranges that regulators keep
for fiction (Ofcom, Bundesnetzagentur) or that are not assigned; postcodes from areas that do not
exist; mail domains from RFC 2606.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|" if "|" in text else None))


FIRST: Final = {
    "en": _words(
        "Jane Alice Siobhan Oliver Harriet Callum Megan Rhys Niamh Duncan Priya Zoë Chloé"
    ),
    "de": _words("Jürgen Käthe Sören Anneliese Björn Lieselotte Günther Heike Matthias Änne Dörte"),
    "es": _words("José María Íñigo Begoña Álvaro Concepción Raúl Ximena Nuño Lucía Martín Andrés"),
    "eu": _words("Łukasz Agnieszka Jiří Zsófia Ștefan Ioana Åsa Søren Giulia François Maël Ayşe"),
}
LAST: Final = {
    "en": _words(
        "Smythe Hathersage O'Brien Thornbury Okonkwo-Bell Penhaligon "
        "MacAllister Lewis Pryce Ashworth Quigley D'Arcy Fitzgerald"
    ),
    "de": _words(
        "Müller Groß Schröder Weiß Bäcker Kießling Mueller Hoffmann Jäger Löwe-Brandt Oestreich"
    ),
    "es": _words("García Núñez Ibáñez Echeverría Peña Rodríguez Güell Muñoz Zubizarreta Ordóñez"),
    "eu": _words(
        "Wałęsiński Đorđević Ångström Sørensen Novák Şahin Țurcanu Rossi Lefèvre Æbelø Kovács Ćosić"
    ),
}
PARTICLED: Final = (
    "van der Berg",
    "de la Fuente",
    "von Aalen",
    "di Marco",
    "O Connell",
    "al Rashid",
)
# names that are words, and names that are hardly longer than an initial
EVERYDAY: Final = _words("Will May Mark Rose Grace Dawn Hope Summer Bill Sue Kind Lang Rosa Paz")
SHORT: Final = _words("Li Bo Wu Xi Al Jo Ng Öz")
STREETS: Final = {
    "en": _words(
        "Fennel Row|Larkspur Road|Saint Oswin's Terrace|Tannery Lane|Copperfield Street|Bramble "
        "Close|Heron Quay Court|Marigold Avenue"
    ),
    "de": _words(
        "Fenchelstraße|Lindenwurzweg|Gerbergasse|Alter Deichweg|Käthe-Brandner-Straße|"
        "Zaunkönigallee"
    ),
    "es": _words(
        "Calle Romero Verde|Avenida de los Almendros|Plaza Ibáñez|Camino Hinojo|Paseo Alondra"
    ),
}
TOWNS: Final = {
    "en": _words("Northmoor|Eskerby|Wyreholt|Upper Tansley"),
    "de": _words("Seelingen|Bad Ölsach|Großwinden"),
    "es": _words("Villarroble|Peñalén|San Martiño"),
}
MAIL: Final = ("example.org", "mail.example.com", "northmoor.example.net", "example.net")


@dataclass(frozen=True, slots=True)
class Person:
    """A first and a last name, each of one or more words."""

    first: str
    last: str

    @property
    def whole(self) -> str:
        """As a form has it."""
        return f"{self.first} {self.last}"

    @property
    def awkward(self) -> bool:
        """Whether a part of the name is a word of its own or has but two letters."""
        return any(part in EVERYDAY or part in SHORT for part in self.whole.split())


@dataclass(frozen=True, slots=True)
class Place:
    """A postal address; in `line` the number stands where its country puts it."""

    street: str
    number: str
    town: str
    postcode: str
    country: str

    @property
    def line(self) -> str:
        """Street and number."""
        if self.country == "GB":
            return f"{self.number} {self.street}"
        return f"{self.street} {self.number}"


def a_person(rng: Random) -> Person:
    """Somebody; one in twelve has a name that a scrubber cannot be sure of."""
    culture = rng.choices(("en", "de", "es", "eu"), (6, 2, 2, 2))[0]
    first, last = rng.choice(FIRST[culture]), rng.choice(LAST[culture])
    match rng.randrange(48):
        case 0 | 1:
            first = rng.choice(EVERYDAY)
        case 2:
            last = rng.choice(EVERYDAY)
        case 3:
            first, last = rng.choice(SHORT), rng.choice(SHORT)
        case 4 | 5 | 6 | 7:
            last = rng.choice(PARTICLED)
        case 8 | 9:
            first = f"{first}{rng.choice((' ', '-'))}{rng.choice(FIRST[culture])}"
        case 10 | 11 if culture == "es":
            last = f"{last} {rng.choice(LAST['es'])}"
    return Person(first, last)


def a_place(rng: Random, language: str) -> Place:
    """An address in a country where the language is spoken."""
    street, town = rng.choice(STREETS[language]), rng.choice(TOWNS[language])
    number = str(rng.randint(3, 198)) + rng.choice(("", "", "", "a", "B"))
    if language == "en":
        return Place(street, number, town, a_gb_postcode(rng), "GB")
    postcode = f"{rng.choice((99, 57, 86))}{rng.randint(0, 999):03}"
    return Place(street, number, town, postcode, "DE" if language == "de" else "ES")


def a_gb_postcode(rng: Random) -> str:
    """A postcode of an area that does not exist."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    outward = f"{rng.choice(('ZZ', 'QX', 'XZ'))}{rng.randint(1, 29)}"
    return f"{outward} {rng.randint(1, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def a_phone(rng: Random, language: str) -> str:
    """A number as a form may have it, national or international."""
    end = rng.randint(0, 999)
    match language:
        case "de":
            national = f"{rng.choice(('030 23125', '069 90009', '0171 39200'))} {end:03}"
            country = "+49"
        case "es":
            return rng.choice((f"+34 555 010 {end:03}", f"555 010 {end:03}"))
        case _:
            national = f"{rng.choice(('07700 900', '01632 960'))}{end:03}"
            country = "+44"
    return rng.choice((national, national, f"{country} {national[1:]}"))


def a_national_id(rng: Random, language: str) -> str:
    """A number that is never given out: a NINO of QQ, a DNI or a pension number of zeros."""
    match language:
        case "de":
            return f"00 0{rng.randint(1, 9)}0{rng.randint(1, 9)}{rng.randint(30, 99)} A 000"
        case "es":
            number = rng.randint(0, 999)
            return f"{number:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"
    digits = f"{rng.randint(0, 999999):06}"
    pairs = ("QQ", digits[:2], digits[2:4], digits[4:], rng.choice("ABCD"))
    return rng.choice(("", " ")).join(pairs)


def an_iban(rng: Random, language: str) -> str:
    """An IBAN with the right check digits, of a bank that does not exist."""
    account = f"{rng.randint(0, 10**8):016}"
    country, bank = {"en": ("GB", "ZZZZ99"), "de": ("DE", "99"), "es": ("ES", "9999")}[language]
    code = (bank + account)[: {"GB": 18, "DE": 18, "ES": 20}[country]]
    turned = "".join(str(int(letter, 36)) for letter in f"{code}{country}00")
    whole = f"{country}{98 - int(turned) % 97:02}{code}"
    return rng.choice((whole, " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))))


def a_number_plate(rng: Random, language: str) -> str:
    """A plate as cars have it today."""
    letters = "".join(rng.choice("BCDFGHJKLMNPRSTVWXYZ") for _ in range(3))
    match language:
        case "de":
            return f"{rng.choice(('XQ', 'ZZ'))}-{letters[:2]} {rng.randint(10, 9999)}"
        case "es":
            return f"{rng.randint(0, 9999):04} {letters}"
    return f"{rng.choice(('QX', 'ZQ'))}{rng.choice((25, 75, 26))}{rng.choice((' ', ''))}{letters}"


def a_day(rng: Random, first: date, last: date) -> date:
    """A day of a span."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def a_reference(rng: Random) -> str:
    """A reference of a file, as agencies number them."""
    number, year = rng.randint(1000, 99999), rng.choice((2025, 2026))
    shapes = (
        f"NP-{year}-{number:05}",
        f"NP/{number}/{year % 100}",
        f"{rng.randint(10, 99)}/{number:06}/{year % 100}",
        f"DA{number:06}",
        f"AZ {number} Js {year % 100}",
    )
    return rng.choice(shapes)
