"""Dates in a file: ISO, or one order of day and month for a whole column once something proves it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

EARLIEST = date(1970, 1, 1)
# A file may have been written a little before it was placed; its days late then differ by as much.
_DRIFT = timedelta(days=2)
# An order is proved when this many times more values prove it than prove the other: a wrong order misreads silently.
_MAJORITY = 10


class Order(StrEnum):
    """Which number comes first in a date that ends with its year."""

    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"


_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})|(\d{4})年(\d{1,2})月(\d{1,2})日")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")


@lru_cache(maxsize=65536)
def parse(value: str, order: Order | None) -> date | None:
    """The date, or None when the text is no date in ISO form or in the column's proved order."""
    iso = _iso(value)
    if iso is not None:
        return iso
    if order is None:
        return None
    match = _YEAR_LAST.fullmatch(_TIME.sub("", value))
    return None if match is None else _in_order(match, order)


def proves(value: str, *, about: date | None = None) -> Order | None:
    """The order a value proves: by a number over 12, or by lying near `about`, the day its days late point to."""
    match = _YEAR_LAST.fullmatch(_TIME.sub("", value))
    if match is None:
        return None
    fitting = [order for order in Order if _in_order(match, order) is not None]
    if len(fitting) == 2 and about is not None:
        fitting = [order for order in fitting if _is_near(_in_order(match, order), about)]
    return fitting[0] if len(fitting) == 1 else None


def settle(found: Counter[Order]) -> Order | None:
    """The order of a column from what its values prove; None when nothing does or they contradict one another."""
    if not found:
        return None
    (best, count), *others = found.most_common()
    return best if all(count >= _MAJORITY * other for _, other in others) else None


def _iso(value: str) -> date | None:
    try:
        # Python also reads the week dates of ISO 8601, which no creditor writes.
        return date.fromisoformat(value) if "W" not in value else None
    except ValueError:
        match = _YEAR_FIRST.fullmatch(_TIME.sub("", value))
    if match is None:
        return None
    year, month, day = (int(number) for number in match.groups() if number and number.isdigit())
    return _made(year, month, day)


def _in_order(match: re.Match[str], order: Order) -> date | None:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    return _made(year, second, first) if order is Order.DAY_FIRST else _made(year, first, second)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_near(found: date | None, about: date) -> bool:
    return found is not None and abs(found - about) <= _DRIFT


def years_after(start: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March in a year without one."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)
