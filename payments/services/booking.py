"""Commission lines of one claim (or of HOUSE on one case): estimated on report, booked when the payment clears.

Every figure is the cumulative one less what is booked already, so instalments and reversals always add up to the
terms. Sources of the postings: entries 7, 8 and 16 of the chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from core.events import record
from core.ids import new_ref
from marketplace.models import Programme
from payments import ledger, states
from payments.errors import Overdrawn
from payments.models import Accrual, Attribution, JournalEntry, Payment, Reversal
from payments.selectors.work import Work, cleared_payments, computed, events_of, left_of, work_of
from payments.services.clawback import take_from_collector


@dataclass(frozen=True, slots=True)
class Figures:
    """A change of the cumulative figures, minor units."""

    base: int = 0
    fee: int = 0
    collector: int = 0
    platform: int = 0
    vat: int = 0
    withheld: int = 0
    held_until: datetime | None = None

    @property
    def charged(self) -> int:
        return self.fee + self.vat


def _booked(lines: QuerySet[Accrual]) -> Figures:
    sums = lines.aggregate(
        base=Sum("base_minor"), fee=Sum("fee_minor"), collector=Sum("collector_minor"), platform=Sum("platform_minor"),
        vat=Sum("vat_minor"), withheld=Sum("withheld_minor"),
    )  # fmt: skip
    whole = {name: int(value or 0) for name, value in sums.items()}
    return Figures(
        base=whole["base"], fee=whole["fee"], collector=whole["collector"], platform=whole["platform"],
        vat=whole["vat"], withheld=whole["withheld"],
    )  # fmt: skip


def _delta(work: Work, payments: list[Payment], counted: QuerySet[Accrual], last: Payment | None) -> Figures:
    result = computed(work, events_of(payments))
    done = _booked(counted)
    if result is None:
        return Figures()
    total = result.cumulative
    held_until = next((line.held_until for line in result.lines if last and line.id == last.ref), None)
    return Figures(
        base=total.base - done.base, fee=total.fee - done.fee, collector=total.collector - done.collector,
        platform=(total.fee - total.collector) - done.platform, vat=total.vat - done.vat,
        withheld=total.withheld - done.withheld, held_until=held_until,
    )  # fmt: skip


def estimate(attribution: Attribution, *, at: datetime) -> Accrual | None:
    """The line of a payment just reported, as it would be if everything reported cleared. Nothing is booked."""
    work = work_of(attribution)
    if work is None:
        return None
    payment = attribution.payment
    reported = Payment.objects.filter(attribution__in=work.attributions()).order_by("pk")
    figures = _delta(work, list(reported), work.lines(), payment)
    return Accrual.objects.create(
        ref=new_ref("L"), kind=Accrual.Kind.PAYMENT, case=work.case, claim=work.claim,
        collector=work.claim.collector if work.claim else None, payment=payment, rule=attribution.rule,
        currency=payment.currency, rate_bps=work.rate(payment.initiated_at), made_at=at, **_amounts(figures),
    )  # fmt: skip


def _amounts(figures: Figures) -> dict[str, int]:
    return {
        "base_minor": figures.base, "fee_minor": figures.fee, "collector_minor": figures.collector,
        "platform_minor": figures.platform, "vat_minor": figures.vat, "withheld_minor": figures.withheld,
    }  # fmt: skip


def book_cleared(payment: Payment, *, at: datetime) -> Accrual | None:
    """Book the commission of a payment that has just cleared (entry 7 from the float, else 8; never split).

    The caller holds the locks of `lock_for_money`. Returns the line, or None when nothing is charged.
    """
    attribution = Attribution.objects.select_related("claim__collector", "payment__case__debt").get(payment=payment)
    work = work_of(attribution)
    if work is None:
        return None
    line = Accrual.objects.select_for_update().get(payment=payment, kind=Accrual.Kind.PAYMENT)
    figures = _delta(work, cleared_payments(work), work.lines().exclude(state=states.PENDING), payment)
    entry = _charge(work, line, figures, at=at)
    for name, value in _amounts(figures).items():
        setattr(line, name, value)
    line.state = states.EARNED if entry is not None and entry.kind == "8" else states.HELD
    line.open_minor, line.held_until = max(figures.collector, 0), figures.held_until
    line.save()
    _announce(work, line, entry, at=at)
    return line


def _number(work: Work) -> int:
    return work.lines().exclude(state=states.PENDING).count() + 1


def _charge(work: Work, line: Accrual, figures: Figures, *, at: datetime) -> JournalEntry | None:
    ours = [(ledger.FEE, -figures.platform), (ledger.VAT, -figures.vat)]
    if figures.collector < 0:
        assert line.collector is not None
        ours += take_from_collector(line.collector, line.currency, -figures.collector, own=None).lines
    if not any((figures.fee, figures.vat, figures.collector)):
        return None
    owner = line.collector.ref if line.collector else ""
    gained = max(figures.collector, 0)
    org, programme = work.case.org_id, work.case.programme
    common: dict[str, Any] = {
        "key": f"claim:{work.ref}:rev{_number(work)}:{line.ref}", "at": at, "currency": line.currency,
        "case_ref": work.case.ref, "claim_ref": work.claim.ref if work.claim else "",
    }  # fmt: skip
    if programme.funding_cover == Programme.Cover.FLOAT:
        try:
            to = [(ledger.held(owner), -gained)] if gained else []
            return ledger.post(kind="7", lines=[(ledger.wallet(org), figures.charged), *ours, *to], **common)
        except Overdrawn:
            pass  # the float is too small for the whole: the whole is invoiced
    to = [(ledger.accrued(owner), -gained)] if gained else []
    return ledger.post(kind="8", lines=[(ledger.receivable(org), figures.charged), *ours, *to], **common)


def book_reversal(reversal: Reversal, *, at: datetime) -> Accrual | None:
    """Take the commission of reversed money back (entry 16). A reversal is never refused, whoever has been paid.

    The caller holds the locks of `lock_for_money`. Returns the negative line, or None when nothing was booked.
    """
    payment = reversal.payment
    attribution = Attribution.objects.select_related("claim__collector", "payment__case__debt").get(payment=payment)
    work = work_of(attribution)
    if work is None:
        return None
    original = Accrual.objects.select_for_update().get(payment=payment, kind=Accrual.Kind.PAYMENT)
    figures = _delta(work, cleared_payments(work), work.lines().exclude(state=states.PENDING), None)
    number = _number(work)
    taken = take_from_collector(original.collector, original.currency, -figures.collector, own=original)
    line = Accrual.objects.create(
        ref=new_ref("L"), kind=Accrual.Kind.REVERSAL, case=work.case, claim=work.claim, collector=original.collector,
        payment=payment, reversal=reversal, rule=original.rule, currency=original.currency,
        rate_bps=original.rate_bps, made_at=at, open_minor=taken.owed,
        state=states.CLAWBACK_DUE if taken.owed else states.REVERSED, **_amounts(figures),
    )  # fmt: skip
    entry = _give_back(work, line, figures, taken.lines, number, was_invoiced=original.state == states.EARNED, at=at)
    original.refresh_from_db()
    if not any(left_of(payment)) and not original.open_minor and original.state in _UNPAID:
        Accrual.objects.filter(pk=original.pk).update(state=states.REVERSED)
    _announce(work, line, entry, at=at)
    return line


_UNPAID = (states.EARNED, states.HELD, states.PAYABLE)


def _give_back(
    work: Work,
    line: Accrual,
    figures: Figures,
    taken: list[ledger.Line],
    number: int,
    *,
    was_invoiced: bool,
    at: datetime,
) -> JournalEntry | None:
    if not any((figures.fee, figures.vat, figures.collector)):
        return None
    org, total = work.case.org_id, -figures.charged
    owed = ledger.balance(ledger.receivable(org), line.currency) if was_invoiced else 0
    to_invoice = min(owed, total)
    vat = min(-figures.vat, ledger.balance(ledger.VAT, line.currency))
    lines = [
        (ledger.FEE, -figures.platform), (ledger.VAT, vat), ("A.recv.tax", -figures.vat - vat), *taken,
        (ledger.receivable(org), -to_invoice), (ledger.wallet(org), to_invoice - total),
    ]  # fmt: skip
    return ledger.post(
        key=f"claim:{work.ref}:rev{number}:{line.ref}", kind="16", at=at, lines=lines, currency=line.currency,
        case_ref=work.case.ref, claim_ref=work.claim.ref if work.claim else "",
    )  # fmt: skip


def drop_estimate(payment: Payment) -> None:
    """A payment that never cleared is gone, whole or in part: its estimate follows, and nothing was booked."""
    attribution = Attribution.objects.select_related("claim__collector", "payment__case__debt").get(payment=payment)
    work = work_of(attribution)
    line = Accrual.objects.filter(payment=payment, kind=Accrual.Kind.PAYMENT, state=states.PENDING).first()
    if work is None or line is None:
        return
    reported = Payment.objects.filter(attribution__in=work.attributions()).order_by("pk")
    figures = _delta(work, list(reported), work.lines().exclude(pk=line.pk), payment)
    gone = not any(left_of(payment))
    amounts = _amounts(Figures() if gone else figures)
    Accrual.objects.filter(pk=line.pk).update(state=states.REVERSED if gone else states.PENDING, **amounts)


def _announce(work: Work, line: Accrual, entry: JournalEntry | None, *, at: datetime) -> None:
    data = {
        "line": line.ref, "payment": line.payment.ref, "rule": line.rule, "fee_minor": line.fee_minor,
        "vat_minor": line.vat_minor, "currency": line.currency, "entry": entry.kind if entry else "",
    }  # fmt: skip
    record(
        name="commission.booked", stream=work.case.stream, actor="system", at=at, creditor_id=work.case.org_id,
        data=data,
    )  # fmt: skip
