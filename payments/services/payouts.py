"""Payouts: everything available to a collector, created once, sent through the gateway, looked up when in doubt.

Entries 12 to 15. The database lets one payout per collector and currency be under way; his row lock comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from accounts.models import Collector
from core.events import record
from core.ids import new_ref
from payments import ledger, states
from payments.commission import half_even
from payments.errors import GatewayRefused, GatewayUnknown, Overdrawn
from payments.gateway import PspObject, idempotency_key
from payments.models import Accrual, Payout
from payments.services.clawback import net_ready
from payments.services.locks import lock_collector
from payments.stripe_gateway import gateway

NEVER_RESEND_AFTER = timedelta(hours=20)
WAIT_AFTER_REFUSAL = timedelta(days=1)


def create_payout(*, collector: Collector, currency: str, at: datetime) -> Payout | None:
    """Put all that is available into one payout (entry 12), after netting what he owes (entry 18).

    None when nothing is available, something is still owed, another payout is under way, or one was refused within a
    day. Two calls at once make one payout: the collector's row lock decides.
    """
    with transaction.atomic():
        collector = lock_collector(collector.pk)
        net_ready(collector, currency, at=at)
        lines = Accrual.objects.select_for_update().filter(
            collector=collector, currency=currency, state=states.PAYABLE, payout__isnull=True
        )  # fmt: skip
        rows = list(lines.order_by("pk"))
        total = sum(row.open_minor for row in rows)
        if not total or _must_wait(collector, currency, at):
            return None
        withheld = sum(_withheld(row) for row in rows)
        ref = new_ref("X")
        payout = Payout.objects.create(
            ref=ref, collector=collector, amount_minor=total - withheld, withheld_minor=withheld, currency=currency,
            idem_key=idempotency_key("transfer", ref), created_at=at,
        )  # fmt: skip
        ledger.post(
            key=f"payout:{ref}:created", kind="12", at=at, currency=currency,
            lines=[
                (ledger.ready(collector.ref), total), (ledger.WITHHELD, -withheld),
                (ledger.transit(ref), withheld - total),
            ],
        )  # fmt: skip
        Accrual.objects.filter(pk__in=[row.pk for row in rows]).update(state=states.IN_TRANSIT, payout=payout)
        _record("payout.created", payout, at=at)
    return payout


def _must_wait(collector: Collector, currency: str, at: datetime) -> bool:
    mine = Payout.objects.filter(collector=collector, currency=currency)
    refused = mine.filter(state=states.FAILED, finished_at__gt=at - WAIT_AFTER_REFUSAL)
    owes = ledger.balance(ledger.owed_back(collector.ref), currency) > 0
    return owes or mine.filter(state__in=states.OPEN_TRANSFER).exists() or refused.exists()


def _withheld(line: Accrual) -> int:
    """The tax on the part of a line that is still open."""
    if line.open_minor == line.collector_minor:
        return line.withheld_minor
    return half_even(line.withheld_minor * line.open_minor, line.collector_minor) if line.collector_minor else 0


def _record(name: str, payout: Payout, *, at: datetime) -> None:
    record(
        name=name, stream=f"collector:{payout.collector.ref}", actor="system", at=at,
        data={"payout": payout.ref, "amount_minor": payout.amount_minor, "currency": payout.currency},
    )  # fmt: skip


def payee_of(collector: Collector) -> str:
    """The collector's account at the provider, made on first use; only his opaque reference is sent."""
    if not collector.payee_ref:
        key = idempotency_key("create_payee", collector.ref)
        country = (collector.home_region or "US").split("-")[0]
        made = gateway().create_payee(collector_ref=collector.ref, country=country, key=key)
        Collector.objects.filter(pk=collector.pk, payee_ref="").update(payee_ref=made)
        collector.refresh_from_db(fields=["payee_ref"])
    return collector.payee_ref


