"""How transformed values leak elsewhere: T10, T11 and T13 of the leak classes, by their numbers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from redaction.agreement import Form
from redaction.decide import decide
from redaction.decision import Gate, Reason
from redaction.outgoing import Outgoing
from schemas.codec import decode_view
from tests.redaction.asked import INCIDENT, PHONE, REFERENCE, WORDS, Asked
from tests.redaction.builders import (
    AT,
    PUBLISHER,
    PURPOSE,
    SECRET,
    agency,
    agreement,
    audience,
    event,
    register,
    share,
)

NAMED = share("1", ["victim.name", "victim.phone"], form=Form.PSEUDONYM, to=("school", "health"))
SAME: dict[str, Any] = {"victim": {"name": PHONE, "phone": PHONE}}
TOKENS = ("elm-school", "oak-school"), ("northmoor-one", "northmoor-two")


def tokens(to: str, under: str) -> tuple[str, str]:
    """What one recipient under one agreement is told instead of one value under two tags."""
    asked = Asked([REFERENCE, NAMED], SAME, to=to, id=under)
    outgoing = Outgoing(asked.event, asked.register, WORDS, at=AT, secret=SECRET)
    view_type, data = outgoing.encoded(asked.decision)
    victim = decode_view(view_type, data)["victim"]
    return victim["name"], victim["phone"]


def test_t10_a_pseudonym_cannot_be_made_without_the_secret() -> None:
    """Hashes of phone numbers are reversed in minutes: no key, no delivery."""
    asked = Asked([REFERENCE, NAMED], SAME)
    assert asked.decision.gate is Gate.OPEN
    with pytest.raises(ValueError, match="pseudonym"):
        Outgoing(asked.event, asked.register, WORDS, at=AT).encoded(asked.decision)


def test_t11_no_two_recipients_agreements_or_tags_have_a_token_in_common() -> None:
    """Whoever has two tokens cannot tell that they stand for one value."""
    found = [tokens(*place) for place in itertools.product(*TOKENS)]
    assert len({token for pair in found for token in pair}) == 8
    assert PHONE not in {token for pair in found for token in pair}
    assert found == [tokens(*place) for place in itertools.product(*TOKENS)]


def test_t11_recipients_in_one_audience_do_not_share_a_view_with_tokens() -> None:
    """Equal outcomes share one encoding, but not where it holds a recipient's own names."""
    text = agreement(
        REFERENCE, NAMED, audiences=(audience(role="school"),), event_types=(INCIDENT.name,)
    )
    known, of = register(text), event(INCIDENT, SAME)
    outgoing = Outgoing(of, known, WORDS, at=AT, secret=SECRET)
    decisions = [
        decide(of, known, WORDS, recipient=to, purpose=PURPOSE, at=AT)
        for to in ("elm-school", "oak-school")
    ]
    assert decisions[0].fields == decisions[1].fields
    views = [outgoing.encoded(decision)[1] for decision in decisions]
    assert views[0] != views[1]


@pytest.mark.parametrize(("name", "parent"), [("elm-school", PUBLISHER), (PUBLISHER, "elm-school")])
@pytest.mark.parametrize("guess", ["Robin", "Morgan"])
def test_t13_whoever_writes_a_text_cannot_ask_by_it_what_is_hidden(
    name: str, parent: str, guess: str
) -> None:
    """A scrubber answers whether a guess is right; so none reads the recipient's own text."""
    known = register(agencies=[agency(name, "school", part_of=parent)])
    text = share("1", "incident.circumstances", form=Form.SCRUBBED)
    value = {"victim": {"name": "Robin Example"}, "incident": {"circumstances": f"is it {guess}?"}}
    asked = Asked([REFERENCE, text], value, known=known, etype=INCIDENT)
    assert asked.why("/incident/circumstances") == (None, None, Reason.OWN_TEXT)
    told = Asked([REFERENCE, text], value)
    assert told.why("/incident/circumstances")[0] is Form.SCRUBBED
