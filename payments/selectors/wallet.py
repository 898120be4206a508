"""A creditor's money: its wallet, the floors it must keep, what is committed, and each line of commission.

Nothing here names a collector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Sum

from accounts.models import CreditorOrg
from marketplace.models import Case, Programme
from payments import ledger, states
from payments.models import Accrual, PaidStatement, Payment, Posting, TopUp
from payments.selectors.funding import Funding, funding_of
from payments.selectors.words import CREDITOR_RULES, ENTRIES

_CREDITOR_STATES = {states.PENDING: "estimated", states.REVERSED: "credited"}


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """One movement of the wallet; minor units, positive when the wallet grows."""

    at: datetime
    text: Any
    case_ref: str
    amount_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True)
class ProgrammeFunding:
    """A programme with what its work rests on."""

    programme: Programme
    funding: Funding


@dataclass(frozen=True, slots=True)
class WalletView:
    """Minor units of one currency; `committed_minor` is the commission estimated on payments not yet cleared."""

    currency: str
    balance_minor: int
    uncleared_minor: int
    committed_minor: int
    receivable_minor: int
    floor_minor: int
    programmes: list[ProgrammeFunding]
    entries: list[WalletEntry]
    topups: list[TopUp]

    @property
    def is_funded(self) -> bool:
        return all(item.funding.is_funded for item in self.programmes)


@dataclass(frozen=True, slots=True)
class BillingLine:
    """One line of commission as the creditor reads it; minor units, negative when credited."""

    ref: str
    case_ref: str
    payment_ref: str
    payment_minor: int
    paid_at: datetime
    is_late: bool
    rule: str
    rule_text: Any
    rate_bps: int
    base_minor: int
    fee_minor: int
    vat_minor: int
    currency: str
    state: str
    made_at: datetime


def wallet(*, org: CreditorOrg, currency: str = "USD", limit: int = 50) -> WalletView:
    """The wallet of an organisation in one currency, its programmes' funding, and its latest movements."""
    programmes = Programme.objects.filter(org=org, currency=currency).order_by("name")
    funded = [ProgrammeFunding(item, funding_of(item)) for item in programmes]
    pending = Accrual.objects.filter(case__org=org, currency=currency, state=states.PENDING)
    committed = pending.aggregate(total=Sum(F("fee_minor") + F("vat_minor")))["total"]
    return WalletView(
        currency=currency, balance_minor=ledger.balance(ledger.wallet(org.pk), currency),
        uncleared_minor=ledger.balance(f"L.wallet.uncleared.{org.pk}", currency), committed_minor=committed or 0,
        receivable_minor=ledger.balance(ledger.receivable(org.pk), currency),
        floor_minor=max((item.funding.floor_minor for item in funded), default=0), programmes=funded,
        entries=_entries(org, currency, limit), topups=list(TopUp.objects.filter(org=org, currency=currency)[:20]),
    )  # fmt: skip


def _entries(org: CreditorOrg, currency: str, limit: int) -> list[WalletEntry]:
    rows = Posting.objects.filter(account__name=ledger.wallet(org.pk), currency=currency)
    return [
        WalletEntry(
            at=row.entry.at, text=ENTRIES.get(row.entry.kind, row.entry.kind), case_ref=row.entry.case_ref,
            amount_minor=-row.amount, balance_minor=-row.balance_after,
        )
        for row in rows.select_related("entry").order_by("-pk")[:limit]
    ]  # fmt: skip


def billing_lines(*, org: CreditorOrg, case_ref: str = "", limit: int = 100) -> list[BillingLine]:
    """Commission on this creditor's cases, newest first: payment, rule, rate, base and fee, without any name."""
    rows = Accrual.objects.filter(case__org=org).select_related("case", "payment").order_by("-pk")
    if case_ref:
        rows = rows.filter(case__ref=case_ref)
    return [_billing(row) for row in rows[:limit]]


def _billing(row: Accrual) -> BillingLine:
    return BillingLine(
        ref=row.ref, case_ref=row.case.ref, payment_ref=row.payment.ref, payment_minor=row.payment.amount_minor,
        paid_at=row.payment.initiated_at, is_late=row.payment.is_late_report, rule=row.rule,
        rule_text=CREDITOR_RULES[row.rule], rate_bps=row.rate_bps, base_minor=row.base_minor,
        fee_minor=row.fee_minor, vat_minor=row.vat_minor, currency=row.currency,
        state=_CREDITOR_STATES.get(row.state, "booked"), made_at=row.made_at,
    )  # fmt: skip


def payments_of(*, org: CreditorOrg, case_ref: str = "") -> QuerySet[Payment]:
    """Payments reported on this creditor's cases, newest first."""
    rows = Payment.objects.filter(case__org=org).select_related("case", "attribution").order_by("-pk")
    return rows.filter(case__ref=case_ref) if case_ref else rows


def open_statements(*, org: CreditorOrg) -> QuerySet[PaidStatement]:
    """What debtors say they paid and the creditor has not answered, oldest first."""
    rows = PaidStatement.objects.filter(case__org=org, state=states.STATEMENT_OPEN)
    return rows.select_related("case").order_by("pk")


def waiting_statements(*, case: Case) -> list[PaidStatement]:
    """What the debtor of one case says he paid and the creditor has not answered, oldest first."""
    return list(PaidStatement.objects.filter(case=case, state=states.STATEMENT_OPEN).order_by("pk"))
