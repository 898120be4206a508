"""The settlement run: clear, book, release, net, pay out. Safe to repeat and to run twice at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Collector, CreditorOrg
from payments import ledger, states
from payments.errors import GatewayUnavailable
from payments.models import Accrual, Payment, Payout
from payments.services import payouts, topups
from payments.services.clawback import settle_debt
from payments.services.clearing import clear_payment
from payments.services.locks import lock_collector
from payments.services.publish import refresh_funding
from payments.stripe_gateway import gateway


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one run did: counts of rows."""

    cleared: int = 0
    released: int = 0
    created: int = 0
    confirmed: int = 0
    refused: int = 0
    unknown: int = 0


def settle(*, as_of: datetime) -> Settlement:
    """Do everything that is due at `as_of`, each step in its own short transaction.

    Payments past their clearing days are cleared and booked (7 or 8), holdbacks that are over are released (11, 11b),
    debts of collectors are netted (18), payouts are created (12) and sent (13, 14, 15), and listings follow the float.
    """
    cleared = sum(clear_payment(payment=payment, at=as_of) for payment in due_payments(as_of))
    released = sum(release(line=line, at=as_of) for line in due_releases(as_of))
    try:
        gateway()  # nothing is created that could not be sent
        topups.look_up_open(at=as_of)
        created, results = _pay_out(as_of)
    except GatewayUnavailable:  # by hand: what is available waits for the operator's file
        created, results = 0, []
    for org in CreditorOrg.objects.filter(programmes__isnull=False).distinct():
        refresh_funding(org=org, at=as_of)  # promises move the floor as well as payments
    return Settlement(
        cleared=cleared, released=released, created=created, confirmed=results.count(states.CONFIRMED),
        refused=results.count(states.FAILED), unknown=results.count(states.UNKNOWN),
    )  # fmt: skip


def due_payments(as_of: datetime) -> QuerySet[Payment]:
    """Reported payments whose clearing days are over, oldest first."""
    rows = Payment.objects.filter(state=states.REPORTED, clears_at__lte=as_of)
    return rows.select_related("case").order_by("clears_at", "pk")


def due_releases(as_of: datetime) -> QuerySet[Accrual]:
    """Held lines whose holdback is over, oldest first."""
    rows = Accrual.objects.filter(state=states.HELD, held_until__lte=as_of, collector__isnull=False)
    return rows.select_related("collector", "case").order_by("held_until", "pk")


def release(*, line: Accrual, at: datetime) -> bool:
    """Make a held line available (entry 11), less what the collector owes (11b). False when it was done before."""
    assert line.collector is not None
    with transaction.atomic():
        collector = lock_collector(line.collector.pk)
        row = Accrual.objects.select_for_update().get(pk=line.pk)
        if row.state != states.HELD or row.held_until is None or row.held_until > at:
            return False
        owed = min(row.open_minor, ledger.balance(ledger.owed_back(collector.ref), row.currency))
        if row.open_minor:
            ledger.post(
                key=f"hold:{row.ref}:over", kind="11b" if owed else "11", at=at, currency=row.currency,
                lines=[
                    (ledger.held(collector.ref), row.open_minor), (ledger.owed_back(collector.ref), -owed),
                    (ledger.ready(collector.ref), owed - row.open_minor),
                ],
                case_ref=line.case.ref,
            )  # fmt: skip
        Accrual.objects.filter(pk=row.pk).update(state=states.PAYABLE, open_minor=row.open_minor - owed)
        if owed:
            settle_debt(collector, row.currency, owed)
    return True


def _pay_out(as_of: datetime) -> tuple[int, list[str]]:
    for payout in Payout.objects.filter(state__in=[states.SENDING, states.UNKNOWN]).select_related("collector"):
        payouts.look_up(payout=payout, at=as_of)
    created = 0
    waiting = Accrual.objects.filter(state=states.PAYABLE, open_minor__gt=0, payout__isnull=True)
    for collector_id, currency in sorted(set(waiting.values_list("collector_id", "currency"))):
        collector = Collector.objects.get(pk=collector_id)
        created += payouts.create_payout(collector=collector, currency=currency, at=as_of) is not None
    todo = Payout.objects.filter(state=states.CREATED).select_related("collector").order_by("pk")
    return created, [payouts.send_payout(payout=payout, at=as_of) for payout in todo]
