"""The first pass over a file: what each column's values prove about decimal style and order of day and month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marketplace.placement import amounts, dates
from marketplace.placement.reading import Reading

AMOUNT_COLUMNS = ("principal", "interest", "fees", "balance", "last_payment_amount")
DATE_COLUMNS = ("delinquency_date", "itemization_date", "last_payment_date", "statute_date")

# Name of a column, its place in a row, and how many of its values prove each style or order.
_Counted = tuple[str, int, Counter[Any]]


@dataclass(frozen=True)
class ColumnStyles:
    """Proved style of each amount column and proved order of each date column; None where nothing proves one."""

    amounts: dict[str, amounts.Style | None]
    dates: dict[str, dates.Order | None]

    @classmethod
    def prove(cls, reading: Reading, *, as_of: date) -> ColumnStyles:
        """Read the whole file once, for a proof may stand in its last row.

        `as_of` is the day from which days past due count back: they settle dates whose day is 12 or less.
        """
        money = _counters(reading, AMOUNT_COLUMNS)
        days = _counters(reading, DATE_COLUMNS)
        late = reading.columns.get("days_past_due")
        width = reading.width
        for _line, cells in reading.rows():
            if len(cells) == width:
                _count_amounts(cells, money)
                _count_dates(cells, days, cells[late] if late is not None else "", as_of)
        return cls(
            amounts={name: amounts.settle(found) for name, _place, found in money},
            dates={name: dates.settle(found) for name, _place, found in days},
        )


def _counters(reading: Reading, names: Iterable[str]) -> list[_Counted]:
    return [(name, reading.columns[name], Counter()) for name in names if name in reading.columns]


def _count_amounts(cells: list[str], columns: list[_Counted]) -> None:
    for _name, place, found in columns:
        value = cells[place].strip()
        if value:
            style = amounts.proves(value)
            if style is not None:
                found[style] += 1


def _count_dates(cells: list[str], columns: list[_Counted], late: str, as_of: date) -> None:
    for name, place, found in columns:
        value = cells[place].strip()
        if not value or value[4:5] == "-":
            continue
        about = days_before(late, as_of) if name == "delinquency_date" else None
        order = dates.proves(value, about=about)
        if order is not None:
            found[order] += 1


def days_before(late: str, as_of: date) -> date | None:
    """The day that lies `late` days before `as_of`, or None when `late` is no number of days."""
    text = late.strip()
    return as_of - timedelta(days=int(text)) if text.isascii() and text.isdigit() and len(text) <= 5 else None
