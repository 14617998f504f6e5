"""Sentences in a reader's language: a gettext catalogue, with dates and lists by locale."""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from datetime import date
from io import BytesIO

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog as Messages
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

SOURCE = "en"  # the language of the sentences in the code; its catalogue only makes some plainer


class Catalog:
    """The words of one language.

    Args:
        language: a BCP 47 tag such as `en-GB`; its region settles how dates are written.
        po: the gettext catalogue (PO file) of the language; English can do without.

    Raises:
        ValueError: the language or its catalogue cannot be read.
    """

    def __init__(self, language: str, po: bytes | None) -> None:
        try:
            self.locale = Locale.parse(language, sep="-")
            known = None if po is None else read_po(BytesIO(po), abort_invalid=True)
        except (UnknownLocaleError, PoFileError, ValueError):
            raise ValueError(f"no language `{language}`") from None
        if known is None and self.locale.language != SOURCE:
            raise ValueError(f"no catalogue of `{language}`")
        self._ids = frozenset[tuple[str | None, str]]() if known is None else _ids(known)
        self._words = gettext.NullTranslations() if known is None else _compiled(known)

    def say(self, sentence: str, **parts: object) -> str:
        """A sentence in this language with its parts put in.

        Raises:
            LookupError: the catalogue lacks the sentence; half a translation is not shown.
        """
        self._require(sentence)
        return self._words.gettext(sentence).format(**parts)

    def word(self, text: str) -> str:
        """A text that stands outside this code, such as a line of the vocabulary, without parts.

        Raises:
            LookupError: the catalogue lacks the text.
        """
        self._require(text)
        return self._words.gettext(text)

    def within(self, context: str, text: str) -> str | None:
        """How a text reads in a context, if the catalogue has it there."""
        return self._words.pgettext(context, text) if (context, text) in self._ids else None

    def count(self, one: str, many: str, number: int, **parts: object) -> str:
        """The form of a sentence that a number asks for; `{n}` in it is the number."""
        self._require(one)
        return self._words.ngettext(one, many, number).format(n=number, **parts)

    def day(self, day: date) -> str:
        """A date in words."""
        return format_date(day, format="long", locale=self.locale)

    def number(self, number: float) -> str:
        """A number with the language's decimal sign."""
        return format_decimal(number, locale=self.locale)

    def both(self, parts: Sequence[str]) -> str:
        """Parts joined by commas and `and`."""
        return format_list(list(parts), style="standard", locale=self.locale)

    def either(self, parts: Sequence[str]) -> str:
        """Parts joined by commas and `or`."""
        return format_list(list(parts), style="or", locale=self.locale)

    def quoted(self, text: str) -> str:
        """A text in the language's quotation marks."""
        return self.say("“{text}”", text=text)

    def _require(self, sentence: str) -> None:
        if self.locale.language != SOURCE and (None, sentence) not in self._ids:
            raise LookupError(f"the catalogue of `{self.locale}` lacks a sentence: {sentence}")


def _ids(known: Messages) -> frozenset[tuple[str | None, str]]:
    """Every context and id that has been translated in all its forms."""
    ids = set()
    for message in known:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and all(said) and not message.fuzzy:
            first = message.id if isinstance(message.id, str) else message.id[0]
            ids.add((message.context, first))
    return frozenset(ids)


def _compiled(known: Messages) -> gettext.NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, known)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
