"""The debtor says he has paid: contact stops at once, the creditor confirms or says why not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance.models import Dispute, Hold
from core.errors import BadInput
from core.models import Event
from marketplace import states as market
from marketplace.models import Promise
from marketplace.services.promises import make_promise
from payments import states
from payments.errors import AboveBalance, StatementAnswered
from payments.models import PaidStatement, Payment
from payments.selectors.wallet import open_statements
from payments.services.payments import confirm_statement, reject_statement, state_paid
from tests.factories import START
from tests.payments.kit import worked_claim

pytestmark = pytest.mark.django_db
AT = START + timedelta(days=2)


@pytest.fixture
def claim(db):
    return worked_claim(wallet=50_000)


def said(case, **changes):
    values = {
        "amount_minor": 10_030,
        "paid_on": date(2026, 11, 4),
        "instrument": "transfer",
        "text": "Sent it.",
        "at": AT,
    }
    return state_paid(case=case, **(values | changes))


def test_it_stops_contact_and_waits_for_the_creditor(claim):
    promise = make_promise(
        case=claim.case, claim=claim, amount_minor=10_030, due_date=date(2026, 11, 6), channel="call",
        actor=claim.collector.actor, at=START + timedelta(hours=2),
    )  # fmt: skip
    statement = said(claim.case)
    assert list(open_statements(org=claim.case.org)) == [statement]
    dispute = Dispute.objects.get(ref=statement.dispute_ref)
    assert dispute.kind == "already_paid"
    assert Hold.objects.filter(case=claim.case, closed_at__isnull=True).exists()
    assert Promise.objects.get(pk=promise.pk).state in (market.VERIFYING, market.SUSPENDED)
    assert Event.objects.filter(stream=claim.case.stream, name="paid.stated").count() == 1
    assert not Payment.objects.exists()


def test_confirmed_it_is_a_payment_and_contact_goes_on(claim):
    statement = said(claim.case)
    payment = confirm_statement(statement=statement, external_ref="BANK-1", actor="user:1", at=AT + timedelta(days=1))
    statement.refresh_from_db()
    assert (statement.state, statement.payment) == (states.STATEMENT_CONFIRMED, payment)
    assert (payment.initiated_at.date(), payment.attribution.rule) == (date(2026, 11, 4), "A3")
    assert not Hold.objects.filter(case=claim.case, closed_at__isnull=True).exists()
    with pytest.raises(StatementAnswered):
        confirm_statement(statement=statement, external_ref="BANK-2", actor="user:1", at=AT + timedelta(days=1))
    assert Payment.objects.count() == 1


def test_a_double_tap_is_one_and_two_payments_are_two(claim):
    first = said(claim.case)
    assert said(claim.case).pk == first.pk
    second = said(claim.case, amount_minor=5000)
    assert second.dispute_ref == first.dispute_ref
    confirm_statement(statement=first, external_ref="BANK-1", actor="user:1", at=AT + timedelta(days=1))
    assert Hold.objects.filter(case=claim.case, closed_at__isnull=True).exists()
    reject_statement(statement=second, text="Not found.", actor="user:1", at=AT + timedelta(days=2))
    assert not Hold.objects.filter(case=claim.case, closed_at__isnull=True).exists()


def test_rejected_it_says_why(claim):
    statement = said(claim.case)
    with pytest.raises(BadInput):
        reject_statement(statement=statement, text=" ", actor="user:1", at=AT)
    row = reject_statement(statement=statement, text="Nothing arrived by the 6th.", actor="user:1", at=AT)
    assert (row.state, row.answer_text) == (states.STATEMENT_REJECTED, "Nothing arrived by the 6th.")
    assert not Payment.objects.exists()
    with pytest.raises(StatementAnswered):
        reject_statement(statement=statement, text="Again.", actor="user:1", at=AT)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount_minor": 0}, BadInput), ({"instrument": "gold"}, BadInput), ({"paid_on": date(2026, 11, 6)}, BadInput),
        ({"amount_minor": 123_458}, AboveBalance),
    ],
)  # fmt: skip
def test_a_refused_statement_leaves_nothing(claim, changes, error):
    events = Event.objects.count()
    with pytest.raises(error):
        said(claim.case, **changes)
    assert not PaidStatement.objects.exists()
    assert not Dispute.objects.exists()
    assert not Hold.objects.exists()
    assert Event.objects.count() == events
