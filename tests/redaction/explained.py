"""Pages of agreements in every language, for the tests of plain words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from redaction.agreement import Agreement
from redaction.explain import Catalog, Page, Reader, explain
from redaction.reading import read_agreement
from schemas.registry import Registry, load_vocabulary
from tests.redaction.explain_messages import LOCALE

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/agreement.yaml"))
LANGUAGES = sorted(path.stem for path in LOCALE.glob("*.po"))
TYPES = {one.name: one for one in Registry.builtin().types}
VOCABULARY = load_vocabulary()


@cache
def catalog(language: str) -> Catalog:
    """The catalogue of a language."""
    return Catalog(language, (LOCALE / f"{language}.po").read_bytes())


@cache
def example(folder: str) -> Agreement:
    """An example's agreement."""
    path = EXAMPLES / folder / "agreement.yaml"
    return read_agreement(path.read_bytes(), origin=str(path))


def page(agreement: Agreement, reader: Reader, language: str = "en") -> Page:
    """The page for a reader."""
    return explain(agreement, TYPES, VOCABULARY, reader=reader, catalog=catalog(language))
