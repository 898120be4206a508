"""When a payment counts: its instrument's days are over, the commission is booked, promises are kept, cases close."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from core.events import record
from marketplace.models import Case, Promise
from marketplace.services import cases as case_moves
from marketplace.services.promises import change_promise
from marketplace.states import ACTIVE, CLEARING, VERIFYING
from payments import states
from payments.models import Payment
from payments.selectors.facts import local_zone
from payments.services.booking import book_cleared
from payments.services.locks import lock_for_money

GRACE_DAYS = 3


def clear_payment(*, payment: Payment, at: datetime) -> bool:
    """Clear one payment whose days are over and book its commission; False when another worker was first."""
    with transaction.atomic():
        case = lock_for_money(payment.case_id)
        mine = Payment.objects.filter(pk=payment.pk, state=states.REPORTED, clears_at__lte=at)
        if not mine.update(state=states.CLEARED, cleared_at=payment.clears_at):
            return False
        payment.refresh_from_db()
        line = book_cleared(payment, at=at)
        record(
            name="payment.cleared", stream=case.stream, actor="system", at=at, creditor_id=case.org_id,
            data={
                "payment": payment.ref, "amount_minor": payment.amount_minor, "currency": payment.currency,
                "line": line.ref if line else "",
            },
        )  # fmt: skip
        _keep_promises(case, at=at)
        _close_if_paid(case, at=at)
    return True


def _keep_promises(case: Case, *, at: datetime) -> None:
    """Promises whose money has cleared are kept: earliest due first, every payment serving once, net of reversals.

    Money counts when it was initiated from the making of the promise to the end of the local day due plus grace.
    """
    zone = local_zone(case)
    pool = {row.pk: (row, _net(row)) for row in case.payments.filter(state=states.CLEARED).order_by("initiated_at")}
    for promise in _spending(case):
        needed = promise.amount_minor
        for pk, (row, left) in pool.items():
            day = row.initiated_at.astimezone(zone).date()
            if row.initiated_at >= promise.made_at and day <= promise.due_date + timedelta(days=GRACE_DAYS):
                used = min(needed, left)
                pool[pk] = (row, left - used)
                needed -= used
        if not needed and promise.state in (ACTIVE, VERIFYING):
            change_promise(promise=promise, event="funds_cleared", actor="system", at=at)


def _spending(case: Case) -> list[Promise]:
    rows = Promise.objects.filter(case=case, state__in=[ACTIVE, VERIFYING, "KEPT"])
    return list(rows.order_by("due_date", "made_at", "pk"))


def _net(payment: Payment) -> int:
    back = payment.reversals.aggregate(p=Sum("principal_minor"), i=Sum("interest_minor"), f=Sum("fees_minor"))
    return payment.amount_minor - sum(value or 0 for value in back.values())


def _close_if_paid(case: Case, *, at: datetime) -> None:
    case.refresh_from_db(fields=["state"])
    case.debt.refresh_from_db()
    waiting = case.payments.filter(state=states.REPORTED).exists()
    if case.state == CLEARING and not waiting and not case.debt.balance_minor:
        case_moves.finish_clearing(case=case, at=at)
