"""Rule 14: what is kept from perpetrators cannot change their page by a byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.explain import Reader, told
from redaction.explain.readability import readability
from tests.redaction.explain_edits import TAGS, audiences, conditions, edited, hidden
from tests.redaction.explained import FOLDERS, LANGUAGES, VOCABULARY, example, page

PERPETRATORS = Reader.PERPETRATORS


@pytest.mark.parametrize("folder", FOLDERS)
@settings(max_examples=60)
@given(data=st.data())
def test_hidden_clauses_cannot_change_the_perpetrators_page(
    folder: str, data: st.DataObject
) -> None:
    """Rule 14: added, removed and other hidden clauses, with whom only they speak of."""
    old = example(folder)
    new = data.draw(edited(old))
    known = told(new, VOCABULARY, PERPETRATORS)
    assert replace(known, version=old.version) == told(old, VOCABULARY, PERPETRATORS)
    for language in LANGUAGES:
        before, after = page(old, PERPETRATORS, language), page(new, PERPETRATORS, language)
        assert after.text() == before.text()
        assert readability(after.sentences(), language, PERPETRATORS) == readability(
            before.sentences(), language, PERPETRATORS
        )


@pytest.mark.parametrize("folder", FOLDERS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_field_of_a_hidden_clause_shows(folder: str, data: st.DataObject) -> None:
    """Rule 14: a hidden clause that stands changes in one of its fields."""
    old = example(folder)
    kind = data.draw(st.sampled_from(["shares", "nevers"]))
    clauses = list(getattr(old, kind))
    numbers = [n for n, one in enumerate(clauses) if hidden(one)]
    if not numbers:
        return
    number = data.draw(st.sampled_from(numbers))
    changes = {
        "id": st.text(min_size=1, max_size=4),
        "text": st.text(max_size=9),
        "when": st.none() | conditions,
        "to": audiences(old),
        "reveals": st.just(("serious_risk",)),
        "tags": st.sampled_from(TAGS).map(lambda tag: (*clauses[number].tags, tag)),
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    clauses[number] = replace(clauses[number], **{name: data.draw(changes[name])})
    changed: dict[str, Any] = {kind: tuple(clauses)}
    new = replace(old, **changed)
    assert hidden(clauses[number])
    for language in LANGUAGES:
        assert page(new, PERPETRATORS, language) == page(old, PERPETRATORS, language)


def test_a_clause_that_locates_is_hidden_although_nobody_wrote_so() -> None:
    """Rule 14: where an abuser was told that the victim has a safe address, the word sufficed."""
    old = example("operation-encompass")
    safe = next(one for one in old.shares if "victim.safe_address" in one.tags)
    assert safe.not_told_to == ()
    without = replace(old, shares=tuple(one for one in old.shares if one != safe))
    assert page(without, PERPETRATORS) == page(old, PERPETRATORS)
    assert page(without, Reader.VICTIMS) != page(old, Reader.VICTIMS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_perpetrators_page_never_speaks_of_consent_nor_of_places(
    folder: str, language: str
) -> None:
    """That something hangs on what the victim says would put her under pressure."""
    text = page(example(folder), PERPETRATORS, language).text()
    listed = page(example(folder), PERPETRATORS, language).sentences()
    for tag in VOCABULARY.tags.values():
        if "locates-victim" in tag.classes or tag.name in ("victim.consent", "victim.awareness"):
            assert tag.means not in listed
    for word in ("agree", "said no", "Ja gesagt", "dijo que", "safe"):
        assert word not in text


@pytest.mark.parametrize("reader", [one for one in Reader if one is not PERPETRATORS])
def test_whoever_is_kept_from_a_clause_is_told_that_rules_are_missing(reader: Reader) -> None:
    """A page that says that nothing else is shared would be a lie for this reader."""
    old = example("operation-encompass")
    whole = page(old, reader).text()
    first = replace(old.shares[0], not_told_to=(str(reader),))
    part = page(replace(old, shares=(first, *old.shares[1:])), reader).text()
    assert "Some rules are not shown" not in whole
    assert "Some rules are not shown" in part
    assert "What is not listed here" not in part
    assert "we tell only the agencies on this page" not in part
