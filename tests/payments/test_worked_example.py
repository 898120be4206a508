"""The issue's worked example, to the cent: figures are written here as literals, never computed by our own code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace import states as market
from payments import ledger, states
from payments.fake_stripe import store
from payments.models import Accrual, Payout
from payments.selectors.integrity import faults
from payments.services.reporting import reverse_payment
from payments.services.settlement_run import settle
from tests.factories import START
from tests.payments.kit import books, in_transit, pay, worked_claim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def claim(db):
    return worked_claim(wallet=50_000)


@pytest.fixture(autouse=True)
def whole_ledger(db):
    yield
    assert not {name: wrong for name, wrong in faults().items() if wrong}


def three_payments(claim):
    first = pay(claim.case, 10_030, START + DAY)
    second = pay(claim.case, 33_333, START + 2 * DAY)
    third = pay(claim.case, 80_094, START + 3 * DAY)
    return first, second, third


def line_of(payment):
    return Accrual.objects.get(payment=payment, kind="payment")


def test_deltas_and_balances(claim):
    assert claim.balance_minor == 123_457
    pays = [(10_030, 1053, 451), (33_333, 3500, 1500), (80_094, 7896, 3384)]
    totals = [(1504, 1053, 451), (6504, 4553, 1951), (17_784, 12_449, 5335)]
    for day, ((minor, collector, platform), (fee, k, p)) in enumerate(zip(pays, totals, strict=True), start=1):
        payment = pay(claim.case, minor, START + day * DAY)
        assert line_of(payment).state == states.PENDING
        assert line_of(payment).collector_minor == collector
        settle(as_of=START + day * DAY + DAY)
        line = line_of(payment)
        assert (line.collector_minor, line.platform_minor, line.rate_bps, line.rule) == (
            collector,
            platform,
            1500,
            "A3",
        )
        got = books(claim)
        assert got["held"] + got["ready"] + in_transit() + paid() == k
        assert (got["fee"], got["wallet"]) == (p, 50_000 - fee)


def paid() -> int:
    return sum(Payout.objects.filter(state="CONFIRMED").values_list("amount_minor", flat=True))


def test_parts_are_applied_fees_last(claim):
    first, second, third = three_payments(claim)
    parts = [(p.principal_minor, p.interest_minor, p.fees_minor) for p in (first, second, third)]
    assert parts == [(10_030, 0, 0), (33_333, 0, 0), (66_637, 8557, 4900)]
    assert ledger.balance(ledger.recovered(claim.case.ref), "USD") == 123_457


def test_paid_in_full_clears_closes_and_pays_out(claim):
    *_rest, third = three_payments(claim)
    claim.case.refresh_from_db()
    assert claim.case.state == market.CLEARING
    settle(as_of=third.clears_at)
    claim.case.refresh_from_db()
    claim.refresh_from_db()
    assert (claim.case.state, claim.case.close_code, claim.state) == (market.CLOSED, "PIF", market.TAIL)
    assert books(claim) == {
        "wallet": 32_216, "receivable": 0, "fee": 5335, "accrued": 0, "held": 12_449, "ready": 0, "owed": 0,
    }  # fmt: skip
    done = settle(as_of=START + 9 * DAY)
    assert (done.released, done.created, done.confirmed) == (3, 1, 1)
    payout = Payout.objects.get()
    assert (payout.amount_minor, payout.state) == (12_449, states.CONFIRMED)
    assert [row["amount"] for row in store.listed("transfer")] == [12_449]
    assert set(Accrual.objects.values_list("state", flat=True)) == {states.PAID}
    assert ledger.balance(ledger.PSP_AVAILABLE, "USD") == 50_000 - 12_449


def test_the_bounce_takes_its_own_parts_back(claim):
    _first, second, third = three_payments(claim)
    settle(as_of=third.clears_at)
    reverse_payment(payment=second, external_ref="NSF-1", reason="nsf", actor="user:1", at=third.clears_at)
    back = Accrual.objects.get(kind="reversal")
    assert (back.base_minor, back.collector_minor, back.platform_minor) == (-33_333, -3500, -1500)
    assert back.state == states.REVERSED
    assert books(claim) == {
        "wallet": 37_216, "receivable": 0, "fee": 3835, "accrued": 0, "held": 8949, "ready": 0, "owed": 0,
    }  # fmt: skip
    claim.case.refresh_from_db()
    assert claim.case.state == market.LISTED
    assert claim.case.debt.__class__.objects.get(pk=claim.case.debt_id).balance_minor == 33_333
    settle(as_of=START + 9 * DAY)
    assert Payout.objects.get().amount_minor == 8949


def test_a_bounce_after_the_payout_is_owed_and_netted(claim):
    first = pay(claim.case, 10_030, START + DAY)
    second = pay(claim.case, 33_333, START + 2 * DAY)
    settle(as_of=START + 8 * DAY)
    assert paid() == 4553
    reverse_payment(payment=second, external_ref="NSF-1", reason="nsf", actor="user:1", at=START + 9 * DAY)
    back = Accrual.objects.get(kind="reversal")
    assert (back.state, back.open_minor) == (states.CLAWBACK_DUE, 3500)
    assert books(claim)["owed"] == 3500
    assert line_of(first).state == states.PAID
    third = pay(claim.case, 80_094, START + 10 * DAY)
    settle(as_of=third.clears_at)
    assert books(claim)["held"] == 8410  # 15 % of 901.24 is 135.19, of which 94.63; 10.53 is booked
    settle(as_of=third.clears_at + 5 * DAY)
    back.refresh_from_db()
    assert (back.state, back.open_minor) == (states.RECOVERED, 0)
    assert books(claim)["owed"] == 0
    assert sorted(Payout.objects.values_list("amount_minor", flat=True)) == [4553, 4910]
    assert paid() == 9463