def send_payout(*, payout: Payout, at: datetime) -> str:
    """Send a CREATED payout; returns its state afterwards. Not in a transaction: SENDING is stored before the call.

    Entry 13 when the provider confirms, 14 when it refuses; without an answer the money stays in transit (15) until
    `look_up` finds out. A payout that somebody else is sending is left alone.
    """
    try:
        payee = payee_of(payout.collector)
    except GatewayUnknown:
        return states.CREATED
    except GatewayRefused:
        return refuse(payout=payout, at=at)
    if not Payout.objects.filter(pk=payout.pk, state=states.CREATED).update(state=states.SENDING):
        return Payout.objects.get(pk=payout.pk).state
    return _transfer(payout, payee, at=at)


def _transfer(payout: Payout, payee: str, *, at: datetime) -> str:
    try:
        sent = gateway().transfer(
            payee_ref=payee, payout_ref=payout.ref, amount_minor=payout.amount_minor, currency=payout.currency,
            key=payout.idem_key,
        )  # fmt: skip
    except GatewayUnknown:
        Payout.objects.filter(pk=payout.pk, state=states.SENDING).update(state=states.UNKNOWN)
        return states.UNKNOWN
    except GatewayRefused:
        return refuse(payout=payout, at=at)
    return confirm(payout=payout, sent=sent, at=at)


def look_up(*, payout: Payout, at: datetime) -> str:
    """Find out what became of a payout whose answer is missing, and return its state.

    Found at the provider: confirmed. Not found: the same request goes out under the same key, and once that key is
    20 hours old, when the provider may have forgotten it, the payout is given up instead.
    """
    try:
        found = gateway().fetch(kind="transfer", psp_ref=payout.psp_ref or "", our_ref=payout.ref)
    except (GatewayUnknown, GatewayRefused):
        return payout.state
    if found is not None:
        return confirm(payout=payout, sent=found, at=at)
    if at - payout.created_at > NEVER_RESEND_AFTER:
        return refuse(payout=payout, at=at)
    return _transfer(payout, payee_of(payout.collector), at=at)


def confirm(*, payout: Payout, sent: PspObject, at: datetime) -> str:
    """Entry 13, once per transfer. Money of ours that the ledger does not show yet leaves the payout waiting."""
    try:
        with transaction.atomic():
            lock_collector(payout.collector_id)
            row = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
            if row.state not in (states.SENDING, states.UNKNOWN):
                return row.state
            ledger.post(
                key=f"{sent.ref}:succeeded", kind="13", at=at, currency=row.currency,
                lines=[(ledger.transit(row.ref), row.amount_minor), (ledger.PSP_AVAILABLE, -row.amount_minor)],
            )  # fmt: skip
            Payout.objects.filter(pk=row.pk).update(state=states.CONFIRMED, psp_ref=sent.ref, finished_at=at)
            row.accruals.filter(state=states.IN_TRANSIT).update(state=states.PAID, open_minor=0)
            _record("payout.confirmed", row, at=at)
    except Overdrawn:
        Payout.objects.filter(pk=payout.pk, state=states.SENDING).update(state=states.UNKNOWN)
        return states.UNKNOWN
    payout.refresh_from_db()
    return payout.state


def refuse(*, payout: Payout, at: datetime) -> str:
    """Entry 14: the money is available again."""
    with transaction.atomic():
        lock_collector(payout.collector_id)
        row = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
        if row.state not in states.OPEN_TRANSFER:
            return row.state
        total = row.amount_minor + row.withheld_minor
        ledger.post(
            key=f"payout:{row.ref}:refused", kind="14", at=at, currency=row.currency,
            lines=[
                (ledger.transit(row.ref), row.amount_minor), (ledger.WITHHELD, row.withheld_minor),
                (ledger.ready(row.collector.ref), -total),
            ],
        )  # fmt: skip
        Payout.objects.filter(pk=row.pk).update(state=states.FAILED, finished_at=at)
        row.accruals.filter(state=states.IN_TRANSIT).update(state=states.PAYABLE, payout=None)
        _record("payout.refused", row, at=at)
    payout.refresh_from_db()
    return payout.state


def available(collector: Collector, currency: str) -> int:
    """Minor units on lines that may be paid out now."""
    lines = Accrual.objects.filter(collector=collector, currency=currency, state=states.PAYABLE)
    return int(lines.aggregate(total=Sum("open_minor"))["total"] or 0)
