"""`caseward agreement explain`: pages, languages, figures, and what perpetrators cannot see."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result

from broker.cli.explain import languages
from tests.cli.calls import AGREEMENTS, EXAMPLES, answer, call, refused

ENCOMPASS = EXAMPLES / "operation-encompass" / "agreement.yaml"
READERS = ("professionals", "victims", "perpetrators", "authority")
OVERRIDE = """\
overrides:
  - id: "9.1"
    releases: [victim.phone]
    to: [social-care]
    legal_basis: [gdpr-9-2-c]
    needs: {justification: yes, authorisers: 2, of_rank: duty-manager}
    expires_after: 72 hours
    review_within: 48 hours
    lifts: ["7.1"]
"""
MORE = """\
  - id: "8.1"
    share: [officer.number]
    to: social-care
    when: {consent_of_victim: given}
    reveals: [consent_of_victim]
    not_told_to: [perpetrators]
"""
# edits of what stands in clauses that perpetrators are not told of, or adds such a clause
HIDDEN_EDITS = {
    "text": ("They learn whether there is a safe address, and never where.", "Zyx."),
    "form": ("as: present", "as: municipality"),
    "id": ('id: "5.9"', 'id: "5.99"'),
    "version": ("version: 1\n", "version: 7\n"),
    "spelt out no longer": ("    not_told_to: [perpetrators]\n", ""),
    "tag": ("share: [victim.address, child.address]", "share: [child.address]"),
    "clause": ("  # what nobody learns\n", MORE + "  # what nobody learns\n"),
    "override": ("clauses:\n", OVERRIDE + "clauses:\n"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("path", AGREEMENTS, ids=lambda path: path.parent.name)
def test_explain_answers_in_every_language(path: Path, reader: str) -> None:
    for language in languages():
        words = ("agreement", "explain", path, "--for", reader, "--lang", language)
        found = answer("agreement-explain", *words)
        assert found["language"] == language
        assert found["reader"] == reader
    text = call(*words).stdout
    for section in found["sections"]:
        assert f"## {section['heading']}\n" in text


def test_the_language_is_the_agreements_unless_told_otherwise() -> None:
    own = answer("agreement-explain", "agreement", "explain", ENCOMPASS, "--for", "victims")
    assert own["language"] == "en-GB"
    assert "1 September 2026" in own["sections"][0]["sentences"][-1]
    austrian = call("agreement", "explain", ENCOMPASS, "--for", "victims", "--lang", "de-AT")
    assert "Ihr Name" in austrian.stdout


def test_the_last_line_is_the_figure() -> None:
    words = ("agreement", "explain", ENCOMPASS, "--for")
    last = call(*words, "victims").stdout.splitlines()[-1]
    assert re.fullmatch(
        r"Readability \(Flesch-Kincaid grade\): -?\d+\.\d\. Target for age 12: 7, met\.", last
    )
    german = call(*words, "authority", "--lang", "de").stdout.splitlines()[-1]
    assert re.fullmatch(r"Lesbarkeit \(Wiener Sachtextformel 1\): \d+,\d\.", german)


@pytest.mark.parametrize("language", ["fr", "xx", "../de", "", "e n"])
def test_an_unknown_language_names_those_that_exist(language: str) -> None:
    words = ("agreement", "explain", ENCOMPASS, "--for", "victims", "--lang", language)
    assert "there are de, en, es" in refused(call(*words))


def test_an_agreement_in_an_unknown_language_needs_one_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text(ENCOMPASS.read_text().replace("language: en-GB", "language: fr-FR"))
    words = ("agreement", "explain", path, "--for", "victims")
    assert "no language `fr-FR`" in refused(call(*words))
    assert call(*words, "--lang", "es").exit_code == 0


def test_an_unusable_agreement_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text("agreement: nothing")
    refused(call("agreement", "explain", path, "--for", "victims"))


@cache
def _unedited(options: tuple[str, ...]) -> Result:
    return call("agreement", "explain", ENCOMPASS, "--for", "perpetrators", *options)


@pytest.mark.parametrize("edit", HIDDEN_EDITS)
def test_hidden_edits_change_no_byte_of_what_perpetrators_are_shown(
    edit: str, tmp_path: Path
) -> None:
    """Rule 14: neither the text nor the JSON, in any language; the authority sees the edit."""
    old, new = HIDDEN_EDITS[edit]
    text = ENCOMPASS.read_text()
    assert old in text
    path = tmp_path / "agreement.yaml"
    path.write_text(text.replace(old, new))
    for language in languages():
        for more in ((), ("--json",)):
            options = ("--lang", language, *more)
            before = _unedited(options)
            after = call("agreement", "explain", path, "--for", "perpetrators", *options)
            assert (after.exit_code, before.exit_code) == (0, 0), after.output
            assert after.stdout_bytes == before.stdout_bytes
            assert after.stderr_bytes == before.stderr_bytes
    seen = [call("agreement", "explain", one, "--for", "authority") for one in (ENCOMPASS, path)]
    assert seen[0].stdout_bytes != seen[1].stdout_bytes
