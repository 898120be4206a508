"""A collector's earnings: totals from the ledger, and every line explained down to its postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.models import Collector
from core.errors import NotFound
from payments import ledger, states
from payments.models import Accrual, Balance, JournalEntry, Payout, Posting
from payments.selectors.facts import local_zone
from payments.selectors.words import ENTRIES, RULES, STATES


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units of one currency. All but `estimated_minor` are the ledger's own balances."""

    currency: str
    estimated_minor: int
    waiting_minor: int
    held_minor: int
    available_minor: int
    on_its_way_minor: int
    paid_minor: int
    to_be_netted_minor: int


@dataclass(frozen=True, slots=True)
class EarningsLine:
    """One commission line as its collector reads it; amounts in minor units, negative when taken back."""

    pk: int
    ref: str
    case_ref: str
    case_name: str
    payment_ref: str
    payment_minor: int
    paid_at: datetime
    rule: str
    rule_text: Any
    rate_bps: int
    base_minor: int
    fee_minor: int
    collector_minor: int
    share_bps: int
    currency: str
    state: str
    state_text: Any
    expected_at: datetime | None
    payout_ref: str
    is_reversal: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class LinePosting:
    """A posting behind a line: debit positive minor units and the account's balance after it."""

    at: datetime
    entry_key: str
    kind: str
    text: Any
    account: str
    amount_minor: int
    balance_after_minor: int


def totals(*, collector: Collector, currency: str = "USD") -> Totals:
    """The five states of the collector's money, and what waits for a creditor or is owed back."""
    mine = Accrual.objects.filter(collector=collector, currency=currency)
    sent = Payout.objects.filter(collector=collector, currency=currency)
    moving = [ledger.transit(ref) for ref in sent.filter(state__in=states.OPEN_TRANSFER).values_list("ref", flat=True)]
    on_its_way = Balance.objects.filter(name__in=moving, currency=currency).aggregate(total=Sum("amount"))["total"]
    pending = mine.filter(state=states.PENDING).aggregate(total=Sum("collector_minor"))["total"]
    paid = sent.filter(state=states.CONFIRMED).aggregate(total=Sum("amount_minor"))["total"]
    return Totals(
        currency=currency, estimated_minor=pending or 0, on_its_way_minor=-(on_its_way or 0), paid_minor=paid or 0,
        waiting_minor=ledger.balance(ledger.accrued(collector.ref), currency),
        held_minor=ledger.balance(ledger.held(collector.ref), currency),
        available_minor=ledger.balance(ledger.ready(collector.ref), currency),
        to_be_netted_minor=ledger.balance(ledger.owed_back(collector.ref), currency),
    )  # fmt: skip


def _mine(collector: Collector) -> QuerySet[Accrual]:
    rows = Accrual.objects.filter(collector=collector)
    return rows.select_related("case__debtor", "case__programme", "claim", "payment", "payout").order_by("-pk")


def lines(*, collector: Collector, state: str = "", limit: int = 50, before: int | None = None) -> list[EarningsLine]:
    """The collector's lines, newest first; `state` filters, `before` (a line's row id) goes on."""
    rows = _mine(collector)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [explained(row) for row in rows[:limit]]


def line(*, collector: Collector, ref: str) -> tuple[EarningsLine, list[LinePosting]]:
    """One line of this collector with every posting behind it, oldest first. Raises NotFound."""
    row = _mine(collector).filter(ref=ref).first()
    if row is None:
        raise NotFound()
    return explained(row), postings(row)


def explained(row: Accrual) -> EarningsLine:
    """A line in words; a state's date is told in the debtor's zone, whose days were counted."""
    plan = (row.claim.terms if row.claim else row.case.programme.terms)["split"]
    return EarningsLine(
        pk=row.pk, ref=row.ref, case_ref=row.case.ref, case_name=row.case.debtor.short_name,
        payment_ref=row.payment.ref, payment_minor=row.payment.amount_minor, paid_at=row.payment.initiated_at,
        rule=row.rule, rule_text=RULES[row.rule], rate_bps=row.rate_bps, base_minor=row.base_minor,
        fee_minor=row.fee_minor, collector_minor=row.collector_minor, share_bps=plan["collector"],
        currency=row.currency, state=row.state,
        state_text=state_text(row), expected_at=expected_at(row), payout_ref=row.payout.ref if row.payout else "",
        is_reversal=row.kind == Accrual.Kind.REVERSAL, made_at=row.made_at,
    )  # fmt: skip


def state_text(row: Accrual) -> str:
    """The word of the state, with its date where it has one."""
    text = str(STATES[row.state])
    if "%(date)s" not in text:
        return text
    day = localtime(row.held_until, local_zone(row.case)) if row.held_until else None
    return text % {"date": date_format(day, "j F Y") if day else "—"}


def expected_at(row: Accrual) -> datetime | None:
    """When the money should be on its way: the end of the holdback; for an estimate, when its payment clears."""
    if row.state == states.PENDING:
        return row.payment.clears_at
    return row.held_until if row.state in (states.HELD, states.FROZEN) else None


def postings(row: Accrual) -> list[LinePosting]:
    """Every posting that a line caused, by its own entries and its payout's."""
    keys = Q(key__endswith=f":{row.ref}") | Q(key=f"hold:{row.ref}:over") | Q(key__startswith=f"net:{row.ref}:")
    keys |= Q(key=f"recovery:{row.payment.ref}")
    if row.payout is not None:
        keys |= Q(key__startswith=f"payout:{row.payout.ref}:")
        if row.payout.psp_ref:
            keys |= Q(key=f"{row.payout.psp_ref}:succeeded")
    entries = JournalEntry.objects.filter(keys)
    found = Posting.objects.filter(entry__in=entries).select_related("entry", "account").order_by("pk")
    return [
        LinePosting(
            at=item.entry.at, entry_key=item.entry.key, kind=item.entry.kind,
            text=ENTRIES.get(item.entry.kind, item.entry.kind), account=item.account.name,
            amount_minor=item.amount, balance_after_minor=item.balance_after,
        )
        for item in found
    ]  # fmt: skip
