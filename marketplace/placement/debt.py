"""What is owed and since when."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from core.money import is_currency
from marketplace.placement import amounts, codes, dates
from marketplace.placement.findings import Findings
from marketplace.placement.rows import RawRow
from marketplace.placement.styles import ColumnStyles
from marketplace.placement.text import plain

MOST_DAYS_LATE = 36_500
_DAYS = re.compile(r"(\d{1,6})(?:[.,]0+)?")


class Owed(NamedTuple):
    """Minor units; None where the file does not say."""

    principal: int | None
    interest: int | None
    fees: int | None
    balance: int | None


_NOTHING = Owed(None, None, None, None)


class DebtReader:
    """Reads amounts and dates in the styles the file's columns have proved."""

    def __init__(self, styles: ColumnStyles, *, as_of: date) -> None:
        self.as_of = as_of
        self.yesterday = as_of - timedelta(days=1)
        self._styles = styles.amounts
        self._orders = styles.dates

    def read_owed(self, raw: RawRow, currency: str, findings: Findings) -> Owed:
        """The four amounts; the balance is the sum of the parts when only they are given."""
        refused = len(findings.problems)
        principal = self.read_amount("principal", raw.principal, currency, findings, zero=raw.balance != "")
        interest = self.read_amount("interest", raw.interest, currency, findings, zero=True)
        fees = self.read_amount("fees", raw.fees, currency, findings, zero=True)
        balance = self.read_amount("balance", raw.balance, currency, findings, zero=False)
        if len(findings.problems) > refused:
            return _NOTHING
        if balance is None:
            balance = _sum_of_parts(principal, interest, fees, currency, findings)
        elif not _fits(balance, principal, interest, fees):
            reason = _("Principal, interest and fees do not add up to the balance. Correct the one that is wrong.")
            findings.refuse("amounts_do_not_add_up", "balance", reason)
        return Owed(principal, interest, fees, balance)

    def read_amount(self, column: str, text: str, currency: str, findings: Findings, *, zero: bool) -> int | None:
        """Minor units of `currency`, None when the cell is empty; a text that is no amount rejects the row."""
        if not text:
            return None
        found = amounts.parse(text, style=self._styles.get(column), currency=currency, zero=zero)
        if isinstance(found, int):
            return found
        findings.refuse(found.code, column, found.reason)
        return None

    def read_date(self, column: str, text: str, latest: date | None, findings: Findings) -> date | None:
        """The date, None when the cell is empty; no date, or one after `latest`, rejects the row."""
        if not text:
            return None
        found = dates.parse(text if text.isascii() else plain(text), self._orders.get(column))
        if found is None or found < dates.EARLIEST:
            reason = _("“%(value)s” is not a date we can be sure of. Write it as year-month-day: 2026-01-31.")
            findings.refuse("bad_date", column, reason % {"value": text})
            return None
        if latest is not None and found > latest:
            reason = _("%(value)s is too late a date: the file is judged as of %(as_of)s. Correct the date.")
            findings.refuse("bad_date", column, reason % {"value": found.isoformat(), "as_of": self.as_of.isoformat()})
            return None
        return found

    def read_lateness(self, raw: RawRow, findings: Findings) -> tuple[int, date | None]:
        """Days late as the file gives them, and the day the debt fell due; each is worked out from the other."""
        due = self.read_date("delinquency_date", raw.delinquency_date, self.yesterday, findings)
        if raw.days_past_due:
            late = self._days(raw.days_past_due, findings)
            if late and not raw.delinquency_date:
                due = self.as_of - timedelta(days=late)
            return late, due
        if due is not None:
            findings.notes.add(codes.OK_DPD)
            return (self.as_of - due).days, due
        if not raw.delinquency_date:
            reason = _("Give the days past due or the date of delinquency.")
            findings.refuse("bad_date", "delinquency_date", reason)
        return 0, None

    def _days(self, text: str, findings: Findings) -> int:
        match = _DAYS.fullmatch(plain(text))
        late = int(match[1]) if match else 0
        if 0 < late <= MOST_DAYS_LATE:
            return late
        reason = _("“%(value)s” is not a number of days past due. Write whole days, 1 or more.")
        findings.refuse("bad_date", "days_past_due", reason % {"value": text})
        return 0


def read_currency(text: str, default: str, findings: Findings) -> str:
    """ISO 4217 code, the programme's when the cell is empty; one we do not know rejects the row."""
    code = text.upper()
    if not code or is_currency(code):
        return code or default
    findings.refuse(
        "bad_currency", "currency", _("“%(value)s” is not a currency. Write its code, such as USD.") % {"value": text}
    )
    return default


def _fits(balance: int, *parts: int | None) -> bool:
    """Whether the balance is the sum of its parts, or leaves room for those that the file does not give."""
    return _sum(*parts) <= balance if None in parts else _sum(*parts) == balance


def _sum(*parts: int | None) -> int:
    return sum(part or 0 for part in parts)


def _sum_of_parts(
    principal: int | None, interest: int | None, fees: int | None, currency: str, findings: Findings
) -> int | None:
    if principal is None:
        findings.refuse("bad_amount", "balance", _("Give the balance or the principal."))
        return None
    balance = _sum(principal, interest, fees)
    if balance > amounts.limit(currency):
        findings.refuse(
            "amount_over_limit", "balance", _("The parts add up to more than 100,000,000. Check their decimals.")
        )
    return balance
