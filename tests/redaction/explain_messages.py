"""The sentences of `redaction/explain` as the catalogues need them; `make messages` updates those.

A sentence is found in the code: the literals that `say` and `count` are called with, and the
tables of `words.py`. The vocabulary's lines and the answers to facts join them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog as Messages
from babel.messages.pofile import read_po, write_po

from redaction.explain import words
from redaction.explain.catalog import SOURCE
from redaction.explain.told import LOCATING
from redaction.spots import spots_of
from schemas.registry import Kind, Registry, load_vocabulary

EXPLAIN = Path(words.__file__).parent
LOCALE = EXPLAIN / "locale"
TABLES = (words.FORMS, words.PERSONS, words.ANSWERS, words.YOUR_ANSWERS, words.UNITS)
MORE_TABLES = (words.ON_WITHDRAWAL, words.ONWARD)
YOU = (words.TO_VICTIMS, words.TO_PERPETRATORS)
MADE = datetime(2026, 9, 1, tzinfo=UTC)  # fixed, so that an update without news changes nothing
VICTIM, PERPETRATOR = "victim", "perpetrator"

Wanted = dict[tuple[str | None, str], tuple[str, ...]]


def wanted() -> Wanted:
    """Each context and sentence that a catalogue must have, with its plural forms."""
    found: Wanted = {}
    for ids in (*_in_code(), *_in_tables()):
        found[None, ids[0]] = ids
    for context, text in _in_vocabulary():
        found[context, text] = (text,)
    return found


def allowed() -> Wanted:
    """Those that a catalogue may have besides: any line of the vocabulary, put to a reader."""
    lines = [ids for (context, _), ids in wanted().items() if context is None and len(ids) == 1]
    return {(context, ids[0]): ids for context in YOU for ids in lines}


def contextual() -> Wanted:
    """Those in a context: the source language needs them too."""
    return {key: ids for key, ids in wanted().items() if key[0] is not None}


def _in_code() -> Iterator[tuple[str, ...]]:
    for path in sorted(EXPLAIN.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            amount = {"say": 1, "_say": 1, "count": 2}.get(called or "", 0)
            texts = [a.value for a in node.args[:amount] if isinstance(a, ast.Constant)]
            if amount and len(texts) == amount:
                yield tuple(str(text) for text in texts)


def _in_tables() -> Iterator[tuple[str, ...]]:
    for table in (*TABLES, *MORE_TABLES):
        for said in table.values():
            yield said if isinstance(said, tuple) else (str(said),)


def _in_vocabulary() -> Iterator[tuple[str | None, str]]:
    vocabulary = load_vocabulary()
    lines = [*vocabulary.classes.values(), *(tag.means for tag in vocabulary.tags.values())]
    for line in lines:
        yield None, line
        if VICTIM in line:
            yield words.TO_VICTIMS, line
    for tag in vocabulary.tags.values():
        if PERPETRATOR in tag.means and LOCATING not in tag.classes:
            yield words.TO_PERPETRATORS, tag.means
    for spot in spots_of(Registry.builtin().types):
        if not spot.is_fact or spot.leaf is None:
            continue
        if spot.kind is Kind.BOOLEAN:
            for context in words.IF.values():
                yield context, vocabulary.tags[spot.field.tag].means
        for symbol in spot.leaf.symbols:
            if symbol not in words.ANSWERS:
                yield words.VALUE, words.name(symbol)
    yield words.VALUE, "yes"
    yield words.VALUE, "no"


def update(language: str) -> None:
    """Bring a catalogue up to date: new sentences come untranslated, those not used leave."""
    path = LOCALE / f"{language}.po"
    known = read_po(BytesIO(path.read_bytes()), locale=language)
    fresh = Messages(
        locale=language,
        project="Caseward",
        version="1",
        charset="utf-8",
        header_comment=f"# The words of the pages of `caseward agreement explain`: {language}.",
        creation_date=MADE,
        revision_date=MADE,
        fuzzy=False,
    )
    needed = wanted()
    for (context, first), ids in sorted({**allowed(), **needed}.items(), key=_place):
        old = known.get(first, context)
        source = language == SOURCE and context is None
        if old is not None or ((context, first) in needed and not source):
            key = ids if len(ids) > 1 else first
            fresh.add(key, old.string if old is not None else None, context=context)
    out = BytesIO()
    write_po(out, fresh, width=100)
    path.write_bytes(out.getvalue())


def _place(entry: tuple[tuple[str | None, str], tuple[str, ...]]) -> tuple[str, str]:
    (context, first), _ = entry
    return context or "", first


def main() -> None:
    """Update every catalogue."""
    for path in sorted(LOCALE.glob("*.po")):
        update(path.stem)


if __name__ == "__main__":
    main()
