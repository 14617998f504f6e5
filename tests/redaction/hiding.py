"""Short ways to say what a text may not tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from redaction.scrubbing.hidden import Hidden, hide
from redaction.scrubbing.values import Telling, Values


def values(
    *,
    names: Iterable[str] = (),
    texts: Iterable[str] = (),
    symbols: Iterable[str] = (),
    dates: Iterable[date] = (),
    numbers: Iterable[int] = (),
    decimals: Iterable[str] = (),
) -> Values:
    """Hidden values by what they are."""
    return Values(
        strings=[
            *((Telling.NAME, name) for name in names),
            *((Telling.TEXT, text) for text in texts),
            *((Telling.SYMBOL, symbol) for symbol in symbols),
        ],
        dates=set(dates),
        numbers={str(abs(number)) for number in numbers},
        decimals=set(decimals),
    )


def hiding(
    *names: str,
    texts: Iterable[str] = (),
    symbols: Iterable[str] = (),
    dates: Iterable[date] = (),
    numbers: Iterable[int] = (),
) -> Hidden:
    """Names and other values as they are looked for."""
    return hide(values(names=names, texts=texts, symbols=symbols, dates=dates, numbers=numbers))
