"""Reporting, refusing, funding and reversing payments, with what each refusal leaves behind: nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import BadInput
from core.models import Event
from marketplace import states as market
from marketplace.models import Case, Debt
from marketplace.services.debts import Parts
from payments import ledger, states
from payments.errors import AboveBalance, NothingToReverse, PaymentReferenceUsed
from payments.models import Accrual, Attribution, JournalEntry, Payment, Reversal
from payments.selectors.integrity import faults
from payments.services.payments import report_payment, reverse_payment
from payments.services.settlement_run import settle
from tests.factories import START
from tests.payments.kit import books, pay, worked_claim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOTHING_BOOKED = {"wallet": 0, "receivable": 0, "fee": 0, "accrued": 0, "held": 0, "ready": 0, "owed": 0}


def everything():
    rows = (Payment, Attribution, Accrual, Reversal, JournalEntry, Event)
    debts = list(Debt.objects.values_list("principal_due_minor", "interest_due_minor", "fees_due_minor"))
    return [model.objects.count() for model in rows], debts, list(Case.objects.values_list("state", flat=True))


@pytest.fixture
def claim(db):
    return worked_claim(wallet=50_000)


@pytest.fixture(autouse=True)
def whole_ledger(db):
    yield
    assert not {name: wrong for name, wrong in faults().items() if wrong}


def test_the_same_report_twice_is_one_payment(claim):
    at = START + DAY
    first = pay(claim.case, 10_030, at, ref="BANK-1")
    before = everything()
    assert pay(claim.case, 10_030, at + DAY, ref="BANK-1", initiated_at=at).pk == first.pk
    assert everything() == before


def test_the_same_reference_with_other_details_is_refused(claim):
    at = START + DAY
    pay(claim.case, 10_030, at, ref="BANK-1")
    before = everything()
    with pytest.raises(PaymentReferenceUsed):
        pay(claim.case, 10_031, at, ref="BANK-1")
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_minor": 0}, "amount"), ({"amount_minor": -5}, "amount"), ({"amount_minor": 1.5}, "amount"),
        ({"currency": "EUR"}, "currency"), ({"instrument": "gold"}, "instrument"), ({"external_ref": " "}, "external_ref"),
        ({"initiated_at": START + 3 * DAY}, "initiated_at"), ({"initiated_at": START.replace(tzinfo=None)}, "initiated_at"),
    ],
)  # fmt: skip
def test_input_that_can_be_mended_leaves_nothing(claim, changes, field):
    values = {
        "case": claim.case, "amount_minor": 100, "currency": "USD", "initiated_at": START, "instrument": "cash",
        "external_ref": "R", "actor": "user:1", "at": START + DAY,
    } | changes  # fmt: skip
    before = everything()
    with pytest.raises(BadInput) as refusal:
        report_payment(**values)
    assert refusal.value.field == field
    assert everything() == before


def test_more_than_the_balance_is_refused(claim):
    before = everything()
    with pytest.raises(AboveBalance):
        pay(claim.case, 123_458, START + DAY)
    assert everything() == before


def test_a_late_report_is_marked_and_loses_nothing(claim):
    at = START + 10 * DAY
    late = pay(claim.case, 100, at, initiated_at=at - timedelta(hours=72, seconds=1))
    in_time = pay(claim.case, 100, at, initiated_at=at - timedelta(hours=72))
    assert (late.is_late_report, in_time.is_late_report) == (True, False)
    assert late.attribution.rule == "A3"


def test_clearing_follows_the_creditors_days(claim):
    at = START + DAY
    card = pay(claim.case, 100, at, instrument="card")
    assert card.clears_at == at + 2 * DAY
    settle(as_of=card.clears_at - timedelta(seconds=1))
    card.refresh_from_db()
    assert card.state == states.REPORTED
    settle(as_of=card.clears_at)
    card.refresh_from_db()
    assert (card.state, card.cleared_at) == (states.CLEARED, card.clears_at)


def test_an_old_payment_clears_when_it_is_reported(claim):
    at = START + 20 * DAY
    assert pay(claim.case, 100, at, initiated_at=START + 2 * DAY, instrument="card").clears_at == at


def test_a_float_too_small_is_invoiced_whole():
    claim = worked_claim(wallet=1503)
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 1503, "receivable": 1504, "fee": 451, "accrued": 1053}
    assert Accrual.objects.get().state == states.EARNED
    settle(as_of=START + 90 * DAY)
    assert books(claim)["accrued"] == 1053


def test_a_float_that_just_suffices_is_used():
    claim = worked_claim(wallet=1504)
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    assert books(claim) == NOTHING_BOOKED | {"fee": 451, "held": 1053}


def test_a_mandate_is_invoiced_though_the_wallet_is_full(claim):
    claim.case.programme.funding_cover = "mandate"
    claim.case.programme.save()
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000, "receivable": 1504, "fee": 451, "accrued": 1053}
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=payment.clears_at)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000}


def test_vat_and_withholding_follow_the_money(claim):
    other = worked_claim(wallet=50_000, terms=claim.terms | {"vat_bps": 1000, "withholding_bps": 2000})
    payment = pay(other.case, 10_030, START + DAY)
    settle(as_of=START + 10 * DAY)
    assert books(other) == NOTHING_BOOKED | {"wallet": 50_000 - 1504 - 150, "fee": 451}
    assert ledger.balance(ledger.VAT, "USD") == 150
    assert ledger.balance(ledger.WITHHELD, "USD") == 211
    assert other.collector.payouts.get().amount_minor == 1053 - 211
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=START + 11 * DAY)
    assert books(other) == NOTHING_BOOKED | {"wallet": 50_000, "owed": 1053}
    assert ledger.balance(ledger.VAT, "USD") == 0


def test_a_payment_taken_back_before_it_cleared_books_nothing(claim):
    payment = pay(claim.case, 10_030, START + DAY, instrument="ach")
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=START + 2 * DAY)
    payment.refresh_from_db()
    line = Accrual.objects.get()
    assert (payment.state, line.state, line.collector_minor) == (states.REVERSED, states.REVERSED, 0)
    settle(as_of=START + 30 * DAY)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000}
    assert ledger.balance(ledger.recovered(claim.case.ref), "USD") == 0
    assert Debt.objects.get(pk=claim.case.debt_id).balance_minor == 123_457


def test_a_part_taken_back_before_it_cleared_shrinks_the_estimate(claim):
    payment = pay(claim.case, 10_030, START + DAY, instrument="ach")
    reverse_payment(
        payment=payment, external_ref="P", reason="part", actor="user:1", at=START + 2 * DAY, parts=Parts(5015, 0, 0)
    )
    assert Accrual.objects.get().fee_minor == 752
    settle(as_of=payment.clears_at)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000 - 752, "held": 526, "fee": 226}


def test_parts_taken_back_one_by_one_end_at_zero(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    at = payment.clears_at
    for number, minor in enumerate([1, 999, 4030, 5000]):
        reverse_payment(
            payment=payment, external_ref=f"P{number}", reason="part", actor="user:1", at=at, parts=Parts(minor, 0, 0)
        )
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000}
    payment.refresh_from_db()
    assert payment.state == states.REVERSED
    assert Accrual.objects.get(kind="payment").state == states.REVERSED
    before = everything()
    for parts in (None, Parts(1, 0, 0), Parts(0, 0, 0)):
        with pytest.raises(NothingToReverse):
            reverse_payment(payment=payment, external_ref="more", reason="nsf", actor="user:1", at=at, parts=parts)
    assert everything() == before


def test_the_same_reversal_twice_is_one(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    first = reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=payment.clears_at)
    before = everything()
    again = reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=payment.clears_at)
    assert again.pk == first.pk
    assert everything() == before
    with pytest.raises(PaymentReferenceUsed):
        reverse_payment(
            payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=payment.clears_at,
            parts=Parts(1, 0, 0),
        )  # fmt: skip
    assert everything() == before


def test_only_fees_earn_nothing(claim):
    pay(claim.case, 118_557, START + DAY)
    payment = pay(claim.case, 4900, START + 2 * DAY)
    assert (payment.principal_minor, payment.interest_minor, payment.fees_minor) == (0, 0, 4900)
    settle(as_of=payment.clears_at)
    line = Accrual.objects.get(payment=payment)
    assert (line.base_minor, line.fee_minor, line.collector_minor) == (0, 0, 0)
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000 - 17_784, "held": 12_449, "fee": 5335}


def test_a_case_paid_and_bounced_after_closing_is_open_again(claim):
    payment = pay(claim.case, 123_457, START + DAY)
    settle(as_of=payment.clears_at)
    claim.case.refresh_from_db()
    assert claim.case.state == market.CLOSED
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=payment.clears_at + DAY)
    claim.case.refresh_from_db()
    assert (claim.case.state, claim.case.close_code) == (market.LISTED, "")
    assert claim.case.tasks.filter(state=market.OPEN).count() == 1
    assert books(claim) == NOTHING_BOOKED | {"wallet": 50_000}


def test_a_bounce_while_clearing_gives_the_case_back_to_its_holder(claim):
    payment = pay(claim.case, 123_457, START + DAY, instrument="check")
    claim.case.refresh_from_db()
    assert claim.case.state == market.CLEARING
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=START + 2 * DAY)
    claim.case.refresh_from_db()
    claim.refresh_from_db()
    assert (claim.case.state, claim.state) == (market.WORKING, market.ACTIVE)


def test_the_order_of_clearing_does_not_matter(claim):
    slow = pay(claim.case, 10_030, START + DAY, instrument="check")
    quick = pay(claim.case, 33_333, START + 2 * DAY, instrument="cash")
    settle(as_of=quick.clears_at)
    assert books(claim)["held"] == 3500
    settle(as_of=slow.clears_at)
    got = books(claim)
    assert got["fee"] == 1951
    assert Accrual.objects.get(payment=slow).collector_minor == 4553 - 3500


def test_settling_again_changes_nothing(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    at = payment.clears_at + 10 * DAY
    settle(as_of=at)
    before = everything()
    assert not any(vars_of(settle(as_of=at)))
    assert everything() == before


def vars_of(done):
    return [getattr(done, name) for name in done.__slots__]


def test_timeline_names_no_collector(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    names = list(Event.objects.filter(stream=claim.case.stream).values_list("name", flat=True))
    assert {"payment.reported", "payment.cleared", "commission.booked"} <= set(names)
    for event in Event.objects.filter(stream=claim.case.stream, actor="system"):
        assert claim.collector.ref not in str(event.data)
