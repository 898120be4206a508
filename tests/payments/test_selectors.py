"""Earnings, wallet and billing as they are read, the commands, the checks and the webhook's address."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from core import clock
from core.crypto import keyed_hash, seal
from core.errors import NotFound
from marketplace.models import ContactPoint
from payments import ledger
from payments.checks import check_payment_settings
from payments.fake_stripe import store, webhooks
from payments.models import Accrual, FakePspEvent, FakePspRequest, Payment, PspEvent
from payments.selectors import earnings
from payments.selectors.wallet import billing_lines, wallet
from payments.services.payments import reverse_payment
from payments.services.settlement_run import settle
from payments.services.topups import start_topup
from payments.stripe_gateway import gateway
from tests.factories import START, make_collector, make_org
from tests.payments.kit import pay, top_up, worked_claim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def claim(db):
    return worked_claim(wallet=50_000)


def shown(claim):
    view = earnings.totals(collector=claim.collector)
    return [
        view.estimated_minor, view.waiting_minor, view.held_minor, view.available_minor, view.on_its_way_minor,
        view.paid_minor, view.to_be_netted_minor,
    ]  # fmt: skip


def test_totals_walk_from_estimated_to_paid(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    assert shown(claim) == [1053, 0, 0, 0, 0, 0, 0]
    settle(as_of=payment.clears_at)
    assert shown(claim) == [0, 0, 1053, 0, 0, 0, 0]
    store.script_fault("lost_after", path="/v1/transfers")
    settle(as_of=START + 8 * DAY)
    assert shown(claim) == [0, 0, 0, 0, 1053, 0, 0]
    settle(as_of=START + 8 * DAY)
    assert shown(claim) == [0, 0, 0, 0, 0, 1053, 0]
    reverse_payment(payment=payment, external_ref="NSF", reason="nsf", actor="user:1", at=START + 9 * DAY)
    assert shown(claim) == [0, 0, 0, 0, 0, 1053, 1053]


def test_each_line_is_explained_down_to_its_postings(claim):
    payment = pay(claim.case, 10_030, START + DAY)
    [estimate] = earnings.lines(collector=claim.collector)
    assert (estimate.state_text, estimate.expected_at) == ("Estimated", payment.clears_at)
    settle(as_of=payment.clears_at)
    [line] = earnings.lines(collector=claim.collector)
    assert (line.rule, line.rate_bps, line.share_bps, line.base_minor, line.fee_minor) == (
        "A3",
        1500,
        7000,
        10_030,
        1504,
    )
    assert line.state_text == "Held until 8 November 2026"
    assert "reached the debtor" in str(line.rule_text)
    settle(as_of=START + 8 * DAY)
    line, postings = earnings.line(collector=claim.collector, ref=line.ref)
    assert line.state_text == "Paid"
    assert [post.kind for post in postings if post.account.startswith("L.")] == ["7", "7", "11", "11", "12", "12", "13"]
    assert sum(post.amount_minor for post in postings) == 0
    assert {post.kind for post in postings} == {"1", "7", "11", "12", "13"}


def test_nobody_reads_anothers_lines(claim):
    pay(claim.case, 10_030, START + DAY)
    ref = Accrual.objects.get().ref
    other = make_collector()
    assert earnings.lines(collector=other) == []
    with pytest.raises(NotFound):
        earnings.line(collector=other, ref=ref)


def test_the_wallet_and_the_billing_name_no_collector(claim):
    first = pay(claim.case, 10_030, START + DAY)
    settle(as_of=first.clears_at)
    pay(claim.case, 33_333, START + 3 * DAY)
    view = wallet(org=claim.case.org)
    assert (view.balance_minor, view.committed_minor, view.receivable_minor) == (50_000 - 1504, 5000, 0)
    assert [entry.amount_minor for entry in view.entries] == [-1504, 50_000]
    lines = billing_lines(org=claim.case.org)
    assert [(line.fee_minor, line.state) for line in lines] == [(5000, "estimated"), (1504, "booked")]
    for secret in (claim.collector.ref, claim.collector.alias):
        assert secret not in repr(lines) + repr(view.entries)
    assert billing_lines(org=make_org()) == []


@pytest.mark.parametrize("count", [1, 3])
def test_lines_need_the_same_queries_however_many(claim, count, django_assert_num_queries):
    for number in range(count):
        pay(claim.case, 1000, START + (number + 1) * DAY)
    with django_assert_num_queries(1):
        assert len(earnings.lines(collector=claim.collector)) == count
    with django_assert_num_queries(1):
        billing_lines(org=claim.case.org)


# Commands


def run(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_commands_report_settle_and_check(claim):
    clock.now()
    clock.advance(2 * DAY)
    words = (
        "report_payment",
        claim.case.ref,
        "100.30",
        "--on",
        "2026-11-04",
        "--instrument",
        "transfer",
        "--ref",
        "B-1",
    )
    said = run(*words)
    payment = Payment.objects.get()
    assert said.startswith(f"{payment.ref}: 100.30 USD on {claim.case.ref}, rule A3; counts from ")
    assert run(*words) == said  # the same report is the same payment
    assert "cleared 1" in run("settle", "--as-of", "2026-11-06")
    assert "confirmed 1" in run("settle", "--as-of", "2026-11-20")
    assert run("ledger_check").count("ok   ") == 8


@pytest.mark.parametrize(
    "words",
    [
        ("report_payment", "K-NONE", "1", "--ref", "x"), ("report_payment", "CASE", "ten", "--ref", "x"),
        ("report_payment", "CASE", "1.001", "--ref", "x"), ("report_payment", "CASE", "99999", "--ref", "x"),
        ("report_payment", "CASE", "1", "--ref", "x", "--on", "yesterday"),
        ("report_payment", "CASE", "1", "--ref", "x", "--on", "2026-12-30"), ("settle", "--as-of", "soon"),
        ("settle", "--as-of", "2026-13-40"),
    ],
)  # fmt: skip
def test_a_command_that_cannot_says_why(claim, words):
    clock.now()
    clock.advance(2 * DAY)
    with pytest.raises(CommandError) as refusal:
        run(*(claim.case.ref if word == "CASE" else word for word in words))
    assert str(refusal.value).endswith(".")
    assert not Payment.objects.exists()


# Settings and the processor


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({}, []),
        ({"STRIPE_SECRET_KEY": "sk_live_1"}, ["payments.E001", "payments.E002"]),
        ({"STRIPE_SECRET_KEY": "rk_live_1", "PAYMENTS_BACKEND": "stripe"}, ["payments.E001"]),
        ({"STRIPE_SECRET_KEY": "sk_live_1", "PAYMENTS_BACKEND": "stripe", "STRIPE_APPROVAL_REFERENCE": "A-1"}, []),
        ({"PAYMENTS_BACKEND": "manual"}, ["payments.W001"]),
    ],
)
def test_settings_that_could_move_real_money_are_checked(settings, values, ids):
    for name, value in values.items():
        setattr(settings, name, value)
    assert [found.id for found in check_payment_settings(None)] == ids


def test_nothing_of_a_debtor_reaches_the_processor(claim):
    debtor = claim.case.debtor
    debtor.name = "Canary Wolfeschlegel"
    debtor.city = "Canaryville"
    debtor.save()
    for number in ("+12125550123", "+12125550124"):
        ContactPoint.objects.create(
            debtor=debtor, person=debtor.person, kind="phone", sealed=seal(number, key_id=claim.case.org.key_id),
            hash=keyed_hash(number, purpose="phone"), created_at=START,
        )  # fmt: skip
    payment = pay(claim.case, 10_030, START + DAY, ref="Canary bank line +12125550123")
    settle(as_of=START + 8 * DAY)
    reverse_payment(payment=payment, external_ref="Canary", reason="Canary", actor="user:1", at=START + 9 * DAY)
    gateway().onboarding_link(payee_ref=claim.collector.__class__.objects.get(pk=claim.collector.pk).payee_ref,
                              return_url="http://testserver/earnings/", key="link:1:0")  # fmt: skip
    bodies = " ".join(FakePspRequest.objects.values_list("body", flat=True))
    assert FakePspRequest.objects.filter(path="/v1/transfers").count() == 1
    secrets = [
        "Canary", "Wolfe", "2125550", debtor.key, claim.case.debt.account_ref, claim.case.ref, claim.collector.alias,
        claim.case.org.name, debtor.person.ref, payment.ref,
    ]  # fmt: skip
    assert not [secret for secret in secrets if secret in bodies]


def post_webhook(payload, signature):
    return Client().post(
        "/hooks/stripe/", data=payload, content_type="application/json", headers={"stripe-signature": signature}
    )


def test_the_webhook_address_answers_200_or_400(settings):
    start_topup(org=make_org(), amount_minor=100, currency="USD", actor="user:1", at=START)
    payload = json.dumps(FakePspEvent.objects.get().body).encode()
    good = webhooks.sign(payload, settings.STRIPE_WEBHOOK_SECRET)
    assert post_webhook(payload, "t=1,v1=00").status_code == 400
    assert not PspEvent.objects.exists()
    assert post_webhook(payload, good).status_code == 200
    assert post_webhook(payload, good).status_code == 200
    assert PspEvent.objects.count() == 1
    assert Client().get("/hooks/stripe/").status_code == 405


def test_payments_by_hand_still_clear_and_book(settings, claim):
    settings.PAYMENTS_BACKEND = "manual"
    payment = pay(claim.case, 10_030, START + DAY)
    done = settle(as_of=START + 8 * DAY)
    assert (done.cleared, done.released, done.created) == (1, 1, 0)
    assert ledger.balance(ledger.ready(claim.collector.ref), "USD") == 1053
    assert payment.attribution.rule == "A3"


def test_topping_up_twice_uses_one_customer():
    org = make_org()
    top_up(org, 100)
    top_up(org, 100)
    assert len(store.listed("customer")) == 1
