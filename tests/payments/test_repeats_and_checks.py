"""A command given twice, and the ledger's check where the terms have no rate."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import clock
from payments.models import Accrual, Payment
from payments.selectors.integrity import faults
from payments.services.settlement_run import settle
from tests.factories import START, make_claim, make_notice
from tests.payments.kit import pay


def report(case_ref: str, amount: str = "10.00", ref: str = "BANK-17", **options: str) -> str:
    out = StringIO()
    call_command("report_payment", case_ref, amount, ref=ref, stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["", "today"])
def test_the_command_given_twice_reports_one_payment(day: str) -> None:
    case = make_claim().case
    clock.start(START + timedelta(days=2))
    on = str(clock.now().date()) if day else ""
    first = report(case.ref, on=on)
    clock.advance(timedelta(minutes=5))
    assert report(case.ref, ref=" BANK-17 ", on=on) == first
    payment = Payment.objects.get()
    assert payment.external_ref == "BANK-17"
    for changed in ({"amount": "10.01"}, {"on": str(payment.initiated_at.date() - timedelta(days=1))}):
        with pytest.raises(CommandError, match="BANK-17"):
            report(case.ref, **changed)
    assert Payment.objects.get() == payment


@pytest.mark.django_db
def test_the_ledger_checks_out_where_the_terms_have_no_rate() -> None:
    case = make_claim().case
    make_notice(case)
    terms = dict(case.programme.terms)
    terms["tiers"] = [{"from_age": 9_000, "brackets": [{"up_to": None, "bps": 1000}]}]
    type(case.programme).objects.filter(pk=case.programme_id).update(terms=terms)
    case.refresh_from_db()
    payment = pay(case, 1_000, START + timedelta(days=2))
    assert payment.attribution.rule == "A5"
    settle(as_of=START + timedelta(days=60))
    payment.refresh_from_db()
    assert payment.cleared_at is not None
    assert Accrual.objects.get().fee_minor == 0
    assert not any(faults().values())
