"""Calendar months and years, as agreements count them."""

from __future__ import annotations

import calendar
from datetime import date


def add_months(day: date, months: int) -> date:
    """The same day so many calendar months later, clipped to that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def whole_years(born: date, today: date) -> int | None:
    """How old somebody is; None before birth. Born on 29 February, one grows older on 1 March."""
    if born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
