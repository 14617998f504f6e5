"""Which day it is where an agreement is."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from redaction.agreement import Agreement


class Today(NamedTuple):
    """A decision's date in a time zone."""

    zone: ZoneInfo
    date: date


def today_in(agreement: Agreement, at: datetime) -> Today:
    """The date of a decision at this time in the agreement's time zone."""
    return _today(agreement.time_zone, at, at.fold)


@lru_cache(maxsize=64)  # of the decisions in hand; two times that differ in `fold` can be equal
def _today(time_zone: str, at: datetime, fold: int) -> Today:
    zone = ZoneInfo(time_zone)
    return Today(zone, at.astimezone(zone).date())
