"""Two workers at once: one payout, one payment. The control takes the guard away and shows that the race is real."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connection

from payments import ledger, states
from payments.fake_stripe import store
from payments.models import Accrual, JournalEntry, Payment, Payout
from payments.selectors.integrity import faults
from payments.services import payouts
from payments.services.payments import reverse_payment
from payments.services.settlement_run import release, settle
from tests.factories import START
from tests.payments.kit import deliver, pay, worked_claim

DAY = timedelta(days=1)
DUE = START + 8 * DAY


def together(*acts):
    """Run every act in its own thread and connection, from one starting line; returns results and errors."""
    line = threading.Barrier(len(acts))
    results, errors = [], []

    def run(act):
        try:
            line.wait(timeout=10)
            results.append(act())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results, errors


def available_claim():
    claim = worked_claim(wallet=50_000)
    pay(claim.case, 10_030, START + DAY)
    settle(as_of=START + 2 * DAY)
    for line in Accrual.objects.filter(state=states.HELD, collector=claim.collector):
        release(line=line, at=DUE)
    return claim


def test_a_payout_asked_for_eight_times_is_one(real_db):
    claim = available_claim()
    ask = lambda: payouts.create_payout(collector=claim.collector, currency="USD", at=DUE)  # noqa: E731
    results, errors = together(*[ask] * 8)
    assert errors == []
    assert len([made for made in results if made is not None]) == 1
    assert Payout.objects.filter(collector=claim.collector).count() == 1
    assert ledger.balance(ledger.ready(claim.collector.ref), "USD") == 0


def test_a_payout_sent_eight_times_is_one_transfer(real_db):
    claim = available_claim()
    payout = payouts.create_payout(collector=claim.collector, currency="USD", at=DUE)
    before = len(store.listed("transfer"))
    _results, errors = together(*[lambda: payouts.send_payout(payout=payout, at=DUE)] * 8)
    assert errors == []
    payout.refresh_from_db()
    assert payout.state == states.CONFIRMED
    assert len(store.listed("transfer")) == before + 1
    assert JournalEntry.objects.filter(key=f"{payout.psp_ref}:succeeded").count() == 1


def test_control_without_lock_and_index_two_payouts_are_made(real_db, monkeypatch):
    claim = available_claim()
    meeting = threading.Barrier(2)

    def unguarded(collector_id):
        return type(claim.collector).objects.get(pk=collector_id)

    def meet(collector, currency, at):
        meeting.wait(timeout=10)
        return False

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_payout_a_collector")
    monkeypatch.setattr(payouts, "lock_collector", unguarded)
    monkeypatch.setattr(payouts, "_must_wait", meet)
    monkeypatch.setattr(payouts.Accrual.objects, "select_for_update", lambda **_: Accrual.objects.all())
    monkeypatch.setattr(payouts.ledger, "post", lambda **_: None)
    try:
        ask = lambda: payouts.create_payout(collector=claim.collector, currency="USD", at=DUE)  # noqa: E731
        results, errors = together(ask, ask)
        assert errors == []
        assert len([made for made in results if made is not None]) == 2
    finally:
        monkeypatch.undo()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE payments_payout SET state = 'FAILED' WHERE collector_id = %s", [claim.collector.pk])
            cursor.execute(
                "CREATE UNIQUE INDEX one_open_payout_a_collector ON payments_payout (collector_id, currency)"
                " WHERE state IN ('CREATED', 'SENDING', 'UNKNOWN')"
            )
        Accrual.objects.filter(collector=claim.collector).update(state=states.PAYABLE, payout=None)


def test_the_same_report_from_six_workers_is_one_payment(real_db):
    claim = worked_claim(wallet=50_000)
    report = lambda: pay(claim.case, 10_030, START + DAY, ref="BANK-1")  # noqa: E731
    results, errors = together(*[report] * 6)
    assert errors == []
    assert len({payment.pk for payment in results}) == 1
    assert Payment.objects.filter(case=claim.case).count() == 1
    assert ledger.balance(ledger.recovered(claim.case.ref), "USD") == 10_030


def test_two_settlement_runs_and_a_bounce_at_once_leave_whole_books(real_db):
    claim = worked_claim(wallet=50_000)
    first = pay(claim.case, 10_030, START + DAY)
    pay(claim.case, 33_333, START + DAY)
    pay(claim.case, 20_000, START + DAY)
    at = START + 2 * DAY
    bounce = lambda: reverse_payment(  # noqa: E731
        payment=first, external_ref="NSF", reason="nsf", actor="user:1", at=at
    )
    _results, errors = together(lambda: settle(as_of=at), lambda: settle(as_of=at), bounce)
    assert errors == []
    settle(as_of=at)
    held = ledger.balance(ledger.held(claim.collector.ref), "USD")
    assert held == 5600  # 15 % of 533.33 is 80.00, of which 56.00
    assert not {name: wrong for name, wrong in faults().items() if wrong and "lines" not in name}


def test_a_webhook_handled_by_four_workers_books_once(real_db):
    from accounts.models import CreditorOrg
    from payments.services.topups import start_topup
    from payments.services.webhooks import handle_waiting
    from tests.factories import make_org

    org = make_org()
    start_topup(org=org, amount_minor=7700, currency="USD", actor="user:1", at=START)
    _results, errors = together(*[lambda: (deliver(START), handle_waiting(at=START))] * 4)
    assert errors == []
    assert CreditorOrg.objects.filter(pk=org.pk).exists()
    assert ledger.balance(ledger.wallet(org.pk), "USD") == 7700
