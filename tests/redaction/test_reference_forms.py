"""What each form makes of a value by the reference: each answer worked out by hand (rule 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, date, datetime
from typing import Any

import pytest

from redaction import reference
from redaction.agreement import Form
from redaction.decision import Reason
from redaction.reference.forms import BELOW, MEANT_FOR, With, at_most, transformed
from redaction.reference.places import InconsistentError
from redaction.reference.scrubbing import Hidden, scrubbed
from schemas.codec import WITHHELD
from tests.redaction import builders as make
from tests.redaction.reference_cases import PLAIN, WORDS, decide, event, to_elm

TODAY = date(2026, 3, 1)
NOTHING = Hidden(texts=(), numbers=(), dates=())
SECRET = b"a secret of the gateway"


def made(form: Form, value: Any, *, tag: str = "a.b", **changes: Any) -> Any:
    given = {"recipient": "elm-school", "agreement": "one", "secret": SECRET, **changes}
    return transformed(form, value, tag, With(today=TODAY, hidden=NOTHING, **given))


def place(postcode: str, country: str) -> dict[str, str]:
    return {**make.address(postcode=postcode), "country": country}


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (Form.AGE, date(2026, 3, 1), "0"),
        (Form.AGE, date(2026, 3, 2), "unborn"),
        (Form.AGE, date(2008, 2, 29), "18"),
        (Form.AGE, date(2008, 3, 2), "17"),
        (Form.AGE_BAND, date(2026, 3, 2), "unborn"),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "0-3") for n in (0, 3)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "4-10") for n in (4, 10)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "11-15") for n in (11, 15)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "16-17") for n in (16, 17)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "18-24") for n in (18, 24)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "25-44") for n in (25, 44)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "45-64") for n in (45, 64)),
        *((Form.AGE_BAND, date(2026 - n, 3, 1), "65+") for n in (65, 101)),
        (Form.OUTWARD_CODE, place("nm1 1aa", "gb"), "NM1"),
        (Form.OUTWARD_CODE, place("NM11 1AA", "GB"), "NM11"),
        (Form.OUTWARD_CODE, place("NM1 11A", "GB"), "unknown"),
        (Form.OUTWARD_CODE, place("1AA", "GB"), "unknown"),
        (Form.OUTWARD_CODE, place("D02 X285", "IE"), "D02"),
        (Form.OUTWARD_CODE, place("1011 AB", "NL"), "1011"),
        (Form.OUTWARD_CODE, place("10115", "DE"), "10"),
        (Form.OUTWARD_CODE, place("1011A", "DE"), "unknown"),
        (Form.OUTWARD_CODE, place("00-950", "PL"), "00"),
        (Form.OUTWARD_CODE, place("113 29", "SE"), "11"),
        (Form.OUTWARD_CODE, place("1000-205", "PT"), "1000"),
        (Form.OUTWARD_CODE, place("1010", "AT"), "10"),
        (Form.OUTWARD_CODE, place("110 00", "CZ"), "110"),
        (Form.OUTWARD_CODE, place("10115", "Germany"), "unknown"),
        (Form.OUTWARD_CODE, place("", "GB"), "unknown"),
        (Form.MASK, "", "********"),
        (Form.MASK, "a much longer text", "********"),
        (Form.COUNT_BAND, -1, "unknown"),
        (Form.COUNT_BAND, 0, "0"),
        (Form.COUNT_BAND, 1, "1"),
        *((Form.COUNT_BAND, n, "2-3") for n in (2, 3)),
        *((Form.COUNT_BAND, n, "4-9") for n in (4, 9)),
        *((Form.COUNT_BAND, n, "10+") for n in (10, 10_000)),
        (Form.YEAR, datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "2026"),
        (Form.MONTH, date(987, 6, 5), "0987-06"),
    ],
)
def test_a_form_says_this_of_a_value(form: Form, value: Any, expected: str) -> None:
    """Rule 4: what each form discloses, at the ends of every band and for every country."""
    assert made(form, value) == expected
    assert made(form, None) is None


def test_a_pseudonym_is_keyed_by_recipient_agreement_and_tag() -> None:
    """Rule 4: the same value has one name in one place, and no two places can join theirs."""
    key = hmac.new(SECRET, b'["elm-school","one","a.b"]', hashlib.sha256).digest()
    digest = hmac.new(key, "Zoë".encode(), hashlib.sha256).digest()[:16]
    name = made(Form.PSEUDONYM, "Zoë")
    assert name == base64.b32encode(digest).decode().lower().replace("=", "")
    assert len(name) == 26
    others = [
        made(Form.PSEUDONYM, "Zoe"),
        made(Form.PSEUDONYM, "Zoë", recipient="oak-school"),
        made(Form.PSEUDONYM, "Zoë", agreement="two"),
        made(Form.PSEUDONYM, "Zoë", tag="a.c"),
        made(Form.PSEUDONYM, "Zoë", secret=b"another"),
    ]
    assert len({name, *others}) == 6
    for value in ("Zoë", None):
        with pytest.raises(InconsistentError):
            made(Form.PSEUDONYM, value, secret=None)


def test_the_order_of_forms_is_the_one_on_paper() -> None:
    """Rule 4: these pairs are ordered, and no other."""
    chains = ("year month", "age-band age", "mask pseudonym", "mask scrubbed")
    ordered = {(Form(a), Form(b)) for a, b in (chain.split() for chain in chains)}
    ordered |= {(form, Form.CLEAR) for form in Form if form is not Form.CLEAR}
    ordered |= {(Form.PRESENT, form) for form in Form if form is not Form.PRESENT}
    assert {(a, b) for b in Form for a in BELOW[b]} == ordered
    assert set(MEANT_FOR) == set(Form) - {Form.CLEAR, Form.PRESENT}
    assert at_most(Form.MASK, Form.MASK)


# --- scrubbing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("Anna Müller", "ANNA MULLER said so", "[…] said so"),
        ("Anna Müller", "Mu\u0308ller's door, Annas", "[…]'s door, Annas"),
        ("Anna Müller", "Anna-Maria or Müller-Lüdenscheidt", "[…]-Maria or […]-Lüdenscheidt"),
        ("Jo Li", "Jo said that Li left", "Jo said that Li left"),
        ("Jo Li", "Jo, Li and JoLi", "[…] and […]"),
        ("anna@example.org", "write to Anna at example", "write to […] at […]"),
        ("Straße", "in der STRASSE", "in der […]"),
        ("NM1 1AA", "nm11aa", "[…]"),
        ("NM11AA", "at nm1 - 1aa.", "at […]."),
        ("01632 960123 / 07700 900456", "on 900456 or 01632 960123", "on […] or […]"),
        ("01632960123", "ring 1 01632 960123 1", "ring 1 […] 1"),
        ("44123", "441231 44 123", "441231 […]"),
        ("0044123", "0123", "0123"),
        ("01632 960123", "on +44 (0)1632 960-123 or 1632960123", "on […] or […]"),
        ("+44 1632 960123", "01632/960123, 0044 1632 960123", "[…], […]"),
        ("01632 960123", "٠١٦٣٢ ٩٦٠١٢٣", "[…]"),
        ("call 07700 900456 now", "it was 900456", "it was […]"),
        ("1234", "1234 and 12345", "[…] and 12345"),
        ("", "nothing. is. hidden", "nothing. is. hidden"),
        ("é", "e\u0301 or é or E", "[…] or […] or […]"),
    ],
)
def test_a_hidden_text_is_scrubbed_however_it_is_written(
    value: str, text: str, expected: str
) -> None:
    """Rule 4: phrase, words, case, accents, and numbers with their prefixes and groups."""
    assert scrubbed(text, Hidden(texts=(value,), numbers=(), dates=())) == expected


@pytest.mark.parametrize(
    "written",
    [
        *("2014-09-04", "4/9/2014", "04.09.2014", "4-9-2014", "4/9/14", "04.09.14", "14-9-4"),
        *("4 September 2014", "4th of September, 2014", "September 4, 2014", "Sept. 4th 14"),
    ],
)
def test_a_hidden_date_is_scrubbed_however_it_is_written(written: str) -> None:
    """Rule 4: figures and English months, two-digit years too; other days stay."""
    hidden = Hidden(texts=(), numbers=(), dates=(date(2014, 9, 4),))
    assert scrubbed(f"born {written}.", hidden) == "born […]."
    assert scrubbed(f"born 1{written}5.", hidden) == f"born 1{written}5."
    assert scrubbed("on 5/9/2014 or 4 October 2014", hidden) == "on 5/9/2014 or 4 October 2014"


def test_what_stands_together_is_one_gap() -> None:
    """Rule 4: the number of gaps says nothing about the length of what was there."""
    hidden = Hidden(texts=("Anna", "Maria", "Example"), numbers=(44_123, 99), dates=())
    assert scrubbed("Anna Maria\n Example 44123: 99", hidden) == "[…]: 99"
    assert scrubbed("Anna, Maria", hidden) == "[…], […]"


def view(form: Form, value: dict[str, Any], *clauses: Any, **asked: Any) -> dict[str, Any]:
    agreement = to_elm(PLAIN, make.share("4.2", "victim.name", form=form), *clauses)
    register = make.register(agreement)
    decision = decide(register, value)
    return reference.view(event(value), register, WORDS, decision, at=make.AT, **asked)


def test_a_text_is_scrubbed_of_what_the_decision_hides_and_of_nothing_else() -> None:
    """Rule 4: withheld and transformed values go, and what is released in clear stays."""
    value = {
        "notes": "seen",
        "name": "Seen at 1 Example Row by DC 4417, phone 01632 960123, Northmoor",
        "phone": "01632 960123",
        "address": make.address(),
    }
    withheld = view(Form.SCRUBBED, value)
    assert withheld["name"] == "Seen at […] by […], phone […], […]"
    town = make.share("4.3", "victim.address", form=Form.MUNICIPALITY)
    assert view(Form.SCRUBBED, value, town)["name"].endswith(", Northmoor")


def test_text_of_the_recipients_own_kin_is_withheld() -> None:
    """Leak T13: nobody may ask, by what it writes, what is hidden from it."""
    agreement = to_elm(PLAIN, make.share("4.2", "victim.name", form=Form.SCRUBBED))
    for name, parent in (("elm-school", make.PUBLISHER), (make.PUBLISHER, "elm-school")):
        register = make.register(agreement, agencies=[make.agency(name, part_of=parent)])
        decision = decide(register, {"name": "Robin Example"})
        (named,) = (field for field in decision.fields if field.path == "/name")
        assert (named.released, named.clause, named.reason) == (False, None, Reason.OWN_TEXT)
        shown = reference.view(
            event({"name": "Robin Example"}), register, WORDS, decision, at=make.AT
        )
        assert shown["name"] is WITHHELD
