"""Random lives of two claims of one collector: after every step the books are whole, and at the end they add up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.services.debts import Parts
from payments import ledger
from payments.fake_stripe import store
from payments.models import Accrual, Payment, Payout
from payments.selectors.integrity import faults
from payments.selectors.work import left_of
from payments.services.payments import reverse_payment
from payments.services.settlement_run import settle
from tests.factories import START, make_collector
from tests.payments.kit import pay, worked_claim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)

PAY = st.tuples(st.just("pay"), st.integers(0, 1), st.integers(1, 9000), st.sampled_from(["cash", "transfer", "check"]))
BACK = st.tuples(st.just("back"), st.integers(0, 20), st.integers(1, 4), st.none())
WAIT = st.tuples(st.just("wait"), st.integers(1, 12), st.none(), st.none())
FAULT = st.tuples(st.just("fault"), st.sampled_from(["lost_after", "lost_before", "refuse"]), st.none(), st.none())


@given(st.booleans(), st.lists(st.one_of(PAY, PAY, BACK, WAIT, WAIT, FAULT), min_size=4, max_size=16))
@settings(max_examples=8, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
def test_the_books_stay_whole(is_paid_first, steps):
    with transaction.atomic():
        run(is_paid_first, steps)
        transaction.set_rollback(True)


def run(is_paid_first, steps):
    collector = make_collector()
    claims = [worked_claim(wallet=900, collector=collector), worked_claim(wallet=100_000, collector=collector)]
    now = START + DAY
    if is_paid_first:  # steer towards a collector who has been paid, so that reversals claw back
        pay(claims[1].case, 20_000, now)
        now += 10 * DAY
        settle(as_of=now)
    for name, first, second, third in steps:
        if name == "pay":
            pay(claims[first].case, second, now, instrument=third)
        elif name == "wait":
            now += first * DAY
            settle(as_of=now)
        elif name == "fault":
            store.script_fault(first, path="/v1/transfers")
        else:
            take_back(first, second, now)
        assert not {check: wrong for check, wrong in faults().items() if wrong}
    check_end(collector, now)


def take_back(index, share, now):
    payments = list(Payment.objects.order_by("pk"))
    if not payments:
        return
    payment = payments[index % len(payments)]
    left = left_of(payment)
    part = Parts(*(minor // share for minor in left))
    if any((part.principal, part.interest, part.fees)):
        reverse_payment(
            payment=payment,
            external_ref=f"B{payment.reversals.count()}",
            reason="nsf",
            actor="user:1",
            at=now,
            parts=part,
        )


def check_end(collector, now):
    for _turn in range(12):  # every planned fault gets its turn
        now += 20 * DAY
        settle(as_of=now)
    assert not {check: wrong for check, wrong in faults().items() if wrong}
    transfers = sum(row["amount"] for row in store.listed("transfer"))
    confirmed = sum(Payout.objects.filter(state="CONFIRMED").values_list("amount_minor", flat=True))
    assert transfers == confirmed
    groups = [row["transfer_group"] for row in store.listed("transfer")]
    assert len(groups) == len(set(groups))
    booked = sum(
        ledger.balance(name, "USD")
        for name in (ledger.accrued(collector.ref), ledger.held(collector.ref), ledger.ready(collector.ref))
    )
    earned = sum(Accrual.objects.exclude(state="PENDING").values_list("collector_minor", flat=True))
    assert earned == booked + confirmed - ledger.balance(ledger.owed_back(collector.ref), "USD")
