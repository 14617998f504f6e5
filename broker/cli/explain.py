"""`caseward agreement explain`: an agreement in plain words, for one kind of reader."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import click

from broker.cli.common import Unusable, ends_well, json_option, say
from broker.cli.texts import read_text
from redaction.agreement import Agreement
from redaction.explain import Catalog, Page, Reader, explain
from redaction.explain.readability import Readability, readability, shown
from schemas.registry import Registry, load_vocabulary

_LOCALE = files("redaction.explain").joinpath("locale")


@click.command("explain")
@click.argument("file")
@click.option(
    "--for", "reader", required=True, type=click.Choice([str(one) for one in Reader]), help="Who."
)
@click.option("--lang", default=None, help="A language such as `de`; else the agreement's own.")
@json_option
@ends_well
def explain_command(file: str, reader: str, lang: str | None, as_json: bool) -> None:
    """Say in plain words what FILE means for a reader, and how hard that is to read.

    What clauses keep from perpetrators cannot change their text by a byte.
    """
    text = read_text(file)
    language = text.language if lang is None else lang
    catalog = _catalog(language)
    types = {one.name: one for one in Registry.builtin().types}
    page = explain(text, types, load_vocabulary(), reader=Reader(reader), catalog=catalog)
    found = readability(page.sentences(), catalog.locale.language, Reader(reader))
    lines = [*page.text().splitlines(), "", shown(found, catalog)]
    say(as_json, _answer(text, Reader(reader), language, page, found), lambda: lines)


def languages() -> list[str]:
    """The languages that there are catalogues of."""
    names = (one.name for one in _LOCALE.iterdir())
    return sorted(name.removesuffix(".po") for name in names if name.endswith(".po"))


def _catalog(language: str) -> Catalog:
    known = languages()
    main = language.replace("_", "-").split("-")[0].lower()
    if main in known:
        try:
            return Catalog(language, _LOCALE.joinpath(f"{main}.po").read_bytes())
        except ValueError:  # the region is none
            pass
    raise Unusable(f"no language `{language}`; there are {', '.join(known)}")


def _answer(
    text: Agreement, reader: Reader, language: str, page: Page, found: Readability
) -> dict[str, Any]:
    # version and hash change with clauses that perpetrators are not told of
    whole = {} if reader is Reader.PERPETRATORS else {"version": text.version, "hash": text.hash()}
    return {
        "agreement": text.id,
        **whole,
        "reader": str(reader),
        "language": language,
        "title": page.title,
        "sections": [
            {
                "heading": one.heading,
                "sentences": list(one.sentences),
                "lists": [{"lead": part.lead, "points": list(part.points)} for part in one.lists],
            }
            for one in page.sections
        ],
        "readability": {
            "formula": found.formula,
            "figure": found.figure,
            "target": found.target,
            "met": found.met,
        },
    }
